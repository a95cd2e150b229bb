"""The Tobit in every case a researcher may meet, and its numbers by other routes."""

import subprocess
import sys
import warnings

import mpmath
import numpy as np
import pandas as pd
import pytest

from cisflow.estimators.errors import EstimationError
from cisflow.estimators.tobit.likelihood import log_interval_probability, mills_ratio
from cisflow.estimators.tobit.model import Tobit

BETA = np.array([0.3, 0.5, -0.5])


def sample(n=400, seed=0, lower=0.0, upper=2.0):
    rng = np.random.default_rng(seed)
    X = np.column_stack([np.ones(n), rng.normal(size=(n, 2))])
    return np.clip(X @ BETA + rng.normal(size=n), lower, upper), X


@pytest.fixture(scope="module")
def data():
    return sample()


@pytest.fixture(scope="module")
def fit(data):
    y, X = data
    return Tobit(y, X, 0, 2).fit()


def brackets(y):
    low = np.where((y > 0) & (y < 2), np.floor(4 * y) / 4, np.where(y <= 0, -np.inf, 2))
    high = np.where((y > 0) & (y < 2), np.floor(4 * y) / 4 + 0.25, np.where(y <= 0, 0, np.inf))
    return low, high


def loglik_mp(beta, log_sigma, low, high, X):
    """The likelihood as the textbook writes it, with 40 digits."""
    with mpmath.workdps(40):
        sigma, total = mpmath.exp(log_sigma), mpmath.mpf(0)
        for row in range(len(low)):
            mean = mpmath.fdot([mpmath.mpf(float(x)) for x in X[row]], beta)
            if low[row] == high[row]:
                total += mpmath.log(mpmath.npdf(float(low[row]), mean, sigma))
                continue
            top = 1 if np.isinf(high[row]) else mpmath.ncdf((float(high[row]) - mean) / sigma)
            bottom = 0 if np.isinf(low[row]) else mpmath.ncdf((float(low[row]) - mean) / sigma)
            total += mpmath.log(top - bottom)
        return total


# -- numbers by an independent route --------------------------------------------------------


@pytest.mark.parametrize("kind", ["limits", "brackets", "limits by row"])
def test_log_likelihood_is_flat_at_the_optimum_in_high_precision(kind):
    y, X = sample(60, seed=3)
    if kind == "brackets":
        low, high = brackets(y)
        model = Tobit.from_intervals(low, high, X)
    else:
        floor = np.linspace(-0.2, 0.3, y.size) if kind == "limits by row" else 0.0
        y = np.maximum(y, floor)
        model = Tobit(y, X, floor, 2)
    fit = model.fit()
    parameters = [*map(mpmath.mpf, fit.params), mpmath.log(mpmath.mpf(fit.scale))]

    def value(*p):
        return loglik_mp(p[:-1], p[-1], model.low, model.high, X)

    assert float(value(*parameters)) == pytest.approx(fit.llf, rel=1e-12)
    errors = np.append(fit.bse, fit.log_scale_se)
    with mpmath.workdps(40):
        for j, error in enumerate(errors):
            step = mpmath.mpf(10) ** -12
            up = [p + step * (i == j) for i, p in enumerate(parameters)]
            down = [p - step * (i == j) for i, p in enumerate(parameters)]
            slope = (value(*up) - value(*down)) / (2 * step)
            assert abs(float(slope) * error) < 1e-9  # in standard errors from the maximum


@pytest.mark.parametrize("kind", ["limits", "brackets"])
def test_gradient_and_information_match_finite_differences(data, kind):
    y, X = data
    model = Tobit(y, X, 0, 2) if kind == "limits" else Tobit.from_intervals(*brackets(y), X)
    likelihood = model.solution.likelihood
    at = np.array([0.2, 0.4, -0.3, 1.3])
    _, gradient, information = likelihood.evaluate(at)
    h = 1e-5
    for j in range(at.size):
        step = h * (np.arange(at.size) == j)
        up, down = likelihood.evaluate(at + step), likelihood.evaluate(at - step)
        assert (up[0] - down[0]) / (2 * h) == pytest.approx(gradient[j], rel=1e-6, abs=1e-6)
        np.testing.assert_allclose(
            -(up[1] - down[1]) / (2 * h), information[j], rtol=1e-6, atol=1e-5
        )


