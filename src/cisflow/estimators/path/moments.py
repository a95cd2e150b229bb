"""Recursive systems estimated from moment matrices, one sample or thousands of resamples at once.

Maximum likelihood of a recursive system with unrelated disturbances is least squares equation by
equation, and least squares needs only second moments. A bootstrap draw is a vector of integer
weights, so all draws' moments are one matrix product, and all draws' equations are solved by one
elimination that runs over arrays with the draws as the last axis.

Conventions are lavaan's with ``fixed.x = TRUE``: divisor n; the moments of the exogenous variables
are taken as given; standard deviations for standardising are those the model implies.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from scipy import sparse

from cisflow.estimators.path.system import System

TOLERANCE = 1e-10
"""Share of a variable's variance that its companions may leave unexplained before the
variable counts as their exact combination."""

CHUNK = 2_000_000
"""Weights (draws × firms) held in memory at once."""


@dataclass(frozen=True)
class Moments:
    """Second moments that a path model needs."""

    # (p, p), covariance matrix (divisor n) in the order of `System.variables`, fixed effects taken
    # out.
    within: np.ndarray
    # (p, p), covariance that the fixed effects took out; zeros without fixed effects.
    between: np.ndarray
    nobs: int
    absorbed: int = 1  # parameters per equation for intercept and fixed effects

    @property
    def variance(self) -> np.ndarray:
        """Variances of the variables, fixed effects included, shape (p,)."""
        return np.asarray(np.diag(self.within) + np.diag(self.between))


@dataclass(frozen=True)
class Estimates:
    """Estimates of one or many samples; every array's first axis is the sample."""

    coef: np.ndarray  # (draws, arrows)
    psi: np.ndarray  # (draws, outcomes), residual variances, divisor n
    sd: np.ndarray  # (draws, p), model-implied standard deviations
    ok: np.ndarray  # (draws,), false where a sample leaves a coefficient undetermined

    def successful(self) -> Estimates:
        """Return the samples that could be estimated."""
        return Estimates(*(part[self.ok] for part in (self.coef, self.psi, self.sd, self.ok)))


@dataclass(frozen=True)
class Sample:
    """Firms' values, ready for reweighting."""

    values: np.ndarray  # (n, p), in the order of `System.variables`
    levels: np.ndarray  # (n,), level of the first fixed effect; zeros without one
    dummies: np.ndarray  # (n, q), indicators of further fixed effects, possibly redundant
    weights: np.ndarray | None = None  # (n,), sampling weights with mean one

    @property
    def nobs(self) -> int:
        """Number of firms."""
        return self.values.shape[0]

    def covariance(self, values: np.ndarray) -> np.ndarray:
        """Mean products of columns that are centred already, shape (columns, columns)."""
        weighted = values if self.weights is None else values * self.weights[:, None]
        return np.asarray(weighted.T @ values / self.nobs)


def eliminate(a: np.ndarray, skip: bool = False) -> np.ndarray:
    """Reduce the leading columns of symmetric matrices to upper triangular form, in place.

    Parameters
    ----------
    a
        Shape (k, m, draws) with m ≥ k; the leading k × k part is positive semi-definite. A column
        that is a combination of earlier ones has a pivot of zero.
    skip
        Pass over such a column (its later rows then keep their values) instead of failing.

    Returns
    -------
    ndarray of bool, shape (k, draws)
        Which pivots were usable.
    """
    k = a.shape[0]
    size = np.array([a[i, i] for i in range(k)])
    usable = np.empty(size.shape, dtype=bool)
    for i in range(k):
        usable[i] = a[i, i] > TOLERANCE * size[i]
        pivot = np.where(usable[i], a[i, i], 1.0)
        if skip:
            a[i] *= usable[i]
        a[i + 1 :, i:] -= (a[i + 1 :, i] / pivot)[:, None] * a[i, i:]
    return usable


def least_squares(s: np.ndarray, sources: np.ndarray, target: int) -> tuple[np.ndarray, ...]:
    """Regress one variable on others from covariance matrices.

    Parameters
    ----------
    s
        Covariance matrices, shape (p, p, draws).
    sources, target
        Positions of the regressors and of the outcome.

    Returns
    -------
    coef : ndarray, shape (k, draws)
    variance : ndarray, shape (draws,)
        Of the residual.
    usable : ndarray of bool, shape (k + 1, draws)
        Per regressor, whether the earlier ones leave it some variance; last, the outcome.
    """
    index = np.append(sources, target)
    a = s[np.ix_(index, index)]
    usable = eliminate(a)
    k = len(sources)
    coef = np.zeros((k, s.shape[2]), dtype=s.dtype)
    for i in range(k - 1, -1, -1):
        rest = (a[i, i + 1 : k] * coef[i + 1 :]).sum(axis=0)
        coef[i] = (a[i, k] - rest) / np.where(usable[i], a[i, i], 1.0)
    return coef, a[k, k], usable


