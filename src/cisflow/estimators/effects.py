r"""Average effects of variables on what a model predicts, products and powers moving along.

A regressor is a product of powers of *factors*: ``a``, ``a:b``, ``a^2``, a level of a class. The
effect of a regressor on a prediction :math:`m(x)` is the average over the rows of

.. math:: \prod_f \frac{1}{p_f!} D_f^{p_f} \; m(x)

over its factors :math:`f` with powers :math:`p_f`: of a factor that is 0 or 1 in every row
:math:`D_f m` is the difference :math:`m(f{=}1) - m(f{=}0)`, of others the derivative. All
regressors a factor is in move with it. So the effect of a variable that is also in a product
counts what the product does, and that of a product is the cross difference or cross derivative,
which in a model that is not linear is not the product's coefficient times a slope (Ai & Norton
2003, Economics Letters 80:123–129; Norton, Wang & Ai 2004, Stata Journal 4:154–167). Of a model
that is linear the effect of the highest product or power of its factors is its coefficient.

Derivatives are differences over a few points near each row; an effect is then a weighted sum of
predictions, and its gradient in the parameters the same sum of their gradients, which is exact.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import product
from math import factorial

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cisflow.estimators.arrays import Floats, Ints

# By order of the derivative, how far apart its points lie, in standard deviations of the factor.
STEPS = {1: 1e-3, 2: 1e-2, 3: 3e-2}
WIDEST = 0.1


@dataclass(frozen=True)
class Prediction:
    """The average of what a model predicts, as a function of its regressors."""

    # Of the k regressors; one that enters twice (in the mean and in the spread, say) is named
    # twice.
    names: Sequence[str]
    X: Floats  # (n, k)
    # (n,), of the rows in the average; they add up to one, or to less where some rows' prediction
    # does not depend on the regressors.
    weights: Floats
    covariance: Floats  # (p, p), of the parameters
    # From regressors (n, k) and weights (n,) to the weighted sum of predictions and its gradient in
    # the parameters (p,).
    total: Callable[[Floats, Floats], tuple[float, Floats]]
    rows: Ints  # (n,), their places in the caller's table


@dataclass(frozen=True)
class Factors:
    """What regressors are products of."""

    values: Mapping[str, Floats]  # factor → its values, (n,)
    # Regressor → factor → power. What is not in it is a constant.
    powers: Mapping[str, Mapping[str, int]]
    # Factor that is a level of a class → the class: where one level is 1 the others are 0.
    classes: Mapping[str, str]

    def beside(self, factor: str) -> list[str]:
        """Return the other levels of a factor's class."""
        of = self.classes.get(factor)
        return [other for other, c in self.classes.items() if c == of and other != factor]


def average_effects(prediction: Prediction, factors: Factors, names: Sequence[str]) -> pd.DataFrame:
    """Return average effects of regressors, with standard errors by the delta method.

    Parameters
    ----------
    prediction
        Of which quantity.
    factors
        What the regressors are made of, in the same rows.
    names
        The regressors whose effects are wanted; each is in ``factors.powers``.

    Returns
    -------
    DataFrame
        Indexed by name: ``effect``, in units of the prediction, and ``std_error``.
    """
    found = [_effect(prediction, factors, factors.powers[name]) for name in names]
    effects = np.array([effect for effect, _ in found])
    gradients = np.array([g for _, g in found]).reshape(len(found), len(prediction.covariance))
    variance = np.einsum("ij,jk,ik->i", gradients, prediction.covariance, gradients)
    return pd.DataFrame({"effect": effects, "std_error": np.sqrt(variance)}, index=list(names))


def effect_and_gradient(
    prediction: Prediction, factors: Factors, name: str
) -> tuple[float, Floats]:
    """Return one of :func:`average_effects` with its gradient in the parameters, (p,)."""
    return _effect(prediction, factors, factors.powers[name])


