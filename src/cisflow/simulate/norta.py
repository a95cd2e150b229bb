"""Observed variables with given distributions and exactly given correlations.

A normal score is mapped to each variable by its quantile function. The correlation of the scores
that yields the wanted correlation of the variables is solved for, pair by pair ("normal to
anything", Cario & Nelson 1997). Counts, masses at zero and long tails therefore do not attenuate
what a linear model finds in the population.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import stats
from scipy.optimize import brentq

from cisflow.base.problems import CisflowError, Problem

Array = NDArray[np.float64]
Quantile = Callable[[Array], Array]

_ORDER = 60
_SCORES = np.linspace(-8, 8, 160_001)


def margin(spec: Mapping[str, Any]) -> Quantile:
    """Return the quantile function of a distribution described in the truth file.

    Parameters
    ----------
    spec
        ``kind: spending`` (zero with probability ``zero``, else lognormal, at most ``max``),
        ``share`` (whole percent: 0 with probability ``zero``, 100 with ``full``, else beta),
        ``lognormal`` (``median``, ``log_sd``) or ``normal`` (``mean``, ``sd``).
    """
    kind = spec["kind"]

    def spending(u: Array) -> Array:
        above = np.clip((u - spec["zero"]) / (1 - spec["zero"]), 1e-12, 1 - 1e-12)
        amount = spec["median"] * np.exp(spec["log_sd"] * stats.norm.ppf(above))
        return np.where(u < spec["zero"], 0.0, np.minimum(amount, spec["max"]))

    # A beta quantile is slow; a share in whole percent is a step function of 99 steps.
    def share(u: Array) -> Array:
        between = np.arange(1.5, 99.0) / 100
        partial = 1 - spec["zero"] - spec["full"]
        steps = spec["zero"] + partial * stats.beta.cdf(between, spec["alpha"], spec["beta"])
        edges = np.concatenate([[spec["zero"]], steps, [1 - spec["full"]]])
        return np.searchsorted(edges, u, side="right").astype(float)

    def lognormal(u: Array) -> Array:
        return np.asarray(spec["median"] * np.exp(spec["log_sd"] * stats.norm.ppf(u)))

    def normal(u: Array) -> Array:
        return np.asarray(spec["mean"] + spec["sd"] * stats.norm.ppf(u))

    return {"spending": spending, "share": share, "lognormal": lognormal, "normal": normal}[kind]


def count_margin(probabilities: Array) -> Quantile:
    """Return the quantile function of a count with P(0), P(1), … as given."""
    edges = np.cumsum(probabilities)[:-1]
    return lambda u: np.searchsorted(edges, u, side="right").astype(float)


def implied_correlations(path: Mapping[str, Mapping[str, float]]) -> tuple[list[str], Array]:
    """Return variables and correlation matrix that standardised path coefficients imply.

    Parameters
    ----------
    path
        Explained variable → {explaining variable: standardised coefficient}, in causal order.
        Variables that are nowhere explained come first, uncorrelated.

    Raises
    ------
    CisflowError
        An equation explains more than all of its variable's variance, or is out of order.
    """
    sources = {source for equation in path.values() for source in equation}
    names = [*sorted(sources - set(path)), *path]
    correlation = np.eye(len(names))
    problems = []
    for j, name in enumerate(names):
        equation = path.get(name, {})
        if any(names.index(source) >= j for source in equation):
            remedy = "list the equations in causal order, each after those of its sources"
            raise CisflowError("the truth's `path`", Problem(f"{name}: out of order", remedy))
        b = np.array([equation.get(other, 0.0) for other in names[:j]])
        correlation[j, :j] = correlation[:j, j] = b @ correlation[:j, :j]
        explained = float(b @ correlation[:j, :j] @ b)
        if explained >= 1:
            what = f"{name}: the coefficients explain {explained:.0%} of its variance"
            problems.append(Problem(what, "standardised coefficients must leave a residual"))
    if problems:
        raise CisflowError("the truth's `path`", problems)
    return names, correlation


def score_correlations(quantiles: Sequence[Quantile], correlations: Array) -> Array:
    """Return the correlations of normal scores that give the variables these correlations.

    Parameters
    ----------
    quantiles
        Quantile function of each of the k variables.
    correlations
        Wanted correlations of the variables, shape (k, k).

    Raises
    ------
    CisflowError
        A wanted correlation is beyond what the two distributions permit.
    """
    expansions = _hermite(tuple(quantiles))
    powers = np.arange(1, _ORDER + 1)
    scores = np.eye(len(quantiles))
    for i in range(len(quantiles)):
        for j in range(i):
            products = expansions[i] * expansions[j]
            wanted = correlations[i, j]

            def gap(r: float, products: Array = products, wanted: float = wanted) -> float:
                return float(products @ r**powers - wanted)

            if gap(-0.99) > 0 or gap(0.99) < 0:
                low, high = gap(-0.99) + wanted, gap(0.99) + wanted
                what = f"a correlation of {wanted:.3f} is not possible ({low:.2f} to {high:.2f} is)"
                remedy = "choose a smaller coefficient or distributions with shorter tails"
                raise CisflowError("the truth's `path` and `margins`", Problem(what, remedy))
            scores[i, j] = scores[j, i] = brentq(gap, -0.99, 0.99, xtol=1e-12)
    return scores


@lru_cache(maxsize=32)
def _hermite(quantiles: tuple[Quantile, ...]) -> Array:
    """Return the coefficients, shape (k, 60), of standardised variables in Hermite polynomials.

    With orthonormal polynomials, two variables whose scores correlate by r correlate by
    Σ a_k b_k r^k. The polynomials are what takes time, and are made once for all variables.
    """
    z = _SCORES
    weight = stats.norm.pdf(z)
    weight /= weight.sum()
    standardised = [_standardised(quantile(stats.norm.cdf(z)), weight) for quantile in quantiles]
    before, current = np.zeros_like(z), np.ones_like(z)
    coefficients = np.empty((len(quantiles), _ORDER))
    for k in range(1, _ORDER + 1):
        before, current = current, (z * current - np.sqrt(k - 1) * before) / np.sqrt(k)
        coefficients[:, k - 1] = [weight @ (current * x) for x in standardised]
    return coefficients


def _standardised(values: Array, weight: Array) -> Array:
    """Return values with mean 0 and variance 1 under weights that add up to 1, shape (m,)."""
    x = values - weight @ values
    return np.asarray(x / np.sqrt(weight @ x**2))
