"""Inverted U: slopes at the ends, the turning point, size and power."""

import numpy as np
import pytest

from cisflow.estimators.inequalities.u_shape import INVERTED, UPRIGHT, extreme_point, u_shape

V = np.diag([0.04, 0.0004])


def test_slopes_at_the_ends():
    found = u_shape(np.array([2.0, -0.25]), V, (0, 8))
    np.testing.assert_allclose(found.slopes, [2.0, -2.0])
    np.testing.assert_allclose(found.std_errors, [0.2, np.sqrt(0.04 + 256 * 0.0004)])
    assert found.statistic(INVERTED) == pytest.approx(2 / found.std_errors[1])
    assert found.binding(INVERTED) == 1
    assert found.statistic(UPRIGHT) == pytest.approx(-10.0)
    assert found.p_value(INVERTED) < 1e-6
    assert found.p_value(UPRIGHT) == pytest.approx(1.0)


def test_a_curve_that_only_flattens_is_no_inverted_u():
    found = u_shape(np.array([2.0, -0.1]), V, (0, 8))
    assert found.slopes[1] == pytest.approx(0.4)
    assert found.p_value() > 0.5


def test_the_turning_point_is_where_the_slope_is_not_significant():
    b = np.array([2.0, -0.25])
    turn = extreme_point(b, V)
    assert turn.place == 4.0
    for h in (turn.low, turn.high):
        slope, error = b[0] + 2 * b[1] * h, np.sqrt(V[0, 0] + 4 * h**2 * V[1, 1])
        assert abs(slope / error) == pytest.approx(1.959964, rel=1e-5)


def test_without_curvature_the_turning_point_may_be_anywhere():
    turn = extreme_point(np.array([2.0, -0.01]), V)
    assert (turn.low, turn.high) == (-np.inf, np.inf)


def test_size_where_the_curve_is_just_flat_at_its_end():
    rng = np.random.default_rng(20141120)
    x = rng.uniform(0, 8, 300)
    X = np.column_stack([np.ones(300), x, x**2])
    pull = np.linalg.pinv(X)
    flat_end = np.array([0.0, 1.6, -0.1])  # slope 1.6 at 0, and 0 at 8
    y = (X @ flat_end)[:, None] + rng.standard_normal((300, 4000)) * 2
    found = 0
    for column in y.T:
        b = pull @ column
        s2 = ((column - X @ b) ** 2).sum() / 297
        found += u_shape(b[1:], s2 * np.linalg.inv(X.T @ X)[1:, 1:], (0, 8), 297).p_value() < 0.05
    assert 0.035 < found / 4000 < 0.065
