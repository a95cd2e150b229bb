r"""Least squares without each single row.

With :math:`g_{ij} = z_i'(Z'Z)^{-1}z_j`, all regressors and absorbed effects in Z, and residuals e,
leaving row i out changes the coefficients by :math:`-(Z'Z)^{-1}z_i\,e_i/(1-g_{ii})`, a residual by
:math:`g_{ij} e_i/(1-g_{ii})` and the row that weighs it by :math:`g_{ij}/(1-g_{ii})` of that of i
(Belsley, Kuh & Welsch 1980, Regression Diagnostics, ch. 2). Coefficients are exact at any size.
Robust variances are exact up to :data:`PAIRS` rows, since every pair of rows counts; beyond, to
first order, as in :mod:`cisflow.estimators.influence`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from cisflow.estimators.arrays import Floats, Ints
from cisflow.estimators.design import independent_columns
from cisflow.estimators.influence import SINGULAR, Kind, Point, RowParts, newton
from cisflow.estimators.regression.rows import Rows, RowScores

PAIRS = 3_000  # rows, up to which all pairs are looked at
AT_A_TIME = 2_000_000  # pairs


@dataclass(frozen=True)
class LeastSquares:
    """Least squares on regressors net of absorbed effects.

    Attributes
    ----------
    X, y : (n, k) and (n,) arrays
        Regressors of full column rank, net of the dummies too, and outcome; both multiplied by
        the root of a row's weight.
    dummies : (n, q) array
        Of absorbed effects, likewise multiplied; q may be 0.
    """

    X: Floats
    y: Floats
    dummies: Floats

    @cached_property
    def effects(self) -> Floats:
        """Orthonormal columns that span the dummies."""
        free = independent_columns(self.dummies, np.linalg.norm(self.dummies, axis=0))
        return np.asarray(np.linalg.qr(self.dummies[:, free])[0])

    @cached_property
    def net(self) -> Floats:
        """Regressors net of the effects."""
        return self.X - self.effects @ (self.effects.T @ self.X)

    @cached_property
    def basis(self) -> Floats:
        """Orthonormal columns that span all there is, (n, parameters)."""
        return np.hstack([self.effects, np.linalg.qr(self.net)[0]])

    @cached_property
    def pull(self) -> Floats:
        """By what the outcome of a row moves the coefficients, (n, k)."""
        return self.net @ np.linalg.inv(self.net.T @ self.net)

    @cached_property
    def left(self) -> Floats:
        """Share of each row's outcome that its own fit does not take, (n,)."""
        return 1 - np.vecdot(self.basis, self.basis)

    def held(self) -> NDArray[np.bool_]:
        """Mark coefficients that one row alone determines, (k,)."""
        errors = np.sqrt(np.vecdot(self.pull.T, self.pull.T))
        size = np.abs(self.pull[self.left < SINGULAR]) / errors
        return (size > SINGULAR * size.max(axis=1, keepdims=True, initial=SINGULAR)).any(axis=0)

    @cached_property
    def residual(self) -> Floats:
        """Residuals, (n,)."""
        return self.y - self.basis @ (self.basis.T @ self.y)


def least_squares_steps(
    fit: LeastSquares, kind: Kind, rows: Rows
) -> tuple[Floats, Floats, NDArray[np.bool_]]:
    """Give what coefficients change by without each row, and by what variances are multiplied.

    Parameters
    ----------
    fit : LeastSquares
    kind : Kind
    rows : Rows
        That it is of.

    Returns
    -------
    step, ratio : (n, k) arrays
    doubt : (n,) booleans
        Rows that alone hold a direction.
    """
    n, parameters = fit.basis.shape
    alone = fit.left < SINGULAR
    rest = np.where(alone, 1.0, fit.left)
    step = -fit.pull * (fit.residual / rest)[:, None]
    if kind.name == "nonrobust":
        return step, _classical(fit, rest), alone
    if n > PAIRS:
        return step, *_first_order(fit, kind, rows)
    return step, _robust(fit, kind, rest) * _correction(kind, n, parameters), alone


