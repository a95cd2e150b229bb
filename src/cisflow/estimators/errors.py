"""What an estimator cannot do, in words: the problem and its remedy.

Nothing of the pipeline is known here; it catches :class:`EstimationError` and tells the problems in
its own tables.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import NoReturn, Self

LEVEL = re.compile(r"\[T\.[^]]*\]")


@dataclass(frozen=True)
class Count:
    """A number of rows in a message: ``1 row``, ``1,001 rows``."""

    number: int  # how many
    of: str = "row"  # what is counted, in the singular

    def told(self, minimum: int = 0) -> str:
        """Return the number in words, ``fewer than 10 rows`` where it is below ``minimum``."""
        if 0 < self.number < minimum:
            return f"fewer than {minimum} {self.of}s"
        return f"{self.number:,} {self.of}{'s' * (self.number != 1)}"


class Alike(str):
    """Words of a message that tell how all rows of a group answer, which is known of each then."""


class Sentence(str):
    """A text that knows which of its words are numbers of rows, or tell how all of a group answer.

    As text it tells them exactly; :meth:`told` tells none that is small. What is written into
    another text (``f"{sentence}"``) is text only: build a :class:`Sentence` of sentences instead.

    Parameters
    ----------
    *parts
        Texts, counts and sentences, in their order.
    """

    parts: tuple[str | Count, ...]

    def __new__(cls, *parts: str | Count) -> Self:
        """Return the text the parts make."""
        flat: list[str | Count] = []
        for part in parts:
            flat += part.parts if isinstance(part, Sentence) else (part,)
        text = super().__new__(cls, "".join(p if isinstance(p, str) else p.told() for p in flat))
        text.parts = tuple(flat)
        return text

    @classmethod
    def joined(cls, sentences: Iterable[str], by: str = "; ") -> Self:
        """Return several sentences as one."""
        parts = [part for sentence in sentences for part in (by, sentence)]
        return cls(*parts[1:])

    def told(self, minimum: int) -> str:
        """Return the text without numbers of rows below ``minimum``."""
        return "".join(p if isinstance(p, str) else p.told(minimum) for p in self.parts)

    @property
    def alike(self) -> bool:
        """Whether it tells how all rows of a group answer."""
        return any(isinstance(part, Alike) for part in self.parts)

    @property
    def fewest(self) -> int | None:
        """The smallest number of rows it tells, None where it tells none."""
        return min((part.number for part in self.parts if isinstance(part, Count)), default=None)


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong: what it is and what to do about it."""

    what: str  # A Sentence where it tells a number of rows
    remedy: str

    @property
    def count(self) -> int | None:
        """The smallest number of rows that ``what`` tells of, None where it tells none."""
        return self.what.fewest if isinstance(self.what, Sentence) else None

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


class EstimationWarning(UserWarning):
    """What an estimator warns of, in words that tell nothing of single rows."""


class NoEstimateWarning(EstimationWarning):
    """Terms of a model have no estimate: they are NaN, and the results' ``notes`` say why."""


def warn_no_estimate(heading: str, terms: Collection[str], stacklevel: int = 2) -> None:
    """Warn of terms without an estimate, all at once and by name, if there are any.

    No number of rows is told, nor which level of a class it is, as all its rows may be alike: a log
    may be read by others than the data.
    """
    if terms:
        named = ", ".join(dict.fromkeys(LEVEL.sub("", str(term)) for term in terms))
        text = f"{heading}: no estimate of {named}; NaN in params, with the reason in notes"
        warnings.warn(text, NoEstimateWarning, stacklevel=stacklevel + 1)


def refuse(heading: str, what: str, remedy: str) -> NoReturn:
    """Raise :class:`EstimationError` for one problem."""
    raise EstimationError(heading, Problem(what, remedy))


def refuse_any(heading: str, problems: Iterable[Problem]) -> None:
    """Raise :class:`EstimationError` for all problems together, if there are any."""
    if problems := tuple(problems):
        raise EstimationError(heading, problems)
