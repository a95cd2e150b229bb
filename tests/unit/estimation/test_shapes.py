"""What is made of a regression's terms, against the same worked out by hand."""

import numpy as np
import pandas as pd
import pytest
from shaped_firms import A, B, N, R, X, made_up_firms, shaped_model

from cisflow.estimation.estimates import TESTS
from cisflow.estimation.run import estimate
from cisflow.estimation.shapes import BINS, SHAPES, ends_of, thirds_of
from cisflow.estimators import OLS, Tobit
from cisflow.study.claims import Rule, Single


@pytest.fixture(scope="module")
def panel():
    return made_up_firms()


def found(panel, spec, tests=()):
    rule = Rule(outliers=f"{R} <= 10")
    return estimate(
        panel,
        spec,
        country="BE",
        model="m",
        lag=2,
        bootstrap={"draws": 2, "seed": 1},
        tests=tests,
        rule=rule,
    )


@pytest.fixture(scope="module")
def linear(panel):
    return found(panel, shaped_model())


def row(estimates, column, term, quantity="coefficient"):
    t = estimates.table
    here = (t["column"] == column) & (t["term"] == term) & (t["quantity"] == quantity)
    return t[here].iloc[0]


def record(estimates, kind, quantity="coefficient"):
    every = [s for fit in estimates.diagnostics["fits"] for s in fit.get(SHAPES, ())]
    return next(s for s in every if s["kind"] == kind and s.get("quantity", quantity) == quantity)


def fitted(panel, formula):
    data = panel.assign(a=panel[A].astype(float), b=panel[B].astype(float), d2=panel[X] ** 2)
    return OLS.from_formula(f"profit_margin ~ {formula} + log_employees", data).fit("HC1")


def test_complements_and_strategies_of_least_squares(panel, linear):
    by_hand = fitted(panel, "a + b + a:b")
    gain = row(linear, "pair", f"complements({A}, {B})")
    assert gain["estimate"] == pytest.approx(by_hand.params["a:b"])
    assert gain["std_error"] == pytest.approx(by_hand.bse["a:b"])
    both = row(linear, "pair", f"strategy({A}, {B})")
    names = ["a", "b", "a:b"]
    assert both["estimate"] == pytest.approx(by_hand.params[names].sum())
    variance = by_hand.cov_params().loc[names, names].to_numpy().sum()
    assert both["std_error"] == pytest.approx(np.sqrt(variance))
    alone = row(linear, "pair", f"strategy({A})")
    assert alone["estimate"] == pytest.approx(by_hand.params["a"])
    assert record(linear, "complements")["verdict"] == "strict complements"


def test_an_inverted_u_is_the_weaker_of_two_slopes(panel, linear):
    by_hand = fitted(panel, "diversity + d2")
    slopes = [by_hand.params["diversity"] + 2 * by_hand.params["d2"] * end for end in (0, 7)]
    low, high = (row(linear, "breadth", f"slope_{end}({X})") for end in ("low", "high"))
    assert [low["estimate"], high["estimate"]] == pytest.approx(slopes)
    weaker = min((low["statistic"], low["estimate"]), (-high["statistic"], -high["estimate"]))
    joint = row(linear, "breadth", f"inverted_u({X})")
    assert (joint["statistic"], joint["estimate"]) == pytest.approx(weaker)
    turn = record(linear, "inverted_u")["turn"]
    assert turn["place"] == pytest.approx(-by_hand.params["diversity"] / 2 / by_hand.params["d2"])
    assert turn["low"] < 4 < turn["high"]
    lines = record(linear, "two_lines")
    assert lines["breakpoint"] in (3.0, 4.0, 5.0)
    assert row(linear, "breadth", f"two_lines({X})")["estimate"] > 0


def test_an_effect_by_thirds_and_its_curve(panel, linear):
    by_hand = fitted(panel, "a + rd_intensity + a:rd_intensity")
    thirds = thirds_of(panel[R].to_numpy())
    slope = by_hand.params["a:rd_intensity"]
    gap = panel[R][thirds["high"]].mean() - panel[R][thirds["low"]].mean()
    difference = row(linear, "range", f"effect({A}, high minus low {R})")
    assert difference["estimate"] == pytest.approx(slope * gap)
    curve = record(linear, "effect")
    expected = by_hand.params["a"] + slope * np.array(curve["places"])
    np.testing.assert_allclose(curve["effects"], expected, rtol=1e-6)
    assert curve["uniform"] > curve["pointwise"]
    below = (panel[R] <= curve["places"][-1]) & (panel[R] >= curve["places"][0])
    assert sum(len(some["rows"]) for some in curve[BINS]) == below.sum()


