"""Extracts of every format come out as the same text."""

import gzip
import zipfile

import numpy as np
import pandas as pd
import pyarrow as pa
import pyreadstat
import pytest
from small_survey import accounts, write_accounts

from cisflow.base.problems import CisflowError
from cisflow.raw.extract import column_names, open_extract, read_extract, verify_checksum
from cisflow.raw.numerals import with_plain_numbers
from cisflow.survey.labels import in_codes

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
    elif suffix == ".por":
        pyreadstat.write_por(FRAME.replace("é", "e"), str(path))  # knows English letters only
    elif suffix == ".xpt":
        pyreadstat.write_xport(FRAME, str(path), file_format_version=8)
    elif suffix == ".parquet":
        FRAME.to_parquet(path)
    elif suffix == ".xlsx":
        write_accounts(FRAME.astype(object).where(FRAME.notna(), None), path, "Sheet")
    else:
        FRAME.to_csv(path, index=False, sep={".csv": ";", ".tsv": "\t", ".txt": "|"}[suffix])
    return path


def _rows(frame):
    return frame.astype(object).where(frame.notna(), None).to_numpy().tolist()


FORMATS = (".sav", ".zsav", ".por", ".dta", ".xpt", ".parquet", ".xlsx", ".csv", ".tsv", ".txt")


@pytest.mark.parametrize("packing", ["", ".gz", ".zip"])
@pytest.mark.parametrize("suffix", FORMATS)
def test_every_format_gives_the_same_text(tmp_path, suffix, packing):
    path = _write(tmp_path / f"extract{suffix}")
    if packing == ".gz":
        path = tmp_path / f"extract{suffix}.gz"
        path.write_bytes(gzip.compress((tmp_path / f"extract{suffix}").read_bytes()))
    elif packing == ".zip":
        path = tmp_path / "extract.zip"
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.write(tmp_path / f"extract{suffix}", f"folder/extract{suffix}")
            archive.writestr("folder/readme.pdf", "x")
    frame = read_extract(path)
    if suffix == ".por":  # has capitals only
        frame.columns = frame.columns.map(str.capitalize)
        frame = frame.replace("e", "é")
    else:
        assert column_names(path) == list(FRAME.columns)
    assert list(frame.columns) == list(FRAME.columns)
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


LABELLED = [
    ["id", "emp", "coop"],
    ["Number of the firm", "Employees of the firm, on average", 'Cooperated, on "innovation"'],
    ["007", "12", "1"],
    ["008", "30", "0"],
]


@pytest.mark.parametrize("suffix", [".csv", ".xlsx"])
def test_labels_below_the_header_are_no_row(suffix, tmp_path):
    path = tmp_path / f"extract{suffix}"
    frame = pd.DataFrame(LABELLED[1:], columns=LABELLED[0])
    if suffix == ".csv":
        frame.to_csv(path, index=False, lineterminator="\r\n")
    else:
        frame.to_excel(path, index=False, engine="xlsxwriter")
    opened = open_extract(path)
    assert opened.labels == dict(zip(*LABELLED[:2], strict=True))
    read = opened.read()
    assert _rows(read.table) == LABELLED[2:]
    assert "labels below the header" in read.read_as
    # The codebook may say otherwise, of this file and of one whose labels are not seen.
    assert len(read_extract(path, options={"label_row": False})) == 3
    assert _rows(read_extract(path, options={"label_row": True})) == LABELLED[2:]


@pytest.mark.parametrize(
    "rows",
    [
        [
            ["id", "trade"],
            ["a b c", "sale of cars"],
            ["d e f", "repair of cars"],
        ],  # texts below
        [["id", "n"], ["firm number one", "12"], ["firm number two", "13"]],  # a number among them
        [["Added value", "Staff costs"], ["th EUR 2006 net", "th EUR 2006 net"], ["1", "2"]],
    ],
)
def test_first_row_is_taken_for_labels_only_where_it_explains_names(rows, tmp_path):
    path = tmp_path / "extract.csv"
    pd.DataFrame(rows[1:], columns=rows[0]).to_csv(path, index=False)
    assert _rows(read_extract(path)) == rows[1:]


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


