r"""Joint inference on many specifications of one effect, estimated on the same rows.

A specification curve (Simonsohn, Simmons & Nelson 2020, Nature Human Behaviour 4:1208–1214) asks
whether all specifications together say more than chance would: hundreds of them on the same firms
agree with each other, whatever is true. Its statistics are the median effect, the share of effects
with the dominant sign, the share that is significant with it, and the mean of the z statistics.
Each is held against what it would be if no specification had an effect.

That distribution is drawn by flipping signs. Under the null hypothesis the error of every
specification is the sum of its rows' influences :math:`\psi_{is}`
(:mod:`cisflow.estimators.average`). A draw multiplies those of a row by the same random sign in all
specifications,

.. math:: \hat m_s^* = \sum_i \omega_i \psi_{is}, \quad \omega_i \in \{-1, 1\},

which keeps how specifications hang together and how the spread of a row depends on its regressors.
It is the score (wild) bootstrap of Kline & Santos (2012, Journal of Econometric Methods 1:23–41)
and a randomisation test over signs (Canay, Romano & Shaikh 2017, Econometrica 85:1013–1030).
Exchanging rows, as one permutes a treatment that was assigned at random, asks for errors that could
be anyone's; those of a censored outcome could not.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cisflow.estimators.arrays import Floats, Ints

AT_ONCE = 1 << 22  # numbers of drawn effects that are looked at together


@dataclass(frozen=True, eq=False)
class Curve:
    """The effects of all specifications.

    Attributes
    ----------
    estimates, std_errors, critical : (s,) arrays
        The effects, their standard errors, and how many of these away from zero is significant.
    influences : (n, m) array
        Each row's part in the errors of m ≤ s distinct estimates; zero where a row is not used.
    column : (s,) integers
        Whose influences a specification has: those that differ in the standard error alone share.
    """

    estimates: Floats
    std_errors: Floats
    critical: Floats
    influences: Floats
    column: Ints

    @property
    def size(self) -> int:
        """Number of specifications."""
        return len(self.estimates)


@dataclass(frozen=True)
class Statistic:
    """A statistic of a curve, and the chance of one as large if nothing had an effect.

    Attributes
    ----------
    value : float
    p_value : float
        From the draws, two-sided, the curve itself counted among them.
    spread : float
        Standard deviation over the draws.
    """

    value: float
    p_value: float
    spread: float


@dataclass(frozen=True)
class JointTest:
    """What a curve says as a whole.

    Attributes
    ----------
    median
        Of the effects, in their unit.
    dominant
        Share of the effects with the sign that more of them have.
    significant
        Share of the effects that have this sign and are significant.
    mean_z
        Mean of the effects over their standard errors.
    p_value
        Of all four together: the chance that the smallest of four p-values is as small (Westfall
        & Young 1993, Resampling-based multiple testing).
    sign : int
        The dominant sign.
    draws : int
    positive : float
        Share of the effects that are positive.
    """

    median: Statistic
    dominant: Statistic
    significant: Statistic
    mean_z: Statistic
    p_value: float
    sign: int
    draws: int
    positive: float


def joint_test(curve: Curve, draws: int, seed: int | list[int]) -> JointTest:
    """Hold the statistics of a curve against draws in which no specification has an effect."""
    observed = {name: of(curve.estimates[None, :], curve)[0] for name, of in STATISTICS.items()}
    drawn = _drawn(curve, draws, seed)
    pooled = {name: np.append(abs(drawn[name]), abs(observed[name])) for name in STATISTICS}
    chances = {name: _chances(values) for name, values in pooled.items()}
    found = {
        name: Statistic(float(observed[name]), float(chances[name][-1]), float(drawn[name].std()))
        for name in STATISTICS
    }
    smallest = np.min(list(chances.values()), axis=0)
    joint = float((smallest <= smallest[-1]).mean())
    positive = float((curve.estimates > 0).mean())
    return JointTest(**found, p_value=joint, sign=_sign(curve), draws=draws, positive=positive)


def _drawn(curve: Curve, draws: int, seed: int | list[int]) -> dict[str, Floats]:
    """Return the statistics of curves of which no specification has an effect, (draws,) each."""
    rng = np.random.default_rng(seed)
    at_once = max(1, AT_ONCE // max(curve.size, 1))
    parts: list[dict[str, Floats]] = []
    for start in range(0, draws, at_once):
        signs = rng.integers(0, 2, (min(at_once, draws - start), len(curve.influences))) * 2.0 - 1.0
        effects = (signs @ curve.influences)[:, curve.column]
        parts.append({name: of(effects, curve) for name, of in STATISTICS.items()})
    return {name: np.concatenate([part[name] for part in parts]) for name in STATISTICS}


def _chances(values: Floats) -> Floats:
    """Return for each of some values the share of all that are as large."""
    order = np.sort(values)
    # Signs of zero and of rounding: equal but for the last digits is equal.
    smaller = np.searchsorted(order, values - 1e-12 * np.abs(values), side="left")
    return (len(values) - smaller) / len(values)


def _sign(curve: Curve) -> int:
    return 1 if (curve.estimates > 0).mean() >= (curve.estimates < 0).mean() else -1


# --- statistics of effects (draws, s) ------------------------------------------------------------


def _median(effects: Floats, curve: Curve) -> Floats:
    return np.asarray(np.median(effects, axis=1))


def _dominant(effects: Floats, curve: Curve) -> Floats:
    return np.maximum((effects > 0).mean(axis=1), (effects < 0).mean(axis=1))


def _significant(effects: Floats, curve: Curve) -> Floats:
    bar = curve.critical * curve.std_errors
    above, below = (effects > bar).mean(axis=1), (effects < -bar).mean(axis=1)
    rising: NDArray[np.bool_] = (effects > 0).mean(axis=1) >= (effects < 0).mean(axis=1)
    return np.where(rising, above, below)


def _mean_z(effects: Floats, curve: Curve) -> Floats:
    return np.asarray(effects @ (1 / curve.std_errors) / curve.size)


STATISTICS: Mapping[str, Callable[[Floats, Curve], Floats]] = {
    "median": _median,
    "dominant": _dominant,
    "significant": _significant,
    "mean_z": _mean_z,
}
