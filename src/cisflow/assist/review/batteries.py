"""Batteries of questions as filled grids, and the columns that nothing is read from."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from cisflow.assist.review.facts import Card, Cell, Column, Grid, Neighbour, Row, Unused
from cisflow.assist.review.stems import series
from cisflow.study.canonical import (
    BLOCKS,
    COUNTS,
    MONEY,
    OTHER_PARTNERS,
    PARTNERS,
    PLACES,
    SPENDING,
)

TITLES = {
    "shares": "Shares of turnover",
    "spending": "Spending on innovation",
    "funding": "Public money",
    "protection": "Protection",
    "sources": "Sources of information",
}
BESIDE = 2  # columns told on either side
ALONE = "each on its own"
Confirm = Callable[[Sequence[str]], str]


def grids(cards: Sequence[Card], names: Sequence[str], confirm: Confirm) -> Iterator[Grid]:
    """Yield the batteries of which a wave has something.

    Parameters
    ----------
    cards
        Its variables.
    names
        All columns of the file, in its order.
    confirm
        How variables are confirmed, in one word for a battery where there is one.
    """
    of = {card.variable: card for card in cards}
    partners = [v for v in BLOCKS["partners"] if v in of]
    if partners:
        rows = [
            Row(p, tuple(_cell(of, f"coop_{p}_{place}") for place in PLACES))
            for p in (*PARTNERS, *OTHER_PARTNERS)
            if p in PARTNERS or any(f"coop_{p}_{place}" in of for place in PLACES)
        ]
        yield Grid("Partners of cooperation", PLACES, tuple(rows), confirm(["partners"]))
    for block, title in TITLES.items():
        if mapped := [v for v in BLOCKS[block] if v in of]:
            rows = [Row(v, (_cell(of, v),)) for v in BLOCKS[block]]
            yield Grid(title, ("column",), tuple(rows), confirm([block]) if mapped else "")
    if by_year := _by_year(of, names):
        yield by_year


def _cell(of: Mapping[str, Card], variable: str) -> Cell:
    if (card := of.get(variable)) is None:
        return Cell()
    columns = tuple(column.name for column in card.columns) or (card.read,)
    return _filled(columns, card)


def _filled(columns: tuple[str, ...], card: Card) -> Cell:
    return Cell(columns, card.variable, card.state, bool(card.doubted), bool(card.against))


def _by_year(of: Mapping[str, Card], names: Sequence[str]) -> Grid | None:
    """Return the amounts that the file has of several years: which of them is read for what."""
    used = {
        column.name: card
        for v in (*COUNTS, *MONEY, *SPENDING)
        if (card := of.get(v))
        for column in card.columns
    }
    found = {
        form: years
        for form, years in series(names).items()
        if any(column in used for column in years.values())
    }
    heads = sorted({year for years in found.values() for year in years})
    rows = [
        Row(form.format("…"), tuple(_dated(years.get(year), used) for year in heads))
        for form, years in found.items()
    ]
    return Grid("Amounts by year", tuple(map(str, heads)), tuple(rows)) if rows else None


def _dated(column: str | None, used: Mapping[str, Card]) -> Cell:
    if column is None:
        return Cell()
    card = used.get(column)
    return _filled((column,), card) if card else Cell((column,))


def unused(
    names: Sequence[str],
    labels: Mapping[str, str],
    used_for: Mapping[str, str],
    of: Mapping[str, str],
) -> tuple[Unused, ...]:
    """Return all columns that nothing is read from, by battery, in the order of the file."""
    groups: dict[str, list[Neighbour]] = {}
    for name in names:
        if name not in used_for:
            groups.setdefault(of[name], []).append(Neighbour(name, labels.get(name, "")))
    return tuple(Unused(stem or ALONE, tuple(columns)) for stem, columns in groups.items())


def placed(
    column: Column,
    names: Sequence[str],
    labels: Mapping[str, str],
    used_for: Mapping[str, str],
    of: Mapping[str, str],
    own: Sequence[str],
) -> Column:
    """Return a column with its neighbours, and the others of its battery that are not its own.

    Parameters
    ----------
    names, labels, used_for
        Columns of the file in its order, their labels, and what they are read for.
    of
        Per column its stem.
    own
        All columns of the variable.
    """

    def told(which: Sequence[str]) -> tuple[Neighbour, ...]:
        return tuple(Neighbour(n, labels.get(n, ""), used_for.get(n, "")) for n in which)

    at = names.index(column.name)
    fellows = [n for n in names if of[column.name] and of[n] == of[column.name] and n not in own]
    return Column(
        column.name,
        column.label,
        column.codes,
        told(names[max(0, at - BESIDE) : at]),
        told(names[at + 1 : at + 1 + BESIDE]),
        told(fellows),
    )
