"""Path models with gaps in the outcomes, by full-information maximum likelihood.

Given the exogenous variables, which must be complete, the outcomes are normal; each firm
contributes the likelihood of what it was observed to have (missing at random). The expectation–
maximisation algorithm comes near the maximum, Newton steps with exact derivatives (complex steps
of the analytical score) reach it. Standard errors rest on the observed information, as in
``lavaan(…, missing = "fiml", fixed.x = TRUE)``.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from cisflow.estimators.errors import EstimationError, Problem
from cisflow.estimators.path.covariance import squared_influence
from cisflow.estimators.path.data import Columns, check_moments, check_size, check_variation
from cisflow.estimators.path.moments import (
    Estimates,
    Moments,
    estimate,
    implied_covariance,
    implied_sd,
)
from cisflow.estimators.path.system import HEADING, System

EM_STEPS, NEWTON_STEPS, RETREAT = 300, 20, 20
NEAR, CLOSE = 1e-5, 1e-10
"""Change per firm of the log-likelihood at which Newton takes over, and step at which it ends."""


@dataclass(frozen=True)
class Pattern:
    """Firms that lack the same outcomes."""

    rows: np.ndarray
    # seen, unseen: positions among the outcomes.
    seen: np.ndarray
    unseen: np.ndarray


@dataclass(frozen=True)
class Incomplete:
    """Firms with gaps in the outcomes, all variables in standard units."""

    exogenous: np.ndarray  # (n, q)
    outcomes: np.ndarray  # (n, m), naN where missing; every firm has one outcome at least
    weights: np.ndarray  # (n,), with mean one
    scale: np.ndarray  # (q + m,), the variables' standard deviations in their own units

    @cached_property
    def patterns(self) -> tuple[Pattern, ...]:
        """The patterns of missing outcomes."""
        missing = np.isnan(self.outcomes)
        kinds, which = np.unique(missing, axis=0, return_inverse=True)
        return tuple(
            Pattern(np.flatnonzero(which.ravel() == i), np.flatnonzero(~k), np.flatnonzero(k))
            for i, k in enumerate(kinds)
        )


@dataclass(frozen=True)
class Theta:
    """Parameters, real or complex: slopes in the order of the arrows, then per outcome."""

    coef: np.ndarray
    psi: np.ndarray
    intercept: np.ndarray

    @property
    def vector(self) -> np.ndarray:
        """All parameters in one vector."""
        return np.concatenate([self.coef, self.psi, self.intercept])


def _theta(system: System, vector: np.ndarray) -> Theta:
    k, m = len(system.arrows), len(system.endogenous)
    return Theta(vector[:k], vector[k : k + m], vector[k + m :])


def _implied(system: System, firms: Incomplete, theta: Theta) -> tuple[np.ndarray, np.ndarray]:
    """Means, shape (n, m), and covariance, shape (m, m), of the outcomes given the exogenous."""
    q, m = len(system.exogenous), len(system.endogenous)
    b = system.matrix(theta.coef)
    reduced = np.linalg.inv(np.eye(m) - b[:, q:])
    mean = (theta.intercept + firms.exogenous @ b[:, :q].T) @ reduced.T
    return mean, reduced * theta.psi @ reduced.T


@dataclass(frozen=True)
class Expected:
    """The outcomes with their gaps filled by conditional expectations."""

    values: np.ndarray  # (n, q + m)
    # (q + m, q + m), per pattern, the conditional covariance of what was filled in.
    spread: list[np.ndarray]
    logl: np.ndarray  # (n,), log-likelihoods of the observed outcomes, unweighted


def expectation(system: System, firms: Incomplete, theta: Theta) -> Expected:
    """Fill the gaps under given parameters."""
    q, p = len(system.exogenous), len(system.variables)
    mean, sigma = _implied(system, firms, theta)
    values = np.column_stack([firms.exogenous, mean])
    logl = np.zeros(len(values))
    spread = []
    for pattern in firms.patterns:
        seen, unseen = pattern.seen, pattern.unseen
        residual = firms.outcomes[np.ix_(pattern.rows, seen)] - mean[np.ix_(pattern.rows, seen)]
        given = sigma[np.ix_(seen, seen)]
        weights = np.linalg.solve(given, sigma[np.ix_(seen, unseen)])
        values[np.ix_(pattern.rows, q + seen)] += residual
        values[np.ix_(pattern.rows, q + unseen)] += residual @ weights
        left = np.zeros((p, p), dtype=sigma.dtype)
        left[np.ix_(q + unseen, q + unseen)] = (
            sigma[np.ix_(unseen, unseen)] - sigma[np.ix_(unseen, seen)] @ weights
        )
        spread.append(left)
        distance = (residual * np.linalg.solve(given, residual.T).T).sum(axis=1).real
        logdet = np.linalg.slogdet(given.real)[1] + len(seen) * math.log(2 * math.pi)
        logl[pattern.rows] = -(logdet + distance) / 2
    return Expected(values, spread, logl)


def scores(system: System, firms: Incomplete, theta: Theta) -> np.ndarray:
    """Derive the firms' weighted log-likelihoods, shape (n, parameters).

    By Fisher's identity they are the complete-data scores, expected given what was observed.
    """
    full = expectation(system, firms, theta)
    k, m, q = len(system.arrows), len(system.endogenous), len(system.exogenous)
    out = np.empty((len(full.values), k + 2 * m), dtype=full.values.dtype)
    for j, (_, arrows, sources) in enumerate(system.equations):
        b, psi = theta.coef[arrows], theta.psi[j]
        x = full.values[:, sources]
        residual = full.values[:, q + j] - theta.intercept[j] - x @ b
        products, squares = x * residual[:, None], residual**2
        for pattern, left in zip(firms.patterns, full.spread, strict=True):
            with_residual = left[:, q + j] - left[:, sources] @ b
            products[pattern.rows] += with_residual[sources]
            squares[pattern.rows] += with_residual[q + j] - with_residual[sources] @ b
        out[:, arrows] = products / psi
        out[:, k + j] = squares / (2 * psi**2) - 1 / (2 * psi)
        out[:, k + m + j] = residual / psi
    return out * firms.weights[:, None]


def hessian(system: System, firms: Incomplete, theta: Theta) -> np.ndarray:
    """Second derivatives of the log-likelihood, exact to rounding."""
    step = 1e-30
    vector = theta.vector
    columns = []
    for i in range(len(vector)):
        moved = vector.astype(complex)
        moved[i] += 1j * step
        columns.append(scores(system, firms, _theta(system, moved)).sum(axis=0).imag / step)
    h = np.array(columns)
    return (h + h.T) / 2


def _moments(firms: Incomplete, full: Expected) -> tuple[Moments, np.ndarray]:
    """Moments of the filled values, with what filling in took away put back; and means."""
    values, w = full.values, firms.weights
    mean = np.average(values, axis=0, weights=w)
    net = values - mean
    within = (net * w[:, None]).T @ net / len(values)
    for pattern, left in zip(firms.patterns, full.spread, strict=True):
        within += w[pattern.rows].sum() / len(values) * left
    return Moments(within, np.zeros_like(within), len(values)), mean


def _maximise(system: System, moments: Moments, mean: np.ndarray) -> Theta:
    q = len(system.exogenous)
    found = estimate(system, moments.within[:, :, None], np.zeros((1, len(mean))))
    intercept = np.array(
        [
            mean[q + j] - mean[sources] @ found.coef[0, arrows]
            for j, (_, arrows, sources) in enumerate(system.equations)
        ]
    )
    return Theta(found.coef[0], found.psi[0], intercept)


def _em(system: System, firms: Incomplete, theta: Theta, steps: int, near: float) -> Theta:
    """Fill in and estimate in turn until the likelihood hardly rises."""
    before = -math.inf
    for _ in range(steps):
        full = expectation(system, firms, theta)
        logl = _mean(firms, full)
        if logl - before < near:
            break
        moments, mean = _moments(firms, full)
        if before == -math.inf:
            check_moments(system, moments)
        before = logl
        theta = _maximise(system, moments, mean)
    return theta


def _mean(firms: Incomplete, full: Expected) -> float:
    """Log-likelihood per firm."""
    return float(firms.weights @ full.logl) / len(full.logl)


def _newton(system: System, firms: Incomplete, theta: Theta) -> tuple[Theta, float] | None:
    """One step to the maximum and its length; None where the step would not lead upwards."""
    curvature = -hessian(system, firms, theta)
    values = np.linalg.eigvalsh(curvature)
    if values[0] <= 1e-9 * values[-1]:
        return None
    step = np.linalg.solve(curvature, scores(system, firms, theta).sum(axis=0))
    moved = _theta(system, theta.vector + step)
    if moved.psi.min() <= 0:
        return None
    rise = _mean(firms, expectation(system, firms, moved))
    if rise < _mean(firms, expectation(system, firms, theta)) - 1e-12:
        return None
    return moved, float(np.abs(step).max())


def maximum(system: System, firms: Incomplete) -> Theta:
    """Parameters at which the likelihood of the observed outcomes is greatest.

    Raises
    ------
    EstimationError
        If the observed outcomes leave a coefficient undetermined, or no maximum is reached.
    """
    k, m = len(system.arrows), len(system.endogenous)
    start = Theta(np.zeros(k), np.ones(m), np.zeros(m))
    theta = _em(system, firms, start, EM_STEPS, NEAR)
    for _ in range(NEWTON_STEPS):
        step = _newton(system, firms, theta)
        if step is None:
            theta = _em(system, firms, theta, RETREAT, -math.inf)
            continue
        theta, length = step
        if length < CLOSE:
            return theta
    what = (
        "the observed values leave a coefficient undetermined (two variables that are never "
        "observed together, or too many gaps for this many arrows?)"
    )
    remedy = 'leave out the variable or arrow, or use missing="listwise"'
    raise EstimationError(HEADING, Problem(what, remedy))


class IncompleteFit:
    """A path model fitted to firms with gaps in the outcomes.

    Parameters
    ----------
    system
        The model.
    firms
        The firms, in standard units.
    """

    def __init__(self, system: System, firms: Incomplete):
        self.system, self.firms = system, firms
        self.theta = maximum(system, firms)
        full = expectation(system, firms, self.theta)
        self.logl_standard = float(firms.weights @ full.logl)
        within = _moments(firms, full)[0].within * np.outer(firms.scale, firms.scale)
        self.moments = Moments(within, np.zeros_like(within), len(full.values))

    @cached_property
    def _units(self) -> np.ndarray:
        """What turns slopes and residual variances into the variables' own units."""
        scale = self.firms.scale
        return np.concatenate([self.system.ratios(scale), scale[len(self.system.exogenous) :] ** 2])

    @cached_property
    def found(self) -> Estimates:
        """Estimates in the variables' own units."""
        k, q = len(self.system.arrows), len(self.system.exogenous)
        own = self.theta.vector[: len(self._units)] * self._units
        coef, psi = own[None, :k], own[None, k:]
        exogenous = self.moments.within[None, :q, :q]
        none = np.zeros((1, len(self.firms.scale)))
        sd = implied_sd(self.system, coef, psi, exogenous, none)
        return Estimates(coef, psi, sd, np.ones(1, dtype=bool))

    def covariance(self, robust: bool, groups: np.ndarray | None) -> np.ndarray:
        """Covariance of the parameters as ``path_covariance`` orders them."""
        cov = np.linalg.inv(-hessian(self.system, self.firms, self.theta))
        if robust:
            cov = squared_influence(scores(self.system, self.firms, self.theta) @ cov, groups)
        size, m = len(self._units), len(self.system.endogenous)
        out = np.zeros((size + m, size + m))
        out[:size, :size] = cov[:size, :size] * np.outer(self._units, self._units)
        return out

    @property
    def logl(self) -> float:
        """Log-likelihood of the observed outcomes given the exogenous variables."""
        q = len(self.system.exogenous)
        seen = ~np.isnan(self.firms.outcomes)
        jacobian = self.firms.weights @ (seen @ np.log(self.firms.scale[q:]))
        return self.logl_standard - float(jacobian)

    def unrestricted(self) -> IncompleteFit:
        """Fit the model in which every outcome has all variables before it as sources."""
        s = self.system
        q = len(s.exogenous)
        arrows = tuple(
            (to, source) for j, to in enumerate(s.endogenous) for source in s.variables[: q + j]
        )
        full = System(s.exogenous, s.endogenous, arrows, (False,) * len(arrows))
        return IncompleteFit(full, self.firms)

    def baseline_logl(self) -> float:
        """Log-likelihood with every outcome unrelated to everything, in standard units."""
        total = 0.0
        for column in self.firms.outcomes.T:
            seen = ~np.isnan(column)
            w, y = self.firms.weights[seen], column[seen]
            variance = float(np.average((y - np.average(y, weights=w)) ** 2, weights=w))
            total -= float(w.sum()) / 2 * (math.log(2 * math.pi * variance) + 1)
        return total

    def srmr(self, full: IncompleteFit) -> float:
        """Root mean square residual of covariances and means in units of the unrestricted SDs."""
        q, p = len(self.system.exogenous), len(self.firms.scale)
        residual = full._implied_moments() - self._implied_moments()
        sd = np.sqrt(np.diag(full._implied_moments()[:, :p]))
        lower = (residual[:, :p] / np.outer(sd, sd))[np.tril_indices(p)]
        means = residual[q:, p] / sd[q:]
        count = p * (p + 1) / 2 + p
        return math.sqrt(float((lower**2).sum() + (means**2).sum()) / count)

    def _implied_moments(self) -> np.ndarray:
        """Implied covariances of all variables and, as a last column, their means."""
        theta, firms, q = self.theta, self.firms, len(self.system.exogenous)
        s = (self.moments.within / np.outer(firms.scale, firms.scale))[None, :q, :q]
        sigma = implied_covariance(self.system, theta.coef[None], theta.psi[None], s)[0]
        mean = _implied(self.system, firms, theta)[0]
        given = np.average(firms.exogenous, axis=0, weights=firms.weights)
        means = np.concatenate([given, np.average(mean, axis=0, weights=firms.weights)])
        return np.column_stack([sigma, means])


def make_incomplete(
    system: System, columns: Columns, keep: np.ndarray, weights: np.ndarray | None
) -> Incomplete:
    """Put the kept firms' values in standard units.

    Raises
    ------
    EstimationError
        For constants, and more parameters than observed values of an outcome.
    """
    values = np.column_stack([columns.values[name][keep] for name in system.variables])
    w = np.ones(len(values)) if weights is None else weights / weights.mean()
    check_variation(system, values)
    for j, target in enumerate(system.endogenous):
        seen = int((~np.isnan(values[:, len(system.exogenous) + j])).sum())
        check_size(system, seen, 1, only=target)
    mean, scale = np.nanmean(values, axis=0), np.nanstd(values, axis=0)
    values = (values - mean) / scale
    q = len(system.exogenous)
    return Incomplete(values[:, :q], values[:, q:], w, scale)
