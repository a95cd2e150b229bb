"""From the text in an extract's columns to canonical answers, counting what does not fit."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from functools import reduce
from typing import Any

import numpy as np
import pandas as pd

from cisflow.base.documents import close_names, columns_told, did_you_mean
from cisflow.base.paths import Paths, files_of, shown
from cisflow.base.problems import (
    CisflowError,
    Problem,
    Unrecognised,
    counted,
    counted_of,
    lists_values,
    values_told,
)
from cisflow.raw.extract import Extract, open_extract, selected
from cisflow.raw.extract import code_key as _key
from cisflow.study.canonical import COUNTS, FLAGS, MONEY, PERCENT, SIGNED, SPENDING, TEXT
from cisflow.study.codebook import ABOVE_ZERO, Codebook, Screen, Variable
from cisflow.survey.labels import contradiction, in_codes, one_line
from cisflow.survey.marks import doubtful_decimals, like_thousands

# A code is short; anything longer in a coded column may be an amount or a name and is not shown.
LONGEST_CODE = 5
# Numbers that are dates: another column was meant.
DATE = r"\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}(\D.*)?"
MOST_CODES = 8


@dataclass
class Answers:
    """What the firms of an extract answered to one question."""

    values: pd.Series  # canonical values, shape (n,): dtype `boolean`, `float64` or `string`
    # Whether the firm's value did not fit and is missing for that reason, shape (n,).
    invalid: pd.Series
    columns: list[str] = field(default_factory=list)  # columns of the file they come from
    problems: list[Problem] = field(default_factory=list)  # what the file's owner has to mend


class Columns:
    """The columns of an extract by name, whatever their capitals."""

    def __init__(self, names: Collection[str]):
        self.names = list(names)
        self._by_key = {name.casefold(): name for name in names}

    def find(self, name: str) -> str | None:
        """Return the column as the file writes it, or None if the file lacks it."""
        return self._by_key.get(name.casefold())

    def resolve(self, variable: str, codebook: Codebook) -> tuple[list[str], list[Problem]]:
        """Return the columns ``variable`` is made of, and what is wrong with them.

        No columns and no problem means that the file may lack the variable, and does.
        """
        asked = codebook.variables[variable]
        found: list[str] = []
        problems: list[Problem] = []
        for names in asked.alternatives:
            here = [column for name in names if (column := self.find(name))]
            if len(here) > 1:
                both = " and ".join(f"'{column}'" for column in here)
                what = f"the file has both {both}"
                remedy = f"say in {codebook.path} which one it is: `name: {here[0]}`"
                problems.append(Problem(what, remedy, variable))
            found += here[:1]
        # Some columns of several that belong together are never quietly left out.
        absent = [names for names in asked.alternatives if not any(map(self.find, names))]
        if absent and (found or asked.required):
            problems.append(self._absence(variable, absent, codebook, in_part=bool(found)))
        return found, problems

    def unexpected(self, codebook: Codebook) -> Iterator[Problem]:
        """Yield what columns of the file tell that it is of another kind than the codebook."""
        for sign in codebook.unexpected:
            here = [column for name in sign.columns if (column := self.find(name))]
            if here:
                listed = ", ".join(f"'{column}'" for column in here)
                what = f"the file has {listed}: {sign.meaning}"
                yield Problem(what, sign.remedy)

    def instead_of(self, name: str, then: str) -> str:
        """Return the remedy for a name that is no column: near ones, or what columns there are."""
        word, names = name.casefold(), [column.casefold() for column in self.names]
        if not names or close_names(word, names):
            return did_you_mean(word, names, then)
        return f"{columns_told(self.names, 8)}; {then}"

    def _absence(
        self, variable: str, absent: list[tuple[str, ...]], codebook: Codebook, *, in_part: bool
    ) -> Problem:
        wanted = ", ".join(" or ".join(f"'{name}'" for name in names) for names in absent)
        # Of columns that belong together a file has all or none, whether they are required or not.
        instead = f"take it out: `{variable}: null`" if in_part else "set `required: false`"
        then = f"correct `{variable}:` in {codebook.path}, or if the file cannot have it {instead}"
        remedy = self.instead_of(absent[0][0], then)
        return Unrecognised(f"column {wanted} is not in the file", remedy, variable)


@dataclass(frozen=True)
class Delivery:
    """The part of an extract that its codebook asks for."""

    raw: pd.DataFrame  # the extract as text, shape (rows kept, columns needed)
    # Per variable the columns it is made of; a variable the file lacks is absent.
    columns: dict[str, list[str]]
    screens: dict[str, str]  # per variable the column of its screening question, if the file has it
    rows: int  # number of rows of the file
    # Variables whose columns were not found or not unique, or whose labels contradict the codes.
    problems: list[Problem]
    read_as: str = ""  # how the file was read, in words
    # Per column how many rows are missing for which declared reason.
    reasons: dict[str, dict[str, int]] = field(default_factory=dict)
    # Per file joined to the first how many rows met a partner.
    joined: dict[str, Any] = field(default_factory=dict)
    # How many rows of the file were no firms, by kind.
    left_out: dict[str, int] = field(default_factory=dict)


def read_rows(path: Paths, codebook: Codebook, heading: str) -> Delivery:
    """Read the rows and columns of an extract that its codebook asks for.

    Raises
    ------
    CisflowError
        The file cannot be read, or none of its rows is asked for.
    """
    opened = open_extract(path, codebook.file.options, heading)
    present = Columns(opened.names)
    columns: dict[str, list[str]] = {}
    screens: dict[str, str] = {}
    problems: list[Problem] = []
    for variable, asked in codebook.variables.items():
        found, wrong = present.resolve(variable, codebook)
        problems += wrong
        if found or asked.made:
            columns[variable] = found
        if asked.screen and (screen := present.find(asked.screen.name)):
            screens[variable] = screen
    problems += present.unexpected(codebook)
    problems = [*_another_file(problems, codebook, path), *problems]
    selectors = {column: present.find(column) for column in codebook.rows}
    absent = [column for column, found in selectors.items() if found is None]
    if absent:
        what = f"rows: column '{absent[0]}' is not in the file"
        remedy = present.instead_of(absent[0], f"correct `rows:` in {codebook.path}")
        raise CisflowError(heading, Problem(what, remedy))
    needed = {column for found in columns.values() for column in found}
    needed |= {*screens.values(), *filter(None, selectors.values())}
    wanted = selected({"select": {**codebook.rows, **codebook.file.select}})
    extract = opened.read(needed, wanted)
    if len(extract.table) == 0:
        raise CisflowError(heading, _no_rows(extract, codebook))
    raw, read_as, more = _translated(extract, columns, screens, codebook)
    return Delivery(
        raw,
        columns,
        screens,
        extract.rows,
        [*problems, *more],
        read_as,
        extract.reasons,
        extract.joined,
        extract.left_out,
    )


def _another_file(problems: list[Problem], codebook: Codebook, path: Paths) -> list[Problem]:
    """Say that most columns are missing, so that the cause is sought in the file as a whole."""
    needed = [v for v, s in codebook.variables.items() if s.required and s.constant is None]
    lacking = len({problem.about for problem in problems} & set(needed))
    if lacking < max(3, len(needed) / 2):
        return []
    what = f"{lacking} of the {len(needed)} variables of {codebook.path} are not in the file"
    remedy = (
        "is it the file, the wave and the sheet meant, with the names of its columns in its first "
        f"row? `cisflow inspect {shown(files_of(path)[0])}` tells which codebook fits best"
    )
    return [Problem(what, remedy)]


def _no_rows(extract: Extract, codebook: Codebook) -> Problem:
    if extract.rows == 0:
        return Problem("the file has a header and no rows", "export it once more")
    rows, select = codebook.rows, codebook.file.select
    asked = ", ".join(f"{column} = {value}" for column, value in {**rows, **select}.items())
    found = "; ".join(
        f"column '{column}' has {', '.join(values[:10])}"
        for column, values in extract.found.items()
        if values
    )
    places = [*([f"`rows:` in {codebook.path}"] * bool(rows))]
    places += ["`select:` in the config"] * bool(select)
    what = f"none of the file's rows has {asked}"
    return Problem(what, f"correct {' or '.join(places)}: {found or 'the wrong column?'}")


def _translated(
    extract: Extract, columns: dict[str, list[str]], screens: dict[str, str], codebook: Codebook
) -> tuple[pd.DataFrame, str, list[Problem]]:
    """Return the rows with labels turned into the codebook's codes, and in which columns."""
    raw, problems, decoded = extract.table.copy(deep=False), [], []
    coded: list[tuple[str, str, Mapping[str, Any] | None, Variable | Screen]] = [
        (variable, column, codebook.variables[variable].codes, codebook.variables[variable])
        for variable, own in columns.items()
        for column in own
    ]
    for variable, column in screens.items():
        if screen := codebook.variables[variable].screen:
            coded.append((variable, column, screen.codes or codebook.yes_no, screen))
    for variable, column, codes, part in coded:
        if codes is None:
            continue
        labels = extract.value_labels.get(column, {})
        place = f"{variable} (column '{one_line(column)}')"
        against = contradiction(place, raw[column], codes, labels, codebook.path)
        if against:
            problems.append(against)
            continue
        raw[column], done = in_codes(raw[column], codes, labels, codebook.no_answer(part))
        decoded += [column] * (done and column not in decoded)
    labelled = f", labels instead of codes in {', '.join(decoded)}" if decoded else ""
    return raw, f"{extract.read_as}{labelled}", problems