def test_scores_and_log_likelihoods_keep_the_row_order(data, fit):
    y, X = data
    shuffle = np.random.default_rng(1).permutation(y.size)
    other = Tobit(y[shuffle], X[shuffle], 0, 2).fit()
    np.testing.assert_allclose(other.loglik_obs(), fit.loglik_obs()[shuffle], rtol=1e-10)
    np.testing.assert_allclose(other.score_obs(), fit.score_obs().iloc[shuffle], atol=1e-8)
    assert fit.loglik_obs().sum() == pytest.approx(fit.llf, rel=1e-12)
    np.testing.assert_allclose(fit.score_obs().sum(), 0, atol=1e-10)


def test_hc0_is_the_sandwich_of_the_scores(fit):
    V, S = fit.cov_params(scale=True).to_numpy(), fit.score_obs().to_numpy()
    robust = fit.with_cov("HC0").cov_params(scale=True)
    np.testing.assert_allclose(robust, V @ S.T @ S @ V, rtol=1e-10)
    hc1 = fit.with_cov("HC1").cov_params(scale=True)
    np.testing.assert_allclose(hc1, robust * 400 / (400 - 4), rtol=1e-12)
    opg = fit.with_cov("OPG").cov_params(scale=True)
    np.testing.assert_allclose(opg, np.linalg.inv(S.T @ S), rtol=1e-10)


def test_two_way_cluster_is_a_sum_of_one_way_covariances(fit):
    rng = np.random.default_rng(5)
    one, two = rng.integers(0, 30, 400), rng.integers(0, 12, 400)

    def covariance(groups):
        return fit.with_cov("cluster", {"groups": groups}).cov_params().to_numpy()

    both = fit.with_cov("cluster", {"groups": np.column_stack([one, two])})
    np.testing.assert_allclose(
        both.cov_params(),
        covariance(one) + covariance(two) - covariance(one * 100 + two),
        rtol=1e-9,
    )
    assert both.n_groups == (30, 12)


def test_clusters_of_one_row_give_hc0_times_n_over_n_minus_one(fit):
    each = fit.with_cov("cluster", {"groups": np.arange(400)}).cov_params()
    np.testing.assert_allclose(each, fit.with_cov("HC0").cov_params() * 400 / 399, rtol=1e-10)


def test_mills_ratio_and_interval_probability_in_the_far_tails():
    with mpmath.workdps(50):
        for u in (-1e8, -300.0, -40.0, -1.0, 0.0, 3.0, 30.0):
            exact = mpmath.npdf(u) / mpmath.ncdf(u)
            assert mills_ratio(np.array([u]))[0] == pytest.approx(float(exact), rel=1e-11)
        for a, b in ((-60.0, -59.0), (50.0, 50.5), (-1.0, 1.0), (8.0, 9.0)):
            low, high = (a, b) if a < 0 else (-b, -a)  # digits are in the lower tail
            exact = mpmath.log(mpmath.ncdf(high) - mpmath.ncdf(low))
            got = log_interval_probability(np.array([a]), np.array([b]))[0]
            assert got == pytest.approx(float(exact), rel=1e-9)


# -- weights, limits ------------------------------------------------------------------------


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


@pytest.mark.parametrize("y_scale", [1e-8, 1e8])
@pytest.mark.parametrize("x_scale", [1e-8, 1e8])
def test_units_do_not_matter(data, fit, y_scale, x_scale):
    y, X = data
    units = np.array([1, x_scale, 1])
    other = Tobit(y * y_scale, X * units, 0, 2 * y_scale).fit()
    np.testing.assert_allclose(other.params * units / y_scale, fit.params, rtol=1e-9)
    np.testing.assert_allclose(other.bse * units / y_scale, fit.bse, rtol=1e-9)
    assert other.scale / y_scale == pytest.approx(fit.scale, rel=1e-10)


