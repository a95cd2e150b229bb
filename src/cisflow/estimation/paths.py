"""Path models: arrows and effects of a recursive system, firms of one wave."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from cisflow.errors import CisflowError
from cisflow.estimation.common import Row, fit_arguments, numeric

if TYPE_CHECKING:
    import pandas as pd


def path_model(
    sample: pd.DataFrame, spec: dict[str, Any], bootstrap: dict[str, int]
) -> Iterator[tuple[list[Row], dict[str, Any]]]:
    """Fit a recursive system; yield its arrows and effects, raw and standardised."""
    from cisflow.models.path import PathModel

    covariance = fit_arguments(spec["covariance"][0], sample)
    try:
        fit = PathModel(
            spec["equations"],
            numeric(sample),
            controls=spec["controls"],
            fixed_effects=spec["fixed_effects"],
            weights=spec["weights"],
        ).fit(**covariance)
        draws = {"draws": bootstrap["draws"], "seed": bootstrap["seed"]}
        resampled = fit.with_cov("bootstrap", covariance.get("cov_kwds"), bootstrap=draws)
    except CisflowError as error:
        note = "; ".join(problem.what for problem in error.problems)
        yield [{"note": f"not estimable: {note}"}], {"note": note}
        return
    about = {"n": fit.nobs, "weights": spec["weights"] or "unweighted"}
    rows = [{**about, "cov_type": fit.cov_type, **row} for row in _edge_rows(fit)]
    effects = {}
    for source, target in spec["effects"]:
        table = resampled.effects(source, target).assign(
            term=lambda t, of=source: [_effect_term(name, of) for name in t["effect"]]
        )
        rows += [{**about, "cov_type": "bootstrap", **row} for row in _effect_rows(table, target)]
        effects[f"{source} → {target}"] = table.to_dict(orient="records")
    diagnostics = {
        "nobs": fit.nobs,
        "fit_measures": fit.fit_measures(),
        "r2": dict(fit.r2),
        "effects": effects,
        "dropped": fit.dropped,
        "bootstrap": {**draws, "failed": resampled.bootstrap_failed},
    }
    yield rows, diagnostics


def _edge_rows(fit: Any) -> Iterator[Row]:
    for edge in fit.edges.to_dict(orient="records"):
        for column, prefix in (("raw", ""), ("standardised", "std_")):
            yield {
                "outcome": edge["target"],
                "column": column,
                "term": edge["source"],
                **_numbers(edge, prefix),
            }


def _effect_rows(table: pd.DataFrame, target: str) -> Iterator[Row]:
    for effect in table.to_dict(orient="records"):
        for column, prefix in (("raw", ""), ("standardised", "std_")):
            yield {
                "outcome": target,
                "column": column,
                "term": effect["term"],
                "note": effect["note"],
                **_numbers(effect, prefix),
            }


def _effect_term(effect: str, source: str) -> str:
    """Return the term of an effect: ``total(diversity)``, or a path under its own name."""
    return f"{effect}({source})" if effect in ("direct", "indirect", "total") else effect


def _numbers(record: dict[str, Any], prefix: str) -> Row:
    """Return a record's estimate and its uncertainty, raw or standardised."""
    names = ("estimate", "std_error", "statistic", "p_value", "ci_low", "ci_high")
    return {name: record.get(prefix + name, np.nan) for name in names}
