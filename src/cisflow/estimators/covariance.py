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
HC3          :math:`\sum d_i d_i'`,                       ``sandwich::vcovHC`` (its default) and
             :math:`d_i = (H - H_i)^{-1} s_i`             Stata ``vce(hc3)`` for least squares
cluster CR1  :math:`H^{-1} \sum_g s_g s_g' H^{-1}`        ``sandwich::vcovCL`` (its default for
             × G/(G−1)                                    ``survreg``); Stata ``vce(cluster)``
cluster CR3  :math:`\sum_g d_g d_g'` × (G−1)/G,           ``sandwich::vcovCL(type = "HC3")`` and
             :math:`d_g = (H - H_g)^{-1} s_g`             Stata ``summclust`` for least squares
bootstrap    covariance of resampled estimates            Stata ``vce(bootstrap)``
jackknife    leave one row or cluster out, × (m−1)/m      ``sandwich::vcovJK``
survey       :math:`H^{-1} \sum_h (1 - n_h/N_h)            ``survey::svyglm``, ``svysurvreg``;
             \frac{n_h}{n_h-1} \sum_{i \in h}              Stata ``svy:``
             (s_i-\bar s_h)(s_i-\bar s_h)' H^{-1}`
============ ============================================ =========================================

With sampling weights ``sandwich`` 3.0-2 and later print something else: its ``estfun.survreg``
leaves the weights out of the score of log σ. The formulas above are followed.

``HC3`` leaves out one row at a time by one step of Newton's method, exact for least squares
(MacKinnon & White 1985, Journal of Econometrics 29:305–325). Where a few rows pull hard, as those
of firms whose R&D outruns all others do in an interaction, HC1 is too small and HC3 holds its level
(Long & Ervin 2000, American Statistician 54:217–224).

``cov_kwds={"groups": g, "correction": …}`` clusters by g. ``CR1`` is the sum above, ``CR0`` leaves
G/(G−1) out (``"use_correction": False`` is another word for it). ``CR3`` is the jackknife: one step
of Newton's method from the full estimate without each cluster, whose own information is
:math:`H_g`, exact for least squares. Where the correction is left open it is ``CR3`` below
:data:`FEW_CLUSTERS` clusters, said in a warning, and ``CR1`` from there: with few clusters of
unequal size CR1 is too small, and CR3 with t on G−1 degrees of freedom holds its level (MacKinnon,
Nielsen & Webb 2023, Journal of Econometrics 232:272–299; 2023, Journal of Applied Econometrics
38:671–694). A coefficient that one cluster alone determines has no such standard error.

Several columns of groups give the multi-way covariance of Cameron, Gelbach & Miller (2011, Journal
of Business & Economic Statistics 29:238–249): the one-way sums minus those of the intersections of
two ways plus those of three and so on, each with its own correction. Such a difference may have
negative eigenvalues; they are raised to zero in the caller's units, as ``sandwich::vcovCL(fix =
TRUE)`` does, and the note says so. ``bootstrap`` takes ``draws``, ``seed`` and ``groups``;
``jackknife`` takes ``groups``.

``survey`` is design-based (Binder 1983, International Statistical Review 51:279–292): firms were
drawn in strata h without replacement, and rows outside the sample of the regression, whose scores
are zero, are still firms of their stratum. Options, one value per row: ``strata`` (labels; one
stratum where it is left out), ``firms`` (:math:`n_h`, the firms drawn in the row's stratum; its
rows where left out) and ``population`` (:math:`N_h`; drawn with replacement where left out). A
stratum of one firm that stands for others is measured from the mean of all (``survey.lonely.psu =
"adjust"`` in R).
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cisflow.estimators.arrays import Floats, Ints
from cisflow.estimators.clusters import (
    ALONE,
    alone_in,
    count_clusters,
    positive,
    row_steps,
    unspread,
    ways_of,
    without_clusters,
)
from cisflow.estimators.errors import Count, EstimationWarning, Sentence, refuse
from cisflow.estimators.scores import Scores

