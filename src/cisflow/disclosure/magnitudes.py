"""Whether means and totals may be told: dominance, single contributors, no spread."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cisflow.disclosure.sets import SMALL
from cisflow.study.disclosure import Profile

Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]
DRAWN = 4000  # firms among whom a line is looked for
SAME = "all firms of the group give the same value"
SINGLE = "fewer firms than the minimum differ from the value all others give"
MANY = "more is told of these firms than leaves their values open"
DOMINANT = "a few firms hold more of the total than the rules allow"
WEIGHED = "a few firms have more of the weight than the rules allow"


def refused(x: Floats, weight: Floats, profile: Profile) -> str:
    """Return why the mean, total or deviation of a variable may not be told; empty if it may.

    Parameters
    ----------
    x
        Values of the firms it rests on, shape (n,), without gaps.
    weight
        Their weights, shape (n,); ones without weights.

    Notes
    -----
    The rules are held on the values and on the weighted values: a mean that one firm's weight
    makes is that firm's value. Dominance and the p % rule are of Hundepool et al. (2012),
    *Statistical Disclosure Control*, section 4.2, on absolute values: profits may be negative.
    """
    if len(x) < profile.minimum_cell:
        return SMALL
    if profile.minimum_cell > 1:
        values, counts = np.unique(x, return_counts=True)
        if len(values) == 1:
            return SAME
        if len(x) - counts.max() < profile.minimum_cell:
            return SINGLE
    if weighed(weight, profile):
        return WEIGHED
    return DOMINANT if any(_dominated(v, profile) for v in (np.abs(x), np.abs(x * weight))) else ""


def exceptions(x: Floats, y: Floats) -> Bools | None:
    """Return for which firms a variable is not that multiple of another which it is for most.

    Such are a variable and itself capped at a value few reach, or two yes/no variables that few
    firms answer otherwise: what is told of both is told of these few, by subtraction.

    Parameters
    ----------
    x, y
        Values, shape (n,), NaN where there is none.

    Returns
    -------
    array or None
        Booleans, shape (n,), true too where one value alone is known; None if no line
        ``y = a x + b`` holds for most.
    """
    known = ~(np.isnan(x) | np.isnan(y))
    line = _line(x[known], y[known])
    if line is None:
        return None
    slope, level = line
    off = np.isnan(x) != np.isnan(y)
    near = 1e-9 * max(float(np.abs(y[known]).max()), 1e-300)
    off[known] = np.abs(y[known] - slope * x[known] - level) > near
    return off if 2 * off[known].sum() < known.sum() else None


def monotone(x: Floats, y: Floats) -> bool:
    """Return whether two variables put firms in the same order, or the opposite: x and x², say."""
    order = np.argsort(x, kind="stable")
    moves, rises = np.sign(np.diff(x[order])), np.sign(np.diff(y[order]))
    return bool((rises == moves).all() or (rises == -moves).all())


def _line(x: Floats, y: Floats) -> tuple[float, float] | None:
    """Return slope and level of the line most points lie on exactly, if there is one.

    Where most do, so do both of a quarter of the pairs drawn at random, and no other line has more.
    """
    some = np.random.default_rng(0).permutation(len(x))[:DRAWN]
    other = np.roll(some, 1)
    moves = x[some] != x[other]
    slopes = (y[some] - y[other])[moves] / (x[some] - x[other])[moves]
    slope = _common(slopes)
    if not slope:
        return None
    level = _common(y[some] - slope * x[some])
    return None if level is None else (slope, level)


def _common(values: Floats) -> float | None:
    """Return the value that at least an eighth share but for rounding, if there is one."""
    if not len(values):
        return None
    sizes = np.abs(values)
    # Where most are zero the largest says what counts as the same, or all others would be infinite.
    scale = 1e-7 * max(float(np.median(sizes)), 1e-9 * float(sizes.max()), 1e-300)
    rounded, counts = np.unique(np.round(values / scale), return_counts=True)
    if 8 * counts.max() < len(values):
        return None
    most = rounded[counts.argmax()]
    return float(np.median(values[np.round(values / scale) == most]))


def weighed(weight: Floats, profile: Profile) -> bool:
    """Return whether a few firms have so much of all weight that a weighted share is theirs."""
    return _dominated(weight, profile)


def _dominated(parts: Floats, profile: Profile) -> bool:
    """Return whether the largest parts of a total break the (n, k) or the p % rule."""
    total = float(parts.sum())
    if total <= 0:
        return False
    largest = np.sort(parts)[::-1]
    rule = profile.dominance
    if 100 * largest[: rule.firms].sum() > rule.share * total:
        return True
    rest = total - largest[:2].sum()
    return bool(100 * rest < profile.p_percent * largest[0])
