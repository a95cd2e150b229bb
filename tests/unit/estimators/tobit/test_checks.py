"""Hard cases: what a Tobit cannot be estimated on is said."""

import warnings

import numpy as np
import pandas as pd
import pytest
from tobit_samples import BETA, sample

from cisflow.estimators.errors import EstimationError, NoEstimateWarning
from cisflow.estimators.tobit import fit as fit_module
from cisflow.estimators.tobit.checks import find_estimable
from cisflow.estimators.tobit.model import Tobit


def message(y, X, *args, **kwargs):
    with pytest.raises(EstimationError) as caught:
        Tobit(y, X, *args, **kwargs).fit()
    assert isinstance(caught.value, ValueError)
    return str(caught.value)


def test_every_row_at_one_limit(data):
    y, X = data
    assert "all 400 rows are at the lower limit" in message(0 * y, X, 0, 2)
    assert "all 400 rows are at the upper limit" in message(0 * y + 2, X, 0, 2)


def test_every_row_at_one_of_both_limits(data):
    y, X = data
    assert "logit or probit" in message(2.0 * (y > 1), X, 0, 2)


def test_no_row_at_a_limit_is_least_squares(data):
    _, X = data
    y = X @ BETA + np.random.default_rng(1).normal(size=400)
    fit = Tobit(y, X, None, None).fit()
    beta, residual, *_ = np.linalg.lstsq(X, y)
    np.testing.assert_allclose(fit.params, beta, rtol=1e-10)
    assert fit.scale == pytest.approx(np.sqrt(residual[0] / 400), rel=1e-10)
    assert fit.n_lower == fit.n_upper == 0


@pytest.mark.parametrize(("limit", "sign"), [("lower", "−∞"), ("upper", "+∞")])
def test_a_dummy_that_separates_is_named_and_the_others_estimated(data, limit, sign):
    y, X = data
    dummy = (y <= 0 if limit == "lower" else y >= 2) & (np.arange(400) % 3 == 0)
    names = ["const", "a", "b", "dummy"]
    fit = Tobit(y, pd.DataFrame(np.column_stack([X, dummy]), columns=names), 0, 2).fit()
    assert list(fit.not_estimable) == ["dummy"]
    assert f"tends to {sign}" in fit.not_estimable["dummy"]
    assert np.isnan(fit.params["dummy"])
    without = Tobit(y[~dummy], X[~dummy], 0, 2).fit()
    np.testing.assert_allclose(fit.params.dropna(), without.params, rtol=1e-9)
    np.testing.assert_allclose(fit.bse.dropna(), without.bse, rtol=1e-9)
    assert fit.llf == pytest.approx(without.llf)
    assert fit.nobs == 400
    at = 0 if limit == "lower" else 2
    np.testing.assert_array_equal(fit.predict()[dummy], at)
    np.testing.assert_array_equal(fit.score_obs()[dummy], 0)
    effects = [f.get_margeff()["dy/dx"].to_numpy() for f in (fit, without)]
    np.testing.assert_allclose(effects[0], effects[1] * (~dummy).mean(), rtol=1e-9)


def test_separation_that_no_single_dummy_shows(data):
    # The sum of two dummies separates, neither does alone: rows between have both or none.
    y, X = data
    rng = np.random.default_rng(8)
    inside = (y > 0) & (y < 2)
    one = rng.integers(0, 2, 400)
    two = np.where(inside, one, np.where(y <= 0, np.minimum(one, rng.integers(0, 2, 400)), one))
    fit = Tobit(y, np.column_stack([X, one, two]), 0, 2).fit()
    assert set(fit.not_estimable) == {"x3", "x4"}
    assert "−∞" in fit.not_estimable["x3"]
    assert "+∞" in fit.not_estimable["x4"]


def test_a_category_between_both_limits_without_a_row_inside_is_finite(data):
    y, X = data
    dummy = ((y <= 0) | (y >= 2)) & (np.arange(400) % 3 == 0)
    fit = Tobit(y, np.column_stack([X, dummy]), 0, 2).fit()
    assert not fit.not_estimable
    assert np.isfinite(fit.params).all()


def test_base_category_at_the_limit_leaves_no_contrast(data):
    y, X = data
    g = np.random.default_rng(3).integers(0, 4, 400)
    table = pd.DataFrame({"y": np.where(g == 0, 0, y), "a": X[:, 1], "g": g})
    fit = Tobit.from_formula("y ~ a + C(g)", table, 0, 2).fit()
    assert list(fit.params.dropna().index) == ["a"]
    assert "another category as base" in fit.not_estimable["C(g)[T.1]"]
    inside = Tobit.from_formula("y ~ a + C(g)", table[g > 0], 0, 2).fit()
    assert fit.params["a"] == pytest.approx(inside.params["a"], rel=1e-9)


