"""Score tests for the arrows a path model leaves out ("modification indices").

An arrow's index is the drop in χ² to be expected if it were drawn; its expected change is the
coefficient it would have. No model is estimated anew. Defined as in lavaan's ``modindices`` with
expected information (Sörbom 1989).

In a recursive system an omitted arrow shares information only with the arrows into the same
outcome: every other product of scores contains a disturbance that none of the rest contains. One
regression of the source on those arrows' sources, under the implied covariances, is therefore all
that is needed. The argument fails for an arrow that would close a circle; those are listed only.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from cisflow.estimators.distributions import ChiSquared
from cisflow.estimators.path.moments import (
    TOLERANCE,
    Estimates,
    Moments,
    Sample,
    center,
    implied_covariance,
)
from cisflow.estimators.path.system import ARROW, System


def omitted_arrows(system: System) -> Iterator[tuple[str, str, list[str]]]:
    """Every arrow that is not drawn: target, source, and the circle it would close (or none)."""
    drawn = set(system.arrows)
    for target in system.endogenous:
        for source in system.variables:
            if source != target and (target, source) not in drawn:
                back = system.paths(target, source)
                circle = [*back[0].label.split(ARROW), target] if back else []
                yield target, source, circle


def modification_indices(
    system: System,
    moments: Moments,
    found: Estimates,
    sample: Sample | None = None,
    groups: np.ndarray | None = None,
) -> pd.DataFrame:
    """Score test of every omitted arrow.

    Parameters
    ----------
    system, moments, found
        The model, the moments it was estimated from, and its estimates.
    sample
        The firms, for indices robust to heteroskedasticity; None for those of normal theory.
    groups
        Cluster codes 0 … G−1, for indices robust to dependence within clusters as well.

    Returns
    -------
    DataFrame
        Largest first: ``target source mi p_value`` (χ² with one degree of freedom)
        ``expected_change std_expected_change note``. Not a number for an arrow that would close a
        circle or whose source is a combination of those the outcome already has; ``note`` says
        which.
    """
    q = len(system.exogenous)
    implied = implied_covariance(system, found.coef, found.psi, moments.within[None, :q, :q])[0]
    net = None if sample is None else center(sample)[0]
    rows: list[dict[str, Any]] = []
    for target, source, circle in omitted_arrows(system):
        row = {"target": target, "source": source, "mi": np.nan, "expected_change": np.nan}
        row["note"] = f"would close a circle: {ARROW.join(circle)}" if circle else ""
        if not circle:
            place = system.position[source], system.endogenous.index(target)
            index = _index(system, moments, found, implied, place)
            if index is None:
                row["note"] = "a combination of the sources the outcome already has"
            else:
                row["mi"], row["expected_change"] = index
                if net is not None:
                    row["mi"] = _robust_index(system, moments, found, net, place, groups)
        rows.append(row)
    columns = ["target", "source", "mi", "p_value", "expected_change", "std_expected_change"]
    if not rows:
        return pd.DataFrame(columns=[*columns, "note"])
    table = pd.DataFrame(rows).sort_values("mi", ascending=False, kind="stable", ignore_index=True)
    sd = dict(zip(system.variables, found.sd[0], strict=True))
    table["p_value"] = ChiSquared(1).sf(table["mi"])
    ratio = table["source"].map(sd) / table["target"].map(sd)
    table["std_expected_change"] = table["expected_change"] * ratio
    return table[[*columns, "note"]]


def _slopes(s: np.ndarray, sources: np.ndarray, variable: int) -> np.ndarray:
    """Coefficients of ``variable`` on ``sources`` under covariances ``s``, whatever the units."""
    scale = np.sqrt(np.diag(s))
    r = s / np.outer(scale, scale)
    slopes = np.linalg.solve(r[np.ix_(sources, sources)], r[sources, variable])
    return np.asarray(slopes * scale[variable] / scale[sources])


def _index(
    system: System, moments: Moments, found: Estimates, implied: np.ndarray, place: tuple[int, int]
) -> tuple[float, float] | None:
    """Index and expected change of one arrow; None if its source has nothing of its own."""
    variable, j = place
    _, arrows, sources = system.equations[j]
    outcome = len(system.exogenous) + j
    slopes = _slopes(implied, sources, variable)
    own = implied[variable, variable] - slopes @ implied[sources, variable]
    if own <= TOLERANCE * implied[variable, variable]:
        return None
    covariance = (
        moments.within[outcome, variable]
        - found.coef[0, arrows] @ moments.within[sources, variable]
    )
    return moments.nobs * covariance**2 / (found.psi[0, j] * own), covariance / own


def _robust_index(
    system: System,
    moments: Moments,
    found: Estimates,
    net: Sample,
    place: tuple[int, int],
    groups: np.ndarray | None,
) -> float:
    """Squared sum of the firms' (or clusters') scores over the sum of their squares."""
    variable, j = place
    _, arrows, sources = system.equations[j]
    outcome = len(system.exogenous) + j
    slopes = _slopes(moments.within, sources, variable)
    rest = net.values[:, variable] - net.values[:, sources] @ slopes
    residual = net.values[:, outcome] - net.values[:, sources] @ found.coef[0, arrows]
    score = residual * rest
    if net.weights is not None:
        score = score * net.weights
    correction = 1.0
    if groups is not None:
        score = np.bincount(groups, weights=score)
        correction = (len(score) - 1) / len(score)
    return float(correction * score.sum() ** 2 / (score**2).sum())
