"""Write tables as LaTeX, HTML, Word, Typst and CSV; the same table, the same bytes."""

from __future__ import annotations

import copy
import datetime
import io
import re
import zipfile
from collections.abc import Callable, Collection, Iterable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cisflow.publication.findings import SYNTHETIC
from cisflow.publication.tables.layout import is_wide

if TYPE_CHECKING:
    from maketables import MTable

FORMATS = ("tex", "html", "docx", "typ", "csv")


def save_table(
    table: MTable, folder: Path | str, name: str, formats: Collection[str] = FORMATS
) -> None:
    """Write a table as ``{name}.tex .html .docx .typ .csv``; the same table, the same bytes.

    Parameters
    ----------
    table
        From :func:`make_tables`.
    folder
        Made if it does not exist.
    name
        File name without ending; also the table's label in LaTeX and Typst.
    formats
        Endings of the files to write.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    table.tab_label = f"tab-{name}"
    texts: dict[str, Callable[[MTable], str]] = {
        "tex": _latex,
        "html": partial(_html, name=name),
        "typ": _typst,
        "csv": _csv,
    }
    for ending in formats:
        file = folder / f"{name}.{ending}"
        if ending == "docx":
            file.write_bytes(_docx(table))
        else:
            file.write_text(texts[ending](table).rstrip("\n") + "\n", encoding="utf-8")


def _csv(table: MTable) -> str:
    """Return the cells as shown, headings in one line, stamped in a column if synthetic."""
    frame = table.df.astype(str).replace("\n", " ", regex=True)
    flat = frame.set_axis([_joined(c) for c in frame.columns], axis=1)
    flat.insert(0, "row", [_joined(i[-1:] if isinstance(i, tuple) else i) for i in frame.index])
    if frame.index.nlevels > 1 and table.rgroup_display:
        flat.insert(0, "group", [_joined(i[0]) for i in frame.index])
    if SYNTHETIC in (table.caption or ""):
        flat["data"] = "SYNTHETIC"
    return flat.to_csv(index=False, lineterminator="\n")


def _joined(heading: Any) -> str:
    parts = heading if isinstance(heading, tuple) else (heading,)
    return " | ".join(str(part).replace("\n", " ") for part in parts if part != "")


def _html(table: MTable, name: str) -> str:
    """Return HTML with the table's name in place of great_tables' random id."""
    html = str(table.make(type="html"))
    drawn = re.search(r'<div id="([^"]+)"', html)
    return html.replace(drawn[1], name) if drawn else html


def _typst(table: MTable) -> str:
    """Return Typst whose headings are repeated where a table runs over a page."""
    text = str(table.make(type="typst", typst_style={"notes_font_size": "0.95em"}))
    text = text.replace("columns: (auto,", f"columns: ({_stub_width(table)},", 1)
    top, middle = (f"  table.hline(stroke: {width}em),\n" for width in ("0.08", "0.05"))
    text = text.replace(top, f"{top}  table.header(\n", 1)
    return text.replace(middle, f"{middle}  ),\n", 1)


LETTERS_UPRIGHT, LETTERS_ACROSS = 105, 165  # on a line of the paper, in a table


def _stub_width(table: MTable) -> str:
    """Return the width of the first column: its own, where that leaves the others room."""
    line = LETTERS_ACROSS if is_wide(table) else LETTERS_UPRIGHT
    cells = table.df.astype(str)
    needed = sum(2 + _longest_line(cells.iloc[:, j]) for j in range(cells.shape[1]))
    names = [str(i[-1] if isinstance(i, tuple) else i) for i in cells.index]
    room = max(line - needed, line // 3)
    if _longest_line(names) <= room:
        return "auto"
    return f"{cells.shape[1] * room / (line - room):.2f}fr"


def _longest_line(texts: Iterable[str]) -> int:
    return max(len(line) for text in texts for line in text.split("\n"))


def _latex(table: MTable) -> str:
    """Return LaTeX with special characters escaped, which maketables leaves to its caller."""
    escaped = copy.copy(table)
    frame = table.df.astype(str)
    escaped.df = frame.map(_escaped).rename(index=_escaped, columns=_escaped)
    escaped.caption = _escaped(table.caption or "")
    escaped.notes = _escaped(table.notes)
    packages = "% Needs the packages booktabs, tabularx, array, makecell, threeparttable.\n"
    return packages + str(escaped.make(type="tex"))


_LATEX = {
    "\\": r"\textbackslash{}",
    **{character: f"\\{character}" for character in "&%$#_{}"},
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": "$<$",
    ">": "$>$",
    "−": "$-$",
    "→": r"$\to$",
    "χ": r"$\chi$",
    "⟨": r"$\langle$",
    "⟩": r"$\rangle$",
    "†": r"\textdagger{}",
    "[": "{[}",  # after a line break, LaTeX takes a bare bracket for a length
}


def _escaped(text: Any) -> str:
    return "".join(_LATEX.get(character, character) for character in str(text))


def _docx(table: MTable) -> bytes:
    """Return a Word file without the time of its making; wide tables in landscape."""
    from docx.enum.section import WD_ORIENT

    size = 8 if is_wide(table) else 10
    document: Any = table.make(type="docx", docx_style={"font_size_pt": size})
    if is_wide(table):
        section = document.sections[0]
        section.orientation = WD_ORIENT.LANDSCAPE
        section.page_width, section.page_height = section.page_height, section.page_width
    properties = document.core_properties
    properties.author, properties.title = "", table.caption or ""
    properties.created = properties.modified = datetime.datetime(2000, 1, 1)
    buffer = io.BytesIO()
    document.save(buffer)
    return _without_times(buffer.getvalue())


def _without_times(archive: bytes) -> bytes:
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
