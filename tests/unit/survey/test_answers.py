"""From the text in columns to answers: codes, numbers, columns and what does not fit."""

import pandas as pd
import pytest

from cisflow.study.codebook import Codebook, Screen, Variable
from cisflow.survey.answers import (
    Answers,
    Columns,
    any_yes,
    duplicates,
    read_answers,
    read_column,
    read_flag,
    weightless,
)

YES_NO = {"0": False, "1": True}


def _book(more=None, **variables):
    made = {name: Variable(**entry) for name, entry in variables.items()}
    return Codebook(title="Own", path="own.yaml", variables=made, reference_year=2004, **more or {})


def _text(*values):
    return pd.Series(values, dtype="string")


def _read(variable, values, more=None, **entry):
    book = _book(more, **{variable: {"name": "C", **entry}})
    return read_column(variable, "C", _text(*values), book, "BE")


def _values(found):
    return [None if pd.isna(value) else value for value in found.values]


def test_codes_become_values_and_tokens_become_missing():
    found = _read("coop_any", ["1", "0", "1.0", "9", None], codes=YES_NO, missing=[9])
    assert _values(found) == [True, False, True, None, None]
    assert not found.invalid.any()
    assert found.problems == []


def test_codes_nobody_declared_are_counted_and_told():
    found = _read("coop_any", ["1", "2", "2", "7"], codes=YES_NO)
    assert found.invalid.tolist() == [False, True, True, True]
    (problem,) = found.problems
    assert "outside the codes 0/1: fewer than 10 values" in problem.what
    assert "own.yaml" in problem.remedy


def test_unfit_values_are_missing_where_the_codebook_says_so():
    found = _read("coop_any", ["1", "2"], codes=YES_NO, invalid="missing")
    assert (_values(found), found.invalid.tolist()) == ([True, None], [False, True])
    assert found.problems == []


def test_what_does_not_look_like_a_code_is_not_shown():
    found = _read("coop_any", ["1", "123456789"], codes=YES_NO)
    assert "123456789" not in found.problems[0].what


def test_a_star_takes_every_other_code_and_the_country_is_filled_in():
    found = _read("foreign_group", ["BE", "FR", None], codes={"{country}": False, "*": True})
    assert _values(found) == [False, True, None]


@pytest.mark.parametrize(
    ("variable", "unit", "written", "read"),
    [
        ("turnover", "thousand", "1.5", 1500.0),
        ("employees", None, "12", 12.0),
        ("share_new", "fraction", "0.25", 25.0),
    ],
)
def test_amounts_are_in_canonical_units(variable, unit, written, read):
    assert _values(_read(variable, [written], unit=unit)) == [read]


def test_money_has_the_unit_of_the_codebook_and_counts_have_not():
    more = {"money": {"currency": "EUR", "unit": "million"}}
    assert _values(_read("turnover", ["2"], more)) == [2e6]
    assert _values(_read("employees", ["2"], more)) == [2.0]


@pytest.mark.parametrize(
    ("variable", "values", "entry", "told"),
    [
        ("employees", ["-1"], {}, "fewer than 10 values below 0."),
        ("weight", ["0", "1"], {}, "fewer than 10 values not above 0."),
        ("share_new", ["101", "50"], {}, "fewer than 10 values above 100"),
        ("share_new", ["0.5", "1"], {}, "all values (fewer than 10 values) lie between 0 and 1"),
        ("employees", ["ten"], {}, "fewer than 10 values that are no numbers"),
        ("employees", ["31.12.2004"], {}, "fewer than 10 values that are dates"),
        ("employees", ["1,234,567"], {}, "fewer than 10 values that are no numbers"),
    ],
)
def test_numbers_that_cannot_be_are_told(variable, values, entry, told):
    found = _read(variable, values, **entry)
    assert told in found.problems[0].what


def test_decimals_that_may_be_thousands_are_told_unless_the_sign_is_stated():
    values = [f"{i}.{100 + i}" for i in range(1, 40)]
    assert "are they thousands?" in _read("turnover", values).problems[0].what
    assert _read("turnover", values, {"file": {"decimal": "."}}).problems == []
    assert _read("turnover", [*values, "1.5"]).problems == []
    assert _read("turnover", values[:10]).problems == []
    assert _read("weight", values).problems == []


