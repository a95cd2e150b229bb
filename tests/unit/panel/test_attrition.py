"""Who is lost between survey and accounts: told, never of a few firms; and how tables say it."""

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from disclosed import losses_told, selectivity_of
from made_up_findings import SETTINGS, make_findings

from cisflow.base.records import rounded
from cisflow.panel.attrition import JOINT, accounts_weights
from cisflow.publication.tables.attrition import attrition_lags_table, attrition_table
from cisflow.publication.tables.notes import accounts_note, uses_accounts
from cisflow.publication.tables.paths import path_table


def panel(n=400, lost=0.4, seed=3):
    rng = np.random.default_rng(seed)
    size = np.exp(rng.normal(4, 1, n))
    return pd.DataFrame(
        {
            "wave": "W",
            "employees": size,
            "log_employees": np.log(size),
            "rd_intensity": rng.uniform(0, 9, n),
            "asked_spending": True,
            "group": pd.array(rng.uniform(size=n) < 0.5, dtype="boolean"),
            "industry": pd.array(rng.choice(["Wood", "Paper"], n), dtype="string"),
            "has_accounts": rng.uniform(size=n) > lost,
        }
    )


def test_the_record_of_a_country_is_json_and_adds_up():
    firms = panel()
    record = json.loads(json.dumps(rounded(losses_told(firms))))
    everyone = record["shares"][0]
    assert (everyone["by"], everyone["firms"]) == ("all", 400)
    assert everyone["with_accounts"] == firms["has_accounts"].sum()
    for by in ("size", "industry"):
        assert sum(row["firms"] for row in record["shares"] if row["by"] == by) == 400
    joint = record["selectivity"][-1]
    assert (joint["term"], joint["df"], joint["n"]) == (JOINT, 4, 400)


def test_a_few_firms_without_an_answer_are_left_out_and_not_counted():
    firms = panel()
    firms.loc[:1, "rd_intensity"] = np.nan
    record = losses_told(firms)
    assert {row["n"] for row in record["selectivity"]} == {None}
    assert {row["n"] for row in losses_told(firms, minimum=2)["selectivity"]} == {398}


def silent_panel():
    """Return 1,200 firms: a third was not asked for R&D and loses accounts, a few did not answer.

    Among those asked, accounts are lost by chance.
    """
    firms = panel(n=1200)
    rng = np.random.default_rng(8)
    asked = np.arange(1200) >= 400
    firms["asked_spending"] = asked
    firms.loc[~asked, "rd_intensity"] = np.nan
    firms.loc[np.arange(1200) >= 1100, "rd_intensity"] = np.nan
    firms["has_accounts"] = rng.uniform(size=1200) < np.where(asked, 0.8, 0.5)
    return firms


def test_who_was_not_asked_stays_in_the_test_and_is_told_from_who_did_not_answer():
    firms = silent_panel()
    table = selectivity_of(firms).set_index("term")
    assert table["n"].eq(1200).all()
    odds = np.log(0.5 / 0.5) - np.log(0.8 / 0.2)
    not_asked = table.loc["rd_intensity_not_asked"]
    assert abs(not_asked["estimate"] - odds) < 3 * not_asked["std_error"]
    assert abs(table.loc["rd_intensity_not_answered", "statistic"]) < 3
    assert table.loc[JOINT, "p_value"] < 1e-10
    assert table.loc[JOINT, "df"] == 6  # size, R&D and its two dummies, group, an industry
    answered = firms[firms["rd_intensity"].notna()]
    assert selectivity_of(answered).set_index("term").loc[JOINT, "p_value"] > 0.01


def test_the_logit_is_that_of_statsmodels_on_means_and_dummies():
    import statsmodels.api as sm

    firms = silent_panel()
    known = firms["rd_intensity"]
    design = pd.DataFrame(
        {
            "Intercept": 1.0,
            "log_employees": firms["log_employees"],
            "rd_intensity": known.fillna(known.mean()),
            "rd_intensity_not_asked": (known.isna() & ~firms["asked_spending"]).astype(float),
            "rd_intensity_not_answered": (known.isna() & firms["asked_spending"]).astype(float),
            "group": firms["group"].astype(float),
            "wood": (firms["industry"] == firms["industry"].value_counts().index[1]).astype(float),
        }
    )
    fit = sm.Logit(firms["has_accounts"].astype(float), design).fit(disp=0)
    table = selectivity_of(firms).set_index("term")
    for name in design.columns.drop("wood"):
        assert table.loc[name, "estimate"] == pytest.approx(fit.params[name], abs=1e-7)


def test_weights_reach_firms_that_were_not_asked():
    firms = silent_panel()
    weights = accounts_weights(firms)
    assert weights.notna().eq(firms["has_accounts"]).all()
    kept = firms[firms["has_accounts"]]
    shares = np.average(~kept["asked_spending"], weights=weights[kept.index])
    assert shares == pytest.approx(400 / 1200, abs=0.002)
    assert (~kept["asked_spending"]).mean() < 0.28


def test_too_few_who_were_not_asked_are_taken_together_with_who_did_not_answer():
    firms = panel()
    gaps = firms.index[:40]
    firms.loc[gaps, "rd_intensity"] = np.nan
    firms.loc[gaps[:2], "asked_spending"] = False
    table = selectivity_of(firms)
    assert "rd_intensity_unknown" in set(table["term"])
    assert not table["term"].str.contains("_not_").any()
    assert table["n"].eq(400).all()


