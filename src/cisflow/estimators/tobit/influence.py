"""A Tobit without each single row; see :mod:`cisflow.estimators.influence`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from cisflow.estimators.arrays import Floats, Ints
from cisflow.estimators.influence import Point, RowParts, held_by_one, kind_of, newton
from cisflow.estimators.separation import indispensable_rows
from cisflow.estimators.tobit.fit import Fit
from cisflow.estimators.tobit.likelihood import build_likelihood
from cisflow.estimators.tobit.scores import TobitScores

FLAT = 1e-10  # least eigenvalue of outer products scaled to one
LEAST_SCALE = 0.5  # of 1/σ must be left by a step


EXACT = 1e-4  # standard deviations: rows no nearer to their fit are not fitted exactly


def row_parts(fit: Fit, used: Ints | None = None) -> RowParts:
    """Scores and information in Olsen's working parameters, of all rows or some that are used."""
    likelihood, X, sample = fit.likelihood, fit.X, fit.sample
    rows: Ints | slice = slice(None) if used is None else used
    w = sample.total_weights[rows]
    if used is not None:
        units = fit.scaling.y_mean, fit.scaling.y_spread
        X = X.take(used)
        likelihood = build_likelihood(X, sample.outcome.take(used), w, None, *units)
    n, k, parameters = X.n, X.k, fit.optimum.parameters
    basis = np.zeros((n, k + 1, 2))
    basis[:, :k, 0], basis[:, k, 1] = X.toarray(), 1.0
    score = w[:, None] * np.column_stack(likelihood.score_parts(parameters))
    information = likelihood.curvature_parts(parameters)
    count = np.ones(n) if sample.freq_weights is None else sample.freq_weights[rows]
    own = sample.squared_weights[rows] / w**2
    return RowParts(basis, score, w[:, None, None] * information, own, count)


def held_alone(fit: Fit) -> np.ndarray:
    """Mark reported coefficients that one row alone determines, (k,)."""
    used = fit.estimable.rows
    exact = used[(np.abs(fit.score_parts[0]) < EXACT)[used]]
    if not exact.size:
        return np.zeros(fit.shown.size, dtype=bool)
    return held_by_one(row_parts(fit, exact), fit.bread(), fit.jacobian[fit.shown])


def unspread(fit: Fit) -> np.ndarray:
    """Mark reported coefficients that outer products of the scores leave open, (k,)."""
    outer = TobitScores(fit).outer()
    scale = np.sqrt(np.diag(outer))
    scale = np.where(scale > 0, scale, 1.0)
    values, vectors = np.linalg.eigh(outer / np.outer(scale, scale))
    free = fit.jacobian[fit.shown] @ (vectors[:, values < FLAT] / scale[:, None])
    size = (
        np.linalg.norm(free, axis=1)
        / np.sqrt(np.diag(fit.in_callers_units(fit.bread())))[fit.shown]
    )
    return np.asarray(size > 1e-6 * size.max(initial=np.finfo(float).tiny))


def _at(fit: Fit, step: Floats) -> Point:
    """Scores of the same rows at a distance from the maximum."""
    parameters = fit.optimum.parameters + step
    information = fit.likelihood.evaluate(parameters)[2]
    optimum = replace(fit.optimum, parameters=parameters, information=information)
    moved = replace(fit, optimum=optimum)
    return Point(TobitScores(moved), moved.jacobian[fit.shown])


def without_each_row(
    fit: Fit, cov_type: str, cov_kwds: Mapping[str, Any]
) -> tuple[Floats, Floats, np.ndarray]:
    """Coefficients without each row, the ratio of their variances to the full ones, and doubts.

    Returns
    -------
    params, ratio : (n, k) arrays
    doubt : (n,) booleans
    """
    kind = kind_of(fit.sample, cov_type, cov_kwds)
    step, ratio, doubt = newton(row_parts(fit), lambda step: _at(fit, step), kind)
    moved = fit.optimum.parameters + step
    doubt |= moved[:, -1] < LEAST_SCALE * fit.optimum.parameters[-1]
    beta = (moved[:, :-1] / moved[:, -1:]) @ fit.back.T
    if fit.scaling.intercept:
        beta[:, 0] += fit.scaling.y_mean / fit.scaling.spread[0]
    used, outcome = fit.estimable.rows, fit.sample.outcome
    pinned = np.isfinite(outcome.low) & np.isfinite(outcome.high)
    X = fit.X.toarray()[used]
    doubt[used] |= indispensable_rows(X, pinned[used], outcome.side[used])
    return beta[:, fit.shown], ratio, doubt
