"""Covariances by name, and what is refused."""

import warnings

import numpy as np
import pandas as pd
import pytest

from cisflow.estimators import (
    OLS,
    FractionalLogit,
    Heckman,
    HeteroskedasticTobit,
    Logit,
    Probit,
    Tobit,
    TwoPart,
)
from cisflow.estimators.clusters import cluster_steps, positive, ways_of
from cisflow.estimators.covariance import FEW_CLUSTERS, covariance
from cisflow.estimators.errors import EstimationError
from cisflow.estimators.tobit.scores import TobitScores
from cisflow.study import models


def test_hc0_is_the_sandwich_of_the_scores(fit):
    V, S = fit.cov_params(scale=True).to_numpy(), fit.score_obs().to_numpy()
    robust = fit.with_cov("HC0").cov_params(scale=True)
    np.testing.assert_allclose(robust, V @ S.T @ S @ V, rtol=1e-10)
    hc1 = fit.with_cov("HC1").cov_params(scale=True)
    np.testing.assert_allclose(hc1, robust * 400 / (400 - 4), rtol=1e-12)
    opg = fit.with_cov("OPG").cov_params(scale=True)
    np.testing.assert_allclose(opg, np.linalg.inv(S.T @ S), rtol=1e-10)


def test_two_way_cluster_is_a_sum_of_one_way_covariances(fit):
    rng = np.random.default_rng(5)
    one, two = rng.integers(0, 30, 400), rng.integers(0, 12, 400)

    def covariance(groups):
        options = {"groups": groups, "correction": "CR1"}
        return fit.with_cov("cluster", options).cov_params().to_numpy()

    options = {"groups": np.column_stack([one, two]), "correction": "CR1"}
    both = fit.with_cov("cluster", options)
    np.testing.assert_allclose(
        both.cov_params(),
        covariance(one) + covariance(two) - covariance(one * 100 + two),
        rtol=1e-9,
    )
    assert both.n_groups == (30, 12)


def test_clusters_of_one_row_give_hc0_times_n_over_n_minus_one(fit):
    each = fit.with_cov("cluster", {"groups": np.arange(400)}).cov_params()
    np.testing.assert_allclose(each, fit.with_cov("HC0").cov_params() * 400 / 399, rtol=1e-10)


def test_unknown_covariance_and_options_are_refused_with_the_list(fit):
    with pytest.raises(EstimationError, match="use one of nonrobust, OPG, HC0, HC1, HC3, cluster"):
        fit.with_cov("HAC")
    with pytest.raises(EstimationError, match="takes no options"):
        fit.with_cov("HC0", {"maxlags": 3})
    with pytest.raises(EstimationError, match="without groups"):
        fit.with_cov("cluster")


def clustered(fit, groups, **options):
    return fit.with_cov("cluster", {"groups": groups, **options})


def test_the_same_clusters_three_times_are_those_once(fit):
    """The sum of the three one-way matrices was 3 times the right one."""
    groups = np.arange(400) % 60
    three = clustered(fit, np.column_stack([groups] * 3))
    np.testing.assert_allclose(three.bse, clustered(fit, groups).bse, rtol=1e-10)
    assert three.n_groups == (60, 60, 60)


def test_three_ways_add_and_take_away_by_turns(fit):
    rng = np.random.default_rng(5)
    columns = [rng.integers(0, 60, 400), rng.integers(0, 70, 400), rng.integers(0, 55, 400)]
    signs = [sign for sign, *_ in ways_of(columns)]
    assert signs == [1, 1, 1, -1, -1, -1, 1]
    total = 0
    for sign, codes, _ in ways_of(columns):
        total += sign * clustered(fit, codes, correction="CR1").cov_params()
    found = clustered(fit, np.column_stack(columns))
    assert not found.cov_note
    np.testing.assert_allclose(found.cov_params(), total, rtol=1e-9)


def test_negative_eigenvalues_are_raised_to_zero_and_said(fit):
    rng = np.random.default_rng(3)
    groups = np.column_stack([rng.integers(0, 3, 400), rng.integers(0, 3, 400)])
    found = clustered(fit, groups, correction="CR1")
    assert "negative eigenvalues, which were raised to zero" in found.cov_note
    values = np.linalg.eigvalsh(found.cov_params(scale=True))
    assert values[0] > -1e-10 * values[-1]
    assert np.isfinite(found.bse).all()


