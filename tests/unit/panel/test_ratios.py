"""Ratios of accounts: when they exist, in which prices, and how their tails are drawn in."""

import numpy as np
import pandas as pd
import pytest

from cisflow.base.problems import CisflowError
from cisflow.panel.ratios import (
    RATIOS,
    account_ratios,
    ratio_and_lag,
    winsorised,
    years_later,
)


def accounts(**changes):
    """Return the accounts of one firm in two years."""
    base = {
        "firm_id": ["a", "a"],
        "year": [2004, 2006],
        "turnover": [200.0, 400.0],
        "value_added": [100_000.0, 120_000.0],
        "personnel_costs": [60_000.0, 90_000.0],
        "profit_before_tax": [20.0, -40.0],
        "total_assets": [1000.0, 800.0],
        "employees": [10.0, 12.0],
    }
    return pd.DataFrame({**base, **changes})


def test_ratios_are_what_their_names_say():
    found = account_ratios(accounts())
    assert list(found) == ["firm_id", "year", *RATIOS]
    np.testing.assert_allclose(found["profit_margin"], [10, -10])
    np.testing.assert_allclose(found["personnel_cost_share"], [60, 75])
    np.testing.assert_allclose(found["return_on_assets"], [2, -5])
    np.testing.assert_allclose(found["labour_productivity"], [10.0, 10.0])


@pytest.mark.parametrize(
    ("amount", "lost"),
    [
        ("turnover", ["profit_margin"]),
        ("value_added", ["personnel_cost_share", "labour_productivity"]),
        ("total_assets", ["return_on_assets"]),
        ("employees", ["labour_productivity"]),
    ],
)
@pytest.mark.parametrize("value", [0.0, -5.0, np.nan])
def test_no_ratio_to_nothing(amount, lost, value):
    first = account_ratios(accounts(**{amount: [value, 100.0]})).iloc[0]
    assert [name for name in RATIOS if np.isnan(first[name])] == lost


def test_prices_matter_to_productivity_alone():
    now, real = (
        account_ratios(accounts()),
        account_ratios(accounts(), deflator={2004: 0.5, 2006: 1}),
    )
    np.testing.assert_allclose(real["labour_productivity"], [20.0, 10.0])
    for name in set(RATIOS) - {"labour_productivity"}:
        np.testing.assert_allclose(real[name], now[name])


def test_a_year_without_a_price_index_is_named():
    with pytest.raises(CisflowError, match="no index for 2006"):
        account_ratios(accounts(), deflator={2004: 1.0})


def test_tails_are_drawn_in_year_by_year():
    ratios = pd.DataFrame(
        {
            "firm_id": [f"f{i}" for i in range(202)],
            "year": [2004] * 101 + [2006] * 101,
            "profit_margin": [*range(101), *(1000 + i for i in range(101))],
        }
    ).astype({"profit_margin": float})
    drawn = winsorised(ratios, 0.05)
    by_year = drawn.groupby("year")["profit_margin"]
    assert by_year.min().tolist() == [5.0, 1005.0]
    assert by_year.max().tolist() == [95.0, 1095.0]
    inside = ratios["profit_margin"].between(5, 95)
    assert (drawn.loc[inside, "profit_margin"] == ratios.loc[inside, "profit_margin"]).all()


@pytest.mark.parametrize(
    ("column", "found"),
    [
        ("profit_margin_lag3", ("profit_margin", 3)),
        ("profit_margin", None),
        ("turnover_lag2", None),
        ("profit_margin_lagged", None),
    ],
)
def test_a_column_tells_its_ratio_and_lag(column, found):
    assert ratio_and_lag(column) == found


def test_a_lag_in_words():
    assert [years_later(n) for n in (0, 1, 2)] == [
        "in the same year",
        "1 year later",
        "2 years later",
    ]
