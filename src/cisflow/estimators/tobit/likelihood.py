r"""The Tobit likelihood in Olsen's form: numbers in, numbers out.

With :math:`\gamma = \beta/\sigma` and :math:`\theta = 1/\sigma` the log-likelihood is globally
concave, so Newton's method has one place to go (Olsen 1978, Econometrica 46:1211–1215). A row is
an interval ``[low, high]`` for the latent outcome: a point when the outcome is observed, open to
one side when it is at a limit, bounded when only a bracket is known. Observed rows enter through
:math:`X'WX`, :math:`X'Wy` and :math:`y'Wy` alone, which are computed once.

With weights :math:`w_i`, :math:`m = \sum w_i` over the observed rows, a row at the lower limit
written with side :math:`s_i = 1` and one at the upper with :math:`s_i = -1`,
:math:`u_i = s_i(\theta L_i - x_i\gamma)` and :math:`\lambda(u) = \phi(u)/\Phi(u)`:

.. math::
    \ell &= m\,(\log\theta - \tfrac12\log 2\pi) - \tfrac12\,(\theta^2 y'Wy
            - 2\theta\,\gamma'X'Wy + \gamma'X'WX\gamma) + \sum w_i \log\Phi(u_i) \\
    \partial\ell/\partial\gamma &= \theta X'Wy - X'WX\gamma - \sum w_i s_i\lambda(u_i)\,x_i' \\
    \partial\ell/\partial\theta &= m/\theta - \theta\,y'Wy + \gamma'X'Wy
            + \sum w_i s_i\lambda(u_i)\,L_i \\
    -\partial^2\ell &= \begin{pmatrix} X'WX & -X'Wy \\ \cdot & y'Wy + m/\theta^2 \end{pmatrix}
            + \sum w_i\,\lambda(u_i)\,(u_i + \lambda(u_i))\, v_i'v_i, \quad v_i = (-x_i, L_i)

A bracket's contribution is :math:`\log[\Phi(b) - \Phi(a)]` at :math:`b = \theta b_i - x_i\gamma`
and :math:`a` alike; its derivatives are those of :class:`Bracketed`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from math import log

import numpy as np
from numpy.typing import NDArray
from scipy.linalg.lapack import dposv, dpotrf
from scipy.sparse import csc_array
from scipy.special import erfcx, log_ndtr

from cisflow.estimators.arrays import Floats, Ints
from cisflow.estimators.tobit.threads import PIECE, along, cross, in_order, pieces

RUN = 50  # rows of one level beside each other, on average, from which they are summed as a block
FEW_LEVELS = 150
FEW_CELLS = 10_000  # rows × levels: fewer are summed by a product with ones and zeros
PROOF = 0.5  # one would do in exact arithmetic
CERTAIN = 8.0  # standard deviations: log Φ is zero to working precision
NEAR = 8  # rows of the table for each row picked
INDEPENDENT = 1e-5  # of a column's length must be left by the columns before it
EXACT = 1e-16  # squared standard errors per row: nearer, the information is right to eight digits
HALF_LOG_2PI = float(0.5 * np.log(2 * np.pi))
ROOT_HALF = float(np.sqrt(0.5))
ROOT_2_OVER_PI = float(np.sqrt(2 / np.pi))


def mills_ratio(u: Floats | float) -> Floats:
    r"""Inverse Mills ratio :math:`\phi(u)/\Phi(u)`, without overflow in either tail.

    Parameters
    ----------
    u : array, any shape

    Notes
    -----
    :math:`\phi(u)/\Phi(u) = \sqrt{2/\pi} \,/\, \mathrm{erfcx}(-u/\sqrt 2)`.
    """
    ratio: Floats = ROOT_2_OVER_PI / erfcx(u * -ROOT_HALF)
    return ratio


def log_probability(u: Floats, ratio: Floats) -> Floats:
    r"""Return :math:`\log\Phi(u) = \log\phi(u) - \log(\phi(u)/\Phi(u))` for ``u ≤ 8``.

    The absolute error is below 1e-14; the relative one is not small where Φ is almost one, which
    matters in no sum.
    """
    value: Floats = u * u
    value *= -0.5
    value -= HALF_LOG_2PI
    value -= np.log(ratio)
    return value


def log_interval_probability(low: Floats, high: Floats) -> Floats:
    r"""Return :math:`\log(\Phi(high) - \Phi(low))` for ``low < high``, stable in both tails."""
    flip = low > 0
    a = np.where(flip, -high, low)
    b = np.where(flip, -low, high)
    top = log_ndtr(b)
    value: Floats = top + np.log1p(-np.exp(log_ndtr(a) - top))
    return value


@dataclass(frozen=True)
class Outcome:
    """What is known of the latent outcome of each row.

    Attributes
    ----------
    value : (n,) array
        The outcome; its limit where it is at a limit; the lower end of a bracket.
    side : (n,) small integers
        −1 at or below the lower limit, 1 at or above the upper one, 0 observed or bracketed.
    end : (n,) array or None
        Upper ends, if there are brackets: larger than ``value`` there, and equal to it elsewhere.
    """

    value: Floats
    side: NDArray[np.int8]
    end: Floats | None = None

    @classmethod
    def between(cls, low: Floats, high: Floats) -> Outcome:
        """Describe latent outcomes in ``[low, high]``, each (n,); infinite where open."""
        below, above = np.isneginf(low), np.isposinf(high)
        value, end = np.where(below, high, low), np.where(above, low, high)
        side = above.view(np.int8) - below.view(np.int8)
        return cls(value, side, end if bool((end > value).any()) else None)

    @cached_property
    def low(self) -> Floats:
        """Lower bounds of the latent outcome, (n,)."""
        return np.where(self.side < 0, -np.inf, self.value)

    @cached_property
    def high(self) -> Floats:
        """Upper bounds of the latent outcome, (n,)."""
        return np.where(self.side > 0, np.inf, self.value if self.end is None else self.end)

    @cached_property
    def observed(self) -> NDArray[np.bool_]:
        """Rows whose outcome is known exactly, (n,)."""
        inside = self.side == 0
        return inside if self.end is None else inside & (self.value == self.end)

    def take(self, rows: Ints) -> Outcome:
        """Keep some rows."""
        end = None if self.end is None else self.end[rows]
        return Outcome(self.value[rows], self.side[rows], end)

    def rescaled(self, centre: float, spread: float) -> Outcome:
        """``(outcome − centre) / spread``."""
        end = None if self.end is None else (self.end - centre) / spread
        return Outcome((self.value - centre) / spread, self.side, end)


@dataclass(frozen=True)
class Design:
    """Regressors: dense columns, then the dummies of one absorbed categorical.

    Attributes
    ----------
    columns : (n, p) array
        Dense columns as given.
    codes : (n,) integers in 0…groups, or None
        Level of the absorbed categorical; level 0 is the base and has no column.
    groups : int
        Number of dummy columns (levels minus one).
    centre, spread : (p,) arrays or None
        The dense columns of the design are ``(columns − centre) / spread``, worked out for the
        rows and at the moment they are needed.
    last : bool
        Whether the last dense column comes after the dummies.
    """

    columns: Floats
    codes: Ints | None = None
    groups: int = 0
    centre: Floats | None = None
    spread: Floats | None = None
    last: bool = False

    @cached_property
    def dense(self) -> Floats:
        """Dense columns, shape (n, p)."""
        return self.columns if self.spread is None else self._gather(None, None)

    @property
    def n(self) -> int:
        """Number of rows."""
        return int(self.columns.shape[0])

    @property
    def k(self) -> int:
        """Number of columns, absorbed dummies included."""
        return int(self.columns.shape[1]) + self.groups

    def _gather(self, rows: Ints | None, last: Floats | None) -> Floats:
        """Dense columns of some rows (None: all), column by column in memory, as the sums run."""
        n, p = self.n if rows is None else rows.size, self.columns.shape[1]
        out = np.empty((n, p if last is None else p + 1), order="F")
        if last is not None:
            out[:, p] = last
        if self.spread is not None:
            centre = 0.0 if self.centre is None else self.centre[:, None]
            scale = 1 / self.spread[:, None]

        def fill(piece: slice) -> None:
            values = self.columns.T[:, piece] if rows is None else self._near(rows[piece])
            target = out.T[:p, piece]
            if self.spread is None:
                target[:] = values
            else:
                np.subtract(values, centre, out=target)
                target *= scale

        in_order(fill, pieces(n), n)
        return out

    def _near(self, rows: Ints) -> Floats:
        """Given columns of rows near each other, (p, rows): read in a sweep, then picked."""
        if self.n <= PIECE or not rows.size:
            return self.columns.T.take(rows, axis=1)
        first, last = int(rows.min()), int(rows.max()) + 1
        if last - first > NEAR * rows.size:
            return self.columns.T.take(rows, axis=1)
        return self.columns.T[:, first:last].take(rows - first, axis=1)

    def _split(self, coefficients: Floats) -> tuple[Floats, Floats]:
        """Coefficients of the dense columns and of the dummies."""
        first = self.columns.shape[1] - self.last
        dummies = coefficients[first : first + self.groups]
        if not self.last or self.codes is None:
            return coefficients[: self.columns.shape[1]], dummies
        return np.append(coefficients[:first], coefficients[-1]), dummies

    def times(self, coefficients: Floats) -> Floats:
        """``X @ coefficients``, shape (n,)."""
        if self.n > PIECE:
            parts = in_order(lambda s: self.piece(s).times(coefficients), pieces(self.n), self.n)
            return np.concatenate(parts)
        dense, dummies = self._split(coefficients)
        product = along(self.dense, dense)
        if self.codes is not None:
            product += np.concatenate([[0.0], dummies])[self.codes]
        return product

    def transpose_times(self, values: Floats) -> Floats:
        """``X' values`` for values of shape (n,); shape (k,)."""
        return self.cross(None, values)[1]

    def gram(self, weights: Floats | None = None) -> Floats:
        """``X' diag(weights) X``, shape (k, k)."""
        return self.cross(weights)[0]

    def cross(self, weights: Floats | None, *vectors: Floats) -> tuple[Floats, ...]:
        """``X' diag(weights) X`` (k, k), then ``X' v`` (k,) for each vector of shape (n,)."""

        def part(s: slice) -> tuple[Floats, ...]:
            w = None if weights is None else weights[s]
            return self.piece(s).sums(w, *(v[s] for v in vectors))

        sums = sum_up(in_order(part, pieces(self.n), self.n))
        return written_out(sums, self.groups, self.last)

    def piece(self, s: slice) -> Design:
        """Rows of a slice."""
        if s.stop == self.n and s.start == 0:
            return self
        codes = None if self.codes is None else self.codes[s]
        return Design(self.columns[s], codes, self.groups, self.centre, self.spread, self.last)

    def sums(self, weights: Floats | None, *vectors: Floats) -> tuple[Floats, ...]:
        """Give what :meth:`cross` adds up: dense products, and sums by level, weights last."""
        n, p = self.columns.shape
        rows = *vectors, 1.0 if weights is None else weights
        left = np.empty((p + len(rows), n))  # rows of X'W, then the vectors, then the weights
        np.multiply(self.dense.T, rows[-1], out=left[:p])
        for j, row in enumerate(rows, p):
            left[j] = row
        top = cross(left[:-1], self.dense.T)
        if self.codes is None:
            return (top,)
        return top, self.sum_by(self.codes, self.groups + 1, left.T)

    def by_level(self, rows: Ints) -> Ints:
        """Sort ``rows`` by level within each piece, so that sums by level run fast."""
        if self.codes is None or self.groups > FEW_LEVELS:
            return rows
        levels = self.codes.astype(np.uint8)[rows]
        parts = [rows[s][np.argsort(levels[s], kind="stable")] for s in pieces(rows.size)]
        return np.concatenate(parts) if parts else rows

    def moments(self, rows: Ints, weights: Floats, last: Floats) -> Floats:
        """``[X last]' diag(weights) [X last]`` over some rows, which are not kept; (k+1, k+1)."""

        def part(s: slice) -> tuple[Floats, ...]:
            return self.take(rows[s], last[s]).sums(weights[s])

        sums = sum_up(in_order(part, pieces(rows.size), rows.size))
        return written_out(sums, self.groups, True)[0]

    def score_sums(self, values: Floats, codes: Ints, groups: int) -> Floats:
        """Sum the rows of ``diag(values) X`` by group; shape (groups, k)."""

        def part(s: slice) -> tuple[Floats]:
            return (self.sum_by(codes[s], groups, self.piece(s).dense, values[s]),)

        parts = pieces(self.n, max(PIECE, groups))  # where each row is a group, one table of sums
        (dense,) = sum_up(in_order(part, parts, self.n))
        if self.codes is None:
            return dense
        cells = codes * (self.groups + 1) + self.codes
        counts = np.bincount(cells, values, groups * (self.groups + 1))
        return np.hstack([dense, counts.reshape(groups, -1)[:, 1:]])

    def take(self, rows: NDArray[np.bool_] | Ints, last: Floats | None = None) -> Design:
        """Keep some rows; with ``last`` (their number,), append a column after the dummies."""
        rows = np.flatnonzero(rows) if rows.dtype == bool else rows.astype(np.intp, copy=False)
        codes = None if self.codes is None else self.codes[rows]
        source = Design(self.dense) if "dense" in self.__dict__ else self
        dense = source._gather(rows, last)
        return Design(dense, codes, self.groups, last=self.last or last is not None)

    def select(self, columns: Ints) -> Design:
        """Keep some columns, in ascending order; a level without a column joins the base."""
        p = self.columns.shape[1]
        dense = columns[columns < p]
        if dense.size == p:
            X, centre, spread = self.columns, self.centre, self.spread
        else:
            X = self.columns[:, dense]
            centre = None if self.centre is None else self.centre[dense]
            spread = None if self.spread is None else self.spread[dense]
        if self.codes is None:
            return Design(X, None, 0, centre, spread)
        levels = columns[columns >= p] - p + 1
        place = np.zeros(self.groups + 1, dtype=np.intp)
        place[levels] = np.arange(1, levels.size + 1)
        return Design(X, place[self.codes], levels.size, centre, spread)

    def column(self, j: int) -> Floats:
        """One column, shape (n,)."""
        p = self.dense.shape[1]
        if j < p or self.codes is None:
            return self.dense[:, j]
        return (self.codes == j - p + 1).astype(float)

    def toarray(self) -> Floats:
        """Return the dense matrix, dummies written out (small problems only)."""
        if self.codes is None:
            return self.dense
        first = self.columns.shape[1] - self.last
        out = np.empty((self.n, self.k), order="F")
        out[:, :first], out[:, first + self.groups :] = self.dense[:, :first], self.dense[:, first:]
        levels = np.arange(1, self.groups + 1)[:, None]
        np.equal(levels, self.codes, out=out.T[first : first + self.groups])
        return out

    @staticmethod
    def sum_by(codes: Ints, groups: int, values: Floats, weights: Floats | None = None) -> Floats:
        """Sum the (weighted) rows of ``values`` (n, p) by group; shape (groups, p)."""
        n, p = values.shape
        starts = np.flatnonzero(codes[1:] != codes[:-1]) + 1
        if starts.size * RUN < n:  # sorted, at least piece by piece
            weighted = values.T if weights is None else values.T * weights
            first = np.concatenate([[0], starts])[:n]
            runs = np.add.reduceat(weighted, first, axis=1).T if n else np.empty((0, p))
            total = np.zeros((groups, p))
            np.add.at(total, codes[first], runs)
            return total
        if n * groups < FEW_CELLS:
            weighted = values if weights is None else values * weights[:, None]
            return np.asarray((np.arange(groups)[:, None] == codes).astype(float) @ weighted)
        entries = np.ones(n) if weights is None else weights
        indicator = csc_array((entries, codes, np.arange(n + 1)), shape=(groups, n))
        return np.asarray(indicator @ values)


