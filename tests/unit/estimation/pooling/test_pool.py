"""Pooled results: published numbers, numbers by hand, known truth, and exports that disagree."""

import dataclasses
import zipfile

import numpy as np
import pandas as pd
import pytest
import yaml
from made_up_export import BREAK as SENT_BREAK
from made_up_export import CONFIG, NACE, made_up_export
from made_up_findings import SETTINGS, make_findings
from specs import model_of, settings_of

from cisflow.base.problems import CisflowError
from cisflow.base.records import rounded, write_table
from cisflow.claims.verdicts import judge_pooled
from cisflow.estimation.estimates import ESTIMATES, POOLED_ESTIMATES
from cisflow.estimation.pooling.meta_regression import meta_regression, residual_variance
from cisflow.estimation.pooling.pool import combine, pool
from cisflow.estimation.pooling.prediction import prediction_interval, variances
from cisflow.estimation.pooling.received import unpack
from cisflow.publication.catalogue import FIGURE, catalogue
from cisflow.publication.figures.pooled import forests, matrix_figure, matrix_pages
from cisflow.publication.tables.pooled import (
    LETTERS,
    leave_one_out_table,
    main_rows,
    pooled_table,
    quantity_of,
    verdict_letters,
)
from cisflow.study.claims import Claims, Single
from cisflow.study.digests import spec_digest
from cisflow.study.exports import disagreements, read_exports, with_exports
from cisflow.study.models import models_of
from cisflow.study.run import is_pooled
from cisflow.study.settings import Pool

POOL = {"by": "country", "method": "paule-mandel", "knapp_hartung": True, "moderators": []}
NAMES = {"BE": "Belgium", "DE": "Germany", "FR": "France", "NL": "Netherlands"}
# Trials of the BCG vaccine (Colditz et al. 1994): cases and others, vaccinated and not; latitude.
BCG = np.array(
    [
        (4, 119, 11, 128, 44),
        (6, 300, 29, 274, 55),
        (3, 228, 11, 209, 42),
        (62, 13536, 248, 12619, 52),
        (33, 5036, 47, 5761, 13),
        (180, 1361, 372, 1079, 44),
        (8, 2537, 10, 619, 19),
        (505, 87886, 499, 87892, 13),
        (29, 7470, 45, 7232, 27),
        (17, 1699, 65, 1600, 42),
        (186, 50448, 141, 27197, 18),
        (5, 2493, 3, 2338, 33),
        (27, 16886, 29, 17825, 33),
    ],
    dtype=float,
)


@pytest.fixture(scope="module")
def bcg():
    """Log risk ratios, standard errors and latitudes."""
    a, b, c, d, latitude = BCG.T
    variance = 1 / a - 1 / (a + b) + 1 / c - 1 / (c + d)
    return np.log(a / (a + b)) - np.log(c / (c + d)), np.sqrt(variance), latitude


# --- meta-analysis -----------------------------------------------------------------------------


def test_published_numbers_of_the_bcg_trials(bcg):
    y, se, _ = bcg
    # Viechtbauer (2010, Journal of Statistical Software 36(3)).
    dl = combine(y, se, "dersimonian-laird", knapp_hartung=False)
    assert 100 * dl.i2 == pytest.approx(92.12, abs=5e-3)
    fixed = combine(y, se, "fixed", knapp_hartung=False)
    assert (fixed.estimate, fixed.std_error) == pytest.approx((-0.4303, 0.0405), abs=5e-5)


# R 4.2.2, metafor 3.8.1: rma(yi, vi, method = , test = "z" or "adhoc"), where "adhoc" is Hartung
# and Knapp's variance with a scale of at least 1. Mean, standard error, interval, tau².
METAFOR = {
    ("dersimonian-laird", False): (
        *(-0.714117222073227, 0.178742089535403, -1.06444528008405, -0.363789164062403),
        0.308760262862376,
    ),
    ("dersimonian-laird", True): (
        *(-0.714117222073227, 0.180696628335547, -1.10782135416833, -0.320413089978125),
        0.308760262862376,
    ),
    ("paule-mandel", False): (
        *(-0.714968153493444, 0.180892191537624, -1.06951033399171, -0.360425972995181),
        0.318068452205024,
    ),
    ("paule-mandel", True): (
        *(-0.714968153493444, 0.180892191537624, -1.10909838120224, -0.320837925784648),
        0.318068452205024,
    ),
}


