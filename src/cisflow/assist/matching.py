"""Which columns of an unknown file may be which canonical variables."""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from cisflow.assist.codings import Coding, Profile
from cisflow.assist.vocabulary import Question, Sign, Words, likeness, plain
from cisflow.study.codebook import Codebook, Variable

SURE = 0.5
# The more concepts a variable has, the less of the label need be about them.
LESS_PER_CONCEPT = 0.1
WORTH_A_LOOK = 0.25
ALIKE = 0.75
SHORTEST_NAME = 4
LOOK_ALIKE = str.maketrans("oil", "011")


@dataclass(frozen=True)
class Evidence:
    """What a column says for, or against, being a variable.

    Attributes
    ----------
    column
        The column.
    speaks
        ``"for"`` or ``"against"``.
    what
        What it is, in words.
    """

    column: str
    speaks: str
    what: str


@dataclass(frozen=True)
class Match:
    """The columns that are taken for one variable.

    Attributes
    ----------
    variable
        Its canonical name.
    columns
        Columns of the file.
    likeness
        Share of the words of the best label that are about the variable, 0 to 1.
    coding
        How codes are read, for yes/no variables and degrees.
    screen
        The yes/no question that leads to it, if the file has one.
    rivals
        Columns that fit about as well and were not taken.
    named
        Whether a codebook names the columns, so that words did not decide.
    evidence
        What speaks for the columns and what against them; what speaks against is a doubt.
    turned_down
        Columns that might have been the variable and are not, each with why.
    """

    variable: str
    columns: tuple[str, ...]
    likeness: float
    coding: Coding | None = None
    screen: str | None = None
    rivals: tuple[str, ...] = field(default_factory=tuple)
    named: bool = False
    evidence: tuple[Evidence, ...] = ()
    turned_down: tuple[tuple[str, str], ...] = ()


def match(
    profiles: Mapping[str, Profile],
    questions: Mapping[str, Question],
    words: Words,
    year: int | None,
    taken: Collection[str] = (),
    settled: Collection[str] = (),
) -> dict[str, Match]:
    """Match columns with variables by the words in their names and labels.

    Parameters
    ----------
    profiles, questions
        Per column what its values look like and what it is about.
    words
        The project's words.
    year
        The survey's reference year, which tells employees of one year from those of another.
    taken, settled
        Columns and variables that are matched already.
    """
    fits = sorted(
        (
            (score, len(max(sign.any, key=len)), -order, sign, column)
            for order, (sign, column, score) in enumerate(
                _fitting(profiles, questions, words, year)
            )
            if sign.variable not in settled and column not in taken
        ),
        key=lambda fit: fit[:3],
        reverse=True,
    )
    used: set[str] = set()
    found: dict[str, list[tuple[float, str]]] = {}
    signs: dict[str, Sign] = {}
    rivals: dict[str, list[str]] = {}
    for score, _, _, sign, column in fits:
        if score < _sure(sign) or column in used:
            continue
        here = found.setdefault(sign.variable, [])
        # Columns found by different signs, with and without a place say, are not one question.
        same = sign.together and signs.setdefault(sign.variable, sign) is sign
        if not here or same:
            here.append((score, column))
            used.add(column)
        elif score >= here[0][0]:
            rivals.setdefault(sign.variable, []).append(column)
    order = list(profiles)
    return {
        variable: Match(
            variable,
            tuple(sorted((c for _, c in here), key=order.index)),
            here[0][0],
            _coding_of(variable, profiles[here[0][1]], words),
            rivals=tuple(c for c in rivals.get(variable, ()) if c not in used),
        )
        for variable, here in found.items()
    }


def _sure(sign: Sign) -> float:
    return SURE - LESS_PER_CONCEPT * (min(map(len, sign.any)) - 1)


def _coding_of(variable: str, column: Profile, words: Words) -> Coding | None:
    kind = next(sign.kind for sign in words.signs if sign.variable == variable)
    return {"flag": column.flag, "degree": column.degree}.get(kind)


def _fitting(
    profiles: Mapping[str, Profile],
    questions: Mapping[str, Question],
    words: Words,
    year: int | None,
) -> Iterator[tuple[Sign, str, float]]:
    for sign in words.signs:
        for column, seen in profiles.items():
            if not seen.fits(sign.kind) or not _of_year(questions[column], sign, year):
                continue
            score = likeness(questions[column], sign, words)
            if score > 0:
                yield sign, column, score


