"""The Tobit from formulas, with a categorical kept as codes, and its recovery of known truth."""

import numpy as np
import pandas as pd
import pytest

from cisflow.estimators.errors import EstimationError
from cisflow.estimators.tobit.model import Tobit


def test_formula_with_text_booleans_and_interactions(table):
    fit = Tobit.from_formula("y ~ a * yes + industry + np.exp(b)", table, 0, 2).fit()
    assert list(fit.params.index) == [
        "Intercept", "a", "yes", "industry[T.it]", "industry[T.metal]", "np.exp(b)", "a:yes",
    ]  # fmt: skip
    X = np.column_stack(
        [
            np.ones(400), table.a, table.yes.astype(float), table.industry == "it",
            table.industry == "metal", np.exp(table.b), table.a * table.yes.astype(float),
        ]
    ).astype(float)  # fmt: skip
    np.testing.assert_allclose(fit.params, Tobit(table.y, X, 0, 2).fit().params, rtol=1e-9)


def test_missing_rows_are_dropped_and_counted(table):
    table = table.reset_index(drop=True)
    table.loc[[1, 2, 3], "a"] = np.nan
    table.loc[[3, 4], "yes"] = pd.NA
    table.loc[10, "w"] = np.nan
    model = Tobit.from_formula("y ~ a + yes", table, 0, 2, weights="w")
    assert model.dropped == {
        "missing": 5, "missing in a": 3, "missing in yes": 2, "missing in w": 1,
    }  # fmt: skip
    fit = model.fit("cluster", {"groups": "region"})
    same = model.fit("cluster", {"groups": table.region})
    np.testing.assert_array_equal(fit.bse, same.bse)
    complete = table.dropna()
    direct = Tobit.from_formula("y ~ a + yes", complete, 0, 2, weights=complete.w)
    np.testing.assert_allclose(fit.params, direct.fit().params, rtol=1e-12)
    assert fit.nobs == 395
    assert "5 rows with a missing value" in str(fit.summary())


def test_weights_given_as_values_are_counted_by_their_own_name(table):
    weights = pd.array([pd.NA, *[1.5] * 399], dtype="Float64")
    model = Tobit.from_formula("y ~ a", table, 0, 2, weights=weights)
    assert model.dropped == {"missing": 1, "missing in weights": 1}
    same = Tobit.from_formula("y ~ a", table.iloc[1:], 0, 2).fit()
    np.testing.assert_allclose(model.fit().params, same.params, rtol=1e-10)


def test_formula_mistakes(table):
    with pytest.raises(EstimationError, match="no column nonsense"):
        Tobit.from_formula("y ~ nonsense", table)
    with pytest.raises(EstimationError, match="no column z"):
        Tobit.from_formula("y ~ a", table, weights="z")
    with pytest.raises(EstimationError, match="no outcome"):
        Tobit.from_formula("a", table)
    with pytest.raises(EstimationError, match="none of 400 rows is complete"):
        Tobit.from_formula("y ~ a", table.assign(a=np.nan), 0, 2)
    with pytest.raises(EstimationError, match="no column city to cluster by"):
        Tobit.from_formula("y ~ a", table, 0, 2).fit("cluster", {"groups": "city"})


@pytest.mark.parametrize("written_out", [True, False])
def test_codes_and_dummies_give_the_same(industries, monkeypatch, written_out):
    monkeypatch.setattr("cisflow.estimators.formula.ABSORB_FROM", 1000)
    dummies = Tobit.from_formula("y ~ a + C(g) + b", industries, 0, 2)
    assert dummies.absorbed is None
    monkeypatch.setattr("cisflow.estimators.formula.ABSORB_FROM", 10)
    if not written_out:
        monkeypatch.setattr("cisflow.estimators.tobit.checks.WRITTEN_OUT", 0)
        monkeypatch.setattr("cisflow.estimators.tobit.fit.FEW", 0)
    codes = Tobit.from_formula("y ~ a + C(g) + b", industries, 0, 2)
    assert codes.absorbed is not None
    one, two = dummies.fit(), codes.fit()
    assert list(one.params.index) == list(two.params.index)
    assert one.not_estimable == two.not_estimable
    assert list(one.not_estimable) == ["C(g)[T.4]"]
    assert "C(g)[T.7]" in two.params.index
    np.testing.assert_allclose(two.params, one.params, rtol=1e-9)
    assert two.llf == pytest.approx(one.llf, rel=1e-12)
    for cov, options in (("nonrobust", None), ("HC1", None), ("cluster", {"groups": "region"})):
        np.testing.assert_allclose(
            two.with_cov(cov, options).cov_params(scale=True),
            one.with_cov(cov, options).cov_params(scale=True),
            rtol=1e-7,
            atol=1e-12,
        )
    for kind in ("censored", "uncensored", "probability"):
        for dummy in (True, False):
            pd.testing.assert_frame_equal(
                one.get_margeff(kind, dummy=dummy), two.get_margeff(kind, dummy=dummy), rtol=1e-7
            )
    np.testing.assert_allclose(one.predict(), two.predict(), rtol=1e-9)
    new = industries.iloc[100:110]
    np.testing.assert_allclose(two.predict(new), one.predict(new), rtol=1e-9)
    np.testing.assert_allclose(two.score_obs(), one.score_obs(), atol=1e-8)


