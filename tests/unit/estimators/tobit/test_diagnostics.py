"""Resampling, tests, explained shares and the heteroskedastic Tobit."""

import numpy as np
import pandas as pd
import pytest

from cisflow.estimators.errors import EstimationError
from cisflow.estimators.tobit.bootstrap import resample
from cisflow.estimators.tobit.heteroskedastic import HeteroskedasticTobit
from cisflow.estimators.tobit.model import Tobit

BETA = np.array([0.3, 0.5, -0.5])


def sample(n=400, seed=0, spread=0.0, errors=None):
    rng = np.random.default_rng(seed)
    X = np.column_stack([np.ones(n), rng.normal(size=(n, 2))])
    e = rng.normal(size=n) if errors is None else errors(rng, n)
    return np.clip(X @ BETA + np.exp(spread * X[:, 1]) * e, 0, 2), X


@pytest.fixture(scope="module")
def fit():
    y, X = sample()
    return Tobit(y, X, 0, 2).fit()


# -- resampling -----------------------------------------------------------------------------


def test_same_seed_same_draws(fit):
    a, b, c = (fit.bootstrap(20, seed=s).estimates for s in (1, 1, 2))
    pd.testing.assert_frame_equal(a, b)
    assert (a != c).to_numpy().any()


def test_each_resample_is_the_fit_of_its_rows(fit):
    draws = fit.bootstrap(3, seed=7).estimates
    rng = np.random.default_rng(7)
    y = np.where(np.isinf(fit.model.low), fit.model.high, fit.model.low)
    for r in range(3):
        rows = rng.integers(0, 400, 400)
        alone = Tobit(y[rows], fit.model.design.dense[rows], 0, 2).fit()
        np.testing.assert_allclose(draws.iloc[r, :3], alone.params, rtol=1e-8)
        assert draws["sigma"].iloc[r] == pytest.approx(alone.scale, rel=1e-8)


def test_one_by_one_and_together_agree(fit, monkeypatch):
    together = fit.bootstrap(10, seed=3)
    monkeypatch.setattr("cisflow.estimators.tobit.bootstrap.OUTER_PRODUCTS", 0)
    alone = fit.bootstrap(10, seed=3)
    np.testing.assert_allclose(together.estimates, alone.estimates, rtol=1e-8)


def test_jackknife_and_bootstrap_errors_are_near_the_sandwich(fit):
    robust = fit.with_cov("HC0").bse
    np.testing.assert_allclose(fit.with_cov("jackknife").bse, robust, rtol=0.05)
    boot = fit.with_cov("bootstrap", {"draws": 800, "seed": 1})
    np.testing.assert_allclose(boot.bse, robust, rtol=0.12)
    assert boot.cov_type == "bootstrap"


def test_cluster_bootstrap_resamples_whole_clusters():
    rng = np.random.default_rng(4)
    groups = np.repeat(np.arange(50), 8)
    shared = rng.normal(size=50)[groups]
    X = np.column_stack([np.ones(400), rng.normal(size=50)[groups]])
    y = np.clip(X @ [0.4, 0.5] + shared + rng.normal(size=400), 0, 2)
    fit = Tobit(y, X, 0, 2).fit()
    boot = fit.bootstrap(600, seed=2, groups=groups)
    clustered = fit.with_cov("cluster", {"groups": groups}).bse
    np.testing.assert_allclose(boot.bse[:2], clustered, rtol=0.15)
    assert boot.groups == 50
    assert (clustered > 1.5 * fit.with_cov("HC0").bse).all()


def test_intervals_hold_the_middle_of_the_draws(fit):
    boot = fit.bootstrap(400, seed=5)
    ci = boot.conf_int(0.1)
    inside = (boot.estimates >= ci[0]) & (boot.estimates <= ci[1])
    np.testing.assert_allclose(inside.mean(), 0.9, atol=0.01)
    bca = boot.conf_int(0.1, method="bca")
    width = (ci[1] - ci[0]).to_numpy()
    assert (np.abs(bca - ci).max(axis=1) < 0.5 * width).all()
    assert (bca != ci).to_numpy().any()
    with pytest.raises(EstimationError, match="percentile or bca"):
        boot.conf_int(method="basic")


