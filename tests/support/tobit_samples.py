"""Samples of a Tobit with known coefficients."""

import numpy as np

BETA = np.array([0.3, 0.5, -0.5])


def sample(n=400, seed=0, lower=0.0, upper=2.0, spread=0.0, errors=None):
    """Outcome (n,) between its limits, and regressors (n, 3), of a known Tobit."""
    rng = np.random.default_rng(seed)
    X = np.column_stack([np.ones(n), rng.normal(size=(n, 2))])
    e = rng.normal(size=n) if errors is None else errors(rng, n)
    return np.clip(X @ BETA + np.exp(spread * X[:, 1]) * e, lower, upper), X


def brackets(y):
    """Lower and upper ends of quarters around outcomes between 0 and 2."""
    low = np.where((y > 0) & (y < 2), np.floor(4 * y) / 4, np.where(y <= 0, -np.inf, 2))
    high = np.where((y > 0) & (y < 2), np.floor(4 * y) / 4 + 0.25, np.where(y <= 0, 0, np.inf))
    return low, high
