"""Economic activities: from a code as a survey writes it to division, section and industry."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd

from cisflow.base.problems import CisflowError, Problem

Industries = Mapping[str, Any]
TECHNOLOGY = ("high", "medium-high", "medium-low", "low")

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


# --- industries and their technology ------------------------------------------------------------


def industry(firms: pd.DataFrame, industries: Industries) -> pd.Series:
    """Return the broad industry of each firm's activity code.

    Parameters
    ----------
    industries
        The industry groups, as ``config/nace.yaml`` has them.

    Returns
    -------
    pandas.Series
        Shape (n,), dtype ``string``; null where the code is null, belongs to no group, or spans
        several. Which revision of NACE the codes follow is told by the sections that came with
        them, and by the wave's year where there are none.
    """
    revision = nace_revision(firms, industries)
    return _classified(firms["nace"], division_groups(industries, revision), revision)


def technology(firms: pd.DataFrame, industries: Industries) -> pd.Series:
    """Return the technology level of each manufacturer's industry (:data:`TECHNOLOGY`).

    As Eurostat's indicators on high-tech industry class two-digit divisions. Null for services and
    other activities, and where a code spans divisions of different levels; otherwise as
    :func:`industry`.
    """
    revision = nace_revision(firms, industries)
    entries = industries["technology"]["levels"].items()
    levels = _by_division(entries, revision, "Technology levels (config/nace.yaml)")
    return _classified(firms["nace"], levels, revision)


def high_tech(firms: pd.DataFrame) -> pd.Series:
    """Return whether a manufacturer's industry is of high or medium-high technology.

    Null where ``technology`` is, so for all services.
    """
    level = firms["technology"]
    return level.isin(TECHNOLOGY[:2]).astype("boolean").mask(level.isna())


def division_groups(industries: Industries, revision: str) -> dict[int, str]:
    """Return the broad industry of every division of a NACE revision.

    Raises
    ------
    CisflowError
        If a division stands in two groups.
    """
    entries = ((entry["label"], entry["divisions"]) for entry in industries["groups"])
    return _by_division(entries, revision, "Industry groups (config/nace.yaml)")


def _by_division(
    entries: Iterable[tuple[str, Mapping[str, list[int]]]], revision: str, heading: str
) -> dict[int, str]:
    """Return the name under which each division of a revision stands."""
    names: dict[int, str] = {}
    problems = []
    for name, divisions in entries:
        for number in divisions.get(revision, []):
            if number in names:
                what = f"NACE {revision}, division {number} is in two groups"
                both = f"`{names[number]}` and `{name}`"
                problems.append(Problem(f"{what}: {both}", "remove it from one of them"))
            names[number] = name
    if problems:
        raise CisflowError(heading, problems)
    return names


def _classified(codes: pd.Series, names: Mapping[int, str], revision: str) -> pd.Series:
    """Return the name all divisions of a code share, shape (n,), dtype ``string``."""
    labels = {}
    for code in codes.dropna().unique():
        found = {names.get(number) for number in divisions_of(code, revision)}
        labels[code] = found.pop() if len(found) == 1 else None
    return codes.map(labels).astype("string")


def divisions_of(code: str, revision: str) -> list[int]:
    """Return every division of an activity code: one, or those from a group's first to its last."""
    ends = re.split(r"(?<=\d)\s*[-–_Tt]\s*(?=[A-Za-z]{0,2}\d)", code.strip())
    numbers = [number for end in ends if (number := division(end)) is not None]
    if not numbers:
        return []
    span = range(min(numbers), max(numbers) + 1)
    return [number for number in span if section(f"{number:02d}", revision)]


def nace_revision(firms: pd.DataFrame, industries: Industries) -> str:
    """Return the NACE revision (``"1.1"`` or ``"2"``) a wave's activity codes follow."""
    codes = firms["nace"].where(firms["section"].notna())
    agree = {
        revision: int(sections(codes, revision).eq(firms["section"]).sum())
        for revision in ("1.1", "2")
    }
    if agree["1.1"] != agree["2"]:
        return max(agree, key=lambda revision: agree[revision])
    return "2" if firms["reference_year"].max() >= industries["revision_2_from"] else "1.1"
