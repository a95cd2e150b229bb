"""Fractional logit, logit, OLS with absorbed effects and the two-part model."""

import numpy as np
import pandas as pd
import pytest

from cisflow.errors import CisflowError
from cisflow.models.companions import OLS, FractionalLogit, Logit, TwoPart


@pytest.fixture(scope="module")
def firms():
    rng = np.random.default_rng(11)
    n = 400
    data = pd.DataFrame(
        {
            "size": rng.normal(4, 1, n),
            "group": rng.random(n) < 0.4,
            "industry": rng.choice(list("abcdefgh"), n),
            "region": rng.integers(0, 15, n),
            "weight": rng.uniform(0.5, 3, n),
        }
    )
    latent = 12 * (data["size"] - 4) + 10 * data["group"] + rng.normal(0, 30, n)
    data["share"] = latent.clip(0, 100).round(1)
    data["any"] = (data["share"] > 0).astype(float)
    data["margin"] = 0.1 * data["size"] + rng.normal(size=n) * data["size"] / 4
    return data


REGRESSORS = "size + group + C(industry)"


def same(found, expected, rel=1e-7):
    """Compare by term; statsmodels calls the dummy of a boolean group[T.True]."""
    expected = expected.rename(lambda name: name.replace("group[T.True]", "group"))
    assert set(found.index) == set(expected.index)
    expected = expected[found.index]
    assert found.to_numpy() == pytest.approx(expected.to_numpy(), rel=rel, abs=1e-10)


def reference(formula, data):
    import statsmodels.api as sm
    import statsmodels.formula.api as smf

    return smf.glm(formula, data, family=sm.families.Binomial())


@pytest.mark.parametrize("cov_type", ["nonrobust", "HC0"])
def test_fractional_logit_is_papke_and_wooldridges(firms, cov_type):
    fit = FractionalLogit(f"share ~ {REGRESSORS}", firms).fit(cov_type)
    data = firms.assign(part=firms["share"] / 100)
    expected = reference(f"part ~ {REGRESSORS}", data).fit(cov_type=cov_type, tol=1e-12)
    same(fit.params, expected.params)
    same(fit.bse, expected.bse)
    assert fit.llf is None
    assert fit.n_lower == (firms["share"] == 0).sum()
    assert fit.n_upper == (firms["share"] == 100).sum()


@pytest.mark.parametrize("cov_type", ["nonrobust", "HC0"])
def test_logit(firms, cov_type):
    import statsmodels.formula.api as smf

    fit = Logit(f"any ~ {REGRESSORS}", firms).fit(cov_type)
    expected = smf.logit(f"any ~ {REGRESSORS}", firms).fit(cov_type=cov_type, disp=0)
    same(fit.params, expected.params)
    same(fit.bse, expected.bse)
    same(fit.pvalues, expected.pvalues, rel=1e-5)
    for end in (0, 1):
        same(fit.conf_int()[end], expected.conf_int()[end])
    assert fit.llf == pytest.approx(expected.llf, rel=1e-10)
    assert fit.converged
    assert fit.nobs == 400


def test_clusters_and_corrections_follow_the_registry(firms):
    fit = Logit(f"any ~ {REGRESSORS}", firms).fit("cluster", {"groups": "region"})
    expected = reference(f"any ~ {REGRESSORS}", firms).fit(
        cov_type="cluster", cov_kwds={"groups": firms["region"]}
    )
    n, k = 400, len(fit.params)
    same(fit.bse, expected.bse / np.sqrt((n - 1) / (n - k)))
    assert fit.n_groups == (15,)
    robust, small = fit.with_cov("HC0"), fit.with_cov("HC1")
    assert (small.bse / robust.bse).to_numpy() == pytest.approx(np.sqrt(n / (n - k)))
    assert (robust.params == fit.params).all()


def test_weights_repeat_firms(firms):
    counts = np.random.default_rng(1).integers(1, 4, 400)
    weighted = FractionalLogit(f"share ~ {REGRESSORS}", firms.assign(w=counts), weights="w").fit()
    repeated = FractionalLogit(f"share ~ {REGRESSORS}", firms.loc[firms.index.repeat(counts)]).fit()
    same(weighted.params, repeated.params)
    values = FractionalLogit(f"share ~ {REGRESSORS}", firms, weights=pd.Series(counts)).fit()
    assert (values.params == weighted.params).all()
    line = OLS("margin ~ size", firms.assign(w=counts), weights="w").fit()
    longer = OLS("margin ~ size", firms.loc[firms.index.repeat(counts)]).fit()
    same(line.params, longer.params)


