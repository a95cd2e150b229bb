"""What a specification curve says in numbers: for its table, figure, the paper and the page."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from cisflow.claims.units import unit_of
from cisflow.estimation.estimates import (
    JOINT,
    MEAN_Z,
    OBSERVED,
    SHARE_POSITIVE,
    SHARE_SIGNIFICANT,
    WITHHELD,
)
from cisflow.publication.findings import Findings
from cisflow.publication.language import retold
from cisflow.study.choices import CHOICES, COVARIANCE, choices_in

SIGNIFICANT = 0.05
NAMES = {
    "outcome": "Outcome",
    "sample": "Firms",
    "outliers": "Outliers",
    "regressors": "Kind of partner",
    "controls": "Controls",
    "estimator": "Estimator",
    "weights": "Weights",
    COVARIANCE: "Standard errors",
}
"""What each choice is called in print."""
OPTIONS = {
    "tobit": "Tobit",
    "heteroskedastic_tobit": "heteroskedastic Tobit",
    "fractional": "fractional logit",
    "ols": "least squares",
    "none": "unweighted",
    "weight": "sampling weights",
    "HC0": "robust (HC0)",
    "HC1": "robust",
    "nonrobust": "classical",
}
"""What options are called in print that are not named in words already."""


@dataclass(frozen=True, eq=False)
class CurveFacts:
    """One curve: of a term and an outcome, in one country and wave."""

    # outcome, column, term: which.
    outcome: str
    column: str
    term: str
    # Its specifications that are told, by size of the effect: `estimate std_error p_value ci_low
    # ci_high` and a column for each choice.
    rows: pd.DataFrame
    # What it says as a whole, by quantity: `observed` (the median), `share_positive`,
    # `share_significant`, `mean_z`, `joint`; each with `estimate`, `p_value` and, of the median,
    # `ci_low` and `ci_high`. Empty where there is none.
    summary: dict[str, dict[str, float]]
    about: dict[str, Any]  # `specifications`, `fits`, `sign`, `draws`, `quartiles`
    options: dict[str, list[str]]  # by choice its options, the main one first
    left_out: list[dict[str, str]]  # options and samples that the wave does not support, and why
    withheld: int  # how many specifications are withheld by the rules of disclosure
    note: str = ""  # why there is no curve; empty if there is one

    @property
    def unit(self) -> str:
        """The unit of its effects, which are all on the outcome as it is observed."""
        return unit_of(self.outcome, self.column, OBSERVED, censored=False)

    @property
    def median(self) -> dict[str, float]:
        """The median effect, with interval and p-value; empty where there is none."""
        return self.summary.get(OBSERVED, {})


def curves_of(findings: Findings, country: str, wave: str, model: str) -> Iterator[CurveFacts]:
    """Yield the curves of a model in one country and wave, outcome by outcome, term by term."""
    e = findings.estimates
    here = e[(e["country"] == country) & (e["wave"] == wave) & (e["model"] == model)]
    spec = findings.models[model]
    for outcome, column in spec.regressions:
        fits = findings.fits(country, wave, model)
        told: dict[str, Any] = next(
            (
                f["curve"]
                for f in fits
                if (f.get("outcome"), f.get("column")) == (outcome, column) and "curve" in f
            ),
            {},
        )
        of = here[here["outcome"] == outcome]
        for term in spec.columns[column]:
            yield _facts(of[of["term"] == term], told, outcome, column, term, here)


def _facts(
    rows: pd.DataFrame,
    told: dict[str, Any],
    outcome: str,
    column: str,
    term: str,
    all_rows: pd.DataFrame,
) -> CurveFacts:
    own = rows[rows["column"] == column]
    single = rows[rows["column"].str.startswith(f"{column}: ")]
    known = single[single["estimate"].notna()]
    summary = {
        row["quantity"]: {
            k: row[k] for k in ("estimate", "p_value", "ci_low", "ci_high", "std_error")
        }
        for row in own.to_dict(orient="records")
        if np.isfinite(row["estimate"])
    }
    empty = own.loc[own["estimate"].isna(), "note"]
    notes = [*empty, *all_rows.loc[all_rows["term"] == "", "note"]]
    why = next(filter(None, notes), "the model was not estimated on this wave")
    return CurveFacts(
        outcome,
        column,
        term,
        _with_choices(known).sort_values("estimate", kind="stable").reset_index(drop=True),
        summary,
        told.get("terms", {}).get(term, {}),
        told.get("choices", {}),
        told.get("left_out", []),
        int((single["status"] == WITHHELD).sum()),
        "" if {OBSERVED, SHARE_POSITIVE, SHARE_SIGNIFICANT, JOINT} <= {*summary} else why,
    )


def _with_choices(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the rows with a column for each choice; choices are data, not words."""
    made = [choices_in(column) for column in rows["column"]]
    chosen = {choice: [m[choice] for m in made] for choice in CHOICES}
    return rows.assign(**chosen, **{COVARIANCE: rows["cov_type"]})


def options_of(curve: CurveFacts) -> dict[str, list[str]]:
    """Return by choice the options a curve has, where there are several to choose from."""
    found = {choice: curve.options.get(choice, []) for choice in NAMES}
    return {choice: names for choice, names in found.items() if len(names) > 1}


def option_name(option: str) -> str:
    """Return what to call an option in print."""
    return retold(OPTIONS.get(option, option))


__all__ = [
    "JOINT",
    "MEAN_Z",
    "NAMES",
    "SHARE_POSITIVE",
    "SHARE_SIGNIFICANT",
    "SIGNIFICANT",
    "CurveFacts",
    "curves_of",
    "option_name",
    "options_of",
]
