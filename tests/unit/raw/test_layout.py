"""The header is found where people put it, in every format, and what is above it is told."""

import as_people_make_them as made
import pytest

from cisflow.base.problems import CisflowError
from cisflow.raw.extract import open_extract

HEADER, ROWS = made.table()
GROUPS = ["Identification", None, "Size", None, "Answers", None, None, None]


@pytest.fixture(params=made.FORMATS)
def opened(request, tmp_path):
    """Return a function that writes rows in a format and opens them."""

    def run(rows, **options):
        path = made.write(tmp_path / f"survey{request.param}", rows)
        return open_extract(path, options)

    return run


@pytest.mark.parametrize(
    "above",
    [
        [["National innovation survey 2016"]],
        [["National innovation survey 2016", *[None] * 7]],
        [["Survey, of firms, and innovation, with, many, commas, in, the, title"], ["July 2017"]],
        [["Office of statistics"], [], ["Survey", 2016], ["Confidential"]],
        [[None, None, "Survey of 2016"]],
    ],
)
def test_titles_above_the_header_are_skipped(opened, above):
    file = opened([*above, HEADER, *ROWS])
    assert file.names == HEADER
    read = file.read()
    assert len(read.table) == len(ROWS)
    titles = sum(any(cell is not None for cell in row) for row in above)
    assert f"{titles} row{'s' if titles > 1 else ''} above the header skipped" in read.read_as


def test_merged_cells_above_the_header(opened):
    file = opened([GROUPS, HEADER, *ROWS])
    assert file.names == HEADER
    assert file.labels["emp"] == "Size: emp"
    assert "header in two rows" in file.read().read_as


def test_groups_tell_columns_of_one_name_apart(opened):
    header = ["id", "nace", "2014", "2016", "own", "other", "own", "other"]
    groups = ["Firm", None, "Turnover", None, "Clients", None, "Suppliers", None]
    file = opened([groups, header, *ROWS])
    assert file.names == [
        *("id", "nace", "Turnover 2014", "Turnover 2016"),
        *("Clients own", "Clients other", "Suppliers own", "Suppliers other"),
    ]
    assert len(file.read().table) == len(ROWS)


def test_cells_merged_downwards(opened):
    upper = ["id", "nace", "emp", "turn", "Cooperation", None, None, None]
    lower = [None, None, None, None, "group", "any", "clients", "labs"]
    file = opened([upper, lower, *ROWS])
    assert file.names == ["id", "nace", "emp", "turn", "group", "any", "clients", "labs"]


def test_a_title_above_merged_cells(opened):
    file = opened([["Survey"], GROUPS, HEADER, *ROWS])
    assert file.names == HEADER
    assert "1 row above the header skipped" in file.read().read_as


def test_labels_above_the_names(opened):
    labels = [f"What the firm said to question {name} of ours" for name in HEADER]
    file = opened([labels, HEADER, *ROWS])
    assert file.names == HEADER
    assert file.labels["emp"] == labels[2]
    assert len(file.read().table) == len(ROWS)


def test_labels_below_the_names_and_above_answers_in_words(opened):
    """Few columns of numbers, and in the first row a question that was not asked."""
    header = ["name", "group", "product", "process", "coop"]
    labels = [f"What the firm said to question {name} of ours" for name in header]
    rows = [["a", "igen", "nem", None, None], *[["b", "nem", "igen", "nem", "igen"]] * 7]
    file = opened([header, labels, *rows])
    assert file.labels["group"] == labels[1]
    assert len(file.read().table) == len(rows)


def test_a_file_without_names_is_told_and_none_of_its_values(opened):
    with pytest.raises(CisflowError) as told:
        opened(ROWS)
    assert "looks like the answers of a firm" in str(told.value)
    assert str(ROWS[0][3]) not in str(told.value)


def test_names_that_count_the_columns_are_names(opened):
    assert opened([[1, 2, 3, 4, 5, 6, 7, 8], *ROWS]).names == list("12345678")


def test_names_with_blanks_and_braces(opened):
    header = ["firm {id}", "NACE [2]", "employees (2016)", "turn over", "a=b", "c:d", "e'f", "#g"]
    assert opened([header, *ROWS]).names == header


def test_the_codebook_may_say_where_the_header_is(opened):
    file = opened([["x", "y"], HEADER, *ROWS], header_row=2)
    assert file.names == HEADER
    with pytest.raises(CisflowError, match="no row 99 that could have the names"):
        opened([HEADER, *ROWS], header_row=99)


def test_a_header_in_the_first_row_stays_the_header(opened):
    """Whatever the rows below: sparse answers, texts alone, few columns."""
    assert opened([HEADER, *ROWS]).names == HEADER
    texts = [["name", "town"], ["Acme", "Gent"], ["Bolt", None], ["Cord", "Liège"]]
    assert opened(texts).names == ["name", "town"]
    assert len(opened(texts).read().table) == 3


@pytest.mark.parametrize("first", ["sep=;", '"sep=;"', "SEP=;", "sep=;;;;"])
def test_a_line_that_names_the_separator(tmp_path, first):
    path = tmp_path / "x.csv"
    body = "".join(";".join(map(str, row)) + "\n" for row in [["a", "b,c"], [1, "2,5"], [3, "4,5"]])
    path.write_text(f"{first}\n{body}", encoding="utf-8")
    file = open_extract(path)
    assert file.names == ["a", "b,c"]
    assert file.read().table["b,c"].tolist() == ["2.5", "4.5"]


def test_a_line_that_names_the_separator_above_a_title(tmp_path):
    path = made.write(tmp_path / "x.csv", [["sep=;"], ["A survey"], HEADER, *ROWS])
    assert open_extract(path).names == HEADER


def test_titles_with_line_breaks_and_quotes(tmp_path):
    path = made.write(tmp_path / "x.csv", [HEADER, *ROWS])
    path.write_text('"A survey\nof 2016, ""new"""\n\n' + path.read_text(), encoding="utf-8")
    file = open_extract(path)
    assert file.names == HEADER
    assert file.read().table["id"].iloc[0] == "1001"


def test_a_row_that_is_too_long_is_told_by_its_line_below_titles(tmp_path):
    path = made.write(tmp_path / "x.csv", [["A survey"], HEADER, *ROWS])
    path.write_text(path.read_text() + ";".join("1" * 10) + "\n", encoding="utf-8")
    with pytest.raises(CisflowError, match="first in line 33"):
        open_extract(path).read()
