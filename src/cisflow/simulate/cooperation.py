"""With how many kinds of partners firms cooperate, which, and where."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from cisflow.simulate.norta import Array
from cisflow.study.canonical import PARTNERS
from cisflow.study.truth import Truth

Integers = NDArray[np.int64]
_TYPES = len(PARTNERS)


def size_class(truth: Truth, employees: Array) -> Integers:
    """Return the position of each firm's size class in the truth's list, shape (n,)."""
    starts = [entry["from"] for entry in truth["firms"]["size_classes"]]
    return np.searchsorted(starts, employees, side="right") - 1


def diversity_distribution(truth: Truth) -> tuple[Array, Array]:
    """Return the distribution of the number of partner types among innovators.

    Returns
    -------
    marginal
        P(0), …, P(7), shape (8,).
    by_size
        The same within each size class, shape (classes, 8).
    """
    classes = truth["firms"]["size_classes"]
    rule = truth["cooperation"]
    counts = np.arange(1, _TYPES + 1)
    by_size = np.empty((len(classes), _TYPES + 1))
    for i, entry in enumerate(classes):
        tilt = np.exp(rule["more_types_with_size"] * (i - 2) * counts)
        several = np.array(rule["number_of_types"]) * tilt
        by_size[i, 0] = 1 - entry["cooperation"]
        by_size[i, 1:] = entry["cooperation"] * several / several.sum()
    return class_shares(classes, "innovative") @ by_size, by_size


def class_shares(classes: list[dict[str, Any]], key: str) -> Array:
    """Return the size classes' shares under a key, adding up to 1."""
    shares = np.array([entry[key] for entry in classes], dtype=float)
    return np.asarray(shares / shares.sum())


def draw_number(truth: Truth, size: Integers, rng: np.random.Generator) -> tuple[Integers, Array]:
    """Draw with how many partner types firms of these size classes cooperate.

    Returns
    -------
    number
        0 to 7, shape (n,).
    score
        Standard normal score of which the number is a step function, shape (n,).
    """
    marginal, by_size = diversity_distribution(truth)
    above = rng.uniform(size=(len(size), 1)) > np.cumsum(by_size, axis=1)[size, :-1]
    number = above.sum(axis=1)
    return number, _spread_score(marginal, number, rng.uniform(1e-12, 1, size=len(size)))


def _spread_score(marginal: Array, number: Integers, place: Array) -> Array:
    """Return the normal score at a place (0 to 1) in each number's stretch of the distribution.

    With places spread evenly, the score is exactly standard normal over all firms, whatever their
    size classes.
    """
    below = np.concatenate([[0.0], np.cumsum(marginal)])[number]
    return np.asarray(stats.norm.ppf(np.minimum(below + marginal[number] * place, 1 - 1e-12)))


def ranked_number(truth: Truth, size: Integers, rank: Array) -> tuple[Integers, Array]:
    """Return number of partner types and its score of the firms with a rank in their size class.

    Parameters
    ----------
    size
        Size classes, shape (n,).
    rank
        0 to 1, shape (n,).
    """
    marginal, by_size = diversity_distribution(truth)
    edges = np.cumsum(by_size, axis=1)[size]
    number = (rank[:, None] > edges[:, :-1]).sum(axis=1)
    rows = np.arange(len(size))
    place = 1 - (edges[rows, number] - rank) / by_size[size, number]
    return number, _spread_score(marginal, number, np.clip(place, 1e-12, 1))


def cooperation_norm(truth: Truth) -> tuple[Array, Array]:
    """Return what size class and firm effect let expect of the score of diversity.

    Returns
    -------
    mean
        Of the score in each size class, shape (classes,).
    slope
        Of the score on the firm effect in each size class, shape (classes,).
    """
    rank = (np.arange(4000) + 0.5) / 4000
    classes = range(len(truth["firms"]["size_classes"]))
    scores = np.array([ranked_number(truth, np.full(4000, c), rank)[1] for c in classes])
    slope = truth["panel"]["firm_effect"]["diversity"] * (scores @ stats.norm.ppf(rank)) / 4000
    return scores.mean(axis=1), slope


def draw_types(
    rule: Mapping[str, Any], number: Integers, strength: Array, rng: np.random.Generator
) -> NDArray[np.bool_]:
    """Draw which ``number`` types a firm cooperates with, shape (n, 7).

    The `number` largest of log weight + Gumbel noise are a weighted sample without replacement. The
    weights may lean on the score of innovation strength: for a given number of types this decides
    only which, so that partner types differ in what goes with them while diversity does not.
    """
    weights = np.log([rule["partners"][partner] for partner in PARTNERS])
    lean = np.array([rule["with_strength"].get(partner, 0.0) for partner in PARTNERS])
    keys = weights + lean * strength[:, None] + rng.gumbel(size=(len(number), _TYPES))
    rank = (-keys).argsort(axis=1, kind="stable").argsort(axis=1, kind="stable")
    return rank < number[:, None]


def draw_places(
    rule: Mapping[str, Any], types: NDArray[np.bool_], rng: np.random.Generator
) -> NDArray[np.bool_]:
    """Draw whether each chosen type is at home, abroad or both, shape (n, 7, 2)."""
    n = len(types)
    international = rng.uniform(size=n) >= rule["national_only"]
    foreign = types & (rng.uniform(size=types.shape) < rule["foreign"])
    # A firm that cooperates abroad does so with at least one of its types.
    one = np.where(types, rng.uniform(size=types.shape), -1).argmax(axis=1)
    none_yet = ~foreign.any(axis=1) & types.any(axis=1)
    foreign[none_yet, one[none_yet]] = True
    foreign &= international[:, None]
    domestic = types & (~foreign | (rng.uniform(size=types.shape) < rule["domestic"]))
    return np.stack([domestic, foreign], axis=2)
