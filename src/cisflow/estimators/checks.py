"""Checks that every estimator makes of its numbers."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from cisflow.estimators.arrays import Floats
from cisflow.estimators.errors import Count, Sentence, refuse


def check_regressors(heading: str, X: Floats, names: Sequence[str]) -> None:
    """Refuse missing and infinite regressors, naming each column and its count."""
    problems = []
    for j, name in enumerate(names):
        missing, infinite = int(np.isnan(X[:, j]).sum()), int(np.isinf(X[:, j]).sum())
        if missing:
            problems.append(
                (
                    Sentence(f"{name}: missing in ", Count(missing)),
                    "drop these rows first, or use Tobit.from_formula, which drops and counts them",
                )
            )
        if infinite:
            problems.append(
                (
                    Sentence(f"{name}: infinite in ", Count(infinite)),
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
        problems.append((Sentence(f"{name}: missing or infinite in ", Count(invalid)), "drop them"))
    if negative:
        problems.append(
            (
                Sentence(f"{name}: negative in ", Count(negative)),
                "a weight counts firms; correct it",
            )
        )
    if zero:
        problems.append(
            (
                Sentence(f"{name}: zero in ", Count(zero)),
                "drop these rows before estimating: they carry no information",
            )
        )
    refuse(heading, problems)
