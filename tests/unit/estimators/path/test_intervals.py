"""Intervals and p-values from resamples."""

import numpy as np
import pytest
from path_samples import DIRECT

from cisflow.estimators.path.intervals import bca_interval
from cisflow.estimators.path.model import PathModel


def test_every_specific_path_has_percentile_and_bca_intervals(firms):
    fit = PathModel(DIRECT, firms).fit(bootstrap={"draws": 999, "seed": 4})
    table = fit.effects("d", "m").set_index("effect")
    arrows = fit.model.system.arrows
    tails = np.array([0.025, 0.975])
    paths = {
        "d → p → m": [("p", "d"), ("m", "p")],
        "d → c → m": [("c", "d"), ("m", "c")],
        "d → i → p → m": [("i", "d"), ("p", "i"), ("m", "p")],
    }
    for label, steps in paths.items():
        place = [arrows.index(s) for s in steps]
        resampled = fit.draws.coef[:, place].prod(axis=1)[:, None]
        left_out = [
            PathModel(DIRECT, firms.drop(index=k)).fit().found.coef[0, place].prod()
            for k in range(0, 400, 40)
        ]
        row = table.loc[label]
        low, high = np.quantile(resampled[:, 0], tails)
        assert (row["percentile_low"], row["percentile_high"]) == pytest.approx((low, high))
        assert fit.left_out_estimates.coef[::40, place].prod(axis=1) == pytest.approx(
            left_out, rel=1e-8
        )
        jackknifed = fit.left_out_estimates.coef[:, place].prod(axis=1)[:, None]
        point = fit.found.coef[0, place].prod()[None]
        bca = bca_interval(point, resampled, jackknifed, tails)[:, 0]
        assert (row["bca_low"], row["bca_high"]) == pytest.approx(tuple(bca), rel=1e-12)
        assert row["bca_low"] < row["estimate"] < row["bca_high"]


def test_bca_interval_is_scipys():
    from scipy.stats import bootstrap

    x = np.random.default_rng(4).exponential(size=40)
    scipys = bootstrap((x,), np.mean, n_resamples=3000, method="BCa", rng=1, vectorized=True)
    left_out = ((x.sum() - x) / 39)[:, None]
    found = bca_interval(
        np.array([x.mean()]),
        scipys.bootstrap_distribution[:, None],
        left_out,
        np.array([0.025, 0.975]),
    )
    assert found[:, 0] == pytest.approx(list(scipys.confidence_interval), rel=1e-6)
