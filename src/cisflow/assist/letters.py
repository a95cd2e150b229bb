"""Texts of any European language in one plain spelling, so that words can be compared."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

# Letters that are no other letter with an accent; Cyrillic as Serbia writes it in Latin letters,
# with those of its neighbours, so that one list of words serves both of its alphabets.
SAME = str.maketrans(
    {
        **dict.fromkeys(filter(unicodedata.combining, map(chr, range(0x300, 0x370))), ""),
        **dict(zip("øđðłıħςŋ", "oddlihσn", strict=True)),
        "ß": "ss",
        "æ": "ae",
        "œ": "oe",
        "þ": "th",
        "ə": "e",
        **dict(
            zip("абвгдежзијклмнопрстћуфхцчшыэіґ", "abvgdezzijklmnoprstcufhccsyeig", strict=True)
        ),
        "ђ": "d",
        "љ": "lj",
        "њ": "nj",
        "џ": "dz",
        "ѕ": "dz",
        "ъ": "a",
        "ь": "",
        "щ": "st",
        "ю": "ju",
        "я": "ja",
        "є": "je",
    }
)
SIGNS = frozenset("&+%-'’")
LETTER = r"[^\W\d_]"
# Research and development as languages abbreviate it: R&D, F + E, B+R, K+F, Ε&Α.
INITIALS = re.compile(rf"\b({LETTER})\s*[&+]\s*({LETTER}{{1,2}})\b")
WORD = re.compile(rf"(?<![^\W_]){LETTER}\+{LETTER}{{1,2}}(?![^\W_])|[^\W_]+")


@lru_cache(maxsize=50_000)
def plain(text: str) -> str:
    """Return a text in lower case, without accents and punctuation, in Latin or Greek letters."""
    text = text.lower()
    if not text.isascii():
        text = unicodedata.normalize("NFKD", text).translate(SAME)
    if not SIGNS.isdisjoint(text):
        text = _without_signs(text)
    return " ".join(WORD.findall(text))


def _without_signs(text: str) -> str:
    """Return a text with R&D as several languages write it, co-operation, on-going as one word."""
    text = re.sub(r"\b[rifo]\s*[&+]\s*[deos]\b", " rd ", text).replace("%", " percent ")
    text = INITIALS.sub(r" \1+\2 ", text)
    text = re.sub(r"\b(co|on|non)-(?=[a-z])", r"\1", text)
    return re.sub(r"(?<=[a-z])['’]s\b", "", text)


@lru_cache(maxsize=20_000)
def tokens(text: str) -> tuple[str, ...]:
    """Return the words of a name or label: ``coop_supp07`` is coop, supp and 07."""
    apart = rf"(?<={LETTER})(?=\d)|(?<=\d)(?={LETTER})"
    return tuple(re.sub(apart, " ", plain(text)).split())


@lru_cache(maxsize=128)
def longest(words: frozenset[str]) -> int:
    """Return how long the longest word is, 0 of none: no beginning beyond it is among them."""
    return max(map(len, words), default=0)
