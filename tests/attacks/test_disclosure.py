"""Attacks on what is published: each tries to learn of a few firms, and must not."""

import itertools
import json

import numpy as np
import pandas as pd
import pytest
from disclosed import OLS, RULES, TOBIT, flags, released, sample_of, survey, variable_of
from scipy.optimize import linprog
from scipy.stats import t

from cisflow.base.problems import CisflowError
from cisflow.base.records import rounded
from cisflow.estimation.estimates import ESTIMATED, WITHHELD
from cisflow.panel.rates import SECTORS, SIZES, TOTAL, sector_of, size_of
from cisflow.study.disclosure import profile_of, profile_problems
from cisflow.study.settings import Settings

MINIMUM = RULES.minimum_cell


def numbers_of_firms(out):
    """Return every exact number of firms that is published, of one wave."""
    found = [int(n) for n in out.flow["firms"].dropna()]
    for sample in out.description["samples"]:
        found += [sample["n"], *(v["n"] for v in sample["variables"])]
        found += [c["firms"] for cells in sample["distributions"].values() for c in cells]
    for estimates in out.estimates.values():
        for name in ("n", "n_lower", "n_upper"):
            found += [int(n) for n in estimates.table[name].dropna()]
    found += [int(n) for n in out.rates["firms"].dropna()]
    for share in out.description["attrition"]["shares"]:
        found += [share["firms"], share["with_accounts"]]
    return sorted({n for n in found if n})


def rows(out, model, term=None):
    table = out.estimates[model].table
    return table if term is None else table[table["term"] == term]


# --- D1: samples that differ by few firms -----------------------------------------------------


@pytest.fixture(scope="module")
def nested():
    """Two models whose samples differ by two firms, who did not answer on protection."""
    panel = survey()
    panel.loc[[3, 7], "protection"] = np.nan
    extension = {**TOBIT, "columns": {"any": ["coop_any", "protection"]}}
    return panel, released(panel, main=TOBIT, extension=extension)


def test_means_of_nested_samples_do_not_solve_for_two_firms(nested):
    panel, out = nested
    main, other = (variable_of(out, m, "log_employees") for m in ("main", "extension"))
    assert main["n"] == 400
    assert main["mean"] == pytest.approx(panel["log_employees"].mean())
    assert other["n"] is None
    assert other["mean"] is None
    assert "n" in other["withheld"]


def test_the_smaller_sample_has_no_number_anywhere(nested):
    _, out = nested
    assert 398 not in numbers_of_firms(out)
    fit = out.estimates["extension"].diagnostics["fits"][0]
    assert 398 not in [value for value in fit.values() if isinstance(value, int)]
    assert rows(out, "extension")[["n", "n_lower", "n_upper"]].isna().all(axis=None)
    assert rows(out, "extension")["estimate"].notna().any()


def test_information_criteria_do_not_tell_the_withheld_number(nested):
    _, out = nested
    fit = out.estimates["extension"].diagnostics["fits"][0]
    assert fit["bic"] is None
    assert fit["aic"] is None
    assert out.estimates["main"].diagnostics["fits"][0]["bic"] is not None


def test_limits_of_nested_samples_are_told_of_one(nested):
    _, out = nested
    assert rows(out, "main")["n_lower"].notna().all()
    assert rows(out, "extension")["n_lower"].isna().all()


def test_no_two_published_numbers_of_nested_samples_differ_by_few(nested):
    _, out = nested
    sizes = [n for n in numbers_of_firms(out) if n > 300]
    for a, b in itertools.pairwise(sizes):
        assert b - a >= MINIMUM, (a, b)


@pytest.mark.parametrize("few", [1, 2, 5, 9])
def test_any_small_difference_of_samples_is_hidden(few):
    panel = survey()
    panel.loc[: few - 1, "protection"] = np.nan
    extension = {**OLS, "columns": {"any": ["coop_any", "protection"]}}
    out = released(panel, main=OLS, extension=extension)
    assert sample_of(out, "main")["n"] == 400
    assert sample_of(out, "extension")["n"] is None


def test_samples_that_differ_by_enough_are_both_told():
    panel = survey()
    panel.loc[:14, "protection"] = np.nan
    extension = {**OLS, "columns": {"any": ["coop_any", "protection"]}}
    out = released(panel, main=OLS, extension=extension)
    assert (sample_of(out, "main")["n"], sample_of(out, "extension")["n"]) == (400, 385)


