"""The rows a Tobit is estimated from: outcome and limits, regressors, weights."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, field, replace
from functools import cached_property
from math import isfinite
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from cisflow.estimators.arrays import Floats, Ints
from cisflow.estimators.checks import by_label, check_regressors, check_weights
from cisflow.estimators.errors import Count, EstimationWarning, Sentence, refuse
from cisflow.estimators.formula import Absorbed, ModelFrame
from cisflow.estimators.tobit.checks import check_outcome, check_variation
from cisflow.estimators.tobit.likelihood import Design, Outcome
from cisflow.estimators.tobit.scaling import column_totals

Limits = tuple[ArrayLike | None, ArrayLike | None]


@dataclass(frozen=True, eq=False)
class Sample:
    """Rows that have passed every check of their numbers; made by :func:`make_sample`.

    Attributes
    ----------
    name : str
        Of the outcome.
    outcome : Outcome of n rows
    limits : (lower, upper)
        As given: numbers, (n,) arrays, or None.
    design : Design of n rows
    totals : two (p,) arrays
        Sums and sums of squares of the dense columns.
    names : list of str
        Of the columns, those of the absorbed categorical last.
    display : (k,) integers
        Place of each column where coefficients are listed.
    weights, freq_weights : (n,) arrays or None
    absorbed : Absorbed or None
    frame, table
        The formula's numbers and the caller's table, where there was a formula.
    dropped : dict
        Rows left out, and for want of which variable.
    """

    name: str
    outcome: Outcome
    limits: Limits
    design: Design
    totals: tuple[Floats, Floats]
    names: list[str]
    display: Ints
    weights: Floats | None = None
    freq_weights: Floats | None = None
    absorbed: Absorbed | None = None
    frame: ModelFrame | None = None
    table: pd.DataFrame | None = None
    dropped: dict[str, int] = field(default_factory=dict)

    @property
    def heading(self) -> str:
        """What opens every message."""
        return f"Tobit of {self.name}"

    @property
    def size(self) -> int:
        """Rows, each counted once."""
        return int(self.outcome.value.size)

    @property
    def nobs(self) -> int:
        """Rows, each counted as often as its frequency weight says."""
        n = self.size if self.freq_weights is None else self.freq_weights.sum()
        return round(float(n))

    @cached_property
    def n_lower(self) -> int:
        """Rows at the lower limit."""
        return self._count(self.outcome.side < 0)

    @cached_property
    def n_upper(self) -> int:
        """Rows at the upper limit."""
        return self._count(self.outcome.side > 0)

    def _count(self, rows: NDArray[np.bool_]) -> int:
        frequency = self.freq_weights
        return int(rows.sum()) if frequency is None else round(float(frequency[rows].sum()))

    @cached_property
    def total_weights(self) -> Floats:
        """Weight of each row in the likelihood, (n,)."""
        weights = np.ones(self.size)
        for given in (self.weights, self.freq_weights):
            if given is not None:
                weights = weights * given
        return weights

    @cached_property
    def squared_weights(self) -> Floats:
        """What products of two scores of a row are counted with, (n,).

        A row with frequency weight f counts as f rows; a sampling weight scales its score.
        """
        squared = np.ones(self.size)
        if self.weights is not None:
            squared = squared * self.weights**2
        if self.freq_weights is not None:
            squared = squared * self.freq_weights
        return squared

    def limits_of(self, n: int) -> tuple[Floats, Floats]:
        """Lower and upper limits of n rows, infinite where there are none."""
        lower, upper = self.limits
        low = np.broadcast_to(np.asarray(-np.inf if lower is None else lower, dtype=float), (n,))
        high = np.broadcast_to(np.asarray(np.inf if upper is None else upper, dtype=float), (n,))
        return low, high

    def intercept_only(self) -> Sample:
        """Return the same rows without regressors."""
        X = np.ones((self.size, 1))
        weights = self.weights, self.freq_weights
        return make_sample(self.name, self.outcome, self.limits, X, ["const"], *weights)

    def with_outcome(self, latent: Floats) -> Sample:
        """Return the same rows with other outcomes: ``latent`` (n,), censored at the limits."""
        outcome = censored(self.heading, np.clip(latent, *self.limits), *self.limits)
        check_variation(self.heading, outcome)
        display = np.arange(len(self.names))
        return replace(self, outcome=outcome, display=display, frame=None, table=None, dropped={})

    def take(self, kept: Ints) -> Sample:
        """Keep some rows, by their places; columns that have become empty stay.

        Raises
        ------
        EstimationError
            If no outcome between the limits is left.
        """
        outcome, design = self.outcome.take(kept), self.design
        check_variation(self.heading, outcome)
        lower, upper = self.limits
        codes = None if design.codes is None else design.codes[kept]
        columns, frame, absorbed = design.columns[kept], self.frame, self.absorbed
        if absorbed is not None:
            absorbed = replace(absorbed, codes=absorbed.codes[kept])
        return replace(
            self,
            outcome=outcome,
            limits=(_rows_of(lower, kept, self.size), _rows_of(upper, kept, self.size)),
            design=Design(columns, codes, design.groups),
            totals=column_totals(columns),
            weights=_rows_of(self.weights, kept, self.size),
            freq_weights=_rows_of(self.freq_weights, kept, self.size),
            absorbed=absorbed,
            frame=None if frame is None else replace(frame, rows=frame.rows[kept]),
        )

    @property
    def places(self) -> Ints:
        """Places of the rows in the caller's table, (n,)."""
        return np.arange(self.size) if self.frame is None else self.frame.rows

    def codes(self, value: Any) -> list[Ints]:
        """Codes 0…G−1 of one or two ways of clustering the rows.

        Parameters
        ----------
        value : array-like, column name, list of two column names, or (n, 2) array
            Of the rows used, or of all rows of the table the formula was given.
        """
        return [self._codes(column) for column in self._columns_of(value)]

    def _columns_of(self, value: Any) -> list[Any]:
        if isinstance(value, str):
            return [value]
        if isinstance(value, list | tuple) and value and isinstance(value[0], str):
            table = self.table
            named = table is not None and all(
                isinstance(v, str) and v in table.columns for v in value
            )
            return list(value) if named else [np.asarray(value)]
        array = np.asarray(self._by_label(value))
        if array.ndim == 2:
            return [array[:, j] for j in range(array.shape[1])]
        return [array]

    def _by_label(self, values: Any) -> Any:
        """Put labelled values in the order of the rows of the formula's table, or of those used."""
        if self.table is None or not isinstance(values, pd.Series | pd.DataFrame):
            return values
        index = self.table.index
        return by_label(values, index if len(values) == len(index) else index[self.places])

    def aligned(self, values: Any, what: str) -> Any:
        """Values of the rows used, given those or one for every row of the formula's table."""
        found, n = np.asarray(self._by_label(values)), self.size
        if self.frame is not None and found.shape == (self.frame.total,) != (n,):
            found = found[self.frame.rows]
        if found.shape != (n,):
            refuse(self.heading, f"{found.size} {what} for {n} rows", "give one for each row")
        return found

    def _codes(self, column: Any) -> Ints:
        if isinstance(column, str):
            if self.table is None or column not in self.table.columns:
                what = f"no column {column} to cluster by"
                refuse(self.heading, what, "pass the groups themselves")
            column = self.table[column].to_numpy()
        codes, _ = pd.factorize(self.aligned(column, "cluster labels"))
        if codes.min() < 0:
            lost = int((codes < 0).sum())
            what = Sentence("the cluster is missing in ", Count(lost))
            refuse(self.heading, what, "drop these rows or give them a group of their own")
        return np.asarray(codes, dtype=np.intp)


