"""Clusters of rows: ways of clustering, and what is left of an estimate without each cluster.

The sources are those of :mod:`cisflow.estimators.covariance`, which takes these steps.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from cisflow.estimators.arrays import Floats, Ints
from cisflow.estimators.errors import refuse
from cisflow.estimators.scores import Information, Scores

ALONE = 1e-8  # share of a direction's information that must be left without a cluster
PLAIN = 0.5  # share of all information, up to which leaving a cluster out is a plain equation
DENSE = 5_000_000  # numbers, up to which rows are looked at all at once
NEGATIVE = 1e-12  # of the largest eigenvalue, which rounding may leave

Way = tuple[float, Ints, int]
"""Sign in the sum, codes (n,) and number of clusters of one way of clustering."""


def count_clusters(heading: str, codes: Ints) -> int:
    """Return the number of clusters of one way of clustering; one is refused."""
    groups = int(codes.max()) + 1
    if groups < 2:
        remedy = (
            "clustered standard errors compare clusters: use HC1, or cluster by a finer "
            "group (industry, region, firm)"
        )
        refuse(heading, "one cluster only", remedy)
    return groups


def ways_of(codes: Sequence[Ints]) -> list[Way]:
    """Each way of clustering and, with alternating signs, the intersections of several."""
    ways: list[Way] = []
    for size in range(1, len(codes) + 1):
        for chosen in combinations(codes, size):
            if size == 1:
                ways.append((1.0, chosen[0], int(chosen[0].max()) + 1))
                continue
            _, both = np.unique(np.column_stack(chosen), axis=0, return_inverse=True)
            ways.append((-((-1.0) ** size), both.ravel(), int(both.max()) + 1))
    return ways


def positive(matrix: Floats, jacobian: Floats) -> tuple[Floats, str]:
    """Raise negative eigenvalues to zero, in the units the square ``jacobian`` leads to.

    Returns
    -------
    matrix : (k, k) array
        The same array if it has no negative eigenvalue.
    note : str
        What was done, empty if nothing.
    """
    values, vectors = np.linalg.eigh(jacobian @ matrix @ jacobian.T)
    if values[0] >= -NEGATIVE * values[-1]:
        return matrix, ""
    repaired = (vectors * np.maximum(values, 0)) @ vectors.T
    back = np.linalg.inv(jacobian)
    note = "the multi-way covariance had negative eigenvalues, which were raised to zero"
    return np.asarray(back @ repaired @ back.T), note


def unspread(scores: Information, meat: Floats) -> NDArray[np.bool_] | None:
    """Mark the caller's parameters along which every score is zero, (q,); None for none.

    A row, or a cluster, that alone determines a coefficient is fitted exactly along it, and no
    other has a say: squared scores then miss what is uncertain about it.
    """
    axes = _without_score(scores, meat)
    return None if axes is None else _moved_by(scores, axes)


def _without_score(scores: Information, meat: Floats) -> Floats | None:
    """Return directions (k, d) along which every score is zero; None for none.

    The information along each is one, and between two of them zero.
    """
    try:
        root = np.linalg.cholesky(scores.bread())
    except np.linalg.LinAlgError:  # columns so far from their spread that rounding hides it
        return None
    # How far scores spread along axes in which the information is one: one on average.
    inner = root.T @ meat @ root
    least = ALONE * float(np.trace(inner)) / len(inner)
    try:  # most fits have no axis without, and a factorisation tells at a fraction of the cost
        np.linalg.cholesky(inner - least * np.eye(len(inner)))
    except np.linalg.LinAlgError:
        spread, axes = np.linalg.eigh(inner)
        return np.asarray(root @ axes[:, spread <= least], dtype=float)
    return None


def _moved_by(scores: Information, axes: Floats) -> NDArray[np.bool_]:
    """Mark the caller's parameters that directions of those of the scores move, (q,)."""
    jacobian = scores.jacobian()
    moved = jacobian @ axes
    spread = np.vecdot(jacobian @ scores.bread(), jacobian)
    return np.asarray(np.vecdot(moved, moved) > ALONE * spread)


def alone_in(
    scores: Scores, ways: Sequence[Ints], sums: Iterable[Floats]
) -> NDArray[np.bool_] | None:
    """Mark the caller's parameters that one cluster alone determines, (q,); None for none.

    ``sums`` are those of the scores (groups, k) by each way of clustering.
    Fewer clusters than parameters leave directions without a score however many determine them;
    then each cluster is left out in turn, where its information is known.
    """
    lost: NDArray[np.bool_] | None = None
    for codes, own in zip(ways, sums, strict=True):
        axes, groups = _without_score(scores, own.T @ own), len(own)
        if axes is None:
            continue
        if groups > own.shape[1]:
            found = _moved_by(scores, axes)
        elif _none_alone(scores, axes, codes, groups) or not scores.informations(codes, groups):
            continue
        else:
            found = cluster_steps(scores, codes, groups)[1]
        lost = found if lost is None else lost | found
    return lost


