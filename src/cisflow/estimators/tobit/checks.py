"""What a Tobit cannot be estimated on, found before it is tried, and said in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linprog
from scipy.sparse import csr_array, eye_array, hstack

from cisflow.estimators.arrays import Floats, Ints
from cisflow.estimators.design import COLLINEAR, independent_columns
from cisflow.estimators.errors import Count, Sentence, refuse
from cisflow.estimators.tobit.likelihood import Design, Outcome, full_rank

WRITTEN_OUT = 20_000_000  # numbers: larger designs keep their categorical as codes


def check_outcome(heading: str, y: Floats, lower: Floats, upper: Floats) -> None:
    """Refuse an outcome that is missing, infinite or outside its limits."""
    missing, infinite = int(np.isnan(y).sum()), int(np.isinf(y).sum())
    problems: list[tuple[str, str]] = []
    if missing:
        problems.append(
            (
                Sentence("the outcome is missing in ", Count(missing)),
                "drop these rows first, or use Tobit.from_formula, which drops and counts them",
            )
        )
    if infinite:
        problems.append((Sentence("the outcome is infinite in ", Count(infinite)), "drop them"))
    if bool(np.any(lower >= upper)):
        problems.append(("the lower limit is not below the upper limit", "exchange them"))
    refuse(heading, problems)
    below, above = int((y < lower).sum()), int((y > upper).sum())
    if above:
        problems.append(_above(y, upper, above))
    if below:
        problems.append(
            (
                Sentence("the outcome is below its lower limit in ", Count(below)),
                "correct the data or the limit; a value is never moved to the limit silently",
            )
        )
    refuse(heading, problems)


def _above(y: Floats, upper: Floats, count: int) -> tuple[str, str]:
    what = Sentence("the outcome is above its upper limit in ", Count(count))
    if abs(float(upper.max()) - 1) < 1e-6 and 1.0 < float(y.max()) <= 100.0:
        return (
            Sentence(
                what, ", and no value is above 100 while the limit is 1: it looks like percent"
            ),
            "use upper=100, or divide the outcome by 100",
        )
    return what, "correct the data or the limit; a value is never moved to the limit silently"


def check_variation(heading: str, outcome: Outcome) -> None:
    """Refuse an outcome without a single row strictly between the limits."""
    if not outcome.side.all():
        return
    n_low, n_high = int((outcome.side < 0).sum()), int((outcome.side > 0).sum())
    if n_low and n_high:
        what = Sentence(
            "every row is at a limit (",
            Count(n_low),
            " at the lower, ",
            Count(n_high),
            " at the upper)",
        )
        remedy = (
            "σ cannot be determined; estimate a logit or probit of reaching the upper limit instead"
        )
    else:
        side = "lower" if n_low else "upper"
        what = Sentence("all ", Count(n_low + n_high), f" are at the {side} limit")
        remedy = (
            "there is nothing to explain: check the sample, "
            "or the filter that sets the outcome of firms without innovations"
        )
    refuse(heading, [(what, remedy)])


@dataclass
class Estimable:
    """What can be estimated and what cannot.

    Attributes
    ----------
    keep : integers
        Columns the likelihood is maximised over.
    rows : integers
        Rows that determine them (all but those fitted with probability one).
    report : booleans, shape of ``keep``
        Columns whose coefficient has a meaning of its own.
    not_estimable : dict
        Column name → reason.
    direction : (number of columns,) array
        Where separation drives the coefficients: sign of the infinite ones.
    """

    keep: Ints
    rows: Ints
    report: NDArray[np.bool_]
    not_estimable: dict[str, str] = field(default_factory=dict)
    direction: Floats | None = None


def find_estimable(
    heading: str,
    X: Design,
    shift: Floats,
    low: Floats,
    high: Floats,
    names: Sequence[str],
) -> Estimable:
    """Find collinear columns and coefficients that separation drives to infinity.

    If the rows strictly between the limits have full column rank, β is finite. Otherwise a linear
    programme on the null space of those rows decides whether some direction raises the likelihood
    for ever: rows at the lower limit must not rise, rows at the upper limit must not fall (for the
    logit this is the separation of Albert & Anderson 1984, Biometrika 71:1–10; a direction in which
    a concave likelihood never falls is one of recession, Geyer 2009, Electronic Journal of
    Statistics 3:259–289).

    Parameters
    ----------
    heading : str
        Opens the message when nothing can be estimated.
    X : Design, columns centred and scaled
    shift : (k,) array
        What undoes the centring, in scaled units: separation is a matter of the raw columns.
    low, high : (n,) arrays
        Bounds of the latent outcome.
    names : column names
    """
    n, k = X.n, X.k
    pinned = np.isfinite(low) & np.isfinite(high)
    everything = Estimable(np.arange(k), np.arange(n), np.ones(k, dtype=bool))
    inside = X.take(pinned)
    if inside.n > k:
        gram = inside.gram()
        if full_rank(gram) and _residual_left(inside, gram, low[pinned], high[pinned]):
            return everything
    if X.codes is not None and n * k > WRITTEN_OUT:
        return _find_estimable_levels(heading, X, low, high, names)
    dense = X.toarray()
    lengths = np.linalg.norm(dense, axis=0)
    kept = independent_columns(dense, lengths)
    not_estimable = {names[j]: _why_dropped(dense[:, j]) for j in map(int, np.flatnonzero(~kept))}
    if n <= int(kept.sum()):
        refuse(
            heading,
            [
                (
                    Sentence(Count(n), f" for {k} coefficients and σ"),
                    "use fewer regressors or broader industry groups, or pool waves",
                )
            ],
        )
    _refuse_exact_fit(heading, dense[:, kept], low, high)
    dense = dense + shift
    lengths = np.linalg.norm(dense, axis=0)
    keep = np.flatnonzero(kept)
    direction, separated = separating_direction(dense[:, keep], low, high)
    if not separated.any():
        return Estimable(keep, np.arange(n), np.ones(keep.size, dtype=bool), not_estimable)
    rows = np.flatnonzero(~separated)
    remaining = dense[np.ix_(rows, keep)]
    still = independent_columns(remaining, lengths[keep])
    lost = _not_in_row_space(remaining, still)
    for j in map(int, np.flatnonzero(lost)):
        base = bool(lost[0]) and np.ptp(dense[:, 0]) == 0
        not_estimable[names[int(keep[j])]] = _why_separated(
            direction[j], int(separated.sum()), base
        )
    full_direction = np.zeros(k)
    full_direction[keep] = direction
    return Estimable(keep[still], rows, ~lost[still], not_estimable, full_direction)


def _find_estimable_levels(
    heading: str, X: Design, low: Floats, high: Floats, names: Sequence[str]
) -> Estimable:
    """Do the same where the dummies are too many to be written out.

    Within levels that have a row between the limits the dense columns must be independent; then
    only levels without such a row are left to decide, and each decides for itself.
    """
    codes = np.zeros(X.n, dtype=np.intp) if X.codes is None else X.codes
    p, levels = X.dense.shape[1], X.groups + 1
    pinned = np.isfinite(low) & np.isfinite(high)
    inside = np.bincount(codes[pinned], minlength=levels)
    below = np.bincount(codes[np.isneginf(low)], minlength=levels)
    above = np.bincount(codes[np.isposinf(high)], minlength=levels)
    if inside[0] == 0:
        what = "the base category of the categorical has no row between the limits"
        refuse(heading, [(what, "make a category with such rows the base")])
    varying = np.ptp(X.dense, axis=0) > 0
    net = _within(X.dense[pinned], codes[pinned], levels)
    lengths = np.linalg.norm(X.dense[pinned], axis=0)
    spanned = np.flatnonzero(~independent_columns(net[:, varying], lengths[varying]))
    refuse(
        heading,
        [
            (
                f"{names[j]} does not vary within the categories of the absorbed term among rows "
                "between the limits, or is collinear there",
                "leave the regressor or the categorical out",
            )
            for j in map(int, np.flatnonzero(varying)[spanned])
        ],
    )
    direction = np.zeros(X.k)
    for level in map(int, np.flatnonzero((inside == 0) & ((below == 0) != (above == 0)))):
        direction[p + level - 1] = -1.0 if below[level] else 1.0
    constant = np.flatnonzero(~varying)
    report = np.ones(X.k, dtype=bool)
    report[constant[1:]] = False
    not_estimable = {names[j]: _why_dropped(X.dense[:, j]) for j in map(int, constant[1:])}
    lost = np.flatnonzero(direction)
    for j in map(int, lost):
        size = int(below[j - p + 1] + above[j - p + 1])
        not_estimable[names[j]] = _why_separated(direction[j], size, False)
    report[lost] = False
    gone = np.isin(codes, lost - p + 1)
    keep = np.flatnonzero(report)
    return Estimable(
        keep, np.flatnonzero(~gone), np.ones(keep.size, dtype=bool), not_estimable, direction
    )


def _within(X: Floats, codes: Ints, levels: int) -> Floats:
    counts = np.maximum(np.bincount(codes, minlength=levels), 1)
    net: Floats = X - (Design.sum_by(codes, levels, X) / counts[:, None])[codes]
    return net


def _residual_left(inside: Design, gram: Floats, low: Floats, high: Floats) -> bool:
    """Say whether the observed outcomes are not a linear function of the regressors."""
    if bool(np.any(low != high)):
        return False
    beta = np.asarray(np.linalg.solve(gram, inside.transpose_times(low)), dtype=float)
    residual = low - inside.times(beta)
    return bool(residual @ residual > 1e-16 * max(float(low @ low), np.finfo(float).tiny))


def _why_dropped(column: Floats) -> str:
    if not column.any():
        return "zero in every row"
    if np.ptp(column) == 0:
        return "constant in this sample, so it repeats the intercept"
    return "collinear: an exact combination of the terms before it"


def _why_separated(direction: float, rows: int, base: bool) -> str:
    where = {1: "+∞", -1: "−∞"}.get(int(np.sign(direction)), "±∞")
    remedy = (
        "every row of the base category is there, so take another category as base"
        if base
        else "merge the category with another or drop the term"
    )
    return Sentence(
        f"tends to {where}: it separates ",
        Count(rows),
        f" at a limit from the others, so no finite coefficient exists; {remedy}",
    )


def _not_in_row_space(X: Floats, kept: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Mark the columns whose own coefficient the rows do not determine."""
    lost = ~kept
    base = X[:, kept]
    for j in np.flatnonzero(~kept):
        share, *_ = np.linalg.lstsq(base, X[:, j], rcond=None)
        lost[np.flatnonzero(kept)[np.abs(share) > 1e-8]] = True
    return lost


