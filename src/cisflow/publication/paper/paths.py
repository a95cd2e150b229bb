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


def system_facts(findings: Findings, model: str) -> Context:
    """Return the equations of a path model for typesetting."""
    spec = findings.models[model]
    return {
        "title": spec.title,
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
                "called": say(reading(model, members)),
                "figure": items.name("diagrams", country, wave, model),
                "firms": firms(findings.fit(country, wave, model)),
                "effects": _effects(findings, country, wave, model),
                "printed": _printed(findings, country, wave, model, figure1),
                "test": _test_of_reading(findings, country, wave, model, members),
            }
            for model in members
        ],
    }


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
