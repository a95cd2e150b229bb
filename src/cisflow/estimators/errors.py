"""What an estimator cannot do, in words: the problem and its remedy.

Nothing of the pipeline is known here; it catches :class:`EstimationError` and tells the problems in
its own tables.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NoReturn, Self


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong: what it is and what to do about it.

    Attributes
    ----------
    what, remedy : str
    count : int or None
        Rows, or firms, of which ``what`` tells the number; None where it tells none.
    """

    what: str
    remedy: str
    count: int | None = None

    def __str__(self) -> str:
        return f"  {self.what}\n      → {self.remedy}"


class EstimationError(ValueError):
    """The data do not determine the model; the message says why and what to do.

    Parameters
    ----------
    heading : str
        The model.
    problems : Problem or several
    """

    def __init__(self, heading: str, problems: Problem | Iterable[Problem]):
        self.heading = heading
        self.problems = (problems,) if isinstance(problems, Problem) else tuple(problems)
        super().__init__(heading, self.problems)

    def __str__(self) -> str:
        n = len(self.problems)
        count = "1 problem" if n == 1 else f"{n} problems"
        heading = f"{self.heading}: {count}, nothing was estimated."
        return "\n".join([heading, *map(str, self.problems)])


class Reason(str):
    """Why there is no coefficient; ``rows`` is the number of rows it tells, None if none."""

    rows: int | None

    def __new__(cls, text: str, rows: int | None = None) -> Self:
        """Make it of its text and the number of rows the text tells."""
        reason = super().__new__(cls, text)
        reason.rows = rows
        return reason


def refuse(heading: str, what: str, remedy: str, count: int | None = None) -> NoReturn:
    """Raise :class:`EstimationError` for one problem."""
    raise EstimationError(heading, Problem(what, remedy, count))


def refuse_any(heading: str, problems: Iterable[Problem]) -> None:
    """Raise :class:`EstimationError` for all problems together, if there are any."""
    if problems := tuple(problems):
        raise EstimationError(heading, problems)


def rows_in_words(count: int) -> str:
    """``1 row`` or ``12 rows``."""
    return "1 row" if count == 1 else f"{count:,} rows"
