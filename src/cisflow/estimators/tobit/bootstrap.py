r"""Resampling a Tobit: pairs, clusters, jackknife.

A resample gives each row a count, so it is a fit with other weights on the same columns. All
resamples of a batch take their Newton steps together: with :math:`v_i = (x_i, -y_i)`, or the limit
in place of :math:`y_i`, information is a product of weights and the rows' outer products
:math:`v_i v_i'`, which are computed once. The dummies of the absorbed categorical, whose block of
the information is diagonal, are solved for first.

In a small sample with many dummies most resamples lose an industry or are separated by one. Such a
resample has coefficients that do not exist or are ±∞. They are found by the same test as in the
sample itself, enter percentiles as ±∞, and are counted: see :attr:`Resamples.counts`.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from cisflow.estimators.arrays import Floats, Ints
from cisflow.estimators.errors import EstimationError, refuse
from cisflow.estimators.tobit.checks import find_estimable
from cisflow.estimators.tobit.fit import Fit
from cisflow.estimators.tobit.likelihood import (
    INDEPENDENT,
    AtLimit,
    Bracketed,
    Exact,
    Outcome,
    build_likelihood,
    maximise,
    mills_ratio,
)
from cisflow.estimators.tobit.threads import blas_alone, in_order

OUTER_PRODUCTS = 30_000_000  # numbers; beyond this resamples are fitted one by one
BATCH = 128
WAVE = 8  # batches drawn at a time
Flags = NDArray[np.bool_]


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
        r"""Percentile or BCa intervals; columns 0 and 1.

        The percentile interval runs between the α/2 and 1 − α/2 quantiles of the resamples. BCa
        (Efron 1987, JASA 82:171–185; Efron & Tibshirani 1993, An Introduction to the Bootstrap,
        section 14.3) takes instead the quantiles

        .. math:: \Phi\Big(z_0 + \frac{z_0 + z_\alpha}{1 - a\,(z_0 + z_\alpha)}\Big), \quad
                  z_0 = \Phi^{-1}\big(\text{share of resamples below the estimate}\big), \quad
                  a = \frac{\sum U_i^3}{6\,(\sum U_i^2)^{3/2}}

        with ties counted half and :math:`U_i` the influence of row (or cluster) i, the
        infinitesimal jackknife.

        A bound is ±∞ if too many resamples are separated, NaN if a coefficient is missing in any.
        """
        if method not in ("percentile", "bca"):
            what = f"intervals by '{method}' are not offered"
            refuse("Bootstrap", what, "use percentile or bca")
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
    fit: Fit,
    draws: int = 999,
    seed: int | None = None,
    groups: Ints | None = None,
    kind: str = "bootstrap",
) -> Resamples:
    """Refit the model on resamples of rows, or of whole clusters.

    Parameters
    ----------
    fit : Fit
    draws : int
        Number of resamples (ignored by the jackknife, which leaves each row or cluster out once).
    seed : int, optional
        The same seed gives the same resamples, whatever the machine.
    groups : (n,) codes, optional
        Resample clusters instead of rows.
    kind : "bootstrap" or "jackknife"
    """
    n = fit.sample.size
    m = n if groups is None else int(groups.max()) + 1
    fitter = _Refitter(fit)
    number = m if kind == "jackknife" else draws
    estimates = np.empty((number, fit.shown.size + 1))
    states: list[str] = []
    rng = np.random.default_rng(seed)
    with blas_alone():
        influence = _influence(fit, groups, m)
        for first in range(0, number, BATCH * WAVE):
            last = min(first + BATCH * WAVE, number)
            batches = [
                _counts(kind, rng, m, groups, b, min(b + BATCH, last))
                for b in range(first, last, BATCH)
            ]
            for rows, found in in_order(fitter.fit, batches, n * (last - first)):
                estimates[len(states) : len(states) + len(found)] = rows
                states += found
    names = [*fit.terms, "sigma"]
    return Resamples(
        pd.DataFrame(estimates, columns=names),
        pd.Series([*fit.beta[fit.shown], fit.scale], index=names),
        influence,
        {"draws": number} | {s: states.count(s) for s in _STATES},
        kind,
        0 if groups is None else m,
    )


_STATES = ("complete", "separated", "deficient", "failed")


def _counts(
    kind: str, rng: np.random.Generator, m: int, groups: Ints | None, first: int, last: int
) -> Floats:
    """How often each row is in the resamples ``first`` to ``last``; shape (last − first, n)."""
    r = last - first
    if kind == "jackknife":
        counts = np.ones((r, m))
        counts[np.arange(r), np.arange(first, last)] = 0.0
    else:
        drawn = rng.integers(0, m, (r, m)) + m * np.arange(r)[:, None]
        counts = np.bincount(drawn.ravel(), minlength=r * m).reshape(r, m).astype(float)
    return counts if groups is None else counts[:, groups]


def _influence(fit: Fit, groups: Ints | None, m: int) -> Floats:
    sums = fit.score_obs().to_numpy()
    if groups is not None:
        scores, sums = sums, np.zeros((m, sums.shape[1]))
        np.add.at(sums, groups, scores)
    classical = fit.covariance_table(fit.in_callers_units(fit.bread()), scale=True)
    return np.asarray(sums @ classical.to_numpy())


class _Refitter:
    """Fits many weightings of one sample."""

    def __init__(self, fit: Fit):
        self.whole = fit
        self.X = fit.X
        self.k = self.X.k
        self.start = fit.optimum.parameters
        self.weights = fit.sample.total_weights
        self.outcome = fit.sample.outcome.rescaled(fit.scaling.y_mean, fit.scaling.y_spread)
        self.rows = fit.estimable.rows
        self.blocks = fit.likelihood.blocks
        brackets = any(isinstance(block, Bracketed) for block in self.blocks)
        triangle = (self.k + 1) * (self.k + 2) // 2
        self.batched = not brackets and self.rows.size * triangle <= OUTER_PRODUCTS
        if self.batched:
            self._multiply_out()

    def _multiply_out(self) -> None:
        """Collect the rows ``(x, −y)`` between the limits and ``(x, −limit)`` and their products.

        The base level of the categorical gets a dummy too, in place of the intercept: no level is
        special then, and each may be missing from a resample. Two dummies are never one together.
        So the products of a row are those of the other columns with each other (a triangle), with
        each dummy, and the dummies.
        """
        exact = next((b for b in self.blocks if isinstance(b, Exact)), None)
        limit = next((b for b in self.blocks if isinstance(b, AtLimit)), None)
        V = [self._rows_of(block) for block in (exact, limit)]
        self.V, self.between = np.vstack(V), len(V[0])
        self.index = np.concatenate([b.index for b in (exact, limit) if b is not None])
        self.away = np.empty(0) if limit is None else limit.away
        self.dummies = self.levels = self._level_columns()
        with_intercept = self.whole.scaling.intercept and self.whole.estimable.keep[0] == 0
        self.rebased = with_intercept and self.dummies.size > 0
        if self.rebased:
            self.V[:, 0] -= self.V[:, self.dummies].sum(axis=1)
            self.levels = np.append(0, self.dummies)
        self.others = np.setdiff1d(np.arange(self.k + 1), self.levels)
        X, dummies = self.V[:, self.others], self.V[:, self.levels]
        i, j = np.triu_indices(self.others.size)
        self.square = np.empty((self.others.size, self.others.size), dtype=np.intp)
        self.square[i, j] = self.square[j, i] = np.arange(i.size)
        mixed = (dummies[:, :, None] * X[:, None, :]).reshape(len(X), -1)
        self.outer = np.hstack([X[:, i] * X[:, j], mixed, dummies])
        self.at_limit = [
            dummies[self.between :] * (self.away == beyond)[:, None] for beyond in (-1.0, 1.0)
        ]

    def _level_columns(self) -> Ints:
        """Working columns that are dummies of the absorbed categorical."""
        given = self.whole.sample.design
        p = given.columns.shape[1]
        return np.flatnonzero(self.whole.columns >= p) if given.groups else np.arange(0)

    def _rows_of(self, block: Exact | AtLimit | None) -> Floats:
        if block is None:
            return np.empty((0, self.k + 1))
        if isinstance(block, Exact):
            return np.column_stack([block.X.toarray(), -block.y])
        return block.V.toarray()

    def fit(self, counts: Floats) -> tuple[Floats, list[str]]:
        """Estimates and state of each weighting; counts (r, n)."""
        r = counts.shape[0]
        estimates = np.empty((r, self.whole.shown.size + 1))
        states = ["complete"] * r
        alone = np.arange(r)
        if self.batched:
            parameters, lost, infinite, good = self._together(counts * self.weights)
            estimates[good] = self._report(parameters[good], lost[good], infinite[good])
            for i in np.flatnonzero(good & lost.any(axis=1)):
                states[i] = "separated" if infinite[i].any() else "deficient"
            alone = np.flatnonzero(~good)
        for i in alone:
            estimates[i], states[i] = self._alone(counts[i])
        return estimates, states

    def _together(self, w: Floats) -> tuple[Floats, Flags, Floats, Flags]:
        """Newton steps of all weightings at once.

        Returns
        -------
        parameters : (r, k+1) array
        lost : (r, k) booleans
            Coefficients that do not exist.
        infinite : (r, k) array
            Their sign where separation drives them to infinity.
        good : (r,) booleans
            Whether all this is certain and the steps have converged.
        """
        r, k = w.shape[0], self.k
        W = w[:, self.index]
        inside, at_limit = np.split(W, [self.between], axis=1)
        known = inside @ self.outer[: self.between]
        empty, lost, infinite = self._empty_levels(known, at_limit)
        m = inside.sum(axis=1)
        good = self._safe_rank(known, empty) & (np.count_nonzero(inside, axis=1) > k + 1)
        p = np.tile(self.start, (r, 1))
        if self.rebased:
            p[:, self.dummies] += p[:, [0]]
        p[:, :k][lost] = 0.0
        enough = 1e-12 * w.mean(axis=1)
        converged = np.zeros(r, dtype=bool)
        active = np.flatnonzero(good)
        for _ in range(15):
            if active.size == 0:
                break
            q = p[active]
            gradient, curvature = self._derivatives(q, m[active], W[active])
            curvature += known[active]
            step = self._solve(curvature, gradient, lost[active][:, self.levels])
            decrement = np.vecdot(step, gradient)
            step[:, -1] = np.maximum(step[:, -1], -0.9 * q[:, -1])
            p[active] = q + step
            done = decrement <= enough[active]
            converged[active[done]] = True
            active = active[~done & np.isfinite(decrement)]
        good = good & converged
        if self.rebased:
            p[:, self.dummies] -= p[:, [0]]
            good &= ~self._relative_to_base(lost, infinite)
        return p, lost, infinite, good

    def _relative_to_base(self, lost: Flags, infinite: Floats) -> Flags:
        """Carry an infinite base over to the dummies (in place); mark undecided resamples, (r,).

        They lack the base, or have a level that goes the same way as the base.
        """
        base, levels = infinite[:, [0]], infinite[:, self.dummies]
        missing = lost & (infinite == 0)
        carried = (base != 0) & ~missing[:, self.dummies]
        lost[:, self.dummies] |= carried
        infinite[:, self.dummies] = np.where(carried, -base, levels)
        return np.asarray(missing[:, 0] | (carried & (levels == base)).any(axis=1))

    def _empty_levels(self, known: Floats, at_limit: Floats) -> tuple[Flags, Flags, Floats]:
        """Decide about levels of the categorical without a row between the limits.

        Where the other columns have full rank between the limits, the dummies of these levels span
        all directions the observed rows leave free, and no two touch the same row: each decides
        for itself. No row at all: collinear. Rows at one limit only: separated, and they leave
        the likelihood (``at_limit`` is changed in place). At both: finite.

        Returns
        -------
        empty, lost : (r, k) booleans
            Dummies of such levels; those without a finite coefficient.
        infinite : (r, k) array
        """
        shape = known.shape[0], self.k
        empty, lost, infinite = np.zeros(shape, bool), np.zeros(shape, bool), np.zeros(shape)
        where = self.levels
        gone = self._blocks(known)[2] == 0
        if not gone.any():
            return empty, lost, infinite
        below, above = (at_limit @ rows > 0 for rows in self.at_limit)
        empty[:, where] = gone
        lost[:, where] = gone & ~(below & above)
        infinite[:, where] = np.where(gone & (below != above), above * 1.0 - below, 0.0)
        at_limit *= (infinite[:, where] != 0) @ self.V[self.between :, where].T == 0
        return empty, lost, infinite

    def _derivatives(self, q: Floats, m: Floats, w: Floats) -> tuple[Floats, Floats]:
        """Gradients at the points q (r, k+1), and what information has beyond the known part."""
        pull = q @ self.V.T
        inside, u = np.split(pull, [self.between], axis=1)
        inside *= -w[:, : self.between]
        u *= self.away
        ratio = mills_ratio(u)
        slope = w[:, self.between :] * ratio
        curvature = slope * np.maximum(u + ratio, 0)
        u[:] = slope * self.away
        gradient = pull @ self.V
        gradient[:, -1] += m / q[:, -1]
        packed = curvature @ self.outer[self.between :]
        packed[:, self.square[-1, -1]] += m / q[:, -1] ** 2
        return gradient, packed

    def _blocks(self, packed: Floats) -> tuple[Floats, Floats, Floats]:
        """Split sums of products (r, …) into the other columns', the mixed and the dummies'."""
        p, g = self.others.size, self.levels.size
        mixed, dummies = np.split(packed[:, packed.shape[1] - g * (p + 1) :], [g * p], axis=1)
        return packed[:, self.square], mixed.reshape(len(packed), g, p), dummies

    def _solve(self, packed: Floats, gradient: Floats, lost: Flags) -> Floats:
        """Newton's steps: the dummies are solved for first, as their block is diagonal."""
        among, mixed, dummies = self._blocks(packed)
        dummies = np.where(lost, 1.0, dummies)[:, :, None]
        rest, pull = gradient[:, self.others, None], gradient[:, self.levels, None]
        share = (mixed / dummies).transpose(0, 2, 1)
        step = np.empty_like(gradient)
        found = np.linalg.solve(among - share @ mixed, rest - share @ pull)
        step[:, self.others] = found[:, :, 0]
        step[:, self.levels] = ((pull - mixed @ found) / dummies)[:, :, 0]
        return step

    def _safe_rank(self, packed: Floats, empty: Flags) -> Flags:
        """Say for each resample whether the columns, but empty levels, are safely independent.

        Each column is compared with what the dummies and the columns before it leave of it.
        """
        among, mixed, dummies = self._blocks(packed)
        among, mixed = among[:, :-1, :-1], mixed[:, :, :-1]
        share = mixed / (dummies + empty[:, self.levels])[:, :, None]
        lengths = np.sqrt(np.einsum("rii->ri", among))
        usable = (lengths > 0).all(axis=1)
        scale = np.where(lengths > 0, lengths, 1.0)
        left = (among - share.transpose(0, 2, 1) @ mixed) / scale[:, :, None] / scale[:, None, :]
        # The ridge lets a singular matrix through the factorisation; its pivots give it away.
        np.einsum("rii->ri", left)[:] += 1e-12
        try:
            pivots = np.einsum("rii->ri", np.linalg.cholesky(left))
        except np.linalg.LinAlgError:
            return np.zeros(len(packed), dtype=bool)
        return np.asarray(usable & (pivots.min(axis=1) > INDEPENDENT))

    def _alone(self, count: Floats) -> tuple[Floats, str]:
        """Fit one weighting with every check."""
        none = np.full(self.whole.shown.size + 1, np.nan)
        inside = np.intersect1d(np.flatnonzero(count), self.rows)
        names = [str(j) for j in range(self.k)]
        scaling = self.whole.scaling
        shift = (scaling.mean / scaling.spread)[self.whole.estimable.keep]
        X, low, high = self.X.take(inside), self.outcome.low[inside], self.outcome.high[inside]
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
        outcome = Outcome.between(low, high)
        optimum = maximise(build_likelihood(columns, outcome, w, found.rows), start)
        if not optimum.converged:
            return none, "failed"
        parameters = np.zeros(self.k + 1)
        parameters[np.append(found.keep, self.k)] = optimum.parameters
        lost = np.ones(self.k, dtype=bool)
        lost[found.keep[found.report]] = False
        infinite = np.zeros(self.k)
        if found.direction is not None:
            infinite = np.where(lost, np.sign(found.direction), 0.0)
        state = "complete" if full else "separated" if infinite.any() else "deficient"
        return self._report(parameters[None], lost[None], infinite[None])[0], state

    def _report(self, parameters: Floats, lost: Flags, infinite: Floats) -> Floats:
        """Coefficients and σ in the caller's units, ±∞ or missing where they do not exist."""
        whole, scaling = self.whole, self.whole.scaling
        theta = parameters[:, -1:]
        beta = (parameters[:, :-1] / theta) @ whole.back.T
        if scaling.intercept:
            beta[:, 0] += scaling.y_mean / scaling.spread[0]
        beta[lost] = np.nan
        beta = np.where(infinite != 0, np.copysign(np.inf, infinite), beta)
        return np.hstack([beta[:, whole.shown], scaling.y_spread / theta])