def read_answers(
    variable: str, columns: list[str], raw: pd.DataFrame, codebook: Codebook, country: str
) -> Answers:
    """Apply a codebook to the columns of one variable.

    Parameters
    ----------
    variable
        A canonical variable the codebook maps.
    columns
        The columns it is made of, as :meth:`Columns.resolve` found them.
    raw
        The extract as text, from :func:`cisflow.raw.extract.read_extract`.
    country
        Two-letter code, for codes that depend on it.
    """
    asked = codebook.variables[variable]
    if asked.constant is not None:
        values = pd.Series(asked.constant, index=raw.index, dtype=_kind(variable))
        return Answers(values, values.isna())
    if asked.row_number:
        # With the year, so that rows of two waves are not taken for the same firm.
        numbers = [f"{codebook.reference_year}-{i}" for i in range(1, len(raw) + 1)]
        values = pd.Series(numbers, index=raw.index, dtype="string")
        return Answers(values, values.isna())
    parts = [read_column(variable, column, raw[column], codebook, country) for column in columns]
    if asked.blank_is_zero:
        # One of several boxes was ticked, or answered: the blank ones were not.
        seen, none = raw[columns].notna().any(axis=1), False if variable in FLAGS else 0.0
        for column, part in zip(columns, parts, strict=True):
            part.values = part.values.mask(raw[column].isna() & seen, none)
    if asked.any_of:
        values = any_yes([part.values for part in parts])
    else:
        values = reduce(lambda total, part: total + part.values, parts[1:], parts[0].values)
    problems = [problem for part in parts for problem in part.problems]
    return Answers(values, any_yes([part.invalid for part in parts]), columns, problems)


