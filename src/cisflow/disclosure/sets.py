"""Which sets of firms may be counted in public, so that no few firms can be told apart.

Every count that is published is the size of a set of firms. Sets, not cells, are judged here: a
sample's size in a table, in a figure and in a sentence is one set, shown or withheld everywhere. A
set is withheld if it is small; if it differs from another shown one by few firms, whatever tables
they stand in; and if a sum that is published (a total and its parts) would give a small set away.

Among all choices that protect, the one that withholds least is taken: a small integer programme,
as in the literature on cell suppression (Fischetti & Salazar-González 2001; Hundepool et al. 2012).
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from cisflow.disclosure.remainders import few_left
from cisflow.disclosure.sums import solved, two_and_two

Bools = NDArray[np.bool_]
Packed = NDArray[np.uint8]
Sum = tuple[int, tuple[int, ...]]
"""A set and the sets it is the sum of, by their numbers."""
Clash = tuple[int, ...]
"""Sets that may not all be told: two that differ by few, or several from which few follow."""
SMALL = "fewer firms than the minimum"
NEAR = "differs from another published group by fewer firms than the minimum"
EARLIER = "differs from a group of an earlier packet by fewer firms than the minimum"
SUM = "would follow from a published total and its other parts"
SHOWN, HIDDEN, FORBIDDEN = 1, 0, -1
ALIKE = "all firms of the group, or none, answer alike"
# Branches of the search; after them a choice that protects but may not be the smallest is taken.
# A count, not a time: the same data must withhold the same on any machine.
PATIENCE = 10_000


@dataclass
class Ledger:
    """The sets of firms of one country whose sizes are to be published."""

    minimum: int  # smallest number of firms that may be told apart
    # How many firms there may be: those of the panel, then those only earlier packets know.
    rows: int = 0
    # Per distinct set its firms as packed bits of the rows of the panel.
    members: list[Packed] = field(default_factory=list)
    sizes: list[int] = field(default_factory=list)
    # Per distinct set what is lost if it is withheld: larger ones are kept longer.
    cost: list[float] = field(default_factory=list)
    _number: dict[Hashable, int] = field(default_factory=dict)
    _of: dict[Hashable, int] = field(default_factory=dict)
    # The sets whose sizes have left before, which nothing can withhold any more.
    released: set[int] = field(default_factory=set)
    sums: dict[Sum, None] = field(default_factory=dict)  # what readers know to be the sum of what
    _about: dict[Hashable, set[int]] = field(default_factory=dict)
    _secret: set[int] = field(default_factory=set)
    _forbidden: set[int] = field(default_factory=set)
    _told: tuple[NDArray[np.uint8], NDArray[np.int_]] | None = None  # sets shown, and their sizes

    def add(
        self,
        key: Hashable,
        firms: Bools,
        cost: float = 1.0,
        *,
        secret: bool = False,
        forbidden: bool = False,
        about: Hashable = None,
    ) -> None:
        """Note that the size of a set is to be published under ``key``.

        Parameters
        ----------
        key
            Where the number stands; several keys may have the same set.
        firms
            Booleans, shape (rows of the panel,).
        cost
            What is lost without it.
        secret
            Whether it is published nowhere, and matters only to what can be worked out.
        forbidden
            Whether it may not be told however large it is, nor if it is empty: the firms of a
            group that say yes, or no, where all answer alike.
        about
            What is told of the firms, such as how many are at a limit of an outcome, of whatever
            sample: readers put sets about the same together, as parts and wholes. None for those
            whose parts are noted as sums, or that have a definition of their own.
        """
        firms = np.asarray(firms, dtype=bool)
        packed = np.packbits(np.pad(firms, (0, max(0, self.rows - len(firms)))))
        same = forbidden, packed.tobytes()
        number = self._number.setdefault(same, len(self.members))
        if number == len(self.members):
            self.members.append(packed)
            self.sizes.append(int(np.bitwise_count(packed).sum()))
            self.cost.append(0.0)
            self._secret.add(number)
        if forbidden:
            self._forbidden.add(number)
        if not secret:
            self._secret.discard(number)
            self.cost[number] = max(self.cost[number], cost)
        self._of[key] = number
        if about is not None:
            self._about.setdefault(about, set()).add(number)

    def noted(self, key: Hashable) -> bool:
        """Return whether there is a set under ``key``."""
        return key in self._of

    def size(self, key: Hashable) -> int:
        """Return how many firms the set under ``key`` has."""
        return self.sizes[self._of[key]]

    def add_sum(self, total: Hashable, parts: Sequence[Hashable]) -> None:
        """Note that readers know a set to be the sum of disjoint others.

        What is missing between the total and its parts (firms of unknown size, say) is a part of
        its own, which nobody is told.
        """
        rest = self.members[self._of[total]].copy()
        for part in parts:
            rest &= ~self.members[self._of[part]]
        named = [self._of[part] for part in parts]
        if rest.any():
            key = ("rest", total, tuple(parts))
            rows = 8 * len(rest)
            self.add(key, np.unpackbits(rest, count=rows).astype(bool), secret=True)
            named.append(self._of[key])
        self.sums[self._of[total], tuple(named)] = None

    def withheld(self) -> dict[Hashable, str]:
        """Return the keys whose sets may not be told, each with the reason."""
        reasons = self._choose()
        return {key: reasons[number] for key, number in self._of.items() if number in reasons}

    def size_near(self, key: Hashable, withheld: Iterable[Hashable]) -> int | None:
        """Return the size of a set that is shown and differs by few firms; None if none is."""
        this = self._of[key]
        hidden = {self._of[other] for other in withheld} | self._secret | self._forbidden
        apart = (
            (int(np.bitwise_count(self.members[this] ^ some).sum()), -self.sizes[i])
            for i, some in enumerate(self.members)
            if i not in hidden and abs(self.sizes[i] - self.sizes[this]) < self.minimum
        )
        few, size = min(apart, default=(self.minimum, 0))
        return -size if few < self.minimum else None

    def near_told(self, firms: Bools, withheld: Iterable[Hashable]) -> bool:
        """Return whether a set that is shown differs from some firms by few, but by some."""
        if self._told is None:
            hidden = {self._of[key] for key in withheld} | self._secret | self._forbidden
            told = [i for i in range(len(self.members)) if i not in hidden]
            self._told = np.array([self.members[i] for i in told]), np.array(self.sizes)[told]
        members, sizes = self._told
        here = np.packbits(np.pad(firms, (0, max(0, self.rows - len(firms)))))
        like = members[np.abs(sizes - np.count_nonzero(firms)) < self.minimum]
        apart = np.bitwise_count(like ^ here).sum(axis=1, dtype=int)
        return bool(((apart > 0) & (apart < self.minimum)).any())

    def states(self, withheld: Iterable[Hashable]) -> list[int]:
        """Return of each set whether it was shown, withheld, or forbidden, given what is withheld.

        Parameters
        ----------
        withheld
            The keys :meth:`withheld` returned.
        """
        hidden = {self._of[key] for key in withheld} | self._secret
        return [
            FORBIDDEN if i in self._forbidden else HIDDEN if i in hidden else SHOWN
            for i in range(len(self.members))
        ]

    def recall(self, name: str, members: Iterable[Bools], states: Sequence[int]) -> list[int]:
        """Note the sets of an earlier packet and return their numbers: what was shown is out."""
        numbers = []
        for i, (firms, state) in enumerate(zip(members, states, strict=True)):
            key = (name, i)
            self.add(key, firms, 0, secret=state != SHOWN, forbidden=state == FORBIDDEN)
            numbers.append(self._of[key])
        self.released.update(n for n, state in zip(numbers, states, strict=True) if state == SHOWN)
        return numbers

    def _choose(self) -> dict[int, str]:
        released = self.released
        small = {i for i, n in enumerate(self.sizes) if 0 < n < self.minimum} - released
        hidden = small | self._forbidden
        near = [
            (i, j)
            for i, j in _near(self.members, self.sizes, self.minimum)
            if not hidden & {i, j} and not released >= {i, j}
        ]
        gone = {i for i in released if not self.cost[i]}  # which this run itself does not tell
        before = {i for pair in near if gone & {*pair} for i in pair}
        paired = {i for pair in near if not gone & {*pair} for i in pair}
        chosen = self._protecting(hidden, near)
        several: list[Clash] = []
        searched: dict[Hashable, list[int]] = {}
        # What several sets tell together is looked for among those that are told, until none does.
        while found := [c for c in self._together(chosen, searched) if not released >= {*c}]:
            several += found
            chosen = self._protecting(hidden, [*near, *several])
        reasons = ((small, SMALL), (hidden, ALIKE), (paired, NEAR), (before, EARLIER))
        return {
            i: next((why for some, why in reasons if i in some), SUM)
            for i in sorted(chosen - (self._secret - hidden) - released)
        }

    def _protecting(self, hidden: set[int], clashes: Sequence[Clash]) -> set[int]:
        """Return the sets to withhold so that nothing hidden follows and no clash is told."""
        sizes = np.array(self.sizes, dtype=float)
        chosen = set(hidden)
        for some, sums in _linked(len(sizes), clashes, [*self.sums]):
            if some or any(_open(t, p, hidden, sizes, self.minimum) for t, p in sums):
                chosen |= _fewest(sizes, self.cost, hidden, some, sums, self.minimum, self.released)
        return chosen

    def _together(self, chosen: set[int], searched: dict[Hashable, list[int]]) -> Iterator[Clash]:
        """Yield the told sets from which, put together, fewer firms than the minimum follow.

        Where the same sets are told as when it was ``searched`` last, nothing new is to be found.
        """
        for what, about in self._about.items() if self.minimum > 1 else ():
            told = sorted(i for i in about - chosen - self._secret if self.sizes[i])
            if len(told) < 3 or searched.get(what) == told:
                continue
            searched[what] = told
            members, sizes = [self.members[i] for i in told], [self.sizes[i] for i in told]
            for cases in few_left(members, sizes, self.minimum):
                yield from {tuple(sorted({told[i] for i in case})): None for case in cases}
            for find in (two_and_two, solved):
                for case in find(members, sizes, self.minimum):
                    yield tuple(sorted(told[i] for i in case))


def _near(members: Sequence[Packed], sizes: Sequence[int], minimum: int) -> list[tuple[int, int]]:
    """Return the pairs of sets that differ, by fewer firms than the minimum."""
    order = sorted((i for i, n in enumerate(sizes) if n), key=lambda i: sizes[i])
    if not order or minimum < 2:
        return []
    bits, ordered = np.array([members[i] for i in order]), [sizes[i] for i in order]
    found = []
    for a, i in enumerate(order):
        b = bisect_left(ordered, ordered[a] + minimum)
        apart = np.bitwise_count(bits[a + 1 : b] ^ bits[a]).sum(axis=1, dtype=int)
        found += [(i, order[a + 1 + k]) for k in np.flatnonzero(apart < minimum)]
    return found


def _linked(
    n: int, clashes: Sequence[Clash], sums: Sequence[Sum]
) -> Iterator[tuple[list[Clash], list[Sum]]]:
    """Yield clashes and sums in groups that have no set in common: each is chosen on its own."""
    links = [(clash[0], other) for clash in clashes for other in clash[1:]]
    links += [(total, part) for total, parts in sums for part in parts]
    if not links:
        return
    i, j = np.array(links).T
    label = connected_components(coo_array((np.ones(len(i)), (i, j)), shape=(n, n)))[1]
    groups: dict[int, tuple[list[Clash], list[Sum]]] = {}
    for clash in clashes:
        groups.setdefault(label[clash[0]], ([], []))[0].append(clash)
    for one in sums:
        groups.setdefault(label[one[0]], ([], []))[1].append(one)
    yield from groups.values()


def _open(
    total: int, parts: Sequence[int], hidden: set[int], sizes: NDArray[np.float64], minimum: int
) -> bool:
    """Return whether a sum gives a hidden set away, or several whose firms are few together."""
    parts = [part for part in parts if sizes[part] > 0 or part in hidden]
    out = [part for part in parts if part in hidden]
    if total in hidden:
        return not out and bool(parts)
    return bool(out) and (len(out) == 1 or sizes[out].sum() < minimum)


def _fewest(
    sizes: NDArray[np.float64],
    cost: Sequence[float],
    hidden: set[int],
    clashes: Iterable[Clash],
    sums: Iterable[tuple[int, tuple[int, ...]]],
    minimum: int,
    released: set[int],
) -> set[int]:
    """Return the cheapest sets to withhold so that every clash and every sum is protected.

    With h = 1 for a withheld set: Σ h ≥ 1 over the sets of a clash; for each member e of a sum,
    h_e ≤ the h of its other members; and unless the total is withheld, withheld parts hold the
    minimum of firms together.
    """
    rows: list[dict[int, float]] = []
    low: list[float] = []

    def require(terms: Mapping[int, float], at_least: float) -> None:
        rows.append(dict(terms))
        low.append(at_least)

    for clash in clashes:
        require(dict.fromkeys(clash, 1.0), 1)
    for total, parts in sums:
        members = [m for m in dict.fromkeys((total, *parts)) if sizes[m] > 0 or m in hidden]
        if len(members) < 2:  # all are in one part: it is the total itself
            continue
        for one in members:
            require({**{other: 1 for other in members if other != one}, one: -1}, 0)
        for part in members[1:] if members and members[0] == total else members:
            weights = {p: float(sizes[p]) for p in members if p != total}
            weights[part] -= minimum
            require({**weights, total: float(minimum)}, 0)
    return _solved(cost, sizes, hidden, rows, low, released)


def _solved(
    cost: Sequence[float],
    sizes: NDArray[np.float64],
    hidden: set[int],
    rows: Sequence[Mapping[int, float]],
    low: Sequence[float],
    released: set[int],
) -> set[int]:
    """Solve the programme; of equally cheap choices the one that withholds fewer firms is taken."""
    where = [(i, j, value) for i, row in enumerate(rows) for j, value in row.items()]
    i, j, values = (np.array(part) for part in zip(*where, strict=True))
    used, j = np.unique(j, return_inverse=True)
    n = len(used)
    matrix = coo_array((values, (i, j)), shape=(len(rows), n)).tocsr()
    fixed = np.isin(used, sorted(hidden)).astype(float)
    free = 1.0 - np.isin(used, sorted(released))
    ties = 1e-3 * sizes[used] / max(float(sizes.max()), 1.0) + 1e-6 * np.arange(n) / n
    found = milp(
        np.asarray(cost, dtype=float)[used] + ties,
        constraints=LinearConstraint(matrix, lb=np.asarray(low, dtype=float)),
        integrality=np.ones(n),
        bounds=Bounds(fixed, free),
        # Without a gap: within a share of all that is lost, cells would move with other sets.
        options={"node_limit": PATIENCE, "mip_rel_gap": 0},
    )
    if found.x is None:  # everything withheld always protects
        return {int(k) for k in used}
    return {int(k) for k in used[found.x > 0.5]}