# --- text files ---------------------------------------------------------------------------------


def _read(path, **options):
    return open_extract(path, options).read()


@pytest.mark.parametrize(
    ("encoding", "shown"),
    [
        ("utf-8", "UTF-8"),
        ("utf-8-sig", "UTF-8"),
        ("cp1252", "Latin-1 (Windows-1252)"),
        ("latin-1", "Latin-1 (Windows-1252)"),
        ("utf-16", "UTF-16"),
        ("utf-16-le", "UTF-16-LE"),
        ("utf-16-be", "UTF-16-BE"),
    ],
)
def test_separator_decimal_sign_and_encoding_are_seen_and_said(tmp_path, encoding, shown):
    path = tmp_path / "extract.csv"
    path.write_bytes("Né;b;c\n1;2,5;Liège\n2;1000;Gent\n".encode(encoding))
    extract = _read(path)
    assert list(extract.table.columns) == ["Né", "b", "c"]
    assert _rows(extract.table) == [["1", "2.5", "Liège"], ["2", "1000", "Gent"]]
    assert extract.read_as == f"semicolon, decimal comma, {shown}"


def test_a_foreign_letter_far_down_tells_the_encoding(tmp_path):
    path = tmp_path / "extract.csv"
    path.write_bytes(b"a;b\n" + b"1;x\n" * 400_000 + "2;é\n".encode("latin-1"))
    extract = _read(path)
    assert extract.rows == 400_001
    assert extract.table["b"].iloc[-1] == "é"
    assert extract.read_as == "semicolon, Latin-1 (Windows-1252)"


def test_latin1_letters_after_unicode_ones_are_refused_not_guessed(tmp_path):
    path = tmp_path / "extract.csv"
    start = "a;b\n1;é\n".encode() + b"1;x\n" * 3_000_000
    path.write_bytes(start + "2;é\n".encode("latin-1"))
    with pytest.raises(CisflowError, match="line 3000003 is not UTF-8 text"):
        read_extract(path)


@pytest.mark.parametrize(
    ("cells", "stated", "expected"),
    [
        (["1,5", "2"], None, ["1.5", "2"]),
        (["0,125", "2"], None, ["0.125", "2"]),  # thousands do not begin with 0
        (["1,500", "2"], None, None),  # one and a half, or fifteen hundred?
        (["1,500", "2"], ",", ["1.500", "2"]),
        (["1,5", "2.5"], None, None),  # both signs: no number of one kind
        (["1,5", "Gent, Ledeberg"], None, None),
        (["1,5", "2"], ".", None),
    ],
)
def test_decimal_commas(cells, stated, expected):
    table = pa.table({"a": pa.array(cells, pa.large_string())})
    found, how = with_plain_numbers(table, stated)
    assert how == ["decimal comma"] * (expected is not None)
    assert found["a"].to_pylist() == (expected or cells)


def test_a_certain_column_decides_for_an_uncertain_one():
    table = pa.table({"a": ["1,500"], "b": ["2,5"], "c": ["15.11"]})
    table = table.cast(pa.schema([(name, pa.large_string()) for name in "abc"]))
    found, how = with_plain_numbers(table, None)
    assert how == ["decimal comma"]
    assert found.to_pylist() == [{"a": "1.500", "b": "2.5", "c": "15.11"}]


def test_rows_with_delimiters_too_many_are_rows_all_the_same(tmp_path):
    path = tmp_path / "extract.csv"
    path.write_text("\n\na;b\n1;2\n3;4;;\n \n5;6;\n", encoding="utf-8")
    assert sorted(_rows(read_extract(path))) == [["1", "2"], ["3", "4"], ["5", "6"]]


def test_texts_may_hold_newlines_and_odd_inch_marks(tmp_path):
    path = tmp_path / "extract.csv"
    path.write_text('a;b\n1;"x\ny"\n2;pipe of 5" width\n', encoding="utf-8")
    with pytest.raises(CisflowError, match="opened in line 2 is not closed before line 3"):
        read_extract(path)
    path.write_text('a;b\n1;"x\ny"\n2;"5"" wide"\n3;4" by 5"\n', encoding="utf-8")
    assert _rows(read_extract(path)) == [["1", "x\ny"], ["2", '5" wide'], ["3", '4" by 5"']]