@pytest.mark.parametrize(("method", "knapp_hartung"), METAFOR)
def test_means_intervals_and_variances_are_metafor_s(bcg, method, knapp_hartung):
    y, se, _ = bcg
    found = combine(y, se, method, knapp_hartung=knapp_hartung)
    numbers = (found.estimate, found.std_error, found.ci_low, found.ci_high, found.tau2)
    assert numbers == pytest.approx(METAFOR[method, knapp_hartung], rel=2e-7)
    assert found.q == pytest.approx(152.233008082373, rel=1e-12)
    assert found.q_p == pytest.approx(1.99676459084597e-26, rel=1e-9)


def test_leaving_a_trial_out_is_metafor_s(bcg):
    """``leave1out`` of the Paule-Mandel fit with Knapp-Hartung errors, printed to four decimals."""
    y, se, _ = bcg
    printed = {
        0: (-0.7085, -1.1366, -0.2805, 0.3558),
        3: (-0.6326, -1.0351, -0.2301, 0.2874),
        7: (-0.7954, -1.1974, -0.3935, 0.2841),
        12: (-0.7775, -1.1859, -0.3692, 0.3038),
    }
    for trial, numbers in printed.items():
        found = combine(np.delete(y, trial), np.delete(se, trial))
        left = (found.estimate, found.ci_low, found.ci_high, found.tau2)
        assert left == pytest.approx(numbers, abs=5.1e-5)


def test_knapp_hartung_by_hand(bcg):
    y, se, _ = bcg
    found = combine(y, se, "dersimonian-laird")
    w = 1 / (se**2 + found.tau2)
    mean = (w * y).sum() / w.sum()
    scaled = np.sqrt((w * (y - mean) ** 2).sum() / 12 / w.sum())
    assert found.std_error == pytest.approx(scaled, rel=1e-10)
    # t(0.975) with 12 degrees of freedom, from a printed table.
    assert found.ci_high == pytest.approx(mean + 2.1788 * scaled, abs=1e-4)
    assert found.weights.sum() == pytest.approx(1)


def test_no_variance_between_countries_is_zero_and_not_below():
    y, se = [1.0, 1.1, 0.9, 1.0], [0.5, 0.5, 0.5, 0.5]
    for method in ("paule-mandel", "dersimonian-laird"):
        found = combine(y, se, method, knapp_hartung=False)
        assert (found.tau2, found.i2) == (0, 0)
        assert found.estimate == pytest.approx(1.0)
        assert found.std_error == pytest.approx(0.25)


def test_two_countries_give_no_prediction_interval():
    assert np.isnan(prediction_interval([1.0, 2.0], [0.3, 0.3])).all()


# Trials of cisapride (Hartung & Knapp 2001, Statistics in Medicine 20:3875-3889): successes and
# patients, treated and not.
CISAPRIDE = np.array(
    [
        [15, 12, 29, 42, 14, 44, 14, 29, 10, 17, 38, 19, 21],
        [16, 16, 34, 56, 22, 54, 17, 58, 14, 26, 44, 29, 38],
        [9, 1, 18, 31, 6, 17, 7, 23, 3, 6, 12, 22, 19],
        [16, 16, 34, 56, 22, 55, 15, 58, 15, 27, 45, 30, 38],
    ],
    dtype=float,
)


def test_the_published_prediction_interval_of_the_cisapride_trials():
    """R ``pimeta`` 1.1.4, vignette: odds ratio of a further trial from 0.533 to 33.692."""
    m1, n1, m2, n2 = CISAPRIDE + np.array([[0.5], [0.5], [0.5], [0.5]])
    n1, n2 = n1 - m1 + 0.5, n2 - m2 + 0.5
    y, se = np.log(m1 * n2 / (n1 * m2)), np.sqrt(1 / m1 + 1 / n1 + 1 / m2 + 1 / n2)
    assert (y[0], se[0]) == pytest.approx((2.098986, 0.9847737), abs=1e-6)  # as printed there
    # Either side's quantile is one of random draws, 25,000 there: a standard error of about 0.02.
    assert prediction_interval(y, se) == pytest.approx(np.log([0.533, 33.692]), abs=0.08)