def test_intervals_of_t_do_not_tell_the_degrees_of_freedom_of_a_withheld_sample():
    panel = survey()
    panel.loc[[3, 7], "protection"] = np.nan
    extension = {**OLS, "columns": {"any": ["coop_any", "protection"]}}
    out = released(panel, main=OLS, extension=extension)
    row = rows(out, "extension", "coop_any").iloc[0]
    critical = (row["ci_high"] - row["ci_low"]) / 2 / row["std_error"]
    fitting = [df for df in range(300, 500) if abs(t.ppf(0.975, df) - critical) < 0.002]
    assert len(fitting) > MINIMUM


def test_the_effect_of_a_variable_does_not_tell_the_coefficient_of_a_withheld_product():
    """Beside a published coefficient a latent effect less it, by the mean, is the product's."""
    panel = survey()
    coop = panel["coop_any"].fillna(False).astype(bool)
    few = coop & (np.cumsum(coop) <= RULES.support - 1)
    panel["group"] = flags(np.where(coop, few, np.arange(len(panel)) % 2 == 0))
    terms = ["coop_any", "group", "coop_any:group"]
    out = released(panel, main={**TOBIT, "columns": {"any": terms}, "controls": ["diversity"]})
    table = out.estimates["main"].table
    table = table[table["column"] == "any"].set_index(["quantity", "term"])
    for term in terms:
        for quantity in ("observed", "latent", "uncensored", "probability"):
            assert table.loc[(quantity, term), "status"] == WITHHELD, (quantity, term)
    assert table.loc[("coefficient", "coop_any:group"), "status"] == WITHHELD
    assert table.loc[("observed", "diversity"), "status"] == ESTIMATED


# --- D2, D9: coefficients that are firms ------------------------------------------------------


def test_an_industry_of_one_firm_is_merged():
    panel = survey()
    panel.loc[5, "industry"] = "tobacco"
    out = released(panel, main={**OLS, "fixed_effects": ["industry"]})
    terms = rows(out, "main")["term"].tolist()
    assert "C(industry)[T.tobacco]" not in terms
    merged = out.estimates["main"].diagnostics["fits"][0]["merged"]["industry"]
    assert "tobacco" in merged
    assert len(merged) == 2  # with the smallest other, as one firm is too few


def test_small_industries_are_merged_together():
    panel = survey()
    panel.loc[:3, "industry"] = "tobacco"
    panel.loc[4:6, "industry"] = "leather"
    out = released(panel, main={**OLS, "fixed_effects": ["industry"]})
    assert out.estimates["main"].diagnostics["fits"][0]["merged"] == {
        "industry": ["leather", "tobacco"]
    }


def test_a_firm_with_a_dummy_of_its_own_is_not_its_intercept_plus_dummy():
    panel = survey()
    panel["high_tech"] = flags([True] + [False] * 399)
    out = released(panel, main={**OLS, "columns": {"any": ["high_tech"]}})
    assert rows(out, "main")["estimate"].isna().all()
    assert set(rows(out, "main")["status"]) == {WITHHELD}
    assert rows(out, "main")["note"].ne("").all()


@pytest.mark.parametrize("few", [2, 3, 4])
def test_a_dummy_of_few_firms_goes_with_the_intercept_that_would_tell_it(few):
    panel = survey()
    panel["high_tech"] = flags([True] * few + [False] * (400 - few))
    out = released(panel, main={**OLS, "columns": {"any": ["high_tech", "coop_any"]}})
    for term in ("high_tech", "Intercept"):
        assert rows(out, "main", term)["estimate"].isna().all()
        assert (rows(out, "main", term)["status"] == WITHHELD).all()
    assert rows(out, "main", "coop_any")["estimate"].notna().all()


def test_a_dummy_that_few_firms_lack_is_withheld_too():
    panel = survey()
    panel["high_tech"] = flags([False] * 3 + [True] * 397)
    out = released(panel, main={**OLS, "columns": {"any": ["high_tech"]}})
    assert rows(out, "main", "high_tech")["estimate"].isna().all()


