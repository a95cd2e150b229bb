"""Which counts of firms are too small to be told."""

import pytest

from cisflow.base.thresholds import MINIMUM_CELL, is_small


@pytest.mark.parametrize(
    ("firms", "minimum", "small"),
    [(0, 10, False), (1, 10, True), (9, 10, True), (10, 10, False), (2, 3, True), (3, 3, False)],
)
def test_few_firms_are_small_and_none_are_not(firms, minimum, small):
    assert is_small(firms, minimum) is small


def test_the_usual_minimum_is_that_of_the_setting():
    assert [is_small(n) for n in (MINIMUM_CELL - 1, MINIMUM_CELL)] == [True, False]
