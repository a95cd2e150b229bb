r"""The distribution function of two standard normal variables with a correlation.

.. math:: \Phi_2(h, k; \rho) = P(U \le h, V \le k)

by Owen's T function (Owen 1956, Annals of Mathematical Statistics 27:1075–1090), exact for every
correlation inside (−1, 1) and as fast as a univariate one.
"""

from __future__ import annotations

import numpy as np
from scipy.special import ndtr, owens_t

from cisflow.estimators.arrays import Floats

LEAST = 1e-300  # in place of zero, so that ratios have a sign


def probability(h: Floats, k: Floats, rho: float) -> Floats:
    """Return Φ₂(h, k; ρ), shape (n,)."""
    root = np.sqrt(1 - rho * rho)
    h, k = (np.where(np.abs(x) < LEAST, LEAST, x) for x in (h, k))
    with np.errstate(over="ignore"):
        towards = (k / h - rho) / root, (h / k - rho) / root
    opposite = np.where(np.sign(h) == np.sign(k), 0.0, 0.5)
    value = (ndtr(h) + ndtr(k)) / 2 - owens_t(h, towards[0]) - owens_t(k, towards[1]) - opposite
    return np.asarray(np.clip(value, 0.0, 1.0))


def density(h: Floats, k: Floats, rho: float) -> Floats:
    """Return φ₂(h, k; ρ), which is also the derivative of Φ₂ in ρ."""
    spread = 1 - rho * rho
    distance = (h * h - 2 * rho * h * k + k * k) / spread
    return np.asarray(np.exp(-distance / 2) / (2 * np.pi * np.sqrt(spread)))