FEW_CLUSTERS = 50
"""From this many clusters on the sandwich is used as it is."""
CORRECTIONS = ("CR0", "CR1", "CR3")
ONE_CLUSTER = "no clustered standard error: one cluster alone determines it"
# Squared scores are zero where a row is fitted exactly: nonrobust errors have one, and so has what
# the category is merged with.
HELD = Sentence("no robust standard error: it rests on ", Count(1), " alone, fitted exactly")


@dataclass(frozen=True)
class Covariance:
    """A covariance matrix and how it came about."""

    matrix: Floats  # (k, k)
    cov_type: str
    groups: tuple[int, ...] = ()  # number of clusters, one entry per way of clustering
    note: str = ""  # what a reader of the standard errors must know
    original: bool = False  # whether the matrix is that of (β, log σ) in the caller's units already
    correction: str = ""  # one of CORRECTIONS where clusters are taken
    # Degrees of freedom of t statistics, one less than the fewest clusters; None for normal ones.
    df: int | None = None
    # (q,), the caller's parameters that one row or cluster alone determines: squared scores, which
    # are zero along them, give them no standard error.
    unmeasured: NDArray[np.bool_] | None = None

    @property
    def why_unmeasured(self) -> str:
        """Why parameters that are ``unmeasured`` have no standard error."""
        return ONE_CLUSTER if self.groups else HELD


def _nonrobust(scores: Scores, options: Mapping[str, Any]) -> Covariance:
    return Covariance(scores.bread(), "nonrobust")


def _opg(scores: Scores, options: Mapping[str, Any]) -> Covariance:
    outer = scores.outer()
    lost = unspread(scores, outer)
    if lost is None:
        return Covariance(np.asarray(np.linalg.inv(outer)), "OPG")
    # A direction no score lies in: the others' variances are those of a generalised inverse.
    root = np.linalg.cholesky(scores.bread())
    inverse = np.linalg.pinv(root.T @ outer @ root, rcond=ALONE, hermitian=True)
    return Covariance(root @ inverse @ root.T, "OPG", unmeasured=lost)


def _hc0(scores: Scores, options: Mapping[str, Any]) -> Covariance:
    bread, outer = scores.bread(), scores.outer()
    return Covariance(bread @ outer @ bread, "HC0", unmeasured=unspread(scores, outer))


def _hc1(scores: Scores, options: Mapping[str, Any]) -> Covariance:
    found, n = _hc0(scores, options), scores.rows.nobs
    if (k := len(found.matrix)) >= n:
        what = Sentence(f"HC1: {k} parameters, σ among them, of ", Count(n))
        refuse(scores.heading, what, "use fewer regressors, or nonrobust")
    return replace(found, matrix=found.matrix * (n / (n - k)), cov_type="HC1")


def _hc3(scores: Scores, options: Mapping[str, Any]) -> Covariance:
    n = scores.rows.size
    if n != scores.rows.nobs:
        what = "HC3: rows with frequency weights are not left out one by one"
        refuse(scores.heading, what, "give each firm a row of its own, or use HC1")
    if scores.informations(np.zeros(n, dtype=np.intp), 1) is None:
        refuse(scores.heading, "covariance 'HC3' is not offered here", "use HC1, or a Tobit")
    steps, alone = row_steps(scores)
    return Covariance(steps.T @ steps, "HC3", unmeasured=alone)


