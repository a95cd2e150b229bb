"""Gaps in the outcomes, by full-information maximum likelihood."""

import numpy as np
import pandas as pd
import pytest
from path_samples import CHAIN, DIRECT, draw

from cisflow.estimators.errors import EstimationError
from cisflow.estimators.path.fiml import scores
from cisflow.estimators.path.model import PathModel


def test_without_gaps_nothing_changes(firms):
    plain = PathModel(DIRECT, firms, ["region"])
    full = PathModel(DIRECT, firms, ["region"], missing="fiml")
    for cov_type in ("robust", "cluster"):
        one, other = (model.fit(cov_type, {"groups": "industry"}).edges for model in (plain, full))
        for name in ("estimate", "std_error"):
            assert other[name].to_numpy() == pytest.approx(one[name].to_numpy(), abs=1e-9)
    measures, other = plain.fit().fit_measures(), full.fit().fit_measures()
    for name in ("chisq", "df", "cfi", "tli", "rmsea", "logl", "baseline_chisq"):
        assert other[name] == pytest.approx(measures[name], abs=1e-7)


def test_the_score_is_zero_and_the_likelihood_that_of_scipy(gaps):
    from scipy.stats import multivariate_normal

    model = PathModel(DIRECT, gaps, missing="fiml")
    fit = model.firms.incomplete
    assert np.abs(scores(model.system, fit.firms, fit.theta).sum(axis=0)).max() < 1e-8
    kept = gaps[gaps["d"].notna()]
    kept = kept[list(model.system.variables)]
    standard = kept - kept.mean()
    b = np.zeros((4, 5))
    for (to, source), value in zip(model.system.arrows, fit.found.coef[0], strict=True):
        b[model.system.endogenous.index(to), model.system.position[source]] = value
    reduced = np.linalg.inv(np.eye(4) - b[:, 1:])
    sigma = reduced @ np.diag(fit.found.psi[0]) @ reduced.T
    intercept = fit.theta.intercept * fit.firms.scale[1:]
    total = 0.0
    for row in standard.to_numpy():
        mean = reduced @ (intercept + b[:, 0] * row[0])
        seen = ~np.isnan(row[1:])
        total += multivariate_normal.logpdf(row[1:][seen], mean[seen], sigma[np.ix_(seen, seen)])
    assert fit.logl == pytest.approx(total, abs=1e-8)


def test_scores_are_derivatives_of_the_likelihood(gaps):
    from cisflow.estimators.path.fiml import _theta, expectation

    model = PathModel(CHAIN, gaps, missing="fiml")
    firms = model.firms.incomplete.firms
    vector = model.firms.incomplete.theta.vector + 0.1
    found = scores(model.system, firms, _theta(model.system, vector)).sum(axis=0)
    for i, value in enumerate(found):
        step = np.zeros_like(vector)
        step[i] = 1e-6
        up, down = (
            expectation(model.system, firms, _theta(model.system, vector + s * step)).logl.sum()
            for s in (1, -1)
        )
        assert value == pytest.approx((up - down) / 2e-6, rel=1e-5, abs=1e-4)


def test_gaps_that_depend_on_another_outcome_do_no_harm():
    """Margins are missing where strength is low: firms left out listwise are a selection on p."""
    equations = {"p": ["d"], "m": ["d", "p"]}
    complete = draw(10_000, 5)
    data = complete.assign(m=complete["m"].where(complete["p"] >= 0))
    wanted = PathModel(equations, complete).fit().edges["estimate"][0]
    listwise = PathModel(equations, data).fit().edges["estimate"][0]
    full = PathModel(equations, data, missing="fiml").fit()
    assert full.nobs == 10_000
    assert full.edges["estimate"][0] == pytest.approx(wanted, abs=1e-9)
    assert abs(listwise - wanted) > 0.03


def test_rows_without_any_outcome_or_source_are_left_out(gaps):
    data = gaps.copy()
    data.loc[7, ["i", "p", "c", "m"]] = np.nan
    model = PathModel(DIRECT, data, missing="fiml")
    assert model.nobs == 400 - 8 - 1
    assert model.dropped == {"missing": 9, "missing in d": 8}


