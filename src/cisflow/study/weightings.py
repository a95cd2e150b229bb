"""The words for regressions with and without weights side by side."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

NONE = "none"  # an entry of `weights:` in the models file
UNWEIGHTED = "unweighted"
SURVEY_WEIGHT = "weight"
NO_WEIGHTS = "the file has no sampling weights that differ"


# For rooms that still have a model in plain types; `Model` knows the same of itself.
def weightings(spec: Mapping[str, Any]) -> tuple[str | None, ...]:
    """Return the weights of a model, None for unweighted; several stand side by side."""
    given = spec.get("weights")
    given = given if isinstance(given, list | tuple) else [given]
    return tuple(None if w in (None, NONE) else w for w in given)


def uses_design(spec: Mapping[str, Any]) -> bool:
    """Return whether a model needs to know how the survey was drawn."""
    return SURVEY_WEIGHT in weightings(spec) or "survey" in spec.get("covariance", [])


def weights_of(spec: Mapping[str, Any], column: str) -> str | None:
    """Return the weights of a column of a model, None for unweighted."""
    own: Mapping[str, str | None] = spec.get("column_weights", {})
    return own[column] if column in own else weightings(spec)[0]
