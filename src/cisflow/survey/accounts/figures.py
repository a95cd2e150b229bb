"""Figures as people and programs write them: decimal marks, separated thousands, signs, currencies.

One file writes its figures in one way. Which way is seen from all of its figures together: 1.234,56
settles what 1.000 means in another column. Where nothing settles it, nobody guesses, because a
wrong guess is wrong by a factor of 1,000.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from cisflow.base.problems import Problem, counted
from cisflow.study.codebook import Codebook
from cisflow.survey.accounts.headers import CURRENCIES
from cisflow.survey.labels import one_line
from cisflow.survey.marks import MARK_NAMES, WAYS, Marks

BLANKS = "\u00a0\u2007\u2009\u202f"
# Signs that look alike, made one: blanks, apostrophes, minus signs.
ALIKE = str.maketrans(
    {**dict.fromkeys(BLANKS, " "), **dict.fromkeys("\u2019\u02bc\u00b4`", "'")}
    | dict.fromkeys("\u2212\u2010\u2011\u2012\u2013\u2014\ufe63\uff0d", "-")
)
BODY = re.compile(r"\d[\d.,' ]*|[.,]\d+")
# A whole number as every reader writes it, and what `told_apart` makes of stored fractions.
PLAIN = r"[+-]?\d+"
STORED = r"[+-]?\d+\.\d+e0"
MOST_COLUMNS = 5
# Per column and text of a figure its sign, and its digits with their marks.
Cells = Mapping[str, Mapping[str, tuple[str, str]]]


@dataclass(frozen=True)
class Figures:
    """The figures of a file, made plain."""

    raw: pd.DataFrame  # the file's columns, figures as `-1234.56`; what is no figure is as it was
    problems: list[Problem]  # figures that may be read in two ways, or are written in several
    # The marks that were found, such as `decimal comma, thousands point`; empty if none were.
    read_as: str

    def said(self, read_as: str) -> str:
        """Return how the file was read, with the marks of its figures."""
        return ", ".join(filter(None, (read_as, self.read_as)))

    def explained(self, codebook: Codebook) -> Codebook:
        """Return a codebook that reads plain figures and can tell how they were written."""
        return codebook.opened(decimal=".", figures=self.read_as or "no marks")


def as_text(codebook: Codebook) -> Codebook:
    """Return a codebook by which a file is opened with all its figures as they are written."""
    return codebook.opened(decimal=".", stored_apart=True)


def plain_figures(raw: pd.DataFrame, columns: Collection[str], codebook: Codebook) -> Figures:
    """Return the columns of figures of a file in one plain form.

    Parameters
    ----------
    raw
        The file as text, shape (rows, columns); stored fractions as
        :func:`cisflow.raw.opened.told_apart` writes them.
    columns
        Those that hold figures.
    codebook
        Whose ``file:`` may state ``decimal`` and ``thousands``, and whose ``money:`` the currency
        that may stand beside a figure.
    """
    tokens = {token.casefold() for token in codebook.no_answer()}
    cells = {c: _marked(raw[c], tokens, codebook) for c in columns}
    bodies = {body for found in cells.values() for _, body in found.values()}
    # What no way of writing fits, such as a date, says nothing on how figures are written.
    bodies = {body for body in bodies if any(way.value(body) for way in WAYS)}
    permitted = [way for way in WAYS if _as_stated(way, codebook)]
    ways = [way for way in permitted if all(way.value(body) for body in bodies)]
    if not ways:
        return Figures(raw, [_several_ways(raw, cells, codebook)], "")
    problems = list(_open_to_doubt(raw, cells, ways, codebook))
    problems += _taken_for_decimals(raw, cells, ways[0], codebook) if not problems else []
    raw = raw.copy(deep=False)
    for column, found in cells.items():
        plain = {t: f"{sign}{ways[0].value(body) or body}" for t, (sign, body) in found.items()}
        if plain:
            # Far quicker than `replace` where thousands of texts differ.
            raw[column] = raw[column].map(plain).fillna(raw[column]).astype("string")
    return Figures(raw, problems, _shown(bodies, ways[0]))


def _as_stated(way: Marks, codebook: Codebook) -> bool:
    file = codebook.file
    return file.decimal in (None, way.decimal) and file.thousands in (None, way.thousands)


def _marked(
    column: pd.Series, tokens: Collection[str], codebook: Codebook
) -> dict[str, tuple[str, str]]:
    """Return sign and digits with their marks, of each figure that is not a plain number."""
    plain = column.str.fullmatch(f"{PLAIN}|{STORED}")
    texts = column[~plain.fillna(True).astype(bool)].unique()
    taken = {text: _apart(text, codebook) for text in texts if text.casefold() not in tokens}
    return {text: found for text, found in taken.items() if found is not None}


def _apart(text: str, codebook: Codebook) -> tuple[str, str] | None:
    """Return a figure's sign and body: (1.000), −1.000, 1.000- and € -1.000 are negative."""
    body = _without_currency(text.translate(ALIKE).strip(), codebook)
    sign = ""
    if body.startswith("(") and body.endswith(")"):
        sign, body = "-", body[1:-1].strip()
    elif body.startswith(("-", "+")):
        sign, body = body[0].strip("+"), body[1:].strip()
    elif body.endswith("-"):
        sign, body = "-", body[:-1].strip()
    body = _without_currency(body, codebook)
    return (sign, body) if BODY.fullmatch(body) else None


