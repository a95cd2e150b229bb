"""Specification curves: every combination a row, what may not be told no part of the whole."""

import numpy as np
import pandas as pd
import pytest
from disclosed import RULES, released, survey
from specs import model_of

from cisflow.estimation.estimates import JOINT, OBSERVED, SHARE_POSITIVE, SHARE_SIGNIFICANT
from cisflow.estimation.run import estimate
from cisflow.study.choices import choices_in
from cisflow.study.disclosure import UNRESTRICTED

CHOICES = {
    "sample": {"everyone": [], "smaller": ["employees < 80"]},
    "controls": {"size": ["log_employees"], "size and industry": ["log_employees", "C(industry)"]},
    "estimator": ["tobit", "fractional", "ols"],
    "covariance": ["HC1", "nonrobust"],
    "never": [{"estimator": "fractional", "covariance": "nonrobust"}],
    "draws": 199,
}
CURVE = {
    "title": "t",
    "sample": ["manufacturing"],
    "estimator": "curve",
    "limits": [0, 100],
    "outcomes": ["radical"],
    "columns": {"curve": ["coop_any"]},
    "choices": CHOICES,
}


@pytest.fixture(scope="module")
def panel():
    return survey(300)


def run(panel, profile=UNRESTRICTED, **choices):
    spec = model_of({**CURVE, "choices": {**CHOICES, **choices}})
    return estimate(
        panel,
        spec,
        country="BE",
        model="m",
        lag=2,
        bootstrap={"draws": 10, "seed": 1},
        profile=profile,
    )


def curve_in(found, outcome="radical"):
    return next(f["curve"] for f in found.diagnostics["fits"] if "curve" in f)


def whole(found):
    own = found.table[found.table["column"] == "curve"]
    return own.set_index("quantity")


def single(found):
    return found.table[found.table["column"] != "curve"]


@pytest.fixture(scope="module")
def found(panel):
    return run(panel)


def test_every_combination_is_a_row(found):
    rows = single(found)
    assert len(rows) == 2 * 2 * (2 + 1 + 2)
    made = rows["column"].map(choices_in).tolist()
    assert {m["estimator"] for m in made} == {"tobit", "fractional", "ols"}
    never = [(m["estimator"], c) for m, c in zip(made, rows["cov_type"], strict=True)]
    assert ("fractional", "nonrobust") not in never
    assert (rows["status"] == "estimated").all()
    assert (rows["quantity"] == OBSERVED).all()


@pytest.mark.parametrize("estimator", ["tobit", "fractional"])
def test_the_main_specification_is_the_model_of_its_own(panel, found, estimator):
    spec = model_of(
        {
            **{k: v for k, v in CURVE.items() if k != "choices"},
            "estimator": estimator,
            "columns": {"any": ["coop_any"]},
            "controls": ["log_employees"],
            "covariance": ["HC1"],
            **({"alternatives": []} if estimator == "tobit" else {}),
        }
    )
    own = estimate(
        panel, spec, country="BE", model="o", lag=2, bootstrap={"draws": 10, "seed": 1}
    ).table
    own = own[(own["term"] == "coop_any") & (own["quantity"] == OBSERVED)].iloc[0]
    rows = single(found)
    column = f"curve: as asked | everyone | all | together | size | {estimator} | none"
    row = rows[(rows["column"] == column) & (rows["cov_type"] == "HC1")].iloc[0]
    numbers = ["estimate", "std_error", "p_value", "ci_low", "ci_high", "n"]
    assert row[numbers].tolist() == pytest.approx(own[numbers].tolist(), rel=1e-6)


def test_the_whole_is_of_the_rows(found):
    rows, own = single(found), whole(found)
    assert own.loc[OBSERVED, "estimate"] == pytest.approx(rows["estimate"].median())
    assert own.loc[SHARE_POSITIVE, "estimate"] == (rows["estimate"] > 0).mean()
    sure = (rows["p_value"] < 0.05) & (rows["estimate"] > 0)
    assert own.loc[SHARE_SIGNIFICANT, "estimate"] == pytest.approx(sure.mean())
    assert 0 < own.loc[JOINT, "estimate"] <= 1
    assert own.loc[OBSERVED, "std_error"] > 0
    about = curve_in(found)
    assert about["terms"]["coop_any"]["specifications"] == len(rows)
    assert about["left_out"] == []
    assert about["choices"]["sample"] == ["everyone", "smaller"]


def test_the_same_firms_and_seed_give_the_same_numbers(panel, found):
    pd.testing.assert_frame_equal(run(panel).table, found.table)


