"""What a file's columns and codes mean, in words: labels in the file, or in a table beside it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from cisflow.base.paths import shown
from cisflow.base.problems import CisflowError, Problem
from cisflow.raw.extract import OpenExtract, code_key, column_names, read_extract
from cisflow.raw.opened import WHOLE
from cisflow.raw.sheets import WORKBOOKS
from cisflow.raw.single import refusing, sheets_of

TABLES = (".csv", ".tsv", ".txt", *WORKBOOKS)
MOST_SHEETS = 30  # of a workbook that are looked through for labels
# A table beside the file is its list of labels if it names this share of the file's columns; a
# table of codes need name fewer.
KNOWN_COLUMNS = 0.5
SOME_COLUMNS = 0.1
LONGEST_CELL = 1000  # letters
LARGEST_LIST = 5_000_000  # bytes; no list of labels is as large
# Codes and what they mean in one cell. Where a code begins, by what stands behind it; the first of
# those that find most codes counts.
BEGINNINGS = [
    re.compile(rf"(?:^|(?<=[\s;,|/{opening}]))(-?\d{{1,8}})\s*{mark}\s*")
    for mark, opening in (
        ("=", "("),
        (":", "("),
        (r"\)", ""),
        (r"\.(?=\s)", "("),
        (r"[-–](?=\s)", "("),
    )
]
SPACED_CODES = re.compile(r"(?:^|[;,|/\n])\s*(-?\d{1,8})\s+([^\W\d][^;,|/\n]*)")
CODES_BEHIND = re.compile(r"([^=:;,|()\n]+?)\s*[=:(]\s*(-?\d{1,8})\)?(?=\s*(?:[;,|/\n]|$))")
# A legend of one code, of a box that is ticked or left blank.
ONE_CODE = re.compile(r"-?\d{1,8}\s*=\s*[^\d\s=][^=]*")
TITLES = re.compile(
    r"label|descri|question|meaning|text|libell|bezeich|etiquet|omschr", re.IGNORECASE
)


@dataclass(frozen=True)
class Legend:
    """What columns and codes of a file mean, as far as somebody wrote it down."""

    columns: dict[str, str] = field(default_factory=dict)  # from column to label
    # From column to its codes and what they mean.
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    origin: str = "none"  # where this is from, in words


def read_legend(path: Path, opened: OpenExtract, labels_files: Sequence[Path] = ()) -> Legend:
    """Return what the columns of a file mean.

    Parameters
    ----------
    path
        The extract.
    opened
        The same, opened.
    labels_files
        Tables with a row per column (its name, its label, and if it has them its codes, such as
        ``1=Yes; 2=No``) or a row per code (name, code, label); every sheet of a workbook is one.
        Without any, the labels are those in the file, else those of tables in the same folder.

    Raises
    ------
    CisflowError
        A table asked for cannot be read or does not name the columns.
    """
    if labels_files:
        return _merged([_asked_for(file, path, opened.names) for file in labels_files])
    if opened.labels or opened.value_labels:
        return Legend(opened.labels, opened.value_labels, "the file itself")
    found: list[tuple[bool, Legend]] = []
    years = set(re.findall(r"\d{2,4}", path.stem))
    for beside in sorted(path.resolve().parent.iterdir()):
        if beside.suffix.lower() not in TABLES or beside == path.resolve():
            continue
        if not beside.is_file() or beside.stat().st_size > LARGEST_LIST:
            continue
        try:
            legends = _legends_of(beside, opened.names, KNOWN_COLUMNS)
        except CisflowError:
            continue  # a file that happens to lie there and is none of ours
        other = bool(years) and years.isdisjoint(re.findall(r"\d{2,4}", beside.stem))
        found += [(other, legend) for legend in legends]
    # Of the tables of several waves that of the same year comes first, then what tells more.
    found.sort(key=lambda entry: (entry[0], -len(entry[1].columns)))
    return _merged([legend for _, legend in found])


def _asked_for(file: Path, path: Path, names: Sequence[str]) -> Legend:
    found = _legends_of(file, names, 0.0)
    if not found:
        what = f"no column of the table names the columns of {path.name}"
        remedy = "give a row per variable: its name, its label, and if known its codes"
        raise CisflowError(file.as_posix(), Problem(what, remedy))
    return _merged(found)


def _merged(found: Sequence[Legend]) -> Legend:
    """Return one legend of several; of two labels of a column the first table's counts."""
    if not found:
        return Legend()
    columns: dict[str, str] = {}
    codes: dict[str, dict[str, str]] = {}
    for legend in found:
        columns = {**legend.columns, **columns}
        codes = {**legend.codes, **codes}
    return Legend(columns, codes, "; ".join(dict.fromkeys(legend.origin for legend in found)))


def _legends_of(file: Path, names: Sequence[str], share: float) -> list[Legend]:
    """Return the labels in the tables of a file that are about these columns."""
    tables: list[tuple[str, dict[str, Any]]] = [(file.name, {})]
    if file.suffix.lower() in WORKBOOKS:
        with refusing(shown(file)):
            sheets = list(sheets_of(file))[:MOST_SHEETS]
        tables = [(f"{file.name}, sheet '{sheet}'", {"sheet": sheet}) for sheet in sheets]
    found = [_table_of(file, names, share, place, how) for place, how in tables]
    return [legend for legend in found if legend is not None]