def implied_covariance(
    system: System, coef: np.ndarray, psi: np.ndarray, exogenous: np.ndarray
) -> np.ndarray:
    """Covariance matrix that coefficients and residual variances imply.

    Parameters
    ----------
    coef, psi
        Shapes (draws, arrows) and (draws, outcomes).
    exogenous
        Covariances of the exogenous variables, shape (draws or 1, q, q).

    Returns
    -------
    ndarray, shape (draws, p, p)
        Complex if ``coef`` or ``psi`` is.
    """
    draws, p, q = coef.shape[0], len(system.variables), len(system.exogenous)
    sigma = np.zeros((draws, p, p), dtype=np.result_type(coef, psi))
    sigma[:, :q, :q] = exogenous
    for j, (_, arrows, sources) in enumerate(system.equations):
        b = coef[:, arrows]
        here = q + j
        covariance = np.einsum("rk,rkv->rv", b, sigma[:, sources, :here])
        sigma[:, here, :here] = sigma[:, :here, here] = covariance
        explained = np.einsum("rk,rk->r", b, covariance[:, sources])
        sigma[:, here, here] = explained + psi[:, j]
    return sigma


def implied_sd(
    system: System, coef: np.ndarray, psi: np.ndarray, exogenous: np.ndarray, between: np.ndarray
) -> np.ndarray:
    """Model-implied standard deviations, shape (draws, p).

    ``between`` holds the variances due to fixed effects, shape (draws or 1, p): any model with
    the same fixed effects in every equation reproduces them exactly. The other arguments are
    those of :func:`implied_covariance`.
    """
    sigma = implied_covariance(system, coef, psi, exogenous)
    return np.asarray(np.sqrt(np.einsum("rii->ri", sigma) + between))


def estimate(
    system: System, s: np.ndarray, between: np.ndarray, usable: np.ndarray | None = None
) -> Estimates:
    """Estimate every equation from covariance matrices.

    Parameters
    ----------
    s
        Covariance matrices, fixed effects taken out, shape (p, p, draws).
    between
        Variances the fixed effects took out, shape (draws, p).
    usable
        Draws worth trying, shape (draws,).
    """
    draws = s.shape[2]
    coef = np.empty((draws, len(system.arrows)))
    psi = np.empty((draws, len(system.endogenous)))
    ok = np.ones(draws, bool) if usable is None else usable.copy()
    q = len(system.exogenous)
    for j, (_, arrows, sources) in enumerate(system.equations):
        slopes, variance, determined = least_squares(s, sources, q + j)
        coef[:, arrows] = slopes.T
        psi[:, j] = variance
        ok &= determined.all(axis=0)
    exogenous = np.moveaxis(s[:q, :q], 2, 0)
    with np.errstate(invalid="ignore"):
        sd = implied_sd(system, coef, psi, exogenous, between)
    return Estimates(coef, psi, sd, ok)


def center(sample: Sample) -> tuple[Sample, np.ndarray, int]:
    """Take the fixed effects out of a sample's values.

    Returns
    -------
    Sample
        The same firms with values net of all fixed effects; their further dummies net of the
        first fixed effect.
    ndarray, shape (n, p)
        What was taken out, less the overall mean.
    int
        Parameters per equation for intercept and fixed effects.
    """
    w = np.ones(sample.nobs) if sample.weights is None else sample.weights
    count = np.bincount(sample.levels, weights=w)
    stacked = np.column_stack([sample.dummies, sample.values])
    means = np.column_stack([np.bincount(sample.levels, weights=w * v) / count for v in stacked.T])
    net = stacked - means[sample.levels]
    q = sample.dummies.shape[1]
    dummies, values = net[:, :q], net[:, q:]
    rank = 0
    if q:
        root = np.sqrt(w)[:, None]
        fitted, _, rank, _ = np.linalg.lstsq(root * dummies, root * values, rcond=1e-10)
        values = values - dummies @ fitted
    fitted = sample.values - values
    fitted = fitted - np.average(fitted, axis=0, weights=w)
    if len(count) == 1 and not q:
        fitted = np.zeros_like(values)  # not the rounding of a mean
    net_sample = Sample(values, sample.levels, dummies, sample.weights)
    return net_sample, fitted, len(count) + int(rank)


Reweight = Callable[[np.ndarray], Estimates]
"""From weights, shape (draws, firms), to the estimates under each row of them."""


