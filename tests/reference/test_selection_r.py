"""R's selection models, control functions and doubly robust effects (selection/selection.R).

Nothing of Debian's R estimates these, so the script writes their likelihoods and estimating
equations out; the derivatives it takes by differences have an error of their own.
"""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from cisflow.estimators import ControlFunctionTobit, DoublyRobust, Heckman
from cisflow.estimators.effects import Factors, average_effects

HERE = Path(__file__).parent / "selection"


@pytest.fixture(scope="module")
def firms():
    return pd.read_csv(HERE / "firms.csv").astype(float)


@pytest.fixture(scope="module")
def expected():
    return json.loads((HERE / "selection.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    ("name", "limits"), [("heckman", {}), ("censored", {"lower": 0, "upper": 40})]
)
def test_selection(firms, expected, name, limits):
    numbers = expected[name]
    fit = Heckman("s ~ x + z", "y ~ x + d", firms, **limits).fit()
    terms = list(numbers["params"])
    assert fit.llf == pytest.approx(numbers["llf"], abs=1e-8)
    np.testing.assert_allclose(fit.params[terms], list(numbers["params"].values()), rtol=1e-7)
    np.testing.assert_allclose(fit.bse[terms], numbers["bse"], rtol=1e-6)
    np.testing.assert_allclose(fit.with_cov("HC0").bse[terms], numbers["hc0"], rtol=1e-6)


@pytest.mark.parametrize(("kind", "endogenous"), [("number", "q"), ("yesno", "d")])
def test_control_function(firms, expected, kind, endogenous):
    numbers = expected["control"][kind]
    model = ControlFunctionTobit(f"y ~ x + {endogenous}", firms, [endogenous], ["w"], 0, 40)
    fit = model.fit()
    robust = fit.with_cov("HC0")
    np.testing.assert_allclose(fit.params, numbers["params"], rtol=1e-7)
    np.testing.assert_allclose(fit.bse, numbers["bse"], rtol=1e-5)
    np.testing.assert_allclose(robust.bse, numbers["hc0"], rtol=1e-5)
    tested = [f.tests["exogeneity"]["statistic"] for f in (fit, robust)]
    np.testing.assert_allclose(tested, numbers["exogeneity"], rtol=1e-6)
    factors = Factors({endogenous: firms[endogenous].to_numpy()}, {endogenous: {endogenous: 1}}, {})
    effect = average_effects(robust.prediction("observed"), factors, [endogenous])
    np.testing.assert_allclose(effect.iloc[0], numbers["observed"], rtol=1e-4)


@pytest.mark.parametrize("outcome", ["ols", "fractional"])
def test_doubly_robust(firms, expected, outcome):
    numbers = expected["robust"][outcome]
    model = DoublyRobust("y ~ d + x + w", firms, "d", outcome, 0, 40, overlap=(0, 1))
    fit = model.fit("HC0")
    np.testing.assert_allclose(fit.params, numbers["params"], rtol=1e-8)
    np.testing.assert_allclose(fit.bse, numbers["hc0"], rtol=1e-7)
    np.testing.assert_allclose(fit.balance.before, numbers["before"], rtol=1e-9)
    np.testing.assert_allclose(fit.balance.after, numbers["after"], rtol=1e-7)
