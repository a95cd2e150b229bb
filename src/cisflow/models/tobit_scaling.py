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
    Outcome,
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
    mean = totals[0] / n
    square = totals[1] / n
    spread = np.sqrt(np.maximum(square - mean**2, 0.0))
    size = np.abs(mean)
    order = np.arange(k + groups)
    constant = []
    for j in map(int, (spread <= 1e-6 * size).nonzero()[0]):  # cancellation: measure these again
        spread[j] = float(np.sqrt(np.mean((X[:, j] - mean[j]) ** 2)))
        if spread[j] <= 1e-14 * size[j]:
            constant.append(j)
    intercept = next((j for j in constant if size[j] > 0), None)
    if intercept is None:
        mean, spread, constant = np.zeros(k), np.sqrt(square), []
    spread = np.ldexp(1.0, np.frexp(spread)[1])
    for j in constant:
        mean[j], spread[j] = 0.0, X[0, j] or 1.0
    if intercept:
        order = np.concatenate([[intercept], np.delete(order, intercept)])
    y_mean = 0.0 if intercept is None else float(outcome.value.mean())
    y = outcome.value - y_mean
    y_spread = float(np.sqrt(np.einsum("i,i->", y, y) / n))
    return Scaling(
        order,
        np.concatenate([mean, np.zeros(groups)])[order],
        np.concatenate([spread, np.ones(groups)])[order],
        y_mean,
        y_spread if y_spread > 0 else 1.0,
        intercept is not None,
    )


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
    exact, *others = likelihood.blocks
    many = others[0] if len(others) == 1 else exact
    if not isinstance(many, AtLimit) or many.w.size < MANY:
        return start
    s = np.arange(0, many.w.size, 16)
    part = many.bound[s], many.away[s], 16 * many.w[s], many.index[s]
    thin = Likelihood((exact, AtLimit(many.V.take(s), *part)), likelihood.n, likelihood.k)
    return maximise(thin, thinned_optimum(thin, start), 20, 1e-3).parameters