def effect_at(
    prediction: Prediction,
    factors: Factors,
    powers: Mapping[str, int],
    held: Mapping[str, float],
    rows: NDArray[np.bool_] | None = None,
) -> tuple[float, Floats]:
    """Return an average effect where some factors are held at a value, with its gradient (p,).

    Parameters
    ----------
    prediction, factors
        As in :func:`average_effects`.
    powers
        Factor → how often it is differenced or derived by; none for the mean prediction itself.
    held
        Factor → the value it has in every row.
    rows : (n,) booleans, optional
        The rows that the average is of; all where it is left out.
    """
    fixed = {name: np.full(len(prediction.X), value) for name, value in held.items()}
    weights = prediction.weights
    if rows is not None:
        weights = np.where(rows, weights, 0.0) * (weights.sum() / weights[rows].sum())
    there = replace(prediction, X=_moved(prediction, factors, fixed), weights=weights)
    return _effect(there, replace(factors, values={**factors.values, **fixed}), powers)


def linear(prediction: Prediction, params: pd.Series, covariance: pd.DataFrame) -> Prediction:
    """Return the average of the linear index, as a function of the same regressors.

    Parameters
    ----------
    prediction
        Of any quantity of the same fit; of regressors named twice the first is meant.
    params, covariance
        Its coefficients, by name; those of regressors that are not in the prediction stay out.
    """
    first = {name: j for j, name in reversed(list(enumerate(prediction.names)))}
    names = [name for name in first if name in params.index and np.isfinite(params[name])]
    names.sort(key=first.__getitem__)
    places, b = [first[name] for name in names], params[names].to_numpy()

    def total(X: Floats, weights: Floats) -> tuple[float, Floats]:
        return float(weights @ (X @ b)), weights @ X

    return Prediction(
        names,
        prediction.X[:, places],
        prediction.weights,
        covariance.loc[names, names].to_numpy(),
        total,
        prediction.rows,
    )


def _effect(
    prediction: Prediction, factors: Factors, powers: Mapping[str, int]
) -> tuple[float, Floats]:
    total, gradient = 0.0, np.zeros(len(prediction.covariance))
    for weight, moved in _points(factors, powers):
        X = _moved(prediction, factors, moved)
        value, slope = prediction.total(X, weight * prediction.weights)
        total, gradient = total + value, gradient + slope
    return total, gradient


def _points(
    factors: Factors, powers: Mapping[str, int]
) -> Iterator[tuple[float, dict[str, Floats]]]:
    """Yield the points whose weighted predictions make an effect: the factors' values at each."""
    moves = [list(_moves(factors.values[name], power)) for name, power in powers.items()]
    others = [name for factor in powers for name in factors.beside(factor)]
    for moved in product(*moves):
        weight = float(np.prod([w for w, _ in moved]))
        values = {name: np.zeros_like(factors.values[name]) for name in others}
        values |= {name: v for name, (_, v) in zip(powers, moved, strict=True)}
        yield weight, values


def _moves(values: Floats, power: int) -> Iterator[tuple[float, Floats]]:
    """Yield weights and values of a factor: at 1 and 0, or near where it is."""
    if is_binary(values):
        yield 1.0, np.ones_like(values)
        yield -1.0, np.zeros_like(values)
        return
    step = STEPS.get(power, WIDEST) * (float(values.std()) or 1.0)
    for place, weight in _stencil(power):
        if weight:
            yield weight / step**power / factorial(power), values + place * step


def is_binary(values: Floats) -> bool:
    """Return whether a factor is 0 or 1 in every row, and not the same in all."""
    return bool(np.isin(values, (0.0, 1.0)).all() and np.ptp(values) > 0)


@lru_cache(maxsize=8)
def _stencil(order: int) -> list[tuple[int, float]]:
    """Return places and weights of central differences, exact for polynomials of their number."""
    half = (order + 1) // 2 + 1
    places = np.arange(-half, half + 1)
    wanted = np.zeros(len(places))
    wanted[order] = factorial(order)
    weights = np.linalg.solve(np.vander(places, increasing=True).T.astype(float), wanted)
    weights[np.abs(weights) < 1e-12] = 0.0
    return list(zip(places.tolist(), weights.tolist(), strict=True))


def _moved(prediction: Prediction, factors: Factors, moved: Mapping[str, Floats]) -> Floats:
    """Return the regressors where some factors have other values."""
    X = prediction.X.copy()
    for j, name in enumerate(prediction.names):
        powers = factors.powers.get(name, {})
        if not moved.keys().isdisjoint(powers):
            parts = (moved.get(f, factors.values[f]) ** p for f, p in powers.items())
            X[:, j] = np.prod(list(parts), axis=0)
    return X
