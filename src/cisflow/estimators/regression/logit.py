"""Logit, probit, fractional logit: statsmodels' maximum, once what has none is taken out."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy.linalg import eigh
from scipy.special import log_ndtr

from cisflow.estimators.arrays import Floats, Ints
from cisflow.estimators.checks import told
from cisflow.estimators.covariance import HELD, covariance
from cisflow.estimators.design import independent_columns, usable_columns
from cisflow.estimators.effects import Prediction
from cisflow.estimators.errors import Alike, Count, Problem, Sentence, refuse, refuse_any
from cisflow.estimators.influence import Point, RowParts, held_by_one, kind_of, newton
from cisflow.estimators.regression.rows import (
    FittedModel,
    Regression,
    Rows,
    RowScores,
    one_sided,
    read_rows,
    refuse_exact,
    refuse_limits,
    same_in_all,
)
from cisflow.estimators.separation import (
    indispensable_rows,
    null_space,
    separating_direction,
    spared_rows,
)

ROUNDING = 1e-15
"""Share of the deviance below which a change of it is rounding: of ten thousand rows the deviance
itself is not exact to the 1e-12 that is asked of few."""


@dataclass(frozen=True)
class _Solution:
    """A maximised likelihood."""

    beta: Floats
    columns: Ints
    names: list[str]
    llf: float
    shown: Ints
    not_estimable: dict[str, str]
    likelihood: _Likelihood

    @property
    def scores(self) -> RowScores:
        """Information and scores at the maximum."""
        return self.likelihood.scores(self.beta)

    @cached_property
    def held(self) -> np.ndarray:
        """Reported coefficients that one row alone determines."""
        parts, jacobian = self.likelihood.row_parts(self.beta), np.eye(self.beta.size)[self.shown]
        return held_by_one(parts, self.scores.bread(), jacobian)


@dataclass(frozen=True)
class _Likelihood:
    """A Bernoulli (quasi-)likelihood of the columns that have a maximum, in the caller's units."""

    rows: Rows
    kind: str
    model: Any  # statsmodels' GLM, of columns divided by ``scale``
    scale: Floats  # (k,)
    inside: np.ndarray  # (n,), its rows; the others are separated: fitted exactly, with score zero

    @cached_property
    def design(self) -> Floats:
        """Regressors of its rows."""
        return np.asarray(self.model.exog * self.scale)

    def parts(self, beta: Floats) -> tuple[Floats, Floats]:
        """Return what multiplies regressors in scores, and their products in information."""
        slope, curvature = np.zeros((2, self.inside.size))
        params = beta * self.scale
        slope[self.inside], curvature[self.inside] = _factors(self.model, params)
        return slope, curvature

    def scores(self, beta: Floats) -> RowScores:
        """Information and scores; clusters and corrections count all rows."""
        slope, curvature = (part[self.inside] for part in self.parts(beta))
        scores = np.zeros((self.inside.size, self.scale.size))
        scores[self.inside] = self.design * slope[:, None]
        information = (self.design * curvature[:, None]).T @ self.design
        design, curved = np.zeros_like(scores), np.zeros(self.inside.size)
        design[self.inside], curved[self.inside] = self.design, curvature

        return RowScores(self.rows, self.kind, scores, information, one_sided(design, curved))

    def row_parts(self, beta: Floats) -> RowParts:
        """Scores and information row by row."""
        slope, curvature = self.parts(beta)
        basis = np.zeros((self.inside.size, self.scale.size, 1))
        basis[self.inside, :, 0] = self.design
        one = np.ones(slope.size)
        return RowParts(basis, slope[:, None], curvature[:, None, None], one, one)


def _solve(rows: Rows, share: Floats, kind: str, link: str) -> _Solution:
    """Maximise the Bernoulli (quasi-)likelihood after taking out what has no maximum."""
    kept, found = usable_columns(rows.X, rows.names)
    lost: dict[str, str] = dict(found)
    _refuse_empty(rows, share, len(kept))
    everything = np.ones(len(share), dtype=bool)
    model, fit = _maximise(rows, share, kept, everything, link)
    inside, still = everything, kept
    if not _finite(model, fit):
        inside, still, separated = _separation(rows, share, kept)
        lost |= separated
        model, fit = _maximise(rows, share, still, inside, link)
    if not (fit.converged and _barred(model, fit)):
        remedy = "look for regressors of very different size, or almost collinear"
        refuse(rows.heading, "no convergence", remedy)
    scale = np.abs(rows.X[:, still]).max(axis=0)
    names = [rows.names[j] for j in still]
    return _Solution(
        np.asarray(fit.params) / scale,
        still,
        names,
        float(fit.llf),
        np.array([i for i, name in enumerate(names) if name not in lost], dtype=np.intp),
        lost,
        _Likelihood(rows, kind, model, scale, inside),
    )


