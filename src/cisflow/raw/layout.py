"""Where the names of the columns stand: below titles, or in rows of merged cells.

All of it is found anew each time a file is opened, from the cells alone, so that a codebook fits
the same file wherever it is read; `header_row` of its ``file:`` says otherwise.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from cisflow.raw.numerals import number_in
from cisflow.raw.opened import Options, UnreadableError

# Rows that are looked at, and the last in which names may begin.
LOOKED_AT, LAST_HEADER = 60, 25
# A text over more columns than this part is a title rather than the name of a group.
WIDEST_GROUP = 0.7
# Names fill nearly all columns that anything fills; few of them are numbers (years are).
NEARLY_ALL, FEW = 0.8, 0.2
# Below names, some columns have numbers, or few answers over and over.
SOME_ANSWERS, MOSTLY, FEWEST = 0.3, 0.5, 4
SENTENCE = 2  # blanks in a text that is more than a name

# Years are names of columns as often as numbers in them.
YEAR = re.compile(r"(19|20)\d\d")

Cells = Sequence[str]


@dataclass(frozen=True)
class Header:
    """The names of a file's columns and where they stand."""

    names: list[str]  # of all columns; empty for one without a name
    row: int = 0  # place of the (last) row of names among the rows given, from 0
    skipped: int = 0  # rows above the names that are no part of them
    merged: bool = False  # whether names are made of two rows, the upper one with merged cells
    # Texts above or within the names that tell more than these.
    labels: dict[str, str] = field(default_factory=dict)

    @property
    def how(self) -> list[str]:
        """What to tell of it."""
        above = f"{self.skipped} row{'s' if self.skipped > 1 else ''} above the header skipped"
        return [
            *([above] * bool(self.skipped)),
            *(["header in two rows, of merged cells"] * self.merged),
        ]


def header_of(rows: Sequence[Cells], options: Options) -> Header:
    """Return the header of a table.

    Parameters
    ----------
    rows
        Its first rows as text, none of them blank.
    options
        ``header_row``: which of them has the names, from 1; seen from the cells without it.
    """
    rows = [[cell.strip() for cell in row] for row in rows[:LOOKED_AT]]
    stated = options.get("header_row")
    if stated is not None:
        if stated > len(rows):
            what = f"file.header_row: no row {stated} that could have the names"
            raise UnreadableError(what, "count the rows that are not blank, from 1")
        return _named(rows, stated - 1)
    found = _found(rows)
    if _is_a_firm(found.names, rows[found.row + 1 :]):
        what = "its first row looks like the answers of a firm, not like the names of the columns"
        raise UnreadableError(what, "write a row above it that names them, in a copy of the file")
    return found


def _found(rows: Sequence[Cells]) -> Header:
    """Return the header as the cells show it."""
    widest = max(map(_filled, rows))
    if _is_full(rows[0], widest) and _are_distinct(rows[0]):
        return _below_labels(rows, widest)
    place = next((k for k in range(1, min(LAST_HEADER, len(rows))) if _names(rows, k, widest)), 0)
    return _named(rows, place) if place else _in_two_rows(rows, widest)


def _is_a_firm(names: Cells, below: Sequence[Cells]) -> bool:
    """Return whether most names are numbers above numbers, and are no numbers of questions.

    Surveys that call their columns by the numbers of questions (UKIS) call each by another, all of
    as many digits; or they count the columns. A firm's answers are of several lengths, or alike.
    """
    places = [i for i, name in enumerate(names) if name and not YEAR.fullmatch(name)]
    numbers = {i: n for i in places if (n := number_in(names[i])) is not None}
    above = [i for i in numbers if _are_numbers([r[i] for r in below if i < len(r) and r[i]])]
    if len(above) <= MOSTLY * len(places):
        return False
    known = list(numbers.values())
    of_questions = len(set(known)) == len(known) and len({len(names[i]) for i in numbers}) == 1
    return not of_questions and known != sorted(set(known))


def _filled(row: Cells) -> int:
    return sum(map(bool, row))


def _is_full(row: Cells, widest: int) -> bool:
    return _filled(row) >= NEARLY_ALL * widest


def _are_distinct(row: Cells) -> bool:
    given = [cell.casefold() for cell in row if cell]
    return len(set(given)) == len(given)


