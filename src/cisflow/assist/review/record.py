"""The review sheet as plain JSON types, with keys that stay."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from cisflow.assist.review.facts import Sheet

FORM = 1
"""Number of the form of the record; a key that goes, or changes its meaning, makes it the next."""


def review_record(sheet: Sheet) -> dict[str, Any]:
    """Return all facts of a sheet; a number of firms is null where it may not be told."""
    return {"form": FORM, **asdict(sheet)}