def test_resamples_without_a_coefficient_are_counted():
    y, X = sample(120, seed=2)
    rare = np.zeros(120)
    inside, zero = np.flatnonzero((y > 0) & (y < 2)), np.flatnonzero(y <= 0)
    rare[[inside[0], zero[0], zero[1]]] = 1  # one row between the limits, two at the lower one
    fit = Tobit(y, pd.DataFrame({"c": 1.0, "a": X[:, 1], "rare": rare}), 0, 2).fit()
    assert not fit.not_estimable
    boot = fit.bootstrap(300, seed=1)
    counts = boot.counts
    assert counts["complete"] + counts["separated"] + counts["deficient"] == 300
    # Without the row between: probability (1 − 1/120)^120 = 0.37; no row at all: 0.05.
    lost = counts["separated"] + counts["deficient"]
    assert lost / 300 == pytest.approx(0.37, abs=0.09)
    assert counts["deficient"] / 300 == pytest.approx(0.05, abs=0.04)
    assert boot.by_term.loc["rare", "−∞"] == counts["separated"]
    assert boot.by_term.loc["rare", "missing"] == counts["deficient"]
    assert boot.by_term.loc["a"].sum() == 0
    assert f"{counts['complete']} of 300" in boot.note
    assert boot.conf_int().loc["a"].notna().all()
    assert boot.conf_int().loc["rare"].isna().all()
    assert "separated" in fit.with_cov("bootstrap", {"draws": 50, "seed": 1}).cov_note


def test_separated_draws_are_minus_infinity_in_percentiles():
    y, X = sample(120, seed=2)
    rare = np.zeros(120)
    inside, zero = np.flatnonzero((y > 0) & (y < 2)), np.flatnonzero(y <= 0)
    rare[np.concatenate([inside[:1], zero[:15]])] = 1
    boot = Tobit(y, np.column_stack([X, rare]), 0, 2).fit().bootstrap(200, seed=1)
    assert boot.counts["separated"] > 20
    assert boot.counts["deficient"] == 0
    low, high = boot.conf_int().loc["x3"]
    assert low == -np.inf
    assert np.isfinite(high)


def test_bootstrap_of_brackets():
    y, X = sample(150)
    low = np.where(y <= 0, -np.inf, np.where(y >= 2, 2, y - 0.05))
    high = np.where(y <= 0, 0, np.where(y >= 2, np.inf, y + 0.05))
    fit = Tobit.from_intervals(low, high, X).fit()
    boot = resample(fit.solution, 20, seed=1)
    assert boot.counts["complete"] == 20
    np.testing.assert_allclose(boot.estimates.mean()[:3], fit.params, atol=0.15)


def test_bootstrap_with_a_categorical_kept_as_codes(monkeypatch):
    y, X = sample(300)
    table = pd.DataFrame({"y": y, "a": X[:, 1], "g": np.arange(300) % 11})
    columns = Tobit.from_formula("y ~ a + C(g)", table, 0, 2).fit().bootstrap(15, seed=1)
    monkeypatch.setattr("cisflow.estimators.tobit.fit.FEW", 0)
    codes = Tobit.from_formula("y ~ a + C(g)", table, 0, 2).fit().bootstrap(15, seed=1)
    np.testing.assert_allclose(codes.estimates, columns.estimates, rtol=1e-7)


# -- tests ----------------------------------------------------------------------------------


