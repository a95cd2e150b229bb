r"""Covariances of maximum-likelihood estimates, by name.

With H the information (minus the second derivatives of the weighted log-likelihood) and
:math:`s_i` the weighted scores:

============ ============================================ =========================================
name         formula                                      the package whose numbers it matches
============ ============================================ =========================================
nonrobust    :math:`H^{-1}`                               R ``survreg``, ``AER::tobit``; Stata oim
OPG          :math:`(\sum s_i s_i')^{-1}`                 Stata ``vce(opg)``; ``sandwich::vcovOPG``
HC0          :math:`H^{-1} \sum s_i s_i' H^{-1}`          ``sandwich::sandwich``
HC1          HC0 × n/(n−k), k counts log σ                ``sandwich::sandwich(adjust = TRUE)``
cluster      :math:`H^{-1} \sum_g s_g s_g' H^{-1}`        ``sandwich::vcovCL`` (its default for
             × G/(G−1)                                    ``survreg``); Stata ``vce(cluster)``
bootstrap    covariance of resampled estimates            Stata ``vce(bootstrap)``
jackknife    leave one row or cluster out, × (m−1)/m      ``sandwich::vcovJK``
survey       :math:`H^{-1} \sum_h (1 - n_h/N_h)            ``survey::svyglm``, ``svysurvreg``;
             \frac{n_h}{n_h-1} \sum_{i \in h}              Stata ``svy:``
             (s_i-\bar s_h)(s_i-\bar s_h)' H^{-1}`
============ ============================================ =========================================

With sampling weights ``sandwich`` 3.0-2 and later print something else: its ``estfun.survreg``
leaves the weights out of the score of log σ. The formulas above are followed.

``cov_kwds={"groups": g, "use_correction": False}`` gives the clustered covariance without
G/(G−1) (CR0). Two columns of groups give the two-way covariance of Cameron, Gelbach & Miller
(2011): one-way plus one-way minus that of their intersections, each with its own correction.
``bootstrap`` takes ``draws``, ``seed`` and ``groups``; ``jackknife`` takes ``groups``.

``survey`` is design-based (Binder 1983, International Statistical Review 51:279–292): firms were
drawn in strata h without replacement, and rows outside the sample of the regression, whose scores
are zero, are still firms of their stratum. Options, one value per row: ``strata`` (labels; one
stratum where it is left out), ``firms`` (:math:`n_h`, the firms drawn in the row's stratum; its
rows where left out) and ``population`` (:math:`N_h`; drawn with replacement where left out). A
stratum of one firm that stands for others is measured from the mean of all (``survey.lonely.psu =
"adjust"`` in R).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from cisflow.estimators.arrays import Floats, Ints
from cisflow.estimators.errors import refuse


class Rows(Protocol):
    """What a covariance needs to know of the rows of a fit."""

    @property
    def nobs(self) -> int:
        """Rows, each counted as often as its frequency weight says."""

    @property
    def size(self) -> int:
        """Rows, each counted once."""

    def codes(self, value: Any, /) -> list[Ints]:
        """Group codes of the rows, one array per way of clustering."""

    def aligned(self, values: Any, what: str) -> NDArray[Any]:
        """Values of the rows used, given those or one for every row of the caller's table."""


class Scores(Protocol):
    """What a covariance needs to know of a fit."""

    @property
    def heading(self) -> str:
        """What opens every message."""

    @property
    def rows(self) -> Rows:
        """The rows the scores are of."""

    def bread(self) -> Floats:
        """Inverse information, (k, k)."""

    def outer(self) -> Floats:
        """Sum of outer products of the weighted scores, (k, k)."""

    def sums(self, codes: Ints, groups: int) -> Floats:
        """Weighted scores summed by group, (groups, k)."""

    def resampled(
        self, kind: str, groups: Ints | None, options: Mapping[str, Any]
    ) -> tuple[Floats, str]:
        """Covariance of resampled (β, log σ) in the caller's units, and a note."""


