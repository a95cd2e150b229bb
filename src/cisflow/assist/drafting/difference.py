"""What the codebook of a wave states beyond that of an earlier wave of the same survey."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from cisflow.assist.drafting.opening import Draft
from cisflow.study.codebook_files import SOURCES

# An earlier wave is taken over if at least this share of the variables is the same.
MOSTLY_SAME = 0.5
# Keys whose entries are merged one by one when a codebook takes over another.
MERGED = ("blocks", "shares", "codes", "money")


def beyond(made: Draft, before: Draft, name: str) -> Draft | None:
    """Return a draft that takes over an earlier wave's, or None if that would not say the same.

    Parameters
    ----------
    made
        The wave's draft.
    before
        The earlier wave's.
    name
        What the earlier wave's codebook is called.
    """
    if made.extends != before.extends or not _can_be_laid_over(made, before):
        return None
    same = [v for v, entry in made.variables.items() if before.variables.get(v, 0) == entry]
    if len(same) < MOSTLY_SAME * max(len(made.variables), 1):
        return None
    others: dict[str, Any] = {v: e for v, e in made.variables.items() if v not in same}
    dropped = [v for v, e in before.variables.items() if e and v not in made.variables]
    return replace(
        made,
        extends=name,
        head={k: v for k, v in made.head.items() if before.head.get(k) != v},
        variables={**others, **dict.fromkeys(dropped)},
        near={v: n for v, n in made.near.items() if before.near.get(v) != n},
        todos=[todo for todo in made.todos if todo not in before.todos],
        notes=[note for note in made.notes if note not in before.notes],
        taken_over=sorted({*made.taken_over, *same}),
        known_columns=[*made.known_columns, *_columns(before)],
    )


def _can_be_laid_over(made: Draft, before: Draft) -> bool:
    """Return whether nothing of the earlier draft would stay that the wave does not have."""
    for key in MERGED:
        old, new = before.head.get(key, {}), made.head.get(key, {})
        if set(old) - set(new):
            return False
        parts = [(old[k], new[k]) for k in old if isinstance(old[k], dict)]
        if key == "blocks" and any(set(one) - set(other) for one, other in parts):
            return False
    if set(before.head.get("missing", [])) - set(made.head.get("missing", [])):
        return False
    for variable, entry in made.variables.items():
        earlier = before.variables.get(variable)
        if earlier and entry and set(earlier) - set(entry) - set(SOURCES):
            return False
        if earlier is None and variable in before.variables and entry:
            return False  # what is dropped cannot be brought back piece by piece
    return True


def _columns(draft: Draft) -> list[str]:
    found: list[str] = []
    for entry in filter(None, draft.variables.values()):
        found += [entry["name"]] if "name" in entry else list(entry.get("any_of", []))
        found += [entry["screen"]["name"]] if "screen" in entry else []
    return found
