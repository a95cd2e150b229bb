"""Rows of an accounts export: which are kept, whose currency, which closing date."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from cisflow.base.problems import Problem, counted, counted_of, values_told
from cisflow.study.codebook import Codebook
from cisflow.survey.accounts.headers import ITEMS, Find, Header, find_column, located, read_headers
from cisflow.survey.answers import Answers
from cisflow.survey.labels import one_line

# Months of a fiscal year, unless the file says otherwise.
YEAR = 12
COLUMNS = ("firm_id", "year", *ITEMS, "months")

# Bureau van Dijk's codes: consolidated (C) or unconsolidated (U), 1 without and 2 with a companion
# of the other kind; LF and NF have limited or no figures.
KINDS = ("C1", "C2", "U1", "U2", "LF", "NF")

_ISO = re.compile(r"(?P<year>\d{4})[-/.](?P<month>\d\d?)(?:[-/.]\d\d?.*)?")
_DAY_FIRST = re.compile(r"(?:(?P<day>\d\d?)[./-])?(?P<month>\d\d?)[./-](?P<year>\d{4})(?:\D.*)?")
_COMPACT = re.compile(r"(?P<year>(?:19|20)\d\d)(?P<month>\d\d)\d\d")
_YEAR = re.compile(r"(?P<year>(?:19|20)\d\d)(?:\.0*)?")


@dataclass
class Books:
    """Accounts as read, before what they hold is judged."""

    table: pd.DataFrame  # one row per firm and year, columns COLUMNS
    columns: dict[str, list[str]]  # per item the columns of the file it comes from
    invalid: dict[str, int]  # per item how many values did not fit and are missing for that reason
    rows: int  # rows of the file
    read_as: str = ""  # how the file was read, in words
    # Rows kept of each kind of accounts (consolidated or not); empty if the file does not say.
    kinds: dict[str, int] = field(default_factory=dict)
    other_kinds: int = 0  # rows left out because the firm has accounts of a preferred kind
    ids_unfit: int = 0  # rows left out because their identifier is not in the declared format
    # Accounts left out because later ones of the firm end in the same fiscal year.
    same_year: int = 0
    currency: str | None = None  # of the amounts, as far as the headers tell
    unit_in_headers: bool = True  # whether a header names the unit or the currency of amounts
    # How many rows of the file were no firms, by kind.
    left_out: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Layout:
    """Which columns of a file hold what."""

    headers: list[Header]  # all its headers, read
    found: dict[str, list[Header]]  # per variable (and `months`) the columns the file has of it
    # closing_date, kind, currencies: the columns that say something about a whole row.
    closing_date: Header | None
    kind: Header | None
    currencies: Header | None

    @classmethod
    def of(cls, names: Iterable[str], codebook: Codebook, find: Find) -> Layout:
        """Return the layout of a file with these columns, found by a codebook's names."""
        headers = read_headers(names, codebook)
        about_rows = (
            codebook.fiscal_year.closing_date,
            codebook.consolidation.name,
            codebook.money.column,
        )
        single = [find_column(wanted, headers) for wanted in about_rows]
        return cls(headers, located(headers, codebook, find), *single)


def without_tokens(text: pd.Series, codebook: Codebook) -> pd.Series:
    """Return texts of which those that stand for no answer are null."""
    tokens = {token.casefold() for token in codebook.no_answer()}
    return text.mask(text.str.casefold().isin(tokens))


# --- closing dates ------------------------------------------------------------------------------


def fiscal_years(dates: pd.Series, codebook: Codebook) -> pd.Series:
    """Return the fiscal year of each closing date, shape (n,), dtype ``Int64``.

    Parameters
    ----------
    dates
        As text: ``2006``, ``2006-12-31``, ``31/12/2006``, ``20061231``; others become null.
    codebook
        With ``fiscal_year: {previous_year_before_month: 6}`` accounts that close before June
        count for the year before.
    """
    return years_of(closing_months(dates), codebook)


def closing_months(dates: pd.Series) -> pd.Series:
    """Return the months of closing dates as text, 12 × year + month, null for other texts."""
    months = {date: _closing_month(date) for date in dates.dropna().unique()}
    return dates.map(months).astype("Int64")


def years_of(months: pd.Series, codebook: Codebook) -> pd.Series:
    """Return the fiscal years that end in months, as :func:`closing_months` counts them."""
    first = codebook.fiscal_year.previous_year_before_month
    year, month = (months - 1) // YEAR, (months - 1) % YEAR + 1
    return year - (month < first).astype("Int64")


def _closing_month(date: str) -> int | None:
    for form in (_ISO, _DAY_FIRST, _COMPACT, _YEAR):
        if match := form.fullmatch(date):
            part = match.groupdict()
            month = int(part.get("month") or YEAR)
            if month > YEAR:  # the month stands first
                month = int(part.get("day") or YEAR)
            return int(part["year"]) * YEAR + month
    return None


def date_problems(
    variable: str, column: str, dates: pd.Series, years: pd.Series, codebook: Codebook
) -> Iterator[Problem]:
    """Yield dates that cannot be read."""
    unread = int((dates.notna() & years.isna()).sum())
    if unread:
        what = f"{counted(unread, 'value')} that are"
        yield Problem(
            f"{variable} (column '{one_line(column)}'): {what} neither a year nor a date",
            "write dates as 2006-12-31 or 31/12/2006; list what stands for no answer under "
            f"`missing:` in {codebook.path}",
        )


# --- currency -----------------------------------------------------------------------------------


