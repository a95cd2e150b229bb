"""Size classes as questionnaires write them."""

import pytest

from cisflow.assist.drafting.classes import size_class


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("10-49 employees", "10-49"),
        ("10–49", "10-49"),
        ("50 to 249 persons", "50-249"),
        ("100 bis 199 Beschäftigte", "50-249"),
        ("250 and more", "250+"),
        ("250+", "250+"),
        ("500 oder mehr", "250+"),
        ("1,000 and over", "250+"),
        ("up to 49", "10-49"),
        ("49 or less", "10-49"),
        ("small enterprises", "10-49"),
        ("Medium", "50-249"),
    ],
)
def test_a_class_is_known_by_its_limits_or_its_word(text, expected):
    assert size_class(text) == expected


@pytest.mark.parametrize("text", ["20-99", "10 and more", "less than 250", "50", "unknown", ""])
def test_a_class_across_the_limits_is_none_of_the_three(text):
    assert size_class(text) is None
