"""Path model: arithmetic of effects, inference, resampling, and what it refuses."""

import numpy as np
import pandas as pd
import pytest

from cisflow.estimators.errors import EstimationError
from cisflow.estimators.path.model import PathModel, path_effects
from cisflow.estimators.path.moments import Reweighter

D, INVEST, STRENGTH, COST, MARGIN = (
    "diversity",
    "internal_investment",
    "innovation_strength",
    "personnel_cost_share",
    "profit_margin",
)
# Faems (2014), figure 1: printed standardised coefficients under both readings.
DIRECT = {
    INVEST: {D: 0.1928},
    STRENGTH: {INVEST: 0.1948, D: -0.1006},
    COST: {D: -0.0596},
    MARGIN: {D: -0.1121, STRENGTH: 0.1458, COST: -0.6177},
}
PERSONNEL = {
    INVEST: {D: 0.1928},
    STRENGTH: {INVEST: 0.1948, D: -0.1006},
    COST: {D: 0.1458, STRENGTH: -0.1121, INVEST: -0.0596},
    MARGIN: {COST: -0.6177},
}
EQUATIONS = {to: list(row) for to, row in DIRECT.items()}


def simulate(truth, n, seed, groups=None):
    """Draw firms from standardised coefficients; every variable has variance one."""
    rng = np.random.default_rng(seed)
    names = [D, *truth]
    weights = np.zeros((len(names), len(names)))
    mixing = np.eye(len(names))
    noise = np.ones(len(names))
    for i, name in enumerate(names[1:], 1):
        for source, value in truth[name].items():
            weights[i, names.index(source)] = value
        mixing[i] = weights[i] @ mixing
        noise[i] = np.sqrt(1 - (mixing[i] ** 2) @ (noise**2))
        mixing[i, i] = 1.0
    return pd.DataFrame((rng.normal(size=(n, len(names))) * noise) @ mixing.T, columns=names)


@pytest.fixture(scope="module")
def firms():
    data = simulate(DIRECT, 305, 1)
    rng = np.random.default_rng(2)
    data["industry"] = rng.integers(0, 12, 305)
    data["region"] = rng.choice(["west", "north", "east"], 305)
    data["size"] = rng.normal(4, 1, 305) + 0.3 * data[D]
    data[MARGIN] += 0.4 * np.sin(data["industry"]) * (data["region"] == "east")
    data[INVEST] *= 1000
    return data


# ------------------------------------------------------------------ arithmetic of effects


@pytest.mark.parametrize(
    ("printed", "total", "parts"),
    [
        (
            DIRECT,
            -0.0845,
            {
                f"{D} → {INVEST} → {STRENGTH} → {MARGIN}": 0.0055,
                f"{D} → {STRENGTH} → {MARGIN}": -0.0147,
                f"{D} → {COST} → {MARGIN}": 0.0368,
            },
        ),
        (PERSONNEL, -0.0874, {f"{D} → {COST} → {MARGIN}": -0.0901}),
    ],
)
def test_figure_1_implies_a_negative_balance(printed, total, parts):
    effects = path_effects(printed, D, MARGIN)
    kinds = effects.set_index("effect")["estimate"]
    assert kinds["total"] == pytest.approx(total, abs=1e-4)
    # The totals quoted add up parts that were rounded to four digits first.
    added = kinds.drop(["indirect", "total"]).round(4).sum()
    assert added == pytest.approx(total, abs=1e-9)
    assert kinds["direct"] == printed[MARGIN].get(D, 0.0)
    assert kinds["direct"] + kinds["indirect"] == pytest.approx(kinds["total"], abs=1e-15)
    specific = kinds.drop(["direct", "indirect", "total"])
    assert specific.sum() == pytest.approx(kinds["indirect"], abs=1e-15)
    for path, value in parts.items():
        assert specific[path] == pytest.approx(value, abs=5e-5)


