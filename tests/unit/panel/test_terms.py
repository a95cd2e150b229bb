"""Terms and definitions evaluated on firms: by hand, and in models."""

import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_series_equal

from cisflow.estimation.run import estimate
from cisflow.estimators.regression.models import OLS
from cisflow.panel.sample import select_sample
from cisflow.panel.terms import evaluate, nearly_unique, settled, term_columns
from cisflow.study.canonical import BLOCKS
from cisflow.study.models import Model
from cisflow.study.terms import parse_definition, parse_term

NA = pd.NA


def frame(**columns):
    n = len(next(iter(columns.values())))
    return pd.DataFrame({"wave": ["W"] * n, **columns})


def flags(*values):
    return pd.array(values, dtype="boolean")


def term(text, table):
    return evaluate(parse_term(text), table).tolist()


def defined(text, table):
    values = evaluate(parse_definition(text), table)
    return [None if pd.isna(v) else v for v in values]


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("log(a)", [np.nan, 0, np.log(4), np.nan, np.nan]),
        ("log1p(a)", [0, np.log(2), np.log(5), np.nan, np.nan]),
        ("sqrt(a)", [0, 1, 2, np.nan, np.nan]),
        ("a^2", [0, 1, 16, 9, np.nan]),
        ("a^0.5", [0, 1, 2, np.nan, np.nan]),
        ("center(a)", [-0.5, 0.5, 3.5, -3.5, np.nan]),
        ("standardise(a)", [x / np.sqrt(25 / 3) for x in (-0.5, 0.5, 3.5, -3.5)] + [np.nan]),
        ("center(a)^2", [0.25, 0.25, 12.25, 12.25, np.nan]),
        ("center(log1p(a))", [x - np.log(10) / 3 for x in np.log([1, 2, 5])] + [np.nan] * 2),
    ],
)
def test_functions_of_numbers(text, values):
    table = frame(a=[0.0, 1, 4, -3, np.nan])
    np.testing.assert_allclose(term(text, table), values)


def test_flags_are_ones_and_zeros_in_functions():
    assert term("center(a)", frame(a=flags(True, False, NA)))[:2] == [0.5, -0.5]


def test_a_bound_belongs_to_the_class_above_it():
    classes = evaluate(parse_term("C(bins(a, 10, 50))"), frame(a=[9.9, 10, 49, 50, np.nan, -5]))
    assert classes.tolist()[:4] == ["below 10", "10 to below 50", "10 to below 50", "50 or more"]
    assert classes.isna().tolist() == [False] * 4 + [True, False]
    assert classes.cat.categories.tolist() == ["below 10", "10 to below 50", "50 or more"]


def waves():
    return pd.DataFrame(
        {
            "wave": ["W3", "W1", "W2", "W2", "W3"],
            "reference_year": [2008, 2004, 2006, 2006, 2008],
            "firm_id": ["a", "a", "a", "b", "c"],
            "x": [3.0, 1, 2, 20, 30],
            "yes": flags(True, NA, False, True, True),
            "branch": pd.array(["p", "q", "r", "s", "t"], dtype="string"),
        }
    )


def test_lag_is_the_same_firms_value_in_the_wave_before():
    np.testing.assert_equal(term("lag(x)", waves()), [2, np.nan, 1, np.nan, np.nan])
    np.testing.assert_equal(term("lag(lag(x))", waves()), [1, *[np.nan] * 4])
    assert evaluate(parse_term("lag(yes)"), waves()).tolist() == [False, NA, NA, NA, NA]
    lagged = evaluate(parse_term("lag(branch)"), waves())
    assert lagged.dropna().to_dict() == {0: "r", 2: "q"}


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("any(a, b)", [True, True, None, False, None]),
        ("all(a, b)", [True, None, False, False, None]),
        ("sum(a, b)", [2, None, None, 0, None]),
        ("mean(a, x)", [1.0, 1.5, 1.0, 1.5, None]),
        ("max(a, x)", [1.0, 2, 2, 3, None]),
        ("min(a, x)", [1.0, 1, 0, 0, None]),
        ("x >= 2", [False, True, True, True, None]),
        ("x == 3", [False, False, False, True, None]),
        ("x != 3", [True, True, True, False, None]),
        ("100 * x / (x - 1)", [None, 200, 200, 150, None]),
        ("any(a, never)", [True, True, False, False, None]),
        ("any(never, never)", [None] * 5),
        ("sum(never, x)", [1, 2, 2, 3, None]),
        ("mean(never)", [None] * 5),
    ],
)
def test_several_variables_missing_stays_missing(text, values):
    table = frame(
        a=flags(True, True, False, False, NA),
        b=flags(True, NA, NA, False, NA),
        x=[1.0, 2, 2, 3, np.nan],
        never=flags(*[NA] * 5),
    )
    assert defined(text, table) == values


