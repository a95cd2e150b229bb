"""Attacks by subtraction: two statistics that are the same but for a few firms tell of these."""

import numpy as np
import pandas as pd
import pytest
from disclosed import OLS, RULES, TOBIT, flags, released, sample_of, survey, variable_of

from cisflow.assist.power import told as power_told
from cisflow.estimation.estimates import ESTIMATED, WITHHELD
from cisflow.estimation.expected import Design
from cisflow.study.claims import Rule, Single

TERMS = ["coop_any", "diversity", "log_employees"]
WIDE = {**OLS, "columns": {"any": ["coop_any", "diversity"]}}


def table_of(out, model):
    return out.estimates[model].table.set_index(["column", "term"])


def moments_of(out, model, names):
    """Return X'X of a constant and some variables, from a published description."""
    sample = sample_of(out, model)
    rows = {v["variable"]: (i, v) for i, v in enumerate(sample["variables"])}
    where = [rows[name][0] for name in names]
    mean = np.array([rows[name][1]["mean"] for name in names], dtype=float)
    sd = np.array([rows[name][1]["sd"] for name in names], dtype=float)
    r = np.array(sample["correlations"], dtype=float)[np.ix_(where, where)]
    n = sample["n"]
    found = np.empty((len(names) + 1,) * 2)
    found[0, 0], found[0, 1:], found[1:, 0] = n, n * mean, n * mean
    found[1:, 1:] = r * np.outer(sd, sd) * (n - 1) + n * np.outer(mean, mean)
    return found


def firm_between(out, one, other):
    """Return the values of the firm by which two samples differ, from all that is published."""
    names = [("any", t) for t in ("Intercept", *TERMS)]
    b, c = (table_of(out, m).loc[names, "estimate"].to_numpy(dtype=float) for m in (one, other))
    multiple = moments_of(out, one, TERMS) @ (b - c)
    return multiple[1:] / multiple[0]


def capped(panel, name, at):
    return panel.assign(**{f"{name}_capped": panel[name].clip(upper=at)})


def largest(panel, name, rank):
    """Return a value between that of the largest firms and of the next."""
    return float(panel[name].nlargest(rank + 1).iloc[-2:].mean())


# --- samples that differ by few firms ---------------------------------------------------------


@pytest.mark.parametrize("few", [1, 5, 9])
def test_coefficients_with_and_without_a_few_firms_are_not_both_told(few):
    panel = survey()
    panel["others"] = flags(panel["employees"] < largest(panel, "employees", few))
    others = {**WIDE, "sample": ["manufacturing", "others"]}
    out = released(panel, main=WIDE, without=others)
    assert (table_of(out, "main")["status"] == ESTIMATED).all()
    assert (table_of(out, "without")["status"] == WITHHELD).all()
    assert np.isnan(firm_between(out, "main", "without")).all()


def test_the_attack_solves_for_the_firm_where_both_are_told():
    panel = survey()
    panel["others"] = flags(panel["employees"] < largest(panel, "employees", 1))
    rules = RULES.model_copy(update={"minimum_cell": 1})
    out = released(panel, rules, main=WIDE, w={**WIDE, "sample": ["manufacturing", "others"]})
    firm = panel.loc[panel["employees"].idxmax(), TERMS].astype(float)
    assert firm_between(out, "main", "w") == pytest.approx(firm.to_numpy(), abs=1e-6)


def test_nor_are_they_where_the_smaller_model_comes_second():
    """What a description tells of a sample are the coefficients of every model within it."""
    panel = survey()
    panel["others"] = flags(panel["employees"] < largest(panel, "employees", 2))
    small = {**OLS, "sample": ["manufacturing", "others"]}
    out = released(panel, main=WIDE, small=small)
    assert (table_of(out, "small")["status"] == WITHHELD).all()


def test_nor_those_of_a_tobit():
    panel = survey()
    panel["others"] = flags(panel["employees"] < largest(panel, "employees", 2))
    without = {**TOBIT, "sample": ["manufacturing", "others"]}
    out = released(panel, main=TOBIT, without=without)
    assert (table_of(out, "without")["status"] == WITHHELD).all()
    fit = out.estimates["without"].diagnostics["fits"][0]
    assert {*fit} <= {"wave", "outcome", "column", "method", "note"}


def test_samples_that_differ_by_enough_have_coefficients():
    panel = survey()
    panel["others"] = flags(panel["employees"] < largest(panel, "employees", 12))
    out = released(panel, main=WIDE, without={**WIDE, "sample": ["manufacturing", "others"]})
    assert (table_of(out, "without")["status"] == ESTIMATED).all()


def test_a_model_of_more_variables_than_are_described_keeps_its_coefficients():
    panel = survey()
    panel.loc[[3, 7], "protection"] = np.nan
    extension = {**OLS, "columns": {"any": ["coop_any", "protection"]}}
    out = released(panel, main=OLS, extension=extension)
    assert (table_of(out, "extension")["status"] == ESTIMATED).all()


# --- variables that differ for few firms ------------------------------------------------------


def test_two_thresholds_do_not_tell_the_firm_between_them():
    panel = survey()
    place = panel["employees"].rank(method="first", ascending=False)
    panel["top"], panel["larger"] = flags(place <= 50), flags(place <= 51)
    columns = {"a": ["top"], "b": ["larger"]}
    out = released(panel, main={**OLS, "columns": columns, "controls": []})
    told = table_of(out, "main")["estimate"]
    sums = [
        (told[c, "Intercept"] + told[c, term]) * n
        for c, term, n in (("a", "top", 50), ("b", "larger", 51))
    ]
    assert np.isfinite(sums[0])
    assert np.isnan(sums[1])


