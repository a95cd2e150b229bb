"""Verdicts follow the stated rule; what has no estimate says why."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_up_claims import RULE, Z90, Z95, claims_of, empty, one, row, table

from cisflow.base.documents import read_yaml, validated
from cisflow.base.problems import CisflowError
from cisflow.claims.verdicts import CLAIMS, VERDICTS, judge
from cisflow.study.claims import Claims, claim_problems
from cisflow.study.models import expanded
from cisflow.study.verdicts import UNDECIDABLE

NOT_MEASURED = {"C15", "C23", "C25"}


def verdict(test, *rows):
    judged = judge(claims_of(test), table(*rows))
    assert len(judged) == 1
    return judged.iloc[0]


@pytest.fixture(scope="module")
def shipped(root):
    schema = root / "workflow/schemas/claims.schema.yaml"
    written = validated(read_yaml(root / "config/claims.yaml"), schema, "claims.yaml")
    return Claims.model_validate(written)


@pytest.fixture(scope="module")
def models(root):
    schema = root / "workflow/schemas/models.schema.yaml"
    return expanded(validated(read_yaml(root / "config/models.yaml"), schema, "models"))[0]


# --- an expected sign --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("estimate", "expect", "expected"),
    [
        (2.0, "positive", "supported"),
        (-2.0, "positive", "contradicted"),
        (1.9, "positive", "inconclusive"),
        (-2.0, "negative", "supported"),
        (2.0, "negative", "contradicted"),
        (0.0, "negative", "inconclusive"),
    ],
)
def test_expected_sign(estimate, expect, expected):
    judged = verdict(one(expect), row(estimate))
    assert judged["verdict"] == expected
    assert judged["verdict_literature"] == expected
    assert "95 % interval" in judged["reason"]


def test_the_tables_own_interval_counts_where_it_is_not_the_normal_one():
    bootstrapped = row(2.0, ci_low=-0.1, ci_high=3.0)
    assert verdict(one(), bootstrapped)["verdict"] == "inconclusive"
    assert verdict(one(), bootstrapped)["verdict_literature"] == "supported"
    assert verdict(one(), bootstrapped)["ci_low"] == -0.1


def test_another_significance_level_uses_normal_intervals():
    claims = claims_of(one(), {"significance": 0.10})
    assert judge(claims, table(row(1.9))).iloc[0]["verdict"] == "supported"
    claims = claims_of(one(), {"significance": 0.01})
    assert judge(claims, table(row(2.5))).iloc[0]["verdict"] == "inconclusive"


@given(st.floats(-10, 10), st.floats(0.01, 10))
def test_swapping_the_expected_sign_swaps_support_and_contradiction(estimate, se):
    swapped = {
        "supported": "contradicted",
        "contradicted": "supported",
        "inconclusive": "inconclusive",
    }
    for_plus = verdict(one("positive"), row(estimate, se))["verdict"]
    assert verdict(one("negative"), row(estimate, se))["verdict"] == swapped[for_plus]


# --- no effect ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("estimate", "se", "proper", "literature"),
    [
        (0.5, 1.0, "supported", "supported"),  # small and precise
        (2.0, 0.5, "supported", "contradicted"),  # differs from zero, but negligibly
        (0.5, 5.0, UNDECIDABLE, "supported"),  # no estimate as wide could be support
        (2.0, 1.5, "inconclusive", "supported"),  # one nearer zero could
        (6.0, 1.0, "contradicted", "contradicted"),
        (-6.0, 1.0, "contradicted", "contradicted"),
        (4.0, 1.0, "inconclusive", "contradicted"),  # its interval reaches into the band
        (2.5, 1.0, "inconclusive", "contradicted"),
        (-7.47, 3.69, UNDECIDABLE, "contradicted"),  # [−14.7, −0.23]: V5
    ],
)
def test_no_effect_is_judged_as_the_literature_did_and_properly(estimate, se, proper, literature):
    judged = verdict(one("none"), row(estimate, se))
    assert (judged["verdict"], judged["verdict_literature"]) == (proper, literature)
    shown = "95 %" if proper == "contradicted" else "90 %"
    assert f"{shown} interval" in judged["reason"]


def test_equivalence_uses_the_90_percent_interval():
    inside = (3 - 0.001) / Z90
    assert inside > 3 / Z95
    assert verdict(one("none"), row(0.0, inside))["verdict"] == "supported"
    assert verdict(one("none"), row(0.0, 3.001 / Z90))["verdict"] == UNDECIDABLE


@given(st.floats(-10, 10), st.floats(0.01, 10))
def test_equivalence_is_two_one_sided_tests(estimate, se):
    supported = verdict(one("none"), row(estimate, se))["verdict"] == "supported"
    assert supported == (min(3 - estimate, estimate + 3) / se > Z90)


# --- what cannot be judged ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rows", "reason"),
    [
        (
            [empty("no accounts", outcome="", column="", term="")],
            "No accounts.",
        ),
        (
            [empty("none of 5 rows is complete", term="")],
            "None of 5 rows is complete.",
        ),
        ([empty("no variation")], "No variation."),
        ([row(0.0, 0.0)], "The model fixes the coefficient instead of estimating it."),
        (
            [row(term="other")],
            "The model has no effect of cooperation on radical innovation (% of turnover).",
        ),
    ],
)
def test_what_has_no_estimate_says_why(rows, reason):
    judged = judge(claims_of(one()), table(*rows))
    judged = judged[judged["wave"] == "CIS4"].iloc[0]
    assert judged["verdict"] == "not estimable"
    assert judged["verdict_literature"] == "not estimable"
    assert judged["reason"] == reason
    assert np.isnan(judged["estimate"])
    assert (judged["model"], judged["term"]) == ("m", "coop_any")


@pytest.mark.parametrize(
    "rows", [[row(model="other")], [row(model="m", wave="CIS2"), row(model="other")]]
)
def test_what_the_run_does_not_estimate_is_not_run(rows):
    judged = judge(claims_of(one()), table(*rows))
    judged = judged[judged["wave"] == "CIS4"].iloc[0]
    assert (judged["verdict"], judged["verdict_literature"]) == ("not run", "not run")
    assert judged["reason"] == "This run does not estimate the model that would test it."


def test_not_measurable_has_one_row_and_its_reason():
    judged = judge(claims_of(not_measurable="why"), table(row(), row(wave="CIS2")))
    assert judged[["verdict", "reason", "wave"]].to_numpy().tolist() == [
        ["not measurable", "Why.", ""]
    ]


# --- places, readings, covariances -------------------------------------------------------------


def test_one_row_per_place_and_reading_that_was_run():
    rows = [row(wave="CIS2"), row(), row(country="NL", wave="CIS4"), row(-5.0, model="m2")]
    claims = claims_of(one(), also=[one(model="m2"), one(model="absent")])
    judged = judge(claims, table(*rows))
    assert tuple(judged.columns) == CLAIMS.columns
    places = judged[["country", "wave", "model"]].to_numpy().tolist()
    assert places == [
        [country, wave, model]
        for country, wave in (("BE", "CIS2"), ("BE", "CIS4"), ("NL", "CIS4"))
        for model in ("m", "m2")
    ]
    assert judged["verdict"].tolist()[3] == "contradicted"


def test_panels_and_printed_tables_are_no_places_unless_a_claim_is_about_them():
    rows = [row(), *(row(wave=wave, model="panel") for wave in ("all", "printed"))]
    assert judge(claims_of(one()), table(*rows))["wave"].tolist() == ["CIS4"]
    named = judge(claims_of(one(), also=[one(model="panel")]), table(*rows))
    assert named["wave"].drop_duplicates().tolist() == ["CIS4", "all", "printed"]


def test_first_covariance_counts():
    assert verdict(one(), row(2.5), row(2.5, 2.0, cov_type="cluster(industry)"))["std_error"] == 1


def test_neighbouring_terms_and_the_bootstrap_are_told():
    effect = one(
        "negative",
        column="standardised",
        outcome="margin",
        term="total(d)",
        beside=["direct(d)", "indirect(d)"],
    )
    where = {"column": "standardised", "outcome": "margin"}
    rows = [
        row(-0.08, 0.03, **where, term="total(d)"),
        row(-0.11, 0.03, **where, term="direct(d)"),
        row(0.03, 0.01, **where, term="indirect(d)"),
    ]
    record = {"effect": "total", "prob_negative": 0.5, "std_prob_negative": 0.987}
    fit = {"wave": "CIS4", "effects": {"d → margin": [record]}}
    diagnostics = [{"country": "BE", "model": "m", "fits": [fit]}]
    judged = judge(claims_of(effect), table(*rows), diagnostics).iloc[0]
    assert judged["verdict"] == "supported"
    assert judged["beside"] == (
        "Direct effect of d −0.110. Indirect effect of d 0.030. "
        "Below zero in 98.7 % of the bootstrap resamples."
    )
    raw = judge(claims_of({**effect, "column": "raw"}), table(*rows), diagnostics).iloc[0]
    assert raw["verdict"] == "not estimable"


# --- several parts -----------------------------------------------------------------------------

BOTH = {"all_of": [one(), one(outcome="incremental")]}


@pytest.mark.parametrize(
    ("first", "second", "expected", "shown"),
    [
        (3.0, 2.5, "supported", "incremental"),
        (3.0, 1.0, "inconclusive", "incremental"),
        (0.5, 3.0, "inconclusive", "radical"),
        (3.0, -3.0, "contradicted", "incremental"),
        (3.0, -2.1, "inconclusive", "incremental"),  # −2.1 is not enough at 0.05 / 2
    ],
)
def test_claim_of_two_parts(first, second, expected, shown):
    judged = verdict(BOTH, row(first), row(second, outcome="incremental"))
    assert judged["verdict"] == expected
    assert judged["outcome"] == shown
    assert judged["part"] == f"{shown} innovation (% of turnover) on cooperation"
    assert "Radical innovation (% of turnover) on cooperation" in judged["reason"]
    assert "Incremental innovation (% of turnover) on cooperation" in judged["reason"]


def test_a_part_without_estimate_leaves_the_claim_open_unless_the_other_contradicts():
    gone = empty("no variation", outcome="incremental")
    judged = verdict(BOTH, row(3.0), gone)
    assert judged["verdict"] == "not estimable"
    assert "not estimable (no variation); radical" in judged["reason"]
    assert verdict(BOTH, row(-3.0), gone)["verdict"] == "contradicted"


# --- a claimed share ---------------------------------------------------------------------------


def share(**changes):
    base = {"models": ["m"], "terms": ["coop_any"], "expect": "positive"}
    return {"share": {**base, "claimed": 0.73, "margin": 0.10, "because": "…", **changes}}


@pytest.mark.parametrize(
    ("hits", "of", "expected", "literature"),
    [
        (100, 100, "supported", "supported"),
        (76, 100, "supported", "supported"),
        (73, 100, "supported", "supported"),
        (20, 100, "contradicted", "contradicted"),
        (3, 4, "inconclusive", "supported"),
        (65, 100, "inconclusive", "contradicted"),
    ],
)
def test_share_of_significant_estimates(hits, of, expected, literature):
    rows = [row(3.0 if i < hits else 0.5, wave=f"W{i}") for i in range(of)]
    judged = verdict(share(), *rows, row(5.0, term="log_employees"))
    assert judged["verdict"] == expected
    assert judged["verdict_literature"] == literature
    assert judged["estimate"] == pytest.approx(100 * hits / of)
    assert f"{hits} of {of} estimates are significant and positive" in judged["reason"]
    assert (judged["country"], judged["wave"]) == ("", "")


def test_share_leaves_out_what_has_no_estimate_and_counts_each_coefficient_once():
    rows = [
        row(3.0),
        row(3.0, cov_type="nonrobust"),
        row(-3.0, wave="CIS2"),
        empty("x", wave="CIS3"),
    ]
    assert "1 of 2 estimates" in verdict(share(), *rows)["reason"]


@pytest.mark.parametrize(
    ("rows", "reason"),
    [
        ([row(model="other")], ("not run", "does not estimate the model")),
        ([empty("x")], ("not estimable", "No coefficient of these terms was estimated.")),
    ],
)
def test_share_without_estimates(rows, reason):
    judged = verdict(share(), *rows)
    assert judged["verdict"] == reason[0]
    assert reason[1] in judged["reason"]


# --- the shipped claims ------------------------------------------------------------------------


def test_shipped_claims_are_the_reviews_and_all_have_a_test_or_say_why_not(shipped):
    assert list(shipped.claims) == [f"C{i}" for i in range(1, 31)]
    assert {n for n, c in shipped.claims.items() if not c.test} == NOT_MEASURED


def test_shipped_claims_ask_only_for_what_the_models_estimate(shipped, models):
    assert [str(problem) for problem in claim_problems(shipped, models)] == []


def test_every_claim_has_a_row_for_every_place_even_without_its_model(shipped):
    rows = [row(wave=wave, model="faems2005") for wave in ("2007", "2010")]
    judged = judge(shipped, table(*rows))
    assert set(judged["claim"]) == set(shipped.claims)
    assert set(judged["verdict"]) <= set(VERDICTS)
    assert (judged["reason"] != "").all()
    elsewhere = {"C14", *NOT_MEASURED}
    places = judged[~judged["claim"].isin(elsewhere)].groupby("claim")["wave"].apply(set)
    assert all(waves == {"2007", "2010"} for waves in places)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"model": "faems2050"}, "did you mean `faems2005`"),
        ({"outcome": "radcal"}, "did you mean `radical`"),
        ({"column": "groups"}, "did you mean `grouped`"),
        ({"term": "coop_explorative"}, "did you mean `coop_exploitative`"),
    ],
)
def test_claim_about_what_no_model_has_is_refused(models, change, message):
    test = one(model="faems2005", column="grouped", term="coop_exploitative")
    assert claim_problems(claims_of(test), models) == []
    problems = claim_problems(claims_of({**test, **change}), models)
    assert len(problems) == 1
    assert message in str(problems[0])


@pytest.mark.parametrize(
    ("term", "known"),
    [
        ("coop_any:C(eu_size)[T.small]", True),
        ("C(eu_size)[T.medium]", True),
        ("coop_any:C(technology)[T.low]", False),
        ("coop_any:C(eu_sise)[T.small]", False),
    ],
)
def test_levels_of_a_class_are_terms_if_the_model_has_the_class(models, term, known):
    test = one(model="size_and_place", column="size_class", term=term)
    assert (claim_problems(claims_of(test), models) == []) == known


def test_a_level_that_is_not_there_says_so():
    test = one(term="coop_any:C(eu_size)[T.micro]")
    judged = verdict(test, row(term="coop_any:C(eu_size)[T.small]"))
    assert judged["verdict"] == "not estimable"
    assert "no group “micro” of its own here" in judged["reason"]


@pytest.mark.parametrize("name", [f"C{i}" for i in (11, 12, 13, *range(16, 20), *range(21, 30))])
def test_every_test_of_the_further_statements_names_its_effect_and_says_why(shipped, name):
    """A sample that cannot find what is claimed must be able to say so."""
    claim = shipped.claims[name]
    assert bool(claim.test) != bool(claim.not_measurable)
    assert claim.note or claim.not_measurable
    for test in claim.singles:
        assert test.smallest_effect or test.claimed_effect, test.key
        assert test.because, test.key


@pytest.mark.parametrize(
    ("term", "known"),
    [
        ("diversity", True),
        ("total(diversity)", True),
        ("diversity → personnel_cost_share → profit_margin", True),
        ("diversity → innovation_strength → personnel_cost_share", False),
        ("total(innovation)", False),
    ],
)
def test_terms_of_path_models_are_checked(models, term, known):
    test = one(model="faems2010_direct", outcome="profit_margin", column="standardised", term=term)
    assert (claim_problems(claims_of(test), models) == []) == known


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({}, ""),
        ({"column": "standardised | not small"}, ""),
        ({"column": "raw | small minus not small"}, ""),
        ({"beside": ["cost", "return", "P(cost > return)"]}, ""),
        ({"term": "diversity → personnel_cost_share → profit_margin"}, ""),
        (
            {"term": "diversity → profit_margin", "column": "raw | small"},
            "no term `diversity → profit_margin`",
        ),
        ({"column": "raw | smal"}, "did you mean `raw | small`"),
        ({"column": "raw | technology=high"}, "no column"),
        ({"term": "gain"}, "no term `gain`"),
        ({"outcome": "profit_margin_lag3"}, "did you mean `profit_margin`"),
    ],
)
def test_parts_of_balances_are_checked(models, change, message):
    test = one("negative", model="two_year_balance", outcome="profit_margin", column="standardised")
    problems = claim_problems(claims_of({**test, "term": "balance", **change}), models)
    assert [message in str(problem) for problem in problems] == ([True] if message else [])


def test_groups_by_level_and_lags_of_balances_are_known(models):
    spec = models["balance_by_lag"].model_copy(update={"by": ("technology",)})
    test = one(model="m", outcome="profit_margin_lag3", column="raw | technology=high")
    assert claim_problems(claims_of({**test, "term": "cost"}), {"m": spec}) == []


@pytest.mark.parametrize(
    ("claim", "message"),
    [
        ({"tset": one()}, "unknown key `tset`"),
        ({"test": {**one(), "tem": "x"}}, "did you mean `term`"),
        ({"test": {k: v for k, v in one("none").items() if k != "smallest_effect"}}, "smallest"),
        ({"test": {k: v for k, v in one().items() if k != "term"}}, "`term` is missing"),
        ({"test": one("up")}, "'up' is not known"),
        ({"test": one(), "not_measurable": "…"}, "keys do not go together"),
        ({"test": {**one(), **share()}}, "`share` stands alone"),
        ({}, "`test` is missing"),
    ],
)
def test_schema_refuses_claims_that_cannot_be_judged(root, claim, message):
    schema = root / "workflow/schemas/claims.schema.yaml"
    claims = {"rule": RULE, "claims": {"C1": {"text": "t", "source": "s", **claim}}}
    with pytest.raises(CisflowError, match=message):
        validated(claims, schema, "claims.yaml")


# --- at the edge of what an estimate is --------------------------------------------------------


@pytest.mark.parametrize(
    "changes", [{"estimate": math.nan}, {"estimate": math.inf}, {"std_error": math.inf}]
)
@pytest.mark.parametrize("expect", ["positive", "negative"])
def test_a_number_that_is_none_decides_nothing(expect, changes):
    judged = verdict(one(expect), {**row(2.0), **changes})
    assert (judged["verdict"], judged["verdict_literature"]) == ("not estimable",) * 2


def test_an_interval_that_ends_beside_zero_shows_its_side():
    judged = verdict(one("negative"), row(-7.78, 3.96, ci_low=-15.53, ci_high=-0.02))
    assert "−15.5 to −0.020, lies wholly below zero" in judged["reason"]


def test_a_claim_with_a_part_that_cannot_decide_has_no_p_value():
    parts = [one("positive", term="a"), one("positive", term="b")]
    rows = [row(3.0, term="a"), row(1.0, term="b", status="not_estimable", std_error=math.nan)]
    found = judge(claims_of({"all_of": parts}), table(*rows)).iloc[0]
    assert found["verdict"] == "not estimable"
    assert math.isnan(found["p_test"])
