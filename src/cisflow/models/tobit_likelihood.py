r"""The Tobit likelihood in Olsen's form: numbers in, numbers out.

With :math:`\gamma = \beta/\sigma` and :math:`\theta = 1/\sigma` the log-likelihood is globally
concave, so Newton's method has one place to go (Olsen 1978, Econometrica 46:1211–1215). A row is
an interval ``[low, high]`` for the latent outcome: a point when the outcome is observed, open to
one side when it is at a limit, bounded when only a bracket is known. Observed rows enter through
:math:`X'WX`, :math:`X'Wy` and :math:`y'Wy` alone, which are computed once.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.special import erfcx, log_ndtr

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]

SMALL = 20_000  # rows
BLOCK = 8_192  # rows
HALF_LOG_2PI = 0.5 * np.log(2 * np.pi)


def mills_ratio(u: Floats) -> Floats:
    r"""Inverse Mills ratio :math:`\phi(u)/\Phi(u)`, without overflow in either tail.

    Parameters
    ----------
    u : array, any shape

    Notes
    -----
    :math:`\phi(u)/\Phi(u) = \sqrt{2/\pi} \,/\, \mathrm{erfcx}(-u/\sqrt 2)`.
    """
    ratio: Floats = np.sqrt(2 / np.pi) / erfcx(-u / np.sqrt(2))
    return ratio


def log_interval_probability(low: Floats, high: Floats) -> Floats:
    r"""Return :math:`\log(\Phi(high) - \Phi(low))` for ``low < high``, stable in both tails."""
    flip = low > 0
    a = np.where(flip, -high, low)
    b = np.where(flip, -low, high)
    top = log_ndtr(b)
    value: Floats = top + np.log1p(-np.exp(log_ndtr(a) - top))
    return value


@dataclass(frozen=True)
class Design:
    """Regressors: dense columns, then the dummies of one absorbed categorical.

    Attributes
    ----------
    dense : (n, p) array
    codes : (n,) integers in 0…groups, or None
        Level of the absorbed categorical; level 0 is the base and has no column.
    groups : int
        Number of dummy columns (levels minus one).
    """

    dense: Floats
    codes: Ints | None = None
    groups: int = 0

    @property
    def n(self) -> int:
        """Number of rows."""
        return int(self.dense.shape[0])

    @property
    def k(self) -> int:
        """Number of columns, absorbed dummies included."""
        return int(self.dense.shape[1]) + self.groups

    def times(self, coefficients: Floats) -> Floats:
        """``X @ coefficients``, shape (n,)."""
        p = self.dense.shape[1]
        product: Floats = self.dense @ coefficients[:p]
        if self.codes is not None:
            product += np.concatenate([[0.0], coefficients[p:]])[self.codes]
        return product

    def transpose_times(self, values: Floats) -> Floats:
        """``X' values`` for values of shape (n,); shape (k,)."""
        top: Floats = self.dense.T @ values
        if self.codes is None:
            return top
        sums = np.bincount(self.codes, values, self.groups + 1)[1:]
        return np.concatenate([top, sums])

    def gram(self, weights: Floats | None = None) -> Floats:
        """``X' diag(weights) X``, shape (k, k)."""
        p = self.dense.shape[1]
        dense = np.zeros((p, p))
        for first in range(0, self.n, BLOCK):  # blocks stay in the processor's cache
            X = self.dense[first : first + BLOCK]
            left = X if weights is None else X * weights[first : first + BLOCK, None]
            dense += left.T @ X
        if self.codes is None:
            return dense
        full = np.zeros((self.k, self.k))
        full[:p, :p] = dense
        cross = self.sum_by(self.codes, self.groups + 1, self.dense, weights)[1:]
        full[p:, :p] = cross
        full[:p, p:] = cross.T
        diagonal = np.bincount(self.codes, weights, self.groups + 1)[1:]
        full[range(p, self.k), range(p, self.k)] = diagonal
        return full

    def score_sums(self, values: Floats, codes: Ints, groups: int) -> Floats:
        """Sum the rows of ``diag(values) X`` by group; shape (groups, k)."""
        dense = self.sum_by(codes, groups, self.dense, values)
        if self.codes is None:
            return dense
        cells = codes * (self.groups + 1) + self.codes
        counts = np.bincount(cells, values, groups * (self.groups + 1))
        return np.hstack([dense, counts.reshape(groups, -1)[:, 1:]])

    def take(self, rows: NDArray[np.bool_] | Ints) -> Design:
        """Keep some rows."""
        codes = None if self.codes is None else self.codes[rows]
        return Design(self.dense[rows], codes, self.groups)

    def select(self, columns: Ints) -> Design:
        """Keep some columns, in ascending order; a level without a column joins the base."""
        p = self.dense.shape[1]
        dense = columns[columns < p]
        X = self.dense if dense.size == p else self.dense[:, dense]
        if self.codes is None:
            return Design(X)
        levels = columns[columns >= p] - p + 1
        place = np.zeros(self.groups + 1, dtype=np.intp)
        place[levels] = np.arange(1, levels.size + 1)
        return Design(X, place[self.codes], levels.size)

    def column(self, j: int) -> Floats:
        """One column, shape (n,)."""
        p = self.dense.shape[1]
        if j < p or self.codes is None:
            return self.dense[:, j]
        return (self.codes == j - p + 1).astype(float)

    def toarray(self, rows: NDArray[np.bool_] | Ints | slice = slice(None)) -> Floats:
        """Return the dense matrix, dummies written out (small problems only)."""
        if self.codes is None:
            return self.dense[rows]
        levels = np.arange(1, self.groups + 1)
        dummies = self.codes[rows][:, None] == levels
        return np.hstack([self.dense[rows], dummies])

    @staticmethod
    def sum_by(codes: Ints, groups: int, values: Floats, weights: Floats | None = None) -> Floats:
        """Sum the (weighted) rows of ``values`` (n, p) by group; shape (groups, p)."""
        n, p = values.shape
        if n < SMALL:  # one call; a sparse product pays only in long tables
            weighted = values if weights is None else values * weights[:, None]
            cells = (codes[:, None] * p + np.arange(p)).ravel()
            sums: Floats = np.bincount(cells, weighted.ravel(), groups * p).astype(float)
            return sums.reshape(groups, p)
        from scipy.sparse import csc_array

        entries = np.ones(n) if weights is None else weights
        indicator = csc_array((entries, codes, np.arange(n + 1)), shape=(groups, n))
        return np.asarray(indicator @ values)


