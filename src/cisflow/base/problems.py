"""What is wrong with an input, said so that its owner can mend it.

Every check collects :class:`Problem` objects and raises them together, because a
researcher in a safe centre may get one look at the log a day.
"""

from __future__ import annotations

import errno
import json
import re
import sys
import traceback
import warnings
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, redirect_stderr, redirect_stdout, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO, cast

from cisflow.base.private import private, private_log
from cisflow.base.texts import printable


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong: what it is and what to do about it.

    ``what`` names the variable, its column and how many values are concerned; it never
    quotes a firm's id or the value of a numeric variable. ``about`` is what it concerns, a variable
    and its column, where that is not said in ``what``; ``count`` the smallest number of rows or
    firms that ``what`` tells of, None where it tells none.
    """

    what: str
    remedy: str
    about: str = ""
    count: int | None = None

    @property
    def said(self) -> str:
        """What is wrong and with what, in a sentence."""
        return f"{self.about}: {self.what}" if self.about else self.what

    def __str__(self) -> str:
        return f"  {self.said}\n      → {self.remedy}"


@dataclass(frozen=True)
class Unrecognised(Problem):
    """A column that the file seems to lack, or whose header says what is not understood."""


FEWEST_TOLD = 10
PACKAGE = __name__.partition(".")[0]
"""Fewest rows whose number, or whose value, a message tells: messages end in logs, and logs leave a
centre."""
FULL = (errno.ENOSPC, errno.EDQUOT)
CODE = re.compile(r"-?[0-9A-Za-z.]{1,5}")


def counted(n: int, noun: str) -> str:
    """Return how many rows, values or firms there are, unless they are few."""
    return f"{n} {noun}s" if n >= FEWEST_TOLD else f"fewer than {FEWEST_TOLD} {noun}s"


def counted_of(n: int, whole: int, noun: str) -> str:
    """Return how many of a known whole, unless they or those left over are few."""
    if whole < FEWEST_TOLD:
        return counted(n, noun)
    if 0 < whole - n < FEWEST_TOLD:
        return f"nearly all of {whole} {noun}s"
    return f"{n if n >= FEWEST_TOLD else f'fewer than {FEWEST_TOLD}'} of {whole} {noun}s"


def told_codes(counts: Mapping[str, int]) -> dict[str, int]:
    """Return the values that a message may quote: short codes that many rows have.

    All others may be a firm's: an identifier, an amount, a name.
    """
    return {v: n for v, n in counts.items() if n >= FEWEST_TOLD and CODE.fullmatch(v)}


def values_told(counts: Mapping[str, int], most: int = 8) -> str:
    """Return how many values there are, and those of them that may be quoted with how often."""
    count = sum(counts.values())
    told = told_codes(counts) if len(counts) <= most else {}
    left = count - sum(told.values())
    listed = ", ".join(f"{code} (×{n})" for code, n in told.items())
    if not told:
        kinds = f" of {len(counts)} kinds" if count >= FEWEST_TOLD and len(counts) > 1 else ""
        return f"{counted(count, 'value')}{kinds}"
    return f"{listed} and {counted(left, 'value')} more" if left else listed


def lists_values(column: str) -> str:
    """Return how a user sees the values of a column, as far as many rows have them."""
    return (
        f"`cisflow inspect FILE --column '{column}'` lists the codes that {FEWEST_TOLD} rows and "
        "more have"
    )


class CisflowError(Exception):
    """All problems of one input, under one heading.

    Parameters
    ----------
    heading
        Country, wave and file: ``"Nigeria, wave 2010 (data/raw/NG/x.csv)"``.
    problems
        What is wrong, in the order of the file.
    """

    def __init__(self, heading: str, problems: Problem | Iterable[Problem]):
        self.heading = heading
        self.problems = (problems,) if isinstance(problems, Problem) else tuple(problems)
        super().__init__(heading, self.problems)

    def __str__(self) -> str:
        n = len(self.problems)
        count = "1 problem" if n == 1 else f"{n} problems"
        heading = f"{self.heading}: {count}, nothing was written."
        return str(printable("\n".join([heading, *map(str, self.problems)])))


@contextmanager
def reported(log: Path | str) -> Iterator[None]:
    """Run a job's body; its log holds what it printed, and why it ended if it did not go well.

    Warnings stand in the log alone: dozens of jobs would have them all on one screen, and what they
    warn of (few clusters, terms without an estimate) the tables say too.

    An error that lists problems (:class:`CisflowError`, and the estimators' own, which this module
    does not know) ends the job with its message, not a traceback. Of any other the log has the kind
    and the place: what other packages say may quote values of firms, so their words stay below
    ``microdata/``. There the problems are kept as data too, for who tells what could not be read.
    """
    log = Path(log)
    kept = private_log(log)
    for old in (kept, kept.with_suffix(".json"), kept.with_suffix(".warnings")):
        old.unlink(missing_ok=True)
    log.parent.mkdir(parents=True, exist_ok=True)
    with (
        _written(log) as told,
        _also_into(told),
        _warned(told, kept),
    ):
        try:
            yield
        except Exception as error:
            if hasattr(error, "problems"):
                private(kept.with_suffix(".json")).write_text(_record(error), encoding="utf-8")
                text = str(error)
            else:
                text = _place_of(error, kept)
                with suppress(OSError):  # where the disk is full there is no room for it either
                    story = "".join(traceback.format_exception(error))
                    private(kept).write_text(story, encoding="utf-8")
            print(f"\n{text}\n", file=sys.stderr)
            raise SystemExit(1) from None


@contextmanager
def _written(log: Path) -> Iterator[TextIO]:
    """Open a log; what of it a full disk does not take is lost, and nothing else for it."""
    told = log.open("w", encoding="utf-8", buffering=1)
    try:
        yield told
    finally:
        with suppress(OSError):
            told.close()


class _Both:
    """A stream whose text goes into a second one too."""

    def __init__(self, stream: TextIO, copy: TextIO):
        self._stream, self._copy = stream, copy

    def write(self, text: str) -> int:
        with suppress(OSError):  # a full disk does not take from the screen what is said of it
            self._copy.write(text)
        return self._stream.write(text)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


@contextmanager
def _also_into(log: TextIO) -> Iterator[None]:
    out, err = _Both(sys.stdout, log), _Both(sys.stderr, log)
    with redirect_stdout(cast(TextIO, out)), redirect_stderr(cast(TextIO, err)):
        yield


@contextmanager
def _warned(log: TextIO, kept: Path) -> Iterator[None]:
    """Write warnings into a log: our own by their words, others by their kind and place.

    What other packages say may quote values of firms ("Value 'Smith Ltd' has dtype incompatible
    …"), so their words are kept below ``microdata/``.
    """

    def show(
        message: Warning | str,
        category: type[Warning],
        filename: str,
        lineno: int,
        file: TextIO | None = None,
        line: str | None = None,
    ) -> None:
        if category.__module__.partition(".")[0] == PACKAGE:
            log.write(f"{category.__name__}: {message}\n")
            return
        log.write(f"{category.__name__}: in {_module(filename)}, line {lineno}\n")
        with private(kept.with_suffix(".warnings")).open("a", encoding="utf-8") as words:
            words.write(f"{category.__name__}: {message}\n")

    with warnings.catch_warnings():
        warnings.showwarning = show
        yield


def _record(error: Exception) -> str:
    """Return the problems an error lists, in JSON."""
    told = [
        {"said": getattr(p, "said", str(p)), "count": getattr(p, "count", None)}
        for p in getattr(error, "problems", ())
    ]
    heading = getattr(error, "heading", str(error).split(":")[0])
    return json.dumps({"heading": heading, "problems": told}, indent=1, ensure_ascii=False) + "\n"


def _place_of(error: Exception, kept: Path) -> str:
    """Return kind and place of a fault, without its words or a path of the machine."""
    calls = traceback.extract_tb(error.__traceback__)
    lines = [f"  {_module(call.filename)}, line {call.lineno}, in {call.name}" for call in calls]
    if isinstance(error, OSError) and error.errno in FULL:
        said = Problem("the disk is full", "make room on it, or for your quota, then run again")
        return "\n".join([str(said), lines[-1]])
    return "\n".join(
        [
            f"A fault that no check foresaw: {type(error).__name__}. Where, the last call last:",
            *lines,
            f"Its words may quote values of firms. They are in {kept.as_posix()} and stay with "
            "the microdata; to report the fault, send the lines above alone.",
        ]
    )


def _module(file: str) -> str:
    """Return a source file as its package names it."""
    path = Path(file)
    for root in ("site-packages", "src"):
        if root in path.parts:
            return Path(*path.parts[len(path.parts) - path.parts[::-1].index(root) :]).as_posix()
    return path.name
