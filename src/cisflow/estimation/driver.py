"""One loop for all kinds of regressions: every outcome on every column, by every method."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache, partial
from typing import Any, TypeVar

import numpy as np

from cisflow.estimation.common import REFUSALS, Row, coefficient_rows, not_estimable, note_of
from cisflow.estimators.covariance import ONE_CLUSTER
from cisflow.study.models import Model

Prepared = TypeVar("Prepared")
Fitted = tuple[list[Row], dict[str, Any]]
"""Tidy rows and diagnostics of one fit."""


def attempt(fit: Callable[[], Fitted], **where: Any) -> Fitted:
    """Return what ``fit`` returns, with where it belongs; or one row that says why it cannot be."""
    try:
        rows, record = fit()
    except REFUSALS as error:
        note = note_of(error)
        rows, record = [not_estimable(note)], {"note": note}
    return [{**where, **row} for row in rows], {**where, **record}


def each_regression(
    spec: Model,
    prepare: Callable[[str, str], Prepared],
    fit: Callable[[Prepared, str], Fitted],
    methods: Sequence[str] | None = None,
) -> Iterator[Fitted]:
    """Fit every outcome on every column by every method; yield rows and diagnostics of each.

    Parameters
    ----------
    spec
        ``outcomes``, ``columns`` and, where several methods stand side by side, ``methods``; the
        rows' ``column`` is then ``{column}: {method}``.
    prepare
        From outcome and column to what all methods share; done once, and not where it fails.
    fit
        From that and the method (empty where there are none) to tidy rows and diagnostics.
    methods
        Instead of the model's.
    """
    for outcome, column in spec.regressions:
        shared = cache(partial(prepare, outcome, column))
        for method in methods or spec.methods or [""]:
            where = {"outcome": outcome, "column": f"{column}: {method}" if method else column}
            rows, record = attempt(lambda: fit(shared(), method), **where)  # noqa: B023 - called now
            yield rows, {**where, **({"method": method} if method else {}), **record}


def rows_of_covariance(
    about: Row, estimated: Callable[[], tuple[Any, float, float]], absent: Mapping[str, str]
) -> Iterator[Row]:
    """Yield one row per term for one kind of standard errors; one row if that cannot be had.

    Parameters
    ----------
    about
        What all rows have.
    estimated
        To results of linearmodels, the number of clusters and the degrees of freedom of t.
    absent
        Term → why it has no coefficient.
    """
    try:
        result, groups, df = estimated()
    except REFUSALS as error:
        yield not_estimable(note_of(error), **about)
        return
    about = {**about, "n": int(result.nobs), "groups": groups}
    for row in coefficient_rows(result.params, result.std_errors, df):
        if np.isnan(row["std_error"]):
            yield not_estimable(ONE_CLUSTER, **about, term=row["term"])
        else:
            yield {**about, **row}
    for term, reason in absent.items():
        yield not_estimable(reason, **about, term=term)
