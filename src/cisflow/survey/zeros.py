"""Zeros that a spreadsheet took off the front of activity codes: 0811 stored as the number 811.

Read as it is, 811 is of division 81. Which of the two is meant is told by the classification: the
division a code names with or without the zero has a group of its third digit, or has not. One code
that is decisive decides for all codes of its column; where none is, nobody guesses.
"""

from __future__ import annotations

import pandas as pd

from cisflow.base.problems import Problem, counted
from cisflow.study.codebook import Codebook

# Third digits of the groups of each division. NACE Rev. 2: Regulation (EC) 1893/2006; Rev. 1.1:
# 29/2002; ISIC Rev. 3: United Nations, Statistical Papers M 4/Rev. 3.
_REV_2 = (
    "01:1234567 02:1234 03:12 05:12 06:12 07:12 08:19 09:19 10:123456789 11:0 12:0 13:1239 "
    "14:123 15:12 16:12 17:12 18:12 19:12 20:123456 21:12 22:12 23:12345679 24:12345 "
    "25:12345679 26:12345678 27:123459 28:12349 29:123 30:12349 31:0 32:123459 33:12 35:123 "
    "36:0 37:0 38:123 39:0 41:12 42:129 43:1239 45:1234 46:12345679 47:123456789 49:12345 "
    "50:1234 51:12 52:12 53:12 55:1239 56:123 58:12 59:12 60:12 61:1239 62:0 63:19 64:1239 "
    "65:123 66:123 68:123 69:12 70:12 71:12 72:12 73:12 74:1239 75:0 77:1234 78:123 79:19 "
    "80:123 81:123 82:1239 84:123 85:123456 86:129 87:1239 88:19 90:0 91:0 92:0 93:12 94:129 "
    "95:12 96:0 97:0 98:12 99:0"
)
_REV_1_1 = (
    "01:12345 02:0 05:0 10:123 11:12 12:0 13:12 14:12345 15:123456789 16:0 17:1234567 18:123 "
    "19:123 20:12345 21:12 22:123 23:123 24:1234567 25:12 26:12345678 27:12345 28:1234567 "
    "29:1234567 30:0 31:123456 32:123 33:12345 34:123 35:12345 36:123456 37:12 40:123 41:0 "
    "45:12345 50:12345 51:123456789 52:1234567 55:12345 60:123 61:12 62:123 63:1234 64:12 "
    "65:12 66:0 67:12 70:123 71:1234 72:123456 73:12 74:12345678 75:123 80:1234 85:123 90:0 "
    "91:123 92:1234567 93:0 95:0 96:0 97:0 99:0"
)
_ISIC_3 = (
    "01:12345 02:0 05:0 10:123 11:12 12:0 13:12 14:12 15:12345 16:0 17:123 18:12 19:12 20:12 "
    "21:0 22:123 23:123 24:123 25:12 26:19 27:123 28:19 29:123 30:0 31:123459 32:123 33:123 "
    "34:123 35:1239 36:19 37:12 40:123 41:0 45:12345 50:12345 51:12345 52:123456 55:12 60:123 "
    "61:12 62:12 63:0 64:12 65:19 66:0 67:12 70:12 71:123 72:123459 73:12 74:1239 75:123 "
    "80:1239 85:123 90:0 91:129 92:1234 93:0 95:0 99:0"
)


def _groups(text: str) -> dict[str, str]:
    return dict(entry.split(":") for entry in text.split())


GROUPS = {"1.1": _groups(_REV_1_1), "2": _groups(_REV_2), "isic3": _groups(_ISIC_3)}
LEVELS = (2, 3, 4, 5, 6)
"""Digits of codes: divisions, groups, classes, and what countries add."""


def exists(code: str, revision: str) -> bool:
    """Return whether a classification has the division of a code, and the group if it names one."""
    groups = GROUPS[revision].get(code[:2])
    return groups is not None and (len(code) < 3 or code[2] in groups)


def with_zeros(
    codes: pd.Series, column: str, codebook: Codebook
) -> tuple[pd.Series, Problem | None]:
    """Return activity codes with the zeros they lost, and what nobody can tell.

    Parameters
    ----------
    codes
        As text, shape (n,).
    column
        Their column in the file.
    codebook
        Its ``nace:`` names the classification, and may say what became of the zeros.
    """
    if codebook.nace is None or codebook.nace.leading_zeros == "kept":
        return codes, None
    digits = codes[codes.str.fullmatch(r"\d+").fillna(False).astype(bool)]
    longest = int(digits.str.len().max()) if len(digits) else 0
    short = digits[digits.str.len() == longest - 1]
    if longest not in LEVELS[1:] or short.empty or digits.str.startswith("0").any():
        return codes, None
    if codebook.nace.leading_zeros != "lost":
        lost = _are_lost(set(short), codebook.nace.revision)
        if lost is None:
            return codes, _unclear(len(short), column, longest, codebook)
        if not lost:
            return codes, None
    return codes.mask(codes.isin(set(short)), "0" + codes), None


def _are_lost(codes: set[str], revision: str) -> bool | None:
    """Return whether codes have lost a zero; None if they may have, or be of another level."""
    padded = {code for code in codes if exists("0" + code, revision)}
    whole = {code for code in codes if exists(code, revision)}
    lost, kept = padded - whole, whole - padded
    if lost and not kept:
        return True
    # Codes that the classification has in neither way are told of elsewhere.
    unclear = (lost and kept) or (not kept and padded & whole)
    return None if unclear else False


def _unclear(count: int, column: str, longest: int, codebook: Codebook) -> Problem:
    return Problem(
        f"nace (column '{column}'): {counted(count, 'code')} of {longest - 1} digits among "
        f"those of {longest}: a spreadsheet may have taken a zero off their front, or they are of "
        "another level.",
        "export the column as text, or say which it is: `nace: {leading_zeros: lost}` or `kept` in "
        f"{codebook.path}",
    )
