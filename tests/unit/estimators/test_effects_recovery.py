"""Known average effects are recovered, and intervals hold them as often as they say."""

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

FORMULA = "y ~ d + e + d:e + a"
TERMS = ["d", "a", "d:e"]
POWERS = {"d": {"d": 1}, "e": {"e": 1}, "a": {"a": 1}, "d:e": {"d": 1, "e": 1}}
N, SAMPLES = 400, 200


def firms(rng):
    yes = {name: rng.integers(0, 2, N).astype(float) for name in "de"}
    return pd.DataFrame({**yes, "a": rng.normal(size=N)})


def eta(t, constant, d, e, a, product):
    return constant + d * t.d + e * t.e + a * t.a + product * t.d * t.e


def tobit(t, spread=0.0):
    return eta(t, 10, 8, -5, 6, 10), 22 * np.exp(spread * t.a)


def censored(t, spread=0.0):
    mean, sigma = tobit(t, spread)
    limits = np.zeros(len(t)), np.full(len(t), 100.0)
    return margins.censored(mean.to_numpy(), np.asarray(sigma), *limits).value


def share(t):
    return 100 * expit(eta(t, -1.5, 0.5, -0.3, 0.4, 0.5).to_numpy())


def chance(t):
    return norm.cdf(eta(t, 0.2, 0.5, -0.3, 0.3, 0.4))


def of_tobit(t, rng, spread=0.0):
    mean, sigma = tobit(t, spread)
    return np.clip(mean + sigma * rng.normal(size=N), 0, 100)


def of_share(t, rng):
    mean = share(t) / 100
    return 100 * rng.beta(3 * mean, 3 * (1 - mean))


def of_parts(t, rng):
    return np.where(rng.random(N) < chance(t), of_share(t, rng), 0.0)


def fit_tobit(t):
    return Tobit.from_formula(FORMULA, t, lower=0, upper=100).fit("HC1").prediction("censored")


def fit_spread(t):
    model = Tobit.from_formula(FORMULA, t, lower=0, upper=100)
    return HeteroskedasticTobit(model, t[["a"]]).fit("HC1").prediction("censored")


def fit_share(t):
    return FractionalLogit(FORMULA, t).fit("HC1").prediction("observed")


def fit_parts(t):
    model = TwoPart(FORMULA, t, upper=100, amount="fractional")
    return model.fit("HC1").prediction("observed")


CASES = {
    "tobit": (of_tobit, censored, fit_tobit),
    "spread": (
        lambda t, rng: of_tobit(t, rng, 0.3),
        lambda t: censored(t, 0.3),
        fit_spread,
    ),
    "share": (of_share, share, fit_share),
    "parts": (of_parts, lambda t: chance(t) * share(t), fit_parts),
}


def truth(t, mean):
    def at(**moved):
        return mean(t.assign(**moved)).mean()

    products = at(d=1.0, e=1.0) - at(d=1.0, e=0.0) - at(d=0.0, e=1.0) + at(d=0.0, e=0.0)
    slope = (at(a=t.a + 1e-3) - at(a=t.a - 1e-3)) / 2e-3
    return np.array([at(d=1.0) - at(d=0.0), slope, products])


@pytest.mark.slow
@pytest.mark.parametrize("case", list(CASES))
def test_intervals_hold_the_effect_in_95_of_100_samples(case):
    draw, mean, fit = CASES[case]
    rng = np.random.default_rng(20141120)
    errors, held = [], []
    for _ in range(SAMPLES):
        t = firms(rng)
        t["y"] = draw(t, rng)
        made = Factors({name: t[name].to_numpy() for name in "dea"}, POWERS, {})
        found = average_effects(fit(t), made, TERMS)
        gap = (found["effect"] - truth(t, mean)) / found["std_error"]
        errors.append(gap)
        held.append(gap.abs() < 1.96)
    # Three standard errors of a share of 0.95, and of a mean of standard normals.
    assert np.mean(held, axis=0) == pytest.approx(0.95, abs=3 * np.sqrt(0.95 * 0.05 / SAMPLES))
    assert np.mean(errors, axis=0) == pytest.approx(0, abs=3.3 / np.sqrt(SAMPLES))
