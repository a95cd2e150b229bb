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
    assert failed <= {"shares_sum_to_100", "spending_within_turnover"}


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
