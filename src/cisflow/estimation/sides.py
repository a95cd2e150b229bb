"""How many firms are on either side of a term: a coefficient compares them, however large n is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray

from cisflow.estimators.arrays import Floats

Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class Sides:
    """The firms that a term compares."""

    # (n,), of a yes/no term those with it; of an interaction the smallest of the cells it compares;
    # of a number those that do not have its most common value, and of a product of numbers those
    # that have neither's: for all others the product is a number that the parts alone explain.
    with_: Bools
    without: Bools | None  # (n,), the others; None where a number has no two sides
    fewest: int  # how many firms the smaller side has


def sides_of(factors: Mapping[str, Floats]) -> Sides:
    """Return the firms on either side of a term.

    Parameters
    ----------
    factors
        Of an interaction each variable in it, else the one variable; each (n,), without gaps.
    """
    flags = [values for values in factors.values() if _is_flag(values)]
    numbers = [values for values in factors.values() if not _is_flag(values)]
    varied = _varied(numbers, len(next(iter(factors.values()))))
    if not flags:
        return Sides(varied, None, int(varied.sum()))
    cells = [
        varied & np.all([flag == value for flag, value in zip(flags, values, strict=True)], axis=0)
        for values in product((1.0, 0.0), repeat=len(flags))
    ]
    smallest = min(cells, key=np.count_nonzero) if len(flags) > 1 else cells[0]
    return Sides(smallest, ~smallest, min(int(cell.sum()) for cell in cells))


def of_groups(names: Sequence[str], firms: Mapping[str, Bools], within: Sides) -> Sides:
    """Return the sides of a difference between two groups of firms, or of an effect in one.

    Parameters
    ----------
    names
        One group, or two that are compared.
    firms
        Group → its firms, (n,).
    within
        The sides of the effect among all firms.
    """
    if len(names) == 1:
        here = firms[names[0]]
        with_ = within.with_ & here
        without = None if within.without is None else within.without & here
        counts = [with_, *([] if without is None else [without])]
        return Sides(with_, without, min(int(side.sum()) for side in counts))
    first, second = (firms[name] for name in names)
    parts = [within.with_ & group for group in (first, second)]
    return Sides(first, second, min(int(part.sum()) for part in parts))


def _is_flag(values: Floats) -> bool:
    return bool(np.isin(values, (0.0, 1.0)).all())


def _varied(numbers: Sequence[Floats], n: int) -> Bools:
    """Return the firms none of whose numbers is its most common one; all without numbers."""
    found = np.ones(n, dtype=bool)
    for column in numbers:
        values, counts = np.unique(column, return_counts=True)
        found &= column != values[counts.argmax()]
    return found
