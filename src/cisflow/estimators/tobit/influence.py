"""A Tobit without each single row; see :mod:`cisflow.estimators.influence`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from cisflow.estimators.arrays import Floats
from cisflow.estimators.influence import Point, RowParts, kind_of, newton
from cisflow.estimators.separation import indispensable_rows
from cisflow.estimators.tobit.fit import Fit
from cisflow.estimators.tobit.scores import TobitScores

LEAST_SCALE = 0.5  # of 1/σ must be left by a step


def row_parts(fit: Fit) -> RowParts:
    """Scores and information of every row in Olsen's working parameters."""
    X, sample = fit.X.toarray(), fit.sample
    (n, k), w = X.shape, sample.total_weights
    basis = np.zeros((n, k + 1, 2))
    basis[:, :k, 0], basis[:, k, 1] = X, 1.0
    score = w[:, None] * np.column_stack(fit.score_parts)
    information = fit.likelihood.curvature_parts(fit.optimum.parameters)
    count = np.ones(n) if sample.freq_weights is None else sample.freq_weights
    own = sample.squared_weights / w**2
    return RowParts(basis, score, w[:, None, None] * information, own, count)


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