def test_variances_are_drawn_from_their_confidence_distribution(bcg):
    y, se, _ = bcg
    y = y / 4  # close enough that no variance is credible too
    chi2 = np.random.default_rng(1).chisquare(1, (20_000, 12))
    tau2 = variances(y, se**2, chi2)
    # No variance is as credible as Cochran's Q is extreme if there is none.
    assert (tau2 == 0).mean() == pytest.approx(combine(y, se).q_p, abs=0.01)
    w = np.diag(1 / se**2) - np.outer(1 / se**2, 1 / se**2) / (1 / se**2).sum()
    for draw in np.flatnonzero(tau2)[:20]:
        spread = np.sqrt(se**2 + tau2[draw])
        eigenvalues = np.linalg.eigvalsh(spread[:, None] * w * spread)[1:]
        assert eigenvalues @ chi2[draw] == pytest.approx(y @ w @ y, rel=1e-3)


def test_a_prediction_is_never_narrower_than_the_interval_of_the_mean():
    values = zip(NAMES, (1.0, 1.01, 0.99, 1.02), strict=True)
    rows = [estimate(c, "CIS4", "coop_any", value, 0.5) for c, value in values]
    row = pooled(rows).table.iloc[0]
    assert (row["pi_low"], row["pi_high"]) == (row["ci_low"], row["ci_high"])
    fixed = pooled(rows, method="fixed", knapp_hartung=False).table.iloc[0]
    assert np.isnan(fixed["pi_low"])


def test_simulated_truth_is_recovered():
    """τ² on average, the mean within its interval, a further country within the prediction."""
    rng, tau, runs, k = np.random.default_rng(3), 0.5, 300, 12
    held = predicted = 0
    tau2 = []
    for _ in range(runs):
        se = rng.uniform(0.2, 0.6, k)
        effects = rng.normal(1.0, np.hypot(tau, se))
        found = combine(effects, se)
        tau2.append(found.tau2)
        held += found.ci_low <= 1.0 <= found.ci_high
        low, high = prediction_interval(effects, se, draws=2000)
        predicted += low <= rng.normal(1.0, tau) <= high
    # Three standard errors of a simulated share of 0.95 are 0.038.
    assert held / runs == pytest.approx(0.95, abs=0.038)
    assert predicted / runs == pytest.approx(0.95, abs=0.038)
    assert np.mean(tau2) == pytest.approx(tau**2, abs=3 * np.std(tau2) / np.sqrt(runs) + 0.005)


# --- meta-regression ---------------------------------------------------------------------------


def test_residual_variance_without_moderators_is_paule_and_mandels(bcg):
    y, se, _ = bcg
    found = residual_variance(y, se**2, np.ones((13, 1)))
    assert found == pytest.approx(combine(y, se).tau2, abs=1e-7)


def test_meta_regression_is_metafor_s(bcg):
    """``rma(yi, vi, mods = ~ablat, method = "PM", test = "knha")``."""
    y, se, latitude = bcg
    constant, slope = meta_regression(y, se, pd.DataFrame({"latitude": latitude}))
    r = {
        "estimate": (0.221915964507363, -0.0285645258944061),
        "std_error": (0.317473696547315, 0.00907018887118227),
        "ci_low": (-0.476838930312714, -0.0485278769991066),
        "ci_high": (0.920670859327439, -0.00860117478970561),
        "p_value": (0.499061690585274, 0.00925412054710604),
    }
    for name, numbers in r.items():
        assert (constant[name], slope[name]) == pytest.approx(numbers, rel=2e-6)
    assert slope["tau2"] == pytest.approx(0.142131941472759, rel=1e-7)
    assert slope["r2"] == pytest.approx(0.55314039953531, rel=1e-7)


def test_meta_regression_by_hand(bcg):
    y, se, latitude = bcg
    constant, slope = meta_regression(y, se, pd.DataFrame({"latitude": latitude}))
    x = np.column_stack([np.ones(13), latitude])
    w = 1 / (se**2 + slope["tau2"])
    inverse = np.linalg.inv(x.T @ (w[:, None] * x))
    beta = inverse @ (x.T @ (w * y))
    residual = (w * (y - x @ beta) ** 2).sum()
    assert residual == pytest.approx(11, rel=1e-8)  # what makes τ² Paule and Mandel's
    assert (constant["estimate"], slope["estimate"]) == pytest.approx(tuple(beta), rel=1e-8)
    assert slope["std_error"] == pytest.approx(np.sqrt(inverse[1, 1] * residual / 11), rel=1e-8)
    # The further from the equator, the more the vaccine protects.
    assert slope["ci_high"] < 0
    assert 0 < slope["tau2"] < combine(y, se).tau2