def _refuse_exact_fit(heading: str, X: Floats, low: Floats, high: Floats) -> None:
    """Refuse when σ → 0: the observed outcomes lie on a plane that the limits do not contradict."""
    exact = low == high
    if exact.sum() == 0 or not _on_a_plane(X[exact], low[exact]):
        return
    # Direction (β, 1): equality where observed, inequality at the limits and brackets.
    upper = np.isfinite(high) & ~exact
    lower = np.isfinite(low) & ~exact
    A = np.vstack([-X[lower], X[upper]]) if (lower | upper).any() else None
    # A row at the lower limit (open below) needs xβ ≤ limit; `high` is that limit.
    b = np.concatenate([-low[lower], high[upper]]) if A is not None else None
    found = linprog(
        np.zeros(X.shape[1]), A, b, X[exact], low[exact], bounds=(None, None), method="highs"
    )
    if found.status == 0:
        refuse(
            heading,
            [
                (
                    Sentence(
                        "the regressors fit the ",
                        Count(int(exact.sum())),
                        " between the limits exactly, so σ tends to zero and no estimate exists",
                    ),
                    "use fewer regressors or more observations, and check that no regressor "
                    "is computed from the outcome",
                )
            ],
        )


def _on_a_plane(X: Floats, y: Floats) -> bool:
    beta, *_ = np.linalg.lstsq(X, y, rcond=None)
    residual = y - X @ beta
    return bool(residual @ residual <= 1e-16 * max(float(y @ y), np.finfo(float).tiny))


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
