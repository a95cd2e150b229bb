"""What many samples say of one effect."""

from cisflow.publication.paper.effects import told
from cisflow.publication.paper.spread import spread


def _sample(place, estimate, error):
    ends = {"ci_low": estimate - 2 * error, "ci_high": estimate + 2 * error}
    return {"place": place, **told({"estimate": estimate, "std_error": error, "n": 400, **ends})}


def _lost(place):
    return {"place": place, "estimate": "", "why_not": "no firm is left"}


def test_two_samples_are_told_of_one_by_one():
    assert spread([_sample("A", 5, 1), _sample("B", 6, 1)]) == {}
    assert spread([_sample("A", 5, 1), _sample("B", 6, 1), _lost("C")]) == {}


def test_samples_are_counted_by_the_side_of_zero_their_interval_is_on():
    found = [_sample("A", 5, 1), _sample("B", -5, 1), _sample("C", 1, 1), _lost("D")]
    over = spread(found)
    assert (over["of"], over["all"], over["above"], over["below"]) == (3, 4, 1, 1)
    assert over["unsure"] == ["C"]
    assert (over["least"]["place"], over["most"]["place"]) == ("B", "A")