def _none_alone(scores: Scores, axes: Floats, codes: Ints, groups: int) -> bool:
    """Say whether no cluster can have all the information along any of some directions.

    Their information is one each: a cluster that has less along all together determines none.
    """
    if scores.rows.size * len(axes) > DENSE or (known := scores.of_each_row()) is None:
        return False
    sides, core = known
    along = np.tensordot(sides, axes, axes=(1, 0))  # (n, r, d)
    shares: Floats = (along * (core @ along)).sum(axis=(1, 2))
    return bool(np.bincount(codes, shares, groups).max() < 1 - ALONE)


def without_clusters(scores: Scores, ways: list[Way]) -> tuple[Floats, NDArray[np.bool_]]:
    """Jackknife covariance, and the caller's parameters some single cluster determines."""
    total, lost = np.zeros_like(scores.bread()), np.zeros(len(scores.jacobian()), dtype=bool)
    for i, (sign, codes, groups) in enumerate(ways):
        steps, alone = cluster_steps(scores, codes, groups)
        total += sign * (groups - 1) / groups * steps.T @ steps
        if sum(sign > 0 for sign, *_ in ways[: i + 1]) == i + 1:  # single ways come first
            lost |= alone
    return total, lost


def cluster_steps(scores: Scores, codes: Ints, groups: int) -> tuple[Floats, NDArray[np.bool_]]:
    r"""One step of Newton's method without each cluster, :math:`-(H - H_g)^{-1} s_g`.

    A direction that only the cluster left out determines takes no step (as in R's
    ``clubSandwich``); the other coefficients are those of a model without it.

    Returns
    -------
    steps : (groups, k) array
    alone : (q,) booleans
        The caller's parameters that some cluster alone determines.
    """
    root = np.asarray(np.linalg.cholesky(scores.bread()), dtype=float)
    sums, steps = scores.sums(codes, groups), np.empty((groups, len(root)))
    alone = np.zeros(len(scores.jacobian()), dtype=bool)
    for g, own in enumerate(scores.informations(codes, groups) or ()):
        steps[g], gone = _step_without(own, sums[g], root)
        alone |= _moved_by(scores, gone) if gone.size else False
    return steps, alone


def _step_without(own: Floats, score: Floats, root: Floats) -> tuple[Floats, Floats]:
    """Return a step (k,) and the directions (k, lost) in which none is taken."""
    taken = root.T @ own @ root
    if np.linalg.norm(taken) < PLAIN:  # no direction is lost without it
        step = -root @ np.linalg.solve(np.eye(len(root)) - taken, root.T @ score)
        return step, np.empty((len(root), 0))
    share, vectors = np.linalg.eigh(taken)
    axes, gone = root @ vectors, share > 1 - ALONE
    left = np.where(gone, np.inf, 1 - share)
    return -axes @ ((axes.T @ score) / left), axes[:, gone]


def row_steps(scores: Scores) -> tuple[Floats, NDArray[np.bool_]]:
    """:func:`cluster_steps` where each row is a cluster, all at once where ranks are low."""
    n = scores.rows.size
    each, known = np.arange(n), scores.of_each_row()
    if known is None:
        return cluster_steps(scores, each, n)
    sides, core = known
    root, sums = np.asarray(np.linalg.cholesky(scores.bread()), dtype=float), scores.sums(each, n)
    rooted = root.T @ sides
    taken = core @ (rooted.mT @ rooted)
    pulled = sums @ root
    much = np.vecdot(taken, taken.mT).sum(axis=1) >= PLAIN**2
    taken[much] = 0  # singular where a row has all of a direction: these come one by one
    # Woodbury's formula: equations of the rank of a row, not of the number of coefficients.
    inner = np.linalg.solve(np.eye(core.shape[-1]) - taken, core @ (rooted.mT @ pulled[:, :, None]))
    steps = -(pulled + (rooted @ inner)[:, :, 0]) @ root.T
    alone = np.zeros(len(scores.jacobian()), dtype=bool)
    for i in np.flatnonzero(much):
        steps[i], gone = _step_without(sides[i] @ core[i] @ sides[i].T, sums[i], root)
        alone |= _moved_by(scores, gone) if gone.size else False
    return steps, alone


def of_one_cluster(X: Floats, codes: Ints) -> NDArray[np.bool_]:
    """Mark the coefficients (k,) of regressors (n, k) that the rows of one cluster determine."""
    lost = np.zeros(X.shape[1], dtype=bool)
    basis, _ = np.linalg.qr(X / np.linalg.norm(X, axis=0))
    # Of a direction in which it has all, a cluster's share of the unit matrix is one.
    shares = np.bincount(codes, np.vecdot(basis, basis))
    for g in np.flatnonzero(shares > 1 - ALONE):
        lost |= undetermined(X[codes != g])
    return lost


def undetermined(X: Floats) -> NDArray[np.bool_]:
    """Return which coefficients (k,) regressors (n, k) do not determine."""
    lengths = np.linalg.norm(X, axis=0)
    _, values, vectors = np.linalg.svd(X / np.where(lengths > 0, lengths, 1), full_matrices=True)
    rank = int((values > 1e-10 * values.max(initial=0.0)).sum())
    free = np.abs(vectors[rank:])
    return np.asarray(free.max(axis=0, initial=0.0) > 1e-7)
