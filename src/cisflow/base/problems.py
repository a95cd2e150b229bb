"""What is wrong with an input, said so that its owner can mend it.

Every check collects :class:`Problem` objects and raises them together, because a
researcher in a safe centre may get one look at the log a day.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path


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
"""Fewest rows whose number, or whose value, a message tells: messages end in logs, and logs leave a
centre."""
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
        return "\n".join([heading, *map(str, self.problems)])


@contextmanager
def reported(log: Path | str) -> Iterator[None]:
    """Run a job's body; an error that lists problems ends it with its message, not a traceback.

    Such are :class:`CisflowError` and the estimators' own, which this module does not know. The
    message goes to standard error, where the user looks, and to ``log``, where Snakemake keeps
    what a job said.
    """
    try:
        yield
    except Exception as error:
        if not hasattr(error, "problems"):
            raise
        Path(log).write_text(f"{error}\n", encoding="utf-8")
        print(f"\n{error}\n", file=sys.stderr)
        raise SystemExit(1) from None
