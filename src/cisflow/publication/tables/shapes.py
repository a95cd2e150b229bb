"""Tables of what is made of a regression's terms: complements, inverted U, effects by thirds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import combinations
from typing import Any, NamedTuple

import pandas as pd

from cisflow.estimation.shapes import SHAPES
from cisflow.publication.families import curved, waves_of
from cisflow.publication.findings import Findings
from cisflow.publication.language import say
from cisflow.publication.tables.layout import Cells, Table, lay_out, no_cells, two_level, with_error
from cisflow.publication.tables.notes import accounts_note, ending, reasons
from cisflow.publication.tables.regressions import EFFECTS, errors_note, shown_quantity
from cisflow.publication.words import (
    NOT_ESTIMABLE,
    covariance_name,
    inline,
    label,
    measured_interval,
    number,
    p_value,
    sentence,
)
from cisflow.study.balance_terms import LESS
from cisflow.study.models import Model
from cisflow.study.shapes import (
    COMPLEMENTS,
    EFFECT,
    INVERTED_U,
    LINE_ABOVE,
    LINE_BELOW,
    NOTHING_ELSE,
    SLOPE_HIGH,
    SLOPE_LOW,
    STRATEGY,
    TWO_LINES,
    Made,
    curved_of,
    made_of,
    practices_of,
)


class Fit(NamedTuple):
    """One regression of a table: where it is, its rows by term, and its records."""

    wave: str
    outcome: str
    column: str
    rows: pd.DataFrame
    records: list[dict[str, Any]]

    def cell(self, term: str) -> str:
        """Return a number with its standard error, on one line."""
        if term not in self.rows.index:
            return NOT_ESTIMABLE
        b, se, p = self.rows.loc[term, ["estimate", "std_error", "p_value"]].astype(float)
        return with_error(b, se, p).replace("\n", " ")

    def record(self, kind: str, quantity: str, *of: str) -> Mapping[str, Any]:
        """Return the record of a test, empty where there is none."""
        asked = {"kind": kind, "of": list(of)}
        return next(
            (
                one
                for one in self.records
                if all(one.get(key) == value for key, value in asked.items())
                and one.get("quantity", quantity) == quantity
            ),
            {},
        )


def _fits(findings: Findings, country: str, model: str) -> Iterator[Fit]:
    """Yield the regressions of a model, outcome by outcome, the waves of each one after another."""
    spec = findings.models[model]
    quantities = dict.fromkeys([shown_quantity(spec), "coefficient"])
    for outcome, column in spec.regressions:
        for wave in waves_of(spec, findings.countries[country]):
            rows = pd.concat(findings.main_rows(country, wave, model, q) for q in quantities)
            of = rows[(rows["outcome"] == outcome) & (rows["column"] == column)]
            records = [
                one
                for fit in findings.fits(country, wave, model)
                if (fit.get("outcome"), fit.get("column")) == (outcome, column)
                for one in fit.get(SHAPES, ())
            ]
            by_term = of.drop_duplicates("term").set_index("term")
            yield Fit(wave, outcome, column, by_term, records)


def _notes(findings: Findings, country: str, model: str, fits: list[Fit]) -> list[str]:
    spec = findings.models[model]
    rows = pd.concat([fit.rows.reset_index() for fit in fits])
    kinds = dict.fromkeys(covariance_name(kind) for kind in rows["cov_type"] if kind)
    return [
        say(EFFECTS) if spec.censored else "",
        errors_note("; ".join(kinds)),
        *ending(findings, country, rows, model),
    ]


# --- complements -------------------------------------------------------------------------------


def complements_table(findings: Findings, country: str, model: str) -> Table:
    """Render each combination of practices against none, and whether pairs are complements."""
    spec = findings.models[model]
    fits = list(_fits(findings, country, model))
    cells = no_cells()
    for fit in fits:
        for group in practices_of(spec, spec.columns[fit.column]):
            names = say(" and ").join([label(group[0]), *map(inline, group[1:])])
            heading = f"{label(fit.outcome, short=True)}: {names}"
            for row, text in _of_group(fit, spec, group):
                cells[heading, row][fit.wave] = text
    notes = [
        "Each combination of practices against none of them. The gain of a pair is what the two "
        "add together beyond what each adds alone; complements: it is above zero, substitutes: "
        "below. The p-values are of the hypotheses that the pair are complements (every gain at "
        "least zero) and substitutes (at most zero), by the distance of Kodde and Palm (1986) with "
        "simulated critical values. The reading is by one-sided tests at 5 %; a verdict on a claim "
        "asks more: an interval of 95 % beyond zero that no single firm, outlier or model turns.",
        *_notes(findings, country, model, fits),
    ]
    return lay_out(two_level(cells), notes)


def _of_group(fit: Fit, spec: Model, group: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    made = [m for m in made_of(spec, fit.column).values() if {*m.variables} <= {*group}]
    for one in (m for m in made if m.kind == STRATEGY):
        yield _strategy_label(one, group), fit.cell(one.name)
    for pair in combinations(group, 2):
        of = f" ({' × '.join(label(name, short=True) for name in pair)})" if len(group) > 2 else ""
        for one in (m for m in made if m.kind == COMPLEMENTS and m.variables == pair):
            if one.where or len(group) == 2:
                where = say(", with {others}", others=_listed(one.where)) if one.where else ""
                yield f"{say('Gain of the pair')}{of}{where}", fit.cell(one.name)
        record = fit.record(COMPLEMENTS, shown_quantity(spec), *pair)
        for name in ("complements", "substitutes"):
            p = record.get(name, {}).get("p_value")
            yield f"{sentence(say(name))} (p){of}", p_value(p)
        yield f"{say('Reading')}{of}", say(record.get("verdict", NOT_ESTIMABLE))


def _strategy_label(one: Made, group: tuple[str, ...]) -> str:
    names = [label(one.variables[0]), *map(inline, one.variables[1:])]
    if len(names) == len(group):
        return say("All of them") if len(group) > 2 else say("Both")
    return say("{name} alone", name=say(" and ").join(names))


def _listed(where: str) -> str:
    return ", ".join(
        inline(name) if name != NOTHING_ELSE else say(name) for name in where.split(", ")
    )


# --- inverted U --------------------------------------------------------------------------------


def u_shape_table(findings: Findings, country: str) -> Table:
    """Render the slopes at both ends, the turning point and the two lines of every parabola."""
    cells = no_cells()
    notes: list[str] = []
    shown: list[pd.DataFrame] = []
    specs = [findings.models[model] for model in curved(findings.models)]
    for model in curved(findings.models):
        spec = findings.models[model]
        for fit in _fits(findings, country, model):
            shown.append(fit.rows.reset_index())
            for x in curved_of(spec, spec.columns[fit.column]):
                _of_curve(cells, fit, spec, x)
    kinds = dict.fromkeys(k for rows in shown for k in rows["cov_type"] if k)
    notes = [
        "Slopes of the mean outcome with the variable held at either end of its range (less the "
        "nine most extreme firms at each end): of shares in points of turnover, of the margin in "
        "percentage points. Inverted U (p): that it does not rise at the low end or does not fall "
        "at the high one (Lind and Mehlum 2010). Turning point with Fieller’s 95 % interval; "
        "without one where the curve may be straight. Two lines (Simonsohn 2018): slopes on either "
        "side of a breakpoint, of shares on the latent share.",
        errors_note("; ".join(map(covariance_name, kinds))),
        accounts_note(findings, country, *specs),
        *reasons(pd.concat(shown) if shown else findings.estimates.head(0)),
    ]
    return lay_out(two_level(cells), notes)


def _of_curve(cells: Cells, fit: Fit, spec: Model, x: str) -> None:
    """Fill the rows of one parabola in one wave."""
    heading = f"{label(fit.outcome, short=True)}: {inline(x)}"
    shape = fit.record(INVERTED_U, shown_quantity(spec), x)
    index = fit.record(INVERTED_U, "coefficient", x)
    lines = fit.record(TWO_LINES, "coefficient", x)
    ends = [say(" (at {end})", end=number(end, 0)) for end in shape.get("ends", ())] or ["", ""]
    turn = index.get("turn") or {}
    texts = {
        "Slope at the low end": fit.cell(f"{SLOPE_LOW}({x})") + ends[0],
        "Slope at the high end": fit.cell(f"{SLOPE_HIGH}({x})") + ends[1],
        "Inverted U (p)": p_value(shape.get("p_value")),
        "Turning point": _turning(turn),
        "Breakpoint of the two lines": number(lines.get("breakpoint"), 1),
        "Slope below it": fit.cell(f"{LINE_BELOW}({x})"),
        "Slope above it": fit.cell(f"{LINE_ABOVE}({x})"),
        "Inverted U by two lines (p)": p_value(lines.get("p_value")),
    }
    for row, text in texts.items():
        cells[heading, row][fit.wave] = text


def _turning(turn: Mapping[str, Any]) -> str:
    place, error = (turn.get(name) for name in ("place", "std_error"))
    if place is None:
        return NOT_ESTIMABLE
    return " ".join(filter(None, (number(place, 1), _fieller(turn, error))))


def _fieller(turn: Mapping[str, Any], error: float | None) -> str:
    low, high = turn.get("low"), turn.get("high")
    return "" if low is None or high is None else measured_interval(low, high, error)


# --- an effect by thirds -----------------------------------------------------------------------


def thirds_table(findings: Findings, country: str, model: str) -> Table:
    """Render an effect in each third of the firms, and the difference of the outer ones."""
    spec = findings.models[model]
    fits = [f for f in _fits(findings, country, model) if _effects(spec, f.column)]
    cells = no_cells()
    for fit in fits:
        for one in _effects(spec, fit.column):
            x, over = one.variables
            crossed = say("{term} by {over}", term=inline(x), over=inline(over))
            heading = f"{label(fit.outcome, short=True)}: {crossed}"
            which = say(" less ").join(map(say, one.where.split(LESS)))
            row = say("{which} third", which=sentence(which))
            cells[heading, row][fit.wave] = fit.cell(one.name)
    notes = [
        "Average effect among the firms of each third, by the model with the product of the two; "
        "firms with the same value are in the same third.",
        *_notes(findings, country, model, fits),
    ]
    return lay_out(two_level(cells), notes)


def _effects(spec: Model, column: str) -> list[Made]:
    return [made for made in made_of(spec, column).values() if made.kind == EFFECT]