# --- numbers as text ----------------------------------------------------------------------------


@pytest.mark.parametrize("suffix", [".sav", ".dta", ".parquet"])
def test_numbers_and_identifiers_lose_no_digit(tmp_path, suffix):
    """What is read as text is the number stored, to the last bit; zeros before an id stay."""
    path = tmp_path / f"extract{suffix}"
    rng = np.random.default_rng(1)
    amounts = np.concatenate([rng.lognormal(8, 3, 500).round(2), rng.lognormal(20, 5, 500)])
    amounts[:4] = [0.1, 1 / 3, 1e10, -2.5e-7]
    frame = pd.DataFrame({"amount": amounts})
    frame["enterprise"] = np.where(frame.index % 7 == 0, np.nan, 401_234_567_000.0 + frame.index)
    frame["largest"] = 2.0**53 - frame.index
    frame["text"] = [f"{i:010d}" for i in frame.index]
    if suffix == ".parquet":
        frame.to_parquet(path)
    else:
        {".sav": pyreadstat.write_sav, ".dta": pyreadstat.write_dta}[suffix](frame, str(path))
    read = read_extract(path)
    np.testing.assert_array_equal(pd.to_numeric(read["amount"]).to_numpy(float), amounts)
    assert read["amount"].iloc[:4].tolist() == [
        "0.1",
        "0.3333333333333333",
        "10000000000",
        "-2.5e-7",
    ]
    ids = [None if i % 7 == 0 else str(401_234_567_000 + i) for i in frame.index]
    assert [row[0] for row in _rows(read[["enterprise"]])] == ids
    assert read["largest"].tolist() == [str(2**53 - i) for i in frame.index]
    assert read["text"].tolist() == frame["text"].tolist()


@pytest.mark.parametrize("tagged", [False, True])
def test_a_number_of_seven_digits_is_the_one_that_was_typed(tmp_path, tagged):
    """Stata's float holds 15.1 as 15.1000003814697265625: NACE 15.1 would be found no more."""
    typed = ["15.1", "0.1", "12.34", "1234567", "16777216", "0.001", "33333.33"]
    frame = pd.DataFrame({"a": np.array(typed, np.float32)})
    frame.loc[2, "a"] = np.nan
    frame.to_stata(tmp_path / "extract.dta", write_index=False, version=118)
    if tagged:  # makes of the 0.1 another kind of missing value, .b
        raw = (tmp_path / "extract.dta").read_bytes()
        number, dot_b = np.float32("0.1").tobytes(), (0x7F000000 + 2 * 0x800).to_bytes(4, "little")
        assert raw.count(number) == 1
        (tmp_path / "extract.dta").write_bytes(raw.replace(number, dot_b))
        typed[1] = None
    typed[2] = None
    extract = open_extract(tmp_path / "extract.dta").read()
    assert [row[0] for row in _rows(extract.table)] == typed
    assert extract.reasons == ({"a": {".b": 1}} if tagged else {})


# --- statistical files, and reasons why a value is missing --------------------------------------


def _many(rows=100):
    rng = np.random.default_rng(1)
    frame = pd.DataFrame({"id": [f"F{i:05d}" for i in range(rows)]})
    frame["text"] = rng.choice(["e", "", "a b", "x" * 200], rows)
    frame["code"] = rng.choice([0.0, 1.0, np.nan], rows)
    frame["amount"] = np.where(rng.random(rows) < 0.2, np.nan, rng.lognormal(8, 3, rows))
    frame["whole"] = rng.integers(-100, 100, rows).astype("int32")
    return frame


