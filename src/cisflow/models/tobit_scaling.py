"""Units in which a Tobit likelihood is well behaved, and where to start in them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cisflow.models.tobit_likelihood import Design, Floats, Ints


@dataclass(frozen=True)
class Scaling:
    """Units the likelihood is maximised in: centred regressors and outcome of unit spread.

    Attributes
    ----------
    order : (k,) integers
        Working column j is the caller's column ``order[j]``; the intercept comes first.
    mean, spread : (k,) arrays
        Working column = (column − mean) / spread.
    y_mean, y_spread : float
    intercept : bool
        Whether the first working column is the intercept.
    """

    order: Ints
    mean: Floats
    spread: Floats
    y_mean: float
    y_spread: float
    intercept: bool

    def back(self, keep: Ints) -> Floats:
        """Matrix from working to original coefficients of the working columns ``keep``."""
        matrix = np.diag(1 / self.spread[keep])
        if self.intercept:
            matrix[0, 1:] = -self.mean[keep[1:]] / self.spread[keep[1:]] / self.spread[0]
        return matrix * self.y_spread


def choose_scaling(X: Floats, low: Floats, high: Floats, groups: int = 0) -> Scaling:
    """Centre and scale, so that money in cents and shares are equally well behaved.

    Without an intercept nothing is centred: the model would change. The ``groups`` dummies of an
    absorbed categorical come last and stay as they are.
    """
    n, k = X.shape
    mean = X.mean(axis=0)
    spread = np.sqrt(np.maximum((np.einsum("ij,ij->j", X, X) / n) - mean**2, 0.0))
    size = np.abs(mean)
    doubtful = spread <= 1e-6 * size  # cancellation: measure these again
    for j in np.flatnonzero(doubtful):
        spread[j] = float(np.sqrt(np.mean((X[:, j] - mean[j]) ** 2)))
    constant = spread <= 1e-14 * size
    order = np.arange(k)
    first = np.flatnonzero(constant & (size > 0))
    if first.size:
        order = np.concatenate([first[:1], np.delete(order, first[0])])
        mean = np.where(constant, 0.0, mean)
        spread = np.where(constant, np.where(size > 0, X[0], 1.0), spread)
    else:
        spread = np.sqrt(spread**2 + mean**2)
        spread = np.where(spread > 0, spread, 1.0)
        mean = np.zeros(k)
    known = np.concatenate([low[np.isfinite(low)], high[np.isfinite(high) & (high != low)]])
    y_mean = float(known.mean()) if first.size else 0.0
    y_spread = float(np.sqrt(np.mean((known - y_mean) ** 2)))
    return Scaling(
        np.concatenate([order, k + np.arange(groups)]),
        np.concatenate([mean[order], np.zeros(groups)]),
        np.concatenate([spread[order], np.ones(groups)]),
        y_mean,
        y_spread if y_spread > 0 else 1.0,
        bool(first.size),
    )


def starting_values(X: Design, low: Floats, high: Floats, w: Floats, rows: Ints) -> Floats:
    """Least squares with limits taken as values, in Olsen's parameters; shape (k+1,)."""
    part = X if rows.size == X.n else X.take(rows)
    a, b, weights = low[rows], high[rows], w[rows]
    y = np.where(np.isinf(a), b, np.where(np.isinf(b), a, (a + b) / 2))
    gram = part.gram(weights)
    gram[np.diag_indices_from(gram)] *= 1 + 1e-10
    beta = np.asarray(np.linalg.solve(gram, part.transpose_times(weights * y)), dtype=float)
    residual = y - part.times(beta)
    sigma = float(np.sqrt((weights @ residual**2) / weights.sum()))
    theta = 1 / max(sigma, 1e-3)
    return np.append(beta * theta, theta)
