"""The tidy table of estimates: the only thing the estimating stage hands on.

One row per term. ``status`` says what a row is: a coefficient that was ``estimated`` or that the
model has ``fixed``, one that is ``not_estimable`` (its estimate is empty and ``note`` says why, so
that no gap is silent), or a finding ``in_words``, those of the ``note``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from cisflow.base.records import read_tables

COLUMNS = (
    "country",
    "wave",
    "model",
    "outcome",
    "column",
    "term",
    "estimate",
    "std_error",
    "statistic",
    "p_value",
    "ci_low",
    "ci_high",
    "n",
    "n_lower",
    "n_upper",
    "groups",
    "cov_type",
    "weights",
    "status",
    "note",
)

ESTIMATED, FIXED, NO_ESTIMATE, IN_WORDS = "estimated", "fixed", "not_estimable", "in_words"

# Country of the rows that pool several (cisflow.estimation.pooling.pool).
POOLED = "pooled"
ALL_WAVES = "all"  # the wave of estimates on the firms of all waves

NUMBERS = (*COLUMNS[6:12], "n", "n_lower", "n_upper", "groups")
WORDS = tuple(column for column in COLUMNS if column not in NUMBERS)


@dataclass(frozen=True)
class Estimates:
    """Tidy estimates of one model in one country, with diagnostics.

    Attributes
    ----------
    table
        One row per term, columns :data:`COLUMNS`.
    diagnostics
        What else a reader needs: scale, fit, tests, dropped firms; plain JSON types.
    """

    table: pd.DataFrame
    diagnostics: dict[str, Any]


def read_estimates(files: Sequence[str | Path]) -> pd.DataFrame:
    """Read and stack estimate tables."""
    return read_tables(files, WORDS)


def read_pooled(file: str | Path) -> pd.DataFrame:
    """Read the pooled table, whose columns are those of the estimates and more."""
    return read_tables([file], (*WORDS, "method"))
