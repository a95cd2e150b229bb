"""Attacks that work a withheld number of firms out of errors, fit measures and other waves."""

import numpy as np
import pandas as pd
import pytest
from disclosed import OLS, RULES, released, survey

PATH = {
    **{key: OLS[key] for key in ("title", "source", "sample")},
    "covariance": ["nonrobust"],
    "estimator": "path",
    "equations": {"internal_investment": ["diversity"], "profit_margin": ["internal_investment"]},
    "effects": [["diversity", "profit_margin"]],
}
TOLD_ALL = RULES.model_copy(update={"minimum_cell": 1})


def lacking_two(n=400):
    """Return a survey in which two firms did not answer on protection."""
    panel = survey(n)
    panel.loc[[3, 7], "protection"] = np.nan
    panel["internal_investment"] = panel["diversity"] + np.random.default_rng(2).normal(size=n)
    panel.loc[[3, 7], "internal_investment"] = np.nan
    return panel


def nested(covariance, rules=RULES):
    other = {**OLS, "covariance": covariance, "columns": {"any": ["coop_any", "protection"]}}
    return released(lacking_two(), rules, main=OLS, other=other).estimates["other"].table


# --- standard errors --------------------------------------------------------------------------


def size_by_errors(table):
    """Return n by HC1 = n/(n − k) times HC0."""
    errors = table.pivot_table(index="term", columns="cov_type", values="std_error", dropna=False)
    if not {"HC0", "HC1"} <= {*errors}:
        return np.nan
    factor = ((errors["HC1"] / errors["HC0"]) ** 2).mean()
    return len(errors) / (1 - 1 / factor)


def test_two_kinds_of_standard_errors_tell_the_number_where_it_is_told_anyway():
    assert size_by_errors(nested(["HC0", "HC1"], TOLD_ALL)) == pytest.approx(398, abs=0.01)


@pytest.mark.parametrize("kinds", [["HC0", "HC1"], ["HC1", "HC0"]])
def test_nor_do_they_where_it_is_withheld(kinds):
    table = nested(kinds)
    assert table["n"].isna().all()
    assert table["estimate"].notna().all()
    assert np.isnan(size_by_errors(table))
    assert table.loc[table["cov_type"] == kinds[0], "std_error"].notna().all()
    second = table[table["cov_type"] == kinds[1]]
    assert second[["std_error", "statistic", "p_value", "ci_low", "ci_high"]].isna().all(axis=None)


def test_kinds_that_are_no_multiples_of_each_other_are_both_told():
    assert nested(["HC1", "nonrobust"])["std_error"].notna().all()


def sizes_by_r2(out):
    """Return n by t² (1 − r²) / r² of each arrow that is alone in its equation."""
    table = out.estimates["main"].table.set_index(["column", "term"])
    found = []
    for term in ("diversity", "internal_investment"):
        r, t = table.loc[("standardised", term), "estimate"], table.loc[("raw", term), "statistic"]
        found.append(t**2 * (1 - r**2) / r**2)
    return np.array(found, dtype=float)


def test_classical_errors_and_standardised_arrows_do_not_tell_the_number():
    other = {**OLS, "columns": {"any": ["diversity"]}, "controls": []}
    open_ = released(lacking_two(), TOLD_ALL, other=other, main=PATH)
    assert sizes_by_r2(open_) == pytest.approx(398, abs=0.01)
    out = released(lacking_two(), other=other, main=PATH)
    assert np.isnan(sizes_by_r2(out)).all()
    assert out.estimates["main"].table["estimate"].notna().any()
    record = out.estimates["main"].diagnostics["fits"][0]
    effects = [row for rows in record["effects"].values() for row in rows]
    assert {row["statistic"] for row in effects} == {None}


def test_robust_errors_of_a_path_model_stay():
    other = {**OLS, "columns": {"any": ["diversity"]}, "controls": []}
    robust = {**PATH, "covariance": ["HC1"]}
    table = released(lacking_two(), other=other, main=robust).estimates["main"].table
    assert table["n"].isna().all()
    assert table.loc[table["term"] == "diversity", "std_error"].notna().all()


def test_chi_squared_of_no_arrows_and_r_squared_do_not_tell_the_number():
    """χ² of a recursive model without arrows less its own is −n Σ log(1 − R²)."""
    other = {**OLS, "columns": {"any": ["diversity"]}, "controls": []}
    robust = {**PATH, "covariance": ["HC1"]}
    records = [
        released(lacking_two(), rules, other=other, main=robust)
        .estimates["main"]
        .diagnostics["fits"][0]
        for rules in (TOLD_ALL, RULES)
    ]
    told, withheld = (record["fit_measures"] for record in records)
    explained = np.log1p(-np.array([*records[0]["r2"].values()])).sum()
    gain = told["baseline_chisq"] - told["chisq"]
    assert -gain / explained == pytest.approx(398, abs=0.1)
    scaled = ("chisq", "pvalue", "baseline_chisq", "cfi", "tli", "logl", "aic", "bic", "rmsea")
    assert {withheld[name] for name in scaled} == {None}
    assert withheld["srmr"] is not None


# --- firms over waves -------------------------------------------------------------------------


@pytest.fixture(scope="module")
def two_waves():
    """A hundred firms in both waves, 103 in the second alone, and four in the first alone."""
    panel = survey(300, waves=("W1", "W2"))
    number = panel["firm_id"].str[1:].astype(int)
    first = (panel["wave"] == "W1") & ((number < 100) | (number >= 296))
    return panel[first | ((panel["wave"] == "W2") & (number < 203))].reset_index(drop=True)


def over_waves(panel, rules, methods):
    spec = {
        **OLS,
        "estimator": "panel",
        "methods": methods,
        "covariance": [{"cluster": "firm_id"}],
        "columns": {"any": ["coop_any", "diversity"]},
        "wave_effects": True,
    }
    out = released(panel, rules, main=spec)
    return {fit["method"]: fit for fit in out.estimates["main"].diagnostics["fits"]}, out


def test_firms_over_waves_would_tell_of_the_four_that_are_in_the_first_alone(two_waves):
    records, out = over_waves(two_waves, TOLD_ALL, ["pooled"])
    second = next(s["n"] for s in out.description["samples"] if s["wave"] == "W2")
    assert records["pooled"]["firms"] - second == 4


def test_they_are_not_told_nor_what_they_follow_from(two_waves):
    records, out = over_waves(two_waves, RULES, ["pooled", "within"])
    assert {s["wave"]: s["n"] for s in out.description["samples"]} == {"W1": 104, "W2": 203}
    for record in records.values():
        names = ("firms", "firms_in_all", "firms_again", "firms_once")
        assert [record.get(name) for name in names] == [None] * 4
    # Within, each firm is there twice: the rows are twice the firms that are in both waves.
    assert records["within"]["nobs"] is None
    assert records["within"]["poolability"]["df"] is None
    table = out.estimates["main"].table
    assert table["groups"].isna().all()
    assert pd.isna(table.loc[table["column"] == "any: within", "n"]).all()


def test_firms_of_which_enough_are_in_one_wave_alone_are_told(two_waves):
    number = two_waves["firm_id"].str[1:].astype(int)
    panel = two_waves[~((two_waves["wave"] == "W2") & (number < 30))].reset_index(drop=True)
    records, _ = over_waves(panel, RULES, ["pooled"])
    assert records["pooled"]["firms"] == 207
