"""Other forms of words that are known: inflected ones, and slips of the pen."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import Stemmer
from rapidfuzz.distance import OSA

from cisflow.assist.letters import longest

# Stemmers by language; the languages they lack inflect behind the beginnings of the lists.
STEMMERS = {
    "en": "english", "cs": "czech", "da": "danish", "de": "german", "el": "greek", "es": "spanish",
    "et": "estonian", "fi": "finnish", "fr": "french", "ga": "irish", "hr": "serbian",
    "hu": "hungarian", "it": "italian", "lt": "lithuanian", "nl": "dutch", "no": "norwegian",
    "pl": "polish", "pt": "portuguese", "ro": "romanian", "sr": "serbian", "sv": "swedish",
    "tr": "turkish",
}  # fmt: skip
# Shorter words that differ by a letter are other words, and so are shorter stems.
LONG, LONG_STEM = 7, 5
LONGEST_ENDING = 4  # letters that may follow a misspelt beginning: an inflection, no other word
MISSPELT = 1  # letters that are wrong, lacking, too many or exchanged with their neighbour


@dataclass(frozen=True, eq=False)
class Forms:
    """The words of all phrases, and which of them an unknown word is a form of."""

    beginnings: frozenset[str] = frozenset()  # beginnings of words
    # whole, inside: whole words, and what may be anywhere in a word.
    whole: frozenset[str] = frozenset()
    inside: tuple[str, ...] = ()
    # stemmers, stems: the languages' stemmers, and per stem a known word that has it.
    stemmers: tuple[Stemmer.Stemmer, ...] = ()
    stems: Mapping[str, str] = field(default_factory=dict)
    # Per first letter the beginnings long enough to be known in spite of a slip.
    long: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    seen: dict[str, str] = field(default_factory=dict)

    def known(self, word: str) -> str:
        """Return a word as it is known: itself, or the beginning it is another form of."""
        if word not in self.seen:
            self.seen[word] = word if self._is_known(word) else self._other_form(word)
        return self.seen[word]

    def begins(self, word: str) -> bool:
        """Return whether a word begins with one of the lists."""
        ends = range(1, min(len(word), longest(self.beginnings)) + 1)
        return any(word[:end] in self.beginnings for end in ends)

    def _is_known(self, word: str) -> bool:
        return self.begins(word) or word in self.whole or any(part in word for part in self.inside)

    def _other_form(self, word: str) -> str:
        for stemmer in self.stemmers:
            if (found := self.stems.get(stemmer.stemWord(word))) is not None:
                return found
        near = (part for part in self.long.get(word[:1], ()) if _slip(part, word))
        return next(near, word) if len(word) >= LONG else word


def forms_of(parts: Iterable[str], languages: Iterable[str]) -> Forms:
    """Return the forms of the words of phrases, in some languages.

    Parameters
    ----------
    parts
        Words of phrases with their signs: ``=`` before a whole word, ``*`` before a part of one.
    languages
        Codes of languages; where one has no stemmer, inflected words are known by their beginning.
    """
    parts = sorted({part.rstrip("$") for part in parts})
    beginnings = [part for part in parts if part[0] not in "=*"]
    stemmers = stemmers_of(languages)
    stems: dict[str, str] = {}
    long: dict[str, list[str]] = {}
    for part in beginnings:
        for stem in {stemmer.stemWord(part) for stemmer in stemmers}:
            if len(stem) >= LONG_STEM:
                stems.setdefault(stem, part)
        if len(part) >= LONG:
            long.setdefault(part[0], []).append(part)
    return Forms(
        frozenset(beginnings),
        frozenset(part[1:] for part in parts if part.startswith("=")),
        tuple(part[1:] for part in parts if part.startswith("*")),
        stemmers,
        stems,
        {first: tuple(words) for first, words in long.items()},
    )


def stemmers_of(languages: Iterable[str]) -> tuple[Stemmer.Stemmer, ...]:
    """Return the stemmers of languages, as far as there are any."""
    names = (STEMMERS[code] for code in languages if code in STEMMERS)
    return tuple(Stemmer.Stemmer(name) for name in dict.fromkeys(names))


def _slip(part: str, word: str) -> bool:
    if len(word) - len(part) > LONGEST_ENDING:  # professional is no slip of process
        return False
    ends = range(len(part) - MISSPELT, len(part) + MISSPELT + 1)
    return any(OSA.distance(part, word[:end], score_cutoff=MISSPELT) <= MISSPELT for end in ends)
