"""Synthetic extracts: the truth is in the population, the sizes and filters are in the files."""

import copy

import numpy as np
import pandas as pd
import pyreadstat
import pytest
import yaml
from python_calamine import CalamineWorkbook

from cisflow.base.problems import CisflowError
from cisflow.simulate.cooperation import diversity_distribution, size_class
from cisflow.simulate.extracts import (
    draw_cis2,
    draw_cis4,
    implied_correlations,
    load_truth,
    simulate_extracts,
)
from cisflow.simulate.norta import margin, score_correlations
from cisflow.simulate.shares import coupled_errors
from cisflow.simulate.survey import draw_wave
from cisflow.study.canonical import PARTNERS
from cisflow.study.codebook_files import load_codebook

FILES = {"CIS2": "cis2.sav", "CIS4": "cis4.dta", "accounts": "accounts.xlsx"}
PATH = (
    "diversity",
    "internal_investment",
    "innovation_strength",
    "personnel_cost_share",
    "profit_margin",
)
CELLS = [f"CO{partner}{place}" for partner in range(1, 8) for place in range(1, 5)]


@pytest.fixture(scope="module")
def truth(root):
    return load_truth(root / "config/truth/flanders.yaml", root)


@pytest.fixture(scope="module")
def codebooks(root):
    folders = [root / "config/codebooks"]
    return {wave: load_codebook(f"eurostat/{wave.lower()}", folders) for wave in ("CIS2", "CIS4")}


@pytest.fixture(scope="module")
def belfirst(root):
    return load_codebook("accounts/belfirst", [root / "config/codebooks"])


@pytest.fixture(scope="module")
def folder(truth, codebooks, belfirst, tmp_path_factory):
    out = tmp_path_factory.mktemp("extracts")
    files = {key: out / name for key, name in FILES.items()}
    simulate_extracts(truth, codebooks, belfirst, 7, files)
    return out


@pytest.fixture(scope="module")
def cis2(folder):
    return pyreadstat.read_sav(folder / "cis2.sav")


@pytest.fixture(scope="module")
def cis4(folder):
    return pyreadstat.read_dta(folder / "cis4.dta")


@pytest.fixture(scope="module")
def accounts(folder):
    rows = CalamineWorkbook.from_path(folder / "accounts.xlsx").get_sheet_by_name("Results")
    header, *body = rows.to_python()
    return pd.DataFrame(body, columns=header)


@pytest.fixture(scope="module")
def tiny(truth):
    small = copy.deepcopy(truth)
    for wave in ("CIS2", "CIS4"):
        small["sizes"][wave] = dict.fromkeys(small["sizes"][wave], 6)
    return {**small, "sizes": {**small["sizes"], "both_waves": 5, "accounts_only": 4}}


@pytest.fixture(scope="module")
def many_cis2(truth):
    return draw_cis2(truth, np.random.default_rng(1), 120_000)


@pytest.fixture(scope="module")
def many_cis4(truth):
    return draw_cis4(truth, np.random.default_rng(2), 240_000)


# What is in the population -----------------------------------------------------------------------


def test_observed_variables_have_the_correlations_of_the_path(truth, many_cis4):
    names, wanted = implied_correlations(truth["path"])
    assert tuple(names) == PATH
    batches = np.array_split(many_cis4[list(PATH)].to_numpy(), 24)
    found = np.array([np.corrcoef(batch.T) for batch in batches])
    # R&D has a long tail: its correlations' error is taken from the batches, not from a formula.
    error = found.std(axis=0, ddof=1) / np.sqrt(len(batches)) + np.eye(5)
    z = (found.mean(axis=0) - wanted) / error
    assert np.abs(z).max() < 4


def test_path_coefficients_are_those_of_figure_1(truth, many_cis4):
    standard = (many_cis4[list(PATH)] - many_cis4[list(PATH)].mean()) / many_cis4[list(PATH)].std()
    for target, equation in truth["path"].items():
        X = standard[list(equation)].to_numpy()
        found, *_ = np.linalg.lstsq(X, standard[target].to_numpy(), rcond=None)
        # 240,000 firms: a standard error of 0.002 to 0.003.
        np.testing.assert_allclose(found, list(equation.values()), atol=0.012)


