"""The tidy table of estimates: the only thing the estimating stage hands on.

One row per term. What could not be estimated is a row too: its estimate is empty and its
``note`` says why, so that no gap is silent.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import pandas as pd

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
    "note",
)

WORDS = ("country", "wave", "model", "outcome", "column", "term", "cov_type", "weights", "note")

# Digits kept in files: more than any survey carries, fewer than processors disagree on.
FLOAT_FORMAT = "%.8g"


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

    def save(self, estimates: Path | str, diagnostics: Path | str) -> None:
        """Write the table as CSV and the diagnostics as JSON, rounded to what is meant."""
        self.table.to_csv(estimates, index=False, float_format=FLOAT_FORMAT, lineterminator="\n")
        text = json.dumps(_rounded(self.diagnostics), indent=1, ensure_ascii=False, sort_keys=True)
        Path(diagnostics).write_text(text + "\n", encoding="utf-8")


def read_estimates(files: list[str] | list[Path]) -> pd.DataFrame:
    """Read and stack estimate tables; empty text stays empty text, wave names stay text."""
    import pandas as pd

    text = dict.fromkeys(WORDS, str)
    empty = {column: [""] for column in COLUMNS if column not in WORDS}
    tables = [pd.read_csv(f, dtype=text, keep_default_na=False, na_values=empty) for f in files]
    return pd.concat(tables, ignore_index=True)


def _rounded(value: Any) -> Any:
    """Return ``value`` in JSON types, numbers with the digits of :data:`FLOAT_FORMAT`."""
    if isinstance(value, dict):
        return {str(k): _rounded(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_rounded(v) for v in value]
    if isinstance(value, bool | np.bool_):
        return bool(value)
    if isinstance(value, int | np.integer):
        return int(value)
    if isinstance(value, float | np.floating):
        return float(FLOAT_FORMAT % value) if np.isfinite(value) else None
    return value if value is None else str(value)