@pytest.mark.parametrize(
    ("moderator", "why"), [([1.0, 2.0], "2 estimates for 2"), ([1.0] * 4, "do not vary")]
)
def test_meta_regressions_that_cannot_be_had_say_why(moderator, why):
    k = len(moderator)
    rows = meta_regression([1.0] * k, [0.1] * k, pd.DataFrame({"gdp": moderator}))
    assert why in rows[0]["note"]


# --- pooling the tidy table --------------------------------------------------------------------


def estimate(country, wave, term, value, se, **about):
    row = {"country": country, "wave": wave, "model": "m", "outcome": "radical", "column": "any"}
    row |= {"term": term, "estimate": value, "std_error": se, "n": 100, "cov_type": "HC1"}
    return {**row, "note": "", **about}


def tidy(*rows):
    return ESTIMATES.frame(rows)


SPEC = {"m": model_of({"controls": ["group"], "columns": {"any": ["coop_any"]}})}


def pooled(rows, **settings):
    attributes = {c: {"gdp": i} for i, c in enumerate(NAMES)}
    return pool(tidy(*rows), SPEC, Pool(**(POOL | settings)), attributes)


def test_waves_are_averaged_before_countries_are_pooled():
    found = pooled(
        [
            estimate("BE", "CIS4", "coop_any", 1.0, 0.1),
            estimate("BE", "CIS2006", "coop_any", 3.0, 0.2),
            estimate("DE", "CIS4", "coop_any", 2.0, 0.1),
            estimate("FR", "CIS4", "coop_any", 2.5, 0.1),
        ]
    )
    belgium = found.record["terms"][0]["countries"][0]
    assert belgium["estimate"] == pytest.approx((1.0 * 100 + 3.0 * 25) / 125)
    assert belgium["std_error"] == pytest.approx(125**-0.5)
    row = found.table.iloc[0]
    assert tuple(found.table.columns) == POOLED_ESTIMATES.columns
    assert (row["country"], row["wave"], row["k"], row["places"], row["n"]) == (
        "pooled",
        "all",
        3,
        4,
        400,
    )
    assert (row["method"], row["cov_type"]) == ("paule-mandel", "knapp-hartung")
    alone = combine([belgium["estimate"], 2.0, 2.5], [belgium["std_error"], 0.1, 0.1])
    assert row["estimate"] == pytest.approx(alone.estimate)


def test_by_wave_each_wave_is_pooled_for_itself():
    rows = [
        estimate(country, wave, "coop_any", value, 0.1)
        for wave, values in {"CIS4": (1, 1.2), "CIS2006": (5, 5.2)}.items()
        for country, value in zip(NAMES, values, strict=False)
    ]
    table = pooled(rows, by="wave").table.drop_duplicates("wave").set_index("wave")
    assert table["estimate"].to_dict() == pytest.approx({"CIS4": 1.1, "CIS2006": 5.1})


def test_what_claims_are_tested_by_is_pooled_whatever_its_quantity_and_term():
    level, quantity = "C(strategy)[T.outside]", "probability"
    rows = [
        estimate(country, "CIS4", term, value, 0.1, quantity=kind)
        for country, value in zip(NAMES, (0.1, 0.2, 0.3), strict=False)
        for term, kind in (("coop_any", quantity), (level, "observed"), ("group", quantity))
    ]
    about = {"model": "m", "outcome": "radical", "column": "any", "expect": "positive"}
    tests = [
        Single.model_validate({**about, "term": "coop_any", "quantity": quantity}),
        Single.model_validate({**about, "term": level, "quantity": "observed"}),
    ]
    found = pool(tidy(*rows), SPEC, Pool(), {c: {} for c in NAMES}, tests).table
    assert {*found["term"]} == {"coop_any", level}
    assert found.drop_duplicates("term")["estimate"].tolist() == pytest.approx([0.2, 0.2])
    chosen = pool(tidy(*rows), SPEC, Pool(terms=("group",)), {c: {} for c in NAMES}, tests)
    assert chosen.table.empty  # who names the terms is asked for no others