def test_implied_total_effect_is_that_of_the_review(truth):
    p = truth["path"]
    m = p["profit_margin"]
    strength = p["innovation_strength"]
    through_strength = strength["diversity"] + (
        p["internal_investment"]["diversity"] * strength["internal_investment"]
    )
    total = (
        m["diversity"]
        + through_strength * m["innovation_strength"]
        + p["personnel_cost_share"]["diversity"] * m["personnel_cost_share"]
    )
    assert total == pytest.approx(-0.0845, abs=5e-5)
    names, correlations = implied_correlations(p)
    assert correlations[names.index("profit_margin"), 0] == pytest.approx(total)


def test_score_correlation_of_lognormals_is_the_known_one():
    a = {"kind": "lognormal", "median": 1.0, "log_sd": 0.8}
    b = {"kind": "lognormal", "median": 3.0, "log_sd": 0.5}
    r = 0.4
    wanted = (np.exp(r * 0.8 * 0.5) - 1) / np.sqrt((np.exp(0.64) - 1) * (np.exp(0.25) - 1))
    found = score_correlations([margin(a), margin(b)], np.array([[1, wanted], [wanted, 1]]))
    assert found[0, 1] == pytest.approx(r, abs=1e-6)


def test_impossible_correlation_and_impossible_path_are_refused():
    rare = {"kind": "share", "zero": 0.99, "full": 0.0, "alpha": 1.0, "beta": 1.0}
    common = {"kind": "normal", "mean": 0.0, "sd": 1.0}
    with pytest.raises(CisflowError, match=r"0\.900 is not possible"):
        score_correlations([margin(rare), margin(common)], np.array([[1, 0.9], [0.9, 1]]))
    with pytest.raises(CisflowError, match="explain 121% of its variance"):
        implied_correlations({"b": {"a": 1.1}})
    with pytest.raises(CisflowError, match="out of order"):
        implied_correlations({"b": {"c": 0.1}, "c": {"a": 0.1}})


def test_coupled_errors_are_standard_normal_and_keep_the_sum_within_100():
    from scipy import stats

    rng = np.random.default_rng(3)
    n = 200_000
    # From both far below zero to together nearly 100.
    mean1, mean2 = rng.uniform(-40, 45, size=(2, n))
    errors = coupled_errors(mean1, 33.0, mean2, 31.0, rng)
    for error in errors:
        # 1.63/√n is the 1 % point of the Kolmogorov-Smirnov distance.
        assert stats.kstest(error, "norm").statistic < 1.63 / np.sqrt(n)
        for mean in (mean1, mean2):
            assert abs(np.corrcoef(error, mean)[0, 1]) < 4 / np.sqrt(n)
    first = np.clip(mean1 + 33 * errors[0], 0, 100)
    second = np.clip(mean2 + 31 * errors[1], 0, 100)
    assert (first + second).max() <= 100 + 1e-9
    assert ((first > 0) & (second > 0)).mean() > 0.1


@pytest.mark.parametrize("outcome", ["incremental", "radical"])
def test_tobit_on_either_share_finds_its_latent_truth(truth, many_cis2, outcome):
    from cisflow.estimators import Tobit

    firms = many_cis2.iloc[:40_000]
    rule = truth["tobit"][outcome]
    terms = [t for t in rule if t not in ("intercept", "sigma", "industry")]
    X = firms[terms].astype(float)
    named = firms["nace"].astype(str)
    for division in rule["industry"]:
        X[division] = (named == division).astype(float)
    X.insert(0, "intercept", 1.0)
    fit = Tobit(firms[outcome], X, lower=0, upper=100).fit(cov_type="nonrobust")
    wanted = pd.Series({"intercept": rule["intercept"], **{t: rule[t] for t in terms}})
    z = (fit.params[wanted.index] - wanted) / fit.bse[wanted.index]
    assert z.abs().max() < 4
    # Whole percent instead of the latent share moves sigma by less than a tenth of a point.
    assert fit.scale == pytest.approx(rule["sigma"], rel=0.02)


def test_levels_are_those_published_for_flanders(many_cis4, many_cis2):
    # Hottenrott & Lopes-Bento 2014: 9.771 (16.714); 2.44 (8.63); 0.483, 0.360 of it abroad.
    assert many_cis4["radical"].mean() == pytest.approx(9.771, abs=0.4)
    assert many_cis4["radical"].std() == pytest.approx(16.714, abs=0.6)
    assert many_cis4["internal_investment"].mean() == pytest.approx(2.44, abs=0.12)
    assert many_cis4["internal_investment"].std() == pytest.approx(8.63, abs=0.5)
    assert many_cis4["coop_any"].mean() == pytest.approx(0.483, abs=0.006)
    foreign = many_cis4[[f"coop_{partner}_foreign" for partner in PARTNERS]].any(axis=1)
    assert foreign.mean() == pytest.approx(0.360, abs=0.006)
    assert (many_cis2["radical"] == 0).mean() == pytest.approx(0.45, abs=0.02)


