"""What a place says of a claim is what verdict and estimates say."""

from dataclasses import replace

import numpy as np
import pytest
from claim_page import KEY, TEST, counted, evidence, page_of
from made_up_claims import claims_of, empty, one, row, table

from cisflow.claims.verdicts import judge, judge_pooled
from cisflow.estimation.estimates import POOLED, POOLED_ESTIMATES
from cisflow.publication.site.claim_pages import claim_pages
from cisflow.study import verdicts as v


def test_a_claim_that_holds_says_by_what_and_for_whom(synthetic):
    told = evidence(synthetic, 8.0, 2.0, diagnostics=counted(turned_by_one=0))
    assert told.verdict == v.SUPPORTED
    assert (told.found.text, told.found.interval) == ("8.0", "4.1 to 11.9")
    assert told.why == (
        "The 95 % interval, 4.1 to 11.9, lies wholly above zero, as the claim expects."
    )
    assert told.sides == "300 firms, 150 with and 217 without"
    assert "No single firm turns it." in told.changes
    assert told.question.unit == "points of turnover"
    assert "manufacturing firms" in told.question.population


@pytest.mark.parametrize(
    ("estimate", "se", "test", "diagnostics", "verdict", "says"),
    [
        (-8, 2, {}, (), v.CONTRADICTED, "lies wholly below zero, against the claim"),
        (1, 2, {}, (), v.INCONCLUSIVE, "−2.9 to 4.9, includes zero."),
        (1, 2, {"claimed_effect": 4}, (), v.UNDECIDABLE, "only effects of 5.6 or more"),
        (0, 1, {"expect": "none"}, (), v.SUPPORTED, "lies inside ±3"),
        (9, 1, {"expect": "none"}, (), v.CONTRADICTED, "lies wholly beyond ±3"),
        (1, 1.5, {"expect": "none"}, (), v.INCONCLUSIVE, "reaches beyond ±3"),
        (1, 4, {"expect": "none"}, (), v.UNDECIDABLE, "−5.6 to 7.6, is wider than ±3"),
        (8, 2, {}, counted(turned=True, turned_by_one=3), v.INCONCLUSIVE, "any one of 3 firms"),
        (
            8,
            2,
            {},
            counted(few=True, firms_with=4),
            v.TOO_FEW,
            "4 firms with and 217 without: fewer than 10",
        ),
        (8, 2, {}, counted(few=True), v.TOO_FEW, "in one of the groups that it compares"),
        (
            8,
            2,
            {},
            counted(outliers={"verdict": v.INCONCLUSIVE, "left_out": 12}),
            v.INCONCLUSIVE,
            "Among firms with ",
        ),
    ],
)
def test_reasons_are_told_from_codes_and_numbers(
    synthetic, estimate, se, test, diagnostics, verdict, says
):
    if test.get("expect") == "none":
        test = {**test, "smallest_effect": 3, "because": "…"}
    told = evidence(synthetic, estimate, se, test, diagnostics)
    assert told.verdict == verdict
    assert says in told.why


def test_what_is_open_for_want_of_firms_says_how_many_could_decide(synthetic):
    told = evidence(synthetic, 1.0, 2.0, {"claimed_effect": 4})
    assert told.why.endswith("About 589 firms like these could decide; there are 300.")


def test_a_claim_that_single_firms_turn_names_no_number_of_firms_to_decide(synthetic):
    told = evidence(
        synthetic, 8.0, 2.0, {"claimed_effect": 4}, counted(turned=True, turned_by_one=1)
    )
    assert "could decide" not in told.why
    assert "A sample like this one finds effects of 5.6 or more with 80 % probability." in (
        told.changes
    )


def test_a_rejected_model_and_its_alternatives_are_named_in_words(synthetic):
    rows = [row(8.0, 2.0, **KEY)]
    rows += [row(1.0, 2.0, **{**KEY, "column": "grouped: fractional"})]
    fit = counted()
    fit[0]["fits"][0]["normality"] = {"p_value": 0.001}
    page = page_of(synthetic, rows, {}, fit, rule={"alternatives": ["fractional"]})
    assert page.evidence[0].verdict == v.DEPENDS
    assert page.evidence[0].why.endswith(
        "Tests reject the model (normality of the errors), and robust alternatives do not all "
        "agree: the fractional logit: inconclusive."
    )


def test_what_cannot_be_estimated_says_why_and_claims_nothing(synthetic):
    note = "no firm is left after accounts"
    page = page_of(synthetic, [empty(note, **KEY)], {})
    told = page.evidence[0]
    assert (told.verdict, told.found, told.sides, told.changes) == (v.NOT_ESTIMABLE, None, "", ())
    assert told.why == "No firm is left after accounts."


def test_pooled_estimates_come_with_where_a_further_country_would_be(synthetic):
    found = {**row(5.0, 1.0, **KEY), "country": POOLED, "wave": "all", "method": "paule-mandel"}
    found |= {"k": 12, "tau2": 4.0, "i2": 0.6, "pi_low": 0.4, "pi_high": 9.6, "df": 11}
    pooled = POOLED_ESTIMATES.frame([found])
    claims = claims_of(one(**TEST))
    judged = judge(claims, table(row(5.0, 2.0, **KEY)))
    findings = replace(
        synthetic, claims=judged, pooled=pooled, pooled_claims=judge_pooled(claims, pooled)
    )
    told = claim_pages(findings, claims)[0].pooled[0]
    assert (told.prediction_text, told.countries, told.i2) == ("0.4 to 9.6", 12, "60 %")
    assert told.verdict == v.SUPPORTED
    assert np.isclose(told.found.low, 5 - 1.96, atol=0.01)


def test_a_claimed_share_is_told_in_percent_of_the_estimates(synthetic):
    share = {"models": ["faems2005"], "terms": ["coop_exploitative"], "expect": "positive"}
    share |= {"claimed": 0.73, "margin": 0.1, "because": "…", "quantity": "observed"}
    claims = claims_of({"share": share})
    rows = [row(8.0, 2.0, **KEY), row(0.0, 2.0, **{**KEY, "wave": "CIS2"})]
    told = claim_pages(replace(synthetic, claims=judge(claims, table(*rows))), claims)[0]
    assert told.evidence[0].found.estimate == 50
    assert told.questions[0].counted == "% of the estimates"


def test_a_number_of_firms_that_may_not_be_told_is_confidential(synthetic):
    told = evidence(synthetic, 8.0, 2.0, n=np.nan)
    assert (told.firms, told.sides) == (None, "number of firms confidential")
