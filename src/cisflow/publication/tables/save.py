"""Write tables as LaTeX, HTML, Word, Typst and CSV; the same table, the same bytes.

What paper and page take of a table is written soon, and the rest, which takes as long as the paper,
beside them: of the table as it is kept (``{name}.json``).
"""

from __future__ import annotations

import datetime
import io
import json
import re
import zipfile
from collections.abc import Callable, Collection, Iterable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from cisflow.base.texts import no_formula, printable
from cisflow.publication.tables.latex import latex_table
from cisflow.publication.tables.table import Table
from cisflow.publication.tables.word import fit

if TYPE_CHECKING:
    from maketables import MTable

READ_AT_ONCE = ("typ", "csv")  # by the paper, and by the page
LATER = ("tex", "html", "docx")
FORMATS = (*LATER, *READ_AT_ONCE)
KEPT = "json"


def save_table(
    table: Table, folder: Path | str, name: str, formats: Collection[str] = FORMATS
) -> None:
    """Write a table as ``{name}.tex .html .docx .typ .csv``; the same table, the same bytes.

    Parameters
    ----------
    table
        With its caption (:class:`cisflow.publication.catalogue.Item` gives it one).
    folder
        Made if it does not exist.
    name
        File name without ending; also the table's label in LaTeX and Typst.
    formats
        Endings of the files to write; ``json`` is what :func:`read_table` reads.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    table = _mapped(table, printable)
    texts: dict[str, Callable[[Table, str], str]] = {
        "tex": latex_table,
        "html": _html,
        "typ": _typst,
        "csv": _csv,
        KEPT: _kept,
    }
    for ending in formats:
        file = folder / f"{name}.{ending}"
        if ending == "docx":
            file.write_bytes(_docx(table, name))
        else:
            file.write_text(texts[ending](table, name).rstrip("\n") + "\n", encoding="utf-8")


def _kept(table: Table, name: str) -> str:
    about = {**vars(table), "frame": table.frame.to_dict(orient="tight")}
    return json.dumps(about, ensure_ascii=False)


def read_table(file: Path | str) -> Table:
    """Read a table that was saved as ``{name}.json``."""
    about = json.loads(Path(file).read_text(encoding="utf-8"))
    cells = about["frame"]
    for heads in ("index", "columns"):
        cells[heads] = [tuple(h) if isinstance(h, list) else h for h in cells[heads]]
    return Table(**{**about, "frame": pd.DataFrame.from_dict(cells, orient="tight")})


def _set(table: Table, name: str) -> MTable:
    """Return the table as maketables sets it."""
    from maketables import MTable

    return MTable(
        table.frame,
        notes=table.notes,
        caption=table.caption,
        tab_label=f"tab-{name}",
        rgroup_sep="t",
        rgroup_display=table.show_groups,
    )


def _mapped(table: Table, change: Callable[[str], str]) -> Table:
    """Return a table with all its texts changed; its caption is one line."""

    def each(value: Any) -> str:
        return change(str(value))

    return replace(
        table,
        frame=table.frame.map(each).rename(index=each, columns=each),
        caption=each(" ".join(table.caption.split("\n"))),
        notes=each(table.notes),
    )


def _csv(table: Table, name: str) -> str:
    flat = table.flat().map(no_formula).rename(columns=no_formula)
    return flat.to_csv(index=False, lineterminator="\n")


def _html(table: Table, name: str) -> str:
    """Return HTML with the table's name in place of great_tables' random id."""
    html = str(_set(table, name).make(type="html"))
    drawn = re.search(r'<div id="([^"]+)"', html)
    return html.replace(drawn[1], name) if drawn else html


# What Typst takes for markup: signs anywhere, and a few where a line begins. maketables escapes
# some of them in some places; here all pass it under another name.
_TYPST = re.compile(
    r"[\\`$#@~<>_*\[\]]|/(?=[/*])|(?<=/)[/*]|-(?=[-?])|(?<=-)[-?]|:(?=//)|(?<=\.)\.(?=\.)"
    r"|^\s*(?:=+|[-+/]|\d+\.)(?=\s|$)",
    re.M,
)
_HIDDEN = 0xE000  # where Unicode has characters for private use


def _typst(table: Table, name: str) -> str:
    """Return Typst whose headings are repeated where a table runs over a page."""
    style = {"notes_font_size": "0.95em"}
    hidden = _mapped(table, lambda text: _TYPST.sub(_hide, text))
    text = str(_set(hidden, name).make(type="typst", typst_style=style))
    text = re.sub(r"[\ue000-\ue0ff]", lambda sign: "\\" + chr(ord(sign[0]) - _HIDDEN), text)
    equal = f"columns: (auto, {', '.join(['1fr'] * table.frame.shape[1])})"
    shares = _shares(table)
    widths = ", ".join([_stub_width(table, sum(shares)), *(f"{n}fr" for n in shares)])
    text = text.replace(equal, f"columns: ({widths})", 1)
    top, middle = (f"  table.hline(stroke: {width}em),\n" for width in ("0.08", "0.05"))
    text = text.replace(top, f"{top}  table.header(\n", 1)
    return text.replace(middle, f"{middle}  ),\n", 1)


def _hide(found: re.Match[str]) -> str:
    sign = found[0]
    return sign[:-1] + chr(_HIDDEN + ord(sign[-1]))


LETTERS_UPRIGHT, LETTERS_ACROSS = 105, 165  # on a line of the paper, in a table


def _stub_width(table: Table, others: int) -> str:
    """Return the width of the first column: its own, where that leaves the others' shares room."""
    line = LETTERS_ACROSS if table.is_wide else LETTERS_UPRIGHT
    cells = table.frame.astype(str)
    needed = sum(2 + _longest_line(cells.iloc[:, j]) for j in range(cells.shape[1]))
    names = [str(i[-1] if isinstance(i, tuple) else i) for i in cells.index]
    room = max(line - needed, line // 3)
    if _longest_line(names) <= room:
        return "auto"
    return f"{others * room / (line - room):.2f}fr"


def _shares(table: Table) -> list[int]:
    """Return how the columns share the rest of the line: alike, unless one has far longer lines."""
    cells = table.frame.astype(str)
    heads = [str(head[-1] if isinstance(head, tuple) else head) for head in cells.columns]
    words = [_longest_line(head.split() or [""]) for head in heads]
    longest = [max(_longest_line(cells.iloc[:, j]), n, 4) for j, n in enumerate(words)]
    if not longest or max(longest) <= 2 * min(longest):
        return [1] * len(longest)
    return longest


def _longest_line(texts: Iterable[str]) -> int:
    return max(len(line) for text in texts for line in text.split("\n"))


def _docx(table: Table, name: str) -> bytes:
    """Return a Word file without the time of its making; wide tables in landscape."""
    from docx.enum.section import WD_ORIENT

    style = {"font_size_pt": 8 if table.is_wide else 10}
    document: Any = _set(table, name).make(type="docx", docx_style=style)
    if table.is_wide:
        section = document.sections[0]
        section.orientation = WD_ORIENT.LANDSCAPE
        section.page_width, section.page_height = section.page_height, section.page_width
    fit(document, table)
    properties = document.core_properties
    properties.author, properties.title = "", table.caption[:255]  # as many as Word takes
    properties.created = properties.modified = datetime.datetime(2000, 1, 1)
    buffer = io.BytesIO()
    document.save(buffer)
    return without_times(buffer.getvalue())


def without_times(archive: bytes) -> bytes:
    """Return a zip archive whose members all carry the same date."""
    out = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(archive)) as old,
        zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for member in old.namelist():
            info = zipfile.ZipInfo(member, date_time=(1980, 1, 1, 0, 0, 0))
            info.compress_type = zipfile.ZIP_DEFLATED
            new.writestr(info, old.read(member))
    return out.getvalue()
