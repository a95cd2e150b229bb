"""Attacks on what stands beside estimates: numbers of firms in rows and records, and reasons."""

import json

import numpy as np
import pandas as pd
import pytest
from disclosed import OLS, RULES, TOBIT, flags, released, sample_of, survey
from scipy.optimize import brentq
from scipy.stats import f as fisher
from scipy.stats import t as student
from specs import model_of

from cisflow.disclosure.regressions import FEW
from cisflow.estimation.estimates import ESTIMATED, ESTIMATES, WITHHELD, Estimates
from cisflow.estimation.evidence import EVIDENCE, of_design
from cisflow.release.estimates import note_estimates, told_estimates
from cisflow.release.gate import Gate
from cisflow.release.holding import with_correlations

CHOICES = {
    "outcome": {"asked": {}},
    "sample": {"all": []},
    "outliers": {"all firms": []},
    "regressors": {"own": {}},
    "controls": {"size": ["log_employees"]},
    "estimator": ["ols"],
    "weights": ["none"],
    "covariance": ["HC1"],
}
CURVE = {
    **{key: OLS[key] for key in ("title", "source", "sample")},
    "estimator": "curve",
    "limits": [0, 100],
    "outcomes": ["radical"],
    "columns": {"curve": ["coop_any"]},
    "choices": CHOICES,
}


def curve(**choices):
    return {**CURVE, "choices": {**CHOICES, **choices}}


def table_of(out, model="main"):
    return out.estimates[model].table


def fits_of(out, model="main"):
    return out.estimates[model].diagnostics["fits"]


def whole_numbers(value, name=""):
    """Return every whole number of a record with what it is called."""
    if isinstance(value, dict):
        return [n for key, v in value.items() for n in whole_numbers(v, key)]
    if isinstance(value, list):
        return [n for v in value for n in whole_numbers(v, name)]
    return [(name, value)] if isinstance(value, int) and not isinstance(value, bool) else []


# --- specification curves ---------------------------------------------------------------------


@pytest.mark.parametrize("few", [1, 4, 9])
def test_a_choice_that_few_firms_meet_has_no_number_of_firms(few):
    panel = survey()
    panel["high_tech"] = flags(np.arange(400) < few)
    out = released(panel, main=curve(sample={"all": [], "few": ["high_tech"]}))
    here = table_of(out)["column"].str.contains("few")
    assert here.any()
    assert table_of(out).loc[here, "n"].isna().all()
    assert few not in table_of(out)["n"].tolist()


def test_a_choice_without_an_estimate_keeps_a_number_that_may_be_told():
    panel = survey()
    panel["high_tech"] = flags(np.arange(400) < 12)  # nine more than there are coefficients
    out = released(panel, main=curve(sample={"all": [], "few": ["high_tech"]}))
    here = table_of(out)["column"].str.contains("few")
    assert table_of(out).loc[here, "estimate"].isna().all()
    assert (table_of(out).loc[here, "n"] == 12).all()


def test_a_curve_does_not_count_firms_that_are_in_none_of_its_specifications():
    """Two firms without the outcome would follow from the curve's number and its sample's."""
    panel = survey()
    panel.loc[[3, 7], "radical"] = np.nan
    out = released(panel, main=curve(), other={**OLS, "sample": ["manufacturing"]})
    told = set(table_of(out)["n"].dropna()) | {sample_of(out, "other")["n"]}
    assert told <= {400}


# --- numbers in rows and records --------------------------------------------------------------


def selection_of(panel):
    rng = np.random.default_rng(0)
    product = rng.random(len(panel)) < 0.6
    return panel.assign(
        product_innovation=flags(product),
        export=flags(rng.random(len(panel)) < 0.5),
        radical=panel["radical"].where(product),
    )


SELECTION = {
    **OLS,
    "estimator": "selection",
    "methods": ["two_step"],
    "selected": "product_innovation",
    "selection": ["log_employees", "export"],
    "outcomes": ["radical"],
}


def test_rows_of_the_selection_equation_do_not_tell_its_firms_where_these_are_withheld():
    panel = selection_of(survey(600))
    panel.loc[[3, 7], "export"] = pd.NA
    out = released(panel, main=OLS, selection=SELECTION)
    assert sample_of(out, "main")["n"] == 600
    of_selection = table_of(out, "selection")["term"].str.startswith("selection: ")
    assert of_selection.any()
    assert table_of(out, "selection").loc[of_selection, "n"].isna().all()
    assert 598 not in [n for _, n in whole_numbers(fits_of(out, "selection"))]


