r"""Wild cluster bootstrap of a Tobit's scores: tests and intervals with few clusters.

Under the hypothesis :math:`\beta_j = b` the model is fitted once, restricted. With :math:`s_g` the
scores of cluster g there, :math:`H_g` its information, H their sum and a the row of
:math:`H^{-1}` that belongs to :math:`\beta_j`, one step of Newton's method to the unrestricted
estimate gives the statistic

.. math:: t = \frac{a'S}{\sqrt{\sum_g \big(a'(s_g - H_g H^{-1} S)\big)^2}},
          \qquad S = \sum_g s_g

Each draw multiplies the scores of a cluster by a number of mean zero and variance one, the same
for all its rows, and nothing is refitted (Kline & Santos 2012, Journal of Econometric Methods
1:23–41; restricted as MacKinnon, Nielsen & Webb 2023, Journal of Econometrics 232:272–299,
recommend). The numbers are −1 and 1, with fewer than 12 clusters Webb's (2023, Canadian Journal of
Economics 56:839–858) six. The interval has the values the test does not reject.

The likelihood is taken in Olsen's parameters: with :math:`b x_j` taken from outcome and limits the
hypothesis is that a coefficient is zero.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from cisflow.estimators.arrays import Floats, Ints
from cisflow.estimators.errors import refuse
from cisflow.estimators.tobit.fit import Fit
from cisflow.estimators.tobit.likelihood import Design, Outcome, build_likelihood, maximise
from cisflow.estimators.tobit.scores import TobitScores

WEBB = np.sqrt([0.5, 1.0, 1.5])
FEW = 12  # clusters, below which two signs give too few different draws
STEPS = 12  # halvings in the search of an end of the interval
FARTHEST = 64.0  # standard errors from the estimate, within which an end is looked for


@dataclass(frozen=True)
class WildTest:
    """A hypothesis about one coefficient, tested by the wild cluster bootstrap.

    Attributes
    ----------
    statistic, p_value : float
        The two-sided p-value is the share of draws beyond the statistic.
    groups, draws : int
    """

    statistic: float
    p_value: float
    groups: int
    draws: int


@dataclass(frozen=True)
class WildBootstrap:
    """Draws for the hypotheses about one coefficient.

    Attributes
    ----------
    fit : Fit
    place : int
        The coefficient among the working ones.
    codes : (n,) integers
        Clusters 0 … G−1.
    draws, seed : int
    """

    fit: Fit
    place: int
    codes: Ints
    draws: int
    seed: int | None

    @cached_property
    def groups(self) -> int:
        """Number of clusters."""
        return int(self.codes.max()) + 1

    @cached_property
    def factors(self) -> Floats:
        """By what each draw multiplies the scores of each cluster, (draws, groups)."""
        rng, values = np.random.default_rng(self.seed), np.ones(1)
        if self.groups < FEW:
            values = WEBB
        return rng.choice(np.concatenate([-values, values]), (self.draws, self.groups))

    def test(self, value: float) -> WildTest:
        """Test that the coefficient, in the caller's units, is ``value``."""
        scores = TobitScores(self._restricted(value))
        bread, sums = scores.bread(), scores.sums(self.codes, self.groups)
        pull = bread[self.place]
        own = sums @ pull
        taken = np.array([pull @ H @ bread for H in scores.informations(self.codes, self.groups)])
        factors = np.vstack([np.ones(self.groups), self.factors])
        totals = factors @ sums
        spread = np.linalg.norm(factors * own - totals @ taken.T, axis=1)
        statistics = (totals @ pull) / spread
        beyond = np.abs(statistics[1:]) >= abs(statistics[0])
        return WildTest(float(statistics[0]), float(beyond.mean()), self.groups, self.draws)

    def _restricted(self, value: float) -> Fit:
        """Fit with the coefficient held, as the unrestricted likelihood of what is left."""
        fit, j = self.fit, self.place
        scaling, X = fit.scaling, fit.X.toarray()
        outcome = fit.sample.outcome.rescaled(scaling.y_mean, scaling.y_spread)
        unit = scaling.spread[fit.estimable.keep[j]] / scaling.y_spread
        shift = value * unit * X[:, j]
        left = Outcome.between(outcome.low - shift, outcome.high - shift)
        w, rows = fit.sample.total_weights, fit.estimable.rows
        others = build_likelihood(Design(np.delete(X, j, axis=1)), left, w, rows)
        optimum = maximise(others, np.delete(fit.optimum.parameters, j))
        if not optimum.converged:
            what = f"no convergence with {fit.sample.names[fit.columns[j]]} held at {value:g}"
            refuse(fit.sample.heading, what, "use the jackknife: correction CR3")
        parameters = np.insert(optimum.parameters, j, 0.0)
        whole = build_likelihood(Design(X), left, w, rows)
        value_there, _, information = whole.evaluate(parameters)
        moved = replace(
            fit.optimum, parameters=parameters, information=information, value=value_there
        )
        return replace(fit, X=Design(X), likelihood=whole, optimum=moved)

    def interval(self, estimate: float, error: float, alpha: float) -> tuple[float, float]:
        """Values the test does not reject at ``alpha``; ±∞ where none farther out is rejected."""
        low, high = (self._end(estimate, side * error, alpha) for side in (-1.0, 1.0))
        return low, high

    def _end(self, estimate: float, step: float, alpha: float) -> float:
        inside, length = 0.0, 2.0
        while self.test(estimate + length * step).p_value > alpha:
            inside, length = length, 2 * length
            if length > FARTHEST:
                return float(np.copysign(np.inf, step))
        outside = length
        for _ in range(STEPS):
            middle = (inside + outside) / 2
            if self.test(estimate + middle * step).p_value > alpha:
                inside = middle
            else:
                outside = middle
        return float(estimate + (inside + outside) / 2 * step)


def wild_bootstrap(
    fit: Fit, term: str, groups: object, draws: int, seed: int | None
) -> WildBootstrap:
    """Make ready the draws for hypotheses about one term.

    Raises
    ------
    EstimationError
        For a term without a coefficient, the intercept, one cluster, and several ways of
        clustering.
    """
    heading = fit.sample.heading
    if term not in fit.terms:
        refuse(heading, f"no coefficient of {term}", f"name one of {', '.join(fit.terms)}")
    place = int(fit.shown[fit.terms.index(term)])
    if fit.scaling.intercept and place == 0:
        refuse(heading, "the wild bootstrap of the intercept", "name another term")
    codes = fit.sample.codes(groups)
    if len(codes) > 1:
        refuse(heading, "a wild bootstrap of several ways of clustering", "give one way")
    if codes[0].max() < 1:
        refuse(heading, "one cluster only", "cluster by a finer group")
    return WildBootstrap(fit, place, codes[0], draws, seed)
