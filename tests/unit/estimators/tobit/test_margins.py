"""Marginal effects and predictions."""

import numpy as np
import pytest

from cisflow.estimators.errors import EstimationError
from cisflow.estimators.tobit.model import Tobit


@pytest.mark.parametrize("kind", ["latent", "censored", "uncensored", "probability"])
@pytest.mark.parametrize("at", ["overall", "mean"])
@pytest.mark.parametrize("dummy", [False, True])
def test_marginal_effects_and_errors_by_finite_differences(table, kind, at, dummy):
    fit = Tobit.from_formula("y ~ a + yes", table, 0, 2).fit()
    got = fit.get_margeff(kind, at, dummy=dummy)
    X = fit.model.design.dense
    X = X.mean(axis=0, keepdims=True) if at == "mean" else X

    def effect(p, j):
        from cisflow.estimators.tobit.margins import KINDS

        def value(rows):
            eta = rows @ p[:-1]
            limits = np.zeros(eta.size), np.full(eta.size, 2.0)
            return KINDS[kind](eta, np.exp(p[-1]), *limits).value.mean()

        up, down, width = X.copy(), X.copy(), 1.0
        if dummy and j == 2:
            up[:, j], down[:, j] = 1, 0
        else:
            up[:, j], down[:, j], width = up[:, j] + 1e-4, down[:, j] - 1e-4, 2e-4
        return (value(up) - value(down)) / width

    p = np.append(fit.params, np.log(fit.scale))
    V = fit.cov_params(scale=True).to_numpy()
    for j, term in ((1, "a"), (2, "yes")):
        steps = 1e-4 * np.eye(p.size)
        gradient = np.array([(effect(p + s, j) - effect(p - s, j)) / 2e-4 for s in steps])
        assert got.loc[term, "dy/dx"] == pytest.approx(effect(p, j), rel=1e-6)
        error = np.sqrt(gradient @ V @ gradient)
        assert got.loc[term, "Std. Err."] == pytest.approx(error, rel=1e-5)


def test_expected_outcomes_match_simulation(fit):
    rng = np.random.default_rng(0)
    X = np.array([[1, 0.5, -1.0]])
    draws = X @ fit.params.to_numpy() + fit.scale * rng.normal(size=400_000)
    inside = (draws > 0) & (draws < 2)
    for which, value in (
        ("latent", draws.mean()),
        ("censored", np.clip(draws, 0, 2).mean()),
        ("uncensored", draws[inside].mean()),
        ("probability", inside.mean()),
    ):
        assert fit.predict(X, which)[0] == pytest.approx(value, abs=0.006)
    interval = fit.get_prediction(X).loc[0]
    assert 0 <= interval["obs_ci_lower"] < interval["mean"] < interval["obs_ci_upper"] <= 2
    assert interval["mean_ci_lower"] < interval["mean"] < interval["mean_ci_upper"]


def test_prediction_for_new_firms_from_a_formula(table):
    fit = Tobit.from_formula("y ~ a + industry", table, 0, 2).fit()
    np.testing.assert_allclose(fit.predict(table.iloc[:7]), fit.predict()[:7], rtol=1e-12)
    with pytest.raises(EstimationError, match="is not offered"):
        fit.predict(which="nonsense")


def test_a_new_category_cannot_be_predicted(industries):
    fit = Tobit.from_formula("y ~ a + C(g)", industries, 0, 2).fit()
    with pytest.raises(EstimationError, match="category the model has not seen"):
        fit.predict(industries.head(3).assign(g=99))