def test_a_year_as_regressor_is_well_behaved(data):
    y, X = data
    year = 2000 + np.arange(y.size) % 11
    raw = Tobit(y, np.column_stack([X, year, year**2]), 0, 2).fit()
    centred = Tobit(y, np.column_stack([X, year - 2005, (year - 2005) ** 2]), 0, 2).fit()
    assert not raw.not_estimable
    assert raw.params.iloc[-1] == pytest.approx(centred.params.iloc[-1], rel=1e-6)
    assert raw.llf == pytest.approx(centred.llf, rel=1e-10)


# -- hard cases -----------------------------------------------------------------------------


def message(y, X, *args, **kwargs):
    with pytest.raises(EstimationError) as caught:
        Tobit(y, X, *args, **kwargs).fit()
    assert isinstance(caught.value, ValueError)
    return str(caught.value)


def test_every_row_at_one_limit(data):
    y, X = data
    assert "all 400 rows are at the lower limit" in message(0 * y, X, 0, 2)
    assert "all 400 rows are at the upper limit" in message(0 * y + 2, X, 0, 2)


def test_every_row_at_one_of_both_limits(data):
    y, X = data
    assert "logit or probit" in message(2.0 * (y > 1), X, 0, 2)


def test_no_row_at_a_limit_is_least_squares(data):
    _, X = data
    y = X @ BETA + np.random.default_rng(1).normal(size=400)
    fit = Tobit(y, X, None, None).fit()
    beta, residual, *_ = np.linalg.lstsq(X, y)
    np.testing.assert_allclose(fit.params, beta, rtol=1e-10)
    assert fit.scale == pytest.approx(np.sqrt(residual[0] / 400), rel=1e-10)
    assert fit.n_lower == fit.n_upper == 0


@pytest.mark.parametrize(("limit", "sign"), [("lower", "−∞"), ("upper", "+∞")])
def test_a_dummy_that_separates_is_named_and_the_others_estimated(data, limit, sign):
    y, X = data
    dummy = (y <= 0 if limit == "lower" else y >= 2) & (np.arange(400) % 3 == 0)
    names = ["const", "a", "b", "dummy"]
    fit = Tobit(y, pd.DataFrame(np.column_stack([X, dummy]), columns=names), 0, 2).fit()
    assert list(fit.not_estimable) == ["dummy"]
    assert f"tends to {sign}" in fit.not_estimable["dummy"]
    assert "dummy" not in fit.params.index
    without = Tobit(y[~dummy], X[~dummy], 0, 2).fit()
    np.testing.assert_allclose(fit.params, without.params, rtol=1e-9)
    np.testing.assert_allclose(fit.bse, without.bse, rtol=1e-9)
    assert fit.llf == pytest.approx(without.llf)
    assert fit.nobs == 400
    at = 0 if limit == "lower" else 2
    np.testing.assert_array_equal(fit.predict()[dummy], at)
    np.testing.assert_array_equal(fit.score_obs()[dummy], 0)
    effects = [f.get_margeff()["dy/dx"].to_numpy() for f in (fit, without)]
    np.testing.assert_allclose(effects[0], effects[1] * (~dummy).mean(), rtol=1e-9)


def test_separation_that_no_single_dummy_shows(data):
    # The sum of two dummies separates, neither does alone: rows between have both or none.
    y, X = data
    rng = np.random.default_rng(8)
    inside = (y > 0) & (y < 2)
    one = rng.integers(0, 2, 400)
    two = np.where(inside, one, np.where(y <= 0, np.minimum(one, rng.integers(0, 2, 400)), one))
    fit = Tobit(y, np.column_stack([X, one, two]), 0, 2).fit()
    assert set(fit.not_estimable) == {"x3", "x4"}
    assert "−∞" in fit.not_estimable["x3"]
    assert "+∞" in fit.not_estimable["x4"]


