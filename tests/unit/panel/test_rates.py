"""Weighted cooperation rates: R's survey package, disclosure, official tables."""

import numpy as np
import pandas as pd
import pytest
from disclosed import rates_of

from cisflow.base.problems import CisflowError
from cisflow.base.records import write_table
from cisflow.panel.rates import (
    RATES,
    compared,
    ratio,
    read_official_rates,
    sector_of,
    size_of,
)
from cisflow.study.canonical import PARTNERS


def survey():
    i = np.arange(120)
    weight, yes = 1.0 + (i * i % 11) / 2 + i % 7, ((i * 3) % 5 < 2).astype(float)
    return yes, (i % 4) != 1, weight, i % 7


# R 4.2.2, survey 4.1.1, options(survey.lonely.psu = "adjust"):
# svymean(~yes, subset(svydesign(~1, strata = ~stratum, weights = ~weight, fpc = ~N), domain))
def test_strata_and_finite_population_as_in_the_survey_package():
    rate, error = ratio(*survey())
    assert rate == pytest.approx(0.3994439295644115, rel=1e-13)
    assert error == pytest.approx(0.0525752674437383, rel=1e-12)


def test_without_strata_as_in_the_survey_package():
    yes, domain, weight, _ = survey()
    assert ratio(yes, domain, weight, None)[1] == pytest.approx(0.0557958869714647, rel=1e-12)


def test_a_stratum_of_one_firm_as_in_the_survey_package():
    yes, domain, weight, strata = survey()
    more = np.r_[yes, 1], np.r_[domain, True], np.r_[weight, 5], np.r_[strata, 7]
    rate, error = ratio(*more)
    assert rate == pytest.approx(0.4049586776859504, rel=1e-13)
    assert error == pytest.approx(0.0523247095804259, rel=1e-12)


def test_a_census_has_no_sampling_error():
    yes, domain, _, strata = survey()
    assert ratio(yes, domain, np.ones(120), strata)[1] == 0


def test_intervals_cover_the_rate_of_a_stratified_population():
    rng = np.random.default_rng(4)
    sizes = np.array([400, 200, 60])
    strata = np.repeat([0, 1, 2], sizes)
    yes = (rng.random(660) < np.array([0.2, 0.5, 0.8])[strata]).astype(float)
    inside = np.ones(90, dtype=bool)
    weight = np.repeat(sizes / 30, 30)
    covered = []
    for _ in range(2000):
        rows = np.concatenate(
            [rng.choice(np.flatnonzero(strata == h), 30, False) for h in range(3)]
        )
        rate, error = ratio(yes[rows], inside, weight, strata[rows])
        covered.append(abs(rate - yes.mean()) < 1.96 * error)
    assert 0.93 < np.mean(covered) < 0.965


def panel(n=400, seed=1):
    rng = np.random.default_rng(seed)
    any_partner = rng.random(n) < 0.4
    answers = {f"coop_{p}": any_partner & (rng.random(n) < 0.5) for p in PARTNERS}
    return pd.DataFrame(
        {
            "wave": "CIS4",
            "innovation_active": pd.array(np.ones(n, bool), "boolean"),
            "asked_cooperation": True,
            "section": rng.choice(["D", "E", "G", "K"], n),
            "employees": pd.array(rng.choice([20, 100, 400], n), "Int64"),
            "weight": rng.uniform(1, 9, n),
            "coop_any": pd.array(any_partner, "boolean"),
            **{k: pd.array(v, "boolean") for k, v in answers.items()},
        }
    ).assign(manufacturing=lambda t: pd.array(t["section"] == "D", "boolean"))


def cell(rates, sector, size, partner="any"):
    key = (rates["sector"] == sector) & (rates["size"] == size) & (rates["partner"] == partner)
    return rates[key].iloc[0]


def test_rates_are_shares_of_the_weighted_firms():
    firms = panel()
    rates = rates_of(firms)
    assert list(rates) == [*RATES.columns, "suppressed"]
    part = firms[firms["manufacturing"] & (firms["employees"] == 100)]
    found = cell(rates, "manufacturing", "50-249", "suppliers")
    wanted = np.average(part["coop_suppliers"].astype(float), weights=part["weight"])
    assert found["rate"] == pytest.approx(100 * wanted)
    assert found["unweighted"] == pytest.approx(100 * part["coop_suppliers"].mean())
    assert found["firms"] == len(part)
    assert found["design"] == "weighted"


