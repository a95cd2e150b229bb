"""Units do not matter, nor does where the iterations start."""

import numpy as np
import pytest

from cisflow.estimators.tobit.model import Tobit


@pytest.mark.parametrize("y_scale", [1e-8, 1e8])
@pytest.mark.parametrize("x_scale", [1e-8, 1e8])
def test_units_do_not_matter(data, fit, y_scale, x_scale):
    y, X = data
    units = np.array([1, x_scale, 1])
    other = Tobit(y * y_scale, X * units, 0, 2 * y_scale).fit()
    np.testing.assert_allclose(other.params * units / y_scale, fit.params, rtol=1e-9)
    np.testing.assert_allclose(other.bse * units / y_scale, fit.bse, rtol=1e-9)
    assert other.scale / y_scale == pytest.approx(fit.scale, rel=1e-10)


def test_a_year_as_regressor_is_well_behaved(data):
    y, X = data
    year = 2000 + np.arange(y.size) % 11
    raw = Tobit(y, np.column_stack([X, year, year**2]), 0, 2).fit()
    centred = Tobit(y, np.column_stack([X, year - 2005, (year - 2005) ** 2]), 0, 2).fit()
    assert not raw.not_estimable
    assert raw.params.iloc[-1] == pytest.approx(centred.params.iloc[-1], rel=1e-6)
    assert raw.llf == pytest.approx(centred.llf, rel=1e-10)


def test_a_thinned_start_leads_to_the_same_optimum(monkeypatch):
    rng = np.random.default_rng(9)
    X = np.column_stack([np.ones(4000), rng.normal(size=(4000, 2))])
    y = np.clip(X @ [0.1, 0.5, -0.5] + rng.normal(size=4000), 0, 2)
    whole = Tobit(y, X, 0, 2).fit()
    monkeypatch.setattr("cisflow.estimators.tobit.scaling.MANY", 1000)
    thinned = Tobit(y, X, 0, 2).fit()
    assert thinned.iterations < whole.iterations
    np.testing.assert_allclose(thinned.params, whole.params, rtol=1e-10)
    np.testing.assert_allclose(thinned.cov_params(), whole.cov_params(), rtol=1e-8, atol=1e-14)
