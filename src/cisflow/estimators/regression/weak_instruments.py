r"""Inference on one endogenous regressor that weak instruments do not spoil.

With the exogenous regressors partialled out of outcome y, endogenous regressor x and q instruments
Z, let γ_y and γ_x be the coefficients of y and x on Z, and V the covariance of (γ_y, γ_x).

Anderson & Rubin (1949, Annals of Mathematical Statistics 20:46–63): if the coefficient of x is β,
the instruments explain nothing of y − βx, so that

.. math:: AR(β) = (γ_y - βγ_x)' [V_{yy} - β(V_{yx} + V_{xy}) + β² V_{xx}]^{-1} (γ_y - βγ_x) / q

follows F(q, df) however weak the instruments are. The values not rejected form the confidence set:
an interval, the outside of one, the whole line, or nothing (then the instruments contradict each
other).

Montiel Olea & Pflueger (2013, Journal of Business & Economic Statistics 31:358–369): the effective
F, γ_x'Z'Zγ_x / tr(V_xx Z'Z), is the first-stage F that measures weakness under heteroskedasticity
and clustering; with the classical covariance it is the ordinary one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.optimize import brentq

from cisflow.estimators.arrays import Floats, Ints
from cisflow.estimators.distributions import Fisher

GRID = 4001
"""Angles at which AR is evaluated before the ends of the set are refined."""

Interval = tuple[float, float]


@dataclass(frozen=True)
class ReducedForm:
    """Coefficients of outcome and endogenous regressor on the instruments.

    Attributes
    ----------
    outcome, regressor : (q,) arrays
        γ_y and γ_x.
    covariance : (2q, 2q) array
        Of (γ_y, γ_x).
    moments : (q, q) array
        Z'Z, exogenous regressors partialled out.
    df : float
        Denominator degrees of freedom of F; infinite for χ².
    """

    outcome: Floats
    regressor: Floats
    covariance: Floats
    moments: Floats
    df: float

    def anderson_rubin(self, beta: float) -> float:
        """Return AR(β), which follows F(q, df) if β is the coefficient."""
        q = len(self.outcome)
        V = self.covariance
        both = V[:q, q:] + V[q:, :q]
        v = self.outcome - beta * self.regressor
        spread = V[:q, :q] - beta * both + beta**2 * V[q:, q:]
        return float(v @ np.linalg.solve(spread, v)) / q

    def effective_f(self) -> float:
        """Return Montiel Olea & Pflueger's effective F statistic."""
        q = len(self.outcome)
        explained = self.regressor @ self.moments @ self.regressor
        return float(explained / np.trace(self.covariance[q:, q:] @ self.moments))

    def p_value(self, beta: float = 0.0) -> float:
        """Return the p-value of the hypothesis that the coefficient is ``beta``."""
        return float(self._reference().sf(self.anderson_rubin(beta)))

    def confidence_set(self, level: float = 0.95) -> list[Interval]:
        """Return the coefficients that AR does not reject, as intervals in order.

        Returns
        -------
        list of (low, high)
            ±∞ where a side is open; empty if every value is rejected.
        """
        critical = float(self._reference().ppf(level))
        centre, scale = self._centre_and_scale()

        def excess(angle: float) -> float:
            return self.anderson_rubin(centre + scale * np.tan(angle)) - critical

        # Half a step inside ±π/2: the ends of the real line.
        step = np.pi / GRID
        angles = -np.pi / 2 + step * (np.arange(GRID) + 0.5)
        inside = np.array([excess(a) <= 0 for a in angles])
        if inside.all():
            return [(-np.inf, np.inf)]
        turns = np.flatnonzero(inside[1:] != inside[:-1])
        ends = [centre + scale * np.tan(brentq(excess, angles[i], angles[i + 1])) for i in turns]
        ends = [-np.inf] * bool(inside[0]) + ends + [np.inf] * bool(inside[-1])
        return list(zip(ends[::2], ends[1::2], strict=True))

    def _reference(self) -> Any:
        q = len(self.outcome)
        return Fisher(q, self.df)

    def _centre_and_scale(self) -> tuple[float, float]:
        """Return two-stage least squares and its order of uncertainty, to lay the grid around."""
        weighted = self.moments @ self.regressor
        centre = float(self.outcome @ weighted / (self.regressor @ weighted))
        q = len(self.outcome)
        spread = np.sqrt(np.trace(self.covariance[:q, :q] @ self.moments))
        return centre, float(spread / np.sqrt(self.regressor @ weighted))


def reduced_form(
    y: Floats,
    x: Floats,
    instruments: Floats,
    exogenous: Floats,
    *,
    kind: str = "nonrobust",
    clusters: Ints | None = None,
    weights: Floats | None = None,
) -> ReducedForm:
    """Regress outcome and endogenous regressor on the instruments.

    Parameters
    ----------
    y, x : (n,) arrays
    instruments : (n, q) array
    exogenous : (n, k) array
        With the constant; of full column rank beside the instruments.
    kind
        ``nonrobust``, ``HC0``, ``HC1`` or ``cluster``, with the small-sample factors of
        :class:`cisflow.estimators.OLS`.
    clusters : (n,) codes 0…G−1
    weights : (n,) array, optional
    """
    n, k = len(y), exogenous.shape[1] + instruments.shape[1]
    if weights is not None:
        root = np.sqrt(weights)[:, None]
        y, x = y * root[:, 0], x * root[:, 0]
        instruments, exogenous = instruments * root, exogenous * root
    both = np.column_stack([y, x, instruments])
    both = both - exogenous @ np.linalg.lstsq(exogenous, both, rcond=None)[0]
    targets, Z = both[:, :2], both[:, 2:]
    gamma = np.asarray(np.linalg.lstsq(Z, targets, rcond=None)[0], dtype=float)
    left = targets - Z @ gamma
    bread = np.linalg.inv(Z.T @ Z)
    df = float(n - k)
    if kind == "nonrobust":
        covariance = np.kron(left.T @ left / (n - k), bread)
    else:
        scores = np.hstack([Z * left[:, [0]], Z * left[:, [1]]])
        factor = 1.0 if kind == "HC0" else n / (n - k)
        df = np.inf if kind == "HC0" else df
        if clusters is not None:
            groups = int(clusters.max()) + 1
            sums = np.zeros((groups, scores.shape[1]))
            np.add.at(sums, clusters, scores)
            scores, df = sums, float(groups - 1)
            factor = groups / (groups - 1) * (n - 1) / (n - k)
        wide = np.kron(np.eye(2), bread)
        covariance = factor * wide @ scores.T @ scores @ wide
    return ReducedForm(gamma[:, 0], gamma[:, 1], covariance, Z.T @ Z, df)
