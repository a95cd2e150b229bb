"""Countries that could not be read: the others are published, and the paper says who is absent."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from cisflow.base.private import private_log
from cisflow.base.thresholds import is_small
from cisflow.study.run import Run

ABSENT = "CISFLOW_ABSENT"
"""Variable of the environment: codes of the countries a run goes on without."""
MOST_TOLD = 3


def absent_now() -> list[str]:
    """Return the countries the environment says to go on without."""
    return os.environ.get(ABSENT, "").split()


def with_reasons(run: Run) -> Run:
    """Return a run whose config says of each absent country what is wrong with its files."""
    least = run.profile.minimum_cell
    told = {
        code: {**about, "why": " ".join(_reasons(run.name, code, least))}
        for code, about in run.settings.absent.items()
    }
    settings = run.settings.model_copy(update={"absent": told}) if told else run.settings
    return replace(run, settings=settings)


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
