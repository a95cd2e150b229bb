"""What config and codebooks tell of the surveys, as the paper's section on data prints it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cisflow.publication.findings import Findings
from cisflow.publication.language import listed, say
from cisflow.publication.paper.numbers import Context

TOLD = ("name", "collector", "years", "fieldwork", "citation", "licence", "access")
Surveys = Mapping[str, Mapping[str, Any]]


def survey_facts(findings: Findings) -> list[Context]:
    """Return per country whose survey is described what is told of it; "" of what is not."""
    surveys = findings.settings.get("surveys", {})
    return [
        {
            "country": findings.name(country),
            **{key: _told({w: s.get(key) for w, s in of.items()}) for key in TOLD},
            **_population(of),
            "caveats": list(dict.fromkeys(c for s in of.values() for c in s.get("caveats", []))),
        }
        for country, of in surveys.items()
    ]


def _population(surveys: Surveys) -> Context:
    about = {wave: survey.get("population") or {} for wave, survey in surveys.items()}
    least = {w: p.get("employees_from") for w, p in about.items()}
    return {
        "population": _told({w: p.get("text") for w, p in about.items()}),
        "employees_from": _told({w: None if n is None else str(n) for w, n in least.items()}),
    }


def _told(by_wave: Mapping[str, str | None]) -> str:
    """Return one text for all waves where they share it, else each with its wave."""
    said = {wave: text.strip().rstrip(".") for wave, text in by_wave.items() if text}
    if len(set(said.values())) == 1 and len(said) == len(by_wave):
        return next(iter(said.values()))
    told = "{text} (wave {wave})"
    return listed([say(told, text=text, wave=wave) for wave, text in said.items()])