def test_a_sum_of_columns_and_any_of_several():
    raw = pd.DataFrame({"A": _text("1", "0", None), "B": _text("2", None, None)})
    spent = _book(rd_internal={"sum_of": ["A", "B"]})
    found = read_answers("rd_internal", ["A", "B"], raw, spent, "BE")
    assert _values(found) == [3.0, None, None]
    flags = pd.DataFrame({"A": _text("1", "0", "0"), "B": _text(None, "0", None)})
    product = _book(product_innovation={"any_of": ["A", "B"], "codes": YES_NO})
    found = read_answers("product_innovation", ["A", "B"], flags, product, "BE")
    assert _values(found) == [True, False, None]


def test_constants_and_numbered_rows_come_from_no_column():
    raw = pd.DataFrame(index=range(2))
    book = _book(weight={"constant": 1}, firm_id={"row_number": True})
    assert read_answers("weight", [], raw, book, "BE").values.tolist() == [1.0, 1.0]
    numbered = read_answers("firm_id", [], raw, book, "BE")
    assert numbered.values.tolist() == ["2004-1", "2004-2"]


def test_three_valued_or():
    one = pd.Series([True, False, None, None], dtype="boolean")
    other = pd.Series([None, False, False, True], dtype="boolean")
    assert [None if pd.isna(v) else v for v in any_yes([one, other])] == [True, False, None, True]


def test_a_screen_is_coded_as_yes_no_or_as_it_says():
    text = _text("1", "2", "9")
    own = Screen(name="S", codes={"1": True, "2": False}, missing=(9,))
    assert _values(read_flag("S", text, _book(), own)) == [True, False, None]
    usual = read_flag("S", text, _book({"missing": [9]}), Screen(name="S"))
    assert (_values(usual), len(usual.problems)) == ([True, None, None], 1)


# --- which columns ------------------------------------------------------------------------------


def test_columns_are_found_whatever_their_capitals():
    book = _book(turnover={"name": ["TURN", "TURNM"]})
    assert Columns(["id", "turnm"]).resolve("turnover", book) == (["turnm"], [])


def test_a_missing_column_is_told_with_what_is_near_unless_it_may_be_missing():
    found, problems = Columns(["TURNOVR"]).resolve("turnover", _book(turnover={"name": "TURNOVER"}))
    assert found == []
    assert "column 'TURNOVER' is not in the file" in problems[0].what
    assert "did you mean `turnovr`?" in problems[0].remedy
    optional = _book(turnover={"name": "TURNOVER", "required": False})
    assert Columns(["A"]).resolve("turnover", optional) == ([], [])


def test_of_two_alternatives_in_one_file_somebody_has_to_choose():
    book = _book(turnover={"name": ["A", "B"]})
    _, (problem,) = Columns(["a", "b"]).resolve("turnover", book)
    assert "the file has both 'a' and 'b'" in problem.what


def test_some_of_several_columns_are_never_quietly_left_out():
    book = _book(rd_internal={"sum_of": ["A", "B"], "required": False})
    _, (problem,) = Columns(["A"]).resolve("rd_internal", book)
    assert "'B' is not in the file" in problem.what


def test_columns_of_another_kind_of_file_are_refused():
    sign = {"columns": ["CO311"], "meaning": "clients are divided", "remedy": "take CIS2012"}
    book = _book({"unexpected": [sign]})
    (problem,) = Columns(["co311"]).unexpected(book)
    assert problem.what == "the file has 'co311': clients are divided"
    assert list(Columns(["CO31"]).unexpected(book)) == []


# --- identifiers and weights --------------------------------------------------------------------


def _answered(values, column, dtype):
    series = pd.Series(values, dtype=dtype)
    return Answers(series, series.isna() & False, [column])


def test_identifiers_that_are_blank_or_there_twice():
    ids = _answered(["a", "a", None, "b"], "ID", "string")
    blank, twice = duplicates(ids, _book())
    assert "fewer than 10 rows have none" in blank.what
    assert "fewer than 10 identifiers occur more than once (fewer than 10 rows)" in twice.what
    assert list(duplicates(_answered(["a", "b"], "ID", "string"), _book())) == []


def test_firms_without_a_weight_are_told_unless_none_has_one():
    (problem,) = weightless(_answered([1.0, None], "W", "float64"), _book())
    assert "fewer than 10 firms have none" in problem.what
    assert list(weightless(_answered([None, None], "W", "float64"), _book())) == []
    assert list(weightless(None, _book())) == []
