"""Covariance of a path model's parameters.

The parameters are the slopes in the order of the arrows, then per outcome the residual variance,
then per outcome the variance due to fixed effects (always zero without them). The last are needed
for standardised coefficients alone: fixed effects are estimated, and standard deviations contain
them. All numbers equal those of a model with the fixed effects spelled out as dummies.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from cisflow.estimators.arrays import Ints
from cisflow.estimators.clusters import of_one_cluster
from cisflow.estimators.errors import Count, Problem, Sentence, refuse, refuse_any
from cisflow.estimators.path.moments import Estimates, Moments, Sample, center, implied_covariance
from cisflow.estimators.path.system import HEADING, System


def expected_information(system: System, moments: Moments, found: Estimates) -> np.ndarray:
    """Inverse expected information; equations are unrelated in it.

    "Expected" is under the model: sources that are themselves outcomes have the covariances the
    model implies, not those of the sample, as in lavaan's default.

    Returns
    -------
    ndarray, shape (arrows + 2 outcomes, arrows + 2 outcomes)
    """
    k, m, n = len(system.arrows), len(system.endogenous), moments.nobs
    q = len(system.exogenous)
    exogenous = moments.within[None, :q, :q]
    implied = implied_covariance(system, found.coef, found.psi, exogenous)[0]
    cov = np.zeros((k + 2 * m, k + 2 * m))
    for j, (_, arrows, sources) in enumerate(system.equations):
        psi = found.psi[0, j]
        cov[np.ix_(arrows, arrows)] = psi / n * _inverse(implied, sources)
        cov[k + j, k + j] = 2 * psi**2 / n
    reduced = _reduced_form(system, found)
    disturbances = reduced * found.psi[0] @ reduced.T
    cov[k + m :, k + m :] = 4 / n * moments.between[q:, q:] * disturbances
    return cov


def _reduced_form(system: System, found: Estimates) -> np.ndarray:
    """Effect of each equation's disturbance on each outcome, (I − B)⁻¹, shape (m, m)."""
    among = system.matrix(found.coef[0])[:, len(system.exogenous) :]
    return np.asarray(np.linalg.inv(np.eye(len(among)) - among))


def _inverse(s: np.ndarray, index: np.ndarray) -> np.ndarray:
    """Invert a block of a covariance matrix, scaled first so that units do not matter."""
    scale = np.sqrt(np.diag(s)[index])
    inverse = np.linalg.inv(s[np.ix_(index, index)] / np.outer(scale, scale))
    return np.asarray(inverse / np.outer(scale, scale))


def sandwich(
    system: System,
    sample: Sample,
    moments: Moments,
    found: Estimates,
    groups: np.ndarray | None = None,
    small_sample: bool = False,
) -> np.ndarray:
    """Sum of squared influences of firms or clusters, equations taken together.

    Parameters
    ----------
    sample
        The firms.
    groups
        Cluster codes 0 … G−1, shape (n,); the sum is then multiplied by G / (G − 1).
    small_sample
        Multiply the residuals of each equation by √(n / (n − parameters)): HC1.

    Returns
    -------
    ndarray, shape (arrows + 2 outcomes, arrows + 2 outcomes)
        Without clusters and correction this is lavaan's ``estimator = "MLR"``.
    """
    k, m, n = len(system.arrows), len(system.endogenous), moments.nobs
    q = len(system.exogenous)
    net, fitted, _ = center(sample)
    influence = np.empty((n, k + 2 * m))
    disturbance = np.empty((n, m))
    for j, (_, arrows, sources) in enumerate(system.equations):
        x = net.values[:, sources]
        plain = net.values[:, q + j] - x @ found.coef[0, arrows]
        correction = np.sqrt(n / (n - len(arrows) - moments.absorbed)) if small_sample else 1.0
        disturbance[:, j] = correction * plain
        inverse = _inverse(moments.within, sources) / n
        influence[:, arrows] = (x * disturbance[:, [j]]) @ inverse
        influence[:, k + j] = correction * (plain**2 - found.psi[0, j]) / n
    reduced = _reduced_form(system, found)
    influence[:, k + m :] = 2 / n * fitted[:, q:] * (disturbance @ reduced.T)
    if sample.weights is not None:
        influence *= sample.weights[:, None]
    whose = ("firm", np.arange(n)) if groups is None else ("cluster", groups)
    _refuse_alone(system, sample, whose[1], whose[0])
    return squared_influence(influence, groups)


def _refuse_alone(system: System, sample: Sample, codes: Ints, what: str) -> None:
    """Refuse arrows that one firm, or cluster, alone determines: its squared influence is none."""
    problems = []
    for target, arrows, sources in system.equations:
        x = sample.values[:, sources]
        X = np.column_stack([np.ones(len(x)), (x - x.mean(axis=0)) / x.std(axis=0)])
        for i in np.array(arrows)[of_one_cluster(X, codes)[1:]]:
            if system.from_controls[i]:
                continue
            which = f"the arrow from '{system.arrows[i][1]}' to '{target}' is determined by "
            remedy = "it has no robust standard error: use nonrobust, or leave the variable out"
            problems.append(Problem(Sentence(which, Count(1, what), " alone"), remedy))
    refuse_any(HEADING, problems)


def squared_influence(influence: np.ndarray, groups: np.ndarray | None) -> np.ndarray:
    """Add up products of the influences of firms, or of clusters (times G / (G − 1))."""
    if groups is None:
        return np.asarray(influence.T @ influence)
    sums = np.zeros((int(groups.max()) + 1, influence.shape[1]))
    np.add.at(sums, groups, influence)
    return np.asarray(sums.T @ sums * len(sums) / (len(sums) - 1))


def group_codes(groups: np.ndarray) -> np.ndarray:
    """Give the clusters numbers 0 … G−1.

    Raises
    ------
    EstimationError
        For missing cluster names and for a single cluster.
    """
    codes, levels = pd.factorize(groups)
    if lost := int((codes < 0).sum()):
        what = Sentence(Count(lost, "firm"), " of the sample belong to no cluster (missing)")
        remedy = "fill in the cluster variable, or leave these firms out of the sample"
        refuse(HEADING, what, remedy)
    if len(levels) < 2:
        remedy = "cluster by a variable with more values, or use robust standard errors"
        one = "all firms are in one cluster: differences between clusters cannot be seen"
        refuse(HEADING, one, remedy)
    return np.asarray(codes)
