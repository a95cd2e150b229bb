r"""A Tobit whose error spread depends on the firm.

.. math:: y_i^* = x_i\beta + \sigma_i\varepsilon_i, \quad \log\sigma_i = z_i\delta

A row observed contributes :math:`-\log\sigma_i + \log\phi((y_i - x_i\beta)/\sigma_i)`, one at the
lower limit :math:`\log\Phi((L_i - x_i\beta)/\sigma_i)`, one at the upper limit
:math:`\log\Phi((x_i\beta - U_i)/\sigma_i)`;
as in the robust Tobits of the innovation literature (Greene 2018, Econometric Analysis, 19.3.5).
The likelihood is not concave in (β, δ); Newton's method starts from the homoskedastic fit.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import compress
from typing import Any, NoReturn

import numpy as np
import pandas as pd
from scipy.special import log_ndtr

from cisflow.estimators.arrays import Floats, Ints
from cisflow.estimators.checks import by_label, check_regressors
from cisflow.estimators.covariance import covariance
from cisflow.estimators.design import independent_columns
from cisflow.estimators.distributions import ChiSquared
from cisflow.estimators.effects import Prediction
from cisflow.estimators.errors import EstimationError, Problem, refuse, refuse_any
from cisflow.estimators.scores import summed_by_cluster
from cisflow.estimators.tobit import margins
from cisflow.estimators.tobit.diagnostics import PSEUDO, TestResult
from cisflow.estimators.tobit.fit import Fit
from cisflow.estimators.tobit.likelihood import HALF_LOG_2PI, Design, mills_ratio
from cisflow.estimators.tobit.model import Tobit
from cisflow.estimators.tobit.results import Inference
from cisflow.estimators.tobit.sample import Sample, column_names

OF_SPREAD = "lnsigma: "
"""How the names of coefficients of log σ begin."""


@dataclass(frozen=True)
class _Rows:
    """Log-likelihood of each row and its derivatives in η = xβ and s = log σ, each (n,)."""

    value: Floats
    eta: Floats
    s: Floats
    eta_eta: Floats
    eta_s: Floats
    s_s: Floats


class HeteroskedasticTobit:
    """Tobit with ``log σ = zδ``.

    Parameters
    ----------
    model : Tobit
        Outcome, limits, regressors and weights. Terms that are not estimable there are left out.
    variance : (n, q) array-like or DataFrame
        What the spread may depend on, without intercept (one is added).
    """

    def __init__(self, model: Tobit, variance: Any):
        if (table := model.sample.table) is not None:
            variance = by_label(variance, table.index[model.sample.places])
        Z = np.asarray(variance, dtype=float)
        Z = Z[:, None] if Z.ndim == 1 else Z
        self.base, self.rows = model, model.sample
        sample = self.rows
        self.heading = f"Heteroskedastic {model.heading}"
        if Z.shape[0] != sample.size:
            what = f"{Z.shape[0]} rows of variance regressors for {sample.size} rows"
            refuse(self.heading, what, "give one row for each")
        names = column_names(variance, Z)
        self.given = Z
        check_regressors(self.heading, Z, names)
        if sample.outcome.end is not None:
            what = "bracketed outcomes with a varying spread are not offered"
            refuse(self.heading, what, "use Tobit.from_intervals with a constant σ")
        spread = Z.std(axis=0)
        centred = Z - Z.mean(axis=0)
        lengths = np.maximum(np.linalg.norm(Z, axis=0), np.finfo(float).tiny)
        kept = independent_columns(centred, lengths)
        refuse_any(
            self.heading,
            [
                Problem(f"{name} in the variance is constant or collinear", "leave it out")
                for name, keep in zip(names, kept, strict=True)
                if not keep
            ],
        )
        self.Z, self.z_mean, self.z_spread = centred / spread, Z.mean(axis=0), spread
        self.variance_names = names

    def fit(
        self, cov_type: str = "nonrobust", cov_kwds: Mapping[str, Any] | None = None
    ) -> HeteroskedasticTobitResults:
        """Maximise the likelihood; covariances as for the Tobit."""
        return HeteroskedasticTobitResults(self, cov_type, cov_kwds)

    @property
    def homoskedastic(self) -> Fit:
        """The fit with a constant σ."""
        return self.base.solution

    @cached_property
    def optimum(self) -> tuple[Floats, float, Floats]:
        """Working parameters, log-likelihood in working units and information."""
        solution = self.homoskedastic
        p = solution.optimum.parameters
        start = np.concatenate([p[:-1] / p[-1], [-np.log(p[-1])], np.zeros(self.Z.shape[1])])
        point = start
        value, gradient, information = self.evaluate(point)
        for _ in range(200):
            step = self._step(information, gradient)
            decrement, length = float(step @ gradient), 1.0
            trial = self.evaluate(point + step)
            while not trial[0] >= value + 1e-4 * length * decrement - 1e-12 * (1 + abs(value)):
                length /= 2
                if length < 1e-10:
                    break
                trial = self.evaluate(point + length * step)
            point = point + length * step
            value, gradient, information = trial
            if decrement < 1e-20 * self.rows.total_weights.sum() and length == 1.0:
                return point, value, information
        remedy = "let the spread depend on fewer regressors, or on none"
        raise EstimationError(self.heading, Problem("no convergence", remedy))

    @staticmethod
    def _step(information: Floats, gradient: Floats) -> Floats:
        """Newton's step; where the likelihood is not concave, eigenvalues are made positive."""
        values, vectors = np.linalg.eigh(information)
        values = np.maximum(np.abs(values), 1e-10 * np.abs(values).max())
        return np.asarray(vectors @ ((vectors.T @ gradient) / values))

    def derivatives(self, point: Floats) -> _Rows:
        """Log-likelihood and derivatives of each used row."""
        solution = self.homoskedastic
        scaling, used = solution.scaling, solution.estimable.rows
        units = scaling.y_mean, scaling.y_spread
        y, side = self.rows.outcome.rescaled(*units).value[used], self.rows.outcome.side[used]
        k = solution.X.k
        eta = solution.X.take(used).times(point[:k])
        s = point[k] + self.Z[used] @ point[k + 1 :]
        observed = side == 0
        side = np.where(side < 0, 1.0, -1.0)
        inverse = np.exp(-s)
        z = (y - eta) * inverse
        u = side * z
        ratio = mills_ratio(u)
        h = ratio * np.maximum(u + ratio, 0.0)
        return _Rows(
            np.where(observed, -s - HALF_LOG_2PI - 0.5 * z * z, log_ndtr(u)),
            np.where(observed, z * inverse, -ratio * side * inverse),
            np.where(observed, z * z - 1, -ratio * u),
            np.where(observed, -(inverse**2), -h * inverse**2),
            np.where(observed, -2 * z * inverse, side * inverse * (ratio - u * h)),
            np.where(observed, -2 * z * z, ratio * u - h * u * u),
        )

    @cached_property
    def variance_design(self) -> Floats:
        """Intercept and scaled variance regressors of the used rows."""
        used = self.homoskedastic.estimable.rows
        return np.column_stack([np.ones(used.size), self.Z[used]])

    @cached_property
    def mean_design(self) -> Design:
        """Working regressors of the used rows."""
        solution = self.homoskedastic
        return solution.X.take(solution.estimable.rows)

    def evaluate(self, point: Floats) -> tuple[float, Floats, Floats]:
        """Log-likelihood, gradient and information in (β, δ), working units."""
        row, X, Z = self.derivatives(point), self.mean_design.toarray(), self.variance_design
        w = self.rows.total_weights[self.homoskedastic.estimable.rows]
        gradient = np.concatenate([(w * row.eta) @ X, (w * row.s) @ Z])
        cross = (X * (w * row.eta_s)[:, None]).T @ Z
        information = -np.block(
            [
                [(X * (w * row.eta_eta)[:, None]).T @ X, cross],
                [cross.T, (Z * (w * row.s_s)[:, None]).T @ Z],
            ]
        )
        return float(w @ row.value), gradient, information

    # -- what the covariance registry asks for ---------------------------------------------

    def bread(self) -> Floats:
        """Inverse information."""
        return np.asarray(np.linalg.inv(self.optimum[2]))

    def _scores(self) -> Floats:
        row = self.derivatives(self.optimum[0])
        return np.hstack(
            [self.mean_design.toarray() * row.eta[:, None], self.variance_design * row.s[:, None]]
        )

    def outer(self) -> Floats:
        """Sum of outer products of the weighted scores."""
        used = self.homoskedastic.estimable.rows
        scores = self._scores()
        return np.asarray((scores * self.rows.squared_weights[used][:, None]).T @ scores)

    def sums(self, codes: Ints, groups: int) -> Floats:
        """Weighted scores summed by group."""
        used = self.homoskedastic.estimable.rows
        weighted = self._scores() * self.rows.total_weights[used][:, None]
        return Design.sum_by(codes[used], groups, weighted)

    def informations(self, codes: Ints, groups: int) -> Iterator[Floats]:
        """Information of each group."""
        return summed_by_cluster(*self.of_each_row(), codes, groups)

    def of_each_row(self) -> tuple[Floats, Floats]:
        """Sides (n, k+q, 2) and core (n, 2, 2) of the information of each row.

        The sides are what η and log σ hang on; a row that is fitted exactly has none.
        """
        X, Z, n = self.mean_design.toarray(), self.variance_design, self.rows.size
        used, k = self.homoskedastic.estimable.rows, X.shape[1]
        sides, core = np.zeros((n, k + Z.shape[1], 2)), np.zeros((n, 2, 2))
        sides[used, :k, 0], sides[used, k:, 1] = X, Z
        row = self.derivatives(self.optimum[0])
        curvature = np.array([[row.eta_eta, row.eta_s], [row.eta_s, row.s_s]])
        core[used] = (-self.rows.total_weights[used] * curvature).transpose(2, 0, 1)
        return sides, core

    def jacobian(self) -> Floats:
        """Differentiate the caller's parameters."""
        k, size = self.homoskedastic.back.shape[0], self.optimum[0].size
        jacobian = np.zeros((size, size))
        jacobian[:k, :k] = self.homoskedastic.back
        jacobian[k:, k:] = np.diag(np.append(1.0, 1 / self.z_spread))
        jacobian[k, k + 1 :] = -self.z_mean / self.z_spread
        return jacobian

    def resampled(self, kind: str, groups: Ints | None, options: Mapping[str, Any]) -> NoReturn:
        """Resampling is offered for the homoskedastic Tobit only."""
        what = f"{kind} standard errors of the heteroskedastic Tobit are not offered"
        refuse(self.heading, what, "use HC1 or cluster")


