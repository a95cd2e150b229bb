"""Sampling weights of the firms."""

import numpy as np
import pandas as pd
import pytest
from path_samples import DIRECT, PERSONNEL

from cisflow.estimators.errors import EstimationError
from cisflow.estimators.path.model import PathModel
from cisflow.estimators.path.moments import Reweighter


@pytest.mark.parametrize("effects", [[], ["industry"], ["industry", "region"]])
def test_whole_weights_are_repeated_firms(firms, effects):
    weighted = PathModel(DIRECT, firms, (), effects, weights="w").fit()
    repeated = firms.loc[firms.index.repeat(firms["w"])]
    repeated["firm"] = repeated.index
    plain = PathModel(DIRECT, repeated, (), effects).fit("cluster", {"groups": "firm"})
    columns = ["estimate", "std_estimate"]
    pd.testing.assert_frame_equal(weighted.edges[columns], plain.edges[columns], rtol=1e-9)
    # A cluster per firm is the weighted firm, but for G/(G − 1).
    ratio = plain.edges["std_error"] / weighted.edges["std_error"]
    assert ratio.to_numpy() == pytest.approx(np.sqrt(400 / 399), rel=1e-9)
    ratio = plain.edges["std_std_error"] / weighted.edges["std_std_error"]
    assert ratio.to_numpy() == pytest.approx(np.sqrt(400 / 399), rel=1e-9)


def test_only_ratios_of_weights_matter_and_names_are_as_good_as_numbers(firms):
    named = PathModel(DIRECT, firms, weights="w").fit()
    given = PathModel(DIRECT, firms, weights=7.5 * firms["w"].to_numpy()).fit()
    assert named.cov_type == given.cov_type == "robust"
    pd.testing.assert_frame_equal(named.edges, given.edges, rtol=1e-10)
    even = PathModel(DIRECT, firms, weights=np.full(400, 3.0)).fit()
    pd.testing.assert_frame_equal(even.edges, PathModel(DIRECT, firms).fit("robust").edges)


def test_weighted_resamples_are_models_of_the_resampled_firms(firms):
    model = PathModel(DIRECT, firms, (), ["industry"], weights="w")
    rows = np.random.default_rng(3).integers(0, 400, 400)
    counts = np.bincount(rows, minlength=400)[None].astype(float)
    many = Reweighter(model.system, model.firms.sample)(counts)
    one = PathModel(DIRECT, firms.iloc[rows], (), ["industry"], weights="w").fit().found
    assert many.coef[0] == pytest.approx(one.coef[0], rel=1e-9)
    assert many.sd[0] == pytest.approx(one.sd[0], rel=1e-9)
    fit = model.fit("bootstrap", bootstrap={"draws": 2000, "seed": 1})
    assert (fit.edges["std_error"] / model.fit().edges["std_error"]).between(0.85, 1.15).all()


def test_weights_leave_no_likelihood(firms):
    measures = PathModel(PERSONNEL, firms, weights="w").fit().fit_measures()
    assert np.isnan([measures[k] for k in ("pvalue", "cfi", "rmsea", "aic", "bic")]).all()
    assert measures["srmr"] > 0


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        ("weight", "no variable 'weight'"),
        ("region", "holds text"),
        ([1.0, 2.0], "2 values for 400 rows"),
        (np.r_[-1.0, np.ones(399)], "negative in 1 row"),
        (np.r_[0.0, np.ones(399)], "zero in 1 row"),
        (np.r_[np.inf, np.ones(399)], "infinite in 1 row"),
    ],
)
def test_weights_refused_with_a_reason(firms, weights, message):
    with pytest.raises(EstimationError, match=message):
        PathModel(DIRECT, firms, weights=weights)


def test_missing_weights_are_dropped_and_counted(firms):
    model = PathModel(DIRECT, firms.assign(w=firms["w"].where(firms.index > 4)), weights="w")
    assert model.dropped == {"missing": 5, "missing in w": 5}
    given = firms["w"].where(firms.index > 2).to_numpy()
    model = PathModel({"m": ["d", "weights"]}, firms.assign(weights=firms["c"]), weights=given)
    assert model.dropped == {"missing": 3, "missing in sampling weights": 3}
    assert np.isfinite(model.fit().edges["estimate"]).all()