def test_a_dummy_of_five_firms_is_told_beside_industries():
    """Beside as many columns that nobody has the correlations of, its group's mean is open."""
    panel = survey()
    panel["high_tech"] = flags([True] * 5 + [False] * 395)
    panel["industry"] = [f"i{i % 12:02}" for i in range(400)]
    spec = {**OLS, "columns": {"any": ["high_tech"]}, "fixed_effects": ["industry"]}
    out = released(panel, main=spec)
    assert rows(out, "main", "high_tech")["estimate"].notna().all()


def test_an_interaction_on_three_firms_is_withheld():
    panel = survey()
    both = np.zeros(400, dtype=bool)
    both[:3] = True
    panel["high_tech"] = flags(both | (np.arange(400) > 200))
    panel["group"] = flags(both | ((np.arange(400) > 50) & (np.arange(400) <= 200)))
    spec = {**OLS, "columns": {"any": ["high_tech", "group", "high_tech:group"]}}
    out = released(panel, main=spec)
    assert rows(out, "main", "high_tech:group")["estimate"].isna().all()


def test_a_treated_cell_of_four_firms_is_withheld_though_its_dummy_has_many():
    panel = survey()
    i = np.arange(400)
    panel["high_tech"] = flags(i < 150)
    panel["group"] = flags((i >= 4) & (i < 220))  # four high-tech firms are in no group
    spec = {**OLS, "columns": {"any": ["high_tech", "group", "high_tech:group"]}}
    out = released(panel, main=spec)
    for term in ("high_tech", "high_tech:group", "Intercept"):
        assert rows(out, "main", term)["estimate"].isna().all(), term


def test_one_firm_that_determines_a_slope_is_not_told_by_it():
    panel = survey()
    panel.loc[0, "rd_intensity"] = 1e6
    out = released(panel, main={**OLS, "columns": {"any": ["rd_intensity"]}})
    assert rows(out, "main", "rd_intensity")["estimate"].isna().all()


def test_a_weight_of_a_thousand_million_makes_no_regression():
    panel = survey()
    panel.loc[0, "weight"] = 1e9
    out = released(panel, main={**OLS, "weights": "weight"})
    assert rows(out, "main")["estimate"].isna().all()


def test_a_regression_with_one_degree_of_freedom_is_withheld():
    panel = survey().head(4).assign(coop_any=flags([1, 0, 1, 0]))
    out = released(panel, main=OLS)
    assert rows(out, "main")["estimate"].isna().all()
    assert "4" not in "".join(rows(out, "main")["note"])


@pytest.mark.parametrize(("n", "told"), [(12, False), (13, True)])
def test_ten_degrees_of_freedom_are_enough(n, told):
    out = released(survey(n, seed=8), main={**OLS, "columns": {"any": ["diversity"]}})
    assert (rows(out, "main")["status"] == ESTIMATED).all() == told


def test_a_withheld_dummy_cannot_be_had_from_means_and_the_other_coefficients():
    panel = survey()
    panel["high_tech"] = flags([True] * 3 + [False] * 397)
    out = released(panel, main={**OLS, "columns": {"any": ["high_tech", "coop_any"]}})
    table = rows(out, "main").set_index("term")["estimate"]
    means = {v["variable"]: v["mean"] for v in sample_of(out, "main")["variables"]}
    unknown = [term for term in table.index if np.isnan(table[term])]
    # One equation, ȳ = b0 + Σ b x̄, whose mean of the dummy is unknown as well.
    assert {"Intercept", "high_tech"} <= set(unknown)
    assert means["high_tech"] is None


# --- D3, D11: tables and their margins --------------------------------------------------------


def rates_of(panel, partner="any"):
    out = released(panel)
    table = out.rates[out.rates["partner"] == partner]
    return out, table.set_index(["sector", "size"])


def test_one_services_firm_is_not_total_minus_manufacturing():
    panel = survey()
    panel.loc[0, ["section", "manufacturing"]] = "K", False
    _, table = rates_of(panel)
    whole, part = table.loc[(TOTAL, TOTAL), "firms"], table.loc[("manufacturing", TOTAL), "firms"]
    assert whole == 400
    assert pd.isna(part)


