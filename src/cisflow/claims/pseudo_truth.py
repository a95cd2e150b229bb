"""What a model finds in a synthetic population: the truth its estimates are to be held against.

A truth file says how firms come about, not what every model of them has for coefficients: where a
model has another form than what the firms are drawn from, its coefficients in the population (its
*pseudo-true* values; White 1982, Econometrica 50:1-25) follow from both. They are estimated from a
sample so large that chance hardly matters, by the code that estimates the run's own.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any

import numpy as np
import pandas as pd

from cisflow.claims.structural import structural
from cisflow.claims.truths import KEYS, PSEUDO, STRUCTURAL, TRUTHS
from cisflow.estimation.common import REFUSALS, Row, numeric
from cisflow.estimation.effects import KINDS as QUANTITIES
from cisflow.estimation.effects import made_of as factors_made_of
from cisflow.estimation.estimates import ESTIMATED, ESTIMATES
from cisflow.estimation.regressions import only_fit
from cisflow.estimation.run import ESTIMATORS, samples
from cisflow.estimation.shapes import found_number
from cisflow.estimators.effects import average_effects
from cisflow.panel.drawn import draw_panel, enlarged
from cisflow.panel.sample import restricted
from cisflow.simulate.survey import drawn_by_tobit
from cisflow.study.claims import COEFFICIENT, Claims, Single
from cisflow.study.codebook import Codebook
from cisflow.study.models import REGRESSIONS, Model
from cisflow.study.shapes import made_of
from cisflow.study.truth import Truth

FIRMS = 40_000
"""Firms of a country, over all its waves, where the truth file does not say how many."""

# Of these only what is tested is computed; others are estimated as a run estimates them.
# What is found in a population needs no resampling; two is the least that gives an effect its row.
BOOTSTRAP = {"draws": 2, "test_draws": 0, "seed": 1}


def find_truth(
    truth: Truth,
    codebooks: Mapping[str, Codebook],
    models: Mapping[str, Model],
    claims: Claims,
    *,
    country: str,
    with_accounts: bool,
    seed: int,
    **panel: Any,
) -> pd.DataFrame:
    """Draw a country's population and return the pseudo-true value of all that claims test.

    Parameters
    ----------
    truth
        What is true in the country; its ``population`` is the number of firms over all waves.
    codebooks
        Wave → loaded codebook, in order of time.
    models, claims, country
        As for :func:`pseudo_truth`.
    with_accounts
        Whether the country has company accounts.
    seed
        Fixes every draw; the stream is another than that of the extracts.
    panel
        Options of :func:`cisflow.panel.build.build_panel`.
    """
    samples = [models[name].sample for name in tested(models, claims)]
    if not samples:
        return TRUTHS.frame([])
    firms = truth.get("population", FIRMS) // len(codebooks)
    population = draw_panel(
        enlarged(truth, firms, samples),
        codebooks,
        np.random.default_rng([seed, *b"population", *country.encode()]),
        country=country,
        with_accounts=with_accounts,
        complete=True,
        **panel,
    )
    waves = {wave for wave, book in codebooks.items() if drawn_by_tobit(truth, book.variables)}
    return pseudo_truth(
        population, models, claims, truth, country=country, lag=panel["lag"], by_tobit=waves
    )


def only(model: Model, tests: Sequence[Single]) -> Model:
    """Return a model without the outcomes, columns and methods that no test is about.

    Its main covariance alone is left, as coefficients do not depend on any.
    """
    less: dict[str, Any] = {"covariance": model.covariance[:1]}
    if model.columns:
        asked = [test.column for test in tests]
        apart = [c.partition(": ") for c in asked if c not in model.columns]
        columns, methods = {*asked, *(c for c, *_ in apart)}, {m for *_, m in apart}
        outcomes = {test.outcome for test in tests}
        less["methods"] = tuple(m for m in model.methods if m in methods) or model.methods
        less["columns"] = {name: of for name, of in model.columns.items() if name in columns}
        less["outcomes"] = tuple(name for name in model.outcomes if name in outcomes)
    return model.model_copy(update=less)


def pseudo_truth(
    population: pd.DataFrame,
    models: Mapping[str, Model],
    claims: Claims,
    truth: Truth,
    *,
    country: str,
    lag: int,
    by_tobit: Collection[str],
) -> pd.DataFrame:
    """Return the pseudo-true value of every estimate a claim rests on.

    Parameters
    ----------
    population
        A panel far larger than the run's, with all answers
        (:func:`cisflow.panel.drawn.draw_panel`).
    models
        The run's models by name.
    truth
        What is true in the country.
    lag
        Years between survey and accounts.
    by_tobit
        Waves whose shares of turnover are drawn from the truth's ``tobit``.

    Returns
    -------
    pandas.DataFrame
        Columns of :data:`TRUTHS`: ``population``, what was found, with the standard error that the
        sample leaves it and the firms it rests on; and ``truth``, the truth file's own number where
        it has one for this coefficient (:func:`cisflow.claims.structural.structural`), else what
        was found. ``kind`` says which.
    """
    rows: list[dict[str, Any]] = []
    wanted = tested(models, claims)
    specs = {name: only(models[name], tests) for name, tests in wanted.items()}
    population = restricted(population, specs.values())
    for name, spec in specs.items():
        tests = wanted[name]
        found = _estimates(population, spec, tests, lag).assign(country=country, model=name)
        for test in tests:
            rows += [
                _with_truth(row, structural(truth, spec, test, by_tobit=row["wave"] in by_tobit))
                for row in _rows(found, test)
            ]
    return TRUTHS.frame(rows)


def _estimates(
    population: pd.DataFrame, spec: Model, tests: Sequence[Single], lag: int
) -> pd.DataFrame:
    """Return the tidy estimates of a model, without all that says how sure they are."""
    rows: list[Row] = []
    for wave, firms, _, reason in samples(population, spec, lag):
        if not reason:
            rows += [{"wave": wave, **row} for row in _rows_of_wave(firms, spec, tests)]
    return ESTIMATES.frame(rows, status=ESTIMATED)


def _rows_of_wave(firms: pd.DataFrame, spec: Model, tests: Sequence[Single]) -> Iterator[Row]:
    if spec.estimator not in REGRESSIONS:
        for rows, _ in ESTIMATORS[spec.estimator].fit(firms, spec, BOOTSTRAP):
            yield from rows
        return
    numbers = numeric(firms)
    for outcome, column in dict.fromkeys((test.outcome, test.column) for test in tests):
        of_fit = [t for t in tests if (t.outcome, t.column) == (outcome, column)]
        with suppress(*REFUSALS):  # what a population does not determine has no truth
            fit, _ = only_fit(firms, spec, outcome, column)
            yield from (row for test in of_fit for row in tested_row(fit, numbers, spec, test))


def tested_row(fit: Any, firms: pd.DataFrame, spec: Model, test: Single) -> Iterator[Row]:
    """Yield the tested number of a fit with its standard error, nothing where it has none."""
    where = {"outcome": test.outcome, "column": test.column, "term": test.term}
    where |= {"quantity": test.measured, "n": fit.nobs}
    if made := made_of(spec, test.column).get(test.term):
        found = found_number(fit, spec, firms, test.column, made, test.measured)
        if found is not None:
            yield {**where, "estimate": found[0], "std_error": found[1]}
        return
    if test.term not in fit.params.index or test.term in fit.not_estimable:
        return
    number, error = fit.params[test.term], fit.bse[test.term]
    if test.measured != COEFFICIENT:
        prediction = fit.prediction(QUANTITIES[spec.estimator][test.measured])
        factors = factors_made_of(prediction.names, firms.iloc[prediction.rows], spec)
        effect = average_effects(prediction, factors, [test.term]).loc[test.term]
        number, error = effect["effect"], effect["std_error"]
    yield {**where, "estimate": number, "std_error": error}


def tested(models: Mapping[str, Model], claims: Claims) -> dict[str, list[Single]]:
    """Return the numbers of each model of a run that claims are about, each once.

    Claims may expect different things of one number; what is true of it is one thing.
    """
    found = {name: {test.key: test for test in claims.tests_of(name)} for name in models}
    return {name: list(tests.values()) for name, tests in found.items() if tests}


def _with_truth(row: dict[str, Any], known: float) -> dict[str, Any]:
    if math.isnan(known):
        return {**row, "truth": row["population"], "kind": PSEUDO}
    return {**row, "truth": known, "kind": STRUCTURAL}


def _rows(found: pd.DataFrame, test: Single) -> Iterator[dict[str, Any]]:
    """Yield what was found for a test, wave by wave."""
    keys = {"outcome": test.outcome, "column": test.column, "term": test.term}
    keys["quantity"] = test.measured
    wanted = found[(found[list(keys)] == pd.Series(keys)).all(axis=1)]
    wanted = wanted[wanted["status"] == ESTIMATED].drop_duplicates(list(KEYS))
    for row in wanted.to_dict(orient="records"):
        resampled = str(row["cov_type"]).startswith("bootstrap")
        error = math.nan if resampled else row["std_error"]  # of too few resamples
        numbers = {"population": row["estimate"], "std_error": error, "n": row["n"]}
        yield {**{column: row[column] for column in KEYS}, **numbers}
