"""`cisflow init` and `inspect` on files as people make them: mapped as the plain file is."""

import csv

import as_people_make_them as made
import pandas as pd
import pytest
import unseen_survey
import yaml

from cisflow.assist.checking import check_run
from cisflow.assist.inspection import inspect_column, inspect_file
from cisflow.assist.scaffold import initialise
from cisflow.assist.vocabulary import load_words, questions
from cisflow.base.problems import CisflowError
from cisflow.study.codebook_files import load_codebook
from cisflow.survey.ingest import ingest_accounts


@pytest.fixture
def here(tmp_path, monkeypatch):
    """An empty folder in which a user works; extracts are below data."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "data").mkdir()
    return tmp_path


def cells(path):
    """Return the rows of a text file, numbers as a spreadsheet would store them."""
    with path.open(encoding="utf-8") as file:
        return [[_stored(cell) for cell in row] for row in csv.reader(file, delimiter=";")]


def _stored(text):
    if not text:
        return None
    return int(text) if text.isdecimal() and not text.startswith("0") else text


def total(rows, word):
    """Return a row that sums the columns of amounts."""
    header, *firms = rows
    sums = [None] * len(header)
    for name in ("staff_2016", "staff_2014", "sales_2016"):
        place = header.index(name)
        sums[place] = sum(row[place] or 0 for row in firms)
    return [word, *sums[1:]]


def mapping(done, root):
    """Return the columns of every variable of the codebook that was written."""
    loaded = load_codebook(done["waves"][0]["codebook"], [root / "config" / "codebooks"])
    return {
        variable: {name for names in spec.alternatives for name in names}
        for variable, spec in loaded.variables.items()
    }


ALTERED = {
    "title.xlsx": lambda rows: [["Innovation survey, 2016"], ["Version 2", None], *rows],
    "title.ods": lambda rows: [["Innovation survey"], *rows, total(rows, "Total")],
    "merged.csv": lambda rows: [
        [f"Part {i // 8}" if i % 8 == 0 else None for i in range(len(rows[0]))],
        *rows,
    ],
    "total.tsv": lambda rows: [*rows, total(rows, "Gesamt"), ["Quelle: Statistisches Amt"]],
    "total.xls": lambda rows: [*rows, total(rows, None)],
    "separator.csv": lambda rows: [["sep=;"], *rows],
}


@pytest.mark.parametrize("name", ALTERED)
def test_a_survey_in_a_file_as_people_make_them(here, root, plain, name):
    survey = unseen_survey.words_and_commas(here / "data")
    path = made.write(here / "data" / name, ALTERED[name](cells(survey.extract)))
    done = initialise(["NL"], {"2016": path}, root, labels_files=survey.labels)
    assert done["todo"] == []
    assert mapping(done, root) == plain
    findings = check_run(here / done["config"], root)
    assert [p.said for _, p in findings.errors if "confirm" not in p.remedy] == []
    assert findings.extracts[0]["rows"] == 360
    passed_over = " ".join(done["look"])
    assert ("skipped" in passed_over) == ("title" in name)
    assert ("row that sums others left out" in passed_over) == ("total" in name or "ods" in name)


@pytest.mark.parametrize(
    ("column", "label", "years"),
    [
        ("fy", "Close year of the last completed fiscal year", (2014, 2015)),
        ("anno", "Year of the accounts the answers are taken from", (2012, 2013, 2015)),
    ],
)
def test_years_of_the_firms_own_books_are_asked_about_apart(
    here, root, plain, column, label, years
):
    survey = unseen_survey.words_and_commas(here / "data")
    rows = cells(survey.extract)
    for i, row in enumerate(rows):
        row.append(years[i % len(years)] if i else column)
    path = made.write(here / "data" / "x.csv", rows)
    labels = pd.read_csv(survey.labels[0], dtype=str)
    labels.loc[len(labels)] = [column, label, *[None] * (labels.shape[1] - 2)]
    labels.to_csv(here / "data" / "labels.csv", index=False)
    done = initialise(["NL"], {"2016": path}, root, labels_files=[here / "data" / "labels.csv"])
    (asked,) = done["todo"]
    assert f"column {column} has the years {', '.join(map(str, years))}" in asked
    assert mapping(done, root) == plain
    written = yaml.safe_load((here / done["written"][0]).read_text())
    assert "rows" not in written
    # All else is checked, with all rows.
    findings = check_run(here / done["config"], root)
    assert findings.extracts[0]["rows"] == 360


@pytest.fixture(scope="module")
def plain(tmp_path_factory, root):
    """The mapping of the file as it is, which others are held against."""
    folder = tmp_path_factory.mktemp("plain")
    survey = unseen_survey.words_and_commas(folder)
    done = initialise(
        ["NL"], {"2016": survey.extract}, root, labels_files=survey.labels, out=folder
    )
    found = mapping(done, root)
    # What is read from it is nearly all there is: that is for other tests to hold.
    assert sum(found.get(v) == c for v, c in survey.columns.items()) > 0.9 * len(survey.columns)
    return found


def accounts_rows(long=False):
    """Return an export of accounts: header and rows."""
    items = ["Turnover", "Added value", "Costs of employees", "P/L before tax"]
    year = [] if long else [" 2018"]
    header = [f"{item} th EUR{''.join(year)}" for item in items]
    header = ["BvD ID number", *(["Year"] if long else []), *header]
    rows = [
        [f"BE04{i:08d}", *([2016 + k] if long else []), 2000 + i, 600 + i, 350 + i, 90 - i]
        for i in range(40)
        for k in range(1 + long)
    ]
    return [header, *rows]


@pytest.mark.parametrize("suffix", [".csv", ".xlsx", ".ods"])
@pytest.mark.parametrize("above", [[], [["Export of 28 November"], ["Selection", None]]])
def test_accounts_with_a_row_per_year_are_inspected(here, root, suffix, above):
    path = made.write(here / "data" / f"a{suffix}", [*above, *accounts_rows(long=True)])
    found = inspect_file(path, root)
    assert (found["kind"], found["rows"]) == ("accounts", 80)
    assert found["codebook"]["found"] == found["codebook"]["required"]
    assert found["codings"] == found["missing"] == []


@pytest.mark.parametrize("suffix", [".xlsx", ".ods", ".xls"])
@pytest.mark.parametrize(
    "others",
    [
        {"Search summary": [["Companies"], ["Belgium"], ["Export of 2018"]]},
        {"Log": [["step", "count", "by"], *[[f"step {i}", i, "me"] for i in range(300)]]},
        {},
    ],
)
def test_accounts_on_whatever_sheet(here, root, suffix, others):
    survey = unseen_survey.words_and_commas(here / "data")
    path = made.write(here / "data" / f"accounts{suffix}", accounts_rows(), others)
    done = initialise(
        ["NL"], {"2016": survey.extract}, root, labels_files=survey.labels, accounts=path
    )
    assert (done["accounts"], done["accounts_sheet"]) == ("accounts/belfirst", "Data")
    entry = yaml.safe_load((here / done["config"]).read_text())["countries"]["NL"]["accounts"]
    assert entry["sheet"] == "Data"
    book = load_codebook(entry["codebook"], [root / "config" / "codebooks"]).configured(entry)
    assert ingest_accounts(path, book, "NL")[1]["firms"] == 40
    assert inspect_file(path, root)["kind"] == "accounts"


def test_a_survey_on_the_second_sheet(here, root, plain):
    survey = unseen_survey.words_and_commas(here / "data")
    notes = [["Notes"], *[[f"Question {i}: see the manual"] for i in range(2000)]]
    path = made.write(here / "data" / "x.xlsx", cells(survey.extract), {"Notes": notes})
    done = initialise(["NL"], {"2016": path}, root, labels_files=survey.labels)
    assert mapping(done, root) == plain
    assert any("of the workbook's sheets 'Data' was read" in look for look in done["look"])
    assert inspect_column(path, "in_group")["rows"] == 360


def test_a_total_is_told_by_the_record_of_a_file(here, root):
    rows = accounts_rows()
    sums = [sum(row[i] for row in rows[1:]) for i in range(1, 5)]
    path = made.write(here / "data" / "a.csv", [["Export"], *rows, ["Total", *sums]])
    book = load_codebook("accounts/belfirst", [root / "config" / "codebooks"])
    accounts, quality = ingest_accounts(path, book, "BE")
    assert quality["left_out"] == {"totals": 1}
    assert (quality["firms"], len(accounts)) == (40, 40)
    assert "1 row that sums others left out" in quality["read_as"]


@pytest.mark.parametrize("name", ["x.sav", "survey2016.dta", "Snakefil"])
def test_near_names_are_those_of_data(here, root, name):
    for file in ("Snakefile", "x.smk", "survey2016.txt.bak", "config.yaml", "xx.csv"):
        (here / "data" / file).write_text("a;b\n1;2\n")
    with pytest.raises(CisflowError, match="does not exist") as refused:
        inspect_file(here / "data" / name, root)
    told = str(refused.value)
    assert "xx.csv" in told
    assert not any(word in told for word in ("Snakefile", "smk", "bak", "yaml"))


@pytest.mark.parametrize("weights", [1, 0])
def test_where_there_is_a_weight_the_weighted_model_is_drafted(here, root, weights):
    survey = unseen_survey.words_and_commas(here / "data")
    rows = cells(survey.extract)
    for i, row in enumerate(rows):
        row += ([round(1 + (i * 7 % 31) / 10, 2)] if i else ["gew"]) * weights
    path = made.write(here / "data" / "x.csv", rows)
    labels = pd.read_csv(survey.labels[0], dtype=str)
    labels.loc[len(labels)] = ["gew", "Sampling weight", *[None] * (labels.shape[1] - 2)]
    labels.to_csv(here / "data" / "labels.csv", index=False)
    done = initialise(["NL"], {"2016": path}, root, labels_files=[here / "data" / "labels.csv"])
    assert ("faems2005_weights" in done["models"]) == bool(weights)
    assert any("weight" in str(c) for c in mapping(done, root)) == bool(weights)


@pytest.mark.parametrize("ends", [80, 255])
def test_labels_that_a_format_cut_off_say_so(root, ends):
    words = load_words(root)
    long = (
        "Number of employees of the enterprise in 2016 without those who are on leave of any kind "
    )
    labels = {"a": (long * 4)[:ends].rstrip().ljust(ends, "x"), "b": "Number of employees in 2014"}
    found = questions(list(labels), labels, words)
    assert (found["a"].cut, found["b"].cut) == (True, False)
    whole = {**labels, "a": f"{labels['a'][:-1]}."}
    assert not questions(list(whole), whole, words)["a"].cut
    longer = {**labels, "c": labels["a"] + " and more"}
    assert not questions(list(longer), longer, words)["a"].cut
