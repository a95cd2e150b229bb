"""A wrong key is named, with what was meant."""

import pytest

from cisflow.base.documents import columns_told, did_you_mean, read_yaml, validated
from cisflow.base.problems import CisflowError


@pytest.fixture
def schema(root):
    return root / "workflow" / "schemas" / "config.schema.yaml"


def config(**changes):
    wave = {"file": "data/raw/BE/cis4.sav", "codebook": "eurostat/cis4"}
    good = {
        "run": "try",
        "title": "A try",
        "data": "real",
        "seed": 1,
        "countries": {"BE": {"name": "Belgium", "waves": {"CIS4": wave}}},
        "models": ["faems2005"],
    }
    return {**good, **changes}


def message_of(document, schema):
    with pytest.raises(CisflowError) as caught:
        validated(document, schema, "my.yaml")
    return str(caught.value)


def test_defaults_are_filled_in(schema):
    settings = validated(config(bootstrap={}), schema, "my.yaml")
    assert (settings["lag"], settings["disclosure"]) == (2, "default")
    assert settings["bootstrap"]["draws"] == 5000


@pytest.mark.parametrize(
    ("changes", "fragments"),
    [
        ({"sed": 1}, ["unknown key `sed`", "did you mean `seed`"]),
        ({"seed": "x"}, ["seed: 'x'", "Whole number"]),
        ({"data": "synthetik"}, ["'synthetik'", "`synthetic`"]),
        ({"countries": {"Belgium": {}}}, ["Belgium", "two-letter"]),
        ({"countries": {"BE": {"name": "B", "wave": {}}}}, ["`waves` is missing", "`wave`"]),
        ({"lag": 9}, ["lag: 9", "Years between"]),
        ({"run": "a/b"}, ["run: 'a/b'", "Letters, digits"]),
        ({"models": []}, ["models: []", "Names of the models"]),
    ],
)
def test_each_mistake_is_named_with_its_remedy(schema, changes, fragments):
    message = message_of(config(**changes), schema)
    assert message.startswith("my.yaml: ")
    assert "→" in message
    for fragment in fragments:
        assert fragment in message


def test_all_mistakes_are_told_at_once(schema):
    message = message_of(config(sed=1, data="x", lag=9), schema)
    assert message.startswith("my.yaml: 3 problems")


def test_missing_file_names_its_neighbours(tmp_path):
    (tmp_path / "config.yaml").write_text("run: x")
    with pytest.raises(CisflowError, match=r"did you mean `config\.yaml`"):
        read_yaml(tmp_path / "confg.yaml")


@pytest.mark.parametrize("text", ["a: [1", "- 1\n- 2\n", ""])
def test_text_that_is_no_mapping_is_refused(tmp_path, text):
    path = tmp_path / "x.yaml"
    path.write_text(text)
    with pytest.raises(CisflowError, match=r"x\.yaml"):
        read_yaml(path)


def test_suggestions_fall_back_on_what_is_known():
    assert did_you_mean("zzz", ["b", "a"]) == "known here: a, b"


def test_every_yaml_a_user_edits_names_its_schema(root):
    files = sorted((root / "config").rglob("*.yaml"))
    assert len(files) > 50
    for file in files:
        first = file.read_text(encoding="utf-8").splitlines()[0]
        assert first.startswith("# yaml-language-server: $schema="), file
        schema = file.parent / first.split("=", 1)[1]
        assert schema.resolve().parent == root / "workflow" / "schemas", file
        assert schema.is_file(), file


def test_reading_twice_gives_documents_of_their_own(tmp_path):
    file = tmp_path / "a.yaml"
    file.write_text("list: [1]\n")
    read_yaml(file)["list"].append(2)
    assert read_yaml(file) == {"list": [1]}


def test_columns_are_told_by_name_but_not_a_row_of_values():
    assert columns_told(["ID", "2010", "NACE"], 2) == "the file has 'ID', '2010' … (3 columns)"
    assert columns_told(["ID"], 2) == "the file has 'ID'"
    for value in ("48213977", "-3,5", "1.200,50", "12 %"):
        assert "first row has numbers" in columns_told(["Staal NV", value], 2)
