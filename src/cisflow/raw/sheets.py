"""Workbooks (.xlsx, .xls, .ods) and Parquet files."""

from __future__ import annotations

import re
import struct
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from string import ascii_uppercase
from typing import IO, Any
from xml.etree import ElementTree

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook

from cisflow.base.archives import UnsafeArchiveError, files_in
from cisflow.raw.boxes import Box, ProtectedError, ods_boxes, xls_boxes
from cisflow.raw.layout import LOOKED_AT, header_of
from cisflow.raw.leftover import LeftOut, left_out
from cisflow.raw.numerals import with_plain_numbers
from cisflow.raw.opened import (
    LABEL_ROW,
    ROWS_AT_A_TIME,
    ROWS_BELOW,
    Chunk,
    Opened,
    Options,
    RawFile,
    UnreadableError,
    arrow_texts,
    labels_below,
    object_texts,
    told_apart,
    value_text,
)

WORKBOOKS = (".xlsx", ".xls", ".ods")
# A sheet of a million rows and thirty columns has fewer cells. The reader makes room for all cells
# of the box around those with a value, so a large box must also be full.
MOST_CELLS, FEW_CELLS, FULL = 40_000_000, 2_000_000, 0.01
MOST_SHEETS = 500
MOST_XLS = 1 << 28  # bytes
PIECE = 1 << 22
CELL = re.compile(rb'<c\s[^<>"/]*?(?<=\s)r="([A-Z]{1,3})(\d{1,7})"[^<>/]*>')
BLANK_CELL = re.compile(rb"<c(?:\s[^<>]*)?/>")
ANY_CELL = re.compile(rb"<(?:[^<>\s/:]+:)?c[\s/>]")
# What a damaged archive, or XML that is none, raises.
BROKEN = (
    CalamineError,
    zipfile.BadZipFile,
    zlib.error,
    NotImplementedError,
    ValueError,
    SyntaxError,
    IndexError,
    struct.error,
)
SAVE_AGAIN = "open it in Excel and save it once more"
UNPROTECTED = "open it in Excel and save it as .xlsx without a password"
OTHERS_AWAY = "save the sheet with the data as a workbook of its own"
OLD_OFFICE = b"\xd0\xcf\x11\xe0"  # how .xls, and .xlsx with a password, begin


def open_workbook(raw: RawFile, options: Options) -> Opened:
    """Open a sheet of a workbook; see :class:`~cisflow.raw.opened.Opened`."""
    sheet = _sheet(raw, options)
    cells = [row for row in sheet.to_python(skip_empty_area=True) if any(map(_given, row))]
    if not cells:
        raise UnreadableError(
            f"the sheet '{sheet.name}' is empty", "set `file: {sheet: …}` to another one"
        )
    found = header_of([[value_text(c) or "" for c in row] for row in cells[:LOOKED_AT]], options)
    header = found.names
    below = cells[found.row + 1 : found.row + 1 + ROWS_BELOW]
    beneath = [[value_text(cell) or "" for cell in row] for row in below]
    labels = labels_below(header, beneath, options)
    rows = cells[found.row + (1 if labels is None else 2) :]
    how = [f"sheet '{sheet.name}'", *found.how, *([] if labels is None else [LABEL_ROW])]
    counts: dict[str, int] = {}
    remarks = list(found.how)
    begun = list(how)

    texts = _Texts(rows)

    def read(names: list[str]) -> Iterator[Chunk]:
        aside = LeftOut() if options.get("all_rows") else left_out(texts.tables, header)
        table, said = _plain(texts, [header.index(name) for name in names], options)
        counts.update(aside.counts)
        remarks[:] = [*found.how, *aside.how]
        how[:] = [*begun[:1], *said, *begun[1:], *aside.how]
        yield Chunk(aside.kept(table.rename_columns(names), 0))

    # A column without a header, such as the row counter of an Orbis export, is nobody's.
    names = [name for name in header if name]
    told = found.labels | dict(zip(header, labels or [], strict=False))
    return Opened(names, read, how, None, told, {}, counts, remarks)


def _given(cell: Any) -> bool:
    return cell is not None and cell != ""


