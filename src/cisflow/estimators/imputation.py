r"""Answers that were not given: drawn many times by chained equations, and pooled.

:func:`completed` draws each gap from the observed answers of those who are alike (predictive mean
matching, Little 1988, Journal of Business & Economic Statistics 6:287–296), variable by variable
given all others, over and over (van Buuren & Groothuis-Oudshoorn 2011, Journal of Statistical
Software 45(3)); statsmodels' ``MICEData`` does it. :func:`pooled` puts what was estimated on each
completed sample together by the rules of Rubin (1987), with the degrees of freedom of Barnard &
Rubin (1999, Biometrika 86:948–955).
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from cisflow.estimators.arrays import Floats
from cisflow.estimators.distributions import normal_draws
from cisflow.estimators.errors import refuse

DONORS = 5
"""Observed answers among which one is drawn, as in R's mice."""
ITERATIONS = 10
"""Rounds of the chain before the first completed sample; a third as many between two."""
HEADING = "Multiple imputation"
TIE = 1e-6  # standard deviations, below which predictions are alike


@dataclass(frozen=True)
class Pooled:
    """Estimates over m completed samples; every attribute is an array of one number per estimate.

    Attributes
    ----------
    estimate, std_error
        The mean over the samples, and the root of the total variance.
    within, between
        Mean of the samples' variances; variance of their estimates.
    df
        Degrees of freedom of t.
    missing
        Fraction of missing information: the part of what the full answers would tell that is lost.
    """

    estimate: Floats
    std_error: Floats
    within: Floats
    between: Floats
    df: Floats
    missing: Floats


def pooled(estimates: Any, std_errors: Any, df: float = np.inf) -> Pooled:
    r"""Pool estimates over completed samples.

    .. math::

        T = \bar U + (1 + 1/m) B, \qquad \lambda = (1 + 1/m) B / T, \qquad
        \nu = \left(\frac{\lambda^2}{m - 1} +
        \frac{\nu_c + 3}{(\nu_c + 1) \nu_c (1 - \lambda)}\right)^{-1}

    Parameters
    ----------
    estimates, std_errors : (m, k) array-like
        Of k numbers on each of m completed samples.
    df
        Degrees of freedom :math:`\nu_c` they would have if every answer were given.

    Raises
    ------
    EstimationError
        Of fewer than two samples, which do not vary.

    Examples
    --------
    >>> both = pooled([[1.0], [3.0]], [[2.0], [2.0]])
    >>> float(both.estimate[0]), float(both.std_error[0])
    (2.0, 2.6457513110645907)
    """
    Q, U = np.asarray(estimates, dtype=float), np.asarray(std_errors, dtype=float) ** 2
    m = len(Q)
    if m < 2:
        refuse(HEADING, f"{m} completed samples", "draw at least two, better twenty")
    within, between = U.mean(axis=0), Q.var(axis=0, ddof=1)
    extra = (1 + 1 / m) * between
    total = within + extra
    share = np.divide(extra, total, out=np.zeros_like(total), where=total > 0)
    degrees = _degrees(share, m, df)
    ratio = np.divide(extra, within, out=np.zeros_like(total), where=within > 0)
    missing = (ratio + 2 / (degrees + 3)) / (1 + ratio)
    return Pooled(Q.mean(axis=0), np.sqrt(total), within, between, degrees, missing)


def _degrees(share: Floats, m: int, df: float) -> Floats:
    """Return Barnard and Rubin's degrees of freedom, where ``share`` of the variance is between."""
    lost = share**2 / (m - 1)
    if np.isfinite(df):
        lost = lost + (df + 3) / ((df + 1) * df * np.maximum(1 - share, 1e-12))
    return np.divide(1.0, lost, out=np.full_like(share, np.inf), where=lost > 0)


