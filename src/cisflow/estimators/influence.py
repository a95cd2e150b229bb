r"""Estimates without each single row, by one step of Newton's method from the full fit.

At the maximum the scores add up to zero. Without row i, whose score is :math:`s_i` and whose
information is :math:`h_i`, the step from the full estimate is

.. math:: \hat\theta_{(i)} - \hat\theta \approx -(H - h_i)^{-1} s_i

(Pregibon 1981, Annals of Statistics 9:705–724, for the logit; exact for least squares). A row's
score and information lie in the span of a few vectors :math:`B_i`, so :math:`h_i = B_i M_i B_i'`,
and :math:`(H - h_i)^{-1} B_i = H^{-1} B_i (I - M_i B_i' H^{-1} B_i)^{-1}` needs one inverse for all
rows. Variances lose the row's own part exactly, and change with the estimate to first order.

Where a step is long, changes a variance much, or a coefficient might not exist without the row, the
row is left out and the
model refitted: such rows are few.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cisflow.estimators.arrays import Floats, Ints
from cisflow.estimators.clusters import Way, ways_of
from cisflow.estimators.errors import EstimationError
from cisflow.estimators.scores import Scores

GROUPS = "cluster labels"  # what messages call them
LONG = 0.2  # squared length of a step in standard errors, beyond which the row is left out in fact
CHANGED = 0.2  # of a variance: likewise
SINGULAR = 1e-6  # share of a direction's information that must be left without the row
ROWS = 2_000  # at a time
NUDGE = 1e-3  # standard errors, for derivatives
KNOWN = {"nonrobust", "OPG", "HC0", "HC1"}


@dataclass(frozen=True)
class LeaveOneOut:
    """Estimates with each row left out in turn.

    Attributes
    ----------
    params, bse : (n, k) DataFrames
        Columns are the terms; the index has the rows' places in the caller's table. NaN where a
        term has no estimate without the row.
    """

    params: pd.DataFrame
    bse: pd.DataFrame


@dataclass(frozen=True)
class RowParts:
    """A fit row by row, in working parameters; weights are multiplied in."""

    basis: Floats  # (n, K, r), B_i
    score: Floats  # (n, r), row i adds `basis @ score` to the score
    information: Floats  # (n, r, r), M_i
    # (n,), by what the outer product of a row's score is multiplied in a robust covariance: less
    # than one where the row stands for several (frequency weights).
    own: Floats
    count: Floats  # (n,), how many rows a row stands for

    def take(self, rows: slice) -> RowParts:
        """Keep some rows."""
        parts = (self.basis, self.score, self.information, self.own, self.count)
        return RowParts(*(part[rows] for part in parts))


@dataclass(frozen=True)
class Point:
    """Scores at some parameters, and the derivative (q, K) of the caller's coefficients there."""

    scores: Scores
    jacobian: Floats


@dataclass(frozen=True)
class Kind:
    """A covariance as the row-wise formulas know it: its name, ways of clustering, correction."""

    name: str
    ways: Sequence[Way] = ()
    correct: bool = True

    def meat(self, scores: Scores) -> Floats:
        """Sum of outer products of scores, (K, K)."""
        if not self.ways:
            return scores.outer()
        sums = ((sign * self.factor(n), scores.sums(codes, n)) for sign, codes, n in self.ways)
        return np.asarray(sum(f * s.T @ s for f, s in sums))

    def factor(self, groups: int) -> float:
        """Correction for the number of clusters."""
        return groups / (groups - 1) if self.correct and groups > 1 else 1.0

    def variances(self, point: Point) -> Floats:
        """Variances of the caller's coefficients, (q,)."""
        half = point.jacobian @ point.scores.bread()
        if self.name == "nonrobust":
            return np.asarray(np.vecdot(half, point.jacobian))
        if self.name == "OPG":
            L = point.jacobian
            return np.asarray(np.vecdot(np.linalg.solve(point.scores.outer(), L.T).T, L))
        return np.asarray(np.vecdot(half @ self.meat(point.scores), half))


def kind_of(rows: Any, cov_type: str, cov_kwds: Mapping[str, Any]) -> Kind:
    """Return the formula whose change stands for that of a fit's covariance.

    Those that resample, or are based on a design, change as the robust one of the same clusters.
    """
    groups = cov_kwds.get("groups")
    if groups is None:
        return Kind(cov_type if cov_type in KNOWN else "HC1")
    correct = cov_kwds.get("use_correction", True) and cov_kwds.get("correction") != "CR0"
    return Kind("cluster", ways_of(rows.codes(groups)), bool(correct))


