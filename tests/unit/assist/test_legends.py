"""Labels of columns and codes, wherever an office writes them."""

import pandas as pd
import pytest

from cisflow.assist.legends import listed_codes, read_legend
from cisflow.base.problems import CisflowError
from cisflow.raw.extract import open_extract


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("1=Yes; 2=No", {"1": "Yes", "2": "No"}),
        ("1 = Yes; 2 = No; -8 = Don't know", {"1": "Yes", "2": "No", "-8": "Don't know"}),
        ("1: ja, 2: nein, 99: keine Angabe", {"1": "ja", "2": "nein", "99": "keine Angabe"}),
        ("0 - No 1 - Yes", {"0": "No", "1": "Yes"}),
        ("1 Yes, 2 No", {"1": "Yes", "2": "No"}),
        ("1. Yes 2. No", {"1": "Yes", "2": "No"}),
        ("1) yes 2) no 9) n.a.", {"1": "yes", "2": "no", "9": "n.a."}),
        ("Yes=1, No=2", {"1": "Yes", "2": "No"}),
        ("no (0), yes (1)", {"0": "no", "1": "yes"}),
        ('{"1": "Yes", "0": "No"}', {"1": "Yes", "0": "No"}),
        ("01=Yes\n02=No", {"1": "Yes", "2": "No"}),
        ("Binary (0 = no, 1 = yes)", {"0": "no", "1": "yes"}),
        (
            "1=10-49 employees; 2=50-249 employees",
            {"1": "10-49 employees", "2": "50-249 employees"},
        ),
        ("1=Yes, at home, 0=No", {"1": "Yes, at home", "0": "No"}),
        ("Number of employees in 2010", {}),
        ("Share 0-100, percent; 0 = none", {}),
        ("0/1", {}),
    ],
)
def test_codes_in_a_text(text, codes):
    assert listed_codes(text) == codes


@pytest.fixture
def extract(tmp_path):
    """An extract of three columns."""
    pd.DataFrame({"ID": [1, 2], "CO": [1, 2], "EMP": [10, 20]}).to_csv(
        tmp_path / "firms.csv", index=False
    )
    return tmp_path / "firms.csv"


def legend(extract, *tables):
    return read_legend(extract, open_extract(extract), tables)


def test_table_beside_the_file_is_found(extract):
    rows = "variable;text;wave\nid;Firm;1\nco;Cooperation;1\nemp;Employees;1\n"
    (extract.parent / "book.csv").write_text(rows)
    (extract.parent / "other.csv").write_text("a,b\n1,2\n")
    found = legend(extract)
    assert found.columns == {"ID": "Firm", "CO": "Cooperation", "EMP": "Employees"}
    assert found.origin == "book.csv, column 'text'"


def test_variables_and_values_in_two_tables(extract):
    one, two = extract.parent / "a.csv", extract.parent / "b.csv"
    one.write_text("name,label\nID,Firm\nCO,Cooperation\nEMP,Employees\n")
    two.write_text("name,value,label\nCO,1,Yes\nCO,2,No\nCO,9,No answer\n")
    for found in (legend(extract), legend(extract, one, two)):
        assert found.columns["CO"] == "Cooperation"
        assert found.codes == {"CO": {"1": "Yes", "2": "No", "9": "No answer"}}


def test_table_of_the_same_year_is_preferred(extract):
    other = extract.rename(extract.with_name("firms2016.csv"))
    for year in ("2014", "2016"):
        rows = f"name,label\nID,Firm\nCO,Cooperation\nEMP,Employees in {year}\n"
        (extract.parent / f"questions{year}.csv").write_text(rows)
    assert legend(other).columns["EMP"] == "Employees in 2016"


def test_row_per_code_with_the_label_in_the_first_alone(extract):
    table = extract.parent / "a.csv"
    table.write_text(
        "variable,description,code,meaning\nID,Firm,,\nCO,Cooperation,1,Yes\n,,2,No\nEMP,Employees,,\n"
    )
    found = legend(extract, table)
    assert found.columns == {"ID": "Firm", "CO": "Cooperation", "EMP": "Employees"}
    assert found.codes == {"CO": {"1": "Yes", "2": "No"}}


def test_list_without_titles(extract):
    table = extract.parent / "a.csv"
    table.write_text("ID,Firm\nCO,Cooperation (1=Yes; 2=No)\nEMP,Employees\n")
    found = legend(extract, table)
    assert found.columns["ID"] == "Firm"
    assert found.codes["CO"] == {"1": "Yes", "2": "No"}


def test_sheets_of_a_workbook(extract):
    import xlsxwriter

    with xlsxwriter.Workbook(str(extract.parent / "meta.xlsx")) as book:
        book.add_worksheet("About").write(0, 0, "Read me")
        sheet = book.add_worksheet("Variables")
        for i, row in enumerate([("Name", "Label"), ("ID", "Firm"), ("CO", "Cooperation")]):
            sheet.write_row(i, 0, row)
    found = legend(extract)
    assert found.columns == {"ID": "Firm", "CO": "Cooperation"}
    assert "sheet 'Variables'" in found.origin


def test_table_about_other_columns_is_refused(extract):
    table = extract.parent / "a.csv"
    table.write_text("name,label\nX,Something\nY,Else\n")
    assert legend(extract).columns == {}
    with pytest.raises(CisflowError, match="no column of the table names the columns"):
        legend(extract, table)
