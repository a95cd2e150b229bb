"""What a sample could have found: minimal detectable effects, and the sample that could decide.

All of it goes by a standard error and by nothing that was found, so that it says the same whether
the estimate came out large or small (power computed from the estimate itself only restates its
p-value; Hoenig & Heisey 2001, The American Statistician 55:19-24). A standard error is taken to
shrink with the root of the number of firms.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.optimize import brentq

from cisflow.estimators.distributions import NORMAL, shifted_sf, student

POWER = 0.80
"""Chance of being found from which an effect counts as detectable."""


@dataclass(frozen=True)
class Reach:
    """What a sample can decide on one estimate."""

    # The smallest true effect that is found, with its sign and at the level of the test, with the
    # wished-for power; in units of the standard error's coefficient.
    mde: float
    # Chance that the claim is supported if it is true: of an expected sign, if the effect is as
    # large as the smallest of interest (NaN where none is stated); of "no effect", if it is zero.
    power: float
    # Of "no effect": the fewest firms with which an estimate of exactly zero would be support; NaN
    # for an expected sign, which a large enough effect supports in any sample.
    n_possible: float
    # The fewest firms that have the wished-for power; NaN without a smallest effect.
    n_needed: float
    decidable: bool | None  # whether that power is there; None without a smallest effect


def reach_of_sign(
    std_error: float,
    n: float,
    *,
    effect: float | None = None,
    level: float = 0.05,
    power: float = POWER,
    df: float = math.inf,
) -> Reach:
    """Return what a sample can decide where a sign is expected.

    Parameters
    ----------
    std_error
        Of the estimate, in any unit; positive.
    n
        Firms it rests on.
    effect
        The smallest effect of interest, in the same unit and of any sign; None if none is stated.
    level
        Of the two-sided test against zero.
    power
        Wished-for chance of being found, between ``level / 2`` and 1.
    df
        Degrees of freedom of Student's t; infinite for the normal distribution.
    """
    detectable = minimal_effect(std_error, level=level, power=power, df=df)
    if effect is None:
        return Reach(detectable, math.nan, math.nan, math.nan, None)
    chance = power_of_sign(abs(effect), std_error, level=level, df=df)
    needed = firms_for(std_error / (abs(effect) / _units(level / 2, 1 - power)), n)
    return Reach(detectable, chance, math.nan, needed, chance >= power)


def reach_of_none(
    std_error: float,
    n: float,
    band: float,
    *,
    level: float = 0.05,
    equivalence: float = 0.10,
    power: float = POWER,
    df: float = math.inf,
) -> Reach:
    """Return what a sample can decide where no effect is expected.

    Parameters
    ----------
    std_error, n, level, power, df
        As in :func:`reach_of_sign`.
    band
        The smallest effect of interest: effects within ± it count as none; positive.
    equivalence
        Level of the interval that must lie within the band, such as 0.10 for two one-sided tests
        at 0.05 each.
    """
    chance = power_of_none(band, std_error, equivalence=equivalence, df=df)
    one_sided = NORMAL.isf(equivalence / 2)
    return Reach(
        minimal_effect(std_error, level=level, power=power, df=df),
        chance,
        firms_for(std_error / (band / one_sided), n),
        # At a true effect of zero both tests fail equally often.
        firms_for(std_error / (band / _units(equivalence / 2, (1 - power) / 2)), n),
        chance >= power,
    )


def minimal_effect(
    std_error: float, *, level: float = 0.05, power: float = POWER, df: float = math.inf
) -> float:
    """Return the smallest true effect found with its sign with a given power.

    Parameters and units are those of :func:`reach_of_sign`. With infinite ``df`` this is
    (z(1 - level/2) + z(power)) standard errors, 2.80 of them at 5 % and 80 %.
    """
    if not math.isfinite(df):
        return std_error * _units(level / 2, 1 - power)

    def short(effect: float) -> float:
        return power_of_sign(effect, 1.0, level=level, df=df) - power

    law = student(df)
    return std_error * float(brentq(short, 0, 2 * (law.isf(level / 2) + law.isf(1 - power)) + 5))


def power_of_sign(effect: Any, std_error: Any, *, level: float = 0.05, df: float = math.inf) -> Any:
    """Return the chance that the interval at ``level`` lies wholly on an effect's own side.

    Parameters
    ----------
    effect, std_error
        True effect and standard error, numbers or arrays of one shape; a negative effect is one
        that goes against the expected sign.
    level, df
        As in :func:`reach_of_sign`.
    """
    shift = np.asarray(effect, dtype=float) / np.asarray(std_error, dtype=float)
    if not math.isfinite(df):
        return _plain(NORMAL.sf(NORMAL.isf(level / 2) - shift))
    return _plain(shifted_sf(student(df).isf(level / 2), df, shift))


def power_of_none(
    band: Any, std_error: Any, *, equivalence: float = 0.10, df: float = math.inf
) -> Any:
    """Return the chance that the interval lies within ± ``band`` if the true effect is zero.

    Parameters
    ----------
    band, std_error
        Smallest effect of interest and standard error, numbers or arrays of one shape.
    equivalence, df
        As in :func:`reach_of_none`. With finite ``df`` the standard error is taken as it is: what
        its own scatter adds is left out.
    """
    law = student(df)
    room = np.asarray(band, dtype=float) / np.asarray(std_error, dtype=float)
    inside = 2 * law.cdf(room - law.isf(equivalence / 2)) - 1
    return _plain(np.maximum(inside, 0.0))


def firms_for(excess: float, n: float) -> float:
    """Return with how many firms a standard error ``excess`` times too large would be small enough.

    Parameters
    ----------
    excess
        The standard error with ``n`` firms over the largest that would do.
    n
        Firms it rests on.
    """
    # A hair below a whole number is that number.
    return float(math.ceil(n * excess**2 - 1e-9))


def _units(*tails: float) -> float:
    """Return the sum of normal quantiles with these upper tails: effects in standard errors."""
    return float(sum(NORMAL.isf(tail) for tail in tails))


def _plain(values: Any) -> Any:
    return float(values) if np.ndim(values) == 0 else values