def test_units_and_weights_with_gaps(gaps):
    first = PathModel(DIRECT, gaps, missing="fiml", weights="w").fit()
    big = gaps.assign(i=gaps["i"] * 1e9 + 5, m=gaps["m"] * 1e-9)
    second = PathModel(DIRECT, big, missing="fiml", weights="w").fit()
    columns = [c for c in first.edges if c.startswith("std_") and c != "std_error"]
    pd.testing.assert_frame_equal(first.edges[columns], second.edges[columns], rtol=1e-6)
    repeated = gaps.loc[gaps.index.repeat(gaps["w"])]
    repeated["firm"] = repeated.index
    plain = PathModel(DIRECT, repeated, missing="fiml").fit("cluster", {"groups": "firm"})
    kept = first.nobs
    ratio = plain.edges["std_error"] / first.edges["std_error"]
    assert ratio.to_numpy() == pytest.approx(np.sqrt(kept / (kept - 1)), rel=1e-6)


def test_fixed_effects_with_gaps_are_dummies_that_are_not_shown(gaps):
    absorbed = PathModel(DIRECT, gaps, fixed_effects=["region"], missing="fiml")
    spelled = PathModel(DIRECT, gaps, ["C(region)"], missing="fiml")
    one, other = absorbed.fit("robust"), spelled.fit("robust")
    pd.testing.assert_frame_equal(one.edges, other.edges)
    assert one.fit_measures() == other.fit_measures()
    assert len(other.control_edges) > 0
    assert one.control_edges.empty
    assert absorbed.fixed_effects == ("region",)
    lacking = gaps.assign(region=gaps["region"].where(gaps.index != 11))
    model = PathModel(DIRECT, lacking, fixed_effects=["region"], missing="fiml")
    assert model.dropped["missing in region"] == 1
    assert not any("[" in name for name in model.dropped)


def test_intervals_by_simulation_with_gaps(gaps):
    fit = PathModel(DIRECT, gaps, missing="fiml").fit()
    total = fit.effects("d", "m", monte_carlo={"draws": 50_000, "seed": 1}).iloc[-1]
    assert abs(total["mc_low"] - total["ci_low"]) < 0.1 * total["std_error"]


def test_variables_never_seen_together_are_refused(firms):
    data = firms.copy()
    data.loc[:199, "p"] = np.nan
    data.loc[200:, "m"] = np.nan
    with pytest.raises(EstimationError, match="undetermined"):
        PathModel({"p": ["d"], "m": ["p", "d"]}, data, missing="fiml")


def test_fit_needs_every_pair_of_outcomes_to_be_seen_together(firms):
    data = firms.copy()
    data.loc[:199, "p"] = np.nan
    data.loc[200:, "m"] = np.nan
    fit = PathModel({"p": ["d"], "m": ["d"]}, data, missing="fiml").fit()
    parts = [PathModel({to: ["d"]}, data).fit().edges["estimate"][0] for to in ("p", "m")]
    assert fit.edges["estimate"].tolist() == pytest.approx(parts, abs=1e-9)
    measures = fit.fit_measures()
    assert np.isnan([measures[k] for k in ("chisq", "cfi", "rmsea", "srmr")]).all()
    assert np.isfinite([measures[k] for k in ("logl", "aic", "bic")]).all()


def test_what_gaps_do_not_allow_is_refused(gaps):
    with pytest.raises(EstimationError, match="cannot be treated by 'pairwise'"):
        PathModel(DIRECT, gaps, missing="pairwise")
    with pytest.raises(EstimationError, match="no variable 'regoin'"):
        PathModel(DIRECT, gaps, fixed_effects=["regoin"], missing="fiml")
    model = PathModel(DIRECT, gaps, missing="fiml")
    with pytest.raises(EstimationError, match="'HC1' is not available with missing"):
        model.fit("HC1")
    with pytest.raises(EstimationError, match="no modification indices"):
        model.fit().modification_indices()
    with pytest.raises(EstimationError, match="same value for all"):
        PathModel(DIRECT, gaps.assign(m=gaps["m"] * 0), missing="fiml")
    with pytest.raises(EstimationError, match="exact linear combination"):
        PathModel({"m": ["d", "e"]}, gaps.assign(e=gaps["d"] * 2), missing="fiml")
