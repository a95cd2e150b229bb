"""What the leading regression says in words: how large, for whom, how sure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from cisflow.panel.constructs import RECODED
from cisflow.publication.families import told_column
from cisflow.publication.findings import Findings
from cisflow.publication.language import retold, say
from cisflow.publication.paper.numbers import NO_REASON, Context
from cisflow.publication.paper.spread import ONE_BY_ONE, ends, spread
from cisflow.publication.tables.regressions import ALTERNATIVES, TESTS, shown_quantity
from cisflow.publication.words import bound, count, in_sentence, inline, measured, signed, unitless
from cisflow.study.terms import columns_of
from cisflow.study.verdicts import DECIDED, NO_ALTERNATIVE, ONE_FIRM, OUTLIERS, REJECTED, TOO_FEW

Place = tuple[str, str]
KEY = ["outcome", "column", "term"]
# What takes a verdict from an estimate, beyond what the verdict's own name says.
TAKEN_BY = {
    ONE_FIRM: "a single firm turns it",
    OUTLIERS: "outliers turn it",
    REJECTED: "robust alternatives of the rejected model disagree",
    NO_ALTERNATIVE: "the model is rejected and no robust alternative has this number",
}


def told(row: Mapping[str, Any], mean: float | None = None) -> Context:
    """Return an estimate as sentences use it: size, side, interval, whether it holds zero.

    Parameters
    ----------
    row
        Of the tidy estimates.
    mean
        Mean of the outcome, where the size is told as a part of it too.
    """
    b, low, high, error = (float(row[k]) for k in ("estimate", "ci_low", "ci_high", "std_error"))
    if not np.isfinite(b):
        return {"estimate": "", "why_not": retold(row.get("note") or NO_REASON)}
    known = np.isfinite([low, high]).all()
    error = error if np.isfinite(error) else (high - low) / 4
    return {
        "estimate": measured(b, error),
        "at": b,
        "size": measured(abs(b), error),
        "low": bound(low, error) if known else "",
        "high": bound(high, error) if known else "",
        "more": bool(b > 0),
        "zero": bool(not known or low <= 0 <= high),
        "firms": count(row["n"]),
        "share": f"{100 * abs(b) / mean:.0f}" if mean and np.isfinite(mean) else "",
        "mean": signed(f"{mean:.1f}") if mean is not None and np.isfinite(mean) else "",
    }


def of_partners(term: str) -> bool:
    """Return whether a term is about cooperation alone."""
    return all(name.startswith("coop_") for name in columns_of(term))


def effect_facts(findings: Findings, model: str, places: Sequence[Place]) -> list[Context]:
    """Return each effect that is told in words, with what every country and wave says of it."""
    spec, column = findings.models[model], told_column(findings.models[model])
    return [
        {
            "outcome": unitless(outcome),
            "term": inline(term),
            "partners": of_partners(term),
            "found": found,
            "spread": spread(found),
        }
        for term in spec.columns[column]
        for outcome in spec.outcomes
        if (found := [_found(findings, at, model, (outcome, column, term)) for at in places])
    ]


def single_spreads(findings: Findings, model: str, places: Sequence[Place]) -> list[Context]:
    """Return per outcome the single terms that differ from zero in some of many samples."""
    spec = findings.models[model]
    column = max(spec.columns, key=lambda name: len(spec.columns[name]))
    if column == told_column(spec) or len(places) <= ONE_BY_ONE:
        return []
    facts = []
    for outcome in spec.outcomes:
        over = {
            inline(term): spread(
                [_found(findings, at, model, (outcome, column, term)) for at in places]
            )
            for term in spec.columns[column]
        }
        known = {term: of for term, of in over.items() if of}
        apart = {term: of for term, of in known.items() if of["above"] + of["below"]}
        facts.append(
            {
                "outcome": unitless(outcome),
                "apart": [{"term": term, **of} for term, of in apart.items()],
                "silent": [term for term in known if term not in apart],
            }
        )
    return facts


def _found(findings: Findings, at: Place, model: str, key: tuple[str, str, str]) -> Context:
    rows = findings.main_rows(*at, model, shown_quantity(findings.models[model]))
    here = rows[(rows[KEY] == list(key)).all(axis=1)].to_dict("records")
    place = findings.place(*at)
    if not here:
        why = findings.why_not(*at, model) or "it was not estimated"
        return {"place": place, "estimate": "", "why_not": retold(why)}
    found = told(here[0], mean_of(findings, at, model, key[0]))
    beyond = not found.get("zero", True)
    undecided = _undecided(findings, {**here[0], "model": model}) if beyond else []
    return {"place": place, **found, "undecided": undecided}


def _undecided(findings: Findings, row: Mapping[str, Any]) -> list[Context]:
    """Return the verdicts that an estimate beyond zero leaves open, with what took them."""
    claims = findings.claims
    same = [claims[name] == row[name] for name in ("country", "wave", "model", *KEY, "quantity")]
    open_of: dict[tuple[str, tuple[str, ...], tuple[str, ...]], list[str]] = {}
    for judged in claims[np.logical_and.reduce(same)].to_dict("records"):
        if judged["verdict"] not in DECIDED:
            key = judged["verdict"], tuple(judged["code"].split("; ")), _sides(judged)
            open_of.setdefault(key, []).append(judged["claim"])
    return [
        {
            "claims": claims_of,
            "verdict": say(verdict),
            "few": verdict == TOO_FEW,
            "why": [*counts, *(say(why) for taken, why in TAKEN_BY.items() if taken in code)],
        }
        for (verdict, code, counts), claims_of in open_of.items()
    ]


def _sides(judged: Mapping[str, Any]) -> tuple[str, ...]:
    """Return how many firms stand on either side, of a verdict that too few leave open."""
    sides = judged["firms_with"], judged["firms_without"]
    if judged["verdict"] != TOO_FEW or not np.isfinite(sides).all():
        return ()
    text = "{few} firms with it and {many} without"
    return (say(text, few=count(sides[0]), many=count(sides[1])),)


def mean_of(findings: Findings, at: Place, model: str, variable: str) -> float:
    """Return the mean of a variable in a model's sample, NaN where it is not told."""
    about = findings.description(*at, model) or {}
    means = {v["variable"]: v.get("mean") for v in about.get("variables") or []}
    mean = means.get(variable)
    return float("nan") if mean is None else float(mean)


