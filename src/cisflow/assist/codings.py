"""What the answers in a column look like: yes or no, degrees, shares, amounts, identifiers.

Nothing here keeps a value of a firm beyond codes that several firms share.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cisflow.assist.countries import is_code
from cisflow.assist.vocabulary import Words, plain
from cisflow.base.thresholds import MINIMUM_CELL
from cisflow.study.canonical import PLACES

MOST_CODES = 12
MOST_COUNTRIES = 250  # as many codes there are
# The country's own two letters, and every other code, as codebooks write them.
HOME, ELSEWHERE = "{country}", "*"
MOSTLY = 0.9
# As many firms per code make a number one of a scale (1 to 5), and no amount.
ROWS_PER_CODE = 10
# A code for no answer lies at least as many times above the largest answer.
FAR_ABOVE = 3
NINES = frozenset(float("9" * n + last) for n in range(1, 15) for last in "789")
SHORT_NUMBER = re.compile(r"[+-]?\d{1,15}\.0+")
YES_NO = {"0": False, "1": True}
ONE_TWO = {"1": True, "2": False}
DEGREES = ("0", "1", "2", "3")
# Words that deny what stands beside them.
NEGATIONS = frozenset(
    ("not", "no", "non", "nicht", "kein", "keine", "pas", "ne", "nao", "niet", "geen", "without")
)


@dataclass(frozen=True)
class Coding:
    """From a column's codes to canonical values."""

    codes: Mapping[str, bool | int]  # from code as the file writes it to yes/no or 0 to 3
    missing: tuple[str, ...] = ()  # codes that stand for no answer
    assumed: str = ""  # what was assumed, in words; empty where words or labels say it
    stated: bool = False  # whether the file's legend says so, for all codes there can be