@dataclass(frozen=True)
class Exact:
    """Rows whose outcome is observed."""

    X: Design
    y: Floats
    w: Floats
    index: Ints

    @cached_property
    def moments(self) -> tuple[float, Floats, Floats, float]:
        """Sum of weights, ``X'WX`` (k, k), ``X'Wy`` (k,) and ``y'Wy``."""
        wy = self.w * self.y
        unit = bool(np.all(self.w == 1))
        gram = self.X.gram(None if unit else self.w)
        return float(self.w.sum()), gram, self.X.transpose_times(wy), float(wy @ self.y)

    def loglik_rows(self, gamma: Floats, theta: float) -> Floats:
        """Log density of each row, unweighted, shape (n,)."""
        z = theta * self.y - self.X.times(gamma)
        rows: Floats = np.log(theta) - HALF_LOG_2PI - 0.5 * z * z
        return rows

    def evaluate(self, gamma: Floats, theta: float) -> tuple[float, Floats, Floats]:
        """Log-likelihood, gradient (k+1,) and information (k+1, k+1) in (γ, θ)."""
        m, XX, Xy, yy = self.moments
        XXg, gXy = XX @ gamma, float(gamma @ Xy)
        squares = theta * theta * yy - 2 * theta * gXy + float(gamma @ XXg)
        value = m * (np.log(theta) - HALF_LOG_2PI) - 0.5 * squares
        gradient = np.append(theta * Xy - XXg, m / theta - theta * yy + gXy)
        information = np.empty((gamma.size + 1, gamma.size + 1))
        information[:-1, :-1] = XX
        information[-1, :-1] = information[:-1, -1] = -Xy
        information[-1, -1] = yy + m / theta**2
        return value, gradient, information

    def score_parts(self, gamma: Floats, theta: float) -> tuple[Floats, Floats]:
        """Score of a row is ``(a x, b)``; return ``a`` and ``b``, unweighted, shape (n,)."""
        z = theta * self.y - self.X.times(gamma)
        return z, 1 / theta - z * self.y


