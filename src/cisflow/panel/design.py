"""How the firms of a survey were drawn, as far as its file tells."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cisflow.estimators.arrays import Floats
from cisflow.study.weightings import UNWEIGHTED

STRATIFIED, WEIGHTED = "stratified", "weighted"

# What firms carry of the design through the restrictions of a sample.
DESIGN_COLUMNS = ("design", "design_stratum", "design_firms", "design_population")


@dataclass(frozen=True)
class SurveyDesign:
    """How the firms of a wave were drawn, as far as its file tells."""

    kind: str  # `"stratified"` (weights and strata), `"weighted"` or `"unweighted"`
    weight: Floats  # shape (n,); ones without weights
    strata: NDArray[np.intp] | None  # codes 0…H−1, shape (n,); None where the file names no strata

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
    weight = firms["weight"].to_numpy(dtype=float, na_value=np.nan)
    if not len(firms) or not np.isfinite(weight).all() or np.ptp(weight) == 0:
        return SurveyDesign(UNWEIGHTED, np.ones(len(firms)), None)
    if "stratum" not in firms or firms["stratum"].isna().any():
        return SurveyDesign(WEIGHTED, weight, None)
    codes = np.asarray(pd.factorize(firms["stratum"])[0], dtype=np.intp)
    return SurveyDesign(STRATIFIED, weight, codes)