def _maximise(
    rows: Rows, share: Floats, columns: Ints, inside: np.ndarray, link: str
) -> tuple[Any, Any]:
    """Fit columns divided by their largest value; the model and the fit of statsmodels."""
    # Not statsmodels.api, which loads all of statsmodels.
    from statsmodels.genmod.families import Binomial
    from statsmodels.genmod.generalized_linear_model import GLM
    from statsmodels.tools.sm_exceptions import PerfectSeparationWarning

    X = rows.X[:, columns]
    family = Binomial(link=_links()[link]())
    design = X[inside] / np.abs(X).max(axis=0)
    model = GLM(share[inside], design, family=family, var_weights=rows.w[inside])
    # Separation is looked for, and said, by the caller; what overflows on the way to infinity
    # is a probability of zero.
    with warnings.catch_warnings(), np.errstate(over="ignore"):
        warnings.simplefilter("ignore", PerfectSeparationWarning)
        return model, model.fit(tol=1e-12, rtol=ROUNDING, maxiter=200)


def _links() -> Any:
    from statsmodels.genmod.families import links

    return vars(links)


def _factors(model: Any, params: Floats) -> tuple[Floats, Floats]:
    """Return what multiplies regressors in scores, and their products in observed information.

    Of a probit's certain rows, where a probability is one but for rounding, by logarithms.
    """
    if type(model.family.link).__name__ != "Probit":
        return model.score_factor(params), model.hessian_factor(params, observed=True)
    sign = 2 * model.endog - 1
    z = sign * (model.exog @ params)
    ratio = np.exp(_log_density(z) - log_ndtr(z))
    weights = model.var_weights
    return weights * sign * ratio, weights * ratio * (ratio + z)


def _expected(model: Any, params: Floats) -> Floats:
    """Return what multiplies products of regressors in expected information."""
    if type(model.family.link).__name__ != "Probit":
        with np.errstate(over="ignore"):  # probabilities that tend to zero
            return np.asarray(model.hessian_factor(params, observed=False))
    z = model.exog @ params
    both = log_ndtr(z) + log_ndtr(-z)
    return np.asarray(model.var_weights * np.exp(2 * _log_density(z) - both))


def _log_density(z: Floats) -> Floats:
    return np.asarray(-0.5 * z**2 - 0.5 * np.log(2 * np.pi))


def _finite(model: Any, fit: Any) -> bool:
    """Say whether the maximum is surely finite.

    The likelihood is concave, so a stationary point with curvature in every direction is the
    maximum. Where a direction separates, curvature along it vanishes as the iterations go on.
    """
    X = model.exog
    curvature = X.T @ (X * _expected(model, fit.params)[:, None])
    full = X.T @ (X * model.var_weights[:, None])
    if not (fit.converged and np.isfinite(curvature).all()):
        return False
    try:
        least = eigh(curvature, full, eigvals_only=True, subset_by_index=[0, 0])[0]
    except np.linalg.LinAlgError:  # almost collinear: look closer
        return False
    return float(least) > 1e-6 and _barred(model, fit)


def _barred(model: Any, fit: Any) -> bool:
    r"""Say whether Newton's next step is so short that no direction separates.

    Along such a direction d, in which rows at 0 or 1 move by :math:`d_i` and others stay, the
    scores give :math:`g'd = \sum |a_i d_i|` and the step s, by :math:`g = Hs`, the sum of
    :math:`h_i s_i d_i`. Both cannot be if :math:`h_i |s_i| < |a_i|` in every such row, whatever
    its weight: little weight lets iterations stop before a separated row is fitted.
    """
    X, y = model.exog, model.endog
    slope, curvature = _factors(model, fit.params)
    if not (np.isfinite(slope).all() and np.isfinite(curvature).all()):
        return False
    step = np.linalg.lstsq((X * curvature[:, None]).T @ X, slope @ X, rcond=None)[0]
    edge = (y <= 0) | (y >= 1)
    return bool((curvature * np.abs(X @ step) <= 0.5 * np.abs(slope))[edge].all())


