"""Charts of estimates lie on their scale, whatever the numbers are."""

import pytest

from cisflow.publication.site.charts import (
    EDGE,
    OPTIONS,
    PANEL,
    SIDE,
    WIDTH,
    Mark,
    curve_chart,
    forest,
    ticks,
)


def marks(*numbers):
    return [Mark(f"m{i}", "…", *three) for i, three in enumerate(numbers)]


def test_estimates_lie_where_their_numbers_say():
    chart = forest("t", "points", marks((5, 0, 10), (-5, -10, 0)))
    first, second = chart.lines
    assert first.x - chart.zero == pytest.approx(chart.zero - second.x, abs=0.2)
    assert first.left == pytest.approx(chart.zero, abs=0.2)
    assert first.right - chart.zero == pytest.approx(2 * (first.x - chart.zero), abs=0.2)
    assert second.y > first.y


def test_zero_and_the_band_are_always_on_the_chart():
    chart = forest("t", "points", marks((8, 7, 9)), band=3)
    assert EDGE <= chart.band[0] < chart.zero < chart.band[1] < chart.lines[0].left


def test_an_interval_that_dwarfs_the_others_goes_on_beyond_the_scale():
    chart = forest("t", "points", marks((1, 0, 2), (2, 1, 3), (1, -1e6, 1e6)))
    assert [line.goes_right for line in chart.lines] == [False, False, True]
    assert chart.lines[2].goes_left
    assert chart.lines[0].right - chart.lines[0].left > WIDTH / 20


def test_every_estimate_is_on_the_scale_even_one_far_away():
    chart = forest("t", "points", marks((1, 0, 2), (2, 1, 3), (1000, 999, 1001)))
    assert all(line.x is not None and EDGE <= line.x <= WIDTH - EDGE for line in chart.lines)


def test_groups_have_a_heading_each_and_the_summary_says_all():
    found = [Mark("CIS2", "1", 1, 0, 2, "a"), Mark("CIS4", "2", 2, 1, 3, "a")]
    chart = forest("t", "points", [*found, Mark("CIS2", "3", 3, 2, 4, "b")])
    assert [head.text for head in chart.headings] == ["a", "b"]
    assert chart.headings[1].y > chart.lines[1].y
    assert chart.summary == "a, CIS2: 1; a, CIS4: 2; b, CIS2: 3"


def test_a_single_exact_zero_has_a_chart_too():
    chart = forest("t", "points", marks((0, 0, 0)))
    assert chart.lines[0].x == chart.zero


@pytest.mark.parametrize("ends", [(-3.2, 8.9), (0, 1e-4), (-2e6, 5), (-0.03, 0.11)])
def test_ticks_are_few_round_and_within_the_ends(ends):
    found = list(ticks(*ends))
    assert 2 <= len(found) <= 7
    assert all(ends[0] <= value <= ends[1] for value, _ in found)
    assert all(len(text) <= 8 for _, text in found)


def test_ends_without_a_distance_have_no_ticks():
    assert list(ticks(1.0, 1.0)) == []


def test_many_estimates_stand_in_little_room_with_labels_beside_them():
    many = [Mark(f"Austria, CIS{i}", "1", 1, 0, 2) for i in range(72)]
    chart = forest("t", "points", many, dense=True)
    assert chart.height < 72 * 16
    assert min(line.left for line in chart.lines) >= SIDE
    assert chart.summary == "72 estimates"


def test_a_curve_tells_what_is_sure_apart_and_which_choices_made_it():
    effects = [(-1, -3, 1), (1, 0.5, 2), (2, 1, 3)]
    made = [{"Estimator": "Tobit"}, {"Estimator": "logit"}, {"Estimator": "logit"}]
    chart = curve_chart("t", "points", "s", effects, made, [("Estimator", ["Tobit", "logit"])])
    assert (chart.points.count("M"), chart.sure.count("M")) == (1, 2)
    head, tobit, logit = chart.options
    assert (head.text, head.path) == ("Estimator", "")
    assert (tobit.path.count("M"), logit.path.count("M")) == (1, 1)
    assert tobit.path.startswith(f"M{OPTIONS:.1f} ")
    assert logit.path.endswith(f"H{WIDTH - EDGE:.1f}")
    assert 0 < chart.zero < PANEL < tobit.y < logit.y < chart.height


def test_a_long_heading_is_told_in_full_on_several_lines():
    words = "Partner types and innovation, corrected for who has new products at all"
    chart = forest("t", "points", [Mark("CIS2", "1", 1, 0, 2, words)])
    assert " ".join(head.text for head in chart.headings) == words
    assert len({head.y for head in chart.headings}) == len(chart.headings) > 1
    assert chart.lines[0].y > chart.headings[-1].y
