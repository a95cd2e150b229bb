"""Figures of company accounts with marks, signs and units as people write them."""

import pandas as pd
import pytest
from small_survey import codebook_folders, write_accounts

from cisflow.base.problems import CisflowError
from cisflow.study.codebook import Codebook
from cisflow.study.codebook_files import load_codebook
from cisflow.survey.accounts.figures import plain_figures
from cisflow.survey.accounts.headers import CODEBOOKS, read_headers
from cisflow.survey.ingest import ingest_accounts

EUR = Codebook(
    title="Own",
    path="own.yaml",
    missing=("n.a.", "-"),
    money={"currency": "EUR"},
    variables={},
)


def plain(cells, **file):
    """Return one column of figures made plain, what was found and what is wrong."""
    raw = pd.DataFrame({"A": pd.Series(cells, dtype="string")})
    figures = plain_figures(raw, ["A"], EUR.opened(**file))
    return figures.raw["A"].tolist(), figures.read_as, [p.said for p in figures.problems]


@pytest.mark.parametrize(
    ("cells", "expected", "read_as"),
    [
        (["1.234,56", "1.000"], ["1234.56", "1000"], "decimal comma, thousands point"),
        (["1,234.56", "1,000"], ["1234.56", "1000"], "decimal point, thousands comma"),
        (["1.234.567", "1.000"], ["1234567", "1000"], "thousands point"),
        (["12,5", "1.000"], ["12.5", "1000"], "decimal comma, thousands point"),
        (["0.234", "1,000"], ["0.234", "1000"], "decimal point, thousands comma"),
        (["12.5", "1.000"], ["12.5", "1.000"], "decimal point"),
        (["1 000", "12,5"], ["1000", "12.5"], "decimal comma, thousands blank"),
        (["1\u00a0000", "1\u202f234"], ["1000", "1234"], "thousands blank"),
        (["1'000", "1\u2019234.5"], ["1000", "1234.5"], "decimal point, thousands apostrophe"),
        (
            ["(1,000)", "-1,5.0", "1.5"],
            ["-1000", "-1,5.0", "1.5"],
            "decimal point, thousands comma",
        ),
        (["\u22121.000", "1.000,5-"], ["-1000", "-1000.5"], "decimal comma, thousands point"),
        (["(12)", "12-", "\u221212", "+12"], ["-12", "-12", "-12", "+12"], ""),
        (["€ 1.234,5", "12 EUR", "-€1", "(€ 2)"], ["1234.5", "12", "-1", "-2"], None),
        (["n.a.", "-", "1000", "2.5e0"], ["n.a.", "-", "1000", "2.5e0"], ""),
        ([",5", ".25,"], ["0.5", ".25,"], None),
    ],
)
def test_marks_are_seen_from_the_figures(cells, expected, read_as):
    found, said, problems = plain(cells)
    numbers = [float(x) if x.strip("+-").replace(".", "").isdigit() else x for x in expected]
    seen = [float(x) if x.strip("+-").replace(".", "").isdigit() else x for x in found]
    assert seen == numbers
    assert read_as is None or said == read_as
    assert not problems


@pytest.mark.parametrize("cells", [["1,000", "2,500", "7"], ["1.000"], ["1.000", "2,000"]])
def test_figures_that_may_be_read_in_two_ways_are_refused(cells):
    _, _, problems = plain(cells)
    assert len(problems) == 1
    assert "nothing in the file tells whether the" in problems[0]
    assert "'A' (fewer than 10 rows" in problems[0]


@pytest.mark.parametrize(
    ("stated", "value"),
    [
        ({"thousands": ","}, "1000"),
        ({"decimal": "."}, "1000"),
        ({"decimal": ","}, "1.000"),
        ({"decimal": ",", "thousands": " "}, "1.000"),
        ({"thousands": "."}, "1.000"),
    ],
)
def test_a_stated_mark_settles_it(stated, value):
    found, _, problems = plain(["1,000", "7"], **stated)
    assert found == [value, "7"]
    assert not problems


@pytest.mark.parametrize(
    ("cells", "file", "fragment"),
    [
        (
            ["12,5", "7.5"],
            {},
            "comma before decimals in column 'A' (fewer than 10 rows); point before decimals",
        ),
        (["1 000", "1'000"], {}, "thousands are separated by several marks"),
        (
            ["12,5", "7"],
            {"decimal": "."},
            "column 'A' (fewer than 10 rows): figures that are not written as",
        ),
        (["1.234.567", "1.5e0"], {}, "texts with a point between thousands beside cells that are"),
        (["1,234,567", "1.5e0"], {}, "texts with a comma between thousands beside cells that are"),
    ],
)
def test_figures_in_several_ways_are_refused(cells, file, fragment):
    _, _, problems = plain(cells, **file)
    assert len(problems) == 1
    assert fragment in problems[0]