def scaled_pivots(gram: Floats) -> Floats:
    """Diagonal of the Cholesky factor of a Gram matrix scaled to unit columns; zeros if it fails.

    Each is the share of a column's length that those before it leave unexplained.
    """
    diagonal = gram.diagonal()
    if bool((diagonal <= 0).any()):
        return np.zeros_like(diagonal)
    scale = 1 / np.sqrt(diagonal)
    factor, failed = dpotrf(gram * scale * scale[:, None])
    return np.zeros_like(diagonal) if failed else np.asarray(factor.diagonal())


def full_rank(gram: Floats) -> bool:
    """Say whether a Gram matrix is safely of full rank."""
    return bool(scaled_pivots(gram).min() > INDEPENDENT)


def sum_up(parts: list[tuple[Floats, ...]]) -> tuple[Floats, ...]:
    """Add tuples of arrays up, in their order."""
    total = parts[0]
    for part in parts[1:]:
        for a, b in zip(total, part, strict=True):
            a += b
    return total


def written_out(sums: Sequence[Floats], groups: int, last: bool) -> tuple[Floats, ...]:
    """Matrix (k, k) and vectors (k,) from :meth:`Design.sums`."""
    top, p = sums[0], sums[0].shape[1]
    if len(sums) == 1:
        return top[:p], *(top[j] for j in range(p, len(top)))
    by_level, first, k = sums[1][1:], p - last, p + groups
    dummies = slice(first, first + groups)
    dense = np.delete(np.arange(k), dummies)
    full = np.zeros((k, k))
    full[np.ix_(dense, dense)] = top[:p]
    full[dummies, dense] = by_level[:, :p]
    full[dense, dummies] = by_level[:, :p].T
    np.einsum("ii->i", full)[dummies] = by_level[:, -1]
    vectors = np.empty((len(top) - p, k))
    vectors[:, dense], vectors[:, dummies] = top[p:], by_level[:, p:-1].T
    return full, *vectors


