"""Which claims hold, and why some could not be judged."""

from __future__ import annotations

from cisflow.publication.families import places
from cisflow.publication.findings import Findings
from cisflow.publication.language import retold, say
from cisflow.publication.paper.numbers import Context
from cisflow.publication.tables.claims import claim_rows
from cisflow.publication.words import in_sentence
from cisflow.study.verdicts import NOT_ESTIMABLE


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
    lenient = told[(told["verdict"] != told[literature]) & (told[literature] != "")]
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
    found: dict[tuple[str, str], dict[str, list[str]]] = {}
    for row in unjudged.to_dict(orient="records"):
        about = found.setdefault((row["verdict"], row["reason"]), {"claims": [], "places": []})
        place = findings.place(row["country"], row["wave"]) if row["country"] else ""
        for names, name in ((about["claims"], row["claim"]), (about["places"], place)):
            if name and name not in names:
                names.append(name)
    everywhere = len(list(places(findings.countries)))
    return [
        {
            "verdict": say(verdict),
            "reason": retold(in_sentence(why).rstrip(".")),
            "claims": about["claims"],
            "places": about["places"] if len(about["places"]) < everywhere else [],
        }
        for (verdict, why), about in found.items()
    ]
