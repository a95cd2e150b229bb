"""Clustered covariances and HC3 against R: clusters.R and hc3.R wrote the numbers beside them."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from cisflow.estimators import OLS, FractionalLogit, Tobit

HERE = Path(__file__).parent
FORMULA = "y ~ x + z"
FEW, THREE = {"groups": "g", "correction": "CR3"}, {"groups": ["g", "h", "k"], "correction": "CR1"}
TWO = {"groups": ["g3", "k3"], "correction": "CR1"}


@pytest.fixture(scope="module")
def numbers():
    return json.loads((HERE / "clusters.json").read_text())


@pytest.fixture(scope="module")
def firms():
    return pd.read_csv(HERE / "clusters.csv")


@pytest.fixture(scope="module")
def tobit(firms):
    return Tobit.from_formula(FORMULA, firms.assign(y=firms["y"].clip(0, 2)), 0, 2).fit()


def test_least_squares_without_each_cluster(firms, numbers):
    weighted = OLS(FORMULA, firms, weights="w").fit("cluster", FEW)
    np.testing.assert_allclose(weighted.bse, numbers["ols_CR3"], rtol=1e-9)
    plain = OLS(FORMULA, firms).fit("cluster", FEW)
    np.testing.assert_allclose(plain.bse, numbers["ols_HC3"], rtol=1e-9)
    assert plain.df == 11


def test_least_squares_three_ways(firms, numbers):
    fit = OLS(FORMULA, firms, weights="w").fit("cluster", THREE)
    np.testing.assert_allclose(fit.bse, numbers["ols_three_ways"], rtol=1e-9)


def test_fractional_logit_without_each_cluster(firms, numbers):
    fit = FractionalLogit("share ~ x + z", firms, upper=1.0).fit("cluster", FEW)
    np.testing.assert_allclose(fit.bse, numbers["fractional_CR3"], rtol=1e-7)


@pytest.mark.parametrize(
    ("options", "key", "tolerance"),
    [
        (FEW, "tobit_CR3_one_step", 1e-5),  # R's derivatives are numerical
        (THREE, "tobit_three_ways", 1e-6),
        (TWO, "tobit_two_ways_fixed", 1e-6),
    ],
)
def test_tobit(tobit, numbers, options, key, tolerance):
    fit = tobit.with_cov("cluster", options)
    found = np.append(fit.bse, fit.log_scale_se)
    np.testing.assert_allclose(found, numbers[key], rtol=tolerance)


def test_two_ways_here_need_the_repair(tobit, numbers):
    assert not np.allclose(numbers["tobit_two_ways"], numbers["tobit_two_ways_fixed"], rtol=1e-3)
    assert "raised to zero" in tobit.with_cov("cluster", TWO).cov_note


@pytest.mark.parametrize(
    ("key", "fit"),
    [
        ("ols", lambda firms: OLS(FORMULA, firms)),
        ("ols_weighted", lambda firms: OLS(FORMULA, firms, weights="w")),
        ("ols_effects", lambda firms: OLS(FORMULA, firms, fixed_effects=["g"])),
        ("fractional", lambda firms: FractionalLogit("share ~ x + z", firms, upper=1.0)),
    ],
)
def test_hc3(firms, key, fit):
    numbers = json.loads((HERE / "hc3.json").read_text())
    found = fit(firms).fit("HC3").bse.reindex(["Intercept", "x", "z"]).to_numpy()
    first = 1 if key == "ols_effects" else 0  # the intercept is absorbed
    np.testing.assert_allclose(found[first:], numbers[key][first:], rtol=1e-7)


def test_hc3_of_a_tobit_leaves_out_each_firm_as_a_cluster_of_its_own(tobit, firms):
    n = len(firms)
    each = {"groups": np.arange(n), "correction": "CR3"}
    one, other = tobit.with_cov("HC3"), tobit.with_cov("cluster", each)
    np.testing.assert_allclose(one.bse, other.bse * np.sqrt(n / (n - 1)), rtol=1e-12)
    again = tobit.with_cov("jackknife").bse * np.sqrt(n / (n - 1))
    np.testing.assert_allclose(one.bse, again, rtol=0.03)  # one step of Newton's method, and all
