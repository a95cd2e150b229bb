"""Selection models: the truth found among those selected, limits, warnings and refusals."""

import warnings

import numpy as np
import pandas as pd
import pytest

from cisflow.estimators import OLS, Heckman, Tobit
from cisflow.estimators.effects import Factors, average_effects
from cisflow.estimators.errors import EstimationError, NoEstimateWarning
from cisflow.estimators.selection.pair import NoExclusionWarning

SELECTION, OUTCOME = "s ~ x + z", "y ~ x + d"


def simulated(n=3000, seed=1, rho=0.7, limits=None):
    """Return firms of which half are selected by what also moves their outcome."""
    rng = np.random.default_rng(seed)
    x, z, v = rng.normal(size=(3, n))
    e = rho * v + np.sqrt(1 - rho**2) * rng.normal(size=n)
    s, d = 0.4 * x + 0.8 * z + v > 0, rng.uniform(size=n) < 0.4
    y = 10 + 4 * x + 6 * d + 10 * e
    y = y if limits is None else np.clip(y, *limits)
    data = {"s": s * 1.0, "x": x, "z": z, "d": np.where(s, d, np.nan), "y": np.where(s, y, np.nan)}
    return pd.DataFrame(data).assign(g=rng.integers(0, 80, n))


@pytest.mark.parametrize("method", ["two_step", "ml"])
def test_truth_is_found(method):
    data = simulated()
    fit = Heckman(SELECTION, OUTCOME, data, method).fit()
    truth = {"Intercept": 10, "x": 4, "d": 6, "selection: x": 0.4, "selection: z": 0.8, "lambda": 7}
    for term, value in truth.items():
        assert abs(fit.params[term] - value) < 3.5 * fit.bse[term], term
    assert abs(fit.rho - 0.7) < 0.12
    assert fit.tests["independence"]["p_value"] < 1e-4
    assert fit.tests["exclusion"]["statistic"] > 100
    # Least squares among those selected is wrong by far.
    naive = OLS(OUTCOME, data).fit()
    assert naive.params["Intercept"] - 10 > 10 * naive.bse["Intercept"]


def test_shares_that_pile_up_at_limits():
    data = simulated(limits=(0, 25))
    fit = Heckman(SELECTION, OUTCOME, data, lower=0, upper=25).fit("HC1")
    for term, value in {"Intercept": 10, "x": 4, "d": 6, "sigma": 10}.items():
        assert abs(fit.params[term] - value) < 3.5 * fit.bse[term], term
    assert fit.n_lower + fit.n_upper > 300
    assert fit.n_selected < fit.nobs
    # The effect on what is seen is that of all firms that could be selected, below the latent one.
    rows = data.loc[data["s"] == 1, "d"].to_numpy()
    factors = Factors({"d": rows}, {"d": {"d": 1}}, {})
    effect = average_effects(fit.prediction("observed"), factors, ["d"])
    assert 0.4 * fit.params["d"] < effect.loc["d", "effect"] < 0.9 * fit.params["d"]


def test_without_correlation_it_is_the_tobit():
    data = simulated(n=1500, rho=0.0, limits=(0, 25))
    fit = Heckman(SELECTION, OUTCOME, data, lower=0, upper=25).fit()
    alone = Tobit.from_formula(OUTCOME, data, lower=0, upper=25).fit()
    near = (fit.params[alone.params.index] - alone.params).abs()
    assert (near < 3 * fit.bse[alone.params.index]).all()
    assert 0 <= fit.llf - (alone.llf + Heckman(SELECTION, OUTCOME, data).probit.llf) < 3


def test_clusters_and_robust_errors():
    data = simulated(n=800)
    for method in ("two_step", "ml"):
        fit = Heckman(SELECTION, OUTCOME, data, method).fit("cluster", {"groups": "g"})
        assert fit.n_groups == (80,)
        plain = fit.with_cov("HC1").bse
        assert np.allclose(fit.bse / plain, 1, atol=0.35)


def test_interval_of_rho_stays_inside():
    fit = Heckman(SELECTION, OUTCOME, simulated(n=250, rho=0.8)).fit()
    low, high = fit.conf_int().loc["rho"]
    assert -1 < low < fit.rho < high < 1


def test_warns_without_an_exclusion_restriction():
    with pytest.warns(NoExclusionWarning, match="rests on the normal distribution"):
        model = Heckman("s ~ x + d2", "y ~ x + d2", simulated().assign(d2=lambda t: t["g"] > 40))
    fit = model.fit()
    assert fit.excluded == ()
    assert "exclusion" not in fit.tests


def test_what_is_collinear_is_named():
    data = simulated().assign(twice=lambda t: 2 * t["x"])
    with pytest.warns(NoEstimateWarning, match="twice"):
        fit = Heckman("s ~ x + z + twice", "y ~ x + d + twice", data).fit()
    assert np.isnan(fit.params["twice"])
    assert "collinear" in fit.notes["twice"]
    assert "selection: twice" in fit.notes


def test_rows_without_an_answer_are_counted():
    data = simulated()
    selected = data.index[data["s"] == 1]
    data.loc[selected[:5], "d"] = np.nan
    data.loc[selected[5:8], "x"] = np.nan
    model = Heckman(SELECTION, OUTCOME, data)
    fit = model.fit()
    assert fit.nobs == len(data) - 8
    assert fit.n_selected == len(selected) - 8
    assert fit.dropped["missing"] == 8
    kept = model.take(np.arange(fit.nobs - 10))
    assert kept.fit().nobs == fit.nobs - 10


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"s": 1.0}, "selected"),
        ({"s": 2.0}, "neither 0 nor 1"),
    ],
)
def test_refusals(change, words):
    with pytest.raises(EstimationError, match=words):
        Heckman(SELECTION, OUTCOME, simulated(n=200).assign(**change))


def test_limits_need_the_likelihood():
    with pytest.raises(EstimationError, match="limits of the outcome in two steps"):
        Heckman(SELECTION, OUTCOME, simulated(n=200), "two_step", lower=0)
    with pytest.raises(EstimationError, match="outside 0–5"):
        Heckman(SELECTION, OUTCOME, simulated(n=200), lower=0, upper=5)
    with pytest.raises(EstimationError, match="not offered"):
        Heckman(SELECTION, OUTCOME, simulated(n=200), "three_step")


def test_an_error_that_is_the_same_in_both_equations_has_no_maximum_inside():
    with pytest.raises(EstimationError, match=r"tends to \+1"):
        Heckman(SELECTION, OUTCOME, simulated(n=400, rho=0.99999)).fit()


def test_what_predicts_selection_perfectly_is_refused():
    data = simulated(n=400).assign(sure=lambda t: (t["s"] == 1) & (t["x"] > 0))
    with pytest.raises(EstimationError, match="predicted perfectly by sure"):
        Heckman("s ~ x + z + sure", OUTCOME, data).fit()


def test_summary_prints():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        text = str(Heckman(SELECTION, OUTCOME, simulated(n=300)).fit().summary())
    for words in ("Selection model Results", "No. Selected:", "selection: z", "exclusion:", "rho"):
        assert words in text