class Reweighter:
    """Estimate a system under any weights of the firms, many sets of weights at a time."""

    def __init__(self, system: System, sample: Sample):
        self.system = system
        self.weights = sample.weights
        net, fitted, _ = center(sample)
        self.scale = np.sqrt((net.values**2 + fitted**2).mean(axis=0))
        self.q = net.dummies.shape[1]
        self.p = net.values.shape[1]
        self.has_effects = bool(self.q) or int(sample.levels.max()) > 0
        values = np.column_stack([net.dummies, net.values / self.scale])
        self.rows, self.columns = np.triu_indices(self.q + self.p)
        self.products = values[:, self.rows] * values[:, self.columns]
        self.first = self._by_level(values, sample.levels)
        centred = (sample.values - sample.values.mean(axis=0)) / self.scale
        self.total = np.column_stack([centred, centred**2])

    def _by_level(self, values: np.ndarray, levels: np.ndarray) -> list[np.ndarray]:
        """Firms' values and counts, one block of columns per level of the first fixed effect."""
        columns = np.column_stack([np.ones(len(values)), values])
        if levels.max() == 0:
            return [columns]
        where = sparse.csr_array((np.ones(len(levels)), (np.arange(len(levels)), levels)))
        return [where.multiply(c[:, None]).tocsr() for c in columns.T]

    def _level_sums(self, weights: np.ndarray) -> np.ndarray:
        """Weighted sums per level: shape (1 + q + p, levels, draws); counts come first."""
        if len(self.first) == 1:
            return (self.first[0].T @ weights.T)[:, None, :]
        return np.stack([block.T @ weights.T for block in self.first])

    def __call__(self, weights: np.ndarray) -> Estimates:
        """Estimate under each row of ``weights``, shape (draws, firms), times sampling weights."""
        if self.weights is not None:
            weights = weights * self.weights
        draws, width = weights.shape[0], self.q + self.p
        sums = self._level_sums(weights)
        count, sums = sums[0], sums[1:]
        nobs = count.sum(axis=0)
        mean = sums / np.where(count > 0, count, 1.0)
        s = np.empty((width, width, draws))
        s[self.rows, self.columns] = self.products.T @ weights.T
        s[self.columns, self.rows] = s[self.rows, self.columns]
        s -= np.einsum("igr,jgr->ijr", sums, mean)
        s /= nobs
        if self.q:
            eliminated = s.copy()
            leading = eliminated[: self.q]
            self._take_out_dummies(s, leading)
        s = s[self.q :, self.q :]
        usable = np.einsum("iir->ir", s).min(axis=0) > TOLERANCE
        between = self._between(weights, s, nobs)
        found = estimate(self.system, s, between, usable)
        return self._rescaled(found)

    def _take_out_dummies(self, s: np.ndarray, leading: np.ndarray) -> None:
        """Regress everything on the further dummies, passing over those a draw leaves empty."""
        usable = eliminate(leading, skip=True)
        for i in range(self.q):
            pivot = np.where(usable[i], leading[i, i], 1.0)
            s[self.q :, self.q :] -= (
                leading[i, self.q :][:, None] * leading[i, self.q :][None] / pivot
            )

    def _between(self, weights: np.ndarray, s: np.ndarray, nobs: np.ndarray) -> np.ndarray:
        """Variances due to the fixed effects, shape (draws, p)."""
        if not self.has_effects:
            return np.zeros((1, self.p))
        total = (self.total.T @ weights.T) / nobs
        variance = total[self.p :] - total[: self.p] ** 2
        return np.maximum(variance - np.einsum("iir->ir", s), 0.0).T

    def _rescaled(self, found: Estimates) -> Estimates:
        """Give the estimates in the variables' own units."""
        psi = found.psi * self.scale[len(self.system.exogenous) :] ** 2
        coef = found.coef * self.system.ratios(self.scale)
        return Estimates(coef, psi, found.sd * self.scale, found.ok)


def _join(parts: list[Estimates]) -> Estimates:
    columns = zip(*((part.coef, part.psi, part.sd, part.ok) for part in parts), strict=True)
    return Estimates(*map(np.concatenate, columns))


def _chunks(total: int, width: int) -> Iterator[int]:
    step = max(1, CHUNK // max(width, 1))
    for start in range(0, total, step):
        yield min(step, total - start)


def bootstrap(
    reweight: Reweight, nobs: int, draws: int, seed: int, groups: np.ndarray | None = None
) -> Estimates:
    """Resample firms with replacement, or whole clusters if given ``groups`` (codes 0 … G−1)."""
    rng = np.random.default_rng(seed)
    units = nobs if groups is None else int(groups.max()) + 1
    parts = []
    for size in _chunks(draws, nobs):
        picked = rng.integers(0, units, size=(size, units))
        picked += np.arange(size)[:, None] * units
        counts = np.bincount(picked.ravel(), minlength=size * units).reshape(size, units)
        weights = counts.astype(float)
        parts.append(reweight(weights if groups is None else weights[:, groups]))
    return _join(parts)


def jackknife(reweight: Reweight, nobs: int, groups: np.ndarray | None = None) -> Estimates:
    """Leave out one firm (or cluster) at a time, or one of 1,000 random blocks of them if more."""
    groups = np.arange(nobs) if groups is None else groups
    units = int(groups.max()) + 1
    if units > 1000:
        block = np.random.default_rng(0).permutation(units) % 1000
        groups, units = block[groups], 1000
    parts, start = [], 0
    for size in _chunks(units, nobs):
        left_out = np.arange(start, start + size)
        parts.append(reweight((groups[None, :] != left_out[:, None]).astype(float)))
        start += size
    return _join(parts)
