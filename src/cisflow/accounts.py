"""Company accounts: from an export with a column per item and year to one row per firm and year."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cisflow.answers import Answers, duplicates, read_answers, read_column, read_rows
from cisflow.codebook import Codebook, alternatives, shown
from cisflow.errors import CisflowError, Problem
from cisflow.extract import column_names, read_extract, verify_checksum
from cisflow.quality import notes
from cisflow.schema import ACCOUNT_COLUMNS, account_schema, conforming, dtype_of
from cisflow.validation import did_you_mean

if TYPE_CHECKING:
    import pandas as pd

ITEMS = tuple(column for column in ACCOUNT_COLUMNS if column not in ("firm_id", "year"))


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
        From :func:`cisflow.codebook.load_codebook`, with ``table: accounts``. With `header:` the
        file has one row per firm and a column per item and year; else a row per firm and year.
    country
        Two-letter code.
    name
        What to call the country in messages.
    sha256
        Checksum the file must have.

    Returns
    -------
    accounts
        Shape (firms × years, ``schema.ACCOUNT_COLUMNS``); amounts in units of the currency. A year
        of which a firm has nothing is no row.
    quality
        Counts of rows and values, ready for JSON.

    Raises
    ------
    CisflowError
        All that is wrong with the file at once.
    """
    heading = f"{name or country}, accounts ({shown(path)})"
    verify_checksum(path, sha256, heading)
    read = _read_wide if "header" in codebook else _read_long
    accounts, columns, invalid, rows = read(path, codebook, country, heading)
    accounts = accounts.dropna(subset=list(ITEMS), how="all").sort_values(["firm_id", "year"])
    accounts = accounts[list(ACCOUNT_COLUMNS)].astype({c: dtype_of(c) for c in ACCOUNT_COLUMNS})
    accounts = conforming(accounts.reset_index(drop=True), account_schema(), heading)
    quality = {
        "country": country,
        "wave": "accounts",
        "file": shown(path),
        "codebook": codebook["id"],
        "title": codebook["title"],
        "rows": rows,
        "rows_kept": len(accounts),
        "duplicate_ids": 0,  # a file that has any is refused
        "firms": int(accounts["firm_id"].nunique()),
        "years": sorted(int(year) for year in accounts["year"].unique()),
        "notes": list(notes(codebook)),
        "checks": {},
        "variables": {
            item: _counts(accounts[item], columns.get(item, []), invalid.get(item, 0), spec)
            for item in ITEMS
            if (spec := codebook["variables"].get(item)) is not None
        },
    }
    return accounts, quality


def _counts(
    values: pd.Series, columns: list[str], invalid: int, spec: dict[str, Any]
) -> dict[str, Any]:
    blank = int(values.isna().sum())
    invalid = min(invalid, blank)  # a year with nothing else is no row
    return {
        "columns": columns,
        "in_questionnaire": bool(columns),
        "valid": int(values.notna().sum()),
        "missing": blank - invalid,
        "filtered": 0,
        "invalid": invalid,
        "verified": spec.get("verified"),
        "source": spec.get("source"),
        "note": spec.get("note"),
    }


_Table = tuple["pd.DataFrame", dict[str, list[str]], dict[str, int], int]


def _read_long(path: str | Path, codebook: Codebook, country: str, heading: str) -> _Table:
    import pandas as pd

    delivery = read_rows(path, codebook, heading)
    answers = {
        variable: read_answers(variable, columns, delivery.raw, codebook, country)
        for variable, columns in delivery.columns.items()
    }
    problems = [*delivery.problems, *(p for answer in answers.values() for p in answer.problems)]
    if not problems:
        keys = pd.DataFrame({v: answers[v].values for v in ("firm_id", "year")})
        problems += _repeated_years(keys)
    if problems:
        raise CisflowError(heading, problems)
    table = pd.DataFrame({v: answers[v].values for v in answers}).reindex(columns=ACCOUNT_COLUMNS)
    invalid = {variable: int(answer.invalid.sum()) for variable, answer in answers.items()}
    return table, delivery.columns, invalid, delivery.rows


def _repeated_years(keys: pd.DataFrame) -> Iterator[Problem]:
    blank = int(keys.isna().any(axis=1).sum())
    repeated = int(keys.duplicated(keep=False).sum())
    if blank:
        yield Problem(
            f"firm_id, year: {blank} rows lack one of them.", "remove these rows from the file"
        )
    if repeated:
        yield Problem(
            f"firm_id, year: {repeated} rows share firm and year with another one.",
            "keep one account per firm and year, for instance the unconsolidated one",
        )


@dataclass(frozen=True)
class _Column:
    """A column of a wide export: which item of which year it holds, and in which unit."""

    name: str
    label: str
    year: int
    unit: str | None
    currency: str | None


