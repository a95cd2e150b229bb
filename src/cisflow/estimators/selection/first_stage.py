r"""First stages of a control function: what is left of a regressor that others do not explain.

Of a number the residual :math:`\hat v = d - z\hat\pi` of least squares; of a yes/no the generalised
residual of a probit (Gourieroux, Monfort, Renault & Trognon 1987, Journal of Econometrics 34:5–32),

.. math:: \hat v = d \lambda(z\hat\pi) - (1 - d) \lambda(-z\hat\pi), \quad \lambda = \phi/\Phi
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from cisflow.estimators.arrays import Floats
from cisflow.estimators.effects import is_binary
from cisflow.estimators.regression.rows import Rows, refuse_exact
from cisflow.estimators.selection.likelihood import _mills
from cisflow.estimators.selection.pair import probit_of


@dataclass(frozen=True)
class FirstStage:
    """The first stage of one endogenous regressor."""

    name: str  # the regressor
    residual: Floats  # (n,)
    slope: Floats  # (n,), derivative of the residual in the index zπ
    Z: Floats  # (n, q)
    covariance: Floats  # (q, q), of π, classical
    influence: Floats  # (n, q), of the rows on π
    probit: bool  # whether the residual is that of a probit

    @property
    def derivative(self) -> Floats:
        """Of the residuals in π, (n, q)."""
        return self.slope[:, None] * self.Z


def first_stage(name: str, treated: Floats, exogenous: Rows) -> FirstStage:
    """Estimate the first stage: a probit of what is 0 or 1, least squares of what is not.

    Parameters
    ----------
    name, treated
        The endogenous regressor, (n,).
    exogenous
        Rows with all exogenous regressors and instruments as ``X``, independent.
    """
    if is_binary(treated):
        return _of_probit(name, replace(exogenous, y=treated, outcome=name))
    Z = exogenous.X
    bread = np.linalg.inv(Z.T @ Z)
    residual = treated - Z @ (bread @ (Z.T @ treated))
    refuse_exact(replace(exogenous, y=treated, outcome=name), residual)
    variance = float(residual @ residual) / (len(treated) - Z.shape[1])
    influence = (Z * residual[:, None]) @ bread
    slope = np.full(len(treated), -1.0)
    return FirstStage(name, residual, slope, Z, variance * bread, influence, False)


def _of_probit(name: str, rows: Rows) -> FirstStage:
    fit, treated = probit_of(rows), rows.y == 1
    sign = np.where(treated, 1.0, -1.0)
    mills = _mills(sign * fit.eta)
    slope = -mills * (sign * fit.eta + mills)
    influence = fit.scores @ fit.covariance
    return FirstStage(name, sign * mills, slope, rows.X, fit.covariance, influence, True)
