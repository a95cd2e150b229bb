"""Tables and records: the digits that are meant, and names that stay names."""

import json

import numpy as np
import pandas as pd
import pytest

from cisflow.base.records import Table, rounded, write_record, write_table

PLACES = Table.of("country", "wave", "n", "note", numbers=["n"])


def test_a_table_is_read_as_it_was_made(tmp_path):
    made = PLACES.frame(
        [{"country": "NA", "wave": "2010", "n": 40}, {"country": "BE", "note": "no accounts"}],
        wave="all",
    )
    assert tuple(made.columns) == PLACES.columns
    write_table(made, tmp_path / "a.csv", "synthetic")
    write_table(made.assign(n=7), tmp_path / "b.csv", "real")
    read = PLACES.read([tmp_path / "a.csv", tmp_path / "b.csv"])
    assert read["country"].tolist() == ["NA", "BE"] * 2
    assert read["wave"].tolist() == ["2010", "all"] * 2
    assert read["note"].tolist() == ["", "no accounts"] * 2
    np.testing.assert_array_equal(read["n"], [40, np.nan, 7, 7])
    assert read["data"].tolist() == ["SYNTHETIC", "SYNTHETIC", "real", "real"]


def test_a_table_without_rows_has_its_columns():
    assert list(PLACES.frame([])) == ["country", "wave", "n", "note"]


def test_a_column_that_is_not_declared_is_left_out_of_a_frame():
    assert list(PLACES.frame([{"country": "BE", "firm_id": "secret"}])) == list(PLACES.columns)


def test_numbers_are_written_with_eight_digits(tmp_path):
    write_table(pd.DataFrame({"x": [1 / 3, np.nan, 2.0]}), tmp_path / "t.csv", "real")
    lines = (tmp_path / "t.csv").read_bytes().split(b"\n")
    assert lines == [b"x,data", b"0.33333333,real", b",real", b"2,real", b""]


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (np.float64(1 / 3), 0.33333333),
        (np.inf, None),
        (np.nan, None),
        (np.int64(3), 3),
        (np.bool_(True), True),
        ({1: (np.nan, "a")}, {"1": [None, "a"]}),
        (None, None),
    ],
)
def test_a_record_has_plain_types(value, written):
    assert rounded(value) == written
    assert type(rounded(value)) is type(written)


def test_a_record_says_on_what_data_it_rests(tmp_path):
    write_record({"place": "Curaçao", "n": 3}, tmp_path / "r.json", "synthetic")
    text = (tmp_path / "r.json").read_text(encoding="utf-8")
    assert "Curaçao" in text
    assert json.loads(text) == {"place": "Curaçao", "n": 3, "data": "SYNTHETIC"}