def _without_currency(text: str, codebook: Codebook) -> str:
    """Return a text without the codebook's currency; another one makes the text no figure."""
    currency = codebook.money.currency
    for sign in (currency, *(s for s, c in CURRENCIES.items() if c == currency)):
        if sign and text.casefold().startswith(sign.casefold()):
            return text[len(sign) :].strip()
        if sign and text.casefold().endswith(sign.casefold()):
            return text[: -len(sign)].strip()
    return text


def _shown(bodies: Collection[str], way: Marks) -> str:
    """Return the marks of a way of writing that occur."""
    used = "".join(bodies)
    said = {"decimal": way.decimal, "thousands": way.thousands}
    found = [f"{what} {MARK_NAMES[mark]}" for what, mark in said.items() if mark in used]
    return ", ".join(found)


# --- what is wrong with figures -----------------------------------------------------------------


def _places(counts: Mapping[str, int]) -> str:
    """Return columns and how many rows of each."""
    if not counts:
        return "the file"
    listed = [
        f"'{one_line(column)}' ({counted(n, 'row')})"
        for column, n in list(counts.items())[:MOST_COLUMNS]
    ]
    more = len(counts) - len(listed)
    noun = "column" if len(counts) == 1 else "columns"
    return f"{noun} {', '.join(listed)}{f' and {more} more' if more else ''}"


def _rows_with(raw: pd.DataFrame, texts: Mapping[str, Collection[str]]) -> dict[str, int]:
    counts = {column: int(raw[column].isin(list(found)).sum()) for column, found in texts.items()}
    return {column: n for column, n in counts.items() if n}


def _open_to_doubt(
    raw: pd.DataFrame, cells: Cells, ways: Sequence[Marks], codebook: Codebook
) -> Iterator[Problem]:
    """Yield figures that the ways of writing left over read differently."""
    doubtful = {
        column: [t for t, (_, body) in found.items() if len({w.value(body) for w in ways}) > 1]
        for column, found in cells.items()
    }
    counts = _rows_with(raw, doubtful)
    if not counts:
        return
    texts = {text for found in doubtful.values() for text in found}
    mark = "," if any("," in text for text in texts) else "."
    other = "." if mark == "," else ","
    yield Problem(
        f"{_places(counts)}: figures such as 9{mark}999, and nothing in the file tells whether the "
        f"{MARK_NAMES[mark]} separates thousands or decimals",
        f"say it beside `file:` in the config or under `file:` in {codebook.path}: "
        f"`thousands: '{mark}'` if 9{mark}999 is nearly ten thousand, `decimal: '{mark}'` if it is "
        f"nearly ten (the {MARK_NAMES[other]} is then the other one)",
    )


def _several_ways(raw: pd.DataFrame, cells: Cells, codebook: Codebook) -> Problem:
    """Return how to say that no one way of writing fits all figures."""
    stated = {"decimal": codebook.file.decimal, "thousands": codebook.file.thousands}
    said = {key: mark for key, mark in stated.items() if mark}
    ways = [way for way in WAYS if _as_stated(way, codebook)]
    unfit = {
        column: [
            text
            for text, (_, body) in found.items()
            if any(w.value(body) for w in WAYS) and not any(w.value(body) for w in ways)
        ]
        for column, found in cells.items()
    }
    if said and (not ways or _rows_with(raw, unfit)):
        rule = ", ".join(f"{key}: '{mark}'" for key, mark in said.items())
        return Problem(
            f"{_places(_rows_with(raw, unfit))}: figures that are not written as `{rule}` says",
            f"correct or remove it in the config or under `file:` in {codebook.path}: without "
            "it the marks are found from the figures",
        )
    only = {
        MARK_NAMES[mark]: {
            column: [t for t, (_, b) in found.items() if _decimals(b) == {mark}]
            for column, found in cells.items()
        }
        for mark in ",."
    }
    listed = [
        f"{mark} before decimals in {_places(counts)}"
        for mark, found in only.items()
        if (counts := _rows_with(raw, found))
    ]
    # With one decimal mark it is those between thousands that differ.
    told = listed if len(listed) > 1 else ["thousands are separated by several marks"]
    return Problem(
        f"figures are written in several ways: {'; '.join(told)}",
        "export the file once more, so that all figures have the same marks",
    )


def _decimals(body: str) -> set[str]:
    """Return the decimal marks with which a figure can be read."""
    return {way.decimal for way in WAYS if way.value(body)}


def _taken_for_decimals(
    raw: pd.DataFrame, cells: Cells, way: Marks, codebook: Codebook
) -> Iterator[Problem]:
    """Yield columns where figures with separated thousands stand beside stored fractions.

    A program that opened the file under another language's marks stored 1.234 as a fraction and
    left 1.234.567 as it was.
    """
    if way.thousands not in ".,":
        return
    texts = {
        column: [text for text, (_, body) in found.items() if way.thousands in body]
        for column, found in cells.items()
    }
    counts = _rows_with(raw, texts)
    mixed = {
        column: n
        for column, n in counts.items()
        if raw[column].str.fullmatch(STORED).fillna(False).any()
    }
    if mixed:
        yield Problem(
            f"{_places(mixed)}: texts with a {MARK_NAMES[way.thousands]} between thousands beside "
            "cells that are fractions; a program seems to have taken some thousands for decimals",
            "import the original export once more, with the marks of its language, or give the "
            f"text file itself as `file:`; the codebook is {codebook.path}",
        )