@pytest.mark.parametrize("seed", range(5))
def test_total_effects_equal_the_matrix_formula(seed):
    rng = np.random.default_rng(seed)
    names = list("abcdef")
    b = np.tril(rng.normal(size=(6, 6)) * (rng.random((6, 6)) < 0.7), -1)
    matrix = pd.DataFrame(b, index=names, columns=names)
    total = np.linalg.inv(np.eye(6) - b)
    known = {n for n in names if matrix.loc[n].any() or matrix[n].any()}
    for i in range(6):
        for j in range(i):
            if {names[i], names[j]} <= known:
                found = path_effects(matrix, names[j], names[i])["estimate"].iloc[-1]
                assert found == pytest.approx(total[i, j], abs=1e-12)


def test_absent_arrow_is_said_to_be_zero_by_assumption(firms):
    model = PathModel({to: list(row) for to, row in PERSONNEL.items()}, firms)
    direct = model.fit().effects(D, MARGIN).iloc[0]
    assert direct["estimate"] == 0
    assert np.isnan(direct["std_error"])
    assert "zero by assumption" in direct["note"]


# ------------------------------------------------------------------ ways to give the model


def test_yaml_and_dict_give_the_same_model(firms):
    text = f"equations:\n  {COST}: [{D}]\n  {MARGIN}: [{D}, {COST}]\ncontrols: [size]\n"
    only = f"{COST}: [{D}, size]\n{MARGIN}: [{D}, {COST}, size]\n"
    first = PathModel.from_yaml(text, firms).fit().effects(D, MARGIN)
    second = PathModel.from_yaml(only, firms).fit().effects(D, MARGIN)
    pd.testing.assert_frame_equal(first, second)


def test_controls_enter_every_equation_and_stand_apart(firms):
    fit = PathModel(EQUATIONS, firms, controls=["size", "region"]).fit()
    assert set(fit.edges["source"]).isdisjoint({"size", "region[north]", "region[west]"})
    sources = fit.control_edges.groupby("target")["source"].apply(list)
    assert all(names == ["size", "region[north]", "region[west]"] for names in sources)


def test_products_booleans_and_nullable_columns(firms):
    data = firms.assign(
        small=(firms["size"] < 4).astype("boolean"), whole=firms["industry"].astype("Int64")
    )
    fit = PathModel({MARGIN: [D, "small", f"{D}:small", "whole"]}, data).fit()
    small = (firms["size"] < 4).to_numpy(float)
    X = np.column_stack([np.ones(305), firms[D], small, firms[D] * small, firms["industry"]])
    expected = np.linalg.lstsq(X, firms[MARGIN], rcond=None)[0][1:]
    assert fit.edges["estimate"].to_numpy() == pytest.approx(expected, abs=1e-12)


def test_rows_with_missing_values_are_counted(firms):
    data = firms.copy()
    data.loc[:9, D] = np.nan
    data.loc[5:14, COST] = np.nan
    fit = PathModel(EQUATIONS, data).fit()
    assert fit.nobs == 290
    assert fit.dropped == {"missing": 15, f"missing in {D}": 10, f"missing in {COST}": 10}
    complete = PathModel(EQUATIONS, data.dropna()).fit()
    pd.testing.assert_frame_equal(fit.edges, complete.edges)
    assert complete.dropped == {}


def test_a_correlation_matrix_gives_what_the_firms_give(firms):
    names = [D, INVEST, STRENGTH, COST, MARGIN]
    corr = firms[names].corr()
    corr = corr.where(np.tril(np.ones(corr.shape, dtype=bool)))
    printed = PathModel.from_correlation(EQUATIONS, corr, firms[names].std(), 305).fit()
    raw = PathModel(EQUATIONS, firms).fit()
    pd.testing.assert_frame_equal(printed.edges, raw.edges, rtol=1e-9)
    assert printed.fit_measures() == pytest.approx(raw.fit_measures(), abs=1e-8)