def record(country, few=(), f=None, column="any"):
    """Return the diagnostics of a country: tests on few firms, and how strong instruments are."""
    about = {"outcome": "radical", "column": column}
    tests = [
        {**about, "term": t, "quantity": "coefficient", "few": t in few} for t in ("coop_any",)
    ]
    first = {} if f is None else {"first_stage": {}, "effective_f": f}
    fit = {"wave": "CIS4", **about, "tests": tests, **first}
    return {"country": country, "model": "m", "fits": [fit]}


@pytest.mark.parametrize("why", [{"few": ["coop_any"]}, {"f": 0.0004}, {"f": float("nan")}])
def test_what_decides_nothing_in_its_own_sample_is_not_pooled(why):
    values = {"BE": 1.0, "DE": 1.2, "FR": 67.0}
    rows = [estimate(c, "CIS4", "coop_any", v, 0.1) for c, v in values.items()]
    records = [record("BE", f=30.0), record("DE"), record("FR", **why)]
    about = (SPEC, Pool(**POOL), {c: {} for c in NAMES})
    found = pool(tidy(*rows), *about, (), records, 10.0)
    assert found.table["estimate"].iloc[0] == pytest.approx(1.1)
    assert found.record["terms"][0]["undeciding"] == 1
    # Least squares beside it have no instruments.
    plain = [{**row, "column": "any: ols"} for row in rows]
    weak = pool(tidy(*plain), *about, (), [record("FR", **why)], 10.0)
    assert weak.table["k"].iloc[0] == 3


def test_the_plain_mean_does_not_lean_to_small_estimates_with_small_errors():
    rows = [
        estimate(country, wave, "coop_any", value, 0.2 * value)
        for country, values in {"BE": (0.2, 1.0), "DE": (0.4, 2.0), "FR": (0.6, 1.8)}.items()
        for wave, value in zip(("CIS4", "CIS2006"), values, strict=True)
    ]
    table = pooled(rows).table.set_index("method")
    plain = table.loc["equal"]
    assert plain["estimate"] == pytest.approx(1.0)
    error = np.std([0.6, 1.2, 1.2], ddof=1) / np.sqrt(3)
    assert plain["std_error"] == pytest.approx(error)
    assert plain["ci_high"] == pytest.approx(1.0 + 4.302653 * error, rel=1e-6)
    assert table.loc["paule-mandel", "estimate"].max() < 0.5


def test_firms_of_which_a_number_is_withheld_are_not_added_up():
    rows = [estimate(c, "CIS4", "coop_any", 1.0, 0.1) for c in ("BE", "DE", "FR")]
    rows[1]["n"] = np.nan
    assert np.isnan(pooled(rows).table["n"].iloc[0])


def test_a_pooled_verdict_hangs_on_no_single_country():
    test = {"model": "m", "outcome": "radical", "column": "any", "term": "coop_any"}
    claim = {"text": "t", "source": "s", "test": {**test, "expect": "positive"}}
    claims = Claims.model_validate({"claims": {"up": claim}})

    def verdict(values):
        rows = [estimate(c, "CIS4", "coop_any", v, 0.1) for c, v in values.items()]
        found = pooled(rows)
        return judge_pooled(claims, found.table, found.record["terms"]).iloc[0]

    alike = verdict({"BE": 0.5, "DE": 0.5, "FR": 0.5, "NL": 0.5})
    assert alike["verdict"] == "supported"
    apart = verdict({"BE": 0.9, "DE": 0.06, "FR": 0.09, "NL": 0.12})
    one = verdict({"BE": 0.3, "DE": 0.16, "FR": 0.16, "NL": 0.16})
    assert one["verdict"] == "inconclusive"
    assert "Leaving out one country turns the result (BE, DE, FR, NL)." in one["reason"]
    assert apart["code"] == "holds zero"


def test_only_the_main_covariance_and_terms_of_interest_count():
    rows = [
        estimate(c, "CIS4", term, value, 0.1, cov_type=kind)
        for c in ("BE", "DE")
        for kind, value in (("HC1", 1.0), ("nonrobust", 9.0))
        for term in ("Intercept", "coop_any", "group", "C(industry)[T.Wood]")
    ]
    table = pooled(rows).table
    assert set(table["term"]) == {"coop_any"}
    assert table["estimate"].to_numpy() == pytest.approx(1.0)
    assert set(pooled(rows, terms=["group"]).table["term"]) == {"group"}


