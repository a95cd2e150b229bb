"""One file of an extract: open it, and read the rows and columns asked for."""

from __future__ import annotations

import gzip
import zipfile
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from cisflow.base.documents import did_you_mean
from cisflow.base.problems import CisflowError, Problem, told_codes
from cisflow.raw.delimited import WHOLE_LINES, open_text
from cisflow.raw.opened import Labels, Opened, Options, RawFile, UnreadableError, code_key
from cisflow.raw.packed import PACKED, raw_file
from cisflow.raw.progress import Progress
from cisflow.raw.sheets import WORKBOOKS, open_book, open_parquet, open_workbook
from cisflow.raw.statistical import READERS, open_statistical

R_FILES = (".rds", ".rdata", ".rda")


def _open_r(raw: RawFile, options: Options) -> Opened:
    """Open a file of R's; what takes it apart is loaded where there is one, not in every job."""
    from cisflow.raw.robjects import open_r

    return open_r(raw, options)


FORMATS: dict[str, Callable[[RawFile, Options], Opened]] = {
    **dict.fromkeys(READERS, open_statistical),
    **dict.fromkeys((".csv", ".tsv", ".txt"), open_text),
    **dict.fromkeys(WORKBOOKS, open_workbook),
    ".parquet": open_parquet,
    **dict.fromkeys(R_FILES, _open_r),
}
# A column with more different values than this tells no countries or waves apart.
MOST_VALUES = 50
MOST_COLUMNS, LONGEST_NAME = 20_000, 2000
MOST_CELLS = 1_000_000_000  # to be kept in memory


@dataclass(frozen=True)
class File:
    """One opened file of an extract."""

    path: Path
    raw: RawFile
    opened: Opened


@contextmanager
def refusing(heading: str) -> Iterator[None]:
    """Put the heading over what a reader refuses."""
    try:
        yield
    except UnreadableError as error:
        raise CisflowError(heading, error.problem) from None
    except (gzip.BadGzipFile, EOFError, zlib.error, zipfile.BadZipFile):
        problem = Problem(
            "the archive is damaged or truncated",
            "copy it once more; compare its size with that of the original",
        )
        raise CisflowError(heading, problem) from None


def open_file(path: Path, options: Options) -> File:
    """Open a file and learn its columns."""
    if path.is_dir():
        raise UnreadableError("this is a folder", "name the file in it under `file:` of the config")
    if path.exists() and not path.is_file():
        raise UnreadableError("this is no file, but a pipe or a device", "copy the data to a file")
    if not path.is_file():
        near = [p.name for p in path.parent.glob("*") if _is_data(p)]
        hint = f"; {did_you_mean(path.name, near)}" if near else ""
        raise UnreadableError(
            "the file does not exist",
            f"put it there or correct `file:` in the config (see data/README.md){hint}",
        )
    kinds = (*FORMATS, *PACKED)
    if path.suffix.lower() not in kinds:
        remedy = f"export it as {', '.join(kinds)}"
        raise UnreadableError(f"files ending in '{path.suffix}' cannot be read", remedy)
    if path.stat().st_size == 0:
        raise UnreadableError("the file is empty (0 bytes)", "copy or export it once more")
    raw = raw_file(path, options, tuple(FORMATS))
    if raw.suffix not in FORMATS:
        what = f"packed files ending in '{raw.suffix}' cannot be read"
        if not raw.suffix:
            what = "the name does not tell what is packed in it"
        remedy = f"let the name tell, as in firms.csv.gz; read are {', '.join(FORMATS)}"
        raise UnreadableError(what, remedy)
    opened = FORMATS[raw.suffix](raw, options)
    if len(opened.names) > MOST_COLUMNS:
        what = f"it has {len(opened.names):,} columns; no survey has more than {MOST_COLUMNS:,}"
        raise UnreadableError(what, WHOLE_LINES)
    if any(len(name) > LONGEST_NAME for name in opened.names):
        what = f"a column's name is longer than {LONGEST_NAME:,} letters"
        raise UnreadableError(what, WHOLE_LINES)
    _refuse_twins(opened.names)
    return File(path, raw, opened)


