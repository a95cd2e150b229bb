"""Patterns that users write, matched by RE2: the time it takes grows with the text alone.

Python's own engine tries ``(a+)+$`` in more ways than anyone can wait for.
"""

from __future__ import annotations

from typing import Any


def groups_of(pattern: str) -> set[str]:
    """Return the names of a pattern's groups.

    Raises
    ------
    ValueError
        It is none that RE2 knows; says why.
    """
    try:
        # As it stands: between anchors, a bracket that closes none would close theirs. Of no text,
        # since Arrow loads pandas for one.
        return {field.name for field in _extract(None, pattern).type}
    except ValueError as error:
        raise ValueError(str(error)[:200]) from None


def matched(pattern: str, text: str) -> dict[str, str] | dict[str, str | None] | None:
    """Return what a pattern's groups are in a text; None where the text as a whole does not fit."""
    found: dict[str, str] | None = _extract(text, rf"\A(?:{pattern})\z").as_py()
    return found and {name: part or None for name, part in found.items()}


def _extract(text: str | None, pattern: str) -> Any:
    # Most runs have no accounts and need no Arrow while Snakemake parses.
    import pyarrow as pa
    import pyarrow.compute as pc

    texts = pa.nulls(1, pa.string()) if text is None else pa.array([text], pa.string())
    return pc.extract_regex(texts, pattern=pattern)[0]
