r"""Tables as LaTeX: each file compiles by itself, and goes into a document with ``\input``.

Numbers are aligned at their decimal point, by a column on either side of it. Which size of letters
a table needs, whether a page across, and whether it is split, follows from how wide its columns
are; so that it fits the text of a page, A4 or letter, with margins of an inch.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from math import ceil
from typing import NamedTuple

from cisflow.publication.language import spoken
from cisflow.publication.tables.table import Table


class Page(NamedTuple):
    """What a table may be as wide and as high as: points of text, the smaller of A4 and letter."""

    width: float
    height: float
    across: bool


UPRIGHT, ACROSS = Page(448, 640, across=False), Page(645, 445, across=True)
# Sizes of letters at 11 points: command, points, and points from line to line.
SIZES = (("small", 10.0, 12.0), ("footnotesize", 9.0, 11.0), ("scriptsize", 8.0, 9.5))
GAP = 6.0  # points between columns
WORDY = 24  # letters from which a column is one of words, which are wrapped
SPARE = 1.04  # of words of a heading: few letters may be wider than letters are on average
STUB = 40  # letters of a heading of a row before it is wrapped

# Widths of the letters of Latin Modern at 10 points, in thousandths of that; of all others 520.
_WIDTHS = {
    **dict.fromkeys("ijl.,:;'!|’", 290),
    **dict.fromkeys("ft()[]rI-", 395),
    **dict.fromkeys("scez", 450),
    **dict.fromkeys("mMWw%@—", 860),
    **dict.fromkeys("ABCDEFGHKLNOPQRSTUVXYZ&", 750),
    **dict.fromkeys("−+=<>±→×·", 800),
}
PACKAGES = ("booktabs", "array", "longtable", "pdflscape", "amsmath", "textcomp")


def latex_table(table: Table, name: str) -> str:
    r"""Return a table as LaTeX that compiles by itself and can be read with ``\input``."""
    body = "\n".join(_parts(table, name))
    return _STANDALONE.format(packages=", ".join(PACKAGES), load=_loaded(), body=body)


def _loaded() -> str:
    return "\n".join(rf"  \usepackage{{{name}}}" for name in PACKAGES)


# Within a document \@nodocument means nothing; before it, it is an error.
_STANDALONE = r"""% Needs the packages {packages}.
% Compiles by itself, and within a document with \input.
\expandafter\ifx\csname @nodocument\endcsname\relax
  \let\cisflowend\relax
\else
  \documentclass[11pt]{{article}}
  \usepackage[T1]{{fontenc}}
  \usepackage{{lmodern}}
  \usepackage[margin=1in]{{geometry}}
{load}
  \begin{{document}}
  \def\cisflowend{{\end{{document}}}}
\fi
{body}
\cisflowend
"""


@dataclass(frozen=True)
class Column:
    """One column of cells, each a list of lines: how it is set and how wide that is."""

    heads: tuple[str, ...]  # its headings from the top
    cells: tuple[tuple[str, ...], ...]  # lines of each row's cell
    # Whether its lines are wrapped, as sentences are; numbers are aligned at their point.
    words: bool

    def width(self, size: float) -> float:
        """Return the points its widest line needs, without the gap to the next column."""
        if self.words:
            return _width("n" * WORDY, size)
        halves = [_halves(line) for cell in self.cells for line in cell]
        left, right = (max((_width(h[i], size) for h in halves), default=0.0) for i in (0, 1))
        whole = max((_width(h[2], size) for h in halves), default=0.0)
        words = (word for head in self.heads for word in head.split())
        return max(left + right, whole, *(SPARE * _width(word, size) for word in words))


@dataclass(frozen=True)
class Sheet:
    """A table as columns beside its stub, on the page it is set for."""

    stub: tuple[str, ...]
    groups: tuple[str, ...]
    show_groups: bool
    columns: tuple[Column, ...]
    page: Page = UPRIGHT
    size: tuple[str, float, float] = SIZES[0]

    @property
    def stub_width(self) -> float:
        """Points of the first column: of its longest heading, within bounds."""
        longest = max((_width(text, self.size[1]) for text in self.stub), default=0.0)
        return min(longest, _width("n" * STUB, self.size[1])) + 1

    @property
    def width(self) -> float:
        """Points of the whole table."""
        return self.stub_width + sum(c.width(self.size[1]) + GAP for c in self.columns)


def _parts(table: Table, name: str) -> Iterator[str]:
    """Yield the table, in as many parts as it needs, the last with the notes."""
    sheets = _fitted(_sheet(table))
    for i, sheet in enumerate(sheets, start=1):
        part = f" (part {i} of {len(sheets)})" if len(sheets) > 1 else ""
        label = f"tab-{name}" + (f"-{i}" if i > 1 else "")
        notes = table.notes if i == len(sheets) else ""
        yield _printed(sheet, f"{table.caption}{part}", label, notes)


def _sheet(table: Table) -> Sheet:
    """Return a table's columns, cells split into lines."""
    frame = table.frame
    rows = [row if isinstance(row, tuple) else ("", row) for row in frame.index]
    grouped = frame.index.nlevels > 1
    columns = []
    for j, names in enumerate(frame.columns):
        heads = names if isinstance(names, tuple) else (names,)
        cells = tuple(tuple(str(text).split("\n")) for text in frame.iloc[:, j])
        lines = [line for cell in cells for line in cell]
        columns.append(
            Column(
                tuple(" ".join(str(head).split("\n")) for head in heads),
                cells,
                max(map(len, lines), default=0) > WORDY,
            )
        )
    return Sheet(
        tuple(" ".join(str(row[-1]).split("\n")) for row in rows),
        tuple(str(row[0]) if grouped else "" for row in rows),
        table.show_groups,
        tuple(columns),
    )


