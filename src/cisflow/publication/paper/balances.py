"""What diversity costs and returns, at the run's lag and by step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from cisflow.publication.catalogue import Catalogue
from cisflow.publication.curve_facts import SIGNIFICANT
from cisflow.publication.families import balance_of
from cisflow.publication.findings import Findings
from cisflow.publication.language import listed, say
from cisflow.publication.paper.effects import told
from cisflow.publication.paper.numbers import Context, heading, in_words
from cisflow.publication.paper.spread import spread
from cisflow.publication.tables.balances import step_tests
from cisflow.publication.words import group_label, in_sentence, inline
from cisflow.study.balance_terms import (
    BALANCE,
    COST,
    DIRECT,
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


def balance_facts(
    findings: Findings, items: Catalogue, country: str, wave: str, model: str
) -> Context:
    """Return in words what diversity costs and returns in one country and wave."""
    spec = findings.models[model]
    about, rows = balance_of(spec), findings.rows(country, wave, model)
    lags = spec.lags
    at = outcome_of(about.target, None if not lags else findings.settings["lag"])

    def part(term: str, column: str = SCALES[0], lag: int | None = None) -> Mapping[str, Any]:
        outcome = at if lag is None else outcome_of(about.target, lag)
        here = rows[(rows["outcome"] == outcome) & (rows["column"] == column)]
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
            name: told(row)
            for name, term in (("cost", COST), ("return", RETURN), ("balance", BALANCE))
            if "estimate" in (row := part(term, SCALES[1]))
        },
        "share": f"{100 * share:.0f}" if np.isfinite(share) else "",
        "differences": [
            {
                "groups": [in_sentence(group_label(group)) for group in pair],
                **in_words(part(BALANCE, column_of(SCALES[1], difference(*pair)))),
            }
            for variable in spec.by or []
            for pair in differences_of(groups_of(variable))
        ],
        "horizon": horizon({lag: part(BALANCE, SCALES[1], lag) for lag in lags or []}),
    }


def horizon(by_lag: Mapping[int, Mapping[str, Any]]) -> str:
    """Return in words in which years after the survey a balance is negative, and how sure.

    Years without an estimate are left out; "" where a balance is of one year alone.
    """
    known = {lag: row for lag, row in by_lag.items() if np.isfinite(row.get("estimate", np.nan))}
    if len(known) < 2:
        return ""
    told, lags = {"first": str(min(known)), "last": str(max(known))}, sorted(known)
    down = [lag for lag in lags if known[lag]["estimate"] < 0]
    up = [lag for lag in lags if lag not in down]
    if not up:
        state = say("the point estimate of the balance is negative in all of them")
    elif not down:
        state = say("the point estimate of the balance is negative in none of them")
    elif max(down) < min(up):
        text = (
            "the point estimate of the balance is negative up to year {until} and not negative "
            "from year {since} on"
        )
        state = say(text, until=str(max(down)), since=str(min(up)))
    else:
        years = listed([str(lag) for lag in down])
        state = say("the point estimate of the balance is negative in year {years}", years=years)
    return say("over the years {first} to {last} after the survey {state}", state=state, **told) + (
        _sure(known)
    )


def _sure(by_lag: Mapping[int, Mapping[str, Any]]) -> str:
    apart = [
        str(lag) for lag, row in sorted(by_lag.items()) if row["ci_low"] > 0 or row["ci_high"] < 0
    ]
    if not apart:
        return say("; the 95 % interval holds zero in every year")
    return say("; the 95 % interval excludes zero in year {years}", years=listed(apart))


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
        {"step": inline(step), **in_words(by_column.loc[column].to_dict())}
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
    here = here[here["estimate"].notna()].sort_values("estimate", kind="stable").to_dict("records")
    ends = {"least": here[0], "most": here[-1]} if here else {}
    return {name: in_words(row)["estimate"] for name, row in ends.items()}


def _signs(tests: pd.DataFrame) -> Context:
    """Return which of some steps cost more than they return, and which return more."""
    costs = tests["estimate"] < 0
    return {
        "number": len(tests),
        "cost": [inline(step) for step in tests.loc[costs, "step"]],
        "return": [inline(step) for step in tests.loc[~costs, "step"]],
    }
