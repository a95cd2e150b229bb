"""Few clusters where linearmodels estimates: each left out in turn."""

import numpy as np
import pandas as pd
import pytest

from cisflow.estimation.jackknife import Clustered, of_several, without_clusters
from cisflow.estimators import OLS
from cisflow.estimators.clusters import of_one_cluster, undetermined


@pytest.fixture(scope="module")
def firms():
    rng = np.random.default_rng(2)
    data = pd.DataFrame({"g": np.arange(200) % 10, "x": rng.normal(size=200)})
    data["y"] = data["x"] + rng.normal(size=10)[data["g"]] + rng.normal(size=200)
    return data


def least_squares(data):
    return OLS("y ~ x", data).fit().params


def test_refits_of_least_squares_are_its_jackknife(firms):
    X = np.column_stack([np.ones(200), firms["x"]])
    params = least_squares(firms)
    cov = without_clusters(params, firms["g"].to_numpy(), X, lambda r: least_squares(firms[r]))
    expected = OLS("y ~ x", firms).fit("cluster", {"groups": "g", "correction": "CR3"})
    np.testing.assert_allclose(cov, expected.cov_params(), rtol=1e-8)
    np.testing.assert_allclose(Clustered(params, cov, 200).std_errors, expected.bse, rtol=1e-8)


def test_what_one_cluster_alone_determines_has_no_variance(firms):
    X = np.column_stack([np.ones(200), firms["x"], firms["g"] == 3]).astype(float)
    data = firms.assign(own=X[:, 2])

    def fit(rows):
        return OLS("y ~ x + own", data[rows]).fit().params

    params = fit(np.ones(200, bool))
    cov = without_clusters(params, firms["g"].to_numpy(), X, fit)
    assert np.isnan(cov.loc["own", "own"])
    assert np.isfinite(cov.loc["x", "x"])


def test_undetermined_coefficients_are_those_a_collinear_direction_moves():
    X = np.column_stack([np.ones(6), np.arange(6.0), np.zeros(6), 2 * np.ones(6)])
    assert undetermined(X).tolist() == [True, False, True, True]


def test_who_alone_determines_a_coefficient_is_seen_in_the_regressors():
    rng = np.random.default_rng(6)
    codes = np.repeat(np.arange(60), 4)
    X = np.column_stack([np.ones(240), rng.normal(size=(240, 2)), codes == 7, codes < 9])
    assert of_one_cluster(X, codes).tolist() == [False, False, False, True, False]
    # The intercept beside dummies of all clusters but one is that one's.
    dummies = np.column_stack([np.ones(12), np.eye(3).repeat(4, axis=0)[:, 1:]])
    assert of_one_cluster(dummies, np.arange(3).repeat(4)).all()
    cov = of_several(pd.DataFrame(np.eye(5)), codes, X)
    assert np.isnan(np.diag(cov)).tolist() == [False, False, False, True, False]
