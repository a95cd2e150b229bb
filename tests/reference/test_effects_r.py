"""R's average effects: survreg, glm and optim, sandwich, numDeriv (effects/effects.R)."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from cisflow.estimators.effects import Factors, average_effects
from cisflow.estimators.regression.models import FractionalLogit
from cisflow.estimators.regression.two_part import TwoPart
from cisflow.estimators.tobit.heteroskedastic import HeteroskedasticTobit
from cisflow.estimators.tobit.model import Tobit

HERE = Path(__file__).parent / "effects"
FORMULA = "y ~ d + e + a + d:e + d:a"
POWERS = {term: dict.fromkeys(term.split(":"), 1) for term in ("d", "e", "a", "d:e", "d:a")}


@pytest.fixture(scope="module")
def firms():
    return pd.read_csv(HERE / "firms.csv").astype(float)


@pytest.fixture(scope="module")
def expected():
    return json.loads((HERE / "effects.json").read_text(encoding="utf-8"))


def same(fit, firms, kind, numbers):
    factors = Factors({name: firms[name].to_numpy() for name in "dea"}, POWERS, {})
    found = average_effects(fit.prediction(kind), factors, list(numbers["effect"]))
    # R takes slopes and gradients by differences, whose own error is of this size.
    np.testing.assert_allclose(found["effect"], list(numbers["effect"].values()), rtol=3e-6)
    np.testing.assert_allclose(found["std_error"], list(numbers["std_error"].values()), rtol=3e-6)


@pytest.mark.parametrize(
    ("quantity", "kind"),
    [("observed", "censored"), ("uncensored", "uncensored"), ("probability", "probability")],
)
def test_tobit(firms, expected, quantity, kind):
    fit = Tobit.from_formula(FORMULA, firms, lower=0, upper=100).fit("HC0")
    same(fit, firms, kind, expected["tobit"][quantity])


def test_fractional_logit(firms, expected):
    fit = FractionalLogit(FORMULA, firms).fit("HC0")
    same(fit, firms, "observed", expected["fractional"]["observed"])


def test_heteroskedastic_tobit(firms, expected):
    tobit = Tobit.from_formula(FORMULA, firms, lower=0, upper=100)
    fit = HeteroskedasticTobit(tobit, firms[["a", "d"]]).fit("nonrobust")
    numbers = expected["heteroskedastic"]
    np.testing.assert_allclose(fit.params, numbers["params"], rtol=1e-6)
    np.testing.assert_allclose(fit.bse, numbers["bse"], rtol=1e-5)
    assert fit.llf == pytest.approx(numbers["llf"], rel=1e-10)
    same(fit, firms, "censored", numbers["observed"])


def test_two_parts(firms, expected):
    fit = TwoPart(FORMULA, firms, upper=100, amount="fractional").fit("HC0")
    same(fit, firms, "observed", expected["two_part"]["observed"])
