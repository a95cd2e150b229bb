"""What has left before: the sets of firms behind a packet's numbers, kept with the microdata.

They are told apart by wave and identifier, not by their place in a file: an extract that was
delivered again, with a few firms more or fewer, is held against what was released of the first.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from zipfile import BadZipFile

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cisflow.base.paths import shown
from cisflow.base.private import private
from cisflow.base.problems import CisflowError, Problem
from cisflow.release.gate import Gate

DAMAGED = "the sets of firms behind published numbers are damaged or cut off"
REMEDY = (
    "those of a packet that has left (released/): take them from a copy of the folder, as they "
    "cannot be made again; those of this run: delete the file and run again"
)


@dataclass(frozen=True)
class Sets:
    """The sets of firms of one country that the numbers of a run are about."""

    firms: NDArray[np.str_]  # wave and identifier of every firm, shape (firms,)
    members: NDArray[np.uint8]  # per set its firms as packed bits, shape (sets, bytes)
    # Per set whether its size is shown (cisflow.disclosure.sets.Ledger.states).
    states: NDArray[np.int8]
    sums: NDArray[np.int32]  # rows of a sum's number and a set's, the total first

    def write(self, file: Path | str) -> None:
        """Write them, readable by numpy alone."""
        np.savez_compressed(private(file), **vars(self))

    @classmethod
    def read(cls, file: Path | str) -> Sets:
        """Read what :meth:`write` wrote.

        Raises
        ------
        CisflowError
            The file is cut off or damaged: of a packet that has left nothing is known then, and
            nothing can be held against it.
        """
        try:
            with np.load(file, allow_pickle=False) as found:
                return cls(*(found[name] for name in cls.__dataclass_fields__))
        except (ValueError, KeyError, OSError, EOFError, BadZipFile, zlib.error):
            raise CisflowError(shown(file), Problem(DAMAGED, REMEDY)) from None


def sets_of(gate: Gate, earlier: Iterable[Sets] = ()) -> Sets:
    """Return the sets a gate was asked about, after it has decided."""
    ledger = gate.ledger
    sums = [(i, n) for i, (total, parts) in enumerate(ledger.sums) for n in (total, *parts)]
    return Sets(
        np.array(_universe(gate, earlier), dtype=np.str_),
        np.array(ledger.members, dtype=np.uint8),
        np.array(ledger.states(gate.withheld), dtype=np.int8),
        np.array(sums, dtype=np.int32).reshape(-1, 2),
    )


def note_earlier(gate: Gate, earlier: Mapping[str, Sets]) -> None:
    """Note what earlier packets showed, before anything else: it can no longer be withheld."""
    everyone = _universe(gate, earlier.values())
    place = pd.Index(everyone)
    gate.ledger.rows = len(everyone)
    for name, sets in earlier.items():
        at = place.get_indexer(pd.Index(sets.firms))
        known = np.unpackbits(sets.members, axis=1, count=len(sets.firms)).astype(bool)
        members = np.zeros((len(known), len(everyone)), dtype=bool)
        members[:, at] = known
        numbers = gate.ledger.recall(name, members, sets.states.tolist())
        for _, rows in pd.Series(sets.sums[:, 1]).groupby(sets.sums[:, 0]):
            total, *parts = (numbers[n] for n in rows)
            gate.ledger.sums[total, tuple(parts)] = None


def _universe(gate: Gate, earlier: Iterable[Sets]) -> list[str]:
    """Return all firms: the rows of the panel, then those only earlier packets know."""
    here = (gate.panel["wave"].astype(str) + "\t" + gate.panel["firm_id"].astype(str)).tolist()
    known = {*here}
    told = (firm for sets in earlier for firm in sets.firms.tolist())
    return [*here, *dict.fromkeys(firm for firm in told if firm not in known)]