@dataclass(frozen=True)
class Covariance:
    """A covariance matrix and how it came about.

    Attributes
    ----------
    matrix : (k, k) array
    cov_type : str
    groups : tuple of int
        Number of clusters, one entry per way of clustering.
    note : str
        What a reader of the standard errors must know.
    original : bool
        Whether the matrix is that of (β, log σ) in the caller's units already.
    """

    matrix: Floats
    cov_type: str
    groups: tuple[int, ...] = ()
    note: str = ""
    original: bool = False


def _nonrobust(scores: Scores, options: Mapping[str, Any]) -> Covariance:
    return Covariance(scores.bread(), "nonrobust")


def _opg(scores: Scores, options: Mapping[str, Any]) -> Covariance:
    outer = scores.outer()
    scale = np.sqrt(np.diag(outer))
    scale = np.where(scale > 0, scale, 1.0)
    scaled = outer / np.outer(scale, scale)
    if np.linalg.eigvalsh(scaled)[0] > 1e-10:
        return Covariance(np.asarray(np.linalg.inv(outer)), "OPG")
    # A direction no score lies in: the others' variances are those of a generalised inverse.
    inverse = np.linalg.pinv(scaled, rcond=1e-10, hermitian=True)
    return Covariance(np.asarray(inverse / np.outer(scale, scale)), "OPG")


def _hc0(scores: Scores, options: Mapping[str, Any]) -> Covariance:
    bread = scores.bread()
    return Covariance(bread @ scores.outer() @ bread, "HC0")


def _hc1(scores: Scores, options: Mapping[str, Any]) -> Covariance:
    matrix = _hc0(scores, options).matrix
    return Covariance(matrix * (scores.rows.nobs / (scores.rows.nobs - matrix.shape[0])), "HC1")


def _cluster(scores: Scores, options: Mapping[str, Any]) -> Covariance:
    if options.get("groups") is None:
        remedy = 'pass cov_kwds={"groups": …}: the column (or columns) to cluster by'
        refuse(scores.heading, "clustered standard errors without groups", remedy)
    correct = bool(options.get("use_correction", True))
    ways = scores.rows.codes(options["groups"])
    bread = scores.bread()
    counts = [_count(scores.heading, way) for way in ways]
    meat = sum(_meat(scores, way, n, correct) for way, n in zip(ways, counts, strict=True))
    note = ""
    if len(ways) == 2:
        _, both = np.unique(np.column_stack(ways), axis=0, return_inverse=True)
        meat = meat - _meat(scores, both.ravel(), int(both.max()) + 1, correct)
    matrix = bread @ meat @ bread
    if min(counts) <= matrix.shape[0]:
        note = (
            f"{min(counts)} clusters for {matrix.shape[0]} parameters: clustered standard errors "
            "are unreliable with few clusters"
        )
    if np.any(np.diag(matrix) < 0):
        note = "the two-way covariance has negative variances; cluster one way"
        matrix = np.full_like(matrix, np.nan)
    return Covariance(matrix, "cluster", tuple(counts), note)


def _count(heading: str, codes: Ints) -> int:
    groups = int(codes.max()) + 1
    if groups < 2:
        remedy = (
            "clustered standard errors compare clusters: use HC1, or cluster by a finer "
            "group (industry, region, firm)"
        )
        refuse(heading, "one cluster only", remedy)
    return groups


def _meat(scores: Scores, codes: Ints, groups: int, correct: bool) -> Floats:
    sums = scores.sums(codes, groups)
    meat: Floats = sums.T @ sums
    return meat * (groups / (groups - 1)) if correct else meat


