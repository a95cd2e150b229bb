r"""Inverted U or not: the slopes at both ends of a range, and the extreme point between them.

A quadratic term alone shows no inverted U: a curve that rises ever more slowly has one too. The
test of Lind & Mehlum (2010, Oxford Bulletin of Economics and Statistics 72:109–118) asks whether
the slope is positive at the low end of the range **and** negative at its high end, by the weaker
of two one-sided tests (Sasabuchi 1980), which is of the right size without correction.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cisflow.estimators.arrays import Floats
from cisflow.estimators.distributions import student

INVERTED, UPRIGHT = -1, 1  # sign of the curvature: inverted U, U


@dataclass(frozen=True)
class UShape:
    """Slopes of a curve at the ends of a range.

    Attributes
    ----------
    ends : (2,) array
        Where the slopes are taken, low and high.
    slopes, std_errors : (2,) arrays
    df
        Degrees of freedom of t; infinite for the normal distribution.
    """

    ends: Floats
    slopes: Floats
    std_errors: Floats
    df: float = np.inf

    def directed(self, shape: int = INVERTED) -> Floats:
        """Return the slopes with the sign in which they speak for a shape, (2,)."""
        return self.slopes * np.array([-shape, shape])

    def binding(self, shape: int = INVERTED) -> int:
        """Return which end speaks least for a shape: 0 the low one, 1 the high one."""
        return int(np.argmin(self.directed(shape) / self.std_errors))

    def statistic(self, shape: int = INVERTED) -> float:
        """Return the t-value at the end that speaks least for a shape."""
        return float((self.directed(shape) / self.std_errors).min())

    def p_value(self, shape: int = INVERTED) -> float:
        """Return the p-value of “no such shape”: the larger of those at the two ends."""
        law = student(self.df)
        return float(law.sf(self.statistic(shape)))


@dataclass(frozen=True)
class Extreme:
    """Where a parabola turns.

    Attributes
    ----------
    place, std_error
        −b₁ / 2b₂, by the delta method.
    low, high
        Fieller's interval; infinite where the curvature may be zero, so that the point may be
        anywhere.
    """

    place: float
    std_error: float
    low: float
    high: float


def u_shape(
    slope: Floats, covariance: Floats, ends: tuple[float, float], df: float = np.inf
) -> UShape:
    """Return the slopes of b₁x + b₂x² at the ends of a range.

    Parameters
    ----------
    slope : (2,) array
        b₁ and b₂.
    covariance : (2, 2) array
        Of the two.
    ends
        The range over which the shape is claimed.
    df
        Degrees of freedom of t.
    """
    A = np.column_stack([np.ones(2), 2 * np.asarray(ends, dtype=float)])
    errors = np.sqrt(np.einsum("ij,jk,ik->i", A, covariance, A))
    return UShape(np.asarray(ends, dtype=float), A @ slope, errors, df)


def extreme_point(
    slope: Floats, covariance: Floats, level: float = 0.05, df: float = np.inf
) -> Extreme:
    """Return where b₁x + b₂x² turns, with Fieller's (1954) interval.

    The interval holds every θ at which the slope b₁ + 2b₂θ is not significantly different from
    zero. It is bounded only where b₂ is.
    """
    b1, b2 = map(float, slope)
    place = -b1 / (2 * b2)
    gradient = np.array([-1 / (2 * b2), b1 / (2 * b2**2)])
    error = float(np.sqrt(gradient @ covariance @ gradient))
    law = student(df)
    z2 = float(law.isf(level / 2)) ** 2
    a = 4 * (b2**2 - z2 * covariance[1, 1])
    half = 2 * (b1 * b2 - z2 * covariance[0, 1])
    c = b1**2 - z2 * covariance[0, 0]
    if a <= 0:
        return Extreme(place, error, -np.inf, np.inf)
    root = np.sqrt(max(half**2 - a * c, 0.0))
    return Extreme(place, error, (-half - root) / a, (-half + root) / a)