def _fitted(sheet: Sheet) -> list[Sheet]:
    """Return the table in the largest letters in which it fits a page, or in parts."""
    for page in (UPRIGHT, ACROSS):
        for size in SIZES:
            tried = replace(sheet, page=page, size=size)
            if tried.width <= page.width:
                return [tried]
    return _split(replace(sheet, page=ACROSS, size=SIZES[1]))


def _split(sheet: Sheet) -> list[Sheet]:
    """Return a table in parts that each fit a page, every part with the headings of rows."""
    parts: list[list[Column]] = [[]]
    for column in sheet.columns:
        tried = replace(sheet, columns=(*parts[-1], column))
        if parts[-1] and tried.width > sheet.page.width:
            parts.append([])
        parts[-1].append(column)
    return [replace(sheet, columns=tuple(columns)) for columns in parts]


def _printed(sheet: Sheet, caption: str, label: str, notes: str) -> str:
    """Return one part: a long table, which breaks over pages where it is higher than one."""
    command = sheet.size[0]
    width = sheet.page.width
    lines = [
        rf"\begingroup\{command}\setlength{{\tabcolsep}}{{{GAP / 2:g}pt}}",
        rf"\setlength{{\LTcapwidth}}{{{min(width, 440 if not sheet.page.across else 620):g}pt}}",
        rf"\begin{{longtable}}{{{_preamble(sheet)}}}",
        rf"\caption{{{escaped(caption)}}}\label{{{label}}}\\",
        r"\toprule",
        *_heads(sheet),
        r"\midrule\endfirsthead",
        r"\toprule",
        *_heads(sheet),
        r"\midrule\endhead",
        r"\bottomrule\endfoot",
        *_rows(sheet),
        r"\end{longtable}",
    ]
    if notes:
        lines.append(
            rf"\par\nopagebreak\noindent\begin{{minipage}}{{{min(width, sheet.page.width):g}pt}}"
            rf"\footnotesize {escaped(notes)}\end{{minipage}}\par"
        )
    lines.append(r"\endgroup")
    if sheet.page.across:
        lines = [r"\begin{landscape}", *lines, r"\end{landscape}"]
    return "\n".join(lines)


def _preamble(sheet: Sheet) -> str:
    wrapped = r">{\raggedright\arraybackslash}p"
    kinds = [f"@{{}}{wrapped}{{{sheet.stub_width:.0f}pt}}"]
    for column in sheet.columns:
        if column.words:
            kinds.append(f"{wrapped}{{{column.width(sheet.size[1]):.0f}pt}}")
        else:
            kinds.append("r@{}l")
    return "".join(kinds) + "@{}"


def _heads(sheet: Sheet) -> Iterator[str]:
    """Yield the lines of headings, those that several columns share once over all of them."""
    levels = max((len(column.heads) for column in sheet.columns), default=0)
    for level in range(levels):
        texts, rules, at = [""], [], 2
        for names, columns in _runs(sheet.columns, level):
            span = sum(1 if column.words else 2 for column in columns)
            width = sum(c.width(sheet.size[1]) for c in columns) + GAP * (len(columns) - 1)
            texts.append(_over(names, span, width, sheet.size[1]))
            if level < levels - 1 and names:
                rules.append(rf"\cmidrule(lr){{{at}-{at + span - 1}}}")
            at += span
        yield " & ".join(texts) + r" \\"
        if rules:
            yield "".join(rules)


def _over(text: str, span: int, width: float, size: float) -> str:
    """Return a heading over some columns, on as many lines as it needs."""
    if _width(text, size) <= width:
        return rf"\multicolumn{{{span}}}{{c}}{{{escaped(text)}}}"
    box = rf"\parbox[b]{{{width:.0f}pt}}{{\centering\hspace{{0pt}}{escaped(text)}}}"
    return rf"\multicolumn{{{span}}}{{c}}{{{box}}}"


def _runs(columns: Sequence[Column], level: int) -> Iterator[tuple[str, list[Column]]]:
    """Yield neighbours that share a heading and all above it; the lowest level is each alone."""
    last = max((len(column.heads) for column in columns), default=0) - 1
    run: list[Column] = []
    for column in columns:
        if run and (level == last or run[-1].heads[: level + 1] != column.heads[: level + 1]):
            yield run[-1].heads[level], run
            run = []
        run.append(column)
    if run:
        yield run[-1].heads[level], run