def _cluster(scores: Scores, options: Mapping[str, Any]) -> Covariance:
    if options.get("groups") is None:
        remedy = 'pass cov_kwds={"groups": …}: the column (or columns) to cluster by'
        refuse(scores.heading, "clustered standard errors without groups", remedy)
    codes = scores.rows.codes(options["groups"])
    counts = tuple(count_clusters(scores.heading, way) for way in codes)
    known = scores.informations(codes[0], counts[0]) is not None
    correction = choose_correction(scores.heading, options, min(counts), known)
    jackknife = correction == "CR3"
    ways = ways_of(codes)
    lost: NDArray[np.bool_] | None
    if jackknife:
        matrix, lost = without_clusters(scores, ways)
    else:
        bread, sums = scores.bread(), [scores.sums(way, n) for _, way, n in ways]
        lost = alone_in(scores, codes, sums[: len(codes)])  # single ways come first
        meat = [
            sign * _meat(S, correction == "CR1") for (sign, *_), S in zip(ways, sums, strict=True)
        ]
        matrix = np.asarray(bread @ sum(meat) @ bread)
    note = "" if jackknife else _few(min(counts), matrix.shape[0])
    if len(codes) > 1:
        matrix, repaired = positive(matrix, scores.jacobian())
        note = "; ".join(filter(None, (note, repaired)))
    df = min(counts) - 1 if jackknife else None
    return Covariance(matrix, "cluster", counts, note, False, correction, df, lost)


def choose_correction(
    heading: str, options: Mapping[str, Any], fewest: int, known: bool = True
) -> str:
    """Return the correction asked for; left open, the jackknife where clusters are few.

    Parameters
    ----------
    heading : str
        What opens messages.
    options : mapping
        ``correction`` or ``use_correction``, and ``groups`` for their name.
    fewest : int
        Clusters, of the way with fewest.
    known : bool
        Whether a cluster can be left out: its own information is known.

    Raises
    ------
    EstimationError
        For a correction that is unknown or not offered.
    """
    asked = options.get("correction")
    if asked is None and "use_correction" in options:
        asked = "CR1" if options["use_correction"] else "CR0"
    if asked is None:
        asked = "CR3" if known and fewest < FEW_CLUSTERS else "CR1"
        if fewest < FEW_CLUSTERS:
            _warn(heading, options["groups"], fewest, asked)
    if asked not in CORRECTIONS:
        refuse(heading, f"correction '{asked}'", f"use one of {', '.join(CORRECTIONS)}")
    if asked == "CR3" and not known:
        refuse(heading, "correction 'CR3' is not offered here", "use CR1, or a Tobit")
    return str(asked)


def _warn(heading: str, groups: Any, fewest: int, correction: str) -> None:
    names = [groups] if isinstance(groups, str) else groups
    named = isinstance(names, list | tuple) and all(isinstance(name, str) for name in names)
    name = getattr(groups, "name", None)
    of = " of " + " and ".join(names) if named else f" of {name}" if name else ""
    taken = f"the jackknife (CR3) and t({fewest - 1}) are taken"
    if correction != "CR3":
        taken = "standard errors are likely too small"
    warnings.warn(
        f"{heading}: only {fewest} clusters{of}: {taken}", EstimationWarning, stacklevel=5
    )


def _few(groups: int, parameters: int) -> str:
    if groups > parameters:
        return ""
    return (
        f"{groups} clusters for {parameters} parameters: clustered standard errors "
        "are unreliable with few clusters"
    )


def _meat(sums: Floats, correct: bool) -> Floats:
    meat, groups = sums.T @ sums, len(sums)
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
    return Covariance(bread @ meat @ bread, "survey", unmeasured=unspread(scores, scores.outer()))


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
            counts = (count_clusters(scores.heading, codes),)
        matrix, note = scores.resampled(kind, codes, rest)
        return Covariance(matrix, kind, counts, note, original=True)

    return compute


COVARIANCES: dict[str, Callable[[Scores, Mapping[str, Any]], Covariance]] = {
    "nonrobust": _nonrobust,
    "OPG": _opg,
    "HC0": _hc0,
    "HC1": _hc1,
    "HC3": _hc3,
    "cluster": _cluster,
    "bootstrap": _resampling("bootstrap"),
    "jackknife": _resampling("jackknife"),
    "survey": _survey,
}
OPTIONS: dict[str, set[str]] = {
    "cluster": {"groups", "use_correction", "correction"},
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