def _table_of(
    file: Path, names: Sequence[str], share: float, place: str, how: dict[str, Any]
) -> Legend | None:
    """Return the labels in a table, or None if it is not about these columns."""
    how = {**how, **WHOLE}
    if len(column_names(file, how)) < 2:
        return None
    table = _with_first_row(read_extract(file, options=how), names)
    wanted = {name.casefold(): name for name in names}
    filled = table.ffill() if table.iloc[:, 0].isna().any() else table
    known = {c: filled[c].str.strip().str.casefold() for c in table.columns}
    where = max(known, key=lambda c: known[c][known[c].isin(wanted)].nunique())
    here = known[where].isin(wanted)
    named = known[where][here].nunique()
    several = bool(here.sum() > named)  # a row per code
    if named < (min(SOME_COLUMNS, share) if several else share) * len(names) or named == 0:
        return None
    listed = table[here].assign(**{where: known[where][here].map(wanted)})
    if several:
        return _row_per_code(listed, where, place)
    rest = listed.set_index(where)
    label = _label_column(rest)
    columns = {str(k): str(v) for k, v in rest[label].dropna().items()}
    return Legend(columns, _codes_in(rest), f"{place}, column '{label}'")


def _with_first_row(table: pd.DataFrame, names: Sequence[str]) -> pd.DataFrame:
    """Return a table with its header as a row, if that is one: a list without titles."""
    wanted = {name.casefold() for name in names}
    if not any(str(title).strip().casefold() in wanted for title in table.columns):
        return table
    titles = [f"column {i}" for i in range(1, table.shape[1] + 1)]
    header = pd.DataFrame([list(table.columns)], columns=titles, dtype="string")
    return pd.concat([header, table.set_axis(titles, axis=1)], ignore_index=True)


def _row_per_code(listed: pd.DataFrame, where: str, place: str) -> Legend:
    """Return labels of a table that has a row for every code of a column."""
    groups = listed.groupby(where)
    others = [c for c in listed.columns if c != where]
    # The column's own label is the same in all its rows, or stands in the first alone.
    alike = [c for c in others if groups[c].nunique().max() <= 1 and listed[c].notna().any()]
    varied = [c for c in others if c not in alike and listed[c].notna().any()]
    columns: dict[str, str] = {}
    if alike:
        label = _label_column(listed[alike])
        columns = {str(k): str(v) for k, v in groups[label].first().dropna().items()}
    codes: dict[str, dict[str, str]] = {}
    if len(varied) >= 2:
        lengths = {c: listed[c].dropna().str.len().mean() for c in varied}
        code = min(varied, key=lambda c: (-_numbers_in(listed[c]), lengths[c]))
        label = max((c for c in varied if c != code), key=lambda c: lengths[c])
        for name, rows in listed.dropna(subset=[code, label]).groupby(where):
            pairs = zip(rows[code], rows[label], strict=True)
            codes[str(name)] = {code_key(c.strip()): text for c, text in pairs}
    return Legend(columns, codes, place)


def _numbers_in(column: pd.Series) -> float:
    return float(column.dropna().str.fullmatch(r"-?\d+(\.0*)?").mean())


def _label_column(rest: pd.DataFrame) -> str:
    """Return the column that tells most: by its title, else by its different and longest texts."""
    candidates = [c for c in rest.columns if TITLES.search(c) and rest[c].notna().any()]
    candidates = candidates or [c for c in rest.columns if rest[c].notna().any()]
    candidates = candidates or list(rest.columns)
    return max(candidates, key=lambda c: (rest[c].nunique(), rest[c].str.len().mean()))


def _codes_in(rest: pd.DataFrame) -> dict[str, dict[str, str]]:
    """Return codes that some column of the table lists, as in ``1=Yes; 2=No``."""
    codes: dict[str, dict[str, str]] = {}
    for column in rest:
        for name, text in rest[column].dropna().items():
            pairs = listed_codes(text)
            if len(pairs) > len(codes.get(str(name), {})):
                codes[str(name)] = pairs
    return codes


def listed_codes(text: str) -> dict[str, str]:
    """Return the codes a text lists and what they mean; empty if it lists none.

    ``1=Yes; 2=No``, ``1: ja, 2: nein``, ``0 - No 1 - Yes``, ``1 Yes, 2 No``, ``Yes=1, No=2`` and
    ``no (0), yes (1)``.
    """
    text = re.sub(r"[\"'{}\[\]](?![a-z])", "", text[:LONGEST_CELL])
    found = [list(beginning.finditer(text)) for beginning in BEGINNINGS]
    starts = max(found, key=len)
    ends = [*(start.start() for start in starts[1:]), len(text)]
    pairs = [(m[1], text[m.end() : end]) for m, end in zip(starts, ends, strict=False)]
    if len(pairs) < 2 and not ONE_CODE.fullmatch(text.strip()):
        pairs = SPACED_CODES.findall(text)
    if len(pairs) < 2 and not ONE_CODE.fullmatch(text.strip()):
        pairs = [(code, said) for said, code in CODES_BEHIND.findall(text)]
    told = [
        (code, re.split(r"[;|\n]| / ", said, maxsplit=1)[0].strip(" \t,/")) for code, said in pairs
    ]
    known = {
        code_key(code): said.removesuffix(")") if "(" not in said else said for code, said in told
    }
    return known if len(known) > 1 or ONE_CODE.fullmatch(text.strip()) else {}
