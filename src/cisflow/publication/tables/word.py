"""What a table needs to be read in Word: columns as wide as what they hold, headings across.

The tables that maketables makes have columns of one width, headings of groups in the first of
them, and rows that stay together however many they are.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from cisflow.publication.tables.table import Table

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
TWIP = 635  # of Word's own units
MOST_STUB, LEAST_STUB = 38, 18  # letters of a heading of a row before it is wrapped
LETTER, SMALL_LETTER = 100, 80  # how wide one is, upright and across
KEPT = 24  # rows that stay on one page; more may run over


def fit(document: Any, table: Table) -> None:
    """Set widths, headings and breaks of the one table of a document.

    Parameters
    ----------
    document
        Of python-docx, its page turned already.
    table
        What it was made of.
    """
    body = document.tables[0]._tbl
    rows, widths = body.findall(f"{W}tr"), column_widths(table, _room(document.sections[0]))
    _fixed(body, widths)
    heads = table.frame.columns.nlevels
    for i, row in enumerate(rows):
        if i < heads:
            _repeated(row)
        elif i + 1 < len(rows):
            _across(row)
        _widen(row, widths)
    if len(rows) > KEPT:
        _may_break(rows[heads:])


def column_widths(table: Table, room: int) -> list[int]:
    """Return how wide each column is, in twentieths of a point, by the letters it must hold."""
    cells = table.frame.astype(str)
    names = [str(i[-1] if isinstance(i, tuple) else i) for i in cells.index]
    line = room // (SMALL_LETTER if table.is_wide else LETTER)
    least, most = [], []
    for j, head in enumerate(cells.columns):
        words = str(head[-1] if isinstance(head, tuple) else head)
        column = list(cells.iloc[:, j])
        least.append(2 + max(_longest(_words([*column, words])), 4))
        most.append(max(least[-1], 2 + _longest(column)))
    spare = line - sum(least) - min(_longest(names), LEAST_STUB) - 2
    part = min(max(spare / max(sum(most) - sum(least), 1), 0), 1)
    needed = [a + part * (b - a) for a, b in zip(least, most, strict=True)]
    stub = 2 + min(_longest(names), MOST_STUB, max(line - sum(needed), LEAST_STUB))
    return [int(room * n / (stub + sum(needed))) for n in (stub, *needed)]


def _words(texts: Iterable[str]) -> list[str]:
    """Return what no line may be broken within."""
    return [word for text in texts for line in text.split("\n") for word in line.split(" ")]


def _longest(texts: Iterable[str]) -> int:
    return max((len(line) for text in texts for line in text.split("\n")), default=0)


def _room(section: Any) -> int:
    return int(section.page_width - section.left_margin - section.right_margin) // TWIP


def _fixed(body: Any, widths: Sequence[int]) -> None:
    for column, width in zip(body.iter(f"{W}gridCol"), widths, strict=True):
        column.set(f"{W}w", str(width))
    layout = body.makeelement(f"{W}tblLayout", {f"{W}type": "fixed"})
    body.find(f"{W}tblPr/{W}tblW").addnext(layout)


def _widen(row: Any, widths: Sequence[int]) -> None:
    """Give each cell of a row the width of the columns it spans."""
    at = 0
    for cell in row.findall(f"{W}tc"):
        span = cell.find(f"{W}tcPr/{W}gridSpan")
        columns = 1 if span is None else int(span.get(f"{W}val"))
        cell.find(f"{W}tcPr/{W}tcW").set(f"{W}w", str(sum(widths[at : at + columns])))
        at += columns


def _repeated(row: Any) -> None:
    """Have a row stand on every page the table runs over."""
    properties = row.makeelement(f"{W}trPr", {})
    properties.append(row.makeelement(f"{W}tblHeader", {}))
    row.insert(0, properties)


def _across(row: Any) -> None:
    """Let a heading of a group, beside which all is blank, span the table."""
    first, *others = row.findall(f"{W}tc")
    if not others or not _text(first) or any(map(_text, others)):
        return
    for cell in others:
        row.remove(cell)
    span = row.makeelement(f"{W}gridSpan", {f"{W}val": str(1 + len(others))})
    first.find(f"{W}tcPr/{W}tcW").addnext(span)


def _text(cell: Any) -> str:
    return "".join(text.text or "" for text in cell.iter(f"{W}t")).strip()


def _may_break(rows: Iterable[Any]) -> None:
    for row in rows:
        for kept in list(row.iter(f"{W}keepNext")):
            kept.getparent().remove(kept)
