"""Recognise a survey's questions by the words in their names and labels (``config/words.yaml``)."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from itertools import product
from math import log2
from pathlib import Path
from typing import Any

from cisflow.assist.compounds import Endings, strange_fronts, strange_heads
from cisflow.assist.countries import iso, names_of, others_of
from cisflow.assist.languages import (
    ENGLISH,
    compounding,
    spoken,
    text_keys,
    vocabulary_of,
    with_languages,
)
from cisflow.assist.letters import plain, tokens
from cisflow.assist.wordforms import Forms, forms_of, stemmers_of
from cisflow.base.documents import read_yaml, validated
from cisflow.base.paths import found, shipped
from cisflow.study.canonical import PARTNERS, PLACES, PROTECTION, SOURCES

SHORTEST_ABBREVIATION = 3
SHORTEST_PART = 2  # of a name that runs words together, such as newmkt
ARTICLES = frozenset(("the", "a", "an", "your", "its", "our", "their", "this", "these"))
ASIDE = "an aside"  # the concept of words that do not count
# A concept that only the name shows is half the evidence of one the label shows.
IN_NAME = 0.5


@dataclass(frozen=True, eq=False)
class Phrases:
    """Phrases, each a tuple of beginnings of words, and where they are in a text."""

    known: tuple[tuple[str, ...], ...] = ()  # the phrases
    # Per word (and whether it may be abbreviated) the phrases it may begin; words come again.
    starting: dict[tuple[str, bool], tuple[tuple[str, ...], ...]] = field(default_factory=dict)
    # Per word whether it is part of a phrase of several words.
    beside: dict[str, bool] = field(default_factory=dict)

    def joins(self, word: str) -> bool:
        """Return whether a word is part of a phrase of several."""
        if word not in self.beside:
            parts = (part for phrase in self.known if len(phrase) > 1 for part in phrase)
            self.beside[word] = any(_fits(word, part, False) for part in parts)
        return self.beside[word]

    def found(
        self, text: tuple[str, ...], *, abbreviated: bool = False, ends: bool = True
    ) -> set[int]:
        """Return the places of all words of a text that belong to one of the phrases.

        Those that end a text count if ``ends``.
        """
        return set(self.lengths(text, abbreviated=abbreviated, ends=ends))

    def lengths(
        self, text: tuple[str, ...], *, abbreviated: bool = False, ends: bool = True
    ) -> dict[int, int]:
        """Return per place that :meth:`found` returns how many letters its longest phrase has."""
        places: dict[int, int] = {}
        for start, word in enumerate(text):
            key = (word, abbreviated)
            if key not in self.starting:
                self.starting[key] = tuple(p for p in self.known if _fits(word, p[0], abbreviated))
            for phrase in self.starting[key]:
                rest = text[start + 1 : start + len(phrase)]
                end = start + len(phrase)
                last = phrase[-1].endswith("$")
                if (last and (end < len(text) or not ends)) or end > len(text):
                    continue
                if all(_fits(w, s, abbreviated) for w, s in zip(rest, phrase[1:], strict=True)):
                    letters = sum(len(part.strip("=*$")) for part in phrase)
                    places |= {i: max(letters, places.get(i, 0)) for i in range(start, end)}
        return places


@dataclass(frozen=True)
class Sign:
    """How one canonical variable is recognised."""

    variable: str  # its canonical name
    kind: str  # what its answers look like: id, text, flag, amount, share or degree
    any: tuple[tuple[str, ...], ...]  # lists of concepts, all of one of which are in the label
    unlike: tuple[str, ...] = ()  # concepts that are not in the label
    year: int | None = None  # years from the reference year, or None where no year is in the name
    together: bool = False  # whether several columns may make up the variable
    # Aspects that would speak against other variables and belong to this one's question.
    may: tuple[str, ...] = ()
    # A concept that tells the variable whatever else its label says: a doubt at most.
    enough: str = ""


@dataclass(frozen=True)
class Stage:
    """What it means that a label has an aspect, such as a change or an obstacle."""

    stage: str  # where it speaks: kind, object, when, whom or verb
    told: str  # what the label asks for, in words
    against: tuple[str, ...] = ()  # kinds of variables that it speaks against; all if empty
    soft: bool = False  # whether it is a doubt rather than a reason to turn the column down
    of: tuple[str, ...] = ()  # variables that it concerns; all if empty


@dataclass(frozen=True)
class Words:
    """The words of ``config/words.yaml`` and of some languages, ready for use.

    ``parts`` are the beginnings of all phrases, ``beyond`` words that turn the country's name into
    its contrary, ``home`` the concept that these names belong to, and they themselves; ``aspects``
    are the words of what a label may ask besides (and those that only look so), ``stages`` what
    that means, ``inclusions`` the words that begin a list of what is meant too; ``forms`` are other
    forms of all these words, ``endings`` how words go on where languages write several as one.
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
    aspects: Mapping[str, tuple[Phrases, Phrases]] = field(default_factory=dict)
    stages: Mapping[str, Stage] = field(default_factory=dict)
    inclusions: Phrases = Phrases()
    forms: Forms = field(default_factory=Forms)
    endings: tuple[Endings, ...] = ()  # per language that writes compounds
    # Where concepts are in texts, and how long: each text is asked for every variable.
    seen: dict[tuple[tuple[str, ...], str, bool], frozenset[int]] = field(default_factory=dict)
    lengths: dict[tuple[tuple[str, ...], str, bool], dict[int, int]] = field(default_factory=dict)
    aspects_seen: dict[tuple[str, ...], tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class Question:
    """A column's name and label, taken apart into words."""

    # Of the label, or of the name if there is no label; without fillers and years.
    words: tuple[str, ...]
    name: tuple[str, ...]  # of the name
    years: frozenset[int] = field(default_factory=frozenset)  # years in name and label, in full
    abbreviated: bool = False  # whether the words are those of a name, which abbreviates
    # Per word how much it tells this column from the file's others, 0 to 1.
    weights: tuple[float, ...] = ()
    # All words of the label, without those in brackets that list what is meant too.
    said: tuple[str, ...] = ()
    # Whether the label ends where the file's format ends all: its last words are not there.
    cut: bool = False


def load_words(
    root: Path, country: str = "", country_name: str = "", texts: Iterable[str] = ()
) -> Words:
    """Read the words of a project, in English and in the languages of a file.

    Parameters
    ----------
    country, country_name
        Code and name of the country, which stands for "domestic" in labels such as "Suppliers
        (Nigeria)"; its names in English, its own languages and the file's are known besides.
    texts
        The file's labels, which tell its languages; the country's own are among them.
    """
    document = text_keys(read_yaml(found("config/words.yaml", root)))
    schema = shipped("workflow", "schemas", "words.schema.yaml")
    languages = spoken(texts, country, root)
    document = validated(document, schema, "config/words.yaml")
    english = document["endings"]
    document = with_languages(document, languages, root)
    fillers = _fillers(document)
    homes = [country_name, *names_of(country, languages)]
    homes += document["countries"].get(iso(country), [])
    home = next((c for c, listed in document["concepts"].items() if "{country}" in listed), "")
    # A country's name is not another word; lists of languages have those of their own countries.
    known = vocabulary_of(languages, root) - {plain(w) for w in document["concepts"].get(home, ())}
    others = [n for n in others_of(country, languages) if plain(n) not in known]
    others += _of_several_words(document["countries"], iso(country)) if country else []
    homes = _apart(homes, others, fillers)
    names = {"{country}": homes, "{elsewhere}": others}

    def phrases(listed: Iterable[str]) -> Phrases:
        found = [name for word in listed for name in names.get(word, [word])]
        return Phrases(tuple(filter(None, (_phrase(word, fillers) for word in found))))

    concepts = {concept: phrases(listed) for concept, listed in document["concepts"].items()}
    concepts = _kept_apart(concepts, document["concepts"])
    concepts[home] = _without(concepts[home], others, fillers)
    # In thousands of a currency: its code says nothing of what is asked.
    concepts[ASIDE] = _whole([*document["asides"], *(f"={code}" for code in document["per_euro"])])
    signs = tuple(
        sign for name, spec in document["variables"].items() for sign in _signs(name, spec)
    )
    return Words(
        signs,
        concepts,
        {concept: phrases(listed) for concept, listed in document["companions"].items()},
        fillers,
        _plain_answers(document["answers"]),
        tuple(document["missing_codes"]),
        document["countries"],
        {code: float(rate) for code, rate in document["per_euro"].items()},
        frozenset(document["answers"]["missing"]),
        {division: phrases(listed) for division, listed in document["activities"].items()},
        frozenset(phrase[0].strip("=*$") for c in concepts.values() for phrase in c.known),
        frozenset(plain(" ".join(document["beyond"])).split()),
        (home, phrases(homes)),
        {aspect: _aspect(listed) for aspect, listed in document["aspects"].items()},
        {aspect: _stage(spec) for aspect, spec in document["stages"].items()},
        _whole(document["inclusions"]),
        _forms(concepts, document, languages),
        tuple(_endings(english, languages, root)),
    )


def _of_several_words(countries: Mapping[str, Sequence[str]], home: str) -> list[str]:
    """Return what other countries are called besides: Northern Ireland is not Ireland."""
    return [n for code, listed in countries.items() if code != home for n in listed if " " in n]


def _forms(
    concepts: Mapping[str, Phrases], document: Mapping[str, Any], languages: Iterable[str]
) -> Forms:
    companions = plain(" ".join(w for listed in document["companions"].values() for w in listed))
    known = (word for phrases in concepts.values() for p in phrases.known for word in p)
    return forms_of([*known, *companions.split()], (ENGLISH, *languages))


def _endings(english: Iterable[str], languages: Collection[str], root: Path) -> Iterator[Endings]:
    """Yield how words go on in those languages that write several as one, or in English."""
    for code, own in compounding(languages, root).items():
        listed = (word for words in own["concepts"].values() for word in words)
        parts = {stem.strip("=*$") for word in listed for stem in _phrase(word, frozenset())}
        endings = {*english, *map(plain, own["endings"])}
        yield Endings(frozenset(parts), frozenset(endings), stemmers_of((ENGLISH, code)))


def _fillers(document: Mapping[str, Any]) -> frozenset[str]:
    """Return words that say nothing; FuE (Spanish for "was") is a whole phrase, so it is none."""
    whole = {plain(w) for listed in document["concepts"].values() for w in listed if w[0] == "="}
    return frozenset(plain(" ".join(document["fillers"])).split()) - whole


def _plain_answers(answers: Mapping[str, Any]) -> dict[str, Any]:
    """Return words for answers as answers are compared with them: without accents."""
    degrees = {degree: [*map(plain, listed)] for degree, listed in answers["degrees"].items()}
    plainly = {key: [*map(plain, answers[key])] for key in ("yes", "no")}
    return {**answers, **plainly, "degrees": degrees}


def _kept_apart(
    concepts: Mapping[str, Phrases], listed: Mapping[str, Sequence[str]]
) -> dict[str, Phrases]:
    """Return concepts without phrases of which fillers leave a word that is another concept's."""
    whole = {c: {_phrase(word, frozenset()) for word in listed[c]} for c in concepts}
    single: dict[tuple[str, ...], str] = {
        p: c for c in concepts for p in concepts[c].known if len(p) == 1 and p in whole[c]
    }
    return {
        concept: Phrases(
            tuple(
                p for p in found.known if p in whole[concept] or single.get(p, concept) == concept
            )
        )
        for concept, found in concepts.items()
    }


def _without(found: Phrases, others: Iterable[str], fillers: frozenset[str]) -> Phrases:
    """Return the phrases that are no names of other countries."""
    abroad = {tuple(w.strip("=") for w in _phrase(name, fillers)) for name in others}
    return Phrases(tuple(p for p in found.known if tuple(w.strip("=") for w in p) not in abroad))


def _apart(homes: Iterable[str], others: Iterable[str], fillers: frozenset[str]) -> list[str]:
    """Return the country's names without those that fillers leave like another's: África do Sul."""
    abroad = {tuple(w.strip("=") for w in _phrase(name, fillers)) for name in others}
    return [name for name in homes if _phrase(name, fillers) not in abroad]


def _whole(listed: Iterable[str]) -> Phrases:
    """Return phrases with the fillers in them."""
    return Phrases(tuple(_phrase(word, frozenset()) for word in listed))


def _aspect(listed: Iterable[str]) -> tuple[Phrases, Phrases]:
    """Return the phrases of an aspect, and those that only look like it."""
    like = [word[1:] for word in listed if word.startswith("-")]
    found = [word for word in listed if not word.startswith("-")]
    one, other = (Phrases(tuple(_phrase(w, ARTICLES) for w in words)) for words in (found, like))
    return one, other


def _stage(spec: Mapping[str, Any]) -> Stage:
    against, of = tuple(spec.get("against", ())), tuple(spec.get("of", ()))
    return Stage(spec["stage"], spec["told"], against, bool(spec.get("soft", False)), of)


def questions(names: Iterable[str], labels: Mapping[str, str], words: Words) -> dict[str, Question]:
    """Take the names and labels of a file's columns apart.

    A word that many columns share ("Cooperation with …") tells little of one of them, and counts
    the less the more columns have it.
    """
    cut = _cut_off(labels)
    asked = {n: question(n, labels.get(n, ""), words, cut=n in cut) for n in names}
    common = Counter(word for q in asked.values() for word in set(q.words))
    return {
        name: replace(q, weights=tuple(1 / (1 + log2(common[word])) for word in q.words))
        for name, q in asked.items()
    }


# Where formats end a label: Stata's; SPSS's and SAS's of several years. In letters or bytes.
LABEL_ENDS = (80, 120, 240, 255, 256)
SENTENCE_ENDS = (".", "?", "!", ")", '"')


def _cut_off(labels: Mapping[str, str]) -> set[str]:
    """Return the columns whose labels are as long as a format allows, none being longer.

    One that was cut at a blank has lost this too.
    """
    found: set[str] = set()
    for size in (len, lambda label: len(label.encode())):
        sizes = {name: size(label) for name, label in labels.items()}
        longest = max(sizes.values(), default=0)
        if longest in LABEL_ENDS:
            found |= {name for name, n in sizes.items() if n >= longest - 1}
    return {name for name in found if not labels[name].rstrip().endswith(SENTENCE_ENDS)}


def question(name: str, label: str, words: Words, *, cut: bool = False) -> Question:
    """Take a column's name and label apart; every word counts alike.

    The last word of a label that is cut off is taken as it stands: what is left of one word may
    look like another form of a second.
    """
    if not label and " " in name.strip():  # a name of several words is the question itself
        name, label = "", name
    apart = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name)
    own = [part for token in tokens(apart) for part in _parts(token, words.parts)]
    said = tokens(label)
    years = frozenset(_years(said, name=False) or _years(own, name=bool(own) and len(own[0]) > 1))
    content = tuple(w for w in said or own if not w.isdecimal() and w not in words.fillers)
    content = tuple(w for w in content if len(w) > 1)
    whole = len(content) - cut
    content = (*map(words.forms.known, content[:whole]), *content[whole:]) if said else content
    named = tuple(w for w in own if not w.isdecimal())
    core = _without_inclusions(label, words) if "(" in label else said
    core = tuple(w for w in core or own if w not in ARTICLES)
    return Question(content, named, years, not said, (1.0,) * len(content), core, cut)


