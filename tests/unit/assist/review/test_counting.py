"""No value of a firm, and no count of few, leaves with a review sheet."""

import json
import re
from pathlib import Path

import pandas as pd
import pytest
from review_case import LABELS, answers, write_case

from cisflow.assist.review.counting import Teller, counted
from cisflow.assist.review.gather import gather
from cisflow.assist.review.page import page
from cisflow.assist.review.record import review_record
from cisflow.assist.review.terminal import review_text
from cisflow.study.disclosure import Dominance, Profile

RULES = Profile(title="Rules", text="", minimum_cell=10)


def texts(folder, **changes):
    """Return all forms of a sheet."""
    sheet = gather(write_case(folder, **changes), Path())
    return [page(sheet), review_text(sheet), json.dumps(review_record(sheet))]


def test_no_identifier_and_no_amount_of_a_firm_is_told(tmp_path):
    data = answers()
    secret = {*data["id"], *data["turn16"]}
    for text in texts(tmp_path):
        assert not secret & set(re.findall(r"\d{5,}", text))


def test_no_value_is_told_where_the_wrong_column_is_read_as_codes(tmp_path):
    data = answers()
    for i, text in enumerate(texts(tmp_path, group={"name": "turn16"}, coop_any={"name": "id"})):
        assert not {*data["id"], *data["turn16"]} & set(re.findall(r"\d{5,}", text)), i


def test_firms_named_by_a_legend_of_identifiers_are_not_told(tmp_path):
    legend = "70001=Miller and Sons; 70002=Baker Ltd"
    labels = {**LABELS, "id": ("Identification number of the firm", legend)}
    for text in texts(tmp_path, labels=labels):
        assert "Miller" not in text


def test_counts_of_few_are_withheld_and_others_rounded(tmp_path):
    data = answers().assign(grp=["1"] * 4 + ["2"] * 193 + ["9"] * 3)
    file = write_case(tmp_path, data=data, group={"name": "grp", "missing": [9]})
    (wave,) = gather(file, Path()).waves
    card = next(c for c in wave.cards if c.variable == "group")
    rows = {code.code: code.rows for code in card.columns[0].codes}
    assert rows == {"1": None, "2": 190, "9": None}
    assert card.value == "hardly any yes (< 10)"
    assert (card.counts.valid, card.counts.missing) == (200, None)


def test_a_rare_value_outside_all_lists_is_not_quoted(tmp_path):
    data = answers()
    data.loc[:2, "grp"] = "77"
    data.loc[3:40, "grp"] = "5"
    for text in texts(tmp_path, data=data, group={"name": "grp", "invalid": "missing"}):
        assert not re.search(r"\b77\b", text)
    file = write_case(tmp_path / "more", data=data, group={"name": "grp", "invalid": "missing"})
    (wave,) = gather(file, Path()).waves
    codes = next(c for c in wave.cards if c.variable == "group").columns[0].codes
    assert ("5", "not known to the codebook", 40) in {(c.code, c.read_as, c.rows) for c in codes}
    assert ("(other values)", None) in {(c.code, c.rows) for c in codes}


def test_a_mean_that_one_firm_makes_is_withheld(tmp_path):
    data = answers()
    data.loc[0, "turn16"] = "99999999999"
    file = write_case(tmp_path, data=data)
    (wave,) = gather(file, Path()).waves
    value = next(c.value for c in wave.cards if c.variable == "turnover")
    assert value.startswith("mean withheld")


@pytest.mark.parametrize("few", [0, 1, 9])
def test_few_and_none_are_told_alike(few):
    assert Teller(RULES).count(few) is None
    assert counted(None, 10) == "< 10"


@pytest.mark.parametrize("n", range(10, 60, 7))
def test_counts_are_multiples_of_the_minimum_and_near(n):
    told = Teller(RULES).count(n)
    assert told % 10 == 0
    assert abs(told - n) <= 5


def test_a_share_tells_of_no_few_on_either_side():
    teller = Teller(RULES)
    assert teller.share(5, 100) is None
    assert teller.share(95, 100) is None
    assert teller.share(50, 100) == 50


def test_without_a_minimum_numbers_are_exact():
    free = Profile(title="", text="", minimum_cell=1, dominance=Dominance(firms=1, share=100))
    assert [Teller(free).count(n) for n in (1, 7, 123)] == [1, 7, 123]
    assert counted(None, 1) == "0"


def test_means_have_two_digits():
    assert Teller(RULES).mean(pd.Series(range(1000, 1100)))[0] == 1000


def test_a_config_whose_rules_cannot_be_read_tells_by_the_strictest(tmp_path):
    sheet = gather(write_case(tmp_path, config={"disclosure": "none", "minimum_cell": 1}), Path())
    assert sheet.minimum == 10
    assert sheet.errors
