"""The distance from an orthant: by hand, by quadratic programming, and its size and power."""

import numpy as np
import pytest
from scipy.optimize import nnls

from cisflow.estimators.errors import EstimationError
from cisflow.estimators.inequalities.cone import (
    chi_bar_weights,
    cone_test,
    critical_value,
    distances,
    palm_bounds,
    tail,
)

V = np.array([[1.0, 0.5, -0.3], [0.5, 2.0, 0.2], [-0.3, 0.2, 1.5]])


def test_one_inequality_is_a_one_sided_test():
    found = cone_test(np.array([-1.644853627]), np.array([[1.0]]))
    assert found.p_value == pytest.approx(0.05, abs=1e-9)
    assert list(found.weights) == [0.5, 0.5]


def test_what_satisfies_all_has_distance_zero_and_p_one():
    found = cone_test(np.array([0.2, 0.0, 3.0]), V)
    assert (found.statistic, found.p_value) == (0.0, 1.0)


def test_distances_are_those_of_nonnegative_least_squares():
    q = np.random.default_rng(1).normal(size=(200, 3)) @ np.linalg.cholesky(V).T
    root = np.linalg.cholesky(np.linalg.inv(V)).T
    expected = [nnls(root, root @ row)[1] ** 2 for row in q]
    np.testing.assert_allclose(distances(q, V).squared, expected, atol=1e-9)


def test_weights_of_independent_values_are_binomial():
    weights = chi_bar_weights(np.diag([4.0, 1.0, 9.0]), draws=100_000)
    np.testing.assert_allclose(weights, np.array([1, 3, 3, 1]) / 8, atol=0.004)


def test_the_same_seed_gives_the_same_weights():
    assert (chi_bar_weights(V) == chi_bar_weights(V * 4)).all()


def test_critical_values_have_their_level_and_lie_within_bounds():
    weights = chi_bar_weights(V)
    critical = critical_value(weights)
    assert tail(critical, weights) == pytest.approx(0.05)
    low, high = palm_bounds(3)
    assert low < critical < high


def test_size_where_all_inequalities_just_hold_and_power_where_one_does_not():
    z = np.random.default_rng(20141120).standard_normal((4000, 3)) @ np.linalg.cholesky(V).T
    critical = critical_value(chi_bar_weights(V))
    assert 0.035 < (distances(z, V).squared > critical).mean() < 0.065
    assert (distances(z + np.array([0.0, 0.0, -4.0]), V).squared > critical).mean() > 0.8
    assert (distances(z + 3.0, V).squared > critical).mean() < 0.01


def test_what_follows_from_others_is_refused():
    with pytest.raises(EstimationError, match="follow from others"):
        cone_test(np.zeros(2), np.ones((2, 2)))
    with pytest.raises(EstimationError, match="9 inequalities"):
        cone_test(np.zeros(9), np.eye(9))
