"""The words for regressions with and without weights side by side."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

NONE = "none"  # an entry of `weights:` in the models file
UNWEIGHTED = "unweighted"
SURVEY_WEIGHT = "weight"
NO_WEIGHTS = "the file has no sampling weights that differ"


# For what has a model in plain types alone; `Model` knows the same of itself.
def weightings(spec: Mapping[str, Any]) -> tuple[str | None, ...]:
    """Return the weights of a model, None for unweighted; several stand side by side."""
    given = spec.get("weights")
    given = given if isinstance(given, list | tuple) else [given]
    return tuple(None if w in (None, NONE) else w for w in given)
