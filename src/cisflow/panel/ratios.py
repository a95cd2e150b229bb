"""Ratios of company accounts: what they are, in which prices, and at which lag after the survey."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from cisflow.base.problems import CisflowError, Problem
from cisflow.study.canonical import ACCOUNT_MONEY


def profit_margin(accounts: pd.DataFrame) -> pd.Series:
    """Return profit before tax in per cent of turnover; null without a positive turnover."""
    return 100 * accounts["profit_before_tax"] / positive(accounts["turnover"])


def personnel_cost_share(accounts: pd.DataFrame) -> pd.Series:
    """Return personnel costs in per cent of value added; null without a positive value added."""
    return 100 * accounts["personnel_costs"] / positive(accounts["value_added"])


def return_on_assets(accounts: pd.DataFrame) -> pd.Series:
    """Return profit before tax in per cent of total assets; null without positive assets."""
    return 100 * accounts["profit_before_tax"] / positive(accounts["total_assets"])


def labour_productivity(accounts: pd.DataFrame) -> pd.Series:
    """Return value added per employee in thousands of the currency.

    Null without a positive value added (as the share of personnel costs, so that both rest on the
    same firms) and without employees.
    """
    return positive(accounts["value_added"]) / positive(accounts["employees"]) / 1000


RATIOS = {
    "profit_margin": profit_margin,
    "personnel_cost_share": personnel_cost_share,
    "return_on_assets": return_on_assets,
    "labour_productivity": labour_productivity,
}

# What a firm must have to count as one with accounts; the other ratios may be missing.
NEEDED_RATIOS = ("profit_margin", "personnel_cost_share")


def ratio_and_lag(column: str) -> tuple[str, int] | None:
    """Return ratio and years of a column :func:`lagged` names, None for any other column."""
    ratio, _, years = column.rpartition("_lag")
    return (ratio, int(years)) if ratio in RATIOS and years.isdecimal() else None


def years_later(years: int) -> str:
    """Return a lag in words."""
    if years == 0:
        return "in the same year"
    return "1 year later" if years == 1 else f"{years} years later"


def account_ratios(
    accounts: pd.DataFrame,
    *,
    winsorise: float | None = None,
    deflator: Mapping[int, float] | None = None,
) -> pd.DataFrame:
    """Return the research variables of company accounts, one row per firm and fiscal year.

    Parameters
    ----------
    accounts
        Columns :data:`cisflow.study.canonical.ACCOUNT_COLUMNS`, of one country.
    winsorise
        Share of each tail to draw in, such as 0.01: ratios below the 1st and above the 99th
        percentile of their year are set to it. The percentiles are of all firms that have accounts
        of the year, surveyed or not. Nothing is drawn in when not given.
    deflator
        Price index by year, 1 in the base year; amounts are divided by it. It matters to labour
        productivity alone, since price levels cancel out of the other ratios.

    Raises
    ------
    CisflowError
        If the deflator lacks a year of the accounts.
    """
    real = accounts if deflator is None else deflated(accounts, deflator)
    ratios = real[["firm_id", "year"]].copy()
    for name, ratio in RATIOS.items():
        ratios[name] = ratio(real)
    return ratios if winsorise is None else winsorised(ratios, winsorise)


def deflated(accounts: pd.DataFrame, deflator: Mapping[int, float]) -> pd.DataFrame:
    """Return accounts with amounts in prices of the deflator's base year."""
    absent = sorted(set(accounts["year"].astype(int)) - set(deflator))
    if absent:
        listed = ", ".join(map(str, absent))
        what = f"deflator: no index for {listed}, of which there are accounts"
        raise CisflowError("Deflator", Problem(what, "add these years to the file"))
    index = accounts["year"].astype(int).map(dict(deflator)).astype("float64")
    amounts = list(ACCOUNT_MONEY)
    return accounts.assign(**{name: accounts[name] / index for name in amounts})


def winsorised(ratios: pd.DataFrame, share: float) -> pd.DataFrame:
    """Return ratios with those in the tails of their year set to the tails' limits.

    Parameters
    ----------
    ratios
        ``firm_id``, ``year`` and ratios, one row per firm and year.
    share
        Share of firms in each tail, from 0 to below 0.5.
    """
    drawn_in = ratios.copy()
    by_year = ratios.groupby("year")
    for name in ratios.columns.difference(["firm_id", "year"]):
        lower = by_year[name].transform("quantile", share)
        upper = by_year[name].transform("quantile", 1 - share)
        drawn_in[name] = ratios[name].clip(lower, upper)
    return drawn_in


def positive(amounts: pd.Series) -> pd.Series:
    """Return amounts a ratio or logarithm may use, null elsewhere."""
    return amounts.where(amounts > 0)
