"""Fractional logit, logit, probit, OLS with absorbed effects and Cragg's two-part model."""

import warnings

import numpy as np
import pandas as pd
import pytest

from cisflow.estimators.errors import EstimationError, NoEstimateWarning
from cisflow.estimators.regression.models import OLS, FractionalLogit, Logit, Probit
from cisflow.estimators.regression.two_part import TwoPart
from cisflow.estimators.tobit.model import Tobit


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
    options = {"groups": "region", "correction": "CR1"}
    fit = Logit(f"any ~ {REGRESSORS}", firms).fit("cluster", options)
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
        cov_type, {"groups": "region", "correction": "CR1"} if cluster else None
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
    assert list(fit.params.dropna().index) == ["size"]
    assert fit.not_estimable["level"] == "absorbed by the fixed effects (industry)"
    assert fit.not_estimable["double"].startswith("collinear")


# ------------------------------------------------------------------ two parts


def test_two_parts_are_a_logit_and_least_squares(firms):
    model = TwoPart(f"share ~ {REGRESSORS}", firms, any="logit", amount="ols")
    fit = model.fit("cluster", {"groups": "region"})
    some = firms[firms["share"] > 0]
    logit = Logit(f"any ~ {REGRESSORS}", firms).fit("cluster", {"groups": "region"})
    amount = OLS(f"share ~ {REGRESSORS}", some).fit("cluster", {"groups": "region"})
    for part, expected in (("any", logit), ("amount", amount)):
        mine = fit.params.filter(like=f"{part}: ")
        assert mine.to_numpy() == pytest.approx(expected.params.to_numpy(), rel=1e-9)
        errors = fit.bse[mine.index].to_numpy()
        assert errors == pytest.approx(expected.bse.to_numpy(), rel=1e-9)
    assert fit.covariance.loc["any: size", "amount: size"] != 0  # clusters have both in common
    assert model.fit("nonrobust").covariance.loc["any: size", "amount: size"] == 0
    assert fit.nobs == 400
    assert fit.extra["n_positive"] == len(some)
    assert fit.llf is None


@pytest.mark.parametrize("cov_type", ["nonrobust", "HC0"])
def test_probit(firms, cov_type):
    import statsmodels.formula.api as smf

    fit = Probit(f"any ~ {REGRESSORS}", firms).fit(cov_type)
    expected = smf.probit(f"any ~ {REGRESSORS}", firms).fit(cov_type=cov_type, disp=0)
    same(fit.params, expected.params)
    same(fit.bse, expected.bse, rel=1e-6)
    assert fit.llf == pytest.approx(expected.llf, rel=1e-10)


def cragg(n, seed=0, sigma=30.0, upper=None):
    """Any by a probit; amounts from a normal truncated at zero, at most ``upper``."""
    from scipy.special import ndtr, ndtri

    rng = np.random.default_rng(seed)
    data = pd.DataFrame({"size": rng.normal(size=n), "group": rng.random(n) < 0.4})
    mean = 20 + 12 * data["size"] - 6 * data["group"]
    amount = mean - sigma * ndtri(rng.random(n) * ndtr(mean / sigma))
    some = 0.2 - 0.5 * data["size"] + 0.6 * data["group"] + rng.normal(size=n) > 0
    data["share"] = np.where(some, np.minimum(amount, upper or np.inf), 0.0)
    return data


@pytest.mark.parametrize("upper", [None, 70])
def test_cragg_recovers_the_truth(upper):
    fit = TwoPart("share ~ size + group", cragg(20_000, upper=upper), upper=upper).fit()
    truth = np.array([0.2, -0.5, 0.6, 20, 12, -6])
    assert (np.abs(fit.params - truth) < 4 * fit.bse).all()
    assert fit.bse["amount: size"] < 1.5
    assert fit.scale == pytest.approx(30, rel=0.05)
    assert fit.n_lower + fit.extra["n_positive"] == fit.nobs


