"""`cisflow init` on surveys nobody has described: what it writes runs."""

import pandas as pd
import pyreadstat
import pytest
import unseen_survey
import yaml
from unseen_survey import Survey

from cisflow.assist.checking import check_run
from cisflow.assist.scaffold import initialise
from cisflow.base.problems import CisflowError
from cisflow.study.codebook_files import load_codebook
from cisflow.study.run import load_run

UNKNOWN = (
    unseen_survey.words_and_commas,
    unseen_survey.question_numbers,
    unseen_survey.spanish_spss,
    unseen_survey.classes_in_stata,
    unseen_survey.ticked_boxes,
    unseen_survey.pooled,
)


@pytest.fixture
def here(tmp_path, monkeypatch):
    """An empty folder in which a user works; extracts are below data."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "data").mkdir()
    return tmp_path


def set_up(survey: Survey, root, **more):
    """Run init on a survey."""
    waves = {survey.wave: survey.extract}
    return initialise([survey.country], waves, root, labels_files=survey.labels, **more)


def mapped(codebook: str, root) -> dict[str, set[str]]:
    """Return the columns of every variable of a codebook."""
    loaded = load_codebook(codebook, [root / "config" / "codebooks"])
    return {
        variable: {name for names in spec.alternatives for name in names}
        for variable, spec in loaded.variables.items()
    }


def problems(findings):
    return [problem.said for _, problem in findings.errors]


@pytest.mark.parametrize("write", UNKNOWN, ids=lambda write: write.__name__)
def test_survey_no_codebook_knows_is_ready_to_run(write, here, root):
    survey = write(here / "data")
    done = set_up(survey, root)
    assert done["todo"] == []
    assert mapped(done["waves"][0]["codebook"], root) == survey.columns
    findings = check_run(here / done["written"][-1], root)
    assert problems(findings) == []
    assert all(row["supported"] for row in findings.models)
    assert {"faems2005", "absorptive_capacity"} <= set(done["models"])


def test_every_file_names_its_schema(here, root):
    done = set_up(unseen_survey.words_and_commas(here / "data"), root)
    for file, schema in zip(done["written"], ("codebook", "config"), strict=True):
        first = (here / file).read_text(encoding="utf-8").splitlines()[0]
        path = first.removeprefix("# yaml-language-server: $schema=")
        assert (here / file).parent.joinpath(path).resolve() == (
            root / "workflow" / "schemas" / f"{schema}.schema.yaml"
        )


@pytest.mark.parametrize(("yes", "no"), [("1", "2"), ("Yes", "No"), ("1.0", "0.0"), ("J", "N")])
def test_harmonised_names_with_codes_of_its_own(yes, no, here, root):
    survey = unseen_survey.harmonised(here / "data", yes=yes, no=no)
    done = set_up(survey, root)
    assert done["todo"] == []
    findings = check_run(here / done["written"][-1], root)
    assert problems(findings) == []
    asked = mapped(done["waves"][0]["codebook"], root)
    assert asked["coop_suppliers_foreign"] == {"CO22", "CO23", "CO24", "CO25"}
    quality = findings.extracts[0]
    assert quality["rows_kept"] == quality["rows"] == 360


def test_codebook_that_fits_is_used_as_it_is(here, root):
    done = set_up(unseen_survey.harmonised(here / "data"), root)
    assert done["waves"][0]["codebook"] == "eurostat/cis2012"
    assert done["written"] == ["config/se.yaml"]
    assert problems(check_run(here / "config/se.yaml", root)) == []


def test_misspelt_names_are_taken_and_told(here, root):
    slips = {"TURNMAR": "TURNMRA", "EMP12": "EMPL12", "RRDINX": "RRDNIX", "CO21": "C021"}
    survey = unseen_survey.harmonised(here / "data", renamed=slips)
    done = set_up(survey, root)
    asked = mapped(done["waves"][0]["codebook"], root)
    for variable, column in (
        ("share_new_market", "TURNMRA"),
        ("employees", "EMPL12"),
        ("rd_internal", "RRDNIX"),
        ("coop_suppliers_domestic", "C021"),
    ):
        assert asked[variable] == {column}
        assert any(variable in note and column in note for note in done["look"])
    assert problems(check_run(here / done["written"][-1], root)) == []


def test_column_of_another_year_is_no_misspelt_name(here, root):
    survey = unseen_survey.harmonised(here / "data", renamed={"TURN12": "TURN11"})
    done = set_up(survey, root)
    assert "turnover" not in mapped(done["waves"][0]["codebook"], root)
    assert any(todo.startswith("2012: turnover: no column") for todo in done["todo"])


def test_what_is_left_to_a_human_stops_the_check(here, root):
    survey = unseen_survey.words_and_commas(here / "data")
    text = survey.labels[0].read_text().replace("Main economic activity of the enterprise", "Field")
    survey.labels[0].write_text(text.replace("branch,", "b2,"))
    frame = survey.extract.read_text(encoding="latin-1")
    survey.extract.write_text(frame.replace("branch", "b2", 1), encoding="latin-1")
    done = set_up(survey, root)
    assert [todo for todo in done["todo"] if "nace" in todo]
    found = problems(check_run(here / done["written"][-1], root))
    assert any("is still to do: nace" in what for what in found)
    written = (here / done["written"][0]).read_text()
    assert written.count("TODO:") == len(done["todo"])


def test_size_classes_take_the_place_of_employees(here, root):
    done = set_up(unseen_survey.classes_in_stata(here / "data"), root)
    changes = done["model_changes"]["faems2005"]
    assert changes["fixed_effects"] == ["industry", "size_class"]
    assert "log_employees" not in changes["controls"]
    assert "size classes in place of employees" in changes["title"]
    document = yaml.safe_load((here / done["written"][-1]).read_text())
    run = load_run(document, root)
    assert run.models["faems2005"].fixed_effects == ("industry", "size_class")
    # Whether a firm is small is told by its size class.
    assert "firm_size_gains" in run.models
    assert "firm_size_gains" not in done["model_changes"]


def test_weighted_models_are_drafted_where_there_is_a_weight(here, root):
    done = set_up(unseen_survey.spanish_spss(here / "data"), root)
    assert "faems2005_weights" in done["models"]
    assert problems(check_run(here / done["written"][-1], root)) == []


def test_pooled_file_of_countries_and_waves(here, root):
    survey = unseen_survey.pooled(here / "data")
    waves = {"2012": survey.extract, "2014": survey.extract}
    done = initialise(["NL", "DE"], waves, root)
    assert done["todo"] == []
    document = yaml.safe_load((here / done["written"][-1]).read_text())
    for country in ("NL", "DE"):
        for source in document["countries"][country]["waves"].values():
            assert source["select"] == {"cntry": country}
    findings = check_run(here / done["written"][-1], root)
    assert problems(findings) == []
    assert [e["rows_kept"] for e in findings.extracts] == [150] * 4
    # The second wave states only what differs.
    second = yaml.safe_load((here / "config/codebooks/national/nlde2014.yaml").read_text())
    assert second["extends"].endswith("national/nlde2012.yaml")
    assert second["rows"] == {"svyyear": "2014"}
    assert second["variables"] == {}


def test_one_wave_of_a_pooled_file_is_not_mixed_with_others(here, root):
    survey = unseen_survey.pooled(here / "data")
    done = set_up(survey, root)
    findings = check_run(here / done["written"][-1], root)
    assert [e["rows_kept"] for e in findings.extracts] == [150]


def test_wave_that_no_row_is_of_is_asked_for(here, root):
    survey = unseen_survey.pooled(here / "data")
    done = initialise(["NL"], {"2016": survey.extract}, root)
    assert any("column svyyear has the years 2012, 2014" in todo for todo in done["todo"])


def test_countries_that_cannot_be_told_apart_are_refused(here, root):
    survey = unseen_survey.words_and_commas(here / "data")
    with pytest.raises(CisflowError, match="no column of the file tells NL, BE apart"):
        initialise(["NL", "BE"], {"2016": survey.extract}, root)


def test_year_is_read_from_labels_where_the_wave_has_none(here, root):
    survey = unseen_survey.words_and_commas(here / "data")
    done = initialise(["NL"], {"pilot": survey.extract}, root, labels_files=survey.labels)
    written = yaml.safe_load((here / done["written"][0]).read_text())
    assert written["reference_year"] == 2016


def test_all_refusals_come_at_once(here, root):
    survey = unseen_survey.harmonised(here / "data")
    with pytest.raises(CisflowError) as refused:
        initialise(["nl"], {"a wave": survey.extract}, root, run="my run")
    assert len(refused.value.problems) == 3


def test_unknown_country_leaves_its_name_and_currency_to_you(here, root):
    survey = unseen_survey.pooled(here / "data")
    done = initialise(["XX"], {"2012": survey.extract}, root)
    assert any("name: what XX is called" in todo for todo in done["todo"])


def test_accounts_get_their_codebook(here, root, tmp_path):
    from small_survey import accounts, write_accounts

    survey = unseen_survey.harmonised(here / "data")
    file = write_accounts(accounts(), here / "data" / "accounts.xlsx")
    done = set_up(survey, root, accounts=file)
    assert done["accounts"] == "accounts/belfirst"
    document = yaml.safe_load((here / done["written"][-1]).read_text())
    assert document["countries"]["SE"]["accounts"]["codebook"] == "accounts/belfirst"
    assert {"faems2010_direct", "two_year_balance"} <= set(document["models"])


def test_partners_and_shares_nobody_recognises_are_asked_for(here, root):
    survey = unseen_survey.words_and_commas(here / "data")
    frame = pd.read_csv(survey.extract, sep=";", dtype=str, encoding="latin-1")
    kept = [c for c in frame if not c.startswith(("p1", "p2", "p3", "p4", "p5", "p6", "p7", "sh_"))]
    frame[kept].to_csv(survey.extract, index=False)
    done = set_up(survey, root)
    assert any("partners in cooperation: no column" in todo for todo in done["todo"])
    assert any("shares of turnover from new products: no column" in todo for todo in done["todo"])
    # The models are chosen as if they were named.
    assert "faems2005" in done["models"]
    assert "faems2005" not in done["model_changes"]


def test_unchanged_share_alone_is_not_enough(here, root):
    survey = unseen_survey.words_and_commas(here / "data")
    unclear = {"sh_firm": "q7b", "sh_mkt": "q7c"}
    frame = pd.read_csv(survey.extract, sep=";", dtype=str, encoding="latin-1")
    frame.rename(columns=unclear).to_csv(survey.extract, index=False)
    labels = pd.read_csv(survey.labels[0], dtype=str)
    of_shares = labels["item"].isin(unclear)
    labels["item"] = labels["item"].replace(unclear)
    labels.loc[of_shares, "question text"] = "Answer to question 7"
    labels.to_csv(survey.labels[0], index=False)
    done = set_up(survey, root)
    assert any("shares of turnover from new products: no column" in todo for todo in done["todo"])
    codebook = (here / done["written"][0]).read_text(encoding="utf-8")
    assert "share_unchanged: {name: sh_old" in codebook
    assert "# share_new_firm: {name: …}" in codebook
    assert "q7b" in codebook.rpartition("not used:")[2]


def test_spending_in_relation_to_turnover(here, root):
    survey = unseen_survey.words_and_commas(here / "data")
    frame = pd.read_csv(survey.extract, sep=";", dtype=str, encoding="latin-1")
    spent = pd.to_numeric(frame["rd_own_k"]) / pd.to_numeric(frame["sales_2016"])
    frame["rd_own_k"] = (100 * spent.fillna(0)).round(2).astype(str)
    frame.to_csv(survey.extract, index=False)
    text = survey.labels[0].read_text()
    said = "Expenditure on in-house R&D (thousand EUR)"
    assert said in text
    survey.labels[0].write_text(text.replace(said, "In-house R&D expenditure in % of turnover"))
    done = set_up(survey, root)
    codebook = load_codebook(done["waves"][0]["codebook"], [root / "config" / "codebooks"])
    entry = codebook.variables["rd_internal"]
    assert (entry.name, entry.unit) == (("rd_own_k",), "percent_of_turnover")
    assert any("in relation to turnover" in note for note in done["look"])
    assert problems(check_run(here / done["written"][-1], root)) == []


def test_identifier_that_occurs_twice_is_kept_and_told(here, root):
    survey = unseen_survey.words_and_commas(here / "data")
    text = survey.extract.read_text(encoding="latin-1")
    survey.extract.write_text(text.replace("F00001", "F00002"), encoding="latin-1")
    done = set_up(survey, root)
    assert mapped(done["waves"][0]["codebook"], root)["firm_id"] == {"FirmNo"}
    assert any("fewer than 10 identifiers occur more than once" in todo for todo in done["todo"])


def test_largest_sheet_of_a_workbook_is_the_extract(here, root):
    import xlsxwriter

    survey = unseen_survey.harmonised(here / "data")
    frame = pd.read_csv(survey.extract, dtype=str, keep_default_na=False)
    book = here / "data" / "book.xlsx"
    with xlsxwriter.Workbook(str(book)) as written:
        written.add_worksheet("About").write(0, 0, "Innovation survey")
        sheet = written.add_worksheet("Firms")
        for i, row in enumerate([list(frame), *frame.to_numpy().tolist()]):
            sheet.write_row(i, 0, row)
    survey.extract.unlink()
    done = initialise(["SE"], {"2012": book}, root)
    config = yaml.safe_load((here / done["config"]).read_text())
    assert config["countries"]["SE"]["waves"]["2012"]["sheet"] == "Firms"
    assert problems(check_run(here / done["config"], root)) == []


def test_file_without_rows_is_refused(here, root):
    (here / "data" / "x.csv").write_text("ID,EMP12,TURN12\n")
    with pytest.raises(CisflowError, match="a header and no rows"):
        initialise(["SE"], {"2012": here / "data" / "x.csv"}, root)


@pytest.mark.parametrize("letters", [True, False])
def test_sections_alone_leave_industries_out_of_the_models(letters, here, root):
    survey = unseen_survey.words_and_commas(here / "data")
    frame = pd.read_csv(survey.extract, sep=";", dtype=str, encoding="latin-1")
    trade = {"Wholesale trade": "G", "Computer programming": "J"}
    names = {"C": "Manufacturing", "G": "Trade", "J": "Information and communication"}
    sections = frame["branch"].map(lambda branch: trade.get(branch, "C"))
    frame["branch"] = sections if letters else sections.map(names)
    frame.to_csv(survey.extract, index=False)
    done = set_up(survey, root)
    assert done["todo"] == []
    assert done["model_changes"]["faems2005"]["fixed_effects"] == []
    findings = check_run(here / done["written"][-1], root)
    assert problems(findings) == []
    assert all(row["supported"] for row in findings.models)


def test_activities_without_a_word_for_them_are_asked_for(here, root):
    survey = unseen_survey.words_and_commas(here / "data")
    text = survey.extract.read_text(encoding="latin-1")
    survey.extract.write_text(text.replace("Furniture", "Gizmos"), encoding="latin-1")
    done = set_up(survey, root)
    assert any("for Gizmos (now '?')" in todo for todo in done["todo"])


def test_codes_that_say_where_a_partner_is(here, root):
    survey = unseen_survey.words_and_commas(here / "data")
    frame = pd.read_csv(
        survey.extract, sep=";", dtype=str, encoding="latin-1", keep_default_na=False
    )
    home, abroad = frame["p2_home"] == "Yes", frame["p2_europe"] == "Yes"
    where = (home + 2 * abroad).map({0: "No", 1: "National only", 2: "Abroad only", 3: "Both"})
    frame["p2"] = where.where(frame["p2_home"] != "", "")
    frame = frame.drop(columns=["p2_home", "p2_europe", "p2_world"])
    frame.to_csv(survey.extract, index=False)
    who = unseen_survey.PARTNERS["suppliers"]
    with survey.labels[0].open("a") as labels:
        labels.write(f'p2,"Cooperation with: {who}"\n')
    done = set_up(survey, root)
    codebook = load_codebook(done["waves"][0]["codebook"], [root / "config" / "codebooks"])
    at_home, elsewhere = (
        codebook.variables[f"coop_suppliers_{place}"] for place in ("domestic", "foreign")
    )
    assert at_home.name == elsewhere.name == ("p2",)
    assert {code for code, yes in at_home.codes.items() if yes} == {"National only", "Both"}
    assert {code for code, yes in elsewhere.codes.items() if yes} == {"Abroad only", "Both"}
    assert problems(check_run(here / done["written"][-1], root)) == []


def test_amounts_under_names_of_percentages_are_amounts(here, root):
    """A file with PITEC's names and years, whose R&D is in euros where PITEC has per cent."""
    survey = unseen_survey.spanish_spss(here / "data")
    table, meta = pyreadstat.read_sav(survey.extract)
    table["year"] = 2010.0
    labels, values = [*meta.column_labels, "Año"], meta.variable_value_labels
    pyreadstat.write_sav(table, survey.extract, column_labels=labels, variable_value_labels=values)
    done = set_up(survey, root)
    written = yaml.safe_load((here / done["written"][0]).read_text())
    assert written["extends"].startswith("national/es2010")
    for variable in ("rd_internal", "rd_external"):
        assert written["variables"][variable]["unit"] == "unit"
        told = f"{variable}: amounts, where national/es2010 says percent_of_innovation_spending"
        assert any(told in line for line in done["look"])
    assert not [line for line in done["todo"] if "percent_of" in line]
