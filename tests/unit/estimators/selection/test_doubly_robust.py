"""Doubly robust effects: right if either model is, statsmodels' numbers, overlap and balance."""

import numpy as np
import pandas as pd
import pytest
from statsmodels.discrete.discrete_model import Logit
from statsmodels.regression.linear_model import OLS
from statsmodels.treatment.treatment_effects import TreatmentEffect

from cisflow.estimators import DoublyRobust
from cisflow.estimators.errors import EstimationError

FORMULA = "y ~ d + x + w"


def simulated(n=2000, seed=1, effect=5.0, twist=0.0):
    """Return firms that have d the more the larger x and w are, which raise y too."""
    rng = np.random.default_rng(seed)
    x, w = rng.normal(size=n), (rng.uniform(size=n) < 0.4).astype(float)
    p = 1 / (1 + np.exp(0.4 - 0.7 * x - 0.5 * w - twist * (x**2 - 1)))
    d = (rng.uniform(size=n) < p).astype(float)
    y = 20 + effect * d + 6 * x + 4 * w + twist * 8 * x**2 + 8 * rng.normal(size=n)
    share = np.clip(y, 0, 100)
    return pd.DataFrame({"y": y, "share": share, "x": x, "w": w, "d": d, "g": np.arange(n) % 80})


def test_truth_is_found():
    data = simulated()
    fit = DoublyRobust(FORMULA, data, "d").fit()
    for term in ("d", "treated(d)"):
        assert abs(fit.params[term] - 5) < 3.5 * fit.bse[term]
    assert fit.params["d"] == pytest.approx(fit.params["mean(d=1)"] - fit.params["mean(d=0)"])
    assert fit.extra["raw"] - 5 > 10 * fit.bse["d"]


def test_statsmodels_numbers():
    data = simulated(n=800)
    X = data[["x", "w"]].assign(const=1.0)
    propensity = Logit(data["d"], X).fit(disp=0)
    other = TreatmentEffect(OLS(data["y"], X), data["d"], results_select=propensity).aipw()
    fit = DoublyRobust(FORMULA, data, "d", overlap=(0, 1)).fit("HC0")
    np.testing.assert_allclose(fit.params["d"], other.effect[0], rtol=1e-7)
    np.testing.assert_allclose(fit.bse["d"], other.results_gmm.bse[0], rtol=1e-5)


@pytest.mark.parametrize("wrong", ["outcome", "propensity"])
def test_one_wrong_model_is_enough_to_be_right(wrong):
    """A square that moves both is left out of one of the two models at a time."""
    data = simulated(n=6000, twist=0.35).assign(x2=lambda t: t["x"] ** 2)
    right = DoublyRobust("y ~ d + x + w + x2", data, "d", overlap=(0, 1))
    both_wrong = DoublyRobust(FORMULA, data, "d", overlap=(0, 1)).fit()
    narrow = DoublyRobust(FORMULA, data, "d", overlap=(0, 1))
    mixed = DoublyRobust("y ~ d + x + w + x2", data, "d", overlap=(0, 1))
    if wrong == "outcome":
        mixed.__dict__["arms"] = narrow.arms
    else:
        mixed.__dict__["propensity"] = narrow.propensity
    fit = mixed.fit()
    assert abs(fit.params["d"] - 5) < 3.5 * fit.bse["d"]
    assert abs(right.fit().params["d"] - 5) < 3.5 * fit.bse["d"]
    assert abs(both_wrong.params["d"] - 5) > 5 * both_wrong.bse["d"]


def test_influences_are_those_of_rows_left_out():
    data = simulated(n=300)
    values, stacked = DoublyRobust(FORMULA, data, "d", overlap=(0, 1)).stacked
    for row in (0, 17, 200):
        without, _ = DoublyRobust(FORMULA, data.drop(index=row), "d", overlap=(0, 1)).stacked
        influence = stacked.influence[row]
        assert np.allclose(values - without, influence, atol=0.2 * np.abs(influence).max())


def test_shares_by_fractional_logits():
    data = simulated()
    fit = DoublyRobust("share ~ d + x + w", data, "d", "fractional", 0, 100).fit()
    assert abs(fit.params["d"] - 5) < 3.5 * fit.bse["d"] + 0.3
    assert fit.n_lower == (data["share"] <= 0)[fit.model.inside].sum()


def test_rows_outside_the_bounds_are_left_out_and_counted():
    data = simulated()
    fit = DoublyRobust(FORMULA, data, "d", overlap=(0.2, 0.7)).fit()
    p = fit.model.first_propensity
    assert fit.extra["n_outside"] == ((p < 0.2) | (p > 0.7)).sum() > 0
    assert fit.nobs + fit.extra["n_outside"] == len(data)
    assert sum(fit.overlap.counts(True)) == data["d"].sum()
    assert sum(fit.overlap.counts(True)) + sum(fit.overlap.counts(False)) == len(data)


def test_weighting_balances():
    fit = DoublyRobust(FORMULA, simulated(), "d").fit()
    assert fit.balance.names == ("x", "w")
    assert min(np.abs(fit.balance.before)) > 0.15
    assert max(np.abs(fit.balance.after)) < 0.05


def test_clusters_and_rows_taken():
    fit = DoublyRobust(FORMULA, simulated(), "d").fit("cluster", {"groups": "g"})
    assert fit.n_groups == (80,)
    assert fit.model.take(np.arange(500)).fit().nobs <= 500


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"treatment": "x"}, "x is not 0 and 1"),
        ({"treatment": "u"}, "no regressor u"),
        ({"outcome": "forest"}, "not offered"),
        ({"overlap": (0.9, 0.1)}, "bounds of the overlap"),
        ({"overlap": (0.001, 0.002)}, "within the bounds"),
    ],
)
def test_refusals(changes, words):
    with pytest.raises(EstimationError, match=words):
        DoublyRobust(FORMULA, simulated(n=300), **{"treatment": "d", **changes})


def test_what_predicts_the_treatment_perfectly_is_refused():
    data = simulated(n=300).assign(sure=lambda t: (t["d"] == 1) & (t["x"] > 0))
    with pytest.raises(EstimationError, match="no finite coefficient of sure"):
        DoublyRobust("y ~ d + x + sure", data, "d")


def test_no_classical_standard_errors():
    with pytest.raises(EstimationError, match="'nonrobust' is not offered"):
        DoublyRobust(FORMULA, simulated(n=300), "d").fit("nonrobust")


def test_summary_prints():
    text = str(DoublyRobust(FORMULA, simulated(n=300), "d").fit().summary())
    for words in ("Doubly robust effect Results", "Propensities Kept:", "treated(d)", "mean(d=0)"):
        assert words in text