def scanned_panel():
    """Return firms that lose accounts by chance after a year, and by size after three."""
    firms = silent_panel()
    rng = np.random.default_rng(9)
    chance = 1 / (1 + np.exp(-1.5 * (firms["log_employees"] - 4)))
    for lag, has in ((1, rng.uniform(size=1200) < 0.8), (3, rng.uniform(size=1200) < chance)):
        firms[f"profit_margin_lag{lag}"] = np.where(has, 0.1, np.nan)
        firms[f"personnel_cost_share_lag{lag}"] = np.where(has, 0.6, np.nan)
    return firms


def test_each_lag_of_a_scan_has_its_own_loss_and_test():
    firms = scanned_panel()
    record = losses_told(firms, lags=[1, 3])
    at = {one["lag"]: one for one in record["lags"]}
    for lag in (1, 3):
        (everyone,) = at[lag]["shares"]
        assert everyone["with_accounts"] == firms[f"profit_margin_lag{lag}"].notna().sum()
        alone = firms.assign(has_accounts=firms[f"profit_margin_lag{lag}"].notna())
        assert at[lag]["selectivity"] == losses_told(alone)["selectivity"]
    joint = {lag: one["selectivity"][-1]["p_value"] for lag, one in at.items()}
    assert joint[3] < 1e-10 < 0.01 < joint[1]
    assert losses_told(firms, lags=[2])["lags"] == []  # the run's own lag has it all


def test_without_any_accounts_there_is_nothing_to_tell():
    record = losses_told(pd.concat([panel(lost=1.0).assign(wave="V"), panel()]))
    assert {row["wave"] for row in record["shares"]} == {"W"}
    why = [row["note"] for row in record["selectivity"] if row["wave"] == "V"]
    assert why == ["no firm of the wave has accounts"]
    assert losses_told(panel(lost=1.0))["shares"] == []


# --- in print ----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def findings():
    return make_findings(SETTINGS)


def test_the_table_shows_shares_and_the_notes_who_is_lost(findings):
    table = attrition_table(findings, "BE")
    assert table.frame.loc[("All", "All firms")].tolist() == ["1,640", "1,200", "73.2"] * 2
    assert set(table.frame.loc[("Industry", "Wood")]) == {"c"}
    assert "both known 2 years later" in table.notes
    assert (
        "CIS2: employees (log) 0.500*** (0.100), and industry dummies; all terms jointly: "
        "χ²(2) = 27.5, p < 0.001; 1,580 firms." in table.notes
    )
    assert "CIS4: not estimable, no firm without." in table.notes


def test_the_table_says_when_no_model_is_weighted_for_the_loss(findings):
    models = {name: spec for name, spec in findings.models.items() if spec.weights is None}
    notes = attrition_table(replace(findings, models=models), "BE").notes
    assert "No model of this run is weighted for the loss." in notes


def test_the_table_of_a_scan_has_a_line_per_wave_and_lag(findings):
    tests = findings.attrition["BE"]["selectivity"]
    shares = [row for row in findings.attrition["BE"]["shares"] if row["by"] == "all"]
    lags = [
        {"lag": 0, "shares": shares, "selectivity": tests},
        {"lag": 6, "shares": [], "selectivity": [{**t, "estimate": None} for t in tests]},
    ]
    attrition = {"BE": {**findings.attrition["BE"], "lags": lags}}
    table = attrition_lags_table(replace(findings, attrition=attrition), "BE")
    same_year = table.frame.loc[("CIS2", "In the same year")]
    assert same_year["With accounts"] == "1,200"
    assert same_year["Employees (log)"] == "0.50***\n(0.10)"
    assert same_year["χ² (d.f.)"] == "27.5 (2)"
    assert same_year["p"] == "< 0.001"
    later = table.frame.loc[("CIS2", "6 years later")]
    assert later.tolist() == ["", "0", "0.0", *["n.e."] * 5]
    assert "n.e.: not estimable" in table.notes


def test_the_table_names_models_weighted_for_the_loss(findings):
    models = findings.models
    spec = models["faems2010_direct"].model_copy(update={"weights": "accounts_weight"})
    weighted = replace(findings, models={**models, "faems2010_direct": spec})
    notes = attrition_table(weighted, "BE").notes
    beside = models["two_year_balance_attrition"].title
    assert f"inverse probability of having accounts: “{spec.title}”, “{beside}”." in notes


def test_notes_say_how_the_ratios_were_made(findings):
    spec = findings.models["faems2010_direct"]
    plain = "Ratios of the accounts are of the year 2 after the survey’s, not winsorised, "
    assert accounts_note(findings, "BE", spec) == f"{plain}from amounts in current prices."
    countries = {
        "BE": {
            **SETTINGS["countries"]["BE"],
            "accounts": {
                "file": "x",
                "codebook": "y",
                "deflator": {"file": "z", "base_year": 2005},
            },
        }
    }
    treated = {
        **SETTINGS,
        "countries": countries,
        "lag_average": 2,
        "accounts_outcomes": {"winsorise": 0.01},
    }
    note = accounts_note(replace(findings, settings=treated), "BE", spec)
    assert "means of the 2 years up to year 2 after the survey’s" in note
    assert "winsorised at 1 % in each tail of a year" in note
    assert "prices of 2005" in note
    table = path_table(findings, "BE", "CIS4", ["faems2010_direct"])
    assert plain in table.notes


def test_models_of_the_survey_alone_say_nothing_of_accounts(findings):
    survey = findings.models["faems2005"]
    assert not uses_accounts(survey)
    assert accounts_note(findings, "BE", survey) == ""
    at_lag = survey.model_copy(update={"outcomes": ("profit_margin_lag3",)})
    assert uses_accounts(at_lag)
