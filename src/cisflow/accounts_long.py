"""Accounts with one row per firm and fiscal year."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from cisflow.accounts_headers import (
    ITEMS,
    Header,
    currency_problems,
    find_column,
    one_line,
    read_headers,
    unit_problems,
    wanted_labels,
    with_unit,
)
from cisflow.accounts_rows import (
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
    own, found = _located(headers, codebook)
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
    for item, header in found.items():
        problems += unit_problems(item, [header], codebook)
    problems += currency_problems({item: [h] for item, h in found.items()}, codebook)
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
        kinds=choice.kinds,
        other_kinds=choice.other_kinds,
        ids_unfit=choice.ids_unfit,
        currency=next((h.currency for h in found.values() if h.currency), None),
    )


def _located(headers: list[Header], codebook: Codebook) -> tuple[Codebook, dict[str, Header]]:
    """Return the codebook with the columns' names and units as this file writes them."""
    own = {**codebook, "variables": dict(codebook["variables"])}
    months = codebook.get("fiscal_year", {}).get("months")
    if months and find_column(months, headers):
        own["variables"]["months"] = {"name": wanted_labels(months), "required": False}
    found = {}
    for variable, spec in own["variables"].items():
        header = find_column(spec["name"], headers) if "name" in spec else None
        if header is None:
            continue
        found[variable] = header
        if header.unit and header.unit in {u.casefold() for u in codebook["header"]["units"]}:
            spec = with_unit(variable, header, own)["variables"][variable]
        own["variables"][variable] = {**spec, "name": [header.name]}
    return own, found


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