def row_currency_problems(column: str, values: pd.Series, codebook: Codebook) -> Iterator[Problem]:
    """Yield rows in another currency than the codebook's, or in several if it names none."""
    found = values.dropna().str.upper().value_counts()
    currency = codebook.money.currency
    others = found.drop(currency, errors="ignore") if currency else found
    if others.empty or (currency is None and len(found) < 2):
        return
    codes = all(re.fullmatch("[A-Z]{3}", code) for code in others.index)
    listed = values_told(others.to_dict()) if codes else "no currency codes"
    yield Problem(
        f"currency (column '{one_line(column)}'): {listed}, where the codebook says "
        f"{currency or 'nothing'}",
        f"export all amounts in {currency or 'one currency'}, or pick rows with `rows:` in "
        f"{codebook.path}",
    )


# --- consolidated or not ------------------------------------------------------------------------


def kinds_of(column: str, values: pd.Series, codebook: Codebook) -> tuple[pd.Series, list[Problem]]:
    """Return each row's kind of accounts (``C1``, ``U1`` …), and kinds nobody declared."""
    rule = codebook.consolidation
    codes = {text.casefold(): code for text, code in rule.codes.items()}
    codes |= {code.casefold(): code for code in (*KINDS, *rule.prefer)}
    kinds = values.str.casefold().map(codes).astype("string")
    unknown = values[values.notna() & kinds.isna()]
    if unknown.empty:
        return kinds, []
    # A few texts are kinds of accounts; many are the names of firms.
    found = unknown.value_counts().to_dict()
    doubt = "" if len(found) <= 4 and len(unknown) > len(found) else ": is this the right column?"
    problem = Problem(
        f"consolidation (column '{one_line(column)}'): kinds of accounts that are not declared: "
        f"{values_told(found)}{doubt}",
        f"add it to `consolidation: {{codes: …}}` in {codebook.path}, such as "
        "`unconsolidated accounts: U1`; {lists_values(one_line(column))}",
    )
    return kinds, [problem]


def preferred(kinds: pd.Series, keys: Sequence[pd.Series], prefer: Sequence[str]) -> pd.Series:
    """Return which rows to keep: of each firm (and year) the kind that comes first.

    Parameters
    ----------
    kinds
        Kind of accounts per row; null where the file does not say, which comes last.
    keys
        What makes rows belong together: firm, or firm and year.
    prefer
        Kinds in the order of preference. Others are not kept.
    """
    rank = kinds.map({kind: place for place, kind in enumerate(prefer)}).astype("Float64")
    rank = rank.mask(kinds.isna(), float(len(prefer)))
    best = rank.groupby(list(keys), dropna=False).transform("min")
    return rank.eq(best).fillna(False).astype(bool)


def kept_by_kind(kinds: pd.Series) -> dict[str, Any]:
    """Return how many rows of each kind there are."""
    counts = kinds.fillna("not said").value_counts()
    return {str(kind): int(count) for kind, count in counts.items()}


# --- which rows are kept ------------------------------------------------------------------------


@dataclass(frozen=True)
class Choice:
    """The firms' identifiers and which rows are kept."""

    ids: pd.Series
    kept: pd.Series
    kinds: dict[str, int]
    other_kinds: int
    ids_unfit: int
    problems: list[Problem]

    def counts(self) -> dict[str, Any]:
        """Return what :class:`Books` says of the rows that were chosen and left out."""
        return {"kinds": self.kinds, "other_kinds": self.other_kinds, "ids_unfit": self.ids_unfit}


def choose_rows(
    raw: pd.DataFrame,
    ids: Answers,
    keys: list[pd.Series],
    kept: pd.Series,
    layout: Layout,
    codebook: Codebook,
) -> Choice:
    """Choose between consolidated and other accounts of one firm (and year)."""
    kind, currencies = layout.kind, layout.currencies
    problems = list(ids.problems)
    counts: dict[str, int] = {}
    unfit = int((~kept).sum())
    others = 0
    if kind is not None:
        kinds, unknown = kinds_of(kind.name, without_tokens(raw[kind.name], codebook), codebook)
        problems += unknown
        best = preferred(kinds, keys, codebook.consolidation.prefer)
        others = int((kept & ~best).sum())
        kept = kept & best
        counts = kept_by_kind(kinds[kept])
    if currencies is not None:
        column = without_tokens(raw[currencies.name], codebook)[kept]
        problems += row_currency_problems(currencies.name, column, codebook)
    problems += _repeated([key[kept] for key in keys], ids, kind, codebook)
    return Choice(ids.values, kept, counts, others, unfit, problems)


def _repeated(
    keys: list[pd.Series], ids: Answers, kind: Header | None, codebook: Codebook
) -> Iterator[Problem]:
    """Yield rows without an identifier, and identifiers (of a year) that stand there twice."""
    table = pd.concat(keys, axis=1)
    place = f"firm_id (column '{one_line(' '.join(ids.columns))}')"
    blank = int(table.isna().any(axis=1).sum())
    if blank:
        lacking = "have none" if len(keys) == 1 else "lack it or the year"
        yield Problem(
            f"{place}: {counted_of(blank, len(table), 'row')} {lacking}.",
            f"remove empty rows from the file, or correct {codebook.path}",
        )
    repeated = table.dropna()
    repeated = repeated[repeated.duplicated(keep=False)]
    if len(repeated) == 0:
        return
    count = len(repeated.drop_duplicates())
    several = f"{counted(count, 'identifier')} occur"
    year = "" if len(keys) == 1 else " in the same year"
    remedy = (
        "remove the repeated rows, for instance with `rows:`"
        if kind is not None
        else "export the consolidation code and name it under `consolidation:`, so that one kind "
        "of accounts is kept, or remove the repeated rows"
    )
    yield Problem(
        f"{place}: {several} more than once{year} ({counted(len(repeated), 'row')}).",
        f"{remedy}; see {codebook.path}",
    )
