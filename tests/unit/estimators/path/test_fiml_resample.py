"""Resamples of firms with gaps."""

import numpy as np
import pytest
from path_samples import DIRECT

from cisflow.estimators.path.model import PathModel


@pytest.mark.parametrize("weights", [None, "w"])
def test_a_resample_with_gaps_is_the_model_of_the_resampled_firms(gaps, weights):
    model = PathModel(DIRECT, gaps, missing="fiml", fixed_effects=["region"], weights=weights)
    kept = gaps[model.firms.keep].reset_index(drop=True)
    counts = np.random.default_rng(6).multinomial(len(kept), np.full(len(kept), 1 / len(kept)), 3)
    found = model.firms.reweight(counts.astype(float))
    assert found.ok.all()
    for i, count in enumerate(counts):
        again = kept.loc[kept.index.repeat(count)].reset_index(drop=True)
        one = PathModel(
            DIRECT, again, missing="fiml", fixed_effects=["region"], weights=weights
        ).firms.incomplete.found
        for name in ("coef", "psi", "sd"):
            values, wanted = getattr(found, name)[i], getattr(one, name)[0]
            assert values == pytest.approx(wanted, rel=2e-5, abs=1e-5), name


def test_the_bootstrap_with_gaps_agrees_with_the_sandwich(gaps):
    model = PathModel(DIRECT, gaps, missing="fiml")
    resampled = model.fit("bootstrap", bootstrap={"draws": 2000, "seed": 1})
    assert resampled.bootstrap_failed == 0
    ratio = resampled.edges["std_error"] / model.fit("robust").edges["std_error"]
    assert ratio.between(0.9, 1.1).all()
    effects = resampled.effects("d", "m")
    assert (effects["bca_low"] < effects["estimate"]).all()
    assert (effects["estimate"] < effects["bca_high"]).all()
    clusters = {"groups": "industry"}
    clustered = model.fit("bootstrap", clusters, {"draws": 2000, "seed": 1})
    by_clusters = model.fit("cluster", clusters)
    ratio = clustered.edges["std_error"] / by_clusters.edges["std_error"]
    assert ratio.between(0.7, 1.3).all()


def test_without_gaps_resamples_are_those_of_complete_firms(firms):
    options = {"draws": 200, "seed": 3}
    plain = PathModel(DIRECT, firms, fixed_effects=["region"]).fit("bootstrap", bootstrap=options)
    full = PathModel(DIRECT, firms, fixed_effects=["region"], missing="fiml")
    gapless = full.fit("bootstrap", bootstrap=options)
    for name in ("coef", "psi", "sd"):
        ours, theirs = (getattr(fit.draws, name) for fit in (gapless, plain))
        if name == "sd":  # the dummies' own come first in the model that spells them out
            outcomes = len(full.system.endogenous)
            ours, theirs = ours[:, -outcomes:], theirs[:, -outcomes:]
        shared = [i for i, control in enumerate(full.system.from_controls) if not control]
        if name == "coef":
            ours = ours[:, shared]
        assert ours == pytest.approx(theirs, abs=1e-6), name
