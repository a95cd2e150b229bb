"""What a covariance needs to know of a fit: its scores and its information, row by row."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from cisflow.estimators.arrays import Floats, Ints


class Rows(Protocol):
    """What a covariance needs to know of the rows of a fit."""

    @property
    def nobs(self) -> int:
        """Rows, each counted as often as its frequency weight says."""

    @property
    def size(self) -> int:
        """Rows, each counted once."""

    def codes(self, value: Any, /) -> list[Ints]:
        """Group codes of the rows, one array per way of clustering."""

    def aligned(self, values: Any, what: str) -> NDArray[Any]:
        """Values of the rows used, given those or one for every row of the caller's table."""


class Information(Protocol):
    """What is known about parameters, and what the caller calls them."""

    def bread(self) -> Floats:
        """Inverse information, (k, k)."""

    def jacobian(self) -> Floats:
        """Differentiate the caller's parameters with respect to those of the scores, (q, k)."""


class Scores(Information, Protocol):
    """What a covariance needs to know of a fit."""

    @property
    def heading(self) -> str:
        """What opens every message."""

    @property
    def rows(self) -> Rows:
        """The rows the scores are of."""

    def outer(self) -> Floats:
        """Sum of outer products of the weighted scores, (k, k)."""

    def sums(self, codes: Ints, groups: int) -> Floats:
        """Weighted scores summed by group, (groups, k)."""

    def informations(self, codes: Ints, groups: int) -> Iterator[Floats] | None:
        """Information of each group, (k, k) each; None where it is known in total only."""

    def of_each_row(self) -> tuple[Floats, Floats] | None:
        """Sides (n, k, r) and core (n, r, r) of ``side core side'``, the information of each row.

        None where it is not known to be of low rank.
        """

    def resampled(
        self, kind: str, groups: Ints | None, options: Mapping[str, Any]
    ) -> tuple[Floats, str]:
        """Covariance of resampled (β, log σ) in the caller's units, and a note."""


def rows_by_cluster(codes: Ints, groups: int) -> list[Ints]:
    """Places of the rows of each cluster."""
    order = np.argsort(codes, kind="stable")
    return np.split(order, np.searchsorted(codes[order], np.arange(1, groups)))


def summed_by_cluster(sides: Floats, core: Floats, codes: Ints, groups: int) -> Iterator[Floats]:
    """Information (k, k) of each cluster, from that of each row as ``of_each_row`` gives it."""
    for rows in rows_by_cluster(codes, groups):
        of = sides[rows]
        yield np.tensordot(of @ core[rows], of, axes=((0, 2), (0, 2)))
