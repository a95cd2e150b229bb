from dataclasses import replace

import numpy as np
import pytest

from cisflow.publication.paper.effects import (
    alternative_facts,
    effect_facts,
    mean_of,
    recoding_facts,
    rejection_facts,
    single_facts,
    told,
)
from cisflow.publication.words import measured

HERE = [("BE", "CIS2"), ("BE", "CIS4")]
ROW = {"estimate": -5.16, "std_error": 2.3, "ci_low": -9.67, "ci_high": -0.65, "n": 367.0}


def test_an_effect_is_told_with_size_side_and_share_of_the_mean():
    fact = told(ROW, mean=16.0)
    assert (fact["size"], fact["more"], fact["zero"], fact["share"]) == ("5.2", False, False, "32")
    assert (fact["low"], fact["high"], fact["firms"]) == ("−9.7", "−0.7", "367")
    assert told({**ROW, "ci_high": 0.1})["zero"]
    assert told({**ROW, "estimate": np.nan, "note": "no firms"}) == {
        "estimate": "",
        "why_not": "no firms",
    }


def test_effects_are_those_of_the_estimates(synthetic):
    facts = effect_facts(synthetic, "faems2005", HERE)
    fact = next(
        f
        for f in facts
        if (f["outcome"], f["term"]) == ("radical innovation", "universities or public research")
    )
    rows = synthetic.main_rows("BE", "CIS4", "faems2005", "observed")
    row = rows[(rows["outcome"] == "radical") & (rows["term"] == "coop_exploratory")].iloc[0]
    assert fact["partners"]
    assert fact["found"][1]["estimate"] == measured(row["estimate"], row["std_error"])
    assert fact["found"][1]["low"] == measured(row["ci_low"], row["std_error"])


def test_an_effect_beyond_zero_says_which_claims_it_leaves_open_and_why(synthetic):
    observed = synthetic.main_rows("BE", "CIS4", "faems2005", "observed")
    row = observed[(observed["outcome"] == "incremental") & (observed["column"] == "grouped")]
    row = row[row["term"] == "coop_exploitative"].iloc[0]
    key = ["country", "wave", "outcome", "column", "term", "quantity"]

    def judged(verdict, code, *, low=0.5, **sides):
        claim = {**row[key], "claim": "C1", "model": "faems2005", "verdict": verdict, "code": code}
        claim |= sides
        estimates = synthetic.estimates.copy()
        of = (estimates[key] == row[key]).all(axis=1) & (estimates["model"] == "faems2005")
        estimates.loc[of, ["estimate", "ci_low", "ci_high"]] = [5.4, low, 10.2]
        claims = synthetic.claims.iloc[:0].reindex([0]).assign(**{k: [v] for k, v in claim.items()})
        told_of = replace(synthetic, claims=claims, estimates=estimates)
        facts = effect_facts(told_of, "faems2005", [("BE", "CIS4")])
        return facts[0]["found"][0]["undecided"]

    code = "beyond zero as expected; turned by a single firm; model rejected, alternative disagrees"
    why = ["a single firm turns it", "robust alternatives of the rejected model disagree"]
    open_claims = [{"claims": ["C1"], "verdict": "inconclusive", "few": False, "why": why}]
    assert judged("inconclusive", code) == open_claims
    assert judged("supported", "beyond zero as expected") == []
    assert judged("inconclusive", code, low=-0.5) == []
    (few,) = judged("too few firms", "few firms on one side", firms_with=4.0, firms_without=62.0)
    assert (few["few"], few["why"]) == (True, ["4 firms with it and 62 without"])
    (untold,) = judged("too few firms", "few firms on one side")
    assert untold["why"] == []


def test_terms_apart_from_zero_are_those_whose_interval_is(synthetic):
    for fact in single_facts(synthetic, "faems2005", HERE):
        assert len(fact["apart"]) <= fact["number"]
        assert not any(term["zero"] for term in fact["apart"])


def test_agreement_with_alternatives_is_counted(synthetic):
    for facts in (
        alternative_facts(synthetic, "faems2005", HERE),
        recoding_facts(synthetic, "faems2005", "faems2005_all_innovators", HERE),
    ):
        if facts:
            assert max(facts["same_sign"], facts["same_zero"]) <= facts["number"]


def test_firms_that_were_not_asked_are_compared_effect_by_effect(synthetic):
    recoded = recoding_facts(synthetic, "faems2005", "faems2005_all_innovators", HERE)
    assert recoded["number"] > 0


def test_rejected_regressions_are_counted(synthetic):
    fits = [{"wave": "CIS4", "normality": {"p_value": p}} for p in (0.01, 0.2)]
    record = {"country": "BE", "model": "faems2005", "fits": fits}
    found = replace(synthetic, diagnostics=[record])
    assert rejection_facts(found, ["faems2005"], HERE) == {"number": 2, "rejected": 1}
    assert rejection_facts(replace(synthetic, diagnostics=[]), ["faems2005"], HERE) == {}


@pytest.mark.parametrize("variable", ["radical", "nothing"])
def test_a_mean_is_that_of_the_sample(synthetic, variable):
    mean = mean_of(synthetic, ("BE", "CIS4"), "faems2005", variable)
    assert np.isfinite(mean) == (variable == "radical")
