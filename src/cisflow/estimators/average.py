r"""Average effects with each row's part in their error: what a curve of many fits is made of.

For a model with parameters :math:`\hat\theta`, information :math:`H` and weighted scores
:math:`s_i`, and an average effect :math:`m(\hat\theta)` with gradient :math:`g`, row i's
*influence* is

.. math:: \psi_i = g' H^{-1} s_i, \quad \hat m - m \approx \sum_i \psi_i

so that :math:`\sum_i \psi_i^2` is the robust (HC0) variance, the same sum times n/(n−k) is HC1, and
:math:`g' H^{-1} g` is the variance if the model is right (nonrobust). What effects of different
models on the same rows have in common is in their influences (Hampel 1974, Journal of the American
Statistical Association 69:383–393), which is what a joint test of many models needs.

The models are those of the package, fitted to numbers instead of formulas: Tobit, heteroskedastic
Tobit, fractional logit, least squares.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from scipy.special import expit

from cisflow.estimators.arrays import Floats
from cisflow.estimators.design import independent_columns, usable_columns
from cisflow.estimators.distributions import student
from cisflow.estimators.effects import Factors, Prediction, effect_and_gradient
from cisflow.estimators.errors import EstimationError, Problem, refuse
from cisflow.estimators.regression.models import FractionalLogit
from cisflow.estimators.regression.rows import Rows, RowScores
from cisflow.estimators.scores import Scores
from cisflow.estimators.tobit import margins
from cisflow.estimators.tobit.heteroskedastic import HeteroskedasticTobit
from cisflow.estimators.tobit.model import Tobit
from cisflow.estimators.tobit.sample import censored, make_sample
from cisflow.estimators.tobit.scores import TobitScores

KIND = "Regression"
STEPS = 25  # of Newton's method for the logit; where there is a maximum half of them are enough
CLOSE = 1e-16  # squared standard errors per row
LARGEST = 0.99  # leverage that is divided by; beyond it a row is fitted whatever its outcome
CURVED = 1e-6  # of the weights' own curvature: less along a direction, and it may have no maximum

__all__ = ["COVARIANCES", "MODELS", "AverageEffect", "Numbers", "average_effects_of"]
COVARIANCES = ("nonrobust", "HC0", "HC1")


@dataclass(frozen=True, eq=False)
class Numbers:
    """What a model is fitted to."""

    y: Floats  # (n,)
    X: Floats  # (n, k), the intercept first
    names: Sequence[str]  # k strings
    limits: tuple[float, float] = (0.0, 100.0)  # (lower, upper), of the outcome
    weights: Floats | None = None  # (n,), sampling weights
    spread: Floats | None = None  # (n, q), what the spread of a heteroskedastic Tobit depends on

    @property
    def size(self) -> int:
        """Number of rows."""
        return len(self.y)

    @cached_property
    def w(self) -> Floats:
        """Weight of each row, one where there are none."""
        return np.ones(self.size) if self.weights is None else self.weights

    @cached_property
    def tobit(self) -> Tobit:
        """The Tobit of these numbers, fitted once for all that build on it."""
        outcome = censored("Tobit", self.y, *self.limits)
        names = list(self.names)
        sample = make_sample("outcome", outcome, self.limits, self.X, names, self.weights)
        return Tobit.of_sample(sample)


@dataclass(frozen=True)
class AverageEffect:
    """The average effect of a term on the outcome as it is observed."""

    estimate: float  # of a yes/no term the change from no to yes, of others the derivative
    influence: Floats  # (n,), each row's part in its error
    model_variance: float  # its variance if the model is right
    leverage: Floats  # (n,), how much of its own fitted value each row determines
    parameters: int  # how many the model has, σ included
    exact: bool = False  # whether it has a t distribution (least squares) or a normal one

    @property
    def free(self) -> int:
        """Rows less parameters."""
        return len(self.influence) - self.parameters

    @property
    def scale(self) -> float:
        """What a sum of squared influences is multiplied with for HC1, n/(n−k)."""
        return len(self.influence) / self.free

    def std_error(self, kind: str) -> float:
        """Return its standard error: ``nonrobust``, ``HC0`` or ``HC1``."""
        if kind == "nonrobust":
            return float(self.model_variance**0.5)
        factor = self.scale if kind == "HC1" else 1.0
        return float((factor * self.influence @ self.influence) ** 0.5)

    @property
    def without_row(self) -> Floats:
        """How the effect moves as each row is left out, to first order (HC3), (n,).

        A row draws the fit to itself, so that its influence is less than its part in the error.
        """
        return self.influence / (1 - np.minimum(self.leverage, LARGEST))

    def critical(self, level: float) -> float:
        """Return how many standard errors from zero an effect is significant at a level."""
        return float(student(self.free if self.exact else None).isf(level / 2))

    def p_value(self, kind: str) -> float:
        """Return the two-sided p-value of no effect, by t where that is exact, else normal."""
        z = abs(self.estimate / self.std_error(kind))
        return 2 * float(student(self.free if self.exact else None).sf(z))


@dataclass(frozen=True, eq=False)
class _Fitted:
    """A fit: its prediction in the caller's parameters, and its scores in its own.

    ``lost`` has the terms without a coefficient, and why; ``curvature`` (n,) is minus the second
    derivative of each row's weighted log-likelihood in its index.
    """

    prediction: Prediction
    scores: Scores
    parameters: int
    lost: Mapping[str, str]
    curvature: Floats

    @cached_property
    def bread(self) -> Floats:
        """Covariance of the parameters if the model is right, (p, p)."""
        jacobian = self.scores.jacobian()
        return np.asarray(jacobian @ self.scores.bread() @ jacobian.T)

    def influences(self, gradients: Floats, rows: int) -> Floats:
        """Return each row's part in the errors of effects with these gradients, (rows, effects)."""
        steps = self.scores.bread() @ (self.scores.jacobian().T @ gradients.T)
        return np.asarray(self.scores.sums(np.arange(rows), rows) @ steps)


