"""In which languages a file asks, and the words of these (``config/words/{language}.yaml``)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import lru_cache
from itertools import product
from pathlib import Path
from typing import Any

from cisflow.assist.countries import languages_of
from cisflow.assist.letters import longest, plain
from cisflow.base.documents import read_yaml, validated
from cisflow.base.paths import found, places, shipped

FOLDER = "config/words"
ENGLISH = "en"
# A language in which at least this share of labels is understood best is one of the file's.
SPOKEN = 0.1
# A word is one of a language if it begins with one of at least so many letters that it has.
SHORTEST_BEGINNING = 5
ENDINGS = "\nendings:"  # the last section of a list
KEY = re.compile(r"^\s*[\w\"{}]+:|#.*$", re.MULTILINE)


def listed(root: Path = Path()) -> dict[str, Path]:
    """Return per language that has a list of words where that is; the project's own count first."""
    folders = reversed(places(FOLDER, root))
    return {file.stem: file for folder in folders for file in sorted(folder.glob("*.yaml"))}


def spoken(texts: Iterable[str], country: str, root: Path = Path()) -> tuple[str, ...]:
    """Return the languages other than English a file's labels may be in.

    They are the official ones of its country, and those in which enough labels are understood
    better than in English; related languages may share a label.

    Parameters
    ----------
    texts
        The labels.
    country
        The country's code.
    """
    files = listed(root)
    files[ENGLISH] = found("config/words.yaml", root)
    known = {code: _vocabulary(file.read_text("utf-8")) for code, file in files.items()}
    votes = dict.fromkeys(known, 0.0)
    said = [set(plain(text).split()) for text in texts]
    for words in said:
        counts = {code: sum(_knows(own, w) for w in words) for code, own in known.items()}
        best = [code for code, n in counts.items() if n and n == max(counts.values())]
        for code in best:
            votes[code] += 1 / len(best) / len(said)
    heard = (code for code, share in votes.items() if share >= SPOKEN)
    own = (code for code in languages_of(country) if code in known)
    return tuple(code for code in dict.fromkeys((*own, *heard)) if code != ENGLISH)


def vocabulary_of(languages: Iterable[str], root: Path = Path()) -> frozenset[str]:
    """Return all words and beginnings of words in the lists of some languages."""
    files = listed(root)
    known = (_vocabulary(files[code].read_text("utf-8")) for code in languages)
    return frozenset().union(*known)


def with_languages(
    document: dict[str, Any], languages: Iterable[str], root: Path = Path()
) -> dict[str, Any]:
    """Return a document of words with those of languages added."""
    files = listed(root)
    for code in languages:
        own = language(files[code])
        own = _each(own, _spelt(own.pop("spelling", {})), _begun(own.pop("initials", {})))
        document = _added(document, own)
    return document


def compounding(languages: Iterable[str], root: Path = Path()) -> dict[str, dict[str, Any]]:
    """Return the lists of those of some languages that write several words as one."""
    files = listed(root)
    own = {code: with_languages({}, [code], root) for code in languages if code in files}
    return {code: one for code, one in own.items() if one.get("endings")}


def language(file: Path) -> dict[str, Any]:
    """Return a language's list of words as it is written, without its name.

    Raises
    ------
    CisflowError
        It has keys or values that it may not have.
    """
    return dict(_language(file, file.stat().st_mtime_ns))


@lru_cache(maxsize=64)
def _language(file: Path, _: int) -> dict[str, Any]:
    schema = shipped("workflow", "schemas", "words.schema.yaml")
    own = validated(text_keys(read_yaml(file)), schema, f"{FOLDER}/{file.name}")
    return {key: value for key, value in own.items() if key != "language"}


def text_keys(value: Any) -> Any:
    """Return a document whose keys are texts, such as the degrees 0 to 3."""
    if isinstance(value, dict):
        return {str(key): text_keys(item) for key, item in value.items()}
    return value


def _added(left: Any, right: Any) -> Any:
    if isinstance(left, Mapping):
        return {
            key: _added(left[key], right[key]) if key in left and key in right else one
            for key, one in {**right, **left}.items()
        }
    return [*left, *right]


def _each(value: Any, *forms: Callable[[str], Iterable[str]]) -> Any:
    """Return lists of words with all forms of each word."""
    if isinstance(value, Mapping):
        return {key: _each(item, *forms) for key, item in value.items()}
    for of in forms:
        value = list(dict.fromkeys(form for word in value for form in of(word)))
    return value


def _spelt(spelling: Mapping[str, str]) -> Callable[[str], Iterable[str]]:
    """Return how words are spelt without special letters: ``Umsaetze`` beside Umsätze."""
    other = str.maketrans(dict(spelling))
    return lambda phrase: (phrase, phrase.translate(other))


def _begun(initials: Mapping[str, Iterable[str]]) -> Callable[[str], Iterable[str]]:
    """Return how words of a phrase begin after other words: ``ghrúpa`` beside grúpa."""

    def forms(phrase: str) -> Iterator[str]:
        words = ([word, *_after_others(word, initials)] for word in phrase.split())
        return (" ".join(chosen) for chosen in product(*words))

    return forms


def _after_others(word: str, initials: Mapping[str, Iterable[str]]) -> list[str]:
    sign = word[:1] if word[:1] in "=*-" else ""
    own = word[len(sign) :]
    if own[1:2] == "h" or any(own.startswith(begun) for b in initials.values() for begun in b):
        return []  # it is written so already
    return [sign + begun + own[1:] for begun in initials.get(own[:1], ())]


@lru_cache(maxsize=64)
def _vocabulary(text: str) -> frozenset[str]:
    """Return all words of a list, which is read as a text because that is much faster."""
    words, _, _ = text.partition(ENDINGS)  # which are no words
    return frozenset(plain(KEY.sub(" ", words)).split())


def _knows(own: frozenset[str], word: str) -> bool:
    if word in own:
        return True
    ends = range(SHORTEST_BEGINNING, min(len(word), longest(own) + 1))
    return any(word[:end] in own for end in ends)
