r"""Whether rows with and without a yes/no are alike: means, spreads, and how likely each was.

The standardised difference of a covariate is

.. math:: (\bar x_1 - \bar x_0) \big/ \sqrt{(s_1^2 + s_0^2) / 2}

with the spreads before weighting in both, so that weighting moves the numerator alone (Austin 2009,
Statistics in Medicine 28:3083–3107). Below 0.1 it is held to be negligible.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cisflow.estimators.arrays import Floats
from cisflow.estimators.regression.rows import Rows

NEGLIGIBLE = 0.1
BINS = 10


@dataclass(frozen=True)
class Balance:
    """Standardised differences of the covariates.

    Attributes
    ----------
    names : tuple of str
    before, after : tuple of float
        Of all rows unweighted, and of those kept with their weights.
    """

    names: tuple[str, ...]
    before: tuple[float, ...]
    after: tuple[float, ...]


@dataclass(frozen=True)
class Overlap:
    """How many rows with and without a yes/no were how likely to have it.

    Attributes
    ----------
    edges : tuple of float
        Of the bins, one more than these.
    bins : (n,) integers
        Which bin each row is in.
    given : (n,) booleans
        Which rows have it.
    """

    edges: tuple[float, ...]
    bins: NDArray[np.intp]
    given: NDArray[np.bool_]

    def rows(self, place: int, with_: bool) -> NDArray[np.intp]:
        """Return the rows of a bin that have it, or that do not."""
        return np.flatnonzero((self.bins == place) & (self.given == with_))

    def counts(self, with_: bool) -> list[int]:
        """Return how many rows each bin has."""
        return [len(self.rows(place, with_)) for place in range(len(self.edges) - 1)]


def overlap_of(propensity: Floats, given: NDArray[np.bool_], bins: int = BINS) -> Overlap:
    """Return propensities in bins of equal width from 0 to 1."""
    edges = np.linspace(0, 1, bins + 1)
    places = np.clip(np.floor(propensity * bins).astype(np.intp), 0, bins - 1)
    return Overlap(tuple(float(e) for e in edges), places, given)


def balance_of(
    everyone: Rows,
    given: NDArray[np.bool_],
    kept: Rows,
    given_kept: NDArray[np.bool_],
    weights: Floats,
) -> Balance:
    """Return standardised differences of the covariates that vary, before and after weighting.

    Parameters
    ----------
    everyone, given
        All rows and which have the yes/no.
    kept, given_kept, weights
        The same of the rows that are kept, and their weights.
    """
    names, before, after = [], [], []
    for name in kept.names:
        first = everyone.X[:, everyone.names.index(name)]
        spread = float(np.sqrt((_variance(first[given]) + _variance(first[~given])) / 2))
        if not spread > 0:
            continue
        second = kept.X[:, kept.names.index(name)]
        names.append(name)
        before.append(_difference(first, given, np.ones(len(first))) / spread)
        after.append(_difference(second, given_kept, weights) / spread)
    return Balance(tuple(names), tuple(before), tuple(after))


def _variance(values: Floats) -> float:
    return float(values.var(ddof=1)) if len(values) > 1 else 0.0


def _difference(values: Floats, given: NDArray[np.bool_], weights: Floats) -> float:
    parts = (np.average(values[side], weights=weights[side]) for side in (given, ~given))
    with_, without = parts
    return float(with_ - without)
