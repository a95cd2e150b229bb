"""Extracts of every format come out as the same text."""

import pandas as pd
import pyreadstat
import pytest
from small_survey import accounts, write_accounts

from cisflow.errors import CisflowError
from cisflow.extract import column_names, read_extract, verify_checksum

FRAME = pd.DataFrame(
    {
        "Id": ["0012", "13", ""],
        "Size": [10.0, None, 9.0],
        "Turn": [1.5, 2.0, 0.1],
        "Name": ["é", " b ", "c"],
    }
)
EXPECTED = [
    ["0012", "10", "1.5", "é"],
    ["13", None, "2", "b"],
    [None, "9", "0.1", "c"],
]


def _write(path):
    suffix = path.suffix
    if suffix in (".sav", ".zsav"):
        pyreadstat.write_sav(FRAME, str(path), compress=suffix == ".zsav")
    elif suffix == ".dta":
        pyreadstat.write_dta(FRAME, str(path))
    elif suffix == ".parquet":
        FRAME.to_parquet(path)
    elif suffix == ".xlsx":
        write_accounts(FRAME.astype(object).where(FRAME.notna(), None), path, "Sheet")
    else:
        FRAME.to_csv(path, index=False, sep={".csv": ";", ".tsv": "\t", ".txt": "|"}[suffix])
    return path


def _rows(frame):
    return frame.astype(object).where(frame.notna(), None).to_numpy().tolist()


@pytest.mark.parametrize(
    "suffix", [".sav", ".zsav", ".dta", ".parquet", ".xlsx", ".csv", ".tsv", ".txt"]
)
def test_every_format_gives_the_same_text(tmp_path, suffix):
    path = _write(tmp_path / f"extract{suffix}")
    frame = read_extract(path)
    assert column_names(path) == list(FRAME.columns)
    assert set(frame.dtypes.astype(str)) == {"string"}
    expected = [list(row) for row in EXPECTED]
    if suffix in (".csv", ".tsv", ".txt"):  # text keeps the digits it was written with
        expected[0][1], expected[2][1], expected[1][2] = "10.0", "9.0", "2.0"
    assert _rows(frame) == expected


def test_only_the_columns_asked_for_whatever_their_capitals(tmp_path):
    path = _write(tmp_path / "extract.sav")
    assert list(read_extract(path, ["SIZE", "id", "absent"]).columns) == ["Id", "Size"]
    assert list(read_extract(path, lambda name: name.startswith("T")).columns) == ["Turn"]


def test_user_missing_codes_of_spss_are_missing(tmp_path):
    path = tmp_path / "extract.sav"
    pyreadstat.write_sav(FRAME, str(path), missing_ranges={"Size": [9]})
    assert _rows(read_extract(path, ["size"])) == [["10"], [None], [None]]


def test_byte_order_marks_and_blanks_are_no_part_of_the_text(tmp_path):
    for encoding in ("utf-8-sig", "utf-16"):
        path = tmp_path / f"{encoding}.csv"
        path.write_text("id,b\n 1 , \n2,x\n", encoding=encoding)
        assert column_names(path) == ["id", "b"]
        assert _rows(read_extract(path)) == [["1", None], ["2", "x"]]


def test_the_codebook_may_state_delimiter_and_encoding(tmp_path):
    path = tmp_path / "extract.csv"
    path.write_bytes("a:b,c\n1:é\n".encode("cp1252"))
    frame = read_extract(path, options={"delimiter": ":", "encoding": "cp1252"})
    assert frame.to_dict("list") == {"a": ["1"], "b,c": ["é"]}


def test_words_that_pandas_takes_for_missing_stay_what_they_are(tmp_path):
    path = tmp_path / "extract.csv"
    path.write_text("country,n\nNA,null\n", encoding="utf-8")
    assert _rows(read_extract(path)) == [["NA", "null"]]


def test_unnamed_columns_of_a_sheet_are_passed_over(tmp_path):
    path = write_accounts(accounts(), tmp_path / "accounts.xlsx")
    names = column_names(path, {"sheet": "Results"})
    assert "" not in names
    assert "Added value\nth EUR 2006" in names
    assert _rows(read_extract(path, ["added value\nth eur 2006"])) == [["400"], ["n.a."], ["-20"]]


def test_names_that_differ_by_capitals_only_are_refused(tmp_path):
    path = tmp_path / "extract.csv"
    path.write_text("co,CO\n1,0\n", encoding="utf-8")
    with pytest.raises(CisflowError, match="more than one column has the name 'co'"):
        column_names(path)


def test_the_checksum_tells_another_file(tmp_path):
    path = tmp_path / "extract.csv"
    path.write_text("abc", encoding="utf-8")
    good = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"  # FIPS 180-2, "abc"
    verify_checksum(path, good, "x")
    verify_checksum(path, None, "x")
    with pytest.raises(CisflowError, match="SHA-256 differs"):
        verify_checksum(path, good[::-1], "x")


def test_a_delimiter_at_the_end_of_rows_and_blank_lines_do_no_harm(tmp_path):
    path = tmp_path / "extract.csv"
    path.write_text('a;b\n1;"x; y";\n\n2;z;\n', encoding="utf-8")
    assert _rows(read_extract(path)) == [["1", "x; y"], ["2", "z"]]
