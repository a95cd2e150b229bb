"""What all documents of a study have in common: frozen, complete, and described key by key."""

from __future__ import annotations

from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict, SerializerFunctionWrapHandler, model_serializer


class Document(BaseModel):
    """A part of what the user wrote; the text below each attribute is its page in the manual.

    What was not given is None, or empty where the attribute has a ``default_factory``; it is left
    out of :meth:`as_params`, while what has a default is in it.
    """

    model_config = ConfigDict(
        frozen=True, extra="forbid", use_attribute_docstrings=True, regex_engine="python-re"
    )
    null_is_a_value: ClassVar[frozenset[str]] = frozenset()

    @model_serializer(mode="wrap")
    def _as_written(self, handler: SerializerFunctionWrapHandler) -> Any:
        absent = {
            name
            for name, field in type(self).model_fields.items()
            if getattr(self, name) is None
            or (field.default_factory and name not in self.model_fields_set)
        }
        found = handler(self).items()
        return {k: v for k, v in found if k not in absent or k in self.null_is_a_value}

    def as_params(self) -> dict[str, Any]:
        """Return it in plain types, as the user wrote it and with defaults filled in."""
        return self.model_dump(mode="json")
