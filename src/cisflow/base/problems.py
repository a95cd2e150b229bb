"""What is wrong with an input, said so that its owner can mend it.

Every check collects :class:`Problem` objects and raises them together, because a
researcher in a safe centre may get one look at the log a day.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
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