def _rows_of(values: Any, kept: Ints, n: int) -> Any:
    """Values of some rows; what is the same for all rows stays."""
    return values if np.shape(values) != (n,) else np.asarray(values)[kept]


def make_sample(
    name: str,
    outcome: Outcome,
    limits: Limits,
    X: Floats,
    names: list[str],
    weights: ArrayLike | None = None,
    freq_weights: ArrayLike | None = None,
    absorb: ArrayLike | Absorbed | None = None,
    frame: ModelFrame | None = None,
    table: pd.DataFrame | None = None,
) -> Sample:
    """Check the numbers of n rows, the regressors X (n, p) among them, and put them together.

    ``frame`` is what a formula made of ``table``, where there was one.

    Raises
    ------
    EstimationError
        For lengths that differ, missing or infinite regressors, an outcome without variation
        between the limits, and weights that are none.
    """
    heading, n = f"Tobit of {name}", X.shape[0]
    if outcome.value.shape != (n,):
        what = f"{outcome.value.size} outcomes for {n} rows of regressors"
        refuse(heading, what, "give the same rows of both")
    if n == 0:
        refuse(heading, "no rows", "check the sample restrictions")
    totals = column_totals(X)
    if not np.isfinite(totals[0]).all():
        check_regressors(heading, X, names)
    check_variation(heading, outcome)
    absorbed = as_absorbed(heading, absorb, n)
    if absorbed is None:
        design = Design(X)
    else:
        design = Design(X, absorbed.codes, len(absorbed.levels) - 1)
        names = [*names, *absorbed.names]
    display, dropped = np.arange(len(names)), {}
    if frame is not None:
        place = {name: j for j, name in enumerate(frame.order)}
        display = np.array([place[name] for name in names])
        dropped = {k.replace("cisflow_", ""): v for k, v in frame.dropped.items()}
    return Sample(
        name,
        outcome,
        limits,
        design,
        totals,
        names,
        display,
        _weights(heading, "weights", weights, n),
        _weights(heading, "freq_weights", freq_weights, n),
        absorbed,
        frame,
        table,
        dropped,
    )


