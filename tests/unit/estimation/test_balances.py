"""A total effect comes apart into what costs and what returns, by lag and by group of firms."""

import numpy as np
import pandas as pd
import pytest
from balance_samples import ABOUT, EQUATIONS, firms
from specs import model_of

from cisflow.base.problems import CisflowError
from cisflow.estimation.estimates import ESTIMATES
from cisflow.estimation.run import estimate
from cisflow.estimators.path.model import PathModel
from cisflow.study.balance_terms import split_column
from cisflow.study.canonical import BLOCKS

# Products along the arrows of TRUTH, worked out by hand.
INVEST_INNOVATE = 0.5 * 0.8  # diversity → investment → innovation
RETURN = (-0.2 + INVEST_INNOVATE) * (0.4 + (-0.1) * (-0.6))
PERSONNEL = 0.4 * (-0.6) + 0.5 * 0.3 * (-0.6)
COST = -0.3 + PERSONNEL


def panel(data, **columns):
    """Return firms as a panel of one wave."""
    n = len(data)
    return data.assign(
        wave="W1",
        reference_year=2004,
        manufacturing=pd.array([True] * n, dtype="boolean"),
        **{f"asked_{block}": True for block in BLOCKS},
        **columns,
    )


def spec(**changes):
    base = {
        "title": "t",
        "source": "s",
        "sample": ["manufacturing"],
        "estimator": "balance",
        "equations": EQUATIONS,
        "balance": ABOUT,
        "controls": [],
        "fixed_effects": [],
        "covariance": ["nonrobust"],
        "weights": None,
        "effects": [],
    }
    return model_of(base, **changes)


def run(data, draws=400, **changes):
    return estimate(
        data,
        spec(**changes),
        country="XX",
        model="m",
        lag=2,
        bootstrap={"draws": draws, "seed": 1},
    )


def part(table, term, column="raw", outcome="profit_margin", kind="bootstrap"):
    found = table[
        (table["term"] == term)
        & (table["column"] == column)
        & (table["outcome"] == outcome)
        & (table["cov_type"] == kind)
    ]
    assert len(found) == 1, (term, column, outcome)
    return found.iloc[0]


# --- by step -----------------------------------------------------------------------------------


def stepped(n, seed, fifth=-0.8, most=7):
    """Return firms of which each further type of partner raises innovation, and the fifth costs."""
    rng = np.random.default_rng(seed)
    partners = rng.integers(0, most + 1, n)
    strength = 0.5 * partners + rng.normal(size=n)
    cost = rng.normal(size=n)
    margin = fifth * (partners >= 5) + 0.4 * strength - 0.6 * cost + rng.normal(size=n)
    steps = {f"partners_{k}_or_more": pd.array(partners >= k, dtype="boolean") for k in (2, 5, 7)}
    return pd.DataFrame(
        {
            "diversity": partners.astype(float),
            "internal_investment": rng.normal(size=n),
            "innovation_strength": strength,
            "personnel_cost_share": cost,
            "profit_margin": margin,
            "coop_any": pd.array(partners >= 1, dtype="boolean"),
            **steps,
        }
    )


STEPS = ["coop_any", "partners_2_or_more", "partners_5_or_more", "partners_7_or_more"]


def test_the_step_that_costs_is_found():
    data = stepped(3000, 3)
    estimates = run(panel(data), draws=200, steps=STEPS)
    table = estimates.table
    fifth = part(table, "cost: direct", "raw | partners_5_or_more")
    second = part(table, "cost: direct", "raw | partners_2_or_more")
    assert abs(fifth["estimate"] + 0.8) < 3 * fifth["std_error"]
    assert fifth["ci_high"] < 0 < second["ci_high"]
    returned = part(table, "return", "raw | partners_2_or_more")
    # from 1 to a mean of 3 types, each worth half a unit of strength
    assert abs(returned["estimate"] - 2 * 0.5 * 0.4) < 3 * returned["std_error"]
    for step in STEPS:
        column = f"raw | {step}"
        total = part(table, "cost", column)["estimate"] + part(table, "return", column)["estimate"]
        assert part(table, "balance", column)["estimate"] == pytest.approx(total, abs=1e-12)
        assert part(table, "balance", column)["n"] == 3000
    assert set(table["column"]) == {f"raw | {step}" for step in STEPS}
    assert estimates.diagnostics["fits"][0]["groups"]["all"]["nobs"] == 3000


