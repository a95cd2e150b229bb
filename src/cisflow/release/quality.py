"""Quality reports through the gate: counts of answers, rounded to the minimum."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cisflow.release.gate import Gate

NO_COUNTS = frozenset({"reference_year", "years", "breaks", "whole_file"})


def told_quality(gate: Gate, record: Mapping[str, Any], file: str) -> dict[str, Any]:
    """Return a quality report whose counts of firms are multiples of the minimum.

    A report is about answers, of which there are many per firm: exact counts of hundreds of
    overlapping groups could not be told beside those of samples. Rounded ones say what a reader
    needs, how many answers there are, and nothing of a few firms.
    """
    base = gate.profile.minimum_cell
    gate.opened(file, "quality report", f"rows of {record['country']}, {record['wave']}")

    def rounded(value: Any) -> Any:
        if isinstance(value, Mapping):
            if value.get("whole_file"):
                return dict(value)
            return {k: v if k in NO_COUNTS else rounded(v) for k, v in value.items()}
        if isinstance(value, list):
            return [rounded(v) for v in value]
        if not isinstance(value, int) or isinstance(value, bool):
            return value
        gate.register[file]["shown"] += 1
        return base * ((value + base // 2) // base)

    return {**rounded(record), **({"rounded_to": base} if base > 1 else {})}
