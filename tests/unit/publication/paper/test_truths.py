"""How much of what is true was recovered, told only where something is known to be true."""

from dataclasses import replace

from made_up_findings import SETTINGS, make_findings

from cisflow.publication.paper.truths import truth_facts


def test_intervals_that_hold_the_truth_are_counted():
    findings = make_findings(SETTINGS)
    claims = findings.claims.copy()
    here = claims["claim"].isin(["C1", "C2"]) & (claims["wave"] == "CIS2")
    claims.loc[here, "term"] = claims.loc[here, "claim"]
    claims.loc[here, "truth"] = 1.0
    claims.loc[here, "truth_kind"] = ["truth", "pseudo-truth"]
    claims.loc[here, "recovered"] = ["yes", "no"]
    facts = truth_facts(replace(findings, claims=claims))
    assert facts == {"number": 2, "pseudo": 1, "recovered": 1}


def test_real_data_have_no_truth():
    assert truth_facts(make_findings(SETTINGS)) == {}