@pytest.mark.parametrize("upper", [None, 70])
def test_cragg_at_the_tobits_coefficients_is_the_tobit(firms, upper):
    from scipy.stats import norm

    data = firms.assign(share=firms["share"].clip(upper=upper))
    formula = "share ~ size + group"
    tobit = Tobit.from_formula(formula, data, lower=0, upper=upper).fit()
    model = TwoPart(formula, data, upper=upper)
    index = model.rows.X @ tobit.params.to_numpy() / tobit.scale
    probit = norm.logcdf(np.where(data["share"] > 0, index, -index)).sum()
    amount = model.amount.loglik(tobit.params.to_numpy(), tobit.scale)
    assert probit + amount == pytest.approx(tobit.llf, rel=1e-12)
    fit = model.fit()
    assert fit.llf > tobit.llf
    assert fit.llf == pytest.approx(model.any.fit().llf + model.amount.fit().llf)


def test_truncated_normal_is_at_its_maximum_with_the_right_curvature():
    from scipy.stats import truncnorm

    data = cragg(500, seed=3)
    model = TwoPart("share ~ size + group", data).amount
    fit, y, X = model.fit(), model.rows.y, model.rows.X
    beta, sigma = fit.params.to_numpy(), fit.scale

    def loglik(step):
        mean, spread = X @ (beta + step[:3]), sigma * np.exp(step[3])
        return truncnorm.logpdf(y, -mean / spread, np.inf, mean, spread).sum()

    assert fit.llf == pytest.approx(loglik(np.zeros(4)), rel=1e-12)
    h = 1e-3 * np.array([1, 1, 1, 0.05])
    for j, step in enumerate(np.diag(h)):
        assert (loglik(step) - loglik(-step)) / (2 * h[j]) == pytest.approx(0, abs=2e-5 / h[j])
        curvature = (loglik(step) - 2 * loglik(np.zeros(4)) + loglik(-step)) / h[j] ** 2
        assert -curvature == pytest.approx(model.solution.scores.information[j, j], rel=1e-3)
    scores = model.solution.scores.scores
    assert (np.abs(scores.sum(axis=0)) < 1e-8 * np.abs(scores).sum(axis=0)).all()


@pytest.mark.parametrize("sigma", [0.3, 2.0])
def test_derivatives_of_the_truncated_normal_by_finite_differences(sigma):
    model = TwoPart("share ~ size + group", cragg(200, seed=6, upper=60), upper=60).amount
    assert model.top.sum() > 10
    X, at, h = model.rows.X, np.array([0.3, 0.4, -0.2, np.log(sigma)]), 1e-6
    _, eta, s, eta_eta, eta_s, s_s = model.derivatives(X, at)
    slopes = [
        (model.derivatives(X, at + step) - model.derivatives(X, at - step)) / (2 * h)
        for step in (np.array([h, 0, 0, 0]), np.array([0, 0, 0, h]))
    ]
    for found, expected in zip(
        (slopes[0][0], slopes[1][0], slopes[0][1], slopes[0][2], slopes[1][1], slopes[1][2]),
        (eta, s, eta_eta, eta_s, eta_s, s_s),
        strict=True,
    ):
        np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)


def test_cragg_does_not_depend_on_units_and_has_every_covariance():
    data = cragg(800, seed=4).assign(region=np.arange(800) % 40)
    fit = TwoPart("share ~ size + group", data).fit("cluster", {"groups": "region"})
    other = TwoPart("share ~ size + group", data.assign(share=1e-6 * data["share"]))
    small = other.fit("cluster", {"groups": "region"})
    part = fit.params.filter(like="amount").index
    for one, two in ((fit.params, small.params), (fit.bse, small.bse)):
        np.testing.assert_allclose(two[part], 1e-6 * one[part], rtol=1e-7)
    assert small.scale == pytest.approx(1e-6 * fit.scale, rel=1e-7)
    robust, small_n = fit.with_cov("HC0"), fit.with_cov("HC1")
    n = fit.extra["n_positive"]
    np.testing.assert_allclose((small_n.bse / robust.bse)[part] ** 2, n / (n - 4))
    assert fit.n_groups == (40,)


