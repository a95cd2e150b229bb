"""Checks that every estimator makes of its numbers."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from cisflow.estimators.arrays import Floats
from cisflow.estimators.errors import refuse, rows_in_words


def check_regressors(heading: str, X: Floats, names: Sequence[str]) -> None:
    """Refuse missing and infinite regressors, naming each column and its count."""
    problems = []
    for j, name in enumerate(names):
        missing, infinite = int(np.isnan(X[:, j]).sum()), int(np.isinf(X[:, j]).sum())
        if missing:
            problems.append(
                (
                    f"{name}: missing in {rows_in_words(missing)}",
                    "drop these rows first, or use Tobit.from_formula, which drops and counts them",
                )
            )
        if infinite:
            problems.append(
                (
                    f"{name}: infinite in {rows_in_words(infinite)}",
                    "often the logarithm of zero or a ratio with denominator zero: "
                    "set these to missing, or use log(1 + x)",
                )
            )
    refuse(heading, problems)


def check_weights(heading: str, name: str, weights: Floats, n: int) -> None:
    """Refuse weights that are missing, zero, negative or of another length."""
    if weights.shape != (n,):
        refuse(
            heading,
            [(f"{name}: {weights.size} values for {n} rows", "give one weight for each row")],
        )
    invalid = int((~np.isfinite(weights)).sum())
    negative, zero = int((weights < 0).sum()), int((weights == 0).sum())
    problems = []
    if invalid:
        problems.append((f"{name}: missing or infinite in {rows_in_words(invalid)}", "drop them"))
    if negative:
        problems.append(
            (f"{name}: negative in {rows_in_words(negative)}", "a weight counts firms; correct it")
        )
    if zero:
        problems.append(
            (
                f"{name}: zero in {rows_in_words(zero)}",
                "drop these rows before estimating: they carry no information",
            )
        )
    refuse(heading, problems)
