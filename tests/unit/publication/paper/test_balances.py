import pytest

from cisflow.publication.words import number


def test_the_balance_is_told_as_it_was_estimated(synthetic, synthetic_paper):
    findings, context = synthetic, synthetic_paper
    told = next(b for b in context["balances"] if b["table"] == "two_year_balance_BE_CIS4")
    e = findings.rows("BE", "CIS4", "two_year_balance")
    row = e[(e["column"] == "standardised") & (e["term"] == "balance")].iloc[0]
    assert told["balance"]["estimate"].replace("−", "-") == f"{row['estimate']:.3f}"
    assert told["share"] == "91"
    small, tech = told["differences"]
    gap = e[(e["column"] == "raw | small minus not small") & (e["term"] == "balance")].iloc[0]
    assert float(small["estimate"].replace("−", "-")) == pytest.approx(
        100 * gap["estimate"], rel=0.02, abs=6e-4
    )
    assert (tech["estimate"], tech["why_not"]) == ("", told_reason(e))
    scanned = next(b for b in context["balances"] if b["table"] == "balance_by_lag_BE_CIS4")
    assert scanned["horizon"].endswith("it does not turn")
    kinds = ("decomposition", "groups", "lags", "steps")
    assert {f["name"] for kind in kinds for f in context["figures"][kind]} == {
        "decomposition_two_year_balance_BE_CIS4",
        "groups_two_year_balance_BE_CIS4",
        "lags_balance_by_lag_BE_CIS4",
        "steps_portfolio_breadth_BE_CIS4",
    }


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
    assert told["balances"][4]["estimate"] == number(100 * row["estimate"])