def test_a_term_of_one_country_says_why_it_is_not_pooled():
    why = "no accounts"
    rows = [
        estimate("BE", "CIS4", "coop_any", 1.0, 0.1),
        estimate("DE", "CIS4", "coop_any", np.nan, np.nan, note=why),
    ]
    row = pooled(rows).table.iloc[0]
    assert np.isnan(row["estimate"])
    assert row["status"] == "not_estimable"
    assert row["note"] == "1 of 4 countries have an estimate to pool (no accounts)"


def test_the_country_that_decides_is_found():
    values = {"BE": 0.0, "DE": 0.1, "FR": -0.1, "NL": 9.0}
    rows = [estimate(c, "CIS4", "coop_any", v, 0.1) for c, v in values.items()]
    found = pooled(rows, method="fixed", knapp_hartung=False).record["terms"][0]
    assert found["decisive"] == ["NL"]
    without = {left["country"]: left["estimate"] for left in found["leave_one_out"]}
    assert without["NL"] == pytest.approx(0.0, abs=1e-12)
    assert without["BE"] == pytest.approx(3.0)


def test_moderators_by_country_and_by_wave():
    rows = [
        estimate(c, w, "coop_any", 1.0 + 2 * i + j, 0.1)
        for i, c in enumerate(NAMES)
        for j, w in enumerate(("CIS4", "CIS2006"))
    ]
    by_country = pooled(rows, moderators=["gdp"]).record["moderators"]
    assert [row["k"] for row in by_country] == [4, 4]
    assert by_country[1]["estimate"] == pytest.approx(2.0)
    attributes = {c: {"year": {"CIS4": 2004, "CIS2006": 2006}} for c in NAMES}
    by_wave = pool(tidy(*rows), SPEC, Pool(moderators=("year",)), attributes)
    assert by_wave.record["moderators"][1]["k"] == 8
    assert by_wave.record["moderators"][1]["estimate"] == pytest.approx(0.5)


# --- claims, tables and figures ----------------------------------------------------------------


@pytest.fixture(scope="module")
def findings(root):
    """Findings of four countries, pooled and judged."""
    countries = {
        code: {"name": name, "waves": {"CIS4": {}, "CIS2006": {}}} for code, name in NAMES.items()
    }
    settings = {**SETTINGS, "countries": countries, "pool": POOL}
    made = make_findings(settings)
    models = {"faems2005": made.models["faems2005"]}
    of = made.estimates[made.estimates["model"] == "faems2005"]
    together = pool(of, models_of(models), Pool(), {c: {} for c in countries})
    claims = yaml.safe_load((root / "config/claims.yaml").read_text(encoding="utf-8"))
    return dataclasses.replace(
        made,
        models=models,
        estimates=of,
        pooled=together.table,
        pooling=rounded(together.record),
        pooled_claims=judge_pooled(Claims.model_validate(claims), together.table),
    )


def test_the_claims_rule_is_applied_to_the_pooled_interval():
    said = {"directional": "by its interval", "no_effect": "by two one-sided tests"}
    rule = {"significance": 0.05, "equivalence": 0.10, **said}
    test = {"model": "m", "outcome": "radical", "column": "any", "term": "coop_any"}
    claims = {
        name: {"text": name, "source": "s", "test": {**test, **expected}}
        for name, expected in {
            "up": {"expect": "positive"},
            "none": {"expect": "none", "smallest_effect": 1.0},
        }.items()
    }
    rows = [estimate(c, "CIS4", "coop_any", v, 0.01) for c, v in {"BE": 0.2, "DE": 0.8}.items()]
    table = pooled(rows).table
    verdicts = judge_pooled(
        Claims.model_validate({"rule": rule, "claims": claims}), table
    ).set_index("claim")
    assert set(verdicts["country"]) == {"pooled"}
    assert verdicts.loc["up", "verdict"] == "inconclusive"
    # 90 % with t(1) = 6.314: 0.5 ± 6.314 × 0.3 is wider than ±1, the normal 0.5 ± 0.49 lies inside.
    assert verdicts.loc["none", "verdict"] == "cannot be decided with this sample"
    assert "−1.39 to 2.39" in verdicts.loc["none", "reason"]


def test_the_pooled_table_survives_its_file(findings, tmp_path):
    write_table(findings.pooled, tmp_path / "pooled.csv", "SYNTHETIC")
    again = POOLED_ESTIMATES.read([tmp_path / "pooled.csv"])
    assert again["tau2"].dtype == float
    assert again["estimate"].to_numpy() == pytest.approx(
        findings.pooled["estimate"].to_numpy(float), rel=1e-7, nan_ok=True
    )


