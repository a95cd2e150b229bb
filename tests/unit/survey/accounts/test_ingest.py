"""Exports of company accounts, as users have them, become one row per firm and year."""

import datetime

import pandas as pd
import pytest
from small_survey import accounts, codebook_folders, write_accounts

from cisflow.base.problems import CisflowError
from cisflow.study.codebook import Codebook
from cisflow.study.codebook_files import load_codebook
from cisflow.survey.accounts.headers import CODEBOOKS, read_headers
from cisflow.survey.accounts.rows import fiscal_years, preferred
from cisflow.survey.answers import Answers
from cisflow.survey.identifiers import in_format
from cisflow.survey.ingest import ingest_accounts
from cisflow.survey.labels import one_line
from cisflow.survey.schema import account_schema

LONG = """
title: Accounts, one row per firm and year
table: accounts
money: {currency: EUR, unit: million}
variables:
  firm_id: {name: ID}
  year: {name: YEAR}
  turnover: {name: SALES}
  value_added: {name: VA}
"""


@pytest.fixture
def wide(tmp_path, root):
    """Return a function that reads a wide export with a delivered codebook, or one built on it."""

    def run(frame, name="accounts/belfirst", more="", sheet="Results"):
        path = write_accounts(frame, tmp_path / "accounts.xlsx", sheet)
        text = f"title: Own\nextends: {name}\n{more or 'variables: {}'}\n"
        codebook = load_codebook("small", codebook_folders(tmp_path, root, text))
        return ingest_accounts(path, codebook, "BE", name="Belgium")

    return run


def relative(closing=("2007-12-31", "31/03/2008", "2006"), back=(0, 1, 2)):
    """Return an export whose years are relative to the last available one."""
    words = {0: "Last avail. yr", 1: "Year - 1", 2: "Year - 2"}
    columns = {"": ["1.", "2.", "3."], "BvD ID number": ["A", "B", "C"]}
    columns["Closing date\nLast avail. yr"] = list(closing)
    for k in back:
        columns[f"Operating revenue (Turnover)\nth EUR {words[k]}"] = [100 + k, 200 + k, 300 + k]
        columns[f"Added value\nth EUR {words[k]}"] = [10 + k, 20 + k, "n.a."]
        columns[f"Costs of employees\nth EUR {words[k]}"] = [5, 6, 7]
        columns[f"P/L before tax\nth EUR {words[k]}"] = [1, -2, 3]
    return pd.DataFrame(columns)


# --- wide ---------------------------------------------------------------------------------------


def test_a_wide_export_becomes_long(wide):
    table, quality = wide(accounts())
    account_schema().validate(table)
    assert table["firm_id"].tolist() == ["BE0001", "BE0001", "BE0003", "BE0003"]
    assert table["year"].tolist() == [2005, 2006, 2005, 2006]
    assert table["turnover"].tolist() == [900_000, 1_000_000, 250_000, 300_500]
    last = table.iloc[-1]
    assert (last["value_added"], last["personnel_costs"], last["employees"]) == (-20_000, 80_000, 7)
    assert pd.isna(last["profit_before_tax"])
    assert (quality["rows"], quality["firms"], quality["years"]) == (3, 2, [2005, 2006])
    assert quality["variables"]["turnover"]["valid"] == 4
    assert not quality["variables"]["total_assets"]["in_questionnaire"]
    assert quality["currency"] == "EUR"


def test_what_a_ratio_cannot_be_divided_by_is_counted(wide):
    _, quality = wide(accounts())
    below = quality["checks"]["value_added_above_zero"]
    assert (below["failed"], below["of"]) == (1, 2)
    assert quality["checks"]["turnover_above_zero"]["failed"] == 0
    assert "total_assets_above_zero" not in quality["checks"]


def test_the_unit_of_the_header_wins(wide):
    table, _ = wide(accounts())
    assert table["profit_before_tax"].dropna().tolist() == [50_000]  # 0.05 m EUR


def test_identifiers_keep_their_leading_zeros(wide):
    table, _ = wide(accounts().assign(**{"BvD ID number": ["0403", "0404", "0405"]}))
    assert set(table["firm_id"]) == {"0403", "0405"}


def test_the_first_identifier_of_the_codebook_wins_whatever_the_order_of_columns(wide):
    frame = accounts()
    frame.insert(1, "VAT number", ["x", "y", "z"])
    table, _ = wide(frame)
    assert set(table["firm_id"]) == {"BE0001", "BE0003"}


