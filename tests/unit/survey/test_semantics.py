"""What columns mean is checked on the data: signs of exchanged names, wrong units, other grids."""

from dataclasses import replace

import numpy as np
import pytest
from made_up_findings import make_findings
from small_survey import CODEBOOK, SIZE_CLASS, codebook_folders, firms, good_survey

from cisflow.base.problems import CisflowError
from cisflow.publication.tables.samples import quality_overview, quality_table
from cisflow.study.codebook_files import load_codebook
from cisflow.study.series import breaks_crossed, series_of
from cisflow.survey.contradictions import contradictions
from cisflow.survey.ingest import ingest_wave
from cisflow.survey.semantics import print_warnings, warnings


@pytest.fixture
def survey():
    return good_survey()


@pytest.fixture
def checked(tmp_path, root):
    """Return a function from a survey and a codebook's text to records and quality record."""

    def run(frame, text=CODEBOOK + SIZE_CLASS):
        frame.to_csv(tmp_path / "small.csv", index=False)
        codebook = load_codebook("small", codebook_folders(tmp_path, root, text))
        return ingest_wave(tmp_path / "small.csv", codebook, "BE", "CIS4")

    return run


def _failing(quality):
    return {name: c["failed"] for name, c in quality["checks"].items() if c["failed"]}


def _told(quality):
    return "\n".join(str(problem) for problem in [*warnings(quality), *contradictions(quality)])


def test_a_good_survey_passes_every_check(checked, survey):
    _, quality = checked(survey)
    assert _failing(quality) == {}
    assert _told(quality) == ""
    assert {
        "partner_named_cooperation_answered",
        "employees_in_size_class",
        "share_unchanged_is_the_large_one",
        "share_new_firm_excludes_new_market",
        "weights_gross_up",
        "turnover_per_employee",
    } <= set(quality["checks"])


def test_exchanged_shares_are_told_with_their_means(checked, survey):
    exchanged = survey.rename(columns={"TURNUNG": "TURNIN", "TURNIN": "TURNUNG"})
    table, quality = checked(exchanged)
    assert _failing(quality) == {"share_unchanged_is_the_large_one": 1}
    told = _told(quality)
    mean, rest = exchanged["TURNIN"].mean(), exchanged["TURNUNG"].mean()
    assert "share_new_firm (column TURNIN) looks like the share of unchanged products" in told
    assert (
        f"its mean is {mean:.0f} %, that of share_unchanged (column TURNUNG) {rest:.0f} %" in told
    )
    assert "exchange the columns of `share_new_firm:` and `share_unchanged:`" in told
    assert table["share_new_firm"].mean() == pytest.approx(mean)  # told, never changed


def test_a_share_that_includes_another_is_told(checked, survey):
    nested = survey.assign(TURNIN=survey["TURNIN"] + survey["TURNMAR"])
    _, quality = checked(nested)
    assert _failing(quality)["share_new_firm_excludes_new_market"] == 1
    assert _failing(quality)["shares_sum_to_100"] == 60
    assert "set `includes: share_new_market` under `share_new_firm:`" in _told(quality)
    # Doing so mends it.
    text = CODEBOOK.replace("{name: TURNIN}", "{name: TURNIN, includes: share_new_market}")
    table, quality = checked(nested, text + SIZE_CLASS)
    assert _failing(quality) == {}
    assert table["share_new_firm"].dropna().tolist() == survey["TURNIN"].dropna().tolist()


def test_a_part_above_its_whole_is_counted_and_missing(checked, survey):
    text = CODEBOOK.replace("{name: TURNIN}", "{name: TURNIN, includes: share_new_market}")
    text = text.replace("sum_to_100: [share_unchanged, share_new_firm, share_new_market], ", "")
    frame = survey.assign(TURNIN=50, TURNMAR=survey["TURNMAR"].astype(float))
    frame.loc[:3, "TURNMAR"] = 70
    frame.loc[4, "TURNMAR"] = 50.5  # rounding
    table, quality = checked(frame, text + SIZE_CLASS)
    entry = quality["checks"]["share_new_market_within_share_new_firm"]
    assert (entry["failed"], entry["of"]) == (4, 60)
    assert table["share_new_firm"].isna().sum() == 14
    assert quality["variables"]["share_new_firm"]["invalid"] == 4
    assert table["share_new_firm"].iloc[4] == 0
    assert "7 % of those concerned" in _told(quality)


