"""Places of partners whose labels are cut off, from the rows of the others."""

import pytest

from cisflow.assist.grids import places_by_row

ROWS = {"group": "abc", "clients": "def", "suppliers": "ghi"}
PARTNERS = {column: partner for partner, row in ROWS.items() for column in row}
ORDER = ("domestic", "foreign", "foreign")
WHOLE = dict(zip("abcdef", ORDER * 2, strict=True))
SUPPLIERS = dict(zip("ghi", ORDER, strict=True))


def test_row_that_is_cut_off_is_as_the_others():
    assert places_by_row(PARTNERS, WHOLE, "ghi") == SUPPLIERS
    assert places_by_row(PARTNERS, {**WHOLE, "h": "foreign"}, "gi") == SUPPLIERS


@pytest.mark.parametrize(
    ("told", "cut"),
    [
        ({**WHOLE, "h": "domestic"}, "gi"),  # what is left of the label says otherwise
        (WHOLE, "gh"),  # a whole label that tells no place
        ({**WHOLE, "d": "foreign", "e": "domestic"}, "ghi"),  # the others differ
        ({c: p for c, p in WHOLE.items() if c != "d"}, "ghi"),  # one row is too few
        (dict.fromkeys("abcdef", "foreign"), "ghi"),  # all places abroad
    ],
    ids=["contradicts", "whole", "differ", "one", "abroad"],
)
def test_row_stays_open(told, cut):
    assert places_by_row(PARTNERS, told, cut) == {}


def test_rows_of_another_length_tell_nothing():
    fewer = {c: p for c, p in PARTNERS.items() if c != "i"}
    assert places_by_row(fewer, WHOLE, "gh") == {}
