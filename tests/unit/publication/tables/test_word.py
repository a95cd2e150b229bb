import docx
import pandas as pd
import pytest

from cisflow.publication.tables.layout import lay_out
from cisflow.publication.tables.save import save_table
from cisflow.publication.tables.word import KEPT, W, column_widths

HEADING = "A heading of a group that is longer than any column is wide"


def made(rows):
    index = pd.MultiIndex.from_tuples([(HEADING, f"Row {i}") for i in range(rows)])
    frame = pd.DataFrame({"N": ["1.2"] * rows, "Wide": ["a long cell, 12"] * rows}, index=index)
    return lay_out(frame, ["A note."]).headed("Caption")


@pytest.fixture
def word(tmp_path):
    def open_again(table):
        save_table(table, tmp_path, "one", formats=["docx"])
        return docx.Document(tmp_path / "one.docx").tables[0]._tbl

    return open_again


def test_columns_are_as_wide_as_what_they_hold():
    stub, short, wide = column_widths(made(3), 9000)
    assert short < stub < wide
    assert 8990 < stub + short + wide <= 9000


def test_a_heading_spans_the_table_and_heads_stand_on_every_page(word):
    body = word(made(3))
    rows = body.findall(f"{W}tr")
    heading = next(row for row in rows if HEADING in "".join(row.itertext()))
    assert len(heading.findall(f"{W}tc")) == 1
    assert heading.find(f".//{W}gridSpan").get(f"{W}val") == "3"
    assert [row.find(f".//{W}tblHeader") is not None for row in rows[:2]] == [True, False]


@pytest.mark.parametrize("rows", [3, KEPT + 1])
def test_a_long_table_may_run_over(word, rows):
    body = word(made(rows))
    kept = [row for row in body.findall(f"{W}tr")[1:] if row.find(f".//{W}keepNext") is not None]
    assert bool(kept) == (rows < KEPT)
