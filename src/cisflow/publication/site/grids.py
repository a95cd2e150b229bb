"""A table as the page prints it."""

from __future__ import annotations

from dataclasses import dataclass

from cisflow.publication.tables.table import Table


@dataclass(frozen=True)
class Grid:
    """A table as the page prints it: headings of columns, and rows that begin with theirs."""

    caption: str
    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    notes: str = ""


def grid_of(table: Table) -> Grid:
    """Return a table as the page prints it."""
    flat = table.flat()
    grouped = flat.columns[0] == "group" and flat["group"].nunique() > 1
    flat = flat if grouped else flat.drop(columns="group", errors="ignore")
    rows = (
        tuple(str(cell).replace(" (−", "\u00a0(−") for cell in row)
        for row in flat.itertuples(index=False, name=None)
    )
    heads = [{"row": "", "group": ""}.get(str(name), str(name)) for name in flat.columns]
    return Grid(table.caption, tuple(heads), tuple(rows), table.notes)
