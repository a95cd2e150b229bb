"""What all estimators share: yes/no as numbers, the covariance of the models file, labels."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
import pandas as pd

from cisflow.base.problems import CisflowError, Problem
from cisflow.disclosure.regressions import FEW
from cisflow.estimation.estimates import FOUND, NO_ESTIMATE, WITHHELD
from cisflow.estimators.covariance import choose_correction
from cisflow.estimators.distributions import student
from cisflow.estimators.errors import EstimationError, Sentence
from cisflow.estimators.regression.rows import Rows
from cisflow.estimators.regression.sensitivity import sensitivity
from cisflow.panel.design import DESIGN_COLUMNS
from cisflow.panel.sample import why_unmeasured
from cisflow.study.models import Covariance, Model
from cisflow.study.terms import columns_of, factors_of, is_column, text_of

Row = dict[str, Any]

REFUSALS = (CisflowError, EstimationError)
"""What says that something cannot be estimated, by the pipeline or by an estimator."""


def numeric(sample: pd.DataFrame) -> pd.DataFrame:
    """Return the sample with yes/no variables as 1/0 so that each is one regressor."""
    flags = sample.select_dtypes(include=["boolean", "bool"])
    if flags.columns.empty:
        return sample
    # Column by column: a panel has sixty of them, and casting the frame copies all others twice.
    numbers = {name: flags[name].to_numpy(dtype="float64", na_value=np.nan) for name in flags}
    columns = {name: numbers.get(name, sample[name]) for name in sample}
    return pd.DataFrame(columns, index=sample.index)


def fit_arguments(covariance: Covariance, sample: pd.DataFrame) -> dict[str, Any]:
    """Return the arguments of ``fit`` for a covariance of the models file."""
    if covariance.kind == "survey":
        options = ("strata", "firms", "population")
        return {
            "cov_type": covariance.kind,
            "cov_kwds": {
                option: sample[column].to_numpy()
                for option, column in zip(options, DESIGN_COLUMNS[1:], strict=True)
            },
        }
    if not covariance.groups:
        return {"cov_type": covariance.kind}
    clusters = {**options_of(covariance), "groups": sample[covariance.groups]}
    return {"cov_type": covariance.kind, "cov_kwds": clusters}


def options_of(covariance: Covariance) -> dict[str, Any]:
    """Return the variable of the clusters, and the correction where one is asked for."""
    more = {"correction": covariance.correction} if covariance.correction else {}
    return {"groups": covariance.groups, **more}


def formula_of(outcome: str, terms: Sequence[str], effects: Sequence[str]) -> str:
    """Return a regression as a formula, each term once and fixed effects as dummies.

    The formula library executes what it reads, so it gets nothing but names of columns: what a
    term is made of was evaluated before, by :func:`cisflow.panel.terms.add_terms`, and is a column
    under its own text, which backticks mark as a name.
    """
    dummies = [f"C({effect})" for effect in effects]
    right = [_named(term) for term in dict.fromkeys([*terms, *dummies])]
    return f"{_named(outcome)} ~ " + " + ".join(right)


def _named(term: str) -> str:
    texts = [(text_of(factor), is_column(factor)) for factor in factors_of(term)]
    return ":".join(text if plain else f"`{text}`" for text, plain in texts)


def refuse_unmeasured(sample: pd.DataFrame, terms: Sequence[str]) -> None:
    """Refuse a model with a variable that no firm of the sample has.

    Raises
    ------
    CisflowError
        It names the variables.
    """
    names = dict.fromkeys(name for term in terms for name in columns_of(term))
    empty = [name for name in names if sample[name].isna().all()]
    made = [text_of(factor) for term in terms for factor in factors_of(term)]
    made = [t for t in dict.fromkeys(made) if t in sample and not {t, *columns_of(t)} & {*empty}]
    why = [why_unmeasured(empty)] if empty else []
    why += [f"no firm has a value of {text}" for text in made if sample[text].isna().all()]
    if why:
        remedy = "leave them out, or put in their place what the file has"
        raise CisflowError("Model", Problem("; ".join(why), remedy))


def note_of(error: CisflowError | EstimationError) -> Sentence:
    """Return why something cannot be estimated, a text that knows the numbers of firms in it."""
    return Sentence.joined(problem.what for problem in error.problems)


def not_estimable(why: str, **where: Any) -> Row:
    """Return the row of what has no estimate, and why."""
    return {**where, "status": NO_ESTIMATE, "note": why}


def without_few(value: Any, minimum: int) -> Any:
    """Return rows or a record whose texts tell no number of firms below ``minimum``.

    Nor how all firms of a group answer: such a row is withheld, with the words of one that rests on
    few firms, so that it is told from none of these.
    """
    if isinstance(value, Sentence):
        return FEW if value.alike and minimum > 1 else value.told(minimum)
    if isinstance(value, dict):
        told = {key: without_few(inner, minimum) for key, inner in value.items()}
        alike = "status" in told and told.get("note") == FEW
        return {**told, "status": WITHHELD} if alike else told
    if isinstance(value, list | tuple):
        return [without_few(inner, minimum) for inner in value]
    return value


def coefficient_rows(params: pd.Series, bse: pd.Series, df: float) -> Iterator[Row]:
    """Yield a row per coefficient, tested with t on ``df``, or normal where that is infinite."""
    reference = student(df)
    reach = float(reference.ppf(0.975))
    for term, estimate, error in zip(params.index, params, bse, strict=True):
        p_value = 2 * reference.sf(abs(estimate / error))
        yield {"term": term, **numbers_of(estimate, error, reach, p_value)}


def numbers_of(estimate: float, error: float, reach: float, p_value: float) -> Row:
    """Return the numbers of a row, whose interval reaches so many standard errors to both sides."""
    ends = estimate - reach * error, estimate + reach * error
    return dict(zip(FOUND, (estimate, error, estimate / error, p_value, *ends), strict=True))


def jackknifes(heading: str, covariance: Covariance, groups: int) -> bool:
    """Return whether clusters are left out one by one, of a covariance by linearmodels."""
    chosen = choose_correction(heading, options_of(covariance), groups)
    if chosen == "CR0":
        problem = Problem("correction CR0 is not offered", "use CR1 or CR3")
        raise CisflowError(heading, problem)
    return chosen == "CR3"


def record_of(test: Any) -> dict[str, Any]:
    """Return a test of linearmodels as statistic, degrees of freedom, p-value; or why not."""
    if not np.isfinite(test.stat):
        return {"note": " ".join(str(test).split())}
    return {"statistic": float(test.stat), "df": test.df, "p_value": float(test.pval)}


def sensitivities(rows: Rows, kept: Sequence[int], spec: Model) -> list[dict[str, Any]]:
    """Return how sensitive the named coefficients of a regression are to an omitted variable.

    Parameters
    ----------
    rows
        The regression's rows.
    kept
        Columns of ``rows.X`` that have a coefficient.
    spec
        Its ``sensitivity`` names the coefficients, ``sensitivity_benchmark`` the observed covariate
        to compare with: a term, or a fixed effect, which stands for all its dummies.
    """
    names = [rows.names[j] for j in kept]
    benchmark = spec.sensitivity_benchmark or ""
    found = []
    for term in (name for name in spec.sensitivity if name in names):
        against = [
            j
            for j, name in enumerate(names)
            if name != term and (name == benchmark or name.startswith(f"C({benchmark})["))
        ]
        result = sensitivity(
            rows.y, rows.X[:, kept], names.index(term), benchmark=against, weights=rows.weights
        )
        found.append({"term": term, "benchmark": benchmark if against else "", **asdict(result)})
    return found
