"""Terms without an estimate are NaN, named once in a warning, with their reason in `notes`."""

import warnings

import numpy as np
import pandas as pd
import pytest

from cisflow.estimators import OLS, FractionalLogit, Logit, Tobit, TwoPart
from cisflow.estimators.errors import EstimationError, NoEstimateWarning, Sentence


@pytest.fixture(scope="module")
def firms():
    """221 firms; `same` repeats `a`, `one` has one firm between the limits, `below` two at zero."""
    rng = np.random.default_rng(4)
    table = pd.DataFrame({"a": rng.normal(size=221), "b": rng.normal(size=221)})
    latent = 20 + 10 * table.a - 5 * table.b + 30 * rng.normal(size=221)
    table["y"] = np.clip(latent, 0, 100)
    between = np.flatnonzero((table.y > 0) & (table.y < 100))
    table["same"] = 2 * table.a
    table["one"] = (table.index == between[7]).astype(float)
    table["below"] = table.index.isin(np.flatnonzero(table.y == 0)[:2]).astype(float)
    table["some"] = (table.y > 30).astype(float)
    table["region"] = rng.integers(0, 40, 221)
    return table


MODELS = {
    "tobit": lambda d: Tobit.from_formula("y ~ a + same + below + one + b", d, 0, 100),
    "fractional": lambda d: FractionalLogit("y ~ a + same + below + one + b", d),
    "ols": lambda d: OLS("y ~ a + same + one + b", d),
}
LOST = {"tobit": ["same", "below"], "fractional": ["same", "below"], "ols": ["same"]}


@pytest.mark.parametrize("kind", MODELS)
def test_a_term_without_an_estimate_is_named_once(firms, kind):
    model = MODELS[kind](firms)
    with pytest.warns(NoEstimateWarning) as told:
        fit = model.fit()
    assert len(told) == 1
    text = str(told[0].message)
    assert f"no estimate of {', '.join(LOST[kind])};" in text
    with warnings.catch_warnings():
        warnings.simplefilter("error", NoEstimateWarning)
        model.fit("HC1")
        fit.with_cov("HC0")
        fit.leave_one_out()


@pytest.mark.parametrize("kind", MODELS)
def test_it_is_nan_in_the_callers_order_with_its_reason(firms, kind):
    with pytest.warns(NoEstimateWarning):
        fit = MODELS[kind](firms).fit("nonrobust")
    order = [t for t in ("Intercept", "a", "same", "below", "one", "b") if t in fit.params.index]
    assert list(fit.params.index) == order
    for values in (fit.params, fit.bse, fit.tvalues, fit.pvalues, fit.conf_int()[0]):
        assert list(values.index[values.isna()]) == LOST[kind]
    assert list(fit.notes) == LOST[kind]
    assert "collinear" in fit.notes["same"]
    assert fit.cov_params().shape == (len(order), len(order))
    assert fit.cov_params().loc["a"].notna().sum() == len(order) - len(LOST[kind])


def test_a_warning_tells_no_number_of_firms(firms):
    with pytest.warns(NoEstimateWarning) as told:
        fit = MODELS["tobit"](firms).fit()
    assert "2 rows" in fit.notes["below"]
    assert "2" not in str(told[0].message)


def test_logit_and_two_part_model(firms):
    with pytest.warns(NoEstimateWarning, match="same"):
        fit = Logit("some ~ a + same + b", firms).fit()
    assert np.isnan(fit.params["same"])
    with pytest.warns(NoEstimateWarning) as told:
        fit = TwoPart("y ~ a + same + one", firms, 0, 100).fit("HC1")
    assert len(told) == 1
    assert fit.params[["any: same", "amount: same"]].isna().all()
    assert np.isfinite(fit.params["amount: one"])
    assert np.isnan(fit.bse["amount: one"])
    assert "fitted exactly" in fit.notes["amount: one"]


@pytest.mark.parametrize("kind", MODELS)
@pytest.mark.parametrize(
    ("cov_type", "options"), [("HC0", {}), ("HC1", {}), ("cluster", {"groups": "region"})]
)
def test_a_dummy_on_one_firm_has_no_robust_standard_error(firms, kind, cov_type, options):
    with pytest.warns(NoEstimateWarning):
        plain = MODELS[kind](firms).fit("nonrobust")
    assert np.isfinite(plain.bse["one"])
    fit = plain.with_cov(cov_type, options)
    assert fit.params["one"] == pytest.approx(plain.params["one"])
    assert np.isnan(fit.bse["one"])
    assert np.isnan(fit.pvalues["one"])
    assert "fitted exactly" in fit.notes["one"]
    assert isinstance(fit.notes["one"], Sentence)
    assert "fewer than 10 rows" in fit.notes["one"].told(10)
    assert np.isfinite(fit.bse[["Intercept", "a", "b"]]).all()


@pytest.mark.parametrize("kind", MODELS)
def test_two_firms_are_enough(firms, kind):
    between = np.flatnonzero((firms.y > 0) & (firms.y < 100))
    two = firms.assign(one=firms.index.isin(between[[7, 8]]).astype(float))
    with pytest.warns(NoEstimateWarning):
        fit = MODELS[kind](two).fit("HC1")
    assert np.isfinite(fit.bse["one"])
    assert list(fit.notes) == LOST[kind]


def test_one_firm_in_the_base_category_takes_all_its_dummies(firms):
    """What is measured from one firm has its uncertainty, and no other row shows it."""
    between = np.flatnonzero((firms.y > 0) & (firms.y < 100))
    group = np.where(firms.index == between[3], "A", np.where(firms.index % 2, "B", "C"))
    fit = Tobit.from_formula("y ~ a + C(group)", firms.assign(group=group), 0, 100).fit("HC1")
    assert set(fit.notes) == {"Intercept", "C(group)[T.B]", "C(group)[T.C]"}
    assert np.isfinite(fit.bse["a"])


def test_opg_with_a_dummy_on_one_firm_says_why(firms):
    fit = Tobit.from_formula("y ~ a + one", firms, 0, 100).fit("OPG")
    assert np.isnan(fit.bse["one"])
    assert "no score lies along it" in fit.notes["one"]
    scores = fit.score_obs().drop(columns="one").to_numpy()  # the dummy's are all zero
    expected = np.sqrt(np.diag(np.linalg.inv(scores.T @ scores)))[:-1]
    np.testing.assert_allclose(fit.bse[["Intercept", "a"]], expected, rtol=1e-7)


def test_tests_effects_and_summary_go_on_without_it(firms):
    with pytest.warns(NoEstimateWarning):
        fit = MODELS["tobit"](firms).fit("HC1")
    assert fit.wald_test(["a", "b"]).df == 2
    with pytest.raises(EstimationError, match="one has no standard error"):
        fit.wald_test(["a", "one"])
    with pytest.raises(EstimationError, match="same has no coefficient"):
        fit.wald_test(["same"])
    effects = fit.get_margeff()
    assert np.isfinite(effects.loc["a"]).all()
    assert np.isnan(effects.loc["one"].iloc[1])
    text = str(fit.summary())
    assert "one: no robust standard error" in text
    assert "same: not estimable" in text


def test_absorbed_effects_are_no_lost_terms(firms):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        fit = OLS("y ~ a + b", firms, fixed_effects=["region"]).fit("HC1")
    assert fit.notes == {}