def test_units_do_not_matter(firms):
    big = firms.assign(**{INVEST: firms[INVEST] * 1e9, COST: firms[COST] * 1e-9})
    first = PathModel(EQUATIONS, firms).fit(bootstrap={"draws": 200, "seed": 1})
    second = PathModel(EQUATIONS, big).fit(bootstrap={"draws": 200, "seed": 1})
    columns = [c for c in first.edges if c.startswith("std_") and c != "std_error"]
    pd.testing.assert_frame_equal(first.edges[columns], second.edges[columns], rtol=1e-8)
    for name in ("chisq", "cfi", "rmsea", "srmr"):
        assert second.fit_measures()[name] == pytest.approx(first.fit_measures()[name], abs=1e-7)


# ------------------------------------------------------------------ covariances


@pytest.mark.parametrize("effects", [["industry"], ["industry", "region"]])
@pytest.mark.parametrize("cov_type", ["nonrobust", "robust", "HC1", "cluster"])
def test_absorbed_effects_equal_dummies(firms, effects, cov_type):
    # Without a cluster that is a level, the dummy of that level has no estimate: no jackknife.
    kwds = {"groups": "industry", "correction": "CR1"} if cov_type == "cluster" else None
    absorbed = PathModel(EQUATIONS, firms, ["size"], effects).fit(cov_type, kwds)
    dummies = [f"C({name})" for name in effects]
    spelled = PathModel(EQUATIONS, firms, ["size", *dummies]).fit(cov_type, kwds)
    pd.testing.assert_frame_equal(absorbed.edges, spelled.edges, rtol=1e-8)
    pd.testing.assert_frame_equal(
        absorbed.effects(D, MARGIN), spelled.effects(D, MARGIN), rtol=1e-8
    )
    assert absorbed.fit_measures() == pytest.approx(spelled.fit_measures(), abs=1e-8)
    assert absorbed.r2.to_numpy() == pytest.approx(spelled.r2.to_numpy(), abs=1e-12)


@pytest.mark.parametrize("cov_type", ["HC0", "HC1", "cluster"])
def test_one_equation_has_the_standard_errors_of_statsmodels(firms, cov_type):
    import statsmodels.api as sm

    clusters = {"groups": "industry", "correction": "CR1"}
    fit = PathModel({MARGIN: [D, "size"]}, firms).fit(cov_type, clusters)
    options = {"groups": firms["industry"]} if cov_type == "cluster" else None
    ols = sm.OLS(firms[MARGIN], sm.add_constant(firms[[D, "size"]]))
    expected = ols.fit(cov_type=cov_type, cov_kwds=options).bse[[D, "size"]]
    if cov_type == "cluster":
        expected /= np.sqrt(304 / 302)  # statsmodels adds (n−1)/(n−k) to G/(G−1)
    assert fit.edges["std_error"].to_numpy() == pytest.approx(expected.to_numpy(), rel=1e-10)


def test_another_covariance_keeps_the_estimates(firms):
    fit = PathModel(EQUATIONS, firms).fit()
    other = fit.with_cov("cluster", {"groups": firms["industry"]})
    assert (other.edges["estimate"] == fit.edges["estimate"]).all()
    assert (other.edges["std_error"] != fit.edges["std_error"]).all()
    named = fit.with_cov("cluster", {"groups": "industry"})
    pd.testing.assert_frame_equal(other.edges, named.edges)


def test_saturated_model_fits_perfectly(firms):
    fit = PathModel({COST: [D], MARGIN: [D, COST]}, firms).fit().fit_measures()
    assert fit["df"] == 0
    assert fit["chisq"] == pytest.approx(0, abs=1e-9)
    assert (fit["cfi"], fit["tli"], fit["rmsea"]) == (1.0, 1.0, 0.0)
    assert fit["srmr"] == pytest.approx(0, abs=1e-12)


