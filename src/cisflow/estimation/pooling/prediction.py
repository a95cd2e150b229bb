r"""Where the effect in a further country is expected: prediction intervals of meta-analysis.

The interval is that of Nagashima, Noma & Furukawa (2019, Statistical Methods in Medical Research
28:1689-1702; R ``pimeta::pima``). The usual one (Higgins, Thompson & Spiegelhalter 2009) takes the
estimated variance between countries for the true one and holds too few of them where countries are
few. Here the variance is drawn from its confidence distribution, which is exact for normal effects:
Cochran's Q is

.. math:: Q(\tau^2) = \sum_{j=1}^{k-1} \lambda_j(\tau^2) \chi^2_{1,j}

with eigenvalues :math:`\lambda_j` that grow with :math:`\tau^2`, so that each draw of the
:math:`\chi^2` has one :math:`\tau^2` at which Q is what was found (or none, and is zero). With it

.. math:: \theta = \hat\mu(\tau^2) + \tau z - t_{k-1} \hat s(\tau^2)

is a draw of the effect in a further country; :math:`\hat s` is Hartung and Knapp's standard error
of the mean.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

DRAWS, SEED = 50_000, 20190601  # two numbers of the interval vary by one percent of its width
# Variances between countries at which the eigenvalues are taken, in units of a typical s²; the
# largest is passed by fewer than one draw in ten thousand.
GRID = np.concatenate([[0.0], np.geomspace(1e-3, 1e4, 150)])


def prediction_interval(
    effects: Sequence[float] | Floats,
    std_errors: Sequence[float] | Floats,
    level: float = 0.95,
    draws: int = DRAWS,
) -> tuple[float, float]:
    """Return the interval in which the effect in a further country is expected.

    Parameters
    ----------
    effects, std_errors
        Shape (k,), standard errors positive.
    level
        Probability that it holds the effect.
    draws
        Random draws; the seed is fixed, so that the same estimates give the same interval.

    Returns
    -------
    low, high
        Not numbers for fewer than three effects, which say too little of how effects vary.
    """
    y, variance = np.asarray(effects, dtype=float), np.asarray(std_errors, dtype=float) ** 2
    k = len(y)
    if k < 3:
        return np.nan, np.nan
    rng = np.random.default_rng(SEED)
    tau2 = variances(y, variance, rng.chisquare(1, (draws, k - 1)))
    weights = 1 / (variance + tau2[:, None])
    total = weights.sum(axis=1)
    mean = weights @ y / total
    spread = (weights * (y - mean[:, None]) ** 2).sum(axis=1) / (k - 1)
    further = mean + np.sqrt(tau2) * rng.standard_normal(draws)
    further -= rng.standard_t(k - 1, draws) * np.sqrt(spread / total)
    low, high = np.quantile(further, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


def variances(y: Floats, variance: Floats, chi2: Floats) -> Floats:
    """Return, per draw, the variance between countries at which Q is what was found, or zero.

    Parameters
    ----------
    y, variance
        Effects and their sampling variances, shape (k,).
    chi2
        Draws of χ²(1), shape (draws, k − 1).
    """
    w = 1 / variance
    found = float(w @ (y - np.average(y, weights=w)) ** 2)
    value, vector = np.linalg.eigh(np.diag(w) - np.outer(w, w) / w.sum())
    root = vector[:, 1:] * np.sqrt(value[1:])  # the first eigenvalue is zero
    within, between = root.T @ (variance[:, None] * root), root.T @ root
    grid = GRID * (len(y) - 1) / np.trace(between)
    q = chi2 @ np.array([np.linalg.eigvalsh(within + tau2 * between) for tau2 in grid]).T
    above = (q < found).sum(axis=1)  # q grows along the grid
    right = np.clip(above, 1, len(grid) - 1)
    rows = np.arange(len(q))
    low, high = q[rows, right - 1], q[rows, right]
    step = np.clip((found - low) / (high - low), 0, 1) * (grid[right] - grid[right - 1])
    return np.where(above > 0, grid[right - 1] + step, 0.0)