def average_effects_of(
    model: str, numbers: Numbers, terms: Sequence[str]
) -> dict[str, AverageEffect | EstimationError]:
    """Return the average effects of some terms by one fit, or why a term has none.

    Parameters
    ----------
    model
        A key of :data:`MODELS`.
    numbers
        What it is fitted to.
    terms
        Names among those of the regressors; none is in a product with another.
    """
    try:
        fit = MODELS[model](numbers)
    except EstimationError as error:
        return dict.fromkeys(terms, error)
    known = [t for t in terms if t in fit.prediction.names and t not in fit.lost]
    found: dict[str, AverageEffect | EstimationError] = {
        term: _without(term, fit) for term in terms if term not in known
    }
    if not known:
        return found
    values, gradients = zip(*(_effect(fit.prediction, term) for term in known), strict=True)
    slopes = np.array(gradients)
    influences = fit.influences(slopes, numbers.size)
    leverage = _leverage(numbers.X, fit.curvature)
    variances = np.einsum("ij,jk,ik->i", slopes, fit.bread, slopes)
    for j, term in enumerate(known):
        numbers_of = values[j], influences[:, j], float(variances[j]), leverage, fit.parameters
        found[term] = AverageEffect(*numbers_of, exact=model == "ols")
    return found


def _leverage(X: Floats, curvature: Floats) -> Floats:
    """Return the diagonal of the projection on curved regressors, (n,)."""
    curved = X * np.maximum(curvature, 0)[:, None]
    information = curved.T @ X
    try:
        inverse = np.linalg.inv(information)
    except np.linalg.LinAlgError:
        inverse = np.linalg.pinv(information)
    leverage: Floats = ((curved @ inverse) * X).sum(axis=1)
    if not ((leverage > -CURVED) & (leverage < 1 + CURVED)).all():  # collinear but for rounding
        leverage = ((curved @ np.linalg.pinv(information)) * X).sum(axis=1)
    return leverage


def _without(term: str, fit: _Fitted) -> EstimationError:
    why = fit.lost.get(term, "it has no coefficient of its own")
    return EstimationError(term, Problem(why, "leave it out"))


def _effect(prediction: Prediction, term: str) -> tuple[float, Floats]:
    column = prediction.X[:, list(prediction.names).index(term)]
    return effect_and_gradient(prediction, Factors({term: column}, {term: {term: 1}}, {}), term)


# --- models --------------------------------------------------------------------------------------


def _tobit(numbers: Numbers) -> _Fitted:
    fit = numbers.tobit.solution
    prediction = margins.prediction(fit, np.eye(fit.beta.size + 1), "censored")
    curvature = numbers.w * fit.likelihood.curvature_parts(fit.optimum.parameters)[:, 0, 0]
    lost = fit.estimable.not_estimable
    return _Fitted(prediction, TobitScores(fit), fit.X.k + 1, lost, curvature)