def test_rmsea_interval_inverts_the_noncentral_chi_square(firms):
    from scipy.stats import ncx2

    chain = {INVEST: [D], STRENGTH: [INVEST], MARGIN: [STRENGTH]}
    data = firms.assign(**{MARGIN: firms[MARGIN] + 0.5 * firms[D]})
    fit = PathModel(chain, data).fit().fit_measures()
    assert fit["rmsea_ci_low"] > 0
    for bound, probability in (("rmsea_ci_low", 0.95), ("rmsea_ci_high", 0.05)):
        noncentrality = fit[bound] ** 2 * 305 * fit["df"]
        found = ncx2.cdf(fit["chisq"], fit["df"], noncentrality)
        assert found == pytest.approx(probability, abs=1e-6)


# ------------------------------------------------------------------ resampling


@pytest.mark.parametrize("effects", [[], ["industry"], ["industry", "region"]])
def test_a_weighted_draw_is_the_model_of_the_resampled_firms(firms, effects):
    model = PathModel(EQUATIONS, firms, ["size"], effects)
    picked = np.random.default_rng(3).integers(0, 305, (4, 305))
    weights = np.array([np.bincount(p, minlength=305) for p in picked], dtype=float)
    many = Reweighter(model.system, model.firms.sample)(weights)
    assert many.ok.all()
    for i, rows in enumerate(picked):
        one = PathModel(EQUATIONS, firms.iloc[rows], ["size"], effects).fit().found
        assert many.coef[i] == pytest.approx(one.coef[0], rel=1e-9, abs=1e-10)
        assert many.psi[i] == pytest.approx(one.psi[0], rel=1e-9)
        assert many.sd[i] == pytest.approx(one.sd[0], rel=1e-9)


def test_bootstrap_is_reproducible_and_agrees_with_the_sandwich(firms):
    model = PathModel(EQUATIONS, firms)
    first = model.fit("bootstrap", bootstrap={"draws": 4000, "seed": 7})
    again = model.fit("bootstrap", bootstrap={"draws": 4000, "seed": 7})
    pd.testing.assert_frame_equal(first.edges, again.edges)
    other = model.fit("bootstrap", bootstrap={"draws": 4000, "seed": 8})
    assert not first.edges.equals(other.edges)
    robust = model.fit("robust")
    ratio = first.edges["std_error"] / robust.edges["std_error"]
    assert ratio.between(0.9, 1.1).all()
    assert (first.edges["ci_low"] == first.edges["percentile_low"]).all()


def test_probability_of_a_negative_balance_is_a_share_of_draws(firms):
    fit = PathModel(EQUATIONS, firms).fit(bootstrap={"draws": 1000, "seed": 1})
    row = fit.effects(D, MARGIN).iloc[-1]
    coef, names = fit.draws.coef, list(fit.model.system.arrows)
    b = {pair: coef[:, names.index(pair)] for pair in names}
    total = (
        b[MARGIN, D]
        + b[STRENGTH, D] * b[MARGIN, STRENGTH]
        + b[INVEST, D] * b[STRENGTH, INVEST] * b[MARGIN, STRENGTH]
        + b[COST, D] * b[MARGIN, COST]
    )
    assert row["prob_negative"] == (total < 0).mean()
    assert row["percentile_low"] == pytest.approx(np.quantile(total, 0.025), rel=1e-12)
    assert fit.bootstrap_failed == 0


def test_p_values_of_resamples_agree_with_their_percentile_intervals(firms):
    fit = PathModel(EQUATIONS, firms).fit("bootstrap", bootstrap={"draws": 999, "seed": 3})
    for alpha in (0.01, 0.05, 0.1, 0.3):
        table = fit.effects(D, MARGIN, alpha=alpha)
        excluded = (table["ci_low"] > 0) | (table["ci_high"] < 0)
        far = (table["p_value"] - alpha).abs() > 0.003  # interpolation between two draws
        assert ((table["p_value"] < alpha) == excluded)[far].all()
        assert far.sum() >= 4
    table = fit.effects(D, MARGIN)
    beyond = np.minimum(table["prob_negative"], 1 - table["prob_negative"]) * 999
    assert table["p_value"].to_numpy() == pytest.approx(2 * (1 + beyond) / 1000)
    assert table["p_value"].between(2 / 1000, 1).all()
    from scipy.stats import norm

    delta = PathModel(EQUATIONS, firms).fit(bootstrap={"draws": 99}).effects(D, MARGIN)
    assert delta["p_value"].to_numpy() == pytest.approx(2 * norm.sf(delta["statistic"].abs()))


