"""The population the synthetic surveys are drawn from: firms, cooperation, outcomes.

Every function takes the truth file's mapping and a generator, and returns arrays or a frame with
one row per firm; no sample size is built in, so the same code gives a survey of 221 firms, many of
them for a recovery study, or a million firms to see what the population coefficients are.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from cisflow.schema import PARTNERS, PLACES, PROTECTION, SOURCES
from cisflow.simulate.norta import (
    Array,
    Quantile,
    count_margin,
    implied_correlations,
    margin,
    score_correlations,
)

if TYPE_CHECKING:
    import pandas as pd

Truth = Mapping[str, Any]
Integers = NDArray[np.int64]
_TYPES = len(PARTNERS)


def draw_cis2(
    truth: Truth, rng: np.random.Generator, n: int, sector: str = "manufacturing"
) -> pd.DataFrame:
    """Draw product innovators as CIS2 asks them.

    Parameters
    ----------
    truth
        The truth file.
    rng
        Generator of every random number.
    n
        Number of firms.
    sector
        ``"manufacturing"`` (the population of the truth's coefficients) or ``"services"``.

    Returns
    -------
    pandas.DataFrame
        Shape (n, columns): canonical columns (shares `unchanged`, `improved`, `new`, money in EUR)
        and research variables as the panel defines them (`incremental`, `radical`,
        `coop_{partner}`, `coop_exploitative`, `coop_exploratory`, `diversity`, `log_employees`,
        `rd_intensity`). Nothing is filtered or missing.
    """
    firms = draw_innovators(truth, rng, n, sector)
    incremental, radical = _tobit_shares(truth["tobit"], firms, rng)
    return firms.assign(
        innovation_strength=incremental + radical,
        share_improved=incremental,
        share_new=radical,
        share_unchanged=100 - incremental - radical,
        incremental=incremental,
        radical=radical,
    )


def draw_cis4(
    truth: Truth, rng: np.random.Generator, n: int, sector: str = "manufacturing"
) -> pd.DataFrame:
    """Draw product innovators as CIS4 asks them, with their later accounts.

    Parameters and return value are those of :func:`draw_cis2`, with the shares `new_firm` and
    `new_market`, and with `internal_investment`, `innovation_strength`, `personnel_cost_share` and
    `profit_margin`, whose population path coefficients on `diversity` are the truth's ``path``.
    """
    firms = draw_innovators(truth, rng, n, sector)
    novel = _latent(truth["novelty"], firms) + truth["novelty"]["sigma"] * rng.standard_normal(n)
    strength = firms["innovation_strength"].to_numpy()
    market = np.rint(strength * np.clip(novel, 0, 100) / 100)
    return firms.assign(
        share_new_market=market,
        share_new_firm=strength - market,
        share_unchanged=100 - strength,
        incremental=strength - market,
        radical=market,
    )


def draw_innovators(
    truth: Truth, rng: np.random.Generator, n: int, sector: str = "manufacturing"
) -> pd.DataFrame:
    """Draw firms with new or improved products: all but the division of turnover by novelty.

    Parameters
    ----------
    truth, rng, n, sector
        As in :func:`draw_cis2`.
    """
    firms, size = _draw_firms(truth, rng, n, sector, innovative=True)
    number, score = _draw_number(truth, size, rng)
    path, scores = _draw_path(truth, score, rng)
    types = _draw_types(truth["cooperation"], number, scores["innovation_strength"], rng)
    places = _draw_places(truth["cooperation"], types, rng)
    # A firm can only cooperate within its group if it has one.
    firms["group"] |= types[:, PARTNERS.index("group")]
    firms["foreign_group"] &= firms["group"]
    for i, partner in enumerate(PARTNERS):
        firms[f"coop_{partner}"] = types[:, i]
        for j, place in enumerate(PLACES):
            firms[f"coop_{partner}_{place}"] = places[:, i, j]
    firms["coop_any"] = types.any(axis=1)
    firms["coop_exploitative"] = firms["coop_suppliers"] | firms["coop_clients"]
    firms["coop_exploratory"] = firms["coop_universities"] | firms["coop_public_research"]
    firms["diversity"] = number.astype(float)
    firms = firms.assign(**path)
    return _add_spending(truth["answers"], _add_answers(truth["answers"], firms, rng), rng)


def draw_others(truth: Truth, rng: np.random.Generator, n: int, sector: str) -> pd.DataFrame:
    """Draw ``n`` firms of ``sector`` without innovation: they answer the general questions only."""
    firms, _ = _draw_firms(truth, rng, n, sector, innovative=False)
    firms["foreign_group"] &= firms["group"]
    for name in ("product_innovation", "process_innovation", "ongoing", "abandoned"):
        firms[name] = False
    for name in ("personnel_cost_share", "profit_margin"):
        firms[name] = margin(truth["margins"][name])(rng.uniform(size=n))
    rates = truth["answers"]["protection"]
    for means in PROTECTION:
        firms[f"protect_{means}"] = rng.uniform(size=n) < rates[means] / 2
    return firms


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
    return _shares(classes, "innovative") @ by_size, by_size


def _shares(classes: list[dict[str, Any]], key: str) -> Array:
    shares = np.array([entry[key] for entry in classes], dtype=float)
    return np.asarray(shares / shares.sum())


def _draw_firms(
    truth: Truth, rng: np.random.Generator, n: int, sector: str, *, innovative: bool
) -> tuple[pd.DataFrame, Integers]:
    """Draw what every firm has; return it with the firms' size classes."""
    import pandas as pd

    rule, kind = truth["firms"], "innovative" if innovative else "not_innovative"
    classes = rule["size_classes"]
    size = rng.choice(len(classes), size=n, p=_shares(classes, kind))
    # Pareto within the class, cut off at its end: heavy-tailed, and exact class shares.
    low, high = (np.array([float(c[end]) for c in classes])[size] for end in ("from", "to"))
    tail = rule["tail"]
    left = 1 - rng.uniform(size=n) * (1 - (low / (high + 1)) ** tail)
    employees = np.floor(low * left ** (-1 / tail))
    pay = rule["turnover_per_employee"]
    turnover = employees * pay["median"] * np.exp(pay["log_sd"] * rng.standard_normal(n))
    growth, hiring = (
        rule[key]["mean"] + rule[key]["sd"] * rng.standard_normal(n) for key in ("growth", "hiring")
    )
    group = rng.uniform(size=n) < np.array([c["group"] for c in classes])[size]
    abroad = rng.uniform(size=n) < np.array([c["foreign_group"] for c in classes])[size]
    divisions = rule[sector]
    weights = np.array(list(divisions.values()), dtype=float)
    firms = pd.DataFrame(
        {
            "nace": rng.choice(list(divisions), size=n, p=weights / weights.sum()),
            "manufacturing": sector == "manufacturing",
            "employees": employees,
            "employees_lag2": np.maximum(np.rint(employees * np.exp(-hiring)), 1),
            "turnover": np.rint(turnover),
            "turnover_lag2": np.rint(turnover * np.exp(-growth)),
            "group": group,
            "foreign_group": abroad,
            "export": rng.uniform(size=n) < rule["export"][kind],
            "log_employees": np.log(employees),
        }
    )
    return firms, size


def _draw_number(truth: Truth, size: Integers, rng: np.random.Generator) -> tuple[Integers, Array]:
    """Draw with how many partner types firms of these size classes cooperate.

    Returns
    -------
    number
        0 to 7, shape (n,).
    score
        Standard normal score of which the number is a step function, shape (n,).
    """
    from scipy import stats

    marginal, by_size = diversity_distribution(truth)
    above = rng.uniform(size=(len(size), 1)) > np.cumsum(by_size, axis=1)[size, :-1]
    number = above.sum(axis=1)
    # Spread each number evenly over its stretch of the marginal distribution: the score is then
    # exactly standard normal over all firms, whatever the size classes.
    below = np.concatenate([[0.0], np.cumsum(marginal)])[number]
    score = stats.norm.ppf(below + marginal[number] * rng.uniform(1e-12, 1, size=len(size)))
    return number, score


def _draw_types(
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
    rank = (-keys).argsort(axis=1).argsort(axis=1)
    return rank < number[:, None]


def _draw_places(
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


def _draw_path(
    truth: Truth, score: Array, rng: np.random.Generator
) -> tuple[dict[str, Array], dict[str, Array]]:
    """Draw what lies downstream of diversity, values and scores, given diversity's score."""
    from scipy import stats

    # json gives the truth a key; solving for the correlations anew for every sample is slow.
    names, loadings = _loadings(json.dumps({key: truth[key] for key in _PATH_KEYS}))
    noise = rng.standard_normal((len(score), len(names) - 1))
    drawn = np.column_stack([score, noise]) @ loadings.T
    scores = {name: drawn[:, i] for i, name in enumerate(names) if i > 0}
    values = {name: margin(truth["margins"][name])(stats.norm.cdf(z)) for name, z in scores.items()}
    return values, scores


_PATH_KEYS = ("path", "margins", "firms", "cooperation")


@lru_cache(maxsize=8)
def _loadings(text: str) -> tuple[list[str], Array]:
    """Return the path's variables and the Cholesky factor of their scores' correlations."""
    truth = json.loads(text)
    names, correlations = implied_correlations(truth["path"])

    def quantile(name: str) -> Quantile:
        if name == "diversity":
            return count_margin(diversity_distribution(truth)[0])
        return margin(truth["margins"][name])

    scores = score_correlations([quantile(name) for name in names], correlations)
    return names, np.asarray(np.linalg.cholesky(scores))


def _add_spending(
    rule: Mapping[str, Any], firms: pd.DataFrame, rng: np.random.Generator
) -> pd.DataFrame:
    """Add innovation expenditure in EUR, from its shares in turnover."""
    n = len(firms)
    turnover = firms["turnover"].to_numpy()
    internal = np.rint(firms["internal_investment"].to_numpy() / 100 * turnover)
    low, high = rule["external_to_internal"]
    ratio = rng.uniform(low, high, size=n)
    external = np.rint(internal * ratio * (rng.uniform(size=n) < rule["external_rd"]))
    other = {
        name: np.rint(margin(rule[name])(rng.uniform(size=n)) / 100 * turnover)
        for name in ("machinery", "other_knowledge")
    }
    continuous = (rng.uniform(size=n) < rule["continuous_rd"]) & (internal > 0)
    return firms.assign(
        rd_internal=internal,
        rd_external=external,
        **other,
        innovation_spending=internal + external + sum(other.values()),
        rd_continuous=continuous,
        internal_investment=internal / turnover * 100,
        rd_intensity=(internal + external) / turnover * 100,
    )


def _add_answers(
    rule: Mapping[str, Any], firms: pd.DataFrame, rng: np.random.Generator
) -> pd.DataFrame:
    """Add the answers no outcome depends on."""
    n = len(firms)
    rates = {
        "process_innovation": rule["process_innovation"],
        "ongoing": rule["ongoing"],
        "abandoned": rule["abandoned"],
        **{f"fund_{level}": rate for level, rate in rule["funding"].items()},
        **{f"protect_{means}": rate for means, rate in rule["protection"].items()},
    }
    answers: dict[str, Any] = {name: rng.uniform(size=n) < rate for name, rate in rates.items()}
    for source in SOURCES:
        answers[f"source_{source}"] = rng.choice(4, size=n, p=rule["sources"]).astype(float)
    return firms.assign(product_innovation=True, **answers)


def _latent(equation: Mapping[str, Any], firms: pd.DataFrame) -> Array:
    """Return the systematic part of a latent outcome, shape (n,)."""
    mean = np.full(len(firms), float(equation["intercept"]))
    for term, coefficient in equation.items():
        if term == "industry":
            mean += firms["nace"].astype(str).map(coefficient).fillna(0).to_numpy(dtype=float)
        elif term not in ("intercept", "sigma"):
            mean += coefficient * firms[term].to_numpy(dtype=float)
    return mean


def _tobit_shares(
    rule: Mapping[str, Any], firms: pd.DataFrame, rng: np.random.Generator
) -> tuple[Array, Array]:
    """Draw two censored shares, in whole percent, that never add up to more than 100."""
    means = [_latent(rule[name], firms) for name in ("incremental", "radical")]
    sigmas = [rule[name]["sigma"] for name in ("incremental", "radical")]
    errors = coupled_errors(means[0], sigmas[0], means[1], sigmas[1], rng)
    first, second = (
        _whole_percent(m + s * e) for m, s, e in zip(means, sigmas, errors, strict=True)
    )
    # 60.5 and 39.5 both round up.
    return np.where(first >= second, np.minimum(first, 100 - second), first), np.where(
        first >= second, second, np.minimum(second, 100 - first)
    )


def coupled_errors(
    mean1: Array, sigma1: float, mean2: Array, sigma2: float, rng: np.random.Generator
) -> tuple[Array, Array]:
    """Draw standard normal errors of two Tobit equations whose outcomes share 100 percent.

    Adding up restricts the dependence of two shares, not the distribution of either. Where the
    first error exceeds ``mean2 / sigma2``, the second is drawn below minus that (the second outcome
    is then zero); where it falls below ``-mean1 / sigma1`` the second is drawn above the mirrored
    limit (the first outcome is zero). In between, the line is cut into stretches, and the second
    error is drawn from the mirror image of the first one's stretch, independently within it.
    Stretches mirror each other in probability, so both errors are exactly standard normal;
    stretches are short enough that two positive outcomes stay within 100 together.

    Parameters
    ----------
    mean1, mean2
        Systematic parts of the latent outcomes in percentage points, shape (n,).
    sigma1, sigma2
        Standard deviations of the latent outcomes.
    rng
        Generator.

    Returns
    -------
    tuple of numpy.ndarray
        The two errors, each of shape (n,).

    Notes
    -----
    The sum stays within 100 wherever ``mean1 + sigma1 * mean2 / sigma2`` and its mirror do; beyond
    (a firm whose expected shares alone exceed 100) no coupling can do it.
    """
    from scipy import stats

    lower, upper = -mean1 / sigma1, mean2 / sigma2
    crossed = upper < lower  # both outcomes are zero at the middle: one cut point serves
    middle = (lower + upper) / 2
    lower, upper = np.where(crossed, middle, lower), np.where(crossed, middle, upper)
    width = upper - lower
    largest = np.maximum(mean1 + sigma1 * upper, mean2 - sigma2 * lower)
    room = np.maximum(100 - largest, 1.0)
    pieces = np.maximum(np.ceil(sigma1 * width / room), 1)

    first = rng.standard_normal(len(mean1))
    step = np.where(width > 0, width / pieces, 1.0)
    piece = np.clip(np.floor((first - lower) / step), 0, pieces - 1)
    start, end = lower + piece * step, lower + (piece + 1) * step
    start = np.where(first < lower, -np.inf, np.where(first > upper, upper, start))
    end = np.where(first < lower, lower, np.where(first > upper, np.inf, end))
    low, high = stats.norm.cdf(-end), stats.norm.cdf(-start)
    second = stats.norm.ppf(low + (high - low) * rng.uniform(1e-12, 1, size=len(first)))
    return first, second


def _whole_percent(latent: Array) -> Array:
    """Censor at 0 and 100 and round; whatever is above 0 is at least 1, below 100 at most 99."""
    rounded = np.clip(np.rint(latent), 1, 99)
    return np.where(latent <= 0, 0.0, np.where(latent >= 100, 100.0, rounded))
