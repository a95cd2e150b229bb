"""Text files with one row per line: .csv, .tsv, .txt.

pyarrow reads them piece by piece and only the columns asked for; what it cannot take apart is
looked at once more row by row, to say in which line the trouble is.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, BinaryIO

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv

from cisflow.base.problems import counted
from cisflow.raw.encodings import (
    UNICODE,
    WESTERN,
    Encoding,
    encoding_of,
    line_not_in,
    wrong_encoding,
)
from cisflow.raw.layout import LOOKED_AT, Header, header_of
from cisflow.raw.leftover import LeftOut, left_out
from cisflow.raw.numerals import with_plain_numbers
from cisflow.raw.opened import (
    LABEL_ROW,
    ROWS_BELOW,
    Chunk,
    Opened,
    Options,
    RawFile,
    UnreadableError,
    arrow_texts,
    labels_below,
)

DELIMITERS = {",": "a comma", ";": "a semicolon", "\t": "a tab", "|": "a bar"}
SAMPLE = 1 << 20
BLOCK = 1 << 23
WHOLE_LINES = "is this the file you mean, and are its lines whole?"
# What Excel reads as a word on the file rather than as its first row.
TELLS_SEPARATOR = re.compile(r"""\s*"?sep=(.)"?[;,\t|]*\s*""", re.IGNORECASE)
OPEN_QUOTE = "is a quotation mark left open?"


@dataclass
class _Layout:
    """How a text file is written."""

    encoding: Encoding
    delimiter: str
    header: list[str]
    lines_above: int  # before the row of names
    found: Header
    extra: int  # delimiters that end the rows and not the header
    labels: list[str] | None  # in the row below the header, if it explains the columns
    letters: bool = False  # whether a letter outside ASCII was seen, in the encoding


@dataclass
class _Counted:
    """A stream that counts what passes: for the progress line, and for quotes left open."""

    stream: BinaryIO
    passed: int = 0
    quotes: int = 0
    closed: bool = False

    def read(self, size: int = -1) -> bytes:
        data = self.stream.read(size)
        self.passed += len(data)
        self.quotes += data.count(b'"')
        return data


def open_text(raw: RawFile, options: Options) -> Opened:
    """Look at the beginning of a text file; see :class:`~cisflow.raw.opened.Opened`."""
    with raw.stream() as stream:
        sample = stream.read(SAMPLE)
    layout = _layout(sample, options)
    names = [name for name in layout.header if name]
    how = [DELIMITERS.get(layout.delimiter, repr(layout.delimiter)).removeprefix("a ")]
    how += layout.found.how
    how += [] if layout.labels is None else [LABEL_ROW]
    below = dict(zip(layout.header, layout.labels or [], strict=False))
    labels = {name: text for name, text in (layout.found.labels | below).items() if name}
    seen: list[LeftOut] = [LeftOut()] if options.get("all_rows") else []
    counts: dict[str, int] = {}
    remarks = list(layout.found.how)
    begun = list(how)

    def read(names: list[str]) -> Iterator[Chunk]:
        if not seen:
            seen.append(_left_out(raw, layout))
        yield from _firms(raw, layout, names, seen[0])
        counts.update(seen[0].counts)
        remarks[:] = [*layout.found.how, *seen[0].how]
        how[:] = [*begun, layout.encoding.shown, *seen[0].how]

    def finish(table: pa.Table) -> pa.Table:
        if options.get("stored_apart"):  # figures are wanted as they are written
            return table
        finished, said = with_plain_numbers(table, options.get("decimal"))
        how[1:1] = said
        return finished

    return Opened(names or layout.header, read, how, finish, labels, {}, counts, remarks)


# --- its layout ---------------------------------------------------------------------------------


def _layout(sample: bytes, options: Options) -> _Layout:
    encoding = encoding_of(sample, options.get("encoding"))
    text = encoding.beginning(sample)
    if not text.strip():
        raise UnreadableError("the file holds nothing but blanks", "copy or export it once more")
    lines = text.splitlines(keepends=True)
    above = next(i for i, line in enumerate(lines) if line.strip())
    told = TELLS_SEPARATOR.fullmatch(lines[above])
    if told and options.get("delimiter") is None:
        options = {**options, "delimiter": told[1]}
    above += bool(told)
    filled = "".join(lines[above:])
    if len(sample) == SAMPLE and len(lines) == above + 1:
        raise UnreadableError(f"its first line is longer than {SAMPLE:,} bytes", WHOLE_LINES)
    try:
        delimiter = _delimiter(filled, options)
        rows, starts = _first_rows(filled, delimiter)
        if not rows:
            raise UnreadableError("the file has a `sep=` line and nothing else", WHOLE_LINES)
        found = header_of(rows, options)
    except csv.Error as error:
        what = f"its first lines cannot be taken apart ({error})"
        raise UnreadableError(what, OPEN_QUOTE) from None
    first = rows[found.row + 1 : found.row + 1 + ROWS_BELOW]
    extra = _extra(first[0] if first else [], len(found.names))
    labels = labels_below(found.names, first, options)
    above += starts[found.row]
    return _Layout(encoding, delimiter, found.names, above, found, extra, labels)


def _first_rows(text: str, delimiter: str) -> tuple[list[list[str]], list[int]]:
    """Return the first rows that are not blank, and how many lines stand above each."""
    reader = csv.reader(io.StringIO(text), delimiter=delimiter)
    rows, starts = [], []
    before = 0
    for row in reader:
        if any(cell.strip() for cell in row):
            rows.append(row)
            starts.append(before)
        before = reader.line_num
        if len(rows) == LOOKED_AT:
            break
    return rows, starts


def _extra(first: list[str], width: int) -> int:
    """Return by how many blank cells the first row is longer than the header."""
    return 0 if any(first[width:]) else max(0, len(first) - width)


def _width(text: str, delimiter: str, options: Options) -> tuple[int, int]:
    """Return into how many columns a delimiter splits most rows, and into how many the header.

    The first is 1 where rows have fewer: a title has commas too.
    """
    try:
        rows, _ = _first_rows(text, delimiter)
    except csv.Error:  # a cell longer than any
        return 1, 1
    try:
        found = header_of(rows, options)
    except UnreadableError:  # to be told when the delimiter is known
        return 1, max(map(len, rows))
    width, below = len(found.names), rows[found.row + 1 :]
    as_wide = sum(len(row) >= width for row in below)
    return (width if 2 * as_wide >= len(below) else 1), width


def _delimiter(text: str, options: Options) -> str:
    """Return the delimiter stated, else the one that splits the header into most columns."""
    columns = {delimiter: _width(text, delimiter, options) for delimiter in DELIMITERS}
    best = max(columns, key=lambda delimiter: columns[delimiter])
    stated = options.get("delimiter")
    if stated is None and columns[best][1] > 1:
        return best
    if stated is not None and _width(text, stated, options)[1] > 1:
        return str(stated)
    used = DELIMITERS.get(stated, repr(stated)) if stated else "comma, semicolon, tab or bar"
    if columns[best][1] > 1:
        remedy = (
            f"the header looks separated by {DELIMITERS[best]}: set `file: {{delimiter: {best!r}}}`"
        )
    else:
        remedy = "set `file: {delimiter: …}` in the codebook to what separates its columns"
    raise UnreadableError(f"only one column when separated by {used}", remedy)


# --- its rows -----------------------------------------------------------------------------------


def _firms(raw: RawFile, layout: _Layout, names: list[str], aside: LeftOut) -> Iterator[Chunk]:
    """Yield the rows of some columns without those that are no firms."""
    places = [layout.header.index(name) for name in names]
    start = 0
    # Rows that are too short are none: `_left_out` has seen to it.
    for chunk in _rows(raw, layout, places, _decoded, short=[] if aside.rows else None):
        kept = aside.kept(chunk.text, start)
        start += chunk.text.num_rows
        yield Chunk(kept.rename_columns(names), share=chunk.share)


def _left_out(raw: RawFile, layout: _Layout) -> LeftOut:
    """Return which rows are no firms; a row that is too short and not one of them is refused."""
    short: list[int] = []

    def tables(places: Sequence[int]) -> Iterator[pa.Table]:
        short.clear()
        for chunk in _rows(raw, layout, places, _loosely, short):
            yield chunk.text

    found = left_out(tables, layout.header)
    if not set(short) <= set(found.rows):
        _refuse_unfit(raw, layout)
    return found


def _rows(
    raw: RawFile,
    layout: _Layout,
    places: Sequence[int],
    decoded: Callable[[Any, RawFile, _Layout], Any],
    short: list[int] | None,
) -> Iterator[Chunk]:
    """Yield the rows; those pyarrow passes over come last, if they are rows at all.

    Parameters
    ----------
    places
        Of the columns to read; they are named by them.
    decoded
        Makes text of a column.
    short
        Takes the numbers of rows with fewer cells than the header; these are refused without it.
    """
    passed_over: list[str] = []
    names, count = [str(place) for place in places], 0
    with raw.stream() as stream:
        counted = _Counted(stream)
        try:
            for batch in _batches(counted, layout, places, passed_over):
                texts = [arrow_texts(decoded(column, raw, layout)) for column in batch.columns]
                count += batch.num_rows
                yield Chunk(pa.table(texts, names), share=raw.share(counted.passed))
        except pa.ArrowInvalid as error:
            _refuse_unfit(raw, layout)
            what = f"the file cannot be taken apart ({str(error).splitlines()[0]})"
            raise UnreadableError(what, OPEN_QUOTE) from None
        except UnicodeDecodeError:
            raise _wrong_encoding(raw, layout) from None
    if counted.quotes % 2:
        _refuse_open_quote(raw, layout)
    rest = [next(csv.reader([text], delimiter=layout.delimiter)) for text in passed_over]
    rest = [cells for cells in rest if any(cell.strip() for cell in cells)]
    width = len(layout.header)
    if short is not None:
        short += [count + i for i, cells in enumerate(rest) if len(cells) < width]
        rest = [cells + [""] * (width - len(cells)) for cells in rest]
    if not all(_fits(cells, layout) for cells in rest):
        _refuse_unfit(raw, layout)
    if rest:
        columns = [pa.array([cells[p] for cells in rest], pa.large_string()) for p in places]
        yield Chunk(pa.table([arrow_texts(column) for column in columns], names))


def _batches(
    counted: _Counted, layout: _Layout, places: Sequence[int], passed_over: list[str]
) -> Iterator[pa.RecordBatch]:
    def note(row: Any) -> str:
        passed_over.append(row.text)
        return "skip"

    unicode = layout.encoding.name == UNICODE
    names = [str(i) for i in range(len(layout.header) + layout.extra)]
    kind = pa.large_binary() if unicode else pa.large_string()
    yield from pa_csv.open_csv(
        pa.PythonFile(counted, mode="r"),
        read_options=pa_csv.ReadOptions(
            column_names=names,
            skip_rows=layout.lines_above,
            skip_rows_after_names=1 if layout.labels is None else 2,
            encoding=layout.encoding.name,
            block_size=BLOCK,
        ),
        parse_options=pa_csv.ParseOptions(
            delimiter=layout.delimiter, newlines_in_values=True, invalid_row_handler=note
        ),
        convert_options=pa_csv.ConvertOptions(
            include_columns=[str(place) for place in places],
            column_types=dict.fromkeys(names, kind),
        ),
    )


def _decoded(column: Any, raw: RawFile, layout: _Layout) -> Any:
    """Return a column as text; the first byte that is not UTF-8 tells a file that is Latin-1."""
    if not pa.types.is_large_binary(column.type):
        return column
    if layout.encoding.name == UNICODE:
        try:
            text = column.cast(pa.large_string())
        except pa.ArrowInvalid:
            if layout.encoding.stated or layout.letters:
                raise _wrong_encoding(raw, layout) from None
            layout.encoding = Encoding(WESTERN, False)
        else:
            layout.letters |= not pc.all(pc.string_is_ascii(text)).as_py()
            return text
    cells = column.dictionary_encode()
    letters = [cell.decode(layout.encoding.name) for cell in cells.dictionary.to_pylist()]
    return pa.array(letters, pa.large_string()).take(cells.indices)


def _loosely(column: Any, *_: Any) -> Any:
    """Return a column as text whatever its letters, to see what its rows are."""
    if not pa.types.is_large_binary(column.type):
        return column
    try:
        return column.cast(pa.large_string())
    except pa.ArrowInvalid:
        cells = column.dictionary_encode()
        texts = [cell.decode(UNICODE, "replace") for cell in cells.dictionary.to_pylist()]
        return pa.array(texts, pa.large_string()).take(cells.indices)


def _fits(cells: list[str], layout: _Layout) -> bool:
    # Some programs end a row with more delimiters than they end the header.
    return len(cells) >= len(layout.header) and not any(cells[len(layout.header) :])


# --- what is wrong with it ----------------------------------------------------------------------


def _wrong_encoding(raw: RawFile, layout: _Layout) -> UnreadableError:
    with raw.stream() as stream:
        return wrong_encoding(layout.encoding, line_not_in(layout.encoding, stream))


def _numbered(raw: RawFile, layout: _Layout) -> Iterator[tuple[int, int, list[str]]]:
    """Yield the rows below the header, each with the lines it begins and ends in."""
    with raw.stream() as stream:
        text = io.TextIOWrapper(stream, layout.encoding.name, errors="replace", newline="")
        rows = csv.reader(text, delimiter=layout.delimiter)
        before = 0
        header = True
        try:
            for cells in rows:
                if any(cell.strip() for cell in cells) and rows.line_num > layout.lines_above:
                    if not header:
                        yield before + 1, rows.line_num, cells
                    header = False
                before = rows.line_num
        except csv.Error as error:
            what = f"line {rows.line_num} cannot be taken apart ({error})"
            raise UnreadableError(what, OPEN_QUOTE) from None


def _refuse_unfit(raw: RawFile, layout: _Layout) -> None:
    # Lines and not rows are told, because that is what an editor shows.
    unfit = [last for _, last, cells in _numbered(raw, layout) if not _fits(cells, layout)]
    if unfit:
        raise UnreadableError(
            f"{counted(len(unfit), 'row')} do not have the {len(layout.header)} cells of the "
            f"header, first in line {unfit[0]}",
            "look at that line: is the delimiter inside a text without quotes, or the end cut off?",
        )


def _refuse_open_quote(raw: RawFile, layout: _Layout) -> None:
    """Refuse a file with an odd number of quotation marks if a cell runs over several lines."""
    for first, last, cells in _numbered(raw, layout):
        if last > first and any("\n" in cell for cell in cells):
            raise UnreadableError(
                f"a quotation mark opened in line {first} is not closed before line {last}",
                "close it in that line; a quotation mark inside a text is written twice",
            )