def test_collinear_constant_and_zero_columns_are_dropped_and_named(data, fit):
    y, X = data
    noise = 1e-10 * np.random.default_rng(4).normal(size=400)
    extra = [2 * X[:, 1] + 1, X[:, 2] + noise, np.full(400, 3.0), np.zeros(400)]
    other = Tobit(y, np.column_stack([X, *extra]), 0, 2).fit()
    np.testing.assert_allclose(other.params.dropna(), fit.params, rtol=1e-9)
    np.testing.assert_allclose(other.bse.dropna(), fit.bse, rtol=1e-9)
    reasons = other.not_estimable
    assert list(reasons) == ["x3", "x4", "x5", "x6"]
    assert "collinear" in reasons["x3"]
    assert "collinear" in reasons["x4"]
    assert "constant" in reasons["x5"]
    assert "zero in every row" in reasons["x6"]


def test_fewer_rows_than_coefficients():
    y, X = sample(20)
    wide = np.random.default_rng(1).normal(size=(20, 30))
    assert "20 rows for 33 coefficients" in message(y, np.column_stack([X, wide]), 0, 2)


def test_exact_fit_is_refused():
    _, X = sample()
    assert "exactly" in message(np.clip(X @ BETA, 0, 2), X, 0, 2)


def test_missing_and_infinite_values_are_named(data):
    y, X = (part.copy() for part in data)
    X[3, 1], X[4, 2] = np.nan, np.inf
    text = message(y, X, 0, 2)
    assert "x1: missing in 1 row" in text
    assert "x2: infinite in 1 row" in text
    y[0] = np.nan
    assert "outcome is missing in 1 row" in message(y, data[1], 0, 2)


def test_outcome_outside_its_limits(data):
    y, X = data
    assert "above its upper limit in" in message(y, X, 0, 1.5)
    assert "below its lower limit in" in message(y, X, 0.5, 2)
    assert "not below the upper" in message(y, X, 2, 0)


def test_percent_with_limit_one_and_fractions_with_limit_hundred(data):
    y, X = data
    assert "looks like percent" in message(50 * y, X, 0, 1)
    with pytest.warns(UserWarning, match="upper=1 or multiply"):
        Tobit(y / 2, X, 0, 100)


@pytest.mark.parametrize(("value", "words"), [(0, "zero"), (-1, "negative"), (np.nan, "missing")])
@pytest.mark.parametrize("name", ["weights", "freq_weights"])
def test_weights_that_are_none(data, value, words, name):
    y, X = data
    w = np.ones(400)
    w[7] = value
    text = message(y, X, 0, 2, **{name: w})
    assert name in text
    assert f"{words}" in text


def test_messages_never_show_a_value(data):
    y, X = data
    y = y.copy()
    y[5] = 7.654321
    assert "7.65" not in message(y, X, 0, 2)


def test_separation_is_found_exactly_when_a_linear_programme_finds_it():
    from scipy.optimize import linprog

    rng = np.random.default_rng(42)
    seen = {True: 0, False: 0}
    for _ in range(150):
        n, k = int(rng.integers(8, 60)), int(rng.integers(1, 6))
        dummies = rng.random((n, k)) < rng.uniform(0.05, 0.6, k)
        X = np.column_stack([np.ones(n), rng.normal(size=n), dummies])
        y = X @ rng.normal(size=k + 2) + rng.normal(size=n) - rng.uniform(-1, 2)
        y = np.clip(y, 0, 1)
        try:
            fit = Tobit(y, X, 0, 1).fit()
        except EstimationError:
            continue  # all at a limit, or an exact fit: tested above
        inside, side = (y > 0) & (y < 1), np.where(y <= 0, 1.0, -1.0)
        rise = (side[:, None] * X)[~inside]
        programme = linprog(
            rise.sum(axis=0), rise, np.zeros(len(rise)), X[inside], np.zeros(inside.sum()),
            bounds=(-1, 1),
        )  # fmt: skip
        said = any("tends to" in reason for reason in fit.not_estimable.values())
        assert said == (programme.fun < -1e-7)
        assert np.isfinite(fit.bse.drop(list(fit.not_estimable))).all()
        assert np.abs(fit.params).max() < 200 * fit.scale
        seen[said] += 1
    assert min(seen.values()) > 30


# -- separation is looked for where the fit itself leaves doubt ------------------------------


def searched(monkeypatch):
    """Count the searches for separation."""
    calls = []

    def spy(*given):
        calls.append(given)
        return find_estimable(*given)

    monkeypatch.setattr(fit_module, "find_estimable", spy)
    return calls


def few_firms(seed=2, n=120):
    """Outcomes of which half are at zero, a regressor, and who is where."""
    rng = np.random.default_rng(seed)
    a = rng.normal(size=n)
    y = np.clip(0.2 + 0.5 * a + rng.normal(size=n), 0, 2)
    return y, a, np.flatnonzero(y == 0), np.flatnonzero((y > 0) & (y < 2)), np.flatnonzero(y == 2)


