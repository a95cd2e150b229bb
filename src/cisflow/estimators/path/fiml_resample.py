"""Thousands of resamples of firms with gaps, estimated at once.

Given the parameters, what a gap is filled with is linear in what was observed. A resample therefore
enters the expectation–maximisation algorithm only through the weighted second moments of each
pattern of gaps: they are one matrix product for all resamples, after which no step looks at a firm.
"""

from __future__ import annotations

import numpy as np

from cisflow.estimators.path.fiml import IncompleteFit
from cisflow.estimators.path.moments import TOLERANCE, Estimates, estimate, implied_sd

STEPS, CLOSE = 3000, 1e-7
"""Most steps, and change of the parameters (in standard units) at which a resample has arrived."""


class IncompleteReweighter:
    """Estimate a system with gaps under any weights of the firms, many sets of weights at a time.

    Parameters
    ----------
    fit
        The estimates under equal weights, from which every resample starts.
    """

    def __init__(self, fit: IncompleteFit):
        self.system, self.firms = fit.system, fit.firms
        self.start = fit.theta
        ones = np.ones((len(fit.firms.exogenous), 1))
        self.patterns = fit.firms.patterns
        self.products = []
        for pattern in self.patterns:
            rows = np.column_stack(
                [
                    ones[pattern.rows],
                    fit.firms.exogenous[pattern.rows],
                    fit.firms.outcomes[np.ix_(pattern.rows, pattern.seen)],
                ]
            )
            self.products.append(rows[:, :, None] * rows[:, None, :])

    def __call__(self, weights: np.ndarray) -> Estimates:
        """Estimate under each row of ``weights``, shape (draws, firms), times sampling weights."""
        weights = weights * self.firms.weights
        moments = [
            np.tensordot(weights[:, pattern.rows], products, axes=1)
            for pattern, products in zip(self.patterns, self.products, strict=True)
        ]
        draws, k, m = len(weights), len(self.system.arrows), len(self.system.endogenous)
        theta = np.tile(self.start.vector, (draws, 1))
        exogenous = np.zeros((draws, len(self.system.exogenous), len(self.system.exogenous)))
        ok, moving = np.zeros(draws, dtype=bool), np.arange(draws)
        for _ in range(STEPS):
            moved, given, usable = self._step(theta[moving], [s[moving] for s in moments])
            size = np.abs(moved - theta[moving]).max(axis=1, initial=0.0)
            theta[moving], exogenous[moving] = moved, given
            ok[moving[usable & (size < CLOSE)]] = True
            moving = moving[usable & (size >= CLOSE)]
            if not len(moving):
                break
        coef, psi = theta[:, :k], theta[:, k : k + m]
        return self._own_units(coef, psi, exogenous, ok)

    def _step(
        self, theta: np.ndarray, moments: list[np.ndarray]
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Fill the gaps and estimate anew, once; return also the exogenous variables' moments."""
        total = self._filled(theta, moments)
        count = total[:, :1, :1]
        mean = total[:, 0, 1:] / count[:, 0]
        s = total[:, 1:, 1:] / count - mean[:, :, None] * mean[:, None, :]
        q = len(self.system.exogenous)
        usable = np.einsum("rii->ri", s).min(axis=1) > TOLERANCE
        none = np.zeros((1, s.shape[1]))
        found = estimate(self.system, np.moveaxis(s, 0, 2).copy(), none, usable)
        intercept = np.stack(
            [
                mean[:, q + j] - np.einsum("rk,rk->r", found.coef[:, arrows], mean[:, sources])
                for j, (_, arrows, sources) in enumerate(self.system.equations)
            ],
            axis=1,
        )
        usable = found.ok & (found.psi > 0).all(axis=1)
        moved = np.column_stack([found.coef, found.psi, intercept])
        return np.where(usable[:, None], moved, theta), s[:, :q, :q], usable

    def _filled(self, theta: np.ndarray, moments: list[np.ndarray]) -> np.ndarray:
        """Second moments of one, the exogenous variables and the outcomes, gaps filled."""
        slope, covariance = self._reduced_form(theta)
        draws, m, fixed = slope.shape
        total = np.zeros((draws, fixed + m, fixed + m))
        for pattern, s in zip(self.patterns, moments, strict=True):
            seen, unseen = pattern.seen, pattern.unseen
            fill = np.zeros((draws, fixed + m, fixed + len(seen)))
            fill[:, range(fixed), range(fixed)] = 1.0
            fill[:, fixed + seen, fixed + np.arange(len(seen))] = 1.0
            if len(unseen):
                between = covariance[:, seen[:, None], unseen[None, :]]
                given = covariance[:, seen[:, None], seen[None, :]]
                weights = np.moveaxis(np.linalg.solve(given, between), 1, 2)
                fill[:, fixed + unseen, :fixed] = slope[:, unseen] - weights @ slope[:, seen]
                fill[:, fixed + unseen, fixed:] = weights
                left = covariance[:, unseen[:, None], unseen[None, :]] - weights @ between
                at = np.ix_(range(draws), fixed + unseen, fixed + unseen)
                total[at] += s[:, :1, :1] * left
            total += fill @ s @ np.moveaxis(fill, 1, 2)
        return total

    def _reduced_form(self, theta: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Outcomes' means as intercept and slopes, and their covariance, given the exogenous.

        Returns
        -------
        ndarray, shape (draws, m, 1 + q)
        ndarray, shape (draws, m, m)
        """
        system = self.system
        k, q, m = len(system.arrows), len(system.exogenous), len(system.endogenous)
        b = system.matrix(theta[:, :k])
        reduced = np.linalg.inv(np.eye(m) - b[:, :, q:])
        structural = np.concatenate([theta[:, k + m :, None], b[:, :, :q]], axis=2)
        psi = theta[:, None, k : k + m]
        return reduced @ structural, (reduced * psi) @ np.moveaxis(reduced, 1, 2)

    def _own_units(
        self, coef: np.ndarray, psi: np.ndarray, exogenous: np.ndarray, ok: np.ndarray
    ) -> Estimates:
        """Give the estimates in the variables' own units."""
        system, scale = self.system, self.firms.scale
        q = len(system.exogenous)
        sd = implied_sd(system, coef, psi, exogenous, np.zeros((1, len(scale))))
        return Estimates(coef * system.ratios(scale), psi * scale[q:] ** 2, sd * scale, ok)
