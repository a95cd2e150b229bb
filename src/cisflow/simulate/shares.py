"""Shares of turnover by novelty: latent outcomes, censored, within 100 percent together."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from cisflow.simulate.norta import Array


def latent_mean(equation: Mapping[str, Any], firms: pd.DataFrame) -> Array:
    """Return the systematic part of a latent outcome, shape (n,)."""
    mean = np.full(len(firms), float(equation["intercept"]))
    for term, coefficient in equation.items():
        if term == "industry":
            mean += firms["nace"].astype(str).map(coefficient).fillna(0).to_numpy(dtype=float)
        elif term not in ("intercept", "sigma"):
            mean += coefficient * firms[term].to_numpy(dtype=float)
    return mean


def tobit_shares(
    rule: Mapping[str, Any], firms: pd.DataFrame, rng: np.random.Generator
) -> tuple[Array, Array]:
    """Draw two censored shares, in whole percent, that never add up to more than 100."""
    means = [latent_mean(rule[name], firms) for name in ("incremental", "radical")]
    sigmas = [rule[name]["sigma"] for name in ("incremental", "radical")]
    errors = coupled_errors(means[0], sigmas[0], means[1], sigmas[1], rng)
    first, second = (
        _whole_percent(m + s * e) for m, s, e in zip(means, sigmas, errors, strict=True)
    )
    # 60.5 and 39.5 both round up.
    return np.where(first >= second, np.minimum(first, 100 - second), first), np.where(
        first >= second, second, np.minimum(second, 100 - first)
    )


def coupled_errors(
    mean1: Array, sigma1: float, mean2: Array, sigma2: float, rng: np.random.Generator
) -> tuple[Array, Array]:
    """Draw standard normal errors of two Tobit equations whose outcomes share 100 percent.

    Adding up restricts the dependence of two shares, not the distribution of either. Where the
    first error exceeds ``mean2 / sigma2``, the second is drawn below minus that (the second outcome
    is then zero); where it falls below ``-mean1 / sigma1`` the second is drawn above the mirrored
    limit (the first outcome is zero). In between, the line is cut into stretches, and the second
    error is drawn from the mirror image of the first one's stretch, independently within it.
    Stretches mirror each other in probability, so both errors are exactly standard normal;
    stretches are short enough that two positive outcomes stay within 100 together.

    Parameters
    ----------
    mean1, mean2
        Systematic parts of the latent outcomes in percentage points, shape (n,).
    sigma1, sigma2
        Standard deviations of the latent outcomes.

    Returns
    -------
    tuple of numpy.ndarray
        The two errors, each of shape (n,).

    Notes
    -----
    The sum stays within 100 wherever ``mean1 + sigma1 * mean2 / sigma2`` and its mirror do; beyond
    (a firm whose expected shares alone exceed 100) no coupling can do it.
    """
    lower, upper = -mean1 / sigma1, mean2 / sigma2
    crossed = upper < lower  # both outcomes are zero at the middle: one cut point serves
    middle = (lower + upper) / 2
    lower, upper = np.where(crossed, middle, lower), np.where(crossed, middle, upper)
    width = upper - lower
    largest = np.maximum(mean1 + sigma1 * upper, mean2 - sigma2 * lower)
    room = np.maximum(100 - largest, 1.0)
    pieces = np.maximum(np.ceil(sigma1 * width / room), 1)

    first = rng.standard_normal(len(mean1))
    step = np.where(width > 0, width / pieces, 1.0)
    piece = np.clip(np.floor((first - lower) / step), 0, pieces - 1)
    start, end = lower + piece * step, lower + (piece + 1) * step
    start = np.where(first < lower, -np.inf, np.where(first > upper, upper, start))
    end = np.where(first < lower, lower, np.where(first > upper, np.inf, end))
    low, high = stats.norm.cdf(-end), stats.norm.cdf(-start)
    second = stats.norm.ppf(low + (high - low) * rng.uniform(1e-12, 1, size=len(first)))
    return first, second


def _whole_percent(latent: Array) -> Array:
    """Censor at 0 and 100 and round; whatever is above 0 is at least 1, below 100 at most 99."""
    rounded = np.clip(np.rint(latent), 1, 99)
    return np.where(latent <= 0, 0.0, np.where(latent >= 100, 100.0, rounded))
