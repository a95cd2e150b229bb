"""What the verdicts come to: what holds, what is open, and what it would take."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from cisflow.estimation.estimates import ALL_WAVES, POOLED
from cisflow.publication.families import leading_regression
from cisflow.publication.findings import Findings
from cisflow.publication.language import numeral, retold, say
from cisflow.publication.paper.effects import TAKEN_BY, told
from cisflow.publication.paper.numbers import Context
from cisflow.publication.paper.spread import spread
from cisflow.publication.populations import flags_of, population_words
from cisflow.publication.tables.claims import (
    MOST_PLACES,
    claim_rows,
    part_shown,
    place_of,
    samples_of,
)
from cisflow.publication.words import count, in_sentence
from cisflow.study.verdicts import (
    BAND_OUT_OF_REACH,
    CONTRADICTED,
    DECIDED,
    EFFECT_OUT_OF_REACH,
    NOT_ESTIMABLE,
    NOT_MEASURABLE,
    NOT_RUN,
    SIGNS,
    SUPPORTED,
    TOO_FEW,
    UNDECIDABLE,
)

# Verdicts without an estimate: a claim that has no other one is not tested, and not left open.
UNTESTED = (NOT_RUN, NOT_MEASURABLE, NOT_ESTIMABLE)
Rows = list[dict[str, Any]]


def verdict_facts(findings: Findings) -> Context:
    """Return the verdicts sorted for the text: by claim over places, decided ones with effects."""
    by_claim: dict[str, Rows] = {}
    for row in claim_rows(findings).to_dict("records"):
        by_claim.setdefault(row["claim"], []).append(row)
    tested = {c: of for c, of in by_claim.items() if not _verdicts(of) <= {*UNTESTED}}
    rows = [row for of in tested.values() for row in of]
    lead = leading_regression(findings.models)
    return {
        "number": len(tested),
        "untested": _untested({c: of for c, of in by_claim.items() if c not in tested}),
        # Whether they are of all countries taken together.
        "pooled": any(row["country"] == POOLED for row in rows),
        "supported": _decided(findings, tested, SUPPORTED),
        "contradicted": _decided(findings, tested, CONTRADICTED),
        "mixed": [c for c, of in tested.items() if {SUPPORTED, CONTRADICTED} <= _verdicts(of)],
        "open": [c for c, of in tested.items() if not DECIDED & _verdicts(of)],
        "firms": _firms(findings, rows),
        "turned": _turned(findings, rows),
        "excluded": _excluded(rows),
        "true": _true(rows),
        "reach": _reach(rows),
        "overstated": _overstated(rows),
        "detectable": _detectable(findings.claims, lead),
        "detectable_pooled": _detectable(findings.pooled_claims, lead),
    }


def _untested(by_claim: Mapping[str, Rows]) -> list[Context]:
    """Return the claims that have no estimate anywhere, together by what stands in the way."""
    by_reason: dict[tuple[str, str], list[str]] = {}
    for claim, rows in by_claim.items():
        by_reason.setdefault((say(rows[0]["verdict"]), _why(rows[0])), []).append(claim)
    return [
        {"verdict": verdict, "reason": why, "claims": claims}
        for (verdict, why), claims in by_reason.items()
    ]


def _why(row: Mapping[str, Any]) -> str:
    if row["verdict"] == NOT_RUN:
        return say("no model of this paper tests it")
    # Why a number cannot be estimated may differ by place, and is told with these.
    measured = row["verdict"] == NOT_MEASURABLE
    return retold(in_sentence(row["reason"]).rstrip(".")) if measured else ""


def _firms(findings: Findings, rows: Rows) -> list[Context]:
    """Return of which firms decided claims speak: those of each claim's own sample."""
    by_words: dict[str, list[str]] = {}
    for row in rows:
        if row["verdict"] in DECIDED and row["model"] in findings.models:
            claims = by_words.setdefault(_population(findings, row), [])
            claims += [row["claim"]] if row["claim"] not in claims else []
    return [{"population": words, "claims": claims} for words, claims in by_words.items()]


def _population(findings: Findings, row: Mapping[str, Any]) -> str:
    """Return of which firms a verdict speaks, of one from several countries: of all of them."""
    here = findings.countries
    alone = {row["country"]: [row["wave"]]} if row["country"] in here else here
    flags = [f for c, waves in alone.items() for f in flags_of(findings, c, waves, row["model"])]
    return population_words(list(dict.fromkeys(flags)))


def _verdicts(rows: Rows) -> set[str]:
    return {row["verdict"] for row in rows}


def _decided(findings: Findings, by_claim: Mapping[str, Rows], verdict: str) -> list[Context]:
    """Return the claims with a verdict somewhere, what they say and the estimates it rests on."""
    return [
        {
            "claim": claim,
            "text": rows[0]["text"],
            "of": len([row for row in rows if np.isfinite(row["estimate"])]),
            "found": found,
            "spread": spread([{"place": f["where"], **f} for f in found]),
        }
        for claim, rows in by_claim.items()
        if (at := [row for row in rows if row["verdict"] == verdict])
        for found in [_estimates(findings, at)]
    ]


