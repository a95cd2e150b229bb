"""Intervals and p-values from resamples."""

from __future__ import annotations

import numpy as np

from cisflow.estimators.distributions import NORMAL

ROUNDING = 1e-12
"""Share of the largest resample, below which a number is zero but for rounding."""


def signs(resampled: np.ndarray) -> np.ndarray:
    """Return −1, 0 or 1 per resample: what rounding alone keeps from zero is zero.

    The effect of something that no firm of a resample has is zero; on which side of it the last
    digit falls hangs on the processor.

    Parameters
    ----------
    resampled
        Shape (draws, quantities), or (draws,).
    """
    near = ROUNDING * np.abs(resampled).max(axis=0)
    return np.where(np.abs(resampled) <= near, 0.0, np.sign(resampled))


def percentile_p(resampled: np.ndarray) -> np.ndarray:
    """Return p-values that go with percentile intervals: twice the smaller share beyond zero.

    The interval of level 1 − p just reaches zero, so that stars and intervals cannot disagree.

    Parameters
    ----------
    resampled
        Resampled quantities, shape (draws, quantities).

    Notes
    -----
    One is added to shares and draws, as no p-value from resamples is zero (Davison & Hinkley 1997,
    section 4.2).
    """
    side = signs(resampled)
    below, above = (side <= 0).sum(axis=0), (side >= 0).sum(axis=0)
    shares = (1 + np.minimum(below, above)) / (1 + len(resampled))
    return np.asarray(np.minimum(1.0, 2 * shares))


def bca_interval(
    point: np.ndarray, resampled: np.ndarray, left_out: np.ndarray, tails: np.ndarray
) -> np.ndarray:
    """Bias-corrected accelerated bootstrap interval.

    Parameters
    ----------
    point : shape (r,)
    resampled : shape (draws, r)
    left_out : shape (units, r)
        Estimates without one unit each.
    tails : shape (2,)

    Returns
    -------
    ndarray, shape (2, r)
        Not a number where every resample lies on one side of the estimate.
    """
    deviation = left_out.mean(axis=0) - left_out
    power = (deviation**2).sum(axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        acceleration = (deviation**3).sum(axis=0) / (6 * power**1.5)
        bias = NORMAL.ppf((signs(resampled - point) < 0).mean(axis=0))
        z = bias + NORMAL.ppf(tails)[:, None]
        level = NORMAL.cdf(bias + z / (1 - acceleration * z))
    out = np.full((2, len(point)), np.nan)
    for i in np.flatnonzero(np.isfinite(bias) & np.isfinite(level).all(axis=0)):
        out[:, i] = np.quantile(resampled[:, i], level[:, i])
    return out