def test_relative_years_are_resolved_firm_by_firm(wide):
    table, _ = wide(relative())
    years = {firm: rows["year"].tolist() for firm, rows in table.groupby("firm_id")}
    assert years == {"A": [2005, 2006, 2007], "B": [2006, 2007, 2008], "C": [2004, 2005, 2006]}
    of_b = table[table["firm_id"] == "B"].set_index("year")
    assert of_b["turnover"].to_dict() == {2006: 202_000, 2007: 201_000, 2008: 200_000}


def test_accounts_that_close_early_may_count_for_the_year_before(wide):
    rule = "fiscal_year: {closing_date: Closing date, previous_year_before_month: 6}"
    table, _ = wide(relative(), more=f"{rule}\nvariables: {{}}")
    assert table[table["firm_id"] == "B"]["year"].tolist() == [2005, 2006, 2007]
    assert table[table["firm_id"] == "A"]["year"].tolist() == [2005, 2006, 2007]


def test_items_by_year_and_items_by_relative_year_meet_in_one_row(wide):
    frame = relative(closing=("2007",) * 3, back=(0,))
    frame["Number of employees\n2007"] = [11, 12, 13]
    table, _ = wide(frame)
    assert table["year"].tolist() == [2007] * 3
    assert table["employees"].tolist() == [11, 12, 13]
    assert table["turnover"].tolist() == [100_000, 200_000, 300_000]


@pytest.mark.parametrize(
    ("date", "year"),
    [
        ("2006", 2006),
        ("2006-12-31", 2006),
        ("2006-12-31 00:00:00", 2006),
        ("31/12/2006", 2006),
        ("12/31/2006", 2006),
        ("1.6.2006", 2006),
        ("31.05.2006", 2005),
        ("2006-05-31", 2005),
        ("05/31/2006", 2005),
        ("20060531", 2005),
        ("end of 2006", pd.NA),
    ],
)
def test_closing_dates(date, year):
    rule = Codebook(title="Own", fiscal_year={"previous_year_before_month": 6}, variables={})
    assert fiscal_years(pd.Series([date], dtype="string"), rule).tolist() == [year]


def test_dates_of_excel_are_read(tmp_path):
    import xlsxwriter

    frame = relative(back=(0,))
    with xlsxwriter.Workbook(str(tmp_path / "accounts.xlsx")) as book:
        page, form = book.add_worksheet("Results"), book.add_format({"num_format": "dd/mm/yyyy"})
        for j, name in enumerate(frame.columns):
            page.write(0, j, name)
            for i, value in enumerate(frame[name], start=1):
                page.write(i, j, value)
        for i in (1, 2, 3):
            page.write_datetime(i, 2, datetime.datetime(2008, 3, 31), form)
    codebook = load_codebook("accounts/belfirst", [CODEBOOKS])
    table, _ = ingest_accounts(tmp_path / "accounts.xlsx", codebook, "BE")
    assert set(table["year"]) == {2008}


# --- consolidated, months -----------------------------------------------------------------------


def _group(codes):
    frame = pd.concat([accounts(), accounts()], ignore_index=True)
    frame["Consolidation code"] = codes
    frame.loc[3:, "Operating revenue (Turnover)\nth EUR 2006"] = 9999
    return frame


def test_one_kind_of_accounts_is_kept_per_firm_and_counted(wide):
    frame = _group(["U2", "U2", "C1", "C2", "C2", "U1"])
    table, quality = wide(frame)
    turnover = table[table["year"] == 2006].set_index("firm_id")["turnover"]
    assert turnover.to_dict() == {"BE0001": 1_000_000, "BE0003": 9_999_000}
    assert quality["kinds"] == {"U2": 2, "U1": 1}
    assert quality["checks"]["one_kind_of_accounts"]["failed"] == 3


def test_the_preference_is_the_codebooks_and_texts_are_kinds_too(wide):
    unconsolidated, consolidated = "Unconsolidated accounts", "Consolidated accounts"
    frame = _group([unconsolidated] * 3 + [consolidated] * 3)
    rule = (
        "consolidation:\n  name: Consolidation code\n  prefer: [C1]\n"
        "  codes: {consolidated accounts: C1, unconsolidated accounts: U1}\nvariables: {}"
    )
    table, quality = wide(frame, more=rule)
    assert set(table.loc[table["year"] == 2006, "turnover"]) == {9_999_000}
    assert quality["kinds"] == {"C1": 3}


