"""The sheet that goes with a packet: a checker reads it beside the files, and signs it."""

from __future__ import annotations

import datetime
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

from cisflow.base.texts import printable
from cisflow.publication.packet.outputs import Output
from cisflow.publication.tables.save import without_times

HEADINGS = ("Output and files", "Kind and population", "Rules", "Withheld", "To explain")
SIGNED = ("Researcher: name", "Date and signature", "Output checker: name", "Date and signature")
DECISION = "Decision: release / release without the outputs named below / not released"
STYLE = (
    "body{font:10pt sans-serif;margin:2em;max-width:70em}table{border-collapse:collapse;width:100%}"
    "td,th{border:1px solid #999;padding:.3em;text-align:left;vertical-align:top}"
    "td:nth-child(n+4){min-width:14em}td{overflow-wrap:anywhere}"
)
Rows = Sequence[Sequence[str]]


@dataclass(frozen=True)
class Part:
    """A part of the sheet: a heading, sentences, and a table whose first row is its heading."""

    heading: str
    text: tuple[str, ...] = ()
    rows: Rows = ()

    @property
    def printed(self) -> Part:
        """It without what cannot be printed: titles and captions may hold anything."""
        return Part(*(printable(part) for part in (self.heading, self.text, self.rows)))


def parts(
    about: dict[str, str],
    rules: dict[str, str],
    withheld: dict[str, int],
    outputs: Sequence[Output],
) -> list[Part]:
    """Return what the sheet says.

    Parameters
    ----------
    about
        Facts of the packet by their name, in words.
    rules
        By letter.
    withheld
        How many numbers of the aggregates were withheld, by reason.
    outputs
        All that is meant to leave.
    """
    return [
        Part("What this is", rows=[("", ""), *about.items()]),
        Part("Rules", tuple(f"{letter}. {text}" for letter, text in rules.items())),
        Part(
            "Withheld before this packet was made",
            ("Counted in the aggregates; tables and figures made from them repeat it.",),
            [("Reason", "Numbers"), *((why, f"{n:,}") for why, n in withheld.items())],
        ),
        Part("Outputs", rows=[HEADINGS, *map(_row, outputs)]),
        Part("Signatures", (DECISION,), [("", ""), *((what, "\n\n") for what in SIGNED)]),
    ]


def _row(output: Output) -> tuple[str, ...]:
    return (
        "\n".join((output.caption, *output.files)),
        "\n".join(filter(None, (output.kind, output.population, output.size))),
        " ".join(output.rules),
        "\n".join(f"{n}: {why}" for why, n in output.withheld.items()) or "nothing",
        "\n".join(output.explain) or "nothing",
    )


def html(title: str, said: Iterable[Part]) -> str:
    """Return the sheet as a page that loads nothing."""
    title = printable(title)
    body = [f"<h1>{escape(title)}</h1>"]
    for part in (part.printed for part in said):
        body += [f"<h2>{escape(part.heading)}</h2>", *(f"<p>{escape(t)}</p>" for t in part.text)]
        rows = [
            "".join(f"<{tag}>{escape(cell).replace(chr(10), '<br>')}</{tag}>" for cell in row)
            for tag, row in zip(["th", *["td"] * len(part.rows)], part.rows, strict=False)
            if any(row)
        ]
        body += ["<table>", *(f"<tr>{row}</tr>" for row in rows), "</table>"] if rows else []
    head = f'<meta charset="utf-8"><title>{escape(title)}</title><style>{STYLE}</style>'
    return f'<!doctype html>\n<html lang="en"><head>{head}</head><body>\n' + "\n".join(
        [*body, "</body></html>\n"]
    )


def docx(title: str, said: Iterable[Part]) -> bytes:
    """Return the sheet as a Word file in landscape, without the time of its making."""
    from docx import Document
    from docx.enum.section import WD_ORIENT
    from docx.shared import Pt

    document: Any = Document()
    title = printable(title)
    section = document.sections[0]
    section.orientation = WD_ORIENT.LANDSCAPE
    section.page_width, section.page_height = section.page_height, section.page_width
    document.styles["Normal"].font.size = Pt(8)
    document.add_heading(title, level=1)
    for part in (part.printed for part in said):
        document.add_heading(part.heading, level=2)
        for text in part.text:
            document.add_paragraph(text)
        _add_table(document, [row for row in part.rows if any(row)])
    properties = document.core_properties
    properties.author, properties.title = "", title
    properties.created = properties.modified = datetime.datetime(2000, 1, 1)
    buffer = io.BytesIO()
    document.save(buffer)
    return without_times(buffer.getvalue())


def _add_table(document: Any, rows: Rows) -> None:
    if not rows:
        return
    table = document.add_table(rows=len(rows), cols=len(rows[0]), style="Table Grid")
    # `table.cell` looks through all cells before it, which takes minutes in a long table.
    for cells, row in zip((r.cells for r in table.rows), rows, strict=True):
        for cell, text in zip(cells, row, strict=True):
            cell.text = text