def test_cooperation_rises_with_size(truth, many_cis4):
    by_size = many_cis4.groupby(size_class(truth, many_cis4["employees"].to_numpy()))
    published = [0.35, 0.40, 0.41, 0.61, 0.76]
    np.testing.assert_allclose(by_size["coop_any"].mean(), published, atol=0.012)
    marginal, by_class = diversity_distribution(truth)
    np.testing.assert_allclose(1 - by_class[:, 0], published)
    assert marginal.sum() == pytest.approx(1)
    assert (np.diff(by_size["diversity"].mean()) > 0).all()


@pytest.mark.parametrize("draw", [draw_cis2, draw_cis4])
def test_records_are_consistent(truth, draw):
    firms = draw(truth, np.random.default_rng(4), 5000)
    shares = [s for s in firms if s.startswith("share_")]
    assert len(shares) == 3
    assert (firms[shares].sum(axis=1) == 100).all()
    assert ((firms[shares] >= 0) & (firms[shares] % 1 == 0)).all(axis=None)
    types = firms[[f"coop_{partner}" for partner in PARTNERS]]
    assert (types.sum(axis=1) == firms["diversity"]).all()
    assert (types.any(axis=1) == firms["coop_any"]).all()
    for partner in PARTNERS:
        places = firms[[f"coop_{partner}_domestic", f"coop_{partner}_foreign"]]
        assert (places.any(axis=1) == firms[f"coop_{partner}"]).all()
    assert firms.loc[firms["coop_group"], "group"].all()
    assert firms.loc[firms["foreign_group"], "group"].all()
    assert (firms["employees"] >= 10).all()
    assert firms["employees"].max() > 30 * firms["employees"].median()


# What is in the files ----------------------------------------------------------------------------


def complete(survey, shares):
    """Innovating manufacturers with every answer the models need, straight from the file."""
    manufacturing = survey["NACE"].astype(int).between(15, 37)
    rd = survey["RRDINX"].notna() | (survey["RRDIN"] == 0)
    cooperation = (survey["CO"] == 0) | ((survey["CO"] == 1) & survey[CELLS].notna().all(axis=1))
    other = ["GP", *(c for c in survey if c.startswith(("EMP9", "EMP04", "TURN96", "TURN04")))]
    answered = survey[[*shares, *(c for c in other if c not in ("EMP94",))]].notna().all(axis=1)
    return survey[manufacturing & rd & cooperation & answered]


def test_cis2_holds_exactly_the_published_sample(cis2):
    survey, _ = cis2
    sample = complete(survey, ["TURNUNG", "TURNIMP", "TURNNEW"])
    assert len(sample) == 221
    assert (sample["INPD"] == 1).all()


def figures_of(accounts, year):
    items = ("Operating revenue (Turnover)", "Added value", "Costs of employees", "P/L before tax")
    table = accounts.set_index("BvD ID number")[[f"{item}\nth EUR {year}" for item in items]]
    table.columns = ["turnover", "value_added", "personnel", "profit"]
    return table.apply(pd.to_numeric, errors="coerce")


def test_cis4_with_accounts_holds_exactly_the_published_sample(cis4, accounts):
    survey, _ = cis4
    answered = complete(survey, ["TURNUNG", "TURNIN", "TURNMAR"])
    assert len(answered) == 305 + 62
    figures = figures_of(accounts, 2006)
    usable = figures[figures.notna().all(axis=1) & (figures["value_added"] > 0)]
    assert answered["ID"].isin(usable.index).sum() == 305
    ratio = (usable["personnel"] / usable["value_added"])[
        answered["ID"][lambda s: s.isin(usable.index)]
    ]
    assert 0.6 < ratio.mean() < 0.75
    assert answered["ID"].isin(figures.index).sum() > 305  # some are there, without a needed figure
    assert (~figures.index.isin(survey["ID"])).sum() == 280


