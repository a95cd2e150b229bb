"""What ``cisflow init`` drafted: which codebooks are drafts still, and writing drafts again.

A draft carries a seal over its own text. While it holds nobody has touched the file, and a new
draft may take its place; where it does not, what a person wrote stays, and the new draft is written
beside it.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from textwrap import shorten
from typing import Any

import yaml

from cisflow.base.paths import shown
from cisflow.base.problems import CisflowError, Problem
from cisflow.study.codebook import DRAFTED, SETTLED, Codebook

DRAFTED_BY = "Drafted by `cisflow init`"
SEAL = "# cisflow init wrote the text above, seal "
DOUBT = re.compile(r"^# (TODO|LOOK): (.*)$", re.MULTILINE)
OPEN = re.compile(r"#.*\bTODO\b:")
LAST_TIME = "the last draft said: "
BESIDE = ".new"
# Keys of documents that tell where a mapping is from, and no other mapping.
NO_MEANING = ("verified", "seal", "source", "label", "note")
LONGEST = 160  # letters of a value that is told


def is_draft(codebook: Codebook, text: str) -> bool:
    """Return whether a codebook is a draft that nobody has gone through.

    Parameters
    ----------
    codebook
        Loaded.
    text
        Its file. One that `cisflow init` wrote is a draft until all its variables are confirmed;
        any other while something in it is to do, or of a draft it takes over.
    """
    states = [entry.verified for entry in codebook.variables.values()]
    if DRAFTED in states or OPEN.search(text):
        return True
    return DRAFTED_BY in text and any(state not in SETTLED for state in states)


@dataclass(frozen=True)
class Writing:
    """A file to be written."""

    meant: Path  # the file it is the draft of
    file: Path  # where it is written: there, or beside what a person has edited
    text: str  # the draft, with the doubts of the last one that are not settled
    # What it says otherwise than the file that is there.
    changes: list[str] = field(default_factory=list)
    # Of the last draft, that the new one does not have.
    doubts: list[str] = field(default_factory=list)

    @property
    def kept(self) -> bool:
        """Whether a file that a person edited stays as it is."""
        return self.file != self.meant


def planned(drafts: Mapping[Path, str]) -> list[Writing]:
    """Return how drafts are to be written, so that nothing a person wrote is lost.

    Parameters
    ----------
    drafts
        Text by file.

    Raises
    ------
    CisflowError
        A file that is there is no draft of `cisflow init`, or what is beside it was edited too.
    """
    writings = [_planned(file, text) for file, text in drafts.items()]
    problems = [problem for _, problem in writings if problem]
    if problems:
        raise CisflowError("cisflow init", problems)
    return [writing for writing, _ in writings]


def write(writings: Sequence[Writing]) -> None:
    """Write drafts, each with its seal."""
    for writing in writings:
        writing.file.parent.mkdir(parents=True, exist_ok=True)
        writing.file.write_text(_sealed(writing.text), encoding="utf-8")


def _planned(file: Path, text: str) -> tuple[Writing, Problem | None]:
    if not file.exists():
        return Writing(file, file, text), None
    before = file.read_text(encoding="utf-8") if file.is_file() else ""
    if DRAFTED_BY not in before:
        return Writing(file, file, text), _in_the_way(file)
    changes = list(_changes(before, text))
    if _is_sealed(before):
        doubts = _unsettled(before, text)
        return Writing(file, file, _with_doubts(text, doubts), changes, doubts), None
    beside = file.with_name(f"{file.stem}{BESIDE}{file.suffix}")
    in_the_way = beside.exists() and not _is_sealed(beside.read_text(encoding="utf-8"))
    problem = _in_the_way(beside) if in_the_way else None
    return Writing(file, beside, text, changes), problem


def _in_the_way(file: Path) -> Problem:
    return Problem(
        f"{shown(file)} exists, and is not overwritten",
        "move it away, or choose another name with --run or another folder with --out",
    )


# --- the seal -----------------------------------------------------------------------------------


def _sealed(text: str) -> str:
    text = text if text.endswith("\n") else f"{text}\n"
    return f"{text}{SEAL}{_digest(text)}\n"


def _is_sealed(text: str) -> bool:
    body, sign, seal = text.rpartition(SEAL)
    return bool(sign) and seal.strip() == _digest(body)


def _digest(text: str) -> str:
    # A checkout may have changed how lines end, which nobody means by an edit.
    plain = text.replace("\r\n", "\n")
    return hashlib.sha256(plain.encode()).hexdigest()[:16]


# --- doubts -------------------------------------------------------------------------------------


def _unsettled(before: str, after: str) -> list[str]:
    """Return the doubts of an earlier draft that the new one does not have."""
    now = {said for _, said in DOUBT.findall(after)}
    then = [said.removeprefix(LAST_TIME) for _, said in DOUBT.findall(before)]
    return [said for said in dict.fromkeys(then) if said not in now]


def _with_doubts(text: str, doubts: Sequence[str]) -> str:
    """Return a draft with doubts of the last one below its own."""
    if not doubts:
        return text
    lines = text.splitlines(keepends=True)
    head = next((i for i, line in enumerate(lines) if not line.startswith("#")), len(lines))
    said = [f"# LOOK: {LAST_TIME}{doubt}\n" for doubt in doubts]
    return "".join([*lines[:head], *said, *lines[head:]])


# --- what changed -------------------------------------------------------------------------------


def _changes(before: str, after: str) -> Iterator[str]:
    try:
        old, new = yaml.safe_load(before), yaml.safe_load(after)
    except yaml.YAMLError:
        yield "the file that is there is no YAML"
        return
    yield from _differences("", old if isinstance(old, dict) else {}, new)


def _differences(place: str, old: Any, new: Any) -> Iterator[str]:
    """Yield where two documents differ in what they mean, not in how sure they are of it."""
    if isinstance(old, dict) and isinstance(new, dict) and "name" not in {*old, *new}:
        for key in dict.fromkeys([*old, *new]):
            if key not in NO_MEANING:
                inner = f"{place}.{key}" if place else str(key)
                yield from _differences(inner, old.get(key), new.get(key))
    elif _bare(old) != _bare(new):
        yield f"{place.removeprefix('variables.')}: {_told(old)} → {_told(new)}"


def _bare(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    return {key: _bare(inner) for key, inner in value.items() if key not in NO_MEANING}


def _told(value: Any) -> str:
    if value is None:
        return "nothing"
    dumped = yaml.safe_dump(_bare(value), default_flow_style=True, width=10**6, allow_unicode=True)
    return shorten(dumped.removesuffix("...\n"), LONGEST, placeholder=" …")
