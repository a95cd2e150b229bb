"""What tests rest on is counted as it is: against refits without each firm and without outliers."""

import numpy as np
import pandas as pd
import pytest
from specs import model_of

from cisflow.estimation.estimates import TESTS
from cisflow.estimation.holding import PRIVATE
from cisflow.estimation.run import estimate
from cisflow.study.canonical import BLOCKS
from cisflow.study.claims import Rule, Single
from cisflow.study.verdicts import intervals_of, normal_shape, read

N = 120
RULE = Rule(outliers="rd_intensity <= 100")


@pytest.fixture(scope="module")
def panel():
    rng = np.random.default_rng(8)
    coop = rng.random(N) < 0.4
    rd = rng.exponential(4, N)
    rd[:5] = 150.0  # R&D above turnover
    latent = 5 + 9 * coop + rng.normal(0, 20, N) + 40 * (np.arange(N) < 5) * coop
    x = rng.normal(size=N)
    y = 0.25 * x + 0.3 * coop + rng.normal(size=N)
    return pd.DataFrame(
        {
            "wave": "W1",
            "reference_year": 2004,
            "firm_id": [f"f{i}" for i in range(N)],
            "manufacturing": pd.array([True] * N, dtype="boolean"),
            "coop_any": pd.array(coop, dtype="boolean"),
            "rare": pd.array(np.arange(N) < 4, dtype="boolean"),
            "rd_intensity": rd,
            "radical": np.clip(latent, 0, 100),
            "log_employees": x,
            "profit_margin": y,
            "personnel_cost_share": 0.4 * x - 0.3 * y + rng.normal(size=N),
            **{f"asked_{block}": True for block in BLOCKS},
        }
    )


TOBIT = model_of(
    {
        "title": "t",
        "sample": ["manufacturing"],
        "estimator": "tobit",
        "limits": [0, 100],
        "outcomes": ["radical"],
        "columns": {"any": ["coop_any", "log_employees"], "rare": ["rare", "coop_any"]},
        "covariance": ["HC1"],
    }
)
PATH = model_of(
    {
        "title": "t",
        "sample": ["manufacturing"],
        "estimator": "path",
        "equations": {
            "profit_margin": ["log_employees"],
            "personnel_cost_share": ["log_employees", "profit_margin"],
        },
        "effects": [["log_employees", "personnel_cost_share"]],
        "covariance": ["HC1"],
    }
)


def claimed(**changes):
    base = {"model": "m", "outcome": "radical", "column": "any", "term": "coop_any"}
    return Single.model_validate({**base, "expect": "positive", **changes})


def run(panel, spec, *tests, rule=RULE):
    options = {"country": "BE", "model": "m", "lag": 2, "bootstrap": {"draws": 300, "seed": 1}}
    return estimate(panel, spec, tests=tests, rule=rule, **options)


def facts(found):
    return [fact for fit in found.diagnostics["fits"] for fact in fit.get(TESTS, ())]


def number(found, test):
    rows = found.table
    keys = ("outcome", "column", "term")
    here = rows[(rows[list(keys)] == [getattr(test, k) for k in keys]).all(axis=1)]
    row = here[here["quantity"] == test.measured].iloc[0]
    return row["estimate"], row["std_error"]


@pytest.mark.parametrize("quantity", ["coefficient", "observed"])
def test_single_firms_turn_a_verdict_as_often_as_refits_say(panel, quantity):
    test = claimed(quantity=quantity)
    full = run(panel, TOBIT, test)
    shape = normal_shape(RULE.levels)

    def verdict(numbers):
        return read(test.expected, *intervals_of(shape, *numbers)).verdict

    said = verdict(number(full, test))
    others = [i for i in range(N) if verdict(number(run(panel.drop(index=i), TOBIT), test)) != said]
    fact = facts(full)[0]
    assert abs(fact["turned_by_one"] - len(others)) <= 1 + 0.1 * len(others)
    assert fact["turned"] == bool(fact["turned_by_one"])
    assert len(set(fact["rows_turned"]) ^ set(others)) <= 1 + 0.2 * len(others)


@pytest.mark.parametrize(
    ("outcome", "term", "column"),
    [
        ("profit_margin", "log_employees", "raw"),
        ("profit_margin", "log_employees", "standardised"),
        ("personnel_cost_share", "total(log_employees)", "standardised"),
        ("personnel_cost_share", "indirect(log_employees)", "raw"),
        ("personnel_cost_share", "log_employees → profit_margin → personnel_cost_share", "raw"),
    ],
)
def test_effects_of_path_models_move_as_refits_say(panel, outcome, term, column):
    test = claimed(outcome=outcome, term=term, column=column)
    full = run(panel, PATH, test)
    influence = facts(full)[0]["influence"]
    estimate_of_all, _ = number(full, test)
    for i in (0, 7, 50):
        without, _ = number(run(panel.drop(index=i), PATH), test)
        assert influence[str(i)] == pytest.approx(estimate_of_all - without, abs=1e-9)


