"""Texts of others on their way into print: names, titles and labels may hold anything."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

# Characters that cannot be printed, or that turn the order of those around them.
UNPRINTED = re.compile(
    "[\\0-\\x08\\x0b-\\x1f\\x7f-\\x9f\\u2028-\\u202e\\u2066-\\u2069\\ud800-\\udfff\\ufffe\\uffff]"
)
# What a spreadsheet takes for a formula, and what is a number, perhaps with stars and an interval.
FORMULA = re.compile(r"[\s']*[=@+\-\t\r\uff1d\uff0b\uff0d\uff20]")
FIGURES = re.compile(r"[+-]?[\d.][-−\d.,;:*†%()\[\] ]*|[+-]|")


def no_formula(text: Any) -> Any:
    """Return a text that no spreadsheet runs when it opens the file; numbers are none."""
    if isinstance(text, str) and FORMULA.match(text) and not FIGURES.fullmatch(text):
        return f"'{text}"
    return text


def as_written(text: str) -> str:
    """Return the text that :func:`no_formula` was given."""
    return text[1:] if text[:1] == "'" and FORMULA.match(text[1:]) else text


def printable(value: Any) -> Any:
    """Return texts, also those within lists and mappings, without what cannot be printed."""
    if isinstance(value, str):
        return UNPRINTED.sub(" ", value)
    if isinstance(value, Mapping):
        return {printable(key): printable(inner) for key, inner in value.items()}
    return [printable(inner) for inner in value] if isinstance(value, list | tuple) else value
