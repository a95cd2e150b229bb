"""How large the waves are, and which samples they give."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from cisflow.publication.families import described, places
from cisflow.publication.findings import Findings
from cisflow.publication.language import retold
from cisflow.publication.paper.numbers import Context
from cisflow.publication.paper.spread import ends
from cisflow.publication.populations import population_of, population_words
from cisflow.publication.tables.samples import percent
from cisflow.publication.words import NOT_ESTIMABLE, count, failed_check


def accepted_facts(findings: Findings) -> list[Context]:
    """Return the contradictions between answers that codebooks accept, and why."""
    return [
        {
            "place": findings.place(record["country"], record["wave"]),
            "meaning": failed_check(record["checks"][name]),
            "share": _share(record["checks"][name]),
            "reason": retold(reason.rstrip(".")),
        }
        for record in findings.quality
        for name, reason in record.get("accepted", {}).items()
    ]


def _share(entry: Mapping[str, Any]) -> str:
    """Return the percentage of firms that fail a check, empty for one of the file as a whole."""
    return "" if entry.get("whole_file") else percent(entry["failed"], entry["of"])


def _populations(findings: Findings, model: str) -> dict[str, list[str]]:
    """Return the populations of a model in words, and where: none where its sample is empty."""
    found: dict[str, list[str]] = {}
    for country, wave in places(findings.countries):
        about = findings.description(country, wave, model)
        if about and (about["n"] is None or about["n"] > 0):
            words = population_words(population_of(findings, country, wave, model))
            found.setdefault(words, []).append(findings.place(country, wave))
    return found


def _unasked(lost: pd.Series) -> str:
    """Return how many firms a sample lost for want of a question, empty where it is not told."""
    return count(lost.sum()) if lost.notna().all() and lost.sum() > 0 else ""


def wave_facts(findings: Findings, country: str, wave: str) -> Context:
    """Return how large a wave is and which samples it gives."""
    flow = findings.flow
    at = flow[(flow["country"] == country) & (flow["wave"] == wave)]
    all_firms = at.sort_values("step", kind="stable")["firms"]
    samples = []
    for model in described(findings.models):
        steps = at[at["model"] == model].sort_values("step", kind="stable")
        if len(steps):
            samples.append(
                {
                    "model": findings.models[model].title,
                    "firms": count(steps["firms"].iloc[-1]),
                    "population": population_words(population_of(findings, country, wave, model)),
                    "unasked": _unasked(steps["lost_filtered"]),
                    "why_not": retold(findings.why_not(country, wave, model)),
                }
            )
    return {
        "place": findings.place(country, wave),
        "firms": count(all_firms.iloc[0]) if len(all_firms) else NOT_ESTIMABLE,
        "samples": samples,
    }


def wave_sizes(findings: Findings) -> Context:
    """Return between which sizes waves and the samples they give lie."""
    flow = findings.flow.sort_values("step", kind="stable")
    by = ["country", "wave", "model"]
    whole = flow.drop_duplicates(by).set_index(by)["firms"].dropna()
    left = flow.drop_duplicates(by, keep="last").set_index(by)["firms"].dropna()
    samples = []
    for model in described(findings.models):
        of = left[left.index.get_level_values("model") == model]
        words = _populations(findings, model)
        if len(of) and words:
            samples.append(
                {
                    "model": findings.models[model].title,
                    **ends(of),
                    "population": " / ".join(words),
                }
            )
    return {"whole": ends(whole), "samples": samples}
