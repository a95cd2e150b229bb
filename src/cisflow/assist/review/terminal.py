"""The review sheet as text, for a terminal without a browser."""

from __future__ import annotations

from collections.abc import Iterator

from cisflow.assist.review.counting import counted
from cisflow.assist.review.facts import Card, Code, Grid, Sheet, Told, WaveSheet
from cisflow.assist.review.words import (
    NO_LABELS,
    ROUNDED,
    SECTIONS,
    by_urgency,
    numbers_of,
    state_of,
)
from cisflow.assist.screen import aligned, wrapped


def review_text(sheet: Sheet) -> str:
    """Return the whole sheet as plain text of at most 100 columns."""
    return "\n".join(_lines(sheet))


def _lines(sheet: Sheet) -> Iterator[str]:
    yield f"Review: {sheet.title or sheet.run}"
    for mark in sheet.marks:
        yield wrapped(f"{mark.name}: {mark.told}", "", "  ")
    yield wrapped(f"{sheet.config}; {ROUNDED.format(n=sheet.minimum)}.", "", "")
    yield from _problems(sheet.errors)
    for wave in sheet.waves:
        yield from _wave(wave, sheet.minimum)


def _wave(wave: WaveSheet, minimum: int) -> Iterator[str]:
    yield f"\n=== {wave.name}, {wave.wave}: {wave.file}, codebook {wave.codebook}"
    yield f"labels: {wave.labels or NO_LABELS}"
    if wave.source:
        yield wrapped(f"mappings are from: {wave.source}", "", "  ")
    yield from _problems(wave.errors)
    for key, cards in by_urgency(wave):
        if cards:
            yield f"\n{SECTIONS[key]} ({len(cards)})"
            for card in cards:
                yield from _card(card, minimum, wave.source)
        if key == "needed" and wave.absent:
            yield f"\nNeeded by the models, and read from no column ({len(wave.absent)})"
            near = ["; ".join(f"{n.column} ({n.why})" for n in a.near) for a in wave.absent]
            names = [absent.variable for absent in wave.absent]
            told = [text or "nothing comes near" for text in near]
            yield aligned(list(zip(names, told, strict=True)))
    if wave.findings:
        yield "\nWhat the answers say against each other"
        yield from _problems(wave.findings)
    for grid in wave.grids:
        yield from _grid(grid)
    if wave.unused:
        n = sum(len(group.columns) for group in wave.unused)
        yield f"\nColumns that nothing is read from ({n})"
        for group in wave.unused:
            yield f"  {group.stem}"
            for column in group.columns:
                yield wrapped(f"{column.column}  {column.label}".rstrip(), "    ", "        ")


def _card(card: Card, minimum: int, usual: str) -> Iterator[str]:
    yield f"\n  {card.variable}  [{state_of(card)}]  {card.value}".rstrip()
    yield wrapped(card.question, "    ", "      ")
    for what in card.against:
        yield wrapped(f"AGAINST: {what}", "  ! ", "      ")
    for what in card.doubts:
        yield wrapped(f"doubt: {what}", "  ? ", "      ")
    for column in card.columns:
        label = f"“{column.label}”" if column.label else "no label"
        yield wrapped(f"{column.name}  {label}", "    ", "      ")
        if column.codes:
            codes = "; ".join(f"{_code(c)}: {counted(c.rows, minimum)}" for c in column.codes)
            yield wrapped(codes, "      ", "        ")
        beside = [n.column for n in column.before], [n.column for n in column.after]
        if any(beside):
            place = f"beside: {' '.join(beside[0])} [{column.name}] {' '.join(beside[1])}"
            yield wrapped(place, "      ", "        ")
    for said in (card.read, numbers_of(card, minimum), *card.remarks):
        if said:
            yield wrapped(said, "    ", "      ")
    if card.source and card.source != usual:
        yield wrapped(card.source, "    source: ", "      ")
    if card.note:
        yield wrapped(card.note, "    note: ", "      ")
    for other in card.turned_down:
        yield wrapped(f"not taken: {other.column} “{other.label}”: {other.why}", "    ", "      ")
    if not card.settled or card.doubted:
        yield wrapped(card.confirm, "    → ", "      ")


def _code(code: Code) -> str:
    meaning = f" {code.meaning}" if code.meaning else ""
    return f"{code.code}{meaning} → {code.read_as}"


def _grid(grid: Grid) -> Iterator[str]:
    yield f"\n{grid.title}"
    rows = [("", *grid.heads)]
    for row in grid.rows:
        cells = [
            f"{', '.join(c.columns)}{' !' if c.doubted else ''}" if c.columns else "(gap)"
            for c in row.cells
        ]
        rows.append((row.name, *cells))
    yield aligned(rows)
    if grid.confirm:
        yield f"  → {grid.confirm}"


def _problems(problems: tuple[Told, ...]) -> Iterator[str]:
    for told in problems:
        yield wrapped(told.what, "  ! ", "      ")
        yield wrapped(told.remedy, "      → ", "        ")