def test_a_category_between_both_limits_without_a_row_inside_is_finite(data):
    y, X = data
    dummy = ((y <= 0) | (y >= 2)) & (np.arange(400) % 3 == 0)
    fit = Tobit(y, np.column_stack([X, dummy]), 0, 2).fit()
    assert not fit.not_estimable
    assert np.isfinite(fit.params).all()


def test_base_category_at_the_limit_leaves_no_contrast(data):
    y, X = data
    g = np.random.default_rng(3).integers(0, 4, 400)
    table = pd.DataFrame({"y": np.where(g == 0, 0, y), "a": X[:, 1], "g": g})
    fit = Tobit.from_formula("y ~ a + C(g)", table, 0, 2).fit()
    assert list(fit.params.index) == ["a"]
    assert "another category as base" in fit.not_estimable["C(g)[T.1]"]
    inside = Tobit.from_formula("y ~ a + C(g)", table[g > 0], 0, 2).fit()
    assert fit.params["a"] == pytest.approx(inside.params["a"], rel=1e-9)


def test_collinear_constant_and_zero_columns_are_dropped_and_named(data, fit):
    y, X = data
    noise = 1e-10 * np.random.default_rng(4).normal(size=400)
    extra = [2 * X[:, 1] + 1, X[:, 2] + noise, np.full(400, 3.0), np.zeros(400)]
    other = Tobit(y, np.column_stack([X, *extra]), 0, 2).fit()
    np.testing.assert_allclose(other.params, fit.params, rtol=1e-9)
    np.testing.assert_allclose(other.bse, fit.bse, rtol=1e-9)
    reasons = other.not_estimable
    assert list(reasons) == ["x3", "x4", "x5", "x6"]
    assert "collinear" in reasons["x3"]
    assert "collinear" in reasons["x4"]
    assert "constant" in reasons["x5"]
    assert "zero in every row" in reasons["x6"]


def test_fewer_rows_than_coefficients():
    y, X = sample(20)
    wide = np.random.default_rng(1).normal(size=(20, 30))
    assert "20 rows for 33 coefficients" in message(y, np.column_stack([X, wide]), 0, 2)


def test_exact_fit_is_refused():
    _, X = sample()
    assert "exactly" in message(np.clip(X @ BETA, 0, 2), X, 0, 2)


def test_missing_and_infinite_values_are_named(data):
    y, X = (part.copy() for part in data)
    X[3, 1], X[4, 2] = np.nan, np.inf
    text = message(y, X, 0, 2)
    assert "x1: missing in 1 row" in text
    assert "x2: infinite in 1 row" in text
    y[0] = np.nan
    assert "outcome is missing in 1 row" in message(y, data[1], 0, 2)


def test_outcome_outside_its_limits(data):
    y, X = data
    assert "above its upper limit in" in message(y, X, 0, 1.5)
    assert "below its lower limit in" in message(y, X, 0.5, 2)
    assert "not below the upper" in message(y, X, 2, 0)


def test_percent_with_limit_one_and_fractions_with_limit_hundred(data):
    y, X = data
    assert "looks like percent" in message(50 * y, X, 0, 1)
    with pytest.warns(UserWarning, match="upper=1 or multiply"):
        Tobit(y / 2, X, 0, 100)


@pytest.mark.parametrize(("value", "words"), [(0, "zero"), (-1, "negative"), (np.nan, "missing")])
@pytest.mark.parametrize("name", ["weights", "freq_weights"])
def test_weights_that_are_none(data, value, words, name):
    y, X = data
    w = np.ones(400)
    w[7] = value
    text = message(y, X, 0, 2, **{name: w})
    assert name in text
    assert f"{words}" in text


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


def test_unknown_covariance_and_options_are_refused_with_the_list(fit):
    with pytest.raises(EstimationError, match="use one of nonrobust, OPG, HC0, HC1, cluster"):
        fit.with_cov("HAC")
    with pytest.raises(EstimationError, match="takes no options"):
        fit.with_cov("HC0", {"maxlags": 3})
    with pytest.raises(EstimationError, match="without groups"):
        fit.with_cov("cluster")


