"""Instrumental variables: endogeneity removed, tests of the right size, linearmodels' numbers."""

import numpy as np
import pandas as pd
import pytest
from specs import model_of

from cisflow.estimation.evidence import ROW
from cisflow.estimation.instruments import instrumental, strength
from cisflow.estimation.run import estimate
from cisflow.estimators.regression.weak_instruments import reduced_form
from cisflow.publication.findings import Findings
from cisflow.publication.tables.appendix import iv_table, sensitivity_table

METHODS = ["ols", "2sls", "liml", "gmm"]


def simulated(n=400, seed=1, first=0.5, invalid=0.0):
    """Return firms whose x shares the disturbance of y; z1 and z2 move x."""
    rng = np.random.default_rng(seed)
    z, u, w = rng.normal(size=(n, 2)), rng.normal(size=n), rng.normal(size=n)
    x = z @ [first, first] + 0.6 * u + 0.3 * w + rng.normal(size=n)
    y = 1 + 0.5 * x + 0.4 * w + u + invalid * z[:, 0] + 0.5 * rng.normal(size=n)
    data = pd.DataFrame({"y": y, "x": x, "z1": z[:, 0], "z2": z[:, 1], "w": w})
    return data.assign(
        **{ROW: range(n)},
        wave="W1",
        reference_year=2004,
        firm_id=[f"f{i}" for i in range(n)],
        industry=rng.choice(list("abc"), n),
        region=rng.integers(0, 40, n),
    )


def spec(**changes):
    base = {
        "title": "IV",
        "source": "s",
        "sample": [],
        "estimator": "iv",
        "methods": METHODS,
        "outcomes": ["y"],
        "columns": {"c": ["w"]},
        "controls": [],
        "fixed_effects": [],
        "endogenous": ["x"],
        "instruments": ["z1", "z2"],
        "covariance": ["HC1"],
        "weights": None,
    }
    return model_of(base, **changes)


def run(data, **changes):
    rows, fits = [], {}
    for found, diagnostics in instrumental(data, spec(**changes), {}):
        rows += found
        fits[diagnostics["method"]] = diagnostics
    return pd.DataFrame(rows), fits


def of(rows, method, term="x"):
    at = (rows["column"] == f"c: {method}") & (rows["term"] == term)
    return rows[at].iloc[0]


@pytest.fixture(scope="module")
def result():
    return run(simulated())


def test_instruments_remove_the_bias_that_least_squares_has(result):
    rows, fits = result
    assert of(rows, "ols")["estimate"] - 0.5 > 5 * of(rows, "ols")["std_error"]
    for method in METHODS[1:]:
        row = of(rows, method)
        assert abs(row["estimate"] - 0.5) < 3 * row["std_error"], method
    endogeneity = fits["2sls"]["endogeneity"]
    assert all(test["p_value"] < 0.001 for test in endogeneity.values())


def test_numbers_are_linearmodels(result):
    from linearmodels.iv import IV2SLS, IVGMM, IVLIML

    rows, fits = result
    data = simulated().assign(one=1.0)
    parts = data["y"], data[["one", "w"]], data["x"], data[["z1", "z2"]]
    robust = {"cov_type": "robust", "debiased": True}
    direct = {
        "2sls": IV2SLS(*parts).fit(**robust),
        "liml": IVLIML(*parts).fit(**robust),
        "gmm": IVGMM(*parts, weight_type="robust").fit(**robust),
    }
    for method, fit in direct.items():
        row = of(rows, method)
        assert row["estimate"] == pytest.approx(fit.params["x"], rel=1e-9), method
        assert row["std_error"] == pytest.approx(fit.std_errors["x"], rel=1e-9), method
        assert row["p_value"] == pytest.approx(fit.pvalues["x"], rel=1e-6), method
    first = direct["2sls"].first_stage
    assert fits["2sls"]["kleibergen_paap_f"] == pytest.approx(first.kleibergen_paap_f)
    j = fits["gmm"]["overidentification"]["hansen_j"]
    assert j["statistic"] == pytest.approx(direct["gmm"].j_stat.stat)


def test_least_squares_column_and_first_stage_are_statsmodels(result):
    import statsmodels.formula.api as smf

    rows, fits = result
    direct = smf.ols("y ~ x + w", simulated()).fit(cov_type="HC1", use_t=True)
    row = of(rows, "ols")
    assert row["estimate"] == pytest.approx(direct.params["x"], rel=1e-9)
    assert row["std_error"] == pytest.approx(direct.bse["x"], rel=1e-9)
    assert row["p_value"] == pytest.approx(direct.pvalues["x"], rel=1e-6)
    stage = smf.ols("x ~ z1 + z2 + w", simulated()).fit(cov_type="HC1", use_t=True)
    test = stage.f_test("z1 = 0, z2 = 0")
    found = fits["2sls"]["first_stage"]["x"]
    assert found["f"] == pytest.approx(float(test.fvalue), rel=1e-6)
    assert found["p_value"] == pytest.approx(float(test.pvalue), rel=1e-4)
    full, short = stage.rsquared, smf.ols("x ~ w", simulated()).fit().rsquared
    assert found["partial_r2"] == pytest.approx((full - short) / (1 - short), rel=1e-8)


def test_two_stage_least_squares_by_hand():
    data = simulated(n=50)
    Z = np.column_stack([np.ones(50), data["w"], data["z1"], data["z2"]])
    X = np.column_stack([np.ones(50), data["w"], data["x"]])
    fitted = Z @ np.linalg.lstsq(Z, X, rcond=None)[0]
    by_hand = np.linalg.lstsq(fitted, data["y"], rcond=None)[0][2]
    assert of(run(data, methods=["2sls"])[0], "2sls")["estimate"] == pytest.approx(by_hand)