def test_a_repair_is_made_in_the_callers_units_and_leaves_the_rest():
    matrix, jacobian = np.diag([2.0, -0.5]), np.array([[1.0, 1.0], [0.0, 2.0]])
    found, note = positive(matrix, jacobian)
    values, vectors = np.linalg.eigh(jacobian @ matrix @ jacobian.T)
    expected = (vectors * np.maximum(values, 0)) @ vectors.T
    np.testing.assert_allclose(jacobian @ found @ jacobian.T, expected, atol=1e-12)
    assert note
    right = np.diag([2.0, 0.0])
    assert positive(right, jacobian) == (right, "")


def test_below_fifty_clusters_the_jackknife_is_taken_and_said(fit):
    groups = pd.Series(np.arange(400) % 20, name="industry")
    with pytest.warns(UserWarning, match=r"only 20 clusters of industry: .*CR3.*t\(19\)"):
        few = clustered(fit, groups)
    assert (few.correction, few.df) == ("CR3", 19)
    asked = clustered(fit, groups, correction="CR1")
    assert (asked.correction, asked.df) == ("CR1", None)
    half = (few.conf_int()[1] - few.params) / few.bse
    np.testing.assert_allclose(half, 2.093024, rtol=1e-6)  # t(19)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        many = clustered(fit, np.arange(400) % FEW_CLUSTERS)
    assert (many.correction, many.df) == ("CR1", None)
    assert models.FEW_CLUSTERS == FEW_CLUSTERS


def test_one_step_comes_close_to_refits_without_each_cluster(fit):
    groups = np.sort(np.random.default_rng(1).integers(0, 20, 400))
    refits = fit.with_cov("jackknife", {"groups": groups})
    np.testing.assert_allclose(clustered(fit, groups).bse, refits.bse, rtol=0.04)


def test_steps_of_a_cluster_solve_the_others_information(fit):
    scores, codes = TobitScores(fit.solution), np.arange(400) % 7
    steps, alone = cluster_steps(scores, codes, 7)
    whole, sums = np.linalg.inv(scores.bread()), scores.sums(codes, 7)
    parts = list(scores.informations(codes, 7))
    np.testing.assert_allclose(sum(parts), whole, rtol=1e-8, atol=1e-8 * np.abs(whole).max())
    expected = [-np.linalg.solve(whole - H, s) for H, s in zip(parts, sums, strict=True)]
    np.testing.assert_allclose(steps, expected, rtol=1e-6)
    assert not alone.any()


@pytest.mark.parametrize("kind", [OLS, Tobit.from_formula])
def test_a_dummy_of_one_cluster_has_no_clustered_standard_error(kind):
    rng = np.random.default_rng(4)
    data = pd.DataFrame({"g": np.arange(300) % 15, "x": rng.normal(size=300)})
    data["own"] = (data["g"] == 3) * 1.0
    data["y"] = np.maximum(1 + data["x"] + rng.normal(size=300), 0)
    fit = kind("y ~ x + own", data).fit("cluster", {"groups": "g"})
    assert np.isnan(fit.bse["own"])
    assert "one cluster alone" in fit.notes["own"]
    assert np.isfinite(fit.bse[["Intercept", "x"]]).all()


def test_slopes_beside_dummies_of_the_clusters_are_those_of_absorbed_effects():
    rng = np.random.default_rng(4)
    data = pd.DataFrame({"g": np.arange(300) % 15, "x": rng.normal(size=300)})
    data["y"] = data["x"] + rng.normal(size=15)[data["g"]] + rng.normal(size=300)
    dummies = OLS("y ~ x + C(g)", data).fit("cluster", {"groups": "g"})
    absorbed = OLS("y ~ x", data, fixed_effects=["g"]).fit("cluster", {"groups": "g"})
    assert dummies.bse["x"] == pytest.approx(absorbed.bse["x"], rel=1e-10)
    assert dummies.bse.drop("x").isna().all()


def test_unknown_corrections_are_refused(fit):
    with pytest.raises(EstimationError, match="use one of CR0, CR1, CR3"):
        clustered(fit, np.arange(400) % 60, correction="CR2")


def test_the_jackknife_is_refused_where_a_cluster_has_no_information_of_its_own(fit):
    class Total(TobitScores):
        def informations(self, codes, groups):
            return None

    scores, options = Total(fit.solution), {"groups": np.arange(400) % 20}
    with pytest.warns(UserWarning, match="likely too small"):
        assert covariance(scores, "cluster", options).correction == "CR1"
    with pytest.raises(EstimationError, match="'CR3' is not offered here"):
        covariance(scores, "cluster", {**options, "correction": "CR3"})


