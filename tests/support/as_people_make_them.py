"""Files as people make them: a small table, and what is put around it, in several formats."""

import struct
import zipfile
from xml.sax.saxutils import escape

import pandas as pd

FORMATS = (".csv", ".tsv", ".xlsx", ".ods", ".xls")
ROWS = 30


def table(rows=ROWS):
    """Return a survey of firms: header and rows, numbers as numbers, some cells blank."""
    header = ["id", "nace", "emp", "turn", "grp", "coop", "with_clients", "with_labs"]
    cells = [
        [
            1001 + i,
            f"{10 + i % 20}.{1 + i % 3}",
            11 + 7 * i % 90,
            50_000 + 977 * i,
            i % 2,
            (i // 2) % 2,
            *((i % 3 > 0) * 1, (i % 5 == 0) * 1 if i % 7 else None) * ((i // 2) % 2),
        ]
        for i in range(rows)
    ]
    return header, [[*row, *[None] * (8 - len(row))] for row in cells]


def write(path, rows, sheets=None):
    """Write rows of cells, whatever they are, in the format of the file's ending.

    ``sheets`` are further ones of a workbook, by name, put before the rows.
    """
    width = max(map(len, rows))
    rows = [[*row, *[None] * (width - len(row) if len(row) > 1 else 0)] for row in rows]
    books = {**(sheets or {}), "Data": rows}
    if path.suffix == ".csv":
        path.write_text("".join(";".join(map(_text, row)) + "\n" for row in rows), "utf-8")
    elif path.suffix == ".tsv":
        path.write_text("".join("\t".join(map(_text, row)) + "\n" for row in rows), "utf-8")
    elif path.suffix == ".xlsx":
        with pd.ExcelWriter(path, engine="xlsxwriter") as book:
            for name, cells in books.items():
                widest = max(map(len, cells))
                padded = [[*row, *[None] * (widest - len(row))] for row in cells]
                frame = pd.DataFrame(padded, dtype=object)
                frame.to_excel(book, sheet_name=name, header=False, index=False)
    elif path.suffix == ".ods":
        _write_ods(path, books)
    else:
        _write_xls(path, books)
    return path


def _text(cell):
    text = "" if cell is None else str(cell)
    return f'"{text}"' if ";" in text and not text.startswith(('"', "sep", "SEP")) else text


def _write_ods(path, books):
    tables = "".join(
        f'<table:table table:name="{escape(name)}">'
        + "".join(
            "<table:table-row>" + "".join(map(_ods_cell, row)) + "</table:table-row>"
            for row in rows
        )
        + "</table:table>"
        for name, rows in books.items()
    )
    ods(path, tables)


def ods(path, tables):
    """Write an OpenDocument of these tables, in XML."""
    office = "urn:oasis:names:tc:opendocument:xmlns"
    text = (
        f'<?xml version="1.0"?><office:document-content xmlns:office="{office}:office:1.0" '
        f'xmlns:table="{office}:table:1.0" xmlns:text="{office}:text:1.0"><office:body>'
        f"<office:spreadsheet>{tables}</office:spreadsheet></office:body>"
        "</office:document-content>"
    )
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("META-INF/manifest.xml", "<manifest/>")
        archive.writestr("content.xml", text)


def _ods_cell(cell):
    if cell is None:
        return "<table:table-cell/>"
    if isinstance(cell, int | float):
        return f'<table:table-cell office:value-type="float" office:value="{cell}"/>'
    text = f"<text:p>{escape(str(cell))}</text:p>"
    return f'<table:table-cell office:value-type="string">{text}</table:table-cell>'


def _write_xls(path, books):
    sheets = [_sheet(rows) for rows in books.values()]
    begin = _record(0x0809, struct.pack("<HHHHII", 0x0600, 0x0005, 0, 0, 0, 0))
    names = [name.encode("latin-1") for name in books]
    place = len(begin) + sum(4 + 8 + len(name) for name in names) + 4
    index = b""
    for name, sheet in zip(names, sheets, strict=True):
        index += _record(0x0085, struct.pack("<IBBBB", place, 0, 0, len(name), 0) + name)
        place += len(sheet)
    xls(path, begin + index + _record(0x000A, b"") + b"".join(sheets))


def _sheet(rows):
    begin = _record(0x0809, struct.pack("<HHHHII", 0x0600, 0x0010, 0, 0, 0, 0))
    cells = b"".join(
        _xls_cell(i, j, cell)
        for i, row in enumerate(rows)
        for j, cell in enumerate(row)
        if cell is not None
    )
    return begin + cells + _record(0x000A, b"")


def _xls_cell(row, column, cell):
    if isinstance(cell, int | float):
        return _record(0x0203, struct.pack("<HHHd", row, column, 0, cell))
    text = str(cell).encode("utf-16-le")
    head = struct.pack("<HHHHB", row, column, 0, len(text) // 2, 1)
    return _record(0x0204, head + text)


def _record(kind, data):
    return struct.pack("<HH", kind, len(data)) + data


def xls(path, stream):
    """Write a compound file with one stream, the workbook."""
    size, free, last, fat = 512, 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD
    stream = stream.ljust(4096, b"\0")
    stream += b"\0" * (-len(stream) % size)
    count = len(stream) // size
    tables = 1
    while tables * size // 4 < tables + 1 + count:
        tables += 1
    follows = [fat] * tables + [last] + [tables + 2 + i for i in range(count - 1)] + [last]
    follows += [free] * (tables * size // 4 - len(follows))
    header = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 16
    header += struct.pack(
        "<HHHHH6xIIIIIIIIII", 0x3E, 3, 0xFFFE, 9, 6, 0, tables, tables, 0, 4096, last, 0, last, 0, 0
    )[:-4]
    places = [*range(tables), *[free] * (109 - tables)]
    header = header[:76].ljust(76, b"\0") + struct.pack("<109I", *places)
    root = _entry("Root Entry", 5, last, 0, 1)
    book = _entry("Workbook", 2, tables + 1, len(stream), free)
    folder = (root + book).ljust(size, b"\0")
    path.write_bytes(header + struct.pack(f"<{len(follows)}I", *follows) + folder + stream)


def _entry(name, kind, start, length, child):
    free = 0xFFFFFFFF
    text = (name + "\0").encode("utf-16-le")
    head = text.ljust(64, b"\0") + struct.pack("<HBBIII", len(text), kind, 1, free, free, child)
    return head + b"\0" * 36 + struct.pack("<IQ", start, length)