def test_tables_tell_what_is_observed_where_it_was_pooled(findings):
    assert quantity_of(findings, "faems2005") == "observed"
    latent = findings.pooled[findings.pooled["quantity"] == "coefficient"]
    alone = dataclasses.replace(findings, pooled=latent)
    assert quantity_of(alone, "faems2005") == "coefficient"
    for of, words in ((findings, "as it is observed"), (alone, "on the latent outcome")):
        assert words in pooled_table(of, "faems2005").notes


def test_tables_hold_the_pooled_numbers(findings):
    row = main_rows(findings, "faems2005").query("term == 'coop_any'").iloc[0]
    table = pooled_table(findings, "faems2005")
    first = table.frame.xs("Any cooperation", level=1).iloc[0]
    assert first["Estimate"].strip("*").replace("−", "-") == f"{row['estimate']:.3f}"
    assert first["Countries"] == "4"
    assert "n.e." in pooled_table(findings, "faems2005").frame.to_numpy()  # public research
    assert "Decisive countries" in leave_one_out_table(findings, "faems2005").frame.columns


def test_a_model_of_effects_alone_has_the_tables_of_its_effects(findings):
    terms = [t for t in findings.pooling["terms"] if t["quantity"] == "observed"]
    rows = findings.pooled[findings.pooled["quantity"] == "observed"]
    effects = dataclasses.replace(
        findings,
        pooled=rows.assign(quantity="standardised"),
        pooling={**findings.pooling, "terms": [{**t, "quantity": "standardised"} for t in terms]},
    )
    for table in (pooled_table, leave_one_out_table):
        of_effects, observed = (table(f, "faems2005").frame for f in (effects, findings))
        assert len(of_effects)
        pd.testing.assert_frame_equal(of_effects, observed)


BREAK = {"from": 2008, "text": "New classification.", "source": "s", "verified": "general"}


def test_breaks_that_the_pooled_waves_cross_are_told(findings):
    def told(years, by="country"):
        quality = [
            {"country": "BE", "wave": str(year), "reference_year": year, "breaks": [BREAK]}
            for year in years
        ]
        settings = {**findings.settings, "pool": {**POOL, "by": by}}
        made = dataclasses.replace(findings, quality=quality, settings=settings)
        return "From 2008: New classification." in pooled_table(made, "faems2005").notes

    assert told([2004, 2010])
    assert not told([2008, 2010])
    assert not told([2004, 2010], by="wave")


def test_breaks_of_exported_countries_are_told_too(findings):
    countries = {c: dict(about) for c, about in findings.settings["countries"].items()}
    countries["NL"]["series"] = {"years": [2004, 2010], "breaks": [BREAK]}
    settings = {**findings.settings, "countries": countries}
    made = dataclasses.replace(findings, quality=[], settings=settings)
    assert "From 2008: New classification." in pooled_table(made, "faems2005").notes


def test_verdicts_stand_by_claim_country_and_wave(findings):
    letters = verdict_letters(findings)
    assert letters["C1", "BE", "CIS4"] == "S"
    assert letters["C15", "NL", "CIS2006"] == "–"
    deciding = findings.pooled_claims.drop_duplicates("claim").set_index("claim")
    assert letters["C1", "", "all"] == LETTERS[deciding.loc["C1", "verdict"]]


def test_figures_are_named_before_they_are_drawn(findings):
    items = catalogue(findings.settings, findings.models).of(FIGURE)
    names = [item.name for item in items if item.section in ("forests", "tiles")]
    assert names[-1] == "claims_matrix"
    assert "forest_faems2005_grouped_coop_exploitative" in names
    assert len(list(forests(findings.settings, findings.models))) == len(names) - 1


def test_a_forest_has_every_country_and_the_pooled_diamond(findings):
    items = catalogue(findings.settings, findings.models)
    figure = items["forest_faems2005_any_coop_any"].made(findings)
    axes = figure.axes[0]
    assert [t.get_text() for t in axes.get_yticklabels()] == [*NAMES.values(), "Pooled"]
    corners = axes.patches[-1].get_xy()
    row = main_rows(findings, "faems2005").query("term == 'coop_any'").iloc[0]
    assert corners[:, 0].min() == pytest.approx(row["ci_low"])
    assert corners[:, 0].max() == pytest.approx(row["ci_high"])


