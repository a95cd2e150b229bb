"""What a Tobit's sample can tell before any outcome is related to a regressor: Fisher information.

The information of Tobin's model in closed form, from the moments of a truncated normal variable
(Amemiya 1973, Econometrica 41:997-1016, for one limit; here for two).
"""

from __future__ import annotations

import numpy as np

from cisflow.estimators.arrays import Floats
from cisflow.estimators.distributions import NORMAL


def information_parts(
    mean: Floats, sigma: float, lower: float, upper: float
) -> tuple[Floats, Floats, Floats]:
    """Return each row's expected information on its mean and on σ.

    Parameters
    ----------
    mean : (n,) array
        Of the latent outcome.
    sigma
        Its standard deviation.
    lower, upper
        Limits, -inf and inf for none.

    Returns
    -------
    tuple of (n,) arrays
        On the mean, on the mean and σ together, on σ. With regressors X, mean = Xβ, the information
        on (β, σ) is ``X' diag(first) X``, ``X' second`` and ``sum(third)``.
    """
    low, high = (lower - mean) / sigma, (upper - mean) / sigma
    between = NORMAL.cdf(high) - NORMAL.cdf(low)
    powers = [_at(low, k) - _at(high, k) for k in range(4)]
    # Moments of a standard normal variable between the limits, 0 beyond them.
    second = between + powers[1]
    third = 2 * powers[0] + powers[2]
    fourth = 3 * second + powers[3]
    below, above = _score(-low), _score(high)
    low_score, high_score = _finite(low) * below, _finite(high) * above
    at_low, at_high = NORMAL.cdf(low), NORMAL.sf(high)
    on_mean = second + at_low * below**2 + at_high * above**2
    both = third - powers[0] + at_low * below * low_score + at_high * above * high_score
    on_sigma = fourth - 2 * second + between + at_low * low_score**2 + at_high * high_score**2
    return on_mean / sigma**2, both / sigma**2, on_sigma / sigma**2


def expected_information(
    X: Floats,
    mean: Floats,
    sigma: float,
    lower: float,
    upper: float,
    weights: Floats | None = None,
) -> Floats:
    """Return the expected information on (β, σ), shape (k + 1, k + 1).

    Parameters
    ----------
    X : (n, k) array
        Regressors, the constant included.
    mean, sigma, lower, upper
        As for :func:`information_parts`.
    weights : (n,) array or None
        Of the rows.
    """
    w = np.ones(len(X)) if weights is None else weights
    on_mean, both, on_sigma = (w * part for part in information_parts(mean, sigma, lower, upper))
    cross = X.T @ both
    return np.block(
        [[X.T @ (on_mean[:, None] * X), cross[:, None]], [cross[None, :], on_sigma.sum()]]
    )


def _at(limit: Floats, power: int) -> Floats:
    """Return limit^power times the normal density there, 0 at an infinite limit."""
    return np.asarray(_finite(limit) ** power * NORMAL.pdf(limit))


def _finite(limit: Floats) -> Floats:
    return np.where(np.isfinite(limit), limit, 0.0)


def _score(distance: Floats) -> Floats:
    """Return the density over the upper tail probability, 0 where the tail is empty."""
    # Far out both underflow; their ratio is then close to the distance itself.
    at = _finite(distance)
    return np.where(np.isfinite(distance), np.exp(NORMAL.logpdf(at) - NORMAL.logsf(at)), 0.0)