def _without_inclusions(label: str, words: Words) -> tuple[str, ...]:
    """Return the words of a label without brackets such as "(including loans and grants)"."""

    def kept(bracket: re.Match[str]) -> str:
        return " " if 0 in words.inclusions.found(tokens(bracket[1])) else bracket[0]

    return tokens(re.sub(r"\(([^()]*)\)", kept, label))


def likeness(asked: Question, sign: Sign, words: Words) -> float:
    """Return how much of a question's text is about a variable, 0 to 1.

    It is the share of its words that belong to the variable's concepts; 0 if a concept is lacking,
    or one is there that speaks against the variable.
    """
    return 0.0 if contrary(asked, sign, words) else alike(asked, sign, words).share


def contrary(asked: Question, sign: Sign, words: Words) -> str | None:
    """Return the first concept in a question's label that its variable does not have, if any.

    Words that a longer phrase of the variable's own concepts explains speak for no other: the
    goods in a mark of goods (znak towarowy), the country in "other countries".
    """
    there = (c for c in sign.unlike if _speaks_against(asked.words, c, sign, words))
    return next(there, None)


def _speaks_against(text: tuple[str, ...], concept: str, sign: Sign, words: Words) -> bool:
    places = _places(text, concept, words, abbreviated=False)
    if not places:
        return False
    own: dict[int, int] = {}
    for one in {c for group in sign.any for c in group}:
        here = _lengths(text, one, words)
        # In "other EU or EFTA country" the country goes with the word before it.
        beside = {i: len(text[i]) + 1 for i in _beside(text, one, words) if i - 1 in here}
        for place, letters in (beside | here).items():
            own[place] = max(letters, own.get(place, 0))
    other = _lengths(text, concept, words)
    return any(other[place] >= own.get(place, 0) for place in places)