@dataclass(frozen=True)
class Exact:
    """Rows whose outcome is observed: the rows ``index`` of a design."""

    design: Design
    y: Floats
    w: Floats
    index: Ints

    @cached_property
    def X(self) -> Design:  # noqa: N802 — as in the other blocks
        """Their regressors."""
        return self.design.take(self.index)

    @cached_property
    def moments(self) -> tuple[float, Floats]:
        """Sum of weights, and of ``w v v'`` with ``v = (x, −y)``, (k+1, k+1)."""
        return float(np.add.reduce(self.w)), self.design.moments(self.index, self.w, -self.y)

    def loglik_rows(self, parameters: Floats) -> Floats:
        """Log density of each row, unweighted, shape (n,)."""
        z = self._error(parameters)
        rows: Floats = np.log(parameters[-1]) - HALF_LOG_2PI - 0.5 * z * z
        return rows

    def _error(self, parameters: Floats) -> Floats:
        error: Floats = parameters[-1] * self.y
        error -= self.design.times(parameters[:-1])[self.index]
        return error

    def evaluate(self, parameters: Floats) -> tuple[float, Floats, Floats]:
        """Log-likelihood, gradient (k+1,) and information (k+1, k+1)."""
        m, both = self.moments
        theta = float(parameters[-1])
        pull = both @ parameters
        value = m * (log(theta) - HALF_LOG_2PI) - 0.5 * float(parameters @ pull)
        gradient, information = -pull, both.copy()
        gradient[-1] += m / theta
        information[-1, -1] += m / theta**2
        return value, gradient, information

    def score_parts(self, parameters: Floats) -> tuple[Floats, Floats]:
        """Score of a row is ``(a x, b)``; return ``a`` and ``b``, unweighted, shape (n,)."""
        z = self._error(parameters)
        return z, 1 / parameters[-1] - z * self.y

    def curvature_parts(self, parameters: Floats) -> tuple[Floats, Floats, Floats]:
        """Information of a row in (xγ, θ): first, mixed and last entry, unweighted, each (n,)."""
        return np.ones_like(self.y), -self.y, self.y**2 + 1 / parameters[-1] ** 2


