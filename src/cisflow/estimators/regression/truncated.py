r"""Truncated normal regression: how much, among those with any.

For a row above the lower limit L, with :math:`z = (y - x\beta)/\sigma`,

.. math:: \ell = \log\frac{\phi(z)/\sigma}{\Phi((x\beta - L)/\sigma)}
          \quad\text{or, at the upper limit U,}\quad
          \log\frac{\Phi((x\beta - U)/\sigma)}{\Phi((x\beta - L)/\sigma)}

the amounts of Cragg (1971, Econometrica 39:829–844). Added to that of a probit of being above L
with the index :math:`(x\beta - L)/\sigma` it is the log-likelihood of the Tobit.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from scipy.optimize import minimize
from scipy.special import log_ndtr

from cisflow.estimators.arrays import Floats
from cisflow.estimators.covariance import HELD, covariance
from cisflow.estimators.errors import refuse
from cisflow.estimators.influence import RowParts, held_by_one
from cisflow.estimators.regression.rows import FittedModel, Regression, Rows, RowScores
from cisflow.estimators.tobit.checks import Estimable, check_variation, find_estimable
from cisflow.estimators.tobit.likelihood import HALF_LOG_2PI, Design, Outcome, mills_ratio
from cisflow.estimators.tobit.margins import uncensored

FLAT = 100.0  # σ, in units of the amounts, at which a truncated normal is an exponential


def _beyond(eta: Floats, limit: float, sigma: float) -> Floats:
    """Return log Φ((η − limit)/σ) and its derivatives η, s, ηη, ηs, ss with s = log σ; (6, n)."""
    u = (eta - limit) / sigma
    ratio = mills_ratio(u)
    h = ratio * np.maximum(u + ratio, 0.0)
    return np.array(
        [
            log_ndtr(u),
            ratio / sigma,
            -ratio * u,
            -h / sigma**2,
            (u * h - ratio) / sigma,
            ratio * u - h * u * u,
        ]
    )


def _density(y: Floats, eta: Floats, sigma: float) -> Floats:
    """Log density of y and its derivatives, as in :func:`_beyond`."""
    z = (y - eta) / sigma
    return np.array(
        [
            -np.log(sigma) - HALF_LOG_2PI - 0.5 * z * z,
            z / sigma,
            z * z - 1,
            np.full_like(z, -1 / sigma**2),
            -2 * z / sigma,
            -2 * z * z,
        ]
    )


@dataclass(frozen=True)
class _Solution:
    """A maximised likelihood; β of the estimable columns in the caller's units."""

    beta: Floats
    sigma: float
    llf: float
    estimable: Estimable
    scores: RowScores
    held: np.ndarray  # of the reported coefficients, those that one row alone determines


