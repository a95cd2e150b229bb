"""JSON Schemas of what users write, made from the types it is read into."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue

DIALECT = "https://json-schema.org/draft/2020-12/schema"


class _Plain(GenerateJsonSchema):
    """Schemas as a person would write them: a key with a default may be absent, and no more."""

    def default_schema(self, schema: Any) -> JsonSchemaValue:
        inner = schema["schema"]
        absent = inner["type"] == "nullable" and schema.get("default") is None
        return self.generate_inner(inner["schema"] if absent else inner)

    def literal_schema(self, schema: Any) -> JsonSchemaValue:
        plain = super().literal_schema(schema)
        plain.pop("type")  # a value of another type is not known either: told once
        return plain

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False


def schema_of(document: type[BaseModel], title: str) -> dict[str, Any]:
    """Return the schema of what users write of a document, descriptions on one line."""
    made = document.model_json_schema(schema_generator=_Plain, ref_template="#/$defs/{model}")
    return {"$schema": DIALECT, "title": title, **_tidy(made)}


def write_schema(schema: dict[str, Any], file: Path) -> None:
    """Write a schema as YAML, saying where it comes from."""
    text = yaml.safe_dump(schema, sort_keys=False, allow_unicode=True, width=100)
    file.write_text(f"# Made from the types in src/cisflow/study/.\n{text}", encoding="utf-8")


def _tidy(part: Any) -> Any:
    """Return a schema without the names of classes, every description on one line."""
    if isinstance(part, list):
        return [_tidy(item) for item in part]
    if not isinstance(part, dict):
        return part
    names = part.get("title")
    kept = part if isinstance(names, dict) else {k: v for k, v in part.items() if k != "title"}
    return {
        k: " ".join(v.split()) if k == "description" and isinstance(v, str) else _tidy(v)
        for k, v in kept.items()
    }