def test_who_was_not_asked_for_want_of_a_flag_counts_with_zero():
    table = frame(
        rd_internal=[5.0, np.nan, np.nan, np.nan, np.nan],
        yes=flags(True, True, False, False, NA),
        asked_spending=[True, True, False, True, False],
    )
    assert defined("zero_if_not(rd_internal, yes)", table) == [5, None, 0, None, None]
    nobody = table.assign(rd_internal=np.nan)
    assert defined("zero_if_not(rd_internal, yes)", nobody) == [None] * 5


def test_what_everyone_is_asked_is_never_filled():
    table = frame(employees=[5.0, np.nan], yes=flags(True, False))
    assert defined("zero_if_not(employees, yes)", table) == [5, None]


def test_what_a_wave_did_not_ask_is_left_out_in_that_wave_alone():
    table = pd.DataFrame(
        {"wave": ["A", "A", "B", "B"], "a": flags(False, True, False, False)}
    ).assign(b=flags(NA, NA, True, NA))
    assert defined("any(a, b)", table) == [False, True, True, None]


# In models


@pytest.fixture(scope="module")
def panel():
    rng = np.random.default_rng(1)
    n = 300
    firms = pd.DataFrame(
        {
            "firm_id": np.tile([f"f{i}" for i in range(n)], 2),
            "wave": np.repeat(["W1", "W2"], n),
            "reference_year": np.repeat([2004, 2006], n),
            "manufacturing": pd.array([True] * 2 * n, dtype="boolean"),
            "industry": rng.choice(["food", "steel", "cars"], 2 * n),
            "employees": rng.integers(0, 400, 2 * n).astype(float),
            "diversity": rng.integers(0, 8, 2 * n).astype(float),
            "group": pd.array(rng.random(2 * n) < 0.5, dtype="boolean"),
            **{f"asked_{block}": True for block in BLOCKS},
        }
    )
    firms["radical"] = firms["diversity"] + np.log1p(firms["employees"]) + rng.normal(size=2 * n)
    return firms


def spec(**changes):
    base = {"title": "t", "source": "s", "sample": ["manufacturing"], "estimator": "ols"}
    base |= {"outcomes": ["radical"], "columns": {"a": ["diversity"]}, "controls": []}
    base |= {"fixed_effects": [], "covariance": ["HC1"], "weights": None, "effects": []}
    return Model.model_validate({k: v for k, v in {**base, **changes}.items() if v != {}})


def run(panel, spec, **bootstrap):
    return estimate(panel, spec, country="XX", model="m", lag=2, bootstrap=bootstrap).table


def test_estimates_are_those_of_columns_made_by_hand(panel):
    terms = ["center(log1p(employees))^2", "log(employees):diversity", "standardise(diversity)"]
    table = run(panel, spec(columns={"a": terms}, fixed_effects=["bins(employees, 50, 250)"]))
    found = table[table["wave"] == "W2"].set_index("term")["estimate"]
    firms = panel[(panel["wave"] == "W2") & (panel["employees"] > 0)]
    logs = np.log1p(firms["employees"])
    by_hand = pd.DataFrame(
        {
            "y": firms["radical"],
            "a": (logs - logs.mean()) ** 2,
            "b": np.log(firms["employees"]) * firms["diversity"],
            "c": (firms["diversity"] - firms["diversity"].mean()) / firms["diversity"].std(),
            "middle": firms["employees"].between(50, 249).astype(float),
            "large": (firms["employees"] >= 250).astype(float),
        }
    )
    fit = OLS("y ~ a + b + c + middle + large", by_hand).fit("HC1")
    classes = [f"C(bins(employees, 50, 250))[T.{w}]" for w in ("50 to below 250", "250 or more")]
    np.testing.assert_allclose(found[[*terms, *classes]], fit.params.iloc[1:], rtol=1e-9)


def test_the_flow_says_whom_a_term_costs_and_all_columns_rest_on_the_same_firms(panel):
    model = spec(columns={"a": ["log(employees)"], "b": ["diversity"]})
    sample, flow = select_sample(panel, model, "W2", lag=2)
    last = flow.iloc[-1]
    none = int((panel.loc[panel["wave"] == "W2", "employees"] == 0).sum())
    assert none > 0
    assert last["restriction"] == "a value of log(employees)"
    assert (last["lost"], last["lost_missing"], last["lost_filtered"]) == (none, 0, 0)
    assert set(run(panel, model).query("wave == 'W2'")["n"]) == {len(sample)}


