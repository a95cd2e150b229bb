"""Means and totals that one or two firms make are not told."""

import numpy as np
import pytest

from cisflow.disclosure.magnitudes import (
    DOMINANT,
    SAME,
    SINGLE,
    WEIGHED,
    exceptions,
    monotone,
    refused,
)
from cisflow.disclosure.sets import SMALL
from cisflow.study.disclosure import Profile

RULES = Profile(title="t", text="t")
RNG = np.random.default_rng(3)


def why(x, weight=None, rules=RULES):
    x = np.asarray(x, dtype=float)
    return refused(x, np.ones(len(x)) if weight is None else np.asarray(weight, float), rules)


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ([10, 20, 77.7], SMALL),
        ([5.0] * 40, SAME),
        ([0.0] * 49 + [12.34567], SINGLE),
        ([0.0] * 49 + [1.0] * 9, SINGLE),
        ([1000.0] + [1.0 + 0.1 * i for i in range(21)], DOMINANT),
        ([-1000.0] + [1.0 + 0.1 * i for i in range(21)], DOMINANT),
        ([100.0, 99.0] + [0.01 * i for i in range(1, 30)], DOMINANT),
        (RNG.gamma(2, 10, 60), ""),
    ],
)
def test_rules(values, reason):
    assert why(values) == reason


def test_a_weight_that_makes_the_mean_is_dominance():
    weight = np.ones(50)
    weight[7] = 1e9
    assert why(RNG.gamma(2, 10, 50), weight) == WEIGHED


def test_weighted_values_are_held_to_the_rules():
    x, weight = RNG.uniform(1, 2, 50), np.ones(50)
    x[0], weight[0] = 40, 40
    assert why(x) == ""
    assert why(x, weight) == DOMINANT


def test_public_data_are_told_as_they_are():
    public = Profile(
        title="p", text="p", public=True, minimum_cell=1, dominance={"share": 100}, p_percent=0
    )
    assert why([5.0] * 3, rules=public) == ""


def line_with(off, slope=-2.0):
    x = RNG.gamma(2, 1, 300)
    y = slope * x + 3
    y[off] += 0.5
    return x, y


@pytest.mark.parametrize("off", [[], [7], [3, 7, 9], list(range(100))])
def test_firms_off_the_line_that_most_are_on_are_found(off):
    assert np.flatnonzero(exceptions(*line_with(off))).tolist() == off


def test_so_are_yes_and_no_answered_otherwise_or_the_other_way_round():
    x = (RNG.random(300) < 0.2).astype(float)
    y = 1 - x
    y[[4, 250]] = x[[4, 250]]
    assert np.flatnonzero(exceptions(x, y)).tolist() == [4, 250]


def test_a_value_that_one_variable_lacks_is_an_exception():
    x, y = line_with([])
    x[5], y[[5, 6]] = np.nan, np.nan
    assert np.flatnonzero(exceptions(x, y)).tolist() == [6]


@pytest.mark.parametrize("made", [lambda x: RNG.random(300), np.log, np.zeros_like])
def test_other_variables_are_on_no_line(made):
    x = RNG.gamma(2, 1, 300)
    assert exceptions(x, made(x)) is None


def test_powers_and_logarithms_keep_the_order_of_firms_others_do_not():
    x = RNG.gamma(2, 1, 50)
    assert monotone(x, x**3)
    assert monotone(x, -np.log(x))
    assert not monotone(x, RNG.random(50))
    assert not monotone(x, (x - x.mean()) ** 2)
