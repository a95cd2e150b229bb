"""Average effects of a yes/no, doubly robust: weighted by its propensity and regressed."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from cisflow.base.problems import CisflowError, Problem
from cisflow.estimation.common import Row, fit_arguments, formula_of, numeric, refuse_unmeasured
from cisflow.estimation.driver import Fitted, each_regression
from cisflow.estimation.estimates import OBSERVED
from cisflow.estimation.evidence import EVIDENCE, ROW, SETS, SUMS, of_design
from cisflow.estimation.regressions import rows_of
from cisflow.estimators.selection.balance import Overlap
from cisflow.estimators.selection.doubly_robust import BOUNDS, DoublyRobust, TreatmentResults
from cisflow.study.models import Model

WITH, WITHOUT = "with", "without"


def weighted_effects(
    sample: pd.DataFrame, spec: Model, bootstrap: dict[str, int]
) -> Iterator[Fitted]:
    """Estimate the effect of each column's first regressor; yield rows and diagnostics of each."""

    def fitted(model: DoublyRobust, method: str) -> Fitted:
        fit = model.fit(**fit_arguments(spec.covariance[0], sample))
        record = {**_diagnostics(fit), EVIDENCE: _evidence(model, fit, sample)}
        rows: list[Row] = [{**row, "quantity": OBSERVED} for row in rows_of(fit, sample, spec)]
        return rows, record

    return each_regression(spec, partial(_model, sample, spec), fitted)


def _model(sample: pd.DataFrame, spec: Model, outcome: str, column: str) -> DoublyRobust:
    if not spec.columns[column]:
        remedy = "name the yes/no whose effect is wanted first"
        raise CisflowError("Doubly robust", Problem(f"column {column} is empty", remedy))
    regressors = [*spec.columns[column], *spec.controls]
    refuse_unmeasured(sample, [outcome, *regressors, *spec.fixed_effects])
    formula = formula_of(outcome, regressors, spec.fixed_effects)
    lower, upper = spec.limits or (None, None)
    return DoublyRobust(
        formula,
        numeric(sample).copy(),
        spec.columns[column][0],
        outcome="ols" if lower is None or upper is None else "fractional",
        lower=-np.inf if lower is None else lower,
        upper=np.inf if upper is None else upper,
        overlap=spec.overlap or BOUNDS,
    )


def _diagnostics(fit: TreatmentResults) -> dict[str, Any]:
    """Return sizes, the plain difference of means, balance and overlap."""
    balance, overlap = fit.balance, fit.overlap
    assert balance is not None and overlap is not None  # noqa: S101, PT018 - fit() gives both
    model: Any = fit.model
    return {
        "nobs": fit.nobs,
        "treatment": model.treatment,
        "bounds": list(model.bounds),
        **fit.extra,
        "balance": {
            name: {"before": before, "after": after}
            for name, before, after in zip(*(vars(balance).values()), strict=True)
        },
        "overlap": {
            "edges": list(overlap.edges),
            WITH: overlap.counts(True),
            WITHOUT: overlap.counts(False),
        },
        "dropped": fit.dropped,
    }


def _evidence(model: DoublyRobust, fit: TreatmentResults, sample: pd.DataFrame) -> dict[str, Any]:
    """Return on whom the effect rests, and every set of firms that is counted beside it."""
    rows = model.rows
    found = of_design(rows.X, rows.names, sample.iloc[rows.kept], linear=False)
    for key in ("support", "weight"):
        found[key] |= dict.fromkeys(fit.params.index, found[key].get(model.treatment, []))
    if not isinstance(found["support"][model.treatment], int):
        return found
    places = sample.iloc[model.everyone.kept][ROW].to_numpy()
    return {**found, **_sets(model, fit.overlap, places)}


def _sets(model: DoublyRobust, overlap: Overlap | None, places: np.ndarray) -> dict[str, Any]:
    """Return the sets behind the counts of a record, by where these stand, and their sums."""
    given, inside = model.given, model.inside
    masks = {
        "all": np.ones(len(places), dtype=bool),
        "given": given,
        "not_given": ~given,
        "n_with": given & inside,
        "n_without": ~given & inside,
        "n_outside": ~inside,
    }
    sums = [("", ["n_with", "n_without"]), ("all", ["", "n_outside"])]
    sums.append(("all", ["given", "not_given"]))
    sets = {name: sorted(map(int, places[mask])) for name, mask in masks.items()}
    if overlap is not None:
        for side, whole, with_ in ((WITH, "given", True), (WITHOUT, "not_given", False)):
            bins = [f"overlap/{side}/{i}" for i in range(len(overlap.edges) - 1)]
            members = [places[overlap.rows(i, with_)] for i in range(len(bins))]
            sets |= {b: sorted(map(int, of)) for b, of in zip(bins, members, strict=True)}
            sums.append((whole, bins))
    return {SETS: sets, SUMS: sums}