def test_codes_given_as_array(industries):
    exog = pd.DataFrame({"Intercept": 1.0, "a": industries.a, "b": industries.b})
    fit = Tobit(industries.y, exog, 0, 2, absorb=industries.g).fit()
    formula = Tobit.from_formula("y ~ a + b + C(g)", industries, 0, 2).fit()
    np.testing.assert_allclose(fit.params, formula.params, rtol=1e-12)
    assert fit.params.index[-1] == "g[T.11]"
    with pytest.raises(EstimationError, match="without an intercept"):
        Tobit(industries.y, exog[["a", "b"]], 0, 2, absorb=industries.g).fit()
    with pytest.raises(EstimationError, match="or some missing"):
        Tobit(industries.y, exog, 0, 2, absorb=industries.g.where(industries.g > 0))


def test_codes_refuse_what_they_cannot_decide(industries, monkeypatch):
    monkeypatch.setattr("cisflow.estimators.tobit.checks.WRITTEN_OUT", 0)
    monkeypatch.setattr("cisflow.estimators.tobit.fit.FEW", 0)
    with pytest.raises(EstimationError, match="size does not vary within the categories"):
        Tobit.from_formula(
            "y ~ a + size + C(g)", industries.assign(size=industries.g**2), 0, 2
        ).fit()
    swapped = industries.assign(g=industries.g.replace({4: 0, 0: 4}))
    with pytest.raises(EstimationError, match="base category"):
        Tobit.from_formula("y ~ a + C(g)", swapped, 0, 2).fit()


def test_a_categorical_in_an_interaction_stays_in_the_formula(industries):
    model = Tobit.from_formula("y ~ a * C(g)", industries, 0, 2)
    assert model.absorbed is None
    assert Tobit.from_formula("y ~ 0 + C(g)", industries, 0, 2).absorbed is None


def recovery(n, samples, seed=0):
    """Bias in Monte-Carlo errors and coverage with 45 % at 0 and 3 % at 100."""
    from scipy.stats import norm

    beta, sigma = np.array([0.0, 12.0, -8.0, 10.0]), 47.45
    rng = np.random.default_rng(seed)
    spread = np.sqrt(sigma**2 + 12**2 + 8**2 + 10**2 * 0.24)
    beta[0] = -spread * norm.ppf(0.45) - 10 * 0.4
    estimates, covered, robust = [], [], []
    for _ in range(samples):
        X = np.column_stack([np.ones(n), rng.normal(size=(n, 2)), rng.random(n) < 0.4])
        y = np.clip(X @ beta + sigma * rng.normal(size=n), 0, 100)
        fit = Tobit(y, X, 0, 100).fit()
        estimates.append(fit.params.to_numpy())
        for bse, into in ((fit.bse, covered), (fit.with_cov("HC1").bse, robust)):
            into.append(np.abs(fit.params.to_numpy() - beta) < 1.959964 * bse.to_numpy())
    error = np.array(estimates) - beta
    bias = error.mean(axis=0) / (error.std(axis=0, ddof=1) / np.sqrt(samples))
    return bias, np.mean(covered, axis=0), np.mean(robust, axis=0)


@pytest.mark.slow
@pytest.mark.parametrize(("n", "samples"), [(221, 1500), (2000, 500)])
def test_truth_is_recovered_with_honest_intervals(n, samples):
    bias, classical, robust = recovery(n, samples, seed=20141120)  # the seed of the default run
    assert (np.abs(bias) < 3.5).all()
    # Four Monte-Carlo errors, and a point for what n = 221 loses to asymptotics.
    allowed = 4 * np.sqrt(0.95 * 0.05 / samples) + 0.01
    for coverage in (classical, robust):
        assert (np.abs(coverage - 0.95) < allowed).all()
