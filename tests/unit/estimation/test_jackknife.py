"""Few clusters where linearmodels estimates: each left out in turn."""

import numpy as np
import pandas as pd
import pytest

from cisflow.estimation.jackknife import Jackknifed, undetermined, without_clusters
from cisflow.estimators import OLS


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
    np.testing.assert_allclose(Jackknifed(params, cov, 200).std_errors, expected.bse, rtol=1e-8)


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
