"""Estimates without each row, against the refits."""

import numpy as np
import pandas as pd
import pytest
from without import errors

from cisflow.estimators import OLS, FractionalLogit, TwoPart
from cisflow.estimators.errors import EstimationError
from cisflow.estimators.regression import influence


@pytest.fixture(scope="module")
def firms():
    rng = np.random.default_rng(5)
    n = 90
    table = pd.DataFrame({"a": rng.normal(size=n), "rare": (rng.random(n) < 0.06).astype(float)})
    table["industry"] = rng.integers(0, 4, n)
    table["country"] = rng.integers(0, 3, n)
    table["region"] = rng.integers(0, 15, n)
    table["pair"] = np.arange(n) // 2  # with few clusters both ways variances need a repair
    table["w"] = rng.uniform(1, 30, n)
    latent = 20 + 10 * table["a"] + 30 * table["rare"] + rng.normal(size=n) * 30
    table["y"] = np.clip(latent, 0, 100)
    return table


COVARIANCES = [
    ("nonrobust", {}),
    ("HC0", {}),
    ("HC1", {}),
    ("cluster", {"groups": "region", "correction": "CR1"}),
    ("cluster", {"groups": ["region", "pair"], "correction": "CR1"}),
]


@pytest.mark.parametrize(("cov_type", "options"), COVARIANCES)
@pytest.mark.parametrize(
    "given", [{}, {"weights": "w", "fixed_effects": ["industry", "country"]}], ids=["plain", "net"]
)
def test_least_squares_are_exact(firms, cov_type, options, given):
    params, bse = errors(OLS("y ~ a + rare", firms, **given).fit(cov_type, options))
    assert params < 1e-10
    assert bse < 1e-8


@pytest.mark.parametrize(("cov_type", "options"), COVARIANCES[2:4])
def test_many_rows_go_to_first_order(firms, monkeypatch, cov_type, options):
    """Coefficients stay exact; of variances what the residuals change by enters once."""
    fit = OLS("y ~ a + rare", firms, fixed_effects=["industry"]).fit(cov_type, options)
    exact = fit.leave_one_out()
    monkeypatch.setattr(influence, "PAIRS", 10)
    found = fit.leave_one_out()
    np.testing.assert_allclose(found.params, exact.params, rtol=1e-10)
    np.testing.assert_allclose(found.bse, exact.bse, rtol=0.06)  # 90 rows, 15 clusters


def test_a_cluster_of_one_firm_is_one_cluster_less(firms):
    alone = firms.assign(region=np.where(firms.index == 3, 99, firms.region))
    fit = OLS("y ~ a + rare", alone).fit("cluster", {"groups": "region", "correction": "CR1"})
    assert max(errors(fit)) < 1e-8


def test_a_row_alone_in_its_effect(firms):
    alone = firms.assign(industry=np.where(firms.index == 3, 9, firms.industry))
    found = OLS("y ~ a + C(industry)", alone).fit("HC1").leave_one_out()
    assert list(np.flatnonzero(found.params["C(industry)[T.9]"].isna())) == [3]
    assert found.params["a"].notna().all()


# Weights and a variance below the Bernoulli's stretch the steps; see the Tobit's test.
@pytest.mark.parametrize(("cov_type", "options"), COVARIANCES[:4])
@pytest.mark.parametrize("weights", [None, "w"])
def test_fractional_logit_comes_close(firms, cov_type, options, weights):
    fit = FractionalLogit("y ~ a + rare", firms, weights=weights).fit(cov_type, options)
    params, bse = errors(fit)
    assert params < 0.02
    assert bse < 0.05


def test_others_say_that_it_is_not_offered(firms):
    with pytest.raises(EstimationError, match="not offered"):
        TwoPart("y ~ a", firms, 0, 100).fit().leave_one_out()