def _kind(variable: str) -> str:
    return "boolean" if variable in FLAGS else "string" if variable in TEXT else "float64"


def any_yes(flags: list[pd.Series]) -> pd.Series:
    """Return yes where one is yes, no where all are no, else missing (three-valued logic)."""
    return reduce(lambda one, other: one | other, flags)


def read_column(
    variable: str, column: str, text: pd.Series, codebook: Codebook, country: str
) -> Answers:
    """Return the answers in one column; see :func:`read_answers`."""
    asked = codebook.variables[variable]
    place = f"{variable} (column '{one_line(column)}')"
    if variable in TEXT and asked.codes is None:
        blank = text.str.casefold().isin({t.casefold() for t in codebook.no_answer(asked)})
        return Answers(text.mask(blank), blank & False)
    key = _answered(text, codebook.file.decimal or ".", codebook, asked)
    if asked.codes is not None:
        codes = {c.replace("{country}", country): value for c, value in asked.codes.items()}
        return _coded(
            place, column, key, codes, _kind(variable), asked.invalid == "missing", codebook
        )
    return _number(variable, place, key, codebook)


def read_flag(column: str, text: pd.Series, codebook: Codebook, screen: Screen) -> Answers:
    """Return the answers to a screening question, coded as ``yes_no`` unless it says otherwise."""
    key = _answered(text, ".", codebook, screen)
    place = f"screening question (column '{one_line(column)}')"
    return _coded(place, column, key, screen.codes or codebook.yes_no, "boolean", False, codebook)


