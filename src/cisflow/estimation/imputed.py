"""Regressions with answers that were not given imputed: a column beside that of full answers.

Each gap in what a regression needs is drawn again and again by chained equations from the firms
that answered (:mod:`cisflow.estimators.imputation`); what is estimated on each completed sample is
pooled. Outcomes are part of the chain, but a firm without one is in no regression: its drawn
outcome would add nothing but noise (von Hippel 2007, Sociological Methodology 37:83–117). Products
are made of completed factors, powers and other functions are drawn as they are (von Hippel 2009).
What was not asked is never imputed: who was not asked is no part of the sample.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache, partial
from typing import Any

import numpy as np
import pandas as pd
from pandas.api.types import is_numeric_dtype

from cisflow.estimation.common import Row, fit_arguments, not_estimable, numbers_of, numeric
from cisflow.estimation.driver import Fitted, each_regression
from cisflow.estimation.effects import KINDS, bare, is_shown
from cisflow.estimation.estimates import COEFFICIENT
from cisflow.estimation.evidence import EVIDENCE, ROW
from cisflow.estimation.regressions import ABOUT, evidence_of, only_fit, rows_of
from cisflow.estimators.distributions import Student
from cisflow.estimators.imputation import DONORS, ITERATIONS, Pooled, completed, pooled
from cisflow.panel.constructs import block_of
from cisflow.panel.terms import add_terms, settled
from cisflow.study.models import Model
from cisflow.study.settings import Bootstrap
from cisflow.study.terms import Name, factors_of, is_column, nodes_of, text_of
from cisflow.study.weightings import UNWEIGHTED

IMPUTATION = "imputation"
"""Key of a fit's diagnostics that says how answers were imputed, and how many."""
SOME_ANSWER = "some answer"
"""What the share is of, of firms that lack any."""
ROWS_IMPUTED = "rows_imputed"
"""Key with the firms that lack each answer, which the gate takes away."""
KEY = ("cov_type", "quantity", "term")
LIMITS = ("n_lower", "n_upper")
SOME = "it has no estimate in some of the completed samples"

Key = tuple[str, str, str]


@dataclass(frozen=True)
class Gaps:
    """The firms of one column, and the samples in which their gaps are filled."""

    firms: pd.DataFrame  # with their gaps, yes/no as numbers
    # What is imputed together: numbers of the regression, auxiliary ones, dummies of classes.
    data: pd.DataFrame
    # The same firms without a gap, with the columns of the model's terms.
    samples: tuple[pd.DataFrame, ...]


def imputed_regressions(
    firms: pd.DataFrame, spec: Model, bootstrap: dict[str, int]
) -> Iterator[Fitted]:
    """Fit every outcome on every column with imputed answers; yield pooled rows and diagnostics.

    Parameters
    ----------
    firms
        Who was asked all the model needs (:func:`cisflow.panel.sample.with_gaps`), shape
        (n, columns), with :data:`cisflow.estimation.evidence.ROW`.
    spec
        The model with its imputed columns alone.
    bootstrap
        ``imputations``, how many completed samples, and ``seed``.
    """
    draws = bootstrap.get("imputations", Bootstrap().imputations)
    complete = cache(partial(_completed, numeric(firms), spec, draws, bootstrap["seed"]))

    def prepare(outcome: str, column: str) -> tuple[str, str, Gaps]:
        return outcome, column, complete(column)

    def fit(prepared: tuple[str, str, Gaps], method: str) -> Fitted:
        return _fitted(spec, *prepared)

    yield from each_regression(spec, prepare, fit, methods=[""])


# --- who and what is imputed --------------------------------------------------------------------


def _completed(firms: pd.DataFrame, spec: Model, draws: int, seed: int, column: str) -> Gaps:
    """Return the completed samples of one column, whose answers are imputed together."""
    data = _imputed_together(firms, spec, column)
    known = data.notna().any(axis=1)
    firms, data = firms[known], data[known]
    place = list(spec.columns).index(column)
    samples = (
        add_terms(firms.assign(**{name: sample[name] for name in sample if name in firms}), spec)
        for sample in completed(data, draws, [seed, place])
    )
    return Gaps(firms, data, tuple(samples))


def _imputed_together(firms: pd.DataFrame, spec: Model, column: str) -> pd.DataFrame:
    """Return the numbers of a column and its outcomes, auxiliary ones, and dummies of classes."""
    names = [*parts_of([*spec.outcomes, *regressors_of(spec, column)], spec)]
    names += [name for name in spec.auxiliary if _asked(firms, name)]
    names += [*parts_of(spec.fixed_effects, spec)]
    data = firms[[n for n in dict.fromkeys(names) if n in firms and firms[n].notna().any()]]
    classes = [name for name in data if not is_numeric_dtype(data[name])]
    dummies = pd.get_dummies(data[classes], drop_first=True, dtype=float)
    numbers = data.drop(columns=classes).astype(float)
    return pd.concat([numbers, dummies.loc[:, dummies.any()]], axis=1)


def regressors_of(spec: Model, column: str) -> list[str]:
    """Return the terms of a column, controls and what its spread depends on among them."""
    return [*spec.columns[column], *spec.controls, *spec.variance]


def parts_of(terms: Sequence[str], spec: Model) -> list[str]:
    """Return what terms are made of, by its text: variables, and functions of them.

    Of a product its factors; of a mean-centred number the number.
    """
    made = settled(spec)
    found: list[str] = []
    for factor in (factor for term in terms for factor in factors_of(term)):
        inside = [] if is_column(factor) else [text_of(node) for node in nodes_of(factor)]
        names = [node.name for node in nodes_of(factor) if isinstance(node, Name)]
        found += [text for text in inside if text in made] or names
    return list(dict.fromkeys(found))


