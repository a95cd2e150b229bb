"""Tables and records: the digits that are meant, and names that stay names."""

import json

import numpy as np
import pandas as pd
import pytest

from cisflow.base.problems import CisflowError
from cisflow.base.records import (
    Table,
    read_firms,
    read_record,
    rounded,
    write_firms,
    write_record,
    write_table,
)

PLACES = Table.of("country", "wave", "n", "note", numbers=["n"])


def test_a_table_is_read_as_it_was_made(tmp_path):
    made = PLACES.frame(
        [{"country": "NA", "wave": "2010", "n": 40}, {"country": "BE", "note": "no accounts"}],
        wave="all",
    )
    assert tuple(made.columns) == PLACES.columns
    write_table(made, tmp_path / "a.csv", "SYNTHETIC")
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
    write_record({"place": "Curaçao", "n": 3}, tmp_path / "r.json", "SYNTHETIC")
    text = (tmp_path / "r.json").read_text(encoding="utf-8")
    assert "Curaçao" in text
    assert json.loads(text) == {"place": "Curaçao", "n": 3, "data": "SYNTHETIC"}


@pytest.mark.parametrize("cut", [0, 10, -1])
def test_a_damaged_file_is_refused_by_name_with_what_to_do(tmp_path, cut):
    table, record, firms = (tmp_path / name for name in ("t.csv", "r.json", "f.parquet"))
    rows = PLACES.frame([{"country": "BE", "n": 40}, {"country": "NL", "n": 50}])
    write_table(rows, table, "real")
    write_record({"n": 40}, record, "real")
    write_firms(rows, firms)
    reads = {table: lambda: PLACES.read([table]), record: lambda: read_record(record)}
    for file, read in {**reads, firms: lambda: read_firms(firms)}.items():
        read()
        file.write_bytes(file.read_bytes()[: cut or 0])
        if (file, cut) == (record, -1):
            continue  # the last line end, without which JSON is whole
        with pytest.raises(CisflowError) as refused:
            read()
        assert file.name in refused.value.heading
        assert "delete it and run again" in str(refused.value)


def test_a_page_of_firms_that_was_overwritten_is_refused(tmp_path):
    file = tmp_path / "f.parquet"
    write_firms(pd.DataFrame({"x": np.arange(5000.0)}), file)
    content = bytearray(file.read_bytes())
    content[2000] ^= 0xFF
    file.write_bytes(content)
    with pytest.raises(CisflowError, match="delete it and run again"):
        read_firms(file)


def test_what_usually_stands_in_a_column_stands_where_nothing_is_said(tmp_path):
    table = Table.of("term", "kind", "n", numbers=["n"], kind="mean")
    made = table.frame([{"term": "a"}, {"term": "b", "kind": "sum", "n": 2}])
    assert made["kind"].tolist() == ["mean", "sum"]
    write_table(made.drop(columns="kind"), tmp_path / "old.csv", "real")
    write_table(made, tmp_path / "new.csv", "real")
    read = table.read([tmp_path / "old.csv", tmp_path / "new.csv"])
    assert list(read.columns) == ["term", "kind", "n", "data"]
    assert read["kind"].tolist() == ["mean", "mean", "mean", "sum"]
