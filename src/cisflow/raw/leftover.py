"""Rows of a table that are no firms: totals, notes below the table, the header once more.

They are told by data, never by a word: a total sums other rows, a note fills next to no cells with
texts of a kind its columns do not have. They are found anew each time the file is read, and how
many were left out is told; `all_rows` of a codebook's ``file:`` keeps them.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from cisflow.raw.numerals import number_in

# Rows below the header that show what its columns hold.
HEAD = 2000
# With fewer rows nothing is usual. A column that so few rows lack is filled in nearly all; where
# more rows than this part of all are odd, they are no exceptions.
FEWEST, FEW_LACK, MOST_ODD, FREELY = 5, 3.0, 0.02, 20
# A note fills this part of the columns at most.
FEW_CELLS = 0.34
# A sum of figures that were rounded is nearly that of what is written.
ROUNDED, RELATIVE = 0.51, 1e-4
ADDENDS = 3
# Below the last total there may be notes.
LAST = 5
KINDS = {
    "blanks": ("blank row", "blank rows"),
    "totals": ("row that sums others", "rows that sum others"),
    "notes": ("row of notes", "rows of notes"),
    "headers": ("repeated header", "repeated headers"),
}

Tables = Callable[[Sequence[int]], Iterator[pa.Table]]


@dataclass(frozen=True)
class LeftOut:
    """Rows of a file that are left out, by number (from 0): why, a key of :data:`KINDS`."""

    rows: Mapping[int, str] = field(default_factory=dict)

    @property
    def counts(self) -> dict[str, int]:
        """How many rows of each kind."""
        found = Counter(self.rows.values())
        return {kind: found[kind] for kind in KINDS if found[kind]}

    @property
    def how(self) -> list[str]:
        """What to tell of them."""
        return [f"{n} {KINDS[kind][n > 1]} left out" for kind, n in self.counts.items()]

    def kept(self, table: pa.Table, start: int) -> pa.Table:
        """Return a piece of the file, which begins with row ``start``, without these rows."""
        here = [row - start for row in self.rows if start <= row < start + table.num_rows]
        if not here:
            return table
        keep = np.ones(table.num_rows, bool)
        keep[here] = False
        return table.filter(pa.array(keep))


@dataclass
class _Survey:
    """What one passage through a file shows."""

    head: pa.Table  # its first rows
    always: list[int]  # columns that nearly every row fills
    usual: float  # how many cells a row usually fills
    rows: int = 0  # how many rows there are
    # The cells of rows that lack such a column, and of the first and the last ones, by number.
    odd: dict[int, list[str | None]] = field(default_factory=dict)
    blank: list[int] = field(default_factory=list)  # rows without any cell


def left_out(tables: Tables, header: Sequence[str]) -> LeftOut:
    """Return the rows of a file that are no firms.

    Parameters
    ----------
    tables
        From places of columns to the file piece by piece, these columns as text.
    header
        The names of all columns.
    """
    seen = _surveyed(tables(range(len(header))), header)
    if seen is None or seen.rows - len(seen.blank) < FEWEST:
        return LeftOut()
    found = dict.fromkeys(seen.blank, "blanks")
    if len(seen.odd) > max(FREELY, MOST_ODD * seen.rows):
        return LeftOut(found)
    shapes = _Shapes(_ordinary(seen))
    found |= {n: "headers" for n, cells in seen.odd.items() if _repeats(cells, header)}
    odd = {
        n: cells
        for n, cells in seen.odd.items()
        if n not in found and _is_odd(cells, shapes, seen.always)
    }
    notes = {n for n, cells in odd.items() if _is_note(cells, shapes, seen.usual)}
    found |= dict.fromkeys(notes, "notes")
    sums = {n: cells for n, cells in odd.items() if n not in notes and _numbers(cells)}
    found |= dict.fromkeys(_totals(sums, tables, {*found, *odd}), "totals")
    return LeftOut(dict(sorted(found.items())))


def _surveyed(tables: Iterable[pa.Table], header: Sequence[str]) -> _Survey | None:
    seen: _Survey | None = None
    last: dict[int, list[str | None]] = {}
    for table in (t for t in tables if t.num_rows):
        seen = seen or _begun(table)
        filled = _filled(table)
        rows = np.arange(seen.rows, seen.rows + table.num_rows)
        seen.blank.extend(rows[filled == 0].tolist())
        odd = (_lacking(table, seen.always) & (filled > 0)) | _like(header, table, seen.always)
        lacking = np.flatnonzero(odd)
        if len(seen.odd) <= FREELY + MOST_ODD * seen.rows:  # more are how firms answer
            for place in lacking[: FREELY + int(MOST_ODD * table.num_rows) + 1]:
                seen.odd[int(rows[place])] = _cells(table, int(place))
        ends = np.flatnonzero(filled > 0)[-LAST:]
        last = {**last, **{int(rows[place]): _cells(table, int(place)) for place in ends}}
        seen.rows += table.num_rows
    if seen is not None:
        seen.odd.update(sorted(last.items())[-LAST:])
    return seen


def _begun(table: pa.Table) -> _Survey:
    head = table.slice(0, HEAD)
    most = min(max(FEW_LACK, MOST_ODD * head.num_rows), head.num_rows / ADDENDS)
    always = [i for i, column in enumerate(head.columns) if column.null_count <= most]
    return _Survey(head, always, float(np.median(_filled(head))), odd={0: _cells(table, 0)})


def _filled(table: pa.Table) -> np.ndarray:
    """Return how many cells each row fills, shape (n,)."""
    filled = np.zeros(table.num_rows, np.int32)
    for column in table.columns:
        filled += _valid(column)
    return filled


def _valid(column: pa.ChunkedArray) -> np.ndarray:
    return np.asarray(pc.is_valid(column).to_numpy(zero_copy_only=False), bool)


def _lacking(table: pa.Table, always: Sequence[int]) -> np.ndarray:
    """Return which rows lack a column that nearly all rows fill, shape (n,)."""
    lacks = np.zeros(table.num_rows, bool)
    for place in always:
        lacks |= ~_valid(table.column(place))
    return lacks


def _like(header: Sequence[str], table: pa.Table, always: Sequence[int]) -> np.ndarray:
    """Return which rows have the names of columns in the first cells that are always filled."""
    same = np.full(table.num_rows, bool(always))
    for place in always[:2]:
        equal = pc.fill_null(pc.equal(table.column(place), header[place]), False)
        same &= np.asarray(equal.to_numpy(zero_copy_only=False), bool)
    return same


def _cells(table: pa.Table, row: int) -> list[str | None]:
    return [column[row].as_py() for column in table.columns]


def _ordinary(seen: _Survey) -> pa.Table:
    """Return the first rows without those that are odd."""
    keep = np.ones(seen.head.num_rows, bool)
    keep[[row for row in seen.odd if row < seen.head.num_rows]] = False
    return seen.head.filter(pa.array(keep))


class _Shapes:
    """What the cells of each column look like in ordinary rows, letters and digits aside."""

    def __init__(self, ordinary: pa.Table):
        self._ordinary = ordinary
        self._known: dict[int, set[str]] = {}

    def foreign(self, place: int, text: str) -> bool:
        """Return whether a column has no other cell like this one."""
        if place not in self._known:
            texts = pc.unique(self._ordinary.column(place)).to_pylist()
            self._known[place] = {_shape(t) for t in texts if t is not None}
        return _shape(text) not in self._known[place]


def _shape(text: str) -> str:
    # Numbers of all kinds look alike: 12, 1.5 and 1,6e+07.
    if number_in(text) is not None:
        return "9"
    return re.sub(r"[^\W\d_]+", "a", re.sub(r"\d+", "9", text))


def _repeats(cells: Sequence[str | None], header: Sequence[str]) -> bool:
    pairs = [(c.strip(), h) for c, h in zip(cells, header, strict=False) if c]
    return len(pairs) > 1 and all(cell == name for cell, name in pairs)


def _numbers(cells: Sequence[str | None]) -> dict[int, float]:
    read = {i: number_in(cell) for i, cell in enumerate(cells) if cell}
    return {i: number for i, number in read.items() if number is not None}


def _is_odd(cells: Sequence[str | None], shapes: _Shapes, always: Sequence[int]) -> bool:
    """Return whether a row lacks what nearly all have, or has a text unlike its column."""
    texts = [(i, cell) for i, cell in enumerate(cells) if cell and number_in(cell) is None]
    return any(cells[i] is None for i in always) or any(shapes.foreign(i, t) for i, t in texts)


def _is_note(cells: Sequence[str | None], shapes: _Shapes, usual: float) -> bool:
    texts = [(i, cell) for i, cell in enumerate(cells) if cell]
    return (
        0 < len(texts) <= max(1.0, FEW_CELLS * usual)
        and len(texts) < usual
        and all(number_in(text) is None and shapes.foreign(i, text) for i, text in texts)
    )


def _totals(
    odd: Mapping[int, Sequence[str | None]], tables: Tables, apart: set[int]
) -> Iterator[int]:
    """Yield the odd rows that sum all other rows, or those since the last odd row.

    Parameters
    ----------
    odd
        Rows that may be totals.
    tables
        As for :func:`left_out`.
    apart
        All rows that are no addends.
    """
    if not odd:
        return
    places = sorted({place for cells in odd.values() for place in _numbers(cells)})
    running = _running_sums(tables, places, sorted(odd), apart)
    whole = running.pop(-1)
    before = dict.fromkeys(places, (0.0, 0))
    for row in sorted(odd):
        numbers = _numbers(odd[row])
        since = {p: _less(running[row][p], before[p]) for p in places}
        if any(_sums(numbers, sums) for sums in (whole, since)):
            yield row
            before = running[row]


_Sum = tuple[float, int]


def _less(one: _Sum, other: _Sum) -> _Sum:
    return one[0] - other[0], one[1] - other[1]


def _sums(numbers: Mapping[int, float], sums: Mapping[int, _Sum]) -> bool:
    """Return whether at least half of a row's figures are sums of several others."""
    agree = 0
    for place, number in numbers.items():
        total, addends = sums[place]
        close = abs(number - total) <= max(ROUNDED, RELATIVE * abs(total))
        agree += close and addends >= ADDENDS and total != 0
    return agree > 0 and 2 * agree >= len(numbers)


