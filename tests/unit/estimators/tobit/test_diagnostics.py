"""Tests on a fitted Tobit, and how much it explains."""

import numpy as np
import pytest
from tobit_samples import sample

from cisflow.estimators.errors import EstimationError
from cisflow.estimators.tobit.model import Tobit


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


def test_simulated_critical_values_stop_where_a_statistic_is_nothing_unusual(fit):
    test = fit.normality_test(draws=39, seed=1)
    assert 4 <= test.draws < 39
    assert test.pvalue == 4 / test.draws  # a tenth of those asked for, and one, lay above it
    assert f"{test.draws} simulated samples" in str(test)


def test_an_unusual_statistic_is_held_against_every_simulated_sample():
    y, X = sample(300, errors=lambda rng, n: rng.exponential(size=n) - 1)
    test = Tobit(y, X, 0, 2).fit().normality_test(draws=39, seed=1)
    assert test.draws == 39
    assert test.pvalue == 1 / 40


@pytest.mark.parametrize("seed", range(6))
def test_stopping_early_changes_no_decision(seed, monkeypatch):
    y, X = sample(120, errors=lambda rng, n: rng.standard_t(6, size=n), seed=seed)
    fit = Tobit(y, X, 0, 2).fit()
    early = fit.specification_tests(draws=39, seed=seed)
    monkeypatch.setattr("cisflow.estimators.tobit.diagnostics._enough", lambda draws: 1 + draws)
    full = fit.specification_tests(draws=39, seed=seed)
    for name in full:
        assert full[name].draws == 39
        assert (early[name].pvalue <= 0.1) == (full[name].pvalue <= 0.1)
        if early[name].pvalue <= 0.1:
            assert early[name] == full[name]


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


def test_both_specification_tests_rest_on_the_same_simulated_samples():
    y, X = sample(150, seed=5)
    fit = Tobit(y, X, 0, 2).fit()
    together = fit.specification_tests(draws=19, seed=7)
    assert together["normality"] == fit.normality_test(draws=19, seed=7)
    assert together["homoskedasticity"] == fit.homoskedasticity_test(draws=19, seed=7)
