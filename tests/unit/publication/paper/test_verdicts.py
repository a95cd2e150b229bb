from dataclasses import replace

from cisflow.estimation.estimates import ALL_WAVES, POOLED
from cisflow.publication.paper.verdicts import verdict_facts
from cisflow.study.verdicts import (
    BAND_OUT_OF_REACH,
    CONTRADICTED,
    EFFECT_OUT_OF_REACH,
    INCONCLUSIVE,
    NOT_ESTIMABLE,
    NOT_MEASURABLE,
    NOT_RUN,
    ONE_FIRM,
    SUPPORTED,
    TOO_FEW,
    UNDECIDABLE,
)

INNOVATORS = "product innovators among manufacturing firms"


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


def with_rows(findings, **rows):
    """Return findings whose claims alone are these, each a copy of the first with changes."""
    claims = findings.claims.iloc[[0] * len(rows)].reset_index(drop=True)
    claims["claim"] = list(rows)
    for i, changes in enumerate(rows.values()):
        for name, value in changes.items():
            claims.loc[i, name] = value
    return replace(findings, claims=claims)


def test_claims_without_an_estimate_are_named_apart_from_open_ones(synthetic):
    verdicts = {"C1": INCONCLUSIVE, "C2": NOT_RUN, "C3": NOT_RUN, "C4": NOT_ESTIMABLE}
    rows = {claim: {"verdict": verdict, "reason": "None."} for claim, verdict in verdicts.items()}
    rows["C5"] = {"verdict": NOT_MEASURABLE, "reason": "The CIS does not ask."}
    facts = verdict_facts(with_rows(synthetic, **rows))
    assert (facts["number"], facts["open"], facts["reach"]["of"]) == (1, ["C1"], 1)
    assert [(u["verdict"], u["reason"], u["claims"]) for u in facts["untested"]] == [
        ("not run", "no model of this paper tests it", ["C2", "C3"]),
        ("not estimable", "", ["C4"]),
        ("not measurable", "the CIS does not ask", ["C5"]),
    ]


def test_a_claim_that_is_not_pooled_counts_beside_those_that_are(synthetic):
    """One over the run as a whole has a verdict of its own."""
    places = [f"CIS{n}" for n in range(5)]
    waves = dict.fromkeys(places, synthetic.settings["countries"]["BE"]["waves"]["CIS4"])
    countries = {"BE": {**synthetic.settings["countries"]["BE"], "waves": waves}}
    countries["NL"] = {**countries["BE"], "name": "Netherlands"}
    run = with_rows(
        synthetic,
        C1={"verdict": INCONCLUSIVE, "country": "BE"},
        C14={"verdict": CONTRADICTED, "country": "", "wave": "", "model": ""},
    )
    pooled = run.claims[:1].assign(country=POOLED, wave=ALL_WAVES, verdict=SUPPORTED)
    settings = {**synthetic.settings, "countries": countries, "pool": {}}
    facts = verdict_facts(replace(run, settings=settings, pooled_claims=pooled))
    assert facts["pooled"]
    assert facts["number"] == 2
    assert [c["claim"] for c in facts["supported"]] == ["C1"]
    assert [c["claim"] for c in facts["contradicted"]] == ["C14"]


def test_what_is_out_of_reach_is_told_by_what_is_claimed(synthetic):
    facts = verdict_facts(
        with_rows(
            synthetic,
            C1={"verdict": UNDECIDABLE, "code": EFFECT_OUT_OF_REACH, "n_needed": 900.0},
            C2={"verdict": UNDECIDABLE, "code": BAND_OUT_OF_REACH, "n_needed": 1800.0},
            C14={"verdict": UNDECIDABLE, "code": ""},
        )
    )
    reach = facts["reach"]
    assert reach["effect"] == {"number": 1, "claims": ["C1"]}
    assert reach["band"] == {"number": 1, "claims": ["C2"]}
    assert (reach["number"], reach["other"]) == (3, 1)
    assert (reach["least"], reach["most"]) == ("900", "1,800")


def test_effects_found_by_samples_that_find_only_larger_ones_are_likely_overstated(synthetic):
    found = {"verdict": SUPPORTED, "expect": "positive", "claimed": 7.0}
    rows = {"C1": {**found, "mde": 9.0}, "C2": {**found, "mde": 5.0}}
    rows["C3"] = {**found, "mde": 9.0, "expect": "none"}
    facts = verdict_facts(with_rows(synthetic, **rows))
    assert facts["overstated"] == {"number": 1, "claims": ["C1"]}


