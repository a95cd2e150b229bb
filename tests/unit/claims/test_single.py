"""The referee's list: what makes a verdict, and what takes it away again.

V1 to V13 are the rows of the list of verdicts a referee would not sign.
"""

import math

import numpy as np
import pytest
from made_up_claims import claims_of, one, row, table

from cisflow.claims.verdicts import judge
from cisflow.study.verdicts import DEPENDS, TOO_FEW, UNDECIDABLE


def fits(wave="CIS4", model="m", outcome="radical", column="any", **record):
    fit = {"wave": wave, "outcome": outcome, "column": column, **record}
    return [{"country": "BE", "model": model, "fits": [fit]}]


def fact(expect=1, band=0, **counted):
    asked = f"{expect:+d}" if expect else f"within {band:g}"
    named = {"outcome": "radical", "column": "any", "term": "coop_any"}
    return {**named, "quantity": "coefficient", "asked": asked, **counted}


def judged(test, rows, diagnostics=(), rule=None):
    return judge(claims_of(test, rule), table(*rows), diagnostics).iloc[0]


REJECTED = {"normality": {"p_value": 0.01}, "homoskedasticity": {"p_value": 0.3}}


# --- V1: four firms, one firm, five outliers ---------------------------------------------------


def test_few_firms_on_one_side_have_no_verdict_and_are_counted():
    counted = fact(few=True, firms_with=4, firms_without=62, turned=False)
    found = judged(one(), [row(44.8, 14.5)], fits(tests=[counted]))
    assert found["verdict"] == TOO_FEW
    assert "4 firms with and 62 without" in found["reason"]
    assert (found["firms_with"], found["estimate"]) == (4, 44.8)
    assert found["verdict_literature"] == "supported"


def test_few_firms_that_may_not_be_told_are_few_all_the_same():
    counted = fact(few=True, firms_with=None, firms_without=None)
    found = judged(one(), [row(44.8, 14.5)], fits(tests=[counted]))
    assert found["verdict"] == TOO_FEW
    assert "Fewer than 10 firms stand on one side" in found["reason"]
    assert np.isnan(found["firms_with"])


def test_enough_firms_on_either_side_may_be_few_in_a_group_of_both():
    # Of high and of low R&D, but few of these cooperate.
    counted = fact(few=True, firms_with=21, firms_without=28, turned=False)
    found = judged(one(), [row(3.0)], fits(tests=[counted]))
    assert found["verdict"] == TOO_FEW
    assert found["reason"] == "Fewer than 10 firms stand in one of the groups that it compares."


@pytest.mark.parametrize("expect", ["positive", "negative"])
def test_a_verdict_that_one_firm_turns_is_none(expect):
    counted = fact(1 if expect == "positive" else -1, few=False, turned=True, turned_by_one=3)
    found = judged(one(expect), [row(3.0)], fits(tests=[counted]))
    assert found["verdict"] == "inconclusive"
    assert "Leaving out any one of 3 firms turns the result." in found["reason"]


def test_firms_that_turn_it_may_be_too_few_to_be_counted():
    counted = fact(few=False, turned=True, turned_by_one=None)
    found = judged(one(), [row(3.0)], fits(tests=[counted]))
    assert (found["verdict"], np.isnan(found["turned_by_one"])) == ("inconclusive", True)
    assert "Leaving out a single firm turns the result." in found["reason"]


@pytest.mark.parametrize(
    ("without", "verdict"),
    [
        ("inconclusive", "inconclusive"),
        ("contradicted", "inconclusive"),
        ("supported", "supported"),
    ],
)
def test_a_verdict_that_outliers_turn_is_none(without, verdict):
    outliers = {"rule": "rd_intensity <= 100", "left_out": 5, "verdict": without}
    counted = fact(few=False, turned=False, outliers=outliers)
    rule = {"outliers": "rd_intensity <= 100"}
    found = judged(one(), [row(3.0)], fits(tests=[counted]), rule)
    assert found["verdict"] == verdict
    assert ("Among firms with R&D intensity (% of turnover) ≤ 100 alone" in found["reason"]) == (
        verdict == "inconclusive"
    )
    assert found["left_out"] == 5


