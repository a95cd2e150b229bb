"""Accounts with one row per firm and a column per item and year."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from cisflow.base.problems import CisflowError, Problem, counted_of
from cisflow.raw.extract import open_extract, selected
from cisflow.study.codebook import Codebook
from cisflow.survey.accounts.figures import as_text, plain_figures
from cisflow.survey.accounts.headers import (
    ITEMS,
    Header,
    absent_identifier,
    currency_of,
    currency_problems,
    dated_columns,
    find_column,
    item_problems,
    no_years,
    silent_units,
    unit_named,
    wanted_labels,
    with_unit,
)
from cisflow.survey.accounts.rows import (
    COLUMNS,
    YEAR,
    Books,
    Choice,
    Layout,
    choose_rows,
    closing_months,
    date_problems,
    without_tokens,
    years_of,
)
from cisflow.survey.answers import Answers, read_column
from cisflow.survey.identifiers import in_format
from cisflow.survey.labels import one_line


def read_wide(
    path: str | Path, names: Sequence[str], codebook: Codebook, country: str, heading: str
) -> Books:
    """Read an export with one row per firm and a column per item and year."""
    file = _WideFile.of(Layout.of(names, codebook, dated_columns), codebook)
    problems = list(file.problems(codebook))
    if problems or file.firm_id is None:
        raise CisflowError(heading, problems)
    opened = open_extract(path, as_text(codebook).file.options, heading)
    wanted = selected({"select": {**codebook.rows, **codebook.file.select}})
    extract = opened.read(file.needed(), wanted)
    raw = extract.table
    # Exports repeat a firm's further names and addresses in rows that have nothing else.
    raw = raw.dropna(how="all").reset_index(drop=True)
    if len(raw) == 0:
        empty = Problem("the file has headers and no firm", "export it once more")
        raise CisflowError(heading, empty)
    rows = len(raw)
    figures = plain_figures(raw, file.figures(), codebook)
    raw, codebook = figures.raw, figures.explained(codebook)
    choice = _chosen_rows(raw, file.firm_id.name, file, codebook, country)
    raw = raw[choice.kept]
    values = {
        (item, header): _amounts(item, header, raw, codebook, country)
        for item, headers in file.items.items()
        for header in headers
    }
    closings, problems = _closings(raw, file, values, codebook)
    years, same_year = _distinct_years(closings, codebook)
    problems = [*figures.problems, *choice.problems, *problems]
    if not figures.problems:  # else these would be told twice
        problems += [problem for answers in values.values() for problem in answers.problems]
    problems += _nothing_in(file.items, values, codebook)
    problems += _undated(values, years[0], file.layout.closing_date)
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
        read_as=figures.said(extract.read_as),
        same_year=same_year,
        currency=currency_of(file.items),
        unit_in_headers=unit_named(file.items),
        left_out=extract.left_out,
        **choice.counts(),
    )


@dataclass(frozen=True)
class _WideFile:
    """Which columns of a wide file hold what."""

    layout: Layout
    firm_id: Header | None
    items: dict[str, list[Header]]
    earlier_dates: dict[int, Header]

    @classmethod
    def of(cls, layout: Layout, codebook: Codebook) -> _WideFile:
        headers, found = layout.headers, layout.found
        items = {item: found.get(item, []) for item in ITEMS if item in codebook.variables}
        if "months" in found:
            items["months"] = found["months"]
        firm_id = find_column(codebook.variables["firm_id"].names, headers)
        dates = set(wanted_labels(codebook.fiscal_year.closing_date))
        earlier = {h.back: h for h in headers if h.back and h.label in dates}
        return cls(layout, firm_id, items, earlier)

    def needed(self) -> list[str]:
        """Names of the columns to read."""
        rows = self.layout
        single = [self.firm_id, rows.closing_date, rows.kind, rows.currencies]
        single += self.earlier_dates.values()
        columns = [header for found in self.items.values() for header in found]
        return [header.name for header in (*single, *columns) if header is not None]

    def figures(self) -> list[str]:
        """Names of the columns that hold figures."""
        return list(dict.fromkeys(h.name for found in self.items.values() for h in found))

    def _recognised(self, codebook: Codebook) -> bool:
        """Whether headers name years, or at least half of the required items relative ones."""
        if any(header.year is not None for header in self.layout.headers):
            return True
        required = [i for i in self.items if _required(i, codebook)]
        dated = [item for item in required if self.items[item]]
        return len(dated) > 0 and 2 * len(dated) >= len(required)

    def problems(self, codebook: Codebook) -> Iterator[Problem]:
        """Yield what is wrong with the headers."""
        if self.firm_id is None:
            yield absent_identifier(self.layout.headers, codebook)
        if not self._recognised(codebook):
            yield no_years(self.layout.headers, codebook)
            return
        for item, found in self.items.items():
            if item in ITEMS:
                yield from item_problems(item, found, self.layout.headers, codebook)
        yield from currency_problems(self.items, codebook)
        yield from silent_units(self.items, codebook)
        relative = [
            item for item, found in self.items.items() if any(h.year is None for h in found)
        ]
        if relative and self.layout.closing_date is None:
            yield _no_closing_date(relative, self.items, codebook)


def _required(item: str, codebook: Codebook) -> bool:
    return item in codebook.variables and codebook.variables[item].required


def _no_closing_date(
    relative: list[str], items: Mapping[str, list[Header]], codebook: Codebook
) -> Problem:
    names = wanted_labels(codebook.fiscal_year.closing_date)
    sought = f" (sought: {', '.join(repr(name) for name in names)})" if names else ""
    example = one_line(next(h.name for h in items[relative[0]] if h.year is None))
    return Problem(
        f"{', '.join(relative)} (such as column '{example}'): years relative to the last available "
        f"one, and no column with the closing date{sought}",
        "export the closing date of the last accounts too, or absolute years; the column's name "
        f"goes under `fiscal_year: {{closing_date: …}}` in {codebook.path}",
    )


def _chosen_rows(
    raw: pd.DataFrame, column: str, file: _WideFile, codebook: Codebook, country: str
) -> Choice:
    answers = read_column("firm_id", column, raw[column], codebook, country)
    answers.columns = [column]
    ids = in_format(answers, codebook)
    kept = ~ids.invalid.astype(bool)
    return choose_rows(raw, ids, [ids.values], kept, file.layout, codebook)


def _amounts(
    item: str, header: Header, raw: pd.DataFrame, codebook: Codebook, country: str
) -> Answers:
    return read_column(
        item, header.name, raw[header.name], with_unit(item, header, codebook), country
    )


def _closings(
    raw: pd.DataFrame,
    file: _WideFile,
    values: Mapping[tuple[str, Header], Answers],
    codebook: Codebook,
) -> tuple[dict[int, pd.Series], list[Problem]]:
    """Return the months in which the firms' last accounts close, and those before them.

    Keys are how many accounts before the last. "Year - 1" are the accounts before the last ones,
    which end a year earlier only if the last have twelve months. Null without a closing date.
    """
    problems: list[Problem] = []

    def read(header: Header) -> pd.Series:
        dates = without_tokens(raw[header.name], codebook)
        months = closing_months(dates)
        problems.extend(date_problems("closing date", header.name, dates, months, codebook))
        return months

    unknown = pd.Series(pd.NA, index=raw.index, dtype="Int64")
    closings = {0: read(file.layout.closing_date) if file.layout.closing_date else unknown}
    lengths = {h.back: a.values for (item, h), a in values.items() if item == "months"}
    for back in range(1, 1 + max((h.back or 0 for _, h in values), default=0)):
        length = lengths.get(back - 1, unknown).astype("Float64").round().astype("Int64")
        before = closings[back - 1] - length.where(length > 0, YEAR).fillna(YEAR)
        own = file.earlier_dates.get(back)
        closings[back] = before if own is None else read(own).fillna(before)
    return closings, problems


def _distinct_years(
    closings: Mapping[int, pd.Series], codebook: Codebook
) -> tuple[dict[int, pd.Series], int]:
    """Return fiscal years, null for accounts that end in that of later ones, and how many do."""
    years = {0: years_of(closings[0], codebook)}
    earliest, count = years[0], 0
    for back in range(1, len(closings)):
        year = years_of(closings[back], codebook)
        same = (year >= earliest).fillna(False).astype(bool)
        count += int(same.sum())
        years[back] = year.mask(same)
        earliest = years[back].fillna(earliest)
    return years, count


def _nothing_in(
    items: dict[str, list[Header]], values: dict[tuple[str, Header], Answers], codebook: Codebook
) -> Iterator[Problem]:
    for item, headers in items.items():
        if (
            _required(item, codebook)
            and headers
            and all(values[item, h].values.isna().all() for h in headers)
        ):
            count = "1 column" if len(headers) == 1 else f"{len(headers)} columns"
            yield Problem(
                f"{item}: blank for all firms in every year ({count}).",
                f"export the item once more, or set `required: false` in {codebook.path}",
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
            f"closing date (column '{one_line(closing_date.name)}'): "
            f"{counted_of(count, len(years), 'row')} have figures and no closing date, "
            "so that their years are unknown",
            "export the file with absolute years, or remove these rows",
        )


def _stacked(
    ids: pd.Series, years: Mapping[int, pd.Series], values: dict[tuple[str, Header], Answers]
) -> pd.DataFrame:
    """Return one row per firm and year from one column per item and year."""
    periods = dict.fromkeys((header.year, header.back) for _, header in values)
    tables = []
    for year, back in periods:
        table = {
            item: answers.values
            for (item, header), answers in values.items()
            if (header.year, header.back) == (year, back)
        }
        when = pd.Series(year, index=ids.index, dtype="Int64") if year else years[back or 0]
        tables.append(pd.DataFrame({"firm_id": ids, "year": when, **table}))
    stacked = pd.concat(tables).reindex(columns=list(COLUMNS)).dropna(subset=["year"])
    if any(year is None for year, _ in periods):
        # One item may come by year and another relative to the last one: a row has both.
        stacked = stacked.groupby(["firm_id", "year"], as_index=False).first()
    return stacked
