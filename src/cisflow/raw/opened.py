"""What the readers of all formats share: a file's bytes, a piece of its rows, values as text."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, time
from pathlib import Path
from typing import Any, BinaryIO

import pyarrow as pa
import pyarrow.compute as pc

from cisflow.base.problems import Problem

Options = dict[str, Any]
Labels = dict[str, dict[str, str]]
# Of a table that is no list of firms every row counts.
WHOLE: Options = {"all_rows": True}
# Rows handed on at a time: enough to be quick, few enough that a pooled file never fills memory.
ROWS_AT_A_TIME = 100_000
# Bytes of a packed file that is unpacked at once, because its reader jumps about in it.
MOST_IN_MEMORY, PIECE = 1 << 32, 1 << 22
# Whole numbers up to here fit in an int64.
LARGEST_WHOLE = 2.0**63
# A number with a fraction as the readers write it.
STORED = re.compile(r"^(-?\d+\.\d+)$")
# From here on Arrow writes floats with an exponent.
EXPONENT = 1e10
LABEL_ROW = "labels below the header"
# A row of labels fills nearly all cells below names, mostly with sentences, and is above numbers.
MOST_CELLS, FEW_NUMBERS = 0.8, 0.25
# As many rows below it are looked at: in one alone a question may not have been asked. Answers in
# words come again and again.
ROWS_BELOW, FEWEST_AGAIN = 20, 4


class UnreadableError(Exception):
    """A file its reader cannot make sense of; carries what is wrong and the remedy."""

    def __init__(self, what: str, remedy: str):
        super().__init__(what)
        self.problem = Problem(what, remedy)


@dataclass(frozen=True)
class RawFile:
    """The bytes of one data file, taken out of ``.gz`` or ``.zip`` where it is packed."""

    path: Path  # the file as delivered
    # Ending that tells the format, such as `.sav`; that of the file inside if it is packed.
    suffix: str
    stream: Callable[[], BinaryIO]  # opens the unpacked bytes
    # What is shown of the packing, such as `gzip` or `zip: firms.csv`; empty if none.
    packing: str = ""
    size: int | None = None  # number of unpacked bytes, None if not known

    def share(self, passed: int) -> float | None:
        """Return which part of the file ``passed`` bytes are."""
        return min(1.0, passed / self.size) if self.size else None

    def source(self) -> str | BinaryIO:
        """Return what libraries open: the path, or the unpacked bytes in memory."""
        if not self.packing:
            return str(self.path)
        data = io.BytesIO()
        with self.stream() as stream:
            while piece := stream.read(PIECE):
                data.write(piece)
                if data.tell() > MOST_IN_MEMORY:
                    raise UnreadableError("it is too large to be unpacked in memory", "unpack it")
        data.seek(0)
        return data


@dataclass(frozen=True)
class Chunk:
    """Some rows of a file."""

    text: pa.Table  # every column as text, blanks as null, type `large_string`
    # Per column with declared missing values: the reason (`9`, `.a`) where there is one, else null.
    reasons: dict[str, pa.Array] = field(default_factory=dict)
    # Which part of the file has been read by now, 0 to 1; None if not known.
    share: float | None = None


@dataclass(frozen=True)
class Opened:
    """A file whose header has been read."""

    names: list[str]  # its columns, as the file writes them
    read: Callable[[list[str]], Iterator[Chunk]]  # yields the rows of some columns
    # How the file is read, in words, such as `semicolon` and `decimal comma`; complete only after
    # reading.
    how: list[str]
    # Applied to the rows kept, when all have been read.
    finish: Callable[[pa.Table], pa.Table] | None = None
    # The question's text per column, where the file has it.
    labels: dict[str, str] = field(default_factory=dict)
    # Per column from code to label, where the file has them.
    value_labels: Labels = field(default_factory=dict)
    # How many rows were no firms, by kind; complete only after reading.
    left_out: dict[str, int] = field(default_factory=dict)
    # What of the file was passed over, in words; complete only after reading.
    remarks: list[str] = field(default_factory=list)


def labels_below(
    header: Sequence[str], rows: Sequence[Sequence[str]], options: Options
) -> list[str] | None:
    """Return the labels where the row below the header explains the columns, else None.

    Parameters
    ----------
    header, rows
        The header and the first rows below it, as text.
    options
        ``label_row`` says whether there is such a row; without it, it is one if it is made of
        sentences, below a header of names and above numbers or answers that come again.
    """
    stated = options.get("label_row")
    whole = options.get("all_rows", False)  # a table that is no list of firms has no such row
    if not rows or stated is False or (whole and not stated):
        return None
    first = [cell.strip() for cell in rows[0]]
    if stated:
        return first
    given = [cell for cell in first if cell]
    names = sum(" " not in name for name in header)
    sentences = sum(cell.count(" ") > 1 for cell in given)
    columns = zip(*(row[: len(first)] for row in rows[1:] if len(row) >= len(first)), strict=True)
    answers = sum(_are_answers(column, name) for column, name in zip(columns, first, strict=False))
    explains = (
        names > MOST_CELLS * len(header)
        and len(given) > MOST_CELLS * len(first)
        and sentences > len(given) / 2
        and not any(map(_is_number, given))
        and answers > FEW_NUMBERS * len(first)
    )
    return first if explains else None


def _are_answers(column: Sequence[str], label: str) -> bool:
    """Return whether cells are numbers, or few words over and over, and not the label above."""
    given = [cell.strip() for cell in column if cell.strip()]
    again = len(given) >= FEWEST_AGAIN and 2 * len(set(given)) <= len(given)
    words = again and label not in given and not any(" " in cell for cell in given)
    return words or any(map(_is_number, given[:1]))


def _is_number(cell: str) -> bool:
    return bool(re.fullmatch(r"\s*[+-]?\d+([.,]\d+)?\s*", cell))


def code_key(text: str, decimal: str = ".") -> str:
    """Return a text by which codes compare equal: ``1``, ``01`` and ``1.0`` are one code."""
    text = text.replace(decimal, ".") if decimal != "." else text
    if re.fullmatch(r"[+-]?\d{1,15}(\.0*)?", text):
        return str(int(float(text)))
    return text.casefold()


def value_text(value: Any) -> str | None:
    """Return a value as text: numbers in their shortest form, yes/no as 1/0, blanks as None."""
    if value is None or isinstance(value, str):
        return (value or "").strip() or None
    if isinstance(value, bool):
        return str(int(value))
    if isinstance(value, datetime) and value.time() == time(0):
        return value.date().isoformat()
    if isinstance(value, float):
        if value != value:  # a number that is not one is no answer
            return None
        if value.is_integer():
            return str(int(value))
    return str(value)


def object_texts(values: Iterable[Any], *, apart: bool = False) -> pa.Array:
    """Return values of any type as text; with ``apart`` see :func:`told_apart`."""
    values = [None if value == "" else value for value in values]
    if set(map(type, values)) <= {float, type(None)}:
        texts = arrow_texts(pa.array(values, pa.float64(), from_pandas=True))
        return told_apart(texts) if apart else texts

    def text(value: Any) -> str | None:
        stored = apart and isinstance(value, float) and not value.is_integer()
        return STORED.sub(r"\1e0", str(value)) if stored and value == value else value_text(value)

    return pa.array([text(value) for value in values], pa.large_string())


def told_apart(texts: Any) -> Any:
    """Return texts of stored numbers with an exponent: ``1.125e0`` is no text a person wrote.

    Where texts may be numbers with separated thousands (``1.125``), and stored numbers may not,
    they must not be confused. An option ``stored_apart`` of the readers asks for it.
    """
    return pc.replace_substring_regex(texts, STORED.pattern, r"\1e0")


def arrow_texts(column: Any) -> pa.Array:
    """Return an Arrow array of any type as text."""
    kind = column.type
    if pa.types.is_dictionary(kind):
        return arrow_texts(column.cast(kind.value_type))
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        stripped = pc.utf8_trim_whitespace(column.cast(pa.large_string()))
        return pc.if_else(pc.equal(stripped, ""), pa.scalar(None, pa.large_string()), stripped)
    if pa.types.is_boolean(kind):
        return column.cast(pa.int8()).cast(pa.large_string())
    if pa.types.is_integer(kind):
        return column.cast(pa.large_string())
    if pa.types.is_floating(kind):
        return _float_texts(column)
    return object_texts(column.to_pylist())


def _float_texts(column: Any) -> pa.Array:
    """Return floats in the shortest form that tells them apart, whole ones with all their digits.

    Arrow writes 10,000,000,000 as ``1e+10``, and as an identifier that is never found again.
    """
    nothing = pa.scalar(None, column.type)
    numbers = pc.if_else(pc.is_nan(column), nothing, column)
    size = pc.abs(numbers)
    whole = pc.and_(pc.equal(pc.trunc(size), size), pc.less(size, LARGEST_WHOLE))
    if pc.all(whole).as_py():
        return numbers.cast(pa.int64()).cast(pa.large_string())
    texts = numbers.cast(pa.large_string())
    long = pc.and_(whole, pc.greater_equal(size, EXPONENT))
    if not pc.any(long).as_py():
        return texts
    digits = pc.if_else(long, numbers, nothing).cast(pa.int64()).cast(pa.large_string())
    return pc.coalesce(digits, texts)