@pytest.mark.parametrize("rows", [1, 15, 20, 100])
@pytest.mark.parametrize("packing", ["", ".gz"])
@pytest.mark.parametrize("suffix", [".sav", ".zsav", ".por", ".dta", ".xpt"])
def test_a_large_file_is_read_in_pieces(tmp_path, monkeypatch, suffix, packing, rows):
    path, frame = tmp_path / f"extract{suffix}", _many(rows)
    write = {".por": pyreadstat.write_por, ".dta": pyreadstat.write_dta, ".xpt": _write_xport}
    write.get(suffix, pyreadstat.write_sav)(frame, str(path), **ROW_COMPRESSION.get(suffix, {}))
    if packing:
        path = tmp_path / f"extract{suffix}.gz"
        path.write_bytes(gzip.compress((tmp_path / f"extract{suffix}").read_bytes()))
    whole = read_extract(path)
    monkeypatch.setattr("cisflow.raw.statistical.CELLS_AT_A_TIME", 5 * 10)
    extract = open_extract(path).read()
    pd.testing.assert_frame_equal(extract.table, whole)
    assert extract.rows == rows
    assert whole.iloc[:, 0].tolist() == frame["id"].tolist()
    assert whole.iloc[:, 4].tolist() == frame["whole"].astype(str).tolist()


ROW_COMPRESSION = {".sav": {"row_compress": True}, ".zsav": {"compress": True}}


def _write_xport(frame, path):
    pyreadstat.write_xport(frame, path, file_format_version=8)


def test_tags_are_found_in_every_piece(tmp_path, monkeypatch):
    """A "." in a column of whole numbers stays missing, whether its piece has tags or not."""
    path = tmp_path / "extract.dta"
    cells = [1, "a", None, 0, None, 2, "z", None, 3, "b"]
    frame = pd.DataFrame({"n": range(10), "a": cells})
    pyreadstat.write_dta(frame, str(path), missing_user_values={"a": ["a", "b", "z"]})
    expected = [c if c is None else str(c) for c in cells]
    expected = [c if c is None or c.isdigit() else None for c in expected]
    for size in (20, 6, 2):
        monkeypatch.setattr("cisflow.raw.statistical.CELLS_AT_A_TIME", size)
        extract = open_extract(path).read()
        assert [row[1] for row in _rows(extract.table)] == expected
        assert extract.reasons == {"a": {".a": 1, ".b": 1, ".z": 1}}


def test_stata_files_of_old_and_with_texts_of_any_length(tmp_path):
    long = _many().assign(text="y" * 400)
    long.to_stata(tmp_path / "strl.dta", write_index=False, version=117, convert_strl=["text"])
    _many().to_stata(tmp_path / "old.dta", write_index=False, version=114)
    pyreadstat.write_sav(long, str(tmp_path / "texts.sav"))
    for name in ("strl.dta", "texts.sav"):
        assert read_extract(tmp_path / name)["text"].unique().tolist() == ["y" * 400]
    assert read_extract(tmp_path / "old.dta")["id"].tolist() == _many()["id"].tolist()


def test_whole_numbers_of_an_old_stata_file_may_be_missing(tmp_path):
    path = tmp_path / "old.dta"
    frame = pd.DataFrame({"a": pd.array([1, None, 0], "Int16"), "b": [1.5, None, 0]})
    frame.to_stata(path, write_index=False, version=114)
    assert _rows(read_extract(path)) == [["1", "1.5"], [None, None], ["0", "0"]]


@pytest.mark.parametrize("compress", [False, True])
def test_user_missing_codes_of_spss_are_kept_apart_as_reasons(tmp_path, compress):
    path = tmp_path / "extract.sav"
    frame = pd.DataFrame({"a": [1.0, 9.0, 98.0, 97.0, None, 9.0], "s": [*"xzyzyx"]})
    pyreadstat.write_sav(
        frame,
        str(path),
        row_compress=compress,
        missing_ranges={"a": [9, {"lo": 97, "hi": 99}], "s": ["z"]},
        variable_value_labels={"a": {1: "Yes", 9: "Refused"}},
        column_labels=["Did you?", "Text"],
    )
    opened = open_extract(path)
    extract = opened.read()
    assert _rows(extract.table) == [["1", "x"], *[[None, s] for s in (None, "y", None, "y", "x")]]
    assert extract.reasons == {"a": {"9 (Refused)": 2, "97": 1, "98": 1}, "s": {"z": 2}}
    assert opened.labels == {"a": "Did you?", "s": "Text"}
    assert opened.value_labels == {"a": {"1": "Yes", "9": "Refused"}}


