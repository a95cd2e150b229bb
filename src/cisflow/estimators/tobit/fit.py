"""A maximised Tobit likelihood and the way back from its units to the caller's."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from scipy.linalg.lapack import dpotrf, dtrtri

from cisflow.estimators.arrays import Floats, Ints
from cisflow.estimators.errors import refuse
from cisflow.estimators.tobit.checks import Estimable, find_estimable
from cisflow.estimators.tobit.likelihood import (
    Design,
    Likelihood,
    Optimum,
    build_likelihood,
    full_rank,
    maximise,
)
from cisflow.estimators.tobit.sample import Sample
from cisflow.estimators.tobit.scaling import (
    Scaling,
    choose_scaling,
    starting_values,
    thinned_optimum,
)

ATTEMPT = 15  # steps: where there is a maximum half of them are enough
FEW = 100_000  # numbers in a design
LOG_SIGMA = "log(sigma)"


@dataclass(frozen=True, eq=False)
class Fit:
    """The numbers of a fitted Tobit, before any standard errors; made by :func:`fit_sample`.

    Attributes
    ----------
    sample : Sample
    scaling : Scaling
        The working units.
    X : Design
        Columns that have a coefficient, working units.
    estimable : Estimable
    likelihood : Likelihood
    optimum : Optimum
        ``(γ, θ)`` and the information there, working units.
    """

    sample: Sample
    scaling: Scaling
    X: Design
    estimable: Estimable
    likelihood: Likelihood
    optimum: Optimum

    @property
    def scale(self) -> float:
        """σ in the caller's units."""
        return self.scaling.y_spread / float(self.optimum.parameters[-1])

    @cached_property
    def llf(self) -> float:
        """Log-likelihood of the outcome in the caller's units."""
        weight = float(self.sample.total_weights[self.sample.outcome.observed].sum())
        return self.optimum.value - weight * float(np.log(self.scaling.y_spread))

    @cached_property
    def llnull(self) -> float:
        """Log-likelihood with an intercept only."""
        return fit_sample(self.sample.intercept_only()).llf

    @property
    def aic(self) -> float:
        """Akaike's criterion; σ counts as a parameter."""
        return -2 * self.llf + 2 * (self.X.k + 1)

    @property
    def bic(self) -> float:
        """Schwarz's criterion."""
        return -2 * self.llf + float(np.log(self.sample.nobs)) * (self.X.k + 1)

    @cached_property
    def columns(self) -> Ints:
        """Caller's column of each working coefficient."""
        return self.scaling.order[self.estimable.keep]

    @cached_property
    def shown(self) -> Ints:
        """Positions of the reported coefficients among the working ones, in the caller's order."""
        places = np.flatnonzero(self.estimable.report)
        return places[np.argsort(self.sample.display[self.columns[places]], kind="stable")]

    @cached_property
    def terms(self) -> list[str]:
        """Names of the reported coefficients."""
        return [self.sample.names[j] for j in self.columns[self.shown]]

    @cached_property
    def all_terms(self) -> pd.Index:
        """Names of all columns, estimable or not, in the caller's order."""
        sample = self.sample
        return pd.Index(
            [sample.names[j] for j in np.argsort(sample.display, kind="stable")], dtype=object
        )

    @cached_property
    def back(self) -> Floats:
        """Matrix from working to the caller's coefficients, but for the outcome's mean."""
        return self.scaling.back(self.estimable.keep)

    @cached_property
    def beta(self) -> Floats:
        """All coefficients of the likelihood, in the caller's units."""
        parameters = self.optimum.parameters
        beta = self.back @ (parameters[:-1] / parameters[-1])
        if self.scaling.intercept:
            beta[0] += self.scaling.y_mean / self.scaling.spread[0]
        return np.asarray(beta)

    @cached_property
    def jacobian(self) -> Floats:
        """Derivative of (β, log σ) in the caller's units with respect to the working (γ, θ)."""
        parameters = self.optimum.parameters
        theta, k = float(parameters[-1]), self.back.shape[0]
        jacobian = np.zeros((k + 1, k + 1))
        jacobian[:k, :k] = self.back / theta
        jacobian[:k, k] = -self.back @ parameters[:-1] / theta**2
        jacobian[k, k] = -1 / theta
        return jacobian

    def bread(self) -> Floats:
        """Inverse information, working units, (k+1, k+1)."""
        factor, failed = dpotrf(self.optimum.information, lower=1)
        if failed:  # rounding left it not positive definite
            inverse = np.linalg.inv(self.optimum.information)
            return np.asarray((inverse + inverse.T) / 2)
        root, _ = dtrtri(factor, lower=1)
        return np.asarray(root.T @ root)

    def in_callers_units(self, matrix: Floats) -> Floats:
        """Covariance of all coefficients and log σ from that of the working parameters."""
        return np.asarray(self.jacobian @ matrix @ self.jacobian.T)

    def covariance_table(self, matrix: Floats, scale: bool = False) -> pd.DataFrame:
        """Pick the reported part of a covariance; with ``scale``, log σ comes last."""
        places, names = self.shown, self.index
        if scale:
            places = np.append(places, matrix.shape[0] - 1)
            names = pd.Index([*self.terms, LOG_SIGMA], dtype=object)
        values = matrix.take(places, axis=0).take(places, axis=1)
        return pd.DataFrame(values, index=names, columns=names)

    @cached_property
    def index(self) -> pd.Index:
        """Names of the reported coefficients as an index."""
        # Plain strings: pandas' own text type takes as long as a step of Newton's method.
        return pd.Index(self.terms, dtype=object)

    @cached_property
    def design(self) -> Design:
        """Regressors of the estimated columns in the caller's units, in the working order."""
        return self.in_working_order(self.sample.design)

    def in_working_order(self, design: Design) -> Design:
        """Pick and sort the columns of the caller's regressors as the coefficients are."""
        columns, p = self.columns, design.dense.shape[1]
        kept = design.select(np.concatenate([np.arange(p), columns[columns >= p]]))
        return Design(kept.dense[:, columns[columns < p]], kept.codes, kept.groups)

    def linear_predictor(self) -> Floats:
        """``xβ`` of every row of the sample, (n,)."""
        return self.design.times(self.beta)

    @property
    def separated(self) -> int:
        """Rows held at a limit with probability one."""
        return self.sample.size - self.estimable.rows.size

    def drift(self) -> Floats:
        """±∞ for rows held at a limit with probability one, zero for the others, (n,)."""
        drift = np.zeros(self.sample.size)
        if self.separated:
            gone = np.ones(drift.size, dtype=bool)
            gone[self.estimable.rows] = False
            drift[gone] = np.where(self.sample.outcome.side[gone] < 0, -np.inf, np.inf)
        return drift

    def simulated(self, rng: np.random.Generator) -> Floats:
        """Draw latent outcomes from the fitted model, (n,)."""
        eta = self.linear_predictor() + self.drift()
        return eta + self.scale * rng.normal(size=eta.size)

    @cached_property
    def score_parts(self) -> tuple[Floats, Floats]:
        """Unweighted working score of row i is ``(a_i x_i, b_i)``."""
        return self.likelihood.score_parts(self.optimum.parameters)

    @cached_property
    def scores(self) -> Floats:
        """Weighted score of each row in (β, log σ), in the caller's row order, (n, k+1)."""
        a, b = self.score_parts
        w = self.sample.total_weights
        working = np.column_stack([self.X.toarray() * (w * a)[:, None], w * b])
        scores = np.linalg.solve(self.jacobian.T, working.T).T
        return np.asarray(scores[:, np.append(self.shown, scores.shape[1] - 1)])

    def score_obs(self) -> pd.DataFrame:
        """Weighted score of each row in (β, log σ), in the caller's row order, (n, k+1).

        Rows fitted with probability one (see ``not_estimable``) have score zero.
        """
        return pd.DataFrame(self.scores, columns=[*self.terms, LOG_SIGMA])


