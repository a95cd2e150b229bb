"""Whether means and totals may be told: dominance, single contributors, no spread."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cisflow.disclosure.sets import SMALL
from cisflow.study.disclosure import Profile

Floats = NDArray[np.float64]
SAME = "all firms of the group give the same value"
SINGLE = "fewer firms than the minimum differ from the value all others give"
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
    profile
        The rules.

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