@dataclass(frozen=True)
class Likeness:
    """How much of a text is about a variable."""

    share: float = 0.0  # share of its words, 0 to 1; 0 if a concept is lacking
    others: tuple[str, ...] = ()  # words that nothing about the variable explains
    # words, concepts: how many words are about it, and of how many concepts.
    words: int = 0
    concepts: int = 0


def alike(asked: Question, sign: Sign, words: Words) -> Likeness:
    """Return how much of a question's text is about a variable, whatever else it says."""
    covered = (_covered(asked, concepts, words) for concepts in sign.any)
    return max(covered, key=lambda found: (found.share, found.concepts))


def fronts(asked: Question, sign: Sign, words: Words) -> list[str]:
    """Return what stands in compounds before what is about a variable, and is about another thing.

    *Einkaufskooperation* has a cooperation in it, and is about buying; *Innovationskooperation* is
    what it says.
    """
    own = _own(sign)
    found = strange_fronts(asked.words, _parts_of(own, words))
    return [front for front in found if not _goes_with(front, own, words)]


def heads(asked: Question, sign: Sign, words: Words) -> list[str]:
    """Return compounds that begin with what is about a variable, and are another thing.

    *Umsatzsteuer* has turnover in it, and is a tax; *Umsatzhöhe* is turnover.
    """
    if not words.endings:
        return []
    own = _own(sign)
    beside = [words.companions[c] for c in own if c in words.companions]
    known = {
        part.strip("=*$")
        for phrases in (*(words.concepts[c] for c in _together(own, words)), *beside)
        for phrase in phrases.known
        for part in phrase
    }
    return strange_heads(asked.words, _parts_of(own, words), known, words.endings)