def _answered(
    text: pd.Series, decimal: str, codebook: Codebook, part: Variable | Screen
) -> pd.Series:
    """Return texts as codes are compared; null where they stand for no answer."""
    keys = {value: _key(value, decimal) for value in text.dropna().unique()}
    key = text.map(keys).astype("string")
    return key.mask(key.isin({_key(token, ".") for token in codebook.no_answer(part)}))


def _coded(
    place: str,
    column: str,
    key: pd.Series,
    codes: Mapping[str, Any],
    kind: str,
    lenient: bool,
    codebook: Codebook,
) -> Answers:
    known = {_key(c, "."): value for c, value in codes.items() if c not in ("*", ABOVE_ZERO)}
    values = key.map(known).astype(kind)
    unknown = key.notna() & ~key.isin(list(known))
    if ABOVE_ZERO in codes:
        above = unknown & pd.to_numeric(key, errors="coerce").gt(0).fillna(value=False)
        values, unknown = values.mask(above, codes[ABOVE_ZERO]), unknown & ~above
    if "*" in codes:
        return Answers(values.mask(unknown, codes["*"]), unknown & False)
    count = int(unknown.sum())
    if count == 0 or lenient:
        return Answers(values, unknown)
    found = key[unknown].value_counts()
    permitted = "/".join(codes)
    doubt = "" if _like_codes(found) else ", too many or too long for codes: the right column?"
    what = f"outside the codes {permitted}: {values_told(dict(found))}{doubt}."
    remedy = (
        f"add them to `codes:` in {codebook.path}, or if they stand for no answer list them "
        "under `missing:`; `invalid: missing` takes all of them for no answer; "
        f"{lists_values(one_line(column))}"
    )
    return Answers(values, unknown, problems=[Problem(what, remedy, place, count)])


def _like_codes(found: pd.Series) -> bool:
    """Return whether values look like codes: short ones, and few different ones."""
    return bool(len(found) <= MOST_CODES and found.index.str.len().max() <= LONGEST_CODE)


def _number(variable: str, place: str, key: pd.Series, codebook: Codebook) -> Answers:
    numbers = pd.to_numeric(key, errors="coerce").astype("float64")
    text = key.notna() & ~np.isfinite(numbers)
    numbers = numbers.mask(text)
    factor = codebook.multiple(variable)
    outside, problems = _outside(variable, place, numbers, factor, codebook)
    if text.any():
        count = int(text.sum())
        what = f"{counted(count, 'value')} that are no numbers."
        remedy = f"list what stands for no answer under `missing:` in {codebook.path}"
        if key[text].str.fullmatch(DATE).mean() > 0.5:
            what = f"{counted(count, 'value')} that are dates."
            remedy = f"name the right column under `{variable}:` in {codebook.path}"
        elif codebook.file.figures:
            remedy += f"; the file's figures are read with {codebook.file.figures}"
        elif like_thousands(key[text]):
            remedy = (
                "export the file once more without signs between thousands, or if they are "
                f"decimals set `file: {{decimal: ','}}` in {codebook.path}"
            )
        elif codebook.file.decimal in (None, "."):
            remedy += "; if the file writes decimals with a comma, set `file: {decimal: ','}`"
        problems.insert(0, Problem(what, remedy, place, count))
    values = (numbers * factor).mask(outside)
    if variable in PERCENT:
        values = values.clip(0, 100)  # 1.0000001 × 100 is 100
    if codebook.variables[variable].invalid == "missing":
        problems = []
    problems += _thousands(variable, place, key[~text], codebook)
    return Answers(values, text | outside, problems=problems)


