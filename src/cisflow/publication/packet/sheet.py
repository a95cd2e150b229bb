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
    "td:nth-child(n+4){min-width:14em}td{overflow-wrap:anywhere}tr{break-inside:avoid}"
)
SHARES = {2: (1, 3), len(HEADINGS): (15, 7, 3, 10, 14)}
"""Of a page's width, by the number of columns of a table."""
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
        body += _html_table(part.rows)
    head = f'<meta charset="utf-8"><title>{escape(title)}</title><style>{STYLE}</style>'
    return f'<!doctype html>\n<html lang="en"><head>{head}</head><body>\n' + "\n".join(
        [*body, "</body></html>\n"]
    )


def _html_table(rows: Rows) -> list[str]:
    """Return a table whose headings stand on every page it is printed on."""
    if not rows:
        return []
    head, *body = (
        "".join(f"<{tag}>{escape(cell).replace(chr(10), '<br>')}</{tag}>" for cell in row)
        for tag, row in zip(["th", *["td"] * len(rows)], rows, strict=False)
    )
    heading = [f"<thead><tr>{head}</tr></thead>"] if any(rows[0]) else []
    return ["<table>", *heading, *(f"<tr>{row}</tr>" for row in body), "</table>"]


def docx(title: str, said: Iterable[Part]) -> bytes:
    """Return the sheet as a Word file in landscape, without the time of its making."""
    from docx import Document
    from docx.enum.section import WD_ORIENT
    from docx.shared import Cm, Pt

    document: Any = Document()
    title = printable(title)
    section = document.sections[0]
    section.orientation = WD_ORIENT.LANDSCAPE
    section.page_width, section.page_height = section.page_height, section.page_width
    for side in ("left_margin", "right_margin", "top_margin", "bottom_margin"):
        setattr(section, side, Cm(1.5))
    width = section.page_width - 2 * Cm(1.5)
    document.styles["Normal"].font.size = Pt(8)
    document.add_heading(title, level=1)
    for part in (part.printed for part in said):
        document.add_heading(part.heading, level=2)
        for text in part.text:
            document.add_paragraph(text)
        _add_table(document, part.rows, width)
    properties = document.core_properties
    properties.author, properties.title = "", title
    properties.created = properties.modified = datetime.datetime(2000, 1, 1)
    buffer = io.BytesIO()
    document.save(buffer)
    return without_times(buffer.getvalue())


def _add_table(document: Any, rows: Rows, width: int) -> None:
    """Add a table whose headings stand on every page, and whose rows stand on one each."""
    from docx.oxml import OxmlElement

    heading = bool(rows and any(rows[0]))
    rows = rows if heading else rows[1:]
    if not rows:
        return
    table = document.add_table(rows=len(rows), cols=len(rows[0]), style="Table Grid")
    table.autofit = False
    shares = SHARES[len(rows[0])]
    widths = [int(width * share / sum(shares)) for share in shares]
    for column, wide in zip(table.columns, widths, strict=True):
        column.width = wide
    # `table.cell` looks through all cells before it, which takes minutes in a long table.
    for number, (made, row) in enumerate(zip(table.rows, rows, strict=True)):
        kept = ["w:cantSplit", "w:tblHeader"] if heading and number == 0 else ["w:cantSplit"]
        for name in kept:
            made._tr.get_or_add_trPr().append(OxmlElement(name))
        for cell, text, wide in zip(made.cells, row, widths, strict=True):
            cell.text, cell.width = text, wide
            cell.paragraphs[0].runs[0].bold = len(kept) == 2 or None
