"""Regressions by the name the models file has for them, and the robust alternatives of a Tobit."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import numpy as np
import pandas as pd

from cisflow.base.problems import CisflowError, Problem
from cisflow.estimation.common import formula_of
from cisflow.estimators.design import independent_columns
from cisflow.estimators.formula import model_frame
from cisflow.estimators.regression.models import OLS, FractionalLogit, Probit
from cisflow.estimators.regression.two_part import TwoPart
from cisflow.estimators.tobit.heteroskedastic import HeteroskedasticTobit
from cisflow.estimators.tobit.model import Tobit
from cisflow.study.models import Model

Weights: TypeAlias = "pd.Series | None"
Build = Callable[[str, pd.DataFrame, Weights, Model], Any]


def _tobit(formula: str, firms: pd.DataFrame, weights: Weights, spec: Model) -> Any:
    lower, upper = spec.limits or (None, None)
    return Tobit.from_formula(formula, firms, lower=lower, upper=upper, weights=weights)


def _fractional(formula: str, firms: pd.DataFrame, weights: Weights, spec: Model) -> Any:
    lower, upper = spec.limits or (None, None)
    if lower is None or upper is None:
        raise _without_limit("a share", "both limits", formula)
    return FractionalLogit(formula, firms, lower=lower, upper=upper, weights=weights)


def _two_part(formula: str, firms: pd.DataFrame, weights: Weights, spec: Model) -> Any:
    lower, upper = spec.limits or (None, None)
    if lower is None:
        raise _without_limit("whether any", "a lower limit", formula)
    amount = spec.amount or ("truncated" if upper is None else "fractional")
    first = spec.participation or "probit"
    return TwoPart(formula, firms, lower, upper, any=first, amount=amount, weights=weights)


def _without_limit(what: str, wanted: str, formula: str) -> CisflowError:
    problem = Problem(f"{what} needs {wanted} of the outcome", "give them in `limits`")
    return CisflowError(f"Model {formula}", problem)


def _ols(formula: str, firms: pd.DataFrame, weights: Weights, spec: Model) -> Any:
    return OLS.from_formula(formula, firms, weights=weights)


def _probit(formula: str, firms: pd.DataFrame, weights: Weights, spec: Model) -> Any:
    return Probit.from_formula(formula, firms, weights=weights)


def _heteroskedastic(formula: str, firms: pd.DataFrame, weights: Weights, spec: Model) -> Any:
    model = _tobit(formula, firms, weights, spec)
    return HeteroskedasticTobit(model, _spread(spec.variance, model, firms))


def _spread(terms: Sequence[str], tobit: Tobit, firms: pd.DataFrame) -> pd.DataFrame:
    """Return what the spread depends on, of the rows of a Tobit, without a constant."""
    sample = tobit.sample
    rows = firms if sample.frame is None else firms.iloc[sample.frame.rows]
    frame = model_frame(formula_of(sample.name, terms, ()), rows.reset_index(drop=True))
    kept = [j for j, name in enumerate(frame.names) if name != "Intercept"]
    return pd.DataFrame(frame.X[:, kept], columns=[frame.names[j] for j in kept])


BUILD: dict[str, Build] = {
    "tobit": _tobit,
    "heteroskedastic_tobit": _heteroskedastic,
    "fractional": _fractional,
    "two_part": _two_part,
    "ols": _ols,
    "probit": _probit,
}

ALTERNATIVES = {
    "fractional": "fractional",
    "heteroskedastic": "heteroskedastic_tobit",
    "two_part": "two_part",
}
"""Robust alternatives of a Tobit: the estimator behind each."""


def alternative(
    name: str, tobit: Tobit, formula: str, firms: pd.DataFrame, weights: Weights, spec: Model
) -> Any:
    """Return a robust alternative of a Tobit on the same firms, not yet fitted.

    The spread of the heteroskedastic one depends on ``variance`` of the model, else on its
    controls, else on the regressors of the column; constants and repetitions are left out.
    """
    if name != "heteroskedastic":
        return BUILD[ALTERNATIVES[name]](formula, firms, weights, spec)
    Z = _spread(spec.variance or spec.controls or spec.regressors, tobit, firms)
    centred = (Z - Z.mean()).to_numpy()
    usable = independent_columns(centred, np.maximum(np.linalg.norm(Z, axis=0), 1e-300))
    return HeteroskedasticTobit(tobit, Z.loc[:, usable])
