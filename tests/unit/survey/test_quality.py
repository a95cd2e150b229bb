"""Checks of a delivered wave, and counts per variable in its quality report."""

import pandas as pd
import pytest

from cisflow.study.canonical import BLOCKS
from cisflow.study.codebook import Codebook, Variable
from cisflow.survey.quality import check, consistency, cooperation, counts, finding, meant, notes


def _flags(*values):
    return pd.Series(values, dtype="boolean")


def test_a_check_counts_only_firms_it_concerns_and_unknown_fails_nothing():
    failed = _flags(True, True, None, False)
    entry = check(failed, _flags(True, False, True, None), "Wrong.")
    assert entry == {"failed": 1, "of": 2, "meaning": "Wrong."}
    assert check(failed, _flags(True, True, True, True), "Wrong.", "Mend.")["remedy"] == "Mend."


def test_a_finding_tells_what_was_seen_only_if_it_was():
    assert "seen" not in finding(False, "Wrong.", "Seen.", "Mend.")
    entry = finding(True, "Wrong.", "Seen.", "Mend.")
    assert (entry["failed"], entry["of"], entry["whole_file"], entry["seen"]) == (
        1,
        1,
        True,
        "Seen.",
    )


def _wave(**columns):
    base = {"turnover": [100.0] * 4, "innovation_spending": None, "rd_internal": None}
    frame = pd.DataFrame({**base, **columns}, index=range(4))
    return frame.astype("float64")


SHARES = ["share_unchanged", "share_new"]


def test_shares_that_miss_100_by_more_than_rounding():
    firms = _wave(share_unchanged=[60, 60, 60, 60], share_new=[40, 39, 38, None])
    checks = consistency(firms, SHARES, "own.yaml")
    assert (checks["shares_sum_to_100"]["failed"], checks["shares_sum_to_100"]["of"]) == (1, 3)
    assert "own.yaml" in checks["shares_sum_to_100"]["remedy"]
    assert (checks["shares_incomplete"]["failed"], checks["shares_incomplete"]["of"]) == (1, 4)
    assert checks["incomplete_shares_within_100"]["failed"] == 0


def test_incomplete_shares_above_100():
    firms = _wave(share_unchanged=[102, 101, None, 100], share_new=[None, None, None, 0])
    entry = consistency(firms, SHARES)["incomplete_shares_within_100"]
    assert (entry["failed"], entry["of"]) == (1, 2)


def test_spending_above_turnover_takes_internal_rd_where_no_total_is_there():
    firms = _wave(innovation_spending=[150, 50, None, None], rd_internal=[1, 1, 101, None])
    entry = consistency(firms, [])["spending_within_turnover"]
    assert (entry["failed"], entry["of"]) == (2, 3)


def test_checks_that_concern_nobody_are_left_out():
    assert consistency(_wave(), []) == {}


def test_cooperation_and_partners_contradict_each_other_either_way():
    answers = pd.DataFrame(dict.fromkeys(BLOCKS["partners"], _flags(None, None, None, None)))
    answers[BLOCKS["partners"][0]] = _flags(True, False, True, False)
    answers["coop_any"] = _flags(False, True, True, None)
    checks = cooperation(answers, "own.yaml")
    without, unnamed = (
        checks[name] for name in ("no_partner_without_cooperation", "cooperation_names_a_partner")
    )
    assert (without["failed"], without["of"]) == (1, 1)
    assert (unnamed["failed"], unnamed["of"]) == (1, 2)
    assert "own.yaml" in without["remedy"]


@pytest.fixture
def answered():
    """Four firms: an answer, not asked, asked and blank, asked and unfit."""
    values = _flags(True, None, None, None)
    return pd.DataFrame({"coop_any": values, "asked_cooperation": [True, False, True, True]})


def test_each_firm_is_counted_in_one_state(answered):
    invalid = pd.Series([False, False, False, True])
    entry = Variable(name=("CO",), verified="general", note="as printed")
    told = counts(answered, "coop_any", ["CO"], invalid, entry)
    states = ("valid", "filtered", "missing", "invalid")
    assert [told[state] for state in states] == [1, 1, 1, 1]
    assert (told["verified"], told["source"], told["note"]) == ("general", None, "as printed")
    assert told["in_questionnaire"]


def test_what_a_questionnaire_lacks_was_asked_of_nobody(answered):
    told = counts(answered, "coop_any", [], pd.Series([False] * 4), Variable())
    assert (told["in_questionnaire"], told["filtered"], told["missing"]) == (False, 3, 0)


def test_a_constant_is_in_the_questionnaire(answered):
    told = counts(answered, "coop_any", [], pd.Series([False] * 4), Variable(constant=True))
    assert told["in_questionnaire"]


def test_notes_name_their_section():
    codebook = Codebook(
        title="Own",
        money={"note": "no unit is stated"},
        shares={"note": "of total turnover"},
        fiscal_year={"note": "ends in June"},
        variables={},
    )
    assert list(notes(codebook)) == ["money: no unit is stated", "shares: of total turnover"]
    assert list(notes(codebook, "fiscal_year")) == ["fiscal_year: ends in June"]


def test_variables_of_a_check_are_called_as_one_likes():
    yes = _flags(True)
    entry = check(yes, yes, "{variable} (column '{x}') is wrong.", variable="rd_internal")
    assert meant(entry) == "rd_internal (column '{x}') is wrong"
    assert meant(entry, str.upper, "{variable} is fout.") == "RD_INTERNAL is fout"
