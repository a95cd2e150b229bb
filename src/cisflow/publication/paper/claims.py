"""Which claims hold, and why some could not be judged."""

from __future__ import annotations

import re
from collections.abc import Sequence

from cisflow.publication.families import places
from cisflow.publication.findings import Findings
from cisflow.publication.language import retold, say
from cisflow.publication.paper.numbers import Context
from cisflow.publication.tables.claims import claim_rows
from cisflow.publication.words import in_sentence
from cisflow.study.verdicts import DECIDED, NOT_ESTIMABLE

Place = tuple[str, str]
# How a claim of several parts tells why one of them has no estimate.
PART = re.compile(rf"[^;]+: {NOT_ESTIMABLE} \((?P<why>.+)\)")


def claim_facts(findings: Findings) -> Context:
    """Return the verdicts: each claim by country and wave, and sorted by verdict."""
    claims = findings.claims
    by_place = []
    for country, wave in places(findings.countries):
        at = claims["country"].isin([country, ""]) & claims["wave"].isin([wave, ""])
        sorted_out: dict[str, list[str]] = {}
        # A claim's first test decides; further ones stand in the table.
        for row in claims[at].drop_duplicates("claim").to_dict(orient="records"):
            sorted_out.setdefault(row["verdict"], []).append(row["claim"])
        by_place.append({"place": findings.place(country, wave), "verdicts": sorted_out})
    told, literature = claim_rows(findings), "verdict_literature"
    decided = told["verdict"].isin(DECIDED) | told[literature].isin(DECIDED)
    lenient = told[decided & (told["verdict"] != told[literature]) & (told[literature] != "")]
    return {
        "number": claims["claim"].nunique(),
        "places": by_place,
        "reasons": _claim_reasons(findings),
        "lenient": lenient["claim"].unique().tolist(),
    }


def _claim_reasons(findings: Findings) -> list[Context]:
    """Return why claims could not be judged, each reason with the claims it concerns."""
    claims = findings.claims.drop_duplicates(["claim", "country", "wave"])
    # What cannot be measured anywhere is told with the verdicts.
    unjudged = claims[(claims["verdict"] == NOT_ESTIMABLE) & (claims["reason"] != "")]
    found: dict[tuple[str, str], tuple[list[str], list[Place]]] = {}
    for row in unjudged.to_dict(orient="records"):
        why = in_sentence(_alike(row["reason"]))
        claims_of, at = found.setdefault((row["verdict"], why), ([], []))
        here = (row["country"], row["wave"])
        claims_of += [row["claim"]] if row["claim"] not in claims_of else []
        at += [here] if row["country"] and here not in at else []
    everywhere = len(list(places(findings.countries)))
    return [
        {
            "verdict": say(verdict),
            "reason": retold(why),
            "claims": claims_of,
            "number": len(at),
            "places": by_country(findings, at) if len(at) < everywhere else [],
        }
        for (verdict, why), (claims_of, at) in found.items()
    ]


def _alike(reason: str) -> str:
    """Return why the parts of a claim have no estimate: once, where it is the same for all."""
    parts = [PART.fullmatch(part) for part in reason.rstrip(".").split("; ")]
    whys = {part["why"] for part in parts if part}
    return whys.pop() if all(parts) and len(whys) == 1 else reason.rstrip(".")


def by_country(findings: Findings, at: Sequence[Place]) -> list[str]:
    """Return countries and waves for print; of several waves the country is named once."""
    waves: dict[str, list[str]] = {}
    for country, wave in at:
        waves.setdefault(country, []).append(wave)
    if len(findings.countries) == 1:
        return [findings.place(*place) for place in at]
    return [
        findings.place(country, *of)
        if len(of) == 1
        else f"{findings.name(country)} ({', '.join(of)})"
        for country, of in waves.items()
    ]
