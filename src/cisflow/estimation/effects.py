"""Average effects as rows of the tidy estimates: what moves with which term."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from cisflow.estimation.common import Row, coefficient_rows, not_estimable
from cisflow.estimators.arrays import Floats
from cisflow.estimators.effects import Factors, average_effects, effect_and_gradient
from cisflow.study.levels import class_of, factors_in, split_level
from cisflow.study.models import Model

INTERCEPT = "Intercept"
UNMOVED = "no firm's prediction moves with it, so its effect has no standard error"
# Quantities of each estimator, and what the estimator calls them.
OF_TOBIT = {
    "observed": "censored",
    "latent": "latent",
    "uncensored": "uncensored",
    "probability": "probability",
}
KINDS: dict[str, dict[str, str]] = {
    "tobit": OF_TOBIT,
    "heteroskedastic_tobit": OF_TOBIT,
    "fractional": {"observed": "observed"},
    "two_part": {name: name for name in ("observed", "uncensored", "probability")},
    "probit": {"probability": "probability"},
    "selection": {"observed": "observed"},
    "control_function": {"observed": "observed"},
}
PARTS = ("any: ", "amount: ")  # of a two-part model, before the names of its coefficients

_POWER = re.compile(r"(.+)\^([23])")


def effect_rows(
    fit: Any,
    spec: Model,
    sample: pd.DataFrame,
    about: Row,
    wanted: Collection[tuple[str, str]] | None = None,
    kinds: Mapping[str, str] | None = None,
) -> Iterator[Row]:
    """Yield a row per quantity and term, dummies of fixed effects and the constant left out.

    Parameters
    ----------
    fit
        A fitted regression with its main covariance.
    sample
        The firms it was fitted to, yes/no as numbers.
    about
        What all rows have.
    wanted
        Pairs of quantity and term, of which alone there are to be rows; None for all.
    kinds
        Quantities, and what the estimator calls them; None for all of the model's estimator.
    """
    df = getattr(fit, "df", None)
    notes = getattr(fit, "notes", fit.not_estimable)
    lost = {bare(name): why for name, why in notes.items() if is_shown(bare(name), spec)}
    order = list(dict.fromkeys(bare(name) for name in fit.params.index))
    asked = kinds if kinds is not None else KINDS.get(spec.estimator, {})
    for quantity, kind in asked.items():
        if wanted is not None and quantity not in {name for name, _ in wanted}:
            continue
        of = {**about, "quantity": quantity}
        prediction = fit.prediction(kind)
        factors = made_of(prediction.names, sample.iloc[prediction.rows], spec)
        known = dict.fromkeys(t for t in prediction.names if is_shown(t, spec) and t not in lost)
        terms = sorted(known, key=lambda term: order.index(term) if term in order else len(order))
        if wanted is not None:
            terms = [t for t in terms if (quantity, t) in wanted]
        found = average_effects(prediction, factors, terms)
        told = found[found["std_error"] > 0]
        numbers = told["effect"], told["std_error"], np.inf if df is None else df
        yield from ({**of, **row} for row in coefficient_rows(*numbers))
        gone = lost | dict.fromkeys((t for t in terms if t not in told.index), UNMOVED)
        yield from (not_estimable(why, **of, term=term) for term, why in gone.items())


def bare(name: str) -> str:
    """Return the term of a coefficient of a two-part model."""
    return next((name.removeprefix(part) for part in PARTS if name.startswith(part)), name)


def gradient_of(fit: Any, spec: Model, sample: pd.DataFrame, term: str, quantity: str) -> pd.Series:
    """Return how an average effect moves with the coefficients, by their names.

    Parameters
    ----------
    fit, spec, sample
        As in :func:`effect_rows`.
    term, quantity
        Which effect.

    Returns
    -------
    pandas.Series
        Of the regressors that are named in the prediction; what the spread of a Tobit and absorbed
        dummies add is left out.
    """
    prediction = fit.prediction(KINDS[spec.estimator][quantity])
    factors = made_of(prediction.names, sample.iloc[prediction.rows], spec)
    _, gradient = effect_and_gradient(prediction, factors, term)
    names = list(prediction.names)
    return pd.Series(gradient[: len(names)], index=names).groupby(level=0).sum()


def is_shown(name: str, spec: Model) -> bool:
    """Return whether a regressor is more than the constant or a dummy of a fixed effect."""
    return name != INTERCEPT and class_of(name) not in {f"C({e})" for e in spec.fixed_effects}


def made_of(names: Sequence[str], firms: pd.DataFrame, spec: Model) -> Factors:
    """Return of which factors regressors are products.

    A power such as ``a^2`` moves with ``a`` where both are regressors. Dummies of fixed effects
    are constants, but where their class is in a product.

    Parameters
    ----------
    names
        The regressors, as the formula names them.
    firms
        Their rows of the sample, with a column for each factor.
    """
    parts = {name: factors_in(name) for name in dict.fromkeys(names) if name != INTERCEPT}
    moving = {class_of(f) for factors in parts.values() if len(factors) > 1 for f in factors}
    powers: dict[str, dict[str, int]] = {}
    for name, factors in parts.items():
        if is_shown(name, spec) or class_of(name) in moving:
            powers[name] = {}
            for base, power in (_base(factor, parts) for factor in factors):
                powers[name][base] = powers[name].get(base, 0) + power
    used = dict.fromkeys(factor for of in powers.values() for factor in of)
    values = {factor: values_of(factor, firms) for factor in used}
    return Factors(values, powers, {f: of for f in used if (of := class_of(f))})


def _base(factor: str, regressors: Mapping[str, Any]) -> tuple[str, int]:
    """Return what a factor is a power of, and which; itself where that is no regressor."""
    power = _POWER.fullmatch(factor)
    if power is None or class_of(factor) or power[1] not in regressors:
        return factor, 1
    return power[1], int(power[2])


def values_of(factor: str, firms: pd.DataFrame) -> Floats:
    """Return a factor's values, 1 and 0 of a level of a class, shape (n,)."""
    of, level = split_level(factor)
    if not level or factor in firms:
        return firms[factor].to_numpy(dtype=float)
    inside = re.fullmatch(r"C\((.+)\)", of)
    name = inside[1] if inside and of not in firms else of
    return (firms[name].astype(str) == level).to_numpy(dtype=float)
