"""What data at the edge of what determines a model get: a reason in words, never a number."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from cisflow.estimators import (
    OLS,
    ControlFunctionTobit,
    DoublyRobust,
    FractionalLogit,
    Heckman,
    HeteroskedasticTobit,
    Logit,
    PathModel,
    Probit,
    Tobit,
    TwoPart,
)
from cisflow.estimators.covariance import HELD, ONE_CLUSTER
from cisflow.estimators.errors import EstimationError


@pytest.fixture(scope="module")
def firms() -> pd.DataFrame:
    rng = np.random.default_rng(1)
    n = 300
    data = pd.DataFrame({name: rng.normal(size=n) for name in ("x", "z")})
    data["e"] = 0.6 * data.z + rng.normal(size=n)
    data["region"], data["sector"] = np.arange(n) % 60, np.arange(n) % 7
    data["y"] = np.clip(5 + 4 * data.x + 8 * rng.normal(size=n), 0, 100)
    data["share"] = np.clip(40 + 10 * data.x + 30 * rng.normal(size=n), 0, 100)
    data["yes"] = (data.x + rng.normal(size=n) > 0).astype(float)
    data["seen"] = (0.5 * data.z + rng.normal(size=n) > 0).astype(float)
    top = int(data.y.argmax())
    data["alone"] = (data.index == top).astype(float)
    data.loc[top, "seen"] = 1.0
    data["here"] = (data.region == 4).astype(float)
    data.loc[data.here == 1, "yes"] = [0.0, 1.0, 0.0, 1.0, 1.0]
    return data


def _heteroskedastic(firms):
    model = Tobit.from_formula("y ~ x + alone", firms, upper=100)
    return HeteroskedasticTobit(model, firms[["x"]])


@pytest.mark.parametrize(
    "model",
    [
        _heteroskedastic,
        lambda d: ControlFunctionTobit("y ~ e + x + alone", d, ["e"], ["z"], upper=100),
        lambda d: Heckman("seen ~ x + z", "y ~ x + alone", d),
    ],
    ids=["heteroskedastic", "control function", "selection"],
)
@pytest.mark.parametrize("cov_type", ["HC0", "HC1"])
def test_a_dummy_of_one_firm_has_no_robust_error_in_any_model(firms, model, cov_type):
    fit = model(firms).fit(cov_type)
    assert np.isfinite(fit.params["alone"])
    assert np.isnan(fit.bse["alone"])
    assert fit.notes["alone"] == HELD
    assert fit.bse.drop("alone").notna().all()


def test_outer_products_give_a_dummy_of_one_firm_no_error_in_a_selection_model(firms):
    fit = Heckman("seen ~ x + z", "y ~ x + alone", firms).fit("OPG")
    assert np.isnan(fit.bse["alone"])
    assert fit.bse.drop("alone").between(0, 100).all()


@pytest.mark.parametrize("effects", [(), ("sector",)])
def test_a_path_model_refuses_an_arrow_of_one_firm_by_name(firms, effects):
    arrows = {"e": ["z", "alone"], "share": ["z", "e"]}
    model = PathModel(arrows, firms, fixed_effects=effects)
    assert model.fit().edges["std_error"].notna().all()
    with pytest.raises(EstimationError, match="from 'alone' to 'e' is determined by 1 firm alone"):
        model.fit("HC1")
    PathModel({"e": ["z"], "share": ["z", "e"]}, firms, controls=["alone"]).fit("HC1")


def test_a_path_model_refuses_an_arrow_of_one_cluster_by_name(firms):
    model = PathModel({"e": ["z", "here"], "share": ["z", "e"]}, firms)
    with pytest.raises(EstimationError, match="from 'here' to 'e' is determined by 1 cluster"):
        model.fit("cluster", {"groups": "region"})
    assert np.isfinite(model.fit("HC1").edges["std_error"]).all()


def test_influences_have_no_outer_products(firms):
    with pytest.raises(EstimationError, match="'OPG' is not offered"):
        ControlFunctionTobit("y ~ e + x", firms, ["e"], ["z"], upper=100).fit("OPG")


@pytest.mark.parametrize("correction", ["CR0", "CR1", None])
@pytest.mark.parametrize(
    "model",
    [
        lambda d: Tobit.from_formula("y ~ x + here", d, upper=100),
        lambda d: OLS("y ~ x + here", d),
        lambda d: OLS("y ~ x + here", d, fixed_effects=["sector"]),
        lambda d: Logit("yes ~ x + here", d),
        lambda d: FractionalLogit("share ~ x + here", d),
    ],
    ids=["tobit", "ols", "absorbing", "logit", "fractional"],
)
def test_a_dummy_of_one_cluster_has_no_clustered_error(firms, model, correction):
    options = {"groups": firms.region} | ({"correction": correction} if correction else {})
    fit = model(firms).fit("cluster", options)
    assert np.isnan(fit.bse["here"])
    assert fit.notes["here"] == ONE_CLUSTER
    assert fit.bse["x"] > 0


def test_errors_of_other_terms_are_what_they_were(firms):
    fit = OLS("y ~ x + here", firms).fit("cluster", {"groups": firms.region})
    other = OLS("y ~ x", firms[firms.here == 0]).fit("HC1")
    assert fit.bse["x"] == pytest.approx(other.bse["x"], rel=0.3)
    weighted = OLS("y ~ x", firms.assign(w=1e-9), weights="w")
    assert weighted.fit("cluster", {"groups": firms.region}).bse.notna().all()


@pytest.mark.parametrize("model", [OLS, Probit, FractionalLogit])
def test_a_table_of_cluster_labels_is_several_ways(firms, model):
    outcome = {OLS: "y", Probit: "yes", FractionalLogit: "share"}[model]
    ways = ["region", "sector"]
    named = model(f"{outcome} ~ x", firms).fit("cluster", {"groups": ways, "correction": "CR1"})
    given = model(f"{outcome} ~ x", firms).fit(
        "cluster", {"groups": firms[ways], "correction": "CR1"}
    )
    pd.testing.assert_series_equal(named.bse, given.bse)


@pytest.mark.parametrize("model", [OLS, Probit, FractionalLogit])
def test_an_infinite_weight_is_refused(firms, model):
    outcome = {OLS: "y", Probit: "yes", FractionalLogit: "share"}[model]
    weights = np.where(firms.index == 0, np.inf, 1.0)
    with pytest.raises(EstimationError, match="weights: infinite in 1 row"):
        model(f"{outcome} ~ x", firms, weights=weights)


@pytest.mark.parametrize(
    "model",
    [
        lambda d: OLS("y ~ x", d),
        lambda d: OLS("y ~ x", d, fixed_effects=["sector"]),
        lambda d: DoublyRobust("y ~ yes + x", d, "yes").fit(),
        lambda d: Heckman("seen ~ x + z", "y ~ x", d),
        lambda d: Heckman("seen ~ x + z", "y ~ x", d, method="two_step"),
    ],
    ids=["ols", "absorbing", "doubly robust", "selection", "two steps"],
)
def test_an_outcome_that_is_always_the_same_is_refused(firms, model):
    with pytest.raises(EstimationError, match="the outcome y is the same in all"):
        model(firms.assign(y=5.0))


@pytest.mark.parametrize(
    "model",
    [
        lambda d: OLS("y ~ x + z", d).fit("HC1"),
        lambda d: DoublyRobust("y ~ yes + x + z", d, "yes").fit(),
        lambda d: Heckman("seen ~ x + z", "y ~ x + z", d),
        lambda d: FractionalLogit("share ~ x + z", d).fit(),
    ],
    ids=["ols", "doubly robust", "selection", "fractional"],
)
def test_an_outcome_that_is_computed_from_the_regressors_is_refused(firms, model):
    index = 0.2 + firms.x - firms.z
    data = firms.assign(y=50 + 5 * index, share=100 / (1 + np.exp(-index)))
    with pytest.raises(EstimationError, match="exactly, in"):
        model(data)


def test_an_instrument_that_is_the_regressor_itself_is_refused(firms):
    data = firms.assign(z=2 * firms.e)
    with pytest.raises(EstimationError, match="fit e exactly"):
        ControlFunctionTobit("y ~ e + x", data, ["e"], ["z"], upper=100).fit("HC1")


@pytest.mark.parametrize(
    ("lower", "upper"), [(None, 100), (0, np.nan), (np.nan, 100), (100, 0), (5, 5)]
)
@pytest.mark.parametrize("model", [FractionalLogit, TwoPart])
def test_limits_that_are_missing_or_exchanged_are_refused(firms, model, lower, upper):
    with pytest.raises(EstimationError, match="give a lower limit below the upper one"):
        model("share ~ x", firms, lower=lower, upper=upper)


def test_two_parts_without_a_first_one_are_refused(firms):
    with pytest.raises(EstimationError, match="no row is at the lower limit, 0"):
        TwoPart("y ~ x", firms.assign(y=firms.y + 1), upper=200)


def test_as_many_parameters_as_rows_leave_no_degree_of_freedom():
    data = pd.DataFrame({"y": [1.0, 3.0, 4.0], "x": [1.0, 2.0, 4.0]})
    with pytest.raises(EstimationError, match="HC1: 3 parameters"):
        Tobit.from_formula("y ~ x", data).fit("HC1")


# --- labelled values belong to rows by their labels --------------------------------------------


@pytest.fixture(scope="module")
def shuffled(firms):
    return firms.sample(frac=1, random_state=1)


@pytest.mark.parametrize(
    "fit",
    [
        lambda d, of: OLS("y ~ x", d).fit("cluster", {"groups": of.region}),
        lambda d, of: OLS("y ~ x", d).fit("cluster", {"groups": of[["region"]]}),
        lambda d, of: OLS("y ~ x", d, weights=of.w).fit("HC1"),
        lambda d, of: FractionalLogit("share ~ x", d).fit("cluster", {"groups": of.region}),
        lambda d, of: Tobit.from_formula("y ~ x", d).fit("cluster", {"groups": of.region}),
        lambda d, of: Tobit.from_formula("y ~ x", d, weights=of.w).fit("HC1"),
        lambda d, of: Tobit.from_formula("y ~ x", d, lower=of.low).fit("HC1"),
        lambda d, of: Tobit(of.y, d[["x"]], lower=of.low, weights=of.w).fit("HC1"),
        lambda d, of: HeteroskedasticTobit(Tobit.from_formula("y ~ x", d), of[["z"]]).fit(),
    ],
    ids=["ols", "table", "weights", "share", "tobit", "its weights", "limits", "arrays", "spread"],
)
def test_values_in_another_order_are_those_of_their_rows(firms, shuffled, fit):
    more = {"w": np.linspace(0.5, 1.5, len(firms)), "low": np.where(firms.index < 99, 0.0, -5.0)}
    known, mixed = firms.assign(**more), shuffled.join(pd.DataFrame(more))
    expected, found = fit(known, known), fit(mixed, known)
    pd.testing.assert_series_equal(found.bse, expected.bse, rtol=1e-6)


def test_values_of_the_rows_used_follow_these(shuffled):
    gaps = shuffled.assign(x=shuffled.x.where(shuffled.sector > 0))
    used = gaps[gaps.x.notna()].sort_index()
    fits = [OLS("y ~ x", gaps).fit("cluster", {"groups": of.region}) for of in (gaps, used)]
    pd.testing.assert_series_equal(fits[0].bse, fits[1].bse)


def test_labels_of_no_row_are_taken_in_order(firms):
    groups = firms.region.set_axis([f"firm {i}" for i in firms.index])
    fits = [OLS("y ~ x", firms).fit("cluster", {"groups": g}) for g in (groups, firms.region)]
    pd.testing.assert_series_equal(fits[0].bse, fits[1].bse)
