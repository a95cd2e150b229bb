"""Recognise a survey's questions by the words in their names and labels (``config/words.yaml``)."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from itertools import product
from math import log2
from pathlib import Path
from typing import Any

from cisflow.assist.countries import iso, names_of
from cisflow.assist.languages import ENGLISH, spoken, text_keys, with_languages
from cisflow.assist.letters import plain, tokens
from cisflow.assist.wordforms import Forms, forms_of
from cisflow.base.documents import read_yaml, validated
from cisflow.base.paths import found, shipped
from cisflow.study.canonical import PARTNERS, PLACES, PROTECTION, SOURCES

SHORTEST_ABBREVIATION = 3
SHORTEST_PART = 2  # of a name that runs words together, such as newmkt
ASIDE = "an aside"  # the concept of words that do not count
# A concept that only the name shows is half the evidence of one the label shows.
IN_NAME = 0.5


@dataclass(frozen=True, eq=False)
class Phrases:
    """Phrases, each a tuple of beginnings of words, and where they are in a text.

    Attributes
    ----------
    known
        The phrases.
    starting
        Per word (and whether it may be abbreviated) the phrases it may begin; words come again.
    """

    known: tuple[tuple[str, ...], ...] = ()
    starting: dict[tuple[str, bool], tuple[tuple[str, ...], ...]] = field(default_factory=dict)

    def found(self, text: tuple[str, ...], *, abbreviated: bool = False) -> set[int]:
        """Return the places of all words of a text that belong to one of the phrases."""
        places: set[int] = set()
        for start, word in enumerate(text):
            key = (word, abbreviated)
            if key not in self.starting:
                self.starting[key] = tuple(p for p in self.known if _fits(word, p[0], abbreviated))
            for phrase in self.starting[key]:
                rest = text[start + 1 : start + len(phrase)]
                end = start + len(phrase)
                if (phrase[-1].endswith("$") and end < len(text)) or end > len(text):
                    continue
                if all(_fits(w, s, abbreviated) for w, s in zip(rest, phrase[1:], strict=True)):
                    places |= set(range(start, end))
        return places


@dataclass(frozen=True)
class Sign:
    """How one canonical variable is recognised.

    Attributes
    ----------
    variable
        Its canonical name.
    kind
        What its answers look like: id, text, flag, amount, share or degree.
    any
        Lists of concepts, all of one of which are in the label.
    unlike
        Concepts that are not in the label.
    year
        Years from the reference year, or None where no year is in the name.
    together
        Whether several columns may make up the variable.
    """

    variable: str
    kind: str
    any: tuple[tuple[str, ...], ...]
    unlike: tuple[str, ...] = ()
    year: int | None = None
    together: bool = False


@dataclass(frozen=True)
class Words:
    """The words of ``config/words.yaml`` and of some languages, ready for use.

    ``parts`` are the beginnings of all phrases, ``beyond`` words that turn the country's name into
    its contrary, ``home`` the concept that these names belong to, and they themselves; ``forms``
    are other forms of all these words.
    """

    signs: tuple[Sign, ...]
    concepts: Mapping[str, Phrases]
    companions: Mapping[str, Phrases]
    fillers: frozenset[str]
    answers: Mapping[str, Any]
    missing_codes: tuple[str, ...]
    countries: Mapping[str, list[str]]
    per_euro: Mapping[str, float]
    missing: frozenset[str]
    activities: Mapping[str, Phrases]
    parts: frozenset[str]
    beyond: frozenset[str]
    home: tuple[str, Phrases] = ("", Phrases())
    forms: Forms = field(default_factory=Forms)
    seen: dict[tuple[tuple[str, ...], str, bool], frozenset[int]] = field(default_factory=dict)


@dataclass(frozen=True)
class Question:
    """A column's name and label, taken apart into words.

    Attributes
    ----------
    words
        Of the label, or of the name if there is no label; without fillers and years.
    name
        Of the name.
    years
        Years in name and label, in full.
    abbreviated
        Whether the words are those of a name, which abbreviates.
    weights
        Per word how much it tells this column from the file's others, 0 to 1.
    """

    words: tuple[str, ...]
    name: tuple[str, ...]
    years: frozenset[int] = field(default_factory=frozenset)
    abbreviated: bool = False
    weights: tuple[float, ...] = ()


def load_words(
    root: Path, country: str = "", country_name: str = "", texts: Iterable[str] = ()
) -> Words:
    """Read the words of a project, in English and in the languages of a file.

    Parameters
    ----------
    root
        The project's folder.
    country, country_name
        Code and name of the country, which stands for "domestic" in labels such as "Suppliers
        (Nigeria)"; its names in English, its own languages and the file's are known besides.
    texts
        The file's labels, which tell its languages; the country's own are among them.
    """
    document = text_keys(read_yaml(found("config/words.yaml", root)))
    schema = shipped("workflow", "schemas", "words.schema.yaml")
    languages = spoken(texts, country, root)
    document = with_languages(validated(document, schema, "config/words.yaml"), languages, root)
    fillers = frozenset(plain(" ".join(document["fillers"])).split())
    homes = [country_name, *names_of(country, languages)]
    homes += document["countries"].get(iso(country), [])

    def phrases(listed: Iterable[str]) -> Phrases:
        found = [home for word in listed for home in (homes if word == "{country}" else [word])]
        return Phrases(tuple(filter(None, (_phrase(word, fillers) for word in found))))

    concepts = {concept: phrases(listed) for concept, listed in document["concepts"].items()}
    home = next((c for c, listed in document["concepts"].items() if "{country}" in listed), "")
    concepts[ASIDE] = Phrases(tuple(_phrase(word, frozenset()) for word in document["asides"]))
    signs = tuple(
        sign for name, spec in document["variables"].items() for sign in _signs(name, spec)
    )
    return Words(
        signs,
        concepts,
        {concept: phrases(listed) for concept, listed in document["companions"].items()},
        fillers,
        document["answers"],
        tuple(document["missing_codes"]),
        document["countries"],
        {code: float(rate) for code, rate in document["per_euro"].items()},
        frozenset(document["answers"]["missing"]),
        {division: phrases(listed) for division, listed in document["activities"].items()},
        frozenset(phrase[0].strip("=*$") for c in concepts.values() for phrase in c.known),
        frozenset(plain(" ".join(document["beyond"])).split()),
        (home, phrases(homes)),
        _forms(concepts, document, languages),
    )


def _forms(
    concepts: Mapping[str, Phrases], document: Mapping[str, Any], languages: Iterable[str]
) -> Forms:
    companions = plain(" ".join(w for listed in document["companions"].values() for w in listed))
    known = (word for phrases in concepts.values() for p in phrases.known for word in p)
    return forms_of([*known, *companions.split()], (ENGLISH, *languages))


def questions(names: Iterable[str], labels: Mapping[str, str], words: Words) -> dict[str, Question]:
    """Take the names and labels of a file's columns apart.

    A word that many columns share ("Cooperation with …") tells little of one of them, and counts
    the less the more columns have it.
    """
    asked = {name: question(name, labels.get(name, ""), words) for name in names}
    common = Counter(word for q in asked.values() for word in set(q.words))
    return {
        name: replace(q, weights=tuple(1 / (1 + log2(common[word])) for word in q.words))
        for name, q in asked.items()
    }


def question(name: str, label: str, words: Words) -> Question:
    """Take a column's name and label apart; every word counts alike."""
    if not label and " " in name.strip():  # a name of several words is the question itself
        name, label = "", name
    apart = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name)
    own = [part for token in tokens(apart) for part in _parts(token, words.parts)]
    said = tokens(label)
    years = frozenset(_years([*own, *said]))
    content = tuple(w for w in said or own if not w.isdecimal() and w not in words.fillers)
    content = tuple(w if not said else words.forms.known(w) for w in content if len(w) > 1)
    named = tuple(w for w in own if not w.isdecimal())
    return Question(content, named, years, not said, (1.0,) * len(content))


