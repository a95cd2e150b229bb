"""Path models: their equations, effects, and how their readings fare."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from cisflow.publication.catalogue import Catalogue
from cisflow.publication.families import general_of, reading
from cisflow.publication.findings import Findings
from cisflow.publication.language import say
from cisflow.publication.paper.effects import told
from cisflow.publication.paper.numbers import Context, heading, in_words
from cisflow.publication.paper.spread import spread
from cisflow.publication.words import (
    NOT_ESTIMABLE,
    firms,
    inline,
    interval,
    label,
    number,
    p_value,
    signed,
    stars,
)
from cisflow.study.claims import ARROW


def system_facts(findings: Findings, model: str, members: Sequence[str]) -> Context:
    """Return the equations of a path model, and the arrows its group’s general one has besides."""
    spec, general = findings.models[model], general_of(members, findings.models)
    return {
        "title": spec.title,
        "called": _called(findings, model, members),
        "general": model == general,
        "left_out": [
            f"{label(source, short=True)} → {label(target, short=True)}"
            for target, sources in findings.models[general].equations.items()
            for source in sources
            if source not in spec.equations.get(target, [])
        ],
        "equations": [
            {
                "target": label(target, short=True),
                "sources": [label(s, short=True) for s in sources],
            }
            for target, sources in spec.equations.items()
        ],
        "controls": [label(term) for term in spec.controls],
    }


def path_facts(
    findings: Findings,
    items: Catalogue,
    country: str,
    wave: str,
    members: Sequence[str],
    figure1: Mapping[str, Any],
) -> Context:
    """Return in words what the readings of a path model find in one country and wave."""
    about = heading(findings, items, "paths", country, wave, members[0])
    return {
        **about,
        "effects_table": items.name("effects", country, wave, members[0]),
        "general": reading(general_of(members, findings.models), members),
        "readings": []
        if about["why_not"]
        else [
            {
                "name": reading(model, members),
                "called": _called(findings, model, members),
                "figure": items.name("diagrams", country, wave, model),
                "firms": firms(findings.fit(country, wave, model)),
                "effects": _effects(findings, country, wave, model),
                "printed": _printed(findings, country, wave, model, figure1),
                "test": _test_of_reading(findings, country, wave, model, members),
            }
            for model in members
        ],
    }


def _called(findings: Findings, model: str, members: Sequence[str]) -> str:
    """Return what a reading is called: by its name, and where it has those of others by that."""
    whole = bool(findings.models[model].union_of)
    return say("every arrow") if whole else say(reading(model, members))


def path_spreads(paths: Sequence[Context]) -> list[Context]:
    """Return once over many samples what the most general readings of path models find."""
    groups: dict[str, list[Context]] = {}
    for of in paths:
        groups.setdefault(of["general"], []).append(of)
    return [of for group in groups.values() if (of := _spread_of(group))]


def _spread_of(paths: Sequence[Context]) -> Context:
    readings = [(of["place"], r) for of in paths for r in of["readings"]]
    general = [(at, r) for at, r in readings if r["name"] == paths[0]["general"]]
    effects: dict[tuple[str, str], list[Context]] = {}
    for at, r in general:
        for e in r["effects"]:
            effects.setdefault((e["source"], e["target"]), []).append({"place": at, **e})
    facts = [
        {"source": source, "target": target}
        | {
            kind: spread(
                [{"place": e["place"], **e[kind]["told"]} for e in found if "told" in e[kind]]
            )
            for kind in ("direct", "indirect", "total")
        }
        for (source, target), found in effects.items()
    ]
    told = [fact for fact in facts if fact["total"]]
    return {"effects": told, "tests": _tests_over(readings)} if told else {}


def _tests_over(readings: Sequence[tuple[str, Context]]) -> list[Context]:
    """Return in how many samples the arrows that a reading leaves out are needed."""
    tests: dict[str, list[bool]] = {}
    for _, r in readings:
        if r["test"]:
            tests.setdefault(r["called"], []).append(r["test"]["rejected"])
    return [{"reading": name, "rejected": sum(of), "of": len(of)} for name, of in tests.items()]


def _test_of_reading(
    findings: Findings, country: str, wave: str, model: str, members: Sequence[str]
) -> Context:
    """Return how a reading fares against the union, empty for a model that is not part of one."""
    for union in members:
        test = (findings.fit(country, wave, union).get("readings") or {}).get(model)
        if test and test.get("wald_p") is not None:
            p = test["wald_p"]
            return {
                "p": p_value(p) if p < 0.001 else f"= {p_value(p)}",
                "rejected": bool(p < 0.05),
                "arrows": test["lr_df"],
            }
    return {}


def _effects(findings: Findings, country: str, wave: str, model: str) -> list[Context]:
    """Return direct, indirect and total standardised effects for each pair of variables."""
    rows = findings.rows(country, wave, model)
    rows = rows[rows["column"] == "standardised"]
    effects = []
    for source, target in findings.models[model].effects:
        arrow = label(f"{source}{ARROW}{target}")
        found: Context = {"source": inline(source), "target": inline(target), "arrow": arrow}
        for kind in ("direct", "indirect", "total"):
            row = rows[(rows["outcome"] == target) & (rows["term"] == f"{kind}({source})")]
            found[kind] = in_words(row.iloc[0].to_dict() if len(row) else {})
            found[kind] |= {"told": told(row.iloc[0].to_dict())} if len(row) else {}
        effects.append(found)
    return effects


def _printed(
    findings: Findings, country: str, wave: str, model: str, figure1: Mapping[str, Any]
) -> list[list[str]]:
    """Return arrow, coefficient printed in figure 1, and our estimate with its interval."""
    rows = findings.rows(country, wave, model)
    rows = rows[rows["column"] == "standardised"].drop_duplicates(["outcome", "term"])
    by_arrow = rows.set_index(["term", "outcome"])
    printed_stars = {c["value"]: "*" * c["stars"] for c in figure1["coefficients"]}
    table = []
    for source, target, value in figure1["readings"].get(model, []):
        text = [NOT_ESTIMABLE, ""]
        if (source, target) in by_arrow.index:
            row = by_arrow.loc[(source, target)]
            if np.isfinite(row["estimate"]):
                text = [
                    number(row["estimate"]) + stars(row["p_value"]),
                    interval(row["ci_low"], row["ci_high"]),
                ]
        arrow = label(f"{source}{ARROW}{target}")
        table.append([arrow, signed(f"{value:.4f}") + printed_stars[value], *text])
    return table
