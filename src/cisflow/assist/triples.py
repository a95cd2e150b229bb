"""Three shares that make the whole turnover, told apart by what each is of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from cisflow.assist.codings import Profile, numbers_of
from cisflow.assist.vocabulary import Question, Words, has_concept
from cisflow.base.thresholds import MINIMUM_CELL

# Shares that make the whole turnover, in the one questionnaire and in the other.
TRIPLES = (
    ("share_unchanged", "share_new_firm", "share_new_market"),
    ("share_unchanged", "share_improved", "share_new"),
)
# As many of the firms that gave all three have shares that make the whole.
MOSTLY = 0.8
OFF = 1.0  # percent


@dataclass(frozen=True)
class Whole:
    """Three columns whose shares make the whole."""

    columns: Mapping[str, str]  # per variable its column
    part: float  # share of the firms that gave all three for whom they make the whole
    # The variable that is what remains, as no word tells it; empty if words tell all three.
    guessed: str = ""


def whole_of_three(
    columns: Sequence[str],
    profiles: Mapping[str, Profile],
    questions: Mapping[str, Question],
    words: Words,
    data: pd.DataFrame,
) -> Whole | None:
    """Return the first three neighbouring shares that make the whole, if they can be told apart.

    Parameters
    ----------
    columns
        Those that may be shares, in the order of the file.
    profiles, questions
        Per column what its values look like and what it is about.
    data
        The file as text.
    """
    shares = [c for c in columns if profiles[c].fits("share")]
    for three in zip(shares, shares[1:], shares[2:], strict=False):
        if not any(has_concept(questions[c], "share", words) for c in three):
            continue
        part = _part(three, profiles, data)
        found = _told_apart(three, questions, words) if part >= MOSTLY else None
        if found is not None:
            return Whole(found[0], part, found[1])
    return None


def _part(three: Sequence[str], profiles: Mapping[str, Profile], data: pd.DataFrame) -> float:
    """Return for which part of the firms that gave all three they make 100 (or 1)."""
    given = {c: data[c].where(~data[c].isin(profiles[c].silent)).dropna() for c in three}
    numbers = pd.DataFrame({c: numbers_of(values)[0] for c, values in given.items()}).dropna()
    if len(numbers) < MINIMUM_CELL:
        return 0.0
    whole = 1.0 if numbers.to_numpy().max() <= 1 else 100.0
    return float(((numbers.sum(axis=1) - whole).abs() <= OFF * whole / 100).mean())


def _told_apart(
    three: Sequence[str], questions: Mapping[str, Question], words: Words
) -> tuple[dict[str, str], str] | None:
    """Return which share is which, and the one that is so only because the others are not."""

    def having(concept: str, among: Sequence[str]) -> list[str]:
        return [c for c in among if has_concept(questions[c], concept, words)]

    unchanged = having("unchanged", three)
    if len(unchanged) > 1:
        return None
    rest = [c for c in three if c not in unchanged]
    firm = having("new_to_firm", rest)
    market = [c for c in having("market", rest) if c not in firm or len(firm) > 1]
    if unchanged and len(market) == 2 and not firm:
        return _qualified(unchanged[0], market, questions)
    improved = [c for c in having("improved", rest) if c not in having("new", rest) or not market]
    for kind, variables in ((market, TRIPLES[0]), (improved, TRIPLES[1])):
        told = kind[0] if len(kind) == 1 else None
        if told is None:
            continue
        others = [c for c in rest if c != told]
        last = variables[2] if variables is TRIPLES[0] else variables[1]
        other = variables[1] if variables is TRIPLES[0] else variables[2]
        return _complete(unchanged, others, {last: told}, variables[0], other, firm)
    return None


def _qualified(
    unchanged: str, pair: Sequence[str], questions: Mapping[str, Question]
) -> tuple[dict[str, str], str] | None:
    """Tell two shares new to the market apart of which one says more: "but not to the market"."""
    short, long = sorted(pair, key=lambda c: len(questions[c].said))
    if not set(questions[short].words) < set(questions[long].words):
        return None
    same, firm, market = TRIPLES[0]
    return {same: unchanged, firm: long, market: short}, firm


def _complete(
    unchanged: Sequence[str],
    others: Sequence[str],
    found: dict[str, str],
    same: str,
    other: str,
    firm: Sequence[str],
) -> tuple[dict[str, str], str] | None:
    """Add what the remaining columns are: of what no word tells, one at most is left."""
    if unchanged and len(others) == 1:
        return {same: unchanged[0], other: others[0], **found}, ""
    told = [c for c in others if c in firm]
    if not unchanged and len(others) == 2 and len(told) == 1:
        left = next(c for c in others if c not in told)
        return {same: left, other: told[0], **found}, same
    return None
