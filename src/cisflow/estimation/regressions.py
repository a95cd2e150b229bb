"""Regressions: every outcome on every column of regressors, firms of one wave."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

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
from cisflow.estimation.effects import effect_rows
from cisflow.estimation.evidence import EVIDENCE, of_regression
from cisflow.estimators.regression.models import OLS, FractionalLogit
from cisflow.estimators.tobit.model import Tobit
from cisflow.study.models import Covariance, Model
from cisflow.study.weightings import NO_WEIGHTS, SURVEY_WEIGHT, UNWEIGHTED

ABOUT = ("n", "n_lower", "n_upper", "groups", "cov_type")
KINDS = {"tobit": Tobit, "fractional": FractionalLogit, "ols": OLS}


def regressions(sample: pd.DataFrame, spec: Model, bootstrap: dict[str, int]) -> Iterator[Fitted]:
    """Fit every outcome on every column; yield tidy rows and diagnostics of each."""

    def fitted(prepared: tuple[Any, str | None, dict[str, Any]], _: str) -> Fitted:
        fit, weights, evidence = prepared
        found = [row for covariance in spec.covariance for row in _tidy(fit, covariance, sample)]
        about = {name: found[0][name] for name in ABOUT}
        found += effect_rows(fit, spec, numeric(sample), about)
        rows = [{**row, "weights": weights or UNWEIGHTED} for row in found]
        record = {**_diagnostics(fit, weights), **_specification_tests(fit, bootstrap)}
        record[EVIDENCE] = evidence
        if spec.uses_design:
            record["design"] = str(sample["design"].iloc[0])
        if spec.sensitivity:
            record["sensitivity"] = sensitivities(fit.model.rows, fit.model.kept, spec)
        return rows, record

    return each_regression(spec, partial(fit_regression, sample, spec), fitted)


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
    sample: pd.DataFrame, spec: Model, outcome: str, column: str
) -> tuple[Any, str | None, dict[str, Any]]:
    """Fit one regression with its first covariance; return its weights and its evidence too."""
    name = _weights(sample, spec, column)
    regressors = [*spec.columns[column], *spec.controls]
    refuse_unmeasured(sample, [outcome, *regressors, *spec.fixed_effects])
    formula = formula_of(outcome, regressors, spec.fixed_effects)
    weights = sample[name] if name else None
    lower, upper = spec.limits or (None, None)
    limits = {} if spec.estimator == "ols" else {"lower": lower, "upper": upper}
    kind: Any = KINDS[spec.estimator]
    model = kind.from_formula(formula, numeric(sample), weights=weights, **limits)
    evidence = of_regression(sample, outcome, regressors, spec.fixed_effects, name)
    return model.fit(**fit_arguments(spec.covariance[0], sample)), name, evidence


def _tidy(fit: Any, covariance: Covariance, sample: pd.DataFrame) -> Iterator[Row]:
    """Yield one row per term; a coefficient that does not exist says so in its note."""
    cluster = covariance.groups
    fit = fit.with_cov(**fit_arguments(covariance, sample))
    interval = fit.conf_int(0.05).to_numpy()
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
        yield {
            **about,
            **({"note": fit.notes[term]} if term in fit.notes else {}),
            "term": term,
            "estimate": fit.params.iloc[i],
            "std_error": fit.bse.iloc[i],
            "statistic": fit.tvalues.iloc[i],
            "p_value": fit.pvalues.iloc[i],
            "ci_low": interval[i, 0],
            "ci_high": interval[i, 1],
        }
    for term, reason in fit.not_estimable.items():
        yield not_estimable(reason, **about, term=term)


def _diagnostics(fit: Any, weights: str | None) -> dict[str, Any]:
    """Return the scalars a fit offers; what an estimator lacks is left out, not made up.

    A weighted fit maximises a pseudo-likelihood, which compares no models.
    """
    likelihood = ("llf", "aic", "bic", "prsquared")
    names = ("nobs", "n_lower", "n_upper", "scale", *(() if weights else likelihood), "converged")
    scalars = {name: getattr(fit, name) for name in names if getattr(fit, name, None) is not None}
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
    return {
        **r2,
        **{
            name: {"statistic": t.statistic, "df": t.df, "p_value": t.pvalue, "draws": t.draws}
            for name, t in tests.items()
        },
    }
