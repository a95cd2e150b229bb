"""Signs in figures: what stands before decimals, what between thousands, and when nobody can tell.

A wrong guess is wrong by a factor of 1,000, so that nobody guesses.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

import pandas as pd

MARK_NAMES = {".": "point", ",": "comma", " ": "blank", "'": "apostrophe"}
# 1.234 and 12.345 may be thousands; as decimals, some numbers of a column would have other ones.
THOUSANDS = r"[+-]?[1-9]\d{0,2}([.,]\d{3})+"
FEWEST_THOUSANDS = 30


@dataclass(frozen=True)
class Marks:
    """How figures are written: what stands before decimals, what between thousands."""

    decimal: str
    thousands: str

    def value(self, body: str) -> str | None:
        """Return a figure without sign as Python writes it; None if it is not written so."""
        if not self._pattern().fullmatch(body):
            return None
        return body.replace(self.thousands, "").replace(self.decimal, ".")

    def _pattern(self) -> re.Pattern[str]:
        return _pattern(self.decimal, self.thousands)


@lru_cache
def _pattern(decimal: str, thousands: str) -> re.Pattern[str]:
    d, t = re.escape(decimal), re.escape(thousands)
    return re.compile(rf"(?:[1-9]\d{{0,2}}(?:{t}\d{{3}})+|\d+)(?:{d}\d+)?|{d}\d+")


WAYS = tuple(Marks(d, t) for d in ".," for t in ".,' " if d != t)


def like_thousands(texts: pd.Series) -> bool:
    """Return whether every text may be a figure with signs between its thousands."""
    return bool(texts.str.fullmatch(THOUSANDS).all())


def doubtful_decimals(texts: pd.Series) -> int:
    """Return how many figures have decimals that may be thousands; 0 if some cannot be."""
    fractions = texts[texts.str.contains(".", regex=False).fillna(False)]
    enough = len(fractions) >= FEWEST_THOUSANDS
    return len(fractions) if enough and like_thousands(fractions) else 0
