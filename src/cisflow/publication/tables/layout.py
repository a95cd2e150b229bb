"""What all tables share: cells, groups of rows, and the notes that say what signs mean."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from cisflow.publication.language import said, say
from cisflow.publication.tables.table import Table as Table
from cisflow.publication.words import (
    NOT_ASKED,
    NOT_ESTIMABLE,
    WITHHELD,
    measured,
    number,
    stars,
)

ZERO_BY_ASSUMPTION = "0†"
MISSING_NOTE = {
    NOT_ESTIMABLE: "n.e.: not estimable",
    NOT_ASKED: "n.a.: not asked in this survey",
    WITHHELD: "c: confidential, too few firms",
    ZERO_BY_ASSUMPTION: "†: no such arrow, zero by assumption",
}
Cells = dict[tuple[str, str], dict[Any, str]]


def lay_out(frame: pd.DataFrame, notes: Iterable[str], *, show_groups: bool = True) -> Table:
    """Return a table whose notes also say what the signs in its cells mean."""
    notes = [said(note) for note in notes if note]
    frame = frame.rename(index=_said_head, columns=_said_head)
    shown = set(frame.astype(str).to_numpy().ravel())
    for sign, meaning in MISSING_NOTE.items():
        if sign in shown and not any(sign + ":" in note for note in notes):
            notes.append(f"{say(meaning)}.")
    return Table(frame, " ".join(notes), show_groups)


def _said_head(head: Any) -> Any:
    """Return a heading in the language that is published in; its parts may be said already."""
    return said(head) if isinstance(head, str) else head


def cell(estimate: float, *below: str, p: float | None = None, error: float | None = None) -> str:
    """Return a cell: the estimate with the stars of its p-value, below it its precision.

    With a standard error the estimate has the decimals which that warrants.
    """
    if not np.isfinite(estimate):
        return NOT_ESTIMABLE
    told = number(estimate) if error is None else measured(estimate, error)
    return "\n".join([told + stars(p), *filter(None, below)])


def with_error(estimate: float, error: float, p: float | None = None) -> str:
    """Return a cell of an estimate and its standard error, both as precise as the error says."""
    return cell(estimate, f"({measured(error, error)})", p=p, error=error)


def union(items: Iterable[Any]) -> list[Any]:
    """Return the distinct items in the order they first appear."""
    return list(dict.fromkeys(items))


def no_cells() -> Cells:
    """Return a table to be filled: by heading and row, what stands in each column."""
    return defaultdict(dict)


def two_level(
    cells: Mapping[tuple[str, str], Mapping[Any, str]],
    *,
    order: Callable[[str], int] | None = None,
    columns: Sequence[Any] | None = None,
) -> pd.DataFrame:
    """Return a frame with headed groups of rows, groups in the order they first appear."""
    headings = union(heading for heading, _ in cells)
    keys = sorted(cells, key=lambda k: (headings.index(k[0]), order(k[1]) if order else 0))
    names = columns or union(name for row in cells.values() for name in row)
    data = [[cells[key].get(name, "") for name in names] for key in keys]
    if names and isinstance(names[0], tuple):
        names = pd.MultiIndex.from_tuples(names)
    if not keys:
        return pd.DataFrame({"": [NOT_ESTIMABLE]}, index=[say("Nothing to show")])
    return pd.DataFrame(data, index=pd.MultiIndex.from_tuples(keys), columns=names)
