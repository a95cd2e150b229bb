"""Accounts with one row per firm and fiscal year."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import pandas as pd

from cisflow.base.problems import CisflowError, Problem
from cisflow.study.codebook import Codebook, Variable
from cisflow.survey.accounts.figures import as_text, plain_figures
from cisflow.survey.accounts.headers import (
    ITEMS,
    Header,
    currency_of,
    currency_problems,
    find_column,
    silent_units,
    unit_named,
    unit_problems,
    unit_unknown,
    with_unit,
)
from cisflow.survey.accounts.rows import (
    COLUMNS,
    Books,
    Layout,
    choose_rows,
    date_problems,
    fiscal_years,
    without_tokens,
)
from cisflow.survey.answers import Answers, read_answers, read_rows
from cisflow.survey.identifiers import in_format
from cisflow.survey.labels import one_line


def read_long(
    path: str | Path, names: Sequence[str], codebook: Codebook, country: str, heading: str
) -> Books:
    """Read a file with one row per firm and fiscal year."""
    layout = Layout.of(names, codebook, _only_column)
    found = layout.found
    own = as_text(_as_written(found, codebook))
    about_rows = {"kind": layout.kind, "currencies": layout.currencies}
    own = own.redefined(
        {k: Variable(name=(h.name,), required=False) for k, h in about_rows.items() if h}
    )
    delivery = read_rows(path, own, heading)
    items = {item: columns for item, columns in found.items() if item in (*ITEMS, "months")}
    amounts = dict.fromkeys(header.name for columns in items.values() for header in columns)
    figures = plain_figures(delivery.raw, list(amounts), codebook)
    raw, own = figures.raw, figures.explained(own)
    answers = {
        variable: read_answers(variable, columns, raw, own, country)
        for variable, columns in delivery.columns.items()
        if variable not in ("kind", "currencies") and (variable != "year" or not columns)
    }
    problems = [*_told_apart(delivery.problems, layout, codebook), *figures.problems]
    if not figures.problems:  # else these would be told twice
        problems += [problem for answer in answers.values() for problem in answer.problems]
    for item, columns in found.items():
        problems += unit_problems(item, columns, codebook)
    problems += currency_problems(found, codebook)
    problems += silent_units(found, codebook)
    if problems or "firm_id" not in answers:
        raise CisflowError(heading, problems)
    years, problems = _years_of_rows(raw, delivery.columns["year"], answers, codebook)
    ids = in_format(answers.pop("firm_id"), codebook)
    keys = [ids.values, years]
    choice = choose_rows(raw, ids, keys, ~ids.invalid.astype(bool), layout, codebook)
    problems += choice.problems
    if problems:
        raise CisflowError(heading, problems)
    table = pd.DataFrame({"firm_id": ids.values, "year": years})
    table = table.assign(**{item: a.values for item, a in answers.items()})[choice.kept]
    read = [item for item in answers if item in ITEMS]
    return Books(
        table=table.reindex(columns=list(COLUMNS)),
        columns={item: [one_line(name) for name in answers[item].columns] for item in read},
        invalid={item: int(answers[item].invalid[choice.kept].sum()) for item in read},
        rows=delivery.rows,
        read_as=figures.said(delivery.read_as),
        currency=currency_of(found),
        unit_in_headers=unit_named(found),
        left_out=delivery.left_out,
        **choice.counts(),
    )


def _only_column(names: Sequence[str], headers: Sequence[Header]) -> list[Header]:
    header = find_column(names, headers)
    return [] if header is None else [header]


def _told_apart(
    problems: Sequence[Problem], layout: Layout, codebook: Codebook
) -> Iterator[Problem]:
    """Yield unknown units in place of columns that seem to be absent because of them."""
    absent = [item for item in ITEMS if item in codebook.variables and item not in layout.found]
    unknown = {item: p for item in absent if (p := unit_unknown(item, layout.headers, codebook))}
    yield from unknown.values()
    for problem in problems:
        if problem.about not in unknown:
            yield problem


def _as_written(found: Mapping[str, Sequence[Header]], codebook: Codebook) -> Codebook:
    """Return the codebook with the columns' names and units as this file writes them."""
    for variable, (header,) in found.items():
        entry = with_unit(variable, header, codebook).variables[variable]
        here = {variable: entry.model_copy(update={"name": (header.name,)})}
        codebook = codebook.redefined(here)
    return codebook


def _years_of_rows(
    raw: pd.DataFrame, columns: list[str], answers: dict[str, Answers], codebook: Codebook
) -> tuple[pd.Series, list[Problem]]:
    """Return the fiscal year of each row, from a year, a closing date or a constant."""
    if not columns:
        return answers.pop("year").values.astype("Int64"), []
    column = columns[0]
    dates = without_tokens(raw[column], codebook)
    years = fiscal_years(dates, codebook)
    return years, list(date_problems("year", column, dates, years, codebook))
