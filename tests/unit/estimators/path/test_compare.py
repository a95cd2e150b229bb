"""Path model: omitted arrows, comparison of readings, weights, gaps, intervals of single paths."""

import numpy as np
import pandas as pd
import pytest

from cisflow.estimators.errors import EstimationError
from cisflow.estimators.path.compare import compare, nested_tests
from cisflow.estimators.path.fiml import scores
from cisflow.estimators.path.intervals import bca_interval
from cisflow.estimators.path.model import PathModel
from cisflow.estimators.path.moments import Reweighter
from cisflow.study.models import union

DIRECT = {"i": ["d"], "p": ["i", "d"], "c": ["d"], "m": ["d", "p", "c"]}
PERSONNEL = {"i": ["d"], "p": ["i", "d"], "c": ["d", "p", "i"], "m": ["c"]}
CHAIN = {"i": ["d"], "p": ["i"], "m": ["p"]}


def draw(n, seed):
    rng = np.random.default_rng(seed)
    d = rng.normal(size=n)
    i = 0.4 * d + rng.normal(size=n)
    p = 0.5 * i - 0.3 * d + rng.normal(size=n)
    c = -0.2 * d + rng.normal(size=n)
    m = -0.4 * d + 0.3 * p - 0.6 * c + rng.normal(size=n) * np.exp(0.3 * d)
    return pd.DataFrame({"d": d, "i": i, "p": p, "c": c, "m": m})


@pytest.fixture(scope="module")
def firms():
    data = draw(400, 1)
    rng = np.random.default_rng(2)
    data["industry"] = rng.integers(0, 8, 400)
    data["region"] = rng.choice(["west", "north", "east"], 400)
    data["w"] = rng.integers(1, 5, 400)
    return data


@pytest.fixture(scope="module")
def gaps(firms):
    """Margins are missing where p is low, which listwise deletion gets wrong."""
    data = firms.copy()
    data.loc[data["p"] < -0.5, "m"] = np.nan
    data.loc[::9, "i"] = np.nan
    data.loc[4::50, "d"] = np.nan
    return data


# ------------------------------------------------------------------ omitted arrows


@pytest.mark.parametrize("controls", [[], ["C(industry)"]])
def test_an_index_is_n_r_squared_of_the_residual(firms, controls):
    """With complete sources an index is n R² of the residual on all sources (Engle 1984)."""
    equations = {"i": ["d"], "m": ["d"]}
    fit = PathModel(equations, firms, controls).fit()
    table = fit.modification_indices().set_index(["target", "source"])
    dummies = pd.get_dummies(firms["industry"], dtype=float).iloc[:, 1:] if controls else None
    X = np.column_stack([np.ones(400), firms["d"], *([dummies] if controls else [])])
    residual = firms["m"] - X @ np.linalg.lstsq(X, firms["m"], rcond=None)[0]
    wide = np.column_stack([X, firms["i"]])
    coef = np.linalg.lstsq(wide, residual, rcond=None)[0]
    r2 = 1 - ((residual - wide @ coef) ** 2).sum() / (residual**2).sum()
    row = table.loc[("m", "i")]
    assert row["mi"] == pytest.approx(400 * r2, rel=1e-9)
    assert row["expected_change"] == pytest.approx(coef[-1], rel=1e-9)


def test_absorbed_effects_leave_the_indices(firms):
    absorbed = PathModel(CHAIN, firms, fixed_effects=["industry"]).fit().modification_indices()
    spelled = PathModel(CHAIN, firms, ["C(industry)"]).fit().modification_indices()
    spelled = spelled[~spelled["source"].str.startswith("industry")]
    pd.testing.assert_frame_equal(absorbed, spelled, rtol=1e-8)