@pytest.mark.parametrize("kind", ["double", "float", "long", "int", "byte"])
def test_tagged_missing_values_of_stata_are_kept_apart_as_reasons(tmp_path, kind):
    path = tmp_path / "extract.dta"
    frame = pd.DataFrame({"a": [1, "a", "z", None, 100, "a"]})
    labels = {"a": {1: "Yes", "a": "Refused"}}
    pyreadstat.write_dta(
        frame, str(path), missing_user_values={"a": ["a", "z"]}, variable_value_labels=labels
    )
    # pyreadstat writes such a column as long or double; Stata's smaller types are made from it.
    _retype(path, kind)
    extract = open_extract(path).read()
    assert _rows(extract.table) == [["1"], [None], [None], [None], ["100"], [None]]
    assert extract.reasons == {"a": {".a (Refused)": 2, ".z": 1}}


def _retype(path, kind):
    """Write the one column of a Stata file as another type (help dta, "Missing values")."""
    code, form, dot, step = {
        "double": (65526, "<i8", 0x7FE0000000000000, 0x10000000000),
        "float": (65527, "<i4", 0x7F000000, 0x800),
        "long": (65528, "<i4", 2147483621, 1),
        "int": (65529, "<i2", 32741, 1),
        "byte": (65530, "<i1", 101, 1),
    }[kind]
    reals = {"double": "<f8", "float": "<f4"}.get(kind)
    cells = np.array([dot] * 6, form)
    for place, letter in ((1, 1), (2, 26), (3, 0), (5, 1)):
        cells[place] = dot + letter * step
    for place, number in ((0, 1), (4, 100)):
        cells[place] = np.array([number], reals).view(form)[0] if reals else number
    raw = path.read_bytes()
    types = raw.index(b"<variable_types>") + 16
    begin, end = raw.index(b"<data>") + 6, raw.index(b"</data>")
    data = raw[:types] + code.to_bytes(2, "little") + raw[types + 2 : begin]
    shift = cells.nbytes - (end - begin)
    data = bytearray(data + cells.tobytes() + raw[end:])
    start = data.index(b"<map>") + 5
    places = np.frombuffer(data[start : start + 112], "<i8").copy()
    places[10:] += shift
    data[start : start + 112] = places.tobytes()
    path.write_bytes(data)


# --- rows of one country, files to join ---------------------------------------------------------


@pytest.mark.parametrize("suffix", [".csv", ".sav", ".dta", ".parquet", ".xlsx"])
def test_only_the_rows_of_a_country(tmp_path, suffix):
    path = tmp_path / f"pooled{suffix}"
    pooled = pd.DataFrame({"C": ["BE", "NL", "be"], "Y": ["2004"] * 3, "x": ["1", "2", "3"]})
    writers = {
        ".csv": lambda: pooled.to_csv(path, index=False),
        ".sav": lambda: pyreadstat.write_sav(pooled, str(path)),
        ".dta": lambda: pyreadstat.write_dta(pooled, str(path)),
        ".parquet": lambda: pooled.to_parquet(path),
        ".xlsx": lambda: write_accounts(pooled, path, "Sheet"),
    }
    writers[suffix]()
    extract = open_extract(path).read(["x"], {"c": ["BE"], "Y": ["2004.0"]})
    assert extract.table.to_dict("list") == {"x": ["1", "3"]}
    assert extract.rows == 3
    # Fewer rows than the minimum give each value, so that none is told.
    assert extract.found == {"C": [], "Y": []}
    options = {"select": {"C": "NL"}}
    assert read_extract(path, ["x"], options).to_dict("list") == {"x": ["2"]}


