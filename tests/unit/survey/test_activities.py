"""Codes of economic activities in the spellings surveys use."""

import pandas as pd
import pytest

from cisflow.survey.activities import SECTIONS, division, section, sections


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("15", 15),
        ("15.11", 15),
        ("1511", 15),
        ("D15", 15),
        ("DA 15", 15),
        ("15_16", 15),
        ("C10-C12", 10),
        ("01", 1),
        ("5", 5),
        ("DA", None),
        ("", None),
    ],
)
def test_division_of_every_spelling(code, expected):
    assert division(code) == expected


@pytest.mark.parametrize(
    ("code", "revision", "expected"),
    [
        ("15", "1.1", "D"),
        ("37", "1.1", "D"),
        ("40", "1.1", "E"),
        ("14", "1.1", "C"),
        ("15", "2", "C"),
        ("10", "2", "C"),
        ("33", "2", "C"),
        ("35", "2", "D"),
        ("72", "isic3", "K"),
        ("72", "2", "M"),
        ("DA", "1.1", "D"),
        ("c", "2", "C"),
        ("38", "1.1", None),
        ("34", "2", None),
        ("00", "2", None),
        ("X", "1.1", None),
    ],
)
def test_section_depends_on_the_classification(code, revision, expected):
    assert section(code, revision) == expected


@pytest.mark.parametrize("revision", ["1.1", "2"])
def test_no_division_belongs_to_two_sections(revision):
    divisions = [n for first, last in SECTIONS[revision].values() for n in range(first, last + 1)]
    assert len(divisions) == len(set(divisions))


def test_sections_of_a_column_keep_the_missing():
    found = sections(pd.Series(["15", None, "99", "xx"], dtype="string"), "1.1")
    assert found.tolist()[0::2] == ["D", "Q"]
    assert found.isna().tolist() == [False, True, False, True]
