"""What specification curves say in one sentence: their middle, and how much hangs on choices."""

from __future__ import annotations

from collections.abc import Sequence

from cisflow.publication.curve_facts import (
    JOINT,
    SHARE_SIGNIFICANT,
    SIGNIFICANT,
    CurveFacts,
    curves_of,
)
from cisflow.publication.findings import Findings
from cisflow.publication.language import retold
from cisflow.publication.paper.numbers import Context, equals
from cisflow.publication.words import bound, count, inline, measured, p_value, unitless


def curve_sentences(
    findings: Findings, model: str, places: Sequence[tuple[str, str]]
) -> list[Context]:
    """Return what a model's curves say in some places, each curve once over all that have it.

    ``of`` is in how many they are; of one place its ``place``, median and interval are told, of
    several the ends of medians and of the shares of significant specifications.
    """
    found: dict[tuple[str, str, str], list[tuple[str, CurveFacts]]] = {}
    for at in places:
        for curve in curves_of(findings, *at, model):
            if not curve.note:
                key = curve.outcome, curve.column, curve.term
                found.setdefault(key, []).append((findings.place(*at), curve))
    return [_said(of) for of in found.values()]


def _said(found: Sequence[tuple[str, CurveFacts]]) -> Context:
    (place, curve), curves = found[-1], [curve for _, curve in found]
    about = {
        "of": len(found),
        "term": inline(curve.term),
        "outcome": unitless(curve.outcome),
        "unit": retold(curve.unit),
    }
    return {**about, **(_over(curves) if len(found) > 1 else {"place": place, **_alone(curve)})}


def _alone(curve: CurveFacts) -> Context:
    median, error = curve.median, curve.median["std_error"]
    return {
        "number": count(curve.about.get("specifications", len(curve.rows))),
        "estimate": measured(median["estimate"], error),
        "low": bound(median["ci_low"], error),
        "high": bound(median["ci_high"], error),
        "significant": _significant(curve),
        "p": equals(p_value(curve.summary[JOINT]["estimate"])),
    }


def _over(curves: Sequence[CurveFacts]) -> Context:
    by_median = sorted(curves, key=lambda c: c.median["estimate"])
    by_share = sorted(curves, key=lambda c: c.summary[SHARE_SIGNIFICANT]["estimate"])
    least, most = (
        measured(c.median["estimate"], c.median["std_error"]) for c in (by_median[0], by_median[-1])
    )
    return {
        "least": least,
        "most": most,
        "fewest": _significant(by_share[0]),
        "largest": _significant(by_share[-1]),
        "joint": sum(c.summary[JOINT]["estimate"] < SIGNIFICANT for c in curves),
    }


def _significant(curve: CurveFacts) -> str:
    return f"{100 * curve.summary[SHARE_SIGNIFICANT]['estimate']:.0f}"
