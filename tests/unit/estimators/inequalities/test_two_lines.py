"""Two lines: where a curve turns, where it only flattens, and what is refused."""

import numpy as np
import pytest

from cisflow.estimators.errors import EstimationError
from cisflow.estimators.inequalities.two_lines import lines_at, natural_spline, two_lines


def least_squares(y):
    def fit(columns):
        X = np.column_stack([columns, np.ones(len(y))])
        pull = np.linalg.pinv(X)
        b = pull @ y
        e = y - X @ b
        V = (pull * e**2) @ pull.T * len(y) / (len(y) - X.shape[1])
        return b[:-1], V[:-1, :-1]

    return fit


@pytest.fixture(scope="module")
def x():
    return np.random.default_rng(3).integers(0, 8, 500).astype(float)


def test_exact_lines_are_found(x):
    y = np.where(x <= 4, x, 4 - 0.5 * (x - 4))
    found = lines_at(x, least_squares(y), 4.0)
    np.testing.assert_allclose(found.shape.slopes, [1.0, -0.5], atol=1e-9)
    assert (found.below, found.above) == ((x <= 4).sum(), (x >= 4).sum())


def test_a_curve_that_turns_and_one_that_flattens(x):
    noise = np.random.default_rng(4).standard_normal(500)
    turns = two_lines(x, least_squares(3 * x - 0.4 * x**2 + noise))
    assert turns.breakpoint in (3.0, 4.0)
    assert turns.p_value() < 0.001
    flattens = two_lines(x, least_squares(4 * np.log1p(x) + noise))
    assert flattens.p_value() > 0.05
    assert flattens.p_value() == min(1.0, 2 * flattens.shape.p_value())


def test_a_side_with_one_value_has_no_line_of_its_own(x):
    few = np.minimum(x, 3)
    found = lines_at(few, least_squares(few**2), 2.0)
    assert found.shape.slopes[1] == pytest.approx(5.0)


def test_yes_or_no_has_no_two_lines(x):
    with pytest.raises(EstimationError, match="between the lowest and the highest"):
        two_lines((x > 3).astype(float), least_squares(x))


def test_the_spline_is_straight_beyond_its_knots():
    x = np.linspace(0, 1, 101)
    far = natural_spline(np.array([1.0, 2.0, 3.0]), x)
    np.testing.assert_allclose(far[2] - far[1], far[1] - far[0], rtol=1e-9)
