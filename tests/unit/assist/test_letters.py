"""Texts in one plain spelling."""

from cisflow.assist.letters import longest


def test_the_longest_word_bounds_beginnings():
    assert longest(frozenset({"a", "umsatz"})) == 6
    assert longest(frozenset()) == 0