def _estimates(findings: Findings, rows: Rows) -> list[Context]:
    found = [row for row in rows if np.isfinite(row["estimate"])]
    # Where samples show different parts of a claim, none is that of all.
    parts = set(map(part_shown, found))
    part = parts.pop() if len(parts) == 1 else ""
    return [
        {
            "where": _where(findings, row),
            "unit": ", ".join(filter(None, [retold(row["unit"]), part])),
            **told(row),
        }
        for row in found
    ]


def _where(findings: Findings, row: dict[str, Any]) -> str:
    """Return of which place a verdict is, empty for one about the run as a whole."""
    whole = row["country"] in ("", POOLED) and row["wave"] in ("", ALL_WAVES)
    return "" if whole else place_of(findings, row)


def _turned(findings: Findings, rows: Rows) -> list[Context]:
    """Return the claims that significance alone would decide, by what leaves them open instead."""
    found: dict[str, dict[str, Rows]] = {}
    for row in rows:
        if row["verdict"] in DECIDED or row["verdict_literature"] not in DECIDED:
            continue
        for code, why in {**TAKEN_BY, TOO_FEW: "fewer firms than the rule asks for"}.items():
            if code in (row["verdict"], *row["code"].split("; ")):
                found.setdefault(why, {}).setdefault(row["claim"], []).append(row)
                break
    return [
        {"why": say(why), "claims": [_at(findings, claim, of) for claim, of in by_claim.items()]}
        for why, by_claim in found.items()
    ]


def _at(findings: Findings, claim: str, rows: Rows) -> str:
    """Return a claim with the samples some verdicts on it are of."""
    places = samples_of(findings, rows)
    told = ", ".join(places) if len(places) <= MOST_PLACES else say("{n} samples", n=len(places))
    return f"{claim} ({told})"


def _excluded(rows: Rows) -> Context:
    """Return the open claims of an effect whose interval excludes one as large as claimed."""
    open_ = [
        row
        for row in rows
        if row["verdict"] not in DECIDED | {TOO_FEW} and np.isfinite(row["claimed"])
    ]
    smaller = [
        row
        for row in open_
        for end in [row["ci_high"] if row["claimed"] > 0 else row["ci_low"]]
        if np.sign(row["claimed"]) * (row["claimed"] - end) > 0
    ]
    return {**_counted(smaller), "of": len(open_)}


def _true(rows: Rows) -> Context:
    """Return how many decided verdicts are right, and how many intervals hold what is true."""
    known = [row for row in rows if row["verdict"] in DECIDED and np.isfinite(row["truth"])]
    holds = [
        abs(row["truth"]) <= row["band"]
        if not SIGNS[row["expect"]]
        else SIGNS[row["expect"]] * row["truth"] > 0
        for row in known
    ]
    right = [true == (row["verdict"] == SUPPORTED) for row, true in zip(known, holds, strict=True)]
    held = sum(row["recovered"] == "yes" for row in known)
    return {"number": len(known), "right": sum(right), "held": held}


def _reach(rows: Rows) -> Context:
    """Return how many verdicts are open for want of firms, and how many firms could decide.

    ``effect`` are on claims of an effect that the sample would often miss, ``band`` on claims of
    no effect that no estimate could have supported, ``other`` on shares or by weak instruments.
    """
    reasons = (EFFECT_OUT_OF_REACH, BAND_OUT_OF_REACH)
    estimated = [row for row in rows if row["verdict"] not in UNTESTED]
    short = [row for row in estimated if row["verdict"] == UNDECIDABLE]
    needed = [row["n_needed"] for row in short if np.isfinite(row["n_needed"])]
    return {
        **_counted(short),
        "of": len(estimated),
        "effect": _counted(row for row in short if EFFECT_OUT_OF_REACH in row["code"]),
        "band": _counted(row for row in short if BAND_OUT_OF_REACH in row["code"]),
        "other": sum(not any(why in row["code"] for why in reasons) for row in short),
        "least": count(min(needed)) if needed else "",
        "most": count(max(needed)) if needed else "",
    }


def _overstated(rows: Rows) -> Context:
    """Return the decided claims of an effect whose sample finds only larger ones than claimed."""
    return _counted(
        row
        for row in rows
        if row["verdict"] in DECIDED
        and row["expect"] in ("positive", "negative")
        and row["mde"] > abs(row["claimed"])
    )


def _counted(rows: Iterable[Mapping[str, Any]]) -> Context:
    claims = [row["claim"] for row in rows]
    return {"number": len(claims), "claims": list(dict.fromkeys(claims))}


def _detectable(claims: pd.DataFrame, models: Sequence[str]) -> list[Context]:
    """Return by unit between which sizes the smallest detectable effects of some models lie."""
    if claims.empty:
        return []
    first = claims.drop_duplicates(["claim", "country", "wave"])
    known = first[first["model"].isin(models) & (first["unit"] != "") & first["mde"].notna()]
    known = known[known["verdict"] != TOO_FEW]
    return [
        {
            "unit": retold(str(unit)),
            "least": numeral(f"{sizes.min():.2g}"),
            "most": numeral(f"{sizes.max():.2g}"),
        }
        for unit, sizes in known.groupby("unit", sort=False)["mde"]
    ]
