r"""Two-part models: whether any, and how much among those with any.

.. math:: E[y|x] = L + P(y > L|x) \; (E[y | y > L, x] - L)

The first part is a probit or a logit; the second a truncated normal regression (Cragg 1971,
Econometrica 39:829–844), a fractional logit of the share between the limits (Ramalho, Ramalho &
Murteira 2011, Journal of Economic Surveys 25:19–68), or least squares.

The parts are estimated apart. Each has the standard errors it would have alone; between their
coefficients the covariance is that of the two estimating equations taken together, zero for
``nonrobust`` (the likelihood is a product), and not zero where firms of a cluster have both parts
in common.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy.linalg import block_diag

from cisflow.estimators.arrays import Floats, Ints
from cisflow.estimators.checks import told
from cisflow.estimators.covariance import Covariance, covariance
from cisflow.estimators.effects import Prediction
from cisflow.estimators.errors import Problem, refuse, refuse_any
from cisflow.estimators.regression.logit import FractionalLogit, Logit, Probit
from cisflow.estimators.regression.models import OLS
from cisflow.estimators.regression.rows import (
    FittedModel,
    Regression,
    Rows,
    RowScores,
    one_sided,
    read_rows,
    refuse_limits,
)
from cisflow.estimators.regression.truncated import TruncatedNormal

ANY = {"probit": Probit, "logit": Logit}
AMOUNTS = ("truncated", "fractional", "ols")
QUANTITIES = ("observed", "uncensored", "probability")


@dataclass(frozen=True)
class _Part:
    """One of the parts: coefficients, scores, and what it predicts."""

    # names, columns, beta: of the columns in its likelihood.
    names: Sequence[str]
    columns: Ints
    beta: Floats
    scores: RowScores  # of its own rows, those of log σ last where it has one
    # From η = xβ to the prediction and its derivatives in η and in log σ (None without one).
    mean: Callable[[Floats], tuple[Floats, Floats, Floats | None]]


class TwoPart(Regression):
    r"""Two-part model.

    With ``amount="truncated"`` and :math:`x\alpha = (x\beta - L)/\sigma` in the probit it is the
    Tobit: twice the difference of the log-likelihoods tests the Tobit, on k degrees of freedom.
    Coefficients are named ``any: term`` and ``amount: term``.

    Parameters
    ----------
    formula, data, weights
        As for :class:`FractionalLogit`; a truncated normal takes no weights.
    lower
        The outcome of a firm with none.
    upper
        Upper limit, which a fractional logit needs; a truncated normal is censored there as the
        Tobit is. Least squares takes amounts as they are.
    any
        ``"probit"`` or ``"logit"``.
    amount
        ``"truncated"`` (normal), ``"fractional"`` or ``"ols"``.

    Raises
    ------
    EstimationError
        If the data do not determine either part, or the outcome lies outside its limits.
    """

    kind = "Two-part model"

    def __init__(
        self,
        formula: str,
        data: pd.DataFrame,
        lower: float = 0.0,
        upper: float | None = None,
        any: str = "probit",
        amount: str = "truncated",
        weights: str | ArrayLike | None = None,
    ):
        rows = self.rows = read_rows(self.kind, formula, data, weights)
        self._check(rows, lower, upper, any, amount)
        self.lower, self.some = lower, rows.y > lower
        self.any = ANY[any]._from_rows(replace(rows, y=self.some.astype(float)))
        self.any.solution  # noqa: B018 - refuses an outcome that is always or never positive
        positive = rows.take(np.flatnonzero(self.some))
        self.amount: OLS | TruncatedNormal | FractionalLogit
        if amount == "ols":
            self.amount = OLS._from_rows(positive)
        elif amount == "fractional":
            self.amount = FractionalLogit._from_rows(positive, lower=lower, upper=upper)
        else:
            self.amount = TruncatedNormal._from_rows(positive, lower=lower, upper=upper)
        self.n_upper = np.nan if upper is None else int((rows.y >= upper).sum())

    @staticmethod
    def _check(rows: Rows, lower: float, upper: float | None, any_: str, amount: str) -> None:
        problems = []
        for part, asked, offered in (("any", any_, ANY), ("amount", amount, AMOUNTS)):
            if asked not in offered:
                what = f'{part}="{asked}" is not offered'
                problems.append(Problem(what, f"use {' or '.join(offered)}"))
        if amount == "fractional" and upper is None:
            what = "a fractional logit of the amounts without an upper limit"
            problems.append(Problem(what, 'give the limit, or use amount="truncated"'))
        if amount == "truncated" and rows.weights is not None:
            what = "a truncated normal with weights is not offered"
            problems.append(Problem(what, 'use amount="fractional" or "ols"'))
        top = np.inf if upper is None else upper
        refuse_limits(rows.heading, lower, top)
        if (rows.y > lower).all():
            what = f"no row is at the lower limit, {lower:g}: there is one part only"
            problems.append(Problem(what, "use a Tobit, a fractional logit or least squares"))
        outside = int(((rows.y < lower) | (rows.y > top)).sum())
        limits = f"{lower:g}–{top:g}".replace("inf", "∞")
        remedy = "correct the data or the limits"
        problems += told(f"the outcome is outside {limits}", outside, remedy)
        refuse_any(rows.heading, problems)

    def fit(self, cov_type: str = "HC1", cov_kwds: Mapping[str, Any] | None = None) -> FittedModel:
        """Estimate both parts with the same kind of covariance."""
        any_, amount = self.any.fit(cov_type, cov_kwds), self.amount.fit(cov_type, cov_kwds)
        parts = {"any": any_, "amount": amount}
        terms = {
            p: [t for t in f.params.index if t not in f.not_estimable] for p, f in parts.items()
        }
        names = [f"{part}: {term}" for part, of in terms.items() for term in of]
        full, k = self._covariance(cov_type, cov_kwds), len(self.chance.names)
        places = [
            *(self.chance.names.index(term) for term in terms["any"]),
            *(k + self.much.names.index(term) for term in terms["amount"]),
        ]
        matrix = full[np.ix_(places, places)]
        first, second = slice(0, len(terms["any"])), slice(len(terms["any"]), None)
        for part, block in (("any", first), ("amount", second)):
            own = parts[part].covariance.loc[terms[part], terms[part]]
            matrix[block, block] = own
        exact = isinstance(self.amount, TruncatedNormal)
        df = min((f.df for f in parts.values() if f.correction == "CR3" and f.df), default=None)
        note = any_.cov_note or amount.cov_note
        values = [fit.params[term] for part, fit in parts.items() for term in terms[part]]
        of_both = Covariance(matrix, cov_type, any_.n_groups, note, correction=any_.correction)
        return self._results(
            *(of_both, np.array(values), names, cov_kwds, FittedModel),
            df=df,
            llf=(any_.llf or 0.0) + (amount.llf or 0.0) if exact else None,
            not_estimable={
                f"{part}: {term}": why
                for part, fit in parts.items()
                for term, why in fit.not_estimable.items()
            },
            n_lower=any_.n_lower,
            n_upper=self.n_upper,
            scale=amount.scale,
            predicted=partial(self._prediction, full),
            extra={"n_positive": amount.nobs},
            notes={
                name: why
                for part, fit in parts.items()
                for term, why in fit.notes.items()
                if (name := f"{part}: {term}") in names
            },
        )

    @cached_property
    def chance(self) -> _Part:
        """The part of whether any; what is predicted perfectly is fixed."""
        return _of_share(self.any)

    @cached_property
    def much(self) -> _Part:
        """The part of how much."""
        if isinstance(self.amount, OLS):
            return _of_least_squares(self.amount)
        if isinstance(self.amount, TruncatedNormal):
            return _of_truncated(self.amount)
        return _of_share(self.amount)

    def _covariance(self, cov_type: str, cov_kwds: Mapping[str, Any] | None) -> Floats:
        """Covariance of all parameters of both parts.

        Each has the covariance it would have alone, corrected for its own number of rows; what is
        between them is that of both together, in the same proportion.
        """
        first, second = self.chance.scores, self.much.scores
        alone = block_diag(*(covariance(s, cov_type, cov_kwds).matrix for s in (first, second)))
        k = first.scores.shape[1]
        scores = np.zeros((self.rows.size, len(alone)))
        scores[:, :k], scores[self.some, k:] = first.scores, second.scores
        information = block_diag(first.information, second.information)
        both = RowScores(self.rows, self.kind, scores, information, self._each_row)
        together = covariance(both, cov_type, cov_kwds).matrix
        ratio = np.sqrt(np.diag(alone) / np.diag(together))
        between = together * np.outer(ratio, ratio)
        alone[:k, k:], alone[k:, :k] = between[:k, k:], between[k:, :k]
        return np.asarray(alone)

    def _each_row(self) -> tuple[Floats, Floats]:
        """Return the information of each row on the parameters of both parts."""
        first, second = self.chance.scores.of_each_row(), self.much.scores.of_each_row()
        assert first is not None and second is not None  # noqa: S101, PT018
        (sides, core), (more, inner) = first, second
        n, (k, r), (more_k, q) = self.rows.size, sides.shape[1:], more.shape[1:]
        both, cores = np.zeros((n, k + more_k, r + q)), np.zeros((n, r + q, r + q))
        both[:, :k, :r], cores[:, :r, :r] = sides, core
        both[self.some, k:, r:], cores[self.some, r:, r:] = more, inner
        return both, cores

    def _prediction(self, matrix: Floats, kind: str) -> Prediction:
        """Average of a quantity: ``observed``, ``uncensored`` (those with any), ``probability``."""
        if kind not in QUANTITIES:
            what = f"the quantity {kind} is not offered"
            refuse(self.rows.heading, what, f"use {', '.join(QUANTITIES)}")
        rows, chance, much = self.rows, self.chance, self.much
        inside, k = self.any.solution.likelihood.inside, len(chance.names)

        def total(X: Floats, w: Floats) -> tuple[float, Floats]:
            p, to_eta, _ = chance.mean(X[:, :k] @ chance.beta)
            p, to_eta = np.where(inside, p, self.some), np.where(inside, to_eta, 0.0)
            mean, slope, spread = much.mean(X[:, k:] @ much.beta)
            value, by_p, by_mean = {
                "observed": (self.lower + p * (mean - self.lower), mean - self.lower, p),
                "uncensored": (mean, 0.0 * p, 1.0 + 0.0 * p),
                "probability": (p, 1.0 + 0.0 * p, 0.0 * p),
            }[kind]
            gradient = [(w * by_p * to_eta) @ X[:, :k], (w * by_mean * slope) @ X[:, k:]]
            if spread is not None:
                gradient.append(np.array([(w * by_mean) @ spread]))
            return float(w @ value), np.concatenate(gradient)

        X = np.hstack([rows.X[:, part.columns] for part in (chance, much)])
        names = [*chance.names, *much.names]
        return Prediction(names, X, rows.w / rows.w.sum(), matrix, total, rows.kept)


def _of_share(model: Logit | FractionalLogit) -> _Part:
    solution = model.solution

    def mean(eta: Floats) -> tuple[Floats, Floats, None]:
        return (*model.expected(eta), None)

    return _Part(solution.names, solution.columns, solution.beta, solution.scores, mean)


def _of_truncated(model: TruncatedNormal) -> _Part:
    solution = model.solution
    columns = solution.estimable.keep
    names = [model.rows.names[j] for j in columns]

    def mean(eta: Floats) -> tuple[Floats, Floats, Floats]:
        return model.mean(eta, solution.sigma)

    return _Part(names, columns, solution.beta, solution.scores, mean)


def _of_least_squares(model: OLS) -> _Part:
    """Least squares as the maximum of a normal likelihood, its σ² with degrees of freedom."""
    rows, columns = model.rows, model.kept
    X, y = rows.X[:, columns], rows.y
    w, root = rows.w, np.sqrt(rows.w)
    beta = np.asarray(np.linalg.lstsq(X * root[:, None], y * root, rcond=None)[0], dtype=float)
    residual = y - X @ beta
    variance = float(w @ residual**2) / (rows.size - len(columns))
    scores = X * (w * residual / variance)[:, None]
    each = one_sided(X, w / variance)
    of = RowScores(rows, model.kind, scores, (X * w[:, None]).T @ X / variance, each)

    def mean(eta: Floats) -> tuple[Floats, Floats, None]:
        return eta, np.ones_like(eta), None

    return _Part([rows.names[j] for j in columns], columns, beta, of, mean)
