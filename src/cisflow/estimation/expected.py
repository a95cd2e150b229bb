"""Standard errors to expect of a test from the design alone, before its estimate is looked at.

They come from the sample, its regressors, and a fit from which the tested term is left out: the
spread of the outcome and its share at the limits are taken from there, so that nothing said here
depends on whether the term has an effect. The errors are those of a model that is right
(information, not a sandwich): robust ones are known only once the term is in.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd

from cisflow.estimation.common import REFUSALS, formula_of, note_of, numeric, refuse_unmeasured
from cisflow.estimation.sides import sides_of
from cisflow.estimators.arrays import Floats
from cisflow.estimators.design import independent_columns, why_collinear
from cisflow.estimators.distributions import NORMAL
from cisflow.estimators.regression.models import FractionalLogit
from cisflow.estimators.regression.rows import Rows, read_rows
from cisflow.estimators.selection.tobit_rows import open_ended
from cisflow.estimators.tobit.information import expected_information
from cisflow.estimators.tobit.model import Tobit
from cisflow.study.balance_terms import BALANCE, difference, groups_of, split_column
from cisflow.study.claims import COEFFICIENT, Single
from cisflow.study.levels import factors_in
from cisflow.study.models import Model

OBSERVED, LATENT = "observed", "latent"


@dataclass(frozen=True)
class Design:
    """What the sample of a test is like."""

    n: int  # firms
    # firms_with, firms_without: on either side of the term: with and without what a yes/no term
    # names; of a product of such terms, in the smallest of the cells it compares and in all others;
    # of any other term, off its most common value and at it.
    firms_with: int
    firms_without: int
    # The fewest of these that an estimate needs: on either side; of a term that is neither yes/no
    # nor a product of such, off its most common value.
    fewest: int
    std_error: float  # to expect, in units of the tested number
    df: float = math.inf  # of Student's t; infinite where the estimator's tests are normal


def expected_design(sample: pd.DataFrame, spec: Model, test: Single) -> Design | str:
    """Return the design of a test, or why none can be had.

    Parameters
    ----------
    sample
        The firms of one wave a model is estimated on, with its terms as columns.
    test
        Which of its numbers is tested.
    """
    try:
        if spec.estimator in ("tobit", "fractional", "ols"):
            return _of_regression(sample, spec, test)
        if spec.estimator == "path":
            return _of_path(sample, spec, test)
        if spec.balance and not spec.steps and not spec.lags:
            return _of_balance(sample, spec, test)
    except REFUSALS as error:
        return str(note_of(error))
    return f"a model of kind {spec.estimator} is not told by its design alone"


# --- regressions -------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Columns:
    """Outcome and independent regressors of the firms in use, the tested one last."""

    rows: Rows
    X: Floats
    names: list[str]

    @property
    def tested(self) -> Floats:
        return np.asarray(self.X[:, -1])


def _columns(
    sample: pd.DataFrame,
    outcome: str,
    terms: Sequence[str],
    effects: Sequence[str],
    weights: str | None,
    tested: str,
) -> _Columns | str:
    refuse_unmeasured(sample, [outcome, *terms, *effects])
    rows = read_rows("Design", formula_of(outcome, terms, effects), numeric(sample), weights)
    if tested not in rows.names:
        return f"the model has no regressor {tested}"
    order = sorted(range(len(rows.names)), key=lambda j: rows.names[j] == tested)
    X, names = rows.X[:, order], [rows.names[j] for j in order]
    usable = independent_columns(X, np.linalg.norm(X, axis=0))
    if not usable[-1]:
        return f"{tested} has no coefficient: {why_collinear(X[:, -1])}"
    return _Columns(rows, X[:, usable], [n for n, yes in zip(names, usable, strict=True) if yes])


def _of_regression(sample: pd.DataFrame, spec: Model, test: Single) -> Design | str:
    terms = [*spec.columns[test.column], *spec.controls]
    weights = spec.weights_of(test.column)
    found = _columns(sample, test.outcome, terms, spec.fixed_effects, weights, test.term)
    if isinstance(found, str):
        return found
    sides = _sides(found, test.term)
    if spec.estimator == "ols":
        error = _of_least_squares(found)
        return Design(found.rows.size, *sides, error, found.rows.size - found.X.shape[1])
    error, factors = _of_limited(found, spec)
    if test.measured not in factors:
        return f"the effect `{test.measured}` is not told by the design alone"
    return Design(found.rows.size, *sides, error * factors[test.measured])


def _of_least_squares(columns: _Columns) -> float:
    X, y, w = columns.X, columns.rows.y, columns.rows.w
    root = np.sqrt(w)
    rest = X[:, :-1] * root[:, None]
    fit = np.linalg.lstsq(rest, y * root, rcond=None)[0]
    residual = y - X[:, :-1] @ fit
    variance = float(w @ residual**2) / w.sum() * len(y) / (len(y) - X.shape[1])
    return math.sqrt(variance * _last_variance(X.T @ (w[:, None] * X), X.T @ (w[:, None] ** 2 * X)))


def _of_limited(columns: _Columns, spec: Model) -> tuple[float, dict[str, float]]:
    """Return the error of a coefficient, and what turns it into that of other quantities.

    At no effect, an average effect is the coefficient times the average slope of the mean.
    """
    lower, upper = open_ended(*(spec.limits or (None, None)))
    w, X = columns.rows.w, columns.X
    fit = _without_the_term(columns, spec)
    params = np.nan_to_num(np.asarray([fit.params.get(name, 0.0) for name in columns.names[:-1]]))
    mean = X[:, :-1] @ params
    if spec.estimator == "fractional":
        share = 1 / (1 + np.exp(-mean))
        slope, y = share * (1 - share), (columns.rows.y - lower) / (upper - lower)
        # Shares scatter less than yes and no do.
        dispersion = float(w @ ((y - share) ** 2 / slope)) / w.sum()
        bread, meat = ((a * slope)[:, None] * X for a in (w, w**2))
        error = math.sqrt(dispersion * _last_variance(X.T @ bread, X.T @ meat))
        return error, {COEFFICIENT: 1.0, OBSERVED: (upper - lower) * float(w @ slope) / w.sum()}
    sigma = float(fit.scale)
    k = X.shape[1]
    variance = _last_variance(
        expected_information(X, mean, sigma, lower, upper, w),
        expected_information(X, mean, sigma, lower, upper, w**2),
        at=k - 1,
    )
    between = NORMAL.cdf((upper - mean) / sigma) - NORMAL.cdf((lower - mean) / sigma)
    observed = float(w @ between) / w.sum()
    return math.sqrt(variance), {COEFFICIENT: 1.0, LATENT: 1.0, OBSERVED: observed}


def _without_the_term(columns: _Columns, spec: Model) -> Any:
    """Return the fit of a model from which the tested term is left out."""
    lower, upper = spec.limits or (None, None)
    data = pd.DataFrame(columns.X[:, :-1], columns=columns.names[:-1])
    options: dict[str, Any] = {"lower": lower, "upper": upper, "weights": columns.rows.weights}
    if spec.estimator == "tobit":
        return Tobit(columns.rows.y, data, **options).fit()
    names = [f"x{j}" for j in range(data.shape[1])]
    frame = data.set_axis(names, axis=1).assign(y=columns.rows.y)
    formula = "y ~ 0 + " + " + ".join(names)
    fit = FractionalLogit.from_formula(formula, frame, **options).fit()
    return SimpleNamespace(params=fit.params.set_axis(data.columns))


def _last_variance(bread: Floats, meat: Floats, at: int = -1) -> float:
    """Return an element of the diagonal of bread⁻¹ meat bread⁻¹."""
    unit = np.zeros(len(bread))
    unit[at] = 1.0
    row = np.linalg.solve(bread, unit)
    return float(row @ meat @ row)


def _sides(columns: _Columns, term: str) -> tuple[int, int, int]:
    """Return how many firms are on either side of the tested term, and the fewest that count."""
    named = {
        p: columns.X[:, columns.names.index(p)] for p in factors_in(term) if p in columns.names
    }
    flags = len(named) > 1 and all(len(np.unique(values)) == 2 for values in named.values())
    of = {p: (values != 0).astype(float) for p, values in named.items()} if flags else {}
    sides = sides_of(of or {term: columns.tested})
    n, with_ = columns.rows.size, int(sides.with_.sum())
    return with_, n - with_, sides.fewest


# --- systems -----------------------------------------------------------------------------------


def _of_path(sample: pd.DataFrame, spec: Model, test: Single) -> Design | str:
    """Return the design of an arrow or a total effect.

    A total effect is the coefficient of its cause given the cause's own causes.
    """
    standardised = test.column == "standardised"
    if test.term in spec.equations.get(test.outcome, ()):
        others = [name for name in spec.equations[test.outcome] if name != test.term]
        return _of_arrow(sample, spec, test.term, test.outcome, others, standardised=standardised)
    kind, _, cause = test.term.rstrip(")").partition("(")
    if kind != "total" or (cause, test.outcome) not in spec.effects:
        return f"{test.term} is a product of coefficients and is not told by the design alone"
    others = list(spec.equations.get(cause, ()))
    return _of_arrow(sample, spec, cause, test.outcome, others, standardised=standardised)


def _of_balance(sample: pd.DataFrame, spec: Model, test: Single) -> Design | str:
    """Return the design of a balance, a total effect, or of the difference of two groups'."""
    about = spec.balance
    if about is None or test.term != BALANCE:
        return f"{test.term} is a sum of products and is not told by the design alone"
    scale, group = split_column(test.column)
    groups = _groups(sample, spec, group)
    if groups is None:
        return f"there is no group {group}"
    others = list(spec.equations.get(about.source, ()))
    found = [
        _of_arrow(
            part, spec, about.source, about.target, others, standardised=scale == "standardised"
        )
        for part in groups
    ]
    designs = [one for one in found if isinstance(one, Design)]
    if len(designs) < len(found):
        return next(one for one in found if isinstance(one, str))
    error = math.sqrt(sum(one.std_error**2 for one in designs))
    least = min(designs, key=lambda one: one.fewest)
    n = sum(one.n for one in designs)
    return Design(n, least.firms_with, least.firms_without, least.fewest, error)


def _groups(sample: pd.DataFrame, spec: Model, group: str) -> list[pd.DataFrame] | None:
    """Return the firms of a group, or of the two of which a column is the difference."""
    parts = {split_column("raw")[1]: [sample]}
    for variable in spec.by:
        if str(sample[variable].dtype) not in ("boolean", "bool"):
            continue
        yes = sample[variable].fillna(value=False).astype(bool)
        no = (~sample[variable]).fillna(value=False).astype(bool)
        names, firms = groups_of(variable), [sample[yes], sample[no]]
        parts |= {name: [of] for name, of in zip(names, firms, strict=True)}
        parts[difference(*names)] = firms
    return parts.get(group)


def _of_arrow(
    sample: pd.DataFrame,
    spec: Model,
    cause: str,
    outcome: str,
    others: Sequence[str],
    *,
    standardised: bool,
) -> Design | str:
    terms = [cause, *others, *spec.controls]
    weights = spec.weightings[0]
    found = _columns(sample, outcome, terms, spec.fixed_effects, weights, cause)
    if isinstance(found, str):
        return found
    error = _of_least_squares(found)
    if standardised:
        error *= float(found.tested.std() / found.rows.y.std())
    return Design(found.rows.size, *_sides(found, cause), error)