def _thousands(variable: str, place: str, key: pd.Series, codebook: Codebook) -> Iterator[Problem]:
    """Yield that the decimals of an amount may be thousands, wrong by a factor of 1,000."""
    stated = codebook.file.decimal or codebook.file.figures
    if stated or variable not in (*COUNTS, *MONEY, *SPENDING):
        return
    if count := doubtful_decimals(key):
        yield Problem(
            f"all values with a decimal sign ({counted(count, 'value')}) have three decimals, "
            "such as 9.999; are they thousands?",
            "export the file once more without signs between thousands, or if they are decimals "
            f"say so by `file: {{decimal: '.'}}` in {codebook.path}",
            place,
        )


def _outside(
    variable: str, place: str, numbers: pd.Series, factor: float, codebook: Codebook
) -> tuple[pd.Series, list[Problem]]:
    """Return which numbers lie outside the permitted range, and how to say so."""
    treat = f"or let `invalid: missing` take them for no answer, in {codebook.path}"
    too_low = numbers <= 0 if variable == "weight" else numbers < 0
    too_high = numbers * factor > 100 + 1e-6
    if variable in SIGNED:
        too_low = too_low & False
    if variable not in PERCENT:
        too_high = too_high & False
    problems = []
    if too_low.any():
        limit = "not above 0" if variable == "weight" else "below 0"
        remedy = f"if they are codes for no answer list them under `missing:`, {treat}"
        count = int(too_low.sum())
        problems.append(Problem(f"{counted(count, 'value')} {limit}.", remedy, place, count))
    percent = "(a share of turnover in percent)"
    if too_high.any():
        count = int(too_high.sum())
        what = f"{counted(count, 'value')} above 100 {percent}."
        remedy = (
            f"the file seems to hold percent: set `unit: percent` in {codebook.path}"
            if factor > 1 and numbers.max() <= 100
            else "if the file holds amounts the codebook names the wrong column; if they are codes "
            f"for no answer list them under `missing:`, {treat}"
        )
        problems.append(Problem(what, remedy, place, count))
    elif variable in PERCENT and factor == 1 and _looks_like_fractions(numbers):
        present = int(numbers.notna().sum())
        what = f"all values ({counted(present, 'value')}) lie between 0 and 1 {percent}."
        remedy = f"the file seems to hold fractions: set `unit: fraction` in {codebook.path}"
        problems.append(Problem(what, remedy, place, present))
    return too_low | too_high, problems


def _looks_like_fractions(numbers: pd.Series) -> bool:
    present = numbers.dropna()
    return len(present) > 0 and bool(present.le(1).all()) and bool((present % 1 > 0).any())


def weightless(weights: Answers | None, codebook: Codebook) -> Iterator[Problem]:
    """Yield that firms have no weight: neither one nor zero would be right for them."""
    if weights is None or not weights.columns:
        return
    blank = int((weights.values.isna() & ~weights.invalid).sum())
    if 0 < blank < len(weights.values):
        yield Problem(
            f"weight (column '{one_line(weights.columns[0])}'): "
            f"{counted_of(blank, len(weights.values), 'firm')} have none.",
            "get the weights from the data's owner, or leave these rows out of the file; "
            f"`weight: null` in {codebook.path} reads it without weights",
        )


def duplicates(ids: Answers | None, codebook: Codebook) -> Iterator[Problem]:
    """Yield what is wrong with the firms' identifiers."""
    if ids is None or not ids.columns:
        return
    place = f"firm_id (column '{one_line(ids.columns[0])}')"
    blank = int((ids.values.isna() & ~ids.invalid).sum())
    if blank:
        yield Problem(
            f"{counted_of(blank, len(ids.values), 'row')} have none.",
            "remove empty rows from the file, or name the right column under `firm_id:` in "
            f"{codebook.path}",
            place,
            blank,
        )
    repeated = ids.values.dropna()
    repeated = repeated[repeated.duplicated(keep=False)]
    if len(repeated):
        count = repeated.nunique()
        yield Problem(
            f"{counted(count, 'identifier')} occur more than once "
            f"({counted(len(repeated), 'row')}).",
            "a firm has one row: if the file pools waves or countries, choose one with `rows:` in "
            f"{codebook.path}; otherwise ask the data's owner for a corrected file",
            place,
            count,
        )
