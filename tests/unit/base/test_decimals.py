"""A measured number has the digits that its standard error bears."""

import math

import pytest

from cisflow.base.decimals import decimals_of, measured, signed


@pytest.mark.parametrize(
    ("x", "error", "text"),
    [
        (7.1209, 4.01, "7.1"),
        (0.0046, 0.0003, "0.00460"),
        (1.2e-6, 3.1e-7, "0.00000120"),  # per euro, say
        (-0.001, 0.5, "0.00"),  # no minus before a zero
        (-12.3, 30.0, "−12"),
        (12345.6, 250.0, "12,346"),
        (math.nan, 1.0, "n.e."),
        (None, None, "n.e."),
    ],
)
def test_digits_are_those_of_the_standard_error(x, error, text):
    assert measured(x, error) == text


def test_an_error_that_is_none_has_three_decimals():
    assert [decimals_of(error) for error in (None, math.nan, 0.0)] == [3, 3, 3]


def test_a_minus_is_a_real_one():
    assert signed("-1 to -2") == "−1 to −2"
