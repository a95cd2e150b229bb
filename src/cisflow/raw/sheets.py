"""Excel workbooks and Parquet files."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook

from cisflow.raw.opened import (
    LABEL_ROW,
    ROWS_AT_A_TIME,
    Chunk,
    Opened,
    Options,
    RawFile,
    UnreadableError,
    arrow_texts,
    labels_below,
    object_texts,
    told_apart,
)

OLD_OFFICE = b"\xd0\xcf\x11\xe0"  # how .xls, and .xlsx with a password, begin


def open_workbook(raw: RawFile, options: Options) -> Opened:
    """Open a sheet of an Excel workbook; see :class:`~cisflow.raw.opened.Opened`."""
    sheet = _sheet(raw, options)
    cells = sheet.to_python(skip_empty_area=True)
    if not cells:
        raise UnreadableError(
            f"the sheet '{sheet.name}' is empty", "set `file: {sheet: …}` to another one"
        )
    header = [str(cell).strip() for cell in cells[0]]
    labels = labels_below(header, [[str(cell) for cell in row] for row in cells[1:3]], options)
    rows = cells[1:] if labels is None else cells[2:]

    def read(names: list[str]) -> Iterator[Chunk]:
        places = [header.index(name) for name in names]
        apart = bool(options.get("stored_apart"))
        columns = [object_texts((row[p] for row in rows), apart=apart) for p in places]
        yield Chunk(pa.table(columns, names))

    # A column without a header, such as the row counter of an Orbis export, is nobody's.
    names = [name for name in header if name]
    how = [f"sheet '{sheet.name}'", *([] if labels is None else [LABEL_ROW])]
    return Opened(names, read, how, labels=dict(zip(header, labels or [], strict=False)))


def _sheet(raw: RawFile, options: Options) -> CalamineSheet:
    source = raw.source()
    try:
        if isinstance(source, str):
            workbook = CalamineWorkbook.from_path(source)
        else:
            workbook = CalamineWorkbook.from_filelike(source)
    except CalamineError:
        with raw.stream() as stream:
            if stream.read(len(OLD_OFFICE)) == OLD_OFFICE:
                raise UnreadableError(
                    "protected by a password, or an old Excel workbook (.xls) under a new name",
                    "open it in Excel and save it as .xlsx without a password",
                ) from None
        raise UnreadableError(
            "damaged, truncated or not an Excel workbook", "open it in Excel and save it once more"
        ) from None
    name = options.get("sheet", workbook.sheet_names[0])
    if name not in workbook.sheet_names:
        sheets = ", ".join(f"'{sheet}'" for sheet in workbook.sheet_names)
        raise UnreadableError(
            f"there is no sheet '{name}'; the file has {sheets}",
            "set `file: {sheet: …}` in the codebook to one of these",
        )
    return workbook.get_sheet_by_name(name)


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