def _own(sign: Sign) -> set[str]:
    return {concept for group in sign.any for concept in group}


def _parts_of(concepts: Iterable[str], words: Words) -> set[str]:
    return {part for c in concepts for phrase in words.concepts[c].known for part in phrase}


def _together(own: Collection[str], words: Words) -> set[str]:
    """Return the concepts that are asked together with some."""
    groups = [set(group) for sign in words.signs for group in sign.any]
    return set().union(*(group for group in groups if not group.isdisjoint(own)))


def _goes_with(front: str, own: Collection[str], words: Words) -> bool:
    """Return whether a beginning says nothing else: filler, aside, or what is asked together."""
    if front in words.fillers or front.removesuffix("s") in words.fillers:
        return True
    about = concepts_in((front,), words)
    return not about.isdisjoint(_together(own, words)) or (not about and words.forms.begins(front))


def aspects_of(asked: Question, sign: Sign, words: Words) -> list[str]:
    """Return what a label asks for that its variable does not, in the order of the stages.

    What the variable's own concepts explain is no aspect: "group" of a partner in the group,
    "change" of products without change.
    """
    return [a for a in aspects_in(asked, words) if _speaks(a, asked, sign, words)]


def aspects_in(asked: Question, words: Words) -> tuple[str, ...]:
    """Return all aspects of a label; each label is asked for every variable, so kept."""
    if asked.said not in words.aspects_seen:
        words.aspects_seen[asked.said] = tuple(
            aspect for aspect in words.stages if _aspect_places(asked.said, aspect, words)
        )
    return words.aspects_seen[asked.said]


