"""Directions in which a likelihood rises for ever, and what a set of rows leaves free."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linprog
from scipy.sparse import csr_array, eye_array, hstack

from cisflow.estimators.arrays import Floats, Ints
from cisflow.estimators.design import COLLINEAR, independent_columns

ALONE = 1e-6  # share of a direction that must be left to other rows
AT_ONCE = 1000  # rows of which it is asked at a time what is left without them


def separating_direction(X: Floats, low: Floats, high: Floats) -> tuple[Floats, NDArray[np.bool_]]:
    """Find the direction that drives the most rows to their limit with probability one.

    Parameters
    ----------
    X : (n, k) array of full column rank
    low, high : (n,) arrays

    Returns
    -------
    direction : (k,) array
        Zero when β is finite.
    separated : (n,) booleans
        Rows the direction fits with probability one.
    """
    k = X.shape[1]
    none = np.zeros(k), np.zeros(X.shape[0], dtype=bool)
    pinned = np.isfinite(low) & np.isfinite(high)
    null = null_space(X[pinned], k)
    if null.shape[1] == 0:
        return none
    side = np.where(np.isinf(low), -1.0, 1.0)
    image = np.where(pinned[:, None], 0.0, side[:, None] * (X @ null))
    scale = np.maximum(np.abs(X).sum(axis=1), np.finfo(float).tiny)
    image[np.abs(image) < 1e-9 * scale[:, None]] = 0.0
    cases, where, counts = np.unique(
        np.round(image / scale[:, None], 11), axis=0, return_inverse=True, return_counts=True
    )
    moved = _largest_gain(cases, counts)
    if moved is None:
        return none
    fitted = (cases @ moved > 1e-8)[where.ravel()]
    direction = null @ moved
    direction[np.abs(direction) < 1e-8 * np.abs(direction).max(initial=0.0)] = 0.0
    return direction, fitted


def _largest_gain(cases: Floats, counts: Ints) -> Floats | None:
    """Solve max Σ count·t, 0 ≤ t ≤ 1, t ≤ case·v: the recession direction of widest support."""
    if np.count_nonzero(cases, axis=1).max(initial=0) <= 1:  # dummies: each decides for itself
        rises, falls = (cases > 0).any(axis=0), (cases < 0).any(axis=0)
        alone = rises.astype(float) * ~falls - falls.astype(float) * ~rises
        return alone if alone.any() else None

    m, q = cases.shape
    cost = np.concatenate([np.zeros(q), -counts.astype(float)])
    constraint = hstack([csr_array(-cases), eye_array(m)], format="csc")
    bounds = [(None, None)] * q + [(0.0, 1.0)] * m
    found = linprog(cost, constraint, np.zeros(m), bounds=bounds, method="highs")
    if found.status != 0 or -found.fun < 0.5:
        return None
    return np.asarray(found.x[:q])


def null_space(X: Floats, k: int) -> Floats:
    """Orthonormal basis of the directions that leave ``X`` (m, k) at zero, shape (k, q)."""
    if X.shape[0] == 0:
        return np.eye(k)
    gram = X.T @ X
    scale = np.sqrt(np.maximum(np.diag(gram), np.finfo(float).tiny))
    _, values, vectors = np.linalg.svd(X / scale, full_matrices=X.shape[0] < k)
    rank = int((values > COLLINEAR * values[0]).sum()) if values.size else 0
    basis = (vectors[rank:].T) / scale[:, None]
    used = np.diag(gram) > 0
    if not used.all():
        basis = _with_unused(X, used, k)
    return basis


def _with_unused(X: Floats, used: NDArray[np.bool_], k: int) -> Floats:
    """Null space with zero columns: their unit vectors beside the null space of the rest."""
    unit = np.eye(k)[:, ~used]
    if not used.any():
        return unit
    inner = null_space(X[:, used], int(used.sum()))
    basis = np.zeros((k, inner.shape[1]))
    basis[used] = inner
    return np.hstack([unit, basis])


def indispensable_rows(
    X: Floats, pinned: NDArray[np.bool_], side: NDArray[Any]
) -> NDArray[np.bool_]:
    """Mark the rows without which a coefficient that exists might not; (n,).

    A pinned row may alone hold a direction. Of the others, those matter that move in a direction
    the pinned rows leave free; a row with a double on the same side can go, as the double bars
    the same directions.

    Parameters
    ----------
    X : (n, k) array of full column rank
    pinned : (n,) booleans
        Rows whose linear predictor is determined from both sides.
    side : (n,) integers
        Sign of the side to which the others are open.
    """
    needed = np.zeros(X.shape[0], dtype=bool)
    inside = X[pinned]
    needed[pinned] = _leverage(inside) > 1 - ALONE
    if inside.shape[0] >= X.shape[1]:  # the same relations among columns in as many rows
        inside = np.asarray(np.linalg.qr(inside, mode="r"))
    null = null_space(inside, X.shape[1])
    if not null.shape[1]:
        return needed
    open_rows = np.flatnonzero(~pinned)
    image = X[open_rows] @ null
    image = np.round(image / np.maximum(np.abs(X[open_rows]).sum(axis=1), 1e-300)[:, None], 9)
    cases = np.column_stack([image + 0.0, np.sign(side[open_rows])])
    _, first, counts = np.unique(cases, axis=0, return_index=True, return_counts=True)
    single = first[counts == 1]
    needed[open_rows[single]] = image[single].any(axis=1)
    return needed


def spared_rows(
    X: Floats, pinned: NDArray[np.bool_], side: NDArray[Any], slope: Floats
) -> NDArray[np.bool_]:
    r"""Mark open rows without which a finite maximum surely exists, (n,).

    At the maximum :math:`\sum_j g_j x_j = 0`, and :math:`g_j` has the sign of an open row's side.
    Numbers :math:`u_j` of these signs, pinned rows' free, with
    :math:`\sum_{j \ne i} u_j x_j = 0` show that no direction separates what is left without row i
    (Stiemke's lemma). One weighted least-squares step from :math:`g` makes them, if any that near
    exist; a row for which it does not may still be spared.

    Parameters
    ----------
    X : (n, k) array of full column rank
    pinned : (n,) booleans
    side : (n,) integers
        Sign of the side to which the others are open.
    slope : (n,) array
        :math:`g`, what multiplies each row in the score at the maximum.
    """
    root = X * np.sqrt(np.abs(slope))[:, None]
    if independent_columns(root, np.linalg.norm(X, axis=0)).size < X.shape[1]:
        return np.zeros(len(X), dtype=bool)
    metric = np.linalg.inv(root.T @ root)
    spared, every = np.zeros(len(X), dtype=bool), np.arange(len(X))
    for some in np.array_split(np.flatnonzero(~pinned), len(X) // AT_ONCE + 1):
        moved = X[some] @ metric
        own = np.abs(slope[some]) * np.vecdot(moved, X[some])
        step = slope[some] / np.maximum(1 - own, ALONE)
        kept = 1 + step[:, None] * (moved @ X.T) * np.sign(side)
        apart = pinned | (some[:, None] == every)
        spared[some] = (own < 1 - ALONE) & ((kept > ALONE) | apart).all(axis=1)
    return spared


def _leverage(X: Floats) -> Floats:
    """Share of each row's outcome in its own fit, (n,)."""
    lengths = np.linalg.norm(X, axis=0)
    X = X[:, lengths > 0] / lengths[lengths > 0]
    kept = independent_columns(X, np.ones(X.shape[1]))
    held = np.linalg.qr(X[:, kept])[0]
    return np.asarray(np.vecdot(held, held))
