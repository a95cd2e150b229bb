"""The schemas that editors read say what the types say."""

import pytest

from cisflow.study.schemas import HEADINGS, PAGE, TITLES, schema_of, schema_text, settings_page


@pytest.mark.parametrize("kind", TITLES)
def test_the_files_are_those_of_the_types(root, kind):
    file = root / "workflow" / "schemas" / f"{kind}.schema.yaml"
    told = "run `python -m cisflow.study.schemas`"
    assert file.read_text(encoding="utf-8") == schema_text(kind), told


def properties(part):
    """Yield every key a user may write, with its rule."""
    if isinstance(part, dict):
        yield from part.get("properties", {}).items()
        for key, value in part.items():
            if key not in ("allOf", "if", "then", "else"):
                yield from properties(value)
    elif isinstance(part, list):
        for item in part:
            yield from properties(item)


@pytest.mark.parametrize("kind", TITLES)
def test_every_key_is_described(kind):
    schema = schema_of(kind)
    found = list(properties(schema))
    assert len(found) > 10
    for name, rule in found:
        referred = schema["$defs"].get(rule.get("$ref", "").rsplit("/", 1)[-1], {})
        assert rule.get("description") or referred.get("description"), name


def test_the_manual_has_every_setting(root):
    page = (root / PAGE).read_text(encoding="utf-8")
    assert page == settings_page(), "run `python -m cisflow.study.schemas`"
    for kind in HEADINGS:
        for name, _ in properties(schema_of(kind)):
            # The part of a covariance that is no key of the file's own is told with it.
            assert f"{name}`" in page or name == "cluster", name