# ------------------------------------------------------------------ least squares


@pytest.mark.parametrize("effects", [[], ["industry"], ["industry", "region"]])
@pytest.mark.parametrize("cov_type", ["nonrobust", "HC0", "HC1", "cluster"])
def test_absorbed_effects_equal_dummies(firms, effects, cov_type):
    import statsmodels.formula.api as smf

    cluster = cov_type == "cluster"
    fit = OLS("margin ~ size + group", firms, fixed_effects=effects).fit(
        cov_type, {"groups": "region"} if cluster else None
    )
    spelled = "margin ~ size + group" + "".join(f" + C({name})" for name in effects)
    expected = smf.ols(spelled, firms).fit(
        cov_type=cov_type,
        cov_kwds={"groups": firms["region"]} if cluster else None,
        use_t=cov_type != "HC0",
    )
    terms = {"size": "size", "group": "group[T.True]"}
    for ours, theirs in terms.items():
        assert fit.params[ours] == pytest.approx(expected.params[theirs], rel=1e-8)
        assert fit.bse[ours] == pytest.approx(expected.bse[theirs], rel=1e-7)
        assert fit.pvalues[ours] == pytest.approx(expected.pvalues[theirs], rel=1e-5, abs=1e-12)
        interval = expected.conf_int().loc[theirs].to_numpy()
        assert fit.conf_int().loc[ours].to_numpy() == pytest.approx(interval, rel=1e-6)
    assert fit.llf == pytest.approx(expected.llf, rel=1e-9)
    assert fit.extra["r2"] == pytest.approx(expected.rsquared, rel=1e-9)
    assert ("Intercept" in fit.params.index) == (not effects)
    assert "Intercept" not in fit.not_estimable


def test_a_regressor_absorbed_by_the_effects_is_said(firms):
    data = firms.assign(level=firms["industry"].map(ord) * 2.5, double=2 * firms["size"])
    fit = OLS("margin ~ size + level + double", data, fixed_effects=["industry"]).fit()
    assert list(fit.params.index) == ["size"]
    assert fit.not_estimable["level"] == "absorbed by the fixed effects (industry)"
    assert fit.not_estimable["double"].startswith("collinear")


# ------------------------------------------------------------------ two parts


def test_two_parts_are_a_logit_and_least_squares(firms):
    fit = TwoPart(f"share ~ {REGRESSORS}", firms).fit("cluster", {"groups": "region"})
    some = firms[firms["share"] > 0]
    logit = Logit(f"any ~ {REGRESSORS}", firms).fit("cluster", {"groups": "region"})
    amount = OLS(f"share ~ {REGRESSORS}", some).fit("cluster", {"groups": "region"})
    for part, expected in (("any", logit), ("amount", amount)):
        mine = fit.params.filter(like=f"{part}: ")
        assert mine.to_numpy() == pytest.approx(expected.params.to_numpy(), rel=1e-9)
        errors = fit.bse[mine.index].to_numpy()
        assert errors == pytest.approx(expected.bse.to_numpy(), rel=1e-9)
    assert fit.covariance.loc["any: size", "amount: size"] == 0
    assert fit.nobs == 400
    assert fit.extra["n_positive"] == len(some)


# ------------------------------------------------------------------ what has no coefficient


@pytest.mark.parametrize(("value", "sign"), [(0.0, "−∞"), (100.0, "+∞")])
@pytest.mark.parametrize("kind", ["fractional", "logit"])
def test_a_perfect_predictor_is_said_and_the_rest_is_kept(firms, value, sign, kind):
    special = np.zeros(400)
    special[:9] = 1.0
    share = firms["share"].to_numpy().copy()
    share[:9] = value
    data = firms.assign(special=special, share=share, any=(share > 0).astype(float))
    if kind == "fractional":
        fit = FractionalLogit("share ~ size + special", data).fit()
        without = FractionalLogit("share ~ size", data.iloc[9:]).fit("HC0")
    else:
        fit = Logit("any ~ size + special", data).fit()
        without = Logit("any ~ size", data.iloc[9:]).fit("HC0")
    assert "special" not in fit.params.index
    assert f"tends to {sign}: it predicts the outcome of 9 rows" in fit.not_estimable["special"]
    same(fit.params, without.params)
    same(fit.with_cov("HC0").bse, without.bse)
    clustered = fit.with_cov("cluster", {"groups": "region"})
    assert np.isfinite(clustered.bse).all()
    assert fit.nobs == 400


