"""Firms followed over waves and countries that differ: large samples show what the truth says."""

import copy
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
import yaml

from cisflow.base.problems import CisflowError
from cisflow.simulate.extracts import (
    draw_cis2,
    draw_followed_accounts,
    draw_waves,
    load_truth,
    simulate_extracts,
    truth_of,
)
from cisflow.simulate.followed import regional_shifts
from cisflow.simulate.lags import lag_process, paths_by_lag
from cisflow.simulate.norta import implied_correlations
from cisflow.simulate.survey import name_firms
from cisflow.study.codebook_files import load_codebook
from cisflow.survey.ingest import ingest_wave

YEARS = {"CIS4": 2004, "CIS2006": 2006, "CIS2008": 2008, "CIS2010": 2010}
N = 12_000


@pytest.fixture(scope="module")
def truth(root):
    return load_truth(root / "config/truth/waves.yaml", root)


@pytest.fixture(scope="module")
def large(truth):
    """Four waves of innovating manufacturers and the accounts of all of them, nothing missing."""
    big = copy.deepcopy(truth)
    sizes = {wave: {"analysis": N} for wave in YEARS}
    big["sizes"] = {**sizes, "accounts_only": 0, "both_waves": 0}
    big["panel"]["has_accounts"] = {"intercept": 50.0, "log_employees": 0.0}
    big["accounts"]["not_available"] = 0.0
    rng = np.random.default_rng(11)
    waves = draw_waves(big, {wave: {} for wave in YEARS}, rng)
    name_firms(big, waves, "BE", rng)
    accounts = draw_followed_accounts(big, waves, YEARS, "BE", rng)
    accounts = accounts.assign(
        profit_margin=accounts["profit_before_tax"] / accounts["turnover"],
        personnel_cost_share=accounts["personnel_costs"] / accounts["value_added"],
    )
    return waves, accounts.set_index(["firm_id", "year"])


def at_lag(large, lag):
    """Firms of all waves with the ratios a number of years after each, standardised."""
    waves, accounts = large
    ratios = accounts[["profit_margin", "personnel_cost_share"]]
    parts = [
        firms.assign(year=YEARS[wave]).join(ratios.xs(YEARS[wave] + lag, level="year"), "firm_id")
        for wave, firms in waves.items()
        if YEARS[wave] + lag <= 2012
    ]
    firms = pd.concat(parts, ignore_index=True)
    names = ["diversity", "internal_investment", "innovation_strength", *ratios]
    return firms.assign(**((firms[names] - firms[names].mean()) / firms[names].std()))


def slopes(outcome, *regressors):
    return np.linalg.lstsq(np.column_stack(regressors), outcome, rcond=None)[0]


# Lags -----------------------------------------------------------------------------------------


def test_balance_turns_between_four_and_five_years(truth):
    balance = []
    for path in paths_by_lag(truth["path"]):
        names, correlations = implied_correlations(path)
        balance.append(correlations[names.index("diversity"), names.index("profit_margin")])
    # As the comments of config/truth/waves.yaml say.
    stated = [-0.1355, -0.1480, -0.1405, -0.0765, -0.0160, 0.0345, 0.0615]
    np.testing.assert_allclose(balance, stated, atol=5e-5)


@pytest.mark.parametrize("lag", range(7))
def test_each_lag_has_the_coefficients_of_the_path(truth, large, lag):
    firms = at_lag(large, lag)
    equation = paths_by_lag(truth["path"])[lag]["profit_margin"]
    found = slopes(firms["profit_margin"], *(firms[name] for name in equation))
    # 24,000 firms or more give errors of 0.006; many waves and size classes bend scores by 0.01.
    np.testing.assert_allclose(found, list(equation.values()), atol=0.03)
    direct = firms["personnel_cost_share"].corr(firms["diversity"])
    assert direct == pytest.approx(0.10, abs=0.03)


def test_survey_path_is_the_same_in_every_wave(truth, large):
    for firms in large[0].values():
        names = ["innovation_strength", "diversity", "internal_investment"]
        z = (firms[names] - firms[names].mean()) / firms[names].std()
        np.testing.assert_allclose(slopes(*(z[name] for name in names)), [0.30, 0.20], atol=0.05)
        assert firms["coop_any"].mean() == pytest.approx(0.483, abs=0.015)