@dataclass(frozen=True)
class AtLimit:
    """Rows known only to lie beyond a bound: below it (away −1) or above it (away +1).

    ``V`` has the rows ``(x, −bound)``.
    """

    V: Design
    bound: Floats
    away: Floats
    w: Floats
    index: Ints

    def loglik_rows(self, parameters: Floats) -> Floats:
        """Log probability of each row, unweighted, shape (n,)."""
        rows: Floats = log_ndtr(self.away * self.V.times(parameters))
        return rows

    def evaluate(self, parameters: Floats) -> tuple[float, Floats, Floats]:
        """Log-likelihood, gradient (k+1,) and information (k+1, k+1)."""
        n = self.w.size
        if n <= PIECE:
            value, *sums = self._sums(slice(0, n), parameters)
        else:
            parts = in_order(lambda s: self._sums(s, parameters), pieces(n), n)
            value, *sums = sum_up(parts)
        information, gradient = written_out(sums, self.V.groups, True)
        return float(value), gradient, information

    def _sums(self, s: slice, parameters: Floats) -> tuple[Floats, ...]:
        V, away, w = self.V.piece(s), self.away[s], self.w[s]
        u = V.times(parameters)
        u *= away
        np.minimum(u, CERTAIN, out=u)
        ratio = mills_ratio(u)
        slope = w * ratio
        value = w @ log_probability(u, ratio)
        u += ratio
        curvature = np.maximum(u, 0.0, out=u)
        curvature *= slope
        slope *= away
        return np.array(value), *V.sums(curvature, slope)

    def barred(self, parameters: Floats, step: Floats) -> bool:
        """Say whether a step is so short that no row is on its way to infinity."""
        u = np.minimum(self.away * self.V.times(parameters), CERTAIN)
        u += mills_ratio(u)
        u *= self.V.times(step)
        return bool(np.abs(u).max() < PROOF)

    def score_parts(self, parameters: Floats) -> tuple[Floats, Floats]:
        """Score of a row is ``(a x, b)``; return ``a`` and ``b``, unweighted, shape (n,)."""
        slope = self.away * mills_ratio(self.away * self.V.times(parameters))
        return slope, -slope * self.bound

    def curvature_parts(self, parameters: Floats) -> tuple[Floats, Floats, Floats]:
        """Information of a row in (xγ, θ): first, mixed and last entry, unweighted, each (n,)."""
        u = self.away * self.V.times(parameters)
        ratio = mills_ratio(u)
        curvature = ratio * np.maximum(u + ratio, 0.0)
        return curvature, -curvature * self.bound, curvature * self.bound**2