def single_facts(findings: Findings, model: str, places: Sequence[Place]) -> list[Context]:
    """Return which terms of the longest column differ from zero, by outcome and place."""
    spec = findings.models[model]
    column = max(spec.columns, key=lambda name: len(spec.columns[name]))
    if column == told_column(spec):
        return []
    facts = []
    for at in places:
        rows = findings.main_rows(*at, model, shown_quantity(spec))
        for outcome in spec.outcomes:
            of = rows[(rows["outcome"] == outcome) & (rows["column"] == column)]
            of = of[of["term"].isin(spec.columns[column]) & of["estimate"].notna()]
            apart = of[(of["ci_low"] > 0) | (of["ci_high"] < 0)]
            facts.append(
                {
                    "place": findings.place(*at),
                    "outcome": unitless(outcome),
                    "number": len(of),
                    "of": len(spec.columns[column]),
                    "apart": [
                        {"term": inline(row["term"]), **told(row)}
                        for row in apart.to_dict("records")
                    ],
                }
            )
    return [fact for fact in facts if fact["number"]]


def chance_facts(single: Sequence[Context]) -> Context:
    """Return how many of the single terms differ from zero at 5 %, and how many would by chance."""
    number = sum(of["number"] for of in single)
    apart = sum(len(of["apart"]) for of in single)
    return {"n": number, "apart": apart, "chance": f"{number * 0.05:.0f}"}


def alternative_facts(findings: Findings, model: str, places: Sequence[Place]) -> Context:
    """Return how the told effects fare under the robust alternatives of a Tobit; empty without."""
    spec = findings.models[model]
    pairs = [
        pair
        for at in places
        for name in spec.robust
        for pair in _pairs(
            _told_rows(findings, at, model),
            findings.alternative_rows(*at, model, name, shown_quantity(spec)),
        )
    ]
    names = [in_sentence(say(ALTERNATIVES[name])) for name in spec.robust]
    return {"names": names, **_agreement(pairs)} if pairs else {}


def recoding_facts(findings: Findings, model: str, other: str, places: Sequence[Place]) -> Context:
    """Return how the told effects fare if firms that were not asked count with zero."""
    pairs, firms = [], []
    for at in places:
        rows = findings.main_rows(*at, other, shown_quantity(findings.models[other]))
        rows = rows.assign(outcome=rows["outcome"].replace(RECODED))
        pairs += _pairs(_told_rows(findings, at, model), rows)
        firms += [{"place": findings.place(*at), "n": n} for n in rows["n"].dropna()[:1]]
    return {
        "title": findings.models[other].title,
        "firms": [{"place": of["place"], "firms": count(of["n"])} for of in firms],
        "range": ends([of["n"] for of in firms]) if len(firms) > ONE_BY_ONE else {},
        **_agreement(pairs),
    }


def _told_rows(findings: Findings, at: Place, model: str) -> list[dict[str, Any]]:
    spec, column = findings.models[model], told_column(findings.models[model])
    rows = findings.main_rows(*at, model, shown_quantity(spec))
    rows = rows[rows["term"].isin(spec.columns[column]) & (rows["column"] == column)]
    return list(rows[rows["estimate"].notna()].to_dict("records"))


def _pairs(own: Sequence[Any], other: pd.DataFrame) -> list[tuple[Any, Any]]:
    """Return the estimates of the same effect in pairs, as far as there are both."""
    by_key = other[other["estimate"].notna()].drop_duplicates(KEY).set_index(KEY).to_dict("index")
    found = [(row, by_key.get(tuple(row[k] for k in KEY))) for row in own]
    return [(a, b) for a, b in found if b]


def _agreement(pairs: Sequence[tuple[Any, Any]]) -> Context:
    """Return of how many pairs the signs agree, and whether the 95 % intervals hold zero."""
    return {
        "number": len(pairs),
        "same_sign": sum(a["estimate"] * b["estimate"] > 0 for a, b in pairs),
        "same_zero": sum(_holds_zero(a) == _holds_zero(b) for a, b in pairs),
    }


def _holds_zero(row: Mapping[str, Any]) -> bool:
    return bool(row["ci_low"] <= 0 <= row["ci_high"])


def rejection_facts(findings: Findings, models: Sequence[str], places: Sequence[Place]) -> Context:
    """Return of how many regressions the tests of what a Tobit assumes reject it at 5 %."""
    tests = pd.DataFrame(
        [
            {name: (fit.get(name) or {}).get("p_value") for name in TESTS}
            for model in models
            for at in places
            for fit in findings.fits(*at, model)
            if fit.get("normality") or fit.get("homoskedasticity")
        ]
    )
    if tests.empty:
        return {}
    rejected = (tests.astype(float) < 0.05).any(axis=1)
    return {"number": len(tests), "rejected": int(rejected.sum())}
