r"""Several inequalities at once: the distance of an estimate from where all of them hold.

Of values :math:`q` with estimates :math:`\hat q \sim N(q, V)` the hypothesis is
:math:`q_j \ge 0` for all :math:`j`. The statistic of Kodde & Palm (1986, Econometrica 54:1243–1248)
is the distance

.. math:: D = \min_{x \ge 0} (\hat q - x)' V^{-1} (\hat q - x)

whose distribution where the hypothesis just holds (:math:`q = 0`, the least favourable point) is a
mixture of χ²: :math:`P(D \ge d) = \sum_j w_j P(\chi^2_j \ge d)`, in which :math:`w_j` is the
probability that j of the values are at zero in the point next to a draw from :math:`N(0, V)`.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq

from cisflow.estimators.arrays import Floats
from cisflow.estimators.distributions import ChiSquared
from cisflow.estimators.errors import refuse

Bools = NDArray[np.bool_]
HEADING = "Test of inequalities"
DRAWS, SEED = 20_000, 20141120
MOST = 8  # inequalities; of each subset of them the point next to the estimate is computed
SLACK = 1e-9  # in standard errors


@dataclass(frozen=True)
class Distances:
    """How far each of m vectors is from the orthant.

    Attributes
    ----------
    squared : (m,) array
        The statistic D.
    at_zero : (m,) array
        How many values are zero in the point next to it.
    """

    squared: Floats
    at_zero: Floats


@dataclass(frozen=True)
class ConeTest:
    """The test of q ≥ 0.

    Attributes
    ----------
    statistic
        D, zero where all estimates are on the right side.
    p_value
        One where it is zero.
    weights : (p + 1,) array
        Of χ² with 0, 1, …, p degrees of freedom.
    """

    statistic: float
    p_value: float
    weights: Floats


def cone_test(values: Floats, covariance: Floats, draws: int = DRAWS, seed: int = SEED) -> ConeTest:
    """Test that all of several values are at least zero.

    Parameters
    ----------
    values : (p,) array
        Their estimates.
    covariance : (p, p) array
        Of the estimates; without linear dependence.
    draws, seed
        Of the weights of the mixture. Each draw is used with either sign, so that the weights of
        one inequality, a half each, are exact.

    Raises
    ------
    EstimationError
        If there are more than :data:`MOST` inequalities, or one follows from others.
    """
    values, covariance = np.atleast_1d(values), np.atleast_2d(covariance)
    statistic = float(distances(values[None], covariance).squared[0])
    weights = chi_bar_weights(covariance, draws, seed)
    return ConeTest(statistic, tail(statistic, weights), weights)


def distances(values: Floats, covariance: Floats) -> Distances:
    r"""Return how far vectors are from the orthant q ≥ 0, in the metric of the covariance.

    Parameters
    ----------
    values : (m, p) array
    covariance : (p, p) array

    Notes
    -----
    The point next to a vector has zeros in a set S of its places. It is the one S for which
    :math:`V_{SS}^{-1} q_S \le 0` and the other places, :math:`q_N - V_{NS} V_{SS}^{-1} q_S`, are
    not negative.
    """
    scaled, correlation = _standardised(np.asarray(values, dtype=float), covariance)
    m, p = scaled.shape
    squared, at_zero = np.full(m, np.inf), np.zeros(m)
    for size in range(p + 1):
        for zero in combinations(range(p), size):
            fits, distance = _if_zero(scaled, correlation, list(zero))
            better = fits & (distance < squared)
            squared[better], at_zero[better] = distance[better], size
    return Distances(squared, at_zero)


def _standardised(values: Floats, covariance: Floats) -> tuple[Floats, Floats]:
    """Return values in standard errors and their correlations."""
    if len(covariance) > MOST:
        refuse(HEADING, f"{len(covariance)} inequalities at once", f"test at most {MOST} together")
    error = np.sqrt(np.diag(covariance))
    correlation = covariance / np.outer(error, error)
    if not np.isfinite(correlation).all() or np.linalg.cond(correlation) > 1e12:
        refuse(HEADING, "some inequalities follow from others", "leave these out")
    return values / error, correlation


def _if_zero(values: Floats, correlation: Floats, zero: list[int]) -> tuple[Bools, Floats]:
    """Return for which vectors the next point has zeros just there, and its squared distance."""
    others = [j for j in range(len(correlation)) if j not in zero]
    pull = np.linalg.solve(correlation[np.ix_(zero, zero)], values[:, zero].T).T
    rest = values[:, others] - pull @ correlation[np.ix_(zero, others)]
    fits = np.all(pull <= SLACK, axis=1) & np.all(rest >= -SLACK, axis=1)
    return np.asarray(fits), (pull * values[:, zero]).sum(axis=1)


def chi_bar_weights(covariance: Floats, draws: int = DRAWS, seed: int = SEED) -> Floats:
    """Return the simulated weights of χ² with 0, 1, …, p degrees of freedom, (p + 1,).

    Parameters
    ----------
    covariance : (p, p) array
        Of the estimates; only their correlations matter.
    """
    _, correlation = _standardised(np.zeros((1, len(covariance))), covariance)
    return _weights(tuple(map(tuple, correlation.round(12))), draws, seed).copy()


@lru_cache(maxsize=64)
def _weights(correlation: tuple[tuple[float, ...], ...], draws: int, seed: int) -> Floats:
    R = np.array(correlation)
    z = np.random.default_rng(seed).standard_normal((draws, len(R))) @ np.linalg.cholesky(R).T
    at_zero = distances(np.vstack([z, -z]), R).at_zero.astype(np.intp)
    return np.asarray(np.bincount(at_zero, minlength=len(R) + 1) / at_zero.size)


def tail(statistic: float, weights: Floats) -> float:
    """Return the probability of a distance at least so large where the hypothesis just holds."""
    if statistic <= SLACK:
        return 1.0
    return float(weights[1:] @ ChiSquared(np.arange(1, len(weights))).sf(statistic))


def critical_value(weights: Floats, level: float = 0.05) -> float:
    """Return the distance that is exceeded with probability ``level``."""
    most = float(ChiSquared(len(weights)).isf(level)) + 1.0
    return float(brentq(lambda d: tail(d, weights) - level, 2 * SLACK, most, xtol=1e-10))


def palm_bounds(inequalities: int, level: float = 0.05) -> tuple[float, float]:
    """Return the bounds of the critical value for any covariance (Kodde & Palm 1986, table 1).

    The lower one is that of a single inequality, the upper one a half each of χ² with one degree
    of freedom less than there are inequalities and with as many.
    """
    low = np.array([0.5, 0.5])
    high = np.zeros(inequalities + 1)
    high[[inequalities - 1, inequalities]] = 0.5
    return critical_value(low, level), critical_value(high, level)
