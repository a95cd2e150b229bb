"""What diversity costs and returns, at the run's lag and by step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from cisflow.publication.catalogue import Catalogue
from cisflow.publication.families import balance_of
from cisflow.publication.findings import Findings
from cisflow.publication.language import retold
from cisflow.publication.paper.effects import told
from cisflow.publication.paper.numbers import Context, heading, in_points, in_words
from cisflow.publication.paper.spread import spread
from cisflow.publication.tables.balances import step_tests
from cisflow.publication.words import group_label, in_sentence, inline
from cisflow.study.balance_terms import (
    BALANCE,
    COST,
    DIRECT,
    EVERYONE,
    PERCENTILE,
    PROBABILITY,
    RETURN,
    SCALES,
    column_of,
    difference,
    differences_of,
    groups_of,
    outcome_of,
    through,
)

SIGNIFICANT = 0.05


def balance_facts(
    findings: Findings, items: Catalogue, country: str, wave: str, model: str
) -> Context:
    """Return in words what diversity costs and returns in one country and wave."""
    spec = findings.models[model]
    about, rows = balance_of(spec), findings.rows(country, wave, model)
    lags = spec.lags
    at = outcome_of(about.target, None if not lags else findings.settings["lag"])

    def part(term: str, column: str = SCALES[0]) -> Mapping[str, Any]:
        here = rows[(rows["outcome"] == at) & (rows["column"] == column)]
        found = here[(here["term"] == term) & (here["cov_type"] == PERCENTILE)]
        # A column without an estimate has one row, which says why.
        records = (found if len(found) else here).to_dict(orient="records")
        return records[0] if records else {}

    share = part(PROBABILITY).get("estimate", np.nan)
    return {
        **heading(findings, items, "balances", country, wave, model),
        "source": inline(about.source),
        "target": inline(about.target),
        "through": {"return": inline(about.return_through), "cost": inline(about.cost_through)},
        "lag": findings.settings["lag"],
        "cost": in_words(part(COST)),
        "direct": in_words(part(DIRECT)),
        "personnel": in_words(part(through(about.cost_through))),
        "return": in_words(part(RETURN)),
        "balance": in_words(part(BALANCE)),
        "points": {
            name: told(in_points(row))
            for name, term in (("cost", COST), ("return", RETURN), ("balance", BALANCE))
            if "estimate" in (row := part(term, SCALES[1]))
        },
        "share": f"{100 * share:.0f}" if np.isfinite(share) else "",
        "differences": [
            {
                "groups": [in_sentence(group_label(group)) for group in pair],
                **in_words(in_points(part(BALANCE, column_of(SCALES[1], difference(*pair))))),
            }
            for variable in spec.by or []
            for pair in differences_of(groups_of(variable))
        ],
        "horizon": next(
            (
                retold(f["horizon"][EVERYONE])
                for f in findings.fits(country, wave, model)
                if "horizon" in f
            ),
            "",
        ),
    }


def balance_spreads(balances: Sequence[Context]) -> list[Context]:
    """Return once over many samples what one more of each source costs and returns.

    A balance that scans lags repeats the one at the run's own lag.
    """
    by_about: dict[tuple[str, str], dict[str, Context]] = {}
    for of in balances:
        by_about.setdefault((of["source"], of["target"]), {}).setdefault(of["place"], of)
    facts = []
    for (source, target), here in by_about.items():
        parts = {
            part: spread(
                [{"place": at, **of["points"][part]} for at, of in here.items() if of["points"]]
            )
            for part in ("cost", "return", "balance")
        }
        if all(parts.values()):
            facts.append({"source": source, "target": target, **parts})
    return facts


def step_facts(
    findings: Findings, items: Catalogue, country: str, wave: str, model: str
) -> Context:
    """Return in words what each step costs or returns in one country and wave."""
    spec = findings.models[model]
    rows = findings.rows(country, wave, model)
    rows = rows[(rows["term"] == BALANCE) & (rows["cov_type"] == PERCENTILE)]
    by_column = rows.drop_duplicates("column").set_index("column")
    balances = [
        {"step": inline(step), **in_words(in_points(by_column.loc[column].to_dict()))}
        for step in spec.steps
        if (column := column_of(SCALES[1], step)) in by_column.index
    ]
    tests = step_tests(findings.rows(country, wave, model), spec)
    return {
        **heading(findings, items, "balances", country, wave, model),
        "target": inline(balance_of(spec).target),
        "balances": [b for b in balances if b["estimate"]],  # the table says why others have none
        **_ends(by_column, spec.steps),
        "tested": len(tests),
        "alone": _signs(tests[tests["p"] < SIGNIFICANT]),
        "adjusted": _signs(tests[tests["p_holm"] < SIGNIFICANT]),
    }


def _ends(rows: pd.DataFrame, steps: Sequence[str]) -> Context:
    """Return the smallest and the largest balance of some steps in words, "" without any."""
    here = rows.reindex([column_of(SCALES[1], step) for step in steps])
    here = here[here["estimate"].notna()].sort_values("estimate").to_dict("records")
    ends = {"least": here[0], "most": here[-1]} if here else {}
    return {name: in_words(in_points(row))["estimate"] for name, row in ends.items()}


def _signs(tests: pd.DataFrame) -> Context:
    """Return which of some steps cost more than they return, and which return more."""
    costs = tests["estimate"] < 0
    return {
        "number": len(tests),
        "cost": [inline(step) for step in tests.loc[costs, "step"]],
        "return": [inline(step) for step in tests.loc[~costs, "step"]],
    }
