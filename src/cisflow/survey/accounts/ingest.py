"""Company accounts: from an export as delivered to one row per firm and fiscal year."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from cisflow.base.paths import named, shown
from cisflow.base.problems import CisflowError, Problem, Unrecognised
from cisflow.raw.extract import column_names, verify_checksum
from cisflow.raw.sheets import WORKBOOKS
from cisflow.study.canonical import ACCOUNT_COLUMNS
from cisflow.study.codebook import Codebook, Variable
from cisflow.survey.accounts.headers import ITEMS, better_codebook
from cisflow.survey.accounts.long import read_long
from cisflow.survey.accounts.rows import YEAR, Books
from cisflow.survey.accounts.wide import read_wide
from cisflow.survey.quality import Check, check, notes
from cisflow.survey.schema import account_schema, conforming, dtype_of
from cisflow.survey.semantics import turnover_per_employee

__all__ = ["ITEMS", "ingest_accounts"]

# What a ratio is divided by, and which ratios do not exist without it.
DENOMINATORS = {
    "turnover": "profit margin",
    "value_added": "share of personnel costs, no labour productivity",
    "total_assets": "return on assets",
    "employees": "labour productivity",
}


def ingest_accounts(
    path: str | Path,
    codebook: Codebook,
    country: str,
    *,
    name: str | None = None,
    sha256: str | None = None,
) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Read the company accounts of one country.

    Parameters
    ----------
    path
        The export as delivered.
    codebook
        With ``table: accounts``. If it maps `year` the file has a row per firm and year, else a
        row per firm and a column per item and year.
    name
        What to call the country in messages.
    sha256
        Checksum the file must have.

    Returns
    -------
    accounts
        Shape (firms × years, ``schema.ACCOUNT_COLUMNS``); amounts in units of the currency. A year
        of which a firm has nothing is no row. Of consolidated and other accounts of a firm, the
        kind the codebook prefers.
    quality
        Counts of rows and values, ready for JSON.

    Raises
    ------
    CisflowError
        All that is wrong with the file at once.
    """
    heading = f"{name or country}, accounts ({shown(path)})"
    verify_checksum(path, sha256, heading)
    read = read_long if "year" in codebook.variables else read_wide
    names = column_names(path, codebook.file.options, heading)
    try:
        books = read(path, names, codebook, country, heading)
    except CisflowError as error:
        problems = _placed(error.problems, path, names, codebook)
        raise CisflowError(heading, problems) from None
    table, months = _whole_years(books.table, codebook)
    accounts = table[list(ACCOUNT_COLUMNS)].astype({c: dtype_of(c) for c in ACCOUNT_COLUMNS})
    accounts = conforming(accounts.reset_index(drop=True), account_schema(), heading)
    quality = {
        "country": country,
        "wave": "accounts",
        "file": named(path),
        "read_as": books.read_as,
        "left_out": books.left_out,
        "codebook": codebook.id,
        "title": codebook.title,
        "rows": books.rows,
        "rows_kept": len(accounts),
        "duplicate_ids": 0,  # a file that has any is refused
        "firms": int(accounts["firm_id"].nunique()),
        "years": sorted(int(year) for year in accounts["year"].unique()),
        "currency": codebook.money.currency or books.currency,
        "kinds": books.kinds,
        "notes": list(_notes(codebook, books)),
        "checks": {
            **_row_checks(books),
            **months,
            **_denominators(accounts),
            **turnover_per_employee(accounts, codebook),
        },
        "variables": {
            item: _counts(
                accounts[item],
                books.columns.get(item, []),
                books.invalid.get(item, 0),
                codebook.variables[item],
            )
            for item in ITEMS
            if item in codebook.variables
        },
    }
    return accounts, quality


def _placed(
    problems: Iterable[Problem], path: str | Path, names: Sequence[str], codebook: Codebook
) -> list[Problem]:
    """Return problems with the sheet they are on, and a better codebook if there is one."""
    problems = list(problems)
    in_headers = any(isinstance(problem, Unrecognised) for problem in problems)
    other = better_codebook(names, codebook) if in_headers else None
    if other:
        what = "the headers are those of another edition or language than the codebook's"
        problems.insert(0, Problem(what, f"set `codebook: {other}` in the config"))
    sheet = codebook.file.sheet
    if sheet is None or Path(path).suffix.lower() not in WORKBOOKS:
        return problems
    here = f"sheet '{sheet}'"
    return [Problem(p.said, p.remedy, here, p.count) for p in problems]


def _whole_years(table: pd.DataFrame, codebook: Codebook) -> tuple[pd.DataFrame, dict[str, Check]]:
    """Return the firm-years with figures, sorted, and how many are not of twelve months."""
    table = table.dropna(subset=list(ITEMS), how="all").sort_values(["firm_id", "year"])
    months = table["months"].astype("Float64")
    if months.isna().all():
        return table, {}
    odd = months.ne(YEAR).fillna(False).astype(bool)
    left_out = codebook.fiscal_year.other_than_12 == "exclude"
    meaning = (
        f"The fiscal year has other than twelve months ({'left out' if left_out else 'kept'})."
    )
    checks = {"twelve_months": check(odd, months.notna(), meaning)}
    return (table[~odd] if left_out else table), checks


def _row_checks(books: Books) -> dict[str, Check]:
    """Return how many rows of the file were left out, and why."""
    checks: dict[str, Check] = {}
    if books.kinds:
        checks["one_kind_of_accounts"] = {
            "failed": books.other_kinds,
            "of": books.rows,
            "meaning": "The row is left out: the firm has accounts of a kind that goes before it "
            "(consolidated or not), or its kind is not wanted.",
        }
    if books.ids_unfit:
        checks["identifier_in_format"] = {
            "failed": books.ids_unfit,
            "of": books.rows,
            "meaning": "The row is left out: its identifier is not in the declared format.",
        }
    if books.same_year:
        checks["one_end_of_year"] = {
            "failed": books.same_year,
            "of": len(books.table) + books.same_year,
            "meaning": "The accounts are left out: later ones of the firm end in the same fiscal "
            "year.",
        }
    return checks


def _denominators(accounts: pd.DataFrame) -> dict[str, Check]:
    """Return how often what a ratio is divided by is zero or negative."""
    return {
        f"{item}_above_zero": check(
            accounts[item] <= 0,
            accounts[item].notna(),
            f"{item.replace('_', ' ').capitalize()} is not above zero: no {lost}.",
        )
        for item, lost in DENOMINATORS.items()
        if accounts[item].notna().any()
    }


def _notes(codebook: Codebook, books: Books) -> Iterable[str]:
    yield from notes(codebook)
    if not books.unit_in_headers:
        unit = codebook.money.unit
        yield f"money: no header names a unit; amounts are taken for {unit}s, as the codebook says"
    yield from notes(codebook, "consolidation", "fiscal_year")


def _counts(values: pd.Series, columns: list[str], invalid: int, entry: Variable) -> dict[str, Any]:
    blank = int(values.isna().sum())
    invalid = min(invalid, blank)  # a year with nothing else is no row
    return {
        "columns": columns,
        "in_questionnaire": bool(columns),
        "valid": int(values.notna().sum()),
        "missing": blank - invalid,
        "filtered": 0,
        "invalid": invalid,
        **entry.provenance,
    }
