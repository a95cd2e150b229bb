"""Accounts with one row per firm and a column per item and year."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from cisflow.accounts.headers import (
    ITEMS,
    Header,
    absent_identifier,
    currency_of,
    currency_problems,
    dated_columns,
    find_column,
    item_problems,
    located,
    no_years,
    one_line,
    read_headers,
    wanted_labels,
    with_unit,
)
from cisflow.accounts.rows import (
    COLUMNS,
    Books,
    Choice,
    choose_rows,
    date_problems,
    fiscal_years,
    special_columns,
    without_tokens,
)
from cisflow.answers import Answers, read_column
from cisflow.codebook import Codebook, alternatives
from cisflow.errors import CisflowError, Problem
from cisflow.extract import column_names, read_extract
from cisflow.identifiers import in_format

if TYPE_CHECKING:
    import pandas as pd


def read_wide(path: str | Path, codebook: Codebook, country: str, heading: str) -> Books:
    """Read an export with one row per firm and a column per item and year."""
    file = _WideFile.of(column_names(path, codebook.get("file", {}), heading), codebook)
    problems = list(file.problems(codebook))
    if problems or file.firm_id is None:
        raise CisflowError(heading, problems)
    raw = read_extract(path, file.needed(), codebook.get("file", {}), heading)
    # Exports repeat a firm's further names and addresses in rows that have nothing else.
    raw = raw.dropna(how="all").reset_index(drop=True)
    if len(raw) == 0:
        empty = Problem("the file has headers and no firm", "export it once more")
        raise CisflowError(heading, empty)
    rows = len(raw)
    choice = _chosen_rows(raw, file.firm_id.name, file, codebook, country)
    raw = raw[choice.kept]
    values = {
        (item, header): _amounts(item, header, raw, codebook, country)
        for item, headers in file.items.items()
        for header in headers
    }
    years, problems = _last_years(raw, file.closing_date, codebook)
    problems = [*choice.problems, *problems]
    problems += [problem for answers in values.values() for problem in answers.problems]
    problems += _nothing_in(file.items, values, codebook)
    problems += _undated(values, years, file.closing_date)
    if problems:
        raise CisflowError(heading, problems)
    ids = choice.ids[choice.kept]
    return Books(
        table=_stacked(ids, years, values),
        columns={item: [one_line(h.name) for h in found] for item, found in file.items.items()},
        invalid={
            item: sum(int(values[item, h].invalid.sum()) for h in found)
            for item, found in file.items.items()
        },
        rows=rows,
        currency=currency_of(file.items),
        **choice.counts(),
    )


@dataclass(frozen=True)
class _WideFile:
    """Which columns of a wide file hold what."""

    headers: list[Header]
    firm_id: Header | None
    items: dict[str, list[Header]]
    closing_date: Header | None
    kind: Header | None
    currencies: Header | None

    @classmethod
    def of(cls, names: list[str], codebook: Codebook) -> _WideFile:
        headers = read_headers(names, codebook)
        special = special_columns(headers, codebook)
        found = located(headers, codebook, dated_columns)
        items = {item: found.get(item, []) for item in ITEMS if item in codebook["variables"]}
        if "months" in found:
            items["months"] = found["months"]
        firm_id = find_column(alternatives(codebook["variables"]["firm_id"])[0], headers)
        return cls(headers, firm_id, items, **special)

    def needed(self) -> list[str]:
        """Names of the columns to read."""
        single = [self.firm_id, self.closing_date, self.kind, self.currencies]
        columns = [header for found in self.items.values() for header in found]
        return [header.name for header in (*single, *columns) if header is not None]

    def _recognised(self, codebook: Codebook) -> bool:
        """Whether headers name years, or at least half of the required items relative ones."""
        if any(header.year is not None for header in self.headers):
            return True
        required = [i for i in self.items if codebook["variables"].get(i, {}).get("required", True)]
        dated = [item for item in required if self.items[item]]
        return len(dated) > 0 and 2 * len(dated) >= len(required)

    def problems(self, codebook: Codebook) -> Iterator[Problem]:
        """Yield what is wrong with the headers."""
        if self.firm_id is None:
            yield absent_identifier(self.headers, codebook)
        if not self._recognised(codebook):
            yield no_years(self.headers, codebook)
            return
        for item, found in self.items.items():
            if item in ITEMS:
                yield from item_problems(item, found, self.headers, codebook)
        yield from currency_problems(self.items, codebook)
        relative = [
            item for item, found in self.items.items() if any(h.year is None for h in found)
        ]
        if relative and self.closing_date is None:
            yield _no_closing_date(relative, self.items, codebook)


def _no_closing_date(
    relative: list[str], items: Mapping[str, list[Header]], codebook: Codebook
) -> Problem:
    names = wanted_labels(codebook.get("fiscal_year", {}).get("closing_date", []))
    sought = f" (sought: {', '.join(repr(name) for name in names)})" if names else ""
    example = one_line(next(h.name for h in items[relative[0]] if h.year is None))
    return Problem(
        f"{', '.join(relative)} (such as column '{example}'): years relative to the last available "
        f"one, and no column with the closing date{sought}",
        "export the closing date of the last accounts too, or absolute years; the column's name "
        f"goes under `fiscal_year: {{closing_date: …}}` in {codebook['path']}",
    )


def _chosen_rows(
    raw: pd.DataFrame, column: str, file: _WideFile, codebook: Codebook, country: str
) -> Choice:
    answers = read_column("firm_id", column, raw[column], codebook, country)
    answers.columns = [column]
    ids = in_format(answers, codebook)
    kept = ~ids.invalid.astype(bool)
    return choose_rows(raw, ids, [ids.values], kept, file.kind, file.currencies, codebook)


def _amounts(
    item: str, header: Header, raw: pd.DataFrame, codebook: Codebook, country: str
) -> Answers:
    return read_column(
        item, header.name, raw[header.name], with_unit(item, header, codebook), country
    )


def _last_years(
    raw: pd.DataFrame, closing_date: Header | None, codebook: Codebook
) -> tuple[pd.Series, list[Problem]]:
    """Return the fiscal years of the firms' last accounts; null without a closing date."""
    import pandas as pd

    if closing_date is None:
        return pd.Series(pd.NA, index=raw.index, dtype="Int64"), []
    dates = without_tokens(raw[closing_date.name], codebook)
    years = fiscal_years(dates, codebook)
    return years, list(date_problems("closing date", closing_date.name, dates, years, codebook))


