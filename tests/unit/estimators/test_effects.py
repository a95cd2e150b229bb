"""Average effects: derivatives, differences, and both in products, against what is known."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit
from scipy.stats import norm

from cisflow.estimators.effects import Factors, average_effects
from cisflow.estimators.regression.models import FractionalLogit
from cisflow.estimators.regression.two_part import TwoPart
from cisflow.estimators.tobit import margins
from cisflow.estimators.tobit.heteroskedastic import HeteroskedasticTobit
from cisflow.estimators.tobit.model import Tobit


@pytest.fixture(scope="module")
def table():
    rng = np.random.default_rng(4)
    n = 400
    t = pd.DataFrame({"d": rng.integers(0, 2, n), "e": rng.integers(0, 2, n)}).astype(float)
    t["a"], t["b"] = rng.normal(size=n), rng.normal(size=n)
    t["c"] = rng.choice(["p", "q", "r"], n)
    latent = 20 + 8 * t.d - 5 * t.e + 10 * t.d * t.e + 6 * t.a + 4 * t.d * t.a + 3 * t.a * t.b
    latent += 5 * (t.c == "q") + 2 * t.a**2
    t["a2"] = t.a**2
    t["y"] = np.clip(latent + 20 * rng.normal(size=n), 0, 100)
    return t


FORMULA = "y ~ d + e + d:e + a + d:a + b + a:b + a2 + C(c)"
POWERS = {
    **{name: {name: 1} for name in ("d", "e", "a", "b", "C(c)[T.q]", "C(c)[T.r]")},
    "d:e": {"d": 1, "e": 1},
    "d:a": {"d": 1, "a": 1},
    "a:b": {"a": 1, "b": 1},
    "a2": {"a": 2},
}


def factors(table):
    values = {name: table[name].to_numpy() for name in "deab"}
    values |= {f"C(c)[T.{x}]": (table["c"] == x).to_numpy(float) for x in "qr"}
    return Factors(values, POWERS, {f"C(c)[T.{x}]": "C(c)" for x in "qr"})


def design(table):
    columns = {name: table[name] for name in "deab"} | {"a2": table.a**2, "one": 1.0}
    columns |= {"d:e": table.d * table.e, "d:a": table.d * table.a, "a:b": table.a * table.b}
    columns |= {f"C(c)[T.{x}]": (table.c == x) * 1.0 for x in "qr"}
    return pd.DataFrame(columns)


def index(table, params):
    return design(table).rename(columns={"one": "Intercept"})[params.index] @ params


def tobit_mean(eta, sigma):
    a, b = -eta / sigma, (100 - eta) / sigma
    inside = norm.cdf(b) - norm.cdf(a)
    return eta * inside + sigma * (norm.pdf(a) - norm.pdf(b)) + 100 * norm.sf(b)


def by_hand(table, mean):
    """Effects by differences written out, the continuous ones by central differences."""

    def at(**moved):
        return mean(table.assign(**moved)).mean()

    h = 1e-3
    up, down = table.a + h, table.a - h
    bup, bdown = table.b + h, table.b - h
    return {
        "d": at(d=1.0) - at(d=0.0),
        "d:e": at(d=1.0, e=1.0) - at(d=1.0, e=0.0) - at(d=0.0, e=1.0) + at(d=0.0, e=0.0),
        "a": (at(a=up) - at(a=down)) / (2 * h),
        "d:a": (at(d=1.0, a=up) - at(d=1.0, a=down) - at(d=0.0, a=up) + at(d=0.0, a=down))
        / (2 * h),
        "a:b": (at(a=up, b=bup) - at(a=up, b=bdown) - at(a=down, b=bup) + at(a=down, b=bdown))
        / (4 * h * h),
        "a2": (at(a=up) - 2 * at() + at(a=down)) / (h * h) / 2,
        "C(c)[T.q]": at(c="q") - at(c="p"),
    }


def test_effects_on_a_tobits_mean_are_what_moving_the_variables_does_to_it(table):
    fit = Tobit.from_formula(FORMULA, table, lower=0, upper=100).fit("HC1")
    params, names = fit.params, list(POWERS)
    found = average_effects(fit.prediction("censored"), factors(table), names)
    wanted = by_hand(table, lambda t: tobit_mean(index(t, params), fit.scale))
    for name, effect in wanted.items():
        assert found.loc[name, "effect"] == pytest.approx(effect, rel=2e-5), name
    # Of the latent outcome a product's effect is its coefficient, with its standard error.
    latent = average_effects(fit.prediction("latent"), factors(table), ["d:e", "d:a", "a:b", "a2"])
    np.testing.assert_allclose(latent["effect"], params[latent.index], rtol=1e-7)
    np.testing.assert_allclose(latent["std_error"], fit.bse[latent.index], rtol=1e-6)


@pytest.mark.parametrize("kind", ["censored", "uncensored", "probability", "latent"])
def test_standard_errors_are_the_delta_methods(table, kind):
    fit = Tobit.from_formula(FORMULA, table, lower=0, upper=100).fit("HC1")
    prediction, names = fit.prediction(kind), ["d", "a", "d:e", "d:a", "a2"]
    found = average_effects(prediction, factors(table), names)
    steps = 1e-4 * np.eye(len(prediction.covariance))
    up, down = (
        np.array([effects_at(fit, kind, sign * step, table, names) for step in steps])
        for sign in (1, -1)
    )
    gradients = (up - down).T / 2e-4
    wanted = np.sqrt(np.einsum("ij,jk,ik->i", gradients, prediction.covariance, gradients))
    np.testing.assert_allclose(found["std_error"], wanted, rtol=1e-5)


def effects_at(fit, kind, step, table, names):
    """Effects where the parameters (β, log σ) are other than estimated."""
    inputs, prediction = margins._inputs(fit.solution, kind, "overall", True), fit.prediction(kind)
    beta, sigma = inputs.beta + step[:-1], inputs.sigma * np.exp(step[-1])

    def total(X, weights):
        value = inputs.curve(X @ beta, sigma, inputs.lower, inputs.upper).value
        return float(weights @ value), np.zeros(len(step))

    moved = replace(prediction, total=total)
    return average_effects(moved, factors(table), names)["effect"].to_numpy()


def test_effects_on_a_share(table):
    fit = FractionalLogit(FORMULA, table).fit("HC1")
    found = average_effects(fit.prediction("observed"), factors(table), list(POWERS))
    wanted = by_hand(table, lambda t: 100 * expit(index(t, fit.params)))
    for name, effect in wanted.items():
        assert found.loc[name, "effect"] == pytest.approx(effect, rel=2e-5), name


def test_without_products_they_are_the_tobits_marginal_effects(table):
    weights = np.random.default_rng(1).uniform(0.5, 3, len(table))
    fit = Tobit.from_formula("y ~ d + a + C(c)", table, 0, 100, weights=weights)
    fit = fit.fit("cluster", cov_kwds={"groups": table["c"]})
    names = ["d", "a"]
    for kind in ("censored", "uncensored", "probability", "latent"):
        found = average_effects(fit.prediction(kind), factors(table), names)
        known = fit.get_margeff(kind, dummy=True).loc[names]
        np.testing.assert_allclose(found["effect"], known["dy/dx"], rtol=1e-9)
        np.testing.assert_allclose(found["std_error"], known["Std. Err."], rtol=1e-7)


def test_the_sign_of_a_products_effect_may_be_against_its_coefficient():
    """Ai and Norton's point: near a limit the cross difference is not the coefficient's."""
    rng = np.random.default_rng(2)
    n = 6000
    t = pd.DataFrame({"d": rng.integers(0, 2, n), "e": rng.integers(0, 2, n)}).astype(float)
    eta = -15 + 12 * t.d + 12 * t.e - 2 * t.d * t.e
    t["y"] = np.clip(eta + 15 * rng.normal(size=n), 0, 100)
    fit = Tobit.from_formula("y ~ d + e + d:e", t, lower=0, upper=100).fit("HC1")
    powers = {"d": {"d": 1}, "e": {"e": 1}, "d:e": {"d": 1, "e": 1}}
    made = Factors({"d": t.d.to_numpy(), "e": t.e.to_numpy()}, powers, {})
    observed = average_effects(fit.prediction("censored"), made, ["d:e"]).iloc[0]
    mean = tobit_mean(np.array([-15, -3, -3, 7.0]), 15)
    truth = mean[3] - mean[1] - mean[2] + mean[0]
    assert fit.params["d:e"] < 0 < observed["effect"]
    assert abs(observed["effect"] - truth) < 3 * observed["std_error"]


def delta(prediction, factors, names, at):
    """Standard errors from effects at parameters near the estimates, ``at(step)``."""
    h = 1e-4 * np.sqrt(np.diag(prediction.covariance))
    steps = np.diag(h)
    up, down = (
        np.array([effects_of(at(s * step), factors, names) for step in steps]) for s in (1, -1)
    )
    gradients = (up - down).T / (2 * h)
    return np.sqrt(np.einsum("ij,jk,ik->i", gradients, prediction.covariance, gradients))


def effects_of(prediction, factors, names):
    return average_effects(prediction, factors, names)["effect"].to_numpy()


@pytest.mark.parametrize("kind", ["censored", "uncensored", "probability"])
def test_what_is_in_mean_and_spread_moves_both(table, kind):
    fit = Tobit.from_formula("y ~ d + e + d:e + a + C(c)", table, lower=0, upper=100).fit()
    hetero = HeteroskedasticTobit(fit.model, table[["a", "d"]]).fit("HC1")
    names, made = ["d", "a", "d:e"], factors(table)
    prediction = hetero.prediction(kind)
    found = average_effects(prediction, made, names)

    def mean(t):
        p = hetero.params
        sigma = np.exp(p["lnsigma: Intercept"] + p["lnsigma: a"] * t.a + p["lnsigma: d"] * t.d)
        eta = index(t, p[[n for n in p.index if not n.startswith("lnsigma")]])
        limits = np.zeros(len(t)), np.full(len(t), 100.0)
        return margins.KINDS[kind](eta.to_numpy(), sigma.to_numpy(), *limits).value

    wanted = by_hand(table, mean)
    for name in names:
        assert found.loc[name, "effect"] == pytest.approx(wanted[name], rel=1e-5), name

    def at(step):
        other = HeteroskedasticTobit(fit.model, table[["a", "d"]]).fit("HC1")
        other._estimate = hetero._estimate + step
        return other.prediction(kind)

    errors = delta(prediction, made, names, at)
    np.testing.assert_allclose(found["std_error"], errors, rtol=1e-5)


@pytest.mark.parametrize("amount", ["fractional", "truncated", "ols"])
@pytest.mark.parametrize("kind", ["observed", "uncensored", "probability"])
def test_effects_of_two_parts_are_those_of_the_product(table, amount, kind):
    model = TwoPart("y ~ d + e + d:e + a + C(c)", table, upper=100, amount=amount)
    fit = model.fit("cluster", {"groups": np.arange(len(table)) // 4})
    names, made = ["d", "a", "d:e"], factors(table)
    prediction = fit.prediction(kind)
    found = average_effects(prediction, made, names)

    def mean(t):
        parts = {}
        for part in ("any: ", "amount: "):
            named = fit.params.filter(like=part)
            parts[part] = index(t, named.rename(lambda n, p=part: n.removeprefix(p))).to_numpy()
        p, eta = norm.cdf(parts["any: "]), parts["amount: "]
        much = {
            "fractional": lambda: 100 * expit(eta),
            "truncated": lambda: by_integration(eta, fit.scale),
            "ols": lambda: eta,
        }[amount]()
        return {"observed": p * much, "uncensored": much, "probability": p}[kind]

    wanted = by_hand(table, mean)
    for name in names:
        assert found.loc[name, "effect"] == pytest.approx(wanted[name], rel=3e-5), name

    def at(step):
        k = len(model.chance.beta)
        other = TwoPart("y ~ d + e + d:e + a + C(c)", table, upper=100, amount=amount)
        other.chance = replace(model.chance, beta=model.chance.beta + step[:k])
        size = len(model.much.beta)
        beta = model.much.beta + step[k : k + size]
        much = replace(model.much, beta=beta)
        if amount == "truncated":
            sigma = fit.scale * np.exp(step[-1])
            much = replace(much, mean=lambda eta: other.amount.mean(eta, sigma))
        other.much = much
        return other._prediction(prediction.covariance, kind)

    np.testing.assert_allclose(
        found["std_error"], delta(prediction, made, names, at), rtol=1e-5, atol=1e-12
    )


def by_integration(eta, sigma):
    """Mean of a normal truncated at 0 and censored at 100, point by point."""
    z, w = np.polynomial.legendre.leggauss(200)
    y = 50 * (z + 1)
    density = norm.pdf(y[:, None], eta, sigma)
    inside = 50 * (w @ (y[:, None] * density))
    return (inside + 100 * norm.sf(100, eta, sigma)) / norm.sf(0, eta, sigma)
