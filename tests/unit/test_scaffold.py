"""`cisflow init` on surveys nobody has described: what it writes runs."""

import pytest
import unseen_survey
import yaml
from unseen_survey import Survey

from cisflow.codebook import alternatives, load_codebook
from cisflow.commands.checking import check_run
from cisflow.commands.scaffold import initialise
from cisflow.config import load_run
from cisflow.errors import CisflowError

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
        variable: {name for names in alternatives(spec) for name in names}
        for variable, spec in loaded["variables"].items()
    }


def problems(findings):
    return [problem.what for _, problem in findings.errors]


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
    assert run.models["faems2005"]["fixed_effects"] == ["industry", "size_class"]
    # What rests on the number of employees alone cannot be had.
    assert "firm_size_gains" not in run.models


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
    assert any("which of 2012, 2014 in column svyyear" in todo for todo in done["todo"])


def test_countries_that_cannot_be_told_apart_are_refused(here, root):
    survey = unseen_survey.words_and_commas(here / "data")
    with pytest.raises(CisflowError, match="no column of the file tells NL, BE apart"):
        initialise(["NL", "BE"], {"2016": survey.extract}, root)


def test_year_is_read_from_labels_where_the_wave_has_none(here, root):
    survey = unseen_survey.words_and_commas(here / "data")
    done = initialise(["NL"], {"pilot": survey.extract}, root, labels_files=survey.labels)
    written = yaml.safe_load((here / done["written"][0]).read_text())
    assert written["reference_year"] == 2016


def test_nothing_is_overwritten_and_all_refusals_come_at_once(here, root):
    survey = unseen_survey.harmonised(here / "data")
    set_up(survey, root)
    with pytest.raises(CisflowError, match="exists, and is not overwritten"):
        set_up(survey, root)
    with pytest.raises(CisflowError) as refused:
        initialise(["nl"], {"a wave": survey.extract}, root, run="my run")
    assert len(refused.value.problems) == 3


def test_unknown_country_leaves_its_name_and_currency_to_you(here, root):
    survey = unseen_survey.pooled(here / "data")
    done = initialise(["XK"], {"2012": survey.extract}, root)
    assert any("name: what XK is called" in todo for todo in done["todo"])


def test_accounts_get_their_codebook(here, root, tmp_path):
    from small_survey import accounts, write_accounts

    survey = unseen_survey.harmonised(here / "data")
    file = write_accounts(accounts(), here / "data" / "accounts.xlsx")
    done = set_up(survey, root, accounts=file)
    assert done["accounts"] == "accounts/belfirst"
    document = yaml.safe_load((here / done["written"][-1]).read_text())
    assert document["countries"]["SE"]["accounts"]["codebook"] == "accounts/belfirst"
    assert {"faems2010_direct", "two_year_balance"} <= set(document["models"])