def test_whole_clusters_are_resampled(firms):
    fit = PathModel(EQUATIONS, firms).fit(
        "bootstrap", {"groups": "industry"}, {"draws": 2000, "seed": 1}
    )
    clustered = PathModel(EQUATIONS, firms).fit("cluster", {"groups": "industry"})
    ratio = fit.edges["std_error"] / clustered.edges["std_error"]
    assert ratio.between(0.7, 1.3).all()


def test_failed_draws_are_counted_and_too_many_refused(firms):
    rare = np.zeros(305)
    rare[:2] = 1.0
    equations = {MARGIN: [D, "rare"]}
    fit = PathModel(equations, firms.assign(rare=rare)).fit(bootstrap={"draws": 2000, "seed": 1})
    assert 0.05 < fit.bootstrap_failed / 2000 < 0.25  # both firms are missed with e⁻² = 0.135
    assert len(fit.draws.coef) == 2000 - fit.bootstrap_failed
    one = np.zeros(305)
    one[0] = 1.0
    two = np.roll(one, 1)
    equations = {MARGIN: [D, "one", "two"]}
    with pytest.raises(EstimationError, match="bootstrap resamples leave a coefficient"):
        PathModel(equations, firms.assign(one=one, two=two)).fit("bootstrap")


def test_simulated_intervals_agree_with_delta(firms):
    fit = PathModel(EQUATIONS, firms, ["size"], ["industry"]).fit()
    table = fit.effects(D, MARGIN, monte_carlo={"draws": 50_000, "seed": 1})
    total = table.iloc[-1]
    for prefix in ("", "std_"):
        se = total[f"{prefix}std_error"]
        for end in ("low", "high"):
            assert abs(total[f"{prefix}mc_{end}"] - total[f"{prefix}ci_{end}"]) < 0.1 * se


# ------------------------------------------------------------------ other packages


def test_point_estimates_are_those_of_seemingly_unrelated_regressions(firms):
    from linearmodels.system import SUR

    fit = PathModel(EQUATIONS, firms).fit()
    system = {
        to: {"dependent": firms[to], "exog": firms[row].assign(const=1.0)}
        for to, row in EQUATIONS.items()
    }
    ols = SUR(system).fit(method="ols")
    for edge in fit.edges.itertuples():
        expected = ols.params[f"{edge.target}_{edge.source}"]
        assert edge.estimate == pytest.approx(expected, rel=1e-8)


def test_semopy_finds_the_same_maximum(firms):
    import semopy

    data = firms.assign(**{INVEST: firms[INVEST] / 1000})
    text = "\n".join(f"{to} ~ {' + '.join(row)}" for to, row in EQUATIONS.items())
    other = semopy.Model(text)
    other.fit(data)
    table = other.inspect()
    table = table[table["op"] == "~"].set_index(["lval", "rval"])
    for edge in PathModel(EQUATIONS, data).fit().edges.itertuples():
        row = table.loc[(edge.target, edge.source)]
        assert edge.estimate == pytest.approx(float(row["Estimate"]), abs=2e-3)
        assert edge.std_error == pytest.approx(float(row["Std. Err"]), rel=0.05)


# ------------------------------------------------------------------ known truth


