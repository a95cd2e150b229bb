"""The tidy table of estimates: the only thing the estimating stage hands on.

One row per term. ``status`` says what a row is: a coefficient that was ``estimated`` or that the
model has ``fixed``, one that is ``not_estimable`` (its estimate is empty and ``note`` says why, so
that no gap is silent), one that is ``withheld`` by the gate (likewise), or a finding ``in_words``,
those of the ``note``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd

from cisflow.base.records import Table

PLACE = ("country", "wave", "model", "outcome", "column", "term")
FOUND = ("estimate", "std_error", "statistic", "p_value", "ci_low", "ci_high")
SIZES = ("n", "n_lower", "n_upper", "groups")
SHOWN = ("cov_type", "weights", "status", "note")
ESTIMATES = Table.of(*PLACE, *FOUND, *SIZES, *SHOWN, numbers=(*FOUND, *SIZES))

HETEROGENEITY = ("k", "places", "tau2", "i2", "q", "q_p", "pi_low", "pi_high", "df")
POOLED_ESTIMATES = Table.of(
    *ESTIMATES.columns, "method", *HETEROGENEITY, numbers=(*ESTIMATES.numbers, *HETEROGENEITY)
)

ESTIMATED, FIXED, NO_ESTIMATE, IN_WORDS = "estimated", "fixed", "not_estimable", "in_words"
WITHHELD = "withheld"

# Country of the rows that pool several (cisflow.estimation.pooling.pool).
POOLED = "pooled"
ALL_WAVES = "all"  # the wave of estimates on the firms of all waves


@dataclass(frozen=True)
class Estimates:
    """Tidy estimates of one model in one country, with diagnostics.

    Attributes
    ----------
    table
        One row per term, columns of :data:`ESTIMATES`.
    diagnostics
        What else a reader needs: scale, fit, tests, dropped firms; plain JSON types.
    """

    table: pd.DataFrame
    diagnostics: dict[str, Any]