def held_at(rows, n=120, size=1.0):
    column = np.zeros(n)
    column[rows] = size
    return column


def test_a_maximum_that_proves_itself_needs_no_search(monkeypatch):
    """The dummy has no row between the limits: the observed rows alone do not show it exists."""
    y, a, below, _, above = few_firms()
    d = held_at([*below[:4], *above[:2]])
    calls = searched(monkeypatch)
    fit = Tobit(y, np.column_stack([np.ones(120), a, d]), 0, 2).fit()
    assert not calls
    assert fit.params.notna().all()
    monkeypatch.setattr(fit_module, "_if_it_exists", lambda *_: None)
    again = Tobit(y, np.column_stack([np.ones(120), a, d]), 0, 2).fit()
    assert calls
    np.testing.assert_allclose(fit.params, again.params, rtol=1e-10)


SNEAKY = {
    "plain": lambda a, below: held_at(below[:3]),
    "large units": lambda a, below: held_at(below[:3], size=1e9),
    "small units": lambda a, below: held_at(below[:3], size=1e-9),
    "one row": lambda a, below: held_at(below[:1]),
    "values that differ": lambda a, below: held_at(below[:3]) * np.exp(a),
    "hidden in a sum": lambda a, below: a + held_at(below[:3], size=1e-3),
    "a rare value": lambda a, below: np.where(held_at(below[:3]) > 0, 1000.0, a),
}


@pytest.mark.parametrize("name", SNEAKY)
@pytest.mark.parametrize("weight", [1.0, 1e-6, 1e6])
def test_sneaky_separation_is_found(name, weight):
    """The units of the column, and the weight of the rows, hide nothing."""
    y, a, below, *_ = few_firms()
    X = np.column_stack([np.ones(120), a, SNEAKY[name](a, below)])
    weights = np.ones(120)
    weights[below[:3]] = weight
    with pytest.warns(NoEstimateWarning):
        fit = Tobit(y, X, 0, 2, weights=weights).fit()
    assert fit.params.isna().any()
    assert "separates" in " ".join(fit.notes.values())


def test_quasi_separation_at_both_limits():
    """Each of two dummies could exist; their difference is at the lower or the upper limit only."""
    y, a, below, inside, above = few_firms()
    first, second = held_at([*below[:3], *inside[:2]]), held_at([*inside[:2], *above[:2]])
    X = np.column_stack([np.ones(120), a, first, second])
    with pytest.warns(NoEstimateWarning):
        fit = Tobit(y, X, 0, 2).fit()
    assert fit.params[["x2", "x3"]].isna().all()
    assert fit.params[["const", "x1"]].notna().all()


def test_one_row_on_the_other_side_ends_separation():
    y, a, below, _, above = few_firms()
    for many in (3, 30):
        d = held_at([*below[:many], above[0]])
        fit = Tobit(y, np.column_stack([np.ones(120), a, d]), 0, 2).fit()
        assert np.isfinite(fit.params).all()


def test_the_outcome_computed_from_the_regressors_is_still_refused():
    """σ tends to zero: Newton's method climbs for ever, and never proves a maximum."""
    _, a, *_ = few_firms()
    y = np.clip(0.3 + 0.5 * a, 0, 1)
    with pytest.raises(EstimationError, match="exactly"):
        Tobit(y, np.column_stack([np.ones(120), a]), 0, 1).fit()


@pytest.mark.parametrize("seed", range(40))
def test_with_and_without_the_search_the_same_is_estimated(monkeypatch, seed):
    """Samples of a few firms with dummies, units from 1e-6 to 1e6, weights over six decades."""
    rng = np.random.default_rng([7, seed])
    n = int(rng.integers(14, 50))
    columns = [np.ones(n), rng.normal(size=n)]
    columns += [
        (rng.random(n) < rng.uniform(0.05, 0.4)) * 10.0 ** rng.integers(-6, 6) for _ in "ab"
    ]
    X = np.column_stack(columns)
    y = np.clip(rng.normal(-0.5, 1, n) + X[:, 1], 0, rng.choice([1.0, 99.0]))
    weights = 10.0 ** rng.uniform(-3, 3, n)

    def outcome():
        try:
            return Tobit(y, X, 0, y.max() if y.max() < 2 else 99, weights=weights).fit().params
        except EstimationError as error:
            return str(error)

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NoEstimateWarning)
        quick = outcome()
        monkeypatch.setattr(fit_module, "_if_it_exists", lambda *_: None)
        thorough = outcome()
    if isinstance(thorough, str):
        assert quick == thorough
    else:
        np.testing.assert_allclose(quick, thorough, rtol=1e-6)
