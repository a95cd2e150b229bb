"""How far each variable of a wave is confirmed, and what confirms it."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cisflow.assist.checking import Source
from cisflow.base.paths import shipped, shown
from cisflow.study.canonical import FIRM_COLUMNS
from cisflow.study.codebook import SETTLED, Codebook
from cisflow.study.confirmation import DERIVED, UNSAID, needed, unconfirmed
from cisflow.study.run import Run


@dataclass(frozen=True)
class State:
    """How sure a mapping is, whether a model needs it, and whether that is enough."""

    name: str
    needed: bool
    settled: bool


def wanted(run: Run | None) -> set[str]:
    """Return the variables that the models of a run rest on; all if its config cannot be read."""
    return needed(run.models.values()) if run else {*FIRM_COLUMNS}


def states(codebook: Codebook, run: Run | None) -> dict[str, State]:
    """Return the state of every variable of a codebook."""
    open_ones, rest_on = unconfirmed(codebook, wanted(run)), wanted(run)
    return {
        variable: State(
            entry.verified or UNSAID,
            variable in open_ones or variable in rest_on,
            entry.verified in SETTLED,
        )
        for variable, entry in codebook.variables.items()
    }


def unread(codebook: Codebook, run: Run | None) -> list[str]:
    """Return the variables that models need and that the codebook has no column for.

    What follows from other answers (that a firm innovates, from its innovations) is not missed.
    """
    mapped, missed = set(codebook.variables), set()
    for variable in wanted(run) - mapped:
        parts = {*DERIVED.get(variable, ())}
        if not mapped & parts:
            missed |= parts or {variable}
    return [variable for variable in FIRM_COLUMNS if variable in missed]


@dataclass(frozen=True)
class Writer:
    """Writes what confirms variables of a wave."""

    # source, codebook: the wave, and its codebook.
    source: Source
    codebook: Codebook
    # root, config_file: the project's folder, and the config.
    root: Path
    config_file: Path

    def said(self, names: Sequence[str]) -> str:
        """Return the command that confirms variables or blocks.

        It is about the codebook, or where that ships with cisflow and is not the user's to change
        about the wave's entry in the config.
        """
        where = [str(self.source.entry["codebook"])]
        if self._ships():
            where = [shown(self.config_file), f"{self.source.country}/{self.source.wave}"]
        return shlex.join(["cisflow", "confirm", *where, *names])

    def _ships(self) -> bool:
        file = Path(self.codebook.path).resolve()
        ours = file.is_relative_to(shipped("config").resolve())
        return ours and not file.is_relative_to(self.root.resolve())
