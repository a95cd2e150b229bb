"""Messages of estimators: texts that know the numbers in them."""

import copy
import pickle

import pytest

from cisflow.estimators.errors import Count, EstimationError, Sentence, refuse


def test_a_sentence_is_text_that_tells_its_counts_exactly():
    text = Sentence("it separates ", Count(1), " from ", Count(1001, "firm"), ".")
    assert text == "it separates 1 row from 1,001 firms."
    assert isinstance(text, str)


@pytest.mark.parametrize(
    ("n", "told"),
    [(2, "fewer than 10 firms"), (10, "10 firms"), (0, "0 firms"), (1001, "1,001 firms")],
)
def test_a_small_number_is_not_told(n, told):
    assert Sentence("but only ", Count(n, "firm")).told(10) == f"but only {told}"


def test_sentences_of_sentences_keep_their_counts():
    inner = Sentence("missing in ", Count(2))
    outer = Sentence("x: ", inner, " (", Count(30), ")")
    assert outer.told(10) == "x: missing in fewer than 10 rows (30 rows)"
    several = Sentence.joined([inner, "no variation", outer])
    assert several == "missing in 2 rows; no variation; x: missing in 2 rows (30 rows)"
    assert "2 rows" not in several.told(10)
    assert Sentence.joined([]) == ""


def pickled(value):
    return pickle.loads(pickle.dumps(value))  # noqa: S301


@pytest.mark.parametrize("copied", [copy.deepcopy, pickled])
def test_a_copy_knows_its_counts_too(copied):
    assert copied(Sentence("in ", Count(2))).told(10) == "in fewer than 10 rows"


def test_a_refusal_keeps_the_counts_of_what_is_wrong():
    with pytest.raises(EstimationError, match="missing in 2 rows") as caught:
        refuse("Tobit", [(Sentence("missing in ", Count(2)), "drop them")])
    assert caught.value.problems[0].what.told(3) == "missing in fewer than 3 rows"
    refuse("Tobit", [])
