"""The table itself, before it is set."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd

from cisflow.study.marks import Mark, stamped

MOST_UPRIGHT = 9  # columns of a page upright; a table with more needs one in landscape


@dataclass(frozen=True)
class Table:
    """A table as it is published, before it is set in any format."""

    frame: pd.DataFrame  # the cells as text; of two levels of rows the first are headings
    notes: str  # what stands below it
    show_groups: bool = True  # whether the headings of rows are shown
    caption: str = ""  # what stands above it
    stamp: str = ""  # what its last column says of the data it rests on; none if it has no mark

    @property
    def is_wide(self) -> bool:
        """Whether it needs a page in landscape."""
        return self.frame.shape[1] > MOST_UPRIGHT

    def headed(self, caption: str, marks: Sequence[Mark] = (), stamp: str = "") -> Table:
        """Return the table with its caption and the marks of its run, told in the notes."""
        told = (f"{mark.name}, {mark.told}." for mark in marks)
        return replace(
            self,
            caption=stamped(caption, marks),
            notes=" ".join(filter(None, (self.notes, *told))),
            stamp=stamp if marks else "",
        )

    def flat(self) -> pd.DataFrame:
        """Return the cells with headings in one line, those of rows and the stamp as columns."""
        frame = self.frame.astype(str).replace("\n", " ", regex=True)
        flat = frame.set_axis([_joined(c) for c in frame.columns], axis=1)
        rows = [i if isinstance(i, tuple) else (i,) for i in frame.index]
        flat.insert(0, "row", [_joined(i[-1:]) for i in rows])
        if frame.index.nlevels > 1 and self.show_groups:
            flat.insert(0, "group", [_joined(i[:1]) for i in rows])
        return flat.assign(data=self.stamp) if self.stamp else flat


def _joined(heading: Any) -> str:
    parts = heading if isinstance(heading, tuple) else (heading,)
    return " | ".join(str(part).replace("\n", " ") for part in parts if part != "")