def _aspect_places(said: tuple[str, ...], aspect: str, words: Words) -> set[int]:
    found, like = words.aspects[aspect]
    places, only_like = found.found(said), like.found(said)
    if not places & only_like:
        return places
    # "For the purpose of": what is left of such a phrase, an "of", is no aspect.
    return {i for i in places - only_like if said[i] not in words.fillers}


def _speaks(aspect: str, asked: Question, sign: Sign, words: Words) -> bool:
    stage = words.stages[aspect]
    if aspect in sign.may or (stage.against and sign.kind not in stage.against):
        return False
    if stage.of and sign.variable not in stage.of:
        return False
    if stage.stage not in ("whom", "kind") or stage.of:
        return True
    own = {w for c in {c for group in sign.any for c in group} for w in _words_of(asked, c, words)}
    said = {asked.said[i] for i in _aspect_places(asked.said, aspect, words)} - words.fillers
    return any(word not in own and words.forms.known(word) not in own for word in said)


def _words_of(asked: Question, concept: str, words: Words) -> set[str]:
    places = _places(asked.words, concept, words, abbreviated=False)
    return {asked.words[i] for i in places}


def has_concept(asked: Question, concept: str, words: Words) -> bool:
    """Return whether a concept is in a question's label or name."""
    return any(
        _places(text, concept, words, abbreviated=False) for text in (asked.words, asked.name)
    )


