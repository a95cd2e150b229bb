"""Panels: firm effects removed, methods that must agree agree, linearmodels and statsmodels too."""

import numpy as np
import pandas as pd
import pytest
from specs import model_of

from cisflow.estimation.run import estimate
from cisflow.publication.findings import Findings
from cisflow.publication.tables.appendix import panel_table
from cisflow.study.models import Covariance

METHODS = ["pooled", "within", "random", "correlated_random", "first_difference"]
CLUSTERED = "cluster(firm_id)"


def simulated(firms=300, waves=3, once=0, slope=0.5, seed=1, related=0.8):
    """Return firms whose effect is in the regressor x; z does not vary within firms."""
    rng = np.random.default_rng(seed)
    effect = rng.normal(0, 1, firms + once)
    rows = []
    for i in range(firms + once):
        for t in range(waves) if i < firms else [rng.integers(waves)]:
            x = related * effect[i] + rng.normal()
            y = 1 + slope * x + effect[i] + 0.3 * t + rng.normal()
            rows.append((f"f{i}", f"W{t}", 2000 + 2 * t, x, float(i % 3 == 0), y))
    names = ["firm_id", "wave", "reference_year", "x", "z", "y"]
    data = pd.DataFrame(rows, columns=names).sort_values(["reference_year", "firm_id"])
    return data.assign(country="XX").reset_index(drop=True)


def spec(**changes):
    base = {
        "title": "Panel",
        "source": "s",
        "sample": [],
        "estimator": "panel",
        "methods": METHODS,
        "wave_effects": True,
        "outcomes": ["y"],
        "columns": {"c": ["x"]},
        "controls": [],
        "fixed_effects": [],
        "covariance": [{"cluster": "firm_id"}],
        "weights": None,
    }
    return model_of(base, **changes)


def run(data, **changes):
    estimates = estimate(data, spec(**changes), country="XX", model="m", lag=2, bootstrap={})
    fits = {fit["method"]: fit for fit in estimates.diagnostics["fits"] if "method" in fit}
    return estimates, fits


def of(estimates, method, term="x", cov_type=CLUSTERED):
    t = estimates.table
    at = (t["column"] == f"c: {method}") & (t["term"] == term) & (t["cov_type"] == cov_type)
    assert at.sum() == 1
    return t[at].iloc[0]


@pytest.fixture(scope="module")
def unbalanced():
    return simulated(once=80)


@pytest.fixture(scope="module")
def result(unbalanced):
    return run(unbalanced, columns={"c": ["x", "z"]})


def test_within_finds_the_truth_that_pooled_and_random_effects_miss(result):
    estimates, fits = result
    for method in ("within", "correlated_random", "first_difference"):
        row = of(estimates, method)
        assert abs(row["estimate"] - 0.5) < 3 * row["std_error"], method
    for method in ("pooled", "random"):
        row = of(estimates, method)
        assert row["estimate"] - 0.5 > 4 * row["std_error"], method
    assert fits["random"]["hausman"]["p_value"] < 1e-6
    assert fits["correlated_random"]["mundlak"]["p_value"] < 1e-6
    assert fits["within"]["poolability"]["p_value"] < 1e-6


def test_rows_say_the_wave_is_all_of_them(result):
    assert set(result[0].table["wave"]) == {"all"}


def test_mundlak_equals_within_in_an_unbalanced_panel(result):
    estimates, _ = result
    assert of(estimates, "correlated_random")["estimate"] == pytest.approx(
        of(estimates, "within")["estimate"], rel=1e-9
    )


def test_first_difference_equals_within_for_two_waves():
    estimates, _ = run(simulated(waves=2, once=30), covariance=["nonrobust"])
    within, difference = (
        of(estimates, m, cov_type="nonrobust") for m in ("within", "first_difference")
    )
    assert difference["estimate"] == pytest.approx(within["estimate"], rel=1e-9)
    assert difference["std_error"] == pytest.approx(within["std_error"], rel=1e-9)


def test_first_differences_are_between_consecutive_waves_only():
    data = simulated(firms=60, waves=3)
    gap = data["firm_id"].isin([f"f{i}" for i in range(20)]) & (data["wave"] == "W1")
    _, fits = run(data[~gap], methods=["first_difference"])
    assert fits["first_difference"]["nobs"] == 2 * 40
    assert fits["first_difference"]["firms"] == 40


