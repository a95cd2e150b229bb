"""Average effects of quick fits are those of the estimators, and their influences add up."""

import numpy as np
import pandas as pd
import pytest

from cisflow.estimators.average import AverageEffect, Numbers, average_effects_of
from cisflow.estimators.effects import Factors, average_effects
from cisflow.estimators.errors import EstimationError
from cisflow.estimators.regression.models import OLS, FractionalLogit
from cisflow.estimators.tobit.heteroskedastic import HeteroskedasticTobit
from cisflow.estimators.tobit.model import Tobit

NAMES = ["Intercept", "coop", "size", "group"]


@pytest.fixture(scope="module")
def firms():
    rng = np.random.default_rng(3)
    n = 300
    X = np.column_stack(
        [np.ones(n), rng.random(n) < 0.4, rng.normal(size=n), rng.random(n) < 0.5]
    ).astype(float)
    y = np.clip(X @ [8, 6, 4, -3] + 20 * rng.normal(size=n), 0, 100)
    return y, X, rng.uniform(1, 4, n)


def reference(model, y, X, w):
    """The estimator itself, with the effect and its standard error by the delta method."""
    table = pd.DataFrame(X[:, 1:], columns=NAMES[1:]).assign(y=y)
    formula, kind = "y ~ " + " + ".join(NAMES[1:]), "censored"
    if model == "ols":
        return OLS(formula, table, weights=w)
    if model == "fractional":
        return FractionalLogit(formula, table, weights=w)
    tobit = Tobit(y, pd.DataFrame(X, columns=NAMES), 0, 100, weights=w)
    return (
        tobit if kind == "censored" and model == "tobit" else HeteroskedasticTobit(tobit, X[:, [2]])
    )


def effect_of(fit, model, X, term):
    """Estimate and standard error of an effect, as the pipeline computes them."""
    if model == "ols":
        return fit.params[term], fit.bse[term]
    prediction = fit.prediction("observed" if model == "fractional" else "censored")
    column = X[:, NAMES.index(term)]
    found = average_effects(prediction, Factors({term: column}, {term: {term: 1}}, {}), [term])
    return tuple(found.loc[term])


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("model", ["tobit", "heteroskedastic_tobit", "fractional", "ols"])
def test_effects_and_standard_errors_are_those_of_the_estimator(firms, model, weighted):
    y, X, weights = firms
    w = weights if weighted else None
    found = average_effects_of(model, Numbers(y, X, NAMES, weights=w, spread=X[:, [2]]), NAMES[1:3])
    for kind in ("HC1", "nonrobust"):
        if kind == "nonrobust" and weighted and model == "ols":
            continue  # linearmodels scales weights, which its classical errors depend on
        fit = reference(model, y, X, w).fit(kind)
        for term in NAMES[1:3]:
            effect = found[term]
            wanted = effect_of(fit, model, X, term)
            # Derivatives are differences over a few points.
            assert (effect.estimate, effect.std_error(kind)) == pytest.approx(wanted, rel=2e-6)


def test_p_values_are_those_of_least_squares(firms):
    y, X, _ = firms
    fit = OLS("y ~ coop + size", pd.DataFrame(X, columns=NAMES).assign(y=y)).fit("HC1")
    (effect,) = average_effects_of("ols", Numbers(y, X[:, :3], NAMES[:3]), ["coop"]).values()
    assert effect.p_value("HC1") == pytest.approx(fit.pvalues["coop"])
    low, high = fit.conf_int().loc["coop"]
    assert 2 * effect.critical(0.05) * effect.std_error("HC1") == pytest.approx(high - low)


def test_influences_say_how_least_squares_move_without_a_firm(firms):
    y, X, _ = firms
    full = average_effects_of("ols", Numbers(y, X, NAMES), ["coop"])["coop"]
    for i in (0, 17, 299):
        kept = np.arange(len(y)) != i
        left = average_effects_of("ols", Numbers(y[kept], X[kept], NAMES), ["coop"])["coop"]
        assert full.estimate - left.estimate == pytest.approx(full.without_row[i], rel=1e-8)


def test_influences_of_a_tobit_nearly_say_so(firms):
    y, X, _ = firms
    full = average_effects_of("tobit", Numbers(y, X, NAMES), ["size"])["size"]
    moved = []
    for i in range(40):
        kept = np.arange(len(y)) != i
        left = average_effects_of("tobit", Numbers(y[kept], X[kept], NAMES), ["size"])["size"]
        moved.append(full.estimate - left.estimate)
    assert np.corrcoef(moved, full.without_row[:40])[0, 1] > 0.95


def test_a_level_all_at_zero_leaves_the_effect_of_the_others(firms):
    y, X, _ = firms
    alone = np.zeros(len(y))
    alone[:12] = 1
    y = np.where(alone, 0.0, y)
    numbers = Numbers(y, np.column_stack([X, alone]), [*NAMES, "C(industry)[T.x]"])
    for model in ("tobit", "fractional"):
        found = average_effects_of(model, numbers, ["coop", "C(industry)[T.x]"])
        assert isinstance(found["coop"], AverageEffect)
        assert isinstance(found["C(industry)[T.x]"], EstimationError)
        assert not found["coop"].influence[:12].any()


def test_what_repeats_the_others_has_no_effect(firms):
    y, X, _ = firms
    twice = np.column_stack([X, X[:, 1]])
    for model in ("tobit", "fractional", "ols"):
        found = average_effects_of(model, Numbers(y, twice, [*NAMES, "again"]), ["coop", "again"])
        assert isinstance(found["again"], EstimationError)
        assert isinstance(found["coop"], AverageEffect)


def test_a_spread_of_nothing_is_refused(firms):
    y, X, _ = firms
    found = average_effects_of("heteroskedastic_tobit", Numbers(y, X, NAMES), ["coop"])
    assert "variance" in str(found["coop"])
