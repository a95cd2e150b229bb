"""The run's tables and figures, as the page lists them."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from cisflow.base.texts import as_written
from cisflow.publication.catalogue import TABLE, Catalogue, Item
from cisflow.publication.families import places
from cisflow.publication.findings import Findings
from cisflow.publication.site.grids import Grid

MOST_PLACES = 6
"""With more places than this a claim is summed up, and tables are in their files alone."""
TABLES = {"html": "web page", "docx": "Word", "tex": "LaTeX", "csv": "CSV"}
FIGURES = {"svg": "SVG", "png": "PNG"}


@dataclass(frozen=True)
class Exhibit:
    """A table or figure among the run's files, and its cells where the page has room for them."""

    name: str
    kind: str
    caption: str
    files: tuple[tuple[str, str], ...]
    grid: Grid | None = None


def exhibits_of(findings: Findings, items: Catalogue, tables: Path) -> dict[str, Exhibit]:
    """Return every table and figure by name; of few places, printed tables with their cells."""
    few = len(list(places(findings.countries))) <= MOST_PLACES
    return {
        item.name: Exhibit(
            item.name,
            item.kind,
            item.caption,
            tuple(_files(item)),
            _read(item, tables) if few and item.printed and item.kind == TABLE else None,
        )
        for item in items.items
    }


def _files(item: Item) -> Iterator[tuple[str, str]]:
    folder, endings = ("tables", TABLES) if item.kind == TABLE else ("figures", FIGURES)
    for ending, words in endings.items():
        yield words, f"{folder}/{item.name}.{ending}"


def _read(item: Item, folder: Path) -> Grid | None:
    """Return a saved table's cells; the column that stamps every row is left to the page's head."""
    file = folder / f"{item.name}.csv"
    with file.open(encoding="utf-8", newline="") as lines:
        head, *rows = ([as_written(cell) for cell in row] for row in csv.reader(lines))
    stamped = head[-1:] == ["data"]
    grouped = head[0] == "group"
    width = len(head) - stamped
    told = [_row(row[:width], grouped) for row in rows]
    heads = tuple(head[1 + grouped : width])
    return Grid(item.caption, ("", *heads), tuple(told))


def _row(cells: Sequence[str], grouped: bool) -> tuple[str, ...]:
    if not grouped:
        return tuple(cells)
    return (f"{cells[0]}: {cells[1]}" if cells[0] else cells[1], *cells[2:])


def sections_of(
    items: Catalogue, exhibits: Mapping[str, Exhibit]
) -> list[tuple[str, list[Exhibit]]]:
    """Return the headings of the catalogue with their tables and figures."""
    found: dict[str, list[Exhibit]] = {}
    for item in items.items:
        found.setdefault(item.heading, []).append(exhibits[item.name])
    return list(found.items())
