"""Bad accounts: the message names country, file, sheet, column and remedy, and no secret."""

from functools import cache

import pandas as pd
import pytest
from small_survey import accounts, assert_in_words, codebook_folders, write_accounts

from cisflow.base.problems import CisflowError
from cisflow.study.codebook_files import load_codebook
from cisflow.survey.accounts.deflator import read_deflator
from cisflow.survey.ingest import ingest_accounts

pytestmark = pytest.mark.usefixtures("messages_stay")

SHEET = "sheet 'Results'"


@cache
def delivered(name, folder):
    return load_codebook(name, [folder])


@pytest.fixture
def refusal(tmp_path, root, monkeypatch):
    """Return a function that ingests bad accounts and returns the message."""
    monkeypatch.chdir(tmp_path)

    def run(frame, name="accounts/belfirst", more="variables: {}", sheet="Results", file=None):
        path = tmp_path / (file or "bad.xlsx")
        if file is None:
            write_accounts(frame, path, sheet)
        if more != "variables: {}":
            text = f"title: Own\nextends: {name}\n{more}\n"
            codebook = load_codebook("small", codebook_folders(tmp_path, root, text))
        else:
            codebook = delivered(name, root / "config/codebooks")
        before = sorted(tmp_path.iterdir())
        with pytest.raises(CisflowError) as refused:
            ingest_accounts(path, codebook, "BE", name="Belgium")
        assert sorted(tmp_path.iterdir()) == before
        message = str(refused.value)
        assert message.startswith(f"Belgium, accounts ({path.name}): ")
        assert_in_words(message)
        return message

    return run


def relative():
    """Return an export with years relative to the last available one and no closing date."""
    years = {"2006": "Last avail. yr", "2005": "Year - 1"}
    frame = accounts().drop(columns="P/L before tax\nth EUR Last avail. yr")
    for year, words in years.items():
        frame = frame.rename(columns=lambda n, y=year, w=words: n.replace(y, w))
    return frame


def test_no_such_sheet(refusal):
    message = refusal(accounts(), sheet="Search strategy")
    assert "there is no sheet 'Results'; the file has 'Search strategy'" in message
    assert "set `file: {sheet: …}`" in message


def test_an_empty_sheet(refusal):
    message = refusal(pd.DataFrame())
    assert "the sheet 'Results' is empty" in message


def test_a_sheet_of_headers_only(refusal):
    message = refusal(accounts().head(0))
    assert f"{SHEET}: the file has headers and no firm" in message
    assert "export it once more" in message


def test_no_recognisable_header(refusal):
    frame = accounts()
    frame.columns = ["", *(f"V{i}" for i in range(1, len(frame.columns)))]
    message = refusal(frame)
    assert f"{SHEET}: none of the 9 headers names an item and a year" in message
    assert f"{SHEET}: firm_id: column 'BvD ID number'" in message
    assert "'Added value th EUR 2006'" in message


def test_two_currencies_where_the_codebook_names_one(refusal):
    frame = accounts().rename(columns=lambda n: n.replace("value\nth EUR", "value\nth USD"))
    message = refusal(frame)
    assert f"{SHEET}: value_added: amounts in USD, where the codebook says EUR" in message
    assert "export the file in EUR" in message


def test_two_currencies_where_the_codebook_names_none(tmp_path, refusal, root):
    frame = accounts().rename(columns=lambda n: n.replace("value\nth EUR", "value\nth USD"))
    text = (root / "config/codebooks/accounts/common.yaml").read_text()
    text = text.replace("currency: EUR, ", "").replace("variables: {}", "")
    own = (root / "config/codebooks/accounts/belfirst.yaml").read_text().split("variables:")[1]
    (tmp_path / "own.yaml").write_text(f"{text}variables:{own}")
    write_accounts(frame, tmp_path / "bad.xlsx")
    codebook = load_codebook("own", [tmp_path, root / "config/codebooks"])
    with pytest.raises(CisflowError) as refused:
        ingest_accounts(tmp_path / "bad.xlsx", codebook, "BE")
    message = str(refused.value)
    assert "amounts in more than one currency: EUR (turnover" in message
    assert "and USD (value_added)" in message


