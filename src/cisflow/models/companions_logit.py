"""Logit and fractional logit: maximised by statsmodels, after taking out what has no maximum."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from cisflow.errors import Problem
from cisflow.models.companions_rows import FittedModel, Rows, read_rows, why_collinear
from cisflow.models.covariance import covariance
from cisflow.models.tobit_checks import (
    EstimationError,
    independent_columns,
    null_space,
    refuse,
    rows_in_words,
    separating_direction,
)
from cisflow.models.tobit_likelihood import Floats, Ints

if TYPE_CHECKING:
    import pandas as pd


class _LogitScores:
    """Information and scores of a logit, for the registry of covariances."""

    def __init__(self, rows: Rows, X: Floats, y: Floats, weights: Floats, fitted: Floats):
        self.heading, self.nobs = rows.heading, float(len(rows.y))
        self.rows, self.scores = rows, X * (weights * (y - fitted))[:, None]
        self.information = (X * (weights * fitted * (1 - fitted))[:, None]).T @ X

    def bread(self) -> Floats:
        return np.asarray(np.linalg.inv(self.information), dtype=float)

    def outer(self) -> Floats:
        out: Floats = self.scores.T @ self.scores
        return out

    def sums(self, codes: Ints, groups: int) -> Floats:
        out = np.zeros((groups, self.scores.shape[1]))
        np.add.at(out, codes, self.scores)
        return out

    def groups(self, value: Any) -> list[Ints]:
        return self.rows.codes(value)

    def resampled(
        self, kind: str, groups: Ints | None, options: Mapping[str, Any]
    ) -> tuple[Floats, str]:
        what = f"covariance '{kind}' is not offered for a logit"
        raise EstimationError(self.heading, Problem(what, "use HC1, or cluster"))


@dataclass(frozen=True)
class _Solution:
    """A maximised logit likelihood."""

    beta: Floats
    names: list[str]
    llf: float
    shown: Ints
    not_estimable: dict[str, str]
    scores: _LogitScores


def _solve_logit(rows: Rows, share: Floats) -> _Solution:
    """Maximise the Bernoulli (quasi-)likelihood after taking out what has no maximum."""
    import statsmodels.api as sm

    X, lengths = rows.X, np.linalg.norm(rows.X, axis=0)
    kept = np.flatnonzero(independent_columns(X, lengths))
    lost = {rows.names[j]: why_collinear(X[:, j]) for j in set(range(X.shape[1])) - set(kept)}
    low = np.where(share <= 0, -np.inf, 0.0)
    high = np.where(share >= 1, np.inf, 0.0)
    direction, separated = separating_direction(X[:, kept], low, high)
    inside = ~separated
    if separated.any():
        # What the remaining rows leave free has no coefficient of its own.
        free = null_space(X[np.ix_(inside, kept)], len(kept)) * lengths[kept, None]
        gone = np.abs(free).max(axis=1, initial=0.0) > 1e-7 * np.abs(free).max(initial=1e-300)
        lost |= {
            rows.names[kept[j]]: _why_separated(direction[j], int(separated.sum()))
            for j in np.flatnonzero(gone)
        }
    _refuse_empty(rows, share, inside, len(kept))
    still = kept[independent_columns(X[np.ix_(inside, kept)], lengths[kept])]
    weights = np.ones(len(share)) if rows.weights is None else rows.weights
    scale = np.abs(X[:, still]).max(axis=0)
    design = X[np.ix_(inside, still)]
    fit = sm.GLM(
        share[inside], design / scale, family=sm.families.Binomial(), var_weights=weights[inside]
    ).fit(tol=1e-12, maxiter=200)
    if not fit.converged:
        refuse(
            rows.heading,
            [("no convergence", "look for regressors of very different size, or almost collinear")],
        )
    scores = _LogitScores(rows, design, share[inside], weights[inside], fit.fittedvalues)
    # Clusters and corrections count all rows: separated ones are fitted exactly, with score zero.
    scores.scores, short = np.zeros((len(share), len(still))), scores.scores
    scores.scores[inside] = short
    names = [rows.names[j] for j in still]
    shown = np.array([i for i, name in enumerate(names) if name not in lost], dtype=np.intp)
    return _Solution(np.asarray(fit.params) / scale, names, float(fit.llf), shown, lost, scores)


def _refuse_empty(rows: Rows, share: Floats, inside: np.ndarray, k: int) -> None:
    """Refuse an outcome without variation, one fitted perfectly, and too few rows."""
    problems = []
    if np.ptp(share) == 0:
        problems.append(
            (
                f"the outcome {rows.outcome} is the same in all {rows_in_words(len(share))}",
                "there is nothing to explain: check the sample restrictions",
            )
        )
    elif not inside.any():
        problems.append(
            (
                "the regressors predict every row perfectly",
                "no finite coefficient exists; check that none is computed from the outcome",
            )
        )
    if len(share) <= k:
        problems.append(
            (f"{rows_in_words(len(share))} for {k} coefficients", "use fewer regressors")
        )
    refuse(rows.heading, problems)


def _why_separated(direction: float, rows: int) -> str:
    where = {1: "+∞", -1: "−∞"}.get(int(np.sign(direction)), "±∞")
    return (
        f"tends to {where}: it predicts the outcome of {rows_in_words(rows)} perfectly, "
        "so no finite coefficient exists; merge the category with another or drop the term"
    )


class FractionalLogit:
    """Fractional logit of a share between two limits (Papke & Wooldridge 1996).

    Coefficients are on the logit of the expected share (0–1). It is a quasi-likelihood: use a
    robust covariance, the default.

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

    def __init__(
        self,
        formula: str,
        data: pd.DataFrame,
        lower: float = 0.0,
        upper: float = 100.0,
        weights: str | ArrayLike | None = None,
    ):
        self.rows = read_rows(self.kind, formula, data, weights)
        share = (self.rows.y - lower) / (upper - lower)
        outside = int(((share < -1e-9) | (share > 1 + 1e-9)).sum())
        if outside:
            what = f"the outcome is outside {lower:g}–{upper:g} in {rows_in_words(outside)}"
            refuse(self.rows.heading, [(what, "correct the data or the limits")])
        self.share = np.clip(share, 0.0, 1.0)

    @classmethod
    def from_formula(cls, formula: str, data: pd.DataFrame, **options: Any) -> FractionalLogit:
        """Build the model; the same as calling the class."""
        return cls(formula, data, **options)

    @cached_property
    def solution(self) -> _Solution:
        """The maximised quasi-likelihood (computed once)."""
        return _solve_logit(self.rows, self.share)

    def fit(self, cov_type: str = "HC1", cov_kwds: Mapping[str, Any] | None = None) -> FittedModel:
        """Estimate; covariances by the names of :mod:`cisflow.models.covariance`."""
        return _logit_results(self, self.rows, self.share, self.solution, cov_type, cov_kwds)


