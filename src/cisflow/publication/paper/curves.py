"""What a specification curve says in one sentence: its middle, and how much hangs on choices."""

from __future__ import annotations

from collections.abc import Sequence

from cisflow.publication.curve_facts import JOINT, SHARE_SIGNIFICANT, CurveFacts, curves_of
from cisflow.publication.findings import Findings
from cisflow.publication.language import retold
from cisflow.publication.paper.numbers import Context, equals
from cisflow.publication.words import count, inline, measured, number, p_value, unitless


def curve_sentences(
    findings: Findings, model: str, places: Sequence[tuple[str, str]]
) -> list[Context]:
    """Return what a model's curves say in the last of some places that has any."""
    for country, wave in reversed(places):
        curves = [c for c in curves_of(findings, country, wave, model) if not c.note]
        if curves:
            return [{"place": findings.place(country, wave), **_said(curve)} for curve in curves]
    return []


def _said(curve: CurveFacts) -> Context:
    median, error = curve.median, curve.median["std_error"]
    return {
        "term": inline(curve.term),
        "outcome": unitless(curve.outcome),
        "unit": retold(curve.unit),
        "number": count(curve.about.get("specifications", len(curve.rows))),
        "estimate": measured(median["estimate"], error),
        "low": measured(median["ci_low"], error),
        "high": measured(median["ci_high"], error),
        "significant": number(100 * curve.summary[SHARE_SIGNIFICANT]["estimate"], 0),
        "p": equals(p_value(curve.summary[JOINT]["estimate"])),
    }
