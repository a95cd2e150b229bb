import pytest

from cisflow.publication.words import count, inline, interval, label, number, stars


@pytest.mark.parametrize(
    ("x", "text"),
    [
        (1234.5, "1,234"),
        (-0.1, "−0.100"),
        (0.00035, "0.00035"),
        (0, "0.000"),
        (float("nan"), "n.e."),
    ],
)
def test_numbers_are_written_with_meant_digits(x, text):
    assert number(x) == text


def test_words_for_small_counts_stars_and_intervals():
    assert (count(0), count(3000), count(None), count(float("nan"))) == ("0", "3,000", "c", "c")
    assert [stars(p) for p in (0.2, 0.09, 0.04, 0.009)] == ["", "*", "**", "***"]
    assert interval(-1, 2) == "[−1.000, 2.000]"
    assert interval(float("nan"), 2) == ""


def test_labels_of_interactions_categories_and_unknown_variables():
    assert label("coop_any:rd_intensity") == "Any cooperation × R&D intensity"
    assert label("C(industry)[T.Metals]") == "Industry: Metals"
    assert label("my_own_index") == "My own index"
    assert (inline("rd_intensity"), inline("coop_any")) == (
        "R&D intensity (% of turnover)",
        "any cooperation",
    )
