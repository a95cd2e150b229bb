r"""Selection models: an outcome that is seen of those alone who were selected, not at random.

.. math:: s_i = 1[z_i\gamma + v_i > 0], \qquad y_i = x_i\beta + \sigma\varepsilon_i
          \text{ seen if } s_i = 1, \qquad \operatorname{corr}(v, \varepsilon) = \rho

=========== ============================================================ ======================
method      estimate                                                     as in
=========== ============================================================ ======================
two_step    probit, then least squares with the inverse Mills ratio      R ``heckit``, Stata
            (Heckman 1979)                                               ``heckman, twostep``
ml          maximum likelihood of both equations (type-II Tobit)         R ``selection``, Stata
                                                                         ``heckman``
=========== ============================================================ ======================

With ``lower`` or ``upper`` the likelihood is that of a Tobit among those selected: a share of
turnover piles up at 0 and 100 even where the firm has new products.

Without a regressor that moves the selection and not the outcome nothing but the curvature of the
normal distribution tells β from the selection (Little 1985, Econometrica 53:1469–1474); the model
then warns.

>>> from cisflow.estimators import Heckman
>>> fit = Heckman("works ~ age + kids + educ", "log_wage ~ educ + exper", women).fit()
>>> print(fit.summary())                                                         # doctest: +SKIP
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import Any

import numpy as np
import pandas as pd

from cisflow.estimators.arrays import Floats
from cisflow.estimators.checks import told
from cisflow.estimators.covariance import Covariance, covariance
from cisflow.estimators.effects import Prediction
from cisflow.estimators.errors import refuse, refuse_any
from cisflow.estimators.regression.rows import Regression, RowScores
from cisflow.estimators.selection.likelihood import Likelihood
from cisflow.estimators.selection.maximum import maximise
from cisflow.estimators.selection.names import OF_SELECTION
from cisflow.estimators.selection.pair import (
    Chosen,
    Pair,
    independent,
    probit_of,
    read_pair,
    refuse_unless_overdetermined,
    warn_without_exclusion,
)
from cisflow.estimators.selection.printed import PrintedModel
from cisflow.estimators.selection.stacked import Stacked, wald
from cisflow.estimators.selection.tobit_rows import open_ended, quantity_of_tobit
from cisflow.estimators.selection.two_step import TwoStep, two_step
from cisflow.estimators.tobit.model import Tobit

RHO, SIGMA, LAMBDA = "rho", "sigma", "lambda"
METHODS = ("ml", "two_step")


@dataclass(frozen=True)
class SelectionResults(PrintedModel):
    """A fitted selection model, with the names of the other results.

    Attributes
    ----------
    nobs : int
        Rows of the selection equation.
    n_selected : int
        Of these, with an outcome.
    params
        Of the outcome under their own names; of the selection under ``selection: …``; ``lambda`` is
        ρσ, the coefficient of the inverse Mills ratio; of ``ml`` also ``rho`` and ``sigma``.
    tests : dict
        ``independence``: that ρ is zero, by Wald; ``exclusion``: that what is in the selection
        alone does not move it.
    excluded : list of str
        Those regressors.
    """

    n_selected: int = 0
    excluded: tuple[str, ...] = ()

    def conf_int(self, alpha: float = 0.05) -> pd.DataFrame:
        """Give confidence intervals; that of ρ by atanh ρ, so that it is within −1 and 1."""
        ends = super().conf_int(alpha)
        if RHO in ends.index and RHO in self.extra:
            half = (ends.loc[RHO, 1] - ends.loc[RHO, 0]) / 2 / (1 - self.rho**2)
            ends.loc[RHO] = np.tanh(np.arctanh(self.rho) + np.array([-half, half]))
        return ends

    @property
    def rho(self) -> float:
        """Correlation of the errors of the two equations."""
        return float(self.extra[RHO])

    @property
    def sigma(self) -> float:
        """Standard deviation of the outcome's error."""
        return float(self.extra[SIGMA])

    @property
    def lambda_(self) -> float:
        """ρσ, the coefficient of the inverse Mills ratio."""
        return float(self.extra[LAMBDA])


