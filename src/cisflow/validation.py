"""Check the YAML a user edits against its JSON Schema, and say in words what is wrong."""

from __future__ import annotations

import copy
import difflib
from collections.abc import Iterable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

from cisflow.errors import CisflowError, Problem


def read_yaml(file: Path | str) -> dict[str, Any]:
    """Read a YAML mapping.

    Raises
    ------
    CisflowError
        The file does not exist, is not YAML, or does not hold a mapping.
    """
    import yaml

    path = Path(file)

    try:
        document = copy.deepcopy(_parsed(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        near = did_you_mean(path.name, [p.name for p in path.parent.glob("*")])
        raise CisflowError(str(path), Problem("the file does not exist", near)) from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        mark = getattr(error, "problem_mark", None)
        where = f"line {mark.line + 1}, column {mark.column + 1}" if mark else "its encoding"
        what = f"not readable as YAML at {where}: {getattr(error, 'problem', 'not UTF-8')}"
        remedy = "check the indentation, the colons and the quotes there"
        raise CisflowError(str(path), Problem(what, remedy)) from None
    if not isinstance(document, dict):
        problem = Problem("holds no keys", "write `key: value` lines; see config/README.md")
        raise CisflowError(str(path), problem)
    return document


@lru_cache(maxsize=256)
def _parsed(text: str) -> Any:
    """Parse YAML once per text: codebooks share what they extend, and all share their schema."""
    import yaml

    # The parser written in C where PyYAML has it; its safe loader either way.
    return yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506


def validated(document: dict[str, Any], schema: Path, heading: str) -> dict[str, Any]:
    """Return ``document`` with the schema's defaults filled in.

    Parameters
    ----------
    document
        What the user wrote.
    schema
        A JSON Schema 2020-12, written as YAML.
    heading
        What to call the document in messages, usually its path.

    Raises
    ------
    CisflowError
        Every key that is unknown, missing or of the wrong kind, each with a remedy.
    """
    from jsonschema import Draft202012Validator

    rules = read_yaml(schema)
    errors = sorted(Draft202012Validator(rules).iter_errors(document), key=lambda e: e.json_path)
    # jsonschema reports every missing key once per missing key.
    problems = list(dict.fromkeys(problem for error in errors for problem in _in_words(error)))
    if problems:
        raise CisflowError(heading, problems)
    return _fill_defaults(document, rules, rules)


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return the remedy for an unknown name: its nearest neighbours, or all that is known."""
    known = sorted(known)
    close = difflib.get_close_matches(word, known, n=3, cutoff=0.5)
    if close:
        return "did you mean " + " or ".join(f"`{c}`" for c in close) + "?"
    return "known here: " + ", ".join(known) if known else "check the spelling"


def _in_words(error: Any) -> Iterator[Problem]:
    """Translate one jsonschema error; the leaf of a failed alternative says most."""
    key = error.json_path.removeprefix("$").lstrip(".") or "(top level)"
    described = error.schema.get("description", "") if isinstance(error.schema, dict) else ""
    if error.validator == "additionalProperties":
        known = list(error.schema.get("properties", {}))
        for extra in sorted(set(error.instance) - set(known)):
            yield Problem(f"{key}: unknown key `{extra}`", did_you_mean(extra, known))
    elif error.validator == "required":
        for missing in [k for k in error.validator_value if k not in error.instance]:
            meaning = error.schema.get("properties", {}).get(missing, {}).get("description", "")
            yield Problem(f"{key}: `{missing}` is missing", f"add it: {meaning}")
    elif error.validator == "enum":
        known = [str(v) for v in error.validator_value]
        yield Problem(
            f"{key}: {error.instance!r} is not known", did_you_mean(str(error.instance), known)
        )
    elif error.validator in ("anyOf", "oneOf"):
        forms = described or "see config/README.md for the forms it may take"
        yield Problem(f"{key}: {_short(error.instance)} has none of the permitted forms", forms)
    elif error.validator == "propertyNames":
        yield Problem(f"{key}: {error.message}", described or "rename it")
    else:
        wanted = f"{error.validator} {error.validator_value}"
        yield Problem(
            f"{key}: {_short(error.instance)} does not fit ({wanted})", described or "change it"
        )


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "…"


def _fill_defaults(document: Any, schema: dict[str, Any], root: dict[str, Any]) -> Any:
    """Return ``document`` with `default`s of `properties` and `additionalProperties` filled in."""
    if "$ref" in schema:
        schema = root["$defs"][schema["$ref"].rsplit("/", 1)[-1]]
    if isinstance(document, list):
        return [_fill_defaults(item, schema.get("items", {}), root) for item in document]
    if not isinstance(document, dict):
        return document
    properties = schema.get("properties", {})
    other = schema.get("additionalProperties")
    other = other if isinstance(other, dict) else {}
    filled = {k: _fill_defaults(v, properties.get(k, other), root) for k, v in document.items()}
    for key, rule in properties.items():
        if "default" in rule and key not in filled:
            filled[key] = rule["default"]
    return filled
