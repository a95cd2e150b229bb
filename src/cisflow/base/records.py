"""How results are written: text files with the digits that are meant, stamped when synthetic."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
import pandas as pd
import pyarrow as pa

from cisflow.base.paths import shown
from cisflow.base.private import private
from cisflow.base.problems import CisflowError, Problem
from cisflow.base.texts import as_written, no_formula

# More digits than any survey carries, fewer than processors disagree on.
FLOAT_FORMAT = "%.8g"


@dataclass(frozen=True)
class Table:
    """A stage's table, declared once: the columns in their order, and which of them are numbers.

    All others are text. In a file a missing number is empty, and so is an empty text; wave 2010
    stays a name, and NA stays Namibia. A text that is usually the same has it where a row, or a
    file of an earlier version, says nothing.
    """

    columns: tuple[str, ...]
    numbers: frozenset[str]
    usual: tuple[tuple[str, str], ...] = ()

    @classmethod
    def of(cls, *parts: str, numbers: Iterable[str], **usual: str) -> Self:
        """Return the table with these columns."""
        return cls(parts, frozenset(numbers), tuple(usual.items()))

    @property
    def text(self) -> tuple[str, ...]:
        """The columns that are no numbers."""
        return tuple(column for column in self.columns if column not in self.numbers)

    def frame(self, rows: Iterable[Mapping[str, Any]], **usual: str) -> pd.DataFrame:
        """Return rows as the table; what a row lacks is null, or the text ``usual`` or empty."""
        silent = {**dict.fromkeys(self.text, ""), **dict(self.usual), **usual}
        return pd.DataFrame([{**silent, **row} for row in rows], columns=list(self.columns))

    def read(self, files: Iterable[Path | str]) -> pd.DataFrame:
        """Return the rows of files that :func:`write_table` wrote, one below the other."""
        kinds = dict.fromkeys(self.text, "str")
        empty = {column: [""] for column in self.numbers}
        options: dict[str, Any] = {"keep_default_na": False, "na_values": empty}
        tables = []
        for file in files:
            with whole(file):
                table = pd.read_csv(file, dtype=kinds, **options)
                if not Path(file).read_bytes().endswith(b"\n") or "data" not in table:
                    raise ValueError(file)  # cut off: its writer ends a line by the stamp
                tables.append(self._whole(table))
        found = pd.concat(tables, ignore_index=True)
        found = found.assign(**{c: found[c].map(as_written) for c in found.columns if c in kinds})
        return found.astype(dict.fromkeys(self.numbers & {*found.columns}, "float64"))

    def _whole(self, table: pd.DataFrame) -> pd.DataFrame:
        """Return a file's rows with the columns it lacks as they usually are."""
        absent = {name: text for name, text in self.usual if name not in table}
        order = [name for name in self.columns if name in table or name in absent]
        others = [name for name in table if name not in self.columns]
        return table.assign(**absent)[[*order, *others]] if absent else table


def small_tables() -> None:
    """Let pandas keep texts as Python's own for the rest of the process.

    Aggregates are tables of a few hundred rows, of which a job asks thousands of small questions;
    Arrow takes longer to begin with one of them than Python to answer it.
    """
    pd.options.mode.string_storage = "python"


def write_table(table: pd.DataFrame, file: Path | str, stamp: str) -> None:
    """Write a table as CSV; its last column says in every row what kind of data it rests on.

    Parameters
    ----------
    table
        Aggregates, any shape.
    file
        The CSV.
    stamp
        :attr:`cisflow.study.run.Run.stamp`, such as ``SYNTHETIC`` or ``real``.
    """
    texts = table.select_dtypes(exclude="number")
    told = {c: texts[c].map(no_formula) for c in texts}
    harmless = table.assign(**{**told, "data": stamp})
    harmless.to_csv(
        private(file), index=False, float_format=FLOAT_FORMAT, lineterminator="\n", encoding="utf-8"
    )


def write_record(record: Mapping[str, Any], file: Path | str, stamp: str) -> None:
    """Write a record as JSON; its key ``data`` says what kind of data it rests on."""
    text = json.dumps(rounded({**record, "data": stamp}), indent=1, ensure_ascii=False)
    private(file).write_text(text + "\n", encoding="utf-8")


def read_record(file: Path | str) -> dict[str, Any]:
    """Return what :func:`write_record` wrote; a damaged file is refused in words."""
    with whole(file):
        return json.loads(Path(file).read_text(encoding="utf-8"))


def write_firms(firms: pd.DataFrame, file: Path | str) -> None:
    """Write rows of firms as Parquet, for nobody else to read, each page with its checksum."""
    firms.to_parquet(private(file), write_page_checksum=True)


def read_firms(file: Path | str) -> pd.DataFrame:
    """Return what :func:`write_firms` wrote; a damaged file is refused in words."""
    with whole(file):
        return pd.read_parquet(file, page_checksum_verification=True)


@contextmanager
def whole(file: Path | str) -> Iterator[None]:
    """Say of a file which a run made, and which cannot be read, how it is made again.

    Raises
    ------
    CisflowError
        The file is cut off or damaged, or is not there.
    """
    try:
        yield
    except (ValueError, KeyError, OSError, pa.ArrowException):
        problem = Problem(
            "the file is damaged or cut off, which an interrupted copy or a full disk may do",
            "delete it and run again: it is made anew from what comes before it",
        )
        raise CisflowError(shown(file), problem) from None


def rounded(value: Any) -> Any:
    """Return ``value`` in JSON types, numbers with the digits of :data:`FLOAT_FORMAT`."""
    if isinstance(value, Mapping):
        return {str(k): rounded(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [rounded(v) for v in value]
    if isinstance(value, bool | np.bool_):
        return bool(value)
    if isinstance(value, int | np.integer):
        return int(value)
    if isinstance(value, float | np.floating):
        return float(FLOAT_FORMAT % value) if np.isfinite(value) else None
    return value if value is None else str(value)
