"""The JSON Schema of a codebook, from its types: ``python -m cisflow.study.codebook_schema``."""

from __future__ import annotations

from typing import Any

import yaml
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue

from cisflow.study.codebook import Codebook
from cisflow.study.codebook_files import SCHEMA

HEAD = {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "A cisflow codebook"}


class _Written(GenerateJsonSchema):
    """Schemas as a person would write them: a key with a default may be absent, and no more.

    A codebook that extends another leaves out what it takes over, so that no default is filled in.
    """

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


def schema_text() -> str:
    """Return the schema as the YAML that editors read."""
    made = _tidy(Codebook.model_json_schema(schema_generator=_Written))
    parts = {"$defs": made.pop("$defs")}
    text = yaml.safe_dump({**HEAD, **made, **parts}, sort_keys=False, allow_unicode=True, width=100)
    return f"# Written by `python -m cisflow.study.codebook_schema` from the types.\n{text}"


def _tidy(part: Any) -> Any:
    """Return a schema without the names of classes, every description on one line."""
    if isinstance(part, list):
        return [_tidy(item) for item in part]
    if not isinstance(part, dict):
        return part
    named = isinstance(part.get("title"), dict)  # then it is the properties, and one is a title
    return {
        k: " ".join(v.split()) if k == "description" and isinstance(v, str) else _tidy(v)
        for k, v in part.items()
        if named or k != "title"
    }


if __name__ == "__main__":
    SCHEMA.write_text(schema_text(), encoding="utf-8")
