"""Units in the words of a reader."""

import pytest

from cisflow.claims.units import unit_of


@pytest.mark.parametrize(
    ("outcome", "column", "quantity", "censored", "unit"),
    [
        ("radical", "grouped", "observed", True, "points of turnover"),
        ("radical", "grouped", "coefficient", True, "points of latent turnover share"),
        ("innovation_strength", "equation", "coefficient", False, "points of turnover"),
        ("internal_investment", "equation", "coefficient", False, "points of turnover"),
        ("radical", "grouped", "probability", True, "probability"),
        ("profit_margin", "standardised", "coefficient", False, "standard deviations"),
        ("profit_margin", "standardised | small", "coefficient", False, "standard deviations"),
        (
            "profit_margin",
            "raw | small",
            "coefficient",
            False,
            "points of profit margin",
        ),
        ("coop_any", "equal", "probability", False, "probability"),
        ("protection", "search", "coefficient", False, "means of protection"),
        ("process_innovation", "any", "coefficient", False, "probability"),
        ("standardise(profit_margin)", "curve", "observed", False, "standard deviations"),
        ("profit_margin_lag3", "raw", "coefficient", False, "points of profit margin"),
    ],
)
def test_units(outcome, column, quantity, censored, unit):
    assert unit_of(outcome, column, quantity, censored=censored) == unit