def test_steps_add_up_to_the_effect_of_all_types():
    """Balances from none to seven types are the regression of the margin on the steps."""
    import statsmodels.api as sm

    data = stepped(500, 4)
    table = run(panel(data), draws=50, steps=STEPS).table
    design = sm.add_constant(data[STEPS].astype(float))
    reduced = sm.OLS(data["profit_margin"], design).fit()
    assert all("diversity" in sources for sources in EQUATIONS.values())  # none is assumed away
    for step in STEPS:
        balance = part(table, "balance", f"raw | {step}")["estimate"]
        assert balance == pytest.approx(reduced.params[step], abs=1e-9)


def test_a_step_that_few_firms_took_counts_with_the_one_before_it():
    data = stepped(600, 5, most=6)
    data.loc[:4, "partners_7_or_more"] = True
    table = run(panel(data), draws=50, steps=STEPS).table
    row = table[table["column"] == "raw | partners_7_or_more"].iloc[0]
    assert row["note"] == "fewer than 10 firms with it, or without it"
    without = run(panel(data), draws=50, steps=STEPS[:-1]).table
    for step in STEPS[:-1]:
        one, other = (part(t, "balance", f"raw | {step}")["estimate"] for t in (table, without))
        assert one == other


def test_a_step_the_survey_does_not_ask_for_costs_no_firm():
    data = stepped(300, 6).assign(partners_7_or_more=pd.array([None] * 300, dtype="boolean"))
    table = run(panel(data), draws=50, steps=STEPS).table
    row = table[table["column"] == "raw | partners_7_or_more"].iloc[0]
    assert row["note"] == "the survey does not ask so many"
    assert part(table, "balance", "raw | partners_5_or_more")["n"] == 300


def test_too_few_firms_for_any_step_is_one_row_that_says_so():
    table = run(panel(stepped(20, 7)), draws=50, steps=STEPS).table
    assert len(table) == 1
    assert table["note"].iloc[0].startswith("fewer than 30 firms")


# --- the numbers -------------------------------------------------------------------------------


def test_known_truth_is_recovered():
    table = run(panel(firms(10_000, 5)), draws=20).table
    truth = {
        "return": RETURN,
        "cost: direct": -0.3,
        "cost: through personnel_cost_share": PERSONNEL,
        "cost": COST,
        "balance": COST + RETURN,
        "diversity → internal_investment → innovation_strength → profit_margin": 0.5 * 0.8 * 0.4,
    }
    for term, value in truth.items():
        assert part(table, term)["estimate"] == pytest.approx(value, abs=0.03), term


@pytest.mark.parametrize(("direct", "probability"), [(-1.0, 1.0), (1.0, 0.0)])
def test_probability_is_near_its_limits_in_clear_cases(direct, probability):
    table = run(panel(firms(400, 6, direct=direct))).table
    row = part(table, "P(cost > return)")
    assert row["estimate"] == pytest.approx(probability, abs=0.01)
    assert np.isnan(row["std_error"])
    assert part(table, "P(cost > return)", "standardised")["estimate"] == row["estimate"]


def test_intervals_hold_the_truth_about_as_often_as_they_say():
    held = {"bootstrap": 0, "bootstrap_bca": 0}
    for seed in range(40):
        table = run(panel(firms(250, 100 + seed))).table
        for kind in held:
            row = part(table, "balance", kind=kind)
            held[kind] += row["ci_low"] < COST + RETURN < row["ci_high"]
    # 95 % of 40 is 38; below 33 has a chance of about one in 300.
    assert min(held.values()) >= 33, held


def test_without_an_arrow_the_direct_cost_is_zero_by_assumption():
    equations = {**EQUATIONS, "profit_margin": ["innovation_strength", "personnel_cost_share"]}
    row = part(run(panel(firms(300, 7)), equations=equations).table, "cost: direct")
    assert row["estimate"] == 0
    assert np.isnan(row["std_error"])
    assert "zero by assumption" in row["note"]


def test_paths_that_neither_cost_directly_nor_through_personnel_are_told_apart():
    equations = {**EQUATIONS, "profit_margin": [*EQUATIONS["profit_margin"], "internal_investment"]}
    table = run(panel(firms(300, 8)), equations=equations).table
    cost = part(table, "cost")["estimate"]
    parts = ("cost: direct", "cost: through personnel_cost_share", "cost: other paths")
    assert cost == pytest.approx(sum(part(table, term)["estimate"] for term in parts))


