"""What the answers in a column look like."""

import pandas as pd
import pytest

from cisflow.assist.codings import profile
from cisflow.assist.vocabulary import load_words


@pytest.fixture(scope="module")
def words(root):
    return load_words(root)


def seen(words, values, codes=None):
    return profile("X", "", pd.Series(values, dtype="string"), words, codes)


@pytest.mark.parametrize(
    ("values", "labels", "codes", "missing"),
    [
        (["0", "1", "1"], None, {"0": False, "1": True}, ()),
        (["1", "2", "9"], None, {"1": True, "2": False}, ("9",)),
        (["Yes", "No", "Don't know"], None, {"Yes": True, "No": False}, ("Don't know",)),
        (["Ja", "Nein", "k.A."], None, {"Ja": True, "Nein": False}, ("k.A.",)),
        (["1 - Yes", "2 - No"], None, {"1 - Yes": True, "2 - No": False}, ()),
        (["TRUE", "FALSE"], None, {"TRUE": True, "FALSE": False}, ()),
        (["1", "2"], {"1": "Nein", "2": "Ja"}, {"1": False, "2": True}, ()),
        (["1", "5", "8"], {"1": "Sí", "5": "No", "8": "No sabe"}, {"1": True, "5": False}, ("8",)),
    ],
)
def test_yes_and_no(values, labels, codes, missing, words):
    found = seen(words, values, labels)
    assert dict(found.flag.codes) == codes
    assert found.flag.missing == missing
    assert found.fits("flag")


@pytest.mark.parametrize("values", [["1", "2", "3"], ["0", "1", "2"], ["a", "b"], ["10", "20"]])
def test_what_is_no_yes_and_no(values, words):
    assert seen(words, values).flag is None


def test_degrees_by_words_in_several_languages(words):
    for said in (
        ["Not used", "Low", "Medium", "High"],
        ["Nicht genutzt", "Gering", "Mittel", "Hoch"],
        ["No utilizada", "Reducida", "Intermedia", "Elevada"],
    ):
        labels = dict(zip("1234", said, strict=True))
        found = seen(words, list("1234"), labels)
        assert dict(found.degree.codes) == {"1": 0, "2": 1, "3": 2, "4": 3}


def test_box_that_is_ticked_or_blank(words):
    assert seen(words, ["1", None, "1"]).ticked
    assert seen(words, ["x", None]).ticked
    assert not seen(words, ["1", "0", None]).ticked
    assert not seen(words, ["0", None]).ticked


def test_numbers_of_nines_far_above_all_others_are_no_answers(words):
    found = seen(words, [*map(str, range(10, 60)), "9999", "9999", "9999", "9998"])
    assert found.silent == ("9999",)  # one firm with 9998 may well have it
    assert found.present == 51
    close = seen(words, [*map(str, range(4000, 4050)), "9999", "9999", "9999"])
    assert close.silent == ()


def test_share_with_a_code_for_no_answer_is_still_a_share(words):
    found = seen(words, [*map(str, range(0, 101, 5)), "999", "999", "999", "-9"])
    assert found.within == "0-100"
    assert set(found.silent) == {"999", "-9"}
    assert found.fits("share")


def test_fractions_and_whole_zeros_and_ones_are_told_apart(words):
    assert seen(words, ["0.5", "0", "1"]).within == "0-1"
    assert seen(words, ["0", "1", "1"]).within == "0-100"
    assert not seen(words, ["0", "1", "1"]).fits("share")


def test_points_of_a_scale_are_no_amounts(words):
    scale = seen(words, list("12345") * 10)
    assert scale.scale
    assert not scale.fits("amount")
    assert scale.fits("class")
    assert seen(words, list(map(str, range(100, 150)))).fits("amount")


def test_separators_of_thousands_and_percent_signs_are_seen(words):
    assert seen(words, ["1,234", "22,500", "900"]).signs == ("separators of thousands",)
    assert seen(words, ["10%", "20%"]).signs == ("percent signs",)


def test_countries_are_home_or_abroad(root):
    words = load_words(root, "NL", "Netherlands")
    letters = seen(words, ["NL", "US", "DE"] * 20)
    assert dict(letters.countries.codes) == {"{country}": False, "*": True}
    named = seen(words, ["1", "2", "3"] * 20, {"1": "Netherlands", "2": "Germany", "3": "France"})
    assert dict(named.countries.codes) == {"1": False, "*": True}


def test_what_is_no_country_is_silent_if_several_firms_have_it_and_else_refuses(root):
    words = load_words(root, "NL", "Netherlands")
    values = ["NL", "US"] * 100
    assert seen(words, [*values, *["ZZ"] * 12]).countries.missing == ("ZZ",)
    assert seen(words, [*values, "ZZ"]).countries is None
    assert seen(words, ["north", "south"] * 20).countries is None
    assert seen(words, ["NL"] * 20).countries is None