def test_rows_in_another_currency(refusal):
    frame = accounts()
    frame["Account currency"] = ["EUR", "GBP", "GBP"]
    message = refusal(frame, more="money: {column: Account currency}\nvariables: {}")
    assert (
        "currency (column 'Account currency'): fewer than 10 values, where the codebook says EUR"
        in message
    )
    assert "`rows:`" in message


def test_a_unit_nobody_knows(refusal):
    frame = accounts().rename(columns=lambda n: n.replace("value\nth", "value\nbn"))
    message = refusal(frame)
    assert f"{SHEET}: value_added: unknown unit 'bn' in the header" in message
    assert "`header: {units: …}`" in message


def test_a_firm_that_stands_there_twice(refusal):
    frame = accounts().assign(**{"BvD ID number": ["BE0001", "BE0001", "BE0003"]})
    message = refusal(frame)
    assert (
        f"{SHEET}: firm_id (column 'BvD ID number'): fewer than 10 identifiers occur more than"
        in message
    )
    assert "name it under `consolidation:`" in message


def test_a_firm_with_two_accounts_of_one_kind(refusal):
    frame = accounts().assign(**{"BvD ID number": ["BE0001", "BE0001", "BE0003"]})
    frame["Consolidation code"] = ["U1", "U1", "U1"]
    message = refusal(frame)
    assert "fewer than 10 identifiers occur more than once (fewer than 10 rows)" in message
    assert "remove the repeated rows" in message


def test_a_firm_year_that_stands_there_twice(refusal):
    frame = pd.DataFrame(
        {
            "BvD ID number": ["BE0001", "BE0001"],
            "Year": ["2006", "31/12/2006"],
            **{
                f"{item}\nth EUR": [1, 2]
                for item in ("Turnover", "Added value", "Costs of employees", "P/L before tax")
            },
        }
    )
    message = refusal(frame, "accounts/orbis_long")
    assert (
        "fewer than 10 identifiers occur more than once in the same year (fewer than 10 rows)"
        in message
    )


def test_text_in_a_number(refusal):
    frame = accounts()
    frame["Added value\nth EUR 2006"] = ["secret", 1, 2]
    message = refusal(frame)
    assert (
        f"{SHEET}: value_added (column 'Added value th EUR 2006'): fewer than 10 values that are"
        in message
    )
    assert "under `missing:`" in message


@pytest.mark.parametrize(("mark", "word"), [(",", "comma"), (".", "point")])
def test_thousands_or_decimals_nobody_can_tell(refusal, mark, word):
    frame = accounts()
    frame["Added value\nth EUR 2006"] = [f"4{mark}321", f"({mark.join(['7', '654'])})", 2]
    message = refusal(frame)
    assert (
        f"{SHEET}: column 'Added value th EUR 2006' (fewer than 10 "
        f"rows): figures such as 9{mark}999"
    ) in message
    assert f"whether the {word} separates thousands or decimals" in message
    assert f"`thousands: '{mark}'` if 9{mark}999 is nearly ten thousand" in message
    assert "beside `file:` in the config or under `file:` in" in message
    assert "BE0001" not in message
    assert "321" not in message
    assert "654" not in message


def test_decimals_with_a_point_here_and_a_comma_there(refusal):
    frame = accounts()
    frame["Added value\nth EUR 2006"] = ["4,32", "1", "2"]
    frame["Costs of employees\nth EUR\n2006"] = ["7.65", "1.5", "2"]
    message = refusal(frame)
    assert (
        "comma before decimals in column 'Added value th EUR 2006' (fewer than 10 rows)" in message
    )
    assert (
        "point before decimals in column 'Costs of employees th EUR 2006' (fewer than 10 rows)"
        in message
    )
    assert "so that all figures have the same marks" in message
    assert "4,32" not in message


