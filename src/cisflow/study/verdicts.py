"""The rule of one estimate: an interval held against what a claim expects of it.

Nothing here needs more than an estimate and its standard error, so that the stage that estimates
can ask of every single firm whether a verdict turns without it, and the stage that judges says the
same. What a verdict says besides (how many firms, which model, which other tests) is decided in
:mod:`cisflow.claims`.
"""

from __future__ import annotations

from dataclasses import dataclass
from statistics import NormalDist
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # the configs are read, with claims and all, before anything heavy is needed
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Number = float | Floats
    Bounds = tuple[float, float] | tuple[Floats, Floats]

SUPPORTED = "supported"
CONTRADICTED = "contradicted"
INCONCLUSIVE = "inconclusive"
UNDECIDABLE = "cannot be decided with this sample"
DEPENDS = "depends on the model"
TOO_FEW = "too few firms"
NOT_ESTIMABLE = "not estimable"
NOT_RUN = "not run"
NOT_MEASURABLE = "not measurable"
VERDICTS = (
    SUPPORTED,
    CONTRADICTED,
    INCONCLUSIVE,
    UNDECIDABLE,
    DEPENDS,
    TOO_FEW,
    NOT_ESTIMABLE,
    NOT_RUN,
    NOT_MEASURABLE,
)
DECIDED = frozenset({SUPPORTED, CONTRADICTED})
"""Verdicts that say something of the claim; all others say something of the sample."""

# Reasons, as data: what the interval says.
AS_EXPECTED = "beyond zero as expected"
AGAINST = "beyond zero against expectation"
HOLDS_ZERO = "holds zero"
INSIDE = "inside the band"
OUTSIDE = "outside the band"
ACROSS = "across the band"
# Reasons, as data: what the sample cannot say.
BAND_OUT_OF_REACH = "band out of reach"
EFFECT_OUT_OF_REACH = "effect out of reach"
WEAK = "weak instruments"
FEW_FIRMS = "few firms on one side"
# Reasons, as data: what turns a verdict.
ONE_FIRM = "turned by a single firm"
OUTLIERS = "turned by the outlier rule"
ONE_COUNTRY = "turned by a single country"
REJECTED = "model rejected, alternative disagrees"
NO_ALTERNATIVE = "model rejected, no alternative was run"

CODES_OF_SIGN = {1: AS_EXPECTED, -1: AGAINST, 0: HOLDS_ZERO}
CODES_OF_NONE = {1: INSIDE, -1: OUTSIDE, 0: ACROSS}
SAID = {1: SUPPORTED, -1: CONTRADICTED, 0: INCONCLUSIVE}

Interval = tuple[float, float]
Shape = tuple[tuple[float, float], tuple[float, float]]
"""How far the intervals against zero and for the band reach below and above an estimate, in
standard errors."""
SIGNS = {"positive": 1, "negative": -1, "none": 0}


@dataclass(frozen=True)
class Expected:
    """What a claim expects of an estimate."""

    sign: int  # 1, −1, or 0 for no effect
    band: float = 0.0  # with no effect: the smallest effect of interest, in units of the estimate
    # With a sign: the effect the literature claims, or the largest it can mean; None where it names
    # none.
    claimed: float | None = None

    @property
    def asked(self) -> str:
        """What an interval is held against: the same for claims that differ in size alone."""
        return f"{self.sign:+d}" if self.sign else f"within {self.band:g}"


@dataclass(frozen=True)
class Levels:
    """At which levels estimates are judged."""

    significance: float = 0.05  # of the two-sided test against zero, such as 0.05
    # Of the interval that must lie inside the band, such as 0.10 (two one-sided tests at 0.05).
    equivalence: float = 0.10
    power: float = 0.80  # with which an effect should be found, such as 0.80


@dataclass(frozen=True)
class Reading:
    """What the rule says of one estimate: the verdict, and the reason as a code."""

    verdict: str
    code: str


def read(expected: Expected, against_zero: Interval, for_band: Interval) -> Reading:
    """Return what an interval says of an expectation, whatever the sample could have said.

    Parameters
    ----------
    against_zero
        Interval at the level of significance.
    for_band
        Interval at the level of equivalence; used for no effect alone.

    Returns
    -------
    Reading
        Supported, contradicted or inconclusive. No effect is contradicted only by an interval that
        lies wholly outside the band: one that excludes zero and reaches into the band is as good
        with an effect too small to matter.
    """
    speaks = int(speaks_for(expected, against_zero, for_band))
    codes = CODES_OF_SIGN if expected.sign else CODES_OF_NONE
    return Reading(SAID[speaks], codes[speaks])


def speaks_for(expected: Expected, against_zero: Bounds, for_band: Bounds) -> NDArray[np.int_]:
    """Return whether intervals speak for what is expected (1), against it (−1) or neither (0).

    Parameters
    ----------
    against_zero, for_band
        As of :func:`read`; their bounds may be arrays, of one interval each. One that is not a
        number speaks for nothing.
    """
    import numpy as np

    low, high = against_zero
    if expected.sign:
        above, below = np.greater(low, 0), np.less(high, 0)
        pro, con = (above, below) if expected.sign > 0 else (below, above)
    else:
        band, (inner, outer) = expected.band, for_band
        pro = np.greater(inner, -band) & np.less(outer, band)
        con = np.greater_equal(low, band) | np.less_equal(high, -band)
    return np.where(pro, 1, np.where(con, -1, 0))


def within_reach(
    reading: Reading, expected: Expected, for_band: Interval, detectable: float
) -> Reading:
    """Return a reading, or that the sample could not have given another one.

    Parameters
    ----------
    reading
        Of :func:`read`.
    expected, for_band
        As there.
    detectable
        The smallest effect that the sample would find with the power of the rule.

    Returns
    -------
    Reading
        :data:`UNDECIDABLE` in place of inconclusive where the interval for the band is no
        narrower than the band, so that no estimate at all would have put it inside; or where the
        sample would not find the effect claimed.
    """
    if reading.verdict != INCONCLUSIVE:
        return reading
    if not expected.sign:
        out = for_band[1] - for_band[0] >= 2 * expected.band
        return Reading(UNDECIDABLE, BAND_OUT_OF_REACH) if out else reading
    if expected.claimed is not None and detectable > expected.claimed:
        return Reading(UNDECIDABLE, EFFECT_OUT_OF_REACH)
    return reading


def intervals_of(shape: Shape, estimate: Number, std_error: Number) -> tuple[Any, Any]:
    """Return the intervals against zero and for the band around an estimate, or around many."""
    zero, band = (
        (estimate - below * std_error, estimate + above * std_error) for below, above in shape
    )
    return zero, band


def normal_shape(levels: Levels) -> Shape:
    """Return how far normal intervals reach, in standard errors."""
    z = [NormalDist().inv_cdf(1 - a / 2) for a in (levels.significance, levels.equivalence)]
    return (z[0], z[0]), (z[1], z[1])


def turned(
    expected: Expected,
    full: tuple[float, float],
    without: tuple[Floats, Floats],
    shape: Shape,
) -> NDArray[np.bool_]:
    """Return which of many estimates give another verdict than the full one, (n,).

    Parameters
    ----------
    full
        Estimate and standard error on all firms.
    without
        The same without one firm each, (n,) both; one that is not finite says nothing, and counts
        as another.
    shape
        Of the intervals around the full estimate; those without a firm have the same.
    """
    import numpy as np

    said = speaks_for(expected, *intervals_of(shape, *full))
    others = speaks_for(expected, *intervals_of(shape, *without))
    return (others != said) | ~np.isfinite(without).all(axis=0)
