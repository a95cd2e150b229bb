"""Every codebook that comes with the project, held against facts and simulated files."""

import csv
from collections import Counter
from functools import lru_cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import statsmodels.formula.api
from specs import model_of

from cisflow.base.documents import read_yaml
from cisflow.base.problems import CisflowError
from cisflow.panel.build import build_panel
from cisflow.panel.sample import select_sample
from cisflow.simulate.extracts import draw_wave, load_truth
from cisflow.simulate.files import encode, write_extract
from cisflow.simulate.survey import answers, name_firms
from cisflow.study.canonical import FIRM_COLUMNS, MONEY, OTHER_PARTNERS, PARTNERS, PLACES, SPENDING
from cisflow.study.codebook_files import load_codebook
from cisflow.survey.ingest import ingest_wave

ROOT = Path(__file__).parents[3]
FOLDERS = [ROOT / "config" / "codebooks"]
# What others extend; these lack what only a wave knows, such as the reference year.
PARTIAL = {
    "accounts/common",
    "eurostat/common",
    "eurostat/names_2006_2016",
    "eurostat/names_2014_2016",
    "eurostat/names_2018",
    "national/dk-fui",
    "national/es-pitec",
    "national/ng-common",
    "national/se-questions",
    "national/uk-common",
}
# Surveys of which public sources show a part of the vocabulary: no grid of partners, or less.
IN_PART = {f"national/{name}" for name in ("dk2016", "dk2018", "dk2020", "es2006", "es2010")}
IN_PART |= {"national/uk2018", "national/uk2020"}  # which do not ask for the group
ALL = sorted(
    p.relative_to(FOLDERS[0]).with_suffix("").as_posix() for p in FOLDERS[0].rglob("*.yaml")
)
SURVEYS = [name for name in ALL if not name.startswith("accounts/") and name not in PARTIAL]
YEARS = (2006, 2008, 2010, 2012, 2014, 2016, 2018, 2020, 2022)
WAVES = ["eurostat/cis2", "eurostat/cis3", "eurostat/cis4", *(f"eurostat/cis{y}" for y in YEARS)]
CELLS = [f"coop_{partner}_{place}" for partner in PARTNERS for place in PLACES]
FINER = {f"coop_{partner}_{place}" for partner in OTHER_PARTNERS for place in PLACES}
# What puts together answers that other variables are made of one by one.
TOGETHER = {"innovation_active", "innovation_spending", "coop_any"}
# What the audit of the codebooks saw in public code, and the table of names does not list.
SEEN_IN_CODE = {"CIS2022": ("IPR_OUT_PAT", "IPR_OUT_IDESG", "IPR_OUT_TRDM", "IPR_OUT_CPR")}


@lru_cache
def _codebook(name):
    return load_codebook(name, FOLDERS)


def _columns(spec):
    return [column for names in spec.alternatives for column in names]


def test_the_rounds_are_complete():
    assert set(WAVES) <= set(SURVEYS)
    assert {name for name in ALL if name in PARTIAL} == PARTIAL


@pytest.mark.parametrize("name", [name for name in ALL if name not in PARTIAL])
def test_it_loads(name):
    assert _codebook(name).id == name


@pytest.mark.parametrize("name", SURVEYS)
def test_every_mapping_says_how_sure_it_is_and_where_from(name):
    for variable, spec in _codebook(name).variables.items():
        assert spec.verified in {"sourced", "inferred", "general", "template"}, variable
        assert spec.source or spec.verified == "template", variable


@pytest.mark.parametrize("name", SURVEYS)
def test_no_column_serves_two_variables(name):
    variables = _codebook(name).variables
    used = Counter(
        column.casefold()
        for variable, spec in variables.items()
        if variable not in FINER | TOGETHER  # parts of the seven types, or beyond them
        for column in set(_columns(spec))
    )
    assert [column for column, times in used.items() if times > 1] == []


@pytest.mark.parametrize("name", [name for name in SURVEYS if name not in IN_PART])
def test_what_the_models_need_is_mapped(name):
    codebook = _codebook(name)
    variables = set(codebook.variables)
    wanted = {"firm_id", "nace", "turnover", "group", "product_innovation", "coop_any"}
    wanted |= {"process_innovation", "ongoing", "abandoned", "rd_internal", "rd_external", *CELLS}
    assert wanted <= variables
    assert variables & {"employees", "size_class"}
    assert len(variables & {"share_new_market", "share_new"}) == 1
    assert len(variables & {"share_new_firm", "share_improved"}) == 1


