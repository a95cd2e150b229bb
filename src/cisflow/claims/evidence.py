"""What the estimates say of a claim in one country and wave."""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from functools import cached_property
from typing import Any, get_args

import pandas as pd

from cisflow.claims.reasons import named
from cisflow.estimation.estimates import ALL_WAVES, BETWEEN, ESTIMATED, OBSERVED, OF_CURVES, TESTS
from cisflow.estimation.pooling.usable import on_few, strength
from cisflow.raw.printed import PRINTED
from cisflow.study.claims import ARROW, COEFFICIENT, CurveOf, Rule, Single, key_of
from cisflow.study.levels import factors_in, split_level
from cisflow.study.models import Alternative

PLACE = ("country", "wave", "model")
TERM = ("outcome", "column", "term", "quantity")
LATENT = ("tobit", "control_function")
"""Estimators whose coefficients are of a latent share."""
EFFECT = re.compile(r"(total|direct|indirect)\((.+)\)")
NO_LEVEL = (
    "there is no group “{level}” of its own here: it has no firms, or too few and is taken "
    "together with others, or is the one others are compared with"
)
LATENT_EFFECT, HETEROSKEDASTIC = "latent", "heteroskedastic"
Row = dict[str, Any]
Correlations = dict[tuple[str, str], dict[str, Mapping[str, float]]]


