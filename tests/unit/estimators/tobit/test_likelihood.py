"""Likelihood, gradient and information by an independent route."""

import mpmath
import numpy as np
import pytest
from tobit_samples import brackets, sample

from cisflow.estimators.tobit.likelihood import Design, log_interval_probability, mills_ratio
from cisflow.estimators.tobit.model import Tobit


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


@pytest.mark.parametrize("sort", [True, False])
def test_sums_by_level_of_sorted_and_unsorted_rows(sort):
    rng = np.random.default_rng(8)
    X, codes, w = rng.normal(size=(900, 3)), rng.integers(0, 6, 900), rng.random(900)
    codes = np.sort(codes) if sort else codes
    dummies = np.eye(6)[codes]
    np.testing.assert_allclose(Design.sum_by(codes, 6, X, w), dummies.T @ (X * w[:, None]))
    dense = np.hstack([X, dummies[:, 1:]])
    design = Design(X, codes, 5, X.mean(axis=0), X.std(axis=0))
    dense[:, :3] = (X - X.mean(axis=0)) / X.std(axis=0)
    gram, product = design.cross(w, w)
    np.testing.assert_allclose(gram, dense.T @ (dense * w[:, None]), atol=1e-11)
    np.testing.assert_allclose(product, dense.T @ w, atol=1e-11)
    rows = design.by_level(np.flatnonzero(w > 0.3))
    assert sorted(rows) == list(np.flatnonzero(w > 0.3))
    some = np.column_stack([dense, w])[rows]
    moments = design.moments(rows, w[rows], w[rows])
    np.testing.assert_allclose(moments, some.T @ (some * w[rows, None]), atol=1e-11)


@pytest.mark.parametrize("n", [60, 20_000])
@pytest.mark.parametrize("groups", [7, None])
def test_scores_by_group_are_those_of_rows_summed(n, groups):
    rng = np.random.default_rng(5)
    codes = np.arange(n) if groups is None else rng.integers(0, groups, n)
    groups = groups or n
    centre, spread = np.array([0.0, 3.0]), np.array([1.0, 4.0])
    columns, level = rng.normal(3, 4, (n, 2)), rng.integers(0, 5, n)
    X, values = Design(columns, level, 4, centre, spread), rng.normal(size=n)
    expected = np.zeros((groups, 6))
    np.add.at(expected, codes, X.toarray() * values[:, None])
    found = Design(columns, level, 4, centre, spread).score_sums(values, codes, groups)
    np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-12)
    beta = rng.normal(size=6)
    product = Design(columns, level, 4, centre, spread).times(beta)
    np.testing.assert_allclose(product, X.toarray() @ beta, rtol=1e-12, atol=1e-12)
