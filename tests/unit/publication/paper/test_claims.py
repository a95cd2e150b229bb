"""Why claims could not be judged: each reason once, each country once."""

from dataclasses import replace

from cisflow.publication.paper.claims import by_country, claim_facts
from cisflow.study.verdicts import NOT_ESTIMABLE


def test_verdicts_are_sorted_and_complete(synthetic, synthetic_paper):
    findings, context = synthetic, synthetic_paper
    listed = [i for ids in context["claims"]["places"][0]["verdicts"].values() for i in ids]
    assert sorted(listed) == sorted(set(findings.claims["claim"]))


def test_a_reason_that_all_parts_of_a_claim_share_is_told_once(synthetic):
    claims = synthetic.claims.drop_duplicates("claim")[:3].copy()
    claims["verdict"] = NOT_ESTIMABLE
    claims["claim"] = ["C1", "C5", "C6"]
    claims["country"], claims["wave"] = "BE", "CIS2"
    claims["reason"] = [
        "No answers.",
        "One on x: not estimable (no answers); two on x (y): not estimable (no answers).",
        "One on x: not estimable (no answers); two on x: supported.",
    ]
    first, second = claim_facts(replace(synthetic, claims=claims))["reasons"]
    assert (first["claims"], first["reason"]) == (["C1", "C5"], "no answers")
    assert second["reason"] == "one on x: not estimable (no answers); two on x: supported"


def test_a_country_with_several_waves_is_named_once(synthetic):
    countries = synthetic.settings["countries"]
    both = {**countries, "NL": {**countries["BE"], "name": "Netherlands"}}
    run = replace(synthetic, settings={**synthetic.settings, "countries": both})
    at = [("BE", "CIS2"), ("NL", "CIS4"), ("BE", "CIS4")]
    assert by_country(run, at) == ["Flanders (Belgium) (CIS2, CIS4)", "Netherlands, CIS4"]
    assert by_country(synthetic, at[:1]) == ["Flanders (Belgium), CIS2"]
