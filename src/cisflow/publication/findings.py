"""What is published is made from: all that the stages of a run left, and nothing of one firm."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import pandas as pd

from cisflow.base.records import read_record
from cisflow.claims.verdicts import CLAIMS
from cisflow.estimation.estimates import (
    COEFFICIENT,
    ESTIMATES,
    NO_ESTIMATE,
    POOLED,
    POOLED_ESTIMATES,
    WITHHELD,
)
from cisflow.panel.rates import RATES
from cisflow.panel.sample import FLOW
from cisflow.publication.language import retold, spoken_settings
from cisflow.publication.term_words import name_constructs
from cisflow.publication.words import place_name
from cisflow.study.marks import Mark, marks_of, stamp_of
from cisflow.study.models import Covariance, Model, models_of
from cisflow.study.series import series_of


@dataclass(frozen=True)
class Findings:
    """Everything a run publishes from; nothing in it describes a single firm.

    Attributes
    ----------
    settings
        The run's config: title, run, data, lag, seed, countries, bootstrap, minimum_cell.
    models
        Models by name, in the order of the run.
    estimates
        Tidy estimates of every country and model.
    diagnostics
        One record per country and model.
    claims
        Verdicts, one row per claim, country and wave.
    flow
        Sample flow of every country.
    quality
        One record per extract.
    descriptions
        Per country, the records of :func:`cisflow.release.samples.told_samples`.
    attrition
        Per country, the record of :func:`cisflow.panel.attrition.describe_attrition`.
    rates
        Cooperation rates, :data:`cisflow.panel.rates.RATES`.
    pooled, pooling
        Pooled estimates, and what they are made of, of a run with several countries
        (:class:`cisflow.estimation.pooling.pool.Pooled`).
    pooled_claims
        Verdicts on the claims from the pooled estimates.
    """

    settings: dict[str, Any]
    models: dict[str, Model]
    estimates: pd.DataFrame
    diagnostics: list[dict[str, Any]]
    claims: pd.DataFrame
    flow: pd.DataFrame
    quality: list[dict[str, Any]]
    descriptions: dict[str, list[dict[str, Any]]]
    attrition: dict[str, dict[str, Any]] = field(default_factory=dict)
    rates: pd.DataFrame = field(default_factory=partial(RATES.frame, []))
    pooled: pd.DataFrame = field(default_factory=pd.DataFrame)
    pooling: dict[str, Any] = field(default_factory=dict)
    pooled_claims: pd.DataFrame = field(default_factory=pd.DataFrame)

    @property
    def synthetic(self) -> bool:
        """Whether the data are simulated."""
        return self.settings["data"] == "synthetic"

    @property
    def marks(self) -> tuple[Mark, ...]:
        """What everything published is marked with."""
        marks = marks_of(self.settings["data"], self.settings.get("unconfirmed", 0))
        return tuple(Mark(retold(mark.name), retold(mark.told)) for mark in marks)

    @property
    def stamp(self) -> str:
        """What tables say in their last column of the data they rest on."""
        return stamp_of(self.settings["data"], self.settings.get("unconfirmed", 0))

    @property
    def minimum(self) -> int:
        """Smallest number of firms a published number may rest on."""
        return int(self.settings["minimum_cell"])

    @property
    def countries(self) -> dict[str, list[str]]:
        """Waves by country, in the order of the config."""
        return {c: list(about["waves"]) for c, about in self.settings["countries"].items()}

    @property
    def series(self) -> dict[str, dict[str, list[Any]]]:
        """Years and known breaks of each country's series, of exported countries too."""
        sent = {
            code: about["series"]
            for code, about in self.settings["countries"].items()
            if "series" in about
        }
        return {**series_of(self.quality), **sent}

    def name(self, country: str) -> str:
        """Return a country's name for print."""
        return place_name(self.settings, country, "")

    def place(self, country: str, wave: str) -> str:
        """Return country and wave for print."""
        return place_name(self.settings, country, wave)

    def rows(
        self, country: str, wave: str, model: str, quantity: str = COEFFICIENT
    ) -> pd.DataFrame:
        """Return the tidy estimates of one model in one country and wave, of one quantity.

        Its robust alternatives are not among them; :meth:`alternative_rows` has these.
        """
        found = self._rows(country, wave, model, quantity)
        return found[found["column"].map(self.models[model].alternative_of) == ""]

    def alternative_rows(
        self, country: str, wave: str, model: str, alternative: str, quantity: str
    ) -> pd.DataFrame:
        """Return the rows of a robust alternative, in the columns of the model it stands beside."""
        found = self._rows(country, wave, model, quantity)
        of = found["column"].map(self.models[model].alternative_of) == alternative
        columns = found.loc[of, "column"].str.removesuffix(f": {alternative}")
        return found[of].assign(column=columns)

    def _rows(self, country: str, wave: str, model: str, quantity: str) -> pd.DataFrame:
        return self._by_model.get((country, wave, model, quantity), self.estimates.iloc[:0])

    @cached_property
    def _by_model(self) -> dict[Any, pd.DataFrame]:
        """The estimates in parts, as every table and figure asks for some."""
        where = ["country", "wave", "model", "quantity"]
        return dict(iter(self.estimates.groupby(where, sort=False)))

    def main_rows(
        self, country: str, wave: str, model: str, quantity: str = COEFFICIENT
    ) -> pd.DataFrame:
        """Return the same with the model's first kind of standard errors alone."""
        rows = self.rows(country, wave, model, quantity)
        return with_covariance(rows, self.models[model].covariance[0])

    def fits(self, country: str, wave: str, model: str) -> list[dict[str, Any]]:
        """Return the diagnostics of one model in one country and wave, one per fit."""
        return [
            fit
            for record in self.diagnostics
            if (record["country"], record["model"]) == (country, model)
            for fit in record["fits"]
            if fit["wave"] == wave
        ]

    def why_not(self, country: str, wave: str, model: str) -> str:
        """Return why a model could not be estimated at all, empty if it could."""
        e = self.estimates
        rows = e[(e["country"] == country) & (e["wave"] == wave) & (e["model"] == model)]
        if rows["estimate"].notna().any():
            return ""
        notes = rows.loc[rows["status"].isin((NO_ESTIMATE, WITHHELD)), "note"].tolist()
        return notes[0] if notes else "the model was not estimated on this wave"

    def fit(self, country: str, wave: str, model: str) -> dict[str, Any]:
        """Return the diagnostics of a model that is fitted once, empty where it is not."""
        return next(iter(self.fits(country, wave, model)), {})

    def description(self, country: str, wave: str, model: str) -> dict[str, Any] | None:
        """Return the descriptives of a model's sample, if they were made."""
        for record in self.descriptions.get(country, []):
            if (record["wave"], record["model"]) == (wave, model):
                return record
        return None