def _of_year(asked: Question, sign: Sign, year: int | None) -> bool:
    """Return whether a column is of the year a variable is of, as far as its name says."""
    if sign.year is None:
        return True
    if not asked.years or year is None:
        return sign.year == 0
    return year + sign.year in asked.years


def screens(
    matches: Mapping[str, Match],
    profiles: Mapping[str, Profile],
    questions: Mapping[str, Question],
    words: Words,
) -> dict[str, str]:
    """Return per amount the yes/no question about the same thing ("Did you …? How much?")."""
    used = {column for found in matches.values() for column in found.columns}
    result = {}
    for sign in words.signs:
        if sign.kind != "amount" or sign.variable not in matches or sign.year is not None:
            continue
        if sign.variable in result:
            continue
        asked = {
            column: likeness(questions[column], sign, words)
            for column, seen in profiles.items()
            if seen.flag is not None and seen.present and column not in used
        }
        best = max(asked, key=lambda column: asked[column], default=None)
        if best is not None and asked[best] >= _sure(sign):
            result[sign.variable] = best
            used.add(best)
    return result


def near(
    variable: str,
    codebook: Codebook | None,
    questions: Mapping[str, Question],
    labels: Mapping[str, str],
    words: Words,
    most: int = 3,
) -> list[tuple[str, str]]:
    """Return columns that may be a variable nobody found, each with why.

    By the name (edit distance to the codebook's names), by the label (its likeness to the
    codebook's label), and by the words of the question.
    """
    known = codebook.variables.get(variable) if codebook else None
    known = known or Variable()
    wanted = [name.casefold() for names in known.alternatives for name in names]
    by_key = {column.casefold(): column for column in questions}
    found: dict[str, str] = {}
    for name in wanted:
        for key in difflib.get_close_matches(name, by_key, n=most, cutoff=ALIKE):
            found.setdefault(by_key[key], f"name like {name.upper()}")
    signs = [sign for sign in words.signs if sign.variable == variable]
    scored = {c: _nearness(asked, signs, words) for c, asked in questions.items()} if signs else {}
    for column in sorted(scored, key=lambda c: -scored[c])[: most + len(found)]:
        if scored[column] >= WORTH_A_LOOK:
            found.setdefault(
                column, "words of its label" if labels.get(column) else "words of its name"
            )
    label = plain(known.label or "")
    if label:
        texts = {plain(labels[c]): c for c in questions if labels.get(c)}
        for text in difflib.get_close_matches(label, texts, n=most, cutoff=ALIKE):
            found.setdefault(texts[text], "label like the codebook's")
    return list(found.items())[:most]


def _nearness(asked: Question, signs: Sequence[Sign], words: Words) -> float:
    """Return how near a column is to a variable, all or only some of whose concepts it has."""
    whole = max(likeness(asked, sign, words) for sign in signs)
    parts = [
        likeness(asked, replace(sign, any=((concept,),)), words) / len(group)
        for sign in signs
        for group in sign.any
        for concept in group
    ]
    return max([whole, *parts])


def misspelt(names: Collection[str], columns: Collection[str]) -> str | None:
    """Return the one column whose name differs from one of several by a slip of the pen.

    A letter too many, too few, another or exchanged with its neighbour, or a digit for the letter
    it looks like (``C021``). Names of other digits (``TURN10``) are other questions, and names of
    three letters are too short to tell.
    """
    found = [c for c in columns if any(_slip(name.casefold(), c.casefold()) for name in names)]
    return found[0] if len(found) == 1 else None


def _slip(name: str, written: str) -> bool:
    if min(len(name), len(written)) < SHORTEST_NAME or name == written:
        return False
    if name.translate(LOOK_ALIKE) == written.translate(LOOK_ALIKE):
        return True
    if re.sub(r"\D", "", name) != re.sub(r"\D", "", written):
        return False
    start = next((i for i, (a, b) in enumerate(zip(name, written, strict=False)) if a != b), None)
    start = min(len(name), len(written)) if start is None else start
    rest, other = name[start:], written[start:]
    exchanged = rest[:2] == other[1::-1] and rest[2:] == other[2:] and len(rest) > 1
    return exchanged or rest[1:] == other[1:] or rest[1:] == other or rest == other[1:]