@pytest.mark.parametrize(("unit", "found"), [("unit", 1), ("thousand", 0), ("million", 1)])
def test_turnover_per_employee_tells_a_wrong_unit(checked, survey, unit, found):
    text = (CODEBOOK + SIZE_CLASS).replace("unit: thousand", f"unit: {unit}")
    _, quality = checked(survey, text)
    assert quality["checks"]["turnover_per_employee"]["failed"] == found
    if found:
        assert "median turnover per employee" in _told(quality)
        assert f"(it has `{unit}`)" in _told(quality)


def test_turnover_in_another_currency_is_not_judged(checked, survey):
    text = (CODEBOOK + SIZE_CLASS).replace("currency: EUR", "currency: HUF")
    assert "turnover_per_employee" not in checked(survey, text)[1]["checks"]


def test_spending_in_another_unit_is_told(checked, survey):
    _, quality = checked(survey.assign(RRDINX=survey["RRDINX"] * 1000))
    assert _failing(quality) == {"spending_within_turnover": 60}
    assert "set `unit:` under the amounts" in _told(quality)


def test_weights_that_gross_up_to_nothing_are_told(checked, survey):
    _, quality = checked(survey.assign(WEIGHT=survey["WEIGHT"] / survey["WEIGHT"].mean()))
    assert _failing(quality) == {"weights_gross_up": 1}
    assert "The weights average 1.00" in _told(quality)
    _, quality = checked(survey.assign(WEIGHT=0.2))
    assert _failing(quality) == {"weights_gross_up": 1}
    _, quality = checked(survey.assign(WEIGHT=1))  # a census
    assert _failing(quality) == {}


def test_employees_outside_their_class_are_counted(checked, survey):
    survey.loc[:5, "EMP"] = [50, 250, 249, 10, 50, 250]
    _, quality = checked(survey)
    # 50 is not in 10-49, 250 not in 50-249, 249 not in 250+.
    assert _failing(quality) == {"employees_in_size_class": 3}
    assert "employees_in_size_class" not in _told(quality)  # five percent may err
    _, quality = checked(survey.assign(EMP=np.resize([60, 400, 12], 70)))
    assert "outside the size class: 100 %" in _told(quality)


@pytest.mark.parametrize("raw", ["2_3", "1_2_3", "1_2"])
def test_merged_classes_hold_what_they_say(checked, survey, raw):
    survey["SIZE"] = raw
    table, quality = checked(survey)
    lowest, highest = {"2_3": (50, 1e9), "1_2_3": (10, 1e9), "1_2": (10, 249)}[raw]
    outside = (~survey["EMP"].between(lowest, highest)).sum()
    assert quality["checks"]["employees_in_size_class"]["failed"] == outside
    assert set(table["size_class"]) == {{"2_3": "50+", "1_2_3": "10+", "1_2": "10-249"}[raw]}


def test_partners_without_an_answer_on_cooperation_are_counted(checked, survey):
    survey.loc[[0, 2], "CO"] = None
    _, quality = checked(survey)
    entry = quality["checks"]["partner_named_cooperation_answered"]
    assert (entry["failed"], entry["of"]) == (2, 30)


def test_exchanged_codes_of_cooperation_stop_the_run(checked, survey):
    _, quality = checked(survey.assign(CO=1 - survey["CO"]))
    assert quality["checks"]["no_partner_without_cooperation"]["failed"] == 30
    assert "look at `coop_any:`" in _told(quality)


def test_too_few_firms_say_nothing_about_the_file(checked, survey):
    few = survey.rename(columns={"TURNUNG": "TURNIN", "TURNIN": "TURNUNG"}).head(29)
    _, quality = checked(few)
    assert not any(entry.get("whole_file") for entry in quality["checks"].values())
    assert list(warnings(quality)) == []