def test_firms_on_either_side_are_counted_on_the_firms_used(panel):
    gappy = panel.assign(log_employees=panel["log_employees"].where(panel.index >= 20))
    fact = facts(run(gappy, TOBIT, claimed()))[0]
    coop = panel["coop_any"].astype(bool)[20:]
    assert (fact["firms_with"], fact["firms_without"]) == (coop.sum(), (~coop).sum())
    assert fact["rows_with"] == list(coop.index[coop])
    assert not fact["few"]


def test_few_firms_are_few_by_the_rule(panel):
    rare = claimed(column="rare", term="rare")
    assert facts(run(panel, TOBIT, rare))[0]["few"]
    assert not facts(run(panel, TOBIT, rare, rule=Rule(minimum_firms=4)))[0]["few"]
    assert facts(run(panel, TOBIT, rare))[0]["firms_with"] == 4


@pytest.mark.parametrize("spec", [TOBIT, PATH])
def test_estimates_without_outliers_are_those_of_the_other_firms(panel, spec):
    path = {"outcome": "profit_margin", "term": "log_employees", "column": "raw"}
    test = claimed(**({} if spec is TOBIT else path))
    found = facts(run(panel, spec, test))[0]["outliers"]
    rest = panel[panel["rd_intensity"] <= 100]
    assert found["left_out"] == 5
    assert found["estimate"] == pytest.approx(number(run(rest, spec), test)[0], rel=1e-6)


@pytest.mark.parametrize("rule", [Rule(), Rule(outliers="unknown_variable <= 3")])
def test_without_a_rule_that_can_be_asked_nobody_is_left_out(panel, rule):
    assert "outliers" not in facts(run(panel, TOBIT, claimed(), rule=rule))[0]


def test_what_is_not_tested_is_not_counted_and_what_has_no_estimate_has_no_facts(panel):
    assert facts(run(panel, TOBIT)) == []
    assert facts(run(panel, TOBIT, claimed(term="no_such_term"))) == []


def test_estimates_are_the_same_with_and_without_tests(panel):
    pd.testing.assert_frame_equal(run(panel, TOBIT, claimed()).table, run(panel, TOBIT).table)


def test_what_names_firms_is_known_by_its_name(panel):
    fact = facts(run(panel, TOBIT, claimed()))[0]
    listed = {key for key, value in fact.items() if isinstance(value, list | dict)}
    assert listed - {"outliers"} <= set(PRIVATE)


def test_levels_of_a_class_have_sides_and_are_left_out_one_by_one(panel):
    size = np.where(np.arange(N) % 3 == 0, "large", np.where(np.arange(N) % 3 == 1, "mid", "small"))
    firms = panel.assign(technology=pd.array(size, dtype="string"))
    columns = {"any": ("coop_any", "C(technology)", "coop_any:C(technology)")}
    spec = TOBIT.model_copy(update={"columns": columns, "alternatives": ()})
    term = "coop_any:C(technology)[T.small]"
    found = run(firms, spec, claimed(term=term, quantity="observed"))
    (fact,) = found.diagnostics["fits"][0][TESTS]
    coop = firms["coop_any"].to_numpy(dtype=bool)
    # Small firms are compared with large ones, to which those in between have nothing to say.
    cells = [((coop == a) & (size == b)).sum() for a in (0, 1) for b in ("small", "large")]
    assert fact["firms_with"] == min(cells)
    assert fact["firms_with"] + fact["firms_without"] == (size != "mid").sum()
    assert fact["turned"] in (True, False)
    assert fact["outliers"]["left_out"] == 5


def test_a_level_that_is_compared_with_few_firms_has_few(panel):
    size = np.where(np.arange(N) < 6, "large", np.where(np.arange(N) % 2, "mid", "small"))
    firms = panel.assign(technology=pd.array(size, dtype="string"))
    columns = {"any": ("coop_any", "C(technology)")}
    spec = TOBIT.model_copy(update={"columns": columns, "alternatives": ()})
    (fact,) = facts(run(firms, spec, claimed(term="C(technology)[T.small]")))
    assert (fact["firms_with"], fact["firms_without"]) == ((size == "small").sum(), 6)
    assert fact["few"]


def test_of_effects_among_firms_alike_only_these_are_counted(panel):
    alike = {
        "title": "t",
        "sample": ["manufacturing"],
        "estimator": "doubly_robust",
        "overlap": [0.1, 0.9],
        "outcomes": ["radical"],
        "columns": {"any": ["coop_any", "log_employees"]},
        "covariance": ["HC1"],
    }
    apart = panel["log_employees"] + 2.0 * panel["coop_any"].astype(float)
    firms = panel.assign(log_employees=apart)  # few small firms cooperate
    found = run(firms, model_of(alike), claimed(quantity="observed"))
    (fact,) = facts(found)
    n = found.table["n"].iloc[0]
    assert fact["firms_with"] + fact["firms_without"] == n < N