def test_and_do_where_they_may_be_told():
    out = released(selection_of(survey(600)), main=OLS, selection=SELECTION)
    of_selection = table_of(out, "selection")["term"].str.startswith("selection: ")
    assert (table_of(out, "selection").loc[of_selection, "n"] == 600).all()


def test_two_lines_do_not_count_the_firms_on_either_side():
    panel = survey()
    panel["diversity"] = np.where(np.arange(400) < 397, panel["diversity"].clip(upper=4), 6.0)
    spec = {**OLS, "columns": {"b": ["diversity", "diversity^2"]}, "u_shape": ["diversity"]}
    out = released(panel, main=spec)
    lines = [s for s in fits_of(out)[0]["shapes"] if s["kind"] == "two_lines"]
    assert lines
    assert not whole_numbers(lines)


def test_where_two_lines_meet_is_told_as_coarsely_as_the_ends_of_a_range():
    panel = survey()
    panel["diversity"] = np.random.default_rng(1).normal(500, 100, 400).round(3)
    spec = {**OLS, "columns": {"b": ["diversity", "diversity^2"]}, "u_shape": ["diversity"]}
    lines = next(
        s for s in fits_of(released(panel, main=spec))[0]["shapes"] if s["kind"] == "two_lines"
    )
    assert lines["breakpoint"] % 10 == 0


def fit_by_hand(**more):
    """Return what passes the gate of a fit of 100 firms whose record says more."""
    rng = np.random.default_rng(3)
    panel = pd.DataFrame({"wave": "W1", "reference_year": 2004, "y": rng.normal(size=100)})
    panel = panel.assign(firm_id=[f"f{i}" for i in range(100)], x=rng.integers(0, 2, 100))
    X = np.column_stack([np.ones(100), panel["x"]])
    firms = panel.assign(panel_row=range(100))
    evidence = of_design(X, ["Intercept", "x"], firms)
    rows = [
        {"country": "BE", "wave": "W1", "model": "m", "outcome": "y", "column": column,
            "term": "x", "estimate": 1.0, "std_error": 0.5, "statistic": 2.0, "p_value": 0.05,
            "ci_low": 0.0, "ci_high": 2.0, "n": n
        }
        for column, n in (("c", 100), ("of no fit", 3))
    ]  # fmt: skip
    record = {"wave": "W1", "outcome": "y", "column": "c", EVIDENCE: evidence, **more}
    about = {"country": "BE", "model": "m", "fits": [record]}
    found = Estimates(ESTIMATES.frame(rows, status=ESTIMATED), about)
    spec = model_of({**OLS, "outcomes": ["y"], "columns": {"c": ["x"]}, "controls": []})
    gate = Gate(panel, RULES)
    note_estimates(gate, found, spec, 1.0)
    return told_estimates(gate, found, spec, ("a.csv", "b.json"))


def test_a_whole_number_of_whose_firms_nothing_is_known_is_not_told():
    """Whatever an estimator comes to write: it is told once the gate knows the firms."""
    told = fit_by_hand(nobs=100, deep={"winners": [3, 97]}, draws=99, good=True).diagnostics
    record = told["fits"][0]
    assert record["nobs"] == 100
    assert record["deep"] == {"winners": [None, None]}
    assert (record["draws"], record["good"]) == (99, True)


def test_rows_that_are_of_no_fit_are_not_told():
    table = fit_by_hand().table.set_index("column")
    assert table.loc["c", "status"] == ESTIMATED
    assert table.loc["of no fit", "status"] == WITHHELD
    assert np.isnan(table.loc["of no fit", ["estimate", "n"]].astype(float)).all()


def test_estimates_on_which_nothing_is_known_are_not_told():
    table = fit_by_hand(**{EVIDENCE: {}}).table.set_index("column")
    assert table.loc["c", "status"] == WITHHELD


# --- solving for a withheld number of firms ---------------------------------------------------


def nested(n=400, **more):
    """Return what is told of two models whose samples differ by two firms."""
    panel = survey(n)
    panel["public_funding"] = flags(np.random.default_rng(9).random(n) < 0.5)
    panel.loc[[3, 7], "protection"] = np.nan
    other = {**OLS, **more, "columns": {"any": ["coop_any", "protection"]}}
    return released(panel, main=OLS, other=other)


def test_a_t_of_many_terms_does_not_tell_the_degrees_of_freedom_of_a_small_sample():
    """Each p-value bounds the degrees of freedom; of all terms together one number is left."""
    out = nested(40)
    rows = table_of(out, "other")
    assert rows["n"].isna().all()
    assert rows["estimate"].notna().all()

    def fits(df):
        expected = 2 * student.sf(rows["statistic"].abs(), df)
        return bool((np.abs(expected - rows["p_value"]) < 1e-6).all())

    assert not fits(38 - 4)
    assert fits(40 - 4)  # those of the sample that is told