def likeness(asked: Question, sign: Sign, words: Words) -> float:
    """Return how much of a question's text is about a variable, 0 to 1.

    It is the share of its words that belong to the variable's concepts; 0 if a concept is lacking,
    or one is there that speaks against the variable.
    """
    if any(_places(asked.words, concept, words, abbreviated=False) for concept in sign.unlike):
        return 0.0
    return max(_covered(asked, concepts, words) for concepts in sign.any)


def has_concept(asked: Question, concept: str, words: Words) -> bool:
    """Return whether a concept is in a question's label or name."""
    return any(
        _places(text, concept, words, abbreviated=False) for text in (asked.words, asked.name)
    )


def division_named(activity: str, words: Words) -> str | None:
    """Return the division (or section) of NACE Rev. 2 a text names, or None if no word says it."""
    text = tuple(w for w in plain(activity).split() if w not in words.fillers)
    for division, phrases in words.activities.items():
        if phrases.found(text):
            return division
    return None


@lru_cache(maxsize=20_000)
def _parts(token: str, known: frozenset[str]) -> tuple[str, ...]:
    """Take a name apart that runs words or their beginnings together: newmkt is new and mkt."""

    def is_known(part: str, shortest: int = SHORTEST_ABBREVIATION + 1) -> bool:
        return part in known or (
            len(part) >= shortest and any(stem.startswith(part) for stem in known)
        )

    if is_known(token, SHORTEST_ABBREVIATION):
        return (token,)
    for cut in range(len(token) - SHORTEST_PART, SHORTEST_PART - 1, -1):
        rest = _parts(token[cut:], known)
        if is_known(token[:cut]) and all(map(is_known, rest)):
            return (token[:cut], *rest)
    return (token,)


