"""Tests of inequalities against R: inequalities/inequalities.R wrote the numbers."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from statsmodels.regression.linear_model import OLS as LINE

from cisflow.estimators import OLS
from cisflow.estimators.inequalities.cone import chi_bar_weights, cone_test, palm_bounds
from cisflow.estimators.inequalities.two_lines import two_lines
from cisflow.estimators.inequalities.u_shape import extreme_point, u_shape

HERE = Path(__file__).parent / "inequalities"


@pytest.fixture(scope="module")
def numbers():
    return json.loads((HERE / "inequalities.json").read_text())


@pytest.fixture(scope="module")
def firms():
    return pd.read_csv(HERE / "firms.csv")


def test_distances_and_weights(numbers):
    for case in numbers["cones"]:
        found = cone_test(np.array(case["q"]), np.array(case["V"]), draws=200_000)
        assert found.statistic == pytest.approx(case["distance"], abs=1e-10)
        np.testing.assert_allclose(found.weights, case["weights"], atol=0.003)
        assert found.p_value == pytest.approx(case["p"], abs=0.003)


def test_kodde_and_palm_table_1():
    upper = [2.706, 5.138, 7.045, 8.761, 10.371, 11.911, 13.401, 14.853]
    assert [round(palm_bounds(p)[1], 3) for p in range(1, 9)] == upper
    assert round(palm_bounds(4)[0], 3) == 2.706
    assert round(palm_bounds(2, level=0.01)[1], 3) == 8.273


def test_weights_lie_between_the_bounds_of_kodde_and_palm(numbers):
    for case in numbers["cones"]:
        weights = chi_bar_weights(np.array(case["V"]))
        assert weights[1:].sum() >= 0.5
        assert weights.sum() == pytest.approx(1)


PARABOLAS = [("parabola", "y", "x"), ("count", "share", "count")]
LINES = [("lines", "y", "x"), ("lines_count", "share", "count")]


@pytest.mark.parametrize(("kind", "y", "x"), PARABOLAS)
def test_lind_and_mehlum(numbers, firms, kind, y, x):
    ours = OLS.from_formula(f"{y} ~ {x} + square + z", firms.assign(square=firms[x] ** 2)).fit(
        "HC1"
    )
    names = [x, "square"]
    b, V = ours.params[names].to_numpy(), ours.cov_params().loc[names, names].to_numpy()
    expected = numbers[kind]
    np.testing.assert_allclose(b, expected["b"], rtol=1e-9)
    np.testing.assert_allclose(V, expected["V"], rtol=1e-8)
    ends, df = (firms[x].min(), firms[x].max()), expected["df"]
    found = u_shape(b, V, ends, df)
    np.testing.assert_allclose(found.slopes, expected["slopes"], rtol=1e-9)
    np.testing.assert_allclose(found.std_errors, expected["se"], rtol=1e-8)
    assert found.statistic() == pytest.approx(expected["t"], rel=1e-8)
    assert found.p_value() == pytest.approx(expected["p"], rel=1e-6)
    turn = extreme_point(b, V, df=df)
    assert turn.place == pytest.approx(expected["turn"], rel=1e-9)
    np.testing.assert_allclose([turn.low, turn.high], expected["fieller"], rtol=1e-7)


@pytest.mark.parametrize(
    ("kind", "y", "x"), [("lines", "y", "x"), ("lines_count", "share", "count")]
)
def test_two_lines(numbers, firms, kind, y, x):
    z = np.column_stack([np.ones(len(firms)), firms["z"]])

    def fit(columns):
        k = columns.shape[1]
        line = LINE(firms[y].to_numpy(), np.column_stack([columns, z])).fit(cov_type="HC1")
        return line.params[:k], line.cov_params()[:k, :k]

    found = two_lines(firms[x].to_numpy(dtype=float), fit)
    expected = numbers[kind]
    assert found.breakpoint == pytest.approx(expected["breakpoint"], abs=1e-9)
    np.testing.assert_allclose(found.shape.slopes, expected["slopes"], rtol=1e-8)
    np.testing.assert_allclose(found.shape.std_errors, expected["se"], rtol=1e-8)