class _Texts:
    """The columns of a sheet as text, each made once."""

    def __init__(self, rows: Sequence[Sequence[Any]]):
        self._rows = rows
        self._made: dict[int, Any] = {}

    def column(self, place: int) -> Any:
        """Return a column as text."""
        if place not in self._made:
            self._made[place] = object_texts(row[place] for row in self._rows)
        return self._made[place]

    def typed(self, place: int) -> Any:
        """Return which cells of a column somebody typed as text, shape (n,)."""
        return pa.array([isinstance(row[place], str) for row in self._rows], pa.bool_())

    def apart(self, place: int) -> Any:
        """Return a column as text, stored fractions told apart from typed ones."""
        return object_texts((row[place] for row in self._rows), apart=True)

    def tables(self, places: Sequence[int]) -> Iterator[pa.Table]:
        """Yield the columns at these places, as what looks for rows that are no firms wants it."""
        yield pa.table([self.column(p) for p in places], [str(p) for p in places])


def _plain(texts: _Texts, places: Sequence[int], options: Options) -> tuple[pa.Table, list[str]]:
    """Return columns as text; numbers that somebody typed as text are made plain."""
    names = [str(place) for place in places]
    if options.get("stored_apart"):  # figures are wanted as they are written
        return pa.table([texts.apart(p) for p in places], names), []
    nothing = pa.scalar(None, pa.large_string())
    columns = {str(p): texts.column(p) for p in places}
    masks = {str(p): texts.typed(p) for p in places}
    typed = pa.table([pc.if_else(masks[n], columns[n], nothing) for n in names], names)
    plain, said = with_plain_numbers(typed, options.get("decimal"))
    made = [pc.if_else(masks[n], plain[n].combine_chunks(), columns[n]) for n in names]
    return pa.table(made, names), said


def _sheet(raw: RawFile, options: Options) -> CalamineSheet:
    workbook = open_book(raw)
    if not workbook.sheet_names:
        raise UnreadableError("the workbook has no sheet", SAVE_AGAIN)
    name = options.get("sheet", workbook.sheet_names[0])
    if name not in workbook.sheet_names:
        sheets = ", ".join(f"'{sheet}'" for sheet in workbook.sheet_names[:20])
        raise UnreadableError(
            f"there is no sheet '{name}'; the file has {sheets}",
            "set `file: {sheet: …}` in the codebook to one of these",
        )
    try:
        return workbook.get_sheet_by_name(name)
    except CalamineError:  # named, but not there
        raise UnreadableError(f"the sheet '{name}' is damaged", SAVE_AGAIN) from None


def open_book(raw: RawFile) -> CalamineWorkbook:
    """Open a workbook whose sheets are known to fit the memory."""
    source = raw.source()
    try:
        if raw.suffix == ".xls":
            _refuse_large_xls(raw)
        else:
            _refuse_large_zip(source, raw.suffix)
        if isinstance(source, str):
            return CalamineWorkbook.from_path(source)
        source.seek(0)
        return CalamineWorkbook.from_filelike(source)
    except UnsafeArchiveError as error:
        raise UnreadableError(str(error), SAVE_AGAIN) from None
    except ProtectedError:
        raise UnreadableError("the workbook is protected by a password", UNPROTECTED) from None
    except BROKEN:
        with raw.stream() as stream:
            if raw.suffix != ".xls" and stream.read(len(OLD_OFFICE)) == OLD_OFFICE:
                raise UnreadableError(
                    "protected by a password, or an old Excel workbook (.xls) under a new name",
                    UNPROTECTED,
                ) from None
        kind = "OpenDocument sheet" if raw.suffix == ".ods" else "Excel workbook"
        what = f"damaged, truncated or not an {kind}"
        raise UnreadableError(what, SAVE_AGAIN) from None


def _refuse_large_zip(source: Any, suffix: str) -> None:
    with zipfile.ZipFile(source) as archive:
        members = files_in(archive)
        main = "content.xml" if suffix == ".ods" else "xl/workbook.xml"
        if main not in members:
            kind = "OpenDocument sheet" if suffix == ".ods" else "Excel workbook"
            raise UnreadableError(f"not an {kind}", SAVE_AGAIN)
        if suffix == ".ods":
            with archive.open(main) as stream:
                _refuse_boxes(ods_boxes(stream))
            return
        sheets = [name for name in members if re.match("xl/.*sheets/", name, re.I)]
        if len(sheets) > MOST_SHEETS:
            raise UnreadableError(f"the workbook has {len(sheets):,} sheets", OTHERS_AWAY)
        for name in sheets:
            _refuse_huge(archive, name)


def _refuse_large_xls(raw: RawFile) -> None:
    with raw.stream() as stream:
        data = stream.read(MOST_XLS + 1)
    if len(data) > MOST_XLS:
        raise UnreadableError("an old Excel workbook larger than such files are", SAVE_AGAIN)
    _refuse_boxes(xls_boxes(data))