def test_messages_never_show_a_value(data):
    y, X = data
    y = y.copy()
    y[5] = 7.654321
    assert "7.65" not in message(y, X, 0, 2)


# -- formulas -------------------------------------------------------------------------------


@pytest.fixture
def table(data):
    y, X = data
    rng = np.random.default_rng(9)
    return pd.DataFrame(
        {
            "y": y,
            "a": X[:, 1],
            "b": X[:, 2],
            "yes": pd.array(rng.integers(0, 2, 400).astype(bool), dtype="boolean"),
            "industry": pd.Series(rng.choice(["food", "metal", "it"], 400), dtype="string"),
            "w": rng.uniform(1, 2, 400),
            "region": rng.integers(0, 25, 400),
        },
        index=rng.integers(0, 50, 400),  # a caller's index may repeat
    )


def test_formula_with_text_booleans_and_interactions(table):
    fit = Tobit.from_formula("y ~ a * yes + industry + np.exp(b)", table, 0, 2).fit()
    assert list(fit.params.index) == [
        "Intercept", "a", "yes", "industry[T.it]", "industry[T.metal]", "np.exp(b)", "a:yes",
    ]  # fmt: skip
    X = np.column_stack(
        [
            np.ones(400), table.a, table.yes.astype(float), table.industry == "it",
            table.industry == "metal", np.exp(table.b), table.a * table.yes.astype(float),
        ]
    ).astype(float)  # fmt: skip
    np.testing.assert_allclose(fit.params, Tobit(table.y, X, 0, 2).fit().params, rtol=1e-9)


def test_missing_rows_are_dropped_and_counted(table):
    table = table.reset_index(drop=True)
    table.loc[[1, 2, 3], "a"] = np.nan
    table.loc[[3, 4], "yes"] = pd.NA
    table.loc[10, "w"] = np.nan
    model = Tobit.from_formula("y ~ a + yes", table, 0, 2, weights="w")
    assert model.dropped == {
        "missing": 5, "missing in a": 3, "missing in yes": 2, "missing in w": 1,
    }  # fmt: skip
    fit = model.fit("cluster", {"groups": "region"})
    same = model.fit("cluster", {"groups": table.region})
    np.testing.assert_array_equal(fit.bse, same.bse)
    complete = table.dropna()
    direct = Tobit.from_formula("y ~ a + yes", complete, 0, 2, weights=complete.w)
    np.testing.assert_allclose(fit.params, direct.fit().params, rtol=1e-12)
    assert fit.nobs == 395
    assert "5 rows with a missing value" in str(fit.summary())


def test_weights_given_as_values_are_counted_by_their_own_name(table):
    weights = pd.array([pd.NA, *[1.5] * 399], dtype="Float64")
    model = Tobit.from_formula("y ~ a", table, 0, 2, weights=weights)
    assert model.dropped == {"missing": 1, "missing in weights": 1}
    same = Tobit.from_formula("y ~ a", table.iloc[1:], 0, 2).fit()
    np.testing.assert_allclose(model.fit().params, same.params, rtol=1e-10)


def test_formula_mistakes(table):
    with pytest.raises(EstimationError, match="no column nonsense"):
        Tobit.from_formula("y ~ nonsense", table)
    with pytest.raises(EstimationError, match="no column z"):
        Tobit.from_formula("y ~ a", table, weights="z")
    with pytest.raises(EstimationError, match="no outcome"):
        Tobit.from_formula("a", table)
    with pytest.raises(EstimationError, match="none of 400 rows is complete"):
        Tobit.from_formula("y ~ a", table.assign(a=np.nan), 0, 2)
    with pytest.raises(EstimationError, match="no column city to cluster by"):
        Tobit.from_formula("y ~ a", table, 0, 2).fit("cluster", {"groups": "city"})


