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

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.special import erfcx, log_ndtr

from cisflow.models.tobit_threads import PIECE, along, cross, in_order, pieces

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]

SMALL = 20_000  # rows
RUN = 50  # rows of one level beside each other, on average, from which they are summed as a block
FEW_LEVELS = 150
FEW_LOGARITHMS = 1_000  # below, one call to log_ndtr is quicker
INDEPENDENT = 1e-5  # of a column's length must be left by the columns before it
EXACT = 1e-16  # squared standard errors per row: nearer, the information is right to eight digits
HALF_LOG_2PI = float(0.5 * np.log(2 * np.pi))
ROOT_HALF = float(np.sqrt(0.5))
ROOT_2_OVER_PI = float(np.sqrt(2 / np.pi))


def mills_ratio(u: Floats) -> Floats:
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
    r"""Return :math:`\log\Phi(u) = \log\phi(u) - \log(\phi(u)/\Phi(u))`, given the ratio.

    The absolute error is below 1e-14; the relative one is not small where Φ is almost one, which
    matters in no sum.
    """
    if u.size < FEW_LOGARITHMS:
        return np.asarray(log_ndtr(u))
    near = np.minimum(u, 8.0)  # beyond, log Φ is zero to working precision
    with np.errstate(divide="ignore"):
        value: Floats = -0.5 * near * near - HALF_LOG_2PI - np.log(ratio)
    return np.where(u > 8.0, 0.0, value)


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
    columns : (n, p) array
        Dense columns as given.
    codes : (n,) integers in 0…groups, or None
        Level of the absorbed categorical; level 0 is the base and has no column.
    groups : int
        Number of dummy columns (levels minus one).
    centre, spread : (p,) arrays or None
        The dense columns of the design are ``(columns − centre) / spread``, worked out for the
        rows and at the moment they are needed.
    """

    columns: Floats
    codes: Ints | None = None
    groups: int = 0
    centre: Floats | None = None
    spread: Floats | None = None

    @cached_property
    def dense(self) -> Floats:
        """Dense columns, shape (n, p)."""
        return self.columns if self.spread is None else self._standardised(None)

    @property
    def n(self) -> int:
        """Number of rows."""
        return int(self.columns.shape[0])

    @property
    def k(self) -> int:
        """Number of columns, absorbed dummies included."""
        return int(self.columns.shape[1]) + self.groups

    def _standardised(self, rows: NDArray[np.bool_] | Ints | None) -> Floats:
        """Dense columns of some rows (None: all), column by column in memory, as the sums run."""
        if rows is not None and rows.dtype == bool:
            rows = np.flatnonzero(rows)
        n, p = self.n if rows is None else rows.size, self.columns.shape[1]
        out = np.empty((n, p), order="F")
        centre = np.zeros(p) if self.centre is None else self.centre
        spread = np.ones(p) if self.spread is None else self.spread

        def fill(piece: slice) -> None:
            given = self.columns.T
            values = given[:, piece] if rows is None else given.take(rows[piece], axis=1)
            np.subtract(values, centre[:, None], out=out.T[:, piece])
            out.T[:, piece] /= spread[:, None]

        in_order(fill, pieces(n), n)
        return out

    def times(self, coefficients: Floats) -> Floats:
        """``X @ coefficients``, shape (n,)."""
        p = self.columns.shape[1]
        product = along(self.dense, coefficients[:p])
        if self.codes is not None:
            product += np.concatenate([[0.0], coefficients[p:]])[self.codes]
        return product

    def transpose_times(self, values: Floats) -> Floats:
        """``X' values`` for values of shape (n,); shape (k,)."""
        return self.cross(None, values)[1]

    def gram(self, weights: Floats | None = None) -> Floats:
        """``X' diag(weights) X``, shape (k, k)."""
        return self.cross(weights)[0]

    def cross(self, weights: Floats | None, *vectors: Floats) -> tuple[Floats, ...]:
        """``X' diag(weights) X`` (k, k), then ``X' v`` (k,) for each vector of shape (n,)."""
        parts = in_order(lambda s: self._cross_of(s, weights, vectors), pieces(self.n), self.n)
        return sum_up(parts) if parts else self._cross_of(slice(0), weights, vectors)

    def _cross_of(
        self, piece: slice, weights: Floats | None, vectors: tuple[Floats, ...]
    ) -> tuple[Floats, ...]:
        w = None if weights is None else weights[piece]
        codes = None if self.codes is None else self.codes[piece]
        return weighted_cross(
            self.dense[piece], codes, self.groups, w, tuple(v[piece] for v in vectors)
        )

    def by_level(self, rows: Ints) -> Ints:
        """Sort ``rows`` by level within each piece, so that sums by level run fast."""
        if self.codes is None or self.groups > FEW_LEVELS:
            return rows
        levels = self.codes.astype(np.uint8)[rows]
        parts = [rows[s][np.argsort(levels[s], kind="stable")] for s in pieces(rows.size)]
        return np.concatenate(parts) if parts else rows

    def moments(self, rows: Ints, weights: Floats | None, vector: Floats) -> tuple[Floats, Floats]:
        """``X' diag(weights) X`` and ``X' vector`` over some rows, without keeping those rows."""

        def part(piece: slice) -> tuple[Floats, ...]:
            X = self.take(rows[piece])
            w = None if weights is None else weights[piece]
            return weighted_cross(X.dense, X.codes, self.groups, w, (vector[piece],))

        gram, product = sum_up(in_order(part, pieces(rows.size), rows.size))
        return gram, product

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
        if self.spread is None or "dense" in self.__dict__:
            return Design(self.dense[rows], codes, self.groups)
        return Design(self._standardised(rows), codes, self.groups)

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
        starts = np.flatnonzero(codes[1:] != codes[:-1]) + 1
        if starts.size * RUN < n:  # sorted, at least piece by piece
            weighted = values.T if weights is None else values.T * weights
            first = np.concatenate([[0], starts])[:n]
            runs = np.add.reduceat(weighted, first, axis=1).T if n else np.empty((0, p))
            total = np.zeros((groups, p))
            np.add.at(total, codes[first], runs)
            return total
        if n < SMALL:  # one call; a sparse product pays only in long tables
            weighted = values if weights is None else values * weights[:, None]
            cells = (codes[:, None] * p + np.arange(p)).ravel()
            sums: Floats = np.bincount(cells, weighted.ravel(), groups * p).astype(float)
            return sums.reshape(groups, p)
        from scipy.sparse import csc_array

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
    try:
        return np.asarray(np.linalg.cholesky(gram * scale * scale[:, None]).diagonal())
    except np.linalg.LinAlgError:
        return np.zeros_like(diagonal)


