"""Many tests at once: p-values adjusted within the families that the claims file states.

Beside Holm (1979) and Benjamini & Hochberg (1995), which know nothing of how tests hang together,
stands the stepdown of Romano & Wolf (2005, Econometrica 73:1237–1282): tests on the same firms are
dependent, and their joint distribution says how much the smallest of several p-values means. It is
taken from the correlations of the estimates, which come from the firms' joint influence on them
(a multiplier bootstrap with normal multipliers draws from exactly this distribution).
"""

from __future__ import annotations

import gc
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cisflow.claims.evidence import Correlations, Row
from cisflow.estimators.distributions import NORMAL, normal_draws
from cisflow.study.claims import Rule, key_of
from cisflow.study.verdicts import TOO_FEW, WEAK

Floats = NDArray[np.float64]
FAMILIES = {"article": "source", "claim": "claim"}
"""What the tests of a family have in common, besides country and wave."""
METHODS = ("holm", "bh", "rw")


def _names(family: str) -> list[str]:
    """Return the columns of a family: of an article's plain, of a claim's with its name."""
    return [f"p_{method}{'' if family == 'article' else f'_{family}'}" for method in METHODS]


ADJUSTED = tuple(name for family in FAMILIES for name in _names(family))


@contextmanager
def _nothing_to_collect() -> Iterator[None]:
    """Leave what is in memory out of collections: statsmodels collects at every Holm adjustment."""
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


@_nothing_to_collect()
def adjusted(rows: Sequence[Row], correlations: Correlations, rule: Rule, seed: int) -> list[Row]:
    """Return rows of verdicts with p-values adjusted within each family.

    Parameters
    ----------
    rows
        With ``claim``, ``source``, and where they have an estimate ``country``, ``wave``,
        ``p_test``, ``estimate``, ``band`` and what names the test.
    correlations
        By country and wave, then test by test.
    rule
        Its ``families`` and ``draws``.
    seed
        Of the draws.

    Returns
    -------
    list of dict
        With the columns :data:`ADJUSTED`. A test that several claims share counts once; one that
        cannot decide (:func:`decides`) not at all.
    """
    found = [dict(row) for row in rows]
    for family in rule.families:
        members: dict[tuple[Any, ...], list[int]] = {}
        for i, row in enumerate(found):
            if decides(row):
                place = row["country"], row["wave"], row[FAMILIES[family]]
                members.setdefault(place, []).append(i)
        for place, which in members.items():
            tested = [found[i].get("hardest", found[i]) for i in which]
            keys = [(key_of(test["model"], test), _band(test)) for test in tested]
            distinct = list(dict.fromkeys(keys))
            tests = [tested[keys.index(key)] for key in distinct]
            matrix = matrix_of([key for key, _ in distinct], correlations.get(place[:2], {}))
            columns = _adjusted(tests, matrix, rule.draws, seed)
            for i, key in zip(which, keys, strict=True):
                numbers = columns[:, distinct.index(key)]
                found[i] |= dict(zip(_names(family), map(float, numbers), strict=True))
    return found


def decides(row: Row) -> bool:
    """Return whether a test is one of its family: whether it has a p-value that means something.

    Too few firms on a side and weak instruments leave a test without a verdict whatever its
    p-value, which may be tiny: counted, it would lend its rank to others.
    """
    known = np.isfinite(row.get("p_test", np.nan))
    return bool(known) and row.get("verdict") != TOO_FEW and row.get("code") != WEAK


def _band(test: Row) -> float | None:
    """Return the band a test is held against, None for a test of zero."""
    band = float(test.get("band", np.nan))
    return band if np.isfinite(band) else None


def _adjusted(tests: Sequence[Row], correlation: Floats, draws: int, seed: int) -> Floats:
    """Return the p-values of one family by each method, shape (methods, tests)."""
    from statsmodels.stats.multitest import multipletests

    p = np.array([test["p_test"] for test in tests])
    if len(p) == 1:
        return np.tile(p, (len(METHODS), 1))
    holm, bh = (multipletests(p, method=name)[1] for name in ("holm", "fdr_bh"))
    sides = np.array([_side(test) for test in tests])
    return np.array([holm, bh, romano_wolf(p, sides, correlation, draws, seed)])


