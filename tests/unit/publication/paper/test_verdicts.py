from dataclasses import replace

from cisflow.publication.paper.verdicts import verdict_facts
from cisflow.study.verdicts import CONTRADICTED, SUPPORTED, UNDECIDABLE


def with_verdicts(findings, **verdicts):
    claims = findings.claims.copy()
    for claim, verdict in verdicts.items():
        claims.loc[claims["claim"] == claim, "verdict"] = verdict
    return replace(findings, claims=claims)


def test_claims_are_sorted_by_what_was_decided(synthetic):
    facts = verdict_facts(with_verdicts(synthetic, C1=SUPPORTED, C2=CONTRADICTED, C3=UNDECIDABLE))
    assert "C1" in [claim["claim"] for claim in facts["supported"]]
    assert "C2" in [claim["claim"] for claim in facts["contradicted"]]
    assert "C3" in facts["open"]
    assert "C3" in facts["reach"]["claims"]


def test_a_claim_supported_here_and_contradicted_there_is_mixed(synthetic):
    claims = synthetic.claims.copy()
    first = claims["claim"] == "C1"
    claims.loc[first & (claims["wave"] == "CIS2"), "verdict"] = SUPPORTED
    claims.loc[first & (claims["wave"] == "CIS4"), "verdict"] = CONTRADICTED
    facts = verdict_facts(replace(synthetic, claims=claims))
    assert facts["mixed"] == ["C1"]
