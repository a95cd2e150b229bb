"""How a run ended, in ten lines: the verdicts, and where to look."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from cisflow.assist.screen import WIDTH
from cisflow.base.paths import shown
from cisflow.claims.verdicts import CLAIMS
from cisflow.estimation.estimates import POOLED
from cisflow.publication.words import measured, measured_interval
from cisflow.study.verdicts import VERDICTS

MOST_CLAIMS = 3
# What a run publishes and a reader opens, the first to open first.
OPENED = (
    *("index.html", "paper.pdf", "supplement.pdf"),
    *("claims.csv", "tables", "figures", "report.html"),
)
Row = Mapping[str, Any]


def ending(results: Path) -> str:
    """Return how a run that went well ended: its verdicts, and where to look.

    Parameters
    ----------
    results
        The folder ``results/<run>``.

    Raises
    ------
    CisflowError
        Its table of claims is damaged.
    """
    return "\n".join(["", *_verdict_lines(results / "claims.csv"), *_places(results)])


def _verdict_lines(file: Path) -> Iterator[str]:
    if not file.is_file():  # the run was asked for something that comes before
        return
    claims = CLAIMS.read([file])
    first = claims.drop_duplicates(["claim", "country", "wave"])
    counts = first["verdict"].value_counts()
    told = ", ".join(f"{counts[v]} {v}" for v in VERDICTS if v in counts)
    if told:
        stamp = first["data"].iloc[0]
        mark = "" if stamp == "real" else f" [{stamp}]"
        yield from textwrap.wrap(
            f"Verdicts{mark}, per claim, country and wave: {told}.", WIDTH, subsequent_indent="  "
        )
    for row in _shown(first):
        told = f"{row['claim']} {row['text']}"
        yield f"  {textwrap.shorten(told, WIDTH - 2, placeholder=' …')}"
        yield f"     {_finding(row)}"


def _shown(first: pd.DataFrame) -> list[Row]:
    """Return, of each source, the first claim with an estimate, where it rests on most firms.

    Not the clearest ones: that would choose by what was found.
    """
    found = first[first["estimate"].notna() & (first["country"] != "")]
    pooled = found["country"] == POOLED
    firms = found["n"].fillna(0).where(~pooled, float("inf"))
    ordered = found.assign(firms=firms).sort_values("firms", ascending=False, kind="stable")
    best = ordered.drop_duplicates("claim").sort_index()
    return best.drop_duplicates("source").head(MOST_CLAIMS).to_dict(orient="records")


def _finding(row: Row) -> str:
    """Return estimate, unit, interval, where and of how many firms, and the verdict."""
    unit = f" {row['unit']}" if row["unit"] else ""
    error = row["std_error"]
    interval = measured_interval(row["ci_low"], row["ci_high"], error)
    firms = [f"{row['n']:,.0f} firms"] if row["n"] > 0 else []
    place = [part for part in (row["country"], row["wave"]) if part]
    told = ", ".join([" ".join(place), *firms])
    return f"{measured(row['estimate'], error)}{unit} {interval} ({told}): {row['verdict']}"


def _places(results: Path) -> Iterator[str]:
    folder = results / "publication"
    there = [name for name in OPENED if (folder / name).exists()]
    if there:
        first, *others = there
        yield f"Open {shown(folder / first)}"
        yield f"  beside it: {', '.join(others)}" if others else ""
