r"""What a yes/no does to an outcome on average, weighted by how likely each row was to have it.

With the propensity :math:`p(x)`, a logit of the yes/no d on the covariates, and regressions
:math:`m_1(x), m_0(x)` of the outcome among those with and without it, augmented inverse-propensity
weighting (Robins, Rotnitzky & Zhao 1994, Journal of the American Statistical Association
89:846–866) averages

.. math:: \phi_1 = m_1 + \frac{d (y - m_1)}{p}, \qquad \phi_0 = m_0 + \frac{(1-d)(y - m_0)}{1-p}

and the effect is the mean of :math:`\phi_1 - \phi_0`. It is consistent if either the propensity or
the regressions are right, *given that nothing unobserved moves both d and y*. The effect on those
with d is

.. math:: \sum_i \Big[d - (1-d)\frac{p}{1-p}\Big](y - m_0) \Big/ \sum_i d

Standard errors are of influences that count the logit and both regressions
(:mod:`cisflow.estimators.selection.stacked`), so they hold too if one of the two is wrong.

Rows whose propensity is outside the bounds of ``overlap`` are left out, and the propensity is
estimated anew (Crump, Hotz, Imbens & Mitnik 2009, Biometrika 96:187–199): what is estimated is then
the effect among rows that could have been either.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from cisflow.estimators.arrays import Floats
from cisflow.estimators.effects import is_binary
from cisflow.estimators.errors import Alike, Count, Problem, Sentence, refuse, refuse_any
from cisflow.estimators.regression.logit import FractionalLogit, Logit
from cisflow.estimators.regression.models import OLS
from cisflow.estimators.regression.rows import Regression, Rows, read_rows, refuse_exact
from cisflow.estimators.selection.balance import Balance, Overlap, balance_of, overlap_of
from cisflow.estimators.selection.names import mean_with, on_treated
from cisflow.estimators.selection.pair import independent
from cisflow.estimators.selection.printed import PrintedModel
from cisflow.estimators.selection.stacked import Stacked

BOUNDS = (0.1, 0.9)
OUTCOMES = ("ols", "fractional")


@dataclass(frozen=True)
class TreatmentResults(PrintedModel):
    """Average effects of a yes/no.

    Attributes
    ----------
    params
        The effect under the yes/no's own name; that on those with it as ``treated(…)``; the means
        if all had it and if none had it as ``mean(…=1)`` and ``mean(…=0)``.
    balance : Balance
        Covariates of those with and without, before and after weighting.
    overlap : Overlap
        How likely rows were to have it, before any was left out.
    extra
        ``raw``, the difference of the plain means; ``n_with``, ``n_without`` and ``n_outside``,
        rows outside the bounds.
    """

    balance: Balance | None = None
    overlap: Overlap | None = None


@dataclass(frozen=True)
class _Part:
    """One of the models behind the average: fitted values of all rows, and influences."""

    # value, slope: each (n,), the prediction, and its derivative in the index.
    value: Floats
    slope: Floats
    X: Floats  # (n, k), regressors in the index
    influence: Floats  # (n, k), of the rows on the coefficients

    @property
    def derivative(self) -> Floats:
        """Of the predictions in the coefficients, (n, k)."""
        return self.slope[:, None] * self.X


class DoublyRobust(Regression):
    """Average effect of a yes/no by augmented inverse-propensity weighting.

    Parameters
    ----------
    formula
        ``"share_new ~ coop + log_employees + C(industry)"``: the outcome, the yes/no and what is
        held equal.
    data
        One row per firm; rows with a missing value are dropped and counted.
    treatment
        The yes/no, 0 or 1.
    outcome
        ``"ols"``, or ``"fractional"`` for a share between the limits ``lower`` and ``upper``.
    overlap
        Propensities between which rows are kept.

    Raises
    ------
    EstimationError
        If the yes/no is none, if too few rows overlap, or the data do not determine a part.
    """

    kind = "Doubly robust effect"

    def __init__(
        self,
        formula: str,
        data: pd.DataFrame,
        treatment: str,
        outcome: str = "ols",
        lower: float = 0.0,
        upper: float = 100.0,
        overlap: tuple[float, float] = BOUNDS,
    ):
        choices = {"outcome": outcome, "limits": (lower, upper), "bounds": overlap}
        self._set(read_rows(self.kind, formula, data), treatment=treatment, **choices)

    def _set(self, rows: Rows, **options: Any) -> None:
        self.everyone, self.options = rows, options
        self.treatment, self.outcome = options["treatment"], options["outcome"]
        self.limits, self.bounds = options["limits"], options["bounds"]
        self._refuse_wrong()
        self.given = rows.X[:, rows.names.index(self.treatment)] == 1
        places = [j for j, name in enumerate(rows.names) if name != self.treatment]
        self.covariates, self.not_estimable = independent(rows.columns(places))
        p = self._propensity(self.covariates, self.given).value
        self.first_propensity = p
        self.inside = (p >= self.bounds[0]) & (p <= self.bounds[1])
        self._refuse_few()
        self.rows = rows.take(np.flatnonzero(self.inside))

    def _refuse_wrong(self) -> None:
        rows, problems = self.everyone, []
        if self.outcome not in OUTCOMES:
            what = f'outcome="{self.outcome}" is not offered'
            problems.append(Problem(what, f"use {' or '.join(OUTCOMES)}"))
        if not 0 <= self.bounds[0] < self.bounds[1] <= 1:
            what = f"the bounds of the overlap are {self.bounds[0]:g} and {self.bounds[1]:g}"
            problems.append(Problem(what, "give two shares, such as 0.1 and 0.9"))
        if self.treatment not in rows.names:
            remedy = "name it as in the formula"
            problems.append(Problem(f"no regressor {self.treatment}", remedy))
        elif not is_binary(rows.X[:, rows.names.index(self.treatment)]):
            what = Sentence(Alike(f"{self.treatment} is not 0 and 1, or the same in all rows"))
            problems.append(Problem(what, "take a yes/no variable of which both occur"))
        refuse_any(rows.heading, problems)

    def _refuse_few(self) -> None:
        k = len(self.covariates.names)
        for side, word in ((self.given, "with"), (~self.given, "without")):
            n = int((side & self.inside).sum())
            if n <= k:
                what = Sentence(Count(n), f" {word} {self.treatment} within the bounds, for {k}")
                what = Sentence(what, " coefficients of what is held equal")
                refuse(self.everyone.heading, what, "hold less equal, or widen the bounds")

    # --- parts ---------------------------------------------------------------------------------

    def _propensity(self, covariates: Rows, given: np.ndarray) -> _Part:
        rows = replace(covariates, y=given.astype(float), outcome=self.treatment)
        return _of_share(Logit._from_rows(rows), rows, np.ones(rows.size, dtype=bool))

    @cached_property
    def _kept(self) -> tuple[Rows, np.ndarray]:
        """Covariates and the yes/no of the rows within the bounds."""
        some = np.flatnonzero(self.inside)
        kept, _ = independent(self.covariates.take(some))
        return kept, self.given[some]

    @cached_property
    def propensity(self) -> _Part:
        """How likely each row was to have it."""
        return self._propensity(*self._kept)

    @cached_property
    def arms(self) -> tuple[_Part, _Part]:
        """The outcome's regressions among those with and those without."""
        covariates, given = self._kept
        return self._arm(covariates, given), self._arm(covariates, ~given)

    def _arm(self, covariates: Rows, arm: np.ndarray) -> _Part:
        of_arm = covariates.take(np.flatnonzero(arm))
        if self.outcome == "ols":
            return _of_least_squares(of_arm, covariates, arm)
        lower, upper = self.limits
        return _of_share(
            FractionalLogit._from_rows(of_arm, lower=lower, upper=upper), covariates, arm
        )

    @cached_property
    def stacked(self) -> tuple[Floats, Stacked]:
        """Effect, effect on those with it, both means; their influences."""
        covariates, given = self._kept
        d, y, p = given.astype(float), covariates.y, self.propensity.value
        (m1, m0), n, n1 = (arm.value for arm in self.arms), len(y), d.sum()
        odds = p / (1 - p)
        with_, without = m1 + d * (y - m1) / p, m0 + (1 - d) * (y - m0) / (1 - p)
        on = (d - (1 - d) * odds) * (y - m0)
        means = np.array([with_.mean(), without.mean()])
        treated = float(on.sum() / n1)
        influence = np.column_stack([with_ - means[0], without - means[1], (on - d * treated)])
        influence = influence / [n, n, n1]
        # Derivatives of the three in the propensity, and in the predictions of either regression.
        by_p = [-d * (y - m1) / p**2, (1 - d) * (y - m0) / (1 - p) ** 2]
        by_p.append(-(1 - d) * (y - m0) / (1 - p) ** 2)
        by_m0 = [np.zeros(n), 1 - (1 - d) / (1 - p), -(d - (1 - d) * odds)]
        by_m1 = [1 - d / p, np.zeros(n), np.zeros(n)]
        for part, slopes in zip((self.propensity, *self.arms), (by_p, by_m1, by_m0), strict=True):
            moved = np.array([s @ part.derivative for s in slopes]) / np.array([[n], [n], [n1]])
            influence = influence + part.influence @ moved.T
        values = np.array([means[0] - means[1], treated, *means])
        ate = influence[:, 0] - influence[:, 1]
        all_ = np.column_stack([ate, influence[:, 2], influence[:, :2]])
        return values, Stacked(self.rows, self.kind, all_)

    # --- results -------------------------------------------------------------------------------

    @property
    def names(self) -> list[str]:
        """Of what is estimated."""
        t = self.treatment
        return [t, on_treated(t), mean_with(t, 1), mean_with(t, 0)]

    def fit(
        self, cov_type: str = "HC1", cov_kwds: Mapping[str, Any] | None = None
    ) -> TreatmentResults:
        """Estimate; HC0, HC1, cluster or survey."""
        values, stacked = self.stacked
        found = stacked.covariance(cov_type, cov_kwds)
        (covariates, given), (low, high) = self._kept, self.limits
        y, shares = covariates.y, self.outcome == "fractional"
        return self._results(
            *(found, values, self.names, cov_kwds, TreatmentResults),
            n_lower=int((y <= low).sum()) if shares else np.nan,
            n_upper=int((y >= high).sum()) if shares else np.nan,
            llf=None,
            not_estimable={},
            extra={
                "raw": float(y[given].mean() - y[~given].mean()),
                "n_with": int(given.sum()),
                "n_without": int((~given).sum()),
                "n_outside": int((~self.inside).sum()),
            },
            facts=self._facts(found.cov_type),
            balance=self.balance(),
            overlap=overlap_of(self.first_propensity, self.given),
        )

    def balance(self) -> Balance:
        """Return how alike those with and without are, before and after weighting."""
        covariates, given = self._kept
        p = self.propensity.value
        weights = np.where(given, 1 / p, 1 / (1 - p))
        return balance_of(self.covariates, self.given, covariates, given, weights)

    def _facts(self, cov_type: str) -> dict[str, str]:
        low, high = self.bounds
        return {
            "Dep. Variable:": self.everyone.outcome,
            "Treatment:": self.treatment,
            "Outcome Model:": self.outcome,
            "Propensities Kept:": f"{low:g} to {high:g}",
            "No. Observations:": str(self.rows.size),
            "No. With:": str(int(self.given[self.inside].sum())),
            "No. Left Out:": str(int((~self.inside).sum())),
            "Covariance Type:": cov_type,
        }


