"""Bands for an effect over a range: one place, many places, their coverage."""

import numpy as np
import pytest
from scipy.stats import norm

from cisflow.estimators.inequalities.profile import profile, sup_t


def test_one_place_and_perfect_correlation_need_no_wider_band():
    z = norm.isf(0.025)
    assert sup_t(np.array([[4.0]])) == pytest.approx(z, abs=0.03)
    assert sup_t(np.ones((5, 5))) == pytest.approx(z, abs=0.03)


def test_independent_places_need_the_band_of_sidak():
    expected = norm.isf((1 - 0.95 ** (1 / 10)) / 2)
    assert sup_t(np.eye(10), draws=100_000) == pytest.approx(expected, abs=0.02)


def test_the_uniform_band_holds_a_line_in_nineteen_of_twenty_samples():
    grid = np.linspace(0, 10, 21)
    A = np.column_stack([np.ones(21), grid])
    V = np.array([[1.0, -0.12], [-0.12, 0.03]])
    found = profile(grid, A @ [2.0, 0.5], A @ V @ A.T)
    z = np.random.default_rng(8).standard_normal((4000, 2)) @ np.linalg.cholesky(V).T @ A.T
    t = np.abs(z) / found.std_errors
    assert 0.935 < (t.max(axis=1) <= found.uniform).mean() < 0.965
    assert (t.max(axis=1) <= found.pointwise).mean() < 0.93
    low, high = found.band()
    assert (low < found.band(uniform=False)[0]).all()
    np.testing.assert_allclose(high - low, 2 * found.uniform * found.std_errors)