def recover(truth, n, repetitions):
    equations = {to: list(row) for to, row in truth.items()}
    wanted = path_effects(truth, D, MARGIN).set_index("effect")["estimate"]
    estimates, covered = [], []
    for seed in range(repetitions):
        fit = PathModel(equations, simulate(truth, n, 1000 + seed)).fit()
        table = fit.effects(D, MARGIN).set_index("effect")
        table = table.loc[["indirect", "total"]]
        estimates.append(np.r_[fit.edges["estimate"], table["estimate"]])
        inside = table["ci_low"].le(wanted[table.index]) & table["ci_high"].ge(wanted[table.index])
        covered.append(inside)
    printed = [truth[to][s] for to in equations for s in equations[to]]
    target = np.r_[printed, wanted["indirect"], wanted["total"]]
    estimates = np.array(estimates)
    error = estimates.std(axis=0, ddof=1) / np.sqrt(repetitions)
    return (estimates.mean(axis=0) - target) / error, np.mean(covered, axis=0)


@pytest.mark.parametrize("truth", [DIRECT, PERSONNEL], ids=["direct", "personnel"])
def test_truth_is_recovered_at_the_published_sample_size(truth):
    bias, coverage = recover(truth, 305, 150)
    assert np.abs(bias).max() < 3
    assert (coverage > 0.95 - 3 * np.sqrt(0.05 * 0.95 / 150)).all()


@pytest.mark.slow
@pytest.mark.parametrize("truth", [DIRECT, PERSONNEL], ids=["direct", "personnel"])
def test_truth_is_recovered_and_intervals_cover(truth):
    bias, coverage = recover(truth, 2000, 1000)
    assert np.abs(bias).max() < 3
    assert (coverage > 0.93).all()
    assert (coverage < 0.97).all()


# ------------------------------------------------------------------ what is refused


def broken(firms):
    """Firms with every kind of unusable column."""
    return firms.assign(
        twice=2 * firms[D] - firms["size"],
        same=1.0,
        empty=np.nan,
        infinite=np.where(np.arange(305) == 3, np.inf, 1.0 * np.arange(305)),
        by_industry=firms["industry"] * 1.5,
        everywhere="x",
        half=np.where(np.arange(305) < 150, np.nan, firms["size"]),
        other=np.where(np.arange(305) < 150, firms["size"], np.nan),
    )


@pytest.mark.parametrize(
    ("equations", "options", "message"),
    [
        ({"a": ["b"], "b": ["c"], "c": ["a"]}, {}, "circle: a → c → b → a"),
        ({MARGIN: [MARGIN]}, {}, f"circle: {MARGIN} → {MARGIN}"),
        ({}, {}, "no equation"),
        ({MARGIN: []}, {}, "no sources"),
        ({MARGIN: [D, D]}, {}, "stands twice"),
        ({MARGIN: [D]}, {"controls": [MARGIN]}, "both a control and an outcome"),
        ({MARGIN: ["diversty"]}, {}, f"did you mean '{D}'"),
        ({MARGIN: [D]}, {"fixed_effects": ["sector"]}, "no variable 'sector'"),
        ({MARGIN: [D, "size", "twice"]}, {}, f"'twice' is an exact linear combination of '{D}'"),
        ({"twice": [D, "size"]}, {}, "reproduced exactly"),
        ({MARGIN: ["same"]}, {}, "same value for all 305 firms"),
        ({"same": [D]}, {}, "standard deviation is zero"),
        ({MARGIN: ["empty"]}, {}, "'empty' is missing for all 305 firms"),
        ({MARGIN: ["half", "other"]}, {}, "none of the 305 firms has a value"),
        ({MARGIN: ["infinite"]}, {}, "infinite in 1 row "),
        ({MARGIN: ["region"]}, {}, "holds text"),
        ({MARGIN: ["by_industry"]}, {"fixed_effects": ["industry"]}, "does not vary among firms"),
    ],
)
def test_refused_with_a_reason(firms, equations, options, message):
    with pytest.raises(EstimationError) as refusal:
        PathModel(equations, broken(firms), **options)
    assert message in str(refusal.value)
    assert all(problem.remedy for problem in refusal.value.problems)


