"""The wild bootstrap of scores: the statistic, its draws, intervals, what is refused."""

import numpy as np
import pandas as pd
import pytest

from cisflow.estimators import Tobit
from cisflow.estimators.errors import EstimationError
from cisflow.estimators.tobit.wild import WEBB, wild_bootstrap


@pytest.fixture(scope="module")
def data():
    rng = np.random.default_rng(8)
    g = np.repeat(np.arange(15), np.arange(10, 40, 2))
    table = pd.DataFrame({"g": g, "x": rng.normal(size=15)[g], "z": rng.normal(size=g.size)})
    latent = 0.3 + 0.8 * table["z"] + 0.4 * rng.normal(size=15)[g] + rng.normal(size=g.size)
    return table.assign(y=np.clip(latent, 0, 2))


@pytest.fixture(scope="module")
def clustered(data):
    return Tobit.from_formula("y ~ x + z", data, 0, 2).fit()


def test_a_large_effect_is_found_and_its_estimate_is_not_rejected(clustered):
    assert clustered.wild_cluster_test("z", "g", seed=1).p_value < 0.01
    there = clustered.wild_cluster_test("z", "g", clustered.params["z"], seed=1)
    assert there.p_value == pytest.approx(1, abs=0.01)
    assert there.statistic == pytest.approx(0, abs=1e-4)
    assert (there.groups, there.draws) == (15, 999)


def test_the_interval_has_what_is_not_rejected(clustered):
    low, high = clustered.wild_cluster_interval("x", "g", draws=499, seed=1)
    inside, outside = (low + 0.01, high - 0.01), (low - 0.01, high + 0.01)
    for values, within in ((inside, True), (outside, False)):
        for value in values:
            found = clustered.wild_cluster_test("x", "g", value, draws=499, seed=1)
            assert (found.p_value > 0.05) == within
    assert low < clustered.params["x"] < high


def test_units_do_not_matter_and_the_seed_decides(data, clustered):
    other = Tobit.from_formula("y ~ x + z", data.assign(y=50 * data["y"], x=data["x"] / 7), 0, 100)
    one = clustered.wild_cluster_test("x", "g", 0.1, draws=199, seed=5)
    same = other.fit().wild_cluster_test("x", "g", 0.1 * 50 * 7, draws=199, seed=5)
    assert same.statistic == pytest.approx(one.statistic, rel=1e-6)
    assert same.p_value == one.p_value
    assert clustered.wild_cluster_test("x", "g", 0.1, draws=199, seed=5) == one


def test_without_limits_it_is_the_score_bootstrap_of_least_squares(data):
    """In a linear model the steps and scores are those of least squares."""
    line = Tobit.from_formula("y ~ x + z", data, None, None).fit()
    found = line.wild_cluster_test("x", "g", seed=1)
    Z = np.column_stack([np.ones(len(data)), data["z"]])
    X = np.column_stack([Z, data["x"]])
    restricted = data["y"] - Z @ np.linalg.lstsq(Z, data["y"], rcond=None)[0]
    beta = np.linalg.lstsq(X, restricted, rcond=None)[0]
    pull = np.linalg.inv(X.T @ X)[2] @ X.T
    own = np.bincount(data["g"], pull * (restricted - X @ beta))
    assert found.statistic == pytest.approx(beta[2] / np.linalg.norm(own), rel=0.02)


def test_few_clusters_draw_from_six_numbers(clustered, data):
    few = wild_bootstrap(clustered.solution, "x", data["g"] % 5, 50, 1)
    assert set(np.abs(few.factors).ravel()) <= set(WEBB)
    many = wild_bootstrap(clustered.solution, "x", data["g"], 50, 1)
    assert set(many.factors.ravel()) == {-1.0, 1.0}


@pytest.mark.parametrize(
    ("term", "groups", "message"),
    [
        ("nothing", "g", "no coefficient of nothing"),
        ("Intercept", "g", "the intercept"),
        ("x", ["g", "z"], "several ways"),
        ("x", "one", "one cluster only"),
    ],
)
def test_what_is_refused(data, term, groups, message):
    fit = Tobit.from_formula("y ~ x + z", data.assign(one=1), 0, 2).fit()
    with pytest.raises(EstimationError, match=message):
        fit.wild_cluster_test(term, groups)
