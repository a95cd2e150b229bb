"""How far each variable of a wave is confirmed, and what confirms it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cisflow.assist.checking import _Source as Source
from cisflow.base.paths import places, shown
from cisflow.study.canonical import FIRM_COLUMNS
from cisflow.study.codebook import Codebook
from cisflow.study.run import Run

SETTLED = ("sourced", "confirmed")


@dataclass(frozen=True)
class State:
    """How sure a mapping is, whether a model needs it, and whether that is enough."""

    name: str
    needed: bool
    settled: bool


def states(codebook: Codebook, entry: Mapping[str, Any], run: Run | None) -> dict[str, State]:
    """Return the state of every variable of a codebook, and of those that models need besides."""
    return {
        v: State(a.verified or "not said", True, a.verified in SETTLED)
        for v, a in codebook.variables.items()
    }


@dataclass(frozen=True)
class Writer:
    """Writes what confirms variables of a wave's codebook."""

    source: Source
    codebook: Codebook
    root: Path
    config_file: Path

    def said(self, names: Sequence[str]) -> str:
        """Return the command that confirms variables or blocks, or the line for the config."""
        listed = " ".join(names)
        return f"cisflow confirm {self.source.entry['codebook']} {listed}"