def test_warnings_are_printed_and_hold_no_count_of_firms(checked, survey, capsys):
    _, quality = checked(survey.assign(WEIGHT=0.2))
    print_warnings(quality, "Belgium, wave CIS4")
    told = capsys.readouterr().err
    assert told.startswith("\nBelgium, wave CIS4 (")
    assert "1 thing to look at; the data were read as they are." in told
    assert "      → if `weight:`" in told
    _, quality = checked(survey)
    print_warnings(quality, "Belgium, wave CIS4")
    assert capsys.readouterr().err == ""


def test_columns_of_another_round_are_refused_with_the_remedy(checked):
    text = CODEBOOK + (
        "unexpected:\n"
        "  - {columns: [co311, CO321], meaning: clients are divided, remedy: take CIS2012}\n"
    )
    with pytest.raises(CisflowError) as refused:
        checked(firms().assign(CO311="1"), text)
    assert "the file has 'CO311': clients are divided" in str(refused.value)
    assert "→ take CIS2012" in str(refused.value)


# --- breaks of the series -----------------------------------------------------------------------

NACE = {"from": 2008, "text": "New NACE.", "source": "Regulation", "verified": "general"}
OSLO = {"from": 2018, "text": "New form.", "source": "Manual", "verified": "general"}


def _record(country, year, breaks=(NACE, OSLO)):
    return {"country": country, "wave": str(year), "reference_year": year, "breaks": list(breaks)}


def test_a_break_is_shown_only_where_waves_lie_on_both_sides():
    accounts = {"country": "BE", "wave": "accounts"}
    records = [_record("BE", 2004), accounts, _record("BE", 2008), _record("NL", 2008)]
    series = series_of(records)
    assert series["BE"]["years"] == [2004, 2008]
    assert breaks_crossed(series["BE"]) == [NACE]
    assert breaks_crossed(series["NL"]) == []
    late = series_of([_record("NL", 2020), _record("NL", 2006)])
    assert breaks_crossed(late["NL"]) == [NACE, OSLO]
    none = series_of([_record("NG", 2007, ()), _record("NG", 2010, ())])
    assert breaks_crossed(none["NG"]) == []


def test_countries_of_different_years_cross_a_break_together():
    series = series_of([_record("BE", 2004), _record("NL", 2010)])
    assert breaks_crossed(*series.values()) == [NACE]


def test_the_rounds_carry_their_breaks_into_the_record(checked, survey, root):
    _, quality = checked(survey)  # extends eurostat/common
    years = [entry["from"] for entry in quality["breaks"]]
    assert {2008, 2018} <= set(years)
    assert years == sorted(years)
    assert quality["reference_year"] == 2004
    folders = [root / "config" / "codebooks"]
    assert load_codebook("national/ng2007", folders).breaks == ()
    assert all({"text", "source", "verified"} <= set(entry) for entry in quality["breaks"])


def said(table):
    """Return every cell of a table and what stands below it."""
    return f"{table.flat().to_csv()}\n{table.notes}"


def test_tables_show_the_break_and_the_doubt():
    findings = make_findings()
    country = next(iter(findings.settings["countries"]))
    first, second = [r for r in findings.quality if r["country"] == country][:2]
    doubt = {"failed": 1, "of": 1, "whole_file": True, "meaning": "X.", "seen": "TURNIN looks odd."}
    passed = {"failed": 0, "of": 1, "whole_file": True, "meaning": "Not to be seen."}
    records = [
        {**first, "reference_year": 2006, "breaks": [NACE], "checks": {"a": doubt, "b": passed}},
        {**second, "reference_year": 2008, "breaks": [NACE], "checks": {}},
    ]
    crossing = replace(findings, quality=records)
    overview = said(quality_overview(crossing))
    assert "Breaks in series" in overview
    assert "from 2008: New NACE." in overview
    table = said(quality_table(crossing, country, first["wave"]))
    assert "Doubts about the file: TURNIN looks odd." in table
    assert "Not to be seen" not in table
    alone = replace(findings, quality=records[:1])
    assert "Breaks in series" not in said(quality_overview(alone))