class Logit:
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
        self.rows = read_rows(self.kind, formula, data, weights)
        self._set(self.rows.y)

    def _set(self, y: Floats) -> None:
        other = int((~np.isin(y, (0.0, 1.0))).sum())
        if other:
            what = f"the outcome is neither 0 nor 1 in {rows_in_words(other)}"
            refuse(self.rows.heading, [(what, "code it 0/1, or use FractionalLogit for a share")])
        self.share = y

    @classmethod
    def from_formula(cls, formula: str, data: pd.DataFrame, **options: Any) -> Logit:
        """Build the model; the same as calling the class."""
        return cls(formula, data, **options)

    @classmethod
    def _from_rows(cls, rows: Rows, y: Floats) -> Logit:
        model = cls.__new__(cls)
        model.rows = rows
        model._set(y)
        return model

    @cached_property
    def solution(self) -> _Solution:
        """The maximised likelihood (computed once)."""
        return _solve_logit(self.rows, self.share)

    def fit(
        self, cov_type: str = "nonrobust", cov_kwds: Mapping[str, Any] | None = None
    ) -> FittedModel:
        """Estimate; covariances by the names of :mod:`cisflow.models.covariance`."""
        return _logit_results(self, self.rows, self.share, self.solution, cov_type, cov_kwds)


def _logit_results(
    model: Logit | FractionalLogit,
    rows: Rows,
    share: Floats,
    solution: _Solution,
    cov_type: str,
    cov_kwds: Mapping[str, Any] | None,
) -> FittedModel:
    import pandas as pd

    found = covariance(solution.scores, cov_type, cov_kwds)
    names = [solution.names[i] for i in solution.shown]
    matrix = found.matrix[np.ix_(solution.shown, solution.shown)]
    exact = isinstance(model, Logit) and rows.weights is None
    return FittedModel(
        model=model,
        params=pd.Series(solution.beta[solution.shown], index=names, name="params"),
        covariance=pd.DataFrame(matrix, index=names, columns=names),
        nobs=len(share),
        llf=solution.llf if exact else None,
        cov_type=found.cov_type,
        not_estimable=solution.not_estimable,
        dropped=rows.dropped,
        cov_note=found.note,
        n_groups=found.groups,
        n_lower=int((share <= 0).sum()),
        n_upper=int((share >= 1).sum()),
    )