# --- groups ------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def two_kinds():
    """Return 300 small firms whom diversity costs 0.8 more than 500 others."""
    small, large = firms(300, 10, direct=-1.1), firms(500, 11, direct=-0.3)
    flag = pd.array([True] * 300 + [False] * 500, dtype="boolean")
    data = pd.concat([small, large], ignore_index=True)
    levels = ["few"] * 10 + ["low"] * 400 + ["high"] * 390
    return panel(data, small=flag, technology=levels)


def test_groups_and_their_difference(two_kinds):
    table = run(two_kinds, by=["small"]).table
    assert tuple(table.columns) == ESTIMATES.columns
    alone = run(two_kinds[two_kinds["small"]]).table
    for term in ("cost", "return", "balance"):
        in_group = part(table, term, "raw | small")
        assert in_group["estimate"] == pytest.approx(part(alone, term)["estimate"])
        gap = part(table, term, "raw | small minus not small")
        other = part(table, term, "raw | not small")
        assert gap["estimate"] == pytest.approx(in_group["estimate"] - other["estimate"])
        together = np.hypot(in_group["std_error"], other["std_error"])
        assert gap["std_error"] == pytest.approx(together, rel=0.15)
    gap = part(table, "balance", "raw | small minus not small")
    assert gap["estimate"] == pytest.approx(-0.8, abs=4 * gap["std_error"])
    assert gap["ci_high"] < 0
    bca = part(table, "balance", "raw | small minus not small", kind="bootstrap_bca")
    assert bca["ci_low"] == pytest.approx(gap["ci_low"], abs=0.1)
    assert part(table, "balance", "raw | small")["n"] == 300


def test_single_paths_are_told_for_all_firms_alone(two_kinds):
    table = run(two_kinds, by=["small"]).table
    paths = table[table["term"].str.contains("→")]
    assert {split_column(column)[1] for column in paths["column"]} == {"all"}


def test_groups_of_a_variable_with_levels_and_one_that_is_too_small(two_kinds):
    estimates = run(two_kinds, by=["technology"])
    table = estimates.table
    few = table[table["column"] == "raw | technology=few"]
    assert few["note"].tolist() == ["fewer than 30 firms have every variable of the model"]
    assert np.isfinite(part(table, "balance", "raw | technology=high")["estimate"])
    gap = table[table["column"] == "raw | technology=few minus technology=high"]
    assert gap["note"].tolist() == ["no balance for technology=few"]
    assert estimates.diagnostics["fits"][0]["groups"]["technology=few"]["note"]


def test_an_unknown_group_is_refused(two_kinds):
    with pytest.raises(CisflowError, match="`smal` is not a variable of the panel"):
        run(two_kinds, by=["smal"])


# --- lags --------------------------------------------------------------------------------------


def test_each_lag_rests_on_its_own_firms_and_the_horizon_is_told():
    later = {"profit_margin_lag0": -1.0, "profit_margin_lag2": -0.4, "profit_margin_lag4": 1.0}
    data = panel(firms(400, 12, later=later))
    data.loc[:99, "profit_margin_lag4"] = np.nan
    estimates = run(data, lags=[0, 2, 4])
    table = estimates.table
    sizes = {
        lag: part(table, "balance", outcome=f"profit_margin_lag{lag}")["n"] for lag in (0, 2, 4)
    }
    assert sizes == {0: 400, 2: 400, 4: 300}
    direct = part(table, "cost: direct", outcome="profit_margin_lag0")["estimate"]
    assert direct == pytest.approx(-1, abs=0.2)
    words = "the estimated balance is negative up to year 2 and not negative from year 4 on "
    words += "(years 0 to 4)"
    last = estimates.diagnostics["fits"][-1]
    assert last["horizon"] == {"all": words}
    # The gate is to take no row of a single lag for the horizon's: it would know no firms of these.
    assert (last["outcome"], last["terms"]) == ("profit_margin", ["horizon"])
    assert last["evidence"]["rows"] == list(range(400))
    row = table[table["term"] == "horizon"].iloc[0]
    assert row["note"] == words
    assert np.isnan(row["estimate"])


