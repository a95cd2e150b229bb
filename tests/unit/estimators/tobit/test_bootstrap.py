"""Resampling a Tobit."""

import numpy as np
import pandas as pd
import pytest
from tobit_samples import sample

from cisflow.estimators.errors import EstimationError
from cisflow.estimators.tobit.bootstrap import resample
from cisflow.estimators.tobit.model import Tobit


def test_same_seed_same_draws(fit):
    a, b, c = (fit.bootstrap(20, seed=s).estimates for s in (1, 1, 2))
    pd.testing.assert_frame_equal(a, b)
    assert (a != c).to_numpy().any()


def test_each_resample_is_the_fit_of_its_rows(fit):
    draws = fit.bootstrap(3, seed=7).estimates
    rng = np.random.default_rng(7)
    y = np.where(np.isinf(fit.model.low), fit.model.high, fit.model.low)
    for r in range(3):
        rows = rng.integers(0, 400, 400)
        alone = Tobit(y[rows], fit.model.design.dense[rows], 0, 2).fit()
        np.testing.assert_allclose(draws.iloc[r, :3], alone.params, rtol=1e-8)
        assert draws["sigma"].iloc[r] == pytest.approx(alone.scale, rel=1e-8)


def test_one_by_one_and_together_agree(fit, monkeypatch):
    together = fit.bootstrap(10, seed=3)
    monkeypatch.setattr("cisflow.estimators.tobit.bootstrap.OUTER_PRODUCTS", 0)
    alone = fit.bootstrap(10, seed=3)
    np.testing.assert_allclose(together.estimates, alone.estimates, rtol=1e-8)


def test_jackknife_and_bootstrap_errors_are_near_the_sandwich(fit):
    robust = fit.with_cov("HC0").bse
    np.testing.assert_allclose(fit.with_cov("jackknife").bse, robust, rtol=0.05)
    boot = fit.with_cov("bootstrap", {"draws": 800, "seed": 1})
    np.testing.assert_allclose(boot.bse, robust, rtol=0.12)
    assert boot.cov_type == "bootstrap"


def test_cluster_bootstrap_resamples_whole_clusters():
    rng = np.random.default_rng(4)
    groups = np.repeat(np.arange(50), 8)
    shared = rng.normal(size=50)[groups]
    X = np.column_stack([np.ones(400), rng.normal(size=50)[groups]])
    y = np.clip(X @ [0.4, 0.5] + shared + rng.normal(size=400), 0, 2)
    fit = Tobit(y, X, 0, 2).fit()
    boot = fit.bootstrap(600, seed=2, groups=groups)
    clustered = fit.with_cov("cluster", {"groups": groups}).bse
    np.testing.assert_allclose(boot.bse[:2], clustered, rtol=0.15)
    assert boot.groups == 50
    assert (clustered > 1.5 * fit.with_cov("HC0").bse).all()


def test_intervals_hold_the_middle_of_the_draws(fit):
    boot = fit.bootstrap(400, seed=5)
    ci = boot.conf_int(0.1)
    inside = (boot.estimates >= ci[0]) & (boot.estimates <= ci[1])
    np.testing.assert_allclose(inside.mean(), 0.9, atol=0.01)
    bca = boot.conf_int(0.1, method="bca")
    width = (ci[1] - ci[0]).to_numpy()
    assert (np.abs(bca - ci).max(axis=1) < 0.5 * width).all()
    assert (bca != ci).to_numpy().any()
    with pytest.raises(EstimationError, match="percentile or bca"):
        boot.conf_int(method="basic")