@pytest.mark.parametrize("cov_type", ["nonrobust", "robust", "cluster"])
def test_an_index_is_near_the_squared_z_of_the_arrow_once_drawn(firms, cov_type):
    """Score and Wald tests agree for a small effect, whatever the covariance."""
    kwds = {"groups": np.arange(400) // 5} if cov_type == "cluster" else None
    data = firms.assign(m=firms["m"] - 0.05 * firms["i"])
    found = PathModel(CHAIN, data).fit(cov_type, kwds).modification_indices()
    index = found.set_index(["target", "source"]).loc[("m", "i")]
    drawn = PathModel({**CHAIN, "m": ["p", "i"]}, data).fit(cov_type, kwds).edges
    row = drawn[(drawn["target"] == "m") & (drawn["source"] == "i")].iloc[0]
    assert index["mi"] == pytest.approx(row["statistic"] ** 2, rel=0.08, abs=0.05)
    assert index["expected_change"] == pytest.approx(row["estimate"], rel=0.08, abs=0.01)


def test_arrows_that_close_a_circle_are_listed_only(firms):
    table = PathModel(CHAIN, firms).fit().modification_indices()
    circles = table[table["mi"].isna()].set_index(["target", "source"])["note"]
    assert circles["i", "m"] == "would close a circle: i → p → m → i"
    assert set(circles.index) == {("i", "p"), ("i", "m"), ("p", "m")}
    assert len(table) == 6
    assert table["mi"].dropna().is_monotonic_decreasing


def test_a_source_without_anything_of_its_own_has_no_index(firms):
    data = firms.assign(twice=2 * firms["d"])
    table = PathModel({"i": ["d"], "p": ["i", "twice"]}, data).fit().modification_indices()
    row = table[(table["target"] == "i") & (table["source"] == "twice")].iloc[0]
    assert np.isnan(row["mi"])
    assert row["note"] == "a combination of the sources the outcome already has"


def test_a_saturated_model_omits_nothing_it_could_draw(firms):
    table = PathModel({"i": ["d"], "p": ["d", "i"]}, firms).fit().modification_indices()
    assert table["note"].tolist() == ["would close a circle: i → p → i"]
    assert PathModel({"i": ["d"]}, firms).fit().modification_indices().empty


# ------------------------------------------------------------------ readings side by side


@pytest.fixture(scope="module")
def readings(firms):
    both = {"direct": DIRECT, "personnel": PERSONNEL, "union": union(DIRECT, PERSONNEL)}
    return {name: PathModel(equations, firms).fit() for name, equations in both.items()}


def test_union_has_every_arrow(readings):
    arrows = {name: set(fit.model.system.arrows) for name, fit in readings.items()}
    assert arrows["union"] == arrows["direct"] | arrows["personnel"]
    assert union({"b": "a"}, {"b": ["a", "c"]}) == {"b": ["a", "c"]}


def test_the_true_reading_survives_and_the_other_does_not(readings):
    table = compare(readings)
    assert table.loc["direct", "lr_p"] > 0.01
    assert table.loc["personnel", "lr_p"] < 1e-6
    assert table.loc["personnel", "wald_p"] < 1e-6
    assert table["within"].tolist() == ["union", "union", ""]
    assert table.loc["personnel", "omitted"] == "m ~ d, m ~ p"
    assert table["bic"].idxmin() == "direct"
    assert table["aic_weight"].sum() == pytest.approx(1)
    assert np.isnan(table.loc["union", "lr"])


def test_likelihood_ratio_is_the_difference_of_chi_squares(readings):
    test = nested_tests(readings["personnel"], readings["union"])
    chisq = {name: fit.fit_measures()["chisq"] for name, fit in readings.items()}
    assert test["lr"] == pytest.approx(chisq["personnel"] - chisq["union"], abs=1e-9)
    assert test["df"] == 2


def test_wald_of_one_arrow_is_its_squared_z(firms):
    small = PathModel({"i": ["d"], "m": ["d"]}, firms).fit()
    large = PathModel({"i": ["d"], "m": ["d", "i"]}, firms).fit("robust")
    test = nested_tests(small, large)
    assert test["wald"] == pytest.approx(large.edges["statistic"].iloc[-1] ** 2, rel=1e-9)


def test_models_that_cannot_be_compared_are_refused(firms, readings, gaps):
    with pytest.raises(EstimationError, match="not nested"):
        nested_tests(readings["direct"], readings["personnel"])
    with pytest.raises(EstimationError, match="two fitted models or more"):
        compare({"direct": readings["direct"]})
    fewer = PathModel(DIRECT, firms.iloc[1:]).fit()
    with pytest.raises(EstimationError, match="not estimated from the same firms"):
        compare({"direct": readings["direct"], "fewer": fewer})
    other = PathModel(DIRECT, firms.assign(m=-(firms["m"] ** 3))).fit()
    with pytest.raises(EstimationError, match="not estimated from the same firms"):
        compare({"direct": readings["direct"], "other": other})
    short = PathModel({"i": ["d"], "p": ["i"]}, firms).fit()
    with pytest.raises(EstimationError, match="same outcomes"):
        compare({"direct": readings["direct"], "short": short})


def test_readings_are_compared_with_gaps_and_with_weights(firms, gaps):
    two = {"direct": {"c": ["d"], "m": ["d", "c"]}, "personnel": {"c": ["d"], "m": ["c"]}}
    table = compare({k: PathModel(e, gaps, missing="fiml").fit() for k, e in two.items()})
    gap = 2 * (table.loc["direct", "logl"] - table.loc["personnel", "logl"])
    assert table.loc["personnel", "lr"] == pytest.approx(gap, abs=1e-9)
    assert table.loc["personnel", "wald"] == pytest.approx(gap, rel=0.3)
    both = {"direct": DIRECT, "personnel": PERSONNEL, "union": union(DIRECT, PERSONNEL)}
    table = compare({k: PathModel(e, firms, weights="w").fit() for k, e in both.items()})
    assert table["lr"].isna().all()
    assert table.loc["personnel", "wald_p"] < 1e-4


# ------------------------------------------------------------------ sampling weights


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


# ------------------------------------------------------------------ gaps


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


# ------------------------------------------------------------------ intervals of single paths


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
