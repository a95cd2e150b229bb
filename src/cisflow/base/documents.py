"""Check the YAML a user edits against its JSON Schema, and say in words what is wrong."""

from __future__ import annotations

import copy
import difflib
import json
import math
import re
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml
from jsonschema import Draft202012Validator, ValidationError
from jsonschema.validators import extend

from cisflow.base.problems import CisflowError, Problem


# The parser written in C where PyYAML has it; its safe loader either way.
class _Strict(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """PyYAML's safe loader; a key that stands twice is refused, not the last one taken."""

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:
        seen = set()
        for key, _ in node.value:
            if key.value in seen and key.tag != "tag:yaml.org,2002:merge":
                what = f"`{key.value}` is there twice"
                raise yaml.constructor.ConstructorError(None, None, what, key.start_mark)
            seen.add(str(key.value))
        return super().construct_mapping(node, deep=deep)


def _number(loader: _Strict, node: Any) -> Any:
    """Return a number, but none that is infinite or no number: rules held against it hold always.

    Nor one so long that no computation takes it.
    """
    made = loader.construct_yaml_float if node.tag.endswith("float") else loader.construct_yaml_int
    try:
        if math.isfinite(value := made(node)):
            return value
    except (ValueError, OverflowError):
        pass
    what = f"`{node.value[:40]}` is no finite number"
    raise yaml.constructor.ConstructorError(None, None, what, node.start_mark)


for _kind in ("int", "float"):
    _Strict.add_constructor(f"tag:yaml.org,2002:{_kind}", _number)


def read_yaml(file: Path | str) -> dict[str, Any]:
    """Read a YAML mapping.

    Raises
    ------
    CisflowError
        The file does not exist, is not YAML, or does not hold a mapping.
    """
    path = Path(file)
    if path.exists() and not path.is_file():
        raise CisflowError(str(path), Problem("this is no file", "name a YAML file"))
    try:
        document = copy.deepcopy(_parsed(_bounded(path)))
    except FileNotFoundError:
        beside = [p.name for p in path.parent.glob("*.y*ml")]
        remedy = "put it there, or correct the path"
        if close_names(path.name, beside):
            remedy = did_you_mean(path.name, beside)
        raise CisflowError(str(path), Problem("the file does not exist", remedy)) from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        mark = getattr(error, "problem_mark", None)
        where = f" at line {mark.line + 1}, column {mark.column + 1}" if mark else ""
        problem = getattr(error, "problem", "its encoding is not UTF-8")
        what = f"not readable as YAML{where}: {problem}"
        remedy = "check the indentation (by blanks, not tabs), the colons and the quotes there"
        if "twice" in what:
            remedy = "keep one of the two"
        elif "finite" in what:
            remedy = "write the number that is meant, or put a text in quotes"
        raise CisflowError(str(path), Problem(what, remedy)) from None
    if not isinstance(document, dict):
        problem = Problem("holds no keys", "write `key: value` lines; see config/README.md")
        raise CisflowError(str(path), problem)
    return document


# Far more than anyone writes, far less than fills the memory.
MOST_BYTES, DEEPEST, MOST_VALUES = 1 << 24, 60, 1_000_000


def _bounded(path: Path) -> str:
    if path.stat().st_size > MOST_BYTES:
        problem = Problem(f"larger than {MOST_BYTES >> 20} MB", "is this the file you mean?")
        raise CisflowError(str(path), problem)
    return path.read_text(encoding="utf-8")


@lru_cache(maxsize=256)
def _parsed(text: str) -> Any:
    """Parse YAML once per text: codebooks share what they extend, and all share their schema."""
    _refuse_deep(text)
    document = yaml.load(text, Loader=_Strict)  # noqa: S506
    if "*" in text and _size(document, {}) > MOST_VALUES:
        what = "references (`*name`) that repeat too much, or themselves"
        raise yaml.constructor.ConstructorError(None, None, what, None)
    return document


def _refuse_deep(text: str) -> None:
    """Refuse what is nested so deep that the parser, which calls itself, would end the program."""
    depth = 0
    event: Any  # its marks are of the C parser, which the types of errors do not know
    for event in yaml.parse(text, Loader=_Strict):
        depth += isinstance(event, yaml.CollectionStartEvent)
        depth -= isinstance(event, yaml.CollectionEndEvent)
        if depth > DEEPEST:
            what = f"nested deeper than {DEEPEST} levels"
            raise yaml.constructor.ConstructorError(None, None, what, event.start_mark)


def _size(value: Any, known: dict[int, float]) -> float:
    """Return how many values there are when references are written out; infinite in a circle."""
    if not isinstance(value, dict | list):
        return 1
    if id(value) not in known:
        known[id(value)] = math.inf
        inner = value.values() if isinstance(value, dict) else value
        known[id(value)] = 1 + sum(_size(one, known) for one in inner)
    return known[id(value)]


class TooDeepError(ValueError):
    """JSON is nested deeper than anything cisflow writes."""


def read_json(text: str | bytes) -> Any:
    """Return JSON from elsewhere, in which every number is finite and no key stands twice.

    Raises
    ------
    ValueError
        It is none.
    """
    try:
        value = json.loads(
            text,
            parse_constant=_finite,
            parse_float=_finite,
            parse_int=lambda digits: int(_finite(digits)) and int(digits),
            object_pairs_hook=_once,
        )
    except RecursionError:
        raise TooDeepError from None
    if _depth(value) > DEEPEST:  # whoever walks through it calls itself too
        raise TooDeepError
    return value


def _depth(value: Any) -> int:
    """Return how deep a value is nested, without a call per level."""
    depth, level = 0, [value]
    while level := [
        inner
        for one in level
        if isinstance(one, dict | list)
        for inner in (one.values() if isinstance(one, dict) else one)
    ]:
        depth += 1
    return depth


def _finite(text: str) -> float:
    if not math.isfinite(value := float(text)):
        raise ValueError("a number is infinite or none")
    return value


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a key stands twice")
    return found


def _pattern(_: Any, pattern: str, value: Any, __: Any) -> Iterator[ValidationError]:
    """Hold a text against a pattern whose ``$`` is its very end, not a line break before it."""
    if isinstance(value, str) and (value.endswith("\n") or not re.search(pattern, value)):
        yield ValidationError(f"{value!r} is not written as it should be")


_Validator = extend(Draft202012Validator, {"pattern": _pattern})


@lru_cache(maxsize=32)
def _validator(schema: str) -> Draft202012Validator:
    return _Validator(_parsed(schema))


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
    validator = _validator(schema.read_text(encoding="utf-8"))
    rules = validator.schema
    errors = sorted(validator.iter_errors(document), key=lambda e: e.json_path)
    # jsonschema reports every missing key once per missing key.
    problems = list(
        dict.fromkeys(problem for error in errors for problem in _in_words(error, rules))
    )
    if problems:
        raise CisflowError(heading, problems)
    return _fill_defaults(document, rules, rules)


MOST_SHOWN = 12

NUMERAL, YEAR = re.compile(r"[-+]?\d[\d.,' ]*%?"), re.compile(r"(19|20)\d\d")


def columns_told(names: Sequence[str], most: int) -> str:
    """Return for a remedy which columns a file has, the first of them by name.

    A row with a number is one of values, such as those of a first firm above which the names are
    missing: of it nothing is quoted.
    """
    if any(NUMERAL.fullmatch(n.strip()) and not YEAR.fullmatch(n.strip()) for n in names):
        return (
            "its first row has numbers, as those of firms have: put a row with the names above it"
        )
    shown = ", ".join(f"'{name}'" for name in names[:most])
    return f"the file has {shown}{f' … ({len(names)} columns)' if len(names) > most else ''}"


def close_names(word: str, known: Iterable[str]) -> list[str]:
    """Return the nearest neighbours of a name among those that are known, the nearest first."""
    return difflib.get_close_matches(word, sorted(known), n=3, cutoff=0.5)


def did_you_mean(word: str, known: Iterable[str], then: str = "") -> str:
    """Return the remedy for an unknown name: its nearest neighbours, or all that is known.

    ``then`` is what to do besides, without a capital.
    """
    known = sorted(known)
    if close := close_names(word, known):
        asked = "did you mean " + " or ".join(f"`{c}`" for c in close) + "?"
        return f"{asked} {then[:1].upper()}{then[1:]}".rstrip()
    if len(known) > MOST_SHOWN:
        known = [*known[:MOST_SHOWN], f"… ({len(known)} names, see config/README.md)"]
    told = "known here: " + ", ".join(known) if known else "check the spelling"
    return f"{told}; {then}" if then else told


def _in_words(error: Any, rules: dict[str, Any]) -> Iterator[Problem]:
    """Translate one jsonschema error; the leaf of a failed alternative says most."""
    key = error.json_path.removeprefix("$").lstrip(".") or "(top level)"
    described = error.schema.get("description", "") if isinstance(error.schema, dict) else ""
    if error.validator == "additionalProperties":
        known = list(error.schema.get("properties", {}))
        for extra in sorted(set(error.instance) - set(known)):
            yield Problem(f"{key}: unknown key `{extra}`", did_you_mean(extra, known))
    elif error.validator == "required":
        for missing in [k for k in error.validator_value if k not in error.instance]:
            own = error.schema.get("properties", {}).get(missing, {})
            meaning = _meaning(own, rules) or _meaning_of(missing, rules, rules)
            remedy = f"add it: {meaning}" if meaning else "add it"
            yield Problem(f"{key}: `{missing}` is missing", remedy)
    elif error.validator == "enum":
        known = [str(v) for v in error.validator_value]
        yield Problem(
            f"{key}: {error.instance!r} is not known", did_you_mean(str(error.instance), known)
        )
    elif error.validator in ("anyOf", "oneOf"):
        forms = described or "see config/README.md for the forms it may take"
        what = f"{_short(error.instance)} has none of the permitted forms"
        if isinstance(error.instance, dict):
            what = "a key is missing, or keys do not go together"
        yield Problem(f"{key}: {what}", forms)
    elif error.validator == "propertyNames":
        yield Problem(f"{key}: {error.message}", described or "rename it")
    elif error.validator == "not" and isinstance(error.instance, dict):
        yield Problem(f"{key}: keys do not go together", described or "remove one of them")
    else:
        wrong = _wrong(error.validator, error.validator_value)
        yield Problem(f"{key}: {_short(error.instance)} {wrong}", described or "change it")


def _meaning(rule: Any, rules: dict[str, Any]) -> str:
    """Return what a schema says of itself, or what it refers to says."""
    if not isinstance(rule, dict):
        return ""
    if "description" not in rule and "$ref" in rule:
        rule = rules["$defs"][rule["$ref"].rsplit("/", 1)[-1]]
    return str(rule.get("description", ""))


def _meaning_of(name: str, part: Any, rules: dict[str, Any]) -> str:
    """Return what the first property of that name means, wherever in the schema it is."""
    if isinstance(part, list):
        return next((m for item in part if (m := _meaning_of(name, item, rules))), "")
    if not isinstance(part, dict):
        return ""
    own = _meaning(part.get("properties", {}).get(name), rules)
    return own or _meaning_of(name, list(part.values()), rules)


KINDS = {
    "integer": "a whole number",
    "number": "a number",
    "string": "a text",
    "boolean": "true or false",
    "object": "a mapping with keys",
    "array": "a list",
    "null": "null",
}


def _wrong(rule: str, value: Any) -> str:
    """Return what is wrong with a value that breaks a rule of JSON Schema."""
    kinds = value if isinstance(value, list) else [value]
    few = "is empty" if value == 1 else f"has fewer than {value} entries"
    return {
        "type": f"is not {' or '.join(KINDS.get(str(kind), str(kind)) for kind in kinds)}",
        "minimum": f"is below {value}",
        "exclusiveMinimum": f"is not above {value}",
        "maximum": f"is above {value}",
        "exclusiveMaximum": f"is not below {value}",
        "minItems": few,
        "maxItems": f"has more than {value} entries",
        "minProperties": few,
        "minLength": "is empty",
        "maxLength": f"is longer than {value} characters",
        "maxProperties": f"has more than {value} entries",
        "uniqueItems": "has an entry twice",
        "pattern": "is not written as it should be",
        "not": "is not possible here",
    }.get(rule, f"does not fit ({rule} {value})")


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
            filled[key] = copy.deepcopy(rule["default"])
    return filled
