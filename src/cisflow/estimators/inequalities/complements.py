r"""Are practices complements? What one adds where the other is there, less where it is not.

Two yes/no practices a and b are complements for an outcome f if, whatever the other practices are,

.. math:: f(1,1) - f(1,0) - f(0,1) + f(0,0) \ge 0

(supermodularity: Milgrom & Roberts 1990), substitutes if it is at most zero. With k practices a
pair has :math:`2^{k-2}` such inequalities, one for each state of the others, which are tested
together (Mohnen & Röller 2005, European Economic Review 49:1431–1450; Carree, Lokshin & Belderbos
2011, Journal of Productivity Analysis 35:263–269).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cisflow.estimators.arrays import Floats
from cisflow.estimators.distributions import NORMAL
from cisflow.estimators.inequalities.cone import DRAWS, SEED, ConeTest, cone_test

STRICT_COMPLEMENTS = "strict complements"
COMPLEMENTS = "weak complements"
SUBSTITUTES = "weak substitutes"
STRICT_SUBSTITUTES = "strict substitutes"
BOTH = "complements with some of the other practices, substitutes with others"
UNDECIDED = "undecided"


@dataclass(frozen=True)
class Complementarity:
    """What a sample says of a pair of practices.

    Attributes
    ----------
    gains, std_errors : (p,) arrays
        What the two add together beyond what each adds alone, by the state of the others.
    complements, substitutes
        The tests that all gains are at least zero, and at most zero: a small p-value speaks
        against it.
    """

    gains: Floats
    std_errors: Floats
    complements: ConeTest
    substitutes: ConeTest

    @property
    def smallest(self) -> int:
        """Which gain is the furthest from showing strict complements."""
        return int(np.argmin(self.gains / self.std_errors))

    @property
    def p_strict_complements(self) -> float:
        """p-value of “some gain is at most zero” (intersection-union: the largest of all)."""
        return float(NORMAL.sf((self.gains / self.std_errors).min()))

    @property
    def p_strict_substitutes(self) -> float:
        """p-value of “some gain is at least zero”."""
        return float(NORMAL.sf((-self.gains / self.std_errors).min()))

    def verdict(self, level: float = 0.05) -> str:
        """Return what the two practices are.

        Strict complements: every gain is above zero. Weak complements: that all are at most zero is
        rejected, that all are at least zero is not. Undecided: neither is rejected.
        """
        if self.p_strict_complements <= level:
            return STRICT_COMPLEMENTS
        if self.p_strict_substitutes <= level:
            return STRICT_SUBSTITUTES
        against = self.complements.p_value <= level, self.substitutes.p_value <= level
        words = {(False, True): COMPLEMENTS, (True, False): SUBSTITUTES, (True, True): BOTH}
        return words.get(against, UNDECIDED)


def complementarity(
    gains: Floats, covariance: Floats, draws: int = DRAWS, seed: int = SEED
) -> Complementarity:
    """Judge a pair of practices by what they add together, in every state of the others.

    Parameters
    ----------
    gains : (p,) array
        Estimates of f(1,1) − f(1,0) − f(0,1) + f(0,0): coefficients of an interaction, or average
        cross differences of any outcome.
    covariance : (p, p) array
        Of the estimates.
    draws, seed
        Of the simulated critical values, :func:`.cone.cone_test`.
    """
    gains, covariance = np.atleast_1d(gains).astype(float), np.atleast_2d(covariance)
    return Complementarity(
        gains=gains,
        std_errors=np.sqrt(np.diag(covariance)),
        complements=cone_test(gains, covariance, draws, seed),
        substitutes=cone_test(-gains, covariance, draws, seed),
    )