# -- after estimation -----------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["latent", "censored", "uncensored", "probability"])
@pytest.mark.parametrize("at", ["overall", "mean"])
@pytest.mark.parametrize("dummy", [False, True])
def test_marginal_effects_and_errors_by_finite_differences(table, kind, at, dummy):
    fit = Tobit.from_formula("y ~ a + yes", table, 0, 2).fit()
    got = fit.get_margeff(kind, at, dummy=dummy)
    X = fit.model.design.dense
    X = X.mean(axis=0, keepdims=True) if at == "mean" else X

    def effect(p, j):
        from cisflow.estimators.tobit.margins import KINDS

        def value(rows):
            eta = rows @ p[:-1]
            limits = np.zeros(eta.size), np.full(eta.size, 2.0)
            return KINDS[kind](eta, np.exp(p[-1]), *limits).value.mean()

        up, down, width = X.copy(), X.copy(), 1.0
        if dummy and j == 2:
            up[:, j], down[:, j] = 1, 0
        else:
            up[:, j], down[:, j], width = up[:, j] + 1e-4, down[:, j] - 1e-4, 2e-4
        return (value(up) - value(down)) / width

    p = np.append(fit.params, np.log(fit.scale))
    V = fit.cov_params(scale=True).to_numpy()
    for j, term in ((1, "a"), (2, "yes")):
        steps = 1e-4 * np.eye(p.size)
        gradient = np.array([(effect(p + s, j) - effect(p - s, j)) / 2e-4 for s in steps])
        assert got.loc[term, "dy/dx"] == pytest.approx(effect(p, j), rel=1e-6)
        error = np.sqrt(gradient @ V @ gradient)
        assert got.loc[term, "Std. Err."] == pytest.approx(error, rel=1e-5)


def test_expected_outcomes_match_simulation(fit):
    rng = np.random.default_rng(0)
    X = np.array([[1, 0.5, -1.0]])
    draws = X @ fit.params.to_numpy() + fit.scale * rng.normal(size=400_000)
    inside = (draws > 0) & (draws < 2)
    for which, value in (
        ("latent", draws.mean()),
        ("censored", np.clip(draws, 0, 2).mean()),
        ("uncensored", draws[inside].mean()),
        ("probability", inside.mean()),
    ):
        assert fit.predict(X, which)[0] == pytest.approx(value, abs=0.006)
    interval = fit.get_prediction(X).loc[0]
    assert 0 <= interval["obs_ci_lower"] < interval["mean"] < interval["obs_ci_upper"] <= 2
    assert interval["mean_ci_lower"] < interval["mean"] < interval["mean_ci_upper"]


def test_prediction_for_new_firms_from_a_formula(table):
    fit = Tobit.from_formula("y ~ a + industry", table, 0, 2).fit()
    np.testing.assert_allclose(fit.predict(table.iloc[:7]), fit.predict()[:7], rtol=1e-12)
    with pytest.raises(EstimationError, match="is not offered"):
        fit.predict(which="nonsense")


def test_summary_reads_like_statsmodels(table):
    fit = Tobit.from_formula("y ~ a + industry", table, 0, 2, weights="w").fit()
    text = str(fit.summary())
    for words in ("Dep. Variable:", "No. Observations:", "Log-Likelihood:", "std err", "P>|z|",
                  "[0.025", "sigma", "industry[T.it]", "use HC1 or cluster"):  # fmt: skip
        assert words in text


def test_statsmodels_names(fit):
    assert list(fit.params.index) == ["const", "x1", "x2"]
    ci = fit.conf_int(0.1)
    np.testing.assert_allclose(ci[1] - fit.params, 1.6448536 * fit.bse, rtol=1e-7)
    np.testing.assert_allclose(fit.tvalues, fit.params / fit.bse)
    assert ((fit.pvalues > 0) & (fit.pvalues < 1)).all()
    assert fit.aic == pytest.approx(-2 * fit.llf + 8)
    assert fit.converged
    assert fit.scale_se == pytest.approx(fit.scale * fit.log_scale_se)


def test_maketables_shows_it(fit):
    import maketables

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        html = maketables.ETable([fit, fit.with_cov("HC1")]).make(type="html")
    text = html if isinstance(html, str) else html.as_raw_html()
    assert f"{fit.params['x1']:.3f}" in text
    assert "400" in text