def test_another_currency_beside_a_figure_is_no_figure():
    assert plain(["$ 3", "1.5"])[0] == ["$ 3", "1.5"]


# --- whole files --------------------------------------------------------------------------------

HEADERS = ["BvD ID number", *("Turnover\nth EUR 2006", "Added value\nth EUR 2006")]
HEADERS += ["Costs of employees\nth EUR 2006", "P/L before tax\nth EUR 2006"]


def export(*rows):
    return pd.DataFrame([list(row) for row in rows], columns=HEADERS)


@pytest.fixture
def ingest(tmp_path, root):
    """Return a function that reads a frame, written as Excel or text, with an own codebook."""

    def run(frame, name="accounts/orbis_en", more="variables: {}", file="accounts.xlsx", **text):
        path = tmp_path / file
        if path.suffix == ".xlsx":
            write_accounts(frame, path)
        else:
            frame.to_csv(path, index=False, **text)
        own = f"title: Own\nextends: {name}\n{more}\n"
        codebook = load_codebook("small", codebook_folders(tmp_path, root, own))
        return ingest_accounts(path, codebook, "BE", name="Belgium")

    return run


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("a.xlsx", {}),
        ("a.txt", {"sep": "\t", "encoding": "utf-16"}),
        ("a.csv", {"sep": ";", "encoding": "cp1252"}),
    ],
)
def test_thousands_in_a_whole_file(ingest, file, text):
    frame = export(
        ["0401", "1.234", "1.000,5", "800", "\u22121.000" if file != "a.csv" else "-1.000"],
        ["0402", "n.a.", "2", "-", "(12)"],
    )
    table, quality = ingest(frame, file=file, **text)
    first, second = table.set_index("firm_id").loc[["0401", "0402"]].to_dict("records")
    assert (first["turnover"], first["value_added"]) == (1_234_000, 1_000_500)
    assert (first["profit_before_tax"], second["profit_before_tax"]) == (-1_000_000, -12_000)
    assert pd.isna(second["turnover"])
    assert quality["read_as"].endswith("decimal comma, thousands point")


def test_cells_that_are_numbers_need_no_marks_and_settle_none(ingest):
    frame = export(["0401", 1.125, 2, "1.000", -0.5], ["0402", 3, 4, "5", 6])
    with pytest.raises(CisflowError, match=r"whether the point separates .*decimals"):
        ingest(frame)
    table, _ = ingest(frame, more="file: {thousands: '.'}\nvariables: {}")
    assert table["turnover"].tolist() == [1_125, 3_000]
    assert table["personnel_costs"].tolist() == [1_000_000, 5_000]


def test_stored_numbers_of_parquet_and_stata_settle_none_either(tmp_path):
    long = (
        "title: Long\ntable: accounts\nmoney: {currency: EUR, unit: unit}\nvariables:\n"
        "  firm_id: {name: ID}\n  year: {name: YEAR}\n  turnover: {name: SALES}\n"
        "  value_added: {name: VA}\n"
    )
    (tmp_path / "long.yaml").write_text(long)
    frame = pd.DataFrame(
        {"id": ["01", "02"], "year": [2006, 2006], "sales": [1.125, 2.0], "va": ["1,000", "2.5"]}
    )
    frame.to_parquet(tmp_path / "a.parquet")
    frame.to_stata(tmp_path / "a.dta", write_index=False)
    codebook = load_codebook("long", [tmp_path, CODEBOOKS])
    for file in ("a.parquet", "a.dta"):
        table, _ = ingest_accounts(tmp_path / file, codebook, "BE")
        assert table["turnover"].tolist() == [1.125, 2.0]
        assert table["value_added"].tolist() == [1_000, 2.5]


# --- units in headers ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("header", "meaning", "currency"),
    [
        *(
            (h, "million", "EUR")
            for h in ("Sales mEUR 2006", "Sales EUR m 2006", "Sales (€m) 2006")
        ),
        *(
            (h, "million", "EUR")
            for h in ("Sales\nm EUR\n2006", "Sales 2006 (mEUR)", "Sales M€ 2006")
        ),
        *((h, "million", "EUR") for h in ("Sales Mio. € 2006", "Sales EUR mn 2006")),
        *((h, "million", "EUR") for h in ("Sales (2006) (€m)", "Sales (EUR million, 2006)")),
        *((h, "million", "EUR") for h in ("Sales, EUR m, 2006", "Sales mil EUR 2006")),
        *(
            (h, "thousand", "EUR")
            for h in ("Sales kEUR 2006", "Sales TEUR 2006", "Sales €000 2006")
        ),
        *((h, "thousand", "EUR") for h in ("Sales EUR'000 2006", "Sales €\u2019000 2006")),
        *((h, "thousand", "EUR") for h in ("Sales in Tsd. EUR 2006", "Sales EUR (000s) 2006")),
        *((h, "thousand", "EUR") for h in ("Sales (x 1.000 EUR) 2006", "Sales EUR 1,000 2006")),
        *(
            (h, "thousand", "EUR")
            for h in ("Sales – k€ – 2006", "Sales (in thousands of euros) 2006")
        ),
        ("Sales th USD 2006", "thousand", "USD"),
        ("Sales USDm 2006", "million", "USD"),
        ("Sales £m 2006", "million", "GBP"),
        ("Sales EUR 2006", None, "EUR"),
        ("Sales 2006", None, None),
    ],
)
def test_units_of_headers_apart_and_glued(header, meaning, currency):
    codebook = load_codebook("accounts/orbis_en", [CODEBOOKS])
    (found,) = read_headers([header], codebook)
    units = codebook.header.units
    assert (found.label, found.year, found.currency) == ("sales", 2006, currency)
    assert (units[found.unit] if found.unit else None) == meaning