def _nothing_in(
    items: dict[str, list[Header]], values: dict[tuple[str, Header], Answers], codebook: Codebook
) -> Iterator[Problem]:
    for item, headers in items.items():
        required = codebook["variables"].get(item, {}).get("required", item != "months")
        if required and headers and all(values[item, h].values.isna().all() for h in headers):
            count = "1 column" if len(headers) == 1 else f"{len(headers)} columns"
            yield Problem(
                f"{item}: blank for all firms in every year ({count}).",
                f"export the item once more, or set `required: false` in {codebook['path']}",
            )


def _undated(
    values: dict[tuple[str, Header], Answers], years: pd.Series, closing_date: Header | None
) -> Iterator[Problem]:
    """Yield rows whose figures stand under relative years though they have no closing date."""
    relative = [a.values for (item, h), a in values.items() if h.year is None and item in ITEMS]
    if not relative or closing_date is None:
        return
    figures = relative[0].notna()
    for column in relative[1:]:
        figures |= column.notna()
    count = int((figures & years.isna()).sum())
    if count:
        yield Problem(
            f"closing date (column '{one_line(closing_date.name)}'): {count} of {len(years)} rows "
            "have figures and no closing date, so that their years are unknown",
            "export the file with absolute years, or remove these rows",
        )


def _stacked(
    ids: pd.Series, last: pd.Series, values: dict[tuple[str, Header], Answers]
) -> pd.DataFrame:
    """Return one row per firm and year from one column per item and year."""
    import pandas as pd

    periods = dict.fromkeys((header.year, header.back) for _, header in values)
    tables = []
    for year, back in periods:
        table = {
            item: answers.values
            for (item, header), answers in values.items()
            if (header.year, header.back) == (year, back)
        }
        when = pd.Series(year, index=ids.index, dtype="Int64") if year else last - back
        tables.append(pd.DataFrame({"firm_id": ids, "year": when, **table}))
    stacked = pd.concat(tables).reindex(columns=list(COLUMNS)).dropna(subset=["year"])
    if any(year is None for year, _ in periods):
        # One item may come by year and another relative to the last one: a row has both.
        stacked = stacked.groupby(["firm_id", "year"], as_index=False).first()
    return stacked