def _rows(sheet: Sheet) -> Iterator[str]:
    """Yield the lines of the body; a cell of several lines takes as many rows."""
    before: str | None = None
    number = 1 + sum(1 if column.words else 2 for column in sheet.columns)
    for i, (stub, group) in enumerate(zip(sheet.stub, sheet.groups, strict=True)):
        if group != before:
            yield from _group(sheet, group, number, first=before is None)
        before = group
        cells = [column.cells[i] for column in sheet.columns]
        told = list(zip(sheet.columns, cells, strict=True))
        # What is wrapped stands in one row, unless that would be too high to break pages well.
        apart = _wrapped(sheet, told) * sheet.size[2] > sheet.page.height / 3
        height = max([1, *(len(t) if apart or not c.words else 1 for c, t in told)])
        for line in range(height):
            texts = [escaped(stub) if line == 0 else ""]
            texts += [_cell(c, t, line, apart=apart) for c, t in told]
            yield " & ".join(texts) + (r" \\*" if line < height - 1 and not apart else r" \\")


def _wrapped(sheet: Sheet, told: Sequence[tuple[Column, Sequence[str]]]) -> int:
    """Return on how many lines the longest of a row's cells of words is set."""
    size = sheet.size[1]
    lines = (
        sum(max(ceil(_width(text, size) / column.width(size)), 1) for text in cell)
        for column, cell in told
        if column.words
    )
    return max(lines, default=0)


def _group(sheet: Sheet, group: str, number: int, *, first: bool) -> Iterator[str]:
    """Yield what stands before a group of rows: its heading, or a line where none is shown."""
    if not first:
        yield r"\addlinespace" if sheet.show_groups else r"\midrule"
    if group and sheet.show_groups:
        box = rf"@{{}}p{{{sheet.width - GAP:.0f}pt}}@{{}}"
        yield rf"\multicolumn{{{number}}}{{{box}}}{{\itshape {escaped(group)}}} \\*"


def _cell(column: Column, cell: Sequence[str], line: int, *, apart: bool = False) -> str:
    if column.words and apart:
        return escaped(cell[line]) if line < len(cell) else ""
    if column.words:
        return r"\newline ".join(map(escaped, cell)) if line == 0 else ""
    if line >= len(cell):
        return "&"
    left, right, whole = _halves(cell[line])
    if whole:
        return rf"\multicolumn{{2}}{{c}}{{{escaped(whole)}}}"
    return f"{escaped(left)}&{escaped(right)}"


# A number, whatever stands before and behind it: brackets, stars, percent.
@cache
def _number(point: str, thousands: str) -> re.Pattern[str]:
    signs, between = re.escape(point), re.escape(thousands)
    whole = rf"[(\[{{⟨<>±≥≤ ]*[−+-]?[\d{between}]*\d"
    return re.compile(rf"({whole})({signs}\d+)?([)\]}}⟩*%†‡ ]*)")


def _halves(text: str) -> tuple[str, str, str]:
    """Return what stands before a number's decimal point and from it on, or a text as a whole."""
    found = _number(spoken().point, spoken().thousands).fullmatch(text)
    if not found:
        return "", "", text
    return found[1], (found[2] or "") + found[3], ""


def _width(text: str, size: float) -> float:
    """Return the points a text needs; small letters are cut wider for their size."""
    wider = 1 + 0.03 * (10 - size)
    return sum(_WIDTHS.get(letter, 520) for letter in text) * size * wider / 1000


_SIGNS = {
    "\\": r"\textbackslash{}",
    **{character: f"\\{character}" for character in "&%$#_{}"},
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": "$<$",
    ">": "$>$",
    "−": "$-$",
    "±": r"$\pm$",
    "×": r"$\times$",
    "→": r"$\to$",
    "≥": r"$\geq$",
    "≤": r"$\leq$",
    "∞": r"$\infty$",
    "⟨": r"$\langle$",
    "⟩": r"$\rangle$",
    "†": r"\textdagger{}",
    "‡": r"\textdaggerdbl{}",
    "²": r"$^2$",
    "\u00a0": "~",
    "[": "{[}",  # after a line break, LaTeX takes a bare bracket for a length
    "*": "{*}",  # and a star for a part of it
    **{
        letter: f"${name}$"
        for letter, name in (
            ("α", r"\alpha"),
            ("β", r"\beta"),
            ("λ", r"\lambda"),
            ("ρ", r"\rho"),
            ("σ", r"\sigma"),
            ("τ", r"\tau"),
            ("χ", r"\chi"),
            ("Δ", r"\Delta"),
        )
    },
}


def escaped(text: str) -> str:
    """Return a text whose special signs LaTeX prints as they are."""
    return "".join(_SIGNS.get(character, character) for character in text)
