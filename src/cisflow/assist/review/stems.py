"""Which columns belong together: those whose names begin alike, as the items of one question do."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby

# Names such as q1 to q180 say nothing; so large a group is taken apart by what labels begin with.
LARGEST = 30
ALIKE = 2  # words
YEARS = range(1990, 2041)


def stems(names: Sequence[str], labels: Mapping[str, str]) -> dict[str, str]:
    """Return per column the beginning it shares with others; empty where it shares none.

    Parameters
    ----------
    names
        All columns of a file, in its order.
    labels
        Their labels.
    """
    endings = {name: list(dict.fromkeys(_beginnings(name.casefold()))) for name in names}
    shared = Counter(stem for own in endings.values() for stem in own)
    found = {
        name: max((stem for stem in own if shared[stem] > 1), key=len, default="")
        for name, own in endings.items()
    }
    sizes = Counter(found.values())
    # A longer beginning may have drawn its fellows away, and left one alone.
    single = {name: stem if sizes[stem] > 1 else "" for name, stem in found.items()}
    large = {stem for stem, n in sizes.items() if stem and n > LARGEST}
    return {**single, **_by_label([n for n in names if single[n] in large], single, labels)}


def _beginnings(name: str) -> Iterator[str]:
    """Yield what a name may begin with: without its number, its letter, or its last part."""
    for pattern in (r"(.*\D)\d+", r"(.*\d)[a-z]", r"(.*[_.\- ])[^_.\- ]+"):
        if found := re.fullmatch(pattern, name):
            yield found[1]


def _by_label(
    names: Sequence[str], found: Mapping[str, str], labels: Mapping[str, str]
) -> dict[str, str]:
    """Take a large group apart where the labels of neighbours begin differently."""

    def beginning(name: str) -> tuple[str, str]:
        return found[name], " ".join(labels.get(name, "").split()[:ALIKE])

    parted: dict[str, str] = {}
    for (stem, words), group in groupby(names, key=beginning):
        together = list(group)
        title = f"{stem}… {words}".strip()
        parted |= dict.fromkeys(together, title if len(together) > 1 else "")
    return parted


def years_in(name: str) -> tuple[str, int] | None:
    """Return a name with a gap where its year stands, and the year; None if it has none."""
    for found in re.finditer(r"(?<!\d)(\d{4}|\d{2})(?!\d)", name):
        year = int(found[1])
        if len(found[1]) == 2:
            year += 1900 if year > 80 else 2000
        if year in YEARS:
            return f"{name[: found.start()]}{{}}{name[found.end() :]}".casefold(), year
    return None


def series(names: Sequence[str]) -> dict[str, dict[int, str]]:
    """Return columns that differ by the year in their names alone: per form, by year."""
    found: dict[str, dict[int, str]] = {}
    for name in names:
        if dated := years_in(name):
            found.setdefault(dated[0], {})[dated[1]] = name
    return {form: dict(sorted(years.items())) for form, years in found.items() if len(years) > 1}
