"""A Tobit whose error spread depends on the firm."""

import numpy as np
import pandas as pd
import pytest
from tobit_samples import BETA, sample

from cisflow.estimators.errors import EstimationError
from cisflow.estimators.tobit.heteroskedastic import HeteroskedasticTobit
from cisflow.estimators.tobit.model import Tobit


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
