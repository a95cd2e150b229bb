r"""Likelihood of a selection model, whose outcome may also pile up at limits.

.. math:: s_i = 1[z_i\gamma + v_i > 0], \quad y_i^* = x_i\beta + \sigma\varepsilon_i, \quad
          (v_i, \varepsilon_i) \sim N_2(\rho), \quad y_i = \min(\max(y_i^*, L), U)

A row contributes, with :math:`e = (y - x\beta)/\sigma` and :math:`r = \sqrt{1 - \rho^2}`,

.. math:: \ell_i = \begin{cases}
          \log\Phi(-z\gamma) & \text{not selected} \\
          \log\phi(e) - \log\sigma + \log\Phi\big((z\gamma + \rho e)/r\big) & L < y < U \\
          \log\Phi_2\big(z\gamma, (L - x\beta)/\sigma; -\rho\big) & y = L \\
          \log\Phi_2\big(z\gamma, (x\beta - U)/\sigma; \rho\big) & y = U \end{cases}

Without limits it is Heckman's (1979), Amemiya's (1985) type-II Tobit; with them a Tobit among those
selected. Parameters are :math:`\beta, \gamma, \operatorname{atanh}\rho, \log\sigma`.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.special import log_ndtr, ndtr

from cisflow.estimators.arrays import Floats, Ints
from cisflow.estimators.selection import bivariate
from cisflow.estimators.tobit.likelihood import HALF_LOG_2PI

STEP = 1e-5  # of the central differences of the scores
TINY = 1e-300
FURTHEST = 8.0  # of atanh ρ, beyond which ρ is one for a computer


def _mills(x: Floats) -> Floats:
    """Return φ(x)/Φ(x) without under- or overflow."""
    return np.asarray(np.exp(-0.5 * x * x - HALF_LOG_2PI - log_ndtr(x)))


def _correlation(tau: float) -> float:
    return float(np.tanh(np.clip(tau, -FURTHEST, FURTHEST)))


def _density(x: Floats) -> Floats:
    return np.asarray(np.exp(-0.5 * x * x - HALF_LOG_2PI))


@dataclass(frozen=True)
class Likelihood:
    """The log-likelihood and its derivatives."""

    X: Floats  # (m, k), regressors of the rows that are selected
    y: Floats  # (m,)
    Z: Floats  # (n, q), regressors of the selection
    places: Ints  # (m,), the selected among the n
    # lower, upper: limits; −∞ and ∞ for none.
    lower: float = -np.inf
    upper: float = np.inf

    @property
    def parameters(self) -> int:
        """How many there are."""
        return self.X.shape[1] + self.Z.shape[1] + 2

    def split(self, theta: Floats) -> tuple[Floats, Floats, float, float]:
        """Return the indices xβ (m,) and zγ (n,), atanh ρ and log σ."""
        k = self.X.shape[1]
        return self.X @ theta[:k], self.Z @ theta[k:-2], float(theta[-2]), float(theta[-1])

    def rows(self, eta: Floats, zeta: Floats, tau: float, s: float) -> tuple[Floats, Floats]:
        """Return the rows' log-likelihoods (n,), and derivatives in xβ, zγ, atanh ρ, log σ (n, 4).

        Parameters
        ----------
        eta : (n,) array
            xβ, of any value where a row is not selected.
        zeta : (n,) array
            zγ.
        """
        value, slope = np.zeros(len(zeta)), np.zeros((len(zeta), 4))
        out = np.ones(len(zeta), dtype=bool)
        out[self.places] = False
        value[out], slope[out, 1] = log_ndtr(-zeta[out]), -_mills(-zeta[out])
        low, high = self.y <= self.lower, self.y >= self.upper
        parts = (~(low | high), self._between), (low, self._at_lower), (high, self._at_upper)
        for some, part in parts:
            if some.any():
                where = self.places[some]
                found = part(self.y[some], eta[where], zeta[where], _correlation(tau), np.exp(s))
                value[where], slope[where] = found[0], np.column_stack(found[1:])
        return value, slope

    @staticmethod
    def _between(y: Floats, eta: Floats, zeta: Floats, rho: float, sigma: float) -> tuple:
        root = np.sqrt(1 - rho * rho)
        e = (y - eta) / sigma
        q = (zeta + rho * e) / root
        m = _mills(q)
        value = -0.5 * e * e - HALF_LOG_2PI - np.log(sigma) + log_ndtr(q)
        return (
            value,
            (e - m * rho / root) / sigma,
            m / root,
            m * (e + rho * zeta) / root,
            -1 + e * e - m * rho * e / root,
        )

    def _at_lower(self, y: Floats, eta: Floats, zeta: Floats, rho: float, sigma: float) -> tuple:
        return self._at_limit((self.lower - eta) / sigma, zeta, -rho, sigma, -1.0)

    def _at_upper(self, y: Floats, eta: Floats, zeta: Floats, rho: float, sigma: float) -> tuple:
        return self._at_limit((eta - self.upper) / sigma, zeta, rho, sigma, 1.0)

    @staticmethod
    def _at_limit(k: Floats, zeta: Floats, rho: float, sigma: float, sign: float) -> tuple:
        """Return log Φ₂(zγ, k; ρ) and its derivatives; k moves with xβ by ``sign``/σ, so does ρ."""
        root = np.sqrt(1 - rho * rho)
        p = np.maximum(bivariate.probability(zeta, k, rho), TINY)
        by_zeta = _density(zeta) * ndtr((k - rho * zeta) / root) / p
        by_k = _density(k) * ndtr((zeta - rho * k) / root) / p
        by_rho = bivariate.density(zeta, k, rho) / p
        return (np.log(p), sign * by_k / sigma, by_zeta, sign * by_rho * (1 - rho * rho), -k * by_k)

    def _indices(self, theta: Floats) -> tuple[Floats, Floats, float, float]:
        eta, zeta, tau, s = self.split(theta)
        everywhere = np.zeros(len(zeta))
        everywhere[self.places] = eta
        return everywhere, zeta, tau, s

    def value(self, theta: Floats) -> float:
        """Return the log-likelihood."""
        return float(self.rows(*self._indices(theta))[0].sum())

    def scores(self, theta: Floats) -> Floats:
        """Return the rows' scores, (n, parameters)."""
        _, slope = self.rows(*self._indices(theta))
        return np.hstack([slope[:, :1] * self._wide, slope[:, 1:2] * self.Z, slope[:, 2:]])

    @cached_property
    def _wide(self) -> Floats:
        """Regressors of the outcome for all n rows, zero where there is no outcome."""
        wide = np.zeros((len(self.Z), self.X.shape[1]))
        wide[self.places] = self.X
        return wide

    def curvature(self, theta: Floats) -> Floats:
        """Return minus the rows' second derivatives in the four, (n, 4, 4), by differences."""
        eta, zeta, tau, s = self._indices(theta)
        found = np.empty((len(self.Z), 4, 4))
        steps = STEP * np.array([np.exp(s), 1.0, 1.0, 1.0])
        for j, step in enumerate(steps):
            at = step * np.eye(4)[j]
            up = self.rows(eta + at[0], zeta + at[1], tau + at[2], s + at[3])[1]
            down = self.rows(eta - at[0], zeta - at[1], tau - at[2], s - at[3])[1]
            found[:, :, j] = (down - up) / (2 * step)
        return (found + found.transpose(0, 2, 1)) / 2

    def each_row(self, theta: Floats) -> tuple[Floats, Floats]:
        """Sides (n, k, 4) and core (n, 4, 4) of minus the second derivatives of each row."""
        parts, n = self._sides, len(self.Z)
        ends = np.cumsum([part.shape[1] for part in parts])
        sides = np.zeros((n, ends[-1], len(parts)))
        for i, (end, part) in enumerate(zip(ends, parts, strict=True)):
            sides[:, end - part.shape[1] : end, i] = part
        return sides, self.curvature(theta)

    def information(self, theta: Floats) -> Floats:
        """Return minus the second derivatives of the log-likelihood."""
        curved, parts = self.curvature(theta), self._sides

        def block(i: int, j: int) -> Floats:
            return np.asarray((parts[i] * curved[:, i, j, None]).T @ parts[j])

        return np.block([[block(i, j) for j in range(4)] for i in range(4)])

    @property
    def _sides(self) -> list[Floats]:
        """What the two equations, atanh ρ and log σ multiply."""
        one = np.ones((len(self.Z), 1))
        return [self._wide, self.Z, one, one]