def _years(words: list[str]) -> list[int]:
    full = [int(t) for t in words if re.fullmatch(r"(19|20)\d\d", t)]
    # Two digits are a year behind a name (EMP04), as far as surveys of this kind go back.
    short = [int(t) for t in words if re.fullmatch(r"\d\d", t)]
    return full + [(1900 if y > 80 else 2000) + y for y in short if y > 80 or y < 40]


def _phrase(word: str, fillers: frozenset[str]) -> tuple[str, ...]:
    """Return the beginnings of a phrase's words, with their signs and without fillers."""
    stems = []
    for part in word.split():
        sign, end = part[:1] if part[:1] in "=*" else "", "$" * part.endswith("$")
        stems += [sign + stem + end for stem in plain(part).split() if sign or stem not in fillers]
    return tuple(stems)


def _signs(name: str, spec: dict[str, Any]) -> list[Sign]:
    """Return the signs of one entry: of all partners, places and so on it stands for."""
    values = {"partner": PARTNERS, "place": PLACES, "means": PROTECTION, "source": SOURCES}
    variable = spec.get("stands_for", name)
    slots = [slot for slot in values if f"{{{slot}}}" in variable]
    signs = []
    for chosen in product(*(values[slot] for slot in slots)):
        filled = dict(zip(slots, chosen, strict=True))
        concepts = tuple(tuple(c.format(**filled) for c in group) for group in spec["any"])
        signs.append(
            Sign(
                variable.format(**filled),
                spec["kind"],
                concepts,
                tuple(spec.get("not", ())),
                spec.get("year"),
                spec.get("together", False),
            )
        )
    return signs


def _covered(asked: Question, concepts: tuple[str, ...], words: Words) -> float:
    covered: set[int] = set()
    in_name = 0.0
    for concept in concepts:
        places = _places(asked.words, concept, words, abbreviated=asked.abbreviated)
        covered |= places
        if not places:
            if not _places(asked.name, concept, words, abbreviated=True):
                return 0.0
            in_name += IN_NAME
    if not covered:
        return 0.0
    # "Suppliers of equipment, materials, components or software" are suppliers.
    spared = set(_places(asked.words, ASIDE, words, abbreviated=False)).union(
        *(_beside(asked.words, concept, words) for concept in concepts)
    )
    others = set(range(len(asked.words))) - spared - covered
    # A long question that many columns share blurs none of them, nor does one odd word.
    return max(
        told / (told + sum(weights[i] for i in others))
        for weights in (asked.weights, (1.0,) * len(asked.words))
        for told in [sum(weights[i] for i in covered) + in_name]
    )


def _places(
    text: tuple[str, ...], concept: str, words: Words, *, abbreviated: bool
) -> frozenset[int]:
    """Return where a concept is in a text; each text is asked for every variable, so kept."""
    key = (text, concept, abbreviated)
    if key not in words.seen:
        found = words.concepts[concept].found(text, abbreviated=abbreviated)
        home, names = words.home
        if concept == home:  # outside Estonia
            found -= {i for i in found if i and text[i - 1] in words.beyond}
        else:  # South Africa is not Africa to its own survey
            found -= names.found(text)
        words.seen[key] = frozenset(found)
    return words.seen[key]


def _beside(text: tuple[str, ...], concept: str, words: Words) -> frozenset[int]:
    """Return where words are that go with a concept in questionnaires."""
    key = (text, f"beside {concept}", False)
    if key not in words.seen:
        words.seen[key] = frozenset(words.companions.get(concept, Phrases()).found(text))
    return words.seen[key]


def _fits(word: str, stem: str, abbreviated: bool) -> bool:
    stem = stem.removesuffix("$")
    if stem.startswith("="):
        return word == stem[1:]
    if stem.startswith("*"):  # in compounds: Marktneuheiten, Umsatzanteil
        return stem[1:] in word
    if word.startswith(stem):
        return True
    return abbreviated and len(word) >= SHORTEST_ABBREVIATION and stem.startswith(word)
