"""Units in which a Tobit likelihood is well behaved, and where to start in them."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

import numpy as np

from cisflow.estimators.arrays import Floats, Ints
from cisflow.estimators.tobit.likelihood import (
    AtLimit,
    Design,
    Exact,
    Likelihood,
    Outcome,
    maximise,
    mills_ratio,
    sum_up,
)
from cisflow.estimators.tobit.threads import in_order, pieces

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
        scale = self.y_spread / self.spread[keep]
        matrix = np.diag(scale)
        if self.intercept:
            matrix[0, 1:] = (-self.mean[keep] * scale)[1:] / self.spread[0]
        return matrix


def column_totals(X: Floats) -> tuple[Floats, Floats]:
    """Sum and sum of squares of each column of (n, k), each of shape (k,)."""

    def part(piece: slice) -> tuple[Floats, Floats]:
        values = X[piece].T
        return np.add.reduce(values, axis=1), np.vecdot(values, values)

    total, squares = sum_up(in_order(part, pieces(X.shape[0]), X.shape[0]))
    return total, squares


def choose_scaling(
    X: Floats, totals: tuple[Floats, Floats], outcome: Outcome, groups: int = 0
) -> Scaling:
    """Centre and scale, so that money in cents and shares are equally well behaved.

    Without an intercept nothing is centred: the model would change. The ``groups`` dummies of an
    absorbed categorical come last and stay as they are. ``totals`` are those of
    :func:`column_totals`. Spreads are rounded to powers of two, by which division is exact: what
    is zero in the data stays zero.
    """
    n, k = X.shape
    mean, spread = np.zeros(k + groups), np.ones(k + groups)
    mean[:k], square = totals[0] / n, totals[1] / n
    size = np.abs(mean[:k])
    spread[:k] = np.sqrt(np.maximum(square - size * size, 0.0))
    constant = []
    for j in map(int, (spread[:k] <= 1e-6 * size).nonzero()[0]):  # cancellation: look closer
        if (X[:, j] == X[0, j]).all():
            constant.append(j)
        else:
            spread[j] = np.sqrt(np.mean((X[:, j] - mean[j]) ** 2))
    intercept = next((j for j in constant if size[j] > 0), None)
    if intercept is None:
        mean[:], spread[:k], constant = 0.0, np.sqrt(square), []
    spread[:k] = np.ldexp(1.0, np.frexp(spread[:k])[1])
    for j in constant:
        mean[j], spread[j] = 0.0, X[0, j] or 1.0
    order = np.arange(k + groups)
    if intercept:
        order = np.concatenate([[intercept], np.delete(order, intercept)])
        mean, spread = mean[order], spread[order]
    y_mean = 0.0 if intercept is None else float(np.add.reduce(outcome.value)) / n
    y = outcome.value - y_mean
    y_spread = sqrt(np.add.reduce(np.multiply(y, y, out=y)) / n)
    return Scaling(order, mean, spread, y_mean, y_spread or 1.0, intercept is not None)


def starting_values(likelihood: Likelihood, intercept: bool) -> Floats:
    """Optimum of the model without regressors, with one limit to each side; shape (k+1,)."""
    weight, product, square = 0.0, 0.0, 0.0
    limits: list[tuple[float, float, float]] = []
    for block in likelihood.blocks:
        if isinstance(block, AtLimit):
            limits += _sides(block)
        elif isinstance(block, Exact):
            weight, both = block.moments
            product, square = product - float(both[0, -1]), square + float(both[-1, -1])
        else:
            y = (block.low + block.high) / 2
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
    above = (block.away > 0).astype(np.intp)
    weight = np.bincount(above, block.w, 2)
    bound = np.bincount(above, block.w * block.bound, 2)
    return [
        (s, float(weight[i]), float(bound[i] / weight[i]))
        for i, s in ((0, 1.0), (1, -1.0))
        if weight[i] > 0
    ]


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
            ratio = float(mills_ratio(u))
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
    exact, *others = likelihood.blocks
    many = others[0] if len(others) == 1 else exact
    if not isinstance(many, AtLimit) or many.w.size < MANY:
        return start
    s = np.arange(0, many.w.size, 16)
    part = many.bound[s], many.away[s], 16 * many.w[s], many.index[s]
    thin = Likelihood((exact, AtLimit(many.V.take(s), *part)), likelihood.n, likelihood.k)
    return maximise(thin, thinned_optimum(thin, start), 20, 1e-3).parameters