@pytest.mark.parametrize(
    "name", [n for n in SURVEYS if not n.startswith("national/ng") and _codebook(n).nace]
)
def test_nace_changes_in_2008(name):
    codebook = _codebook(name)
    revision = "1.1" if codebook.reference_year < 2008 else "2"
    assert codebook.nace.revision == revision


@pytest.mark.parametrize(
    ("name", "cells"),
    [
        *[("cis2", 28), ("cis3", 48), ("cis4", 28), ("cis2006", 28), ("cis2008", 35)],
        *[("cis2010", 35), ("cis2012", 40), ("cis2012_one_client_row", 35), ("cis2014", 45)],
        # Eight of the ten types of 2018+ are parts of the seven, each at three places.
        *[("cis2016", 45), ("cis2018", 24), ("cis2020", 24), ("cis2022", 24)],
    ],
)
def test_the_grid_of_partners_has_the_size_of_the_questionnaire(name, cells):
    variables = _codebook(f"eurostat/{name}").variables
    columns = [column for cell in CELLS for column in _columns(variables[cell])]
    assert len(columns) == len(set(columns)) == cells


def test_domestic_and_foreign_cells_are_those_of_the_location_digit():
    """The digit 1 is the home country in every wave; universities stay CO6 from CIS4 on."""
    for name in ("cis4", "cis2006", "cis2008", "cis2010", "cis2012", "cis2014", "cis2016"):
        variables = _codebook(f"eurostat/{name}").variables
        for cell in CELLS:
            places = {column[-1] == "1" for column in _columns(variables[cell])}
            assert places == {cell.endswith("domestic")}, (name, cell)
        assert all(c.startswith("CO6") for c in _columns(variables["coop_universities_foreign"]))


def test_finer_types_are_parts_of_the_seven():
    for name in ("cis2012", "cis2014", "cis2016", "cis2018", "cis2022"):
        variables = _codebook(f"eurostat/{name}").variables
        for place in PLACES:
            parts = [variables[f"coop_clients_{s}_{place}"] for s in ("private", "public")]
            columns = [column for part in parts for column in _columns(part)]
            assert sorted(columns) == sorted(_columns(variables[f"coop_clients_{place}"]))


# --- against the collected facts ----------------------------------------------------------------


