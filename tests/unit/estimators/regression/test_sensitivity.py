"""Sensitivity to an omitted variable: published numbers, hand-computed ones, and its meaning."""

import numpy as np
import pytest

from cisflow.estimators.regression.sensitivity import (
    adjusted,
    bounds,
    partial_r2,
    robustness_value,
    sensitivity,
)

# Cinelli & Hazlett (2020), table 1 and the text: exposure to violence in Darfur and attitudes to
# peace; estimate, standard error and degrees of freedom of their regression.
ESTIMATE, ERROR, DF = 0.09731582, 0.02325654, 783
T = ESTIMATE / ERROR


def test_darfur():
    assert round(T, 2) == 4.18
    assert round(100 * partial_r2(T, DF), 1) == 2.2
    assert round(100 * robustness_value(T, DF), 1) == 13.9
    assert round(100 * robustness_value(T, DF, alpha=0.05), 1) == 7.6


def test_darfur_with_a_confounder_as_strong_as_being_female():
    estimate, error = adjusted(ESTIMATE, ERROR, DF, r2_outcome=0.12464093, r2_regressor=0.00916429)
    assert estimate == pytest.approx(0.07522023, abs=1e-7)
    assert error == pytest.approx(0.02187331, abs=1e-7)


def test_values_computed_by_hand():
    # t = 3, df = 9: f = 1, RV = (√5 − 1)/2; half of it: f = ½, RV = (√(1/16 + 1) − ¼)/2.
    assert robustness_value(3, 9) == pytest.approx((np.sqrt(5) - 1) / 2)
    assert robustness_value(3, 9, q=0.5) == pytest.approx((np.sqrt(17) / 4 - 0.25) / 2)
    assert partial_r2(3, 9) == pytest.approx(0.5)
    assert robustness_value(-3, 9) == robustness_value(3, 9)


def test_not_significant_needs_no_confounder():
    assert robustness_value(1.5, 100, alpha=0.05) == 0
    assert robustness_value(1.5, 100) > 0


def test_robustness_value_at_alpha_where_f_is_very_large():
    from scipy.stats import t

    # f = 5 exceeds 1/f* here: the constraint on the outcome's partial R² no longer binds.
    critical = t.ppf(0.975, 4) / 2
    expected = (25 - critical**2) / 26
    assert robustness_value(5 * np.sqrt(5), 5, alpha=0.05) == pytest.approx(expected)


def test_a_confounder_of_the_robustness_value_brings_the_estimate_to_zero():
    rv = robustness_value(T, DF)
    assert adjusted(ESTIMATE, ERROR, DF, r2_outcome=rv, r2_regressor=rv)[0] == pytest.approx(0)
    rv = robustness_value(T, DF, q=0.4)
    left, _ = adjusted(ESTIMATE, ERROR, DF, r2_outcome=rv, r2_regressor=rv)
    assert left == pytest.approx(0.6 * ESTIMATE)


def test_a_confounder_of_the_robustness_value_at_alpha_brings_t_to_the_critical_value():
    from scipy.stats import t

    rv = robustness_value(T, DF, alpha=0.05)
    estimate, error = adjusted(ESTIMATE, ERROR, DF, r2_outcome=rv, r2_regressor=rv)
    assert estimate / error == pytest.approx(t.ppf(0.975, DF - 1), rel=1e-8)


@pytest.fixture
def data():
    rng = np.random.default_rng(3)
    n = 200
    w = rng.normal(size=n)
    d = 0.4 * w + rng.normal(size=n)
    y = 0.5 * d + 0.6 * w + rng.normal(size=n)
    return y, np.column_stack([np.ones(n), d, w])


def residual(v, given):
    return v - given @ np.linalg.lstsq(given, v, rcond=None)[0]


def confounder(y, X, share_y, share_d, seed=0):
    """Return a variable with exactly these partial R² with the outcome and with column 1."""
    rng = np.random.default_rng(seed)
    d = residual(X[:, 1], X[:, [0, 2]])
    u = residual(y, X)
    noise = residual(rng.normal(size=len(y)), np.column_stack([X, y]))
    d, u, noise = (v / np.linalg.norm(v) for v in (d, u, noise))
    # Of what d leaves of it, a share share_y lies along the outcome's residual.
    rest = np.sqrt(share_y) * u + np.sqrt(1 - share_y) * noise
    return np.sqrt(share_d) * d + np.sqrt(1 - share_d) * rest


def test_adding_that_confounder_to_the_data_does_what_the_formulas_say(data):
    y, X = data
    found = sensitivity(y, X, 1)
    z = confounder(y, X, found.rv, found.rv)
    with_it = sensitivity(y, np.column_stack([X, z]), 1)
    assert with_it.estimate == pytest.approx(0, abs=1e-10)
    for share_y, share_d in ((0.1, 0.2), (0.5, 0.05)):
        z = confounder(y, X, share_y, share_d)
        with_it = sensitivity(y, np.column_stack([X, z]), 1)
        estimate, error = adjusted(
            found.estimate, found.std_error, found.df, r2_outcome=share_y, r2_regressor=share_d
        )
        assert with_it.estimate == pytest.approx(estimate, rel=1e-8)
        assert with_it.std_error == pytest.approx(error, rel=1e-8)


@pytest.mark.parametrize("weighted", [False, True])
def test_estimate_and_error_are_statsmodels(data, weighted):
    import statsmodels.api as sm

    y, X = data
    weights = np.random.default_rng(1).uniform(1, 3, len(y)) if weighted else None
    direct = sm.WLS(y, X, weights=weights if weighted else 1.0).fit()
    found = sensitivity(y, X, 1, weights=weights)
    assert found.estimate == pytest.approx(direct.params[1], rel=1e-9)
    assert found.std_error == pytest.approx(direct.bse[1], rel=1e-9)
    assert found.df == direct.df_resid


def test_benchmark_bounds_are_the_observed_covariate_s_partial_r2(data):
    y, X = data
    found = sensitivity(y, X, 1, benchmark=[2])
    t_outcome = sensitivity(y, X, 2)
    t_regressor = sensitivity(X[:, 1], X[:, [0, 2]], 1)
    expected = bounds(t_outcome.partial_r2, t_regressor.partial_r2)
    assert (found.benchmark_outcome, found.benchmark_regressor) == pytest.approx(expected)
    assert abs(found.adjusted) < abs(found.estimate)


def test_bounds_computed_by_hand():
    # R²_y = 0.2, R²_d = 0.1, once as strong: r² = 0.01/0.81, η² = (1 + 1/9)²/(80/81) = 1.25.
    assert bounds(0.2, 0.1) == pytest.approx((1.25 * 0.25, 1 / 9))


def test_nothing_can_be_so_many_times_as_strong_as_a_covariate_that_explains_most():
    assert np.isnan(bounds(0.3, 0.6)).all()
    assert np.isnan(bounds(0.3, 0.3, times=3)).all()
