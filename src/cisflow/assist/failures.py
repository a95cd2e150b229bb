"""How a run ended that failed: what to do about it, and no more."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from cisflow.base.paths import shown

MOST_FAILURES, MOST_LINES = 3, 8
ENDED_FROM_OUTSIDE = (
    "it said nothing: the disk is full, or it was ended from outside, for want of memory mostly\n"
    "    → make room, or run it with fewer jobs at once, such as --cores 1"
)


@dataclass(frozen=True)
class Failure:
    """A step that failed: what it did, in words, and its logs."""

    what: str
    logs: tuple[Path, ...]


def failures_told(failures: Sequence[Failure], again: str) -> str:
    """Return what failed, each with what its log says last, and how to go on.

    Parameters
    ----------
    failures
        In the order they happened.
    again
        The command that goes on with the run.
    """
    count = "1 step" if len(failures) == 1 else f"{len(failures)} steps"
    lines = ["", f"The run failed: {count} did not end. What the others made is kept."]
    for failure in failures[:MOST_FAILURES]:
        lines += [f"  {failure.what}", *_last_words(failure.logs)]
    if len(failures) > MOST_FAILURES:
        lines.append(f"  and {len(failures) - MOST_FAILURES} more, above")
    return "\n".join([*lines, f"Mend this, then go on with: {again}"])


def _last_words(logs: Sequence[Path]) -> Iterator[str]:
    """Yield the last paragraph of a step's log, cut where it is long, and where the log is."""
    there = [log for log in logs if log.is_file()]
    said = "\n".join(log.read_text(encoding="utf-8", errors="replace") for log in there).strip()
    lines = (said.split("\n\n")[-1] or ENDED_FROM_OUTSIDE).splitlines()
    yield from (f"    {line}" for line in lines[:MOST_LINES])
    if len(lines) > MOST_LINES:
        yield f"    … {len(lines) - MOST_LINES} more lines"
    yield from (f"    log: {shown(log)}" for log in there)


def errors_told(errors: Sequence[str]) -> str:
    """Return why a run did not begin, or broke off, without Snakemake's own line of code."""
    return "\n".join(["", *dict.fromkeys(_bare(error) for error in errors)])


def _bare(error: str) -> str:
    """Return what a workflow says is wrong without where in the workflow it says so.

    Any other error keeps all of its words: a line of a Snakefile that cannot be read, say.
    """
    head, *rest = error.strip().splitlines()
    told = [line for line in rest if not line.startswith('  File "')]
    return "\n".join(told) if told and head.startswith("WorkflowError") else error.strip()
