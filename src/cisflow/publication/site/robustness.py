"""What the specification curve of a claim says, place by place."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from cisflow.publication.curve_facts import NAMES, CurveFacts, curves_of, option_name, options_of
from cisflow.publication.families import places
from cisflow.publication.findings import Findings
from cisflow.publication.words import label
from cisflow.study.claims import Claim


@dataclass(frozen=True)
class Specification:
    """One estimate of a specification curve, with the choices that made it, as they are called."""

    estimate: float
    low: float
    high: float
    choices: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Robustness:
    """A specification curve of a claim in one country and wave; what it says stands with it there.

    Attributes
    ----------
    place, title, term, outcome, unit
        Where, by which model, the effect of what on what, in which unit.
    specifications
        Its estimates by size.
    options
        By choice its options, as they are called.
    withheld
        How many further estimates are withheld by the rules of disclosure.
    """

    country: str
    wave: str
    place: str
    title: str
    term: str
    outcome: str
    unit: str
    specifications: tuple[Specification, ...]
    options: tuple[tuple[str, tuple[str, ...]], ...]
    withheld: int


def robustness_of(findings: Findings, claim: Claim | None) -> Iterator[Robustness]:
    """Yield the claim's specification curve in each country and wave that has one."""
    about = claim.curve if claim else None
    if about is None or about.model not in findings.models:
        return
    named = about.outcome, about.column, about.term
    for country, wave in places(findings.countries):
        for curve in curves_of(findings, country, wave, about.model):
            same = (curve.outcome, curve.column, curve.term) == named
            if same and not curve.note and len(curve.rows):
                yield _robustness(findings, country, wave, about.model, curve)


def _robustness(
    findings: Findings, country: str, wave: str, model: str, curve: CurveFacts
) -> Robustness:
    options = options_of(curve)
    return Robustness(
        country,
        wave,
        findings.place(country, wave),
        findings.models[model].title,
        label(curve.term),
        label(curve.outcome),
        curve.unit,
        tuple(_specifications(curve, options)),
        tuple((NAMES[c], tuple(map(option_name, names))) for c, names in options.items()),
        curve.withheld,
    )


def _specifications(curve: CurveFacts, options: dict[str, list[str]]) -> Iterator[Specification]:
    for row in curve.rows.to_dict(orient="records"):
        yield Specification(
            float(row["estimate"]),
            float(row["ci_low"]),
            float(row["ci_high"]),
            tuple((NAMES[choice], option_name(row[choice])) for choice in options),
        )