def completed(
    data: pd.DataFrame,
    draws: int,
    seed: int | list[int],
    *,
    donors: int = DONORS,
    iterations: int = ITERATIONS,
) -> Iterator[pd.DataFrame]:
    """Yield samples in which every gap is filled.

    Parameters
    ----------
    data
        Numbers alone, shape (n, k), NaN for an answer that was not given; yes/no and levels as
        0/1. Every column explains every other.
    draws
        How many samples.
    seed
        Fixes every draw.
    donors
        Among how many observed answers, those of the most alike, one is drawn.
    iterations
        See :data:`ITERATIONS`.

    Yields
    ------
    pandas.DataFrame
        As ``data``; an observed value stays, a gap has the observed value of another row.

    Raises
    ------
    EstimationError
        If a column has fewer observed values than there are donors, or a row none at all.
    """
    gaps = data.isna()
    if empty := int(gaps.all(axis=1).sum()):
        refuse(HEADING, f"{empty} rows without any value", "leave them out")
    if few := [name for name in data if gaps[name].any() and (~gaps[name]).sum() < donors]:
        what = f"fewer than {donors} known values of {', '.join(few)} to draw from"
        refuse(HEADING, what, "leave the variable out")
    # A column of one value tells nothing of the others, and its gaps can have no other.
    varying = list(data.columns[(data.max() > data.min()).to_numpy()])
    filled = data.fillna(data.drop(columns=varying).max())
    if not filled.isna().to_numpy().any():
        yield from (filled.copy() for _ in range(draws))
        return
    from statsmodels.tools.sm_exceptions import SingularMatrixWarning

    chain = _chain(filled[varying].reset_index(drop=True), donors, seed)
    for draw in range(draws):
        with warnings.catch_warnings():
            # A class of which no row is known has no coefficient: the rows are drawn as others are.
            warnings.simplefilter("ignore", SingularMatrixWarning)
            chain.update_all(iterations // 3 if draw else iterations)
        yield filled.assign(**dict(zip(varying, chain.data.to_numpy().T, strict=True)))


def _chain(data: pd.DataFrame, donors: int, seed: int | list[int]) -> Any:
    """Return statsmodels' chain over numbered columns, whose design it need not parse."""
    from statsmodels.imputation.mice import MICEData

    centre, spread = data.mean().to_numpy(), data.std().to_numpy()
    numbered = data.set_axis([f"x{j}" for j in range(data.shape[1])], axis=1)

    class Chain(MICEData):
        """Its designs are the other columns, standardised, and a constant.

        Parsing a formula for each variable in each round takes a hundred times as long. Where
        statsmodels sorts what is equal but for rounding, processors differ, and so would samples.
        """

        def _initial_imputation(self) -> None:
            far = ((numbered - centre) / spread).abs().round(9)
            nearest = {name: numbered.loc[far[name].idxmin(), name] for name in numbered}
            self.data = numbered.fillna(nearest)
            self._cycle_order.sort(key=lambda name: (len(self.ix_miss[name]), name))

        def _design(self, name: str) -> Floats:
            X = (self.data.to_numpy() - centre) / spread
            X[:, self.data.columns.get_loc(name)] = 1.0
            return np.asarray(X)

        def _perturb_gaussian(self, vname: str) -> None:
            """Draw coefficients as statsmodels does, but by a root that is the same everywhere."""
            y, X, *_ = self.get_fitting_data(vname)
            self.models[vname] = self.model_class[vname](y, X)
            self.results[vname] = found = self.models[vname].fit()
            drawn = normal_draws(found.cov_params(), 1, self.rng)[0]
            self.params[vname] = found.params + drawn

        def _get_predicted(self, obj: Floats) -> Floats:
            """Break ties among donors by chance."""
            noise = self.rng.uniform(-TIE, TIE, len(obj))
            return np.asarray(obj + noise * np.std(obj), dtype=float)

        def get_fitting_data(self, vname: str) -> Any:
            known = self.ix_obs[vname]
            return self.data[vname].to_numpy()[known], self._design(vname)[known], {}, {}

        def get_split_data(self, vname: str) -> Any:
            known, gap = self.ix_obs[vname], self.ix_miss[vname]
            X = self._design(vname)
            return self.data[vname].to_numpy()[known], X[known], X[gap], {}, {}

    return Chain(numbered, k_pmm=donors, rng=seed)