@dataclass(frozen=True)
class Bracketed:
    """Rows known to lie between two finite bounds (interval-censored)."""

    X: Design
    low: Floats
    high: Floats
    w: Floats
    index: Ints

    def _parts(self, parameters: Floats) -> tuple[Floats, ...]:
        theta, xg = parameters[-1], self.X.times(parameters[:-1])
        a, b = theta * self.low - xg, theta * self.high - xg
        logp = log_interval_probability(a, b)
        density_a = np.exp(-0.5 * a * a - HALF_LOG_2PI - logp)
        density_b = np.exp(-0.5 * b * b - HALF_LOG_2PI - logp)
        return logp, a, b, density_a, density_b

    def loglik_rows(self, parameters: Floats) -> Floats:
        """Log probability of each row, unweighted, shape (n,)."""
        return self._parts(parameters)[0]

    def evaluate(self, parameters: Floats) -> tuple[float, Floats, Floats]:
        """Log-likelihood, gradient (k+1,) and information (k+1, k+1)."""
        logp, _, _, pa, pb = self._parts(parameters)
        w, k = self.w, self.X.k
        gradient = np.append(
            -self.X.transpose_times(w * (pb - pa)), w @ (pb * self.high - pa * self.low)
        )
        first, mixed, last = (w * part for part in self.curvature_parts(parameters))
        information = np.empty((k + 1, k + 1))
        information[:k, :k] = self.X.gram(first)
        information[k, :k] = information[:k, k] = self.X.transpose_times(mixed)
        information[k, k] = last.sum()
        return float(w @ logp), gradient, information

    def curvature_parts(self, parameters: Floats) -> tuple[Floats, Floats, Floats]:
        """Information of a row in (xγ, θ): first, mixed and last entry, unweighted, each (n,)."""
        _, a, b, pa, pb = self._parts(parameters)
        low, high = self.low, self.high
        upper, lower, both = pb * (b + pb), pa * (pa - a), -pa * pb
        edge = upper * high + lower * low + both * (high + low)
        corner = upper * high**2 + lower * low**2 + 2 * both * high * low
        return upper + lower + 2 * both, -edge, corner

    def score_parts(self, parameters: Floats) -> tuple[Floats, Floats]:
        """Score of a row is ``(a x, b)``; return ``a`` and ``b``, unweighted, shape (n,)."""
        _, _, _, pa, pb = self._parts(parameters)
        return pa - pb, pb * self.high - pa * self.low


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
        first, *others = (block.evaluate(parameters) for block in self.blocks)
        value, gradient, information = first
        for part in others:
            value += part[0]
            gradient += part[1]
            information += part[2]
        return value, gradient, information

    def certainly_estimable(self) -> bool:
        """Say whether the observed rows alone show that every coefficient and σ exist.

        Their regressors have full column rank, and do not fit their outcomes.
        """
        exact = self.blocks[0]
        if not isinstance(exact, Exact) or exact.index.size <= self.k:
            return False
        # The last pivot of [X y]'W[X y] is what the regressors leave of y.
        pivots = scaled_pivots(exact.moments[1])
        return bool(pivots[:-1].min() > INDEPENDENT and pivots[-1] > 1e-3)

    def has_maximum(self, optimum: Optimum) -> bool:
        r"""Say whether Newton's last step proves that the likelihood has a maximum.

        Suppose the likelihood rose for ever along d. Rows at a limit then move away from it, by
        :math:`d_i \ge 0`, observed ones stay, and :math:`g'd` is a sum of
        :math:`w_i \lambda_i d_i`. The step s solves :math:`g = Hs`, so it is the sum of
        :math:`w_i \lambda_i (u_i + \lambda_i) s_i d_i` too. Both cannot be if
        :math:`(u_i + \lambda_i)|s_i| < 1` in every row, whatever the weights and units. The
        same holds for θ, along which σ tends to zero, with :math:`|s_\theta| < \theta`.
        """
        step, theta = optimum.step, float(optimum.parameters[-1] - optimum.step[-1])
        if not (full_rank(optimum.information) and abs(step[-1]) < PROOF * theta):
            return False  # or the step is not known well enough to prove anything
        return all(
            isinstance(block, Exact)
            or (isinstance(block, AtLimit) and block.barred(optimum.parameters - step, step))
            for block in self.blocks
        )

    def loglik_rows(self, parameters: Floats) -> Floats:
        """Unweighted log-likelihood of every row in the caller's order, shape (n,)."""
        rows = np.zeros(self.n)
        for block in self.blocks:
            rows[block.index] = block.loglik_rows(parameters)
        return rows

    def score_parts(self, parameters: Floats) -> tuple[Floats, Floats]:
        """Score of row i in (γ, θ) is ``(a_i x_i, b_i)``; return a and b in the caller's order."""
        a, b = np.zeros(self.n), np.zeros(self.n)
        for block in self.blocks:
            a[block.index], b[block.index] = block.score_parts(parameters)
        return a, b

    def curvature_parts(self, parameters: Floats) -> Floats:
        """Information of each row in (xγ, θ), unweighted, in the caller's order, (n, 2, 2)."""
        parts = np.zeros((self.n, 2, 2))
        for block in self.blocks:
            first, mixed, last = block.curvature_parts(parameters)
            parts[block.index, 0, 0], parts[block.index, 1, 1] = first, last
            parts[block.index, 0, 1] = parts[block.index, 1, 0] = mixed
        return parts


