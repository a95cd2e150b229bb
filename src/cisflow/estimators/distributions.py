"""The reference distributions of tests and intervals: normal, t, χ² and F.

The same functions of :mod:`scipy.special` that stand behind ``scipy.stats``, bit for bit, without
the second that importing ``scipy.stats`` takes: most jobs of a run are hardly longer than that.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import (
    chdtr,
    chdtrc,
    chdtri,
    fdtrc,
    fdtri,
    gammaincinv,
    log_ndtr,
    nctdtr,
    ndtr,
    ndtri,
    stdtr,
    stdtrit,
)

ROOT_2PI = np.sqrt(2 * np.pi)


@dataclass(frozen=True)
class Normal:
    """The standard normal; every argument and result is a number or an array of one shape."""

    def cdf(self, x: Any) -> Any:
        """Return the probability of less than x."""
        return ndtr(x)

    def sf(self, x: Any) -> Any:
        """Return the probability of more than x."""
        return ndtr(-np.asarray(x))

    def logsf(self, x: Any) -> Any:
        """Return the logarithm of the probability of more than x."""
        return log_ndtr(-np.asarray(x))

    def ppf(self, q: Any) -> Any:
        """Return below what a probability of q lies."""
        return ndtri(q)

    def isf(self, q: Any) -> Any:
        """Return above what a probability of q lies."""
        return -ndtri(q)

    def pdf(self, x: Any) -> Any:
        """Return the density at x."""
        return np.exp(-(np.asarray(x) ** 2) / 2.0) / ROOT_2PI

    def logpdf(self, x: Any) -> Any:
        """Return the logarithm of the density at x."""
        return -(np.asarray(x) ** 2) / 2.0 - np.log(ROOT_2PI)


@dataclass(frozen=True)
class Student:
    """Student's t with ``df`` degrees of freedom."""

    df: Any

    def cdf(self, x: Any) -> Any:
        """Return the probability of less than x."""
        return stdtr(self.df, x)

    def sf(self, x: Any) -> Any:
        """Return the probability of more than x."""
        return stdtr(self.df, -np.asarray(x))

    def ppf(self, q: Any) -> Any:
        """Return below what a probability of q lies."""
        return stdtrit(self.df, q)

    def isf(self, q: Any) -> Any:
        """Return above what a probability of q lies."""
        return -stdtrit(self.df, q)


@dataclass(frozen=True)
class ChiSquared:
    """χ² with ``df`` degrees of freedom."""

    df: Any

    def cdf(self, x: Any) -> Any:
        """Return the probability of less than x."""
        return chdtr(self.df, x)

    def sf(self, x: Any) -> Any:
        """Return the probability of more than x."""
        return chdtrc(self.df, x)

    def ppf(self, q: Any) -> Any:
        """Return below what a probability of q lies."""
        return 2 * gammaincinv(np.asarray(self.df) / 2, q)

    def isf(self, q: Any) -> Any:
        """Return above what a probability of q lies."""
        return chdtri(self.df, q)


@dataclass(frozen=True)
class Fisher:
    """F with ``above`` and ``below`` degrees of freedom; infinite below, χ² over its own."""

    above: Any
    below: Any

    def sf(self, x: Any) -> Any:
        """Return the probability of more than x."""
        if np.isinf(self.below):
            return chdtrc(self.above, x / (1 / self.above))
        return fdtrc(self.above, self.below, x)

    def ppf(self, q: Any) -> Any:
        """Return below what a probability of q lies."""
        if np.isinf(self.below):
            return ChiSquared(self.above).ppf(q) * (1 / self.above)
        return fdtri(self.above, self.below, q)


NORMAL = Normal()


def student(df: float | None) -> Normal | Student:
    """Return t with ``df`` degrees of freedom, the normal where these are None or infinite."""
    return NORMAL if df is None or np.isinf(df) else Student(df)


def shifted_sf(x: Any, df: Any, shift: Any) -> Any:
    """Return the probability of more than x of noncentral t: minus it is t of minus the shift."""
    return nctdtr(df, -np.asarray(shift), -np.asarray(x))


def normal_draws(covariance: Any, draws: int, seed: int | np.random.Generator) -> Any:
    """Draw normal variables with mean zero.

    By the symmetric root of their covariance, which may be singular. Roots of other kinds, such as
    those of :meth:`numpy.random.Generator.multivariate_normal`, hang on the signs and the order of
    eigenvectors, and with these on the processor: the same seed would not give the same draws.

    Parameters
    ----------
    covariance : (k, k) array
        Rounding may have made eigenvalues of zero negative.
    draws, seed
        How many, and what fixes them.

    Returns
    -------
    (draws, k) array
    """
    values, vectors = np.linalg.eigh(np.asarray(covariance, dtype=float))
    # What rounding makes of an eigenvalue of zero hangs on the processor, and its root is large.
    known = values > len(values) * np.finfo(float).eps * values[-1]
    root = (vectors * np.sqrt(np.where(known, values, 0))) @ vectors.T
    return np.random.default_rng(seed).standard_normal((draws, len(root))) @ root