def concepts_in(text: tuple[str, ...], words: Words) -> set[str]:
    """Return the concepts in a text that tell variables apart."""
    known = {c for sign in words.signs for group in sign.any for c in group}
    return {c for c in known if _places(text, c, words, abbreviated=False)}


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


def _years(said: Sequence[str], *, name: bool) -> list[int]:
    """Return the years in a label, or in a name: there two digits are one, but not in Q14."""
    full = [int(t) for t in said if re.fullmatch(r"(19|20)\d\d", t)]
    # Two digits are a year behind a name (EMP04), as far as surveys of this kind go back.
    short = [int(t) for t in said if name and re.fullmatch(r"\d\d", t)]
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
                tuple(spec.get("may", ())),
                spec.get("enough", ""),
            )
        )
    return signs


def _covered(asked: Question, concepts: tuple[str, ...], words: Words) -> Likeness:
    covered: set[int] = set()
    in_name = 0.0
    for concept in concepts:
        places = _places(asked.words, concept, words, abbreviated=asked.abbreviated)
        covered |= places
        if not places:
            if not _places(asked.name, concept, words, abbreviated=True):
                return Likeness()
            in_name += IN_NAME
    if not covered:
        return Likeness()
    # "Suppliers of equipment, materials, components or software" are suppliers.
    spared = set(_places(asked.words, ASIDE, words, abbreviated=False)).union(
        words.home[1].found(asked.words),
        *(_beside(asked.words, concept, words) for concept in concepts),
    )
    others = set(range(len(asked.words))) - spared - covered
    # A long question that many columns share blurs none of them, nor does one odd word.
    share = max(
        told / (told + sum(weights[i] for i in others))
        for weights in (asked.weights, (1.0,) * len(asked.words))
        for told in [sum(weights[i] for i in covered) + in_name]
    )
    return Likeness(
        share, tuple(asked.words[i] for i in sorted(others)), len(covered), len(concepts)
    )


def _places(
    text: tuple[str, ...], concept: str, words: Words, *, abbreviated: bool
) -> frozenset[int]:
    """Return where a concept is in a text."""
    key = (text, concept, abbreviated)
    if key not in words.seen:
        own = _lengths(text, concept, words, abbreviated=abbreviated)
        # A firm (εταιρεία) is no partner (εταίρος): the longer beginning says which word it is.
        aside = {} if concept == ASIDE or abbreviated else _lengths(text, ASIDE, words)
        found = {i for i, letters in own.items() if letters >= aside.get(i, 0)}
        home, names = words.home
        if concept == home:  # outside Estonia
            found -= {i for i in found if i and text[i - 1] in words.beyond}
        else:  # South Africa is not Africa to its own survey
            found -= names.found(text)
        words.seen[key] = frozenset(found)
    return words.seen[key]


def _lengths(
    text: tuple[str, ...], concept: str, words: Words, *, abbreviated: bool = False
) -> dict[int, int]:
    """Return where a concept is, also with asides in its phrases: "new for the [main] market".

    Per place it is how many letters the phrase has.
    """
    key = (text, concept, abbreviated)
    if key not in words.lengths:
        words.lengths[key] = _looked_up(text, concept, words, abbreviated=abbreviated)
    return words.lengths[key]


def _looked_up(
    text: tuple[str, ...], concept: str, words: Words, *, abbreviated: bool
) -> dict[int, int]:
    known = words.concepts[concept]
    found = known.lengths(text, abbreviated=abbreviated)
    asides = {} if abbreviated or concept == ASIDE else _lengths(text, ASIDE, words)
    rest = [i for i, word in enumerate(text) if i not in asides or known.joins(word)]
    if len(rest) == len(text):
        return found
    without = known.lengths(tuple(text[i] for i in rest), ends=False)
    return found | {rest[i]: max(n, found.get(rest[i], 0)) for i, n in without.items()}


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