def _are_texts(row: Cells) -> bool:
    numbers = sum(number_in(cell) is not None for cell in row if cell and not YEAR.fullmatch(cell))
    return numbers <= FEW * _filled(row)


def _names(rows: Sequence[Cells], place: int, widest: int) -> bool:
    """Return whether a row names the columns: full, of different texts, and above answers."""
    row = rows[place]
    return (
        _is_full(row, widest)
        and _are_distinct(row)
        and _are_texts(row)
        and _above_answers(row, rows[place + 1 :])
    )


def _above_answers(row: Cells, below: Sequence[Cells]) -> bool:
    """Return whether enough columns with a text in this row have answers below it."""
    unlike = 0
    for place, cell in enumerate(row):
        given = [other[place] for other in below if place < len(other) and other[place]]
        unlike += bool(cell and given) and (_are_numbers(given) or _repeat(given, cell))
    return unlike >= max(1.0, SOME_ANSWERS * _filled(row))


def _are_numbers(given: Cells) -> bool:
    return sum(number_in(text) is not None for text in given) > MOSTLY * len(given)


def _repeat(given: Cells, name: str) -> bool:
    """Return whether cells repeat each other, as answers do, and not what stands above them."""
    return len(given) >= FEWEST and 2 * len(set(given)) <= len(given) and name not in given


def _below_labels(rows: Sequence[Cells], widest: int) -> Header:
    """Return the first row as the header, unless it explains the names in the next one."""
    first = rows[0]
    names = rows[1] if len(rows) > 1 else []
    sentences = sum(cell.count(" ") >= SENTENCE for cell in first)
    if (
        names
        and sentences > MOSTLY * _filled(first)
        and not any(" " in name for name in names)
        and _names(rows, 1, widest)
    ):
        labels = {name: text for name, text in zip(names, first, strict=False) if name and text}
        return Header(list(names), 1, labels=labels)
    return Header(list(first))


def _named(rows: Sequence[Cells], place: int) -> Header:
    """Return the names in a row; a row of merged cells above it tells them apart."""
    above = rows[place - 1] if place else []
    upper = _spread(above, len(rows[place]))
    if not _are_groups(above, upper):
        return Header(list(rows[place]), place, place)
    return _joined(upper, above, rows[place], place)


def _are_groups(row: Cells, spread: Cells) -> bool:
    """Return whether texts stand over groups of columns; of a title one stands over nearly all."""
    widest = max((spread.count(text) for text in set(spread) if text), default=0)
    return _filled(row) > 1 and widest <= WIDEST_GROUP * len(spread)


def _in_two_rows(rows: Sequence[Cells], widest: int) -> Header:
    """Return names of which some stand in an upper row alone, as with cells merged downwards."""
    for place in range(1, min(LAST_HEADER, len(rows) - 1)):
        above, row = rows[place - 1], rows[place]
        both = _joined(_spread(above, len(row)), above, row, place)
        enough = min(_filled(above), _filled(row)) > 1 and _are_texts(row)
        if enough and _names([both.names, *rows[place + 1 :]], 0, widest):
            return both
    return Header(list(rows[0]))


def _spread(row: Cells, width: int) -> list[str]:
    """Return a row of merged cells with each text over all the columns it stands for."""
    spread, last = [], ""
    for place in range(max(width, len(row))):
        last = row[place] if place < len(row) and row[place] else last
        spread.append(last)
    return spread


def _joined(upper: Cells, above: Cells, lower: Cells, place: int) -> Header:
    """Return the names in two rows: the lower one's, with the upper one's where they are alike."""
    own = [cell or upper[i] for i, cell in enumerate(lower)]
    own += [cell for cell in above[len(lower) :] if cell]
    count = {name.casefold(): 0 for name in own}
    for name in own:
        count[name.casefold()] += 1
    names, labels = [], {}
    for i, name in enumerate(own):
        group = upper[i] if i < len(lower) and lower[i] else ""
        whole = f"{group} {name}".strip()
        alone = count[name.casefold()] == 1 and number_in(name) is None
        names.append(name if alone else whole)
        if group and group != name and name.count(" ") < SENTENCE:
            labels[names[-1]] = re.sub(r"\s+", " ", f"{group}: {name}")
    return Header(names, place, place - 1, merged=True, labels=labels)
