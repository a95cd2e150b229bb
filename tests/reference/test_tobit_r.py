"""R's numbers: AER::tobit and survreg, sandwich, at 221, 305 and 5,000 firms."""

import json

import numpy as np
import pandas as pd
import pytest

from cisflow.estimators.tobit.model import Tobit

TERMS = "d1 + d2 + d3 + d4 + d5 + d6 + d7 + lsize + lrd + export + group + highedu + C(ind)"
EFFECTS = {
    "censored": "ame_factor_Ey",
    "uncensored": "ame_factor_Ey_uncensored",
    "probability": "ame_factor_Pmid",
}


@pytest.fixture(scope="module", params=[221, 305, 5000])
def size(request):
    return request.param


@pytest.fixture(scope="module", params=["y", "y2", "y_times100", "y_weighted"])
def case(request, size, shared_path):
    """R's numbers and our fit of the same model."""
    numbers = json.loads(shared_path(f"facts/reference/tobit_{size}.json").read_text())
    table = pd.read_csv(shared_path(f"facts/reference/data/cis_{size}.csv"))
    expected = numbers[request.param]
    table["outcome"] = table[expected["outcome"]] * expected["right"]
    model = Tobit.from_formula(
        f"outcome ~ {TERMS}", table, 0, expected["right"], weights=expected["weights"]
    )
    return expected, model.fit()


def values(mapping):
    return np.array(list(mapping.values()))


def test_coefficients_and_sigma(case):
    expected, fit = case
    np.testing.assert_allclose(fit.params, values(expected["coef"]), rtol=1e-8)
    assert fit.scale == pytest.approx(expected["sigma"], rel=1e-8)
    assert not fit.not_estimable


def test_log_likelihood(case):
    expected, fit = case
    assert fit.llf == pytest.approx(expected["logLik"], rel=1e-9)


def test_rows_at_the_limits(case):
    expected, fit = case
    assert (fit.nobs, fit.n_lower, fit.n_upper) == (
        expected["n"],
        expected["n_left"],
        expected["n_right"],
    )


@pytest.mark.parametrize(
    ("cov_type", "options", "key"),
    [
        ("nonrobust", None, "se_classical"),
        ("HC0", None, "se_HC0"),
        ("cluster", {"groups": "country", "use_correction": False}, "se_CR0"),
        ("cluster", {"groups": "country", "correction": "CR1"}, "se_CR1"),
    ],
)
def test_standard_errors(case, cov_type, options, key):
    expected, fit = case
    other = fit.with_cov(cov_type, options)
    np.testing.assert_allclose(
        np.append(other.bse, other.log_scale_se), values(expected[key]), rtol=1e-6
    )


def test_covariance_matrix(case):
    expected, fit = case
    wanted = np.array(expected["vcov"])
    size = np.sqrt(np.outer(np.diag(wanted), np.diag(wanted)))
    np.testing.assert_allclose(fit.cov_params(scale=True) / size, wanted / size, atol=1e-9)


@pytest.mark.parametrize("kind", list(EFFECTS))
def test_marginal_effects(case, kind):
    expected, fit = case
    effects = fit.get_margeff(kind, weighted=False)["dy/dx"]  # R's factors are plain means
    factor = effects / fit.params.drop("Intercept")
    np.testing.assert_allclose(factor, expected[EFFECTS[kind]], rtol=1e-6)


def test_mean_expected_outcome(case):
    expected, fit = case
    assert fit.predict().mean() == pytest.approx(expected["mean_Ey"], rel=1e-8)