def test_coefficients_that_leave_no_residual_and_uneven_lists_are_refused(truth):
    large = copy.deepcopy(truth)
    large["path"]["profit_margin"]["diversity"] = [-0.6] * 7
    with pytest.raises(CisflowError, match="over all waves in reach"):
        simulate_accounts(large)
    uneven = copy.deepcopy(truth)
    uneven["path"]["profit_margin"]["diversity"] = [-0.1, -0.1]
    with pytest.raises(CisflowError, match="one coefficient per lag"):
        lag_process(uneven)


def simulate_accounts(truth, seed=1):
    rng = np.random.default_rng(seed)
    waves = draw_waves(truth, {wave: {} for wave in YEARS}, rng)
    name_firms(truth, waves, "BE", rng)
    return waves, draw_followed_accounts(truth, waves, YEARS, "BE", rng)


# Firms ----------------------------------------------------------------------------------------


def test_firms_come_back_as_the_truth_says_and_stay_what_they_are(truth, large):
    waves = list(large[0].values())
    for before, after in pairwise(waves):
        assert not after["firm_id"].duplicated().any()
        both = after.merge(before, on="firm_id", suffixes=("", "_before"))
        assert len(both) == round(truth["panel"]["in_next_wave"] * N)
        assert (both["nace"] == both["nace_before"]).all()
        assert (both["region"] == both["region_before"]).all()
        assert (both["employees_lag2"] == both["employees_before"]).all()
        assert (both["turnover_lag2"] == both["turnover_before"]).all()
        assert both["diversity"].corr(both["diversity_before"]) > 0.15


def test_firm_effect_goes_with_diversity_and_margin(truth, large):
    rule = truth["panel"]["firm_effect"]
    waves, accounts = large
    firms = pd.concat(waves.values())
    # Exactly the truth's within a size class; cooperation rises with size besides.
    found = firms["firm_effect"].corr(firms["score_diversity"])
    assert found == pytest.approx(rule["diversity"], abs=0.03)
    effect = firms.drop_duplicates("firm_id").set_index("firm_id")["firm_effect"]
    for year in (2003, 2008, 2012):
        margins = accounts["profit_margin"].xs(year, level="year")
        assert margins.corr(effect) == pytest.approx(rule["profit_margin"], abs=0.02)


def test_pooled_within_and_instrumented_effects_are_the_stated_ones(large):
    """The numbers at lag 2 in the comments of config/truth/waves.yaml."""
    firms = at_lag(large, 2)
    x, y = firms["diversity"], firms["profit_margin"]
    pooled = slopes(y, x)[0]
    means = firms.groupby("firm_id")[["diversity", "profit_margin"]].transform("mean")
    within = slopes(y - means["profit_margin"], x - means["diversity"])[0]
    assert pooled == pytest.approx(-0.139, abs=0.015)
    assert within == pytest.approx(-0.100, abs=0.018)
    funded = firms[["fund_local", "fund_national", "fund_eu"]].max(axis=1)
    assert funded.corr(x) == pytest.approx(0.29, abs=0.03)
    cells = firms.groupby(["year", "nace", "region"])["coop_any"]
    peers = (cells.transform("sum") - firms["coop_any"]) / (cells.transform("size") - 1)
    assert peers.corr(firms["coop_any"]) == pytest.approx(0.33, abs=0.04)
    for instrument in (funded, peers):
        assert abs(instrument.corr(firms["firm_effect"])) < 0.025
        effect = instrument.cov(y) / instrument.cov(x)
        assert effect == pytest.approx(-0.10, abs=0.06)


def test_regional_shifts_leave_the_level_of_cooperation_alone(truth):
    shifts = regional_shifts(truth, np.random.default_rng(1))
    regions = pd.Series(truth["panel"]["regions"])
    for sector in ("manufacturing", "services"):
        divisions = pd.Series(truth["firms"][sector])
        weights = np.outer(regions, divisions) / (regions.sum() * divisions.sum())
        drawn = shifts.loc[regions.index, divisions.index].to_numpy()
        assert (weights * drawn).sum() == pytest.approx(0, abs=1e-12)
        assert (weights * drawn**2).sum() == pytest.approx(1)