def test_what_samples_and_the_pool_detect_are_told_apart(synthetic):
    about = {"model": "faems2005", "unit": "points of turnover"}
    run = with_rows(synthetic, C1={**about, "mde": 5.94}, C2={**about, "mde": 15.9})
    pooled = run.claims[:1].assign(country=POOLED, mde=1.2)
    facts = verdict_facts(replace(run, pooled_claims=pooled))
    assert facts["detectable"] == [{"unit": "points of turnover", "least": "5.9", "most": "16"}]
    assert facts["detectable_pooled"][0]["most"] == "1.2"
    assert verdict_facts(run)["detectable_pooled"] == []


def test_decided_claims_name_the_firms_of_their_own_sample(synthetic):
    at = {"verdict": SUPPORTED, "country": "BE", "wave": "CIS4"}
    rows = {"C1": {**at, "model": "faems2005"}, "C2": {**at, "model": "faems2005"}}
    rows["C9"] = {**at, "model": "faems2010_direct"}
    facts = verdict_facts(with_rows(synthetic, **rows))
    assert facts["firms"] == [
        {"population": INNOVATORS, "claims": ["C1", "C2"]},
        {"population": f"{INNOVATORS} with company accounts", "claims": ["C9"]},
    ]


def _one(findings, **numbers):
    """Return findings with one claim alone, and these numbers."""
    claims = findings.claims[findings.claims["claim"] == "C1"].head(1)
    return replace(findings, claims=claims.assign(expect="positive", claimed=7.0, **numbers))


def test_what_significance_decides_and_the_rule_does_not_is_told_with_why(synthetic):
    open_ = {"verdict": INCONCLUSIVE, "verdict_literature": SUPPORTED, "code": f"x; {ONE_FIRM}"}
    at = synthetic.claims[synthetic.claims["claim"] == "C1"]["wave"].iloc[0]
    told = [{"why": "a single firm turns it", "claims": [f"C1 ({at})"]}]
    assert verdict_facts(_one(synthetic, **open_))["turned"] == told
    few = {**open_, "verdict": TOO_FEW, "code": "few firms"}
    (told,) = verdict_facts(_one(synthetic, **few))["turned"]
    assert told["why"] == "fewer firms than the rule asks for"
    for agreed in (SUPPORTED, INCONCLUSIVE):
        alike = {**open_, "verdict": agreed, "verdict_literature": agreed}
        assert verdict_facts(_one(synthetic, **alike))["turned"] == []


def test_open_verdicts_whose_interval_excludes_what_is_claimed_are_counted(synthetic):
    for high, number in ((6.9, 1), (7.1, 0)):
        numbers = {"verdict": INCONCLUSIVE, "estimate": 3.0, "ci_low": -1.0, "ci_high": high}
        facts = verdict_facts(_one(synthetic, **numbers))["excluded"]
        assert facts == {"number": number, "claims": ["C1"] * number, "of": 1}
    numbers = {"verdict": SUPPORTED, "estimate": 3.0, "ci_low": 1.0, "ci_high": 5.0}
    assert verdict_facts(_one(synthetic, **numbers))["excluded"]["of"] == 0


def test_decided_verdicts_are_held_against_what_is_true(synthetic):
    for truth, right, recovered in ((4.0, 1, "yes"), (9.0, 1, "no"), (-1.0, 0, "no")):
        numbers = {"verdict": SUPPORTED, "truth": truth, "recovered": recovered}
        facts = verdict_facts(_one(synthetic, **numbers))["true"]
        assert facts == {"number": 1, "right": right, "held": int(recovered == "yes")}
    inside = {"verdict": SUPPORTED, "truth": 1.0, "band": 3.0, "recovered": "yes"}
    claims = _one(synthetic, **inside).claims.assign(expect="none", claimed=float("nan"))
    assert verdict_facts(replace(synthetic, claims=claims))["true"]["right"] == 1


def test_of_a_claim_of_several_parts_the_text_names_the_one_it_tells(synthetic):
    part = {"outcome": "radical", "term": "coop_any", "unit": "points of turnover", "estimate": 2.0}
    for named, unit in (
        ("a part", "points of turnover, radical innovation on any cooperation"),
        ("", "points of turnover"),
    ):
        facts = verdict_facts(_one(synthetic, verdict=SUPPORTED, part=named, **part))
        assert [of["unit"] for of in facts["supported"][0]["found"]] == [unit]
