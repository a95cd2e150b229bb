"""Samples through the gate: what may be told is told as it is."""

import numpy as np
import pandas as pd
import pytest
from disclosed import OLS, RULES, TOBIT, flags, released, sample_of, survey, variable_of

from cisflow.panel.sample import FLOW


def test_descriptives_agree_with_direct_computation():
    panel = survey()
    sample = sample_of(
        released(panel, main={**OLS, "controls": ["log_employees", "rd_intensity"]}), "main"
    )
    for found in sample["variables"]:
        x = panel[found["variable"]].astype(float)
        assert found["n"] == 400
        assert found["mean"] == pytest.approx(x.mean())
        assert found["sd"] == pytest.approx(x.std(), rel=2e-3)
    names = [v["variable"] for v in sample["variables"]]
    i, j = names.index("log_employees"), names.index("rd_intensity")
    wanted = np.corrcoef(panel["log_employees"], panel["rd_intensity"])[0, 1]
    assert sample["correlations"][i][j] == pytest.approx(wanted)
    assert sample["correlations"][i][i] == pytest.approx(1)


def test_weights_enter_the_means():
    panel = survey().assign(weight=np.linspace(1, 3, 400))
    out = released(panel, main={**TOBIT, "weights": "weight"})
    wanted = np.average(panel["radical"], weights=panel["weight"])
    assert variable_of(out, "main", "radical")["mean"] == pytest.approx(wanted)


def test_what_is_not_asked_is_told_from_what_is_withheld():
    panel = survey().assign(
        high_tech=flags([np.nan] * 400), group=flags([True, True] + [False] * 398)
    )
    out = released(panel, main={**OLS, "controls": ["high_tech", "group"]})
    assert variable_of(out, "main", "high_tech")["state"] == "not asked"
    rare = variable_of(out, "main", "group")
    assert (rare["n"], rare["mean"], rare["withheld"]) == (400, None, ["mean", "sd"])


def test_distribution_has_the_limits_apart_and_closes_classes_on_the_right():
    values = [0.0] * 40 + [10.0] * 50 + [10.1] * 60 + [99.0] * 70 + [100.0] * 180
    out = released(survey().assign(radical=values), main=TOBIT)
    found = sample_of(out, "main")["distributions"]["radical"]
    counts = {(c["class"], c["up_to"]): c["firms"] for c in found}
    assert counts["lower", 0] == 40
    assert counts["between", 10] == 50
    assert counts["between", 25] == 60
    assert counts["between", 100] == 70
    assert counts["upper", 100] == 180


def test_a_flow_adds_up_and_has_all_its_columns():
    panel = survey()
    panel.loc[:99, "manufacturing"] = False
    panel.loc[100:139, "log_employees"] = np.nan
    flow = released(panel, main=OLS).flow
    assert list(flow) == list(FLOW.columns)
    assert flow["firms"].tolist()[:2] == [400, 300]
    assert flow["firms"].iloc[-1] == 260
    assert flow["lost"].sum() == 140
    assert flow["lost_missing"].sum() == 40


def test_a_step_that_drops_few_firms_is_told_with_the_next():
    panel = survey()
    panel.loc[:1, "manufacturing"] = False
    panel.loc[2:41, "log_employees"] = np.nan
    flow = released(panel, main=OLS).flow
    assert flow["firms"].tolist()[0] == 400
    assert flow["firms"].tolist()[-1] == 358
    assert not flow["lost"].isin(range(1, RULES.minimum_cell)).any()
    assert any("; " in words for words in flow["restriction"])


def _asked(n_unasked: int, n_unanswered: int = 40):
    """Return 400 firms of which the first were not asked for shares, the next did not answer."""
    panel = survey()
    asked = panel.index >= n_unasked
    panel["product_innovation"] = flags(list(asked))
    panel["asked_shares"] = asked
    panel.loc[~asked | (panel.index < n_unasked + n_unanswered), "radical"] = np.nan
    return panel


def test_who_was_not_asked_is_told_apart_from_who_did_not_answer():
    out = released(_asked(60), main={**OLS, "outcomes": ["radical"]})
    of = out.flow.set_index("restriction")
    words = "asked about turnover from new products (product innovators)"
    assert of.loc[words, ["firms", "lost", "lost_filtered"]].tolist() == [340, 60, 60]
    answered = of.loc["complete answers: turnover from new products"]
    assert answered[["firms", "lost", "lost_missing"]].tolist() == [300, 40, 40]
    assert sample_of(out, "main")["population"][-1] == "product_innovation"


@pytest.mark.parametrize("few", [1, RULES.minimum_cell - 1])
def test_few_that_were_not_asked_cannot_be_worked_out(few):
    flow = released(_asked(few), main={**OLS, "outcomes": ["radical"]}).flow
    together = flow[flow["restriction"].str.contains("asked about")].iloc[0]
    assert "; " in together["restriction"]
    assert (flow["firms"].dropna() != 400 - few).all()
    assert together["lost_filtered"] is pd.NA or np.isnan(together["lost_filtered"])
    # Of those lost together the others are no more told than these: one follows from the other.
    assert together["lost_missing"] is pd.NA or np.isnan(together["lost_missing"])
