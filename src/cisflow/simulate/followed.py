"""Firms followed over waves: who comes back, what they keep, what makes them cooperate.

Used where the truth has a section ``panel``; without one, every wave is a cross-section.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from cisflow.base.problems import CisflowError, Problem
from cisflow.simulate.cooperation import size_class
from cisflow.simulate.norta import Array

# What a firm keeps from wave to wave, besides its size class and turnover per employee.
KEPT = ("firm", "region", "firm_effect", "nace", "group", "foreign_group", "export")


@dataclass(frozen=True)
class Followed:
    """What links the firms of one wave and group with each other and with the wave before."""

    # Shift of cooperation by region (rows) and NACE division (columns) in this wave.
    shifts: pd.DataFrame
    past: pd.DataFrame  # records of the wave before of the firms that answer again; they come first


def regional_shifts(truth: Mapping[str, Any], rng: np.random.Generator) -> pd.DataFrame:
    """Draw a wave's shifts of cooperation by region and NACE division.

    In each sector they have mean 0 and standard deviation 1 over firms, so that cooperation stays
    at its level in every wave.
    """
    regions = truth["panel"]["regions"]
    sectors = []
    for sector in ("manufacturing", "services"):
        divisions = truth["firms"][sector]
        drawn = rng.standard_normal((len(regions), len(divisions)))
        firms = np.outer(list(regions.values()), list(divisions.values()))
        firms /= firms.sum()
        drawn -= (firms * drawn).sum()
        drawn /= np.sqrt((firms * drawn**2).sum())
        sectors.append(pd.DataFrame(drawn, index=list(regions), columns=list(divisions)))
    return pd.concat(sectors, axis=1)


def returning(
    truth: Mapping[str, Any],
    before: pd.DataFrame | None,
    status: str,
    n: int,
    rng: np.random.Generator,
) -> pd.DataFrame:
    """Draw which firms of a group answer again: the truth's share of the wave's ``n``."""
    if before is None:
        return pd.DataFrame(columns=[*KEPT, "employees", "turnover"])
    same = before[before["status"] == status]
    m = min(round(truth["panel"]["in_next_wave"] * n), len(same))
    return same.iloc[rng.permutation(len(same))[:m]].reset_index(drop=True)


def with_traits(
    truth: Mapping[str, Any], firms: pd.DataFrame, past: pd.DataFrame, rng: np.random.Generator
) -> pd.DataFrame:
    """Add region and firm effect; let the first rows be the firms in ``past``.

    A returning firm stays in its size class, grows by the truth's ``growth`` and ``hiring``, and
    its figures of two years ago are those it gave in the wave before.

    Parameters
    ----------
    firms
        New firms, shape (n, columns).
    past
        Records of the returning firms, shape (m, columns), m ≤ n.
    """
    rule, n, m = truth["firms"], len(firms), len(past)
    regions = truth["panel"]["regions"]
    odds = np.array(list(regions.values()), dtype=float)
    firms = firms.assign(
        firm=np.nan,
        region=rng.choice(list(regions), size=n, p=odds / odds.sum()),
        firm_effect=rng.standard_normal(n),
    )
    growth, hiring = (
        np.exp(rule[key]["mean"] + rule[key]["sd"] * rng.standard_normal(m))
        for key in ("growth", "hiring")
    )
    if m == 0:
        return firms
    again = firms.index[:m]
    before = past["employees"].to_numpy(dtype=float)
    at, classes = size_class(truth, before), rule["size_classes"]
    low, high = (np.array([float(c[end]) for c in classes])[at] for end in ("from", "to"))
    for column in KEPT:
        firms.loc[again, column] = past[column].astype(firms[column].dtype).array
    firms.loc[again, "employees_lag2"] = before
    firms.loc[again, "employees"] = np.clip(np.rint(before * hiring), low, high)
    firms.loc[again, "turnover_lag2"] = past["turnover"].to_numpy(dtype=float)
    firms.loc[again, "turnover"] = np.rint(past["turnover"].to_numpy(dtype=float) * growth)
    firms["log_employees"] = np.log(firms["employees"])
    return firms


def cooperation_rank(
    truth: Mapping[str, Any], firms: pd.DataFrame, shifts: pd.DataFrame, rng: np.random.Generator
) -> tuple[Array, dict[str, Any]]:
    """Draw each innovator's rank in cooperation, and its public funding, which raises it.

    The rank is that of a sum: firm effect, shift of region and industry in this wave, funding, and
    chance. The parts' weights are the truth's, in standard deviations of the sum.

    Returns
    -------
    rank
        Uniform between 0 and 1, shape (n,): the exact probability integral of the sum.
    funding
        ``fund_{level}``, each of shape (n,).

    Raises
    ------
    CisflowError
        Weights that leave nothing to chance.
    """
    n, rates = len(firms), truth["answers"]["funding"]
    funding = {f"fund_{level}": rng.uniform(size=n) < rate for level, rate in rates.items()}
    funded = np.any(list(funding.values()), axis=0)
    p = float(1 - np.prod([1 - rate for rate in rates.values()]))
    rule = truth["panel"]["cooperation"]
    effect, regional = truth["panel"]["firm_effect"]["diversity"], rule["region_by_industry"]
    chance = 1 - effect**2 - regional**2 - rule["public_funding"] ** 2 * p * (1 - p)
    if chance <= 0:
        what = "firm_effect.diversity and cooperation explain all of cooperation"
        raise CisflowError("the truth's `panel`", Problem(what, "make one of the weights smaller"))
    rows = shifts.index.get_indexer(firms["region"])
    columns = shifts.columns.get_indexer(firms["nace"].astype(str))
    normal = effect * firms["firm_effect"].to_numpy(dtype=float)
    normal = normal + regional * shifts.to_numpy()[rows, columns]
    normal = normal + np.sqrt(chance) * rng.standard_normal(n)
    # Funding is yes or no: the sum is a mixture of two normal distributions.
    low, high = -rule["public_funding"] * p, rule["public_funding"] * (1 - p)
    total = normal + np.where(funded, high, low)
    spread = np.sqrt(effect**2 + regional**2 + chance)
    rank = (1 - p) * stats.norm.cdf((total - low) / spread)
    rank += p * stats.norm.cdf((total - high) / spread)
    return np.clip(rank, 1e-12, 1 - 1e-12), funding