def _heteroskedastic(numbers: Numbers) -> _Fitted:
    if numbers.spread is None or not numbers.spread.shape[1]:
        what = "nothing is said of what the spread depends on"
        refuse("Heteroskedastic Tobit", what, "name it in `variance`")
    spread = numbers.spread
    centred = spread - spread.mean(axis=0)
    usable = independent_columns(centred, np.maximum(np.linalg.norm(spread, axis=0), 1e-300))
    named = pd.DataFrame(spread[:, usable]).add_prefix("spread ")
    model = HeteroskedasticTobit(numbers.tobit, named)
    lost = numbers.tobit.solution.estimable.not_estimable
    curvature = np.zeros(numbers.size)
    used = numbers.tobit.solution.estimable.rows
    curvature[used] = -numbers.w[used] * model.derivatives(model.optimum[0]).eta_eta
    prediction = model.fit().prediction("censored")
    return _Fitted(prediction, model, model.optimum[0].size, lost, curvature)


def _fractional(numbers: Numbers) -> _Fitted:
    lower, upper = numbers.limits
    share = (numbers.y - lower) / (upper - lower)
    beta = _logit(share, numbers)
    if beta is None:
        return _fractional_with_care(numbers)
    X, w, names = numbers.X, numbers.w, list(numbers.names)
    mean = expit(X @ beta)
    curvature = w * mean * (1 - mean)
    information = (X * curvature[:, None]).T @ X

    def total(moved: Floats, weights: Floats) -> tuple[float, Floats]:
        p = expit(moved @ beta)
        slope = (upper - lower) * (weights * p * (1 - p)) @ moved
        return float((upper - lower) * weights @ p), slope

    rows = _rows(numbers)
    prediction = Prediction(names, X, w / w.sum(), np.eye(len(names)), total, rows.kept)
    scores = RowScores(rows, KIND, X * (w * (share - mean))[:, None], information)
    return _Fitted(prediction, scores, len(names), {}, curvature)


def _logit(share: Floats, numbers: Numbers) -> Floats | None:
    """Return the coefficients by Newton's method; None where there may be no maximum."""
    X, w = numbers.X, numbers.w
    full, beta = (X * w[:, None]).T @ X, np.zeros(X.shape[1])
    for _ in range(STEPS):
        mean = expit(X @ beta)
        curved = w * mean * (1 - mean)
        information, score = (X * curved[:, None]).T @ X, (w * (share - mean)) @ X
        try:
            step = np.linalg.solve(information, score)
        except np.linalg.LinAlgError:
            return None
        if not np.isfinite(step).all():
            return None
        beta = beta + step
        if float(step @ score) < CLOSE * w.sum():
            break
    else:
        return None
    root = np.linalg.cholesky(full)
    inner = np.linalg.solve(root, np.linalg.solve(root, information).T)
    return beta if np.linalg.eigvalsh(inner)[0] > CURVED else None


def _fractional_with_care(numbers: Numbers) -> _Fitted:
    """Fit where the quick way finds no maximum: what separates is found and left out."""
    lower, upper = numbers.limits
    model = FractionalLogit._from_rows(_rows(numbers), lower=lower, upper=upper)
    solution = model.solution
    prediction = model.fit("nonrobust").prediction("observed")
    curvature = solution.likelihood.parts(solution.beta)[1]
    lost = solution.not_estimable
    return _Fitted(prediction, solution.scores, solution.beta.size, lost, curvature)


def _rows(numbers: Numbers) -> Rows:
    named = list(numbers.names), "outcome", np.arange(numbers.size)
    return Rows(numbers.y, numbers.X, *named, pd.DataFrame(), {}, numbers.weights, KIND)


def _least_squares(numbers: Numbers) -> _Fitted:
    usable, lost = usable_columns(numbers.X, numbers.names)
    rows, w = _rows(numbers), numbers.w
    X, names = numbers.X[:, usable], [numbers.names[j] for j in usable]
    if len(X) <= X.shape[1]:
        refuse("OLS", f"too few rows for {X.shape[1]} coefficients", "use fewer regressors")
    weighted = X * w[:, None]
    information = weighted.T @ X
    beta = np.linalg.solve(information, weighted.T @ numbers.y)
    residual = numbers.y - X @ beta
    variance = float(w @ residual**2) / (len(X) - X.shape[1])

    def total(moved: Floats, weights: Floats) -> tuple[float, Floats]:
        return float(weights @ (moved @ beta)), weights @ moved

    # In units in which the information is the inverse of the nonrobust covariance.
    of_rows = weighted * (residual / variance)[:, None]
    scores = RowScores(rows, KIND, of_rows, information / variance)
    prediction = Prediction(names, X, w / w.sum(), np.eye(len(names)), total, rows.kept)
    return _Fitted(prediction, scores, len(names), lost, w)


MODELS: dict[str, Callable[[Numbers], _Fitted]] = {
    "tobit": _tobit,
    "heteroskedastic_tobit": _heteroskedastic,
    "fractional": _fractional,
    "ols": _least_squares,
}
"""Models by the names the models file has for them."""