def test_a_tobit_has_them_on_the_observed_share_and_in_its_alternatives(panel):
    spec = shaped_model("tobit", "radical", limits=[0, 100], alternatives=["fractional"])
    estimates = found(panel, spec)
    pair = row(estimates, "pair", f"complements({A}, {B})", "observed")
    product = row(estimates, "pair", f"{A}:{B}", "observed")
    assert pair["estimate"] == pytest.approx(product["estimate"])
    assert pair["std_error"] == pytest.approx(product["std_error"])
    data = panel.assign(a=panel[A].astype(float), b=panel[B].astype(float))
    fit = Tobit.from_formula("radical ~ a + b + a:b + log_employees", data, 0, 100).fit("HC1")
    means = [fit.predict(data.assign(a=x, b=y)).mean() for x, y in ((1.0, 1.0), (0.0, 0.0))]
    both = row(estimates, "pair", f"strategy({A}, {B})", "observed")
    assert both["estimate"] == pytest.approx(means[0] - means[1], rel=1e-6)
    for column in ("breadth", "breadth: fractional"):
        assert row(estimates, column, f"inverted_u({X})", "observed")["statistic"] > 2
        assert row(estimates, column, f"two_lines({X})")["estimate"] > 0


def test_tests_on_them_are_held_against_firms_as_any_other(panel):
    tests = [
        Single(model="m", outcome="profit_margin", column=column, term=term, expect="positive")
        for column, term in (
            ("pair", f"complements({A}, {B})"),
            ("pair", f"strategy({A})"),
            ("breadth", f"inverted_u({X})"),
            ("range", f"effect({A}, high minus low {R})"),
        )
    ]
    estimates = found(panel, shaped_model(), tests)
    facts = {t["term"]: t for fit in estimates.diagnostics["fits"] for t in fit.get(TESTS, ())}
    a, b = panel[A].to_numpy(bool), panel[B].to_numpy(bool)
    cells = [(a & b).sum(), (a & ~b).sum(), (~a & b).sum(), (~a & ~b).sum()]
    assert facts[f"complements({A}, {B})"]["firms_with"] == min(cells)
    assert facts[f"strategy({A})"]["firms_with"] == cells[1]
    assert facts[f"strategy({A})"]["firms_without"] == cells[3]
    influence = facts[f"inverted_u({X})"]["influence"]
    assert len(influence) == N
    without = found(panel.drop(index=0).reset_index(drop=True), shaped_model())
    moved = (
        row(estimates, "breadth", f"inverted_u({X})")["estimate"]
        - (row(without, "breadth", f"inverted_u({X})")["estimate"])
    )
    assert influence["0"] == pytest.approx(moved, rel=0.05)
    assert all("outliers" in fact for fact in facts.values())


def test_the_evidence_of_an_effect_in_a_third_is_of_the_firms_there(linear, panel):
    fit = next(f for f in linear.diagnostics["fits"] if f["column"] == "range")
    support = fit["evidence"]["support"]
    high = thirds_of(panel[R].to_numpy())["high"]
    inside = panel[A].to_numpy(bool)[high]
    assert support[f"effect({A}, high {R})"] <= min(inside.sum(), (~inside).sum())


def test_ends_and_thirds():
    assert ends_of(np.arange(100.0)) == (9.0, 90.0)
    thirds = thirds_of(np.array([0.0, 0, 0, 0, 1, 2, 3, 4, 5]))
    assert [int(some.sum()) for some in thirds.values()] == [4, 2, 3]


def test_what_cannot_be_had_says_why(panel):
    few = panel.assign(**{B: pd.array([False] * N, dtype="boolean")})
    estimates = found(few, shaped_model())
    lost = row(estimates, "pair", f"complements({A}, {B})")
    assert lost["status"] == "not_estimable"
    assert "has no coefficient" in lost["note"]


def test_what_rests_on_one_firm_has_no_error_however_it_is_made(panel):
    with_a, without = (panel.index[panel[A].astype(bool) == yes][0] for yes in (True, False))
    lonely = pd.Series(False, panel.index)
    lonely[[with_a, without]] = True  # one firm with both, one with B alone
    estimates = found(panel.assign(**{B: lonely.astype("boolean")}), shaped_model())
    for name in (f"complements({A}, {B})", f"strategy({A}, {B})", f"strategy({B})"):
        lost = row(estimates, "pair", name)
        assert lost["status"] == "not_estimable"
        assert "fitted exactly" in lost["note"]
    alone = row(estimates, "pair", f"strategy({A})")
    assert alone["std_error"] > 0, alone["note"]
