"""What everything a run publishes is marked with: synthetic data, or a mapping that is a draft.

A run has its marks before any job starts. Tables, figures, pages and records carry all of them, by
the words of this module alone.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

STAMP = {"synthetic": "SYNTHETIC", "real": "real"}


@dataclass(frozen=True)
class Mark:
    """A mark."""

    name: str  # what stands on a figure, in brackets behind a caption, above a page
    told: str  # what it means, to stand behind the name


SYNTHETIC = Mark(
    f"{STAMP['synthetic']} data", "simulated from known coefficients: not findings about firms"
)


def draft_mapping(unconfirmed: int) -> Mark:
    """Return the mark of a run that reads variables by mappings nobody has confirmed."""
    count = "1 variable" if unconfirmed == 1 else f"{unconfirmed:,} variables"
    told = "nobody has confirmed that the columns of the file hold what is said of them"
    return Mark(f"DRAFT MAPPING ({count} unconfirmed)", told)


def marks_of(data: str, unconfirmed: int) -> tuple[Mark, ...]:
    """Return the marks of a run.

    Parameters
    ----------
    data
        ``synthetic`` or ``real``, as in the config.
    unconfirmed
        How many of the variables it needs are unconfirmed, over all extracts.
    """
    synthetic = (SYNTHETIC,) if data == "synthetic" else ()
    return (*synthetic, *([draft_mapping(unconfirmed)] if unconfirmed else []))


def stamp_of(data: str, unconfirmed: int = 0) -> str:
    """Return what tables and records say of the data they rest on, in their last column or key."""
    draft = [draft_mapping(unconfirmed).name] if unconfirmed else []
    return ", ".join([STAMP[data], *draft])


def stamped(text: str, marks: Iterable[Mark]) -> str:
    """Return a caption with the marks of a run."""
    return " ".join([text, *(f"[{mark.name}]" for mark in marks)])
