"""Expected information is the mean outer product of scores over samples, and gives the errors."""

import numpy as np
import pytest

from cisflow.estimators import Tobit
from cisflow.estimators.tobit.information import expected_information, information_parts


def log_density(y, mean, sigma, lower, upper):
    from scipy.stats import norm

    inside = norm.logpdf(y, mean, sigma)
    below, above = norm.logcdf(lower, mean, sigma), norm.logsf(upper, mean, sigma)
    return np.where(y <= lower, below, np.where(y >= upper, above, inside))


LIMITS = [(0.0, 100.0), (0.0, np.inf), (-np.inf, 40.0), (-np.inf, np.inf)]


@pytest.mark.parametrize(("lower", "upper"), LIMITS)
@pytest.mark.parametrize("mean", [-60.0, -5.0, 30.0, 140.0])
def test_it_is_the_variance_of_the_scores(lower, upper, mean):
    sigma, h = 30.0, 1e-3
    rng = np.random.default_rng(1)
    y = np.clip(mean + sigma * rng.standard_normal(400_000), lower, upper)
    by_mean, by_sigma = (
        (
            log_density(y, mean + h * dm, sigma + h * ds, lower, upper)
            - log_density(y, mean - h * dm, sigma - h * ds, lower, upper)
        )
        / (2 * h)
        for dm, ds in ((1, 0), (0, 1))
    )
    found = [float(part[0]) for part in information_parts(np.array([mean]), sigma, lower, upper)]
    wanted = [np.mean(by_mean**2), np.mean(by_mean * by_sigma), np.mean(by_sigma**2)]
    assert found == pytest.approx(wanted, abs=4e-5)
    assert np.abs(found).max() > 0


def test_without_limits_it_is_that_of_least_squares():
    rng = np.random.default_rng(2)
    X = np.column_stack([np.ones(50), rng.standard_normal(50)])
    found = expected_information(X, X @ [1.0, 2.0], 3.0, -np.inf, np.inf)
    assert found[:2, :2] == pytest.approx(X.T @ X / 9)
    assert found[2] == pytest.approx([0, 0, 2 * 50 / 9], abs=1e-12)


def test_weights_count_a_row_several_times():
    X = np.column_stack([np.ones(3), [0.0, 1.0, 3.0]])
    mean = X @ [5.0, 2.0]
    twice = np.repeat(np.arange(3), [1, 2, 3])
    weighted = expected_information(X, mean, 4.0, 0.0, 10.0, np.array([1.0, 2.0, 3.0]))
    assert weighted == pytest.approx(expected_information(X[twice], mean[twice], 4.0, 0.0, 10.0))


def test_it_gives_the_standard_errors_of_fits():
    rng = np.random.default_rng(3)
    n, sigma, beta = 400, 30.0, np.array([10.0, 8.0])
    X = np.column_stack([np.ones(n), rng.uniform(size=n) < 0.4])
    errors = []
    for _ in range(40):
        y = np.clip(X @ beta + sigma * rng.standard_normal(n), 0, 100)
        errors.append(np.asarray(Tobit(y, X, lower=0, upper=100).fit().bse)[1])
    information = expected_information(X, X @ beta, sigma, 0.0, 100.0)
    assert np.sqrt(np.linalg.inv(information)[1, 1]) == pytest.approx(np.mean(errors), rel=0.02)


def test_limits_far_away_do_not_overflow():
    parts = information_parts(np.array([-4000.0, 5000.0]), 10.0, 0.0, 100.0)
    assert np.isfinite(parts).all()
