"""Covariances by name, and what is refused."""

import numpy as np
import pytest

from cisflow.estimators.errors import EstimationError


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


def test_unknown_covariance_and_options_are_refused_with_the_list(fit):
    with pytest.raises(EstimationError, match="use one of nonrobust, OPG, HC0, HC1, cluster"):
        fit.with_cov("HAC")
    with pytest.raises(EstimationError, match="takes no options"):
        fit.with_cov("HC0", {"maxlags": 3})
    with pytest.raises(EstimationError, match="without groups"):
        fit.with_cov("cluster")