def _separation(
    rows: Rows, share: Floats, kept: Ints
) -> tuple[np.ndarray, Ints, dict[str, Sentence]]:
    """Rows that no direction separates, columns they determine, and why the others are lost."""
    X, lengths = rows.X, np.linalg.norm(rows.X, axis=0)
    low = np.where(share <= 0, -np.inf, 0.0)
    high = np.where(share >= 1, np.inf, 0.0)
    direction, separated = separating_direction(X[:, kept], low, high)
    inside = ~separated
    if not separated.any():
        return inside, kept, {}
    if separated.all():
        remedy = "no finite coefficient exists; check that none is computed from the outcome"
        what = Sentence(Alike("the regressors predict every row perfectly"))
        refuse(rows.heading, what, remedy)
    # What the remaining rows leave free has no coefficient of its own.
    free = null_space(X[np.ix_(inside, kept)], len(kept)) * lengths[kept, None]
    gone = np.abs(free).max(axis=1, initial=0.0) > 1e-7 * np.abs(free).max(initial=1e-300)
    lost = {
        rows.names[kept[j]]: _why_separated(direction[j], int(separated.sum()))
        for j in np.flatnonzero(gone)
    }
    return inside, kept[independent_columns(X[np.ix_(inside, kept)], lengths[kept])], lost


def _refuse_empty(rows: Rows, share: Floats, k: int) -> None:
    """Refuse an outcome without variation and too few rows."""
    problems = same_in_all(rows, share)
    if len(share) <= k:
        what = Sentence(Count(len(share)), f" for {k} coefficients")
        problems.append(Problem(what, "use fewer regressors"))
    refuse_any(rows.heading, problems)


def _why_separated(direction: float, rows: int) -> Sentence:
    where = {1: "+∞", -1: "−∞"}.get(int(np.sign(direction)), "±∞")
    return Sentence(
        Alike(f"tends to {where}: it predicts the outcome of "),
        Count(rows),
        " perfectly, so no finite coefficient exists; merge the category with another or drop the "
        "term",
    )


class _Binomial(Regression):
    """What logit, probit and fractional logit share."""

    link = "Logit"
    offered: tuple[str, ...] = ("probability",)
    lowest, width = 0.0, 1.0
    share: Floats

    @cached_property
    def solution(self) -> _Solution:
        """The maximised (quasi-)likelihood (computed once)."""
        return _solve(self.rows, self.share, self.kind, self.link)

    def fit(
        self, cov_type: str = "nonrobust", cov_kwds: Mapping[str, Any] | None = None
    ) -> FittedModel:
        """Estimate; covariances by the names of :mod:`cisflow.estimators.covariance`."""
        solution, rows = self.solution, self.rows
        if not isinstance(self, Logit):
            refuse_exact(rows, self.width * solution.likelihood.parts(solution.beta)[0] / rows.w)
        found = covariance(solution.scores, cov_type, cov_kwds)
        names = [solution.names[i] for i in solution.shown]
        held = np.zeros(len(names), dtype=bool) if cov_type == "nonrobust" else solution.held
        notes = {name: HELD for name, alone in zip(names, held, strict=True) if alone}
        exact = isinstance(self, Logit) and rows.weights is None
        values = solution.beta[solution.shown]
        return self._results(
            *(found, values, names, cov_kwds, FittedModel, solution.shown, notes),
            predicted=partial(self._prediction, found.matrix),
            llf=solution.llf if exact else None,
            not_estimable=solution.not_estimable,
            n_lower=int((self.share <= 0).sum()),
            n_upper=int((self.share >= 1).sum()),
        )

    def expected(self, eta: Floats) -> tuple[Floats, Floats]:
        """Return the expected outcome at an index, in the outcome's units, and its derivative."""
        link = _links()[self.link]()
        low, width = self.lowest, self.width
        return low + width * link.inverse(eta), width * link.inverse_deriv(eta)

    def _prediction(self, matrix: Floats, kind: str) -> Prediction:
        """Return the average of the expected outcome as a function of the regressors.

        Rows that are predicted perfectly are so whatever the regressors: their part is zero.
        """
        offered = self.offered
        if kind not in offered:
            refuse(self.rows.heading, f"the quantity {kind} is not offered", f"use {offered[0]}")
        solution, rows, inside = self.solution, self.rows, self.solution.likelihood.inside
        weights = rows.w[inside] / rows.w.sum()

        def total(X: Floats, w: Floats) -> tuple[float, Floats]:
            value, slope = self.expected(X @ solution.beta)
            return float(w @ value), (w * slope) @ X

        X = rows.X[np.ix_(inside, solution.columns)]
        return Prediction(solution.names, X, weights, matrix, total, rows.kept[inside])

    def leave_one_out(self, fit: FittedModel) -> tuple[Floats, Floats, np.ndarray]:
        """Coefficients without each row, ratios of variances, and doubts."""
        solution, rows = self.solution, self.rows
        likelihood, beta = solution.likelihood, solution.beta
        jacobian = np.eye(beta.size)[solution.shown]

        def at(step: Floats) -> Point:
            return Point(likelihood.scores(beta + step), jacobian)

        kind = kind_of(rows, fit.cov_type, fit.cov_kwds)
        step, ratio, doubt = newton(likelihood.row_parts(beta), at, kind)
        inside = likelihood.inside
        share = self.share[inside]
        side = (share >= 1).astype(np.intp) - (share <= 0)
        design, slope = likelihood.design, likelihood.parts(beta)[0][inside]
        needed = indispensable_rows(design, side == 0, side)
        if needed.any():
            needed &= ~spared_rows(design, side == 0, side, slope)
        doubt[inside] |= needed
        return (beta + step)[:, solution.shown], ratio, doubt


