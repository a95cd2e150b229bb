"""Rows without which a maximum is still finite, against what is left without each."""

import numpy as np
import pandas as pd
import pytest

from cisflow.estimators import Probit
from cisflow.estimators.separation import separating_direction, spared_rows


def sample(seed, n, rare):
    """Return a design with a rare yes/no and a continuous regressor, and an outcome of 0 and 1."""
    rng = np.random.default_rng(seed)
    X = np.column_stack([np.ones(n), rng.normal(size=n), rng.random(n) < rare])
    return X, (X @ [0.2, 1.5, 0.5] + rng.normal(size=n) > 0).astype(float)


def open_to(y):
    return np.where(y == 1, 0.0, -np.inf), np.where(y == 1, np.inf, 0.0)


def separates(X, y):
    if np.linalg.matrix_rank(X) < X.shape[1]:
        return True
    return separating_direction(X, *open_to(y))[1].any()


def slopes_of(X, y):
    import statsmodels.api as sm

    model = sm.GLM(y, X, family=sm.families.Binomial())
    return model.score_factor(model.fit(tol=1e-12, maxiter=200).params)


@pytest.mark.parametrize("seed", range(25))
def test_no_row_is_spared_without_which_a_direction_separates(seed):
    X, y = sample(seed, 24, rare=0.15)
    if separates(X, y):
        return
    spared = spared_rows(X, np.zeros(24, dtype=bool), np.where(y == 1, 1, -1), slopes_of(X, y))
    for i in np.flatnonzero(spared):
        assert not separates(np.delete(X, i, axis=0), np.delete(y, i))


def test_ordinary_rows_are_all_spared_at_once():
    X, y = sample(1, 300, rare=0.3)
    side = np.where(y == 1, 1, -1)
    assert spared_rows(X, np.zeros(300, dtype=bool), side, slopes_of(X, y)).all()


def test_pinned_rows_are_not_asked_about_and_hold_the_others():
    X, y = sample(3, 60, rare=0.2)
    pinned = np.arange(60) < 30
    side = np.where(y == 1, 1, -1)
    spared = spared_rows(X, pinned, side, slopes_of(X, y))
    assert not spared[pinned].any()
    assert spared[~pinned].all()


def test_a_probit_without_each_firm_takes_steps_and_not_fits(monkeypatch):
    X, y = sample(4, 200, rare=0.3)
    table = pd.DataFrame({"y": y, "a": X[:, 1], "rare": X[:, 2]})
    fit = Probit("y ~ a + rare", table).fit("HC1")
    refitted = []
    plain = type(fit).without
    monkeypatch.setattr(type(fit), "without", lambda f, i: refitted.append(i) or plain(f, i))
    found = fit.leave_one_out()
    assert len(refitted) < 5  # those who move much
    for i in (0, 17, 101):
        again = Probit("y ~ a + rare", table.drop(index=i)).fit("HC1")
        np.testing.assert_allclose(found.params.iloc[i], again.params, rtol=0.02, atol=1e-3)


def test_a_probit_with_a_row_that_is_all_but_certain_has_its_maximum():
    """A long tail, such as R&D above turnover: the probability is one but for rounding."""
    X, y = sample(6, 300, rare=0.3)
    table = pd.DataFrame({"y": y, "a": X[:, 1], "rare": X[:, 2]})
    far = pd.DataFrame({"y": [1.0, 0.0], "a": [25.0, -30.0], "rare": [0.0, 1.0]})
    fit = Probit("y ~ a + rare", pd.concat([table, far], ignore_index=True)).fit("nonrobust")
    plain = Probit("y ~ a + rare", table).fit("nonrobust")
    np.testing.assert_allclose(fit.params, plain.params, rtol=1e-6)
    np.testing.assert_allclose(fit.bse, plain.bse, rtol=1e-6)
