"""Economic activities: from a code as a survey writes it to division, section and manufacturing."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

# First and last division of each section. NACE Rev. 1.1 and ISIC Rev. 3 share them (Regulation (EC)
# 29/2002); NACE Rev. 2: Regulation (EC) 1893/2006.
_REV_1_1 = {
    "A": (1, 2),
    "B": (5, 5),
    "C": (10, 14),
    "D": (15, 37),
    "E": (40, 41),
    "F": (45, 45),
    "G": (50, 52),
    "H": (55, 55),
    "I": (60, 64),
    "J": (65, 67),
    "K": (70, 74),
    "L": (75, 75),
    "M": (80, 80),
    "N": (85, 85),
    "O": (90, 93),
    "P": (95, 97),
    "Q": (99, 99),
}
_REV_2 = {
    "A": (1, 3),
    "B": (5, 9),
    "C": (10, 33),
    "D": (35, 35),
    "E": (36, 39),
    "F": (41, 43),
    "G": (45, 47),
    "H": (49, 53),
    "I": (55, 56),
    "J": (58, 63),
    "K": (64, 66),
    "L": (68, 68),
    "M": (69, 75),
    "N": (77, 82),
    "O": (84, 84),
    "P": (85, 85),
    "Q": (86, 88),
    "R": (90, 93),
    "S": (94, 96),
    "T": (97, 98),
    "U": (99, 99),
}
SECTIONS = {"1.1": _REV_1_1, "isic3": _REV_1_1, "2": _REV_2}
MANUFACTURING = {"1.1": "D", "isic3": "D", "2": "C"}


def division(code: str) -> int | None:
    """Return the two-digit division of a code, or None if it names none.

    ``15``, ``15.11``, ``1511``, ``D15``, and of a group its first: ``15_16``, ``C10-C12``.
    """
    match = re.match(r"[A-Za-z]{0,2}\s*(\d+)", code)
    if match is None:
        return None
    return int(match[1][:2])


def section(code: str, revision: str) -> str | None:
    """Return the section (one letter) of a code, or None if the classification has no such code.

    Parameters
    ----------
    code
        As in :func:`division`, or a section or subsection: ``D``, ``DA``.
    revision
        ``"1.1"``, ``"2"`` or ``"isic3"``.
    """
    divisions = SECTIONS[revision]
    number = division(code)
    if number is None:
        letters = re.fullmatch(r"([A-Za-z])[A-Za-z]?", code)
        return letters[1].upper() if letters and letters[1].upper() in divisions else None
    return next((s for s, (first, last) in divisions.items() if first <= number <= last), None)


def sections(codes: pd.Series, revision: str) -> pd.Series:
    """Return the section of each code, shape (n,), dtype ``string``."""
    letters = {code: section(code, revision) for code in codes.dropna().unique()}
    return codes.map(letters).astype("string")