def test_reasons_are_those_of_the_rows_kept(tmp_path):
    path = tmp_path / "pooled.sav"
    frame = pd.DataFrame({"c": ["BE", "NL", "NL"], "a": [9.0, 9.0, 1.0]})
    pyreadstat.write_sav(frame, str(path), missing_ranges={"a": [9]})
    assert open_extract(path).read(["a"], {"c": ["NL"]}).reasons == {"a": {"9": 1}}


def test_files_are_joined_by_the_identifier(tmp_path):
    first = pd.DataFrame({"ID": ["01", "02", "03", ""], "a": [1.0, 2.0, 3.0, 4.0]})
    second = pd.DataFrame({"id": ["03", "04", "01"], "b": ["z", "y", "x"], "a": [0, 0, 0]})
    pyreadstat.write_sav(first, str(tmp_path / "a.sav"))
    second.to_csv(tmp_path / "b.csv", index=False, sep=";")
    opened = open_extract([tmp_path / "a.sav", tmp_path / "b.csv"], {"join": "id"})
    assert opened.names == ["ID", "a", "b"]
    extract = opened.read()
    expected = [["01", "1", "x"], ["02", "2", None], ["03", "3", "z"], [None, "4", None]]
    assert _rows(extract.table) == expected
    assert extract.rows == 4
    counts = {"rows": 3, "matched": 2, "without_partner": 1, "not_in_it": 2}
    assert extract.joined == {"b.csv": counts}
    assert extract.read_as == "a.sav: SPSS; b.csv: semicolon, UTF-8"
    assert _rows(opened.read(["b"]).table) == [["x"], [None], ["z"], [None]]


# --- labels instead of codes --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cells", "codes", "labels", "expected"),
    [
        (["Yes", "No", None], {"1": True, "0": False}, {}, ["1", "0", None]),
        (["1", "2"], {"1": True, "0": False}, {"1": "Yes", "2": "No"}, ["1", "0"]),
        (["1", "2"], {"high": 3, "none": 0}, {"1": "High", "2": "None"}, ["high", "none"]),
        (["High", "None"], {"1": 3, "2": 0}, {"1": "High", "2": "None"}, ["1", "2"]),
        (["Yes", "9"], {"1": True, "0": False}, {}, ["1", "9"]),
        (["Yes", "perhaps"], {"1": True, "0": False}, {}, None),  # half known: as it was
        (["Yes"], {"1": True, "*": False}, {}, None),  # the codebook has a place for all others
        (["1", "0"], {"1": True, "0": False}, {"1": "Yes"}, None),
    ],
)
def test_labels_are_turned_into_the_codes_of_the_codebook(cells, codes, labels, expected):
    text = pd.Series(cells, dtype="string")
    found, translated = in_codes(text, codes, labels, ["9"])
    assert translated == (expected is not None)
    assert found.astype(object).where(found.notna(), None).tolist() == (expected or cells)


# --- long reads ---------------------------------------------------------------------------------


def test_a_long_read_says_how_far_it_is(tmp_path, capsys, monkeypatch):
    path = _write(tmp_path / "extract.csv")
    read_extract(path, heading="Belgium")
    assert capsys.readouterr().err == ""
    monkeypatch.setattr("cisflow.raw.progress.Progress.SILENT", 0.0)
    read_extract(path, heading="Belgium")
    lines = capsys.readouterr().err.splitlines()
    assert lines[0].startswith("Reading Belgium: 3 rows, 100%, ")
    assert lines[1].startswith("Read Belgium: 3 rows in ")


def test_a_pooled_text_is_read_piece_by_piece(tmp_path):
    """Memory for one country's rows, not for all: 20 of 200,000 rows, of 30 columns two."""
    path = tmp_path / "pooled.csv"
    line = ",".join(["123456"] * 29)
    with path.open("w") as file:
        file.write("C," + ",".join(f"v{i}" for i in range(29)) + "\n")
        file.writelines(f"{'BE' if i % 10_000 == 0 else 'NL'},{line}\n" for i in range(200_000))
    before = pa.total_allocated_bytes()
    extract = open_extract(path).read(["v3"], {"C": ["BE"]})
    assert len(extract.table) == 20
    assert extract.rows == 200_000
    assert pa.total_allocated_bytes() - before < 100_000