def _survey(scores: Scores, options: Mapping[str, Any]) -> Covariance:
    n, strata = scores.rows.size, options.get("strata")
    if n != scores.rows.nobs:
        what = "survey: rows with frequency weights are no sampled firms"
        refuse(scores.heading, what, "give each firm a row of its own")
    codes = np.zeros(n, dtype=np.intp) if strata is None else scores.rows.codes(strata)[0]
    drawn = _by_stratum(scores, options, "firms", codes, np.bincount(codes).astype(float))
    population = _by_stratum(scores, options, "population", codes, np.full(drawn.size, np.inf))
    factor = np.maximum(1 - drawn / population, 0) * drawn / np.maximum(drawn - 1, 1)
    rows = scores.sums(np.arange(n), n)
    sums = scores.sums(codes, drawn.size)
    # Scores add up to zero, so the mean of all, from which single firms are measured, is zero.
    squared = np.where(drawn > 1, factor / drawn, 0)
    meat = rows.T @ (rows * factor[codes, None]) - sums.T @ (sums * squared[:, None])
    bread = scores.bread()
    return Covariance(bread @ meat @ bread, "survey")


def _by_stratum(
    scores: Scores, options: Mapping[str, Any], name: str, codes: Ints, default: Floats
) -> Floats:
    """Return an option as one number per stratum, from one per row."""
    if options.get(name) is None:
        return default
    values = np.asarray(scores.rows.aligned(options[name], name), dtype=float)
    found = np.empty_like(default)
    found[codes] = values
    if not np.array_equal(found[codes], values):
        what = f"survey: `{name}` is not the same for all rows of a stratum"
        refuse(scores.heading, what, "give each row the number of its stratum")
    return found


def _resampling(kind: str) -> Callable[[Scores, Mapping[str, Any]], Covariance]:
    def compute(scores: Scores, options: Mapping[str, Any]) -> Covariance:
        rest = {key: value for key, value in options.items() if key != "groups"}
        codes: Ints | None = None
        counts: tuple[int, ...] = ()
        if options.get("groups") is not None:
            codes = scores.rows.codes(options["groups"])[0]
            counts = (_count(scores.heading, codes),)
        matrix, note = scores.resampled(kind, codes, rest)
        return Covariance(matrix, kind, counts, note, original=True)

    return compute


COVARIANCES: dict[str, Callable[[Scores, Mapping[str, Any]], Covariance]] = {
    "nonrobust": _nonrobust,
    "OPG": _opg,
    "HC0": _hc0,
    "HC1": _hc1,
    "cluster": _cluster,
    "bootstrap": _resampling("bootstrap"),
    "jackknife": _resampling("jackknife"),
    "survey": _survey,
}
OPTIONS: dict[str, set[str]] = {
    "cluster": {"groups", "use_correction"},
    "bootstrap": {"draws", "seed", "groups"},
    "jackknife": {"groups"},
    "survey": {"strata", "firms", "population"},
}


def covariance(
    scores: Scores, cov_type: str = "nonrobust", cov_kwds: Mapping[str, Any] | None = None
) -> Covariance:
    """Look a covariance up by name and compute it.

    Parameters
    ----------
    scores : Scores
    cov_type : str
        A key of :data:`COVARIANCES`.
    cov_kwds : mapping, optional
        Options of the covariance; see :data:`OPTIONS`.

    Raises
    ------
    EstimationError
        If the name or an option is unknown, or there is one cluster only.
    """
    if cov_type not in COVARIANCES:
        remedy = f"use one of {', '.join(COVARIANCES)}"
        refuse(scores.heading, f"covariance '{cov_type}' is not offered", remedy)
    options = dict(cov_kwds or {})
    allowed = OPTIONS.get(cov_type, set())
    unknown = sorted(set(options) - allowed)
    if unknown:
        offered = ", ".join(sorted(allowed)) or "no options"
        what = f"cov_kwds {', '.join(unknown)} for '{cov_type}'"
        refuse(scores.heading, what, f"this covariance takes {offered}")
    return COVARIANCES[cov_type](scores, options)
