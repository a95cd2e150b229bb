"""Waves and accounts to one panel of a country."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from cisflow.base.problems import CisflowError, Problem
from cisflow.panel.attrition import WEIGHT, accounts_at, accounts_weights
from cisflow.panel.constructs import CONSTRUCTS, Industries, add_constructs
from cisflow.panel.ratios import NEEDED_RATIOS, RATIOS, account_ratios
from cisflow.panel.terms import evaluate
from cisflow.study.canonical import FIRM_COLUMNS, lagged
from cisflow.study.terms import parse_definition

LINKS = ("n_waves", "in_previous_wave")

# Of every panel; one with accounts at several lags, or with weights for attrition, has more.
PANEL_COLUMNS = (*FIRM_COLUMNS, *LINKS, *CONSTRUCTS, "has_accounts")


def build_panel(
    waves: Sequence[pd.DataFrame],
    accounts: pd.DataFrame | None,
    lag: int,
    industries: Industries,
    *,
    lags: Sequence[int] = (),
    average: int = 1,
    winsorise: float | None = None,
    deflator: Mapping[int, float] | None = None,
    weigh_attrition: bool = False,
    constructs: Mapping[str, str] | None = None,
) -> pd.DataFrame:
    """Stack the waves of one country, link firms and accounts, and add research variables.

    Parameters
    ----------
    waves
        Firm records of each wave, columns :data:`cisflow.study.canonical.FIRM_COLUMNS`, in any
        order.
    accounts
        Company accounts, columns :data:`cisflow.study.canonical.ACCOUNT_COLUMNS`, or None.
    lag
        Years from a wave's reference year to the accounts that belong to it.
    industries
        The industry groups, as ``config/nace.yaml`` has them.
    lags
        Further lags at which the panel has every ratio, in columns such as
        ``profit_margin_lag3``. They are of that year alone, whatever ``average`` says: a mean over
        several years would blur the horizon a scan of the lags is after.
    average
        Over how many years the ratios at ``lag`` are averaged: those up to the lag, so that a lag
        of 2 and an average of 2 take the first and second year after the survey. Null unless all
        years exist.
    winsorise, deflator
        As for :func:`cisflow.panel.ratios.account_ratios`.
    weigh_attrition
        Whether to estimate ``accounts_weight`` (:func:`cisflow.panel.attrition.accounts_weights`),
        and
        ``accounts_weight_lag3`` … for the accounts at ``lags``.
    constructs
        Definitions of the user's own constructs by name, in an order in which each uses only
        those before it (:func:`cisflow.study.terms.parse_definition`).

    Returns
    -------
    pandas.DataFrame
        One row per firm and wave, columns :data:`PANEL_COLUMNS`, waves in order of time. Besides
        the research variables: ``n_waves`` (in how many waves the firm is), ``in_previous_wave``
        and ``has_accounts`` (profit margin and personnel-cost share at ``lag`` both exist). Then
        the ratios at ``lags``, ``accounts_weight`` if asked for, and ``constructs``.

    Raises
    ------
    CisflowError
        Without a wave, for several countries, for firms that stand twice in a wave or twice in a
        year of the accounts, and for an average that would reach back before the survey.
    """
    _refuse_bad_input(waves, accounts)
    ordered = sorted(waves, key=lambda firms: firms["reference_year"].max())
    panel = pd.concat([add_constructs(firms, industries) for firms in ordered], ignore_index=True)
    panel = _linked_over_waves(panel, [firms["wave"].iloc[0] for firms in ordered if len(firms)])
    ratios = None
    if accounts is not None:
        ratios = account_ratios(accounts, winsorise=winsorise, deflator=deflator)
    main = None if ratios is None else _averaged(ratios, lag, average)
    panel = _with_ratios(panel, main, lag)
    panel["has_accounts"] = panel[list(NEEDED_RATIOS)].notna().all(axis=1)
    panel = panel[list(PANEL_COLUMNS)]
    for years in lags:
        names = {ratio: lagged(ratio, years) for ratio in RATIOS}
        panel = _with_ratios(panel, ratios, years, names)
    panel = _weighed(panel, lags) if weigh_attrition else panel
    for name, definition in (constructs or {}).items():
        panel[name] = evaluate(parse_definition(definition), panel)
    return panel


def _weighed(panel: pd.DataFrame, lags: Sequence[int]) -> pd.DataFrame:
    """Add the weights for the loss of firms without accounts, at the main lag and at each other."""
    at_lags = {
        lagged(WEIGHT, lag): accounts_weights(panel.assign(has_accounts=accounts_at(panel, lag)))
        for lag in lags
    }
    return panel.assign(**{WEIGHT: accounts_weights(panel)}, **at_lags)


def _refuse_bad_input(waves: Sequence[pd.DataFrame], accounts: pd.DataFrame | None) -> None:
    problems: list[Problem] = []
    names = [str(name) for firms in waves for name in firms["wave"].unique()]
    countries = sorted({str(name) for firms in waves for name in firms["country"].unique()})
    heading = f"{' and '.join(countries) or 'Panel'}, waves {', '.join(names) or '(none)'}"
    if not names:
        problems.append(Problem("there is no firm in any wave", "check the extracts"))
    if len(countries) > 1:
        problems.append(Problem("the waves are of several countries", "build one panel for each"))
    repeated = sorted({name for name in names if names.count(name) > 1})
    problems += [
        Problem(f"wave {name} was given more than once", "give each wave a name of its own")
        for name in repeated
    ]
    for firms in waves:
        twice = int(firms.duplicated(["wave", "firm_id"]).sum())
        if twice:
            problems.append(
                Problem(
                    f"wave {firms['wave'].iloc[0]}, firm_id: {_rows(twice)} of a firm that is "
                    "there already",
                    "keep one row per firm, or map the column that identifies firms",
                )
            )
    if accounts is not None and (twice := int(accounts.duplicated(["firm_id", "year"]).sum())):
        problems.append(
            Problem(
                f"accounts, firm_id and year: {_rows(twice)} of a firm and year that are there "
                "already",
                "keep one set of accounts (consolidated or not) per firm and year",
            )
        )
    if problems:
        raise CisflowError(heading, problems)


def _rows(n: int) -> str:
    return "1 row" if n == 1 else f"{n} rows"


def _linked_over_waves(panel: pd.DataFrame, waves: Sequence[str]) -> pd.DataFrame:
    """Add in how many waves each firm is, and whether it is in the wave before."""
    previous = dict(zip(waves[1:], waves[:-1], strict=True))
    firms_of = {wave: set(firms) for wave, firms in panel.groupby("wave")["firm_id"]}
    return panel.assign(
        n_waves=panel.groupby("firm_id")["wave"].transform("nunique").astype("int64"),
        in_previous_wave=[
            firm in firms_of.get(previous.get(wave, ""), ())
            for firm, wave in zip(panel["firm_id"], panel["wave"], strict=True)
        ],
    )


def _averaged(ratios: pd.DataFrame, lag: int, average: int) -> pd.DataFrame:
    """Return each year's ratios as the mean over it and the years before it."""
    if not 1 <= average <= lag + 1:
        raise CisflowError(
            "Lag of the accounts",
            Problem(
                f"an average over {average} years up to {lag} after the survey reaches back before "
                "it"
                if average > lag
                else f"an average over {average} years does not exist",
                f"set `lag_average` to between 1 and {lag + 1}, or raise `lag`",
            ),
        )
    if average == 1:
        return ratios
    years = [ratios.assign(year=ratios["year"] + back) for back in range(average)]
    stacked = pd.concat(years).groupby(["firm_id", "year"])[list(RATIOS)]
    # A mean over fewer years than asked for would be another variable for some firms.
    return stacked.mean().where(stacked.count() == average).reset_index()


def _with_ratios(
    panel: pd.DataFrame,
    ratios: pd.DataFrame | None,
    lag: int,
    names: Mapping[str, str] | None = None,
) -> pd.DataFrame:
    """Add the ratios of the accounts ``lag`` years after each row's reference year."""
    names = names or {ratio: ratio for ratio in RATIOS}
    if ratios is None:
        return panel.assign(**dict.fromkeys(names.values(), float("nan")))
    own = ratios.rename(columns=names).assign(reference_year=ratios["year"] - lag)
    return panel.merge(
        own.drop(columns="year"), on=["firm_id", "reference_year"], how="left", validate="m:1"
    )