def test_a_stated_mark_the_file_does_not_have(refusal):
    frame = accounts()
    frame["Added value\nth EUR 2006"] = ["4,32", "1", "2"]
    message = refusal(frame, more="file: {decimal: '.'}\nvariables: {}")
    assert "(fewer than 10 rows): figures that are not written as `decimal: '.'` says" in message
    assert "without it the marks are found from the figures" in message


def test_thousands_a_program_took_for_decimals(refusal):
    frame = accounts()
    frame["Added value\nth EUR 2006"] = [1.234, "1.234.567", 2]
    message = refusal(frame)
    assert "texts with a point between thousands beside cells that are fractions" in message
    assert "import the original export once more" in message


def test_a_header_without_a_unit_among_headers_with_one(refusal):
    frame = accounts().rename(columns=lambda n: n.replace("value\nth EUR", "value"))
    message = refusal(frame)
    assert "value_added (column 'Added value 2006'): the header names no unit" in message
    assert "`value_added: {unit: thousand}`" in message


@pytest.mark.parametrize("unit", ["bnEUR", "€bn", "(EUR bn)", "bn EUR"])
@pytest.mark.parametrize("name", ["belfirst", "orbis_long"])
def test_a_glued_unit_nobody_knows(refusal, unit, name):
    year = "" if name == "orbis_long" else " 2006"
    labels = ("Turnover", "Costs of employees", "P/L before tax")
    frame = pd.DataFrame({"BvD ID number": ["BE0001"], "Year": ["2006"]})
    frame = frame.assign(**{f"{label}\nth EUR{year}": 1 for label in labels})
    frame[f"Added value\n{unit}{year}"] = 2
    message = refusal(frame, f"accounts/{name}")
    assert f"{SHEET}: value_added: unknown unit 'bn" in message.replace("'€bn", "'bn")
    assert "add it to `header: {units: …}`" in message
    assert "column 'Added value' or" not in message


def test_relative_years_without_a_closing_date(refusal):
    message = refusal(relative())
    assert "turnover, value_added, personnel_costs" in message
    assert "(such as column 'Operating revenue (Turnover) th EUR Last avail. yr')" in message
    assert "no column with the closing date (sought: 'closing date of last accounts'" in message
    assert "`fiscal_year: {closing_date: …}`" in message


def test_a_closing_date_that_is_blank_or_no_date(refusal):
    frame = relative().assign(**{"Closing date": ["n.a.", "n.a.", "when ready"]})
    message = refusal(frame)
    assert (
        "closing date (column 'Closing date'): fewer than 10 values that are neither a year nor"
        in message
    )
    assert "fewer than 10 rows have figures and no closing date" in message
    assert "ready" not in message


def test_identifiers_that_do_not_fit_the_declared_rule(refusal):
    frame = accounts().assign(**{"BvD ID number": ["NL1", "BE12345678901", "0401.234.567"]})
    message = refusal(frame, more="variables: {firm_id: {format: {prefix: BE, digits: 10}}}")
    assert (
        f"{SHEET}: firm_id (column 'BvD ID number'): fewer than 10 identifiers do not fit 'BE' "
        "and 10 digits" in message
    )
    assert "`firm_id: {format: …}`" in message
    assert "have none" not in message
    assert "NL1" not in message


def test_a_kind_of_accounts_nobody_declared(refusal):
    frame = accounts().assign(**{"Consolidation code": ["U1", "Pro forma", "Pro forma"]})
    message = refusal(frame)
    assert (
        "(column 'Consolidation code'): kinds of accounts that are "
        "not declared: fewer than 10 values"
    ) in message
    assert "`consolidation: {codes: …}`" in message


def test_names_in_place_of_kinds_are_not_shown(refusal):
    frame = accounts().assign(**{"Consolidation code": ["secret 1", "secret 2", "secret 3"]})
    assert "is this the right column?" in refusal(frame)