def test_a_separated_base_category_leaves_the_differences_to_it_without_coefficients(firms):
    base = firms["industry"] == "a"
    data = firms.assign(share=firms["share"].where(~base, 0.0))
    fit = FractionalLogit("share ~ size + C(industry)", data).fit("HC0")
    without = FractionalLogit("share ~ size + C(industry)", data[~base]).fit("HC0")
    assert list(fit.params.index) == ["size"]
    assert len(fit.not_estimable) == 8
    assert fit.params["size"] == pytest.approx(without.params["size"], rel=1e-8)
    assert fit.bse["size"] == pytest.approx(without.bse["size"], rel=1e-8)


def test_collinear_and_constant_terms_are_said(firms):
    data = firms.assign(double=2 * firms["size"] + 1, same=3.0)
    fit = FractionalLogit("share ~ size + double + same", data).fit()
    assert list(fit.params.index) == ["Intercept", "size"]
    assert fit.not_estimable["double"].startswith("collinear")
    assert fit.not_estimable["same"].startswith("constant")


def test_missing_rows_are_counted(firms):
    data = firms.copy()
    data.loc[:9, "size"] = np.nan
    data.loc[5:24, "industry"] = None
    formula = FractionalLogit("share ~ size", data).fit()
    assert formula.dropped == {"missing": 10, "missing in size": 10}
    absorbed = OLS("margin ~ size", data, fixed_effects=["industry"]).fit()
    assert absorbed.dropped["missing"] == 25
    assert absorbed.nobs == 375
    clustered = absorbed.with_cov("cluster", {"groups": "region"})
    labels = absorbed.with_cov("cluster", {"groups": data["region"]})
    assert (clustered.bse == labels.bse).all()


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda d: Logit("share ~ size", d), "neither 0 nor 1"),
        (lambda d: FractionalLogit("share ~ size", d, upper=1), "outside 0–1"),
        (lambda d: FractionalLogit("share ~ nothing", d), "no column nothing"),
        (lambda d: OLS("margin ~ size", d, fixed_effects=["sector"]), "no column sector"),
        (lambda d: OLS("margin ~ size", d.head(2)), "for 2 coefficients"),
        (lambda d: OLS("margin ~ infinite", d), "infinite values"),
        (lambda d: OLS("margin ~ empty", d), "none of 400 rows is complete"),
        (lambda d: OLS("margin ~ size", d, weights="none"), "not positive in 400 rows"),
        (lambda d: Logit("never ~ size", d).fit(), "the same in all 400 rows"),
        (lambda d: Logit("any ~ share", d).fit(), "predict every row perfectly"),
        (lambda d: Logit("any ~ size + group", d.iloc[[0, 1, 2]]).fit(), "for 3 coefficients"),
        (lambda d: TwoPart("never ~ size", d), "the same in all 400 rows"),
        (lambda d: Logit("any ~ size", d).fit("bootstrap"), "not offered for a logit"),
        (lambda d: OLS("margin ~ size", d).fit("HC9"), "'HC9' is not offered"),
        (lambda d: OLS("margin ~ size", d).fit("cluster"), "without groups"),
        (lambda d: OLS("margin ~ size", d).fit("cluster", {"groups": "never"}), "one cluster"),
        (
            lambda d: Logit("any ~ size", d).fit("cluster", {"groups": "empty"}),
            "cluster is missing",
        ),
        (lambda d: Logit("any ~ size", d).fit("cluster", {"groups": "nobody"}), "no column nobody"),
        (lambda d: Logit("any ~ size", d).fit("cluster", {"groups": [1, 2]}), "2 cluster labels"),
    ],
)
def test_refused_with_a_reason(firms, build, message):
    data = firms.assign(
        infinite=np.where(np.arange(400) == 3, np.inf, 1.0), empty=np.nan, none=0.0, never=0.0
    )
    with pytest.raises(CisflowError) as refusal:
        build(data)
    assert message in str(refusal.value)
