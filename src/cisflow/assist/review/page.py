"""The review sheet as one page that needs nothing else: no network, no script."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from html import escape
from itertools import groupby
from pathlib import Path

from cisflow.assist.review.counting import counted
from cisflow.assist.review.facts import (
    Absent,
    Card,
    Cell,
    Code,
    Column,
    Grid,
    Neighbour,
    Sheet,
    Told,
    WaveSheet,
)
from cisflow.assist.review.style import STYLE
from cisflow.assist.review.words import (
    NO_LABELS,
    ROUNDED,
    SECTIONS,
    by_urgency,
    left_of,
    numbers_of,
    state_of,
)
from cisflow.base.paths import shown
from cisflow.base.problems import CisflowError, Problem

SHORT = 70  # letters of a neighbour's label, which stands in full elsewhere on the page
BESIDE = 3  # columns of which neighbours are told; of more the first and the last


def write_page(sheet: Sheet, out: Path | None = None) -> str:
    """Write the page, below ``results/`` where no file is named; return what to say of it.

    Raises
    ------
    CisflowError
        The config names no run, so that the page has no place of its own.
    """
    named = re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]*", sheet.run)
    if out is None and not named:
        remedy = "give a file with --out, or correct `run:` in the config"
        raise CisflowError(sheet.config, Problem("the page has no place of its own", remedy))
    file = out or Path("results", sheet.run, "review.html")
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(page(sheet), encoding="utf-8")
    told = (
        f"{wave.name}, {wave.wave}: {len(wave.cards)} variables, {left_of(wave)}, "
        f"{len(wave.errors)} errors"
        for wave in sheet.waves
    )
    return "\n".join([f"{shown(file)}: open it in a browser.", *(f"  {line}" for line in told)])


def page(sheet: Sheet) -> str:
    """Return the sheet as HTML; the same facts give the same bytes."""
    title = escape(f"Review: {sheet.title or sheet.run}")
    return "\n".join(
        [
            '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            '<meta http-equiv="Content-Security-Policy" '
            "content=\"default-src 'none'; style-src 'unsafe-inline'\">",
            f"<title>{title}</title>\n<style>{STYLE}</style>\n</head>\n<body>",
            *_head(sheet, title),
            *(part for i, wave in enumerate(sheet.waves) for part in _wave(wave, sheet, i == 0)),
            "</main>\n</body>\n</html>\n",
        ]
    )


def _head(sheet: Sheet, title: str) -> Iterator[str]:
    yield f"<header>\n<h1>{title}</h1>"
    yield from _marks(sheet)
    yield f'<p class="soft">{_code(sheet.config)} · {escape(ROUNDED.format(n=sheet.minimum))} '
    yield f"({escape(sheet.rules)})</p>"
    yield "<p>Hold each row against the questionnaire: is this the question, and are its codes "
    yield "read as they are meant? Then run the line beside it.</p>"
    yield from _problems(sheet.errors)
    yield "<nav><ul>"
    for wave in sheet.waves:
        told = left_of(wave)
        errors = f", {len(wave.errors)} errors" if wave.errors else ""
        link = f'<a href="#{_anchor(wave)}">{escape(wave.name)}, {escape(wave.wave)}</a>'
        yield f"<li>{link}: {told}{errors}</li>"
    yield "</ul></nav>\n</header>\n<main>"


def _marks(sheet: Sheet) -> Iterator[str]:
    for mark in sheet.marks:
        yield f'<p><span class="stamp">{escape(mark.name)}</span> {escape(mark.told)}</p>'


def _wave(wave: WaveSheet, sheet: Sheet, first: bool) -> Iterator[str]:
    mark = ' class="first"' if first else ""
    yield f'<section>\n<h2{mark} id="{_anchor(wave)}">{escape(wave.name)}, {escape(wave.wave)}</h2>'
    yield from (f'<p class="stamp">{escape(mark.name)}</p>' for mark in sheet.marks)
    rows = "" if wave.columns is None else f" · {counted(wave.rows, sheet.minimum)} rows, "
    rows += "" if wave.columns is None else f"{wave.columns:,} columns"
    yield f'<p class="soft">{_code(wave.file)}{rows} · '
    yield f"labels: {escape(wave.labels or NO_LABELS)} · "
    yield f"codebook {_code(wave.codebook)}: {escape(wave.title)}"
    yield f" · mappings are from: {escape(wave.source)}</p>" if wave.source else "</p>"
    if wave.errors:
        yield "<h3>Errors: the wave cannot be run as it is</h3>"
        yield from _problems(wave.errors)
    yield from _summary(wave)
    for key, cards in by_urgency(wave):
        if cards:
            yield f"<h3>{escape(SECTIONS[key])} ({len(cards)})</h3>"
            yield from (_card(card, wave, sheet.minimum) for card in cards)
        if key == "needed":
            yield from _absent(wave.absent)
    if wave.findings:
        yield "<h3>What the answers say against each other</h3>"
        yield from _problems(wave.findings)
    if wave.grids:
        yield "<h3>Batteries, with their gaps</h3>"
        yield from map(_grid, wave.grids)
    n = sum(len(group.columns) for group in wave.unused)
    if n:
        yield f"<h3>Columns that nothing is read from ({n})</h3>"
        yield '<div class="unused">'
        for group in wave.unused:
            listed = "".join(f"<p>{_named(c, full=True)}</p>" for c in group.columns)
            yield f"<div><b>{escape(group.stem)}</b>{listed}</div>"
        yield "</div>"
    yield "</section>"


def _summary(wave: WaveSheet) -> Iterator[str]:
    """Yield all doubts at a glance."""
    if not wave.cards:
        return
    if not wave.doubted:
        yield "<p>Nothing was found that speaks against a mapping; they may still be wrong.</p>"
        return
    yield f"<h3>What speaks against {len(wave.doubted)} of {len(wave.cards)} mappings</h3>\n<ul>"
    for card in wave.doubted:
        more = f" (and {len(card.doubted) - 1} more)" if len(card.doubted) > 1 else ""
        link = f'<a href="#{_anchor(wave, card)}">{_code(card.variable)}</a>'
        from_ = ", ".join(_code(c.name) for c in card.columns[:BESIDE])
        yield f"<li>{link} from {from_}: {escape(card.doubted[0])}{more}</li>"
    yield "</ul>"


def _card(card: Card, wave: WaveSheet, minimum: int) -> str:
    mark = "doubt" if card.doubted else "todo" if not card.settled else ""
    parts = [
        f'<article class="card {mark}" id="{_anchor(wave, card)}">',
        *_against("against", card.against),
        *_against("doubt", card.doubts),
        "<div>",
        f"<h4>{_breaking(card.variable)}</h4> {_state(card)}",
        f"<p>{escape(card.question)}</p>",
        *_said(card),
        *_source(card, wave.source),
        "</div>\n<div>",
        *_columns(card.columns, minimum),
        *([f'<p class="small">{escape(card.read)}</p>'] if card.read else []),
        *([f'<p class="small soft">{escape(r)}</p>' for r in card.remarks]),
        *_place(card.columns),
        *_turned_down(card),
        "</div>\n<div>",
        *([f'<p class="value">{escape(card.value)}</p>'] if card.value else []),
        *([f'<p class="small">{escape(numbers_of(card, minimum))}</p>'] if card.counts else []),
        *(
            []
            if card.settled and not card.against
            else [f'<p><code class="cmd">{_parted(card.confirm)}</code></p>']
        ),
        "</div>\n</article>",
    ]
    return "\n".join(parts)


def _breaking(name: str) -> str:
    """Return a name that may be broken behind its parts."""
    return _code(name).replace("_", "_<wbr>")


def _parted(command: str) -> str:
    """Return a command that is broken behind the parts of its names, if at all."""
    return escape(command).replace("_", "_<wbr>")


def _said(card: Card) -> Iterator[str]:
    """Yield the codebook's own words, where the file's label does not say the same."""
    if card.said and card.said not in {column.label for column in card.columns}:
        yield f'<p class="small soft">Codebook: {escape(card.said)}</p>'


def _against(kind: str, told: Sequence[str]) -> Iterator[str]:
    if told:
        listed = "".join(f"<li>{escape(what)}</li>" for what in told)
        yield f'<ul class="{kind}s">{listed}</ul>'


def _state(card: Card) -> str:
    kind = "good" if card.settled else "open"
    return f'<span class="chip {kind}">{escape(state_of(card))}</span>'


def _source(card: Card, usual: str) -> Iterator[str]:
    if card.source and card.source != usual:
        yield f'<p class="small soft">Source: {escape(card.source)}</p>'
    if card.note:
        yield f'<p class="small soft">Note: {escape(card.note)}</p>'


def _columns(columns: Sequence[Column], minimum: int) -> Iterator[str]:
    """Yield columns with their codes; those coded alike share a table."""
    for _, group in groupby(
        columns, key=lambda c: [(k.code, k.meaning, k.read_as) for k in c.codes]
    ):
        alike = list(group)
        if len(alike) > 1 and alike[0].codes:
            yield from _table(alike, minimum)
            continue
        for column in alike:
            yield f"<p>{_code(column.name)} {_label(column.label)}</p>"
            if column.codes:
                codes = "".join(
                    f"<li>{_coded(c)} <b>{counted(c.rows, minimum)}</b></li>" for c in column.codes
                )
                yield f'<ul class="codes small">{codes}</ul>'


def _table(columns: Sequence[Column], minimum: int) -> Iterator[str]:
    heads = "".join(f'<th class="n">{_coded(code)}</th>' for code in columns[0].codes)
    yield f'<div class="wide"><table class="small full"><tr><th>column</th>{heads}</tr>'
    for column in columns:
        cells = "".join(f'<td class="n">{counted(c.rows, minimum)}</td>' for c in column.codes)
        yield f"<tr><td>{_code(column.name)} {_label(column.label)}</td>{cells}</tr>"
    yield "</table></div>"


def _coded(code: Code) -> str:
    meaning = f" {escape(code.meaning)}" if code.meaning else ""
    mark = "read wrong" if code.against else "read"
    return f'{_code(code.code)}{meaning} → <span class="{mark}">{escape(code.read_as)}</span>'


def _label(label: str) -> str:
    return (
        f'<span class="label">{escape(label)}</span>' if label else '<i class="soft">no label</i>'
    )


def _place(columns: Sequence[Column]) -> Iterator[str]:
    """Yield what stands beside the columns in the file, and what else is in their battery.

    Of several columns the neighbours have no labels, so that the row stays short; what is in the
    battery and read for something stands in the grids.
    """
    own = {column.name for column in columns}
    told = columns if len(columns) <= BESIDE else (columns[0], columns[-1])
    for column in told:
        before, after = (
            [_named(n, bare=len(columns) > 1) for n in side if n.column not in own]
            for side in (column.before, column.after)
        )
        if before or after:
            beside = " · ".join([*before, f"<b>[{_code(column.name)}]</b>", *after])
            yield f'<p class="small soft">beside: {beside}</p>'
    fellows = dict.fromkeys(n for column in columns for n in column.same_stem)
    if fellows:
        free = [f"{_code(n.column)} {escape(n.label)}".strip() for n in fellows if not n.used_for]
        read = len(fellows) - len(free)
        said = [f"{read} more, read for other variables"] if read else []
        unread = [f"not read: {', '.join(free)}"] if free else []
        yield f'<p class="small soft">same stem: {"; ".join([*said, *unread])}</p>'


def _named(neighbour: Neighbour, *, full: bool = False, bare: bool = False) -> str:
    label = "" if bare else neighbour.label
    label = label if full else _shortened(label)
    return f"{_code(neighbour.column)} {escape(label)}{_used(neighbour)}".strip()


def _shortened(label: str) -> str:
    """Return a label without its middle: those of a battery differ at their beginning or end."""
    if len(label) <= SHORT:
        return label
    start, end = label[: SHORT // 2], label[-SHORT // 2 :]
    return f"{start.rpartition(' ')[0] or start} … {end.partition(' ')[2] or end}"


def _used(neighbour: Neighbour) -> str:
    return f" → {escape(neighbour.used_for)}" if neighbour.used_for else ""


def _turned_down(card: Card | Absent) -> Iterator[str]:
    others = card.turned_down if isinstance(card, Card) else card.near
    if others:
        listed = "; ".join(f"{_code(o.column)} {escape(o.label)} ({escape(o.why)})" for o in others)
        yield f'<p class="small">not taken: {listed}</p>'


def _absent(absent: Sequence[Absent]) -> Iterator[str]:
    if absent:
        yield f"<h3>Needed by the models, and read from no column ({len(absent)})</h3>\n<ul>"
        for one in absent:
            near = "".join(_turned_down(one)) or '<span class="soft">nothing comes near</span>'
            yield f"<li>{_code(one.variable)}: {escape(one.question)} {near}</li>"
        yield "</ul>"


def _grid(grid: Grid) -> str:
    heads = "".join(f"<th>{escape(head)}</th>" for head in ("", *grid.heads))
    rows = "".join(
        f"<tr><th>{escape(row.name)}</th>{''.join(map(_cell, row.cells))}</tr>" for row in grid.rows
    )
    confirm = f'<p><code class="cmd">{escape(grid.confirm)}</code></p>' if grid.confirm else ""
    return (
        f"<h4>{escape(grid.title)}</h4>\n"
        f'<div class="wide"><table class="small"><tr>{heads}</tr>{rows}</table></div>{confirm}'
    )


def _cell(cell: Cell) -> str:
    if not cell.columns:
        return '<td class="gap">gap</td>'
    names = ", ".join(map(_code, cell.columns))
    if not cell.variable:
        return f'<td>{names} <span class="soft">not read</span></td>'
    marks = (
        (cell.against, ' class="bad"', " ✗ against"),
        (cell.doubted, ' class="open"', " ? doubt"),
    )
    mark, doubt = next(((how, said) for so, how, said in marks if so), ("", ""))
    return f'<td{mark}>{names}{doubt} <span class="soft">{escape(cell.state)}</span></td>'


def _problems(problems: Iterable[Told]) -> Iterator[str]:
    for told in problems:
        yield f'<div class="problem"><p><b>{escape(told.what)}</b></p>'
        yield f'<p class="small">{escape(told.where)} → {escape(told.remedy)}</p></div>'


def _code(text: str) -> str:
    return f"<code>{escape(text)}</code>"


def _anchor(wave: WaveSheet, card: Card | None = None) -> str:
    return escape("-".join([wave.country, wave.wave, *([card.variable] if card else [])]))