def test_maketables_protocol(fit):
    from maketables.extractors import PluginExtractor

    clustered = fit.with_cov("cluster", {"groups": np.arange(400) % 40})
    plugin = PluginExtractor()
    table = plugin.coef_table(clustered)
    np.testing.assert_array_equal(table["se"], clustered.bse)
    np.testing.assert_array_equal(table[["ci95l", "ci95u"]], clustered.conf_int())
    assert plugin.stat(clustered, "N") == 400
    assert plugin.stat(clustered, "n_clusters") == 40
    assert plugin.stat(clustered, "sigma") == fit.scale
    assert plugin.stat(clustered, "r2") is None
    assert plugin.depvar(clustered) == "y"
    assert plugin.vcov_info(clustered)["vcov_type"] == "cluster"
    shown = plugin.default_stat_keys(clustered)
    assert all(plugin.stat(clustered, key) is not None for key in shown)
    assert set(plugin.stat_labels(clustered)) <= set(shown)


def test_import_brings_no_statsmodels():
    tobit = "from cisflow.estimators.tobit.model import Tobit"
    code = f"import sys; {tobit}; print('statsmodels' in sys.modules)"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "False"


# -- a categorical kept as codes ------------------------------------------------------------


@pytest.fixture(scope="module")
def industries():
    """Twelve industries: one all at the lower limit, one at both limits with nothing between."""
    y, X = sample(900, seed=6)
    g = np.random.default_rng(6).integers(0, 12, 900)
    y = np.where(g == 4, 0, np.where(g == 7, 2.0 * (X[:, 1] > 0), y))
    table = {"y": y, "a": X[:, 1], "b": X[:, 2], "g": g, "region": g % 5 + 10 * (X[:, 2] > 0)}
    return pd.DataFrame(table)


@pytest.mark.parametrize("written_out", [True, False])
def test_codes_and_dummies_give_the_same(industries, monkeypatch, written_out):
    monkeypatch.setattr("cisflow.estimators.formula.ABSORB_FROM", 1000)
    dummies = Tobit.from_formula("y ~ a + C(g) + b", industries, 0, 2)
    assert dummies.absorbed is None
    monkeypatch.setattr("cisflow.estimators.formula.ABSORB_FROM", 10)
    if not written_out:
        monkeypatch.setattr("cisflow.estimators.tobit.checks.WRITTEN_OUT", 0)
        monkeypatch.setattr("cisflow.estimators.tobit.likelihood.SMALL", 0)
        monkeypatch.setattr("cisflow.estimators.tobit.fit.FEW", 0)
    codes = Tobit.from_formula("y ~ a + C(g) + b", industries, 0, 2)
    assert codes.absorbed is not None
    one, two = dummies.fit(), codes.fit()
    assert list(one.params.index) == list(two.params.index)
    assert one.not_estimable == two.not_estimable
    assert list(one.not_estimable) == ["C(g)[T.4]"]
    assert "C(g)[T.7]" in two.params.index
    np.testing.assert_allclose(two.params, one.params, rtol=1e-9)
    assert two.llf == pytest.approx(one.llf, rel=1e-12)
    for cov, options in (("nonrobust", None), ("HC1", None), ("cluster", {"groups": "region"})):
        np.testing.assert_allclose(
            two.with_cov(cov, options).cov_params(scale=True),
            one.with_cov(cov, options).cov_params(scale=True),
            rtol=1e-7,
            atol=1e-12,
        )
    for kind in ("censored", "uncensored", "probability"):
        for dummy in (True, False):
            pd.testing.assert_frame_equal(
                one.get_margeff(kind, dummy=dummy), two.get_margeff(kind, dummy=dummy), rtol=1e-7
            )
    np.testing.assert_allclose(one.predict(), two.predict(), rtol=1e-9)
    new = industries.iloc[100:110]
    np.testing.assert_allclose(two.predict(new), one.predict(new), rtol=1e-9)
    np.testing.assert_allclose(two.score_obs(), one.score_obs(), atol=1e-8)


