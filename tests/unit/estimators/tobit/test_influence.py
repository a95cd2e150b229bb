"""Estimates without each row, against the refits."""

import time

import numpy as np
import pandas as pd
import pytest
from tobit_samples import brackets, sample
from without import errors, refits

from cisflow.estimators.tobit.model import Tobit


@pytest.fixture(scope="module")
def firms():
    """221 firms, as in CIS2, with one industry of few firms and a partner of few."""
    y, X = sample(221, seed=3)
    rng = np.random.default_rng(3)
    return pd.DataFrame(
        {
            "y": y,
            "a": X[:, 1],
            "b": X[:, 2],
            "rare": (rng.random(221) < 0.05).astype(float),
            "industry": rng.choice(list("ABCDEF"), 221, p=[0.3, 0.2, 0.2, 0.15, 0.13, 0.02]),
            "region": rng.integers(0, 40, 221),
            "w": rng.uniform(20, 90, 221),
        }
    )


# One step leaves an error of the order of its square. Rows with squares above 0.2 are refitted, and
# those that change a variance by a fifth; variances of others are followed to first order, which
# few clusters and outer products of scores make rougher.
@pytest.mark.parametrize(
    ("cov_type", "options", "weights", "tolerance"),
    [
        ("nonrobust", {}, None, 0.005),
        ("OPG", {}, None, 0.05),
        ("HC0", {}, None, 0.02),
        ("HC1", {}, "w", 0.02),
        ("cluster", {"groups": "region"}, None, 0.03),
        ("cluster", {"groups": "region", "use_correction": False}, "w", 0.03),
    ],
)
def test_one_step_comes_close_to_the_refits(firms, cov_type, options, weights, tolerance):
    model = Tobit.from_formula("y ~ a + b + rare + C(industry)", firms, 0, 2, weights=weights)
    params, bse = errors(model.fit(cov_type, options))
    assert params < 0.003
    assert bse < tolerance


def test_a_step_is_nearer_than_no_step(firms):
    """The test above could not fail if nothing moved."""
    fit = Tobit.from_formula("y ~ a + b + rare", firms, 0, 2).fit("HC1")
    params, bse = refits(fit)
    assert (np.abs(params - fit.params.to_numpy()) / fit.bse.to_numpy()).max() > 0.3
    assert np.abs(bse / fit.bse.to_numpy() - 1).max() > 0.05


def test_a_row_without_which_a_term_has_no_estimate(firms):
    """Two firms have the term; one of them is at the limit, where only the other holds it."""
    between = np.flatnonzero((firms.y > 0) & (firms.y < 2))[[4]]
    below = np.flatnonzero(firms.y == 0)[[4, 5]]
    both = firms.assign(few=0.0)
    both.iloc[[*between, *below], both.columns.get_loc("few")] = 1.0
    fit = Tobit.from_formula("y ~ a + few", both, 0, 2).fit()
    found = fit.leave_one_out()
    alone = np.flatnonzero(found.params["few"].isna())
    assert list(alone) == list(between)
    assert found.bse["few"].isna().sum() == 1
    assert found.params["a"].notna().all()


def test_rows_that_two_limits_hold(firms):
    """A term on rows at the two limits only ends with the only row at one of them."""
    below, above = np.flatnonzero(firms.y == 0)[:4], np.flatnonzero(firms.y == 2)[:1]
    held = firms.assign(few=0.0)
    held.iloc[[*below, *above], held.columns.get_loc("few")] = 1.0
    found = Tobit.from_formula("y ~ a + few", held, 0, 2).fit().leave_one_out()
    assert list(np.flatnonzero(found.params["few"].isna())) == list(above)


def test_brackets_frequencies_and_the_callers_rows(firms):
    y, X = sample(221, seed=8)
    fit = Tobit.from_intervals(*brackets(y), X).fit("HC1")
    assert max(errors(fit)) < 0.02
    counts = np.random.default_rng(0).integers(1, 4, 221)
    params, bse = errors(Tobit(y, X, 0, 2, freq_weights=counts).fit("HC1"))
    assert params < 0.003
    assert bse < 0.02
    gaps = firms.assign(a=firms.a.where(firms.index != 7))
    found = Tobit.from_formula("y ~ a + b", gaps, 0, 2).fit().leave_one_out()
    assert list(found.params.index) == [i for i in range(221) if i != 7]
    assert list(found.params.columns) == ["Intercept", "a", "b"]


def test_refit_without_some_rows(firms):
    fit = Tobit.from_formula("y ~ a + C(industry)", firms, 0, 2, weights="w").fit(
        "cluster", {"groups": firms["region"].to_numpy()}
    )
    rows = [0, 5, 100]
    fewer = firms.drop(index=rows)
    again = Tobit.from_formula("y ~ a + C(industry)", fewer, 0, 2, weights="w").fit(
        "cluster", {"groups": "region"}
    )
    other = fit.without(rows)
    np.testing.assert_allclose(other.params, again.params[other.params.index], rtol=1e-8)
    np.testing.assert_allclose(other.bse, again.bse[other.params.index], rtol=1e-8)
    assert other.nobs == 218


def test_five_thousand_rows_take_a_moment():
    """A refit of each takes minutes."""
    y, X = sample(5000, seed=1)
    fit = Tobit(y, np.column_stack([X, np.random.default_rng(0).normal(size=(5000, 12))]), 0, 2)
    fitted = fit.fit("HC1")
    start = time.process_time()
    fitted.leave_one_out()
    assert time.process_time() - start < 5