class TruncatedNormal(Regression):
    """Regression with a normal error truncated at ``lower`` and censored at ``upper``.

    Built from the rows above ``lower`` by :class:`~cisflow.estimators.regression.two_part.TwoPart`.
    """

    kind = "Truncated regression"

    def _set(self, rows: Rows, lower: float = 0.0, upper: float | None = None) -> None:
        self.rows = rows
        self.unit = float(np.sqrt(np.mean((rows.y - lower) ** 2)))
        self.lower = lower / self.unit
        self.upper = np.inf if upper is None else upper / self.unit
        self.y = rows.y / self.unit
        self.top = self.y >= self.upper

    def derivatives(self, X: Floats, point: Floats) -> Floats:
        """Log-likelihood of each row and its derivatives at (β, log σ), working units, (6, n)."""
        eta, sigma = X @ point[:-1], float(np.exp(point[-1]))
        inside = _density(self.y, eta, sigma)
        if self.top.any():
            inside = np.where(self.top, _beyond(eta, self.upper, sigma), inside)
        return np.asarray(inside - _beyond(eta, self.lower, sigma))

    def loglik(self, beta: Floats, sigma: float) -> float:
        """Log-likelihood at any coefficients (of all columns) and σ, in the caller's units."""
        point = np.append(np.asarray(beta) / self.unit, np.log(sigma / self.unit))
        return self._value(self.derivatives(self.rows.X, point))

    def mean(self, eta: Floats, sigma: float) -> tuple[Floats, Floats, Floats]:
        """Return the expected amount and its derivatives in η and log σ, each (m,).

        It is the mean of amounts between the limits, or the upper limit, by their probabilities
        among amounts above the lower one.
        """
        lower = np.full_like(eta, self.lower * self.unit)
        upper = np.full_like(eta, self.upper * self.unit)
        between = uncensored(eta, sigma, lower, upper)
        if np.isinf(self.upper):
            return between.value, between.eta, between.sigma * sigma
        u, v = (eta - lower) / sigma, (eta - upper) / sigma
        top = np.exp(log_ndtr(v) - log_ndtr(u))
        to_eta = top * (mills_ratio(v) - mills_ratio(u)) / sigma
        to_spread = -top * (mills_ratio(v) * v - mills_ratio(u) * u)
        gap = upper - between.value
        return (
            between.value + top * gap,
            (1 - top) * between.eta + to_eta * gap,
            (1 - top) * between.sigma * sigma + to_spread * gap,
        )

    def _value(self, parts: Floats) -> float:
        return float(parts[0].sum() - (~self.top).sum() * np.log(self.unit))

    @cached_property
    def solution(self) -> _Solution:
        """The maximised likelihood (computed once)."""
        rows = self.rows
        high = np.where(self.top, np.inf, self.y)
        check_variation(rows.heading, Outcome.between(self.y, high))
        size = np.maximum(np.abs(rows.X).max(axis=0), np.finfo(float).tiny)
        X, k = rows.X / size, rows.X.shape[1]
        found = find_estimable(rows.heading, Design(X), np.zeros(k), self.y, high, rows.names)
        size, X = size[found.keep], X[:, found.keep]
        used = np.isin(np.arange(len(self.y)), found.rows)  # the others are fitted exactly
        point = self._maximise(X, used)
        parts = self.derivatives(X, point) * used
        units = np.append(size / self.unit, 1.0)
        scores = np.column_stack([X * parts[1][:, None], parts[2]]) * units
        information = _information(X, parts) * np.outer(units, units)
        reported = np.eye(units.size)[:-1][found.report]
        bread = np.asarray(np.linalg.inv(_information(X, parts)), dtype=float)
        held = held_by_one(_row_parts(X, parts), bread, reported)

        def each_row() -> tuple[Floats, Floats]:
            of = _row_parts(X, parts)
            return of.basis * units[:, None], of.information

        return _Solution(
            point[:-1] / units[:-1],
            float(np.exp(point[-1])) * self.unit,
            self._value(parts),
            found,
            RowScores(rows, self.kind, scores, information, each_row),
            held,
        )

    def _maximise(self, X: Floats, used: np.ndarray) -> Floats:
        """Maximise over (β, log σ) from least squares: a trust region, then Newton's last steps."""
        n = used.sum()

        def parts(point: Floats) -> Floats:
            return self.derivatives(X, point) * used

        def gradient(point: Floats) -> Floats:
            of_rows = parts(point)
            return np.append(of_rows[1] @ X, of_rows[2].sum())

        beta, *_ = np.linalg.lstsq(X[used], self.y[used], rcond=None)
        residual = float(np.std((self.y - X @ beta)[used]))
        point = minimize(
            lambda p: -parts(p)[0].sum() / n,
            np.append(beta, np.log(residual)),
            jac=lambda p: -gradient(p) / n,
            hess=lambda p: _information(X, parts(p)) / n,
            method="trust-exact",
            options={"gtol": 1e-7, "maxiter": 500},
        ).x
        step = np.zeros_like(point)
        for _ in range(3):
            step, *_ = np.linalg.lstsq(_information(X, parts(point)), gradient(point), rcond=None)
            point = point + step
        if not (abs(float(step @ gradient(point))) < 1e-12 and point[-1] < np.log(FLAT)):
            what = (
                f"no convergence, as where the amounts of {self.rows.outcome} are spread like an "
                "exponential or wider: σ then tends to infinity and no truncated normal fits best"
            )
            refuse(self.rows.heading, what, 'use amount="ols", perhaps of the logarithm')
        return point

    def fit(
        self, cov_type: str = "nonrobust", cov_kwds: Mapping[str, Any] | None = None
    ) -> FittedModel:
        """Estimate; covariances by the names of :mod:`cisflow.estimators.covariance`."""
        solution, rows = self.solution, self.rows
        found = covariance(solution.scores, cov_type, cov_kwds)
        shown, held = np.flatnonzero(solution.estimable.report), solution.held
        names = [rows.names[j] for j in solution.estimable.keep[shown]]
        notes = {} if cov_type == "nonrobust" else dict.fromkeys(np.array(names)[held], HELD)
        return self._results(
            *(found, solution.beta[shown], names, cov_kwds, FittedModel, shown, notes),
            llf=solution.llf,
            not_estimable=solution.estimable.not_estimable,
            n_upper=int(self.top.sum()),
            scale=solution.sigma,
        )


def _row_parts(X: Floats, parts: Floats) -> RowParts:
    """Scores and information of each row in (β, log σ)."""
    n, k = X.shape
    basis = np.zeros((n, k + 1, 2))
    basis[:, :k, 0], basis[:, k, 1] = X, 1.0
    information = -np.array([[parts[3], parts[4]], [parts[4], parts[5]]]).transpose(2, 0, 1)
    return RowParts(basis, parts[1:3].T, information, np.ones(n), np.ones(n))


def _information(X: Floats, parts: Floats) -> Floats:
    """Minus the second derivatives in (β, log σ), (k+1, k+1)."""
    k = X.shape[1]
    H = np.empty((k + 1, k + 1))
    H[:k, :k] = (X * parts[3][:, None]).T @ X
    H[k, :k] = H[:k, k] = parts[4] @ X
    H[k, k] = parts[5].sum()
    return -H