@dataclass(frozen=True)
class Profile:
    """A column, as far as it may be told."""

    # name, label: its name and label.
    name: str
    label: str
    # rows, present, distinct: rows of the file, rows with a value, number of different values.
    rows: int
    present: int
    distinct: int
    # Rows per code, for columns with at most MOST_CODES different values.
    counts: dict[str, int] = field(default_factory=dict)
    unique: bool = False  # whether every row has a value of its own
    numeric: float = 0.0  # share of values that are numbers
    # Values that stand for no answer: words, negative codes, codes labelled so, and numbers of
    # nines far above all others.
    silent: tuple[str, ...] = ()
    zeros: bool = False  # whether some of the numbers are 0
    # What stands in the numbers besides digits: a percent sign, separators of thousands.
    signs: tuple[str, ...] = ()
    # flag, degree: how its codes are yes and no, or degrees of importance; None if they are not.
    flag: Coding | None = None
    degree: Coding | None = None
    # Where its codes say in which places ("at home", "abroad", "both") there is something: per
    # place how they are yes and no. Empty if they do not.
    places: Mapping[str, Coding] = field(default_factory=dict)
    # How its values, which are countries, are home (no) and abroad (yes); None if they are none.
    countries: Coding | None = None
    # Whether all numbers lie between 0 and 1 (`"0-1"`), between 0 and 100 (`"0-100"`) or not.
    within: str = ""
    # What the file's legend says of the codes that are answers.
    meanings: Mapping[str, str] = field(default_factory=dict)

    def fits(self, kind: str) -> bool:
        """Return whether the column may hold answers of a kind of variable."""
        if self.present == 0:
            return False
        if kind == "id":
            return self.unique
        if kind == "flag":
            return self.flag is not None
        if kind == "degree":
            return self.degree is not None
        if kind == "places":
            return bool(self.places)
        if kind == "countries":
            return self.countries is not None
        if kind == "share":
            return self.flag is None and self.within in ("0-1", "0-100")
        if kind == "weight":
            return self.numeric >= MOSTLY and self.distinct > 1
        if kind == "amount":
            return self.numeric >= MOSTLY and self.distinct > 2 and not self.scale
        if kind == "class":  # small, medium, large are degrees too
            return self.flag is None and 1 < self.distinct <= MOST_CODES
        coded = self.flag is not None or self.degree is not None
        return not coded and 1 < self.distinct <= max(MOST_CODES, self.rows // 2)

    @property
    def scale(self) -> bool:
        """Whether its numbers are the points of a scale rather than amounts."""
        return self.distinct <= MOST_CODES and self.present >= ROWS_PER_CODE * self.distinct

    @property
    def ticked(self) -> bool:
        """Whether it holds nothing but yes: a box that is ticked or left blank.

        A question whose legend has a no is none, even if nobody said it.
        """
        if self.flag is None or (self.flag.stated and False in self.flag.codes.values()):
            return False
        return set(map(self.flag.codes.get, self.answered)) == {True}

    @property
    def own_list(self) -> bool:
        """Whether a legend says that its few codes are a list of the survey's own."""
        return bool(self.meanings) and all(re.fullmatch(r"\d", c) for c in self.meanings)

    @property
    def answered(self) -> list[str]:
        """Codes that are answers."""
        return [code for code in self.counts if code not in self.silent]


def profile(
    name: str, label: str, text: pd.Series, words: Words, codes: Mapping[str, str] | None = None
) -> Profile:
    """Describe a column.

    Parameters
    ----------
    name, label
        Its name and label.
    text
        Its values as text, shape (n,).
    words
        The words for yes, no and no answer.
    codes
        What its codes mean, where that is known.
    """
    said = text.value_counts()  # of each value once: most columns have few
    rows = {str(value): int(n) for value, n in said.items()}
    coded = rows if len(rows) <= MOST_CODES else {}
    places = place_codings(coded, words, codes)
    located = {code for coding in places.values() for code in coding.codes}
    blank = [value for value in silent_values(rows, words, codes) if value not in located]
    numbers, signs = _numbers(_without(rows, blank))
    far = sorted(_far_above(numbers, rows))
    given = _without(rows, (*blank, *far))
    known = {value: numbers[value] for value in given if value in numbers}
    present = sum(given.values())
    numeric = sum(given[value] for value in known) / present if present else 0.0
    return Profile(
        name,
        label,
        rows=len(text),
        present=present,
        distinct=len(given),
        counts=coded,
        unique=present == len(text) == len(given),
        numeric=numeric,
        silent=(*blank, *far),
        zeros=0 in known.values(),
        signs=signs,
        flag=flag_coding(coded, words, codes),
        degree=degree_coding(coded, words, codes),
        places=places,
        countries=country_coding(given, words, codes),
        within=_within(known.values()) if numeric >= MOSTLY else "",
        meanings=_meanings(coded, codes, (*blank, *far)),
    )


def _without(rows: Mapping[str, int], values: Collection[str]) -> dict[str, int]:
    gone = set(values)
    return {value: n for value, n in rows.items() if value not in gone}


def _numbers(rows: Mapping[str, int]) -> tuple[dict[str, float], tuple[str, ...]]:
    """Return the values that are numbers as such, and what had to be taken out of them."""
    text = pd.Series(list(rows), dtype="string")
    numbers, signs = numbers_of(text, np.array(list(rows.values())))
    both = zip(rows, numbers.tolist(), strict=True)
    return {value: number for value, number in both if number == number}, signs


def _within(numbers: Collection[float]) -> str:
    if min(numbers) < 0 or max(numbers) > 100:
        return ""
    # Whole zeros and ones are yes/no or percent; fractions have decimals.
    return "0-1" if max(numbers) <= 1 and any(number % 1 for number in numbers) else "0-100"


def _meanings(
    counts: Mapping[str, int], meanings: Mapping[str, str] | None, silent: Collection[str]
) -> dict[str, str]:
    """Return what a legend says of the codes a column has, but for those of no answer."""
    known = {code: (meanings or {}).get(code, "").strip() for code in counts if code not in silent}
    return {code: text for code, text in known.items() if text and text != code}


def silent_values(
    values: Iterable[str], words: Words, meanings: Mapping[str, str] | None = None
) -> list[str]:
    """Return those of a column's values that stand for no answer.

    Words, negative codes that often do, and codes whose label says so.
    """
    negative = {code for code in words.missing_codes if code.startswith("-")}
    means = meanings or {}

    def is_silent(value: str) -> bool:
        if means.get(value):
            return _is_missing(means[value], words) or _is_missing(value, words)
        if value in negative:
            return True
        return not value.replace(".", "", 1).isdecimal() and _is_missing(value, words)

    return [value for value in values if is_silent(value)]


def _far_above(numbers: Mapping[str, float], rows: Mapping[str, int]) -> list[str]:
    """Return numbers such as 9999 or 9998 that several firms have, far above all other numbers."""
    nines = Counter[float]()
    for value, number in numbers.items():
        if number in NINES:
            nines[number] += rows[value]
    if not nines:
        return []
    highest = max((n for n in numbers.values() if n not in nines), default=0.0)
    far = {n for n, firms in nines.items() if n > FAR_ABOVE * highest and firms >= MINIMUM_CELL}
    return [value for value, number in numbers.items() if number in far]


def shortest(text: pd.Series) -> pd.Series:
    """Return a column with whole numbers written as such: ``1`` where the file has ``1.0``."""
    long = {v: str(int(float(v))) for v in text.dropna().unique() if SHORT_NUMBER.fullmatch(v)}
    if not long:
        return text
    # Much faster than `replace`, where many amounts are written so.
    return text.map({v: long.get(v, v) for v in text.dropna().unique()}).astype(text.dtype)


def numbers_of(
    given: pd.Series, rows: NDArray[np.int_] | None = None
) -> tuple[pd.Series, tuple[str, ...]]:
    """Return text as numbers, shape (n,), and what had to be taken out of it to be numbers.

    Parameters
    ----------
    given
        The text, shape (n,).
    rows
        How many rows have each, shape (n,); one each if not given.
    """
    rows = np.ones(len(given), int) if rows is None else rows

    def read(text: pd.Series) -> pd.Series:
        return pd.to_numeric(text, errors="coerce").astype("float64")

    best, signs = read(given), []
    if given.str.endswith("%").any():
        best = read(given.str.removesuffix("%").str.strip())
        signs.append("percent signs")
    if rows[best.isna()].sum() > (1 - MOSTLY) * rows.sum():
        thousands = given.str.replace(r"(?<=\d)[ ,.'\u00a0](?=\d{3}(\D|$))", "", regex=True)
        if rows[read(thousands).notna()].sum() > rows[best.notna()].sum():
            best = read(thousands)
            signs.append("separators of thousands")
    return best, tuple(signs)


def flag_coding(
    counts: Mapping[str, int], words: Words, meanings: Mapping[str, str] | None = None
) -> Coding | None:
    """Return how the codes of a column are yes and no, or None if they are not."""
    given, missing = _apart(counts, words, meanings)
    legend = {c: m for c, m in (meanings or {}).items() if m.strip() and m.strip() != c}
    if any(code in legend for code in given):
        return _by_legend(given, missing, legend, words)
    said = {code: _yes_or_no(code, words) for code in given}
    if given and all(answer is not None for answer in said.values()):
        return Coding({c: bool(a) for c, a in said.items()}, missing)
    for codes, assumed in ((YES_NO, ""), (ONE_TWO, "1 is taken for yes and 2 for no")):
        others = set(given) - set(codes)
        if given and set(given) & set(codes) and others <= set(words.missing_codes):
            if codes is ONE_TWO and "0" in given:
                continue
            stand_for_nothing = tuple(sorted(others))
            return Coding(codes, (*missing, *stand_for_nothing), assumed)
    return None


def _by_legend(
    given: Sequence[str], missing: tuple[str, ...], legend: Mapping[str, str], words: Words
) -> Coding | None:
    """Return how codes are yes and no as their legend says; None if it says something else.

    A code it does not name is the other answer, if it names one alone, or no answer.
    """
    said = {c: _yes_or_no(m, words) for c, m in legend.items() if not _is_missing(m, words)}
    said |= _negated(said, legend)
    if len(said) == 1 and None in said.values() and set(given) == set(said):
        only = next(iter(said))
        return Coding({only: True}, missing, f"{only} is taken for yes, as the only code", True)
    if any(said.get(code, True) is None for code in given):
        return None
    codes = {c: a for c, a in said.items() if a is not None}
    rest = [code for code in given if code not in codes]
    unknown = [code for code in rest if code not in words.missing_codes]
    if len(unknown) > 1 or (unknown and len(set(codes.values())) > 1):
        return None
    silent = (*missing, *sorted(set(rest) - set(unknown)))
    if not unknown:
        return Coding(codes, silent, stated=True)
    other = not next(iter(codes.values()))
    told = f"{unknown[0]} is taken for {'yes' if other else 'no'}, which the legend does not name"
    return Coding({**codes, unknown[0]: other}, silent, told, stated=True)


def _negated(said: Mapping[str, bool | None], legend: Mapping[str, str]) -> dict[str, bool]:
    """Return yes and no of two labels of which one denies the other: "sells", "does not sell"."""
    if len(said) != 2 or any(answer is not None for answer in said.values()):
        return {}
    texts = {code: set(plain(legend[code]).split()) for code in said}
    (one, a), (other, b) = texts.items()
    for no, yes, denied, stated in ((one, other, a, b), (other, one, b, a)):
        alike = sum(any(w[:4] == v[:4] for v in denied) for w in stated)
        if denied & NEGATIONS and not stated & NEGATIONS and alike >= len(stated) / 2:
            return {no: False, yes: True}
    return {}


def degree_coding(
    counts: Mapping[str, int], words: Words, meanings: Mapping[str, str] | None = None
) -> Coding | None:
    """Return how the codes of a column are degrees 0 to 3, or None if they are not."""
    given, missing = _apart(counts, words, meanings)
    if len(given) < 2:
        return None
    said = {code: _degree((meanings or {}).get(code, code), words) for code in given}
    if all(degree is not None for degree in said.values()):
        return Coding({c: d for c, d in said.items() if d is not None}, missing)
    named = [code for code in given if (meanings or {}).get(code, code) != code]
    other = [code for code in named if str(said[code]) != code]
    if any(said[code] is not None for code in other) or len(other) > max(1, len(named) // 2):
        return None  # the legend says something else
    others = set(given) - set(DEGREES)
    if "0" in given and others <= set(words.missing_codes):
        return Coding({d: int(d) for d in DEGREES}, (*missing, *sorted(others)))
    return None


def place_codings(
    counts: Mapping[str, int], words: Words, meanings: Mapping[str, str] | None = None
) -> dict[str, Coding]:
    """Return per place how codes such as 0 no, 1 at home, 2 abroad, 3 both are yes and no.

    Empty unless words tell of every code where it is, and both places occur.
    """
    given, missing = _apart(counts, words, meanings)
    # Beside places "none" is none of them, and no answer that is missing.
    none = [code for code in missing if _is_none((meanings or {}).get(code, ""), words)]
    given, missing = [*given, *none], tuple(code for code in missing if code not in none)
    said = {code: _places_in((meanings or {}).get(code, code), words) for code in given}
    if any(places is None for places in said.values()):
        return {}
    there = {place for places in said.values() for place in places or ()}
    if there != set(PLACES):
        return {}
    return {
        place: Coding({code: place in (places or ()) for code, places in said.items()}, missing)
        for place in PLACES
    }


def country_coding(
    counts: Mapping[str, int], words: Words, meanings: Mapping[str, str] | None = None
) -> Coding | None:
    """Return how countries are home (no) or abroad (yes), or None if values are no countries.

    Countries are two letters, or names in the file's or its legend's languages. A value that is
    none and that several firms have, such as a code for "no head office", is no answer.

    Parameters
    ----------
    counts
        How many rows have each answer.
    words
        The project's words, with the names of the home country and of all others.
    meanings
        What codes mean, where that is known.
    """
    if not 1 < len(counts) <= MOST_COUNTRIES:
        return None
    named = {v: place for v in counts if (place := _country_in(v, words, meanings or {}))}
    lettered = {v: "" for v in counts if is_code(v)}
    told = max(lettered, named, key=lambda known: sum(counts[v] for v in known))
    others = {v: n for v, n in counts.items() if v not in told}
    most = (1 - MOSTLY) * sum(counts.values())
    if sum(others.values()) > most or any(n < MINIMUM_CELL for n in others.values()):
        return None
    home = [HOME] if told is lettered else [v for v, place in named.items() if place == "domestic"]
    silent = tuple(sorted(others))
    return Coding({**dict.fromkeys(home, False), ELSEWHERE: True}, silent) if home else None


def _country_in(value: str, words: Words, meanings: Mapping[str, str]) -> str:
    """Return whether a value names the home country or places abroad; empty if it names neither."""
    said = tuple(plain(meanings.get(value, value)).split())
    if words.home[1].found(said):
        return "domestic"
    return "foreign" if len(words.concepts["foreign"].found(said)) == len(said) > 0 else ""


def _places_in(text: str, words: Words) -> tuple[str, ...] | None:
    """Return the places a text names, none if it says no, None if it says neither."""
    if _yes_or_no(text, words) is False or _is_none(text, words):
        return ()
    said = tuple(plain(text).split())
    if words.concepts["both_places"].found(said):
        return PLACES
    found = tuple(place for place in PLACES if words.concepts[place].found(said))
    return found or None


def _apart(
    counts: Mapping[str, int], words: Words, meanings: Mapping[str, str] | None
) -> tuple[list[str], tuple[str, ...]]:
    """Return the codes of answers, and those that say there is none."""
    silent = [c for c in counts if _is_missing((meanings or {}).get(c, c), words)]
    return [c for c in counts if c not in silent], tuple(silent)


def _is_missing(text: str, words: Words) -> bool:
    said = text.strip().casefold().replace("’", "'")
    if any(form in words.missing for form in (said, said.strip("<>[]()"), _without_code(said))):
        return True
    # "Don't know / no answer", "Don't know (spontaneous)": each of them is one.
    parts = [part.strip() for part in re.split(r"/|\bor\b", re.sub(r"\([^()]*\)", "", said))]
    return parts != [said] and all(part in words.missing for part in parts)


def _without_code(said: str) -> str:
    """Return what is said behind a code: ``yes`` of ``1 - yes``, and of ``yes (1)``."""
    said = re.sub(r"^-?\d+\s*[-–.:=)]*\s*(?=\D)", "", said)
    return re.sub(r"\s*[(\[]-?\d+[)\]]$", "", said)


def _yes_or_no(text: str, words: Words) -> bool | None:
    for said in (plain(text), plain(_without_code(text)), plain(re.split(r"[,;(]", text)[0])):
        if said in words.answers["yes"]:
            return True
        if said in words.answers["no"]:
            return False
    return None


def _is_none(text: str, words: Words) -> bool:
    return _degree(text, words) == 0


def _degree(text: str, words: Words) -> int | None:
    for said in (plain(text), plain(_without_code(text)), plain(re.split(r"[,;(]", text)[0])):
        for degree, known in words.answers["degrees"].items():
            if said in known:
                return int(degree)
    return None
