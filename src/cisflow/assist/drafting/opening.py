"""A codebook in the making, and what all that write it share."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from cisflow.assist.inspection import Look, numbers
from cisflow.assist.matching import Match
from cisflow.survey.answers import any_yes

__all__ = [
    "ACTIVITIES",
    "COMMON",
    "Draft",
    "flag_of",
    "label_of",
    "numbers",
    "year_of",
    "yes_or_no",
]

COMMON = "eurostat/common"
ROUNDS = {"CIS2": 1996, "CIS3": 2000, "CIS4": 2004}
ACTIVITIES = ("product_innovation", "process_innovation", "ongoing", "abandoned")


@dataclass
class Draft:
    """A codebook in the making."""

    extends: str  # the codebook it takes over
    head: dict[str, Any] = field(default_factory=dict)  # its keys besides `variables`
    # Entries; None removes what is taken over.
    variables: dict[str, dict[str, Any] | None] = field(default_factory=dict)
    # Per variable (or key and colon) what to say beside it.
    remarks: dict[str, str] = field(default_factory=dict)
    # Per variable nobody found: columns that may be it, each with why.
    near: dict[str, list[tuple[str, str]]] = field(default_factory=dict)
    todos: list[str] = field(default_factory=list)  # what a human has to decide
    open: list[str] = field(default_factory=list)  # variables a human has to name
    notes: list[str] = field(default_factory=list)  # what a human had better look over
    # Variables whose columns the codebook taken over knows.
    taken_over: list[str] = field(default_factory=list)
    known_columns: list[str] = field(default_factory=list)  # all columns that codebook knows

    def entry(self, variable: str) -> dict[str, Any]:
        """Return the entry of a variable to write into."""
        entry = self.variables.get(variable) or {}
        self.variables[variable] = entry
        return entry


def year_of(wave: str) -> int | None:
    """Return the reference year a wave's name tells: 2012, CIS2012, CIS4; else None."""
    if wave.upper() in ROUNDS:
        return ROUNDS[wave.upper()]
    found = re.search(r"(?:19|20)\d\d", wave)
    return int(found[0]) if found else None


def label_of(seen: Look, column: str) -> str:
    """Return a column's label, or nothing."""
    return seen.legend.columns.get(column, "")


def flag_of(seen: Look, variable: str, found: Mapping[str, Match]) -> pd.Series | None:
    """Return a yes/no variable of the wave, shape (n,), or None if it is not mapped."""
    if variable == "innovation_active" and variable not in found:
        parts = [flag_of(seen, activity, found) for activity in ACTIVITIES]
        known = [part for part in parts if part is not None]
        return any_yes(known) if known else None
    columns = found[variable].columns if variable in found else ()
    flags = [yes_or_no(seen, column) for column in columns]
    known = [flag for flag in flags if flag is not None]
    return any_yes(known) if known else None


def yes_or_no(seen: Look, column: str) -> pd.Series | None:
    """Return the answers in a yes/no column, shape (n,), dtype ``boolean``."""
    coding = seen.profiles[column].flag
    if coding is None:
        return None
    codes = {c: bool(v) for c, v in coding.codes.items()}
    flag = seen.data[column].map(codes).astype("boolean")
    return flag.fillna(value=False) if seen.profiles[column].ticked else flag
