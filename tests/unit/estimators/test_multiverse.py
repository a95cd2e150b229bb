"""The joint test of a curve: its statistics, its level, and that draws do not depend on memory."""

import numpy as np
import pytest
from scipy.stats import kstest, norm

from cisflow.estimators import multiverse
from cisflow.estimators.multiverse import Curve, joint_test


def curve_of(effects, rng, n=200, common=0.7):
    """Means of correlated columns with known effects: their influences are known exactly."""
    shared = rng.normal(size=(n, 1))
    x = common * shared + np.sqrt(1 - common**2) * rng.normal(size=(n, len(effects))) + effects
    b = x.mean(axis=0)
    influences = (x - b) / (n - 1)
    errors = np.sqrt((influences**2).sum(axis=0))
    bars = np.full(len(b), norm.isf(0.025))
    return Curve(b, errors, bars, influences, np.arange(len(b)))


def test_statistics_are_what_they_say():
    rng = np.random.default_rng(1)
    curve = curve_of(np.array([0.5, 0.4, 0.0, 0.3, -0.2]), rng)
    test = joint_test(curve, 99, 1)
    z = curve.estimates / curve.std_errors
    assert test.median.value == np.median(curve.estimates)
    assert test.positive == (curve.estimates > 0).mean()
    assert test.dominant.value == max(test.positive, 1 - test.positive)
    assert test.sign == 1
    assert test.significant.value == (z > norm.isf(0.025)).mean()
    assert test.mean_z.value == pytest.approx(z.mean())


def test_a_single_specification_gives_its_own_p_value():
    rng = np.random.default_rng(2)
    curve = curve_of(np.array([0.13]), rng, n=400)
    test = joint_test(curve, 9_999, 3)
    p = 2 * norm.sf(curve.estimates[0] / curve.std_errors[0])
    assert test.median.p_value == pytest.approx(p, abs=0.012)
    assert test.median.spread == pytest.approx(curve.std_errors[0], rel=0.03)


def test_the_same_specification_many_times_says_no_more_than_once():
    rng = np.random.default_rng(2)
    one = curve_of(np.array([0.13]), rng, n=400)
    many = Curve(
        *(np.repeat(v, 50) for v in (one.estimates, one.std_errors, one.critical)),
        one.influences,
        np.zeros(50, dtype=int),
    )
    found, alone = joint_test(many, 999, 3), joint_test(one, 999, 3)
    assert found.median.p_value == alone.median.p_value
    assert found.p_value == alone.p_value


def test_signs_of_one_firm_are_the_same_in_all_specifications():
    """Of two specifications that are each other's opposite the median is zero in every draw."""
    rng = np.random.default_rng(4)
    one = curve_of(np.array([0.5]), rng)
    influences = np.hstack([one.influences, -one.influences])
    doubled = (np.repeat(v, 2) for v in (one.estimates, one.std_errors, one.critical))
    test = joint_test(Curve(*doubled, influences, np.arange(2)), 99, 1)
    assert test.median.spread == pytest.approx(0, abs=1e-12)


def test_draws_do_not_depend_on_how_many_are_held_at_once(monkeypatch):
    curve = curve_of(np.array([0.2, 0.1, 0.0]), np.random.default_rng(5))
    whole = joint_test(curve, 200, [7, 8])
    monkeypatch.setattr(multiverse, "AT_ONCE", 50)
    assert joint_test(curve, 200, [7, 8]) == whole
    assert joint_test(curve, 200, [7, 9]) != whole


def test_p_values_are_uniform_where_nothing_is_true():
    tests = [
        joint_test(curve_of(np.zeros(12), np.random.default_rng([6, s])), 199, s)
        for s in range(400)
    ]
    for values in ([t.median.p_value for t in tests], [t.mean_z.p_value for t in tests]):
        assert kstest(values, "uniform").pvalue > 0.01
    joint = np.array([t.p_value for t in tests])
    assert (
        0.025 < (joint <= 0.05).mean() < 0.08
    )  # of 400 samples; benchmarks/curve_size.py has more


def test_what_is_there_is_found():
    tests = [
        joint_test(curve_of(np.full(12, 0.3), np.random.default_rng([8, s])), 199, s)
        for s in range(40)
    ]
    assert np.mean([t.p_value <= 0.05 for t in tests]) > 0.85


def test_a_curve_below_zero_has_the_other_sign():
    test = joint_test(curve_of(np.full(5, -0.6), np.random.default_rng(9)), 99, 1)
    assert (test.sign, test.positive, test.dominant.value) == (-1, 0.0, 1.0)
    assert test.significant.value == 1.0
    assert test.p_value == 0.01
