"""Control functions: endogeneity removed from a Tobit, its test, its effects, its refusals."""

import numpy as np
import pandas as pd
import pytest

from cisflow.estimators import ControlFunctionTobit, Tobit
from cisflow.estimators.effects import Factors, average_effects
from cisflow.estimators.errors import EstimationError

FORMULA = "y ~ x + d"


def simulated(n=3000, seed=1, endogenous=0.7, binary=False):
    """Return firms whose d shares the disturbance of y; z moves d."""
    rng = np.random.default_rng(seed)
    x, z, v = rng.normal(size=(3, n))
    e = endogenous * v + np.sqrt(1 - endogenous**2) * rng.normal(size=n)
    d = 0.3 * x + 0.8 * z + v
    d = (d > 0).astype(float) if binary else d
    y = np.clip(8 + 3 * x + 6 * d + 10 * e, 0, 50)
    return pd.DataFrame({"y": y, "x": x, "d": d, "z": z, "g": rng.integers(0, 80, n)})


def model(data, **changes):
    return ControlFunctionTobit(FORMULA, data, ["d"], ["z"], **{"lower": 0, "upper": 50, **changes})


@pytest.mark.parametrize("binary", [False, True])
def test_truth_is_found(binary):
    data = simulated(binary=binary)
    fit = model(data).fit("HC1")
    for term, value in {"Intercept": 8, "x": 3, "d": 6}.items():
        assert abs(fit.params[term] - value) < 3.5 * fit.bse[term], term
    assert fit.tests["exogeneity"]["p_value"] < 1e-6
    assert fit.probits == (("d",) if binary else ())
    naive = Tobit.from_formula(FORMULA, data, lower=0, upper=50).fit()
    assert naive.params["d"] - 6 > 8 * naive.bse["d"]


def test_an_exogenous_regressor_is_found_to_be_one():
    fit = model(simulated(endogenous=0.0)).fit()
    assert fit.tests["exogeneity"]["p_value"] > 0.01
    assert abs(fit.params["residual(d)"]) < 3 * fit.bse["residual(d)"]


def test_standard_errors_count_the_first_stage():
    of = model(simulated(n=600))
    fit = of.fit()
    alone = np.sqrt(np.diag(of.second.alone))[: len(of.names)]
    assert (fit.bse.to_numpy() > alone).all()
    assert np.allclose(fit.with_cov("HC1").bse / fit.bse, 1, atol=0.25)
    clustered = fit.with_cov("cluster", {"groups": "g"})
    assert clustered.n_groups == (80,)


def test_influences_are_those_of_rows_left_out():
    data = simulated(n=300)
    of = model(data)
    base = of.fit().params
    for row in (0, 17, 200):
        moved = model(data.drop(index=row)).fit().params - base
        influence = of.stacked.influence[row, : len(of.names)]
        assert np.allclose(-moved, influence, atol=0.15 * np.abs(influence).max() + 1e-3)


def test_effects_hold_the_residuals():
    data = simulated()
    fit = model(data).fit("HC1")
    factors = Factors({"d": data["d"].to_numpy()}, {"d": {"d": 1}}, {})
    effect = average_effects(fit.prediction("observed"), factors, ["d"]).loc["d"]
    latent = average_effects(fit.prediction("latent"), factors, ["d"]).loc["d"]
    assert latent["effect"] == pytest.approx(fit.params["d"])
    assert 0.5 * latent["effect"] < effect["effect"] < latent["effect"]
    with pytest.raises(EstimationError, match="not offered"):
        fit.prediction("median")


def test_instruments_that_repeat_others_are_named():
    data = simulated(n=400).assign(same=lambda t: t["z"] * 2)
    of = ControlFunctionTobit(FORMULA, data, ["d"], ["z", "same"], 0, 50)
    assert list(of.unused) == ["same"]
    assert of.take(np.arange(300)).fit().nobs == 300


@pytest.mark.parametrize(
    ("endogenous", "instruments", "words"),
    [
        (["d", "x"], ["z"], "1 usable instruments for 2 endogenous"),
        (["w"], ["z"], "no regressor w"),
    ],
)
def test_refusals(endogenous, instruments, words):
    with pytest.raises(EstimationError, match=words):
        ControlFunctionTobit(FORMULA, simulated(n=200), endogenous, instruments)


def test_summary_prints():
    text = str(model(simulated(n=300)).fit().summary())
    for words in ("Control-function Tobit Results", "Endogenous:", "residual(d)", "exogeneity:"):
        assert words in text