def test_normal_intervals_tell_no_number_and_stay_exact():
    out = nested(limits=[0, 100], outcomes=["radical"], estimator="tobit")
    rows = table_of(out, "other")
    rows = rows[rows["quantity"] == "coefficient"]
    assert rows["n"].isna().all()
    low = rows["estimate"] - 1.959963985 * rows["std_error"]
    assert np.allclose(rows["ci_low"], low, rtol=1e-6)


def test_an_f_statistic_does_not_tell_the_number_of_firms():
    """F and the partial R² are one equation in the degrees of freedom; F and its p another."""
    out = nested(
        estimator="iv", methods=["2sls"], endogenous=["diversity"], instruments=["public_funding"]
    )
    record = fits_of(out, "other")[0]
    assert record["nobs"] is None
    stage = record["first_stage"]["diversity"]
    assert stage["partial_r2"] is None
    assert stage["shea_r2"] is None
    assert stage["f"] is not None

    def gap(df):
        return fisher.sf(stage["f"], 1, df) - stage["p_value"]

    # What is printed of p is met by hundreds of degrees of freedom, or by none.
    lost = [df for df in range(300, 500) if abs(gap(df)) < 0.005 * stage["p_value"]]
    assert not lost or len(lost) > RULES.minimum_cell


def test_two_likelihoods_and_a_t_value_do_not_tell_the_number_of_firms():
    panel = survey()
    panel.loc[[3, 7], "protection"] = np.nan
    columns = {"one": ["protection"], "two": ["protection", "diversity"]}
    spec = {**OLS, "columns": columns, "covariance": ["nonrobust"]}
    out = released(panel, main={**OLS, "columns": {"any": ["coop_any"]}}, other=spec)
    table = table_of(out, "other").set_index(["column", "term"])
    assert table["n"].isna().all()
    one, two = (fit["llf"] for fit in fits_of(out, "other"))
    statistic = table.loc[("two", "diversity"), "statistic"]

    def excess(n, gain):
        return (n - 4) * np.expm1(2 * gain / n) - statistic**2

    # The likelihoods have one decimal: what lies within it leaves the number open.
    ends = []
    for gain in (two - one - 0.1, two - one + 0.1):
        try:
            ends.append(brentq(excess, 20, 1e6, args=(gain,)))
        except ValueError:
            ends.append(None)
    assert None in ends or abs(ends[0] - ends[1]) > RULES.minimum_cell


def test_fit_measures_of_a_path_model_do_not_tell_the_number_of_firms():
    panel = survey()
    panel["internal_investment"] = panel["diversity"] + np.random.default_rng(2).normal(size=400)
    panel.loc[[3, 7], "internal_investment"] = np.nan
    path = {
        **{key: OLS[key] for key in ("title", "source", "sample", "covariance")},
        "estimator": "path",
        "equations": {
            "internal_investment": ["diversity"],
            "profit_margin": ["internal_investment"],
        },
        "effects": [["diversity", "profit_margin"]],
    }
    other = {**OLS, "columns": {"any": ["diversity"]}, "controls": []}
    record = fits_of(released(panel, other=other, main=path))[0]
    assert record["nobs"] is None
    measures = record["fit_measures"]
    assert measures["srmr"] is not None
    # RMSEA and its interval are functions of chi², its degrees of freedom and the firms.
    assert [measures[name] for name in ("rmsea", "rmsea_ci_low", "rmsea_ci_high")] == [None] * 3


# --- reasons ----------------------------------------------------------------------------------


def without_amounts(panel, industry):
    """Return a panel in which no firm of an industry has new products."""
    panel["radical"] = np.clip(panel["radical"], 1, 99)
    rest = np.arange(len(panel)) % 3 == 0
    panel.loc[rest | (panel["industry"] == industry), "radical"] = 0.0
    return panel


@pytest.mark.parametrize("alternatives", [[], ["two_part"]])
def test_an_industry_whose_firms_all_answer_alike_is_not_named(alternatives):
    """“It predicts the outcome perfectly” tells of every firm of an industry how it answered."""
    panel = without_amounts(survey(), "cars")
    spec = {**TOBIT, "fixed_effects": ["industry"], "alternatives": alternatives}
    out = released(panel, main=spec)
    text = json.dumps(fits_of(out)) + table_of(out).to_json()
    for word in ("perfectly", "separates", "tends to", "at a limit"):
        assert word not in text
    lost = {t for fit in fits_of(out) for t, why in fit["not_estimable"].items() if why == FEW}
    assert lost
    assert not any("cars" in term for term in lost)


