"""JSON Schemas of what the user writes, from the types: ``python -m cisflow.study.schemas``.

Validation of a document, completion in an editor and the settings pages of the manual read them.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml
from pydantic import TypeAdapter
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from cisflow.base.paths import shipped
from cisflow.study.claims import Claims
from cisflow.study.codebook import Codebook
from cisflow.study.disclosure import Profile
from cisflow.study.documents import Document
from cisflow.study.exports import About
from cisflow.study.models import Models
from cisflow.study.settings import Settings
from cisflow.study.tolerances import BaselineSettings

FOLDER = Path("workflow", "schemas")
TITLES: dict[str, tuple[Any, str]] = {
    "config": (Settings, "A cisflow run"),
    "models": (Models, "Models"),
    "claims": (Claims, "Claims of the literature"),
    "codebook": (Codebook, "A cisflow codebook"),
    "baseline": (BaselineSettings, "What a baseline keeps, and how far it may move"),
    "export": (About, "What an export says of itself"),
    "disclosure": (Profile, "Rules of disclosure"),
}
# The order in which an author would write keywords; "" stands for all others.
ORDER = ["$schema", "title", "description", "type", "enum", "additionalProperties", "required"]
ORDER += ["properties", "", "default", "if", "then", "else", "allOf", "$defs"]


class _Schema(GenerateJsonSchema):
    """Pydantic's schemas, as an author would write them: no null for what may be left out."""

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False

    def model_schema(self, schema: core_schema.ModelSchema) -> JsonSchemaValue:
        found = super().model_schema(schema)
        found.pop("title", None)
        return found

    def nullable_schema(self, schema: core_schema.NullableSchema) -> JsonSchemaValue:
        return self.generate_inner(schema["schema"])

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        found = super().default_schema(schema)
        if found.get("default", "") is None and "null" not in yaml.safe_dump(
            found.get("anyOf", [])
        ):
            del found["default"]
        return found

    def encode_default(self, dft: Any) -> Any:
        return dft.as_params() if isinstance(dft, Document) else super().encode_default(dft)

    def literal_schema(self, schema: core_schema.LiteralSchema) -> JsonSchemaValue:
        return {"enum": list(schema["expected"])}

    def dict_schema(self, schema: core_schema.DictSchema) -> JsonSchemaValue:
        found: JsonSchemaValue = {"type": "object"}
        keys = self.generate_inner(schema["keys_schema"])
        if keys != {"type": "string"}:
            keys.pop("type", None)
            found["propertyNames"] = keys
        values = self.generate_inner(schema["values_schema"])
        if values:
            found["additionalProperties"] = values
        self.update_with_validations(found, schema, self.ValidationsMapping.object)
        return found

    def tuple_schema(self, schema: core_schema.TupleSchema) -> JsonSchemaValue:
        found = super().tuple_schema(schema)
        alike = found.pop("prefixItems", None)
        return {**found, "items": alike[0]} if alike else found

    def union_schema(self, schema: core_schema.UnionSchema) -> JsonSchemaValue:
        found = super().union_schema(schema)
        forms = found.get("anyOf", [])
        plain = [form["type"] for form in forms if set(form) == {"type"}]
        if len(plain) < 2:
            return found
        kinds = [kind for kind in plain if kind != "integer" or "number" not in plain]
        one = {"type": kinds[0] if len(kinds) == 1 else kinds}
        rest = [form for form in forms if set(form) != {"type"}]
        return {"anyOf": [one, *rest]} if rest else one


class _Partial(_Schema):
    """Of a document that may take over what it leaves out: no default is filled in."""

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        return self.generate_inner(schema["schema"])


def schema_of(kind: str) -> dict[str, Any]:
    """Return the JSON Schema 2020-12 of one of :data:`TITLES`."""
    document, title = TITLES[kind]
    generator = _Partial if document is Codebook else _Schema
    made = TypeAdapter(document).json_schema(schema_generator=generator)
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": title}
    ordered: dict[str, Any] = _ordered({**made, **head})
    return ordered