def _asked(firms: pd.DataFrame, name: str) -> bool:
    """Return whether an auxiliary variable was asked of every firm."""
    block = block_of(name)
    return block is None or bool(firms[f"asked_{block}"].fillna(False).all())


# --- pooled -------------------------------------------------------------------------------------


def _fitted(spec: Model, outcome: str, column: str, gaps: Gaps) -> Fitted:
    """Return the pooled rows of one regression and how it was imputed."""
    answered = add_terms(gaps.firms, spec)[outcome].notna()
    samples = [sample[answered] for sample in gaps.samples]
    fits = [only_fit(sample, spec, outcome, column)[0] for sample in samples]
    tables = [_rows_of(fit, sample, spec) for fit, sample in zip(fits, samples, strict=True)]
    rows, missing = _pooled_rows(tables, _degrees(fits[0], samples[0], spec))
    missing = {term: share for term, share in missing.items() if is_shown(term, spec)}
    told, who = _what(gaps, answered, spec, column)
    used = {"draws": len(samples), "donors": DONORS, "iterations": ITERATIONS, **told}
    limits = {name: getattr(fits[0], name) for name in LIMITS if hasattr(fits[0], name)}
    record = {
        "nobs": fits[0].nobs,
        **limits,
        IMPUTATION: {**used, "missing_information": missing},
        ROWS_IMPUTED: who,
        EVIDENCE: evidence_of(samples[0], spec, outcome, column, fits[0]),
    }
    weights = spec.weights_of(column) or UNWEIGHTED
    return [{**row, "weights": weights} for row in rows], record


def _rows_of(fit: Any, sample: pd.DataFrame, spec: Model) -> dict[Key, Row]:
    """Return coefficients and what is told first of their effects, by what each is of."""
    terms = [term for term in fit.params.index if is_shown(term, spec)]
    first = list(KINDS.get(spec.estimator, {}))[:1]
    wanted = {(quantity, bare(term)) for quantity in first for term in terms}
    named = ({"quantity": COEFFICIENT, **row} for row in rows_of(fit, sample, spec, wanted))
    return {(row["cov_type"], row["quantity"], row["term"]): row for row in named}


def _degrees(fit: Any, sample: pd.DataFrame, spec: Model) -> dict[str, float]:
    """Return by covariance how many degrees of freedom full answers would leave."""
    plain = float(fit.nobs - fit.params.notna().sum())
    found = {}
    for covariance in spec.covariance:
        df = getattr(fit.with_cov(**fit_arguments(covariance, sample)), "df", None)
        found[str(covariance)] = plain if df is None or not np.isfinite(df) else float(df)
    return found


def _pooled_rows(
    tables: Sequence[dict[Key, Row]], free: dict[str, float]
) -> tuple[list[Row], dict[str, float]]:
    """Return a row per covariance, quantity and term; and what is missing of each coefficient."""
    rows: list[Row] = []
    missing: dict[str, float] = {}
    for key, first in tables[0].items():
        about = {name: first[name] for name in (*KEY, *ABOUT) if name in first}
        each = [table[key] for table in tables if "estimate" in table.get(key, {})]
        if len(each) < len(tables):
            rows.append(not_estimable(_why(tables, key), **about))
            continue
        estimates, errors = ([[row[name]] for row in each] for name in ("estimate", "std_error"))
        found = pooled(estimates, errors, free[key[0]])
        no_error = {} if np.isfinite(found.std_error[0]) else {"note": _why(tables, key)}
        rows.append({**about, **_numbers(found), **no_error})
        if key[:2] == (next(iter(free)), COEFFICIENT):
            missing[key[2]] = float(found.missing[0])
    return rows, missing


def _why(tables: Sequence[dict[Key, Row]], key: Key) -> str:
    """Return why a number cannot be had: what it says in one of the completed samples."""
    return next((t[key]["note"] for t in tables if key in t and t[key].get("note")), SOME)


def _numbers(found: Pooled) -> Row:
    """Return the numbers of a tidy row, tested with t."""
    estimate, error, df = (float(of[0]) for of in (found.estimate, found.std_error, found.df))
    reach, p_value = Student(df).ppf(0.975), 2 * float(Student(df).sf(abs(estimate / error)))
    return numbers_of(estimate, error, float(reach), p_value)


def _what(
    gaps: Gaps, answered: pd.Series, spec: Model, column: str
) -> tuple[dict[str, Any], dict[str, list[int]]]:
    """Return which answers are imputed, the share of firms that lack each, and who they are."""
    own = [n for n in parts_of(regressors_of(spec, column), spec) if n in gaps.data]
    lacking = {name: gaps.data.loc[answered, name].isna() for name in own}
    lacking = {name: gone for name, gone in lacking.items() if gone.any()}
    some = pd.DataFrame(lacking, index=gaps.firms.index[answered]).any(axis=1)
    lacking = {SOME_ANSWER: some, **lacking} if some.any() else {}
    rows = gaps.firms.loc[answered, ROW]
    shares = {name: float(gone.mean()) for name, gone in lacking.items()}
    who = {name: sorted(map(int, rows[gone])) for name, gone in lacking.items()}
    auxiliary = [name for name in spec.auxiliary if name in gaps.data]
    return {"shares": shares, "auxiliary": auxiliary}, who