STAGES = (
    *("estimates", "diagnostics", "claims", "samples", "descriptions", "quality"),
    *("rates", "pooled", "pooling"),
)
"""Files of earlier stages, as :func:`read_findings` and the inputs of rules name them."""


def read_findings(
    settings: dict[str, Any],
    models: Mapping[str, Any],
    *,
    estimates: Sequence[str | Path],
    diagnostics: Sequence[str | Path],
    claims: str | Path,
    samples: Sequence[str | Path],
    quality: Sequence[str | Path] = (),
    descriptions: Sequence[str | Path] = (),
    rates: Sequence[str | Path] = (),
    pooled: str | Path | None = None,
    pooling: str | Path | None = None,
) -> Findings:
    """Read what the earlier stages left.

    Parameters
    ----------
    settings, models
        The checked config and its models.
    estimates, diagnostics, claims, samples, quality, descriptions
        Files as the stages write them; a description file holds ``country``, ``samples`` and
        ``attrition``.
    rates
        Tables of cooperation rates, one per country.
    pooled, pooling
        Table and record of the pooled estimates, of a run with several countries.
    """
    settings = spoken_settings(settings)
    name_constructs(settings.get("constructs", {}))
    described = [read_record(f) for f in descriptions]
    judged = CLAIMS.read([claims])
    judged["text"] = judged["text"].map(retold)
    from_pooled = judged["country"] == POOLED
    return Findings(
        settings=settings,
        models=_retold_titles(models_of(models)),
        estimates=ESTIMATES.read(estimates),
        diagnostics=[read_record(f) for f in diagnostics],
        claims=judged[~from_pooled].reset_index(drop=True),
        flow=FLOW.read(samples),
        quality=[read_record(f) for f in quality],
        descriptions={d["country"]: d["samples"] for d in described},
        attrition={d["country"]: d["attrition"] for d in described if "attrition" in d},
        pooled_claims=judged[from_pooled].reset_index(drop=True),
        **({"rates": RATES.read(rates)} if rates else {}),
        **({"pooled": POOLED_ESTIMATES.read([pooled])} if pooled else {}),
        **({"pooling": read_record(pooling)} if pooling else {}),
    )


def _retold_titles(models: Mapping[str, Model]) -> dict[str, Model]:
    return {
        name: spec.model_copy(update={"title": retold(spec.title)}) for name, spec in models.items()
    }


# --- rows of the tidy estimates ----------------------------------------------------------------


def with_covariance(rows: pd.DataFrame, covariance: Covariance) -> pd.DataFrame:
    """Return the rows of one covariance, and those that are about no fit at all."""
    return rows[rows["cov_type"].isin([str(covariance), ""])]


def groups_in(rows: pd.DataFrame) -> float | None:
    """Return how many clusters the standard errors of some rows rest on, if on any."""
    known = rows["groups"].dropna()
    return float(known.iloc[0]) if len(known) else None
