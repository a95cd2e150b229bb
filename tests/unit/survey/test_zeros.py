"""Zeros that activity codes lost to a spreadsheet come back, or the file is refused by name."""

from types import SimpleNamespace

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cisflow.survey.activities import SECTIONS, section
from cisflow.survey.zeros import GROUPS, with_zeros

REV_2 = [f"{d}{g}{c}" for d, groups in GROUPS["2"].items() for g in groups for c in "01"]


def mended(codes, revision="2", leading_zeros=None):
    """Return codes as mended, and the problem."""
    nace = SimpleNamespace(revision=revision, leading_zeros=leading_zeros)
    book = SimpleNamespace(nace=nace, path="x.yaml")
    found, problem = with_zeros(pd.Series(codes, dtype="string"), "ciiu", book)
    return found.tolist(), problem


@pytest.mark.parametrize(
    ("stored", "revision", "meant"),
    [
        (["811", "510", "1011", "6201"], "2", ["0811", "0510", "1011", "6201"]),
        (["111", "1011"], "2", ["0111", "1011"]),
        (["899", "2410"], "2", ["0899", "2410"]),
        (["81", "89", "101", "620"], "2", ["081", "089", "101", "620"]),  # groups
        (["1110", "10110"], "2", ["01110", "10110"]),  # what a country adds
        (["130", "1511"], "isic3", ["0130", "1511"]),
        (["200", "1511"], "1.1", ["0200", "1511"]),
    ],
)
def test_the_classification_tells_that_zeros_were_lost(stored, revision, meant):
    assert mended(stored, revision) == (meant, None)


@pytest.mark.parametrize(
    "codes",
    [
        ["351", "352", "353", "10", "20", "25"],  # divisions, and groups of one
        ["0811", "1011"],
        ["8.11", "10.11"],
        ["10", "20", "81"],
        ["C10", "C20"],
        ["101", "102", "1011"],
        [],
    ],
)
def test_codes_that_lost_nothing_stay(codes):
    assert mended(codes) == (codes, None)


def test_what_nobody_can_tell_is_refused_by_name():
    codes = ["811", "812", "1011"]
    found, problem = mended(codes)
    assert found == codes
    assert "nace (column 'ciiu')" in problem.what
    assert "zero" in problem.what
    assert "leading_zeros: lost" in problem.remedy
    assert "x.yaml" in problem.remedy
    assert "811" not in problem.what


def test_the_codebook_may_say_it():
    assert mended(["811", "1011"], leading_zeros="lost")[0] == ["0811", "1011"]
    assert mended(["811", "510", "1011"], leading_zeros="kept")[0] == ["811", "510", "1011"]


@pytest.mark.parametrize("revision", sorted(GROUPS))
def test_groups_are_those_of_the_divisions_that_sections_have(revision):
    divisions = {d for first, last in SECTIONS[revision].values() for d in range(first, last + 1)}
    assert {int(d) for d in GROUPS[revision]} <= divisions
    assert all(section(d, revision) for d in GROUPS[revision])


@given(st.lists(st.sampled_from(REV_2), min_size=1, max_size=60))
def test_a_column_of_classes_is_never_read_as_others(codes):
    """Stored as numbers, classes come back as they were, or are refused; none changes silently."""
    found, problem = mended([str(int(code)) for code in codes])
    long = [code for code in codes if not code.startswith("0")]
    if problem is None and long:
        assert found == codes