def _ordered(part: Any, *, named: bool = False) -> Any:
    """Return a schema with its keywords in :data:`ORDER`; a user's keys stay as they are."""
    if isinstance(part, list):
        return [_ordered(item) for item in part]
    if not isinstance(part, dict):
        return part
    place = {key: i for i, key in enumerate(ORDER)}
    keys = list(part) if named else sorted(part, key=lambda key: place.get(key, place[""]))
    if not named and "description" in part:
        part = {**part, "description": " ".join(part["description"].split())}
    return {
        key: part[key]
        if key == "default"
        else _ordered(part[key], named=not named and key in ("properties", "$defs"))
        for key in keys
    }


def schema_text(kind: str) -> str:
    """Return a schema as the YAML that editors read."""
    text = yaml.dump(schema_of(kind), Dumper=_Plain, sort_keys=False, allow_unicode=True, width=100)
    return (
        f"# Written by `python -m cisflow.study.schemas` from the types of cisflow.study.\n{text}"
    )


class _Plain(yaml.SafeDumper):
    """YAML without anchors: every part is written out where it stands."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


# --- the settings pages of the manual ----------------------------------------------------------

PAGE = Path("docs", "settings.md")
INTRODUCTION = """# Every setting

What a config, a models file, a claims file, a codebook, rules of disclosure and the tolerances of a
baseline may hold. This page is written by `python -m cisflow.study.schemas` from the types that
documents are checked against; [the manual](../config/README.md) says what to do with it. `NAME`
stands for a name of your own.
"""
HEADINGS = {
    "config": ("A run: `config/*.yaml`", ""),
    "models": ("A model: `config/models.yaml`", "NAME."),
    "claims": ("Claims: `config/claims.yaml`", ""),
    "codebook": ("A codebook: a file below `config/codebooks/`", ""),
    "baseline": ("Tolerances of a baseline: `config/baseline.yaml`", ""),
    "disclosure": ("Rules of disclosure: a file below `config/disclosure/`", ""),
}


def settings_page() -> str:
    """Return the page of all settings: per file a table of keys, meanings and defaults."""
    tables = []
    for kind, (heading, start) in HEADINGS.items():
        schema = schema_of(kind)
        rows = [f"| `{key.removeprefix(start)}` | {text} |" for key, text in _keys(schema, schema)]
        table = "\n".join(["| key | meaning |", "|---|---|", *rows])
        tables.append(f"## {heading}\n\n{schema['description']}\n\n{table}\n")
    return "\n".join([INTRODUCTION, *tables])


def _keys(part: dict[str, Any], schema: dict[str, Any], at: str = "") -> Iterator[tuple[str, str]]:
    """Yield every key below a part of a schema and what it means, from the outside in."""
    for name, rule in part.get("properties", {}).items():
        whole = {**_referred(rule, schema), **rule}
        yield f"{at}{name}", _meaning(whole, required=name in part.get("required", []))
        yield from _keys(whole, schema, f"{at}{name}.")
    for inner, named in (("additionalProperties", f"{at}NAME."), ("items", f"{at[:-1]}[].")):
        if isinstance(below := part.get(inner), dict):
            yield from _keys({**_referred(below, schema), **below}, schema, named)


def _referred(rule: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = schema["$defs"].get(rule.get("$ref", "").rsplit("/", 1)[-1], {})
    return found


def _meaning(rule: dict[str, Any], *, required: bool) -> str:
    """Return a key's meaning, with what it may be and what holds when it is left out."""
    text = rule["description"].replace("|", "\\|")
    if "enum" in rule and not all(f"{value}" in text for value in rule["enum"]):
        text += f" One of {', '.join(f'`{value}`' for value in rule['enum'])}."
    if isinstance(rule.get("default"), str | int | float) and rule["default"] != "":
        text += f" Default: `{yaml.safe_dump(rule['default']).split(chr(10))[0]}`."
    return f"**Required.** {text}" if required else text


def main() -> None:
    """Write the schemas and the page of settings of the project's folder."""
    for kind in TITLES:
        file = shipped(FOLDER) / f"{kind}.schema.yaml"
        file.write_text(schema_text(kind), encoding="utf-8")
    shipped(PAGE).write_text(settings_page(), encoding="utf-8")


if __name__ == "__main__":
    main()