@dataclass(frozen=True)
class AtLimit:
    """Rows known only to lie beyond a bound: below it (side +1) or above it (side −1)."""

    X: Design
    bound: Floats
    side: Floats
    w: Floats
    index: Ints

    def _argument(self, gamma: Floats, theta: float) -> Floats:
        argument: Floats = self.side * (theta * self.bound - self.X.times(gamma))
        return argument

    def loglik_rows(self, gamma: Floats, theta: float) -> Floats:
        """Log probability of each row, unweighted, shape (n,)."""
        rows: Floats = log_ndtr(self._argument(gamma, theta))
        return rows

    def evaluate(self, gamma: Floats, theta: float) -> tuple[float, Floats, Floats]:
        """Log-likelihood, gradient (k+1,) and information (k+1, k+1) in (γ, θ)."""
        u = self._argument(gamma, theta)
        ratio = mills_ratio(u)
        value = float(self.w @ log_ndtr(u))
        slope = self.w * self.side * ratio
        curvature = self.w * ratio * np.maximum(u + ratio, 0.0)
        gradient = np.append(-self.X.transpose_times(slope), slope @ self.bound)
        return value, gradient, _information(self.X, curvature, self.bound, self.bound)

    def score_parts(self, gamma: Floats, theta: float) -> tuple[Floats, Floats]:
        """Score of a row is ``(a x, b)``; return ``a`` and ``b``, unweighted, shape (n,)."""
        slope = self.side * mills_ratio(self._argument(gamma, theta))
        return -slope, slope * self.bound


@dataclass(frozen=True)
class Bracketed:
    """Rows known to lie between two finite bounds (interval-censored)."""

    X: Design
    low: Floats
    high: Floats
    w: Floats
    index: Ints

    def _parts(self, gamma: Floats, theta: float) -> tuple[Floats, ...]:
        xg = self.X.times(gamma)
        a, b = theta * self.low - xg, theta * self.high - xg
        logp = log_interval_probability(a, b)
        density_a = np.exp(-0.5 * a * a - HALF_LOG_2PI - logp)
        density_b = np.exp(-0.5 * b * b - HALF_LOG_2PI - logp)
        return logp, a, b, density_a, density_b

    def loglik_rows(self, gamma: Floats, theta: float) -> Floats:
        """Log probability of each row, unweighted, shape (n,)."""
        return self._parts(gamma, theta)[0]

    def evaluate(self, gamma: Floats, theta: float) -> tuple[float, Floats, Floats]:
        """Log-likelihood, gradient (k+1,) and information (k+1, k+1) in (γ, θ)."""
        logp, a, b, pa, pb = self._parts(gamma, theta)
        w = self.w
        gradient = np.append(
            -self.X.transpose_times(w * (pb - pa)), w @ (pb * self.high - pa * self.low)
        )
        upper, lower, cross = w * pb * (b + pb), w * pa * (pa - a), -w * pa * pb
        k = gamma.size
        information = np.empty((k + 1, k + 1))
        information[:k, :k] = self.X.gram(upper + lower + 2 * cross)
        edge = upper * self.high + lower * self.low + cross * (self.high + self.low)
        information[k, :k] = information[:k, k] = -self.X.transpose_times(edge)
        corner = upper * self.high**2 + lower * self.low**2 + 2 * cross * self.high * self.low
        information[k, k] = corner.sum()
        return float(w @ logp), gradient, information

    def score_parts(self, gamma: Floats, theta: float) -> tuple[Floats, Floats]:
        """Score of a row is ``(a x, b)``; return ``a`` and ``b``, unweighted, shape (n,)."""
        _, _, _, pa, pb = self._parts(gamma, theta)
        return pa - pb, pb * self.high - pa * self.low


def _information(X: Design, weights: Floats, left: Floats, right: Floats) -> Floats:
    k = X.k
    information = np.empty((k + 1, k + 1))
    information[:k, :k] = X.gram(weights)
    information[k, :k] = information[:k, k] = -X.transpose_times(weights * left)
    information[k, k] = float(weights @ (left * right))
    return information