def test_number_of_firms_is_the_truths(truth, cis2, cis4):
    for wave, (survey, _) in {"CIS2": cis2, "CIS4": cis4}.items():
        assert len(survey) == sum(truth["sizes"][wave].values())
        assert survey["ID"].is_unique
    both = cis4[0].merge(cis2[0], on="ID", suffixes=("", "_2"))
    assert len(both) == pytest.approx(190, abs=1)
    assert (both["NACE"] == both["NACE_2"]).all()
    assert both[["EMP04", "EMP96"]].corr("spearman").iloc[0, 1] > 0.8


def test_ids_are_text_and_no_enterprise_number(cis2, accounts):
    assert cis2[0]["ID"].str.fullmatch(r"BE9\d{9}").all()
    assert accounts["BvD ID number"].str.fullmatch(r"BE9\d{9}").all()


def test_weights_add_up_to_the_population(truth, cis4):
    classes = truth["firms"]["size_classes"]
    population = sum(c["manufacturing"] + c["services"] for c in classes)
    assert cis4[0]["WEIGHT"].sum() == pytest.approx(population, rel=1e-4)


def test_questions_are_blank_where_they_were_not_asked(cis2, cis4):
    for survey, product, process, shares in (
        (cis2[0], ["INPD"], ["INPS"], ["TURNUNG", "TURNIMP", "TURNNEW"]),
        (cis4[0], ["INPDGD", "INPDSV"], ["INPSPD", "INPSLG", "INPSSU"], ["TURNUNG", "TURNIN"]),
    ):
        innovator = survey[product].max(axis=1) == 1
        assert survey.loc[~innovator, shares].isna().all(axis=None)
        projects = survey[[*product, *process, "INONG", "INABA"]]
        inactive = projects.notna().all(axis=1) & (projects.sum(axis=1) == 0)
        spending = ["CO", "RRDIN", "RRDINX", "RTOT", "RDENG", "FUNEU", *CELLS]
        assert inactive.sum() > 300
        assert survey.loc[inactive, spending].isna().all(axis=None)
        assert survey.loc[survey["CO"] != 1, CELLS].isna().all(axis=None)
        assert survey.loc[survey["CO"] == 1, CELLS].notna().all(axis=None)
        assert (survey.loc[survey["CO"] == 1, CELLS].sum(axis=1) > 0).all()
        assert survey.loc[survey["RRDIN"] == 0, ["RRDINX", "RDENG"]].isna().all(axis=None)
        assert (survey.loc[survey["RRDINX"].notna(), "RRDIN"] == 1).all()
        assert survey["PROPAT"].notna().mean() > 0.9


def test_screens_agree_with_the_shares_they_precede(cis4):
    survey, _ = cis4
    given = survey[survey["TURNMAR"].notna()]
    assert ((given["TURNMAR"] > 0) == (given["NEWMKT"] == 1)).all()


def test_head_office_is_a_country_and_blank_without_a_group(cis4):
    survey, _ = cis4
    assert (survey.loc[survey["GP"] != 1, "HO"] == "").all()
    assert set(survey["HO"]) == {"", "BE", "DE", "FR", "GB", "NL", "US"}


def test_item_non_response_comes_at_the_rates_of_the_truth(truth, cis4):
    survey, _ = cis4
    innovators = survey[survey["RRDIN"].notna() | survey["CO"].notna()]
    rate = truth["non_response"]["rates"]["funding"]
    n = len(innovators)
    error = np.sqrt(rate * (1 - rate) / n)
    assert innovators["FUNEU"].isna().mean() == pytest.approx(rate, abs=4 * error)
    assert 0 < survey["TURN02"].isna().mean() < 0.09
    wrong = (survey[["TURNUNG", "TURNIN", "TURNMAR"]].sum(axis=1, skipna=False) == 90).sum()
    assert 0 < wrong < 20


def test_labels_and_codes_are_the_codebooks(cis2, cis4):
    for _, meta in (cis2, cis4):
        assert meta.column_names_to_labels["CO"].startswith("Cooperation")
        assert all(meta.column_names_to_labels.values())
        assert meta.variable_value_labels["CO11"] == {0: "No", 1: "Yes"}
        assert meta.variable_value_labels["RDENG"] == {1: "Yes", 2: "No"}
        assert meta.variable_value_labels["RRDIN"] == {0: "No", 1: "Yes"}
        assert "SYNTHETIC" in meta.file_label
    assert set(cis4[0]["RDENG"].dropna()) == {1, 2}
    assert cis4[1].variable_value_labels["SENTG"][3] == "High"