@pytest.fixture(scope="module")
def facts(shared_path):
    """Return confidence by wave and name, from the collected public documents."""
    with shared_path("facts/cis_variables.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    known: dict[str, dict[str, str]] = {}
    for row in rows:
        known.setdefault(row["wave"], {})[row["variable"].casefold()] = row["confidence"]
    for wave, names in SEEN_IN_CODE.items():
        known[wave] |= {name.casefold(): "sourced" for name in names}
    return known


@pytest.mark.parametrize("name", WAVES[1:])
def test_every_name_is_in_the_facts_of_its_wave_or_general_knowledge(name, facts):
    known = facts[name.split("/")[1].upper()]
    unknown = {
        variable: names
        for variable, spec in _codebook(name).variables.items()
        for names in spec.alternatives
        if spec.verified != "general" and not any(c.casefold() in known for c in names)
    }
    assert unknown == {}


@pytest.mark.parametrize("name", WAVES[1:])
def test_sourced_means_that_a_document_of_that_wave_has_the_name(name, facts):
    known = facts[name.split("/")[1].upper()]
    doubtful = {
        variable: names
        for variable, spec in _codebook(name).variables.items()
        if spec.verified == "sourced"
        for names in spec.alternatives
        if not any(known.get(column.casefold()) == "sourced" for column in names)
    }
    assert doubtful == {}


# --- round trip: simulated answers, written in a wave's vocabulary, read back -------------------

SIZES = {
    "analysis": 80,
    "incomplete": 15,
    "process_only": 15,
    "not_innovative": 30,
    "services_innovative": 25,
    "services_not_innovative": 15,
}


@lru_cache
def _truth():
    truth = load_truth(ROOT / "config" / "truth" / "flanders.yaml", ROOT)
    truth["sizes"] = {**truth["sizes"], "W": SIZES}
    return truth


def _in_revision_2(codes):
    """Return divisions of NACE Rev. 1.1 as divisions of Rev. 2 of the same broad industry."""
    groups = read_yaml(ROOT / "config" / "nace.yaml")["groups"]
    first = {str(d): str(g["divisions"]["2"][0]) for g in groups for d in g["divisions"]["1.1"]}
    return codes.map(first)


@lru_cache
def _firms(improved):
    """Return simulated firms with true answers; CIS2 asks for improved products, others do not."""
    rng = np.random.default_rng(20041231)
    firms = draw_wave(_truth(), "W", {"share_improved"} if improved else {}, rng)
    name_firms(_truth(), {"W": firms}, "BE", rng)
    return firms


def _simulated(name, path):
    """Write a simulated wave; return the answers given and the records read back, by firm."""
    codebook = _codebook(name)
    rng = np.random.default_rng(20041231)
    firms = _firms("share_improved" in codebook.variables).copy()
    if codebook.nace.revision == "2":
        firms["nace"] = _in_revision_2(firms["nace"])
    if "size_class" in codebook.variables:
        bounds = [0, 50, 250, np.inf]
        labels = ["10-49", "50-249", "250+"]
        firms["size_class"] = pd.cut(firms["employees"], bounds, right=False, labels=labels)
        firms["size_class"] = firms["size_class"].astype(object)
    given = answers(_truth(), firms, codebook.variables, rng)
    write_extract(encode(firms, given, codebook, "BE", rng), path)
    table, quality = ingest_wave(path, codebook, "BE", "W")
    return given.set_index("firm_id"), table.set_index("firm_id"), quality


@pytest.mark.parametrize(
    ("name", "suffix"),
    [
        *zip(WAVES, [".sav", ".dta", ".csv"] * 4, strict=True),
        ("national/se2004", ".sav"),
        ("national/se2020", ".csv"),
        ("national/it2012", ".tsv"),
    ],
)
def test_a_simulated_wave_is_read_back_as_it_was_answered(name, suffix, tmp_path):
    given, read, quality = _simulated(name, tmp_path / f"wave{suffix}")
    codebook = _codebook(name)
    assert set(read.index) == set(given.index)
    given = given.loc[read.index]
    compared = [v for v in codebook.variables if v in given and v not in ("nace", "size_class")]
    assert len(compared) > 30
    for variable in compared:
        ours = read[variable].astype("float64")
        theirs = given[variable].astype("float64")
        both = ours.notna() & theirs.notna()
        # Amounts are written in thousands, the smallest of them rounded up.
        rounding = 1000 if variable in (*MONEY, *SPENDING) else 1e-6
        assert both.any(), variable
        assert (ours - theirs)[both].abs().max() <= rounding, variable
        # Behind a screening question a blank becomes zero, and whoever left that open is not asked.
        if codebook.variables[variable].screen is None and variable not in TOGETHER:
            assert (ours.notna() == theirs.notna()).all(), variable
    assert read["section"].notna().mean() > 0.9
    failed = {n for n, c in quality["checks"].items() if c["failed"]}
    # What a few firms of an honest survey do too: a young one may sell nothing but new products.
    honest = {"shares_sum_to_100", "spending_within_turnover", "new_products_are_not_all_turnover"}
    assert failed <= honest
    for name in failed:
        assert quality["checks"][name]["failed"] <= 0.1 * quality["checks"][name]["of"], name


def test_a_scientific_use_file_supports_models_with_size_classes(tmp_path):
    given, read, quality = _simulated("eurostat/cis4_suf", tmp_path / "wave.sav")
    assert set(read["size_class"].dropna()) == {"10-49", "50-249", "250+"}
    assert (read["size_class"].dropna() == given["size_class"].loc[read.index].dropna()).all()
    assert read["employees"].isna().all()
    assert "employees" not in quality["variables"]

    industries = read_yaml(ROOT / "config" / "nace.yaml")
    panel = build_panel([read.reset_index()[list(FIRM_COLUMNS)]], None, 2, industries)
    spec = {
        "sample": ["innovation_active"],
        "outcomes": ["incremental"],
        "columns": {"any": ["coop_any"]},
        "controls": ["rd_intensity", "group"],
        "fixed_effects": ["size_class"],
    }
    sample, _ = select_sample(panel, model_of(spec), "W", lag=2)
    fitted = statsmodels.formula.api.ols(
        "incremental ~ coop_any + rd_intensity + group + C(size_class)",
        sample.astype({"coop_any": float, "group": float, "size_class": object}),
    ).fit()
    assert len(sample) == fitted.nobs > 60
    assert fitted.params.filter(like="size_class").notna().sum() == 2
    assert panel["log_employees"].isna().all()


@pytest.mark.parametrize(
    ("written", "asked", "fragment"),
    [
        ("cis2010", "cis2012", "use the codebook eurostat/cis2012_one_client_row"),
        ("cis2014", "cis2012", "divided into private and public ones, as in CIS2014"),
        ("cis2008", "cis2006", "five places"),
        ("cis4", "cis2008", "column 'CO15'"),
    ],
)
def test_a_file_of_another_round_is_told_by_its_grid(written, asked, fragment, tmp_path):
    _simulated(f"eurostat/{written}", tmp_path / "wave.csv")
    with pytest.raises(CisflowError) as refused:
        ingest_wave(tmp_path / "wave.csv", _codebook(f"eurostat/{asked}"), "BE", "W")
    assert fragment in str(refused.value)


# --- what the audit found, held in codebooks and answers ------------------------------------------


def _read(name, columns, path, country="HU"):
    """Read a file of the columns given; every other one the codebook needs is filled alike."""
    codebook = _codebook(name)
    n = len(next(iter(columns.values())))
    frame = pd.DataFrame(columns)
    for variable, spec in codebook.variables.items():
        for names in spec.alternatives if spec.required or spec.sum_of else ():
            if not set(map(str.casefold, names)) & set(map(str.casefold, frame)):
                frame[names[0]] = _usual(variable, spec, n)
    for column, value in codebook.rows.items():
        frame[column] = value
    frame.to_csv(path, index=False)
    return ingest_wave(path, codebook, country, "W")


def _usual(variable, spec, n):
    if variable == "firm_id":
        return [f"{i:04d}" for i in range(1, n + 1)]
    if variable == "nace":
        return ["25"] * n
    if spec.codes:
        return [
            next(code for code, value in spec.codes.items() if value in (False, 0, "10-49"))
        ] * n
    return ["20"] * n


def test_research_alone_makes_a_firm_active_from_2018_on(tmp_path):
    none = ["0"] * 4
    active = _columns(_codebook("eurostat/cis2022").variables["innovation_active"])
    answers_given = dict.fromkeys(active, none)
    answers_given |= {
        "INNA_IH_RND": ["1", "0", "0", "0"],
        "INNA_RND_CONTR_OUT": ["0", "1", "0", ""],
    }
    answers_given |= {
        "EXP_INNO_RND_IH": ["7", "", "", ""],
        "EXP_INNO_RND_CONTR_OUT": ["", "4", "", ""],
        "EXP_INNO_INN_XRND": ["1", "2", "", ""],
        "TUR_EU_EFTA": ["0", "30.5", "0", ""],
        "TUR_NEU_NEFTA": ["0", "0", "0.1", "0"],
    }
    firms, _ = _read("eurostat/cis2022", answers_given, tmp_path / "wave.csv")
    as_list = lambda column: [None if pd.isna(v) else v for v in firms[column]]  # noqa: E731
    assert as_list("innovation_active") == [True, True, False, None]
    assert as_list("asked_spending")[:3] == [True, True, False]
    # Thousands; the kind of R&D a firm does not have adds nothing.
    assert as_list("innovation_spending")[:2] == [8000, 6000]
    assert as_list("export") == [False, True, True, None]


def test_hungary_has_euro_divisions_and_its_own_size_codes(tmp_path):
    codebook = _codebook("national/hu2022")
    assert (codebook.money.currency, codebook.money.unit) == ("EUR", "thousand")
    given = {"M0581_2J": ["25", "62"], "M065_RETEG1": ["KI", "BI"], "TUR22": ["1200", "9"]}
    firms, _ = _read("national/hu2022", given, tmp_path / "wave.csv")
    assert firms["size_class"].tolist() == ["10-49", "250+"]
    assert firms["section"].tolist() == ["C", "J"]
    assert firms["turnover"].tolist() == [1_200_000, 9_000]


@pytest.mark.parametrize("year", [2014, 2016])
def test_sweden_leads_to_own_research_by_egfou(year):
    variables = _codebook(f"national/se{year}").variables
    assert variables["rd_internal"].screen.name == variables["rd_continuous"].screen.name == "EGFOU"
    assert variables["firm_id"].names[:2] == ("FENR", "SCBID")


def test_horizon_funding_has_an_older_and_a_newer_name():
    (horizon, other) = _codebook("eurostat/cis2022").variables["fund_eu"].alternatives
    assert horizon == ("FUND_EU_HP2020_RNDINN", "FUND_EU_HP_RNDINN")
    assert other == ("FUND_EU_OTH_RNDINN",)


# --- UKIS: the last digit of a partner changed its meaning ----------------------------------------


def _ukis(year, ticked, tmp_path):
    """Return firms of UKIS of which each ticked some of the boxes."""
    variables = _codebook(f"national/uk{year}").variables
    boxes = {c for v in variables if v.startswith("coop_") for c in _columns(variables[v])}
    boxes |= {code for own in ticked for code in own}
    ticked = [*ticked, boxes]  # one firm has every partner everywhere
    columns = {c: ["1" if c in own else "" for own in ticked] for c in sorted(boxes)}
    columns |= {"0510": ["1"] * len(ticked)}
    firms, _ = _read(f"national/uk{year}", columns, tmp_path / f"{year}.csv", "GB")
    return firms[:-1]


def test_one_is_a_region_before_2018_and_no_cooperation_after(tmp_path):
    ticked = [("1811",), ("1812",), ("1813", "1812"), ()]
    before, after = (_ukis(year, ticked, tmp_path) for year in (2018, 2020))
    assert before["coop_group_domestic"].fillna(False).tolist() == [True, True, True, False]
    assert after["coop_group_domestic"].fillna(False).tolist() == [False, True, True, False]
    assert before["coop_any"].tolist() == [True, True, True, False]
    assert after["coop_any"].tolist() == [False, True, True, False]


@pytest.mark.parametrize(
    ("year", "column", "other"), [(2018, "2680", "uk2020"), (2020, "0230", "uk2018")]
)
def test_a_file_of_the_other_round_is_refused(year, column, other, tmp_path):
    with pytest.raises(CisflowError, match=f"use the codebook national/{other}"):
        _read(f"national/uk{year}", {"0510": ["1"], column: ["1"]}, tmp_path / "wave.csv", "GB")


def test_four_shares_of_ukis_become_three_that_make_100(tmp_path):
    shares = {"0810": ["10", "0"], "0820": ["5", ""], "0830": ["15", "0"], "0840": ["70", "100"]}
    columns = {"0510": ["1", "1"], "0710": ["1", "0"], **shares}
    firms, quality = _read("national/uk2020", columns, tmp_path / "wave.csv", "GB")
    assert firms.loc[0, ["share_new_market", "share_new_firm"]].tolist() == [10, 20]
    assert quality["checks"]["shares_sum_to_100"] | {"remedy": ""} == {
        "failed": 0,
        "of": 1,
        "meaning": "The shares of turnover of a firm that gave all of them do not sum to 100.",
        "remedy": "",
    }


def test_ukis_asks_whether_by_13_and_how_much_by_14():
    variables = _codebook("national/uk2020").variables
    amounts = ("rd_internal", "rd_external", "machinery", "other_knowledge")
    pairs = {(variables[v].names[0], variables[v].screen.name) for v in amounts}
    assert pairs == {("1410", "1310"), ("1420", "1320"), ("1430", "1330"), ("1440", "1340")}


# --- PITEC: reversed scale, percentages of another total ------------------------------------------


def test_pitec_reads_importance_from_the_other_end_and_amounts_of_a_total(tmp_path):
    given = {
        "innprod": ["1", "1", "0"],
        "coopera": ["1", "0", "6"],
        "gtinn": ["1000", "400", ""],
        "gintid": ["40", "0", ""],
        "gextid": ["10", "25", ""],
        "fuente2": ["1", "4", ""],
        "fina1": ["0", "12.5", ""],
        "actin": ["3", "33", "26"],
        "clasen": ["5", "2", "1"],
    }
    firms, _ = _read("national/es2010", given, tmp_path / "wave.csv", "ES")
    assert firms["source_suppliers"].tolist()[:2] == [3, 0]
    assert firms["innovation_spending"].tolist()[:2] == [1000, 400]
    assert firms["rd_internal"].tolist()[:2] == [400, 0]
    assert firms["rd_external"].tolist()[:2] == [100, 100]
    assert firms["fund_local"].tolist()[:2] == [False, True]
    assert firms["manufacturing"].tolist() == [True, False, False]
    assert firms["foreign_group"].tolist() == [True, False, False]
    assert firms["coop_any"].tolist()[:2] == [True, False]


@pytest.mark.parametrize(("year", "column"), [(2016, "inpspd"), (2018, "inno_pcs_prd")])
def test_fui_changes_the_name_of_process_innovation_alone(year, column, tmp_path):
    given = {"cvrnr": ["1", "2"], "rrdin": ["1", "0"], "u_total": ["250", ""], column: ["1", "0"]}
    firms, _ = _read(f"national/dk{year}", given, tmp_path / "wave.csv", "DK")
    assert firms["process_innovation"].tolist() == [True, False]
    assert firms["rd_internal"].tolist() == [250_000, 0]


def test_numbered_questions_of_sweden_are_read_in_both_editions():
    codebook = read_yaml(FOLDERS[0] / "national" / "se-questions.yaml")
    names = [spec["name"] for spec in codebook["variables"].values() if "name" in spec]
    assert all(len(pair) == 2 and pair[0].startswith(("Q", "FENR")) for pair in names)
    assert codebook["variables"]["share_unchanged"]["name"] == ["Q7c", "B7c"]
