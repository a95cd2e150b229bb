"""Compounds: what a word ends with is weighed, in each language that writes several as one."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

from cisflow.assist.codings import profile
from cisflow.assist.compounds import Endings, strange_heads
from cisflow.assist.matching import match
from cisflow.assist.vocabulary import heads, likeness, load_words, question, questions

TABLE = Path(__file__).parents[2] / "support" / "compounds.yaml"
LANGUAGES = yaml.safe_load(TABLE.read_text(encoding="utf-8"))
MOST_DOUBTED = 0.1  # of right labels that are compounds
FIRMS, YEAR = 300, 2016


def values(kind):
    """Return answers of a kind, shape (FIRMS,)."""
    rng = np.random.default_rng(3)
    drawn = {
        "flag": rng.integers(0, 2, FIRMS),
        "degree": rng.integers(0, 4, FIRMS),
        "share": rng.integers(0, 100, FIRMS),
        "amount": np.round(np.exp(rng.normal(8, 1.2, FIRMS))).astype(int),
    }
    return pd.Series(drawn[kind].astype(str), dtype="string")


@pytest.mark.parametrize("name", LANGUAGES)
def test_what_a_compound_ends_with_is_never_overheard(name, root):
    asked = LANGUAGES[name]
    texts = [label for labels in asked["others"].values() for label in labels]
    words = load_words(root, asked["country"], texts=texts)
    silent = []
    for kind, labels in asked["others"].items():
        for label in labels:
            seen = {"x": profile("x", label, values(kind), words)}
            text = {"x": label}
            found = match(seen, questions(text, text, words), words, YEAR)
            silent += [(label, variable) for variable, one in found.items() if not one.doubts]
    assert not silent


@pytest.mark.parametrize("name", LANGUAGES)
def test_compounds_that_ask_what_they_begin_with_leave_few_doubts(name, root):
    asked = LANGUAGES[name]["same"]
    words = load_words(root, LANGUAGES[name]["country"], texts=asked.values())
    doubted = []
    for variable, label in asked.items():
        said = question("x", label, words)
        signs = [s for s in words.signs if s.variable == variable and likeness(said, s, words)]
        if signs and all(heads(said, sign, words) for sign in signs):
            doubted.append(label)
    assert len(doubted) <= MOST_DOUBTED * len(asked), doubted


@pytest.mark.parametrize(
    ("word", "strange"),
    [
        ("umsatz", False),
        ("umsatze", False),
        ("umsatzhohen", False),
        ("umsatzsteuer", True),
        ("neukunde", False),  # no part begins it
    ],
)
def test_a_word_goes_on_by_endings_and_by_known_words(word, strange):
    how = Endings(frozenset(["umsatz"]), frozenset(["e", "en", "s"]))
    assert bool(strange_heads([word], ["umsatz"], ["hohe", "hohen"], [how])) == strange


def test_single_letters_in_a_row_are_no_ending():
    how = Endings(frozenset(["patent"]), frozenset(["s", "e"]))
    assert strange_heads(["patentsese", "patentes"], ["patent"], [], [how]) == [
        "patentsese",
        "patentes",
    ]
