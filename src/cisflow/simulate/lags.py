"""Ratios of the accounts, year by year, of firms that answered several waves.

A wave of a firm consists of scores x (diversity, in-house R&D, innovation strength). What lasts in
them is the firm's norm of diversity, which depends on its size class and on the firm effect a:
x = r × norm + ε, r being the correlations with diversity, and ε independent from wave to wave. Year
t's scores of the two ratios are sums over the firm's waves of terms in ε, whose weights depend on
the years since the wave, plus the firm effect and autoregressive noise. The weights are solved for
such that the ratios k years after *any* wave have exactly the correlations with that wave's x that
the truth's path implies at lag k, however many waves the firm answered. The firm effect is part of
these correlations: comparing a firm with itself finds other numbers.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cisflow.base.problems import CisflowError, Problem
from cisflow.simulate.cooperation import cooperation_norm
from cisflow.simulate.norta import Array
from cisflow.simulate.population import RATIOS, path_scores

Path = Mapping[str, Mapping[str, Any]]


def paths_by_lag(path: Path) -> list[dict[str, dict[str, float]]]:
    """Return the path at lag 0, 1, …: a coefficient is a number or a list of one per lag.

    Raises
    ------
    CisflowError
        Lists of different lengths.
    """
    lengths = {len(b) for e in path.values() for b in e.values() if isinstance(b, list)} or {1}
    if len(lengths) > 1:
        what = f"lists of {' and '.join(map(str, sorted(lengths)))} coefficients"
        raise CisflowError("the truth's `path`", Problem(what, "give one coefficient per lag"))
    return [
        {
            target: {s: b[k] if isinstance(b, list) else b for s, b in equation.items()}
            for target, equation in path.items()
        }
        for k in range(lengths.pop())
    ]


@dataclass(frozen=True)
class Process:
    """How the ratios' scores depend on the firm effect and on waves; K lags, 3 scores per wave."""

    names: list[str]  # the scores of a wave, in order
    persistent: Array  # loadings r of the wave's scores on the firm's norm of diversity, shape (3,)
    # personnel, profit: weights of ε by lag in the personnel-cost share and in what the profit
    # margin has besides it, each of shape (K, 3).
    personnel: Array
    profit: Array
    # personnel_effect, profit_effect: weights of the firm effect in these two.
    personnel_effect: float
    profit_effect: float
    through: float  # weight of the personnel-cost share in the profit margin
    together: float  # correlation of the two ratios' scores
    covariance: Array  # covariance of ε, shape (3, 3)


def lag_process(truth: Mapping[str, Any]) -> Process:
    """Return the process that the truth's ``path``, ``margins`` and ``panel`` imply."""
    keys = ("path", "margins", "firms", "cooperation", "panel")
    return _solved(json.dumps({key: truth[key] for key in keys}))


@lru_cache(maxsize=4)
def _solved(text: str) -> Process:
    truth = json.loads(text)
    by_lag = [path_scores({**truth, "path": path}) for path in paths_by_lag(truth["path"])]
    names = by_lag[0][0]
    ratios = [names.index(name) for name in RATIOS]
    waves = [i for i in range(len(names)) if i not in ratios]
    R = by_lag[0][1][np.ix_(waves, waves)]
    mean, slope = cooperation_norm(truth)
    shares = np.array([c["innovative"] for c in truth["firms"]["size_classes"]])
    shares = shares / shares.sum()
    covariance = R - float(shares @ (mean**2 + slope**2)) * np.outer(R[0], R[0])
    effect = float(shares @ slope) * R[0]  # covariances with the firm effect
    personnel, profit = (np.array([C[i, waves] for _, C in by_lag]) for i in ratios)
    # What personnel costs carry to the margin; the same at every lag up to the curvature of scores.
    through = float(np.mean([_last_coefficient(C, waves, ratios) for _, C in by_lag]))
    personnel_effect = float(effect[0] * personnel[:, 0].mean())
    profit_effect = truth["panel"]["firm_effect"]["profit_margin"] - through * personnel_effect
    return Process(
        [names[i] for i in waves],
        R[0],
        np.linalg.solve(covariance, (personnel - personnel_effect * effect).T).T,
        np.linalg.solve(covariance, (profit - through * personnel - profit_effect * effect).T).T,
        personnel_effect,
        profit_effect,
        through,
        float(np.mean([C[ratios[0], ratios[1]] for _, C in by_lag])),
        covariance,
    )


def _last_coefficient(C: Array, waves: list[int], ratios: list[int]) -> float:
    """Return the coefficient of the first ratio in the regression of the second."""
    given = [*waves, ratios[0]]
    return float(np.linalg.solve(C[np.ix_(given, given)], C[given, ratios[1]])[-1])


def ratio_scores(
    truth: Mapping[str, Any],
    firm_effect: Array,
    surveys: Sequence[tuple[int, NDArray[np.int64], Array, Array]],
    years: NDArray[np.int64],
    rng: np.random.Generator,
) -> dict[str, Array]:
    """Draw the ratios' standard normal scores.

    Parameters
    ----------
    firm_effect
        Shape (n,).
    surveys
        Per wave: reference year, rows of its firms in ``firm_effect``, their scores, shape
        (firms, 3) in the order of :attr:`Process.names`, and their norm of diversity.
    years
        Consecutive years, shape (T,).

    Returns
    -------
    dict
        Ratio → scores, shape (n, T).

    Raises
    ------
    CisflowError
        Effects that, with so many waves in reach of a year, explain more than all variance.
    """
    process, shape = lag_process(truth), (len(firm_effect), len(years))
    P = np.repeat(process.personnel_effect * firm_effect[:, None], len(years), axis=1)
    M = np.repeat(process.profit_effect * firm_effect[:, None], len(years), axis=1)
    # Explained variances of the two and their covariance: the noise takes up the rest.
    var_p = np.full(shape, process.personnel_effect**2)
    var_m = np.full(shape, process.profit_effect**2)
    cov = np.full(shape, process.personnel_effect * process.profit_effect)
    for year, rows, scores, norm in surveys:
        shock = scores - norm[:, None] * process.persistent
        for lag, (p, m) in enumerate(zip(process.personnel, process.profit, strict=True)):
            for column in np.flatnonzero(years == year + lag):
                P[rows, column] += shock @ p
                M[rows, column] += shock @ m
                var_p[rows, column] += p @ process.covariance @ p
                var_m[rows, column] += m @ process.covariance @ m
                cov[rows, column] += p @ process.covariance @ m
    own = np.sqrt(np.maximum(1 - var_p, 0))
    # The two go together as the path says, however many waves bear on both.
    beside = process.together - process.through
    shared = (beside - cov) / np.maximum(own, 1e-6)
    left = 1 - process.through**2 - 2 * process.through * beside - var_m - shared**2
    if left.min() <= 0 or var_p.max() >= 1:
        what = "profit_margin: over all waves in reach, the path explains more than its variance"
        raise CisflowError("the truth's `path`", Problem(what, "make its coefficients smaller"))
    rho = truth["accounts"]["persistence"]
    noise = _autoregressive(shape, rho, rng)
    P += own * noise
    M += process.through * P + shared * noise
    M += np.sqrt(left) * _autoregressive(shape, rho, rng)
    return dict(zip(RATIOS, (P, M), strict=True))


def _autoregressive(shape: tuple[int, int], rho: float, rng: np.random.Generator) -> Array:
    """Draw stationary standard normal paths, one per row."""
    noise = rng.standard_normal(shape)
    for t in range(1, shape[1]):
        noise[:, t] = rho * noise[:, t - 1] + np.sqrt(1 - rho**2) * noise[:, t]
    return noise
