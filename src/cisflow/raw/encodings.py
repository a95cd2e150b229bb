"""In which letters a text file is written."""

from __future__ import annotations

import codecs
from dataclasses import dataclass
from typing import BinaryIO

from cisflow.raw.opened import UnreadableError

UNICODE = "utf-8"
# The Windows code page for Western Europe has all letters of Latin-1, and the euro sign.
WESTERN = "cp1252"
NAMES = {"utf-8": "UTF-8", "cp1252": "Latin-1 (Windows-1252)", "latin-1": "Latin-1"}
# How other kinds of files begin.
SIGNATURES = {
    b"PK\x03\x04": "a zip archive or an Excel workbook (.zip, .xlsx)",
    b"\x1f\x8b": "a gzip file (.gz)",
    b"PAR1": "a Parquet file (.parquet)",
    b"$FL2": "an SPSS file (.sav)",
    b"$FL3": "an SPSS file (.zsav)",
    b"<stata_dta>": "a Stata file (.dta)",
    b"\xd0\xcf\x11\xe0": "an old Excel workbook (.xls)",
}
REMEDY = "set `file: {encoding: cp1252}` (or latin-1) in the codebook, or save it as UTF-8"


@dataclass
class Encoding:
    """An encoding, and whether somebody stated it or it was seen from the file."""

    name: str
    stated: bool

    @property
    def shown(self) -> str:
        """Name to print."""
        return NAMES.get(self.name, self.name.upper())

    def beginning(self, sample: bytes) -> str:
        """Return the first bytes of a file as text; a letter cut in two at their end is left out.

        Raises
        ------
        UnreadableError
            They are not in this encoding.
        """
        try:
            text = codecs.getincrementaldecoder(self.name)().decode(sample)
        except UnicodeDecodeError as error:
            line = sample.count(b"\n", 0, error.start) + 1
            raise wrong_encoding(self, line) from None
        return text.removeprefix("\ufeff")


def encoding_of(sample: bytes, stated: str | None) -> Encoding:
    """Return the encoding stated, else the one the first bytes of a file show."""
    if stated is not None:
        try:
            name = codecs.lookup(stated).name
        except LookupError:
            raise UnreadableError(
                f"file.encoding: there is no encoding '{stated}'", "use utf-8, cp1252 or latin-1"
            ) from None
        return Encoding({"utf-8-sig": UNICODE, "iso8859-1": "latin-1"}.get(name, name), True)
    for signature, kind in SIGNATURES.items():
        if sample.startswith(signature):
            raise UnreadableError(
                f"no text, but {kind}", "give the file the ending that tells what it is"
            )
    if sample[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return Encoding("utf-16", False)
    # Western headers in UTF-16 have a zero beside every letter; other text has none at all.
    start = sample[:200]
    for name, zeros in (("utf-16-le", start[1::2]), ("utf-16-be", start[::2])):
        if zeros.count(0) > len(start) // 4:
            return Encoding(name, False)
    if b"\0" in sample:
        raise UnreadableError(
            "no text: the file holds zero bytes", "export it once more as a text file"
        )
    try:
        codecs.getincrementaldecoder(UNICODE)().decode(sample)
    except UnicodeDecodeError:
        return Encoding(WESTERN, False)
    return Encoding(UNICODE, False)


def wrong_encoding(encoding: Encoding, line: int | None) -> UnreadableError:
    """Return the refusal of a text that is not in ``encoding``."""
    place = "the text" if line is None else f"line {line}"
    if encoding.stated or encoding.name != WESTERN:
        return UnreadableError(f"{place} is not {encoding.shown} text", REMEDY)
    return UnreadableError(
        f"{place} is neither UTF-8 nor Latin-1 text",
        "set `file: {encoding: …}` in the codebook (cp1250 or iso8859-2 for Central Europe, "
        "cp1257 for the Baltic, cp1253 for Greek), or save it as UTF-8",
    )


def line_not_in(encoding: Encoding, stream: BinaryIO) -> int | None:
    """Return the first line that is not in ``encoding``; None where lines cannot be told."""
    if encoding.name.startswith(("utf-16", "utf-32")):
        return None
    for number, line in enumerate(stream, start=1):
        try:
            line.decode(encoding.name)
        except UnicodeDecodeError:
            return number
    return None