class Evidence:
    """Tidy estimates by place and term.

    Attributes
    ----------
    table
        The estimates, of several covariances of a coefficient the first.
    models
        Models of the run.
    few
        Places of tested estimates that compare with too few firms.
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
        if "quantity" not in estimates:  # of before there were effects beside coefficients
            estimates = estimates.assign(quantity=COEFFICIENT)
        self.table = estimates.drop_duplicates([*PLACE, *TERM])
        self.models = set(estimates["model"])
        no_wave = estimates["wave"].isin([ALL_WAVES, PRINTED]) & ~estimates["model"].isin(tested)
        pairs = estimates.loc[~no_wave, ["country", "wave"]].drop_duplicates()
        self.places = list(pairs.itertuples(index=False, name=None))
        records = self.table.to_dict(orient="records")
        self.rows = {tuple(row[key] for key in (*PLACE, *TERM)): row for row in records}
        self.estimated = {tuple(row[key] for key in PLACE) for row in records}
        self._fits: dict[tuple[str, str | None, str], list[Mapping[str, Any]]] = {}
        self.latent: set[str] = set()
        self.few: set[tuple[str, ...]] = set()
        for record in diagnostics:
            self.few |= on_few(record)
            if record.get("estimator") in LATENT:
                self.latent.add(record["model"])
            for fit in record["fits"]:
                place = record["country"], fit.get("wave"), record["model"]
                self._fits.setdefault(place, []).append(fit)

    def fits(self, country: str, wave: str, model: str) -> list[Mapping[str, Any]]:
        """Return the diagnostics of a model's fits in one country and wave."""
        return self._fits.get((country, wave, model), [])

    def counted(
        self, models: Collection[str], terms: Collection[str], quantity: str
    ) -> pd.DataFrame:
        """Return the estimates of terms, without robust alternatives."""
        table = self.table
        method = table["column"].str.partition(": ")[2]
        wanted = (
            table["model"].isin(models)
            & table["term"].isin(terms)
            & (table["quantity"] == quantity)
            & ~method.isin(get_args(Alternative))
            & table["estimate"].notna()
            & table["p_value"].notna()
        )
        return table[wanted]

    @cached_property
    def correlations(self) -> Correlations:
        """Correlations of the estimates that claims test, by country and wave and their keys."""
        found: Correlations = {}
        for (country, wave, model), fits in self._fits.items():
            for fact in (fact for fit in fits for fact in fit.get(TESTS, ())):
                with_others = found.setdefault((country, str(wave)), {})
                with_others[key_of(model, fact)] = fact.get("correlations", {})
        return found

    def between_waves(self, country: str, wave: str, other: str) -> dict[str, Mapping[str, float]]:
        """Return the correlations of a wave's counted estimates with those of another wave."""
        return {
            key_of(model, fact): fact[BETWEEN][other]
            for (at, when, model), fits in self._fits.items()
            if (at, when) == (country, wave)
            for fit in fits
            for fact in fit.get(TESTS, ())
            if other in fact.get(BETWEEN, {})
        }

    def wider(self, country: str, wave: str, model: str) -> list[str]:
        """Return the models that have all arrows of a path model, and others."""
        return [
            name
            for (at, when, name), fits in self._fits.items()
            if (at, when) == (country, wave)
            and any(model in fit.get("readings", {}) for fit in fits)
        ]

    def at(self, country: str, wave: str) -> Here:
        """Return the evidence of one country and wave."""
        return Here(self, country, wave)

    def share_negative(self, country: str, wave: str, test: Single) -> float | None:
        """Return the share of bootstrap resamples in which an effect is below zero."""
        named = EFFECT.fullmatch(test.term)
        fit = next(iter(self.fits(country, wave, test.model)), {})
        if named is None:
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

    def has_run(self, model: str) -> bool:
        """Return whether a model was estimated here, or at least tried."""
        return (*self._place, model) in self._evidence.estimated

    def is_latent(self, row: Row) -> bool:
        """Return whether a row's coefficients are of a share that goes beyond its limits.

        How many firms are at a limit may be withheld; then the model says it.
        """
        at_limits = row.get("n_lower", math.nan), row.get("n_upper", math.nan)
        if all(map(math.isfinite, at_limits)):
            return any(n > 0 for n in at_limits)
        return row["model"] in self._evidence.latent or any(n > 0 for n in at_limits)

    def row(self, test: Single, term: str | None = None) -> Row | None:
        """Return the row of a test's term (or of another term beside it), None if it has none."""
        return self._row(test.model, test.column, test, term or test.term)

    def _row(self, model: str, column: str, test: Single, term: str) -> Row | None:
        where = (*self._place, model, test.outcome, column)
        return self._evidence.rows.get((*where, term, test.measured))

    def share_negative(self, test: Single) -> float | None:
        """Return the share of bootstrap resamples in which a test's effect is below zero."""
        return self._evidence.share_negative(*self._place, test)

    def why_not(self, test: Single) -> str:
        """Return why a test's term has no estimate here; empty if it has one."""
        model = test.model
        found = self.row(test)
        if found is not None:
            return _why_empty(found)
        for where in ((test.outcome, test.column, ""), ("", "", "")):
            whole = self._evidence.rows.get((*self._place, model, *where, COEFFICIENT))
            if whole is not None:
                return _why_empty(whole)
        for level in (split_level(factor)[1] for factor in factors_in(test.term)):
            if level:
                return NO_LEVEL.format(level=level)
        return f"the model has no effect of {named(test.term)} on {named(test.outcome)}"

    def whole_curve(self, curve: CurveOf) -> dict[str, float]:
        """Return what a specification curve says as a whole here, by quantity, as far as told."""
        return {
            quantity: float(row["estimate"])
            for quantity in (OBSERVED, *OF_CURVES)
            if (row := self._of_curve(curve, quantity)) and math.isfinite(row["estimate"])
        }

    def median_error(self, curve: CurveOf) -> float:
        """Return the standard error of a specification curve's median; NaN where it has none."""
        row = self._of_curve(curve, OBSERVED)
        return float(row["std_error"]) if row else math.nan

    def _of_curve(self, curve: CurveOf, quantity: str) -> Row | None:
        where = (*self._place, curve.model, curve.outcome, curve.column, curve.term)
        return self._evidence.rows.get((*where, quantity))

    def specifications(self, curve: CurveOf) -> int:
        """Return how many specifications a curve has here; 0 where that is not known."""
        for fit in self._evidence.fits(*self._place, curve.model):
            if (fit.get("outcome"), fit.get("column")) == (curve.outcome, curve.column):
                about = fit.get("curve", {}).get("terms", {}).get(curve.term, {})
                return int(about.get("specifications", 0))
        return 0

    # --- what stands beside an estimate --------------------------------------------------------

    def facts(self, test: Single) -> Mapping[str, Any]:
        """Return what was counted of a test when it was estimated; empty where nothing was."""
        for fit in self._evidence.fits(*self._place, test.model):
            for found in fit.get(TESTS, ()):
                same = found.get("asked") == test.expected.asked
                if same and key_of(test.model, found) == test.key:
                    about: Mapping[str, Any] = found
                    return about
        return {}

    def rejections(self, test: Single, rule: Rule) -> tuple[str, ...]:
        """Return the tests that reject a test's model at the level of the rule."""
        found = {
            name: _p_value(fit, name)
            for fit in self._fits_of(test, test.model)
            for name in rule.model_tests
        }
        return tuple(name for name, p in found.items() if p is not None and p < rule.rejection)

    def alternatives(self, test: Single, rule: Rule) -> dict[str, Row]:
        """Return the same number by the robust alternatives that were run, by their names.

        Of a Tobit these stand in columns of its own table; of a path model it is the model of the
        same run that has all its arrows and others. Coefficients of different estimators have
        different units, so that a band for one says nothing of another.
        """
        rows: dict[str, Row | None] = {}
        if test.expected.sign or test.measured != COEFFICIENT:
            rows = {name: self._alternative(test, name) for name in rule.alternatives}
        rows |= {
            wider: self._row(wider, test.column, test, test.term)
            for wider in self._evidence.wider(*self._place, test.model)
        }
        return {name: row for name, row in rows.items() if row and not _why_empty(row)}

    def _alternative(self, test: Single, name: str) -> Row | None:
        """Return a test's number by a robust alternative, None where that has no such number.

        The effect on the latent share is a Tobit's coefficient, whatever its errors.
        """
        column = f"{test.column}: {name}"
        row = self._row(test.model, column, test, test.term)
        if row or test.measured != LATENT_EFFECT or name != HETEROSKEDASTIC or ":" in test.term:
            return row
        of_coefficient = test.model_copy(update={"quantity": COEFFICIENT})
        return self._row(test.model, column, of_coefficient, test.term)

    def first_stage_f(self, test: Single) -> float | None:
        """Return how strong the instruments of a test's model are; None if it has none.

        Of several estimates on the same instruments one alone says so.
        """
        column, _, method = test.column.partition(": ")
        if method == "ols":
            return None
        for fit in self._evidence.fits(*self._place, test.model):
            same = str(fit.get("column", "")).partition(": ")[0] == column
            if same and fit.get("outcome") == test.outcome and (f := strength(fit)) is not None:
                return f
        return None

    def _fits_of(self, test: Single, model: str) -> Iterator[Mapping[str, Any]]:
        """Yield the fits a test's estimate is of: a path model is fitted once for all outcomes."""
        where = {"outcome": test.outcome, "column": test.column}
        for fit in self._evidence.fits(*self._place, model):
            if all(fit.get(key, value) == value for key, value in where.items()):
                yield fit


def _p_value(fit: Mapping[str, Any], test: str) -> float | None:
    """Return the p-value of one of a fit's own tests; None where it has no such test."""
    found = fit.get("fit_measures", {}).get("pvalue") if test == "chi2" else None
    if test in fit:
        found = fit[test].get("p_value")
    return None if found is None or math.isnan(found) else float(found)


def _why_empty(row: Row) -> str:
    """Return why a row of estimates has no estimate with a standard error, empty if it has."""
    measured = math.isfinite(row["estimate"]) and 0 < row["std_error"] < math.inf
    if row["status"] == ESTIMATED and measured:
        return ""
    return row["note"] or "the model fixes the coefficient instead of estimating it"
