"""Path models: arrows and effects of a recursive system, firms of one wave."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from cisflow.estimation.common import Row, fit_arguments, numeric
from cisflow.estimation.driver import Fitted, attempt
from cisflow.estimation.estimates import ESTIMATED, FIXED, FOUND
from cisflow.estimation.evidence import EVIDENCE, of_regression, together
from cisflow.estimators.path.compare import compare
from cisflow.estimators.path.model import PathModel
from cisflow.estimators.path.results import PathResults
from cisflow.raw.printed import read_printed
from cisflow.study.models import Model

Maker = Callable[[Mapping[str, Sequence[str]]], "PathModel"]

MOST_INDICES = 5
"""Omitted arrows whose modification indices are handed on, the largest first."""


def path_model(sample: pd.DataFrame, spec: Model, bootstrap: dict[str, int]) -> Iterator[Fitted]:
    """Fit a recursive system; yield its arrows and effects, raw and standardised.

    A union of readings is tested against each reading, fitted to the same firms.
    """
    yield attempt(partial(_fitted, sample, spec, bootstrap))


def _fitted(sample: pd.DataFrame, spec: Model, bootstrap: dict[str, int]) -> Fitted:
    covariance = fit_arguments(spec.covariance[0], sample)
    draws = {"draws": bootstrap["draws"], "seed": bootstrap["seed"]}
    make = _maker(sample, spec)
    fit = make(spec.equations).fit(**covariance)
    kind, tables, failed = _effects(fit, spec, covariance, draws)
    diagnostics = {
        "nobs": fit.nobs,
        "fit_measures": fit.fit_measures(),
        "r2": dict(fit.r2),
        "effects": {name: table.to_dict(orient="records") for name, table in tables.items()},
        "dropped": fit.dropped,
        "bootstrap": {**draws, "failed": failed},
        "modification_indices": _indices(fit),
        **_tests_of_readings(make, spec, fit, covariance),
        EVIDENCE: {} if spec.printed else of_equations(sample, spec, spec.equations),
    }
    about = {"n": fit.nobs, "weights": spec.weightings[0] or "unweighted"}
    rows = [{**about, "cov_type": fit.cov_type, **row} for row in _edge_rows(fit)]
    for (source, target), table in zip(spec.effects, tables.values(), strict=True):
        named = table.assign(term=[_effect_term(name, source) for name in table["effect"]])
        rows += [{**about, "cov_type": kind, **row} for row in _effect_rows(named, target)]
    return rows, diagnostics


def of_equations(
    sample: pd.DataFrame,
    spec: Model,
    equations: Mapping[str, Sequence[str]],
    weights: str | None = None,
) -> dict[str, Any]:
    """Return on whom a system rests, equation by equation, with the model's weights or others."""
    effects, weights = spec.fixed_effects, weights or spec.weightings[0]
    return together(
        {
            to: of_regression(sample, to, [*sources, *spec.controls], effects, weights)
            for to, sources in equations.items()
        }
    )


def _maker(sample: pd.DataFrame, spec: Model) -> Maker:
    """Return what makes a path model of equations: from the firms, or from a printed table."""
    if printed := spec.printed:
        corr, sd = read_printed(printed.file)
        return partial(PathModel.from_correlation, corr=corr, sd=sd, n=printed.firms)
    return partial(path_of, spec, sample, spec.weightings[0])


def path_of(
    spec: Model, firms: pd.DataFrame, weights: str | None, equations: Mapping[str, Sequence[str]]
) -> PathModel:
    """Return the path model of some equations on some firms."""
    among = spec.controls, spec.fixed_effects
    return PathModel(equations, numeric(firms), *among, weights, spec.missing)


def _effects(
    fit: PathResults, spec: Model, covariance: dict[str, Any], draws: dict[str, int]
) -> tuple[str, dict[str, pd.DataFrame], int]:
    """Return the kind of interval, the wanted effects by name, and how many resamples failed.

    Intervals are over resamples of firms; from a printed table, which has none, over draws of the
    coefficients from their estimated distribution.
    """
    pairs = {f"{source} → {target}": (source, target) for source, target in spec.effects}
    if spec.printed:
        tables = {name: fit.effects(*pair, monte_carlo=draws) for name, pair in pairs.items()}
        simulated = {"ci_low": "mc_low", "ci_high": "mc_high", "p_value": "mc_p_value"}
        columns = [(p + to, p + of) for p in ("", "std_") for to, of in simulated.items()]
        tables = {
            name: table.assign(**{to: table[of] for to, of in columns})
            for name, table in tables.items()
        }
        return "monte_carlo", tables, 0
    resampled = fit.with_cov("bootstrap", covariance.get("cov_kwds"), bootstrap=draws)
    tables = {name: resampled.effects(*pair) for name, pair in pairs.items()}
    return "bootstrap", tables, resampled.bootstrap_failed


def _indices(fit: PathResults) -> list[dict[str, Any]]:
    """Return the omitted arrows with the largest modification indices, none with FIML."""
    if fit.model.missing == "fiml":
        return []
    table = fit.modification_indices()
    return table[table["mi"].notna()].head(MOST_INDICES).to_dict(orient="records")


def _tests_of_readings(
    make: Maker, spec: Model, union: PathResults, covariance: dict[str, Any]
) -> dict[str, Any]:
    """Return how each reading of a union fares against it, nothing for a model that is none."""
    if not spec.readings:
        return {}
    fits = {name: make(equations).fit(**covariance) for name, equations in spec.readings.items()}
    table = compare({**fits, "union": union}).drop(index="union")
    return {
        "readings": {
            name: {**row, "modification_indices": _indices(fits[name])}
            for name, row in table.to_dict(orient="index").items()
        }
    }


def _edge_rows(fit: Any) -> Iterator[Row]:
    for edge in fit.edges.to_dict(orient="records"):
        yield from _on_both_scales(edge, outcome=edge["target"], term=edge["source"])


def _effect_rows(table: pd.DataFrame, target: str) -> Iterator[Row]:
    for effect in table.to_dict(orient="records"):
        told = {"status": FIXED if effect["note"] else ESTIMATED, "note": effect["note"]}
        yield from _on_both_scales(effect, outcome=target, term=effect["term"], **told)


def _effect_term(effect: str, source: str) -> str:
    """Return the term of an effect: ``total(diversity)``, or a path under its own name."""
    return f"{effect}({source})" if effect in ("direct", "indirect", "total") else effect


def _on_both_scales(record: dict[str, Any], **about: Any) -> Iterator[Row]:
    """Yield a record's estimate and its uncertainty, raw and standardised."""
    for column, prefix in (("raw", ""), ("standardised", "std_")):
        numbers = {name: record.get(prefix + name, np.nan) for name in FOUND}
        yield {**about, "column": column, **numbers}
