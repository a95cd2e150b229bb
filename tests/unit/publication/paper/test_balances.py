from dataclasses import replace

import pytest

from cisflow.publication.catalogue import catalogue
from cisflow.publication.paper.balances import horizon, step_facts
from cisflow.publication.words import measured


def test_the_balance_is_told_as_it_was_estimated(synthetic, synthetic_paper):
    findings, context = synthetic, synthetic_paper
    told = next(b for b in context["balances"] if b["table"] == "two_year_balance_BE_CIS4")
    e = findings.rows("BE", "CIS4", "two_year_balance")
    row = e[(e["column"] == "standardised") & (e["term"] == "balance")].iloc[0]
    assert told["balance"]["estimate"] == measured(row["estimate"], row["std_error"])
    assert told["share"] == "91"
    small, tech = told["differences"]
    gap = e[(e["column"] == "raw | small minus not small") & (e["term"] == "balance")].iloc[0]
    assert float(small["estimate"].replace("−", "-")) == pytest.approx(
        gap["estimate"], rel=0.05, abs=6e-3
    )
    assert (tech["estimate"], tech["why_not"]) == ("", told_reason(e))
    scanned = next(b for b in context["balances"] if b["table"] == "balance_by_lag_BE_CIS4")
    assert scanned["horizon"].startswith("over the years ")
    kinds = ("decomposition", "groups", "lags", "steps")
    shown = [f for kind in kinds for f in context["figures"][kind]]
    shown += [f for f in context["supplement"]["figures"] if f["section"] in kinds]
    assert {f["name"] for f in shown} == {
        "decomposition_two_year_balance_BE_CIS4",
        "groups_balance_by_size_BE_CIS4",
        "groups_two_year_balance_BE_CIS4",
        "lags_balance_by_lag_BE_CIS4",
        "steps_portfolio_breadth_BE_CIS4",
    }


@pytest.mark.parametrize(
    ("balances", "told"),
    [
        (
            {0: (-2, -1), 1: (-2, 0.5), 2: (-0.5, 1)},
            "over the years 0 to 2 after the survey the point estimate of the balance is negative "
            "up to year 1 and not negative from year 2 on; "
            "the 95 % interval excludes zero in year 0",
        ),
        (
            {0: (-2, 1), 1: (-3, 1)},
            "over the years 0 to 1 after the survey the point estimate of the balance is negative "
            "in all of them; the 95 % interval holds zero in every year",
        ),
        (
            {0: (-2, -1), 1: (1, 2), 3: (-3, -1)},
            "over the years 0 to 3 after the survey the point estimate of the balance is negative "
            "in year 0 and 3; the 95 % interval excludes zero in year 0, 1 and 3",
        ),
        ({2: (-2, -1)}, ""),
    ],
)
def test_a_balance_by_year_is_told_with_how_sure_its_sign_is(balances, told):
    """``balances`` are intervals by years since the survey, with the estimate in the middle."""
    rows = {
        lag: {"estimate": (low + high) / 2, "ci_low": low, "ci_high": high}
        for lag, (low, high) in balances.items()
    }
    assert horizon(rows) == told


def told_reason(e):
    """Return why the groups by technology have no balance."""
    return e[e["column"].str.contains("high_tech minus")]["note"].iloc[0]


def test_each_further_type_of_partner_is_told(synthetic, synthetic_paper):
    findings, context = synthetic, synthetic_paper
    told = next(s for s in context["steps"] if s["table"] == "portfolio_breadth_BE_CIS4")
    assert [b["step"] for b in told["balances"]][:2] == [
        "any cooperation",
        "2 or more types of partners",
    ]
    assert len(told["balances"]) == 6  # the seventh is not estimable
    rows = findings.rows("BE", "CIS4", "portfolio_breadth")
    of = (rows["column"] == "raw | partners_5_or_more") & (rows["cov_type"] == "bootstrap")
    row = rows[of & (rows["term"] == "balance")].iloc[0]
    shown = measured(row["estimate"], row["std_error"])
    assert told["balances"][4]["estimate"] == shown


def test_steps_of_either_sign_are_told_with_the_number_of_tests(synthetic):
    e = synthetic.estimates.copy()
    here = (e["model"] == "portfolio_breadth") & (e["wave"] == "CIS4") & (e["term"] == "balance")
    e.loc[here, "p_value"] = 0.5
    # Alone three of six differ from zero; six tests leave one (0.001 × 6 < 5 %, 0.02 × 5 is not).
    for step, estimate, p in (
        ("partners_3_or_more", -0.04, 0.02),
        ("partners_5_or_more", 0.08, 0.001),
        ("partners_6_or_more", -0.06, 0.04),
    ):
        of = here & (e["column"] == f"raw | {step}")
        e.loc[of, ["estimate", "p_value"]] = estimate, p
    findings = replace(synthetic, estimates=e)
    items = catalogue(findings.settings, findings.models)
    facts = step_facts(findings, items, "BE", "CIS4", "portfolio_breadth")
    assert facts["tested"] == 6
    assert facts["alone"] == {
        "number": 3,
        "cost": ["3 or more types of partners", "6 or more types of partners"],
        "return": ["5 or more types of partners"],
    }
    assert facts["adjusted"] == {
        "number": 1,
        "cost": [],
        "return": ["5 or more types of partners"],
    }
