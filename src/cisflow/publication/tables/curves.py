"""Specification curves in numbers: what each says as a whole."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd

from cisflow.publication.curve_facts import (
    JOINT,
    MEAN_Z,
    NAMES,
    SHARE_POSITIVE,
    SHARE_SIGNIFICANT,
    CurveFacts,
    curves_of,
    option_name,
    options_of,
)
from cisflow.publication.families import places
from cisflow.publication.findings import Findings
from cisflow.publication.language import listed, retold, say
from cisflow.publication.tables.layout import Table, lay_out, no_cells, two_level
from cisflow.publication.words import (
    NOT_ESTIMABLE,
    count,
    inline,
    label,
    measured,
    measured_interval,
    number,
    p_value,
    small,
)

COLUMNS = (
    "Specifications",
    "Median",
    "95 % interval",
    "p",
    "Positive, %",
    "p ",
    "Significant, %",
    "p  ",
    "Joint p",
)


def curve_table(findings: Findings, model: str) -> Table:
    """Render the curves of a model, place by place: median, signs, significance, joint test."""
    cells, found = no_cells(), []
    for country, wave in places(findings.countries):
        for curve in curves_of(findings, country, wave, model):
            found.append(curve)
            row = f"{label(curve.outcome, short=True)}: {inline(curve.term)}"
            cells[findings.place(country, wave), row] = _cells(curve)
    return lay_out(two_level(cells, columns=COLUMNS), [*_notes(found)])


def _cells(curve: CurveFacts) -> dict[str, str]:
    if curve.note:
        return dict.fromkeys(COLUMNS, NOT_ESTIMABLE)
    median, shares = curve.median, curve.summary
    texts = (
        count(curve.about.get("specifications", len(curve.rows))),
        measured(median["estimate"], median["std_error"]),
        measured_interval(median["ci_low"], median["ci_high"], median["std_error"]),
        p_value(median["p_value"]),
        number(100 * shares[SHARE_POSITIVE]["estimate"], 0),
        p_value(shares[SHARE_POSITIVE]["p_value"]),
        number(100 * shares[SHARE_SIGNIFICANT]["estimate"], 0),
        p_value(shares[SHARE_SIGNIFICANT]["p_value"]),
        p_value(shares[JOINT]["estimate"]),
    )
    return dict(zip(COLUMNS, texts, strict=True))


def _notes(curves: Iterable[CurveFacts]) -> Iterable[str]:
    """Say what was varied, what the columns are, and what was left out."""
    curves = list(curves)
    told = [curve for curve in curves if not curve.note]
    if told:
        options = pd.DataFrame([options_of(curve) for curve in told])
        said = []
        for choice in options:
            names = dict.fromkeys(n for of in options[choice].dropna() for n in of)
            said.append(f"{small(say(NAMES[str(choice)]))} ({'; '.join(map(option_name, names))})")
        units = list(dict.fromkeys(retold(curve.unit) for curve in told))
        yield say(
            "All combinations of {choices}, but those that make no sense.", choices="; ".join(said)
        )
        yield say(
            "Average effects on the outcome as it is observed, in {units}. Median: of the effects. "
            "Significant: of the dominant sign and with p < 0.05. p: chance of as much if no "
            "specification had an effect, firm by firm the same random sign in all of them "
            "({draws} draws). Joint p: of median, signs, significance and mean z together (after "
            "Simonsohn, Simmons & Nelson 2020).",
            units=listed(units),
            draws=count(told[0].about.get("draws", 0)),
        )
    yield from dict.fromkeys(f"{NOT_ESTIMABLE}: {retold(c.note)}." for c in curves if c.note)
    yield from dict.fromkeys(
        say(
            "Left out: {option} ({why}).",
            option=option_name(out["option"]),
            why=retold(out["why"]),
        )
        for c in curves
        for out in c.left_out
    )
    withheld = sum(curve.withheld for curve in curves)
    if withheld:
        text = "{n} specifications are withheld by the rules of disclosure."
        yield say(text, n=count(withheld))


__all__ = ["MEAN_Z", "curve_table"]