def test_overidentification_tests_have_their_size_and_find_an_invalid_instrument():
    names = [("2sls", "sargan"), ("2sls", "wooldridge_score"), ("gmm", "hansen_j")]
    rejections = dict.fromkeys(names, 0)
    for seed in range(30):
        fits = run(simulated(n=300, seed=seed), methods=["2sls", "gmm"])[1]
        for method, name in names:
            rejections[method, name] += fits[method]["overidentification"][name]["p_value"] < 0.05
    # Of 30 at 5 %: more has probability 0.06 %.
    assert all(count <= 6 for count in rejections.values()), rejections
    wrong = run(simulated(n=400, invalid=1.0))[1]
    assert wrong["2sls"]["overidentification"]["sargan"]["p_value"] < 0.001


@pytest.mark.parametrize("kind", ["nonrobust", "HC0", "HC1"])
def test_anderson_rubin_is_the_f_test_of_the_instruments_in_the_reduced_form(kind):
    import statsmodels.formula.api as smf

    data = simulated()
    form = reduced_form(
        data["y"].to_numpy(),
        data["x"].to_numpy(),
        data[["z1", "z2"]].to_numpy(),
        np.column_stack([np.ones(len(data)), data["w"]]),
        kind=kind,
    )
    for beta in (0.0, 0.7):
        reduced = smf.ols("left ~ z1 + z2 + w", data.assign(left=data["y"] - beta * data["x"]))
        test = reduced.fit(cov_type=kind).f_test("z1 = 0, z2 = 0")
        assert form.anderson_rubin(beta) == pytest.approx(float(test.fvalue), rel=1e-8)
    (low, high), *more = form.confidence_set()
    assert not more
    for end in (low, high):
        assert form.p_value(end) == pytest.approx(0.05, abs=1e-6)
    assert low < 0.5 < high


def test_effective_f_is_the_ordinary_one_with_classical_errors():
    _, fits = run(simulated(), methods=["2sls"], covariance=["nonrobust"])
    assert fits["2sls"]["effective_f"] == pytest.approx(fits["2sls"]["first_stage"]["x"]["f"])
    assert fits["2sls"]["effective_f"] == pytest.approx(fits["2sls"]["cragg_donald_f"])


def test_clustered_anderson_rubin_is_statsmodels():
    import statsmodels.formula.api as smf

    data = simulated()
    _, fits = run(data, methods=["2sls"], covariance=[{"cluster": "region"}])
    reduced = smf.ols("y ~ z1 + z2 + w", data)
    fit = reduced.fit(cov_type="cluster", cov_kwds={"groups": data["region"]}, use_t=True)
    test = fit.f_test("z1 = 0, z2 = 0")
    assert fits["2sls"]["anderson_rubin"]["statistic"] == pytest.approx(float(test.fvalue))
    assert fits["2sls"]["anderson_rubin"]["p_value"] == pytest.approx(float(test.pvalue))


def test_anderson_rubin_keeps_its_size_with_weak_instruments_and_says_they_are_weak():
    rejected = 0
    for seed in range(200):
        data = simulated(n=100, seed=seed, first=0.05)
        form = reduced_form(
            data["y"].to_numpy(),
            data["x"].to_numpy(),
            data[["z1", "z2"]].to_numpy(),
            np.column_stack([np.ones(100), data["w"]]),
        )
        rejected += form.p_value(0.5) < 0.05
    assert 3 <= rejected <= 20  # Binomial(200, 0.05): outside with probability 0.5 %
    _, fits = run(simulated(n=100, first=0.02), methods=["2sls"])
    assert fits["2sls"]["strength"].startswith("weak")
    assert [None, None] in fits["2sls"]["anderson_rubin"]["confidence_set"]


def test_words_for_strength():
    assert "Stock & Yogo" in strength(9.9, just_identified=False)
    assert "Lee et al. 2022" in strength(50.0, just_identified=True)
    assert "not weak" in strength(50.0, just_identified=False)
    assert "not weak" in strength(200.0, just_identified=True)


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"instruments": ["w2"]}, "0 usable instruments for 1"),
        ({"instruments": ["z1"], "columns": {"c": ["w", "z1"]}}, "also among the exogenous"),
        ({"covariance": [{"cluster": "wave"}]}, "one cluster only"),
    ],
)
def test_what_cannot_be_identified_is_a_row_that_says_why(changes, why):
    data = simulated(n=60).assign(w2=lambda d: 2 * d["w"])
    rows, _ = run(data, methods=["2sls"], **changes)
    assert rows["note"].str.contains(why).all()


def test_tables_show_estimates_tests_and_sensitivity():
    model = spec(sensitivity=["x"], sensitivity_benchmark="w")
    estimates = estimate(simulated(), model, country="XX", model="m", lag=2, bootstrap={})
    settings = {
        "data": "real",
        "minimum_cell": 3,
        "countries": {"XX": {"name": "Testland", "waves": {"W1": {}}}},
    }
    nothing = pd.DataFrame()
    findings = Findings(
        settings,
        {"m": model},
        estimates.table,
        [estimates.diagnostics],
        *[nothing] * 2,
        [],
        {},
    )
    table = iv_table(findings, "XX", "W1", "m")
    assert list(table.frame.columns) == ["OLS", "2SLS", "LIML", "GMM"]
    rows = [row for _, row in table.frame.index]
    for row in ("Effective F", "Over-identification, Hansen J (p)", "Anderson–Rubin 95 % interval"):
        assert row in rows
    assert "Instruments: Z1, Z2" in table.notes
    sensitivity = sensitivity_table(findings)
    assert sensitivity.frame.shape == (1, 5)
    assert sensitivity.frame["Robustness value"].iloc[0].endswith("%")