@pytest.mark.parametrize(
    ("name", "header", "meaning"),
    [
        ("belfirst_fr", "Chiffre d'affaires\nmilliers EUR 2006", "thousand"),
        ("belfirst_fr", "Chiffre d\u2019affaires (en milliers d\u2019euros) 2006", "thousand"),
        ("belfirst_fr", "Chiffre d'affaires M€ 2006", "million"),
        ("belfirst_nl", "Omzet duizend EUR 2006", "thousand"),
        ("belfirst_nl", "Omzet (in duizenden euro) 2006", "thousand"),
        ("belfirst_nl", "Omzet mln EUR 2006", "million"),
    ],
)
def test_units_of_other_languages(name, header, meaning):
    codebook = load_codebook(f"accounts/{name}", [CODEBOOKS])
    (found,) = read_headers([header], codebook)
    assert found.label in ("chiffre d'affaires", "omzet")
    assert (codebook.header.units[found.unit], found.currency) == (meaning, "EUR")


@pytest.mark.parametrize(
    ("name", "header"),
    [
        ("belfirst_fr", "Chiffre d'affaires m€ 2006"),
        ("belfirst_fr", "Chiffre d'affaires\nmil EUR 2006"),
        ("belfirst_nl", "Omzet mil EUR 2006"),
    ],
)
def test_a_unit_that_may_be_either_is_unknown(ingest, name, header):
    with pytest.raises(CisflowError, match=r"turnover: unknown unit 'm.*' in the header"):
        ingest(pd.DataFrame({header: ["1"]}), f"accounts/{name}")


def test_a_unit_is_added_to_those_taken_over_and_null_drops_one(ingest):
    frame = export(["0401", 1, 2, 3, 4]).rename(
        columns=lambda n: n.replace("value\nth", "value\nlakh")
    )
    with pytest.raises(CisflowError, match="value_added: unknown unit 'lakh' in the header"):
        ingest(frame)
    table, _ = ingest(frame, more="header: {units: {lakh: thousand}}\nvariables: {}")
    assert table["value_added"].tolist() == [2_000]
    with pytest.raises(CisflowError, match=r"turnover: unknown unit 'th' in the header"):
        ingest(frame, more="header: {units: {th: null}}\nvariables: {}")


def test_a_label_of_the_codebook_has_no_unit():
    codebook = load_codebook("accounts/orbis_en", [CODEBOOKS])
    names = {"name": ("Sales (VAT)", "Sales m EUR")}
    turnover = codebook.variables["turnover"].model_copy(update=names)
    codebook = codebook.redefined({"turnover": turnover})
    found = read_headers(["Sales (VAT)\nth EUR 2006", "Sales m EUR 2006"], codebook)
    assert [(h.label, h.unit) for h in found] == [("sales (vat)", "th"), ("sales m eur", None)]


def test_amounts_without_a_unit_are_told_of(ingest):
    frame = export(["0401", 1, 2, 3, 4]).rename(columns=lambda n: n.replace("\nth EUR", ""))
    table, quality = ingest(frame)
    assert table["turnover"].tolist() == [1]
    assert any("no header names a unit" in note for note in quality["notes"])


def test_turnover_per_employee_tells_a_wrong_unit(ingest):
    frame = export(*([f"{i:04d}", 200 * i, 100 * i, 50 * i, i] for i in range(1, 40)))
    frame["Number of employees\n2006"] = range(1, 40)
    _, quality = ingest(frame)
    assert quality["checks"]["turnover_per_employee"]["failed"] == 0
    _, quality = ingest(frame.rename(columns=lambda n: n.replace("th EUR", "EUR")))
    assert quality["checks"]["turnover_per_employee"]["failed"] == 1


# --- closing dates and lengths ------------------------------------------------------------------