def test_resamples_without_a_coefficient_are_counted():
    y, X = sample(120, seed=2)
    rare = np.zeros(120)
    inside, zero = np.flatnonzero((y > 0) & (y < 2)), np.flatnonzero(y <= 0)
    rare[[inside[0], zero[0], zero[1]]] = 1  # one row between the limits, two at the lower one
    fit = Tobit(y, pd.DataFrame({"c": 1.0, "a": X[:, 1], "rare": rare}), 0, 2).fit()
    assert not fit.not_estimable
    boot = fit.bootstrap(300, seed=1)
    counts = boot.counts
    assert counts["complete"] + counts["separated"] + counts["deficient"] == 300
    # Without the row between: probability (1 − 1/120)^120 = 0.37; no row at all: 0.05.
    lost = counts["separated"] + counts["deficient"]
    assert lost / 300 == pytest.approx(0.37, abs=0.09)
    assert counts["deficient"] / 300 == pytest.approx(0.05, abs=0.04)
    assert boot.by_term.loc["rare", "−∞"] == counts["separated"]
    assert boot.by_term.loc["rare", "missing"] == counts["deficient"]
    assert boot.by_term.loc["a"].sum() == 0
    assert f"{counts['complete']} of 300" in boot.note
    assert boot.conf_int().loc["a"].notna().all()
    assert boot.conf_int().loc["rare"].isna().all()
    assert "separated" in fit.with_cov("bootstrap", {"draws": 50, "seed": 1}).cov_note


def test_separated_draws_are_minus_infinity_in_percentiles():
    y, X = sample(120, seed=2)
    rare = np.zeros(120)
    inside, zero = np.flatnonzero((y > 0) & (y < 2)), np.flatnonzero(y <= 0)
    rare[np.concatenate([inside[:1], zero[:15]])] = 1
    boot = Tobit(y, np.column_stack([X, rare]), 0, 2).fit().bootstrap(200, seed=1)
    assert boot.counts["separated"] > 20
    assert boot.counts["deficient"] == 0
    low, high = boot.conf_int().loc["x3"]
    assert low == -np.inf
    assert np.isfinite(high)


def test_bootstrap_of_brackets():
    y, X = sample(150)
    low = np.where(y <= 0, -np.inf, np.where(y >= 2, 2, y - 0.05))
    high = np.where(y <= 0, 0, np.where(y >= 2, np.inf, y + 0.05))
    fit = Tobit.from_intervals(low, high, X).fit()
    boot = resample(fit.solution, 20, seed=1)
    assert boot.counts["complete"] == 20
    np.testing.assert_allclose(boot.estimates.mean()[:3], fit.params, atol=0.15)


def test_bootstrap_with_a_categorical_kept_as_codes(monkeypatch):
    y, X = sample(300)
    table = pd.DataFrame({"y": y, "a": X[:, 1], "g": np.arange(300) % 11})
    columns = Tobit.from_formula("y ~ a + C(g)", table, 0, 2).fit().bootstrap(15, seed=1)
    monkeypatch.setattr("cisflow.estimators.tobit.fit.FEW", 0)
    codes = Tobit.from_formula("y ~ a + C(g)", table, 0, 2).fit().bootstrap(15, seed=1)
    np.testing.assert_allclose(codes.estimates, columns.estimates, rtol=1e-7)


def test_bootstrap_decides_about_empty_industries_as_the_full_check_does(monkeypatch):
    rng = np.random.default_rng(12)
    n = 240
    g = rng.integers(0, 15, n)
    X = rng.normal(size=n)
    y = np.clip(0.5 * X + rng.normal(0, 0.4, 15)[g] + rng.normal(size=n), 0, 1.5)
    table = pd.DataFrame({"y": y, "x": X, "g": g})
    fit = Tobit.from_formula("y ~ x + C(g)", table, 0, 1.5).fit()
    fast = fit.bootstrap(80, seed=4)
    monkeypatch.setattr("cisflow.estimators.tobit.bootstrap.OUTER_PRODUCTS", 0)
    full = fit.bootstrap(80, seed=4)
    assert fast.counts == full.counts
    assert fast.counts["separated"] > 10
    np.testing.assert_allclose(fast.estimates, full.estimates, rtol=1e-8)