@pytest.mark.parametrize("seed", range(4))
def test_no_small_cell_of_the_rates_follows_from_the_others(seed):
    """Bounds of every cell, by linear programming on all counts and rates of one partner."""
    panel = survey(300, seed=seed)
    services = np.random.default_rng(seed).random(300) < 0.2
    panel.loc[services, "section"] = "K"
    panel.loc[services, "manufacturing"] = False
    _, table = rates_of(panel, "competitors")
    cells = list(itertools.product(SECTORS, SIZES, ("yes", "no")))
    equations, values = [], []

    def know(sector, size, answers, value):
        wanted = [
            float(sector in (TOTAL, a) and size in (TOTAL, b) and c in answers) for a, b, c in cells
        ]
        equations.append(wanted)
        values.append(float(value))

    for (sector, size), row in table.iterrows():
        if str(row["firms"]) != "<NA>":
            know(sector, size, ("yes", "no"), row["firms"])
            if not row["suppressed"]:
                know(sector, size, ("yes",), round(row["unweighted"] * row["firms"] / 100))
        elif not row["suppressed"]:
            raise AssertionError("a rate beside a withheld count")
    said = panel["coop_competitors"].fillna(False).to_numpy(dtype=bool)
    sector, size = sector_of(panel), size_of(panel)
    for j, (a, b, c) in enumerate(cells):
        truth = int(((sector == a) & (size == b) & (said == (c == "yes"))).sum())
        if 0 < truth < MINIMUM:
            cost = np.eye(len(cells))[j]
            low, high = (linprog(s * cost, A_eq=equations, b_eq=values).fun for s in (1, -1))
            assert high is None or -high - low > 0.5, (a, b, c, truth)


def test_one_cell_with_one_cooperator_takes_three_others():
    i = np.arange(900)
    panel = survey(900)
    panel["employees"] = np.select([i % 3 == 0, i % 3 == 1], [20, 100], 400).astype(float)
    panel["section"] = np.select([i < 300, i < 600], ["D", "C"], "K")
    panel["manufacturing"] = flags(i < 300)
    panel["coop_any"] = flags((i // 3) % 2)
    first = (i < 300) & (i % 3 == 0)
    panel.loc[first, "coop_any"] = False
    panel.loc[0, "coop_any"] = True
    _, table = rates_of(panel)
    inner = table.drop(index=TOTAL, level=0).drop(index=TOTAL, level=1)
    assert inner["suppressed"].sum() == 4
    assert inner.loc[("manufacturing", "10-49"), "suppressed"]


@pytest.mark.parametrize("answer", [True, False])
def test_a_sector_in_which_all_answer_alike_is_not_told(answer):
    panel = survey()
    panel.loc[:79, "section"] = "K"
    panel.loc[:79, "manufacturing"] = False
    panel.loc[:79, "coop_any"] = answer
    _, table = rates_of(panel)
    assert table.loc[("services", TOTAL), "suppressed"]
    assert (
        table.loc[("manufacturing", TOTAL), "suppressed"] or table.loc[(TOTAL, TOTAL), "suppressed"]
    )


# --- D4: table, figure and text of one sample -------------------------------------------------


def test_a_hidden_class_is_not_told_by_the_count_at_the_limit():
    panel = survey()
    panel["radical"] = np.clip(panel["radical"], 1, 99)
    panel.loc[:4, "radical"] = 0.0
    out = released(panel, main=TOBIT)
    cells = sample_of(out, "main")["distributions"]["radical"]
    assert cells[0]["suppressed"]
    assert rows(out, "main")["n_lower"].isna().all()
    assert out.estimates["main"].diagnostics["fits"][0]["n_lower"] is None
    assert variable_of(out, "main", "radical")["at_lower"] is None


def test_a_limit_that_all_but_few_reach_is_not_told():
    panel = survey()
    panel["radical"] = np.where(np.arange(400) < 394, 0.0, 40.0)
    out = released(panel, main=TOBIT)
    assert variable_of(out, "main", "radical")["at_lower"] is None
    assert rows(out, "main")["n_lower"].isna().all()


def test_classes_do_not_follow_from_the_sample():
    out = released(survey(), main=TOBIT)
    cells = sample_of(out, "main")["distributions"]["radical"]
    hidden = [c for c in cells if c["suppressed"]]
    known = sum(c["firms"] for c in cells if not c["suppressed"])
    assert len(hidden) != 1
    assert not hidden or 400 - known >= MINIMUM


# --- D5: thresholds ---------------------------------------------------------------------------


def settings(**changes):
    base = {"run": "r", "title": "t", "data": "real", "seed": 1, "models": ["m"]}
    return Settings.model_validate({**base, **changes})


@pytest.mark.parametrize("minimum", [1, 3, 9])
def test_a_low_minimum_is_refused_for_real_data(minimum, tmp_path):
    (problem,) = profile_problems(settings(minimum_cell=minimum), tmp_path)
    assert f"{minimum} is below 10" in problem.what


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"minimum_cell": 20},
        {"data": "synthetic", "minimum_cell": 3},
        {"disclosure": "public", "minimum_cell": 3},
    ],
)
def test_what_the_rules_allow_is_taken(changes, tmp_path):
    assert list(profile_problems(settings(**changes), tmp_path)) == []


