"""What the estimates say of a claim in one country and wave."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from typing import Any

import pandas as pd

from cisflow.estimation.estimates import ALL_WAVES, COEFFICIENT, ESTIMATED
from cisflow.raw.printed import PRINTED
from cisflow.study.claims import ARROW, Single

PLACE = ("country", "wave", "model")


TERM = ("outcome", "column", "term", "quantity")


EFFECT = re.compile(r"(total|direct|indirect)\((.+)\)")


Row = dict[str, Any]


class Evidence:
    """Tidy estimates by place and term.

    Attributes
    ----------
    table
        The estimates, of several covariances of a coefficient the first.
    models
        Models of the run.
    places
        Country and wave of every estimate, in order of appearance. What stands for a wave (all
        waves together, a printed table) is none unless a model that a claim names rests on it.
    """

    def __init__(
        self,
        estimates: pd.DataFrame,
        diagnostics: Iterable[Mapping[str, Any]],
        tested: Collection[str],
    ):
        self.table = estimates.drop_duplicates([*PLACE, *TERM])
        self.models = set(estimates["model"])
        no_wave = estimates["wave"].isin([ALL_WAVES, PRINTED]) & ~estimates["model"].isin(tested)
        pairs = estimates.loc[~no_wave, ["country", "wave"]].drop_duplicates()
        self.places = list(pairs.itertuples(index=False, name=None))
        records = self.table.to_dict(orient="records")
        self.rows = {tuple(row[key] for key in (*PLACE, *TERM)): row for row in records}
        self.estimated = {tuple(row[key] for key in PLACE) for row in records}
        self._fits = {
            (record["country"], fit.get("wave"), record["model"]): fit
            for record in diagnostics
            for fit in record["fits"]
        }

    def at(self, country: str, wave: str) -> Here:
        """Return the evidence of one country and wave."""
        return Here(self, country, wave)

    def share_negative(self, country: str, wave: str, test: Single) -> float | None:
        """Return the share of bootstrap resamples in which an effect is below zero."""
        named = EFFECT.fullmatch(test.term)
        fit = self._fits.get((country, wave, test.model))
        if named is None or fit is None:
            return None
        kind, origin = named.groups()
        prefix = "std_" if test.column == "standardised" else ""
        for effect in fit.get("effects", {}).get(f"{origin}{ARROW}{test.outcome}", []):
            if effect["effect"] == kind:
                share: float | None = effect.get(f"{prefix}prob_negative")
                return share
        return None


class Here:
    """The estimates of one country and wave."""

    def __init__(self, evidence: Evidence, country: str, wave: str):
        self._evidence = evidence
        self._place = (country, wave)

    def row(self, test: Single, term: str | None = None) -> Row | None:
        """Return the row of a test's term (or of another term beside it), None if it has none."""
        where = (*self._place, test.model, test.outcome, test.column)
        return self._evidence.rows.get((*where, term or test.term, COEFFICIENT))

    def share_negative(self, test: Single) -> float | None:
        """Return the share of bootstrap resamples in which a test's effect is below zero."""
        return self._evidence.share_negative(*self._place, test)

    def why_not(self, test: Single) -> str:
        """Return why a test's term has no estimate here; empty if it has one."""
        model = test.model
        if model not in self._evidence.models:
            return f"model {model} is not in this run's config"
        if (*self._place, model) not in self._evidence.estimated:
            return f"model {model} is not estimated on this wave"
        found = self.row(test)
        if found is not None:
            return _why_empty(found)
        for where in ((test.outcome, test.column, "", COEFFICIENT), ("", "", "", COEFFICIENT)):
            whole = self._evidence.rows.get((*self._place, model, *where))
            if whole is not None:
                return _why_empty(whole)
        column = f"outcome {test.outcome}, column {test.column}"
        return f"model {model} has no term {test.term} in {column}"


def _why_empty(row: Row) -> str:
    """Return why a row of estimates has no estimate with a standard error, empty if it has."""
    if row["status"] == ESTIMATED and row["std_error"] > 0:
        return ""
    return row["note"] or "the model fixes the coefficient instead of estimating it"