def full_rank(gram: Floats) -> bool:
    """Say whether a Gram matrix is safely of full rank."""
    return bool(scaled_pivots(gram).min() > INDEPENDENT)


def bordered(square: Floats, edge: Floats, corner: float) -> Floats:
    """Put a last row and column, the same, around a symmetric matrix (k, k)."""
    k = edge.size
    full = np.empty((k + 1, k + 1))
    full[:k, :k] = square
    full[k, :k] = full[:k, k] = edge
    full[k, k] = corner
    return full


def sum_up(parts: list[tuple[Floats, ...]]) -> tuple[Floats, ...]:
    """Add tuples of arrays up, in their order."""
    total = parts[0]
    for part in parts[1:]:
        for a, b in zip(total, part, strict=True):
            a += b
    return total


def weighted_cross(
    dense: Floats,
    codes: Ints | None,
    groups: int,
    weights: Floats | None,
    vectors: tuple[Floats, ...] = (),
) -> tuple[Floats, ...]:
    """``X' diag(weights) X`` and ``X' v`` for each vector, over the rows of one piece."""
    n, p = dense.shape
    left = np.empty((p + len(vectors), n))  # rows of X'W, then the vectors
    if weights is None:
        left[:p] = dense.T
    else:
        np.multiply(dense.T, weights, out=left[:p])
    for j, vector in enumerate(vectors, p):
        left[j] = vector
    top = cross(left, dense.T)
    if codes is None:
        return top[:p], *top[p:]
    k = p + groups
    full = np.zeros((k, k))
    full[:p, :p] = top[:p]
    by_level = Design.sum_by(codes, groups + 1, left.T)[1:]
    full[p:, :p] = by_level[:, :p]
    full[:p, p:] = by_level[:, :p].T
    full[range(p, k), range(p, k)] = np.bincount(codes, weights, groups + 1)[1:]
    return full, *(np.concatenate([top[j], by_level[:, j]]) for j in range(p, p + len(vectors)))


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
        """Sum of weights, and ``V'WV`` of the rows ``(−x, y)``, (k+1, k+1)."""
        wy = self.w * self.y
        unit = bool((self.w == 1).all())
        gram, product = self.design.moments(self.index, None if unit else self.w, wy)
        return float(self.w.sum()), bordered(gram, -product, float(wy @ self.y))

    def loglik_rows(self, gamma: Floats, theta: float) -> Floats:
        """Log density of each row, unweighted, shape (n,)."""
        z = theta * self.y - self.X.times(gamma)
        rows: Floats = np.log(theta) - HALF_LOG_2PI - 0.5 * z * z
        return rows

    def evaluate(self, parameters: Floats) -> tuple[float, Floats, Floats]:
        """Log-likelihood, gradient (k+1,) and information (k+1, k+1) in (γ, θ)."""
        m, VV = self.moments
        theta = float(parameters[-1])
        gradient = VV @ -parameters
        value = m * (np.log(theta) - HALF_LOG_2PI) + 0.5 * float(gradient @ parameters)
        gradient[-1] += m / theta
        information = VV.copy()
        information[-1, -1] += m / theta**2
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

    @cached_property
    def signed(self) -> Floats:
        """Rows ``side × (−x, bound)``, whose product with (γ, θ) is u; shape (n, k+1)."""
        rows = np.column_stack([-self.X.dense, self.bound])
        rows *= self.side[:, None]
        return rows

    def evaluate(self, parameters: Floats) -> tuple[float, Floats, Floats]:
        """Log-likelihood, gradient (k+1,) and information (k+1, k+1) in (γ, θ)."""
        n = self.w.size
        if n <= PIECE and self.X.codes is None:
            u = self.signed @ parameters
            value, slope, curvature = self._derivatives(u, self.w)
            return value, slope @ self.signed, cross(self.signed.T * curvature, self.signed.T)
        gamma, theta = parameters[:-1], float(parameters[-1])
        parts = in_order(lambda s: self._evaluate_piece(s, gamma, theta), pieces(n), n)
        numbers, gram, pull, mixed = sum_up(parts)
        gradient = np.append(-pull, numbers[1])
        return float(numbers[0]), gradient, bordered(gram, -mixed, numbers[2])

    @staticmethod
    def _derivatives(u: Floats, w: Floats) -> tuple[float, Floats, Floats]:
        """Sum of w log Φ(u), and w λ and w λ (u + λ) of each row; ``u`` is overwritten."""
        ratio = mills_ratio(u)
        slope = w * ratio
        value = float(w @ log_probability(u, ratio))
        u += ratio
        return value, slope, slope * np.maximum(u, 0.0, out=u)

    def _evaluate_piece(self, s: slice, gamma: Floats, theta: float) -> tuple[Floats, ...]:
        p = self.X.columns.shape[1]
        codes = None if self.X.codes is None else self.X.codes[s]
        X, side, bound, w = self.X.dense[s], self.side[s], self.bound[s], self.w[s]
        u = theta * bound
        u -= along(X, gamma[:p])
        if codes is not None:
            u -= np.concatenate([[0.0], gamma[p:]])[codes]
        u *= side
        value, slope, curvature = self._derivatives(u, w)
        slope *= side
        edge = curvature * bound
        sums = weighted_cross(X, codes, self.X.groups, curvature, (slope, edge))
        return np.array([value, slope @ bound, edge @ bound]), *sums

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

    def evaluate(self, parameters: Floats) -> tuple[float, Floats, Floats]:
        """Log-likelihood, gradient (k+1,) and information (k+1, k+1) in (γ, θ)."""
        logp, a, b, pa, pb = self._parts(parameters[:-1], float(parameters[-1]))
        w = self.w
        gradient = np.append(
            -self.X.transpose_times(w * (pb - pa)), w @ (pb * self.high - pa * self.low)
        )
        upper, lower, both = w * pb * (b + pb), w * pa * (pa - a), -w * pa * pb
        gram = self.X.gram(upper + lower + 2 * both)
        edge = upper * self.high + lower * self.low + both * (self.high + self.low)
        corner = upper * self.high**2 + lower * self.low**2 + 2 * both * self.high * self.low
        information = bordered(gram, -self.X.transpose_times(edge), float(corner.sum()))
        return float(w @ logp), gradient, information

    def score_parts(self, gamma: Floats, theta: float) -> tuple[Floats, Floats]:
        """Score of a row is ``(a x, b)``; return ``a`` and ``b``, unweighted, shape (n,)."""
        _, _, _, pa, pb = self._parts(gamma, theta)
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
        value, gradient, information = self.blocks[0].evaluate(parameters)
        for block in self.blocks[1:]:
            part = block.evaluate(parameters)
            value += part[0]
            gradient += part[1]
            information += part[2]
        return value, gradient, information

    def certainly_estimable(self) -> bool:
        """Say whether the observed rows alone show that every coefficient and σ exist.

        Their regressors have full column rank, and do not fit their outcomes.
        """
        exact = self.blocks[0] if self.blocks else None
        if not isinstance(exact, Exact) or exact.index.size <= self.k:
            return False
        # The last pivot of [X y]'W[X y] is what the regressors leave of y.
        pivots = scaled_pivots(exact.moments[1])
        return bool(pivots[:-1].min() > INDEPENDENT and pivots[-1] > 1e-3)

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


