"""Where each table and figure of a run comes from."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from pathlib import Path

from cisflow.publication.catalogue import TABLE, Item


def exhibits(items: Iterable[Item]) -> list[dict[str, str]]:
    """Return a row per table and figure: which rule and script set it, of which models.

    Returns
    -------
    list of dict
        ``exhibit`` (its name), ``kind``, ``caption``, ``country``, ``wave``; ``rule`` and
        ``script`` that write the files, ``function`` that makes it; ``models`` it tells of and the
        ``estimates`` they are read from, below the run's folder.
    """
    return [
        {
            "exhibit": item.name,
            "kind": item.kind,
            "caption": item.caption,
            "country": item.country,
            "wave": item.wave,
            "rule": _rule(item),
            "script": f"workflow/scripts/{_rule(item)}.py",
            "function": _function(item),
            "models": " ".join(item.models),
            "estimates": " ".join(
                f"estimates/{item.country or '{country}'}/{model}.csv" for model in item.models
            ),
        }
        for item in items
    ]


def _rule(item: Item) -> str:
    return "tables" if item.kind == TABLE else "figures"


def _function(item: Item) -> str:
    function = getattr(item.make, "func", item.make)
    return f"{function.__module__}.{function.__qualname__}"


def write_exhibits(items: Iterable[Item], file: Path | str, stamp: str) -> None:
    """Write :func:`exhibits` as CSV; a last column says what kind of data they rest on."""
    rows = [{**row, "data": stamp} for row in exhibits(items)]
    with Path(file).open("w", encoding="utf-8", newline="") as out:
        writer = csv.DictWriter(out, rows[0], lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
