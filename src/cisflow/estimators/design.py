"""Columns of a design and which of them are independent."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from cisflow.estimators.arrays import Floats, Ints
from cisflow.estimators.errors import Alike, Sentence

COLLINEAR = 1e-7  # as R's lm: share of a column's length not explained by the columns before it


def independent_columns(X: Floats, lengths: Floats) -> NDArray[np.bool_]:
    """Mark the columns not spanned by those before them (R keeps the same ones).

    Parameters
    ----------
    X : (n, k) array
    lengths : (k,) array
        Length a column is compared with: it is spanned when what the earlier columns leave
        unexplained is shorter than 1e-7 of this.
    """
    k = X.shape[1]
    if X.shape[0] > k:
        X = np.asarray(np.linalg.qr(X, mode="r"))  # the same relations among columns, in k rows
        if bool(np.all(np.abs(np.diag(X)) > COLLINEAR * lengths)):
            return np.ones(k, dtype=bool)
    kept = np.zeros(k, dtype=bool)
    basis = np.empty((X.shape[0], min(X.shape)), order="F")
    rank = 0
    for j in range(k):
        column = X[:, j].astype(float)
        for _ in range(2):  # twice is enough (Kahan): orthogonal to working precision
            column = column - basis[:, :rank] @ (basis[:, :rank].T @ column)
        length = float(np.linalg.norm(column))
        if rank < basis.shape[1] and length > COLLINEAR * lengths[j] and length > 0:
            basis[:, rank] = column / length
            rank += 1
            kept[j] = True
    return kept


def usable_columns(X: Floats, names: Sequence[str]) -> tuple[Ints, dict[str, str]]:
    """Return the places of the independent columns, and why each of the others is none."""
    usable = independent_columns(X, np.linalg.norm(X, axis=0))
    lost = {names[j]: why_collinear(X[:, j]) for j in map(int, np.flatnonzero(~usable))}
    return np.flatnonzero(usable), lost


def why_collinear(column: Floats) -> str:
    """Say why a column that is not independent has no coefficient."""
    if not column.any():
        return Sentence(Alike("zero in every row"))
    if np.ptp(column) == 0:
        return Sentence(Alike("constant in this sample, so it repeats the intercept"))
    return "collinear: an exact combination of the terms before it"
