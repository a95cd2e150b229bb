"""Partners by places: the places of labels that are cut off, from where they stand in the grid."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from itertools import groupby

from cisflow.study.canonical import PLACES

# As many partners' rows that can be read whole tell in which order the places stand.
FEWEST_ROWS = 2


def places_by_row(
    partners: Mapping[str, str], told: Mapping[str, str], cut: Collection[str]
) -> dict[str, str]:
    """Return the places of columns whose labels end before they tell them.

    "Cooperation: suppliers of equipment, materials or softw" is the same for all places. Where the
    rows of other partners have as many columns, and tell all their places in one order, this row
    has them in that order, unless what can still be read of it says otherwise.

    Parameters
    ----------
    partners
        Per column, in the order of the file, the partner its label names.
    told
        Per column the place its label tells (``domestic``, ``foreign``), where it does.
    cut
        Columns whose labels are cut off.

    Returns
    -------
    dict
        Per column of the rows that were completed its place.
    """
    rows = [tuple(columns) for _, columns in groupby(partners, key=partners.__getitem__)]
    found: dict[str, str] = {}
    for row in rows:
        order = _order(len(row), rows, told)
        lacking = [column for column in row if column not in told]
        if not order or not lacking or not set(lacking) <= set(cut):
            continue
        if all(told.get(c, place) == place for c, place in zip(row, order, strict=True)):
            found |= dict(zip(row, order, strict=True))
    return found


def _order(
    length: int, rows: Collection[tuple[str, ...]], told: Mapping[str, str]
) -> tuple[str, ...]:
    """Return the one order of places that all legible rows of a length have; empty if none."""
    whole = [row for row in rows if len(row) == length and all(c in told for c in row)]
    orders = {tuple(told[c] for c in row) for row in whole}
    order = orders.pop() if len(orders) == 1 and len(whole) >= FEWEST_ROWS else ()
    return order if set(order) == set(PLACES) else ()