def test_within_equals_linearmodels_with_two_way_effects(unbalanced, result):
    from linearmodels.panel import PanelOLS

    again = unbalanced[unbalanced.groupby("firm_id")["y"].transform("size") > 1]
    indexed = again.set_index(["firm_id", "reference_year"])
    direct = PanelOLS(indexed["y"], indexed[["x"]], entity_effects=True, time_effects=True).fit()
    estimates, _ = run(unbalanced, covariance=["nonrobust"], methods=["within"])
    row = of(estimates, "within", cov_type="nonrobust")
    for name, value in (
        ("estimate", direct.params["x"]),
        ("std_error", direct.std_errors["x"]),
        ("p_value", direct.pvalues["x"]),
        ("ci_low", direct.conf_int().loc["x", "lower"]),
    ):
        assert row[name] == pytest.approx(value, rel=1e-8, abs=1e-300), name
    assert row["n"] == len(again)


@pytest.mark.parametrize("kind", ["nonrobust", "HC1", "cluster(firm_id, CR1)"])
def test_within_equals_statsmodels_with_dummies(kind):
    import statsmodels.formula.api as smf

    data = simulated(firms=40, once=10)
    again = data[data.groupby("firm_id")["y"].transform("size") > 1]
    fit = smf.ols("y ~ x + C(wave) + C(firm_id)", again)
    if kind.startswith("cluster"):
        covariance = {"cluster": "firm_id", "correction": "CR1"}
        groups = pd.factorize(again["firm_id"])[0]
        # Stata's xtreg, fe does not count the firm effects nested in the clusters.
        n, k = len(again), again["firm_id"].nunique() + 3
        nested = np.sqrt((n - k) / (n - 4))
        expected = fit.fit(cov_type="cluster", cov_kwds={"groups": groups}).bse["x"] * nested
    else:
        covariance = kind
        expected = fit.fit(cov_type=kind).bse["x"]
    estimates, _ = run(data, covariance=[covariance], methods=["within"])
    row = of(estimates, "within", cov_type=str(Covariance.model_validate(covariance)))
    assert row["estimate"] == pytest.approx(fit.fit().params["x"], rel=1e-8)
    assert row["std_error"] == pytest.approx(expected, rel=1e-7)


def test_random_effects_and_hausman_are_linearmodels():
    from linearmodels.panel import PanelOLS, RandomEffects

    data = simulated(firms=150, related=0.05)
    indexed = data.set_index(["firm_id", "reference_year"]).assign(one=1.0)
    random = RandomEffects(indexed["y"], indexed[["one", "x"]]).fit()
    expected = random.hausman(PanelOLS(indexed["y"], indexed[["x"]], entity_effects=True).fit())
    estimates, fits = run(data, wave_effects=False, covariance=["nonrobust"])
    row = of(estimates, "random", cov_type="nonrobust")
    assert row["estimate"] == pytest.approx(random.params["x"], rel=1e-9)
    assert row["std_error"] == pytest.approx(random.std_errors["x"], rel=1e-9)
    hausman = fits["random"]["hausman"]
    assert hausman["statistic"] == pytest.approx(expected.statistic.stat, rel=1e-6)
    assert hausman["df"] == expected.statistic.df


def test_mundlak_s_test_has_its_size_where_effects_are_unrelated():
    rejected = [
        run(
            simulated(firms=60, waves=2, related=0.0, seed=s),
            methods=["correlated_random"],
            wave_effects=False,
        )[1]["correlated_random"]["mundlak"]["p_value"]
        < 0.05
        for s in range(20)
    ]
    assert sum(rejected) <= 5  # of 20 at 5 %: more has probability 0.03 %


def test_what_does_not_vary_within_firms_is_named(result):
    estimates, fits = result
    for method in ("within", "first_difference"):
        row = of(estimates, method, "z")
        assert np.isnan(row["estimate"])
        assert "does not vary within firms" in row["note"]
        assert "z" in fits[method]["not_estimable"]
    assert np.isfinite(of(estimates, "correlated_random", "z")["estimate"])


def test_firms_in_one_wave_are_counted_and_leave_the_within_estimates(result):
    fits = result[1]
    assert fits["within"]["firms_once"] == 80
    assert fits["within"]["firms"] == fits["within"]["firms_again"] == 300
    assert fits["pooled"]["nobs"] == 980
    assert fits["within"]["nobs"] == 900


