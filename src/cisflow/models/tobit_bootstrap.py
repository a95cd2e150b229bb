r"""Resampling a Tobit: pairs, clusters, jackknife.

A resample gives each row a count, so it is a fit with other weights on the same columns. All
resamples of a batch take their Newton steps together: with :math:`v_i = (-x_i, y_i)`, or the limit
in place of :math:`y_i`, information is a product of weights and the rows' outer products
:math:`v_i v_i'`, which are computed once.

In a small sample with many dummies most resamples lose an industry or are separated by one. Such a
resample has coefficients that do not exist or are ±∞. They are found by the same test as in the
sample itself, enter percentiles as ±∞, and are counted: see :attr:`Resamples.counts`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import ndtr, ndtri

from cisflow.models.tobit_checks import EstimationError, find_estimable, refuse
from cisflow.models.tobit_likelihood import (
    AtLimit,
    Bracketed,
    Exact,
    Floats,
    Ints,
    build_likelihood,
    maximise,
    mills_ratio,
)

if TYPE_CHECKING:
    import pandas as pd

    from cisflow.models.tobit_results import TobitResults

OUTER_PRODUCTS = 30_000_000  # numbers; beyond this resamples are fitted one by one
BATCH = 128


@dataclass(frozen=True)
class Resamples:
    """Estimates of every resample.

    Attributes
    ----------
    estimates : DataFrame, one row per resample
        Coefficients and σ; ±∞ where separated, NaN where collinear or not estimated at all.
    original : Series
        Estimates of the sample itself.
    influence : (rows or clusters, k+1) array
        Infinitesimal jackknife values, for the acceleration of BCa intervals.
    counts : dict
        ``draws``, ``complete`` (every coefficient finite), ``separated`` (some ±∞),
        ``deficient`` (some collinear), ``failed`` (no estimate at all).
    by_term : DataFrame
        Per term the number of resamples in which it is ``−∞``, ``+∞`` or missing.
    kind : "bootstrap" or "jackknife"
    groups : int
        Number of clusters, or 0.
    """

    estimates: pd.DataFrame
    original: pd.Series
    influence: Floats
    counts: dict[str, int]
    kind: str
    groups: int = 0
    by_term: pd.DataFrame = field(init=False)

    def __post_init__(self) -> None:
        """Count where each coefficient did not exist."""
        import pandas as pd

        values = self.estimates
        table = {
            "−∞": np.isneginf(values).sum(),
            "+∞": np.isposinf(values).sum(),
            "missing": values.isna().sum(),
        }
        object.__setattr__(self, "by_term", pd.DataFrame(table))

    @property
    def note(self) -> str:
        """What a reader must know of the resamples, in a sentence; empty if all are complete."""
        c = self.counts
        if c["complete"] == c["draws"]:
            return ""
        return (
            f"{c['complete']} of {c['draws']} {self.kind} samples determine every coefficient "
            f"({c['separated']} separated, {c['deficient']} deficient, {c['failed']} failed); "
            "standard errors use these only, percentiles count separated ones as ±∞"
        )

    def covariance(self) -> Floats:
        """Covariance of (β, log σ) over the complete resamples, (k+1, k+1)."""
        values = self.estimates.to_numpy()
        values = values[np.isfinite(values).all(axis=1)].copy()
        values[:, -1] = np.log(values[:, -1])
        if self.kind == "bootstrap":
            return np.atleast_2d(np.cov(values, rowvar=False))
        centred = values - values.mean(axis=0)
        m = values.shape[0]
        return np.asarray((m - 1) / m * centred.T @ centred)

    @property
    def bse(self) -> pd.Series:
        """Standard errors of the coefficients and σ over the complete resamples."""
        finite = self.estimates[np.isfinite(self.estimates).all(axis=1)]
        if self.kind == "bootstrap":
            return finite.std(ddof=1)
        m = len(finite)
        return finite.std(ddof=0) * np.sqrt(m - 1)

    def conf_int(self, alpha: float = 0.05, method: str = "percentile") -> pd.DataFrame:
        """Percentile or BCa intervals (Efron 1987, JASA 82:171–185); columns 0 and 1.

        A bound is ±∞ if too many resamples are separated, NaN if a coefficient is missing in any.
        """
        import pandas as pd

        if method not in ("percentile", "bca"):
            what = f"intervals by '{method}' are not offered"
            refuse("Bootstrap", [(what, "use percentile or bca")])
        bounds = {}
        for j, term in enumerate(self.estimates.columns):
            draws = self.estimates[term].to_numpy()
            levels = np.array([alpha / 2, 1 - alpha / 2])
            if method == "bca":
                levels = self._adjusted(draws, j, levels)
            missing = bool(np.isnan(draws).any() or np.isnan(levels).any())
            bounds[term] = (
                [np.nan, np.nan] if missing else np.quantile(draws, levels, method="inverted_cdf")
            )
        return pd.DataFrame(bounds, index=[0, 1]).T

    def _adjusted(self, draws: Floats, j: int, levels: Floats) -> Floats:
        value = float(self.original.iloc[j])
        below = ((draws < value).sum() + 0.5 * (draws == value).sum()) / draws.size
        bias = float(ndtri(below))
        spread = float((self.influence[:, j] ** 2).sum())
        acceleration = float((self.influence[:, j] ** 3).sum()) / (6 * spread**1.5)
        z = bias + ndtri(levels)
        return np.asarray(ndtr(bias + z / (1 - acceleration * z)))


def resample(
    results: TobitResults,
    draws: int = 999,
    seed: int | None = None,
    groups: Ints | None = None,
    kind: str = "bootstrap",
) -> Resamples:
    """Refit the model on resamples of rows, or of whole clusters.

    Parameters
    ----------
    results : TobitResults
    draws : int
        Number of resamples (ignored by the jackknife, which leaves each row or cluster out once).
    seed : int, optional
        The same seed gives the same resamples, whatever the machine.
    groups : (n,) codes, optional
        Resample clusters instead of rows.
    kind : "bootstrap" or "jackknife"
    """
    import pandas as pd

    n = results.model.low.size
    codes = np.arange(n) if groups is None else groups
    m = int(codes.max()) + 1
    fitter = _Refitter(results)
    number = m if kind == "jackknife" else draws
    estimates = np.empty((number, results.params.size + 1))
    states: list[str] = []
    rng = np.random.default_rng(seed)
    for first in range(0, number, BATCH):
        size = min(BATCH, number - first)
        counts = np.empty((size, m))
        for r in range(size):
            if kind == "jackknife":
                counts[r] = 1.0
                counts[r, first + r] = 0.0
            else:
                counts[r] = np.bincount(rng.integers(0, m, m), minlength=m)
        for r, (row, state) in enumerate(fitter.fit(counts[:, codes])):
            estimates[first + r] = row
            states.append(state)
    names = [*results.params.index, "sigma"]
    return Resamples(
        pd.DataFrame(estimates, columns=names),
        pd.Series([*results.params, results.scale], index=names),
        _influence(results, codes, m),
        {"draws": number} | {s: states.count(s) for s in _STATES},
        kind,
        0 if groups is None else m,
    )


_STATES = ("complete", "separated", "deficient", "failed")


def _influence(results: TobitResults, codes: Ints, m: int) -> Floats:
    k = results.params.size + 1
    scores = results.score_obs().to_numpy()
    sums = np.zeros((m, k))
    np.add.at(sums, codes, scores)
    return np.asarray(sums @ results.with_cov("nonrobust").cov_params(scale=True).to_numpy())


class _Refitter:
    """Fits many weightings of one sample."""

    def __init__(self, results: TobitResults):
        self.results = results
        solution = results.model.solution
        self.X = solution.X
        self.k = self.X.k
        self.start = solution.optimum.parameters
        self.weights = results.model.total_weights
        scaling = solution.scaling
        self.low = (results.model.low - scaling.y_mean) / scaling.y_spread
        self.high = (results.model.high - scaling.y_mean) / scaling.y_spread
        self.rows = solution.estimable.rows
        self.blocks = solution.likelihood.blocks
        brackets = any(isinstance(block, Bracketed) for block in self.blocks)
        triangle = (self.k + 1) * (self.k + 2) // 2
        self.batched = not brackets and self.rows.size * triangle <= OUTER_PRODUCTS
        self.upper = np.triu_indices(self.k + 1)
        if self.batched:
            self.exact = next((b for b in self.blocks if isinstance(b, Exact)), None)
            self.limit = next((b for b in self.blocks if isinstance(b, AtLimit)), None)
            self.V = [self._rows_of(block) for block in (self.exact, self.limit)]
            i, j = self.upper
            self.outer = [v[:, i] * v[:, j] for v in self.V]

    def _rows_of(self, block: Exact | AtLimit | None) -> Floats:
        if block is None:
            return np.empty((0, self.k + 1))
        last = block.y if isinstance(block, Exact) else block.bound
        return np.column_stack([-block.X.toarray(), last])

    def fit(self, counts: Floats) -> Iterator[tuple[Floats, str]]:
        """Estimates and state of each weighting; counts (r, n)."""
        if not self.batched:
            for count in counts:
                yield self._alone(count)
            return
        parameters, good = self._together(counts * self.weights)
        for r in range(counts.shape[0]):
            if good[r]:
                yield self._report(parameters[r]), "complete"
            else:
                yield self._alone(counts[r])

    def _together(self, w: Floats) -> tuple[Floats, np.ndarray]:
        """Newton steps of all weightings at once; say which are safe and have converged."""
        r, k = w.shape[0], self.k
        W = [w[:, b.index] if b is not None else w[:, :0] for b in (self.exact, self.limit)]
        fixed = self._square(W[0] @ self.outer[0])
        m = W[0].sum(axis=1)
        good = _safe_rank(fixed[:, :k, :k]) & (np.count_nonzero(W[0], axis=1) > k + 1)
        p = np.tile(self.start, (r, 1))
        converged = np.zeros(r, dtype=bool)
        active = np.flatnonzero(good)
        for _ in range(15):
            if active.size == 0:
                break
            q = p[active]
            gradient = -np.einsum("rij,rj->ri", fixed[active], q)
            gradient[:, -1] += m[active] / q[:, -1]
            information = fixed[active].copy()
            information[:, -1, -1] += m[active] / q[:, -1] ** 2
            if self.limit is not None:
                u = self.limit.side * (q @ self.V[1].T)
                ratio = mills_ratio(u)
                slope = W[1][active] * ratio
                gradient += (slope * self.limit.side) @ self.V[1]
                information += self._square((slope * np.maximum(u + ratio, 0)) @ self.outer[1])
            step = np.linalg.solve(information, gradient[:, :, None])[:, :, 0]
            decrement = np.einsum("ri,ri->r", step, gradient)
            step[:, -1] = np.maximum(step[:, -1], -0.9 * q[:, -1])
            p[active] = q + step
            done = decrement <= 1e-18 * w[active].sum(axis=1)
            converged[active[done]] = True
            active = active[~done & np.isfinite(decrement)]
        return p, good & converged

    def _square(self, packed: Floats) -> Floats:
        full = np.empty((packed.shape[0], self.k + 1, self.k + 1))
        i, j = self.upper
        full[:, i, j] = packed
        full[:, j, i] = packed
        return full

    def _alone(self, count: Floats) -> tuple[Floats, str]:
        """Fit one weighting with every check."""
        results = self.results
        none = np.full(results.params.size + 1, np.nan)
        inside = np.intersect1d(np.flatnonzero(count), self.rows)
        names = [str(j) for j in range(self.k)]
        scaling = results.model.solution.scaling
        shift = (scaling.mean / scaling.spread)[results._estimable.keep]
        X, low, high = self.X.take(inside), self.low[inside], self.high[inside]
        if not np.any(np.isfinite(low) & np.isfinite(high)):
            return none, "failed"
        try:
            found = find_estimable("resample", X, shift, low, high, names)
        except EstimationError:
            return none, "failed"
        full = found.keep.size == self.k and found.report.all()
        columns = X if found.keep.size == self.k else type(X)(X.toarray()[:, found.keep])
        w = (count * self.weights)[inside]
        start = np.append(self.start[:-1][found.keep], self.start[-1])
        optimum = maximise(build_likelihood(columns, low, high, w, found.rows), start)
        if not optimum.converged:
            return none, "failed"
        parameters = np.zeros(self.k + 1)
        parameters[np.append(found.keep, self.k)] = optimum.parameters
        if full:
            return self._report(parameters), "complete"
        lost = np.ones(self.k, dtype=bool)
        lost[found.keep[found.report]] = False
        infinite = np.zeros(self.k)
        if found.direction is not None:
            infinite = np.where(lost, np.sign(found.direction), 0.0)
        state = "separated" if infinite.any() else "deficient"
        return self._report(parameters, lost, infinite), state

    def _report(
        self, parameters: Floats, lost: Floats | None = None, infinite: Floats | None = None
    ) -> Floats:
        results = self.results
        theta = float(parameters[-1])
        beta = results._back @ (parameters[:-1] / theta)
        scaling = results._scaling
        if scaling.intercept:
            beta[0] += scaling.y_mean / scaling.spread[0]
        if lost is not None and infinite is not None:
            beta[lost.astype(bool)] = np.nan
            beta = np.where(infinite != 0, np.copysign(np.inf, infinite), beta)
        return np.append(beta[results._shown], scaling.y_spread / theta)


def _safe_rank(gram: Floats) -> np.ndarray:
    """Say for each Gram matrix (r, k, k) whether it is safely of full rank."""
    diagonal = np.einsum("rii->ri", gram)
    scale = np.sqrt(np.where(diagonal > 0, diagonal, 1.0))
    scaled = gram / scale[:, :, None] / scale[:, None, :]
    k = gram.shape[1]
    # The ridge lets a singular matrix through the factorisation; its pivots give it away.
    scaled[:, range(k), range(k)] += 1e-12
    try:
        pivots = np.einsum("rii->ri", np.linalg.cholesky(scaled))
    except np.linalg.LinAlgError:
        return np.zeros(gram.shape[0], dtype=bool)
    return np.asarray((diagonal > 0).all(axis=1) & (pivots.min(axis=1) > 1e-5))
