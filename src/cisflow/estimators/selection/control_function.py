r"""Tobit with regressors that may be related to what is unobserved, by a control function.

.. math:: y_i^* = x_i\beta + d_i\alpha + \hat v_i\rho + \sigma\varepsilon_i, \qquad
          d_i = z_i\pi + v_i

The residual of the first stage takes what is unobserved out of the error, so that the second stage
is an ordinary Tobit (Smith & Blundell 1986, Econometrica 54:679–685), and :math:`\rho = 0` is the
test that d was exogenous. It takes the instruments to be valid, the errors jointly normal, and d to
be a number whose residual is independent of the instruments. Of a yes/no d the residual is the
generalised one of a probit: the test is as good, while the estimate is an approximation that is
consistent if the error's mean given d and z is linear in it (Vella 1993, International Economic
Review 34:441–457; Wooldridge 2015, Journal of Human Resources 50:420–445).

Standard errors count the first stage: ``nonrobust`` by Murphy & Topel's (1985) formula, in which
both likelihoods hold and their scores are unrelated; robust and clustered ones by
:mod:`cisflow.estimators.selection.stacked`.

Average effects hold the residuals as they are and average over them, which is Blundell & Powell's
(2003) average structural function.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any

import numpy as np
import pandas as pd
from scipy.linalg import block_diag

from cisflow.estimators.arrays import Floats
from cisflow.estimators.covariance import Covariance
from cisflow.estimators.design import usable_columns
from cisflow.estimators.effects import Prediction
from cisflow.estimators.errors import Problem, refuse, refuse_any
from cisflow.estimators.regression.rows import Regression, Rows, read_rows
from cisflow.estimators.selection.first_stage import FirstStage, first_stage
from cisflow.estimators.selection.names import residual_of
from cisflow.estimators.selection.printed import PrintedModel
from cisflow.estimators.selection.stacked import Stacked, wald
from cisflow.estimators.selection.tobit_rows import TobitRows, open_ended, quantity_of_tobit
from cisflow.estimators.tobit.fit import Fit
from cisflow.estimators.tobit.model import Tobit
from cisflow.estimators.tobit.scores import TobitScores


@dataclass(frozen=True)
class ControlFunctionResults(PrintedModel):
    """A Tobit with control functions.

    Attributes
    ----------
    tests : dict
        ``exogeneity``: that no residual matters (Smith & Blundell 1986).
    probits : list of str
        Endogenous regressors whose first stage is a probit.
    """

    probits: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Second:
    """The second stage with what each row and the first stages add to it."""

    fit: Fit
    theta: Floats  # (k + 1,), coefficients of regressors and residuals, and log σ
    alone: Floats  # (k + 1, k + 1), inverse information, as if the residuals were known
    own: Floats  # (n, k + 1), influence of the rows as if they were
    moved: Floats  # (k + 1, Q), what the parameters move by with those of all first stages


class ControlFunctionTobit(Regression):
    """Tobit with endogenous regressors.

    Parameters
    ----------
    formula
        ``"share_new ~ coop + log_employees + group"``: the outcome and all regressors.
    data
        One row per firm; rows with a missing value, instruments included, are dropped and counted.
    endogenous
        Which regressors may be related to what is unobserved.
    instruments
        Columns of the data that move these and not the outcome.
    lower, upper
        Limits of the outcome, None for none.

    Raises
    ------
    EstimationError
        If the data do not determine the model, or instruments are fewer than endogenous regressors.
    """

    kind = "Control-function Tobit"

    def __init__(
        self,
        formula: str,
        data: pd.DataFrame,
        endogenous: Sequence[str],
        instruments: Sequence[str],
        lower: float | None = 0.0,
        upper: float | None = None,
    ):
        wide = f"{formula} + {' + '.join(instruments)}"
        self._set(read_rows(self.kind, wide, data), endogenous, instruments, lower, upper)

    def _set(
        self,
        rows: Rows,
        endogenous: Sequence[str],
        instruments: Sequence[str],
        lower: float | None,
        upper: float | None,
    ) -> None:
        self.given, self.limits = rows, open_ended(lower, upper)
        self.instruments = list(instruments)
        self.options = {"endogenous": list(endogenous), "instruments": self.instruments}
        self.options |= {"lower": lower, "upper": upper}
        absent = [n for n in (*endogenous, *instruments) if n not in rows.names]
        what, remedy = "no regressor {}", "name it as in the formula"
        refuse_any(rows.heading, [Problem(what.format(n), remedy) for n in absent])
        exogenous = [n for n in rows.names if n not in {*endogenous, *instruments}]
        free, lost = _independent(rows, exogenous)
        treated, gone = _independent(rows, [*free, *endogenous], len(free))
        used, self.unused = _independent(rows, [*free, *instruments], len(free))
        self.not_estimable = lost | gone
        self.rows = _columns(rows, [*free, *treated])
        self.exogenous, self.treated = _columns(rows, [*free, *used]), treated
        if not treated or len(used) < len(treated):
            what = f"{len(used)} usable instruments for {len(treated)} endogenous regressors"
            refuse(rows.heading, what, "name more instruments, and an endogenous one that varies")

    @property
    def whole(self) -> Rows:
        """The rows with the instruments."""
        return self.given

    # --- both stages ---------------------------------------------------------------------------

    @cached_property
    def stages(self) -> list[FirstStage]:
        """The first stage of each endogenous regressor."""
        columns = {n: self.rows.X[:, self.rows.names.index(n)] for n in self.treated}
        return [first_stage(name, column, self.exogenous) for name, column in columns.items()]

    @property
    def names(self) -> list[str]:
        """Of the coefficients of the second stage."""
        return [*self.rows.names, *(residual_of(stage.name) for stage in self.stages)]

    @cached_property
    def design(self) -> Floats:
        """Regressors of the second stage, residuals last, (n, k)."""
        return np.column_stack([self.rows.X, *(stage.residual for stage in self.stages)])

    @cached_property
    def tobit(self) -> Tobit:
        """The second stage."""
        X = pd.DataFrame(self.design, columns=self.names)
        y = pd.Series(self.rows.y, name=self.rows.outcome)
        return Tobit(y, X, lower=self.options["lower"], upper=self.options["upper"])

    @cached_property
    def second(self) -> _Second:
        """The second stage's solution and influences."""
        fit = self.tobit.solution
        if lost := fit.estimable.not_estimable:
            what = f"no finite coefficient of {', '.join(lost)}"
            refuse(self.rows.heading, what, "merge the category with another or drop the term")
        k = len(self.names)
        order = [*np.argsort(fit.columns, kind="stable"), k]
        scores = TobitScores(fit)
        bread, jacobian = scores.bread(), scores.jacobian()[order]
        rows = scores.sums(np.arange(self.rows.size), self.rows.size)
        theta = np.append(fit.beta, np.log(fit.scale))[order]
        alone = jacobian @ bread @ jacobian.T
        return _Second(fit, theta, alone, rows @ bread @ jacobian.T, alone @ self._slopes(theta))

    def _slopes(self, theta: Floats) -> Floats:
        """Return derivatives of the second stage's scores in π of the first, (k + 1, Q)."""
        tobit = TobitRows(self.rows.y, *self.limits)
        a, by_eta, b_by_eta = tobit.slopes(self.design @ theta[:-1], float(np.exp(theta[-1])))
        k, parts = self.rows.X.shape[1], []
        for j, stage in enumerate(self.stages):
            rho = theta[k + j]
            wide = np.column_stack([self.design * (rho * by_eta)[:, None], rho * b_by_eta])
            wide[:, k + j] += a
            parts.append(wide.T @ stage.derivative)
        return np.hstack(parts)

    @cached_property
    def stacked(self) -> Stacked:
        """Influences on the parameters of both stages."""
        second = self.second
        of_first = np.hstack([stage.influence for stage in self.stages])
        first = block_diag(*(stage.covariance for stage in self.stages))
        cross = second.moved @ first
        top = second.alone + cross @ second.moved.T
        return Stacked(
            self.rows,
            self.kind,
            np.hstack([second.own + of_first @ second.moved.T, of_first]),
            np.block([[top, cross], [cross.T, first]]),
        )

    # --- results -------------------------------------------------------------------------------

    def fit(
        self, cov_type: str = "nonrobust", cov_kwds: Mapping[str, Any] | None = None
    ) -> ControlFunctionResults:
        """Estimate; covariances by the names of :mod:`cisflow.estimators.covariance`."""
        second, solution = self.second, self.second.fit
        found = self.stacked.covariance(cov_type, cov_kwds)
        return self._results(
            *(found, second.theta[:-1], self.names, cov_kwds, ControlFunctionResults),
            shown=slice(len(self.names)),
            n_lower=solution.sample.n_lower,
            n_upper=solution.sample.n_upper,
            llf=float(self.tobit.fit().llf),
            not_estimable=self.not_estimable,
            scale=float(solution.scale),
            predicted=partial(self._prediction, found.matrix),
            facts=self._facts(found),
            tests={"exogeneity": self._exogeneity(cov_type, cov_kwds)},
            probits=tuple(stage.name for stage in self.stages if stage.probit),
        )

    def _exogeneity(self, cov_type: str, cov_kwds: Mapping[str, Any] | None) -> dict[str, float]:
        """Test that the residuals have no effect; then the first stage is without effect too."""
        second, k = self.second, self.rows.X.shape[1]
        alone = Stacked(self.rows, self.kind, second.own, second.alone)
        matrix = alone.covariance(cov_type, cov_kwds).matrix
        return wald(second.theta[k:-1], matrix[k:-1, k:-1])

    def _facts(self, found: Covariance) -> dict[str, str]:
        low, high = self.limits
        return {
            "Dep. Variable:": self.rows.outcome,
            "Endogenous:": ", ".join(self.treated),
            "Instruments:": ", ".join(n for n in self.instruments if n not in self.unused),
            "Limits:": f"{low:g}, {high:g}".replace("inf", "∞"),
            "No. Observations:": str(self.rows.size),
            "Covariance Type:": found.cov_type,
        }

    def _prediction(self, matrix: Floats, kind: str) -> Prediction:
        """Average over the rows and their residuals, which stay as they are."""
        quantity = quantity_of_tobit(self.rows.heading, kind)
        theta, rows = self.second.theta, self.rows
        k, sigma = rows.X.shape[1], float(np.exp(theta[-1]))
        below, above = (np.full(rows.size, limit) for limit in self.limits)
        residuals = self.design[:, k:]

        def total(X: Floats, w: Floats) -> tuple[float, Floats]:
            eta = X @ theta[:k] + residuals @ theta[k:-1]
            curve = quantity(eta, sigma, below, above)
            slope = w * curve.eta
            stages = zip(theta[k:-1], self.stages, strict=True)
            first = [(slope * rho) @ stage.derivative for rho, stage in stages]
            by_sigma = [float(w @ curve.sigma) * sigma]
            gradient = np.concatenate([slope @ X, slope @ residuals, by_sigma, *first])
            return float(w @ curve.value), gradient

        weights = np.full(rows.size, 1 / rows.size)
        return Prediction(rows.names, rows.X, weights, matrix, total, rows.kept)


def _columns(rows: Rows, names: Sequence[str]) -> Rows:
    return rows.columns([rows.names.index(name) for name in names])


def _independent(
    rows: Rows, names: Sequence[str], given: int = 0
) -> tuple[list[str], dict[str, str]]:
    """Return names after the first ``given`` that are not spanned by those before, and why not."""
    usable, lost = usable_columns(_columns(rows, names).X, names)
    more = [names[j] for j in usable if j >= given]
    return more, {name: why for name, why in lost.items() if name in names[given:]}
