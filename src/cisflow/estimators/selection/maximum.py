"""The maximum of a selection model's likelihood, in the caller's units."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from cisflow.estimators.arrays import Floats
from cisflow.estimators.errors import EstimationError, Problem
from cisflow.estimators.selection.likelihood import Likelihood

FLAT = 1e-8  # of the likelihood's slope per row, at a maximum
ALIKE = 3.5  # |atanh ρ| from which the two errors are one: ρ beyond ±0.998
REMEDY = "read the two-step estimate, use another exclusion restriction, or fewer regressors"


def maximise(likelihood: Likelihood, starts: Sequence[Floats], heading: str) -> Floats:
    """Return the parameters at the first maximum inside that is found from several starts.

    The likelihood need not be concave in ρ, so that further starts are tried where one fails.

    Raises
    ------
    EstimationError
        If none converges, or the correlation of the errors tends to ±1.
    """
    scaled, unit = _scaled(likelihood)
    apart = 0.0
    for start in starts:
        theta, flat = _climb(scaled, _to_scale(start, unit))
        if abs(theta[-2]) > ALIKE:
            apart = apart or float(theta[-2])
        elif flat:
            return _from_scale(theta, unit)
    what = "no convergence of the likelihood"
    if apart:
        sign = "+1" if apart > 0 else "−1"
        what = f"the correlation of the two errors tends to {sign}, so there is no maximum inside"
    raise EstimationError(heading, Problem(what, REMEDY))


def _climb(likelihood: Likelihood, start: Floats) -> tuple[Floats, bool]:
    """Return where Newton's method within a trusted region ends, and whether that is a maximum."""
    from scipy.optimize import minimize

    n = len(likelihood.Z)

    def stop(theta: Floats) -> None:
        if abs(theta[-2]) > ALIKE:
            raise StopIteration

    found = minimize(
        lambda t: -likelihood.value(t) / n,
        start,
        jac=lambda t: -likelihood.scores(t).sum(axis=0) / n,
        hess=lambda t: likelihood.information(t) / n,
        method="trust-exact",
        callback=stop,
        options={"gtol": FLAT, "maxiter": 200},
    )
    theta = np.asarray(found.x)
    if abs(theta[-2]) > ALIKE:
        return theta, False
    for _ in range(2):  # to rounding
        theta = theta + _newton(likelihood, theta)
    flat = np.abs(likelihood.scores(theta).sum(axis=0)).max() / n < 10 * FLAT
    return theta, bool(flat and np.isfinite(theta).all())


def _newton(likelihood: Likelihood, theta: Floats) -> Floats:
    information = likelihood.information(theta)
    try:
        np.linalg.cholesky(information)
    except np.linalg.LinAlgError:
        return np.zeros_like(theta)
    return np.linalg.solve(information, likelihood.scores(theta).sum(axis=0))


# --- units ---------------------------------------------------------------------------------------

Unit = tuple[Floats, Floats, float]
"""What columns of either equation, and the outcome, are divided by."""


def _scaled(likelihood: Likelihood) -> tuple[Likelihood, Unit]:
    """Return the same likelihood of columns of size one."""
    of_x, of_z = (np.abs(part).max(axis=0) for part in (likelihood.X, likelihood.Z))
    of_y = float(likelihood.y.std()) or 1.0
    changed = replace(
        likelihood,
        X=likelihood.X / of_x,
        Z=likelihood.Z / of_z,
        y=likelihood.y / of_y,
        lower=likelihood.lower / of_y,
        upper=likelihood.upper / of_y,
    )
    return changed, (of_x, of_z, of_y)


def _to_scale(theta: Floats, unit: Unit) -> Floats:
    of_x, of_z, of_y = unit
    k = len(of_x)
    ends = [theta[-2], theta[-1] - np.log(of_y)]
    return np.concatenate([theta[:k] * of_x / of_y, theta[k:-2] * of_z, ends])


def _from_scale(theta: Floats, unit: Unit) -> Floats:
    of_x, of_z, of_y = unit
    k = len(of_x)
    ends = [theta[-2], theta[-1] + np.log(of_y)]
    return np.concatenate([theta[:k] * of_y / of_x, theta[k:-2] / of_z, ends])
