"""Selection models: who has new products at all, and what cooperation does among those."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from cisflow.estimation.common import Row, fit_arguments, formula_of, numeric, refuse_unmeasured
from cisflow.estimation.driver import Fitted, each_regression
from cisflow.estimation.estimates import COEFFICIENT
from cisflow.estimation.evidence import EVIDENCE, SETS, SUMS, of_design, renamed, weakest
from cisflow.estimation.regressions import rows_of
from cisflow.estimators.selection.heckman import Heckman, SelectionResults
from cisflow.estimators.selection.names import OF_SELECTION
from cisflow.estimators.selection.pair import Pair
from cisflow.study.models import Model

ALL = "n_all"
"""How many firms the selection equation rests on."""


@dataclass(frozen=True)
class Equations:
    """Both equations as formulas, of one outcome and column."""

    selection: str
    outcome: str
    firms: pd.DataFrame


def selections(sample: pd.DataFrame, spec: Model, bootstrap: dict[str, int]) -> Iterator[Fitted]:
    """Fit every outcome on every column by every method; yield tidy rows and diagnostics of each.

    The rows' number of firms is of those selected; how many the selection equation rests on is in
    the diagnostics.
    """

    def fitted(equations: Equations, method: str) -> Fitted:
        model = _model(equations, method, spec)
        fit = model.fit(**fit_arguments(spec.covariance[0], sample))
        record = {**_diagnostics(fit), EVIDENCE: _evidence(model.pair, sample)}
        return list(_rows(fit, sample, spec)), record

    return each_regression(spec, partial(_equations, sample, spec), fitted)


def _equations(sample: pd.DataFrame, spec: Model, outcome: str, column: str) -> Equations:
    regressors = [*spec.columns[column], *spec.controls]
    refuse_unmeasured(sample, [outcome, *regressors, *spec.selection, *spec.fixed_effects])
    return Equations(
        formula_of(str(spec.selected), spec.selection, spec.fixed_effects),
        formula_of(outcome, regressors, spec.fixed_effects),
        numeric(sample).copy(),
    )


def _model(equations: Equations, method: str, spec: Model) -> Heckman:
    lower, upper = (spec.limits if method == "tobit" else None) or (None, None)
    by = "two_step" if method == "two_step" else "ml"
    parts = equations.selection, equations.outcome, equations.firms
    return Heckman(*parts, method=by, lower=lower, upper=upper)


def _rows(fit: SelectionResults, sample: pd.DataFrame, spec: Model) -> Iterator[Row]:
    """Yield coefficients of both equations, and effects on the outcome among those selected."""
    for row in rows_of(fit, sample, spec):
        of_selection = str(row["term"]).startswith(OF_SELECTION)
        if of_selection and row.get("quantity", COEFFICIENT) != COEFFICIENT:
            continue
        yield row if of_selection else {**row, "n": fit.n_selected}


def _diagnostics(fit: SelectionResults) -> dict[str, Any]:
    """Return size, correlation of the errors, and how much rests on what is excluded."""
    found: dict[str, Any] = {
        "nobs": fit.n_selected,
        ALL: fit.nobs,
        "n_lower": fit.n_lower,
        "n_upper": fit.n_upper,
        "rho": fit.rho,
        "sigma": fit.sigma,
        "lambda": fit.lambda_,
        "llf": fit.llf,
        "excluded": list(fit.excluded),
        "not_estimable": fit.not_estimable,
        "dropped": fit.dropped,
        **{name: dict(test) for name, test in fit.tests.items()},
    }
    if "exclusion" in fit.tests:
        test = fit.tests["exclusion"]
        found["exclusion"]["f"] = test["statistic"] / test["df"]
    known = {k: v for k, v in found.items() if not isinstance(v, float) or np.isfinite(v)}
    return {k: v for k, v in known.items() if v is not None}


def _evidence(pair: Pair, sample: pd.DataFrame) -> dict[str, Any]:
    """Return on whom the estimates rest: those selected, and all of the selection equation."""
    main, first = (
        of_design(rows.X, rows.names, sample.iloc[rows.kept], rows.weights, linear=False)
        for rows in (pair.outcome, pair.selection)
    )
    both = weakest(main, renamed(first, OF_SELECTION))
    return {**both, SETS: {ALL: first["rows"]}, SUMS: [(ALL, [""])]}