def _side(test: Row) -> int:
    """Return on which side a test rejects: 0 for both, else that of the nearer end of the band."""
    if _band(test) is None:
        return 0
    return -1 if test["estimate"] >= 0 else 1


def matrix_of(keys: Sequence[str], known: Mapping[str, Mapping[str, float]]) -> Floats:
    """Return the correlation matrix of some tests; unknown correlations are not a number."""
    found = np.eye(len(keys))
    for i, one in enumerate(keys):
        for j, other in enumerate(keys[:i]):
            r = known.get(one, {}).get(other, known.get(other, {}).get(one))
            r = 1.0 if one == other else r
            found[i, j] = found[j, i] = np.nan if r is None else r
    return found


def romano_wolf(
    p: Floats, sides: NDArray[np.int_], correlation: Floats, draws: int, seed: int
) -> Floats:
    """Return stepdown p-values from the joint distribution of the tests.

    Parameters
    ----------
    p : (k,) array
        p-values of the tests.
    sides : (k,) array of int
        0 for a two-sided test; 1 or −1 for one that rejects for large or small estimates.
    correlation : (k, k) array
        Of the estimates.
    draws, seed
        Of the normal draws of the estimates, each test's null hypothesis taken to be true.

    Returns
    -------
    (k,) array
        For each test the chance that, of the tests with no smaller p-value than it, the smallest
        p-value is as small as its own; made monotone. Between tests whose correlation is not known
        chances are added (Bonferroni): if none is known this is Holm's adjustment.
    """
    order = np.argsort(p, kind="stable")
    rng = np.random.default_rng(seed)
    groups = known_together(correlation)
    chances = [_smallest(p, sides, correlation, g, order, draws, rng) for g in groups]
    stepped = np.maximum.accumulate(np.minimum(np.sum(chances, axis=0), 1.0))
    found = np.empty(len(p))
    found[order] = np.maximum(stepped, p[order])
    return found


def known_together(correlation: Floats) -> list[list[int]]:
    """Return tests in groups within which every correlation is known, the first come first."""
    groups: list[list[int]] = []
    for i in range(len(correlation)):
        home = next((g for g in groups if np.isfinite(correlation[i, g]).all()), None)
        groups.append([i]) if home is None else home.append(i)
    return groups


def _smallest(
    p: Floats,
    sides: NDArray[np.int_],
    correlation: Floats,
    group: Sequence[int],
    order: NDArray[np.intp],
    draws: int,
    rng: np.random.Generator,
) -> Floats:
    """Return, step by step of all tests, how often the smallest p of a group's rest is as small."""
    ranks = np.argsort(order, kind="stable")[list(group)]
    mine = np.array(group)[np.argsort(ranks, kind="stable")]
    if len(mine) == 1:
        return np.where(np.arange(len(p)) <= ranks[0], p[order], 0.0)
    drawn = _drawn(sides[mine], correlation[np.ix_(mine, mine)], draws, rng)
    rest = np.minimum.accumulate(drawn[:, ::-1], axis=1)[:, ::-1]
    left = [int((ranks < step).sum()) for step in range(len(p))]
    hits = [
        (rest[:, gone] <= p[test]).sum() if gone < len(mine) else -1
        for test, gone in zip(order, left, strict=True)
    ]
    return (1 + np.array(hits)) / (1 + draws)


def _drawn(
    sides: NDArray[np.int_], correlation: Floats, draws: int, rng: np.random.Generator
) -> Floats:
    """Return p-values of tests whose null hypotheses are all true, (draws, k)."""
    z = normal_draws(correlation, draws, rng)
    return np.where(sides == 0, 2 * NORMAL.sf(np.abs(z)), NORMAL.sf(sides * z))
