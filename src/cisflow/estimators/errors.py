"""What an estimator cannot do, in words: the problem and its remedy."""

from __future__ import annotations

from collections.abc import Sequence

from cisflow.base.problems import CisflowError, Problem


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


def rows_in_words(count: int) -> str:
    """``1 row`` or ``12 rows``."""
    return "1 row" if count == 1 else f"{count:,} rows"
