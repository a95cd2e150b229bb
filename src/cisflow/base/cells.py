"""Frequency tables in which no cell, and no difference of cells, gives a few firms away."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from cisflow.base.thresholds import MINIMUM_CELL


def suppress_small_cells(
    counts: pd.DataFrame,
    minimum: int = MINIMUM_CELL,
    *,
    count: str = "firms",
    by: Sequence[str] = (),
) -> pd.DataFrame:
    """Withhold counts of too few firms, and as many others as it takes to keep them unknown.

    Parameters
    ----------
    counts
        One row per cell of a frequency table.
    minimum
        Smallest number of firms a cell may show.
    count
        Column with the number of firms.
    by
        Columns that tell tables apart; the total of each table is taken to be published.

    Returns
    -------
    pandas.DataFrame
        ``counts`` with ``count`` as nullable integers and a column ``suppressed``. In each table
        the withheld cells are at least two and hold at least ``minimum`` firms together, so that
        the total does not give one of them away.
    """

    def withhold(firms: pd.Series) -> pd.Series:
        hidden = firms.between(1, minimum - 1)
        for cell in firms[(firms > 0) & ~hidden].sort_values(kind="stable").index:
            if not hidden.any() or (hidden.sum() > 1 and firms[hidden].sum() >= minimum):
                break
            hidden[cell] = True
        return hidden

    shown = counts.copy()
    firms = shown[count].astype("Int64")
    keys = [shown[key] for key in by] or [pd.Series(0, index=shown.index)]
    hidden = firms.groupby(keys, sort=False, group_keys=False).transform(withhold).astype(bool)
    shown[count] = firms.mask(hidden)
    shown["suppressed"] = hidden
    return shown
