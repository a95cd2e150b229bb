"""Regressions with and without weights side by side, and the design a survey was drawn by."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import pandas as pd

NONE = "none"  # an entry of `weights:` in the models file
UNWEIGHTED = "unweighted"
STRATIFIED, WEIGHTED = "stratified", "weighted"
SURVEY_WEIGHT = "weight"
NO_WEIGHTS = "the file has no sampling weights that differ"
# What firms carry of the design through the restrictions of a sample.
DESIGN_COLUMNS = ("design", "design_stratum", "design_firms", "design_population")

Spec = Mapping[str, Any]
Floats = NDArray[np.float64]


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


@dataclass(frozen=True)
class SurveyDesign:
    """How the firms of a wave were drawn, as far as its file tells.

    Attributes
    ----------
    kind
        ``"stratified"`` (weights and strata), ``"weighted"`` or ``"unweighted"``.
    weight
        Shape (n,); ones without weights.
    strata
        Codes 0…H−1, shape (n,); None where the file names no strata.
    """

    kind: str
    weight: Floats
    strata: NDArray[np.intp] | None

    def columns(self) -> dict[str, Any]:
        """Return :data:`DESIGN_COLUMNS`: per firm its stratum, firms drawn and firms there are.

        The population of a stratum is the sum of its weights. Without strata all firms are of one,
        drawn from an endless population.
        """
        n = len(self.weight)
        codes = np.zeros(n, dtype=np.intp) if self.strata is None else self.strata
        drawn = np.bincount(codes).astype(float)
        population = np.bincount(codes, self.weight) if self.strata is not None else [np.inf] * n
        values = (self.kind, codes, drawn[codes], np.asarray(population)[codes])
        return dict(zip(DESIGN_COLUMNS, values, strict=True))


def survey_design(firms: pd.DataFrame) -> SurveyDesign:
    """Read the design off the firms of one wave: columns ``weight`` and, if known, ``stratum``."""
    import pandas as pd

    weight = firms["weight"].to_numpy(dtype=float, na_value=np.nan)
    if not len(firms) or not np.isfinite(weight).all() or np.ptp(weight) == 0:
        return SurveyDesign(UNWEIGHTED, np.ones(len(firms)), None)
    if "stratum" not in firms or firms["stratum"].isna().any():
        return SurveyDesign(WEIGHTED, weight, None)
    codes = np.asarray(pd.factorize(firms["stratum"])[0], dtype=np.intp)
    return SurveyDesign(STRATIFIED, weight, codes)