def test_each_lag_is_weighted_for_its_own_loss_of_firms():
    data = panel(firms(400, 14, later={"profit_margin_lag0": -1.0, "profit_margin_lag3": 1.0}))
    rng = np.random.default_rng(2)
    at = {0: rng.uniform(0.2, 5, 400), 3: rng.uniform(0.2, 5, 400)}
    data = data.assign(
        accounts_weight=np.nan, **{f"accounts_weight_lag{k}": w for k, w in at.items()}
    )
    data.loc[:99, ["profit_margin_lag3", "accounts_weight_lag3"]] = np.nan
    table = run(data, lags=[0, 3], weights="accounts_weight").table
    for lag, n in ((0, 400), (3, 300)):
        row = part(table, "balance", outcome=f"profit_margin_lag{lag}")
        own = data.assign(
            profit_margin=data[f"profit_margin_lag{lag}"],
            personnel_cost_share=data[f"personnel_cost_share_lag{lag}"],
        )
        fit = PathModel(EQUATIONS, own, weights=f"accounts_weight_lag{lag}").fit()
        total = fit.effects("diversity", "profit_margin").iloc[-1]["estimate"]
        assert row["estimate"] == pytest.approx(total, abs=1e-12)
        assert row["n"] == n
        assert row["weights"] == "accounts_weight"


def test_a_lag_without_accounts_is_a_row_that_says_so():
    data = panel(firms(200, 13, later={"profit_margin_lag0": -1.0}))
    data["profit_margin_lag1"] = np.nan
    data["personnel_cost_share_lag1"] = np.nan
    table = run(data, lags=[0, 1, 2]).table
    notes = table[table["column"] == "raw"].groupby("outcome")["note"].first()
    assert notes["profit_margin_lag1"].startswith("there are no company accounts of that year")
    assert "the panel has no" in notes["profit_margin_lag2"]
    horizon_row = table[table["term"] == "horizon"].iloc[0]
    assert "(year 0 alone): it does not turn" in horizon_row["note"]


# Weights beside none


@pytest.fixture(scope="module")
def both_weights():
    """Return firms of which those with accounts are mostly the ones that partners cost little."""
    data = firms(2000, 5)
    gone = np.random.default_rng(1).random(2000) > 0.5
    data.loc[gone, "profit_margin"] -= 0.4 * data.loc[gone, "diversity"]
    chance = np.where(gone, 0.3, 0.9)
    kept = data[np.random.default_rng(2).random(2000) < chance]
    return data, panel(kept.assign(accounts_weight=1 / chance[kept.index]).reset_index(drop=True))


def test_weights_stand_beside_none_on_the_same_firms(both_weights):
    everyone, kept = both_weights
    table = run(kept, weights=["none", "accounts_weight"]).table
    plain, weighted = (part(table, "balance", c) for c in ("raw", "raw | accounts_weight"))
    assert (plain["weights"], weighted["weights"]) == ("unweighted", "accounts_weight")
    assert plain["n"] == weighted["n"] == len(kept)
    alone = part(run(kept).table, "balance")
    assert plain["estimate"] == alone["estimate"]
    assert plain["ci_low"] == alone["ci_low"]
    full = part(run(panel(everyone)).table, "balance")["estimate"]
    assert abs(weighted["estimate"] - full) < abs(plain["estimate"] - full)


def test_the_difference_is_of_the_same_resamples(both_weights):
    table = run(both_weights[1], weights=["none", "accounts_weight"]).table
    plain, weighted = (part(table, "balance", c) for c in ("raw", "raw | accounts_weight"))
    gap = part(table, "balance", "raw | accounts_weight minus all")
    assert gap["estimate"] == pytest.approx(weighted["estimate"] - plain["estimate"])
    assert gap["std_error"] < weighted["std_error"]
    assert gap["ci_high"] < 0
    assert np.isnan(gap["n"])


def test_weights_that_are_all_alike_change_nothing(both_weights):
    table = run(
        both_weights[1].assign(accounts_weight=2.0), weights=["none", "accounts_weight"]
    ).table
    gap = part(table, "balance", "raw | accounts_weight minus all")
    assert gap["estimate"] == pytest.approx(0, abs=1e-12)


def test_groups_are_still_apart_and_have_the_first_weights(both_weights):
    data = both_weights[1]
    data = data.assign(small=pd.array(data.index % 2 == 0, dtype="boolean"))
    columns = set(run(data, weights=["none", "accounts_weight"], by=["small"]).table["column"])
    groups = {split_column(column)[1] for column in columns}
    assert groups == {
        *("all", "small", "not small", "small minus not small"),
        *("accounts_weight", "accounts_weight minus all"),
    }


def test_without_a_weighted_balance_the_difference_says_why(both_weights):
    data = both_weights[1].head(20)
    table = run(data, weights=["none", "accounts_weight"]).table
    gap = table[table["column"] == "raw | accounts_weight minus all"]
    assert list(gap["status"]) == ["not_estimable"]
    assert "fewer than" in gap["note"].iloc[0]