def _with_one(Z: Floats) -> Floats:
    return np.column_stack([np.ones(len(Z)), Z])


def _limits(sample: Sample) -> tuple[Floats, Floats]:
    return sample.limits_of(sample.size)


class HeteroskedasticTobitResults(Inference):
    """Fitted :class:`HeteroskedasticTobit`.

    Attributes
    ----------
    params, bse, tvalues, pvalues : Series
        Coefficients of the mean, then of log σ (:data:`OF_SPREAD`).
    llf, aic, bic, nobs, n_lower, n_upper, converged, not_estimable
        As in :class:`~cisflow.estimators.tobit.results.TobitResults`.
    """

    def __init__(
        self,
        model: HeteroskedasticTobit,
        cov_type: str = "nonrobust",
        cov_kwds: Mapping[str, Any] | None = None,
    ):
        self.model = model
        base, sample = model.homoskedastic, model.rows
        found = covariance(model, cov_type, cov_kwds)
        self.cov_type, self.cov_note, self.n_groups = found.cov_type, found.note, found.groups
        self.df, self.correction = found.df, found.correction
        self.not_estimable = dict(base.estimable.not_estimable)
        self.dropped, self.nobs = dict(sample.dropped), sample.nobs
        self.n_lower, self.n_upper = sample.n_lower, sample.n_upper
        self.converged = True
        point, value, _ = model.optimum
        k = base.back.shape[0]
        jacobian = model.jacobian()
        estimate = jacobian @ point
        if base.scaling.intercept:
            estimate[0] += base.scaling.y_mean / base.scaling.spread[0]
        estimate[k] += np.log(base.scaling.y_spread)
        self._estimate, self._full = estimate, jacobian @ found.matrix @ jacobian.T
        places = np.concatenate([base.shown, np.arange(k, point.size)])
        names = [
            *base.terms,
            f"{OF_SPREAD}Intercept",
            *(f"{OF_SPREAD}{name}" for name in model.variance_names),
        ]
        V = self._full[np.ix_(places, places)]
        self._covariance = pd.DataFrame(V, index=names, columns=names)
        self.params = pd.Series(estimate[places], index=names, name="params")
        self._lost = None if found.unmeasured is None else found.unmeasured[places]
        lost = [] if self._lost is None else compress(names, self._lost)
        self.notes = {**self.not_estimable, **dict.fromkeys(lost, found.why_unmeasured)}
        weight = float(sample.total_weights[sample.outcome.observed].sum())
        self.llf = value - weight * float(np.log(base.scaling.y_spread))
        self.df_model = point.size - 1
        self.aic = -2 * self.llf + 2 * point.size
        self.bic = -2 * self.llf + float(np.log(self.nobs)) * point.size

    def with_cov(
        self, cov_type: str = "nonrobust", cov_kwds: Mapping[str, Any] | None = None
    ) -> HeteroskedasticTobitResults:
        """Return the same estimates with another covariance; nothing is refitted."""
        return HeteroskedasticTobitResults(self.model, cov_type, cov_kwds)

    def prediction(self, kind: str = "censored") -> Prediction:
        """Average prediction of the sample's rows; what moves the spread moves it here too.

        Quantities are those of :mod:`cisflow.estimators.tobit.margins`.
        """
        base, model = self.model.homoskedastic, self.model
        mean = margins.prediction(base, np.eye(base.beta.size + 1), kind)
        frame, used = model.rows.frame, base.estimable.rows
        Z, lower, upper = model.given[used], *(limit[used] for limit in _limits(model.rows))
        codes, groups, k = base.design.codes, base.design.groups, base.beta.size
        codes = None if codes is None else codes[used]
        beta, delta = self._estimate[:k], self._estimate[k:]
        dense = mean.X.shape[1]

        def total(moved: Floats, w: Floats) -> tuple[float, Floats]:
            X, spread = Design(moved[:, :dense], codes, groups), _with_one(moved[:, dense:])
            sigma = np.exp(spread @ delta)
            curve = margins.KINDS[kind](X.times(beta), sigma, lower, upper)
            slope = X.transpose_times(w * curve.eta)
            return float(w @ curve.value), np.append(slope, (w * curve.sigma * sigma) @ spread)

        names = [*mean.names, *model.variance_names]
        both, rows = np.hstack([mean.X, Z]), used if frame is None else frame.rows[used]
        return Prediction(names, both, mean.weights, self._full, total, rows)

    def cov_params(self) -> pd.DataFrame:
        """Covariance of all parameters."""
        return self._covariance

    @cached_property
    def bse(self) -> pd.Series:
        """Standard errors."""
        values = np.sqrt(np.diag(self._covariance))
        if self._lost is not None:
            values = np.where(self._lost, np.nan, values)
        return pd.Series(values, index=self.params.index, name="bse")

    @property
    def scale(self) -> Floats:
        """σ of each row, (n,)."""
        point = self.model.optimum[0]
        k = self.model.homoskedastic.X.k
        spread = self.model.homoskedastic.scaling.y_spread
        return np.asarray(spread * np.exp(point[k] + self.model.Z @ point[k + 1 :]))

    def homoskedasticity_test(self) -> TestResult:
        """Likelihood-ratio test of a constant σ."""
        if self.model.rows.weights is not None:
            refuse(self.model.heading, PSEUDO, "test the lnsigma coefficients with HC1 errors")
        statistic, df = 2 * (self.llf - self.model.homoskedastic.llf), self.model.Z.shape[1]
        return TestResult("Homoskedasticity", statistic, df, float(ChiSquared(df).sf(statistic)))
