"""Accounts with one row per firm and fiscal year."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from cisflow.accounts.headers import (
    ITEMS,
    Header,
    currency_of,
    currency_problems,
    find_column,
    located,
    one_line,
    read_headers,
    unit_problems,
    with_unit,
)
from cisflow.accounts.rows import (
    COLUMNS,
    Books,
    choose_rows,
    date_problems,
    fiscal_years,
    special_columns,
    without_tokens,
)
from cisflow.answers import Answers, read_answers, read_rows
from cisflow.codebook import Codebook
from cisflow.errors import CisflowError, Problem
from cisflow.extract import column_names
from cisflow.identifiers import in_format

if TYPE_CHECKING:
    import pandas as pd


def read_long(path: str | Path, codebook: Codebook, country: str, heading: str) -> Books:
    """Read a file with one row per firm and fiscal year."""
    import pandas as pd

    headers = read_headers(column_names(path, codebook.get("file", {}), heading), codebook)
    found = located(headers, codebook, _only_column)
    own = _as_written(found, codebook)
    special = special_columns(headers, codebook)
    kind, currencies = special["kind"], special["currencies"]
    for name, header in (("kind", kind), ("currencies", currencies)):
        if header is not None:
            own["variables"][name] = {"name": [header.name], "required": False}
    delivery = read_rows(path, own, heading)
    raw = delivery.raw
    answers = {
        variable: read_answers(variable, columns, raw, own, country)
        for variable, columns in delivery.columns.items()
        if variable not in ("kind", "currencies") and (variable != "year" or not columns)
    }
    problems = [*delivery.problems, *(p for a in answers.values() for p in a.problems)]
    for item, columns in found.items():
        problems += unit_problems(item, columns, codebook)
    problems += currency_problems(found, codebook)
    if problems or "firm_id" not in answers:
        raise CisflowError(heading, problems)
    years, problems = _years_of_rows(raw, delivery.columns["year"], answers, codebook)
    ids = in_format(answers.pop("firm_id"), codebook)
    keys = [ids.values, years]
    choice = choose_rows(raw, ids, keys, ~ids.invalid.astype(bool), kind, currencies, codebook)
    problems += choice.problems
    if problems:
        raise CisflowError(heading, problems)
    table = pd.DataFrame({"firm_id": ids.values, "year": years})
    table = table.assign(**{item: a.values for item, a in answers.items()})[choice.kept]
    items = [item for item in answers if item in ITEMS]
    return Books(
        table=table.reindex(columns=list(COLUMNS)),
        columns={item: [one_line(name) for name in answers[item].columns] for item in items},
        invalid={item: int(answers[item].invalid[choice.kept].sum()) for item in items},
        rows=delivery.rows,
        currency=currency_of(found),
        **choice.counts(),
    )


def _only_column(names: Sequence[str], headers: Sequence[Header]) -> list[Header]:
    header = find_column(names, headers)
    return [] if header is None else [header]


def _as_written(found: Mapping[str, Sequence[Header]], codebook: Codebook) -> Codebook:
    """Return the codebook with the columns' names and units as this file writes them."""
    variables = dict(codebook["variables"])
    for variable, (header,) in found.items():
        spec = with_unit(variable, header, codebook)["variables"][variable]
        variables[variable] = {"required": variable != "months", **spec, "name": [header.name]}
    return {**codebook, "variables": variables}


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
