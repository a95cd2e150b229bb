"""Countries that could not be read: the others are published, and the paper says who is absent."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from cisflow.base.private import private_log
from cisflow.base.thresholds import MINIMUM_CELL, is_small
from cisflow.study.run import Run

ABSENT = "CISFLOW_ABSENT"
"""Variable of the environment: codes of the countries a run goes on without."""
MOST_TOLD = 3


def absent_now(config: Mapping[str, Any]) -> dict[str, dict[str, str]]:
    """Return name of, and what is wrong with, each country the environment says is absent."""
    least = config.get("minimum_cell", MINIMUM_CELL)
    countries = config.get("countries", {})
    return {
        code: {
            "name": countries[code].get("name", code),
            "why": " ".join(_reasons(config["run"], code, least)),
        }
        for code in os.environ.get(ABSENT, "").split()
        if code in countries
    }


def absent_countries(run: Run) -> list[str]:
    """Return the countries whose jobs ended with problems; none if there is no other country."""
    failed = [code for code in run.at_hand if any(_records(run.name, code))]
    return failed if len(failed) < len(run.countries) else []


def forget_problems(run: Run) -> None:
    """Remove what jobs of an earlier run told of their problems."""
    for code in run.at_hand:
        for record in _records(run.name, code):
            record.unlink()


def _records(run: str, country: str) -> Iterator[Path]:
    """Yield the problems that jobs of a country left, such as ``ingest/NL/CIS4.json``."""
    folder = private_log(Path("results", run, "logs", "x")).parent
    for record in sorted(folder.rglob("*.json")):
        if country in record.relative_to(folder).with_suffix("").parts:
            yield record


def _reasons(run: str, country: str, least: int) -> Iterator[str]:
    """Yield a sentence per job: which file or step, and its problems, but no small number."""
    for record in _records(run, country):
        problems = json.loads(record.read_text(encoding="utf-8"))["problems"]
        told = [p["said"].rstrip(".") for p in problems if not is_small(p["count"] or 0, least)]
        rest = len(problems) - len(told[:MOST_TOLD])
        step = record.parent.parent.name if record.parent.name == country else record.parent.name
        place = record.stem if step == "ingest" else step
        where = f"wave {place}" if step == "ingest" and place != "accounts" else place
        more = [f"{rest} more in the log" if told else "see the log"] if rest else []
        yield f"{where[0].upper()}{where[1:]}: {'; '.join([*told[:MOST_TOLD], *more])}."