def test_small_firms_are_lost_from_the_accounts(truth):
    """A logit of being in the accounts finds the truth's intercept and slope."""
    from cisflow.estimators.regression.models import Logit

    big = copy.deepcopy(truth)
    big["sizes"] = {"CIS4": {"analysis": 15_000}, "accounts_only": 0, "both_waves": 0}
    rng = np.random.default_rng(3)
    waves = draw_waves(big, {"CIS4": {}}, rng)
    name_firms(big, waves, "BE", rng)
    accounts = draw_followed_accounts(big, waves, YEARS, "BE", rng)
    firms = waves["CIS4"]
    firms["here"] = firms["firm_id"].isin(accounts["firm_id"]).astype(float)
    fit = Logit.from_formula("here ~ log_employees", firms).fit("HC1")
    rule = truth["panel"]["has_accounts"]
    wanted = pd.Series({"Intercept": rule["intercept"], "log_employees": rule["log_employees"]})
    z = (fit.params[wanted.index] - wanted) / fit.bse[wanted.index]
    assert z.abs().max() < 4


# Countries ------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def europe(root):
    return yaml.safe_load((root / "config/truth/europe.yaml").read_text())


def test_country_effects_have_the_stated_mean_and_spread(europe):
    for outcome, term, mean in (
        ("incremental", "coop_exploitative", 9.0),
        ("radical", "coop_exploratory", 10.0),
    ):
        effects = [c["tobit"][outcome][term] for c in europe["countries"].values()]
        assert len(effects) == 12
        assert np.mean(effects) == pytest.approx(mean, abs=0.05)
        assert np.std(effects, ddof=1) == pytest.approx(4.0, abs=0.05)


@pytest.mark.parametrize("country", ["BE", "FI"])
def test_country_effects_are_found_again(root, europe, country):
    from cisflow.estimators import Tobit

    truth = truth_of(europe, country, root)
    assert truth["tobit"]["incremental"]["sigma"] == 33.0  # taken over from Flanders
    firms = draw_cis2(truth, np.random.default_rng(5), 30_000)
    industry = pd.get_dummies(firms["nace"], drop_first=True, dtype=float)
    terms = ["coop_exploitative", "coop_exploratory", "log_employees", "rd_intensity", "group"]
    X = pd.concat([firms[terms].astype(float).assign(intercept=1.0), industry], axis=1)
    for outcome in ("incremental", "radical"):
        fit = Tobit(firms[outcome], X, lower=0, upper=100).fit(cov_type="nonrobust")
        wanted = pd.Series({term: truth["tobit"][outcome][term] for term in terms})
        z = (fit.params[terms] - wanted) / fit.bse[terms]
        assert z.abs().max() < 4


def test_later_waves_follow_the_tobit_where_novelty_is_null(root, europe):
    truth = copy.deepcopy(truth_of(europe, "BE", root))
    truth["sizes"] = {"CIS2010": {"analysis": 200}, "both_waves": 0, "accounts_only": 0}
    firms = draw_waves(truth, {"CIS2010": {}}, np.random.default_rng(0))["CIS2010"]
    assert (firms["share_new_firm"] == firms["incremental"]).all()
    assert (firms["share_new_market"] == firms["radical"]).all()
    shares = ["share_unchanged", "share_new_firm", "share_new_market"]
    assert (firms[shares].sum(axis=1) == 100).all()


# Truths that extend others --------------------------------------------------------------------


def test_overlay_replaces_leaves_and_keeps_the_rest(root):
    flanders = load_truth(root / "config/truth/flanders.yaml", root)
    document = {
        "title": "X",
        "extends": "config/truth/flanders.yaml",
        "changes": {"tobit": {"radical": {"sigma": 20.0}}},
        "countries": {"NL": {"tobit": {"radical": {"group": 2.0}}}},
    }
    for country, group in (("NL", 2.0), ("BE", 1.0)):
        truth = truth_of(document, country, root)
        assert truth["title"] == "X"
        assert truth["tobit"]["radical"] == {
            **flanders["tobit"]["radical"],
            "sigma": 20.0,
            "group": group,
        }
        assert truth["answers"] == flanders["answers"]
    assert flanders["tobit"]["radical"]["sigma"] == 31.0


