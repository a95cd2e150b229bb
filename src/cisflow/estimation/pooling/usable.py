"""Which estimates may be pooled: those that a verdict may rest on in their own sample.

An estimate that compares with a handful of firms, or that rests on weak instruments, decides
nothing where it was made. Among others it would have a weight: the smaller its standard error
happens to be, the larger.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cisflow.estimation.estimates import PLACE, TESTS

Place = tuple[str, ...]


def strength(fit: Mapping[str, Any]) -> float | None:
    """Return how strong the instruments of a fit are, an F; None if it has none.

    What moves the selection of a selection model and not its outcome is an instrument too.
    """
    if not {"first_stage", "exclusion"} & {*fit}:
        return None
    f = fit.get("exclusion", {}).get("f", fit.get("kleibergen_paap_f"))
    f = fit.get("effective_f", f)
    return None if f is None else float(f)


def undeciding(
    estimates: pd.DataFrame, diagnostics: Iterable[Mapping[str, Any]], least_f: float
) -> NDArray[np.bool_]:
    """Mark the rows of estimates, (n,), on which no verdict may rest.

    Parameters
    ----------
    estimates
        Tidy estimates.
    diagnostics
        Of the same models: what was counted of each test, and how strong instruments are.
    least_f
        Smallest F of the first stage with which instruments decide anything.
    """
    few: set[Place] = set()
    weak: set[Place] = set()
    for record in diagnostics:
        few |= on_few(record)
        for fit in record["fits"]:
            f = strength(fit)
            if f is not None and not f >= least_f:
                column = str(fit.get("column", "")).partition(": ")[0]
                weak.add((*_where(record, fit), str(fit.get("outcome")), column))
    return np.array([place in few or _fit_of(place) in weak for place in places(estimates)], bool)


def on_few(record: Mapping[str, Any]) -> set[Place]:
    """Return the tested estimates of a model's diagnostics with too few firms on one side."""
    return {
        (*_where(record, fit), *(str(test.get(key)) for key in PLACE[3:]))
        for fit in record["fits"]
        for test in fit.get(TESTS, ())
        if test.get("few")
    }


def places(estimates: pd.DataFrame) -> Iterator[Place]:
    """Yield what tells the rows of estimates apart, as :func:`on_few` has it."""
    return estimates[[*PLACE]].astype(str).itertuples(index=False, name=None)


def _where(record: Mapping[str, Any], fit: Mapping[str, Any]) -> Place:
    return record["country"], str(fit.get("wave")), record["model"]


def _fit_of(place: Place) -> Place:
    """Return which fit a row is of: what least squares give beside has no instruments."""
    column, _, method = place[4].partition(": ")
    return (*place[:4], column) if method != "ols" else ()