def test_a_kind_that_is_not_wanted_is_left_out_and_one_not_said_comes_last():
    kinds = pd.Series(["C1", "LF", "LF", pd.NA, "U1", pd.NA], dtype="string")
    firms = pd.Series(list("aabccd"))
    kept = preferred(kinds, [firms], ["U1", "C1"])
    assert kept.tolist() == [True, False, False, False, True, True]


@pytest.mark.parametrize(("rule", "years"), [("keep", 4), ("exclude", 3)])
def test_years_of_other_than_twelve_months_are_counted(wide, rule, years):
    frame = accounts()
    frame["Number of months\n2006"] = [12, "n.a.", 18]
    frame["Number of months\n2005"] = [12, "n.a.", "n.a."]
    more = f"fiscal_year: {{months: Number of months, other_than_12: {rule}}}\nvariables: {{}}"
    table, quality = wide(frame, more=more)
    assert len(table) == years
    found = quality["checks"]["twelve_months"]
    assert (found["failed"], found["of"]) == (1, 3)
    assert ("left out" in found["meaning"]) == (rule == "exclude")


# --- identifiers --------------------------------------------------------------------------------


def test_one_number_written_in_four_ways_is_one_identifier():
    texts = ["BE0401234567", "0401.234.567", "401234567", "be 0401-234-567", "NL1", None]
    ids = pd.Series(texts, dtype="string")
    entry = {"format": {"prefix": "BE", "digits": 10}, "invalid": "missing"}
    book = Codebook(title="Own", path="x", variables={"firm_id": entry})
    found = in_format(Answers(ids, ids.isna() & False, ["ID"]), book)
    assert found.values.iloc[:4].tolist() == ["BE0401234567"] * 4
    assert found.invalid.tolist() == [False] * 4 + [True, False]
    assert found.values.iloc[4:].isna().all()
    assert not found.problems


def test_accounts_are_kept_under_the_declared_form(wide):
    frame = accounts().assign(**{"BvD ID number": [401234567, "0402.234.567", "NL12345678B01"]})
    more = "variables: {firm_id: {format: {prefix: BE, digits: 10}, invalid: missing}}"
    table, quality = wide(frame, more=more)
    assert set(table["firm_id"]) == {"BE0401234567"}
    assert quality["checks"]["identifier_in_format"]["failed"] == 1


# --- languages and text files -------------------------------------------------------------------

FRENCH = {
    "Numéro d'entreprise": ["0401234567", "0402"],
    "Chiffre d'affaires\nmilliers EUR 2006": ["10,5", "20"],
    "Valeur ajoutée\nmilliers EUR 2006": ["4", "n.d."],
    "Frais de personnel\nmillions EUR 2006": ["0,003", "1"],
    "Bénéfice (perte) de l'exercice avant impôts\nEUR 2006": ["-100", "7"],
    "Code de consolidation": ["U1", "C1"],
}
DUTCH = {
    "Ondernemingsnummer": ["0401234567", "0402"],
    "Omzet\ndzd EUR Laatste beschikb. jaar": ["10,5", "20"],
    "Toegevoegde waarde\nduizend EUR Laatste beschikb. jaar": ["4", "n.b."],
    "Personeelskosten\nmln EUR Laatste beschikb. jaar": ["0,003", "1"],
    "Winst (verlies) van het boekjaar vóór belasting\nEUR Laatste beschikb. jaar": ["-100", "7"],
    "Afsluitdatum": ["31/12/2006", "31/12/2006"],
}


@pytest.mark.parametrize(
    ("name", "columns"), [("belfirst_fr", FRENCH), ("belfirst_nl", DUTCH)], ids=["fr", "nl"]
)
@pytest.mark.parametrize(
    ("encoding", "delimiter"), [("utf-8-sig", ";"), ("utf-16", "\t"), ("utf-16-be", ";")]
)
def test_french_and_dutch_text_exports(tmp_path, root, name, columns, encoding, delimiter):
    path = tmp_path / "comptes.txt"
    pd.DataFrame(columns).to_csv(path, sep=delimiter, index=False, encoding=encoding)
    text = f"title: Own\nextends: accounts/{name}\nfile: {{decimal: ','}}\nvariables: {{}}\n"
    codebook = load_codebook("small", codebook_folders(tmp_path, root, text))
    table, quality = ingest_accounts(path, codebook, "BE")
    first = table.set_index("firm_id").loc["0401234567"]
    assert first["year"] == 2006
    assert (first["turnover"], first["value_added"]) == (10_500, 4_000)
    assert (first["personnel_costs"], first["profit_before_tax"]) == (3_000, -100)
    assert quality["variables"]["value_added"]["valid"] == 1


