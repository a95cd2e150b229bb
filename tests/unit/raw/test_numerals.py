"""Numbers as people write them are read back, or left alone; never as others."""

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cisflow.raw.numerals import number_in, with_plain_numbers

BLANKS = [" ", "\u00a0", "\u202f", "\u2009", "\u2007", "\u3000"]
APOSTROPHES = ["'", "\u2019", "\u2018", "\u02bc", "\u00b4"]
NUMBERS = st.lists(st.integers(0, 10**12), min_size=2, max_size=30, unique=True)


def plain(*columns, stated=None):
    """Return columns as read, and how."""
    names = [f"c{i}" for i in range(len(columns))]
    table = pa.table([pa.array(list(c), pa.large_string()) for c in columns], names)
    read, how = with_plain_numbers(table, stated)
    return [read[name].to_pylist() for name in names], how


def grouped(number, sign):
    return f"{number:,}".replace(",", sign)


@given(NUMBERS, st.sampled_from([*BLANKS, *APOSTROPHES]))
def test_thousands_apart_by_blanks_and_apostrophes_are_put_together(numbers, sign):
    written = [grouped(n, sign) for n in numbers]
    (read,), _ = plain(written)
    # Where all are of one length they may be identifiers, and stay as they are.
    assert read in ([str(n) for n in numbers], written)
    if len({len(str(n)) for n in numbers}) > 1:
        assert read == [str(n) for n in numbers]


@given(NUMBERS, st.sampled_from(".,"))
def test_a_point_or_a_comma_is_never_read_as_a_thousandth(numbers, sign):
    written = [grouped(n, sign) for n in numbers]
    (read,), _ = plain(written)
    assert read in ([str(n) for n in numbers], written)


@given(
    st.lists(
        st.decimals(0, 10**9, places=2, allow_nan=False), min_size=2, max_size=30, unique=True
    ),
    st.sampled_from([*BLANKS, *APOSTROPHES, ".", ""]),
)
def test_decimal_commas_with_any_sign_between_thousands(values, sign):
    written = [f"{v:,.2f}".translate(str.maketrans({",": sign, ".": ","})) for v in values]
    (read,), how = plain(written)
    if "decimal comma" in how or any("thousands" in told for told in how):
        assert [float(text) for text in read] == [float(v) for v in values]
    else:
        assert read == written


@given(st.lists(st.floats(1, 1e15, allow_nan=False), min_size=2, max_size=30))
def test_exponents_keep_the_value(values):
    written = [f"{v:.5e}".replace(".", ",") for v in values]
    (read,), how = plain(written)
    assert how == ["decimal comma"]
    assert [float(text) for text in read] == [float(f"{v:.5e}") for v in values]


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=12), max_size=10))
def test_texts_that_are_no_numbers_stay_what_they_are(texts):
    texts = [f"x{text}" for text in texts]
    (read,), how = plain(texts)
    assert (read, how) == (texts, [])


@pytest.mark.parametrize(
    ("cells", "read"),
    [
        (["1,6e+07", "7973298"], ["16000000", "7973298"]),
        (["1,40e3", "12"], ["1400", "12"]),
        (["2.5E+2", "1e5"], ["250", "100000"]),
        (["1,25e-3", "2"], ["1.25e-3", "2"]),
        (["12 345", "987", "n/a"], ["12345", "987", "n/a"]),
        (["1.234.567", "2.000"], ["1234567", "2000"]),
        (["1,234,567.5", "12"], ["1234567.5", "12"]),
        (["\u221212", "1 500"], ["-12", "1500"]),
    ],
)
def test_columns_that_can_be_read_in_one_way(cells, read):
    assert plain(cells)[0] == [read]


@pytest.mark.parametrize(
    "cells",
    [
        ["1.234", "12"],  # 1234, or 1 and a fraction
        ["1,500", "2"],
        ["401 234 567", "402 111 222"],  # of one length: identifiers
        ["0401.234.567", "0402.111.222"],
        ["10.11", "62.02"],  # activities
        ["12.05.2016", "13.06.2016"],
        ["1E5", "2E5", "A12"],  # names that look like exponents
        ["12 Main Street", "1 234"],
        ["1 23", "1 234"],
    ],
)
def test_columns_that_could_be_something_else_stay_as_they_are(cells):
    assert plain(cells) == ([cells], [])


def test_a_column_that_is_certain_decides_for_others():
    (_, sales), how = plain(["1,5", "2", "3"], ["12.345", "7.100", "101.250.000"])
    assert sales == ["12345", "7100", "101250000"]
    assert how == ["decimal comma", "thousands apart by points"]
    (sales, _), _ = plain(["12.345", "10.125"], ["1,5", "2"])
    assert sales == ["12.345", "10.125"]  # of one length


def test_what_the_codebook_states_goes_before():
    assert plain(["1,500", "21"], stated=",")[0] == [["1.500", "21"]]
    assert plain(["1,500", "21"], stated=".")[0] == [["1500", "21"]]
    assert plain(["1.500", "21"], stated=",")[0] == [["1500", "21"]]


@pytest.mark.parametrize(
    ("text", "number"),
    [("1 234,5", 1234.5), ("1'234.5", 1234.5), ("1.234.567", 1234567), ("12", 12), ("a1", None)],
)
def test_a_number_by_itself(text, number):
    assert number_in(text) == number
