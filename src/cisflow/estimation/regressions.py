"""Regressions: every outcome on every column of regressors, firms of one wave."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeAlias

import numpy as np
import pandas as pd

from cisflow.base.problems import CisflowError, Problem
from cisflow.estimation.common import (
    REFUSALS,
    Row,
    fit_arguments,
    formula_of,
    not_estimable,
    note_of,
    numeric,
    refuse_unmeasured,
    sensitivities,
)
from cisflow.estimation.driver import Fitted, each_regression
from cisflow.estimation.effects import KINDS, PARTS, effect_rows, is_shown
from cisflow.estimation.estimates import COEFFICIENT, FOUND, OBSERVED
from cisflow.estimation.evidence import EVIDENCE, ROW, of_design, of_regression, renamed, weakest
from cisflow.estimation.kinds import ALTERNATIVES, BUILD, alternative
from cisflow.estimation.shapes import SHAPES, Refit, shape_rows, support_of
from cisflow.estimators.tobit.heteroskedastic import OF_SPREAD
from cisflow.study.models import CENSORED, Covariance, Model
from cisflow.study.shapes import made_of
from cisflow.study.weightings import NO_WEIGHTS, SURVEY_WEIGHT, UNWEIGHTED

ABOUT = ("n", "n_lower", "n_upper", "groups", "cov_type")
Wanted: TypeAlias = Collection[tuple[str, str]] | None
"""Pairs of quantity and term, of which alone effects are wanted; None for all."""


@dataclass(frozen=True)
class Prepared:
    """A fitted regression and what its robust alternatives have in common with it."""

    fit: Any
    formula: str
    firms: pd.DataFrame
    weights: str | None
    evidence: dict[str, Any]
    outcome: str
    column: str


def regressions(
    sample: pd.DataFrame, spec: Model, bootstrap: dict[str, int], wanted: Wanted = None
) -> Iterator[Fitted]:
    """Fit every outcome on every column; yield tidy rows and diagnostics of each.

    Robust alternatives of a Tobit follow it, in columns of their own. With ``wanted``, effects of
    these pairs of quantity and term alone, for who is told nothing else: without evidence.
    """
    sample = numeric(sample)  # once, as every fit asks for it

    def fitted(prepared: Prepared, method: str) -> Fitted:
        if method:
            rows, record = _alternative(method, prepared, spec, sample, wanted)
        else:
            rows, record = _main(prepared, spec, sample, bootstrap, wanted)
        if spec.uses_design:
            record["design"] = str(sample["design"].iloc[0])
        return [{**row, "weights": prepared.weights or UNWEIGHTED} for row in rows], record

    prepare = partial(fit_regression, sample, spec, told=wanted is None)
    for rows, record in each_regression(spec, prepare, fitted, methods=["", *spec.robust]):
        # An alternative that could not be had is a gap among effects, not among coefficients.
        of = {"quantity": OBSERVED} if record.get("method") else {}
        yield [{**of, **row} for row in rows], record


def _main(
    prepared: Prepared, spec: Model, sample: pd.DataFrame, bootstrap: Any, wanted: Wanted
) -> Fitted:
    fit = prepared.fit
    rows = rows_of(fit, sample, spec, wanted)
    record = {**_diagnostics(fit, prepared.weights), **_specification_tests(fit, bootstrap)}
    refit = refit_of(prepared, spec, sample)
    made, shapes = _shapes(fit, prepared, spec, rows, refit, wanted)
    record |= {SHAPES: shapes} if shapes else {}
    record[EVIDENCE] = prepared.evidence
    if spec.sensitivity:
        record["sensitivity"] = sensitivities(fit.model.rows, fit.model.kept, spec)
    return [*rows, *made], record


def refit_of(prepared: Prepared, spec: Model, sample: pd.DataFrame, method: str = "") -> Refit:
    """Return what fits the regression, or a robust alternative of it, on other regressors."""
    given = sample[prepared.weights] if prepared.weights else None

    def refit(formula: str, firms: pd.DataFrame) -> Any:
        model = BUILD[spec.estimator](formula, firms, given, spec)
        if method:
            model = alternative(method, model, formula, firms, given, spec)
        return model.fit(**fit_arguments(spec.covariance[0], sample))

    return refit


def _shapes(
    fit: Any,
    prepared: Prepared,
    spec: Model,
    rows: list[Row],
    refit: Refit,
    wanted: Wanted,
    estimator: str = "",
) -> tuple[list[Row], list[dict[str, Any]]]:
    """Return what is made of a fit's terms: complements, inverted U, an effect over a range.

    Nothing where no number made of terms is wanted.
    """
    made = made_of(spec, prepared.column)
    if wanted is not None and not any(term in made for _, term in wanted):
        return [], []
    about = {name: rows[0][name] for name in ABOUT}
    where = prepared.outcome, prepared.column
    return shape_rows(fit, spec, prepared.firms, where, about, refit, estimator)


def _alternative(
    name: str, prepared: Prepared, spec: Model, sample: pd.DataFrame, wanted: Wanted
) -> Fitted:
    """Fit a robust alternative: coefficients of the same terms, where it has them, and effects."""
    firms, weights = prepared.firms, prepared.weights
    given = sample[weights] if weights else None
    tobit = prepared.fit.model
    model = alternative(name, tobit, prepared.formula, firms, given, spec)
    fit = model.fit(**fit_arguments(spec.covariance[0], sample))
    rows = list(_tidy(fit, spec.covariance[0], sample))
    about = {key: rows[0][key] for key in ABOUT}
    terms = {term for term in prepared.fit.params.index if is_shown(term, spec)}
    rows = [{"quantity": COEFFICIENT, **row} for row in rows if row["term"] in terms]
    kinds = {OBSERVED: KINDS[ALTERNATIVES[name]][OBSERVED]}
    rows += effect_rows(fit, spec, firms, about, wanted, kinds)
    refit = refit_of(prepared, spec, sample, name)
    made, shapes = _shapes(fit, prepared, spec, rows, refit, wanted, ALTERNATIVES[name])
    rows += made
    record = {**_diagnostics(fit, weights), **({SHAPES: shapes} if shapes else {})}
    evidence = prepared.evidence
    if evidence:
        evidence = _evidence_of(ALTERNATIVES[name], spec, sample, evidence, fit)
        # Averages are told, no dummy of a class: what one firm determines within one is in none.
        evidence = {**evidence, "leverage": prepared.evidence["leverage"]}
    record[EVIDENCE] = evidence
    return rows, record


def _evidence_of(
    estimator: str, spec: Model, sample: pd.DataFrame, evidence: dict[str, Any], fit: Any
) -> dict[str, Any]:
    """Return on which firms the numbers of an estimator rest, given those of the plain design.

    The amounts of two parts rest on the firms with any; a spread has coefficients of its own.
    """
    if estimator == "two_part":
        some = fit.model.amount.rows
        amounts = of_design(some.X, some.names, sample.iloc[some.kept], some.weights)
        return renamed(weakest(evidence, amounts), "", *PARTS)
    if estimator == "heteroskedastic_tobit" and evidence:
        names, Z = fit.model.variance_names, fit.model.given
        design = np.column_stack([np.ones(len(Z)), Z])
        spread = of_design(design, ["Intercept", *names], sample.iloc[: len(Z)], linear=False)
        spread = {**spread, "rows": evidence["rows"]}
        both = renamed(weakest(evidence, spread), "", OF_SPREAD)
        return {**both, "df": evidence["df"] - len(names) - 1}
    return evidence


def rows_of(fit: Any, sample: pd.DataFrame, spec: Model, wanted: Wanted = None) -> list[Row]:
    """Return the tidy rows of a fit: its coefficients by each covariance, its average effects.

    With ``wanted``, effects of these pairs of quantity and term alone.
    """
    found = [row for covariance in spec.covariance for row in _tidy(fit, covariance, sample)]
    about = {name: found[0][name] for name in ABOUT}
    return [*found, *effect_rows(fit, spec, numeric(sample), about, wanted)]


def _weights(sample: pd.DataFrame, spec: Model, column: str) -> str | None:
    """Return the weights of a column of the model, None for unweighted.

    Raises
    ------
    CisflowError
        If these are the survey's and its file has none.
    """
    weights = spec.weights_of(column)
    if weights == SURVEY_WEIGHT and sample["design"].iloc[0] == UNWEIGHTED:
        remedy = "map `weight` in the codebook, or see the unweighted column"
        raise CisflowError("Weights", Problem(NO_WEIGHTS, remedy))
    return weights


def fit_regression(
    sample: pd.DataFrame, spec: Model, outcome: str, column: str, told: bool = True
) -> Prepared:
    """Fit one regression with its first covariance, and say on which firms it rests if told."""
    fit, name = only_fit(sample, spec, outcome, column)
    regressors = [*spec.columns[column], *spec.controls]
    evidence = evidence_of(sample, spec, outcome, column, fit) if told else {}
    formula = formula_of(outcome, regressors, spec.fixed_effects)
    return Prepared(fit, formula, numeric(sample).copy(), name, evidence, outcome, column)


def evidence_of(
    sample: pd.DataFrame, spec: Model, outcome: str, column: str, fit: Any
) -> dict[str, Any]:
    """Return on which firms a fit of one regression rests."""
    regressors = [*spec.columns[column], *spec.controls]
    weights = spec.weights_of(column)
    effects, linear = spec.fixed_effects, spec.estimator not in (*CENSORED, "probit")
    evidence = of_regression(sample, outcome, regressors, effects, weights, linear=linear)
    evidence = _evidence_of(spec.estimator, spec, sample, evidence, fit)
    if not evidence:
        return evidence
    used = numeric(sample[sample[ROW].isin(evidence["rows"])])
    return support_of(evidence, spec, column, used)


def only_fit(
    sample: pd.DataFrame, spec: Model, outcome: str, column: str
) -> tuple[Any, str | None]:
    """Fit one regression with its first covariance; return its weights too."""
    name = _weights(sample, spec, column)
    regressors = [*spec.columns[column], *spec.controls]
    refuse_unmeasured(sample, [outcome, *regressors, *spec.variance, *spec.fixed_effects])
    formula = formula_of(outcome, regressors, spec.fixed_effects)
    weights = sample[name] if name else None
    model = BUILD[spec.estimator](formula, numeric(sample).copy(), weights, spec)
    return model.fit(**fit_arguments(spec.covariance[0], sample)), name


def _tidy(fit: Any, covariance: Covariance, sample: pd.DataFrame) -> Iterator[Row]:
    """Yield one row per term; a coefficient that does not exist says so in its note."""
    cluster = covariance.groups
    fit = fit.with_cov(**fit_arguments(covariance, sample))
    numbers = np.column_stack([fit.params, fit.bse, fit.tvalues, fit.pvalues, fit.conf_int(0.05)])
    about = {
        "n": fit.nobs,
        "n_lower": getattr(fit, "n_lower", np.nan),
        "n_upper": getattr(fit, "n_upper", np.nan),
        "groups": sample[cluster].nunique() if cluster else np.nan,
        "cov_type": str(covariance),
    }
    for i, term in enumerate(fit.params.index):
        if term in fit.not_estimable:
            continue
        note = {"note": fit.notes[term]} if term in fit.notes else {}
        yield {**about, **note, "term": term, **dict(zip(FOUND, numbers[i], strict=True))}
    for term, reason in fit.not_estimable.items():
        yield not_estimable(reason, **about, term=term)


def _diagnostics(fit: Any, weights: str | None) -> dict[str, Any]:
    """Return the scalars a fit offers; what an estimator lacks is left out, not made up.

    A weighted fit maximises a pseudo-likelihood, which compares no models.
    """
    likelihood = ("llf", "aic", "bic", "prsquared")
    names = ("nobs", "n_lower", "n_upper", "scale", *(() if weights else likelihood), "converged")
    scalars = {name: getattr(fit, name) for name in names if np.ndim(getattr(fit, name, [])) == 0}
    scalars = {name: value for name, value in scalars.items() if value is not None}
    return {**scalars, "not_estimable": fit.not_estimable, "dropped": fit.dropped}


def _specification_tests(fit: Any, bootstrap: dict[str, int]) -> dict[str, Any]:
    """Return pseudo-R² and Pagan & Vella's tests of an unweighted Tobit, nothing for others.

    In small samples the simulated samples behind the tests may not determine every coefficient;
    then why is returned instead.
    """
    if not hasattr(fit, "normality_test") or fit.model.weights is not None:
        return {}
    r2 = {"pseudo_r2": fit.pseudo_r2("mckelvey-zavoina")}
    try:
        tests = fit.specification_tests(bootstrap.get("test_draws", 0), bootstrap["seed"])
    except REFUSALS as error:
        # The estimates stand; what cannot be had is the p-value of their tests.
        return {**r2, "no_tests": note_of(error)}
    return r2 | {
        name: {"statistic": t.statistic, "df": t.df, "p_value": t.pvalue, "draws": t.draws}
        for name, t in tests.items()
    }