def test_its_dummy_is_withheld_with_all_other_levels_as_one_of_few_firms_is():
    panel = survey()
    cars = panel["industry"] == "cars"
    panel["process_innovation"] = flags(cars | (np.arange(400) % 2 == 0))
    spec = {**OLS, "estimator": "probit", "outcomes": ["process_innovation"]}
    out = released(panel, main={**spec, "columns": {"any": ["coop_any", "C(industry)"]}})
    table = table_of(out)
    levels = table["term"].str.contains("[T.", regex=False)
    assert levels.any()
    assert (table.loc[levels, "status"] == WITHHELD).all()
    assert (table.loc[table["term"] == "coop_any", "status"] == ESTIMATED).all()


def test_an_answer_that_all_firms_share_is_no_reason():
    panel = survey()
    panel["high_tech"] = flags([True] * 400)
    out = released(panel, main={**OLS, "columns": {"any": ["coop_any", "high_tech"]}})
    row = table_of(out).set_index("term").loc["high_tech"]
    assert (row["status"], row["note"]) == (WITHHELD, FEW)
    assert "constant" not in json.dumps(fits_of(out))


# --- what compares two groups -----------------------------------------------------------------


def test_a_mean_difference_of_two_groups_does_not_tell_the_largest_firm_of_one():
    """With the mean of all, a standardised difference gives the mean of those that cooperate."""
    panel = survey()
    # Two more dominate those who cooperate, three those who do not: among all, none does.
    coop = panel["coop_any"].astype(bool).to_numpy()
    panel["rd_intensity"] = 0.01
    panel.loc[np.flatnonzero(coop)[:1], "rd_intensity"] = 40.0
    panel.loc[np.flatnonzero(~coop)[:30], "rd_intensity"] = np.linspace(30, 50, 30)
    spec = {
        **{key: OLS[key] for key in ("title", "source", "sample", "outcomes")},
        "estimator": "doubly_robust",
        "columns": {"any": ["coop_any"]},
        "controls": ["log_employees", "rd_intensity"],
        "overlap": [0, 1],
        "covariance": ["HC1"],
    }
    record = fits_of(released(panel, main=spec))[0]
    assert record["balance"]["rd_intensity"] == {"before": None, "after": None}
    assert record["balance"]["log_employees"]["before"] is not None


def test_estimates_that_are_withheld_have_no_correlations():
    """How one that few firms make hangs together with another tells of the few."""

    def of(*columns):
        tests = [
            {"outcome": "y", "column": c, "term": "x", "quantity": "observed",
             "influence": {"1": 0.5, "2": -0.5}}
            for c in columns
        ]  # fmt: skip
        about = {"country": "BE", "model": "m", "fits": [{"wave": "W1", "tests": tests}]}
        return Estimates(ESTIMATES.frame([], status=ESTIMATED), about)

    told = with_correlations({"m": of("a", "b")}, {"m": of("a", "b", "few")})["m"]
    keys = {k for test in told.diagnostics["fits"][0]["tests"] for k in test["correlations"]}
    assert keys
    assert not any("few" in key for key in keys)


@pytest.mark.parametrize("waves", [("W1", "W1"), ("W1", "W2")])
@pytest.mark.parametrize("shared", [1, 9, 10])
def test_a_correlation_of_estimates_that_share_few_firms_tells_nothing_of_these(waves, shared):
    """Of one shared firm it is the product of that firm's influences; of two waves, of one firm."""
    n = 30
    parts = [{str(i): 1.0 + i for i in range(n)}, {str(i): 2.0 for i in range(n, 2 * n)}]
    firms = [f"f{i}" for i in range(2 * n)]
    if waves[0] == waves[1]:
        parts[1] = {str(i): 2.0 for i in range(n - shared, 2 * n - shared)}
    else:  # the same firms in other rows
        firms[n : n + shared] = firms[:shared]
    fits = {
        name: [
            {
                "wave": wave,
                "tests": [
                    {
                        "outcome": "y",
                        "column": name,
                        "term": "x",
                        "quantity": "observed",
                        "influence": by,
                    }
                ],
            }
        ]
        for name, wave, by in zip("ab", waves, parts, strict=True)
    }
    found = {
        name: Estimates(ESTIMATES.frame([]), {"model": name, "fits": record})
        for name, record in fits.items()
    }
    keys = [f"{name} | y | {name} | x | observed" for name in "ab"]
    told = with_correlations(found, found, firms, keys, RULES.minimum_cell)
    test = told["a"].diagnostics["fits"][0]["tests"][0]
    known = {**test["correlations"], **test.get("between_waves", {}).get("W2", {})}
    assert (known.get(keys[1], 0.0) != 0.0) is (shared >= RULES.minimum_cell)