def _running_sums(
    tables: Tables, places: Sequence[int], rows: Sequence[int], apart: set[int]
) -> dict[int, dict[int, _Sum]]:
    """Return per row the sum and the number of addends above it; under -1 those of all rows."""
    found: dict[int, dict[int, _Sum]] = {row: {} for row in rows}
    totals: dict[int, _Sum] = dict.fromkeys(places, (0.0, 0))
    start = 0
    for table in tables(places):
        here = [row for row in rows if start <= row < start + table.num_rows]
        aside = [row - start for row in apart if start <= row < start + table.num_rows]
        for place, column in zip(places, table.columns, strict=True):
            values = _values(column)
            values[aside] = np.nan
            sums, counts = np.nancumsum(values), np.cumsum(~np.isnan(values) & (values != 0))
            base = totals[place]
            for row in here:
                at = row - start
                found[row][place] = (base[0] + float(sums[at]), base[1] + int(counts[at]))
            if len(values):
                totals[place] = (base[0] + float(sums[-1]), base[1] + int(counts[-1]))
        start += table.num_rows
    return {**found, -1: totals}


def _values(column: pa.ChunkedArray) -> np.ndarray:
    coded = column.combine_chunks().dictionary_encode()
    read = [number_in(text) for text in coded.dictionary.to_pylist()]
    numbers = pa.array(read, pa.float64()).take(coded.indices)
    return np.array(pc.fill_null(numbers, float("nan")).to_numpy(zero_copy_only=False), float)
