"""Columns that ask the same of several things: partners, places, means of protection."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import combinations, takewhile

from rapidfuzz import fuzz

from cisflow.assist.codings import Profile
from cisflow.assist.letters import plain
from cisflow.assist.vocabulary import Question, Words
from cisflow.assist.weighing import Weighed

# As alike (0 to 100) are labels that ask the same of several things.
ALIKE = 60
ALIKE_NAMES = 75
NEARLY_SAME = 80
SHORTEST_STEM = 2  # letters
# As many members make a block.
FEWEST = 3
# What the label of a member of a block is about besides the block's things, per family.
FAMILIES = {"coop": "cooperation", "source": "source"}
SEPARATED = re.compile(r"[-:–—(\"'“«/]\s*$")


def kindred(one: str, other: str, questions: Mapping[str, Question]) -> bool:
    """Return whether two columns ask the same of two things, as their labels or names show."""
    labels = [" ".join(questions[c].said) for c in (one, other) if not questions[c].abbreviated]
    if len(labels) == 2 and like(*labels) >= ALIKE:
        return True
    if len(labels) == 2 and len(_stem(one)) <= SHORTEST_STEM:
        return False
    return _stem(one) == _stem(other) or fuzz.ratio(one.lower(), other.lower()) >= ALIKE_NAMES


def of_block(column: str, others: Sequence[str], questions: Mapping[str, Question]) -> bool:
    """Return whether a column has the numbered name, or all but the label, of several others."""
    stems = {_stem(other) for other in others}
    if len(stems) == 1 and _stem(column) in stems and len(_stem(column)) > SHORTEST_STEM:
        return True
    label = " ".join(questions[column].said)
    return all(like(label, " ".join(questions[other].said)) >= NEARLY_SAME for other in others)


def like(one: str, other: str) -> float:
    """Return how alike two labels are, 0 to 100, whatever the order of their words."""
    return max(fuzz.ratio(one, other), fuzz.token_sort_ratio(one, other))


def blocks_of(chosen: Collection[str], names: Iterable[str]) -> list[str]:
    """Return the columns chosen, with all that have the numbered names of their blocks."""
    stems = {_stem(name) for name in chosen if _stem(name) != name.lower()}
    wide = {stem for stem in stems if len(stem) > SHORTEST_STEM}
    return [n for n in names if n in chosen or (_stem(n) in wide and _stem(n) != n.lower())]


def _stem(name: str) -> str:
    """Return a name without its numbers and its last letter: iproc of iproc1, v2 of v2_a."""
    return re.sub(r"[\d_.]+$|_[a-z]$", "", name.lower())


def strangers(
    weighed: Sequence[Weighed], profiles: Mapping[str, Profile], words: Words
) -> dict[str, tuple[str, ...]]:
    """Return the members of blocks that were not understood.

    "Cooperated with: suppliers", "… clients", "… public bodies" are one block; a member whose
    thing no word tells is not another question.

    Parameters
    ----------
    weighed
        The columns that were weighed as variables.
    profiles
        Per column what its values look like.

    Returns
    -------
    dict
        Per family (``coop``, ``source``) the columns.
    """
    fits = [w for w in weighed if not w.refused]
    asked = {c: plain_label(profile) for c, profile in profiles.items()}
    texts = {c: text for c, text in asked.items() if text}
    found = {}
    for family, concept in FAMILIES.items():
        members = _members(family, fits)
        kind = {"coop": "flag", "source": "degree"}[family]
        seen = members | _members(family, weighed)
        others = [c for c in texts if c not in seen and profiles[c].fits(kind)]
        known = [texts[c] for c in members if c in texts]
        if len(known) < FEWEST:
            continue
        heads = _heads(family, fits)
        found[family] = tuple(
            column
            for column in others
            if _belongs(texts[column], known, concept, words, head=column in heads)
        )
    return {family: columns for family, columns in found.items() if columns}


def plain_label(profile: Profile) -> str:
    """Return a label in small letters, with its signs; a name of several words is one."""
    label = profile.label or (profile.name if " " in profile.name.strip() else "")
    return " ".join(label.casefold().split())


def _members(family: str, fits: Iterable[Weighed]) -> set[str]:
    return {
        fit.column
        for fit in fits
        if fit.sign.variable.startswith(f"{family}_") and fit.sign.variable != "coop_any"
    }


def _heads(family: str, fits: Iterable[Weighed]) -> set[str]:
    """Return the columns that ask for the whole block and for nothing besides."""
    whole = (fit for fit in fits if fit.sign.variable == f"{family}_any")
    return {fit.column for fit in whole if fit.likeness == 1}


def _belongs(text: str, members: Sequence[str], concept: str, words: Words, *, head: bool) -> bool:
    """Return whether a label has the frame of a block and a thing of its own in it."""
    for ends in (False, True):
        shared = sorted((_frame(text, m, ends=ends) for m in members), key=len, reverse=True)
        frame = shared[FEWEST - 2] if len(shared) >= FEWEST - 1 else ""
        if not frame or not words.concepts[concept].found(tuple(plain(frame).split())):
            continue
        if frame == text or (head and not SEPARATED.search(frame)):
            continue
        near = [m for m in members if len(_frame(text, m, ends=ends)) >= len(frame)]
        if any(len(_frame(a, b, ends=ends)) <= len(frame) for a, b in combinations(near, 2)):
            return True
    return False


def _frame(one: str, other: str, *, ends: bool) -> str:
    """Return the words two labels begin with, or end with."""
    if ends:
        return " ".join(reversed(_frame(_turned(one), _turned(other), ends=False).split()))
    same = takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False))
    shared = one[: sum(1 for _ in same)]
    if len(shared) in (len(one), len(other)):
        return shared
    return shared[: max(shared.rfind(s) for s in " -:(\"'/") + 1]


def _turned(text: str) -> str:
    return " ".join(reversed(text.split()))
