"""What the page says of the data: quality, breaks in the series, codebooks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from cisflow.publication.findings import Findings
from cisflow.publication.site.grids import Grid, grid_of
from cisflow.publication.tables.samples import quality_overview
from cisflow.publication.words import failed_check, sentence
from cisflow.study.codebook import SETTLED
from cisflow.study.confirmation import UNSAID
from cisflow.study.series import breaks_crossed

STATES = {
    "confirmed": "confirmed against the questionnaire",
    "sourced": "from a public document",
    "inferred": "deduced from a public document",
    "general": "general knowledge",
    "template": "template, to be confirmed",
    "drafted": "drafted by a machine",
    UNSAID: "not said",
}


def quality_of(findings: Findings) -> Grid | None:
    """Return what was read of each extract, and how many checks it failed."""
    return replace(grid_of(quality_overview(findings)), notes="") if findings.quality else None


def breaks_of(findings: Findings) -> list[tuple[str, str, str]]:
    """Return the breaks that lie between the waves: country, first year after it, and what."""
    return [
        (findings.name(country), str(entry["from"]), entry["text"])
        for country, series in findings.series.items()
        for entry in breaks_crossed(series)
    ]


def checks_of(findings: Findings) -> list[tuple[str, str, str]]:
    """Return what some firms answered against other answers of theirs: where, what, how many."""
    return [
        (findings.place(record["country"], record["wave"]), failed_check(check), told)
        for record in findings.quality
        for check in (record.get("checks") or {}).values()
        if check["failed"] and (told := _failed(check))
    ]


def _failed(check: Mapping[str, Any]) -> str:
    if check.get("whole_file"):
        return str(check.get("seen", "the file as a whole"))
    return f"{check['failed']:,} of {check['of']:,}"


def codebooks_of(findings: Findings) -> Grid | None:
    """Return how sure the mappings of each extract are: how many variables in which state."""
    counted = {
        (findings.place(record["country"], record["wave"]), _title(record)): Counter(
            about.get("verified") or UNSAID
            for about in record["variables"].values()
            if about.get("in_questionnaire", True)
        )
        for record in findings.quality
    }
    states = list(dict.fromkeys([*STATES, *(state for of in counted.values() for state in of)]))
    shown = [state for state in states if any(of[state] for of in counted.values())]
    rows = tuple(
        (place, codebook, *(f"{of[state]:,}" if of[state] else "–" for state in shown))
        for (place, codebook), of in counted.items()
    )
    heads = ("Extract", "Codebook", *(sentence(STATES.get(state, state)) for state in shown))
    sure = " and ".join(STATES[state] for state in SETTLED)
    notes = f"Number of variables. Settled are those {sure}."
    return Grid("Review state of the codebooks", heads, rows, notes) if rows else None


def _title(record: Mapping[str, Any]) -> str:
    return str(record.get("title") or record["codebook"])
