"""What all tables share: cells, groups of rows, captions and notes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from cisflow.publication.findings import (
    NOT_ASKED,
    NOT_ESTIMABLE,
    SYNTHETIC,
    WITHHELD,
    Findings,
    number,
)

if TYPE_CHECKING:
    from maketables import MTable
ZERO_BY_ASSUMPTION = "0†"
MISSING_NOTE = {
    NOT_ESTIMABLE: f"{NOT_ESTIMABLE}: not estimable",
    NOT_ASKED: f"{NOT_ASKED}: not asked in this survey",
    WITHHELD: f"{WITHHELD}: confidential, too few firms",
    ZERO_BY_ASSUMPTION: "†: no such arrow, zero by assumption",
}


def cell(estimate: float, *below: str, star: str = "") -> str:
    """Return a cell: the estimate with stars, below it what tells its precision."""
    if not np.isfinite(estimate):
        return NOT_ESTIMABLE
    return "\n".join([number(estimate) + star, *(line for line in below if line)])


def union(items: Iterable[Any]) -> list[Any]:
    """Return the distinct items in the order they first appear."""
    return list(dict.fromkeys(items))


def sentence(text: str) -> str:
    """Return the text with a capital at its beginning."""
    return text[:1].upper() + text[1:]


def breaks_note(breaks: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return the note on the breaks in series that a table crosses, none without a break."""
    told = " ".join(f"From {entry['from']}: {entry['text']}" for entry in breaks)
    return [f"Breaks in series. {told}"] if breaks else []


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
        return pd.DataFrame({"": [NOT_ESTIMABLE]}, index=["Nothing to show"])
    return pd.DataFrame(data, index=pd.MultiIndex.from_tuples(keys), columns=names)


def set_table(
    findings: Findings,
    frame: pd.DataFrame,
    caption: str,
    notes: Iterable[str],
    *,
    show_groups: bool = True,
) -> MTable:
    """Return a frame as a table with caption and notes, stamped where its data are synthetic."""
    from maketables import MTable

    table = MTable(frame, rgroup_sep="t", rgroup_display=show_groups)
    notes = [note for note in notes if note]
    shown = set(table.df.astype(str).to_numpy().ravel())
    for sign, meaning in MISSING_NOTE.items():
        if sign in shown and not any(sign + ":" in note for note in notes):
            notes.append(f"{meaning}.")
    if findings.synthetic:
        caption = f"{caption} [{SYNTHETIC}]"
        notes.append(f"{SYNTHETIC}, simulated from known coefficients: not findings about firms.")
    table.caption, table.notes = caption, " ".join(notes)
    return table


def is_wide(table: MTable) -> bool:
    """Return whether a table needs a page in landscape."""
    return table.df.shape[1] > 9
