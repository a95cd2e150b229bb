"""Weights, limits, brackets and clusters of the rows."""

import numpy as np
import pytest

from cisflow.estimators.errors import EstimationError
from cisflow.estimators.tobit.model import Tobit


def test_frequency_weights_repeat_rows(data):
    y, X = data
    f = np.random.default_rng(2).integers(1, 4, y.size)
    repeated = Tobit(np.repeat(y, f), np.repeat(X, f, axis=0), 0, 2)
    counted = Tobit(y, X, 0, 2, freq_weights=f)
    groups = np.arange(y.size) % 20
    for cov, long, short in (
        ("nonrobust", None, None),
        ("HC1", None, None),
        ("cluster", {"groups": np.repeat(groups, f)}, {"groups": groups}),
    ):
        a, b = repeated.fit(cov, long), counted.fit(cov, short)
        np.testing.assert_allclose(a.params, b.params, rtol=1e-10)
        np.testing.assert_allclose(a.bse, b.bse, rtol=1e-10)
        assert (a.nobs, a.n_lower, a.n_upper) == (b.nobs, b.n_lower, b.n_upper)
        assert a.bic == pytest.approx(b.bic)


def test_sampling_weights_change_robust_errors_only_through_their_shape(data):
    y, X = data
    w = np.random.default_rng(2).uniform(0.5, 3, y.size)
    a, b = (Tobit(y, X, 0, 2, weights=s * w).fit("HC0") for s in (1, 1000))
    np.testing.assert_allclose(a.params, b.params, rtol=1e-10)
    np.testing.assert_allclose(a.bse, b.bse, rtol=1e-9)
    assert a.nobs == y.size


def test_limits_mirror(data):
    y, X = data
    left, right = Tobit(y, X, 0, None).fit(), Tobit(-y, X, None, 0).fit()
    np.testing.assert_allclose(left.params, -right.params, rtol=1e-9)
    assert left.n_lower == right.n_upper > 0
    assert left.n_upper == right.n_lower == 0


def test_same_limit_for_each_row_is_the_scalar_limit(data, fit):
    y, X = data
    rows = Tobit(y, X, np.zeros(y.size), np.full(y.size, 2.0)).fit()
    np.testing.assert_allclose(rows.params, fit.params, rtol=1e-12)


def test_open_brackets_are_the_tobit(data, fit):
    y, X = data
    low, high = np.where(y <= 0, -np.inf, y), np.where(y >= 2, np.inf, y)
    other = Tobit.from_intervals(low, high, X).fit()
    np.testing.assert_allclose(other.params, fit.params, rtol=1e-12)
    assert (other.n_lower, other.n_upper) == (fit.n_lower, fit.n_upper)


def test_narrow_brackets_approach_the_observed_outcome(data, fit):
    y, X = data
    inside = (y > 0) & (y < 2)
    low = np.where(inside, y - 1e-4, np.where(y <= 0, -np.inf, 2))
    high = np.where(inside, y + 1e-4, np.where(y <= 0, 0, np.inf))
    other = Tobit.from_intervals(low, high, X).fit()
    np.testing.assert_allclose(other.params, fit.params, rtol=1e-5)
    np.testing.assert_allclose(other.bse, fit.bse, rtol=1e-5)


def test_one_cluster_missing_clusters_and_few_clusters(fit):
    for groups, words in (
        (np.zeros(400), "one cluster only"),
        (np.where(np.arange(400) < 3, np.nan, np.arange(400) % 7), "missing in 3 rows"),
        (np.zeros(3), "3 cluster labels for 400 rows"),
    ):
        with pytest.raises(EstimationError, match=words):
            fit.with_cov("cluster", {"groups": groups})
    few = fit.with_cov("cluster", {"groups": np.arange(400) % 3})
    assert "few clusters" in few.cov_note
    assert "few clusters" in str(few.summary())


def test_a_percentage_that_is_always_zero_is_not_taken_for_a_fraction(recwarn):
    X = np.column_stack([np.ones(50), np.arange(50.0)])
    with pytest.raises(EstimationError, match="at the lower limit"):
        Tobit(np.zeros(50), X, 0, 100)
    assert not recwarn.list


@pytest.mark.parametrize("which", ["lower", "upper"])
def test_a_missing_limit_is_no_open_side(data, table, which):
    """It was: rows at zero whose lower limit was missing became uncensored in silence."""
    y, X = data
    missing = np.isin(np.arange(y.size), [3, 50, 51])
    limits = {"lower": np.zeros(y.size), "upper": np.full(y.size, 2.0)}
    limits[which] = np.where(missing, np.nan, limits[which])
    with pytest.raises(EstimationError, match=f"the {which} limit is missing in 3 rows"):
        Tobit(y, X, **limits)
    with pytest.raises(EstimationError, match=f"the {which} limit is missing"):
        Tobit(y, X, **{"lower": 0, "upper": 2, which: np.nan})
    model = Tobit.from_formula("y ~ a + b", table, **limits)
    assert model.dropped == {"missing": 3, f"missing in {which}": 3}
    expected = Tobit(y[~missing], X[~missing], 0, 2).fit()
    np.testing.assert_allclose(model.fit().params, expected.params, rtol=1e-9)


def test_a_row_may_have_no_limit(data):
    y, X = data
    lower = np.where(y > 0.5, -np.inf, 0.0)
    np.testing.assert_allclose(Tobit(y, X, lower, 2).fit().params, Tobit(y, X, 0, 2).fit().params)