def test_rules_that_do_not_exist_are_named(tmp_path):
    (problem,) = profile_problems(settings(disclosure="publik"), tmp_path)
    assert "publik" in problem.what
    assert "public" in problem.remedy


def test_three_firms_have_no_mean():
    panel = survey().head(3)
    out = released(panel, main=OLS)
    assert sample_of(out, "main")["n"] is None
    assert variable_of(out, "main", "profit_margin")["mean"] is None


# --- D6, D10: dominance, sameness, groups -----------------------------------------------------


@pytest.mark.parametrize(
    "values",
    [
        [1e6] + [1.0 + i / 100 for i in range(399)],
        [0.0] * 399 + [12.34567],
        [5.0] * 400,
        [0.0] * 393 + [3.0] * 7,
    ],
)
def test_means_of_one_firm_are_not_told(values):
    out = released(survey().assign(rd_intensity=values), main={**OLS, "controls": ["rd_intensity"]})
    found = variable_of(out, "main", "rd_intensity")
    assert found["mean"] is None
    assert found["sd"] is None


def test_a_weight_that_makes_the_mean_is_dominance():
    panel = survey()
    panel.loc[0, "weight"] = 1e9
    out = released(panel, main={**TOBIT, "weights": "weight"})
    for name in ("radical", "coop_any", "log_employees"):
        assert variable_of(out, "main", name)["mean"] is None, name
    assert variable_of(out, "main", "radical")["at_lower"] is None
    whole = (out.rates["sector"] == TOTAL) & (out.rates["size"] == TOTAL)
    assert out.rates.loc[whole, "suppressed"].all()


@pytest.mark.parametrize("answer", [True, False])
def test_a_flag_that_all_firms_share_has_no_mean(answer):
    out = released(
        survey().assign(high_tech=flags([answer] * 400)), main={**OLS, "controls": ["high_tech"]}
    )
    assert variable_of(out, "main", "high_tech")["mean"] is None


@pytest.mark.parametrize("yes", [1, 9, 391, 399])
def test_a_mean_of_yes_and_no_is_a_count(yes):
    said = flags([True] * yes + [False] * (400 - yes))
    out = released(survey().assign(high_tech=said), main={**OLS, "controls": ["high_tech"]})
    assert variable_of(out, "main", "high_tech")["mean"] is None


def test_a_correlation_of_two_flags_is_a_table():
    i = np.arange(400)
    panel = survey().assign(high_tech=flags(i < 200), group=flags((i < 195) | (i > 380)))
    out = released(panel, main={**OLS, "controls": ["high_tech", "group"]})
    sample = sample_of(out, "main")
    names = [v["variable"] for v in sample["variables"]]
    assert sample["correlations"][names.index("high_tech")][names.index("group")] is None


def test_a_correlation_with_a_flag_is_a_mean_among_those_who_say_yes():
    i = np.arange(400)
    panel = survey().assign(high_tech=flags(i < 50), rd_intensity=np.where(i < 50, 7.0, i / 10))
    out = released(panel, main={**OLS, "controls": ["high_tech", "rd_intensity"]})
    sample = sample_of(out, "main")
    names = [v["variable"] for v in sample["variables"]]
    assert sample["correlations"][names.index("high_tech")][names.index("rd_intensity")] is None


