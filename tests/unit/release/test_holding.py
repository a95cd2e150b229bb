"""What tests rest on, through the gate: few firms are not told apart, and nobody is named."""

import numpy as np
import pandas as pd
import pytest

from cisflow.estimation.estimates import ESTIMATES, TESTS, Estimates
from cisflow.estimation.holding import PRIVATE
from cisflow.release.gate import Gate
from cisflow.release.holding import note_tests, told_tests, with_correlations
from cisflow.study.disclosure import UNRESTRICTED, Profile

KEY = ("fit", "m", "W", "radical", "any")
NAMED = {"outcome": "radical", "column": "any", "term": "a", "quantity": "coefficient"}
ROWS = ESTIMATES.frame([{**NAMED, "status": "estimated"}])
PROFILE = Profile(title="t", text="t", minimum_cell=10)


def fact(with_=40, turned=0, out=0, n=100):
    return {
        **NAMED,
        "asked": "+1",
        "few": with_ < 10,
        "firms_with": with_,
        "firms_without": n - with_,
        "rows_with": list(range(with_)),
        "rows_without": list(range(with_, n)),
        "turned_by_one": turned,
        "turned": turned > 0,
        "rows_turned": list(range(turned)),
        "influence": {str(i): float(i) for i in range(n)},
        "outliers": {
            "rule": "x <= 1",
            "left_out": out,
            "estimate": 1.5,
            "std_error": 0.5,
            "verdict": "supported",
        },
        "rows_left_out": list(range(50, 50 + out)),
    }


def told(record, profile=PROFILE, rows=ROWS):
    gate = Gate(pd.DataFrame(index=range(100)), profile)
    gate.opened("f", "k", "p")
    gate.note(KEY, np.ones(100, dtype=bool))
    note_tests(gate, KEY, record, 1.0)
    return told_tests(gate, KEY, record, rows, "f")


def test_enough_firms_are_told_and_nobody_is_named():
    (found,) = told({TESTS: [fact(40, turned=12, out=15)]})
    assert (found["firms_with"], found["firms_without"]) == (40, 60)
    assert (found["turned_by_one"], found["outliers"]["left_out"]) == (12, 15)
    assert found["outliers"]["estimate"] == 1.5
    assert not set(found) & set(PRIVATE)


def test_nobody_is_told_as_none():
    (found,) = told({TESTS: [fact()]})
    assert (found["turned_by_one"], found["outliers"]["left_out"]) == (0, 0)


@pytest.mark.parametrize("with_", [4, 96])
def test_a_small_side_hides_both_as_their_sum_is_known(with_):
    (found,) = told({TESTS: [fact(with_)]})
    assert (found["firms_with"], found["firms_without"]) == (None, None)
    assert found["few"] == (with_ < 10)


def test_few_firms_that_turn_a_verdict_are_no_number_but_that_one_does_is_told():
    (found,) = told({TESTS: [fact(turned=3)]})
    assert (found["turned_by_one"], found["turned"]) == (None, True)


def test_beside_the_estimate_of_all_none_without_a_few_outliers():
    (found,) = told({TESTS: [fact(out=3)]})
    assert found["outliers"] == {"rule": "x <= 1", "left_out": None, "verdict": "supported"}


def test_data_that_anyone_may_have_are_told_as_they_are():
    (found,) = told({TESTS: [fact(4, turned=1, out=2)]}, UNRESTRICTED)
    assert (found["firms_with"], found["turned_by_one"]) == (4, 1)
    assert found["outliers"]["estimate"] == 1.5


def test_of_an_estimate_that_is_withheld_nothing_is_told():
    rows = ESTIMATES.frame([{**NAMED, "status": "withheld"}])
    assert told({TESTS: [fact()]}, rows=rows) == []


# --- how tests hang together -------------------------------------------------------------------


def estimates(model, *tests):
    return Estimates(ROWS, {"model": model, "fits": [{"wave": "W", TESTS: list(tests)}]})


def test_correlations_are_those_of_the_influences():
    rng = np.random.default_rng(1)
    a, noise = rng.normal(size=(2, 200))
    b = 0.6 * a + noise
    influences = [{str(i): float(v) for i, v in enumerate(x)} for x in (a, b)]
    found = {
        model: estimates(model, {**fact(), "influence": by})
        for model, by in zip(("m", "other"), influences, strict=True)
    }
    shown = with_correlations(found, found)["m"].diagnostics["fits"][0][TESTS][0]
    wanted = a @ b / np.sqrt((a @ a) * (b @ b))
    assert shown["correlations"] == pytest.approx(
        {"other | radical | any | a | coefficient": wanted}, abs=1e-6
    )


def test_tests_on_different_firms_do_not_hang_together():
    parts = {"m": {"1": 1.0, "2": -1.0}, "other": {"3": 1.0, "4": -1.0}}
    found = {name: estimates(name, {**fact(), "influence": by}) for name, by in parts.items()}
    shown = with_correlations(found, found)["m"].diagnostics["fits"][0][TESTS][0]
    assert list(shown["correlations"].values()) == [0.0]


def test_the_same_firms_in_two_waves_make_counted_estimates_of_both_alike():
    # Rows 0-2 are a wave, 3-5 the next; two firms are in both.
    firms = ["a", "b", "c", "a", "b", "d"]
    of_wave = {"W1": {"0": 1.0, "1": 2.0, "2": -1.0}, "W2": {"3": 2.0, "4": 1.0, "5": 3.0}}
    fits = [{"wave": w, TESTS: [{**fact(), "influence": by}]} for w, by in of_wave.items()]
    found = {"m": Estimates(ROWS, {"model": "m", "fits": fits})}
    key = "m | radical | any | a | coefficient"
    first, second = (
        fit[TESTS][0]
        for fit in with_correlations(found, found, firms, [key])["m"].diagnostics["fits"]
    )
    wanted = (1 * 2 + 2 * 1) / np.sqrt(6 * 14)
    assert first["between_waves"] == {"W2": {key: pytest.approx(wanted, abs=1e-6)}}
    assert second["between_waves"] == {"W1": {key: pytest.approx(wanted, abs=1e-6)}}
    uncounted = with_correlations(found, found, firms)["m"].diagnostics["fits"][0][TESTS][0]
    assert "between_waves" not in uncounted


def test_waves_of_other_firms_say_nothing_of_each_other():
    fits = [
        {"wave": w, TESTS: [{**fact(), "influence": by}]}
        for w, by in {"W1": {"0": 1.0}, "W2": {"1": 2.0}}.items()
    ]
    found = {"m": Estimates(ROWS, {"model": "m", "fits": fits})}
    key = "m | radical | any | a | coefficient"
    shown = with_correlations(found, found, ["a", "b"], [key])["m"].diagnostics["fits"]
    assert all("between_waves" not in fit[TESTS][0] for fit in shown)
