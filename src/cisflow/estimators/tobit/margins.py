r"""What a Tobit coefficient means for the outcome one sees.

With :math:`\eta = x\beta`, :math:`a = (L-\eta)/\sigma`, :math:`b = (U-\eta)/\sigma` and
:math:`P = \Phi(b) - \Phi(a)` (McDonald & Moffitt 1980, Review of Economics and Statistics
62:318–321, extended to two limits):

============= ============================================================ =======================
kind          quantity                                                     derivative in η
============= ============================================================ =======================
latent        :math:`E[y^*|x] = \eta`                                      1
censored      :math:`E[y|x] = L\Phi(a) + \eta P +                          :math:`P`
              \sigma(\phi(a)-\phi(b)) + U(1-\Phi(b))`
uncensored    :math:`E[y|x, L<y<U] = \eta + \sigma\lambda,\;               :math:`1 + (a\phi(a) -
              \lambda = (\phi(a)-\phi(b))/P`                               b\phi(b))/P - \lambda^2`
probability   :math:`P(L<y<U|x) = P`                                       :math:`(\phi(a) -
                                                                           \phi(b))/\sigma`
============= ============================================================ =======================
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import ndtr, ndtri

from cisflow.estimators.arrays import Floats, Ints
from cisflow.estimators.effects import Prediction
from cisflow.estimators.errors import refuse
from cisflow.estimators.formula import plain_types
from cisflow.estimators.tobit.fit import Fit
from cisflow.estimators.tobit.likelihood import HALF_LOG_2PI, Design, log_interval_probability

Sigma = float | Floats  # the same for all rows, or one of each


@dataclass(frozen=True)
class Curve:
    """A quantity and its derivatives, each of shape (n,).

    ``eta`` and ``sigma`` are the first derivatives; ``eta_eta`` and ``eta_sigma`` are those of
    the derivative in η.
    """

    value: Floats
    eta: Floats
    sigma: Floats
    eta_eta: Floats
    eta_sigma: Floats


def latent(eta: Floats, sigma: Sigma, lower: Floats, upper: Floats) -> Curve:
    """Latent mean."""
    zero = np.zeros_like(eta)
    return Curve(eta, np.ones_like(eta), zero, zero, zero)


def censored(eta: Floats, sigma: Sigma, lower: Floats, upper: Floats) -> Curve:
    """Mean of the outcome, limits included."""
    a, b = (lower - eta) / sigma, (upper - eta) / sigma
    m0, m1 = _moment(a, b, 0), _moment(a, b, 1)
    P = _probability(a, b)
    at_lower = np.where(np.isfinite(lower), np.nan_to_num(lower) * ndtr(a), 0.0)
    at_upper = np.where(np.isfinite(upper), np.nan_to_num(upper) * ndtr(-b), 0.0)
    value = at_lower + eta * P + sigma * m0 + at_upper
    return Curve(value, P, m0, m0 / sigma, m1 / sigma)


def uncensored(eta: Floats, sigma: Sigma, lower: Floats, upper: Floats) -> Curve:
    """Mean of the outcome strictly between its limits."""
    a, b = (lower - eta) / sigma, (upper - eta) / sigma
    log_p = log_interval_probability(a, b)
    r0, r1, r2, r3 = (_moment(a, b, power, log_p) for power in range(4))
    spread = 1 + r1 - r0**2
    return Curve(
        eta + sigma * r0,
        spread,
        r0 + r2 - r0 * r1,
        (r2 - r0 - r0 * r1 - 2 * r0 * (spread - 1)) / sigma,
        (r3 - r1 - r1**2 - 2 * r0 * (r2 - r0 * r1)) / sigma,
    )


def probability(eta: Floats, sigma: Sigma, lower: Floats, upper: Floats) -> Curve:
    """Probability of an outcome strictly between the limits."""
    a, b = (lower - eta) / sigma, (upper - eta) / sigma
    m0, m1, m2 = (_moment(a, b, power) for power in range(3))
    return Curve(_probability(a, b), m0 / sigma, m1 / sigma, m1 / sigma**2, (m2 - m0) / sigma**2)


KINDS: dict[str, Callable[[Floats, Sigma, Floats, Floats], Curve]] = {
    "latent": latent,
    "censored": censored,
    "uncensored": uncensored,
    "probability": probability,
}


def _moment(a: Floats, b: Floats, power: int, log_p: Floats | float = 0.0) -> Floats:
    """Return (a^power φ(a) − b^power φ(b)) / p; an infinite limit contributes nothing."""

    def term(z: Floats) -> Floats:
        finite = np.where(np.isfinite(z), z, 0.0)
        density = np.exp(-0.5 * finite * finite - HALF_LOG_2PI - log_p)
        return np.where(np.isfinite(z), finite**power * density, 0.0)

    return term(a) - term(b)


def _probability(a: Floats, b: Floats) -> Floats:
    upper_tail = a > 0
    value: Floats = np.where(upper_tail, ndtr(-a) - ndtr(-b), ndtr(b) - ndtr(a))
    return value


def marginal_effects(
    fit: Fit,
    covariance: Floats,
    kind: str = "censored",
    at: str = "overall",
    dummy: bool = False,
    weighted: bool = True,
    alpha: float = 0.05,
) -> pd.DataFrame:
    """Marginal effects with delta-method standard errors.

    Parameters
    ----------
    fit : Fit
    covariance : (k+1, k+1) array
        Of all coefficients and log σ, in the caller's units.
    kind : "latent", "censored", "uncensored" or "probability"
    at : "overall" or "mean"
        Average of the rows' effects, or the effect at the regressors' means.
    dummy : bool
        Regressors that are 0 or 1 in every row: the change from 0 to 1 instead of a derivative.
    weighted : bool
        Average with the model's weights, if it has any.
    alpha : float
        One minus the level of the interval.

    Returns
    -------
    DataFrame
        One row per term except the intercept; columns as in statsmodels: ``dy/dx``,
        ``Std. Err.``, ``z``, ``Pr(>|z|)``, ``Conf. Int. Low``, ``Cont. Int. Hi.``.

    Notes
    -----
    Rows that a coefficient without a finite value holds at a limit with probability one have
    effect zero on the outcome and on the probability; they are left out of the conditional mean
    and of the latent one.
    """
    heading = fit.sample.heading
    _known(heading, "kind", kind, KINDS)
    _known(heading, "at", at, ("overall", "mean"))
    inputs = _inputs(fit, kind, at, weighted)
    effects, gradients, names = [], [], []
    for place in fit.shown:
        column = fit.design.column(int(place))
        if np.ptp(column) == 0:
            continue
        binary = dummy and bool(np.all((column == 0) | (column == 1)))
        effect, gradient = (_discrete if binary else _derivative)(inputs, place)
        effects.append(effect)
        gradients.append(gradient)
        names.append(fit.sample.names[fit.columns[place]])
    matrix = np.array(gradients).reshape(len(names), inputs.beta.size + 1)
    variance = np.einsum("ij,jk,ik->i", matrix, covariance, matrix)
    return _table(np.array(effects), np.sqrt(variance), names, alpha)


@dataclass(frozen=True)
class _Inputs:
    X: Design
    beta: Floats
    sigma: float
    lower: Floats
    upper: Floats
    weights: Floats  # sum to the share of rows whose effect is not zero by separation
    curve: Callable[[Floats, Sigma, Floats, Floats], Curve]

    def at(self, eta: Floats) -> Curve:
        return self.curve(eta, self.sigma, self.lower, self.upper)


def _inputs(fit: Fit, kind: str, at: str, weighted: bool) -> _Inputs:
    rows, size = fit.estimable.rows, fit.sample.size
    X = fit.design.take(rows)
    total = fit.sample.total_weights if weighted else np.ones(size)
    w = total[rows]
    share = w.sum() / total.sum() if kind in ("censored", "probability") else 1.0
    lower, upper = (limit[rows] for limit in fit.sample.limits_of(size))
    if at == "mean":
        X = Design((X.transpose_times(w) / w.sum())[None, :])
        lower, upper = lower[:1], upper[:1]
        w, share = np.ones(1), 1.0
    return _Inputs(X, fit.beta, fit.scale, lower, upper, w / w.sum() * share, KINDS[kind])


def prediction(fit: Fit, covariance: Floats, kind: str) -> Prediction:
    """Return the average of a quantity of the table above as a function of the regressors.

    The absorbed dummies stay as they are. Rows held at a limit with probability one are treated
    as by :func:`marginal_effects`.
    """
    _known(fit.sample.heading, "kind", kind, KINDS)
    inputs = _inputs(fit, kind, "overall", weighted=True)
    X, names = inputs.X, [fit.sample.names[j] for j in fit.columns]

    def total(dense: Floats, weights: Floats) -> tuple[float, Floats]:
        design = Design(dense, X.codes, X.groups)
        curve = inputs.at(design.times(inputs.beta))
        by_sigma = float(weights @ curve.sigma) * inputs.sigma
        slope = np.append(design.transpose_times(weights * curve.eta), by_sigma)
        return float(weights @ curve.value), slope

    dense, rows, frame = X.dense, fit.estimable.rows, fit.sample.frame
    rows = rows if frame is None else frame.rows[rows]
    return Prediction(names[: dense.shape[1]], dense, inputs.weights, covariance, total, rows)


def _derivative(inputs: _Inputs, place: int) -> tuple[float, Floats]:
    curve, w = inputs.at(inputs.X.times(inputs.beta)), inputs.weights
    factor, beta = float(w @ curve.eta), float(inputs.beta[place])
    gradient = np.append(inputs.X.transpose_times(w * curve.eta_eta) * beta, 0.0)
    gradient[place] += factor
    gradient[-1] = float(w @ curve.eta_sigma) * beta * inputs.sigma
    return factor * beta, gradient


def _discrete(inputs: _Inputs, place: int) -> tuple[float, Floats]:
    total, gradient = 0.0, np.zeros(inputs.beta.size + 1)
    eta, column = inputs.X.times(inputs.beta), inputs.X.column(place)
    for level, sign in ((1.0, 1.0), (0.0, -1.0)):
        curve = inputs.at(eta + (level - column) * inputs.beta[place])
        w = sign * inputs.weights
        total += float(w @ curve.value)
        slope = inputs.X.transpose_times(w * curve.eta)
        slope[place] = level * float(w @ curve.eta)
        gradient[:-1] += slope
        gradient[-1] += float(w @ curve.sigma) * inputs.sigma
    return total, gradient


def _known(heading: str, option: str, value: str, offered: Any) -> None:
    if value not in offered:
        refuse(heading, f"{option}='{value}' is not offered", f"use {', '.join(offered)}")


def _table(estimate: Floats, error: Floats, names: list[str], alpha: float) -> pd.DataFrame:
    with np.errstate(divide="ignore", invalid="ignore"):
        z = estimate / error
    half = -float(ndtri(alpha / 2)) * error
    columns = {
        "dy/dx": estimate,
        "Std. Err.": error,
        "z": z,
        "Pr(>|z|)": 2 * ndtr(-np.abs(z)),
        "Conf. Int. Low": estimate - half,
        "Cont. Int. Hi.": estimate + half,
    }
    return pd.DataFrame(columns, index=names)


def regressors(fit: Fit, exog: Any) -> Design:
    """Regressors of the estimated columns (m rows): those of the sample, or of new rows."""
    if exog is None:
        return fit.design
    sample, frame = fit.sample, fit.sample.frame
    p, k = sample.design.dense.shape[1], len(sample.names)
    codes: Ints | None = None
    if frame is not None and hasattr(exog, "columns"):
        wanted = {str(name) for name in frame.spec.required_variables}
        table = plain_types(exog[[c for c in exog.columns if c in wanted]])
        matrix = frame.spec.get_model_matrix(table, na_action="ignore")
        X = np.asarray(matrix, dtype=float)
        if sample.absorbed is not None:
            codes = sample.absorbed.encode(exog[sample.absorbed.variable])
    else:
        X = np.atleast_2d(np.asarray(exog, dtype=float))
        if X.shape[1] == k and sample.absorbed is not None:
            codes = X[:, p:] @ np.arange(1, sample.design.groups + 1)
            X, codes = X[:, :p], np.asarray(codes, dtype=np.intp)
        elif X.shape[1] != k:
            what = f"{X.shape[1]} regressors where the model has {k}"
            refuse(sample.heading, what, "give the same columns in the same order")
    if codes is not None and bool(np.any(codes < 0)):
        what = "new rows have a category the model has not seen"
        refuse(sample.heading, what, "predict for its categories only")
    return fit.in_working_order(Design(X, codes, sample.design.groups))


def prediction_frame(
    fit: Fit,
    covariance: Floats,
    exog: Any = None,
    which: str = "censored",
    alpha: float = 0.05,
) -> pd.DataFrame:
    """Predictions with delta-method standard errors and intervals.

    Returns
    -------
    DataFrame
        ``mean mean_se mean_ci_lower mean_ci_upper`` as in statsmodels, and for ``censored`` the
        interval of a single outcome, ``obs_ci_lower obs_ci_upper``, never beyond the limits.
    """
    _known(fit.sample.heading, "which", which, KINDS)
    design, eta, lower, upper = _prediction_inputs(fit, exog)
    X = design.toarray()
    finite = np.isfinite(eta)
    curve = KINDS[which](np.where(finite, eta, 0.0), fit.scale, lower, upper)
    gradient = np.column_stack([curve.eta[:, None] * X, curve.sigma * fit.scale])
    variance = np.einsum("ij,jk,ik->i", gradient, covariance, gradient)
    mean = np.where(finite, curve.value, _at_infinity(which, eta, lower, upper))
    error = np.where(finite, np.sqrt(variance), 0.0)
    z = -float(ndtri(alpha / 2))
    columns = {
        "mean": mean,
        "mean_se": error,
        "mean_ci_lower": mean - z * error,
        "mean_ci_upper": mean + z * error,
    }
    if which == "censored":
        of_eta = np.einsum("ij,jk,ik->i", X, covariance[:-1, :-1], X)
        half = z * np.sqrt(fit.scale**2 + of_eta)
        columns["obs_ci_lower"] = np.clip(eta - half, lower, upper)
        columns["obs_ci_upper"] = np.clip(eta + half, lower, upper)
    return pd.DataFrame(columns)


def predictions(fit: Fit, exog: Any = None, which: str = "censored") -> Floats:
    """Predict for the rows of the sample or for new ones, shape (m,).

    Parameters
    ----------
    fit : Fit
    exog : DataFrame (of the formula's variables), array of regressors, or None for the sample
    which : "latent", "censored", "uncensored" or "probability"
    """
    _known(fit.sample.heading, "which", which, KINDS)
    _, eta, lower, upper = _prediction_inputs(fit, exog)
    finite = np.isfinite(eta)
    value = KINDS[which](np.where(finite, eta, 0.0), fit.scale, lower, upper).value
    return np.where(finite, value, _at_infinity(which, eta, lower, upper))


def _prediction_inputs(fit: Fit, exog: Any) -> tuple[Design, Floats, Floats, Floats]:
    X = regressors(fit, exog)
    eta = X.times(fit.beta)
    if exog is None:
        eta = eta + fit.drift()
    elif any(np.ndim(limit) for limit in fit.sample.limits if limit is not None):
        what = "limits per row are not known for new rows"
        refuse(fit.sample.heading, what, "predict which='latent' instead")
    lower, upper = fit.sample.limits_of(eta.size)
    return X, eta, lower, upper


def _at_infinity(which: str, eta: Floats, lower: Floats, upper: Floats) -> Floats:
    """Limit of a quantity as η → ±∞."""
    if which == "latent":
        return eta
    if which == "probability":
        return np.where(np.isnan(eta), np.nan, 0.0)
    side = np.where(eta > 0, upper, lower)
    return np.where(np.isnan(eta), np.nan, side)