def _is_data(path: Path) -> bool:
    """Return whether a file may be what somebody meant who named an extract."""
    return path.suffix.lower() in (*FORMATS, *PACKED) and path.is_file()


def sheets_of(path: Path) -> dict[str, int]:
    """Return the sheets of a workbook, in their order, and how many cells each has room for."""
    book = open_book(raw_file(path, {}, tuple(FORMATS)))
    sizes = map(book.get_sheet_by_name, book.sheet_names)
    return {sheet.name: sheet.total_height * sheet.total_width for sheet in sizes}


def _refuse_twins(names: list[str]) -> None:
    seen = Counter(name.casefold() for name in names)
    twice = [name for name, count in seen.items() if count > 1]
    if twice:
        listed = ", ".join(repr(" ".join(name.split())) for name in twice[:5])
        raise UnreadableError(
            f"more than one column has the name {listed}",
            "rename or remove one of each; capitals do not make names different",
        )


def has_column(file: File, column: str) -> bool:
    """Return whether a file has a column, whatever its capitals."""
    return any(name.casefold() == column.casefold() for name in file.opened.names)


def own_name(file: File, column: str) -> str:
    """Return a column as the file writes it."""
    return next(name for name in file.opened.names if name.casefold() == column.casefold())


@dataclass
class Rows:
    """What was read from one file."""

    table: pa.Table
    rows: int
    reasons: dict[str, Counter[str]]
    found: dict[str, list[str]]

    def labelled(self, labels: Labels) -> dict[str, dict[str, int]]:
        """Return the reasons with their labels, and how often each occurs."""
        return {
            name: {
                f"{code} ({label})" if (label := labels.get(name, {}).get(code)) else code: n
                for code, n in sorted(counts.items())
            }
            for name, counts in self.reasons.items()
            if counts
        }


def read_file(file: File, names: list[str], conditions: dict[str, set[str]], heading: str) -> Rows:
    """Read the rows that meet all conditions."""
    opened = file.opened
    needed = [*names, *(column for column in conditions if column not in names)]
    # Readers want at least one column to count the rows by.
    needed = needed or opened.names[:1]
    progress = Progress(heading)
    tables, count, rows = [], 0, 0
    reasons: dict[str, Counter[str]] = {}
    found: dict[str, Counter[str]] = {column: Counter() for column in conditions}
    for chunk in opened.read(needed):
        count += chunk.text.num_rows
        kept = _kept(chunk.text, conditions, found)
        tables.append(chunk.text if kept is None else chunk.text.filter(kept))
        rows += tables[-1].num_rows
        if rows * len(needed) > MOST_CELLS:
            what = f"more than {rows:,} rows of {len(needed):,} columns are asked for"
            raise UnreadableError(what, "choose rows by `select:` in the config")
        for name, reason in chunk.reasons.items():
            stated = (reason if kept is None else reason.filter(kept)).drop_null()
            reasons.setdefault(name, Counter()).update(stated.to_pylist())
        progress.step(count, chunk.share)
    progress.done(count)
    empty = pa.table([pa.array([], pa.large_string()) for _ in needed], needed)
    table = pa.concat_tables([empty, *tables])
    if opened.finish is not None:
        table = opened.finish(table)
    few = {c: sorted(told_codes(v)) for c, v in found.items() if len(v) <= MOST_VALUES}
    return Rows(table if not names else table.select(names), count, reasons, few)


def _kept(text: pa.Table, conditions: dict[str, set[str]], found: dict[str, Counter[str]]) -> Any:
    """Return which rows meet all conditions, None for all of them; note the values there are."""
    kept = None
    for column, keys in conditions.items():
        values = text[column].combine_chunks().dictionary_encode()
        different = values.dictionary.to_pylist()
        if len(found[column]) <= MOST_VALUES:
            for entry in pc.value_counts(values).to_pylist()[: MOST_VALUES + 1]:
                if entry["values"] is not None:
                    found[column][entry["values"]] += entry["counts"]
        meets = pa.array([code_key(value) in keys for value in different], pa.bool_())
        here = pc.fill_null(meets.take(values.indices), False)
        kept = here if kept is None else pc.and_(kept, here)
    return kept
