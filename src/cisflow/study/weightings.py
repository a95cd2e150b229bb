"""Regressions with and without weights side by side, and the design a survey was drawn by."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

NONE = "none"  # an entry of `weights:` in the models file
UNWEIGHTED = "unweighted"
SURVEY_WEIGHT = "weight"
NO_WEIGHTS = "the file has no sampling weights that differ"

Spec = Mapping[str, Any]


# --- side by side ------------------------------------------------------------------------------


def weightings(spec: Spec) -> tuple[str | None, ...]:
    """Return the weights of a model, None for unweighted; several stand side by side."""
    given = spec.get("weights")
    return tuple(
        None if w in (None, NONE) else w for w in (given if isinstance(given, list) else [given])
    )


def _several(spec: Spec) -> bool:
    return isinstance(spec.get("weights"), list)


def with_weightings(models: Mapping[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Give every model with several weightings a column for each, such as ``any: unweighted``.

    Returns
    -------
    dict
        The models; one whose ``weights`` is a list has its ``columns`` once per weighting, and
        under ``column_weights`` which weights each of them has.
    """
    found = dict(models)
    for name, spec in models.items():
        if not _several(spec):
            continue
        pairs = [
            (f"{column}: {weights or UNWEIGHTED}", terms, weights)
            for column, terms in spec["columns"].items()
            for weights in weightings(spec)
        ]
        found[name] = {
            **spec,
            "columns": {column: terms for column, terms, _ in pairs},
            "column_weights": {column: weights for column, _, weights in pairs},
        }
    return found


def uses_design(spec: Spec) -> bool:
    """Return whether a model needs to know how the survey was drawn."""
    return SURVEY_WEIGHT in weightings(spec) or "survey" in spec.get("covariance", [])


def weights_of(spec: Spec, column: str) -> str | None:
    """Return the weights of a column of a model, None for unweighted."""
    own: Mapping[str, str | None] = spec.get("column_weights", {})
    return own[column] if column in own else weightings(spec)[0]


# --- the design of a survey --------------------------------------------------------------------