def test_what_is_open_stays_open_whatever_one_firm_does():
    counted = fact(few=False, turned=True, turned_by_one=2)
    found = judged(one(), [row(1.0)], fits(tests=[counted]))
    assert (found["verdict"], found["code"]) == ("inconclusive", "holds zero")


def test_counts_are_of_the_test_that_asks_the_same():
    counted = fact(-1, few=True, firms_with=4, firms_without=62)
    assert judged(one("positive"), [row(3.0)], fits(tests=[counted]))["verdict"] == "supported"
    assert judged(one("negative"), [row(3.0)], fits(tests=[counted]))["verdict"] == TOO_FEW


# --- V3: a rejected model ----------------------------------------------------------------------


def alternative(name, estimate, se=1.0, **changes):
    return row(estimate, se, column=f"any: {name}", quantity="observed", **changes)


OBSERVED = {**one(), "quantity": "observed"}
MAIN = row(3.0, quantity="observed")


@pytest.mark.parametrize(
    ("others", "verdict"),
    [
        ([alternative("fractional", 3.0), alternative("heteroskedastic", 4.0)], "supported"),
        ([alternative("fractional", 3.0), alternative("heteroskedastic", 1.0)], DEPENDS),
        ([alternative("fractional", -3.0)], DEPENDS),
        ([alternative("two_part", -3.0), alternative("fractional", 3.0)], "supported"),
        ([], DEPENDS),
    ],
)
def test_a_rejected_tobit_decides_only_with_its_alternatives(others, verdict):
    found = judged(OBSERVED, [MAIN, *others], fits(**REJECTED))
    assert found["verdict"] == verdict
    assert found["rejected"] == "normality"
    if verdict == DEPENDS:
        assert "Tests reject the model (normality of the errors)" in found["reason"]


@pytest.mark.parametrize(("other", "verdict"), [(4.0, "supported"), (1.0, DEPENDS)])
def test_the_latent_effect_is_the_heteroskedastic_tobits_coefficient(other, verdict):
    main = row(3.0, quantity="latent")
    beside = row(other, column="any: heteroskedastic")
    found = judged({**one(), "quantity": "latent"}, [main, beside], fits(**REJECTED))
    assert found["verdict"] == verdict
    assert found["alternatives"].startswith("heteroskedastic: ")


@pytest.mark.parametrize(("claimed", "told"), [(2.0, True), (9.0, False)])
def test_what_only_a_large_effect_could_have_shown_is_said_to_be_overstated(claimed, told):
    test = {**one("positive"), "claimed_effect": claimed, "because": "so"}
    found = judged(test, [row(3.0)])
    assert found["verdict"] == "supported"
    assert ("Its size is likely overstated: with 80 % probability" in found["reason"]) is told


def test_a_model_that_holds_needs_no_alternative():
    held = {"normality": {"p_value": 0.2}, "homoskedasticity": {"p_value": None}}
    rows = [MAIN, alternative("fractional", -3.0)]
    assert judged(OBSERVED, rows, fits(**held))["verdict"] == "supported"


def test_a_band_for_a_latent_coefficient_says_nothing_of_a_logit():
    test = one("none")
    rows = [row(0.1, 0.5), row(0.1, 0.5, column="any: fractional")]
    assert judged(test, rows, fits(**REJECTED))["verdict"] == DEPENDS


@pytest.mark.parametrize(("wider", "verdict"), [(-3.0, "supported"), (-1.0, DEPENDS)])
def test_a_rejected_path_model_decides_only_with_the_wider_one(wider, verdict):
    where = {"outcome": "margin", "column": "standardised", "term": "total(d)"}
    test = one("negative", **where)
    rows = [row(-3.0, **where), row(wider, model="union", **where)]
    about = {"wave": "CIS4", "fit_measures": {"pvalue": 0.001}}
    diagnostics = [
        {"country": "BE", "model": "m", "fits": [about]},
        {"country": "BE", "model": "union", "fits": [{"wave": "CIS4", "readings": {"m": {}}}]},
    ]
    found = judged(test, rows, diagnostics)
    assert (found["verdict"], found["rejected"]) == (verdict, "chi2")


