"""What an estimator cannot do, in words: the problem and its remedy."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Self

from cisflow.base.problems import CisflowError, Problem


@dataclass(frozen=True)
class Count:
    """A number of rows in a message: ``1 row``, ``1,001 rows``.

    Attributes
    ----------
    number
        How many.
    of
        What is counted, in the singular.
    """

    number: int
    of: str = "row"

    def told(self, minimum: int = 0) -> str:
        """Return the number in words, ``fewer than 10 rows`` where it is below ``minimum``."""
        if 0 < self.number < minimum:
            return f"fewer than {minimum} {self.of}s"
        return f"{self.number:,} {self.of}{'s' * (self.number != 1)}"


class Sentence(str):
    """A text that knows which of its words are numbers of rows.

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


class EstimationError(CisflowError, ValueError):
    """The data do not determine the model; the message says why and what to do."""

    def __str__(self) -> str:
        n = len(self.problems)
        count = "1 problem" if n == 1 else f"{n} problems"
        return "\n".join(
            [f"{self.heading}: {count}, nothing was estimated.", *map(str, self.problems)]
        )


def refuse(heading: str, problems: Sequence[tuple[str, str]]) -> None:
    """Raise :class:`EstimationError` if there are any (what, remedy) pairs."""
    if problems:
        raise EstimationError(heading, [Problem(what, remedy) for what, remedy in problems])