def test_the_matrix_has_a_page_for_as_many_rows_as_can_be_read():
    waves = dict.fromkeys("abcdef")
    settings = {"countries": {f"A{i}": {"waves": waves} for i in range(12)}}
    assert [len(page) for page in matrix_pages(settings)] == [6, 6]


def test_every_tile_carries_its_letter(findings):
    figure = matrix_figure(findings, ["BE", "DE"])
    drawn = [t.get_text() for t in figure.axes[0].texts]
    claims = findings.claims["claim"].nunique()
    assert sum(len(text) == 1 for text in drawn) >= 4 * claims


def test_a_run_of_one_country_is_not_pooled():
    assert not is_pooled({"pool": POOL, "countries": {"BE": {}}})
    assert is_pooled({"pool": POOL, "countries": {"BE": {}, "DE": {}}})


# --- exports -----------------------------------------------------------------------------------


@pytest.fixture
def export(tmp_path):
    """Return the archive of a centre with one model."""
    return made_up_export(tmp_path)


def test_an_export_is_the_same_bytes_again_and_what_passed_the_gate(export, tmp_path):
    with zipfile.ZipFile(export) as archive:
        names = archive.namelist()
        for name in set(names) - {"export.json"}:
            assert archive.read(name) == (tmp_path / "centre" / name).read_bytes()
    assert not any("microdata" in name for name in names)
    (tmp_path / "again").mkdir()
    assert made_up_export(tmp_path / "again").read_bytes() == export.read_bytes()


def test_exports_join_the_countries_of_a_run(export):
    (sent,), problems = read_exports([str(export)])
    assert problems == []
    own = {"BE": {**CONFIG["countries"]["NL"], "name": "Belgium"}}
    pooling = {**POOL, "attributes": {"NL": {"eu": 1}}}
    settings = settings_of({**CONFIG, "countries": own, "pool": pooling})
    joined = with_exports(settings, [sent]).countries
    assert list(joined) == ["BE", "NL"]
    assert joined["NL"].attributes == {"gdp": 33, "eu": 1}
    assert joined["NL"].export == str(export)
    assert joined["NL"].series == {"years": [2004], "breaks": [SENT_BREAK]}
    assert list(disagreements([sent], settings, {"m": "abc"}, NACE)) == []


def test_all_disagreements_are_told_at_once(export):
    (sent,), _ = read_exports([str(export)])
    other = dataclasses.replace(sent, about={**sent.about, "cisflow": "0.0.1"})
    settings = settings_of({**CONFIG, "lag": 3, "data": "real"})
    groups = {"groups": [{"label": "Wood", "divisions": {"2": [16, 17]}}]}
    models = {"m": "other", "new": "x"}
    told = " ".join(p.what for p in disagreements([other], settings, models, groups))
    for words in (
        "estimated by cisflow 0.0.1",
        "its data are synthetic, this run's are real",
        "lag is 2 there and 3 here",
        "groups industries differently",
        "model m was specified differently there",
        "model new was not estimated there",
        "country NL is in this config already",
    ):
        assert words in told


def test_exports_that_are_not_there_or_damaged_are_told(tmp_path):
    (tmp_path / "bad.zip").write_bytes(b"not a zip")
    exports, problems = read_exports([str(tmp_path / "none.zip"), str(tmp_path / "bad.zip")])
    assert exports == []
    assert ["does not exist" in problems[0].what, "is damaged" in problems[1].what] == [True, True]


def test_a_file_changed_after_the_export_is_refused(export, tmp_path):
    folder = tmp_path / "unpacked"
    with zipfile.ZipFile(export) as archive:
        archive.extractall(folder)
    unpack(str(folder), {"sample/NL.csv": tmp_path / "out.csv"})
    assert (tmp_path / "out.csv").read_text() == (folder / "sample/NL.csv").read_text()
    (folder / "sample/NL.csv").write_text("step,firms\n0,900\n")
    with pytest.raises(CisflowError, match=r"sample/NL\.csv was changed after the export"):
        unpack(str(folder), {"sample/NL.csv": tmp_path / "out.csv"})


def test_a_digest_is_of_what_numbers_depend_on():
    spec = {"title": "a", "controls": ["x"]}
    assert spec_digest(spec) == spec_digest({**spec, "title": "b"})
    assert spec_digest(spec) != spec_digest({**spec, "controls": ["y"]})