@dataclass(frozen=True)
class Likelihood:
    """The weighted sum over all rows.

    Attributes
    ----------
    blocks : tuple of Exact, AtLimit and Bracketed
    n, k : int
        Rows (those the likelihood does not use included) and columns.
    """

    blocks: tuple[Exact | AtLimit | Bracketed, ...]
    n: int
    k: int

    def evaluate(self, parameters: Floats) -> tuple[float, Floats, Floats]:
        """Log-likelihood, gradient and information at ``(γ, θ)``, θ last."""
        gamma, theta = parameters[:-1], float(parameters[-1])
        value, gradient = 0.0, np.zeros(self.k + 1)
        information = np.zeros((self.k + 1, self.k + 1))
        for block in self.blocks:
            part = block.evaluate(gamma, theta)
            value += part[0]
            gradient += part[1]
            information += part[2]
        return value, gradient, information

    def loglik_rows(self, parameters: Floats) -> Floats:
        """Unweighted log-likelihood of every row in the caller's order, shape (n,)."""
        rows = np.zeros(self.n)
        for block in self.blocks:
            rows[block.index] = block.loglik_rows(parameters[:-1], float(parameters[-1]))
        return rows

    def score_parts(self, parameters: Floats) -> tuple[Floats, Floats]:
        """Score of row i in (γ, θ) is ``(a_i x_i, b_i)``; return a and b in the caller's order."""
        a, b = np.zeros(self.n), np.zeros(self.n)
        for block in self.blocks:
            parts = block.score_parts(parameters[:-1], float(parameters[-1]))
            a[block.index], b[block.index] = parts
        return a, b


def build_likelihood(X: Design, low: Floats, high: Floats, w: Floats, use: Ints) -> Likelihood:
    """Sort the rows ``use`` into observed, at a limit and bracketed.

    Parameters
    ----------
    X : Design of n rows
    low, high : (n,) arrays
        Bounds of the latent outcome; equal where it is observed, infinite where open.
    w : (n,) array
        Weight of each row in the likelihood.
    use : integers
        Rows that enter; rows fitted with probability one are left out.
    """
    a, b = low[use], high[use]
    exact = use[a == b]
    limit = use[np.isinf(a) | np.isinf(b)]
    blocks: list[Exact | AtLimit | Bracketed] = []
    if exact.size:
        blocks.append(Exact(X.take(exact), low[exact], w[exact], exact))
    if limit.size:
        below = np.isinf(low[limit])
        bound = np.where(below, high[limit], low[limit])
        blocks.append(AtLimit(X.take(limit), bound, np.where(below, 1.0, -1.0), w[limit], limit))
    if exact.size + limit.size < use.size:
        rest = use[np.isfinite(a) & np.isfinite(b) & (a != b)]
        blocks.append(Bracketed(X.take(rest), low[rest], high[rest], w[rest], rest))
    return Likelihood(tuple(blocks), X.n, X.k)


@dataclass(frozen=True)
class Optimum:
    """Where Newton's method stopped."""

    parameters: Floats
    value: float
    information: Floats
    converged: bool
    iterations: int


def maximise(
    likelihood: Likelihood, start: Floats, maxiter: int = 100, tolerance: float = 1e-14
) -> Optimum:
    """Newton's method with step halving on the concave log-likelihood.

    Parameters
    ----------
    likelihood : Likelihood
    start : (k+1,) array
        γ, then θ > 0.
    maxiter : int
    tolerance : float
        Stop after the step whose squared length in standard errors (the Newton decrement) is
        below this, for weights of mean one. That step is still taken, and what is left after it
        is of the order of its square.
    """
    point = start
    rows = sum(block.w.size for block in likelihood.blocks)
    mean_weight = sum(float(block.w.sum()) for block in likelihood.blocks) / max(rows, 1)
    value, gradient, information = likelihood.evaluate(point)
    for iteration in range(1, maxiter + 1):
        step = _newton_step(information, gradient)
        decrement = float(step @ gradient)
        length = _keep_scale_positive(point[-1], step[-1])
        candidate = point + length * step
        trial = likelihood.evaluate(candidate)
        while not trial[0] >= value + 1e-4 * length * decrement - 1e-12 * (1 + abs(value)):
            length /= 2
            if length < 1e-12:
                return Optimum(point, value, information, False, iteration)
            candidate = point + length * step
            trial = likelihood.evaluate(candidate)
        point, (value, gradient, information) = candidate, trial
        if decrement <= tolerance * mean_weight and length == 1.0:
            return Optimum(point, value, information, True, iteration)
    return Optimum(point, value, information, False, maxiter)


def _newton_step(information: Floats, gradient: Floats) -> Floats:
    from numpy.linalg import LinAlgError, solve

    try:
        step = np.asarray(solve(information, gradient))
        usable = float(step @ gradient) >= 0
    except LinAlgError:
        usable = False
    if not usable:  # far from the optimum the information may be singular to working precision
        ridge = 1e-8 * np.diag(information).max() + np.finfo(float).tiny
        step = np.asarray(solve(information + ridge * np.eye(gradient.size), gradient))
    return step


def _keep_scale_positive(theta: float, change: float) -> float:
    return 1.0 if theta + change > 0.1 * theta else -0.9 * theta / change