@pytest.mark.parametrize("name", ["orbis_en", "belfirst_fr", "belfirst_nl", "orbis_long"])
def test_names_of_items_say_that_they_are_general_knowledge(root, name):
    variables = load_codebook(f"accounts/{name}", [root / "config/codebooks"]).variables
    assert {spec.verified for spec in variables.values()} == {"general"}


def test_headers_are_taken_apart(root):
    codebook = load_codebook("accounts/belfirst", [root / "config/codebooks"])
    names = [
        "Operating revenue (Turnover)\nth EUR 2006",
        "P/L before tax\nEUR\nLast avail. yr",
        "Added value\nm. USD Year - 3",
        "Number of employees\n2006",
        "Company name\nLatin alphabet",
    ]
    parts = [(h.label, h.unit, h.currency, h.year, h.back) for h in read_headers(names, codebook)]
    assert parts == [
        ("operating revenue (turnover)", "th", "EUR", 2006, None),
        ("p/l before tax", None, "EUR", None, 0),
        ("added value", "m", "USD", None, 3),
        ("number of employees", None, None, 2006, None),
        ("company name latin alphabet", None, None, None, None),
    ]
    assert one_line(names[1]) == "P/L before tax EUR Last avail. yr"


# --- long ---------------------------------------------------------------------------------------


def test_a_long_file_is_read_too(tmp_path, root):
    path = tmp_path / "accounts.csv"
    path.write_text("id;year;sales;va\n01;2005;1.5;1\n01;31/12/2006;2;-1\n02;2006;;\n")
    codebook = load_codebook("small", codebook_folders(tmp_path, root, LONG))
    table, quality = ingest_accounts(path, codebook, "BE")
    assert table["turnover"].tolist() == [1_500_000, 2_000_000]
    assert table["value_added"].tolist() == [1_000_000, -1_000_000]
    assert (quality["rows"], quality["rows_kept"]) == (3, 2)


def test_a_long_export_has_units_in_its_headers_and_a_kind_per_row(tmp_path, root):
    frame = pd.DataFrame(
        {
            "BvD ID number": ["A", "A", "A", "B"],
            "Year": [2005, 2006, 2006, 2006],
            "Consolidation code": ["C1", "C2", "U2", "C1"],
            "Number of months": [12, 12, 12, 9],
            "Operating revenue (Turnover)\nth EUR": [1, 2, 3, 4],
            "Added value\nm EUR": [1, 2, 3, 4],
            "Costs of employees\nEUR": [1, 2, 3, 4],
            "P/L before tax\nth EUR": [1, 2, 3, 4],
        }
    )
    path = write_accounts(frame, tmp_path / "long.xlsx")
    codebook = load_codebook("accounts/orbis_long", [root / "config/codebooks"])
    table, quality = ingest_accounts(path, codebook, "BE")
    assert table[["firm_id", "year"]].to_numpy().tolist() == [["A", 2005], ["A", 2006], ["B", 2006]]
    assert table["turnover"].tolist() == [1_000, 3_000, 4_000]
    assert table["value_added"].tolist() == [1e6, 3e6, 4e6]
    assert table["personnel_costs"].tolist() == [1, 3, 4]
    assert quality["kinds"] == {"C1": 2, "U2": 1}
    assert quality["checks"]["twelve_months"]["failed"] == 1


@pytest.mark.parametrize(
    ("years", "said"),
    [
        (("2005", "2005"), "fewer than 10 identifiers occur more than once in the same year"),
        (("2005", ""), "fewer than 10 rows lack it or the year"),
    ],
)
def test_a_long_file_has_one_row_per_firm_and_year(tmp_path, root, years, said):
    path = tmp_path / "accounts.csv"
    path.write_text(f"id;year;sales;va\n01;{years[0]};1;1\n01;{years[1]};2;1\n")
    codebook = load_codebook("small", codebook_folders(tmp_path, root, LONG))
    with pytest.raises(CisflowError, match=rf"firm_id \(column 'id'\): {said}"):
        ingest_accounts(path, codebook, "BE")


def test_a_year_may_be_the_same_for_the_whole_file(tmp_path, root):
    path = tmp_path / "accounts.csv"
    path.write_text("id;sales;va\n01;1;1\n02;2;1\n")
    text = LONG.replace("{name: YEAR}", "{constant: 2006}")
    codebook = load_codebook("small", codebook_folders(tmp_path, root, text))
    assert ingest_accounts(path, codebook, "BE")[0]["year"].tolist() == [2006, 2006]