def test_lagged_outcome_is_the_wave_before_s_and_carries_the_warning():
    data = simulated(firms=200, waves=4)
    estimates, fits = run(data, lagged_outcome=True)
    row = of(estimates, "within", "lagged_outcome")
    assert row["estimate"] < 0  # the truth is 0
    assert "Nickell" in row["note"]
    assert "T = 3.0" in row["note"]
    assert fits["within"]["waves"] == ["W1", "W2", "W3"]
    assert not of(estimates, "within", "x")["note"]


def test_driscoll_kraay_is_linearmodels_and_refused_where_waves_are_too_few():
    from linearmodels.panel import PanelOLS

    data = simulated(firms=100, waves=5)
    estimates, _ = run(data, covariance=["driscoll_kraay"], methods=["within"])
    wide = data.assign(**pd.get_dummies(data["wave"], dtype=float).iloc[:, 1:])
    indexed = wide.set_index(["firm_id", "reference_year"])
    direct = PanelOLS(indexed["y"], indexed[["x", "W1", "W2", "W3", "W4"]], entity_effects=True)
    expected = direct.fit(cov_type="kernel", kernel="bartlett").std_errors["x"]
    found = of(estimates, "within", cov_type="driscoll_kraay")["std_error"]
    assert found == pytest.approx(expected, rel=1e-8)
    few, _ = run(
        data[data["wave"].isin(["W0", "W1"])],
        columns={"c": ["x", "z"]},
        covariance=["driscoll_kraay"],
        methods=["pooled"],
    )
    assert few.table["note"].str.contains("needs more waves than regressors: 2 for 2").all()


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (simulated(waves=1), "only one wave"),
        (simulated(firms=0, once=90), "no firm is in two waves"),
    ],
)
def test_without_repeated_firms_only_pooled_is_estimated(data, why):
    estimates, _ = run(data)
    assert np.isfinite(of(estimates, "pooled")["estimate"])
    others = estimates.table[estimates.table["column"] != "c: pooled"]
    assert len(others) == len(METHODS) - 1
    assert others["note"].str.contains(why).all()


def test_outcome_not_measured_in_a_wave_leaves_that_wave_out():
    data = simulated()
    data.loc[data["wave"] == "W0", "y"] = np.nan
    assert run(data)[1]["within"]["waves"] == ["W1", "W2"]


def findings_of(data, model):
    estimates = estimate(data, model, country="XX", model="m", lag=2, bootstrap={})
    waves = {wave: {} for wave in data["wave"].unique()}
    settings = {
        "data": "synthetic",
        "minimum_cell": 3,
        "countries": {"XX": {"name": "Testland", "waves": waves}},
    }
    nothing = pd.DataFrame()
    return Findings(
        settings,
        {"m": model},
        estimates.table,
        [estimates.diagnostics],
        *[nothing] * 2,
        [],
        {},
    )


def test_table_has_methods_side_by_side_and_tells_what_the_gate_withheld():
    found = findings_of(simulated(firms=60, once=2), spec(columns={"c": ["x", "z"]}))
    for fit in found.diagnostics[0]["fits"]:
        # Two firms are in one wave: the difference of these numbers would tell them apart.
        fit |= {name: None for name in ("firms", "firms_again") if name in fit}
    table = panel_table(found, "XX", "m")
    assert list(table.frame.columns) == [
        "Pooled",
        "Within",
        "Random effects",
        "Correlated random effects",
        "First differences",
    ]
    assert table.frame.loc[("Y", "Z"), "Within"] == "n.e."
    sizes = table.frame.xs("Firms in two waves or more", level=1)
    assert set(sizes.to_numpy().ravel()) == {"c"}
    assert table.frame.xs("Firms", level=1).iloc[0].to_dict()["Within"] == "c"
    assert "does not vary within firms" in table.notes


def test_table_of_one_wave_says_why_only_pooled_is_there():
    table = panel_table(findings_of(simulated(firms=60, waves=1), spec()), "XX", "m")
    assert table.frame.loc[("Y", "X"), "Within"] == "n.e."
    assert "only one wave has every variable (W0)" in table.notes


def test_what_one_firm_alone_determines_has_no_clustered_standard_error():
    data = simulated()
    own = (data["firm_id"] == "f7") & (data["wave"] != "W0")
    estimates, _ = run(data.assign(own=own.astype(float)), columns={"c": ["x", "own"]})
    for method in METHODS:
        row = of(estimates, method, "own")
        assert row["status"] == "not_estimable"
        assert "one cluster alone" in row["note"]
        assert np.isfinite(of(estimates, method)["std_error"])