def test_three_classical_tests_agree_under_the_null_and_reject_otherwise(fit):
    model = fit.model
    irrelevant = np.random.default_rng(11).normal(size=400)
    y = np.where(np.isinf(model.low), model.high, model.low)
    larger = Tobit(y, np.column_stack([model.design.dense, irrelevant]), 0, 2).fit()
    wald, ratio, score = (
        larger.wald_test(["x3"]),
        larger.lr_test(fit),
        fit.score_test(irrelevant),
    )
    assert wald.statistic == pytest.approx(larger.tvalues["x3"] ** 2)
    assert wald.statistic == pytest.approx(ratio.statistic, rel=0.05, abs=0.02)
    assert score.statistic == pytest.approx(ratio.statistic, rel=0.05, abs=0.02)
    assert wald.df == ratio.df == score.df == 1
    smaller = Tobit(y, model.design.dense[:, :2], 0, 2).fit()
    assert fit.lr_test(smaller).pvalue < 1e-6
    assert smaller.score_test(model.design.dense[:, 2]).pvalue < 1e-6
    contrast = fit.wald_test(np.array([[0.0, 1.0, 1.0]]))
    V = fit.cov_params().to_numpy()[1:, 1:]
    assert contrast.statistic == pytest.approx(fit.params[["x1", "x2"]].sum() ** 2 / V.sum())


def test_tests_refuse_what_they_cannot_do(fit):
    y, X = sample()
    weighted = Tobit(y, X, 0, 2, weights=np.ones(400)).fit()
    with pytest.raises(EstimationError, match="pseudo-likelihood"):
        weighted.lr_test(weighted)
    with pytest.raises(EstimationError, match="not smaller"):
        fit.lr_test(fit)
    with pytest.raises(EstimationError, match="different outcomes or rows"):
        fit.lr_test(Tobit(y[:300], X[:300, :2], 0, 2).fit())
    with pytest.raises(EstimationError, match="collinear"):
        fit.score_test(X[:, 1] * 3)
    with pytest.raises(EstimationError, match="has no coefficient"):
        fit.wald_test(["nonsense"])


def test_moments_of_the_error_are_those_of_the_truncated_normal(fit):
    from scipy.stats import truncnorm

    from cisflow.estimators.tobit.diagnostics import error_moments

    moments = error_moments(fit.solution)
    eta = fit.predict(which="latent")
    for row in (
        *np.flatnonzero(np.isinf(fit.model.low))[:3],
        *np.flatnonzero(np.isinf(fit.model.high))[:3],
    ):
        a = (fit.model.low[row] - eta[row]) / fit.scale
        b = (fit.model.high[row] - eta[row]) / fit.scale
        exact = [truncnorm.moment(k, a, b) for k in (1, 2, 3, 4)]
        np.testing.assert_allclose(moments[row], exact, rtol=1e-6)


def test_normality_and_homoskedasticity_are_rejected_where_they_fail():
    y, X = sample(2000, errors=lambda rng, n: rng.exponential(size=n) - 1)
    assert Tobit(y, X, 0, 2).fit().normality_test().pvalue < 1e-6
    y, X = sample(2000, spread=0.4)
    assert Tobit(y, X, 0, 2).fit().homoskedasticity_test().pvalue < 1e-6
    assert Tobit(y, X, 0, 2).fit().homoskedasticity_test(X[:, 1]).df == 1
    y, X = sample(2000)
    fit = Tobit(y, X, 0, 2).fit()
    assert fit.normality_test().pvalue > 0.01
    assert fit.homoskedasticity_test().pvalue > 0.01


def test_simulated_critical_values(fit):
    test = fit.normality_test(draws=39, seed=1)
    assert test.draws == 39
    assert (test.pvalue * 40) % 1 == pytest.approx(0, abs=1e-9)
    assert "39 simulated samples" in str(test)


def test_a_score_that_is_zero_everywhere_does_not_break_the_tests():
    from cisflow.estimators.tobit.diagnostics import _of_unit_length

    columns = np.column_stack([[3.0, 4.0], [0.0, 0.0]])
    np.testing.assert_allclose(_of_unit_length(columns), [[0.6, 0.0], [0.8, 0.0]])


def test_pseudo_r2(fit):
    eta = fit.predict(which="latent")
    assert fit.pseudo_r2() == pytest.approx(eta.var() / (eta.var() + fit.scale**2))
    assert fit.pseudo_r2("mcfadden") == pytest.approx(1 - fit.llf / fit.llnull)
    assert fit.llnull < fit.llf
    with pytest.raises(EstimationError, match="mcfadden"):
        fit.pseudo_r2("cox-snell")