def steps(parts: RowParts, bread: Floats) -> tuple[Floats, Floats, Floats]:
    r"""One step of Newton's method without each row.

    Returns
    -------
    step : (n, K) array
    gain : (n, r, r) array
        :math:`(H - h_i)^{-1} = H^{-1} + H^{-1} B_i\, gain_i\, B_i' H^{-1}`.
    left : (n,) array
        Share of the information that is left where the row has most of it.
    """
    U = bread @ parts.basis
    inner = parts.basis.transpose(0, 2, 1) @ U
    left = np.eye(parts.score.shape[1]) - parts.information @ inner
    share = np.linalg.det(left)
    left[~(share > SINGULAR)] = np.eye(parts.score.shape[1])  # these are refitted
    step = np.asarray(-(U @ np.linalg.solve(left, parts.score[:, :, None]))[:, :, 0], dtype=float)
    gain = np.asarray(np.linalg.solve(left, parts.information), dtype=float)
    return step, gain, share


def _variances_without(kind: Kind, parts: RowParts, gain: Floats, at: Point, rows: slice) -> Floats:
    """Variances at the full estimate when a row's own score and information are taken out."""
    bread, L = at.scores.bread(), at.jacobian
    U = bread @ parts.basis
    LU = L @ U
    if kind.name == "nonrobust":
        plain = np.vecdot(L @ bread, L)
        return np.asarray(plain + np.vecdot(LU @ gain, LU))
    if kind.name == "OPG":
        return _opg_without(parts, at)
    half = L @ bread + (LU @ gain) @ U.transpose(0, 2, 1)
    own = (half @ (parts.basis @ parts.score[:, :, None]))[:, :, 0]
    if not kind.ways:
        return np.vecdot(half @ kind.meat(at.scores), half) - parts.own[:, None] * own**2
    total = np.zeros_like(own)
    for sign, codes, groups in kind.ways:
        sums = at.scores.sums(codes, groups)
        alone = np.bincount(codes, minlength=groups)[codes[rows]] == 1
        others = np.vecdot(half, sums[codes[rows], None, :])
        squares = np.vecdot(half @ (sums.T @ sums), half) - 2 * others * own + own**2
        factors = np.where(alone, kind.factor(groups - 1), kind.factor(groups))
        total += sign * factors[:, None] * squares
    return total


def _opg_without(parts: RowParts, at: Point) -> Floats:
    """Variances from the outer products of the other rows' scores, (n, q)."""
    inverse, L = np.linalg.inv(at.scores.outer()), at.jacobian
    scores = (parts.basis @ parts.score[:, :, None])[:, :, 0]
    pulled = scores @ inverse
    left = 1 - parts.own * np.vecdot(pulled, scores)
    own = (pulled @ L.T) ** 2 * (parts.own / left)[:, None]
    return np.asarray(np.vecdot(L @ inverse, L) + own)


def _derivatives(kind: Kind, at: Callable[[Floats], Point], bread: Floats) -> Floats:
    """Differentiate the variances with respect to the working parameters, (K, q)."""
    nudges = NUDGE * np.sqrt(np.diag(bread))
    return np.array(
        [
            (kind.variances(at(step)) - kind.variances(at(-step))) / (2 * size)
            for size, step in zip(nudges, np.diag(nudges), strict=True)
        ]
    )


def _correction(kind: Kind, count: Floats, n: float, k: int) -> Floats:
    """Correction of HC1 without the row, divided by that with it."""
    if kind.name != "HC1":
        return np.ones_like(count)
    return ((n - count) / (n - count - k)) / (n / (n - k))


def held_by_one(parts: RowParts, bread: Floats, jacobian: Floats) -> NDArray[np.bool_]:
    """Mark coefficients that one row alone determines, (q,).

    That row is fitted exactly, its score along them is zero, and a variance from squared scores
    leaves out what is uncertain about them.

    Parameters
    ----------
    parts : RowParts
        Of the rows that may be fitted exactly.
    bread : (K, K) array
        Inverse information.
    jacobian : (q, K) array
        Derivatives of the coefficients with respect to the working parameters.
    """
    held = np.zeros(len(jacobian), dtype=bool)
    errors = np.sqrt(np.vecdot(jacobian @ bread, jacobian))
    U = bread @ parts.basis
    left = np.eye(U.shape[2]) - parts.information @ (parts.basis.transpose(0, 2, 1) @ U)
    # Where a fit diverged there is no information to be without: no errors either, in any variance.
    known = np.flatnonzero(np.isfinite(left).all(axis=(1, 2)))
    for i in known[~(np.linalg.det(left[known]) > SINGULAR)]:
        direction = jacobian @ (U[i] @ np.linalg.svd(left[i])[2][-1])
        size = np.abs(direction) / errors
        held |= size > SINGULAR * size.max(initial=0.0)
    return held


