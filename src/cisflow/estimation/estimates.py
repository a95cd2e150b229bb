"""The tidy table of estimates: the only thing the estimating stage hands on.

One row per term and quantity. ``quantity`` says what the number is: a ``coefficient`` of the
model, or an average effect of the term on the mean of the outcome as it is ``observed``, limits
included (points of turnover), on the ``latent`` outcome, on the mean of outcomes strictly between
the limits (``uncensored``), or on the ``probability`` of one that is not at the lower limit (of a
Tobit: at neither). Effects of yes/no variables are the change from no to yes, those of others a
derivative, those of products a difference or derivative in each factor (Ai & Norton 2003); they
have the model's main covariance alone.

Of a specification curve each specification is a row, and in the column of the model's own name the
curve as a whole: its median effect (``observed``), the share of positive effects and of those that
are significant with the dominant sign, the mean of the z statistics, and the ``joint`` p-value.

``status`` says what a row is: a number that was ``estimated`` or that the model has ``fixed``, one
that is ``not_estimable`` (its estimate is empty and ``note`` says why, so that no gap is silent),
one that is ``withheld`` by the gate (likewise), or a finding ``in_words``, those of the ``note``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd

from cisflow.base.records import Table

PLACE = ("country", "wave", "model", "outcome", "column", "term", "quantity")
FOUND = ("estimate", "std_error", "statistic", "p_value", "ci_low", "ci_high")
SIZES = ("n", "n_lower", "n_upper", "groups")
SHOWN = ("cov_type", "weights", "status", "note")
COEFFICIENT, OBSERVED = "coefficient", "observed"
# Of a specification curve as a whole; its median effect is `observed`.
SHARE_POSITIVE, SHARE_SIGNIFICANT = "share_positive", "share_significant"
MEAN_Z, JOINT = "mean_z", "joint"
OF_CURVES = (SHARE_POSITIVE, SHARE_SIGNIFICANT, MEAN_Z, JOINT)
QUANTITIES = (COEFFICIENT, OBSERVED, "latent", "uncensored", "probability", *OF_CURVES)
ESTIMATES = Table.of(*PLACE, *FOUND, *SIZES, *SHOWN, numbers=(*FOUND, *SIZES), quantity=COEFFICIENT)

HETEROGENEITY = ("k", "places", "tau2", "i2", "q", "q_p", "pi_low", "pi_high", "df")
POOLED_ESTIMATES = Table.of(
    *ESTIMATES.columns,
    "method",
    *HETEROGENEITY,
    numbers=(*ESTIMATES.numbers, *HETEROGENEITY),
    quantity=COEFFICIENT,
)

TESTS = "tests"
"""Key of a fit's diagnostics with what was counted of each test."""
BETWEEN = "between_waves"
"""Key of a test with how its estimate hangs together with those of other waves, wave by wave."""
ESTIMATED, FIXED, NO_ESTIMATE, IN_WORDS = "estimated", "fixed", "not_estimable", "in_words"
WITHHELD = "withheld"

# Method of pooling by which every wave of a country, and every country, counts alike.
EQUAL = "equal"
# Country of the rows that pool several (cisflow.estimation.pooling.pool).
POOLED = "pooled"
ALL_WAVES = "all"  # the wave of estimates on the firms of all waves


@dataclass(frozen=True)
class Estimates:
    """Tidy estimates of one model in one country, with diagnostics."""

    table: pd.DataFrame  # one row per term, columns of ESTIMATES
    # What else a reader needs: scale, fit, tests, dropped firms; plain JSON types.
    diagnostics: dict[str, Any]
