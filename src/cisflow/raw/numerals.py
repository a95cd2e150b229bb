"""Numbers as people write them in cells of text: decimal commas, thousands apart, exponents.

A wrong guess is wrong by a factor of 1,000, so that a sign is taken for one of thousands only where
no other reading is left.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

COMMA_NUMBER = re.compile(r"[+-]?\d*,\d+([eE][+-]?\d{1,3})?")
POINT_NUMBER = re.compile(r"[+-]?\d*\.\d+([eE][+-]?\d{1,3})?")
# 1,234 may be a number of four digits or one with three decimals; 0,234 and 1,23 may not.
EITHER = re.compile(r"[+-]?[1-9]\d{0,2}(,\d{3})+")
# What tells a column whose cells are looked at: signs beside digits, or exponents.
SIGNS = r"\d[\p{Zs}\t'’‘ʼ‛´`′.,]+\d|^[+-]?,\d|^\p{Pd}|−|\d[eE][+-]?\d"
BLANKS, APOSTROPHES, MINUS = re.compile(r"[^\S\r\n]"), re.compile("[’‘ʼ‛´`′]"), re.compile("[−‒–—]")
EXPONENT = re.compile(r"([+-]?)(\d+(?:\.\d+)?)[eE]([+-]?\d{1,3})")
LONGEST = 20  # digits of a number that an exponent is written out to
NAMES = {" ": "blanks", "'": "apostrophes", ".": "points", ",": "commas"}
DECIMAL_COMMA = "decimal comma"


@dataclass(frozen=True)
class _Way:
    """How figures are written: the sign before decimals, the sign between thousands."""

    decimal: str
    thousands: str

    @property
    def pattern(self) -> re.Pattern[str]:
        """A figure that is written so, and has its thousands apart."""
        d, t = re.escape(self.decimal), re.escape(self.thousands)
        return re.compile(rf"[+-]?[1-9]\d{{0,2}}(?:{t}\d{{3}})+(?:{d}\d+)?")


WAYS = tuple(_Way(d, t) for d in ".," for t in " '.," if d != t)


def with_plain_numbers(table: pa.Table, stated: str | None) -> tuple[pa.Table, list[str]]:
    """Return a table whose numbers are written with a decimal point and nothing else between.

    A column has decimal commas if its cells with a comma are all numbers with one, and no cell
    is a number with a point. Where nobody stated the decimal sign, one number of the file must
    be such that its comma cannot separate thousands. Thousands are put together where the cells
    can be read in one way only, and are not all of one length, as identifiers are.

    Parameters
    ----------
    table
        Text, any number of columns.
    stated
        The decimal sign the codebook states, if it does.

    Returns
    -------
    table
        Of the same shape.
    how
        What was found: ``decimal comma``, ``thousands apart by blanks``.
    """
    cells = {name: found for name in table.column_names if (found := _cells(table[name]))}
    commas = [name for name, found in cells.items() if _has_decimal_commas(found)]
    sign = stated or ("," if any(_certain_comma(cells[name]) for name in commas) else None)
    how = []
    ways = {name: way for name, found in cells.items() if (way := _way_of(found, sign))}
    told = [way.decimal for name, way in ways.items() if _shows_decimals(cells[name], way)]
    if sign is None and told:  # a column that is certain decides for those that are not
        sign = told[0]
        ways = {name: way for name, found in cells.items() if (way := _way_of(found, sign))}
    apart = {name: way.thousands for name, way in ways.items()}
    for name, found in cells.items():
        comma = sign == "," and name in commas and name not in apart
        plain = _written(found, _reader(found, comma, apart.get(name), sign))
        if plain:
            table = _with(table, name, plain)
        if comma and DECIMAL_COMMA not in how:
            how.append(DECIMAL_COMMA)
    how += [f"thousands apart by {NAMES[sign]}" for sign in sorted(set(apart.values()))]
    return table, how


def plain(text: str) -> str:
    """Return a text with the usual minus, blank and apostrophe."""
    return MINUS.sub("-", APOSTROPHES.sub("'", BLANKS.sub(" ", text)))


def _cells(column: Any) -> list[str]:
    """Return the different cells that may be numbers, if some have signs beside digits."""
    if not pc.any(pc.match_substring_regex(column, SIGNS)).as_py():
        return []
    return [text for text in pc.unique(column).to_pylist() if text and re.search(r"[\d,]", text)]


def _has_decimal_commas(cells: list[str]) -> bool:
    with_comma = [cell for cell in cells if "," in cell]
    return (
        bool(with_comma)
        and all(COMMA_NUMBER.fullmatch(plain(cell)) for cell in with_comma)
        and not any(POINT_NUMBER.fullmatch(cell) for cell in cells)
    )


def _certain_comma(cells: list[str]) -> bool:
    numbers = (plain(cell) for cell in cells if "," in cell)
    return any(not EITHER.fullmatch(number) for number in numbers)


def _way_of(cells: list[str], decimal: str | None) -> _Way | None:
    """Return the one way in which thousands are apart in these cells, None if there is no one."""
    texts = [plain(cell) for cell in cells]
    lengths = {sum(map(str.isdigit, text)) for text in texts}
    if len(lengths) < 2:
        return None
    ways = [way for way in WAYS if decimal in (None, way.decimal) and _all_read(texts, way)]
    signs = {way.thousands for way in ways}
    if len(signs) != 1:
        return None
    way = ways[0]
    if way.thousands in ".," and decimal is None and not _certain(texts, way):
        return None
    return way


def _all_read(texts: Iterable[str], way: _Way) -> bool:
    """Return whether all are numbers so written, and some have their thousands apart."""
    single = re.compile(rf"[+-]?\d+(?:{re.escape(way.decimal)}\d+)?")
    together = 0
    for text in texts:
        if way.pattern.fullmatch(text):
            together += 1
        elif not single.fullmatch(text):
            return False
    return together > 0


def _certain(texts: Iterable[str], way: _Way) -> bool:
    """Return whether a point or a comma in some number cannot stand before decimals."""
    return any(text.count(way.thousands) > 1 or way.decimal in text for text in texts)


def _shows_decimals(cells: list[str], way: _Way) -> bool:
    return way.thousands in ".," or any(way.decimal in plain(cell) for cell in cells)


def _reader(
    cells: list[str], comma: bool, apart: str | None, sign: str | None
) -> Callable[[str], str]:
    """Return what makes a cell of the column plain."""
    decimal = "," if comma or (apart and sign == ",") else "."

    def read(cell: str) -> str:
        text = plain(cell)
        text = text.replace(apart, "") if apart else text
        return text.replace(decimal, ".") if decimal == "," else text

    # Of exponents nothing is made where a cell is no number: they may be part of a name.
    if all(_is_number(read(cell)) for cell in cells):
        return lambda cell: _without_exponent(read(cell))
    return read if comma or apart else lambda cell: cell


def _is_number(text: str) -> bool:
    return bool(re.fullmatch(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,3})?", text))


def _without_exponent(text: str) -> str:
    """Return 1.6e+07 as 16000000; what is no whole number, or too long, stays as it is."""
    found = EXPONENT.fullmatch(text)
    if found is None:
        return text
    whole, _, fraction = found[2].partition(".")
    fraction, power = fraction.rstrip("0"), int(found[3])
    if not len(fraction) <= power <= LONGEST:
        return text
    digits = (whole + fraction + "0" * (power - len(fraction))).lstrip("0") or "0"
    return f"{found[1].replace('+', '')}{digits}"


def _written(cells: list[str], read: Callable[[str], str]) -> dict[str, str]:
    return {cell: text for cell in cells if (text := read(cell)) != cell}


def _with(table: pa.Table, name: str, plain: dict[str, str]) -> pa.Table:
    """Return a table in which cells of a column are written otherwise."""
    coded = table[name].combine_chunks().dictionary_encode()
    texts = [plain.get(text, text) for text in coded.dictionary.to_pylist()]
    column = pa.array(texts, pa.large_string()).take(coded.indices)
    return table.set_column(table.column_names.index(name), name, column)


def number_in(text: str) -> float | None:
    """Return the number a cell by itself may stand for, None if it is none.

    Only to compare cells with each other, not to take their values from.
    """
    text = plain(text).replace(" ", "").replace("'", "")
    if text.count(",") > 1 or (text.count(".") > 1) or ("," in text and "." in text):
        sign = max(",.", key=text.rfind)
        other = "," if sign == "." else "."
        text = text.replace(other, "") if text.count(sign) < 2 else text.replace(sign, "")
    text = text.replace(",", ".")
    return float(text) if _is_number(text) else None