def _classical(fit: LeastSquares, rest: Floats) -> Floats:
    """Ratio of variances under equal errors, (n, k)."""
    n, parameters = fit.basis.shape
    squares = float(fit.residual @ fit.residual)
    left = (squares - fit.residual**2 / rest) / (n - 1 - parameters)
    own = np.vecdot(fit.pull.T, fit.pull.T)
    inverse = (own + fit.pull**2 / rest[:, None]) / own
    return np.asarray(inverse * (left / (squares / (n - parameters)))[:, None])


def _correction(kind: Kind, n: int, parameters: int) -> float:
    """Correction of a robust covariance with a row less, divided by that with all."""
    rows = {"HC1": 0, "cluster": 1}.get(kind.name)
    if rows is None:
        return 1.0
    return ((n - 1 - rows) / (n - 1 - parameters)) / ((n - rows) / (n - parameters))


def _robust(fit: LeastSquares, kind: Kind, rest: Floats) -> Floats:
    """Ratio of robust variances, corrections for parameters aside, from all pairs of rows."""
    n, k = fit.pull.shape
    nobody = np.zeros((1, n))
    full = _spread(kind, fit.pull, fit.residual[None], nobody, np.zeros((1, k)), np.arange(0))
    ratio = np.empty((n, k))
    for rows in np.split(np.arange(n), range(AT_A_TIME // n, n, AT_A_TIME // n)):
        pairs = fit.basis[rows] @ fit.basis.T
        errors = fit.residual + pairs * (fit.residual / rest)[rows, None]
        errors[np.arange(rows.size), rows] = 0.0
        own = fit.pull[rows] / rest[rows, None]
        ratio[rows] = _spread(kind, fit.pull, errors, pairs, own, rows) / full
    return ratio


def _spread(kind: Kind, P: Floats, errors: Floats, pairs: Floats, own: Floats, out: Ints) -> Floats:
    """Robust variances (m, k) from residuals (m, n) when row j pulls by ``P_j + own_i pairs_ij``.

    ``out`` are the rows left out, none of them for the variances of all rows.
    """
    if kind.ways:
        ways = [(sign, codes, n) for sign, codes, n in kind.ways]
        return np.asarray(
            sum(s * _clustered(kind, P, errors, pairs, own, out, c, n) for s, c, n in ways)
        )
    squared = errors**2
    mixed, last = (pairs * squared) @ P, (pairs * pairs * squared).sum(axis=1)
    return np.asarray(squared @ P**2 + 2 * own * mixed + own**2 * last[:, None])


def _clustered(
    kind: Kind,
    P: Floats,
    errors: Floats,
    pairs: Floats,
    own: Floats,
    out: Ints,
    codes: Ints,
    groups: int,
) -> Floats:
    """Do the same from sums by cluster, with the correction for the clusters that are left."""
    order = np.argsort(codes, kind="stable")
    starts = np.flatnonzero(np.diff(codes[order], prepend=-1))
    left = errors[:, order]
    pulled = np.add.reduceat((pairs * errors)[:, order], starts, axis=1)
    variances = np.empty_like(own)
    for j, weights in enumerate(P[order].T):
        sums = np.add.reduceat(left * weights, starts, axis=1) + own[:, [j]] * pulled
        variances[:, j] = np.vecdot(sums, sums)
    factor = np.full(len(own), kind.factor(groups))
    factor[: out.size][np.bincount(codes)[codes[out]] == 1] = kind.factor(groups - 1)
    return variances * factor[:, None]


def _first_order(fit: LeastSquares, kind: Kind, rows: Rows) -> tuple[Floats, NDArray[np.bool_]]:
    """Ratio of robust variances to first order, and rows whose step is long."""
    basis, one = fit.basis, np.ones(fit.y.size)
    score = fit.residual[:, None]
    parts = RowParts(basis[:, :, None], score, np.ones((fit.y.size, 1, 1)), one, one)
    jacobian = fit.pull.T @ basis

    def at(step: Floats) -> Point:
        scores = basis * (fit.residual - basis @ step)[:, None]
        return Point(RowScores(rows, "OLS", scores, np.eye(basis.shape[1])), jacobian)

    _, ratio, doubt = newton(parts, at, kind)
    if kind.ways:
        ratio = ratio * _correction(replace(kind, name="cluster"), *basis.shape)
    return ratio, doubt