def test_what_the_amounts_do_not_determine_is_said():
    data = cragg(400, seed=5, upper=60)
    top, none = data["share"] == 60, data["share"] == 0
    data["rich"] = (top & (np.cumsum(top) <= 5)) | (none & (np.cumsum(none) <= 5))
    data["never"] = none & (np.cumsum(none) <= 20)
    model = TwoPart("share ~ size + rich + never", data, upper=60)
    fit = model.fit()
    assert "tends to +∞" in fit.not_estimable["amount: rich"]
    assert fit.not_estimable["amount: never"] == "zero in every row"
    assert "tends to −∞" in fit.not_estimable["any: never"]
    without = TwoPart("share ~ size", data[~data["rich"] & ~data["never"]], upper=60)
    assert fit.params["amount: size"] == pytest.approx(without.amount.fit().params["size"])
    assert set(fit.bse[fit.bse.isna()].index) == set(fit.not_estimable)


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
    assert np.isnan(fit.params["special"])
    assert f"tends to {sign}: it predicts the outcome of 9 rows" in fit.not_estimable["special"]
    same(fit.params.dropna(), without.params)
    same(fit.with_cov("HC0").bse.dropna(), without.bse)
    clustered = fit.with_cov("cluster", {"groups": "region"})
    assert np.isfinite(clustered.bse.drop("special")).all()
    assert fit.nobs == 400


def test_a_separated_base_category_leaves_the_differences_to_it_without_coefficients(firms):
    base = firms["industry"] == "a"
    data = firms.assign(share=firms["share"].where(~base, 0.0))
    fit = FractionalLogit("share ~ size + C(industry)", data).fit("HC0")
    without = FractionalLogit("share ~ size + C(industry)", data[~base]).fit("HC0")
    assert list(fit.params.dropna().index) == ["size"]
    assert len(fit.not_estimable) == 8
    assert fit.params["size"] == pytest.approx(without.params["size"], rel=1e-8)
    assert fit.bse["size"] == pytest.approx(without.bse["size"], rel=1e-8)


def test_collinear_and_constant_terms_are_said(firms):
    data = firms.assign(double=2 * firms["size"] + 1, same=3.0)
    fit = FractionalLogit("share ~ size + double + same", data).fit()
    assert list(fit.params.dropna().index) == ["Intercept", "size"]
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
        (lambda d: TwoPart("share ~ size", d, amount="gamma"), 'amount="gamma" is not offered'),
        (lambda d: TwoPart("share ~ size", d, any="cloglog"), "use probit or logit"),
        (lambda d: TwoPart("share ~ size", d, upper=50), "outside 0–50 in"),
        (lambda d: TwoPart("share ~ size", d, lower=1), "outside 1–∞ in"),
        (lambda d: TwoPart("wide ~ size", d).fit(), "no truncated normal fits"),
        (lambda d: TwoPart("top ~ size", d, upper=1).fit(), "at the upper limit"),
        (lambda d: TwoPart("exact ~ size", d).fit(), "exactly"),
        (lambda d: TwoPart("share ~ size", d).fit("bootstrap"), "not offered for a probit"),
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
        infinite=np.where(np.arange(400) == 3, np.inf, 1.0),
        empty=np.nan,
        none=0.0,
        never=0.0,
        wide=firms["any"] * np.random.default_rng(0).exponential(size=400) ** 2,
        top=firms["any"],
        exact=firms["any"] * (1 + firms["size"].clip(lower=0)),
    )
    with pytest.raises(EstimationError) as refusal:
        build(data)
    assert message in str(refusal.value)


def test_what_is_predicted_perfectly_is_said_once_and_in_words(firms):
    apart = firms.assign(own=(np.arange(len(firms)) < 40).astype(int))
    apart["any"] = np.where(apart["own"] == 1, 1, apart["any"])
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        with pytest.raises(EstimationError, match="predict every row perfectly"):
            Logit("any ~ share", firms).fit()
        assert np.isnan(Logit("any ~ size + own", apart).fit("HC1").params["own"])
    assert [warning.category for warning in told] == [NoEstimateWarning]
