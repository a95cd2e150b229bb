"""Decimal commas: seen from the numbers of a text file, and written as points."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

COMMA_NUMBER = r"^[+-]?\d*,\d+$"
POINT_NUMBER = r"^[+-]?\d*\.\d+$"
# 1,234 may be a number of four digits or one with three decimals; 0,234 and 1,23 may not.
EITHER = r"^[+-]?[1-9]\d{0,2}(,\d{3})+$"


def with_decimal_points(table: pa.Table, stated: str | None) -> tuple[pa.Table, bool]:
    """Return a table whose decimal commas are points, and whether it had any.

    A column has decimal commas if its cells with a comma are all numbers with one, and no cell
    is a number with a point. Where nobody stated the decimal sign, one number of the file must
    be such that its comma cannot separate thousands.

    Parameters
    ----------
    table
        Text, any number of columns.
    stated
        The decimal sign the codebook states, if it does.
    """
    if stated == ".":
        return table, False
    commas = [name for name in table.column_names if _has_decimal_commas(table[name])]
    certain = stated == "," or any(_any(table[name], COMMA_NUMBER, but=EITHER) for name in commas)
    if not commas or not certain:
        return table, False
    for name in commas:
        column = pc.replace_substring(table[name], ",", ".")
        table = table.set_column(table.column_names.index(name), name, column)
    return table, True


def _has_decimal_commas(column: Any) -> bool:
    comma = pc.match_substring(column, ",")
    if not pc.any(comma).as_py():
        return False
    cells = column.filter(comma)
    numbers = pc.match_substring_regex(cells, COMMA_NUMBER)
    return bool(pc.all(numbers).as_py()) and not _any(column, POINT_NUMBER)


def _any(column: Any, pattern: str, but: str | None = None) -> bool:
    found = pc.match_substring_regex(column, pattern)
    if but is not None:
        found = pc.and_(found, pc.invert(pc.match_substring_regex(column, but)))
    return bool(pc.any(found).as_py())