def build_likelihood(
    X: Design,
    outcome: Outcome,
    w: Floats,
    use: Ints | None = None,
    centre: float = 0.0,
    spread: float = 1.0,
) -> Likelihood:
    """Sort the rows ``use`` (None: all) into observed, at a limit and bracketed.

    Parameters
    ----------
    X : Design of n rows
    outcome : Outcome of n rows
    w : (n,) array
        Weight of each row in the likelihood.
    use : integers
        Rows that enter; rows fitted with probability one are left out.
    centre, spread : float
        The likelihood is that of (outcome − centre) / spread.
    """
    kinds = [outcome.observed, outcome.side != 0]
    if outcome.end is not None:
        kinds.append(outcome.end > outcome.value)
    if use is not None and use.size < X.n:
        used = np.zeros(X.n, dtype=bool)
        used[use] = True
        kinds = [kind & used for kind in kinds]
    exact, limit, *bracket = (X.by_level(kind.nonzero()[0]) for kind in kinds)
    blocks: list[Exact | AtLimit | Bracketed] = []
    if exact.size:
        blocks.append(Exact(X, (outcome.value[exact] - centre) / spread, w[exact], exact))
    if limit.size:
        bound = (outcome.value[limit] - centre) / spread
        away = outcome.side[limit].astype(float)
        blocks.append(AtLimit(X.take(limit, -bound), bound, away, w[limit], limit))
    if outcome.end is not None and bracket[0].size:
        rows = bracket[0]
        low, high = ((end[rows] - centre) / spread for end in (outcome.value, outcome.end))
        blocks.append(Bracketed(X.take(rows), low, high, w[rows], rows))
    return Likelihood(tuple(blocks), X.n, X.k)


