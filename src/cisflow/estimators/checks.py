"""Checks that every estimator makes of its numbers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from cisflow.estimators.arrays import Floats
from cisflow.estimators.errors import Count, Problem, Sentence, refuse, refuse_any

DROP = "drop these rows first, or use Tobit.from_formula, which drops and counts them"
CORRECT = "correct the data or the limit; a value is never moved to the limit silently"


def by_label(values: Any, index: pd.Index) -> Any:
    """Return values in the order of a table's rows: labelled ones by their labels.

    A column of pandas whose labels are those of the rows in another order belongs to them by label,
    as everywhere in pandas; anything else is taken as it stands.
    """
    labels = values.index if isinstance(values, pd.Series | pd.DataFrame) else index
    if labels.equals(index) or len(labels) != len(index):
        return values
    if not (labels.is_unique and index.is_unique and index.isin(labels).all()):
        return values
    return values.reindex(index)


def told(text: str, count: int, remedy: str) -> list[Problem]:
    """Return the problem of some rows, ``text`` and their number, or none if there are none."""
    return [Problem(Sentence(text, " in ", Count(count)), remedy)] if count else []


def check_regressors(heading: str, X: Floats, names: Sequence[str]) -> None:
    """Refuse missing and infinite regressors, naming each column and its count."""
    problems = []
    remedy = (
        "often the logarithm of zero or a ratio with denominator zero: "
        "set these to missing, or use log(1 + x)"
    )
    for j, name in enumerate(names):
        problems += told(f"{name}: missing", int(np.isnan(X[:, j]).sum()), DROP)
        problems += told(f"{name}: infinite", int(np.isinf(X[:, j]).sum()), remedy)
    refuse_any(heading, problems)


def check_weights(heading: str, name: str, weights: Floats, n: int) -> None:
    """Refuse weights that are missing, zero, negative or of another length."""
    if weights.shape != (n,):
        what = f"{name}: {weights.size} values for {n} rows"
        refuse(heading, what, "give one weight for each row")
    no_information = "drop these rows before estimating: they carry no information"
    refuse_any(
        heading,
        [
            *told(f"{name}: missing or infinite", int((~np.isfinite(weights)).sum()), "drop them"),
            *told(
                f"{name}: negative", int((weights < 0).sum()), "a weight counts firms; correct it"
            ),
            *told(f"{name}: zero", int((weights == 0).sum()), no_information),
        ],
    )
