"""Units in which a Tobit likelihood is well behaved, and where to start in them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cisflow.models.tobit_likelihood import (
    AtLimit,
    Design,
    Exact,
    Floats,
    Ints,
    Likelihood,
    maximise,
    mills_ratio,
    sum_up,
)
from cisflow.models.tobit_threads import in_order, pieces

MANY = 10_000  # rows at a limit, from which a part of them shows the way


@dataclass(frozen=True)
class Scaling:
    """Units the likelihood is maximised in: centred regressors and outcome of unit spread.

    Attributes
    ----------
    order : (k,) integers
        Working column j is the caller's column ``order[j]``; the intercept comes first.
    mean, spread : (k,) arrays
        Working column = (column − mean) / spread.
    y_mean, y_spread : float
    intercept : bool
        Whether the first working column is the intercept.
    """

    order: Ints
    mean: Floats
    spread: Floats
    y_mean: float
    y_spread: float
    intercept: bool

    def standardise(self, design: Design) -> Design:
        """Bring the caller's design into these units; its columns are worked out when needed."""
        p = design.columns.shape[1]
        order = self.order[:p]
        columns = design.columns
        if bool((order != np.arange(p)).any()):
            columns = columns[:, order]
        return Design(columns, design.codes, design.groups, self.mean[:p], self.spread[:p])

    def back(self, keep: Ints) -> Floats:
        """Matrix from working to original coefficients of the working columns ``keep``."""
        matrix = np.diag(1 / self.spread[keep])
        if self.intercept:
            matrix[0, 1:] = -self.mean[keep[1:]] / self.spread[keep[1:]] / self.spread[0]
        return matrix * self.y_spread


def column_totals(X: Floats) -> tuple[Floats, Floats]:
    """Sum and sum of squares of each column of (n, k), each of shape (k,)."""

    def part(piece: slice) -> tuple[Floats, Floats]:
        values = X[piece].T
        return values.sum(axis=1), np.einsum("ji,ji->j", values, values)

    total, squares = sum_up(in_order(part, pieces(X.shape[0]), X.shape[0]))
    return total, squares


def choose_scaling(
    X: Floats, totals: tuple[Floats, Floats], low: Floats, high: Floats, groups: int = 0
) -> Scaling:
    """Centre and scale, so that money in cents and shares are equally well behaved.

    Without an intercept nothing is centred: the model would change. The ``groups`` dummies of an
    absorbed categorical come last and stay as they are. ``totals`` are those of
    :func:`column_totals`.
    """
    n, k = X.shape
    mean = totals[0] / n
    spread = np.sqrt(np.maximum(totals[1] / n - mean**2, 0.0))
    size = np.abs(mean)
    doubtful = spread <= 1e-6 * size  # cancellation: measure these again
    for j in np.flatnonzero(doubtful):
        spread[j] = float(np.sqrt(np.mean((X[:, j] - mean[j]) ** 2)))
    constant = spread <= 1e-14 * size
    order = np.arange(k)
    first = np.flatnonzero(constant & (size > 0))
    if first.size:
        order = np.concatenate([first[:1], np.delete(order, first[0])])
        mean = np.where(constant, 0.0, mean)
        spread = np.where(constant, np.where(size > 0, X[0], 1.0), spread)
    else:
        spread = np.sqrt(spread**2 + mean**2)
        spread = np.where(spread > 0, spread, 1.0)
        mean = np.zeros(k)
    known = np.where(np.isinf(low), high, low)
    y_mean = float(known.mean()) if first.size else 0.0
    known -= y_mean
    y_spread = float(np.sqrt(np.einsum("i,i->", known, known) / known.size))
    return Scaling(
        np.concatenate([order, k + np.arange(groups)]),
        np.concatenate([mean[order], np.zeros(groups)]),
        np.concatenate([spread[order], np.ones(groups)]),
        y_mean,
        y_spread if y_spread > 0 else 1.0,
        bool(first.size),
    )


def starting_values(likelihood: Likelihood, intercept: bool) -> Floats:
    """Optimum of the model without regressors, with one limit to each side; shape (k+1,)."""
    weight, product, square = 0.0, 0.0, 0.0
    limits: list[tuple[float, float, float]] = []
    for block in likelihood.blocks:
        if isinstance(block, AtLimit):
            limits += _sides(block)
            continue
        y = block.y if isinstance(block, Exact) else (block.low + block.high) / 2
        wy = block.w * y
        weight += float(block.w.sum())
        product += float(wy.sum())
        square += float((wy * y).sum())
    start = np.zeros(likelihood.k + 1)
    gamma, start[-1] = _without_regressors(weight, product, square, limits, intercept)
    start[0] = gamma if intercept else 0.0
    return start


def _sides(block: AtLimit) -> list[tuple[float, float, float]]:
    """Side, weight and mean limit of the rows at the lower and at the upper limit."""
    found = []
    for side in (1.0, -1.0):
        w = np.where(block.side == side, block.w, 0.0)
        weight = float(w.sum())
        if weight > 0:
            found.append((side, weight, float((w * block.bound).sum()) / weight))
    return found


def _without_regressors(
    weight: float,
    product: float,
    square: float,
    limits: list[tuple[float, float, float]],
    intercept: bool,
) -> tuple[float, float]:
    """Newton's method in the two numbers γ₀ and θ; near enough for a start."""
    gamma, theta = 0.0, 1.0
    for _ in range(12):
        pull = theta * product - weight * gamma if intercept else 0.0
        push = weight / theta - theta * square + gamma * product
        gg, gt, tt = weight, -product, square + weight / theta**2
        for side, w, bound in limits:
            u = side * (theta * bound - gamma)
            ratio = float(mills_ratio(np.asarray(u)))
            slope, curvature = w * side * ratio, w * ratio * max(u + ratio, 0.0)
            pull -= slope if intercept else 0.0
            push += slope * bound
            gg += curvature
            gt -= curvature * bound
            tt += curvature * bound**2
        gt = gt if intercept else 0.0
        determinant = gg * tt - gt * gt
        if not determinant > 0:
            return 0.0, 1.0
        change = (tt * pull - gt * push) / determinant, (gg * push - gt * pull) / determinant
        gamma, theta = gamma + change[0], max(theta + change[1], 0.2 * theta)
        if abs(change[0]) + abs(change[1]) < 1e-4:
            break
    return gamma, theta


def thinned_optimum(likelihood: Likelihood, start: Floats) -> Floats:
    """In large samples, climb most of the way with every 16th row at a limit, weighted by 16.

    The observed rows cost nothing after their moments are known, and stay as they are.
    """
    blocks: list[Exact | AtLimit] = []
    for block in likelihood.blocks:
        if isinstance(block, AtLimit) and block.w.size >= MANY:
            rows = slice(None, None, 16)
            codes = None if block.X.codes is None else block.X.codes[rows]
            dense = np.asfortranarray(block.X.dense[rows])
            X = Design(dense, codes, block.X.groups)
            thin = block.bound[rows], block.side[rows], 16 * block.w[rows], block.index[rows]
            blocks.append(AtLimit(X, *thin))
        elif not isinstance(block, Exact):
            return start
        else:
            blocks.append(block)
    return maximise(
        Likelihood(tuple(blocks), likelihood.n, likelihood.k), start, 20, 1e-3
    ).parameters