class FractionalLogit(_Binomial):
    r"""Fractional logit of a share between two limits.

    .. math:: E[(y - L)/(U - L) \mid x] = 1 / (1 + e^{-x\beta})

    (Papke & Wooldridge 1996, Journal of Applied Econometrics 11:619–632). Coefficients are on the
    logit of the expected share (0–1). It is a quasi-likelihood: use a robust covariance, the
    default.

    Parameters
    ----------
    formula
        ``"share_new ~ log_employees + C(industry)"`` (formulaic).
    data
        One row per firm; rows with a missing value are dropped and counted.
    lower, upper
        Limits of the outcome; it is rescaled to 0–1 between them.
    weights
        Sampling weights: a column, or one value per row of the data.

    Raises
    ------
    EstimationError
        If the data do not determine the model, or the outcome lies outside its limits.
    """

    kind = "Fractional logit"
    offered = ("observed",)

    def __init__(
        self,
        formula: str,
        data: pd.DataFrame,
        lower: float = 0.0,
        upper: float = 100.0,
        weights: str | ArrayLike | None = None,
    ):
        self._set(read_rows(self.kind, formula, data, weights), lower, upper)

    def _set(self, rows: Rows, lower: float = 0.0, upper: float = 100.0) -> None:
        self.rows, self.options = rows, {"lower": lower, "upper": upper}
        refuse_limits(rows.heading, lower, upper)
        self.lowest, self.width = lower, upper - lower
        share = (rows.y - lower) / self.width
        outside = int(((share < -1e-9) | (share > 1 + 1e-9)).sum())
        what = f"the outcome is outside {lower:g}–{upper:g}"
        refuse_any(rows.heading, told(what, outside, "correct the data or the limits"))
        self.share = np.clip(share, 0.0, 1.0)

    def fit(self, cov_type: str = "HC1", cov_kwds: Mapping[str, Any] | None = None) -> FittedModel:
        """Estimate; covariances by the names of :mod:`cisflow.estimators.covariance`."""
        return super().fit(cov_type, cov_kwds)


class Logit(_Binomial):
    """Logit of an outcome that is 0 or 1 (or false and true).

    Parameters
    ----------
    formula, data, weights
        As for :class:`FractionalLogit`.

    Raises
    ------
    EstimationError
        If the data do not determine the model, or the outcome has other values.
    """

    kind = "Logit"

    def __init__(self, formula: str, data: pd.DataFrame, weights: str | ArrayLike | None = None):
        self._set(read_rows(self.kind, formula, data, weights))

    def _set(self, rows: Rows) -> None:
        self.rows = rows
        other = int((~np.isin(rows.y, (0.0, 1.0))).sum())
        remedy = "code it 0/1, or use FractionalLogit for a share"
        refuse_any(rows.heading, told("the outcome is neither 0 nor 1", other, remedy))
        self.share = rows.y


class Probit(Logit):
    """Probit of an outcome that is 0 or 1; otherwise as :class:`Logit`.

    Information is the observed one, as in ``statsmodels.Probit`` and Stata's ``probit``.
    """

    kind, link = "Probit", "Probit"