def _if_it_exists(likelihood: Likelihood, X: Design, intercept: bool) -> Optimum | None:
    """Maximise where the observed rows, or the maximum itself, prove that there is one.

    The search for separation, which takes as long as the fit, is left to the other cases.
    """
    certain = likelihood.certainly_estimable()
    if not certain and not (X.n > X.k + 1 and full_rank(X.gram())):
        return None
    start = thinned_optimum(likelihood, starting_values(likelihood, intercept))
    if certain:
        return maximise(likelihood, start)
    optimum = maximise(likelihood, start, ATTEMPT)
    return optimum if optimum.converged and likelihood.has_maximum(optimum) else None


def fit_sample(sample: Sample) -> Fit:
    """Maximise the likelihood.

    Raises
    ------
    EstimationError
        If the data do not determine the coefficients and σ, or the iterations do not converge.
    """
    given = sample.design
    scaling = choose_scaling(given.dense, sample.totals, sample.outcome, given.groups)
    if given.groups and not scaling.intercept:
        what = "an absorbed categorical without an intercept"
        refuse(sample.heading, what, "add a column of ones to exog")
    X = scaling.standardise(given)
    if X.n * X.k < FEW:  # dummies as columns are quicker than sums in small samples
        X = Design(X.toarray())
    w, units = sample.total_weights, (scaling.y_mean, scaling.y_spread)
    likelihood = build_likelihood(X, sample.outcome, w, None, *units)
    optimum = _if_it_exists(likelihood, X, scaling.intercept)
    if optimum is not None:
        found = Estimable(np.arange(X.k), np.arange(X.n), np.ones(X.k, dtype=bool))
    else:
        y = sample.outcome.rescaled(*units)
        names = [sample.names[j] for j in scaling.order]
        shift = scaling.mean / scaling.spread
        found = find_estimable(sample.heading, X, shift, y.low, y.high, names)
        X = X.select(found.keep)
        likelihood = build_likelihood(X, sample.outcome, w, found.rows, *units)
        start = starting_values(likelihood, scaling.intercept and found.keep[0] == 0)
        optimum = maximise(likelihood, start)
    if not optimum.converged:
        what = f"no convergence after {optimum.iterations} iterations"
        remedy = "look for regressors of very different size or almost collinear ones"
        refuse(sample.heading, what, remedy)
    return Fit(sample, scaling, X, found, likelihood, optimum)