def test_fewer_firms_than_parameters(firms):
    with pytest.raises(EstimationError, match="4 parameters") as refusal:
        PathModel(EQUATIONS, firms.head(4))
    assert "but only 4 firms" in str(refusal.value)
    assert PathModel(EQUATIONS, firms.head(5)).fit().nobs == 5


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("clustr",), "no covariance is called 'clustr'"),
        (("cluster",), "clusters are asked for but not named"),
        (("cluster", {"groups": "sector"}), "no variable 'sector'"),
        (("cluster", {"groups": "everywhere"}), "all firms are in one cluster"),
        (("cluster", {"groups": "half"}), "belong to no cluster"),
        (("cluster", {"groups": [1, 2]}), "2 cluster names for 305 firms"),
        (("nonrobust", None, {"draw": 3}), "not understood"),
    ],
)
def test_covariances_refused_with_a_reason(firms, arguments, message):
    model = PathModel(EQUATIONS, broken(firms))
    with pytest.raises(EstimationError) as refusal:
        model.fit(*arguments)
    assert message in str(refusal.value)


def test_effect_of_a_stranger_is_refused(firms):
    with pytest.raises(EstimationError, match="not in the model"):
        PathModel(EQUATIONS, firms).fit().effects("size", MARGIN)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda r: r.drop(index=D), f"no row and column '{D}'"),
        (lambda r: r.replace(1.0, 0.9), "the diagonal must hold 1"),
        (lambda r: r * 0 + 1.2, "the diagonal must hold 1"),
        (lambda r: r.mask(np.tril(np.ones(r.shape, dtype=bool), -1), 0.9), "two different"),
        (lambda r: r.where(np.eye(3, dtype=bool)), "no correlation of"),
        (
            lambda r: pd.DataFrame(
                [[1, 0.9, 0.9], [0.9, 1, -0.9], [0.9, -0.9, 1]], r.index, r.columns
            ),
            "no sample can have these correlations",
        ),
    ],
)
def test_impossible_correlations_are_refused(firms, change, message):
    names = [D, COST, MARGIN]
    corr = change(firms[names].corr())
    with pytest.raises(EstimationError) as refusal:
        PathModel.from_correlation({COST: [D], MARGIN: [D, COST]}, corr, firms[names].std(), 305)
    assert message in str(refusal.value)


def test_correlations_alone_do_not_give_robust_errors(firms):
    names = [D, MARGIN]
    model = PathModel.from_correlation({MARGIN: [D]}, firms[names].corr(), firms[names].std(), 305)
    for cov_type in ("robust", "bootstrap"):
        with pytest.raises(EstimationError, match="needs the firms"):
            model.fit(cov_type)


def test_messages_hold_no_value_of_a_firm(firms):
    secret = broken(firms)
    secret.loc[0, "size"] = 987654.321
    with pytest.raises(EstimationError) as refusal:
        PathModel({MARGIN: ["region", "infinite", "size"]}, secret)
    assert "987654" not in str(refusal.value)


def test_few_clusters_are_left_out_in_turn_as_in_least_squares():
    from cisflow.estimators import OLS

    rng = np.random.default_rng(6)
    firms = pd.DataFrame({"source": rng.normal(size=90)})
    firms["outcome"] = 0.4 * firms["source"] + rng.normal(size=90)
    clusters = {"groups": np.arange(len(firms)) % 12}
    with pytest.warns(UserWarning, match=r"only 12 clusters.*t\(11\)"):
        fit = PathModel({"outcome": ["source"]}, firms).fit("cluster", clusters)
    row = fit.edges.iloc[0]
    line = OLS("outcome ~ source", firms).fit(
        "cluster", {"groups": clusters["groups"], "correction": "CR3"}
    )
    assert row["std_error"] == pytest.approx(line.bse["source"], rel=1e-8)
    assert row["p_value"] == pytest.approx(line.pvalues["source"], rel=1e-8)
    assert (fit.correction, fit.df) == ("CR3", 11)