def _of_share(model: Logit | FractionalLogit, covariates: Rows, arm: np.ndarray) -> _Part:
    """Return a logit's predictions for all rows, and the influences of those it is fitted to."""
    solution = model.solution
    if solution.not_estimable:
        named = ", ".join(solution.not_estimable)
        what = f"no finite coefficient of {named} for {model.rows.outcome}"
        refuse(model.rows.heading, what, "merge the category with another or drop the term")
    X = covariates.X[:, solution.columns]
    value, slope = model.expected(X @ solution.beta)
    of = solution.scores
    influence = np.zeros((covariates.size, len(solution.beta)))
    influence[arm] = of.scores @ of.bread()
    return _Part(value, slope, X, influence)


def _of_least_squares(of_arm: Rows, covariates: Rows, arm: np.ndarray) -> _Part:
    columns = OLS._from_rows(of_arm).kept
    own, X = of_arm.X[:, columns], covariates.X[:, columns]
    bread = np.linalg.inv(own.T @ own)
    beta = bread @ (own.T @ of_arm.y)
    residuals = of_arm.y - own @ beta
    refuse_exact(of_arm, residuals)
    influence = np.zeros((covariates.size, len(columns)))
    influence[arm] = (own * residuals[:, None]) @ bread
    return _Part(X @ beta, np.ones(covariates.size), X, influence)
