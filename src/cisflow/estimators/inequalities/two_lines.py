r"""Two lines in place of a parabola: a rise before a point and a fall behind it.

A parabola may turn where the curve does not. Simonsohn (2018, Advances in Methods and Practices in
Psychological Science 1:538–555) fits two straight lines, one on either side of a breakpoint, and
asks whether their slopes have opposite signs, each significant. The breakpoint is set by his *Robin
Hood* rule, which gives more firms to the line that is harder to see:

1. a smooth curve of x less its mean, and where it is highest (lowest) away from its ends;
2. all x whose curve is within one standard error of that: the flat part;
3. two lines that meet in the median of the flat part, with t-values :math:`z_1, z_2`;
4. the breakpoint: the quantile :math:`|z_2| / (|z_1| + |z_2|)` of the flat part.

The point itself belongs to either line in the regression that its slope is taken from.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cisflow.estimators.arrays import Floats
from cisflow.estimators.errors import refuse
from cisflow.estimators.inequalities.u_shape import INVERTED, UShape

HEADING = "Two lines"
KNOTS = 5  # of the smooth curve, at most
TAILS = (0.1, 0.9)  # the curve is not asked where it is highest beyond these quantiles

Fit = Callable[[Floats], tuple[Floats, Floats]]
"""From further regressors (n, k) to their coefficients (k,) and covariance (k, k)."""


@dataclass(frozen=True)
class TwoLines:
    """Two lines on either side of a breakpoint.

    Attributes
    ----------
    breakpoint
    shape
        Their slopes, the low line first; tested like those at two ends.
    below, above
        Rows at or below the breakpoint, and at or above it.
    """

    breakpoint: float
    shape: UShape
    below: int
    above: int

    def p_value(self, shape: int = INVERTED) -> float:
        """Return the p-value of “no such shape”: two-sided, as Simonsohn tests either slope.

        One-sided tests would be right for a breakpoint that is given. Chosen by the data they
        reject a curve that rises and is then flat in 9 of 100 samples, these in 5
        (``benchmarks/results/inequalities_recovery.md``).
        """
        return min(1.0, 2 * self.shape.p_value(shape))


def two_lines(x: Floats, fit: Fit, shape: int = INVERTED, df: float = np.inf) -> TwoLines:
    """Fit two lines with the breakpoint of the Robin Hood rule.

    Parameters
    ----------
    x : (n,) array
    fit
        The regression of the outcome on what it is given, and on whatever else it holds constant:
        least squares, a Tobit.
    shape
        :data:`.u_shape.INVERTED` or :data:`.u_shape.UPRIGHT`, for which the breakpoint is sought.
    df
        Degrees of freedom of t.

    Raises
    ------
    EstimationError
        If x has too few values for a line on either side.
    """
    flat = x[np.isin(x, _flat_part(x, fit, shape))]
    first = lines_at(x, fit, float(np.quantile(flat, 0.5, method="inverted_cdf")), df)
    z = np.abs(first.shape.slopes / first.shape.std_errors)
    share = float(z[1] / z.sum()) if z.sum() > 0 else 0.5
    return lines_at(x, fit, float(np.quantile(flat, share, method="inverted_cdf")), df)


def lines_at(x: Floats, fit: Fit, at: float, df: float = np.inf) -> TwoLines:
    """Fit two lines on either side of a given breakpoint, each where the point belongs to it."""
    if min(len(np.unique(x[x <= at])), len(np.unique(x[x >= at]))) < 2:
        refuse(HEADING, "no line on one side of the breakpoint", "the variable has too few values")
    slopes, errors = np.zeros(2), np.zeros(2)
    for i, above in enumerate((x > at, x >= at)):
        b, V = fit(_two(x - at, above, i))
        slopes[i], errors[i] = b[0], np.sqrt(V[0, 0])
    below, above_ = int((x <= at).sum()), int((x >= at).sum())
    return TwoLines(at, UShape(np.array([at, at]), slopes, errors, df), below, above_)


def _two(away: Floats, above: NDArray[np.bool_], first: int) -> Floats:
    """Return a line, the one on the other side of the breakpoint, and the step between them.

    A side with one value has no line: the step takes it up.
    """
    here, there = (above, ~above) if first else (~above, above)
    lines = [np.where(here, away, 0.0)]
    if len(np.unique(away[there])) > 1:
        lines.append(np.where(there, away, 0.0))
    return np.column_stack([*lines, above])


def _flat_part(x: Floats, fit: Fit, shape: int) -> Floats:
    """Return the values of x away from the ends whose curve is next to its highest (lowest)."""
    values = np.unique(x)
    of_rows = natural_spline(x, x)
    basis = natural_spline(values, x) - of_rows.mean(axis=0)
    b, V = fit(of_rows)
    curve = -shape * (basis @ b)
    errors = np.sqrt(np.maximum(np.einsum("ij,jk,ik->i", basis, V, basis), 0))
    low, high = np.quantile(x, TAILS)
    inside = (values > max(low, values[0])) & (values < min(high, values[-1]))
    if not inside.any():
        inside = (values > values[0]) & (values < values[-1])
    if not inside.any():
        refuse(HEADING, "no value between the lowest and the highest", "use a variable with more")
    return np.asarray(values[inside & (curve + errors >= curve[inside].max())])


def natural_spline(at: Floats, x: Floats) -> Floats:
    """Return the natural cubic spline of x with knots at its quantiles, (len(at), knots − 1).

    Straight beyond the outer knots; x centred and in standard deviations. Hastie, Tibshirani &
    Friedman 2009, equation 5.4, without the constant.
    """
    where = np.unique(np.quantile(np.unique(x), np.linspace(0.05, 0.95, KNOTS)))
    centre, scale = float(x.mean()), float(x.std()) or 1.0
    u, knots = (np.asarray(at) - centre) / scale, (where - centre) / scale

    def bend(k: int) -> Floats:
        cubes = np.maximum(u - knots[k], 0) ** 3 - np.maximum(u - knots[-1], 0) ** 3
        return np.asarray(cubes / (knots[-1] - knots[k]))

    bends = [bend(k) - bend(len(knots) - 2) for k in range(len(knots) - 2)]
    return np.column_stack([u, *bends])
