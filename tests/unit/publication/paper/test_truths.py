"""How much of what is true was recovered, told only where something is known to be true."""

from dataclasses import replace

import pytest
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
    claims.loc[here, "expect"] = ["negative", "positive"]
    facts = truth_facts(replace(findings, claims=claims), {})
    counts = {"number": "2", "pseudo": "1", "recovered": "1", "any_sign": True}
    counts |= {"signs": "2", "signed": "1"}
    assert facts == {**counts, "printed": False}


@pytest.mark.parametrize(("truth", "printed"), [(0.1458, True), (0.17, False)])
def test_a_truth_is_that_of_the_figure_only_if_its_numbers_are(truth, printed):
    findings = make_findings(SETTINGS)
    claims = findings.claims[:1].assign(
        model="paths", term="diversity", outcome="profit_margin", truth=truth, truth_kind="truth"
    )
    claims["estimate"] = 0.1
    figure = {"readings": {"paths": [["diversity", "profit_margin", 0.1458]]}}
    assert truth_facts(replace(findings, claims=claims), figure)["printed"] == printed


def test_real_data_have_no_truth():
    assert truth_facts(make_findings(SETTINGS), {}) == {}
