"""Tables of what was read and who is in the samples."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import product
from typing import Any

import pandas as pd

from cisflow.publication.families import described, places
from cisflow.publication.findings import Findings
from cisflow.publication.language import retold, say
from cisflow.publication.tables.layout import Table, lay_out, no_cells, two_level, union
from cisflow.publication.tables.notes import accounts_note
from cisflow.publication.words import (
    NOT_ASKED,
    NOT_ESTIMABLE,
    WITHHELD,
    count,
    failed_check,
    label,
    number,
    sentence,
    signed,
)
from cisflow.study.series import breaks_crossed


def flow_table(findings: Findings, models: Sequence[str] | None = None) -> Table:
    """Render how many firms each restriction leaves, for the models whose samples are described."""
    flow = findings.flow
    cells = no_cells()
    shown = described(findings.models) if models is None else models
    for model, country in product(shown, findings.countries):
        heading = f"{findings.models[model].title}, {findings.name(country)}"
        of = flow[(flow["country"] == country) & (flow["model"] == model)]
        steps = {
            wave: of[of["wave"] == wave].to_dict(orient="records")
            for wave in findings.countries[country]
        }
        for words in _one_order([[s["restriction"] for s in steps[wave]] for wave in steps]):
            cells[heading, restriction_words(words)] = {}
        for wave, records in steps.items():
            for step in records:
                text = count(step["firms"]) + _lost(step)
                cells[heading, restriction_words(step["restriction"])][wave] = text
    waves = union([wave for _, wave in places(findings.countries)])
    notes = [
        say(
            "Firms left after each restriction, in parentheses how many it dropped. Asked: the "
            "questionnaire puts the questions to some firms only; who was not asked is no loss of "
            "answers. Steps that drop fewer than {minimum} firms are told together with a "
            "neighbouring one; where that happens in one wave only, the other has a blank. c: "
            "confidential, as it differs from another sample by fewer.",
            minimum=findings.minimum,
        )
    ]
    return lay_out(two_level(cells, columns=waves), notes)


def restriction_words(words: str) -> str:
    """Return what makes a firm one of a sample, several restrictions told together in one."""
    return sentence("; ".join(map(retold, words.split("; "))))


def _one_order(sequences: Iterable[Sequence[str]]) -> list[str]:
    """Return the restrictions of several waves so that each wave's are in its own order.

    Where a wave tells steps together that another tells one by one, they stand side by side.
    """
    merged: list[str] = []
    for sequence in sequences:
        place = 0
        for words in sequence:
            if words not in merged:
                merged.insert(place, words)
            place = merged.index(words) + 1
    return merged


def _lost(step: Mapping[str, Any]) -> str:
    """Return in parentheses how many firms a step dropped, and of several told together whom."""
    lost, unasked = step["lost"], step["lost_filtered"]
    if not lost > 0:
        return ""
    apart = 0 < unasked < lost
    if apart:
        return say(
            " (−{lost}, {unasked} of them not asked)", lost=count(lost), unasked=count(unasked)
        )
    return f" (−{count(lost)})"


def descriptives_table(findings: Findings, country: str, wave: str, model: str) -> Table:
    """Render number, mean, standard deviation, shares at the limits, and correlations."""
    spec = findings.models[model]
    about = findings.description(country, wave, model)
    if not about or not about["n"]:
        why = findings.why_not(country, wave, model) or "the sample is too small to show"
        frame = pd.DataFrame({say("Firms"): [NOT_ESTIMABLE]}, index=[say("Sample")])
        return lay_out(frame, [f"{NOT_ESTIMABLE}: {retold(why)}."])
    variables = about["variables"]
    index = [f"({i}) {label(v['variable'])}" for i, v in enumerate(variables, 1)]
    columns: dict[str, list[str]] = {
        say("Firms"): [
            count(v["n"]) if v["state"] != "not asked" else NOT_ASKED for v in variables
        ],
        say("Mean"): [_described(v, "mean") for v in variables],
        say("SD"): [_described(v, "sd") for v in variables],
    }
    low, high = spec.limits or (None, None)
    for name, limit in (("at_lower", low), ("at_upper", high)):
        if limit is not None:
            columns[say("At {limit}", limit=f"{limit:g}")] = [
                _described(v, name, percent=True) if v["variable"] in spec.outcomes else ""
                for v in variables
            ]
    for j in range(len(variables) - 1):
        columns[f"({j + 1})"] = [
            _correlated(about, i, j) if i > j else "" for i in range(len(variables))
        ]
    weighted = about["weights"] != "unweighted"
    notes = [
        say("Weighted.") if weighted else say("Unweighted."),
        say(
            "Means, standard deviations, shares of firms at the limits and Pearson correlations "
            "over firms with both values. Minima and maxima are single firms’ values and are not "
            "published."
        ),
        accounts_note(findings, country, spec),
    ]
    return lay_out(pd.DataFrame(columns, index=index), notes)


def _described(variable: Mapping[str, Any], name: str, *, percent: bool = False) -> str:
    if variable["state"] == "not asked":
        return NOT_ASKED
    value = variable[name]
    if value is None:
        return WITHHELD
    return signed(f"{100 * value:.0f} %") if percent else number(value, 2)


def _correlated(about: Mapping[str, Any], i: int, j: int) -> str:
    value = about["correlations"][i][j]
    if value is not None:
        return signed(f"{value:.2f}")
    asked = [about["variables"][k]["state"] != "not asked" for k in (i, j)]
    return WITHHELD if all(asked) else NOT_ASKED


def quality_overview(findings: Findings) -> Table:
    """Render one line per extract: what was read, what was kept, which checks failed."""
    rows = {}
    for record in findings.quality:
        checks = record.get("checks") or {}
        failed = sum(bool(check["failed"]) for check in checks.values())
        invalid = sum(bool(v.get("invalid")) for v in record["variables"].values())
        rows[findings.place(record["country"], record["wave"])] = {
            say("Rows read"): count(record["rows"]),
            say("Rows kept"): count(record["rows_kept"]),
            say("Variables"): str(len(record["variables"])),
            say("with invalid values"): str(invalid),
            say("Checks made"): str(len(checks)),
            say("Checks with exceptions"): str(failed),
        }
    frame = pd.DataFrame.from_dict(rows, orient="index")
    whose: dict[tuple[str, str], list[str]] = {}  # a break is told once, of all who have it
    for country, series in findings.series.items():
        for entry in breaks_crossed(series):
            at = whose.setdefault((entry["from"], retold(entry["text"])), [])
            at.append(findings.name(country))
    crossed = [
        say("{country}, from {wave}: {text}", country=", ".join(names), wave=wave, text=text)
        for (wave, text), names in whose.items()
    ]
    notes = [say("One line per extract. Tables of their own list every variable.")]
    if any(record["wave"] == "accounts" for record in findings.quality):
        notes.append(say("Of accounts, what is kept is a row per firm and year."))
    notes += [" ".join([say("Breaks in series."), *crossed])] if crossed else []
    return lay_out(frame, notes)


def quality_table(findings: Findings, country: str, wave: str) -> Table:
    """Render, per variable of an extract, how the answers divide up, in percent of rows."""
    here = (country, wave)
    record = next(r for r in findings.quality if (r["country"], r["wave"]) == here)
    rows = {}
    for name, about in record["variables"].items():
        asked = about.get("in_questionnaire", True)
        states = ("valid", "missing", "filtered", "invalid")
        shares = {s: percent(about.get(s, 0), record["rows_kept"]) for s in states}
        told = shares if asked else dict.fromkeys(states, NOT_ASKED)
        rows[name] = {say(state).capitalize(): text for state, text in told.items()} | {
            say("Codebook entry"): say(about.get("verified") or "not verified")
        }
    frame = pd.DataFrame.from_dict(rows, orient="index")
    frame.index = pd.Index([name.replace("_", " ") for name in frame.index])
    made = (record.get("checks") or {}).values()
    checks = [
        say(
            "{meaning}: {share} % of cases fail",
            meaning=failed_check(check),
            share=percent(check["failed"], check["of"]),
        )
        for check in made
        if not check.get("whole_file")
    ]
    seen = [check["seen"] for check in made if "seen" in check]
    notes = [
        say(
            "Percent of firm records. Valid: an answer; missing: asked, no answer; filtered: not "
            "asked of this firm; invalid: an answer outside the codebook, treated as missing."
        ),
        say("Checks: {checks}.", checks="; ".join(checks)) if checks else "",
        accounts_note(findings, country) if wave == "accounts" else "",
        say("Doubts about the file: {seen}", seen=" ".join(map(retold, seen))) if seen else "",
    ]
    return lay_out(frame, notes)


def percent(part: float, whole: float) -> str:
    """Return a share in whole percent; zero is said only of none, 100 only of all."""
    if not whole:
        return NOT_ASKED
    share = 100 * part / whole
    if 0 < share < 1:
        return "< 1"
    return "> 99" if 99 < share < 100 else f"{share:.0f}"
