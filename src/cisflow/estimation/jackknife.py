"""Clustered standard errors where clusters are few, for what linearmodels estimates."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cisflow.estimators.arrays import Floats, Ints
from cisflow.estimators.clusters import of_one_cluster, undetermined

Rows = NDArray[np.bool_]


@dataclass(frozen=True)
class Clustered:
    """Estimates with a covariance of clusters, under linearmodels' names."""

    params: pd.Series
    cov: pd.DataFrame
    nobs: int

    @property
    def std_errors(self) -> pd.Series:
        """Standard errors; missing where one cluster alone determines a coefficient."""
        return pd.Series(np.sqrt(np.diag(self.cov)), index=self.params.index)


def of_several(cov: pd.DataFrame, codes: Ints, X: Floats) -> pd.DataFrame:
    """Return a covariance without the coefficients that one cluster alone determines.

    Its scores add up to zero, so that sums by cluster miss what is uncertain about them.
    """
    lost = of_one_cluster(X, codes)
    return cov.mask(lost[:, None] | lost[None, :])


def without_clusters(
    params: pd.Series, codes: Ints, X: Floats, refit: Callable[[Rows], pd.Series]
) -> pd.DataFrame:
    """Return (G−1)/G times the squares of what leaving out each cluster changes: CR3.

    Parameters
    ----------
    params
        Estimates of all rows.
    codes
        Clusters 0 … G−1 of the rows, (n,).
    X
        The regressors of ``params`` as far as they tell them apart, (n, k): net of firms' means
        where firms have effects.
    refit
        Estimates of some rows (n,).

    Returns
    -------
    DataFrame
        Missing where a coefficient is not determined without one of the clusters.
    """
    groups = int(codes.max()) + 1
    moved = np.empty((groups, len(params)))
    for g in range(groups):
        rows = codes != g
        moved[g] = refit(rows).reindex(params.index) - params
        moved[g, undetermined(X[rows])] = np.nan
    cov = (groups - 1) / groups * moved.T @ moved
    return pd.DataFrame(cov, index=params.index, columns=params.index)
