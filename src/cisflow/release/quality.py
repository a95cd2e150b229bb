"""Quality reports through the gate: counts of answers, rounded to the minimum."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from cisflow.release.gate import Gate

STATES = ("valid", "missing", "filtered", "invalid")
"""What a variable's answer may be in a row: one of these."""
NO_COUNTS = frozenset({"reference_year", "years", "breaks", "whole_file"})


def told_quality(gate: Gate, record: Mapping[str, Any], file: str) -> dict[str, Any]:
    """Return a quality report whose counts of firms are multiples of the minimum.

    A report is about answers, of which there are many per firm: exact counts of hundreds of
    overlapping groups could not be told beside those of samples. Rounded ones say what a reader
    needs, how many answers there are, and nothing of a few firms.
    """
    base = gate.profile.minimum_cell

    def near(value: int) -> int:
        return base * ((value + base // 2) // base)

    gate.opened(file, "quality report", f"rows of {record['country']}, {record['wave']}")

    def rounded(value: Any) -> Any:
        if isinstance(value, Mapping):
            if value.get("whole_file"):
                return dict(value)
            told = {k: v if k in NO_COUNTS else rounded(v) for k, v in value.items()}
            return {**told, **_remainder(value, near)}
        if isinstance(value, list):
            return [rounded(v) for v in value]
        if not isinstance(value, int) or isinstance(value, bool):
            return value
        gate.register[file]["shown"] += 1
        return near(value)

    return {**rounded(record), **({"rounded_to": base} if base > 1 else {})}


def _remainder(value: Mapping[str, Any], near: Callable[[int], int]) -> dict[str, int]:
    """Return the largest of the parts of all rows: what is left of these by the other parts.

    Rounded by itself it would tell, beside the rows that a sample flow counts exactly, how the
    others were rounded: 404 rows of which some 400 answered and none are missing are 4 missing.
    """
    parts = {name: value[name] for name in STATES if name in value}
    if len(parts) < len(STATES):
        return {}
    largest = max(parts, key=lambda name: parts[name])
    others = sum(near(n) for name, n in parts.items() if name != largest)
    return {largest: max(near(sum(parts.values())) - others, 0)}