@pytest.mark.parametrize("kept", [True, False])
def test_an_industry_whose_firms_all_have_or_lack_accounts_is_not_told(kept):
    panel = survey()
    panel.loc[panel["industry"] == "cars", "has_accounts"] = kept
    out = released(panel)
    shares = {s["group"]: s for s in out.description["attrition"]["shares"]}
    assert shares["cars"]["suppressed"]
    assert shares["food"]["suppressed"] or shares["steel"]["suppressed"]


@pytest.mark.parametrize("few", [1, 4, 9])
def test_few_firms_without_accounts_are_not_told_by_the_total(few):
    panel = survey()
    panel["has_accounts"] = np.arange(400) >= few
    out = released(panel)
    assert all(s["suppressed"] for s in out.description["attrition"]["shares"] if s["by"] == "all")


def test_no_minimum_maximum_or_median_is_published():
    out = released(survey(), main=TOBIT)
    keys = {k for s in out.description["samples"] for v in s["variables"] for k in v}
    assert not {k for k in keys if k.startswith(("min", "max", "med", "q1", "q3", "p"))}


# --- D7, D8: everything outside microdata -----------------------------------------------------


def test_flow_steps_do_not_tell_of_one_firm():
    panel = survey()
    panel.loc[0, "log_employees"] = np.nan
    out = released(panel, main=OLS)
    flow = out.flow[out.flow["model"] == "main"]
    assert 399 not in flow["firms"].dropna().tolist()
    assert not flow["lost"].isin(range(1, MINIMUM)).any()
    assert not flow["lost_missing"].isin(range(1, MINIMUM)).any()


def test_a_quality_report_has_no_small_count():
    record = {
        "country": "BE",
        "wave": "W1",
        "reference_year": 2004,
        "rows": 403,
        "variables": {"turnover": {"valid": 398, "missing": 2, "missing_reasons": {"9": 2}}},
        "checks": {"c": {"failed": 2, "of": 398, "meaning": "m"}},
    }
    out = released(survey(), quality={"W1": record})
    told = out.quality["W1"]
    assert told["reference_year"] == 2004
    assert told["variables"]["turnover"] == {
        "valid": 400,
        "missing": 0,
        "missing_reasons": {"9": 0},
    }
    assert (told["checks"]["c"]["failed"], told["checks"]["c"]["of"]) == (0, 400)
    assert told["rounded_to"] == MINIMUM


def test_private_evidence_stays_inside():
    out = released(survey(), main=OLS, tobit=TOBIT)
    text = json.dumps([rounded(e.diagnostics) for e in out.estimates.values()])
    assert "evidence" not in text
    assert "support" not in text
    assert "leverage" not in text


def test_a_path_model_on_two_firms_does_not_say_two():
    panel = survey().head(2)
    spec = {
        **{key: OLS[key] for key in ("title", "source", "sample", "covariance")},
        "estimator": "path",
        "equations": {"profit_margin": ["diversity"]},
    }
    out = released(panel, main=spec)
    note = "".join(rows(out, "main")["note"])
    assert note
    assert "only 2" not in note
    assert "2 firms" not in note


def test_an_arrow_from_a_dummy_of_three_firms_withholds_the_system():
    panel = survey().assign(high_tech=flags([True] * 3 + [False] * 397))
    spec = {
        **{key: OLS[key] for key in ("title", "source", "sample", "covariance")},
        "estimator": "path",
        "equations": {"rd_intensity": ["high_tech"], "profit_margin": ["rd_intensity"]},
    }
    out = released(panel, main=spec)
    assert rows(out, "main")["estimate"].isna().all()
    assert "effects" not in out.estimates["main"].diagnostics["fits"][0]


def test_what_changes_within_two_firms_is_no_within_estimate():
    panel = survey(200, waves=("W1", "W2"))
    panel["high_tech"] = flags((np.arange(400) % 200) < 100)
    panel.loc[[0, 50], "high_tech"] = False
    spec = {
        **OLS,
        "estimator": "panel",
        "methods": ["within"],
        "columns": {"any": ["high_tech", "diversity"]},
        "controls": [],
        "wave_effects": True,
    }
    out = released(panel, main=spec)
    assert rows(out, "main", "high_tech")["estimate"].isna().all()
    assert rows(out, "main", "diversity")["estimate"].notna().all()


