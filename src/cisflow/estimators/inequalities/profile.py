r"""An effect over the range of another variable, with bands that hold for the whole of it.

A band of pointwise 95 % intervals holds an effect at one place; that all of it lies in the band is
less likely. The uniform band is as much wider as the largest of the t-values along the curve asks
(sup-t; Montiel Olea & Plagborg-Møller 2019, Journal of Applied Econometrics 34:1–17), by draws from
their joint distribution.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cisflow.estimators.arrays import Floats
from cisflow.estimators.distributions import NORMAL, normal_draws

DRAWS, SEED = 20_000, 20141120


@dataclass(frozen=True)
class Profile:
    """An effect at several places.

    Attributes
    ----------
    places, effects, std_errors : (m,) arrays
    pointwise, uniform
        By how many standard errors either band reaches to both sides.
    """

    places: Floats
    effects: Floats
    std_errors: Floats
    pointwise: float
    uniform: float

    def band(self, *, uniform: bool = True) -> tuple[Floats, Floats]:
        """Return the lower and upper ends of a band, each (m,)."""
        reach = (self.uniform if uniform else self.pointwise) * self.std_errors
        return self.effects - reach, self.effects + reach


def profile(
    places: Floats,
    effects: Floats,
    covariance: Floats,
    level: float = 0.05,
    draws: int = DRAWS,
    seed: int = SEED,
) -> Profile:
    """Return an effect at several places with both kinds of bands.

    Parameters
    ----------
    places, effects : (m,) arrays
    covariance : (m, m) array
        Of the effects; of any rank.
    level
        One minus the coverage of either band.
    draws, seed
        Of the largest t-value.
    """
    errors = np.sqrt(np.diag(covariance))
    reach = float(NORMAL.isf(level / 2))
    found = np.asarray(places, dtype=float), np.asarray(effects, dtype=float)
    return Profile(*found, errors, reach, sup_t(covariance, level, draws, seed))


def sup_t(covariance: Floats, level: float = 0.05, draws: int = DRAWS, seed: int = SEED) -> float:
    """Return what the largest of several t-values exceeds with probability ``level``.

    Never less than for one alone: what draws leave open is not let shrink a band.
    """
    errors = np.sqrt(np.diag(covariance))
    z = normal_draws(covariance / np.outer(errors, errors), draws, seed)
    largest = np.abs(z).max(axis=1)
    return max(float(np.quantile(largest, 1 - level)), float(NORMAL.isf(level / 2)))