def test_mistakes_in_overlays_are_refused(root, tmp_path):
    document = {
        "title": "X",
        "extends": "config/truth/flanders.yaml",
        "countries": {"NL": {"tobit": {"radical": {"coop_explorative": 2.0}}}},
    }
    with pytest.raises(CisflowError, match="unknown key `coop_explorative`"):
        truth_of(document, "NL", root)
    file = tmp_path / "self.yaml"
    file.write_text(yaml.safe_dump({"title": "X", "extends": str(file)}))
    with pytest.raises(CisflowError, match="extends itself"):
        load_truth(file, root)
    file.write_text(yaml.safe_dump({"title": "X", "extends": "y.yaml", "tobit": {}}))
    with pytest.raises(CisflowError, match="unknown key `tobit`"):
        load_truth(file, root)


# Files ----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def tiny(truth):
    small = copy.deepcopy(truth)
    for wave in YEARS:
        small["sizes"][wave] = dict.fromkeys(small["sizes"][wave], 8)
    small["sizes"]["accounts_only"] = 4
    return small


def book(root, name):
    return load_codebook(name, [root / "config/codebooks"])


def test_same_seed_same_bytes(root, tiny, tmp_path):
    books = {wave: book(root, f"synthetic/regions_{wave.lower()}") for wave in YEARS}
    accounts = book(root, "accounts/belfirst")

    def run(name, seed):
        endings = ("sav", "dta", "csv", "parquet")
        files = {w: tmp_path / name / f"{w}.{e}" for w, e in zip(YEARS, endings, strict=True)}
        files["accounts"] = tmp_path / name / "accounts.xlsx"
        simulate_extracts(tiny, books, accounts, seed, files)
        return [file.read_bytes() for file in files.values()]

    first = run("a", 1)
    assert first == run("b", 1)
    assert all(x != y for x, y in zip(first, run("c", 2), strict=True))


@pytest.mark.parametrize(
    ("codebook", "ending"),
    [
        ("eurostat/cis2010", "parquet"),
        ("eurostat/cis2010", "tsv"),
        ("eurostat/cis2010", "txt"),
        ("eurostat/cis2010_suf", "dta"),
        ("eurostat/cis2014", "xlsx"),
        ("synthetic/semicolon_cis2012", "csv"),
        ("synthetic/regions_cis2008", "sav"),
    ],
)
def test_codebook_reads_back_what_was_simulated(root, europe, tiny, tmp_path, codebook, ending):
    """Through file and codebook to canonical records: answers are those that were drawn."""
    loaded = book(root, codebook)
    truth = copy.deepcopy(tiny if "regions" in codebook else truth_of(europe, "BE", root))
    truth["sizes"] = {"W": {"analysis": 60, "not_innovative": 20}, "both_waves": 0}
    truth["sizes"]["accounts_only"] = 0
    file = tmp_path / f"w.{ending}"
    simulate_extracts(truth, {"W": loaded}, None, 4, {"W": file}, "BE")
    firms, _ = ingest_wave(file, loaded, "BE", "W")
    rng = np.random.default_rng([4, *b"BE"])
    drawn = draw_waves(truth, {"W": loaded.variables}, rng)
    name_firms(truth, drawn, "BE", rng)
    true = drawn["W"].set_index("firm_id").loc[firms["firm_id"]]
    complete = (true["status"] == "analysis").to_numpy()
    assert complete.sum() == 60
    assert set(firms.loc[complete, "section"]) == {"C"}  # manufacturing in NACE Rev. 2
    exact = ["group", "coop_any", "share_new_firm", "share_new_market", "weight"]
    cells = [c for c in true if c.startswith("coop_") and c.endswith(("domestic", "foreign"))]
    for name in [*exact, *cells]:
        asked = complete & ((true["coop_any"] == 1).to_numpy() | (name not in cells))
        got, wanted = (frame.loc[asked, name].astype(float) for frame in (firms, true))
        np.testing.assert_allclose(got, wanted, err_msg=name)
    said = firms["turnover"].notna().to_numpy()
    np.testing.assert_allclose(firms.loc[said, "turnover"], true.loc[said, "turnover"], atol=1000)
    if "suf" in codebook:
        assert set(firms["size_class"]) <= {"10-49", "50-249", "250+"}
        assert firms["employees"].isna().all()
    else:
        assert (firms["employees"].to_numpy() == true["employees"].to_numpy()).all()
    if "regions" in codebook:
        assert (firms["region"].to_numpy() == true["region"].to_numpy()).all()
