"""What is withheld is the least that protects, whatever else is published beside it."""

import numpy as np
import pytest

from cisflow.disclosure.sets import Ledger

WIDE = 7


def chosen(seed, order):
    """Return what is lost of a table with six small cells, and which sets are withheld.

    Beside it stands a set that is lost whatever is chosen, and a hundred thousand times dearer.
    """
    rng = np.random.default_rng(seed)
    sizes = rng.integers(11, 30, (WIDE, WIDE))
    sizes.flat[rng.choice(WIDE**2, 6, replace=False)] = rng.integers(1, 9, 6)
    places = np.arange(WIDE)
    row = np.repeat(np.repeat(places, WIDE), sizes.ravel())
    col = np.repeat(np.tile(places, WIDE), sizes.ravel())
    cost = {"all": 1e6, "near": 2e5}
    sets = {"all": row >= 0, "near": np.arange(len(row)) >= 3}
    rows, cols = [(i, "*") for i in places], [("*", i) for i in places]
    for i in places:
        sets |= {(i, "*"): row == i, ("*", i): col == i}
        sets |= {(i, j): (row == i) & (col == j) for j in places}
    cost |= dict.fromkeys([*rows, *cols], 8.0)
    ledger = Ledger(10)
    keys = list(sets)
    for place in np.random.default_rng(order).permutation(len(keys)):
        ledger.add(keys[place], sets[keys[place]], cost.get(keys[place], 1.0))
    ledger.add_sum("all", rows)
    ledger.add_sum("all", cols)
    for i in places:
        ledger.add_sum((i, "*"), [(i, j) for j in places])
        ledger.add_sum(("*", i), [(j, i) for j in places])
    withheld = frozenset(ledger.withheld())
    return sum(cost.get(key, 1.0) for key in withheld), withheld


@pytest.mark.parametrize("seed", [3, 7, 11])
def test_cells_do_not_move_with_the_order_of_sets_nor_are_more_withheld(seed):
    """A search that ends within a share of what is lost took twelve cells for ten."""
    found = [chosen(seed, order) for order in range(5)]
    assert len({lost for lost, _ in found}) == 1
    assert len({sets for _, sets in found}) == 1