def test_codes_given_as_array(industries):
    exog = pd.DataFrame({"Intercept": 1.0, "a": industries.a, "b": industries.b})
    fit = Tobit(industries.y, exog, 0, 2, absorb=industries.g).fit()
    formula = Tobit.from_formula("y ~ a + b + C(g)", industries, 0, 2).fit()
    np.testing.assert_allclose(fit.params, formula.params, rtol=1e-12)
    assert fit.params.index[-1] == "g[T.11]"
    with pytest.raises(EstimationError, match="without an intercept"):
        Tobit(industries.y, exog[["a", "b"]], 0, 2, absorb=industries.g).fit()
    with pytest.raises(EstimationError, match="or some missing"):
        Tobit(industries.y, exog, 0, 2, absorb=industries.g.where(industries.g > 0))


def test_codes_refuse_what_they_cannot_decide(industries, monkeypatch):
    monkeypatch.setattr("cisflow.estimators.tobit.checks.WRITTEN_OUT", 0)
    monkeypatch.setattr("cisflow.estimators.tobit.fit.FEW", 0)
    with pytest.raises(EstimationError, match="size does not vary within the categories"):
        Tobit.from_formula(
            "y ~ a + size + C(g)", industries.assign(size=industries.g**2), 0, 2
        ).fit()
    swapped = industries.assign(g=industries.g.replace({4: 0, 0: 4}))
    with pytest.raises(EstimationError, match="base category"):
        Tobit.from_formula("y ~ a + C(g)", swapped, 0, 2).fit()


def test_a_new_category_cannot_be_predicted(industries):
    fit = Tobit.from_formula("y ~ a + C(g)", industries, 0, 2).fit()
    with pytest.raises(EstimationError, match="category the model has not seen"):
        fit.predict(industries.head(3).assign(g=99))


def test_a_categorical_in_an_interaction_stays_in_the_formula(industries):
    model = Tobit.from_formula("y ~ a * C(g)", industries, 0, 2)
    assert model.absorbed is None
    assert Tobit.from_formula("y ~ 0 + C(g)", industries, 0, 2).absorbed is None


def test_other_models_get_every_dummy_as_a_column(industries):
    from cisflow.estimators.formula import model_frame

    frame = model_frame("y ~ a + C(g)", industries)
    assert frame.absorbed is None
    assert frame.X.shape == (900, 13)
    assert frame.names == frame.order


def test_separation_is_found_exactly_when_a_linear_programme_finds_it():
    from scipy.optimize import linprog

    rng = np.random.default_rng(42)
    seen = {True: 0, False: 0}
    for _ in range(150):
        n, k = int(rng.integers(8, 60)), int(rng.integers(1, 6))
        dummies = rng.random((n, k)) < rng.uniform(0.05, 0.6, k)
        X = np.column_stack([np.ones(n), rng.normal(size=n), dummies])
        y = X @ rng.normal(size=k + 2) + rng.normal(size=n) - rng.uniform(-1, 2)
        y = np.clip(y, 0, 1)
        try:
            fit = Tobit(y, X, 0, 1).fit()
        except EstimationError:
            continue  # all at a limit, or an exact fit: tested above
        inside, side = (y > 0) & (y < 1), np.where(y <= 0, 1.0, -1.0)
        rise = (side[:, None] * X)[~inside]
        programme = linprog(
            rise.sum(axis=0), rise, np.zeros(len(rise)), X[inside], np.zeros(inside.sum()),
            bounds=(-1, 1),
        )  # fmt: skip
        said = any("tends to" in reason for reason in fit.not_estimable.values())
        assert said == (programme.fun < -1e-7)
        assert np.isfinite(fit.bse).all()
        assert np.abs(fit.params).max() < 200 * fit.scale
        seen[said] += 1
    assert min(seen.values()) > 30


def test_a_percentage_that_is_always_zero_is_not_taken_for_a_fraction(recwarn):
    X = np.column_stack([np.ones(50), np.arange(50.0)])
    with pytest.raises(EstimationError, match="at the lower limit"):
        Tobit(np.zeros(50), X, 0, 100)
    assert not recwarn.list