def test_of_samples_that_differ_by_few_firms_the_first_is_taken(panel):
    largest = panel["employees"].nlargest(4).min()
    near = run(panel, RULES, sample={"everyone": [], "but three": [f"employees <= {largest:.0f}"]})
    assert {choices_in(c)["sample"] for c in single(near)["column"]} == {"everyone"}
    (out,) = curve_in(near)["left_out"]
    assert "fewer firms than the rules ask" in out["why"]


def test_the_same_firms_twice_are_one_sample(panel):
    twice = run(panel, sample={"everyone": [], "again": ["manufacturing"]})
    assert {choices_in(c)["sample"] for c in single(twice)["column"]} == {"everyone"}


def test_a_sample_of_nobody_is_said(panel):
    none = run(panel, sample={"everyone": [], "nobody": ["employees < 0"]})
    assert curve_in(none)["left_out"][0]["why"] == "no firm is left"


def test_weights_that_the_file_lacks_are_said(panel):
    flat = run(panel, weights=["none", "weight"])
    (out,) = curve_in(flat)["left_out"]
    assert (out["choice"], out["option"]) == ("weights", "weight")
    assert set(single(flat)["weights"]) == {"unweighted"}
    weighted = run(
        panel.assign(weight=np.linspace(1, 5, len(panel))),
        weights=["none", "weight"],
        never=[{"weights": "weight", "covariance": "nonrobust"}],
    )
    assert set(single(weighted)["weights"]) == {"unweighted", "weight"}


def test_a_control_that_was_not_asked_is_said(panel):
    without = run(panel, controls={"none": [], "group": ["group"]})
    assert curve_in(without)["left_out"] == []
    unasked = panel.assign(group=pd.array([pd.NA] * len(panel), dtype="boolean"))
    found = run(unasked, controls={"none": [], "group": ["group"]})
    assert curve_in(found)["left_out"][0]["why"] == "nothing measured for group"
    assert {choices_in(c)["controls"] for c in single(found)["column"]} == {"none"}


def test_an_effect_on_few_firms_is_no_part_of_the_whole(panel):
    few = panel.copy()
    few["coop_any"] = pd.array([i < 3 for i in range(len(few))], dtype="boolean")
    found = run(few, RULES)
    assert (single(found)["status"] == "withheld").all()
    assert "fewer firms than the rules ask" in single(found)["note"].iloc[0]
    assert whole(found)["note"].tolist() == ["no specification has an estimate"]


def test_a_term_can_stand_alone_or_beside_another(panel):
    spec = {
        **CURVE,
        "columns": {"curve": ["coop_any", "group"]},
        "choices": {
            **CHOICES,
            "regressors": {"together": {}, "alone": {"coop_any": ["coop_any"], "group": ["group"]}},
        },
    }
    found = estimate(
        panel, model_of(spec), country="BE", model="m", lag=2, bootstrap={"seed": 1, "draws": 9}
    )
    rows = single(found)
    made = rows["column"].map(lambda c: choices_in(c)["regressors"])
    of = rows.groupby([rows["term"], made]).size()
    assert len(set(of)) == 1
    assert len(of) == 4


def test_all_of_a_curve_that_passes_the_rules_is_told(panel):
    told = released(panel, main=CURVE)
    table = told.estimates["main"].table
    assert (table["status"] == "estimated").all()
    assert table["n"].notna().all()
    fits = told.estimates["main"].diagnostics["fits"]
    assert all("evidence" not in fit for fit in fits)
    assert [fit["column"] for fit in fits] == [
        "curve: as asked, everyone, all, together, size",
        "curve: as asked, everyone, all, together, size and industry",
        "curve: as asked, smaller, all, together, size",
        "curve: as asked, smaller, all, together, size and industry",
        "curve",
    ]


def test_a_sample_near_that_of_another_model_is_withheld(panel):
    """Nine firms fewer than the regression before it: its numbers go, and only its."""
    out = panel["employees"].nlargest(9).min()
    other = {**CURVE, "estimator": "tobit", "columns": {"any": ["coop_any"]}}
    other = {k: v for k, v in other.items() if k != "choices"} | {"controls": ["log_employees"]}
    rule = {"main": [f"employees < {out:.0f}"], "smaller": ["employees < 80"]}
    curve = {**CURVE, "choices": {**CHOICES, "sample": rule}}
    told = released(panel, first=other, curve=curve)
    table = told.estimates["curve"].table
    main = table["column"].map(lambda c: choices_in(c).get("sample")) == "main"
    alike = table["column"].str.contains("| size |", regex=False)
    assert (table.loc[main & alike, "status"] == "withheld").all()
    smaller = table["column"].map(lambda c: choices_in(c).get("sample")) == "smaller"
    assert (table.loc[smaller, "status"] == "estimated").all()
    assert (told.estimates["first"].table["status"] != "withheld").all()
