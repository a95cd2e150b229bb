"""Readings of a path model side by side."""

import numpy as np
import pytest
from path_samples import DIRECT, PERSONNEL

from cisflow.estimators.errors import EstimationError
from cisflow.estimators.path.compare import compare, nested_tests
from cisflow.estimators.path.model import PathModel
from cisflow.study.models import union


@pytest.fixture(scope="module")
def readings(firms):
    both = {"direct": DIRECT, "personnel": PERSONNEL, "union": union(DIRECT, PERSONNEL)}
    return {name: PathModel(equations, firms).fit() for name, equations in both.items()}


def test_union_has_every_arrow(readings):
    arrows = {name: set(fit.model.system.arrows) for name, fit in readings.items()}
    assert arrows["union"] == arrows["direct"] | arrows["personnel"]
    assert union({"b": ["a"]}, {"b": ["a", "c"]}) == {"b": ("a", "c")}


def test_the_true_reading_survives_and_the_other_does_not(readings):
    table = compare(readings)
    assert table.loc["direct", "lr_p"] > 0.01
    assert table.loc["personnel", "lr_p"] < 1e-6
    assert table.loc["personnel", "wald_p"] < 1e-6
    assert table["within"].tolist() == ["union", "union", ""]
    assert table.loc["personnel", "omitted"] == "m ~ d, m ~ p"
    assert table["bic"].idxmin() == "direct"
    assert table["aic_weight"].sum() == pytest.approx(1)
    assert np.isnan(table.loc["union", "lr"])


def test_likelihood_ratio_is_the_difference_of_chi_squares(readings):
    test = nested_tests(readings["personnel"], readings["union"])
    chisq = {name: fit.fit_measures()["chisq"] for name, fit in readings.items()}
    assert test["lr"] == pytest.approx(chisq["personnel"] - chisq["union"], abs=1e-9)
    assert test["df"] == 2


def test_wald_of_one_arrow_is_its_squared_z(firms):
    small = PathModel({"i": ["d"], "m": ["d"]}, firms).fit()
    large = PathModel({"i": ["d"], "m": ["d", "i"]}, firms).fit("robust")
    test = nested_tests(small, large)
    assert test["wald"] == pytest.approx(large.edges["statistic"].iloc[-1] ** 2, rel=1e-9)


def test_models_that_cannot_be_compared_are_refused(firms, readings, gaps):
    with pytest.raises(EstimationError, match="not nested"):
        nested_tests(readings["direct"], readings["personnel"])
    with pytest.raises(EstimationError, match="two fitted models or more"):
        compare({"direct": readings["direct"]})
    fewer = PathModel(DIRECT, firms.iloc[1:]).fit()
    with pytest.raises(EstimationError, match="not estimated from the same firms"):
        compare({"direct": readings["direct"], "fewer": fewer})
    other = PathModel(DIRECT, firms.assign(m=-(firms["m"] ** 3))).fit()
    with pytest.raises(EstimationError, match="not estimated from the same firms"):
        compare({"direct": readings["direct"], "other": other})
    short = PathModel({"i": ["d"], "p": ["i"]}, firms).fit()
    with pytest.raises(EstimationError, match="same outcomes"):
        compare({"direct": readings["direct"], "short": short})


def test_readings_are_compared_with_gaps_and_with_weights(firms, gaps):
    two = {"direct": {"c": ["d"], "m": ["d", "c"]}, "personnel": {"c": ["d"], "m": ["c"]}}
    table = compare({k: PathModel(e, gaps, missing="fiml").fit() for k, e in two.items()})
    gap = 2 * (table.loc["direct", "logl"] - table.loc["personnel", "logl"])
    assert table.loc["personnel", "lr"] == pytest.approx(gap, abs=1e-9)
    assert table.loc["personnel", "wald"] == pytest.approx(gap, rel=0.3)
    both = {"direct": DIRECT, "personnel": PERSONNEL, "union": union(DIRECT, PERSONNEL)}
    table = compare({k: PathModel(e, firms, weights="w").fit() for k, e in both.items()})
    assert table["lr"].isna().all()
    assert table.loc["personnel", "wald_p"] < 1e-4