BY_SIZE = {
    **{key: OLS[key] for key in ("title", "source", "sample", "covariance")},
    "estimator": "balance",
    "equations": {
        "rd_intensity": ["diversity"],
        "protection": ["diversity"],
        "profit_margin": ["diversity", "rd_intensity", "protection"],
    },
    "balance": {
        "source": "diversity",
        "target": "profit_margin",
        "return_through": "rd_intensity",
        "cost_through": "protection",
    },
    "by": ["small"],
}


def test_a_difference_is_withheld_with_either_group_and_only_in_its_wave():
    panel = survey(200, waves=("W1", "W2"))
    alike = panel["wave"].eq("W2") & panel["small"]
    panel.loc[alike, "diversity"] = 2.0
    panel.loc[alike[alike].index[0], "diversity"] = 6.0  # the slope of its group is that firm's
    out = released(panel, main=BY_SIZE)
    costs = rows(out, "main", "cost").drop_duplicates(["wave", "column"])
    told = costs.set_index(["wave", "column"])
    assert pd.isna(told.loc[("W2", "raw | small"), "estimate"])
    assert pd.notna(told.loc[("W2", "raw | not small"), "estimate"])
    lost = told.loc[("W2", "raw | small minus not small")]
    assert pd.isna(lost["estimate"])
    assert lost["note"] == told.loc[("W2", "raw | small"), "note"]
    assert pd.notna(told.loc[("W1", "raw | small minus not small"), "estimate"])
    withheld = out.register["files"]["estimates/BE/main.csv"]["withheld"]
    places = [of["place"] for of in withheld if " minus " in of["place"]]
    assert places
    assert all(place.startswith("W2") for place in places)


def test_sizes_of_groups_do_not_tell_of_those_in_neither():
    panel = survey()
    panel.loc[[3, 7], "small"] = pd.NA
    table = rows(released(panel, main=BY_SIZE), "main").set_index("column")
    sizes = {c: table.loc[f"raw{c}", "n"].max() for c in ("", " | small", " | not small")}
    assert sizes[""] == 400
    assert any(pd.isna(n) for n in sizes.values())
    assert table.loc["raw | small", "estimate"].notna().any()


# --- what public data may ---------------------------------------------------------------------


def test_public_data_are_told_as_they_are():
    public = RULES.model_copy(
        update={"public": True, "minimum_cell": 1, "support": 1, "residual_df": 1, "leverage": 1.0}
    )
    public = public.model_copy(
        update={"p_percent": 0, "dominance": public.dominance.model_copy(update={"share": 100})}
    )
    panel = survey()
    panel.loc[[3, 7], "protection"] = np.nan
    panel.loc[5, "industry"] = "tobacco"
    extension = {**OLS, "columns": {"any": ["coop_any", "protection"]}}
    out = released(panel, public, main={**OLS, "fixed_effects": ["industry"]}, extension=extension)
    assert sample_of(out, "extension")["n"] == 398
    assert "C(industry)[T.tobacco]" in rows(out, "main")["term"].tolist()
    assert out.register["withheld"] == 0


# --- the register -----------------------------------------------------------------------------


def test_what_is_withheld_is_told_with_its_reason(nested):
    _, out = nested
    entry = out.register["files"]["estimates/BE/extension.csv"]
    assert entry["kind"] == "tobit estimates"
    assert any(w["statistic"] == "n" and w["why"] for w in entry["withheld"])
    assert out.register["rules"]["minimum_cell"] == MINIMUM
    assert out.register["shown"] > out.register["withheld"]


def test_the_register_tells_no_number_that_is_withheld(nested):
    _, out = nested
    assert "398" not in json.dumps(rounded(out.register))


def test_a_number_is_not_withheld_twice_differently(nested):
    """The same data withhold the same, whenever they are asked."""
    panel, out = nested
    extension = {**TOBIT, "columns": {"any": ["coop_any", "protection"]}}
    again = released(panel, main=TOBIT, extension=extension)
    assert json.dumps(rounded(again.register)) == json.dumps(rounded(out.register))


def test_a_profile_with_an_unknown_key_is_refused(tmp_path):
    file = tmp_path / "config" / "disclosure" / "mine.yaml"
    file.parent.mkdir(parents=True)
    file.write_text("title: t\ntext: t\nminimum_cel: 3\n", encoding="utf-8")
    with pytest.raises(CisflowError, match="minimum_cel"):
        profile_of(settings(disclosure="mine"), tmp_path)