def _weights(heading: str, name: str, values: ArrayLike | None, n: int) -> Floats | None:
    if values is None:
        return None
    weights = np.asarray(values, dtype=float)
    check_weights(heading, name, weights, n)
    return weights


def censored(heading: str, y: Floats, lower: ArrayLike | None, upper: ArrayLike | None) -> Outcome:
    """Sort out which outcomes (n,) are at a limit: those within 1e-9 of the range from it."""
    floor = np.asarray(-np.inf if lower is None else lower, dtype=float)[()]
    ceiling = np.asarray(np.inf if upper is None else upper, dtype=float)[()]
    smallest, largest = (y.min(), y.max()) if y.size else (0.0, 0.0)
    spread = float(largest - smallest)
    slack = 1e-9 * spread if isfinite(spread) else 0.0
    low_enough, high_enough = floor - slack, ceiling + slack
    right = low_enough < high_enough
    right &= (y if np.ndim(floor) else smallest) >= low_enough
    right &= (y if np.ndim(ceiling) else largest) <= high_enough
    if not (isfinite(spread) and np.all(right)):
        check_outcome(heading, y, *np.broadcast_arrays(low_enough, high_enough, y)[:2])
    if 0 < largest <= 1 and ceiling.max() == 100:
        warnings.warn(
            f"{heading}: no value is above 1 and the upper limit is 100. If the outcome is a "
            "fraction, use upper=1 or multiply it by 100.",
            EstimationWarning,
            stacklevel=3,
        )
    below, above = y <= floor + slack, y >= ceiling - slack
    value = y.copy()  # ten times as quick as choosing among three
    np.copyto(value, ceiling, where=above)
    np.copyto(value, floor, where=below)
    return Outcome(value, above.view(np.int8) - below.view(np.int8))


def column_names(exog: Any, X: Floats) -> list[str]:
    """Names of the regressors: those of the table, or const, x1, x2, … as in statsmodels."""
    columns = getattr(exog, "columns", None)
    if columns is not None:
        return [str(name) for name in columns]
    names, count = [], 0
    for j in range(X.shape[1]):
        constant = X.shape[0] > 0 and X[0, j] != 0 and bool(np.all(X[:, j] == X[0, j]))
        if constant and "const" not in names:
            names.append("const")
        else:
            count += 1
            names.append(f"x{count}")
    return names


def as_absorbed(heading: str, absorb: ArrayLike | Absorbed | None, n: int) -> Absorbed | None:
    """Encode a categorical given as values; shape (n,)."""
    if absorb is None or isinstance(absorb, Absorbed):
        return absorb
    values = pd.Categorical(absorb)
    name = str(getattr(absorb, "name", None) or "absorbed")
    values = values.remove_unused_categories()
    codes = np.asarray(values.codes, dtype=np.intp)
    if codes.shape != (n,) or bool(np.any(codes < 0)):
        what = f"{name}: {codes.size} categories for {n} rows, or some missing"
        refuse(heading, what, "give one category for each row")
    return Absorbed(name, name, list(values.categories), codes)
