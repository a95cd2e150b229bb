"""Synthetic company accounts of surveyed and other firms, year by year."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from cisflow.base.problems import CisflowError, Problem
from cisflow.simulate.cooperation import Integers
from cisflow.simulate.followed import Followed, regional_shifts, returning
from cisflow.simulate.lags import lag_process, ratio_scores
from cisflow.simulate.norta import Array, margin
from cisflow.simulate.population import RATIOS, draw_others
from cisflow.simulate.survey import COMPLETE
from cisflow.study.truth import Truth

AMOUNTS = ("turnover", "value_added", "personnel_costs", "profit_before_tax", "total_assets")


def draw_accounts(
    truth: Truth, firms: pd.DataFrame, reference_year: int, country: str, rng: np.random.Generator
) -> pd.DataFrame:
    """Draw the accounts of one wave's firms and of firms outside the survey.

    Parameters
    ----------
    truth
        The truth file (``accounts``, ``sizes["accounts_only"]``).
    firms
        A wave from :func:`~cisflow.simulate.survey.draw_wave` with `firm_id`. Its
        `personnel_cost_share` and `profit_margin` are those of ``reference_year + accounts.lag``.
    reference_year
        The survey's last year, to which `turnover` and `employees` refer.
    country
        Two-letter code, for the ids of further firms.

    Returns
    -------
    pandas.DataFrame
        One row per firm and year, columns of the canonical accounts; amounts in EUR. Firms of the
        group `analysis` have every figure their ratios need in the year of the outcomes; firms of
        the group `without_accounts` lack one, or are absent.
    """
    rule = truth["accounts"]
    others = _others(truth, country, rng)
    firms = pd.concat([firms, others.assign(status="accounts_only")], ignore_index=True)
    firms = firms.assign(reason=_reasons(rule, firms, rng))
    firms = firms[firms["reason"] != "absent"].reset_index(drop=True)

    years = np.arange(rule["years"][0], rule["years"][1] + 1)
    outcome_year = reference_year + rule["lag"]
    if not {reference_year, outcome_year} <= set(years.tolist()):
        what = f"accounts.years: {years[0]} to {years[-1]} lack {reference_year} or {outcome_year}"
        remedy = f"widen them, or change accounts.wave ({rule['wave']}) or accounts.lag"
        raise CisflowError("the truth file", Problem(what, remedy))
    level = _growth(rule, (len(firms), len(years)), years == reference_year, rng)
    ratios = {
        name: _around(
            firms[name].to_numpy(), margin(truth["margins"][name]), years - outcome_year, rule, rng
        )
        for name in RATIOS
    }
    figures = _figures(rule, firms, level, ratios, rng)
    spared = firms["status"].eq("analysis").to_numpy()[:, None] & (years == outcome_year)
    return _long(firms, years, figures, spared, rule["not_available"], rng)


def draw_followed_accounts(
    truth: Truth,
    waves: Mapping[str, pd.DataFrame],
    reference_years: Mapping[str, int],
    country: str,
    rng: np.random.Generator,
) -> pd.DataFrame:
    """Draw the accounts of firms followed over waves, and of firms outside the survey.

    Parameters
    ----------
    truth
        The truth file, with a section ``panel``.
    waves
        Firms per wave, with `firm_id`, in order of time.
    reference_years
        Last year of each wave.
    country, rng
        As for :func:`draw_accounts`.

    Returns
    -------
    pandas.DataFrame
        As from :func:`draw_accounts`. Turnover and employees are those of the year of the firm's
        first wave, moved on by growth. Whether a firm is there depends on its size at that time, by
        the truth's ``panel.has_accounts``.
    """
    rule, panel = truth["accounts"], truth["panel"]
    stacked = pd.concat(
        [firms.assign(year=reference_years[wave]) for wave, firms in waves.items()],
        ignore_index=True,
    )
    firms = stacked.drop_duplicates("firm_id", ignore_index=True)
    logit = panel["has_accounts"]["intercept"]
    logit = logit + panel["has_accounts"]["log_employees"] * firms["log_employees"].to_numpy()
    here = rng.uniform(size=len(firms)) < 1 / (1 + np.exp(-logit))
    firms = firms[here].reset_index(drop=True)
    stacked = stacked[stacked["firm_id"].isin(firms["firm_id"])]
    nobody = Followed(regional_shifts(truth, rng), returning(truth, None, "", 0, rng))
    others = _others(truth, country, rng, nobody)
    others["year"] = min(reference_years.values())
    firms = pd.concat([firms, others], ignore_index=True).assign(reason="")

    years = np.arange(rule["years"][0], rule["years"][1] + 1)
    columns = [f"score_{name}" for name in lag_process(truth).names]
    known = pd.Index(firms["firm_id"])
    surveys = [
        (
            int(year),
            np.asarray(known.get_indexer(part["firm_id"]), dtype=np.int64),
            part[columns].to_numpy(float),
            part["score_norm"].to_numpy(float),
        )
        for year, part in stacked.dropna(subset=columns).groupby("year")
    ]
    effect = firms["firm_effect"].to_numpy(dtype=float)
    scores = ratio_scores(truth, effect, surveys, years, rng)
    ratios = {name: margin(truth["margins"][name])(stats.norm.cdf(z)) for name, z in scores.items()}
    origin = years == firms["year"].to_numpy()[:, None]
    level = _growth(rule, origin.shape, origin, rng)
    figures = _figures(rule, firms, level, ratios, rng)
    return _long(firms, years, figures, origin & False, rule["not_available"], rng)


def _others(
    truth: Truth, country: str, rng: np.random.Generator, followed: Followed | None = None
) -> pd.DataFrame:
    """Draw the firms outside the survey; their ids have a 99 where surveyed firms have a 90."""
    n = truth["sizes"]["accounts_only"]
    others = draw_others(truth, rng, n, "manufacturing", followed)
    numbers = rng.choice(10**8, size=n, replace=False)
    return others.assign(firm_id=[f"{country}99{number:08d}" for number in numbers])


def _long(
    firms: pd.DataFrame,
    years: Integers,
    figures: Mapping[str, Array],
    spared: Any,
    rate: float,
    rng: np.random.Generator,
) -> pd.DataFrame:
    """Return figures as one row per firm and year, some of them not available.

    The amounts of firms and years that are ``spared``, shape (firms, years), are all there.
    """
    long = pd.DataFrame(
        {
            "firm_id": np.repeat(firms["firm_id"].to_numpy(), len(years)),
            "year": np.tile(years, len(firms)),
            **{name: values.ravel() for name, values in figures.items()},
        }
    )
    for name in figures:
        kept = spared.ravel() & (name not in ("total_assets", "employees"))
        gone = (rng.uniform(size=len(long)) < rate) & ~kept
        long.loc[gone, name] = np.nan
    return long.sort_values(["firm_id", "year"], ignore_index=True)


def _reasons(
    rule: Mapping[str, Any], firms: pd.DataFrame, rng: np.random.Generator
) -> np.ndarray[Any, np.dtype[Any]]:
    """Return per firm why its ratios do not exist; empty where they do."""
    n = len(firms)
    names = list(rule["reasons"])
    odds = np.array([rule["reasons"][name] for name in names], dtype=float)
    drawn = np.array(names)[rng.choice(len(names), size=n, p=odds / odds.sum())]
    covered = firms["status"].isin(["analysis", "accounts_only"]).to_numpy()
    covered = covered | (rng.uniform(size=n) < rule["coverage"])
    reason = np.where(covered, "", "absent")
    without = firms["status"].to_numpy() == COMPLETE[1]
    return np.where(without, drawn, reason)


def _growth(
    rule: Mapping[str, Any], shape: tuple[int, ...], origin: Any, rng: np.random.Generator
) -> Array:
    """Return the log of turnover over that of the year of ``origin``, shape (firms, years)."""
    growth = rule["turnover_growth"]["mean"] + rule["turnover_growth"]["sd"] * rng.standard_normal(
        shape
    )
    level = np.cumsum(growth, axis=1)
    base = level[np.broadcast_to(origin, shape)]
    return np.asarray(level - base[:, None])


def _figures(
    rule: Mapping[str, Any],
    firms: pd.DataFrame,
    level: Array,
    ratios: Mapping[str, Array],
    rng: np.random.Generator,
) -> dict[str, Array]:
    """Return each item's figures, shape (firms, years)."""
    turnover = firms["turnover"].to_numpy()[:, None] * np.exp(level)
    staff = firms["employees"].to_numpy()[:, None] * np.exp(0.5 * level)

    def per_turnover(name: str) -> Array:
        noise = rule[name]["log_sd"] * rng.standard_normal((len(firms), 1))
        return np.asarray(rule[name]["median"] * np.exp(noise))

    value_added = turnover * per_turnover("value_added_per_turnover")
    personnel = value_added * np.maximum(ratios["personnel_cost_share"], 0.02)
    profit = turnover * ratios["profit_margin"]
    reason = firms["reason"].to_numpy()
    value_added[reason == "negative_value_added"] *= -0.2
    value_added[reason == "no_value_added"] = np.nan
    assets = turnover * per_turnover("assets_per_turnover")
    # Small firms file abridged accounts, which leave turnover out.
    turnover = np.where((reason == "no_turnover")[:, None], np.nan, turnover)
    figures = (turnover, value_added, personnel, profit, assets)
    return {**dict(zip(AMOUNTS, figures, strict=True)), "employees": np.maximum(np.rint(staff), 1)}


def _around(
    value: Array,
    quantile: Any,
    distance: np.ndarray[Any, np.dtype[Any]],
    rule: Mapping[str, Any],
    rng: np.random.Generator,
) -> Array:
    """Return a ratio's path through ``value`` at distance 0, shape (firms, years).

    Autoregressive in both directions of time, with the margin's mean and variance in every year.
    """
    rho = rule["persistence"]
    path = np.empty((len(value), len(distance)))
    mean = float(quantile(np.linspace(0.0005, 0.9995, 1000)).mean())
    origin = int(np.flatnonzero(distance == 0)[0])
    path[:, origin] = value
    for step in (1, -1):
        end = len(distance) if step == 1 else -1
        for j in range(origin + step, end, step):
            fresh = quantile(rng.uniform(1e-9, 1, size=len(value))) - mean
            carried = rho * (path[:, j - step] - mean)
            path[:, j] = mean + carried + np.sqrt(1 - rho**2) * fresh
    return path
