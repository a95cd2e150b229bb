"""How large the waves are, and which samples they give."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cisflow.publication.families import described
from cisflow.publication.findings import Findings
from cisflow.publication.paper.numbers import Context
from cisflow.publication.tables.samples import percent
from cisflow.publication.words import NOT_ESTIMABLE, count


def accepted_facts(findings: Findings) -> list[Context]:
    """Return the contradictions between answers that codebooks accept, and why."""
    return [
        {
            "place": findings.place(record["country"], record["wave"]),
            "meaning": record["checks"][name]["meaning"].rstrip("."),
            "share": _share(record["checks"][name]),
            "reason": reason.rstrip("."),
        }
        for record in findings.quality
        for name, reason in record.get("accepted", {}).items()
    ]


def _share(entry: Mapping[str, Any]) -> str:
    """Return the percentage of firms that fail a check, empty for one of the file as a whole."""
    return "" if entry.get("whole_file") else percent(entry["failed"], entry["of"])


def wave_facts(findings: Findings, country: str, wave: str) -> Context:
    """Return how large a wave is and which samples it gives."""
    flow = findings.flow
    at = flow[(flow["country"] == country) & (flow["wave"] == wave)]
    all_firms = at.sort_values("step")["firms"]
    samples = []
    for model in described(findings.models):
        steps = at[at["model"] == model].sort_values("step")
        if len(steps):
            samples.append(
                {
                    "model": findings.models[model].title,
                    "firms": count(steps["firms"].iloc[-1]),
                    "why_not": findings.why_not(country, wave, model),
                }
            )
    return {
        "place": findings.place(country, wave),
        "firms": count(all_firms.iloc[0]) if len(all_firms) else NOT_ESTIMABLE,
        "samples": samples,
    }
