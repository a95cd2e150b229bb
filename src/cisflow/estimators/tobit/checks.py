"""What a Tobit cannot be estimated on, found before it is tried, and said in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linprog

from cisflow.estimators.arrays import Floats, Ints
from cisflow.estimators.checks import CORRECT, DROP, told
from cisflow.estimators.design import independent_columns, why_collinear
from cisflow.estimators.errors import Alike, Count, Problem, Sentence, refuse, refuse_any
from cisflow.estimators.separation import separating_direction
from cisflow.estimators.tobit.likelihood import Design, Outcome, full_rank

WRITTEN_OUT = 20_000_000  # numbers: larger designs keep their categorical as codes


def check_outcome(heading: str, y: Floats, lower: Floats, upper: Floats) -> None:
    """Refuse an outcome that is missing, infinite or outside its limits."""
    problems = [
        *told("the outcome is missing", int(np.isnan(y).sum()), DROP),
        *told("the outcome is infinite", int(np.isinf(y).sum()), "drop them"),
    ]
    for name, limit in (("lower", lower), ("upper", upper)):
        remedy = "drop these rows, or use −∞ or ∞ for a row without a limit"
        problems += told(f"the {name} limit is missing", int(np.isnan(limit).sum()), remedy)
    if bool(np.any(lower >= upper)):
        problems.append(Problem("the lower limit is not below the upper limit", "exchange them"))
    refuse_any(heading, problems)
    below, above = int((y < lower).sum()), int((y > upper).sum())
    problems = [_above(y, upper, above)] if above else []
    problems += told("the outcome is below its lower limit", below, CORRECT)
    refuse_any(heading, problems)


def _above(y: Floats, upper: Floats, count: int) -> Problem:
    what = Sentence("the outcome is above its upper limit in ", Count(count))
    if abs(float(upper.max()) - 1) < 1e-6 and 1.0 < float(y.max()) <= 100.0:
        percent = ", and no value is above 100 while the limit is 1: it looks like percent"
        return Problem(Sentence(what, percent), "use upper=100, or divide the outcome by 100")
    return Problem(what, CORRECT)


def check_variation(heading: str, outcome: Outcome) -> None:
    """Refuse an outcome without a single row strictly between the limits."""
    if not outcome.side.all():
        return
    n_low, n_high = int((outcome.side < 0).sum()), int((outcome.side > 0).sum())
    if n_low and n_high:
        counts = Count(n_low), " at the lower, ", Count(n_high), " at the upper)"
        what = Sentence(Alike("every row is at a limit ("), *counts)
        remedy = (
            "σ cannot be determined; estimate a logit or probit of reaching the upper limit instead"
        )
    else:
        side = "lower" if n_low else "upper"
        what = Sentence(Alike("all "), Count(n_low + n_high), f" are at the {side} limit")
        remedy = (
            "there is nothing to explain: check the sample, "
            "or the filter that sets the outcome of firms without innovations"
        )
    refuse(heading, what, remedy)


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
    not_estimable = {names[j]: why_collinear(dense[:, j]) for j in map(int, np.flatnonzero(~kept))}
    if n <= int(kept.sum()):
        what = Sentence(Count(n), f" for {k} coefficients and σ")
        remedy = "use fewer regressors or broader industry groups, or pool waves"
        refuse(heading, what, remedy)
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
        refuse(heading, what, "make a category with such rows the base")
    varying = np.ptp(X.dense, axis=0) > 0
    net = _within(X.dense[pinned], codes[pinned], levels)
    lengths = np.linalg.norm(X.dense[pinned], axis=0)
    spanned = np.flatnonzero(~independent_columns(net[:, varying], lengths[varying]))
    refuse_any(
        heading,
        [
            Problem(
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
    not_estimable = {names[j]: why_collinear(X.dense[:, j]) for j in map(int, constant[1:])}
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


def _why_separated(direction: float, rows: int, base: bool) -> Sentence:
    where = {1: "+∞", -1: "−∞"}.get(int(np.sign(direction)), "±∞")
    remedy = (
        "every row of the base category is there, so take another category as base"
        if base
        else "merge the category with another or drop the term"
    )
    return Sentence(
        Alike(f"tends to {where}: it separates "),
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
        what = Sentence(
            "the regressors fit the ",
            Count(int(exact.sum())),
            " between the limits exactly, so σ tends to zero and no estimate exists",
        )
        remedy = (
            "use fewer regressors or more observations, and check that no regressor is computed "
            "from the outcome"
        )
        refuse(heading, what, remedy)


def _on_a_plane(X: Floats, y: Floats) -> bool:
    beta, *_ = np.linalg.lstsq(X, y, rcond=None)
    residual = y - X @ beta
    return bool(residual @ residual <= 1e-16 * max(float(y @ y), np.finfo(float).tiny))