# --- V4, V5: what a sample cannot decide -------------------------------------------------------


@pytest.mark.parametrize(("se", "n", "needed"), [(3.63, 367, 4600), (7.68, 221, 12400)])
def test_no_effect_at_three_points_needs_thousands_of_firms(se, n, needed):
    found = judged(one("none"), [row(-1.0, se, n=n)])
    assert found["verdict"] == UNDECIDABLE
    assert found["n_needed"] == pytest.approx(needed, rel=0.01)
    assert "firms like these could decide" in found["reason"]


def test_no_effect_is_open_where_the_interval_overlaps_the_band():
    found = judged(one("none"), [row(-7.47, 3.69)])  # [−14.7, −0.23]
    assert found["verdict"] != "contradicted"
    assert found["verdict_literature"] == "contradicted"


def test_a_sample_that_would_not_find_the_effect_claimed_cannot_decide():
    assert judged(one(claimed_effect=2.0), [row(1.0)])["verdict"] == UNDECIDABLE
    found = judged(one(claimed_effect=3.0), [row(1.0)])
    assert found["verdict"] == "inconclusive"
    assert found["mde"] == pytest.approx(2.8016, abs=1e-3)


def test_a_withheld_number_of_firms_is_no_reason_to_fail():
    found = judged(one("none"), [row(-1.0, 3.6, n=math.nan)])
    assert (found["verdict"], np.isnan(found["n_needed"])) == (UNDECIDABLE, True)


# --- V13: weak instruments ---------------------------------------------------------------------


@pytest.mark.parametrize(("f", "verdict"), [(2.3, UNDECIDABLE), (23.0, "supported")])
@pytest.mark.parametrize("method", ["2sls", "liml", "gmm"])
def test_weak_instruments_decide_nothing_by_any_method(f, verdict, method):
    column = f"portfolio: {method}"
    strong = {"first_stage": {}, "effective_f": f}
    found = judged(
        one(column=column), [row(3.0, column=column)], fits(column="portfolio: 2sls", **strong)
    )
    assert found["verdict"] == verdict
    if f < 10:
        assert "F of their first stage, 2.3, is below 10" in found["reason"]


def test_least_squares_beside_weak_instruments_is_no_instrument():
    weak = fits(column="portfolio: 2sls", first_stage={}, effective_f=2.3)
    column = "portfolio: ols"
    assert judged(one(column=column), [row(3.0, column=column)], weak)["verdict"] == "supported"


# --- V12: many tests ---------------------------------------------------------------------------


def test_adjusted_p_values_stand_beside_raw_ones_and_decide_nothing():
    claims = claims_of(one(), also=[one(model=f"m{i}") for i in range(6)])
    rows = [row(2.1), *(row(0.2, model=f"m{i}") for i in range(6))]
    found = judge(claims, table(*rows))
    first = found.iloc[0]
    assert (first["verdict"], first["p_test"] < 0.05, first["p_holm"] > 0.2) == (
        "supported",
        True,
        True,
    )
    assert found["p_bh"].notna().all()


@pytest.mark.parametrize(
    ("at_limits", "unit"),
    [((math.nan, 0.0), "latent"), ((0.0, 0.0), "turnover"), ((40.0, math.nan), "latent")],
)
def test_the_unit_does_not_depend_on_whether_a_count_may_be_told(at_limits, unit):
    low, high = at_limits
    tobit = [{**fits()[0], "estimator": "tobit"}]
    found = judged(one(), [row(3.0, n_lower=low, n_upper=high)], tobit)
    assert unit in found["unit"]
    assert ("latent" in found["unit"]) == (unit == "latent")


@pytest.mark.parametrize(
    ("cov_type", "told"),
    [("HC1", True), ("cluster(firm_id)", True), ("cluster(industry)", False)],
)
def test_firms_that_could_decide_are_told_where_firms_make_it_surer(cov_type, told):
    found = judged(one(claimed_effect=1.0), [{**row(1.0), "cov_type": cov_type}])
    assert np.isfinite(found["n_needed"]) == told
    assert np.isfinite(found["mde"])