def build_likelihood(
    X: Design, low: Floats, high: Floats, w: Floats, use: Ints | None = None
) -> Likelihood:
    """Sort the rows ``use`` (None: all) into observed, at a limit and bracketed.

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
    below, observed = np.isinf(low), low == high
    open_ended = below | np.isinf(high)
    if use is not None and use.size < X.n:
        used = np.zeros(X.n, dtype=bool)
        used[use] = True
        observed &= used
        open_ended &= used
    exact, limit = (X.by_level(np.flatnonzero(mask)) for mask in (observed, open_ended))
    blocks: list[Exact | AtLimit | Bracketed] = []
    if exact.size:
        blocks.append(Exact(X, low[exact], w[exact], exact))
    if limit.size:
        under = below[limit]
        bound = np.where(under, high[limit], low[limit])
        side = np.where(under, 1.0, -1.0)
        blocks.append(AtLimit(X.take(limit), bound, side, w[limit], limit))
    if exact.size + limit.size < (X.n if use is None else use.size):
        bracket = (
            ~(observed | open_ended)
            if use is None or use.size == X.n
            else (used & ~observed & ~open_ended)
        )
        rest = np.flatnonzero(bracket)
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
    rows = sum(block.w.size for block in likelihood.blocks)
    weight = sum(float(block.w.sum()) for block in likelihood.blocks)
    mean_weight = weight / max(rows, 1)
    value, gradient, information = likelihood.evaluate(point)
    for iteration in range(1, maxiter + 1):
        step = _newton_step(information, gradient)
        decrement = float(step @ gradient)
        if decrement <= EXACT * weight:
            return Optimum(point + step, value + decrement / 2, information, True, iteration)
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
