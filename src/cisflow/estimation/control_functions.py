"""Tobits with endogenous regressors: the residual of a first stage as a control function."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pandas as pd

from cisflow.estimation.common import fit_arguments, formula_of, numeric, refuse_unmeasured
from cisflow.estimation.driver import Fitted, each_regression
from cisflow.estimation.evidence import EVIDENCE
from cisflow.estimation.instruments import (
    WEAK,
    Design,
    evidence_of,
    first_stage,
    read_design,
    refuse_unless_identified,
)
from cisflow.estimation.regressions import rows_of
from cisflow.estimators.selection.control_function import (
    ControlFunctionResults,
    ControlFunctionTobit,
)
from cisflow.study.models import Model

STRENGTH = ("first_stage", "effective_f", "cragg_donald_f", "kleibergen_paap_f", "kleibergen_paap")
"""What of an instrumental-variables regression's first stages is told."""


def control_functions(
    sample: pd.DataFrame, spec: Model, bootstrap: dict[str, int]
) -> Iterator[Fitted]:
    """Fit every outcome on every column; yield tidy rows and diagnostics of each."""

    def prepared(outcome: str, column: str) -> tuple[Design, ControlFunctionTobit]:
        refuse_unmeasured(sample, [outcome, *spec.endogenous, *spec.instruments, *spec.controls])
        design = read_design(sample, spec, outcome, column)
        refuse_unless_identified(design)
        return design, _model(sample, spec, outcome, column)

    def fitted(of: tuple[Design, ControlFunctionTobit], method: str) -> Fitted:
        design, model = of
        fit = model.fit(**fit_arguments(spec.covariance[0], sample))
        record = {**_diagnostics(fit), **_strength(design, spec, sample)}
        return rows_of(fit, sample, spec), {**record, EVIDENCE: evidence_of(design, sample)}

    return each_regression(spec, prepared, fitted)


def _model(sample: pd.DataFrame, spec: Model, outcome: str, column: str) -> ControlFunctionTobit:
    regressors = [*spec.endogenous, *spec.columns[column], *spec.controls]
    formula = formula_of(outcome, regressors, spec.fixed_effects)
    lower, upper = spec.limits or (None, None)
    firms = numeric(sample).copy()
    return ControlFunctionTobit(formula, firms, spec.endogenous, spec.instruments, lower, upper)


def _diagnostics(fit: ControlFunctionResults) -> dict[str, Any]:
    return {
        "nobs": fit.nobs,
        "n_lower": fit.n_lower,
        "n_upper": fit.n_upper,
        "scale": fit.scale,
        "exogeneity": dict(fit.tests["exogeneity"]),
        "probits": list(fit.probits),
        "unused_instruments": fit.model.unused,  # type: ignore[attr-defined]
        "not_estimable": fit.not_estimable,
        "dropped": fit.dropped,
    }


def _strength(design: Design, spec: Model, sample: pd.DataFrame) -> dict[str, Any]:
    """Return how strong the instruments are, in numbers and in words."""
    stages = first_stage(design, spec.covariance[0], sample)
    found = {name: stages[name] for name in STRENGTH if name in stages}
    f = found.get("effective_f", found["kleibergen_paap_f"])
    return {**found, "strength": strength(f)}


def strength(f: float) -> str:
    """Return in words what instruments with a first-stage F allow to be said."""
    if f < WEAK:
        return (
            f"the instruments are weak: first-stage F {f:.1f} is below {WEAK:.0f} (Stock & Yogo "
            "2005), so that neither the effects nor the test of exogeneity decide anything"
        )
    return f"first-stage F {f:.1f} is not weak by the rule of thumb (Stock & Yogo 2005)"