@pytest.mark.parametrize("scale", [1.0, -2.5])
def test_a_variable_and_itself_capped_have_not_both_a_mean(scale):
    panel = survey()
    cap = largest(panel, "log_employees", 1)
    panel = capped(panel, "log_employees", cap)
    panel["log_employees_capped"] *= scale
    spec = {**OLS, "controls": ["log_employees", "log_employees_capped"]}
    out = released(panel, main=spec)
    one = variable_of(out, "main", "log_employees")
    other = variable_of(out, "main", "log_employees_capped")
    assert one["mean"] == pytest.approx(panel["log_employees"].mean())
    assert other["mean"] is None
    assert other["sd"] is None


def test_nor_where_two_models_have_one_of_them_each():
    panel = capped(survey(), "log_employees", largest(survey(), "log_employees", 3))
    out = released(panel, main=OLS, other={**OLS, "controls": ["log_employees_capped"]})
    assert variable_of(out, "other", "log_employees_capped")["mean"] is None
    assert (table_of(out, "other")["status"] == WITHHELD).all()


def test_an_outcome_and_itself_capped_are_not_both_regressed():
    panel = capped(survey(), "profit_margin", largest(survey(), "profit_margin", 1))
    out = released(panel, main={**OLS, "outcomes": ["profit_margin", "profit_margin_capped"]})
    table = out.estimates["main"].table
    status = table.groupby("outcome")["status"].unique().map(list)
    assert status["profit_margin"] == [ESTIMATED]
    assert status["profit_margin_capped"] == [WITHHELD]


def test_variables_that_many_firms_have_otherwise_are_told():
    panel = capped(survey(), "log_employees", largest(survey(), "log_employees", 40))
    spec = {**OLS, "controls": ["log_employees", "log_employees_capped", "rd_intensity"]}
    out = released(panel, main=spec)
    assert all(v["mean"] is not None for v in sample_of(out, "main")["variables"])
    assert pd.notna(table_of(out, "main")["estimate"]).all()


# --- few firms behind many numbers, or behind one ----------------------------------------------


@pytest.mark.parametrize("few", [1, 3, 4])
def test_a_dummy_in_disguise_is_a_dummy(few):
    """Of a number all others have nearly alike the slope is the mean of the few, less theirs."""
    panel = survey()
    flag = np.arange(400) < few
    panel["rd_intensity"] = 1000.0 * flag + np.random.default_rng(3).random(400)
    out = released(panel, main={**OLS, "columns": {"any": ["rd_intensity"]}, "controls": []})
    for term in ("rd_intensity", "Intercept"):
        assert table_of(out, "main").loc[("any", term), "status"] == WITHHELD, term


def power_sums(out, model):
    """Return the sums of powers of x that a description tells."""
    sample = sample_of(out, model)
    n, names = sample["n"], [v["variable"] for v in sample["variables"]]
    powers = {int(v["variable"][1:]): v for v in sample["variables"] if v["variable"][0] == "x"}
    found = {p: n * v["mean"] for p, v in powers.items() if v["mean"] is not None}
    for p, a in powers.items():
        for q, b in powers.items():
            r = sample["correlations"][names.index(f"x{p}")][names.index(f"x{q}")]
            if r is not None:
                found[p + q] = r * a["sd"] * b["sd"] * (n - 1) + n * a["mean"] * b["mean"]
    return found


@pytest.mark.parametrize("split", [False, True])
def test_sums_of_powers_do_not_solve_for_the_firms_of_a_small_sample(split):
    """As many sums as firms are an equation (Newton's identities) whose roots are the firms."""
    panel = survey()
    place = panel["employees"].rank(method="first", ascending=False)
    panel["some"] = flags(place.between(30, 41))
    powers = {f"x{p}": (panel["employees"] / 100) ** p for p in range(1, 7)}
    panel = panel.assign(**powers)
    spec = {**OLS, "sample": ["some"]}
    parts = [[*powers][:3], [*powers][3:]] if split else [[*powers]]
    models = {f"m{i}": {**spec, "controls": part} for i, part in enumerate(parts)}
    out = released(panel, **models)
    assert sample_of(out, "m0")["n"] == 12
    known = set().union(*(power_sums(out, model) for model in models))
    assert 0 < len(known) <= 12 - RULES.residual_df


def test_powers_are_told_of_enough_firms():
    powers = {f"x{p}": (survey()["employees"] / 100) ** p for p in (1, 2)}
    out = released(survey().assign(**powers), main={**OLS, "controls": [*powers]})
    assert len(power_sums(out, "main")) == 4


# --- before a run -----------------------------------------------------------------------------


@pytest.mark.parametrize("outcome", ["", "a claimed effect"])
def test_what_samples_can_decide_does_not_tell_by_how_few_firms_they_differ(outcome):
    """`cisflow power` sees the panel: its n, degrees of freedom and n_needed are of one number."""
    effect = {"claimed_effect": 5.0} if outcome else {}
    test = Single(model="m", outcome="y", column="a", term="x", expect="positive", **effect)
    first, second = (
        power_told(Design(n, 100, n - 100, 100, 2.5, df=n - 17.0), test, Rule(), 10)
        for n in (221, 219)
    )
    assert first["n"] == 220
    assert first == second
