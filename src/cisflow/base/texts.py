"""Texts of others on their way into print: names, titles and labels may hold anything."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

# Characters that cannot be printed, or that turn the order of those around them.
UNPRINTED = re.compile(
    "[\\0-\\x08\\x0b-\\x1f\\x7f-\\x9f\\u2028-\\u202e\\u2066-\\u2069\\ud800-\\udfff\\ufffe\\uffff]"
)
# What a spreadsheet takes for a formula: at the start of a cell, or behind what it takes for the
# end of one (a semicolon in many countries). And a number, perhaps with stars and an interval.
_END, _SIGN = r"(^|[;\t\r\n])", r"(?=[\s']*[=@+\-\t\r\uff1d\uff0b\uff0d\uff20])"
FORMULA, NEUTRAL = re.compile(_END + _SIGN), re.compile(f"{_END}'{_SIGN}")
FIGURES = re.compile(r"[+-]?[\d.][-−\d.,;:*†%()\[\] ]*|[+-]|")


def no_formula(text: Any) -> Any:
    """Return a text that no spreadsheet runs when it opens the file; numbers are none."""
    if isinstance(text, str) and not FIGURES.fullmatch(text):
        return FORMULA.sub(r"\1'", text)
    return text


def as_written(text: str) -> str:
    """Return the text that :func:`no_formula` was given."""
    return NEUTRAL.sub(r"\1", text)


def printable(value: Any) -> Any:
    """Return texts, also those within lists and mappings, without what cannot be printed."""
    if isinstance(value, str):
        return UNPRINTED.sub(" ", value)
    if isinstance(value, Mapping):
        return {printable(key): printable(inner) for key, inner in value.items()}
    return [printable(inner) for inner in value] if isinstance(value, list | tuple) else value
