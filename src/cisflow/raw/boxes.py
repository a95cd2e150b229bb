"""How large the sheets of workbooks are that are no .xlsx, seen before their reader makes room.

Readers make room for all cells of the box around those with a value. In .ods a cell or row may be
repeated by number, and in .xls a sheet may have one cell in its last corner; neither makes the file
large.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import IO
from xml.etree import ElementTree

CFB = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
# Records of BIFF that hold a cell; NUMBER, LABEL, LABELSST, RK, FORMULA, BOOLERR and RSTRING.
ONE_CELL = {0x0203, 0x0204, 0x00FD, 0x027E, 0x0006, 0x0205, 0x00D6}
MANY_CELLS, BEGINS, PROTECTED = 0x00BD, 0x0809, 0x002F
ENDS = 0xFFFFFFFA  # sectors from here on are no sectors
ENTRY = 128

Sector = Callable[[int], bytes]


@dataclass
class Box:
    """How many cells a sheet has, and the last row and column of them."""

    cells: int = 0
    rows: int = 0
    columns: int = 0

    def add(self, row: int, column: int, count: int = 1) -> None:
        """Take in ``count`` cells, the last of which is here (from 1)."""
        self.cells += count
        self.rows, self.columns = max(self.rows, row), max(self.columns, column)


class ProtectedError(Exception):
    """A workbook with a password."""


# --- .ods ---------------------------------------------------------------------------------------


def ods_boxes(stream: IO[bytes]) -> Iterator[Box]:
    """Yield the box of every table of an OpenDocument's ``content.xml``."""
    box, row, column, repeated = Box(), 0, 0, 1
    for event, element in ElementTree.iterparse(stream, events=("start", "end")):  # noqa: S314
        tag = element.tag.rpartition("}")[2]
        if event == "start" and tag == "table":
            box, row = Box(), 0
        elif event == "start" and tag == "table-row":
            column, repeated = 0, _number(element, "number-rows-repeated")
        elif event == "end" and tag in ("table-cell", "covered-table-cell"):
            times = _number(element, "number-columns-repeated")
            column += times
            if len(element) or _attribute(element, "value-type"):
                box.add(row + repeated, column, times * repeated)
            element.clear()
        elif event == "end" and tag == "table-row":
            row += repeated
            element.clear()
        elif event == "end" and tag == "table":
            yield box
            element.clear()


def _attribute(element: ElementTree.Element, name: str) -> str | None:
    return next((v for key, v in element.attrib.items() if key.rpartition("}")[2] == name), None)


def _number(element: ElementTree.Element, name: str) -> int:
    return int(_attribute(element, name) or 1)


# --- .xls ---------------------------------------------------------------------------------------


def xls_boxes(data: bytes) -> Iterator[Box]:
    """Yield the box of every sheet of an old Excel workbook.

    Raises
    ------
    ValueError, struct.error, IndexError
        It is damaged, or none.
    ProtectedError
        It has a password.
    """
    box = Box()
    for kind, record in _records(_book(data)):
        if kind == BEGINS:
            yield box
            box = Box()
        elif kind == PROTECTED:
            raise ProtectedError
        elif kind in ONE_CELL:
            row, column = struct.unpack_from("<HH", record)
            box.add(row + 1, column + 1)
        elif kind == MANY_CELLS:
            row, first = struct.unpack_from("<HH", record)
            (last,) = struct.unpack_from("<H", record, len(record) - 2)
            box.add(row + 1, last + 1, max(1, last - first + 1))
    yield box


def _records(book: bytes) -> Iterator[tuple[int, bytes]]:
    place = 0
    while place + 4 <= len(book):
        kind, length = struct.unpack_from("<HH", book, place)
        yield kind, book[place + 4 : place + 4 + length]
        place += 4 + length


def _book(data: bytes) -> bytes:
    """Return the stream of the workbook in a compound file; older ones are nothing else."""
    if not data.startswith(CFB):
        return data
    size = 1 << _u16(data, 0x1E)
    if size not in (512, 4096):
        raise ValueError("sectors of an unknown size")

    def sector(number: int) -> bytes:
        start = (number + 1) * size
        if start >= len(data):
            raise ValueError("a sector beyond the end")
        return data[start : start + size]

    count = len(data) // size
    table = _allocation(data, sector, count)
    folder = _chain(_u32(data, 0x30), table, sector, count)
    root, entry = folder[:ENTRY], _entry(folder)
    start, length = _u32(entry, 0x74), _u32(entry, 0x78)
    if length >= _u32(data, 0x38):
        return _chain(start, table, sector, count)[:length]
    small = _chain(_u32(root, 0x74), table, sector, count)
    places = _chain(_u32(data, 0x3C), table, sector, count)
    shorter = list(struct.unpack(f"<{len(places) // 4}I", places))
    return _chain(start, shorter, lambda n: small[n * 64 : n * 64 + 64], len(shorter))[:length]


def _entry(folder: bytes) -> bytes:
    """Return the entry of the workbook in the list of streams."""
    for place in range(0, len(folder) - ENTRY + 1, ENTRY):
        entry = folder[place : place + ENTRY]
        name = entry[: max(0, _u16(entry, 0x40) - 2)].decode("utf-16-le", "replace")
        if name in ("Workbook", "Book"):
            return entry
    raise ValueError("no workbook in it")


def _allocation(data: bytes, sector: Sector, count: int) -> list[int]:
    """Return which sector follows each."""
    places = list(struct.unpack_from("<109I", data, 0x4C))
    more = _u32(data, 0x44)
    for _ in range(count):
        if more >= ENDS:
            break
        block = struct.unpack(f"<{len(sector(more)) // 4}I", sector(more))
        places, more = [*places, *block[:-1]], block[-1]
    known = [sector(place) for place in places if place < ENDS]
    return [number for part in known for number in struct.unpack(f"<{len(part) // 4}I", part)]


def _chain(start: int, table: list[int], sector: Sector, most: int) -> bytes:
    parts, place = [], start
    while place < ENDS:
        parts.append(sector(place))
        if len(parts) > most or place >= len(table):
            raise ValueError("a circle of sectors")
        place = table[place]
    return b"".join(parts)


def _u16(data: bytes, place: int) -> int:
    return int(struct.unpack_from("<H", data, place)[0])


def _u32(data: bytes, place: int) -> int:
    return int(struct.unpack_from("<I", data, place)[0])