class Heckman(Regression):
    """Selection model of an outcome that is seen of some.

    Parameters
    ----------
    selection
        ``"product_innovation ~ export + log_employees"`` (formulaic): whether the outcome is seen,
        1 or 0, and what moves that.
    outcome
        ``"share_new ~ coop + log_employees + group"``. The outcome of rows that are not selected is
        not looked at.
    data
        One row per firm; rows with a missing value are dropped and counted.
    method
        ``"ml"`` or ``"two_step"``.
    lower, upper
        Limits at which the outcome piles up, None for none; of ``"ml"`` alone.

    Raises
    ------
    EstimationError
        If the data do not determine the model, or the outcome lies outside its limits.

    Warns
    -----
    NoExclusionWarning
        If no regressor is in the selection equation alone.
    """

    kind = "Selection model"

    def __init__(
        self,
        selection: str,
        outcome: str,
        data: pd.DataFrame,
        method: str = "ml",
        lower: float | None = None,
        upper: float | None = None,
    ):
        self._set(read_pair(self.kind, selection, outcome, data), method, lower, upper)
        warn_without_exclusion(self.pair)

    def _set(self, pair: Any, method: str, lower: float | None, upper: float | None) -> None:
        if method not in METHODS:
            what = f'method="{method}" is not offered'
            refuse(pair.selection.heading, what, f"use {' or '.join(METHODS)}")
        self.method, self.limits = method, open_ended(lower, upper)
        self.options = {"method": method, "lower": lower, "upper": upper}
        outcome, lost = independent(pair.outcome)
        selection, unused = independent(pair.selection)
        self.not_estimable = lost | {f"{OF_SELECTION}{name}": why for name, why in unused.items()}
        self.given, self.pair = pair, replace(pair, selection=selection, outcome=outcome)
        self.rows = selection
        refuse_unless_overdetermined(outcome)
        self._refuse_outside()

    def _refuse_outside(self) -> None:
        y, (low, high) = self.pair.outcome.y, self.limits
        if np.isfinite(self.limits).any() and self.method == "two_step":
            remedy = 'use method="ml", or leave the limits out'
            refuse(self.rows.heading, "limits of the outcome in two steps", remedy)
        outside = int(((y < low - 1e-9) | (y > high + 1e-9)).sum())
        what = f"the outcome is outside {low:g}–{high:g}".replace("inf", "∞")
        refuse_any(self.rows.heading, told(what, outside, "correct the data or the limits"))

    @property
    def whole(self) -> Pair:
        """Both equations with all of their regressors."""
        return self.given

    @cached_property
    def probit(self) -> Chosen:
        """The selection alone."""
        return probit_of(self.pair.selection)

    @cached_property
    def steps(self) -> TwoStep:
        """The estimate in two steps."""
        return two_step(self.pair, self.probit)

    @cached_property
    def likelihood(self) -> Likelihood:
        """The likelihood of both equations."""
        outcome, selection = self.pair.outcome, self.pair.selection
        y, (low, high) = outcome.y, self.limits
        y = np.where(y <= low + 1e-9, low, np.where(y >= high - 1e-9, high, y))
        return Likelihood(outcome.X, y, selection.X, self.pair.places, low, high)

    @cached_property
    def theta(self) -> Floats:
        """β, γ, atanh ρ and log σ at the maximum."""
        return maximise(self.likelihood, self._starts(), self.rows.heading)

    def _starts(self) -> list[Floats]:
        if np.isfinite(self.limits).any():
            beta, sigma = self._tobit()
            return [self._start(beta, sigma, rho) for rho in (0.0, -0.5)]
        steps = self.steps
        found = np.linalg.lstsq(self.pair.outcome.X, self.pair.outcome.y, rcond=None)[0]
        ordinary = np.asarray(found, dtype=float)
        spread = float((self.pair.outcome.y - self.pair.outcome.X @ ordinary).std())
        near = self._start(steps.beta[:-1], steps.sigma, float(np.clip(steps.rho, -0.9, 0.9)))
        return [near, self._start(ordinary, spread, 0.0)]

    def _start(self, beta: Floats, sigma: float, rho: float) -> Floats:
        return np.concatenate([beta, self.probit.beta, [np.arctanh(rho), np.log(sigma)]])

    def _tobit(self) -> tuple[Floats, float]:
        """Coefficients and σ of the Tobit among those selected; what it lacks is refused."""
        rows = self.pair.outcome
        X = pd.DataFrame(rows.X, columns=rows.names)
        lower, upper = self.options["lower"], self.options["upper"]
        fit = Tobit(rows.y, X, lower=lower, upper=upper).solution
        if lost := fit.estimable.not_estimable:
            what = f"no finite coefficient of {', '.join(lost)}"
            refuse(self.rows.heading, what, "merge the category with another or drop the term")
        beta = np.zeros(len(rows.names))
        beta[fit.columns] = fit.beta
        return beta, fit.scale

    # --- results -------------------------------------------------------------------------------

    def fit(
        self, cov_type: str = "nonrobust", cov_kwds: Mapping[str, Any] | None = None
    ) -> SelectionResults:
        """Estimate; covariances by the names of :mod:`cisflow.estimators.covariance`."""
        by_steps = self.method == "two_step"
        given = cov_type, cov_kwds
        found = self._of_steps(*given) if by_steps else covariance(self._scores, *given)
        jacobian, extra = self._shown()
        matrix, held = jacobian @ found.matrix @ jacobian.T, found.unmeasured
        if held is not None:
            held = (jacobian[:, held] != 0).any(axis=1)
        y, (low, high) = self.likelihood.y, self.limits
        return self._results(
            replace(found, matrix=matrix, unmeasured=held),
            *(self._values(), self._names(), cov_kwds, SelectionResults),
            n_selected=len(y),
            n_lower=int((y <= low).sum()) if np.isfinite(low) else np.nan,
            n_upper=int((y >= high).sum()) if np.isfinite(high) else np.nan,
            llf=None if by_steps else self.likelihood.value(self.theta),
            not_estimable=self.not_estimable,
            scale=extra[SIGMA],
            predicted=partial(self._prediction, found.matrix),
            extra=extra,
            facts=self._facts(found),
            tests=self._tests(found),
            excluded=tuple(self.pair.excluded),
        )

    def _of_steps(self, cov_type: str, cov_kwds: Mapping[str, Any] | None) -> Covariance:
        steps = self.steps
        stacked = Stacked(self.rows, self.kind, steps.influence, steps.classical)
        return stacked.covariance(cov_type, cov_kwds)

    @cached_property
    def _scores(self) -> RowScores:
        theta, likelihood = self.theta, self.likelihood
        return RowScores(
            self.rows,
            self.kind,
            likelihood.scores(theta),
            likelihood.information(theta),
            partial(likelihood.each_row, theta),
        )

    def _names(self) -> list[str]:
        ends = [LAMBDA] if self.method == "two_step" else [RHO, SIGMA, LAMBDA]
        of_selection = [f"{OF_SELECTION}{name}" for name in self.pair.selection.names]
        return [*self.pair.outcome.names, *of_selection, *ends]

    def _values(self) -> Floats:
        _, extra = self._shown()
        if self.method == "two_step":
            steps = self.steps
            return np.concatenate([steps.beta[:-1], steps.gamma, steps.beta[-1:]])
        return np.concatenate([self.theta[:-2], [extra[RHO], extra[SIGMA], extra[LAMBDA]]])

    def _shown(self) -> tuple[Floats, dict[str, float]]:
        """Return derivatives of what is reported in what is estimated, and ρ, σ and λ."""
        if self.method == "two_step":
            k, total = self.pair.outcome.X.shape[1], len(self.steps.classical)
            order = [*range(k), *range(k + 1, total), k]  # the Mills ratio last
            ends = {
                RHO: self.steps.rho,
                SIGMA: self.steps.sigma,
                LAMBDA: float(self.steps.beta[-1]),
            }
            return np.eye(total)[order], ends
        rho, sigma = float(np.tanh(self.theta[-2])), float(np.exp(self.theta[-1]))
        slope = 1 - rho * rho
        ends_of = np.array([[slope, 0.0], [0.0, sigma], [slope * sigma, rho * sigma]])
        size = len(self.theta)
        jacobian = np.zeros((size + 1, size))
        jacobian[: size - 2, : size - 2] = np.eye(size - 2)
        jacobian[size - 2 :, size - 2 :] = ends_of
        return jacobian, {RHO: rho, SIGMA: sigma, LAMBDA: rho * sigma}

    def _tests(self, found: Covariance) -> dict[str, dict[str, float]]:
        """Return the tests that selection does not matter, and that it is not moved apart."""
        k, theta = self.pair.outcome.X.shape[1], None
        at = k if self.method == "two_step" else len(found.matrix) - 2
        theta = self.steps.beta[-1] if self.method == "two_step" else self.theta[-2]
        tests = {"independence": wald(np.array([theta]), found.matrix[at : at + 1, at : at + 1])}
        names, before = self.pair.selection.names, k + (self.method == "two_step")
        places = [before + names.index(name) for name in self.pair.excluded]
        if places:
            gamma = self.steps.gamma if self.method == "two_step" else self.theta[k:-2]
            values = gamma[[p - before for p in places]]
            tests["exclusion"] = wald(values, found.matrix[np.ix_(places, places)])
        return tests

    def _facts(self, found: Covariance) -> dict[str, str]:
        methods = {"two_step": "Heckman two-step", "ml": "Maximum Likelihood"}
        low, high = self.limits
        return {
            "Dep. Variable:": self.pair.outcome.outcome,
            "Selected:": self.pair.selection.outcome,
            "Method:": methods[self.method],
            "Limits:": f"{low:g}, {high:g}".replace("inf", "∞"),
            "No. Observations:": str(self.rows.size),
            "No. Selected:": str(len(self.pair.places)),
            "Excluded:": ", ".join(self.pair.excluded) or "none",
            "Covariance Type:": found.cov_type,
        }

    def _prediction(self, matrix: Floats, kind: str) -> Prediction:
        """Average over those selected of what is expected of them, selection put aside.

        Without limits the expected outcome is linear, and every quantity but ``probability`` is it.
        """
        quantity = quantity_of_tobit(self.rows.heading, kind)
        outcome, (low, high) = self.pair.outcome, self.limits
        k, by_steps = outcome.X.shape[1], self.method == "two_step"
        beta = (self.steps.beta if by_steps else self.theta)[:k]
        sigma = self.steps.sigma if by_steps else float(np.exp(self.theta[-1]))
        below, above = (np.full(outcome.size, limit) for limit in (low, high))

        def total(X: Floats, w: Floats) -> tuple[float, Floats]:
            curve = quantity(X @ beta, sigma, below, above)
            gradient = np.zeros(len(matrix))
            gradient[:k] = (w * curve.eta) @ X
            if not by_steps:
                gradient[-1] = float(w @ curve.sigma) * sigma
            return float(w @ curve.value), gradient

        weights = np.full(outcome.size, 1 / outcome.size)
        return Prediction(outcome.names, outcome.X, weights, matrix, total, outcome.kept)