def test_the_codebook_of_another_language(refusal):
    frame = pd.DataFrame(
        {
            "Numéro BvD": ["BE0001"],
            "Chiffre d'affaires\nmilliers EUR 2006": [1],
            "Valeur ajoutée\nmilliers EUR 2006": [1],
            "Frais de personnel\nmilliers EUR 2006": [1],
        }
    )
    message = refusal(frame)
    assert "those of another edition or language than the codebook's" in message
    assert "set `codebook: accounts/belfirst_fr` in the config" in message
    assert "value_added: no header 'Added value' with a year is in the file" in message


def test_an_english_file_with_the_dutch_codebook(refusal):
    message = refusal(accounts(), "accounts/belfirst_nl")
    assert "set `codebook: accounts/belfirst` in the config" in message


def test_a_file_with_a_row_per_year_where_columns_are_meant(refusal):
    frame = pd.DataFrame(
        {"BvD ID number": ["BE0001"], "Year": [2006], "Turnover\nth EUR": [1], "Sales": [1]}
    )
    assert "set `codebook: accounts/orbis_long` in the config" in refusal(frame)


def test_a_text_file_has_no_sheet_to_name(tmp_path, refusal):
    accounts().drop(columns="BvD ID number").to_csv(tmp_path / "bad.csv", index=False)
    message = refusal(None, file="bad.csv")
    assert "firm_id: column 'BvD ID number'" in message
    assert "sheet" not in message.replace("`file: {sheet: …}`", "")


def test_without_an_item(refusal):
    frame = accounts().rename(columns=lambda name: name.replace("Added value", "Value add"))
    message = refusal(frame)
    assert "value_added: no header 'Added value' with a year is in the file" in message
    assert "did you mean `value add`" in message


def test_without_identifier(refusal):
    message = refusal(accounts().drop(columns="BvD ID number"))
    assert "firm_id: column 'BvD ID number' or 'BvD ID' or" in message


def test_two_columns_for_a_year(refusal):
    frame = accounts()
    frame["Turnover\nth EUR 2006"] = 1
    assert "turnover: more than one column for 2006" in refusal(frame)


def test_everything_wrong_is_told_at_once(refusal):
    frame = accounts()
    frame["Added value\nth EUR 2006"] = ["secret", 1, 2]
    frame["Costs of employees\nth EUR\n2006"] = [-3, 1, 2]
    frame["BvD ID number"] = ["BE7", "BE7", "BE8"]
    message = refusal(frame)
    assert ": 3 problems" in message
    assert (
        "value_added (column 'Added value th EUR 2006'): fewer than 10 values that are no numbers."
        in message
    )
    assert "(column 'Costs of employees th EUR 2006'): fewer than 10 values below 0." in message
    assert (
        "firm_id (column 'BvD ID number'): fewer than 10 identifiers occur "
        "more than once (fewer than 10 rows)."
    ) in message
    assert "BE7" not in message
    assert "secret" not in message


def test_an_item_of_blanks_only(refusal):
    frame = accounts()
    frame["Added value\nth EUR 2006"] = "n.a."
    message = refusal(frame)
    assert "value_added: blank for all firms in every year (1 column)." in message


@pytest.mark.parametrize(
    ("text", "base", "fragment"),
    [
        ("jaar,index\n2006,1\n", 2006, "no column 'year'"),
        ("year,index\n2006,1\n2006,2\n", 2006, "a year stands there twice"),
        (
            "year,index\n2006,x\n2007,0\n",
            2006,
            "column 'index': 2 of 2 rows without a positive number",
        ),
        ("year,index\n2006,1\n2007,2\n", 2005, "base_year: 2005 is not in the file (2006 to 2007)"),
    ],
)
def test_a_bad_deflator(tmp_path, text, base, fragment):
    (tmp_path / "prices.csv").write_text(text)
    with pytest.raises(CisflowError) as refused:
        read_deflator(tmp_path / "prices.csv", base)
    assert fragment in str(refused.value)
