r"""Heckman's two steps: a probit of the selection, least squares with the inverse Mills ratio.

.. math:: E[y|x, s=1] = x\beta + \beta_\lambda \lambda(z\gamma), \quad
          \lambda = \phi/\Phi, \quad \beta_\lambda = \rho\sigma

The classical covariance is Heckman's (1979, Econometrica 47:153–161) with the terms of Greene
(1981, Econometrica 49:795–798) for the spread that differs from row to row and for the first step;
robust ones are by :mod:`cisflow.estimators.selection.stacked`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cisflow.estimators.arrays import Floats
from cisflow.estimators.selection.likelihood import _mills
from cisflow.estimators.selection.pair import Chosen, Pair


@dataclass(frozen=True)
class TwoStep:
    """Estimates of both steps."""

    beta: Floats  # (k + 1,), of the outcome's regressors, and last of the Mills ratio
    gamma: Floats  # (q,)
    rho: float
    sigma: float
    classical: Floats  # (k + 1 + q, k + 1 + q)
    influence: Floats  # (n, k + 1 + q)


def two_step(pair: Pair, first: Chosen) -> TwoStep:
    """Estimate the outcome's equation given the probit of the selection."""
    Z, places = pair.selection.X[pair.places], pair.places
    zeta = first.eta[places]
    mills = _mills(zeta)
    delta = mills * (mills + zeta)
    W, y = np.column_stack([pair.outcome.X, mills]), pair.outcome.y
    beta = np.asarray(np.linalg.lstsq(W, y, rcond=None)[0], dtype=float)
    residual, of_mills = y - W @ beta, float(beta[-1])
    sigma = float(np.sqrt(residual @ residual / len(y) + of_mills**2 * delta.mean()))
    bread = np.linalg.inv(W.T @ W)
    # What the outcome's coefficients move by with the probit's.
    moved = of_mills * bread @ ((W * delta[:, None]).T @ Z)
    spread = (W * (sigma**2 - of_mills**2 * delta)[:, None]).T @ W
    own = bread @ spread @ bread + moved @ first.covariance @ moved.T
    between = moved @ first.covariance
    of_first = first.scores @ first.covariance
    influence = of_first @ moved.T
    influence[places] += (W * residual[:, None]) @ bread
    return TwoStep(
        beta,
        first.beta,
        of_mills / sigma,
        sigma,
        np.block([[own, between], [between.T, first.covariance]]),
        np.hstack([influence, of_first]),
    )
