from itertools import pairwise

import numpy as np
import pandas as pd
import pytest

from cisflow.base.cells import suppress_small_cells
from cisflow.base.thresholds import splits_off_few
from cisflow.panel.description import descriptives, outcome_distribution
from cisflow.panel.flow import control_flow


def cells(*firms: int) -> pd.DataFrame:
    return pd.DataFrame({"cell": range(len(firms)), "firms": firms})


def test_cells_large_enough_and_empty_cells_are_shown():
    shown = suppress_small_cells(cells(0, 3, 40), 3)
    assert shown["firms"].tolist() == [0, 3, 40]
    assert not shown["suppressed"].any()


def test_a_withheld_cell_cannot_be_had_from_the_total():
    shown = suppress_small_cells(cells(2, 40, 7, 0), 3)
    # The next smallest goes too; the empty cell stays, since it would protect nothing.
    assert shown["suppressed"].tolist() == [True, False, True, False]
    assert shown["firms"].isna().tolist() == [True, False, True, False]


def test_withheld_cells_hold_enough_firms_together():
    shown = suppress_small_cells(cells(1, 1, 9, 20), 3)
    hidden = cells(1, 1, 9, 20)["firms"][shown["suppressed"]]
    assert hidden.tolist() == [1, 1, 9]


def test_tables_are_protected_one_by_one():
    counts = pd.concat([cells(2, 8, 30).assign(of="a"), cells(5, 8, 30).assign(of="b")])
    shown = suppress_small_cells(counts.reset_index(drop=True), 3, by=["of"])
    assert shown.groupby("of")["suppressed"].sum().to_dict() == {"a": 2, "b": 0}


@pytest.mark.parametrize(
    ("part", "few"), [(0, False), (2, True), (3, False), (9, True), (10, False)]
)
def test_a_part_gives_away_what_it_leaves(part, few):
    assert splits_off_few(part, 10, 3) is few


def flow(*firms: int) -> pd.DataFrame:
    lost = [0, *(a - b for a, b in pairwise(firms))]
    steps = range(len(firms))
    return pd.DataFrame(
        {
            "country": "BE",
            "wave": "CIS2",
            "model": "m",
            "step": steps,
            "restriction": [f"step {i}" for i in steps],
            "firms": firms,
            "lost": lost,
            "lost_missing": lost,
        }
    )


def test_a_step_that_drops_few_firms_is_told_with_the_next():
    told = control_flow(flow(100, 98, 60), 3)
    assert told["restriction"].tolist() == ["step 0", "step 1; step 2"]
    assert told["lost"].tolist() == [0, 40]
    assert told["lost_missing"].tolist() == [0, 40]
    assert told["step"].tolist() == [0, 1]


def test_a_last_step_that_drops_few_firms_is_told_with_the_one_before():
    told = control_flow(flow(100, 60, 59), 3)
    assert told["firms"].tolist() == [100, 59]
    assert told["lost"].tolist() == [0, 41]


def test_a_flow_that_ends_with_few_firms_does_not_say_how_many():
    told = control_flow(flow(100, 60, 2), 3)
    assert told["firms"].isna().tolist() == [False, False, True]
    assert control_flow(flow(100, 60, 0), 3)["firms"].tolist() == [100, 60, 0]


def test_controlling_a_flow_twice_changes_nothing_more():
    once = control_flow(flow(100, 98, 60, 59, 30), 3)
    pd.testing.assert_frame_equal(control_flow(once, 3), once)


def test_descriptives_agree_with_direct_computation():
    rng = np.random.default_rng(1)
    panel = pd.DataFrame({"a": rng.normal(size=50), "b": rng.normal(size=50)})
    panel.loc[:3, "b"] = np.nan
    found = descriptives(panel, ["a", "b"])
    a, b = found["variables"]
    assert (a["n"], b["n"]) == (50, 46)
    assert a["mean"] == pytest.approx(panel["a"].mean())
    assert b["sd"] == pytest.approx(panel["b"].std())
    assert found["correlations"][0][1] == pytest.approx(panel.corr().iloc[0, 1])


def test_weights_enter_the_means():
    panel = pd.DataFrame({"a": [1.0, 2.0, 3.0, 4.0], "w": [1.0, 1.0, 1.0, 5.0]})
    found = descriptives(panel, ["a"], "w")["variables"][0]
    assert found["mean"] == pytest.approx((1 + 2 + 3 + 20) / 8)


def test_zero_not_asked_and_withheld_are_told_apart():
    panel = pd.DataFrame(
        {
            "never": pd.array([False] * 10, dtype="boolean"),
            "unasked": pd.array([None] * 10, dtype="boolean"),
            "rare": pd.array([True, True] + [False] * 8, dtype="boolean"),
        }
    )
    never, unasked, rare = descriptives(panel, ["never", "unasked", "rare"])["variables"]
    assert never["mean"] == 0.0
    assert unasked["state"] == "not asked"
    # Two of ten would be read off a mean of 0.2.
    assert rare["mean"] is None
    assert "mean" in rare["withheld"]


def test_a_share_at_a_limit_that_counts_few_firms_is_withheld():
    panel = pd.DataFrame({"radical": [0.0] * 5 + [20.0] * 5 + [100.0] * 2})
    found = descriptives(panel, ["radical"], limits={"radical": (0, 100)})["variables"][0]
    assert found["at_lower"] == pytest.approx(5 / 12)
    assert found["at_upper"] is None
    assert found["withheld"] == ["at_upper"]


def test_distribution_has_the_limits_apart_and_closes_classes_on_the_right():
    panel = pd.DataFrame(
        {"radical": [0.0] * 4 + [10.0] * 5 + [10.1] * 6 + [99.0] * 7 + [100.0] * 3}
    )
    found = outcome_distribution(panel, "radical")
    counts = {(c["class"], c["up_to"]): c["firms"] for c in found}
    assert counts["lower", 0] == 4
    assert counts["upper", 100] == 3
    assert counts["between", 10] == 5
    assert counts["between", 25] == 6
    assert counts["between", 100] == 7


def test_distribution_withholds_small_classes():
    panel = pd.DataFrame({"radical": [0.0] * 30 + [5.0] * 20 + [60.0] * 8 + [100.0] * 2})
    hidden = [c["up_to"] for c in outcome_distribution(panel, "radical") if c["suppressed"]]
    assert hidden == [75, 100]


def test_an_outcome_that_was_not_asked_has_no_distribution():
    assert outcome_distribution(pd.DataFrame({"radical": [np.nan] * 9}), "radical") == []