def test_accounts_look_like_an_export(folder, accounts):
    sheets = CalamineWorkbook.from_path(folder / "accounts.xlsx").sheet_names
    assert sheets == ["Results", "Search strategy"]
    assert next(iter(accounts.columns)) == ""
    assert [c for c in accounts if c.startswith("Added value")] == [
        f"Added value\nth EUR {year}" for year in range(2008, 2001, -1)
    ]
    assert "Number of employees\n2006" in accounts
    cells = accounts.filter(like="EUR").to_numpy().ravel()
    assert {cell for cell in cells if isinstance(cell, str)} == {"n.a.", "n.s.", "-"}


def test_same_seed_same_bytes_other_seed_other_data(tiny, codebooks, belfirst, tmp_path):
    def run(name, seed):
        files = {key: tmp_path / name / file for key, file in FILES.items()}
        simulate_extracts(tiny, codebooks, belfirst, seed, files)
        return [file.read_bytes() for file in files.values()]

    first = run("a", 1)
    assert first == run("b", 1)
    assert all(x != y for x, y in zip(first, run("c", 2), strict=True))


def test_countries_differ(tiny, codebooks, tmp_path):
    for country in ("BE", "NL"):
        files = {wave: tmp_path / country / f"{wave}.csv" for wave in codebooks}
        simulate_extracts(tiny, codebooks, None, 1, files, country)
    tables = [pd.read_csv(tmp_path / c / "CIS4.csv") for c in ("BE", "NL")]
    assert tables[1]["ID"].str.startswith("NL9").all()
    assert tables[0]["TURN04"].tolist() != tables[1]["TURN04"].tolist()


def test_every_format_holds_the_same_answers(tiny, codebooks, tmp_path):
    read = {
        "csv": lambda path: pd.read_csv(path, dtype={"NACE": str}),
        "sav": lambda path: pyreadstat.read_sav(path)[0],
        "dta": lambda path: pyreadstat.read_dta(path)[0],
        "xlsx": lambda path: pd.read_excel(path, engine="calamine", dtype={"NACE": str}),
    }
    tables = {}
    for ending, reader in read.items():
        file = tmp_path / f"cis4.{ending}"
        simulate_extracts(tiny, {"CIS4": codebooks["CIS4"]}, None, 3, {"CIS4": file})
        tables[ending] = reader(file).replace("", np.nan)
    for ending in ("sav", "dta", "xlsx"):
        pd.testing.assert_frame_equal(tables[ending], tables["csv"], check_dtype=False)


def test_other_formats_and_unknown_waves_are_refused(tiny, codebooks, tmp_path):
    files = {wave: tmp_path / f"{wave}.sas7bdat" for wave in codebooks}
    with pytest.raises(CisflowError, match=r"cannot be written as `\.sas7bdat`"):
        simulate_extracts(tiny, codebooks, None, 3, files)
    with pytest.raises(CisflowError, match="the wave CIS9 is not there"):
        simulate_extracts(tiny, {"CIS9": codebooks["CIS4"]}, None, 3, {})


# The truth file ----------------------------------------------------------------------------------


def test_sizes_can_be_shrunk(tiny, codebooks):
    firms = draw_wave(tiny, "CIS4", codebooks["CIS4"].variables, np.random.default_rng(0))
    assert firms["status"].value_counts().to_dict() == tiny["sizes"]["CIS4"]


def test_unknown_and_missing_keys_are_refused(root, truth, tmp_path):
    wrong = copy.deepcopy(truth)
    wrong["sizes"]["CIS2"]["analyses"] = wrong["sizes"]["CIS2"].pop("analysis")
    wrong["margins"]["profit_margin"]["kind"] = "cauchy"
    file = tmp_path / "truth.yaml"
    file.write_text(yaml.safe_dump(wrong))
    with pytest.raises(CisflowError) as caught:
        load_truth(file, root)
    message = str(caught.value)
    assert "unknown key `analyses`" in message
    assert "did you mean `analysis`?" in message
    assert "`analysis` is missing" in message
    assert "cauchy" in message


def test_every_key_of_the_truth_is_described(root):
    schema = yaml.safe_load((root / "workflow/schemas/truth.schema.yaml").read_text())

    def undescribed(rule, path):
        for key, inner in rule.get("properties", {}).items():
            if "description" not in inner and "const" not in inner:
                yield f"{path}.{key}"
            yield from undescribed(inner, f"{path}.{key}")

    found = list(undescribed(schema, ""))
    for name, rule in schema["$defs"].items():
        found += undescribed(rule, name)
    assert found == []