def newton(
    parts: RowParts, at: Callable[[Floats], Point], kind: Kind
) -> tuple[Floats, Floats, NDArray[np.bool_]]:
    """Give every row's step, the ratio of its variances to the full ones, and where neither holds.

    Parameters
    ----------
    parts : RowParts
    at : callable
        The :class:`Point` at a distance (K,) from the estimate.
    kind : Kind

    Returns
    -------
    step : (n, K) array
    ratio : (n, q) array
    doubt : (n,) booleans
        The step is long, or the row all but alone holds a direction.
    """
    n, K = parts.basis.shape[:2]
    centre = at(np.zeros(K))
    bread = centre.scores.bread()
    slopes, full = _derivatives(kind, at, bread), kind.variances(centre)
    # Standard errors as the scores have them: weights and dispersion stretch the information's.
    information = np.linalg.inv(bread) * K / np.sum(bread * centre.scores.outer())
    step, ratio = np.empty((n, K)), np.empty((n, full.size))
    doubt = np.empty(n, dtype=bool)
    for first in range(0, n, ROWS):
        rows = slice(first, first + ROWS)
        some = parts.take(rows)
        step[rows], gain, share = steps(some, bread)
        moved = _variances_without(kind, some, gain, centre, rows) + step[rows] @ slopes
        factor = _correction(kind, some.count, float(parts.count.sum()), K)[:, None]
        with np.errstate(invalid="ignore", divide="ignore"):
            ratio[rows] = factor * moved / full
        length = np.vecdot(step[rows] @ information, step[rows])
        changed = (np.abs(ratio[rows] - factor) > CHANGED).any(axis=1)
        doubt[rows] = ~(share > SINGULAR) | ~(length <= LONG) | changed
    return step, ratio, doubt


def leave_one_out(
    fit: Any,
    params: Floats,
    ratio: Floats,
    doubt: NDArray[np.bool_],
    refit: Callable[[Ints], Any],
    index: Ints,
) -> LeaveOneOut:
    """Put steps and refits together.

    Parameters
    ----------
    fit : the fit of all rows
    params, ratio : (n, k) arrays
        Coefficients (those that exist) without each row, and their variances divided by the fit's.
    doubt : (n,) booleans
        Rows that are left out in fact.
    refit : callable
        The fit without the rows given.
    index : (n,) integers
    """
    terms = fit.params.index[fit.params.notna()]
    bse = np.sqrt(np.where(ratio >= 0, ratio, np.nan)) * fit.bse[terms].to_numpy()
    params = params.copy()
    for i in np.flatnonzero(doubt):
        try:
            other = refit(np.array([i]))
        except EstimationError:  # without this row there is no estimate at all
            params[i] = bse[i] = np.nan
            continue
        params[i] = other.params.reindex(terms).to_numpy()
        bse[i] = other.bse.reindex(terms).to_numpy()
    tables = (pd.DataFrame(values, index, terms) for values in (params, bse))
    return LeaveOneOut(*(table.reindex(columns=fit.params.index) for table in tables))


def options_of(fit: Any, kept: Ints, aligned: Callable[[Any, str], Any]) -> dict[str, Any]:
    """Return the options of a fit's covariance for the rows ``kept``, with the correction it took.

    ``aligned`` gives the values of the rows used; names of columns and numbers stay as they are.
    """
    given = fit.cov_kwds | ({"correction": fit.correction} if fit.correction else {})
    return {name: _of_rows(value, kept, aligned) for name, value in given.items()}


def _of_rows(value: Any, kept: Ints, aligned: Callable[[Any, str], Any]) -> Any:
    if np.ndim(value) == 0 or (isinstance(value, list | tuple) and isinstance(value[0], str)):
        return value
    array = np.asarray(value)
    if array.ndim == 1:
        return np.asarray(aligned(array, GROUPS))[kept]
    return np.column_stack([np.asarray(aligned(column, GROUPS))[kept] for column in array.T])