@pytest.mark.slow
def test_few_unequal_clusters_hold_the_truth_as_often_as_they_say():
    """On fewer samples than benchmarks/few_clusters.py: a Monte-Carlo error of 1.5 points."""
    sizes = np.round(600 * np.exp(2 * np.arange(20) / 20) / np.exp(2 * np.arange(20) / 20).sum())
    g = np.repeat(np.arange(20), sizes.astype(int))
    held = {"CR1": [], "CR3": []}
    for seed in range(200):
        rng = np.random.default_rng([20141120, seed])
        common = np.sqrt(0.2) * rng.normal(size=20)[g]
        X = np.column_stack([np.ones(g.size), rng.normal(size=20)[g]])
        y = np.clip(0.2 + common + np.sqrt(0.8) * rng.normal(size=g.size), 0, 2)
        fit = Tobit(y, X, 0, 2).fit()
        for correction, found in held.items():
            low, high = clustered(fit, g, correction=correction).conf_int().loc["x1"]
            found.append(low < 0 < high)
    assert np.mean(held["CR1"]) < np.mean(held["CR3"]) - 0.015
    assert 0.91 < np.mean(held["CR3"]) < 0.985


@pytest.fixture(scope="module")
def answers():
    """Firms with an outcome for each likelihood."""
    rng = np.random.default_rng(12)
    data = pd.DataFrame(rng.normal(size=(240, 3)), columns=["x", "z", "e"])
    data["y"] = np.clip(1 + data["x"] + data["e"], 0, 4)
    data["share"], data["any"] = data["y"] / 4, (data["y"] > 1).astype(int)
    data["seen"] = (data["z"] + data["e"] + rng.normal(size=240) > 0).astype(int)
    data["wage"] = (1 + data["x"] + data["e"]).where(data["seen"] == 1)
    return data


@pytest.mark.parametrize(
    "build",
    [
        lambda d: Tobit.from_formula("y ~ x + z", d, 0, 4),
        lambda d: HeteroskedasticTobit(Tobit.from_formula("y ~ x + z", d, 0, 4), d[["z"]]),
        lambda d: OLS("y ~ x + z", d),
        lambda d: Logit("any ~ x + z", d),
        lambda d: Probit("any ~ x + z", d),
        lambda d: FractionalLogit("share ~ x + z", d),
        lambda d: TwoPart("y ~ x + z", d),
        lambda d: TwoPart("y ~ x + z", d, amount="truncated"),
        lambda d: Heckman("seen ~ x + z", "wage ~ x", d),
    ],
)
def test_rows_at_once_are_rows_one_by_one(answers, build):
    fit, n, above = build(answers).fit(), len(answers), (answers["y"] > 0).sum()
    each = fit.with_cov("cluster", {"groups": np.arange(n), "correction": "CR3"}).bse
    # Each of two parts is corrected for its own number of rows.
    rows = np.where(each.index.str.startswith("amount: "), above, n)
    np.testing.assert_allclose(fit.with_cov("HC3").bse, each * np.sqrt(rows / (rows - 1)))


def test_a_row_that_has_all_of_a_direction_to_the_last_digit_is_left_out_alone():
    # Whole numbers, so that its share is one without any rounding on every processor.
    data = pd.DataFrame({"most": [1.0] * 16 + [0.0], "one": [0.0] * 16 + [1.0]})
    data["y"] = np.arange(17) % 5
    fit = OLS("y ~ 0 + most + one", data).fit("HC3")
    assert np.isnan(fit.bse["one"])
    residual = data["y"][:16] - data["y"][:16].mean()
    assert fit.bse["most"] == pytest.approx(np.sqrt((residual**2).sum()) / 15)


@pytest.mark.parametrize("kind", [OLS, Tobit.from_formula])
def test_fewer_clusters_than_coefficients_lose_none_that_several_determine(kind):
    rng = np.random.default_rng(8)
    data = pd.DataFrame(rng.normal(size=(200, 9)), columns=[f"x{i}" for i in range(9)])
    data["g"], names = np.arange(200) % 8, " + ".join(data.columns)
    data["y"] = np.maximum(data["x0"] + rng.normal(size=200), 0)
    options = {"groups": "g", "correction": "CR1"}
    assert np.isfinite(kind(f"y ~ {names}", data).fit("cluster", options).bse).all()
    data["own"] = (data["g"] == 3) * rng.normal(size=200)
    lost = kind(f"y ~ {names} + own", data).fit("cluster", options).bse
    assert lost.index[lost.isna()].tolist() == ["own"]
