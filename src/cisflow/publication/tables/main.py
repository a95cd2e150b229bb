"""The tables a reader looks at first: main effects and verdicts, waves side by side."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd

from cisflow.estimation.estimates import COEFFICIENT
from cisflow.publication.families import waves_of
from cisflow.publication.findings import Findings
from cisflow.publication.language import retold, say
from cisflow.publication.tables.claims import claim_rows, part_shown, place_of, samples_of
from cisflow.publication.tables.layout import Table, cell, lay_out, no_cells, two_level
from cisflow.publication.tables.notes import ending
from cisflow.publication.tables.regressions import EFFECTS, errors_note, shown_quantity
from cisflow.publication.words import (
    column_label,
    count,
    covariance_name,
    inline,
    label,
    measured,
    measured_interval,
    sentence,
    short_verdict,
    signed,
)
from cisflow.study.verdicts import NOT_RUN

FIRMS = "Firms"
HEADS = ("Effect", "Measured by", "Detectable", FIRMS, "Verdict", "By significance")
NO_BREAK = "\u00a0"


def main_table(findings: Findings, country: str, model: str) -> Table:
    """Render the effects of interest of a regression, outcomes and waves side by side."""
    spec = findings.models[model]
    quantity = shown_quantity(spec)
    cells, shown = no_cells(), []
    heads = []
    for outcome in spec.outcomes:
        for wave in waves_of(spec, findings.countries[country]):
            rows = findings.main_rows(country, wave, model, quantity)
            failed = findings.main_rows(country, wave, model).query("term == ''")
            shown.append(pd.concat([rows, failed]))
            head = (label(outcome), wave)
            heads.append(head)
            of = rows[rows["outcome"] == outcome]
            for name, terms in spec.columns.items():
                by_term = of[of["column"] == name].drop_duplicates("term").set_index("term")
                for term in terms:
                    row = by_term.loc[term].to_dict() if term in by_term.index else {}
                    cells[column_label(name), label(term)][head] = _effect(row)
            n = of["n"].dropna()
            cells["", say(FIRMS)][head] = count(n.iloc[0] if len(n) else np.nan)
    rows = pd.concat(shown)
    kinds = dict.fromkeys(covariance_name(kind) for kind in rows["cov_type"] if kind)
    controls = ", ".join(inline(term) for term in spec.controls)
    fixed = ", ".join(inline(term) for term in spec.fixed_effects)
    notes = [
        say(EFFECTS) if quantity != COEFFICIENT else "",
        say("Each block is a regression of its own")
        + (say(", with {controls} as controls", controls=controls) if controls else "")
        + (say(" and dummies for {fixed}", fixed=fixed) if fixed else "")
        + ".",
        errors_note("; ".join(kinds)),
        *ending(findings, country, rows, model),
    ]
    return lay_out(two_level(cells, columns=heads), notes)


def _effect(row: Mapping[str, Any]) -> str:
    if not row:
        return cell(np.nan)
    error = row["std_error"]
    return cell(row["estimate"], f"({measured(error, error)})", p=row["p_value"], error=error)


VERDICT_NOTE = (
    "Effects with 95 % intervals, in the units that stand with the claim. Measured by: the "
    "smallest effect of interest (±) of a claim of no effect, the effect claimed of any other, "
    "which the literature reports; blank where the claim names no size. Detectable: the smallest "
    "effect that the sample finds with the power the rule asks for. By significance: the verdict "
    "if an effect counted as there when it is significant, and as not there when it is not."
)
UNCOUNTED = (
    "No number of firms: groups are compared, or the rules of disclosure do not let it be told."
)


def verdict_table(findings: Findings) -> Table:
    """Render what decides each claim, a row for each place: effect, yardstick, reach, verdict."""
    cells = no_cells()
    rows = claim_rows(findings)
    told = rows[rows["verdict"] != NOT_RUN]
    for claim in dict.fromkeys(findings.claims["claim"]):
        of = told[told["claim"] == claim].to_dict("records")
        # One heading per claim, the one that names a unit where any does.
        heading = max(map(_heading, of), key=len, default="")
        for row in of:
            cells[heading, place_of(findings, row, short=True)] = {
                say(head): text for head, text in _facts(row)
            }
    notes = [say(VERDICT_NOTE), *_parts(findings, told)]
    if (told["estimate"].notna() & told["n"].isna() & (told["country"] != "")).any():
        notes.append(say(UNCOUNTED))
    return lay_out(two_level(cells, columns=list(map(say, HEADS))), notes)


def _parts(findings: Findings, rows: pd.DataFrame) -> Iterator[str]:
    """Yield which part of each claim of several is the one shown."""
    of_parts = rows[(rows["part"] != "") & rows["estimate"].notna()]
    told = []
    for claim, of in of_parts.groupby("claim", sort=False):
        by_part: dict[str, list[Mapping[Any, Any]]] = {}
        for row in of.to_dict("records"):
            by_part.setdefault(part_shown(row), []).append(row)
        places = {part: ", ".join(samples_of(findings, found)) for part, found in by_part.items()}
        parts = [f"{part} ({at})" if len(places) > 1 else part for part, at in places.items()]
        told.append(f"{claim}: {', '.join(parts)}")
    if told:
        text = "Of a claim of several parts the one that decides its verdict is shown ({told})."
        yield say(text, told="; ".join(told))


def _heading(row: Mapping[str, Any]) -> str:
    unit = f" ({retold(row['unit'])})" if row["unit"] else ""
    return f"{row['claim']}. {row['text']}{unit}"


def _facts(row: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    yield "Verdict", sentence(short_verdict(row["verdict"])).replace(" ", NO_BREAK)
    if not np.isfinite(row["estimate"]):
        return
    error = row["std_error"]
    bounds = measured_interval(row["ci_low"], row["ci_high"], error)
    yield "Effect", f"{measured(row['estimate'], error)} {bounds}".strip().replace(" ", NO_BREAK)
    if np.isfinite(row["band"]):
        yield "Measured by", signed(f"±{row['band']:g}")
    elif np.isfinite(row["claimed"]):
        yield "Measured by", signed(f"{row['claimed']:g}")
    if np.isfinite(row["mde"]):
        yield "Detectable", measured(row["mde"], error)
    if np.isfinite(row["n"]):
        yield FIRMS, count(row["n"])
    yield "By significance", sentence(short_verdict(row["verdict_literature"]))
