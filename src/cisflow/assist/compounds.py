"""Words made of several: what stands before what a question asks, and what it ends with.

The last part of a compound is the thing itself: an *Umsatzsteuer* is a tax, an *Exportverbot* a
ban. Languages that write such words as one have a list of ``endings`` (``config/words/de.yaml``),
by which a word that goes on is told from one that is inflected or derived.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

import Stemmer

SHORTEST_FRONT = 4  # letters before a part of a compound that say something
SHORTEST_HEAD = 4  # letters of a known word that a compound may end with
LONGEST_INFLECTION = 3  # letters a stemmer may take away: longer ones may be a word


@dataclass(frozen=True)
class Endings:
    """How words of a language that writes compounds go on without being another thing.

    Attributes
    ----------
    parts
        The beginnings (and insides) of words in its list.
    endings
        Its endings and links, each of which may follow another.
    stemmers
        What knows inflected forms.
    """

    parts: frozenset[str] = frozenset()
    endings: frozenset[str] = frozenset()
    stemmers: tuple[Stemmer.Stemmer, ...] = ()
    seen: dict[str, int] = field(default_factory=dict)

    def uninflected(self, word: str) -> int:
        """Return how many letters a word has without its inflection."""
        if word not in self.seen:
            stems = (stemmer.stemWord(word) for stemmer in self.stemmers)
            sizes = (len(stem) for stem in stems if word.startswith(stem))
            self.seen[word] = max(len(word) - LONGEST_INFLECTION, min(sizes, default=len(word)))
        return self.seen[word]


def strange_heads(
    texts: Sequence[str],
    own: Collection[str],
    known: Collection[str],
    languages: Iterable[Endings],
) -> list[str]:
    """Return the words that begin with what is asked and end with what nobody knows.

    Parameters
    ----------
    texts
        Words of a label.
    own
        The parts of words by which what is asked is recognised, with their signs.
    known
        Beginnings of words that may stand behind them without asking another thing.
    languages
        How words go on in the languages of the file; it is enough that one explains a word.
    """
    known = {one for one in known if len(one) >= SHORTEST_HEAD}
    parts = [
        (how, [p for p in own if p[0] != "=" and p.strip("*$") in how.parts]) for how in languages
    ]
    told = [[_goes_on(word, of, known, how) for how, of in parts] for word in texts]
    return [w for w, said in zip(texts, told, strict=True) if False in said and True not in said]


def _goes_on(
    word: str, parts: Collection[str], known: Collection[str], how: Endings
) -> bool | None:
    """Return whether a word goes on as its first part would; None if it has no such part."""
    ends = [*_ends(word, parts)]
    if not ends:
        return None
    return _explained(word, max(ends), how.uninflected(word), known, how.endings)


def _ends(word: str, parts: Collection[str]) -> Iterator[int]:
    for part in parts:
        text = part.strip("*$")
        if part[0] == "*" and text in word:
            yield word.rindex(text) + len(text)
        elif word.startswith(text):
            yield len(text)


def _explained(
    word: str, start: int, stop: int, known: Collection[str], endings: Collection[str]
) -> bool:
    """Return whether endings and known words lead from one place of a word to another.

    A single letter ends a word or links it to the next: in a row they would spell anything.
    """
    waiting, seen = [start], {start}
    while waiting:
        at = waiting.pop()
        if at >= stop:
            return True
        after = {at + len(piece) for piece in (*endings, *known) if word.startswith(piece, at)}
        if at + 1 in after and at + 1 < stop and not word.startswith(tuple(known), at + 1):
            after.remove(at + 1)
        waiting += after - seen
        seen |= after
    return False


def strange_fronts(words: Iterable[str], parts: Collection[str]) -> Iterator[str]:
    """Yield what stands in compounds before the longest part by which what is asked is known."""
    inside = {part[1:] for part in parts if part[0] == "*"}
    whole = tuple(part for part in parts if part[0] not in "=*")
    if inside:
        for word in words:
            if not word.startswith(whole) and (front := _front(word, inside)):
                yield front


def _front(word: str, inside: Iterable[str]) -> str:
    """Return what of a compound stands before the longest of some parts; empty if it is none."""
    here = [part for part in inside if part in word]
    front = word.partition(max(here, key=len))[0] if here else ""
    return front if len(front) >= SHORTEST_FRONT else ""
