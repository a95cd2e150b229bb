"""What follows from sums and differences of sets that are no parts of each other.

Product innovators of all sectors and of manufacturing, both with and without those of much R&D, are
four samples: two and two of them tell how many of the other sectors have much. And equations of any
number of samples may have a solution for some group of few, which linear algebra finds at once.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linprog

Packed = NDArray[np.uint8]
Ints = NDArray[np.intp]
Floats = NDArray[np.float64]
HALVES = 8  # random halves of the firms of which the numbers must be near too
NONE = 1e-9  # what is zero but for rounding


def two_and_two(members: Sequence[Packed], sizes: Sequence[int], minimum: int) -> Iterator[Ints]:
    """Yield four sets of which two sum to the other two but for fewer firms than the minimum.

    Parameters
    ----------
    members
        Per set its firms as packed bits.
    sizes
        How many these are.
    minimum
        Smallest number of firms that may be told apart.
    """
    told = np.unpackbits(np.array(members), axis=1).astype(np.int16)
    one, other = np.triu_indices(len(told), 1)
    halves = np.random.default_rng(0).integers(0, 2, (told.shape[1], HALVES))
    near = np.column_stack([sizes, told.astype(np.int64) @ halves]).astype(np.int32)
    order = np.argsort(near[one, 0] + near[other, 0], kind="stable")
    one, other = one[order], other[order]
    whole, *parts = np.ascontiguousarray((near[one] + near[other]).T)
    ends = np.searchsorted(whole, whole + minimum)
    for first, end in enumerate(ends):
        like = np.arange(first + 1, end)
        for part in parts:  # most are no longer like it after the first
            like = like[np.abs(part[like] - part[first]) < minimum]
            if not len(like):
                break
        apart = (one[like] != one[first]) & (other[like] != other[first])
        apart &= (one[like] != other[first]) & (other[like] != one[first])
        for pair in like[apart]:
            four = np.array([one[first], other[first], one[pair], other[pair]])
            few = np.abs(told[four].T @ np.array([1, 1, -1, -1])).sum()
            if 0 < few < minimum:
                yield four


def solved(members: Sequence[Packed], sizes: Sequence[int], minimum: int) -> Iterator[Ints]:
    """Yield the sets of equations that have a solution for a group of few firms.

    Firms that are in the same sets are one unknown. One, or two together, are known if nothing
    that leaves all sums as they are changes them: if they vanish in the null space of the sets.

    Parameters
    ----------
    members, sizes, minimum
        As of :func:`two_and_two`.
    """
    told = np.unpackbits(np.array(members), axis=1)
    patterns, counts = np.unique(told, axis=1, return_counts=True)
    inside = patterns.any(axis=0)
    unknown, firms = patterns[:, inside].astype(float), counts[inside]
    few = np.flatnonzero(firms < minimum)
    if not len(few):
        return
    free = _of_null_space(unknown)
    alone = [[i] for i in few[np.abs(free[few]) < NONE]]
    open_ = few[np.abs(free[few]) >= NONE]
    i, j = np.triu_indices(len(open_), 1)
    both = (np.abs(free[open_[i]] + free[open_[j]]) < NONE) & (
        firms[open_[i]] + firms[open_[j]] < minimum
    )
    for group in [*alone, *zip(open_[i][both], open_[j][both], strict=True)]:
        wanted = np.zeros(unknown.shape[1])
        wanted[list(group)] = 1
        yield _fewest_equations(unknown, wanted)


def _of_null_space(unknown: Floats) -> Floats:
    """Return a vector drawn from what all sums leave open, shape (unknowns,)."""
    _, lengths, axes = np.linalg.svd(unknown, full_matrices=False)
    known = axes[lengths > NONE * lengths[0]]
    drawn = np.random.default_rng(0).normal(size=unknown.shape[1])
    for _ in range(2):  # once more, for what rounding leaves
        drawn = drawn - known.T @ (known @ drawn)
    return np.asarray(drawn)


def _fewest_equations(unknown: Floats, wanted: Floats) -> Ints:
    """Return the sets whose sums, each so many times, are the wanted unknowns: few of them."""
    n = len(unknown)
    both = np.hstack([unknown.T, -unknown.T])
    found = linprog(np.ones(2 * n), A_eq=both, b_eq=wanted, method="highs")
    if found.x is None:  # solved but for rounding: all sets are
        return np.arange(n)
    return np.flatnonzero(np.abs(found.x[:n] - found.x[n:]) > 1e-7)
