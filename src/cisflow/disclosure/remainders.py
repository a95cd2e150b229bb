"""What follows from several sets together: a whole less some of its parts.

Readers know what samples and groups are by their definitions. Three size classes of all firms, each
the sample of a model, tell by subtraction how many firms are in none of them, and with the means
what these are like; two groups and who is in either tell who is in both.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

Packed = NDArray[np.uint8]
Ints = NDArray[np.intp]
PARTS = 3  # taken from a whole before what is left is held against one more set
CHUNK = 4000  # remainders of which a further part is taken at a time


def few_left(members: Sequence[Packed], sizes: Sequence[int], minimum: int) -> list[Ints]:
    """Return the sets whose sizes together tell of fewer firms than the minimum.

    Parameters
    ----------
    members
        Per set its firms as packed bits.
    sizes
        How many these are: at least the minimum each.
    minimum
        Smallest number of firms that may be told apart.

    Returns
    -------
    list
        Arrays, shape (cases, sets of a case), of the sets' numbers: a whole, up to :data:`PARTS`
        taken from it, and the set that what is left differs from by few.
    """
    order = np.argsort(sizes, kind="stable")
    told, n = np.array(members)[order], np.array(sizes, dtype=int)[order]
    found = _looked_through(_less_one(told), told, n, minimum, PARTS - 1)
    return [order[cases] for cases in found if len(cases)]


Rests = tuple[Ints, NDArray[np.uint8]]
"""Per case its sets, shape (cases, sets), and the firms that are left, shape (cases, bytes)."""


def _looked_through(
    rests: Rests, told: NDArray[np.uint8], n: Ints, minimum: int, more: int
) -> Iterator[Ints]:
    """Yield the cases of which few are left, with so many more parts taken from them."""
    yield _near(rests, told, n, minimum)
    for some in range(0, len(rests[0]) if more else 0, CHUNK):
        part = rests[0][some : some + CHUNK], rests[1][some : some + CHUNK]
        yield from _looked_through(_less_another(part, told, n), told, n, minimum, more - 1)


def _less_one(told: NDArray[np.uint8]) -> Rests:
    """Return every set less each set within it."""
    cases, left = [np.empty((0, 2), dtype=np.intp)], [told[:0]]
    for whole in range(len(told)):
        inside = np.flatnonzero(~(told[:whole] & ~told[whole]).any(axis=1))
        cases.append(np.column_stack([np.full(len(inside), whole), inside]))
        left.append(told[whole] & ~told[inside])
    return np.vstack(cases), np.vstack(left)


def _less_another(rests: Rests, told: NDArray[np.uint8], n: Ints) -> Rests:
    """Return what is left less each set within it that is no larger than the last one taken."""
    before, firms = rests
    cases, left = [np.empty((0, before.shape[1] + 1), dtype=np.intp)], [told[:0]]
    for part in range(len(told)):
        these = np.flatnonzero((before[:, -1] > part) & (_count(firms) > n[part]))
        these = these[~(told[part] & ~firms[these]).any(axis=1)]
        cases.append(np.column_stack([before[these], np.full(len(these), part)]))
        left.append(firms[these] & ~told[part])
    return np.vstack(cases), np.vstack(left)


def _near(rests: Rests, told: NDArray[np.uint8], n: Ints, minimum: int) -> Ints:
    """Return the cases whose firms differ from a set by few, with that set."""
    cases, left = rests
    found = [np.empty((0, cases.shape[1] + 1), dtype=np.intp)]
    for other, these in _of_like_size(_count(left), n, minimum):
        apart = _count(left[these] ^ told[other])
        few = these[(apart > 0) & (apart < minimum)]
        found.append(np.column_stack([cases[few], np.full(len(few), other)]))
    return np.vstack(found)


def _of_like_size(sizes: Ints, others: Ints, minimum: int) -> Iterator[tuple[int, Ints]]:
    """Yield the number of each other size with the places of those that differ from it by few."""
    order = np.argsort(sizes, kind="stable")
    ordered = sizes[order]
    ends = [np.searchsorted(ordered, others + by) for by in (1 - minimum, minimum)]
    for other, (low, high) in enumerate(zip(*ends, strict=True)):
        yield other, order[low:high]


def _count(firms: NDArray[np.uint8]) -> Ints:
    return np.bitwise_count(firms).sum(axis=1, dtype=np.intp)