# -- heteroskedastic Tobit ------------------------------------------------------------------


def test_heteroskedastic_derivatives_by_finite_differences():
    y, X = sample(200, spread=0.4)
    model = HeteroskedasticTobit(Tobit(y, X, 0, 2), X[:, 1:])
    at = np.array([0.1, 0.3, -0.2, 0.1, 0.2, -0.1])
    _, gradient, information = model.evaluate(at)
    for j in range(at.size):
        step = 1e-5 * (np.arange(at.size) == j)
        up, down = model.evaluate(at + step), model.evaluate(at - step)
        assert (up[0] - down[0]) / 2e-5 == pytest.approx(gradient[j], rel=1e-6, abs=1e-6)
        np.testing.assert_allclose(-(up[1] - down[1]) / 2e-5, information[j], rtol=1e-5, atol=1e-5)


def test_heteroskedastic_tobit_recovers_the_truth():
    y, X = sample(20_000, seed=3, spread=0.4)
    table = pd.DataFrame(X[:, [1]], columns=["size"])
    fit = HeteroskedasticTobit(Tobit(y, X, 0, 2), table).fit("HC1")
    truth = np.array([*BETA, 0.0, 0.4])
    assert list(fit.params.index[-2:]) == ["lnsigma: Intercept", "lnsigma: size"]
    assert (np.abs(fit.params - truth) < 4 * fit.bse).all()
    assert fit.homoskedasticity_test().pvalue < 1e-10
    np.testing.assert_allclose(fit.scale, np.exp(0.4 * X[:, 1]), rtol=0.15)


def test_heteroskedastic_tobit_with_constant_spread_is_the_tobit():
    y, X = sample(3000)
    fit = HeteroskedasticTobit(Tobit(y, X, 0, 2), X[:, 1]).fit()
    plain = Tobit(y, X, 0, 2).fit()
    assert 0 <= fit.llf - plain.llf < 5
    np.testing.assert_allclose(fit.params[:3], plain.params, atol=0.05)
    clustered = HeteroskedasticTobit(Tobit(y, X, 0, 2), X[:, 1]).fit(
        "cluster", {"groups": np.arange(3000)}
    )
    robust = HeteroskedasticTobit(Tobit(y, X, 0, 2), X[:, 1]).fit("HC0")
    np.testing.assert_allclose(clustered.bse, robust.bse * np.sqrt(3000 / 2999), rtol=1e-9)


def test_heteroskedastic_tobit_does_not_depend_on_units():
    y, X = sample(500, spread=0.3)
    a = HeteroskedasticTobit(Tobit(y, X, 0, 2), X[:, 1]).fit()
    b = HeteroskedasticTobit(Tobit(100 * y, X, 0, 200), 1e3 * X[:, 1] + 50).fit()
    np.testing.assert_allclose(b.params[:3], 100 * a.params[:3], rtol=1e-7)
    assert b.params.iloc[-1] * 1e3 == pytest.approx(a.params.iloc[-1], rel=1e-7)
    assert b.params.iloc[-2] + 50 * b.params.iloc[-1] == pytest.approx(
        a.params.iloc[-2] + np.log(100), abs=1e-7
    )


def test_heteroskedastic_tobit_refuses():
    y, X = sample(100)
    with pytest.raises(EstimationError, match="constant or collinear"):
        HeteroskedasticTobit(Tobit(y, X, 0, 2), X)
    with pytest.raises(EstimationError, match="not offered"):
        HeteroskedasticTobit(Tobit(y, X, 0, 2), X[:, 1]).fit("bootstrap")


# -- recovery -------------------------------------------------------------------------------


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


def test_both_specification_tests_rest_on_the_same_simulated_samples():
    y, X = sample(150, seed=5)
    fit = Tobit(y, X, 0, 2).fit()
    together = fit.specification_tests(draws=19, seed=7)
    assert together["normality"] == fit.normality_test(draws=19, seed=7)
    assert together["homoskedasticity"] == fit.homoskedasticity_test(draws=19, seed=7)