def test_the_design_is_the_one_the_file_has():
    firms = panel()
    assert rates_of(firms.assign(weight=np.nan))["design"].eq("unweighted").all()
    firms["stratum"] = firms["section"]
    firms["weight"] = firms.groupby("stratum")["weight"].transform("mean")
    stratified = rates_of(firms)
    assert stratified["design"].eq("stratified").all()
    plain = rates_of(firms.drop(columns="stratum"))
    here = ("total", "total")
    assert cell(stratified, *here)["std_error"] < cell(plain, *here)["std_error"]


def test_firms_not_asked_and_not_innovative_do_not_count():
    firms = panel()
    firms.loc[:99, "innovation_active"] = False
    firms.loc[100:149, "asked_cooperation"] = False
    firms.loc[150:159, "coop_any"] = pd.NA
    assert cell(rates_of(firms), "total", "total")["firms"] == 240


def test_what_few_firms_answer_is_withheld_and_cannot_be_worked_out():
    firms = panel()
    few = firms["manufacturing"] & (firms["employees"] == 400)
    firms.loc[few, "coop_any"] = False
    firms.loc[firms[few].index[:2], "coop_any"] = True
    rates = rates_of(firms).query("partner == 'any'")
    assert cell(rates, "manufacturing", "250+")["suppressed"]
    assert np.isnan(cell(rates, "manufacturing", "250+")["rate"])
    inner = rates[(rates["sector"] != "total") & (rates["size"] != "total")]
    for along in ("sector", "size"):
        hidden = inner.groupby(along)["suppressed"].sum()
        assert (hidden != 1).all()  # a single one could be had from the margin
    assert not cell(rates, "total", "total")["suppressed"]


def test_sectors_mean_the_same_in_both_classifications():
    firms = pd.DataFrame({"section": ["C", "D", "E", "G", "F", None]})
    firms["manufacturing"] = pd.array([False, True, False, False, False, None], "boolean")
    rev1 = ["other industry", "manufacturing", "other industry", "services", "", ""]
    assert list(sector_of(firms)) == rev1
    firms["manufacturing"] = pd.array([True, False, False, False, False, None], "boolean")
    assert list(sector_of(firms))[:3] == ["manufacturing", "other industry", "other industry"]


def test_a_size_class_serves_where_employees_are_not_told():
    firms = pd.DataFrame({"employees": pd.array([49, 50, None, None], "Int64")})
    firms["size_class"] = ["250+", None, "250+", None]
    assert list(size_of(firms)) == ["10-49", "50-249", "250+", ""]


def official(tmp_path, text):
    file = tmp_path / "official.csv"
    file.write_text("wave,sector,size,partner,rate\n" + text)
    return file


def test_official_rates_stand_beside_the_estimates(tmp_path):
    file = official(tmp_path, "CIS4,total,total,any,41.5\nCIS4,manufacturing,10-49,any,30\n")
    rates = rates_of(panel())
    both = compared(rates, read_official_rates(file))
    row = cell(both, "total", "total")
    assert row["official"] == 41.5
    assert row["difference"] == pytest.approx(row["rate"] - 41.5)
    assert both["official"].notna().sum() == 2


def test_all_that_is_wrong_with_an_official_table_is_said_at_once(tmp_path):
    file = official(tmp_path, "CIS4,farming,total,any,41\nCIS4,total,total,any,141\n" * 2)
    with pytest.raises(CisflowError) as error:
        read_official_rates(file)
    said = str(error.value)
    for what in ("`farming`", "2 of 4 rows are no percentage", "stands there twice"):
        assert what in said


def test_written_and_read_again(tmp_path):
    rates = rates_of(panel().assign(wave="2010")).assign(country="NA")
    write_table(rates, tmp_path / "NA.csv", "SYNTHETIC")
    again = RATES.read([tmp_path / "NA.csv"])
    assert again["country"].eq("NA").all()
    assert again["wave"].eq("2010").all()
    np.testing.assert_allclose(again["rate"], rates["rate"])