def test_centred_terms_cost_no_firm_and_are_of_the_sample_alone(panel):
    _, flow = select_sample(panel, spec(columns={"a": ["center(diversity)"]}), "W1", lag=2)
    assert list(flow["restriction"]) == list(
        select_sample(panel, spec(), "W1", lag=2)[1]["restriction"]
    )


def test_lag_in_the_first_wave_says_so_and_in_the_second_is_estimated(panel):
    table = run(panel, spec(columns={"a": ["lag(diversity)"]}))
    assert table.loc[table["wave"] == "W1", "note"].str.contains(r"lag\(diversity\)").all()
    second = table[(table["wave"] == "W2") & (table["term"] == "lag(diversity)")]
    first = panel[panel["wave"] == "W1"].set_index("firm_id")["diversity"]
    firms = panel[panel["wave"] == "W2"].assign(before=lambda f: f["firm_id"].map(first))
    assert second["estimate"].item() == pytest.approx(
        OLS("radical ~ before", firms).fit("HC1").params["before"]
    )


def test_tobit_path_and_panel_take_terms_too(panel):
    tobit = run(
        panel,
        spec(
            estimator="tobit",
            limits=[0, None],
            columns={"a": ["sqrt(employees)", "C(bins(diversity, 3)):group"]},
            fixed_effects=["industry"],
        ),
        seed=1,
    )
    assert {"sqrt(employees)", "C(bins(diversity, 3))[below 3]:group"} <= set(tobit["term"])
    path = run(
        panel,
        spec(
            estimator="path",
            equations={
                "log1p(employees)": ["diversity"],
                "radical": ["log1p(employees)", "diversity^2"],
            },
            effects=[["diversity", "radical"]],
            controls=["bins(employees, 100)"],
            columns={},
            outcomes=[],
        ),
        draws=50,
        seed=1,
    )
    arrows = path[path["column"] == "raw"]
    assert arrows.loc[arrows["term"] == "log1p(employees)", "estimate"].notna().all()
    assert "diversity → log1p(employees) → radical" in set(path["term"])
    over = run(
        panel,
        spec(
            estimator="panel",
            methods=["pooled"],
            wave_effects=True,
            columns={"a": ["center(diversity)", "log1p(employees)"]},
            covariance=[{"cluster": "firm_id"}],
        ),
    )
    found = over.set_index("term")["estimate"]
    assert found["log1p(employees)"] == pytest.approx(1, abs=0.3)


def test_three_states_of_an_answer_are_kept_in_constructs(panel):
    definition = "any(fund_eu, fund_national)"
    n = len(panel)
    funding = panel.assign(
        fund_eu=flags(*[True, NA, NA, False] * (n // 4)),
        fund_national=flags(*[NA, NA, NA, False] * (n // 4)),
        asked_funding=[True, True, False, True] * (n // 4),
    )
    funding["mine"] = evaluate(parse_definition(definition), funding)
    model = spec(columns={"a": ["mine"]}, constructs={"mine": definition})
    _, flow = select_sample(funding, model, "W1", lag=2)
    counts = flow[["lost", "lost_missing", "lost_filtered"]].to_numpy().tolist()
    assert counts[-2:] == [[75, 0, 75], [75, 75, 0]]
    flow = select_sample(
        funding, spec(sample=["mine"], constructs={"mine": definition}), "W1", lag=2
    )[1]
    assert tuple(flow.loc[1, ["lost", "lost_missing", "lost_filtered"]]) == (225, 75, 75)


def test_what_has_no_value_for_other_reasons_is_neither_missing_nor_filtered(panel):
    definition = "1 / employees"
    panel = panel.assign(employees=panel["employees"].where(panel.index % 3 > 0, 0.0))
    panel = panel.assign(mine=evaluate(parse_definition(definition), panel))
    model = spec(columns={"a": ["mine"]}, constructs={"mine": definition})
    last = select_sample(panel, model, "W1", lag=2)[1].iloc[-1]
    assert last["lost"] >= 100
    assert (last["lost_missing"], last["lost_filtered"]) == (0, 0)


def test_plain_models_need_no_column_besides_the_panels(panel):
    model = spec(columns={"a": ["diversity:group", "C(industry)"]}, fixed_effects=["industry"])
    assert term_columns(model) == {}
    assert settled(model) == {}
    assert nearly_unique(panel, model) == []
    many = pd.concat([panel] * 40).head(40)
    assert nearly_unique(many.assign(industry=[f"i{k}" for k in range(40)]), model) == ["industry"]


def test_a_column_called_as_a_term_is_taken_for_it():
    assert_series_equal(
        evaluate(parse_term("center(log(a))"), frame(**{"log(a)": [1.0, 3.0]})),
        pd.Series([-1.0, 1.0]),
        check_names=False,
    )