def relative(closing, months, earlier=None):
    columns = {"BvD ID number": [f"F{i}" for i in range(len(closing))]}
    columns["Closing date\nLast avail. yr"] = closing
    columns["Number of months\nLast avail. yr"] = months
    if earlier:
        columns["Closing date\nYear - 1"] = earlier
    for k, words in enumerate(("Last avail. yr", "Year - 1")):
        for label in ("Turnover", "Added value", "Costs of employees", "P/L before tax"):
            columns[f"{label}\nth EUR {words}"] = [100 * (k + 1)] * len(closing)
    return pd.DataFrame(columns)


def test_the_year_before_accounts_of_fifteen_months_is_not_a_year_earlier(ingest):
    table, quality = ingest(relative(["31/03/2008", "31/12/2007"], [15, 12]))
    years = {firm: rows["year"].tolist() for firm, rows in table.groupby("firm_id")}
    assert years == {"F0": [2006, 2008], "F1": [2006, 2007]}
    assert quality["checks"]["twelve_months"]["failed"] == 1


def test_closing_dates_of_their_own_go_before_lengths(ingest):
    table, _ = ingest(relative(["31/03/2008"] * 2, ["n.a.", 12], ["31/12/2006", "n.a."]))
    years = {firm: rows["year"].tolist() for firm, rows in table.groupby("firm_id")}
    assert years == {"F0": [2006, 2008], "F1": [2007, 2008]}


def test_of_two_accounts_that_end_in_one_year_the_later_are_kept(ingest):
    table, quality = ingest(relative(["31/12/2007", "31/12/2007"], [6, 12]))
    first = table[table["firm_id"] == "F0"]
    assert (first["year"].tolist(), first["turnover"].tolist()) == ([2007], [100_000])
    assert quality["checks"]["one_end_of_year"]["failed"] == 1


def test_the_last_available_year_is_a_closing_date_too(ingest):
    frame = relative(["2007"], [12]).rename(
        columns=lambda n: n.replace("Closing date\nLast avail. yr", "Last avail. year")
    )
    table, _ = ingest(frame)
    assert table["year"].tolist() == [2006, 2007]


# --- what a codebook takes over -----------------------------------------------------------------


@pytest.mark.parametrize("name", ["orbis_en", "belfirst_fr", "belfirst_nl"])
def test_one_rule_on_fiscal_years_keeps_the_others(tmp_path, root, name):
    own = f"title: Own\nextends: accounts/{name}\nvariables: {{}}\n"
    own += "fiscal_year: {other_than_12: exclude}\n"
    rule = load_codebook("small", codebook_folders(tmp_path, root, own)).fiscal_year
    base = load_codebook(f"accounts/{name}", [root / "config/codebooks"]).fiscal_year
    assert base.other_than_12 == "keep"
    assert rule == base.model_copy(update={"other_than_12": "exclude"})


def test_a_preference_keeps_the_column_and_the_codes_but_not_the_reason(tmp_path, root):
    own = "title: Own\nextends: accounts/orbis_en\nvariables: {}\n"
    own += "consolidation: {prefer: [C1, C2], codes: {group: C1}}\n"
    rule = load_codebook("small", codebook_folders(tmp_path, root, own)).consolidation
    base = load_codebook("accounts/orbis_en", [root / "config/codebooks"]).consolidation
    assert (rule.name, rule.prefer) == (base.name, ("C1", "C2"))
    assert rule.codes == {**base.codes, "group": "C1"}
    assert base.note
    assert rule.note is None


@pytest.mark.parametrize(
    ("line", "fragment"),
    [
        ("file: {decimal: ',', thousands: ','}", "`decimal` and `thousands` are both ','"),
        ("consolidation: {prefer: [U1]}", "consolidation: `name` is missing"),
    ],
)
def test_a_codebook_that_contradicts_itself(tmp_path, root, line, fragment):
    own = (
        f"title: Own\ntable: accounts\n{line}\nvariables:\n  firm_id: {{name: ID}}\n"
        "  year: {name: YEAR}\n  turnover: {name: SALES}\n"
    )
    with pytest.raises(CisflowError, match="problem") as refused:
        load_codebook("small", codebook_folders(tmp_path, root, own))
    assert fragment in str(refused.value)


def test_a_survey_has_no_sign_between_thousands(tmp_path, root):
    own = "title: Own\nextends: eurostat/cis4\nfile: {thousands: ','}\nvariables: {}\n"
    with pytest.raises(CisflowError, match="`thousands` although this is no codebook of accounts"):
        load_codebook("small", codebook_folders(tmp_path, root, own))


def test_rows_of_a_wide_file_may_be_chosen(ingest):
    frame = export(["0401", 1, 2, 3, 4], ["0402", 1, 2, 3, 4]).assign(Country=["BE", "NL"])
    table, _ = ingest(frame, more="rows: {Country: BE}\nvariables: {}")
    assert table["firm_id"].tolist() == ["0401"]