def _read_wide(path: str | Path, codebook: Codebook, country: str, heading: str) -> _Table:
    options = codebook.get("file", {})
    names = column_names(path, options, heading)
    firm_id = _firm_id(names, codebook)
    items, problems = _items(names, codebook)
    if firm_id is None:
        wanted = " or ".join(f"'{n}'" for n in alternatives(codebook["variables"]["firm_id"])[0])
        shown_names = ", ".join(f"'{_one_line(name)}'" for name in names[:6])
        what = f"firm_id: column {wanted} is not in the file"
        remedy = f"the file has {shown_names} …; correct `firm_id:` in {codebook['path']}"
        problems.insert(0, Problem(what, remedy))
    if problems or firm_id is None:
        raise CisflowError(heading, problems)

    wanted_names = [firm_id, *(column.name for columns in items.values() for column in columns)]
    raw = read_extract(path, wanted_names, options, heading)
    # Exports repeat a firm's further names and addresses in rows that have nothing else.
    raw = raw.dropna(how="all")
    ids = read_column("firm_id", firm_id, raw[firm_id], codebook, country)
    ids.columns = [firm_id]
    problems = [*duplicates(ids, codebook)]
    values = {
        (item, column.year): _amounts(item, column, raw, codebook, country)
        for item, columns in items.items()
        for column in columns
    }
    problems += [problem for answers in values.values() for problem in answers.problems]
    problems += _nothing_in(items, values, codebook)
    if len(raw) == 0:
        problems = [Problem("the file has headers and no firm", "export it once more")]
    if problems:
        raise CisflowError(heading, problems)
    columns = {item: [_one_line(c.name) for c in found] for item, found in items.items()}
    invalid = {
        item: sum(int(values[item, c.year].invalid.sum()) for c in found)
        for item, found in items.items()
    }
    return _stacked(ids.values, values), columns, invalid, len(raw)


def _one_line(name: str) -> str:
    return " ".join(name.split())


def _firm_id(names: list[str], codebook: Codebook) -> str | None:
    wanted = {name.casefold() for name in alternatives(codebook["variables"]["firm_id"])[0]}
    return next((name for name in names if _one_line(name).casefold() in wanted), None)


def _items(names: list[str], codebook: Codebook) -> tuple[dict[str, list[_Column]], list[Problem]]:
    """Return the columns of each item, one per year, and what is wrong with the headers."""
    pattern = re.compile(codebook["header"]["pattern"])
    columns = []
    for name in names:
        match = pattern.match(_one_line(name))
        part: dict[str, Any] = match.groupdict() if match else {}
        if part:
            label, year = part["label"].casefold(), int(part["year"])
            columns.append(_Column(name, label, year, part.get("unit"), part.get("currency")))
    if not columns:
        what = f"none of the {len(names)} headers names an item and a year"
        remedy = (
            "expected headers such as 'Added value th EUR 2006'; choose a sheet with `file: "
            f"{{sheet: …}}` or describe the headers under `header:` in {codebook['path']}"
        )
        return {}, [Problem(what, remedy)]
    items: dict[str, list[_Column]] = {}
    problems: list[Problem] = []
    for item in ITEMS:
        spec = codebook["variables"].get(item)
        if spec is None:
            continue
        wanted = {name.casefold() for name in alternatives(spec)[0]}
        items[item] = [column for column in columns if column.label in wanted]
        problems += _header_problems(item, items[item], columns, spec, codebook)
    return items, problems


def _header_problems(
    item: str, found: list[_Column], all_columns: list[_Column], spec: Any, codebook: Codebook
) -> Iterator[Problem]:
    names = alternatives(spec)[0]
    if not found and spec.get("required", True):
        labels = sorted({column.label for column in all_columns})
        yield Problem(
            f"{item}: no header '{names[0]}' with a year is in the file",
            f"{did_you_mean(names[0].casefold(), labels)}; correct `{item}:` in "
            f"{codebook['path']}, or set `required: false`",
        )
    years = [column.year for column in found]
    twice = sorted({year for year in years if years.count(year) > 1})
    if twice:
        listed = ", ".join(map(str, twice))
        yield Problem(
            f"{item}: more than one column for {listed}",
            f"remove one of them from the file, or name one label in {codebook['path']}",
        )
    units = codebook["header"].get("units", {})
    for unit in sorted({column.unit for column in found if column.unit} - set(units)):
        yield Problem(
            f"{item}: unknown unit '{unit}' in the header",
            f"add it to `header: {{units: …}}` in {codebook['path']}: unit, thousand or million",
        )
    currency = codebook.get("money", {}).get("currency")
    for other in sorted({column.currency for column in found if column.currency} - {currency}):
        yield Problem(
            f"{item}: amounts in {other}, where the codebook says {currency or 'nothing'}",
            f"export the file in {currency or 'one currency'}, or correct `money:` in "
            f"{codebook['path']}",
        )


def _amounts(
    item: str, column: _Column, raw: pd.DataFrame, codebook: Codebook, country: str
) -> Answers:
    spec = codebook["variables"][item]
    if column.unit:
        # The header's own unit goes before the codebook's.
        spec = {**spec, "unit": codebook["header"]["units"][column.unit]}
    variables = {**codebook["variables"], item: spec}
    own = {**codebook, "variables": variables}
    return read_column(item, column.name, raw[column.name], own, country)


def _nothing_in(
    items: dict[str, list[_Column]],
    values: dict[tuple[str, int], Answers],
    codebook: Codebook,
) -> Iterator[Problem]:
    for item, columns in items.items():
        required = codebook["variables"][item].get("required", True)
        if required and columns and all(values[item, c.year].values.isna().all() for c in columns):
            yield Problem(
                f"{item}: blank for all firms in every year ({_columns(len(columns))}).",
                f"export the item once more, or set `required: false` in {codebook['path']}",
            )


def _columns(count: int) -> str:
    return "1 column" if count == 1 else f"{count} columns"


def _stacked(ids: pd.Series, values: dict[tuple[str, int], Answers]) -> pd.DataFrame:
    """Return one row per firm and year from one column per item and year."""
    import pandas as pd

    years = sorted({year for _, year in values})
    tables = []
    for year in years:
        table = {item: values[item, year].values for item in ITEMS if (item, year) in values}
        tables.append(pd.DataFrame({"firm_id": ids, "year": year, **table}))
    return pd.concat(tables).reindex(columns=list(ACCOUNT_COLUMNS))