def _refuse_boxes(boxes: Iterator[Box]) -> None:
    """Refuse sheets that are too large, one by one or together."""
    room = 0
    for count, box in enumerate(boxes):
        if count > MOST_SHEETS:
            raise UnreadableError(f"the workbook has more than {MOST_SHEETS} sheets", OTHERS_AWAY)
        _refuse_box(box.cells, box.rows, box.columns)
        room += box.rows * box.columns
    if room > MOST_CELLS:
        raise UnreadableError("its sheets together are more than can be read", OTHERS_AWAY)


# --- how large a sheet is -----------------------------------------------------------------------


def _refuse_huge(archive: zipfile.ZipFile, name: str) -> None:
    """Refuse a sheet that is too large, or would be: its reader makes room for all in between."""
    with archive.open(name) as stream:
        found = _regular_box(stream)
    if found is None:
        with archive.open(name) as stream:
            found = _any_box(stream)
    _refuse_box(*found)


def _refuse_box(cells: int, rows: int, columns: int) -> None:
    room = rows * columns
    if room <= MOST_CELLS and (room <= FEW_CELLS or cells >= room * FULL):
        return
    if cells >= room * FULL:
        what = f"a sheet has {rows:,} rows and {columns:,} columns, more than can be read"
        raise UnreadableError(what, "save it as text (.csv) or Parquet")
    raise UnreadableError(
        f"a sheet has {cells:,} cells that are spread over {rows:,} rows and {columns:,} columns",
        "press Ctrl and End in each sheet, delete the rows and columns that do not belong to the "
        "table, and save it",
    )


def _regular_box(stream: IO[bytes]) -> tuple[int, int, int] | None:
    """Return how many cells a sheet has, and the last row and column; None where that is not clear.

    What the sheet declares is not asked: it may be wrong. Cells without a value are none.
    """
    cells, rows, columns = 0, {0}, {b""}
    rest = b""
    while piece := stream.read(PIECE):
        text = rest + piece
        if (end := text.rfind(b"<")) < 0:
            end = len(text)
        text, rest = text[:end], text[end:]
        if len(rest) > PIECE:
            return None
        found = CELL.findall(text)
        if len(found) + len(BLANK_CELL.findall(text)) < len(ANY_CELL.findall(text)):
            return None
        cells += len(found)
        columns.update(column for column, _ in found)
        rows.update({int(row) for _, row in found})
    return (cells, max(rows), max(map(_place, columns))) if cells else None


def _any_box(stream: IO[bytes]) -> tuple[int, int, int]:
    """Return the same of a sheet however it is written, for which it is parsed."""
    cells = last_row = last_column = row = column = 0
    for event, element in ElementTree.iterparse(stream, events=("start", "end")):  # noqa: S314
        tag = element.tag.rpartition("}")[2]
        if event == "start" and tag == "row":
            row, column = int(element.get("r", row + 1)), 0
        elif event == "start" and tag == "c":
            place = element.get("r", "")
            digits = place.lstrip(ascii_uppercase)
            column = _place(place.removesuffix(digits).encode()) or column + 1
            row = int(digits or row)
        elif event == "end" and tag == "c" and len(element):
            cells += 1
            last_row, last_column = max(row, last_row), max(column, last_column)
        elif event == "end" and tag == "row":
            element.clear()
    return cells, last_row, last_column


def _place(letters: bytes) -> int:
    """Return the number of a column, 28 for AB; 0 for no letters."""
    number = 0
    for letter in letters:
        number = 26 * number + letter - 64
    return number


def open_parquet(raw: RawFile, options: Options) -> Opened:
    """Open a Parquet file; see :class:`~cisflow.raw.opened.Opened`."""
    source: Any = raw.source()
    try:
        file = pq.ParquetFile(source)
    except (pa.ArrowInvalid, OSError):
        raise UnreadableError(
            "damaged, truncated or not a Parquet file", "copy or export it once more"
        ) from None

    def text_of(column: pa.Array) -> pa.Array:
        stored = options.get("stored_apart") and pa.types.is_floating(column.type)
        return told_apart(arrow_texts(column)) if stored else arrow_texts(column)

    def read(names: list[str]) -> Iterator[Chunk]:
        rows, whole = 0, max(file.metadata.num_rows, 1)
        try:
            for batch in file.iter_batches(ROWS_AT_A_TIME, columns=names):
                rows += batch.num_rows
                texts = [text_of(batch.column(name)) for name in names]
                yield Chunk(pa.table(texts, names), share=rows / whole)
        except (pa.ArrowInvalid, OSError):
            raise UnreadableError(
                "the rows of the Parquet file are damaged", "copy or export it once more"
            ) from None

    return Opened(list(file.schema_arrow.names), read, ["Parquet"])
