"""The population the synthetic surveys are drawn from: firms, cooperation, outcomes.

Every function takes the truth file's mapping and a generator, and returns arrays or a frame with
one row per firm; no sample size is built in, so the same code gives a survey of 221 firms, many of
them for a recovery study, or a million firms to see what the population coefficients are.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from cisflow.simulate.cooperation import (
    Integers,
    class_shares,
    cooperation_norm,
    diversity_distribution,
    draw_number,
    draw_places,
    draw_types,
    ranked_number,
    size_class,
)
from cisflow.simulate.followed import Followed, cooperation_rank, with_traits
from cisflow.simulate.norta import (
    Array,
    Quantile,
    count_margin,
    implied_correlations,
    margin,
    score_correlations,
)
from cisflow.simulate.shares import latent_mean, tobit_shares
from cisflow.study.canonical import PARTNERS, PLACES, PROTECTION, SOURCES
from cisflow.study.truth import Truth

# Ratios of the accounts; where firms are followed, they are drawn with the accounts.
RATIOS = ("personnel_cost_share", "profit_margin")


def draw_cis2(
    truth: Truth,
    rng: np.random.Generator,
    n: int,
    sector: str = "manufacturing",
    followed: Followed | None = None,
) -> pd.DataFrame:
    """Draw product innovators as CIS2 asks them.

    Parameters
    ----------
    sector
        ``"manufacturing"`` (the population of the truth's coefficients) or ``"services"``.
    followed
        What links firms over waves, where the truth has a ``panel``.

    Returns
    -------
    pandas.DataFrame
        Shape (n, columns): canonical columns (shares `unchanged`, `improved`, `new`, money in EUR)
        and research variables as the panel defines them (`incremental`, `radical`,
        `coop_{partner}`, `coop_exploitative`, `coop_exploratory`, `diversity`, `log_employees`,
        `rd_intensity`). Nothing is filtered or missing.
    """
    firms = draw_innovators(truth, rng, n, sector, followed)
    incremental, radical = tobit_shares(truth["tobit"], firms, rng)
    return firms.assign(
        innovation_strength=incremental + radical,
        share_improved=incremental,
        share_new=radical,
        share_unchanged=100 - incremental - radical,
        incremental=incremental,
        radical=radical,
    )


def draw_cis4(
    truth: Truth,
    rng: np.random.Generator,
    n: int,
    sector: str = "manufacturing",
    followed: Followed | None = None,
) -> pd.DataFrame:
    """Draw product innovators as CIS4 asks them, with their later accounts.

    Parameters and return value are those of :func:`draw_cis2`, with the shares `new_firm` and
    `new_market`, and with `internal_investment`, `innovation_strength`, `personnel_cost_share` and
    `profit_margin`, whose population path coefficients on `diversity` are the truth's ``path``.
    """
    firms = draw_innovators(truth, rng, n, sector, followed)
    novel = latent_mean(truth["novelty"], firms) + truth["novelty"]["sigma"] * rng.standard_normal(
        n
    )
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
    truth: Truth,
    rng: np.random.Generator,
    n: int,
    sector: str = "manufacturing",
    followed: Followed | None = None,
) -> pd.DataFrame:
    """Draw firms with new or improved products: all but the division of turnover by novelty.

    Parameters
    ----------
    truth, rng, n, sector, followed
        As in :func:`draw_cis2`. The scores of followed firms, from which their accounts are drawn,
        are columns ``score_{variable}``.
    """
    firms, size = _draw_firms(truth, rng, n, sector, innovative=True)
    if followed is None:
        number, score = draw_number(truth, size, rng)
    else:
        firms = with_traits(truth, firms, followed.past, rng)
        size = size_class(truth, firms["employees"].to_numpy())
        rank, funding = cooperation_rank(truth, firms, followed.shifts, rng)
        number, score = ranked_number(truth, size, rank)
        mean, slope = cooperation_norm(truth)
        norm = mean[size] + slope[size] * firms["firm_effect"].to_numpy(dtype=float)
        firms = firms.assign(**funding, score_norm=norm)
    path, scores = _draw_path(truth, score, rng)
    types = draw_types(truth["cooperation"], number, scores["innovation_strength"], rng)
    places = draw_places(truth["cooperation"], types, rng)
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
    if followed is not None:
        firms["score_diversity"] = score
        firms = firms.assign(**{f"score_{name}": values for name, values in scores.items()})
    return _add_spending(truth["answers"], _add_answers(truth["answers"], firms, rng), rng)


def draw_others(
    truth: Truth, rng: np.random.Generator, n: int, sector: str, followed: Followed | None = None
) -> pd.DataFrame:
    """Draw ``n`` firms of ``sector`` without innovation: they answer the general questions only."""
    firms, _ = _draw_firms(truth, rng, n, sector, innovative=False)
    if followed is not None:
        firms = with_traits(truth, firms, followed.past, rng)
    firms["foreign_group"] &= firms["group"]
    for name in ("product_innovation", "process_innovation", "ongoing", "abandoned"):
        firms[name] = False
    for name in RATIOS:
        firms[name] = margin(truth["margins"][name])(rng.uniform(size=n))
    rates = truth["answers"]["protection"]
    for means in PROTECTION:
        firms[f"protect_{means}"] = rng.uniform(size=n) < rates[means] / 2
    return firms


def _draw_firms(
    truth: Truth, rng: np.random.Generator, n: int, sector: str, *, innovative: bool
) -> tuple[pd.DataFrame, Integers]:
    """Draw what every firm has; return it with the firms' size classes."""
    rule, kind = truth["firms"], "innovative" if innovative else "not_innovative"
    classes = rule["size_classes"]
    size = rng.choice(len(classes), size=n, p=class_shares(classes, kind))
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


def _draw_path(
    truth: Truth, score: Array, rng: np.random.Generator
) -> tuple[dict[str, Array], dict[str, Array]]:
    """Draw what lies downstream of diversity, values and scores, given diversity's score."""
    path = truth["path"]
    if "panel" in truth:
        path = {target: equation for target, equation in path.items() if target not in RATIOS}
    names, correlations = path_scores({**truth, "path": path})
    loadings = np.linalg.cholesky(correlations)
    noise = rng.standard_normal((len(score), len(names) - 1))
    drawn = np.column_stack([score, noise]) @ loadings.T
    scores = {name: drawn[:, i] for i, name in enumerate(names) if i > 0}
    values = {name: margin(truth["margins"][name])(stats.norm.cdf(z)) for name, z in scores.items()}
    return values, scores


def path_scores(truth: Truth) -> tuple[list[str], Array]:
    """Return the path's variables and the correlations of the normal scores they are made from."""
    # json gives the truth a key; solving for the correlations anew for every sample is slow.
    keys = ("path", "margins", "firms", "cooperation")
    return _path_scores(json.dumps({key: truth[key] for key in keys}))


@lru_cache(maxsize=32)
def _path_scores(text: str) -> tuple[list[str], Array]:
    truth = json.loads(text)
    names, correlations = implied_correlations(truth.pop("path"))
    rest = json.dumps(truth)
    return names, score_correlations([_quantile(name, rest) for name in names], correlations)


@lru_cache(maxsize=32)
def _quantile(name: str, text: str) -> Quantile:
    truth = json.loads(text)
    if name == "diversity":
        return count_margin(diversity_distribution(truth)[0])
    return margin(truth["margins"][name])


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
        **{
            name: rate
            for level, rate in rule["funding"].items()
            if (name := f"fund_{level}") not in firms
        },
        **{f"protect_{means}": rate for means, rate in rule["protection"].items()},
    }
    answers: dict[str, Any] = {name: rng.uniform(size=n) < rate for name, rate in rates.items()}
    for source in SOURCES:
        answers[f"source_{source}"] = rng.choice(4, size=n, p=rule["sources"]).astype(float)
    return firms.assign(product_innovation=True, **answers)
