"""Rows of one width in .sav and .dta files: read the bytes of the columns asked for, no others.

Where the rows lie and how wide their columns are is taken from the file and proved before it is
used: the widths must fill the row, and the rows the space there is. Compressed rows of a .sav file
are unpacked by :mod:`cisflow.extract.bytecode`. Whatever is not so, such as very long texts, other
byte orders and Stata files before release 117, is left to pyreadstat. Sources: "Stata .dta
file formats" (help dta, releases 117 to 119); PSPP developers' guide, "System file format".
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from cisflow.extract.base import (
    ROWS_AT_A_TIME,
    Chunk,
    Options,
    RawFile,
    arrow_texts,
    number_texts,
)
from cisflow.extract.bytecode import Packed, data_start, unpacked
from cisflow.extract.statistical import without_declared, wrong_text

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

SYSTEM_MISSING = -1.7976931348623157e308  # SPSS: the lowest number there is
LONGEST_TEXT = 255  # SPSS spreads longer ones over several columns
# Stata: code, numpy's type, and the pattern of "."; .a to .z follow in steps.
STATA_TYPES = {
    65526: ("<f8", 0x7FE0000000000000, 0x10000000000),
    65527: ("<f4", 0x7F000000, 0x800),
    65528: ("<i4", 2147483621, 1),
    65529: ("<i2", 32741, 1),
    65530: ("|i1", 101, 1),
}
MISSING_BY_TYPE = {kind: (first, step) for kind, first, step in STATA_TYPES.values()}


@dataclass(frozen=True)
class RecordLayout:
    """Where the rows of a file lie, and its columns in them."""

    raw: RawFile
    start: int
    rows: int
    record: np.dtype[Any]
    encoding: str
    stata: bool
    packed: Packed | None = None

    def chunks(self, names: list[str], ranges: dict[str, Any]) -> Iterator[Chunk]:
        """Yield the rows; ``ranges`` are the values SPSS declares missing, by column."""
        import numpy as np
        import pyarrow as pa

        done = 0
        for part in self._pieces() if self.packed is None else self._unpacked(names):
            texts, reasons = [], {}
            for name in names:
                values = np.ascontiguousarray(part[name])
                if values.dtype.kind == "S":
                    text, reason = without_declared(self._letters(values), None, ranges.get(name))
                elif self.stata:
                    text, reason = _stata_numbers(values)
                else:
                    text = number_texts(values, values == SYSTEM_MISSING)
                    text, reason = without_declared(text, values, ranges.get(name))
                texts.append(text)
                if reason is not None:
                    reasons[name] = reason
            done += len(texts[0])
            yield Chunk(pa.table(texts, names), reasons, min(1.0, done / max(self.rows, 1)))

    def _pieces(self) -> Iterator[Any]:
        import numpy as np

        if self.rows == 0:
            records = np.empty(0, self.record)
        elif not self.raw.packing:
            records = np.memmap(self.raw.path, self.record, "r", self.start, (self.rows,))
        else:
            with self.raw.stream() as stream:
                records = np.frombuffer(stream.read(), self.record, self.rows, self.start)
        for begin in range(0, max(self.rows, 1), ROWS_AT_A_TIME):
            yield records[begin : begin + ROWS_AT_A_TIME]

    def _unpacked(self, names: list[str]) -> Iterator[dict[str, np.ndarray]]:
        """Yield columns of a .sav file with compressed rows; a text lies in several elements."""
        import numpy as np

        fields: Mapping[str, Any] = self.record.fields or {}
        elements = {
            name: range(offset // 8, (offset + max(kind.itemsize, 8) + 7) // 8)
            for name in names
            for kind, offset in [fields[name][:2]]
        }
        wanted = sorted({element for own in elements.values() for element in own})
        with self.raw.stream() as stream:
            stream.seek(self.start)
            for found in unpacked(stream, cast("Packed", self.packed), wanted):
                yield {
                    name: np.column_stack([found[element] for element in own])
                    .view(f"S{8 * len(own)}" if fields[name][0].kind == "S" else "<f8")
                    .ravel()
                    for name, own in elements.items()
                }

    def _letters(self, values: np.ndarray) -> pa.Array:
        """Return texts, decoded once per different one."""
        import pyarrow as pa

        cells = pa.array(values, pa.large_binary()).dictionary_encode()
        try:
            # A text ends at its first zero byte; what may follow it is rubbish.
            letters = [
                cell.split(b"\0", 1)[0].decode(self.encoding)
                for cell in cells.dictionary.to_pylist()
            ]
        except UnicodeDecodeError:
            raise wrong_text() from None
        return arrow_texts(pa.array(letters, pa.large_string())).take(cells.indices)


def _stata_numbers(values: np.ndarray) -> tuple[pa.Array, pa.Array | None]:
    """Return numbers as text, and which of .a to .z stands where a number is missing."""
    import numpy as np
    import pyarrow as pa

    first, step = MISSING_BY_TYPE[values.dtype.str]
    bits = values.view(f"<i{values.dtype.itemsize}") if values.dtype.kind == "f" else values
    missing = bits >= first
    text = number_texts(np.where(missing, 0, values), missing)
    tagged = (bits > first) & (bits <= first + 26 * step)
    if not tagged.any():
        return text, None
    letters = np.full(len(values), None, dtype=object)
    which = (bits[tagged].astype(np.int64) - first) // step
    letters[tagged] = [f".{chr(ord('a') + int(k) - 1)}" for k in which]
    return text, pa.array(letters, pa.large_string())


def record_layout(raw: RawFile, meta: Any, options: Options) -> RecordLayout | None:
    """Return where the rows of a .sav or .dta file lie; None if pyreadstat has to read it.

    Parameters
    ----------
    meta
        pyreadstat's dictionary of the file.
    options
        ``encoding``, if it is not the one the file states.
    """
    import codecs

    read = {".sav": _spss_layout, ".dta": _stata_layout}.get(raw.suffix)
    if read is None:
        return None
    layout = read(raw, meta, options.get("encoding"))
    try:
        return layout if layout and codecs.lookup(layout.encoding) else None
    except LookupError:
        return None


def _record(names: list[str], kinds: list[str], widths: list[int]) -> np.dtype[Any]:
    import numpy as np

    offsets = [sum(widths[:i]) for i in range(len(widths))]
    return np.dtype({"names": names, "formats": kinds, "offsets": offsets, "itemsize": sum(widths)})


def _spss_layout(raw: RawFile, meta: Any, encoding: str | None) -> RecordLayout | None:
    with raw.stream() as stream:
        head = stream.read(92)
        if len(head) < 92 or head[:4] != b"$FL2":
            return None
        order, elements, compression, _, rows = struct.unpack_from("<5i", head, 64)
        kinds, widths = [], []
        for name in meta.column_names:
            text = meta.readstat_variable_types[name] == "string"
            width = int(meta.original_variable_types[name][1:]) if text else 8
            kinds.append(f"S{width}" if text else "<f8")
            widths.append(8 * ((width + 7) // 8))
        (bias,) = struct.unpack_from("<d", head, 84)
        if (
            order not in (2, 3)
            or compression not in (0, 1)
            or rows <= 0
            or 8 * elements != sum(widths)
            or max(widths) > LONGEST_TEXT
        ):
            return None
        start = data_start(stream)
        if start is None:
            return None
        size = raw.size or start + len(stream.read())
        if compression == 0 and size - start != rows * sum(widths):
            return None
    record = _record(list(meta.column_names), kinds, widths)
    packed = Packed(elements, rows, bias) if compression == 1 else None
    encoding = encoding or meta.file_encoding
    return RecordLayout(raw, start, rows, record, encoding, stata=False, packed=packed)


def _stata_layout(raw: RawFile, meta: Any, encoding: str | None) -> RecordLayout | None:
    with raw.stream() as stream:
        head = stream.read(1024)
        place = head.find(b"<map>")
        if not head.startswith(b"<stata_dta><header><release>11") or place < 0:
            return None
        if b"<byteorder>LSF</byteorder>" not in head:
            return None
        release = int(head[28:31])
        offsets = struct.unpack_from("<14q", head, place + len("<map>"))
        stream.seek(offsets[2] + len("<variable_types>"))
        count = len(meta.column_names)
        types = struct.unpack(f"<{count}H", stream.read(2 * count))
    kinds = [f"S{t}" if t <= 2045 else STATA_TYPES.get(t, ("",))[0] for t in types]
    if not all(kinds):  # texts kept elsewhere in the file (strL)
        return None
    import numpy as np

    record = _record(list(meta.column_names), kinds, [np.dtype(kind).itemsize for kind in kinds])
    start = offsets[9] + len("<data>")
    rows = meta.number_rows
    if offsets[10] - start - len("</data>") != rows * record.itemsize:
        return None
    if raw.size is not None and offsets[13] > raw.size:  # the end is cut off
        return None
    default = "cp1252" if release == 117 else "utf-8"
    return RecordLayout(raw, start, rows, record, encoding or default, stata=True)
