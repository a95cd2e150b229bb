"""What a model finds in a synthetic population: the truth its estimates are to be held against.

A truth file says how firms come about, not what every model of them has for coefficients: where a
model has another form than what the firms are drawn from, its coefficients in the population (its
*pseudo-true* values; White 1982, Econometrica 50:1-25) follow from both. They are estimated from a
sample so large that chance hardly matters, by the code that estimates the run's own.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pandas as pd

from cisflow.base.records import Table
from cisflow.estimation.estimates import ESTIMATED
from cisflow.estimation.run import estimate
from cisflow.study.claims import Claims, Single
from cisflow.study.models import Model
from cisflow.study.truth import Truth

KEY = ("country", "wave", "model", "outcome", "column", "term", "quantity")
NUMBERS = ("truth", "std_error", "n", "structural")
TRUTHS = Table.of(*KEY, *NUMBERS, numbers=NUMBERS)

# What is found in a population needs no resampling; two is the least that gives an effect its row.
BOOTSTRAP = {"draws": 2, "test_draws": 0, "seed": 1}


def tested(models: Mapping[str, Model], claims: Claims) -> dict[str, list[Single]]:
    """Return the single tests of claims on each model of a run that has any."""
    found: dict[str, list[Single]] = {}
    for claim in claims.claims.values():
        for test in claim.singles:
            if test.model in models and test not in found.setdefault(test.model, []):
                found[test.model].append(test)
    return {name: tests for name, tests in found.items() if tests}


def only(model: Model, tests: Sequence[Single]) -> Model:
    """Return a model without the outcomes and columns that no test is about.

    Its main covariance alone is left, as coefficients do not depend on any.
    """
    less: dict[str, Any] = {"covariance": model.covariance[:1]}
    if model.columns:
        columns = {test.column for test in tests}
        outcomes = {test.outcome for test in tests}
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
) -> pd.DataFrame:
    """Return the pseudo-true value of every estimate a claim rests on.

    Parameters
    ----------
    population
        A panel far larger than the run's, with all answers
        (:func:`cisflow.panel.drawn.draw_panel`).
    models
        The run's models by name.
    claims
        The claims file.
    truth
        What is true in the country.
    country
        Two-letter code.
    lag
        Years between survey and accounts.

    Returns
    -------
    pandas.DataFrame
        Columns of :data:`TRUTHS`: ``truth`` with the standard error that the sample leaves it and
        the firms it rests on, and ``structural``, the truth file's own number where it has one for
        this coefficient (:func:`structural`).
    """
    rows = []
    for name, tests in tested(models, claims).items():
        found = estimate(
            population,
            only(models[name], tests),
            country=country,
            model=name,
            lag=lag,
            bootstrap=BOOTSTRAP,
        ).table
        found = found[found["status"] == ESTIMATED].drop_duplicates([*_present(found)])
        rows += list(_rows(found, models[name], tests, truth))
    return TRUTHS.frame(rows, quantity="coefficient")


def _present(table: pd.DataFrame) -> list[str]:
    return [column for column in KEY if column in table]


def _rows(
    found: pd.DataFrame, model: Model, tests: Sequence[Single], truth: Truth
) -> Iterator[dict[str, Any]]:
    """Yield the rows of tested terms, in the order of the tests."""
    for test in tests:
        about = (found["outcome"] == test.outcome) & (found["column"] == test.column)
        for row in found[about & (found["term"] == test.term)].to_dict(orient="records"):
            yield {
                **{column: row[column] for column in _present(found)},
                "truth": row["estimate"],
                "std_error": row["std_error"],
                "n": row["n"],
            }
