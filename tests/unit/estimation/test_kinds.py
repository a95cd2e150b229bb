"""Estimators of the models file, and the robust alternatives beside a Tobit."""

import numpy as np
import pandas as pd
import pytest
from disclosed import RULES, TOBIT, released, survey
from specs import coefficients, model_of

from cisflow.estimation.run import estimate
from cisflow.study.canonical import BLOCKS


@pytest.fixture(scope="module")
def panel():
    """Return 500 firms, a share whose spread grows with size, and a yes/no outcome."""
    rng = np.random.default_rng(11)
    n = 500
    coop, size = rng.random(n) < 0.5, rng.normal(4, 1, n)
    spread = 18 * np.exp(0.3 * (size - 4))
    radical = np.clip(5 + 15 * coop + 3 * (size - 4) + spread * rng.normal(size=n), 0, 100)
    return pd.DataFrame(
        {
            "wave": "W1",
            "reference_year": 2004,
            "firm_id": [f"f{i}" for i in range(n)],
            "manufacturing": pd.array([True] * n, dtype="boolean"),
            "industry": rng.choice(["food", "steel", "cars"], n),
            "coop_any": pd.array(coop, dtype="boolean"),
            "group": pd.array(radical > 10, dtype="boolean"),
            "constant": 1.0,
            "log_employees": size,
            "radical": radical,
            **{f"asked_{block}": True for block in BLOCKS},
        }
    )


def run(panel, **changes):
    spec = {"sample": ["manufacturing"], "estimator": "tobit", "limits": [0, 100]}
    spec |= {"outcomes": ["radical"], "columns": {"any": ["coop_any"]}, "covariance": ["HC1"]}
    spec |= {"controls": ["log_employees"], "fixed_effects": ["industry"], **changes}
    settings = {"country": "XX", "model": "m", "lag": 2, "bootstrap": {"draws": 100, "seed": 1}}
    return estimate(panel, model_of(spec), **settings)


def observed(table, column="any"):
    rows = table[(table["quantity"] == "observed") & (table["column"] == column)]
    return rows.set_index("term")


BESIDE = ["any: fractional", "any: heteroskedastic", "any: two_part"]


def test_a_tobit_has_its_robust_alternatives_on_the_same_firms(panel):
    table = run(panel).table
    assert table["column"].unique().tolist() == ["any", *BESIDE]
    tobit = observed(table)
    for column in BESIDE:
        other = observed(table, column)
        assert other.index.tolist() == ["coop_any", "log_employees"]
        assert (other["n"] == 500).all()
        gap = abs(other.loc["coop_any", "estimate"] - tobit.loc["coop_any", "estimate"])
        assert 0 < gap < tobit.loc["coop_any", "std_error"]
    own = coefficients(table[table["column"] == "any: heteroskedastic"])
    assert own["term"].tolist() == ["coop_any", "log_employees"]


def test_alternatives_are_chosen_by_the_model(panel):
    table = run(panel, alternatives=["two_part"], amount="truncated").table
    assert table["column"].unique().tolist() == ["any", "any: two_part"]
    assert run(panel, alternatives=[]).table["column"].unique().tolist() == ["any"]


@pytest.mark.parametrize(
    ("estimator", "keys", "column"),
    [
        ("fractional", {}, "any: fractional"),
        ("heteroskedastic_tobit", {"variance": ["log_employees"]}, "any: heteroskedastic"),
        ("two_part", {}, "any: two_part"),
    ],
)
def test_an_alternative_is_what_the_estimator_finds_alone(panel, estimator, keys, column):
    alone = run(panel, estimator=estimator, **keys).table
    beside = observed(run(panel).table, column)
    for number in ("estimate", "std_error"):
        np.testing.assert_allclose(observed(alone)[number], beside[number], rtol=1e-9)


def test_coefficients_of_several_parts_say_which_they_are_of(panel):
    two = coefficients(run(panel, estimator="two_part").table)
    assert {"any: coop_any", "amount: coop_any"} <= set(two["term"])
    keys = {"estimator": "heteroskedastic_tobit", "variance": ["log_employees"]}
    spread = coefficients(run(panel, **keys).table).set_index("term")
    slope = spread.loc["lnsigma: log_employees"]
    assert slope["estimate"] == pytest.approx(0.3, abs=3 * slope["std_error"])


def test_a_probit_has_effects_on_the_probability(panel):
    table = run(panel, estimator="probit", limits=None, outcomes=["group"]).table
    effect = table[table["quantity"] == "probability"].set_index("term").loc["coop_any"]
    yes = panel["coop_any"].astype(bool)
    raw = panel.loc[yes, "group"].mean() - panel.loc[~yes, "group"].mean()
    assert effect["estimate"] == pytest.approx(raw, abs=2 * effect["std_error"])


def test_an_alternative_that_cannot_be_had_is_a_gap_that_says_why(panel):
    table = run(panel, limits=[0, None], covariance=["HC1"]).table
    gap = table[table["column"] == "any: fractional"]
    assert (gap["quantity"].iloc[0], gap["status"].iloc[0]) == ("observed", "not_estimable")
    assert gap["note"].iloc[0] == "a share needs both limits of the outcome"
    assert observed(table, "any: two_part")["estimate"].notna().all()


def test_a_spread_without_variation_is_left_out_of_the_alternative(panel):
    table = run(panel, controls=["log_employees", "constant"]).table
    assert observed(table, "any: heteroskedastic").loc["coop_any", "estimate"] > 0


def test_amounts_that_rest_on_few_firms_with_any_are_not_told():
    """Few firms with any cooperate: the coefficient of the amounts, and the effect, is theirs."""
    firms = survey()
    yes = firms["coop_any"].fillna(False).astype(bool).to_numpy()
    some = np.cumsum(yes & (firms["radical"] > 0)) <= RULES.support - 1
    firms.loc[yes & ~some, "radical"] = 0.0
    model = {**TOBIT, "columns": {"any": ["coop_any"]}}
    table = released(firms, main=model).estimates["main"].table
    two = table[(table["column"] == "any: two_part") & (table["term"] == "coop_any")]
    assert two["estimate"].isna().all()
    assert set(two["status"]) == {"withheld"}