@dataclass(frozen=True)
class Optimum:
    """Where Newton's method stopped."""

    parameters: Floats
    value: float
    information: Floats
    converged: bool
    iterations: int
    step: Floats  # the last of Newton's, to ``parameters``


def maximise(
    likelihood: Likelihood, start: Floats, maxiter: int = 100, tolerance: float = 1e-12
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
    weight = sum(float(np.add.reduce(block.w)) for block in likelihood.blocks)
    mean_weight = weight / sum(block.w.size for block in likelihood.blocks)
    value, gradient, information = likelihood.evaluate(point)
    for iteration in range(1, maxiter + 1):
        step, decrement = _newton_step(information, gradient)
        if decrement <= EXACT * weight:
            return Optimum(point + step, value + decrement / 2, information, True, iteration, step)
        length = _keep_scale_positive(point[-1], step[-1])
        candidate = point + length * step
        trial = likelihood.evaluate(candidate)
        while not trial[0] >= value + 1e-4 * length * decrement - 1e-12 * (1 + abs(value)):
            length /= 2
            if length < 1e-12:
                return Optimum(point, value, information, False, iteration, step)
            candidate = point + length * step
            trial = likelihood.evaluate(candidate)
        point, (value, gradient, information) = candidate, trial
        if decrement <= tolerance * mean_weight and length == 1.0:
            return Optimum(point, value, information, True, iteration, step)
    return Optimum(point, value, information, False, maxiter, step)


def _newton_step(information: Floats, gradient: Floats) -> tuple[Floats, float]:
    """Newton's step and its squared length in standard errors."""
    _, step, failed = dposv(information, gradient)  # half of what a solver of any matrix takes
    decrement = -1.0 if failed else float(step @ gradient)
    if not decrement >= 0:  # far from the optimum the information may be nearly singular
        ridge = 1e-8 * np.diag(information).max() + np.finfo(float).tiny
        step = np.asarray(np.linalg.solve(information + ridge * np.eye(gradient.size), gradient))
        decrement = float(step @ gradient)
    return step, decrement


def _keep_scale_positive(theta: float, change: float) -> float:
    return 1.0 if theta + change > 0.1 * theta else -0.9 * theta / change
