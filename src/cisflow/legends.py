"""What a file's columns and codes mean, in words: labels in the file, or in a table beside it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from cisflow.errors import CisflowError, Problem
from cisflow.extract import OpenExtract, column_names, read_extract

if TYPE_CHECKING:
    import pandas as pd

TABLES = (".csv", ".tsv", ".txt", ".xlsx")
# A table beside the file is its list of labels if it names this share of the file's columns.
KNOWN_COLUMNS = 0.5
LARGEST_LIST = 5_000_000  # bytes; no list of labels is as large
CODE = re.compile(r"(?:^|[;,|/])\s*(-?\w+)\s*[=:]\s*([^;,|=/]+?)\s*(?=$|[;,|/])")
TITLES = re.compile(r"label|descri|question|meaning|text|libell|bezeich", re.IGNORECASE)


@dataclass(frozen=True)
class Legend:
    """What columns and codes of a file mean, as far as somebody wrote it down.

    Attributes
    ----------
    columns
        From column to label.
    codes
        From column to its codes and what they mean.
    origin
        Where this is from, in words.
    """

    columns: dict[str, str] = field(default_factory=dict)
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    origin: str = "none"


def read_legend(path: Path, opened: OpenExtract, labels_file: Path | None = None) -> Legend:
    """Return what the columns of a file mean.

    Parameters
    ----------
    path
        The extract.
    opened
        The same, opened.
    labels_file
        A table with a row per column: its name, its label, and if it has them its codes
        (``1=Yes; 2=No``). Without one, the labels are those in the file, else those of a table in
        the same folder that names at least half of the columns.

    Raises
    ------
    CisflowError
        The table asked for cannot be read or does not name the columns.
    """
    if labels_file is not None:
        found = _table_of(labels_file, opened.names)
        if found is None:
            what = f"no column of the table names the columns of {path.name}"
            remedy = "give a row per variable: its name, its label, and if known its codes"
            raise CisflowError(labels_file.as_posix(), Problem(what, remedy))
        return found
    if opened.labels or opened.value_labels:
        return Legend(opened.labels, opened.value_labels, "the file itself")
    for beside in sorted(path.resolve().parent.iterdir()):
        if beside.suffix.lower() not in TABLES or beside == path.resolve():
            continue
        if beside.stat().st_size > LARGEST_LIST:
            continue
        try:
            found = _table_of(beside, opened.names)
        except CisflowError:
            continue  # a file that happens to lie there and is none of ours
        if found is not None:
            return found
    return Legend()


def _table_of(file: Path, names: Sequence[str]) -> Legend | None:
    """Return the labels in a table, or None if it is not about these columns."""
    if len(column_names(file)) < 2:
        return None
    table = read_extract(file)
    wanted = {name.casefold(): name for name in names}
    known = {c: int(table[c].str.casefold().isin(wanted).sum()) for c in table.columns}
    where = max(known, key=lambda column: known[column])
    if known[where] < KNOWN_COLUMNS * len(names):
        return None
    listed = table[table[where].str.casefold().isin(wanted)].drop_duplicates(where)
    index = listed[where].str.casefold().map(wanted)
    rest = listed.drop(columns=where).set_axis(index, axis=0)
    label = _label_column(rest)
    columns = {str(k): str(v) for k, v in rest[label].dropna().items()}
    return Legend(columns, _codes_in(rest), f"{file.name}, column '{label}'")


def _label_column(rest: pd.DataFrame) -> str:
    """Return the column that tells most: by its title, else by its different and longest texts."""
    candidates = [c for c in rest.columns if TITLES.search(c)] or list(rest.columns)
    return max(candidates, key=lambda c: (rest[c].nunique(), rest[c].str.len().mean()))


def _codes_in(rest: pd.DataFrame) -> dict[str, dict[str, str]]:
    """Return codes that some column of the table lists, as in ``1=Yes; 2=No``."""
    codes: dict[str, dict[str, str]] = {}
    for column in rest:
        for name, text in rest[column].dropna().items():
            pairs = dict(CODE.findall(text))
            if len(pairs) > 1 and len(pairs) > len(codes.get(str(name), {})):
                codes[str(name)] = pairs
    return codes
