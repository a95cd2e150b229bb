"""Research variables, made from the canonical answers of one wave.

Each variable is a function of firm records (or of company accounts) that returns one value per
row and changes nothing; :data:`CONSTRUCTS` names them all, with the definition that tables, paper
and documentation print.

A question that no firm of the wave has an answer to is taken not to be in the questionnaire. It
does not enter counts and alternatives: a survey without competitors as a partner type counts six
types. An answer that is missing for one firm is never taken for "no".
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from functools import partial, reduce
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from cisflow.errors import CisflowError, Problem
from cisflow.schema import ACCOUNT_MONEY, PARTNERS, PLACES

if TYPE_CHECKING:
    import pandas as pd

EXPLOITATIVE = ("suppliers", "clients")
EXPLORATORY = ("universities", "public_research")
FORMAL_PROTECTION = ("patent", "design", "trademark", "copyright")
SMALL_BELOW = 50

Industries = Mapping[str, Any]


# --- cooperation -------------------------------------------------------------------------------


def partner_type(firms: pd.DataFrame, partner: str) -> pd.Series:
    """Return whether a firm cooperates with a type of partner, at home or abroad.

    Parameters
    ----------
    firms
        Firm records of one wave, shape (n, columns).
    partner
        One of :data:`cisflow.schema.PARTNERS`.

    Returns
    -------
    pandas.Series
        Shape (n,), dtype ``boolean``. False for firms that said they do not cooperate at all and
        were therefore not shown the list of partners; null where the question about cooperation
        was filtered or not answered, and everywhere if the questionnaire lacks the type.
    """
    import pandas as pd

    cells = _asked(firms, [f"coop_{partner}_{place}" for place in PLACES])
    if not cells:
        return pd.Series(pd.NA, index=firms.index, dtype="boolean")
    return _either(firms, cells).mask(firms["coop_any"].eq(False).fillna(False), False)


def exploitative(firms: pd.DataFrame) -> pd.Series:
    """Return whether a firm cooperates with suppliers or clients (Faems et al. 2005)."""
    return _either(firms, _asked(firms, [f"coop_{partner}" for partner in EXPLOITATIVE]))


def exploratory(firms: pd.DataFrame) -> pd.Series:
    """Return whether a firm cooperates with universities or public research institutes."""
    return _either(firms, _asked(firms, [f"coop_{partner}" for partner in EXPLORATORY]))


def diversity(firms: pd.DataFrame) -> pd.Series:
    """Return the number of distinct partner types, 0 to 7 (Faems et al. 2010).

    Null where one of the types is.
    """
    return _number(firms, [f"coop_{partner}" for partner in PARTNERS])


def diversity_blau(firms: pd.DataFrame) -> pd.Series:
    """Return Blau's (1977) index of the portfolio, 1 − Σ p², from 0 to 6/7.

    p is the share of a partner type in the portfolio's ties; a tie is a partner type at home or
    abroad. Without a partner the index is 0. Null where diversity is, or where one of the cells
    is unknown.
    """
    import pandas as pd

    types = [p for p in PARTNERS if _asked(firms, [f"coop_{p}"])]
    none = diversity(firms).eq(0)
    ties = pd.DataFrame(index=firms.index)
    for partner in types:
        ties[partner] = _number(firms, [f"coop_{partner}_{place}" for place in PLACES])
    total = ties.sum(axis=1, skipna=False).where(lambda t: t > 0)
    index = 1 - (ties.div(total, axis=0) ** 2).sum(axis=1, skipna=False)
    return index.mask(none, 0.0).where(diversity(firms).notna())


# --- innovation --------------------------------------------------------------------------------


def incremental(firms: pd.DataFrame) -> pd.Series:
    """Return the percentage of turnover from incremental innovation.

    From improved products where the wave's questionnaire asks for them (CIS2), from products new
    to the firm only where it does not.
    """
    return _first_asked(firms, ["share_improved", "share_new_firm"])


def radical(firms: pd.DataFrame) -> pd.Series:
    """Return the percentage of turnover from radical innovation.

    From new products where the wave's questionnaire asks for them (CIS2), from products new to
    the market where it does not.
    """
    return _first_asked(firms, ["share_new", "share_new_market"])


def innovation_strength(firms: pd.DataFrame) -> pd.Series:
    """Return the percentage of turnover from all new or improved products."""
    return firms["incremental"] + firms["radical"]


def internal_investment(firms: pd.DataFrame) -> pd.Series:
    """Return expenditure on internal R&D in percent of turnover."""
    return firms["rd_internal"] / _positive(firms["turnover"]) * 100


def rd_intensity(firms: pd.DataFrame) -> pd.Series:
    """Return internal and external R&D expenditure in percent of turnover.

    Null where one of them is not answered; a questionnaire may lack the external one.
    """
    kinds = ["rd_internal", *_asked(firms, ["rd_external"])]
    return firms[kinds].sum(axis=1, skipna=False) / _positive(firms["turnover"]) * 100


def protection(firms: pd.DataFrame) -> pd.Series:
    """Return how many formal means of protection a firm used, 0 to 4.

    Patents, registered designs, trademarks, copyright, as far as the questionnaire has them (CIS2
    asks for patents only); null where one of them is.
    """
    return _number(firms, [f"protect_{means}" for means in FORMAL_PROTECTION])


# --- firms -------------------------------------------------------------------------------------


def log_employees(firms: pd.DataFrame) -> pd.Series:
    """Return the natural logarithm of the number of employees."""
    return np.log(_positive(firms["employees"]))


def small(firms: pd.DataFrame) -> pd.Series:
    """Return whether a firm has fewer than 50 employees (Recommendation 2003/361/EC)."""
    employees = firms["employees"]
    return (employees < SMALL_BELOW).astype("boolean").mask(employees.isna())


def industry(firms: pd.DataFrame, industries: Industries) -> pd.Series:
    """Return the broad industry of each firm's activity code.

    Parameters
    ----------
    firms
        Firm records of one wave, shape (n, columns).
    industries
        The industry groups, as ``config/nace.yaml`` has them.

    Returns
    -------
    pandas.Series
        Shape (n,), dtype ``string``; null where the code is null, belongs to no group, or spans
        several. Which revision of NACE the codes follow is told by the sections that came with
        them, and by the wave's year where there are none.
    """
    codes = firms["nace"]
    group = division_groups(industries, nace_revision(firms, industries))
    labels = {}
    for code in codes.dropna().unique():
        found = {group.get(number) for number in _divisions(code)}
        labels[code] = found.pop() if len(found) == 1 else None
    return codes.map(labels).astype("string")


def division_groups(industries: Industries, revision: str) -> dict[int, str]:
    """Return the broad industry of every division of a NACE revision.

    Raises
    ------
    CisflowError
        If a division stands in two groups.
    """
    groups: dict[int, str] = {}
    problems = []
    for entry in industries["groups"]:
        for number in entry["divisions"].get(revision, []):
            if number in groups:
                what = f"NACE {revision}, division {number} is in two groups"
                both = f"`{groups[number]}` and `{entry['label']}`"
                problems.append(Problem(f"{what}: {both}", "remove it from one of them"))
            groups[number] = entry["label"]
    if problems:
        raise CisflowError("Industry groups (config/nace.yaml)", problems)
    return groups


def nace_revision(firms: pd.DataFrame, industries: Industries) -> str:
    """Return the NACE revision (``"1.1"`` or ``"2"``) a wave's activity codes follow."""
    from cisflow.nace import sections

    codes = firms["nace"].where(firms["section"].notna())
    agree = {
        revision: int(sections(codes, revision).eq(firms["section"]).sum())
        for revision in ("1.1", "2")
    }
    if agree["1.1"] != agree["2"]:
        return max(agree, key=lambda revision: agree[revision])
    return "2" if firms["reference_year"].max() >= industries["revision_2_from"] else "1.1"


# --- company accounts --------------------------------------------------------------------------


def profit_margin(accounts: pd.DataFrame) -> pd.Series:
    """Return profit before tax over turnover; null without a positive turnover."""
    return accounts["profit_before_tax"] / _positive(accounts["turnover"])


def personnel_cost_share(accounts: pd.DataFrame) -> pd.Series:
    """Return personnel costs over value added; null without a positive value added."""
    return accounts["personnel_costs"] / _positive(accounts["value_added"])


def return_on_assets(accounts: pd.DataFrame) -> pd.Series:
    """Return profit before tax over total assets; null without positive assets."""
    return accounts["profit_before_tax"] / _positive(accounts["total_assets"])


def labour_productivity(accounts: pd.DataFrame) -> pd.Series:
    """Return value added per employee in thousands of the currency.

    Null without a positive value added (as the share of personnel costs, so that both rest on the
    same firms) and without employees.
    """
    return _positive(accounts["value_added"]) / _positive(accounts["employees"]) / 1000


# --- the registry ------------------------------------------------------------------------------


class Construct(NamedTuple):
    """A research variable.

    Attributes
    ----------
    function
        Makes it from firm records, from firm records and industry groups, or from accounts.
    label
        Its name in print.
    definition
        One sentence.
    topic
        What a firm must have answered to have it, as the sample flow says.
    block
        Block of the questionnaire whose filter decides who was asked; None if everyone was.
    table
        What ``function`` takes: ``"firms"``, ``"industries"`` or ``"accounts"``.
    source
        Whose definition it is; empty for one of common use.
    """

    function: Callable[..., pd.Series]
    label: str
    definition: str
    topic: str
    block: str | None = None
    table: str = "firms"
    source: str = ""


FAEMS_2005 = "Faems, Van Looy & Debackere 2005"
FAEMS_2010 = "Faems, de Visser, Andries & Van Looy 2010"
COOPERATION = "cooperation partners"
NOVELTY = "turnover from new products"
SPENDING = "R&D expenditure and turnover"
LATER_ACCOUNTS = "company accounts"

PARTNER_LABELS = {
    "group": "Own group",
    "suppliers": "Suppliers",
    "clients": "Clients",
    "competitors": "Competitors",
    "consultants": "Consultants",
    "universities": "Universities",
    "public_research": "Public research institutes",
}

# In the order they are made: later ones use earlier ones.
CONSTRUCTS: dict[str, Construct] = {
    **{
        f"coop_{partner}": Construct(
            partial(partner_type, partner=partner),
            PARTNER_LABELS[partner],
            f"Cooperation on innovation with partners of the type “{PARTNER_LABELS[partner]}”, "
            "at home or abroad (yes or no).",
            COOPERATION,
            "cooperation",
        )
        for partner in PARTNERS
    },
    "coop_exploitative": Construct(
        exploitative,
        "Suppliers or clients",
        "Cooperation on innovation with suppliers or clients (yes or no).",
        COOPERATION,
        "cooperation",
        source=FAEMS_2005,
    ),
    "coop_exploratory": Construct(
        exploratory,
        "Universities or public research",
        "Cooperation on innovation with universities or public research institutes (yes or no).",
        COOPERATION,
        "cooperation",
        source=FAEMS_2005,
    ),
    "diversity": Construct(
        diversity,
        "Diversity of technology alliance portfolio",
        "Number of distinct types of cooperation partners, 0 to 7.",
        COOPERATION,
        "cooperation",
        source=FAEMS_2010,
    ),
    "diversity_blau": Construct(
        diversity_blau,
        "Diversity of alliance portfolio (Blau index)",
        "One minus the sum of squared shares of the partner types in all ties, where a tie is a "
        "partner type at home or abroad; 0 without partners.",
        COOPERATION,
        "cooperation",
        source="Blau 1977",
    ),
    "incremental": Construct(
        incremental,
        "Incremental innovation (% of turnover)",
        "Percentage of turnover from improved products (CIS2) or from products new to the firm "
        "only (later waves).",
        NOVELTY,
        "shares",
        source=FAEMS_2005,
    ),
    "radical": Construct(
        radical,
        "Radical innovation (% of turnover)",
        "Percentage of turnover from new products (CIS2) or from products new to the market "
        "(later waves).",
        NOVELTY,
        "shares",
        source=FAEMS_2005,
    ),
    "innovation_strength": Construct(
        innovation_strength,
        "Innovation strength",
        "Percentage of turnover from all new or improved products: incremental and radical.",
        NOVELTY,
        "shares",
        source=FAEMS_2010,
    ),
    "internal_investment": Construct(
        internal_investment,
        "Internal investment in innovation",
        "Expenditure on internal R&D in percent of turnover.",
        SPENDING,
        "spending",
        source=FAEMS_2010,
    ),
    "rd_intensity": Construct(
        rd_intensity,
        "R&D intensity (% of turnover)",
        "Expenditure on internal and external R&D in percent of turnover.",
        SPENDING,
        "spending",
    ),
    "protection": Construct(
        protection,
        "Number of protection methods",
        "Number of formal means of protection used (patents, designs, trademarks, copyright), as "
        "far as the questionnaire has them.",
        "protection of inventions",
        "protection",
    ),
    "log_employees": Construct(
        log_employees,
        "Employees (log)",
        "Natural logarithm of the number of employees.",
        "number of employees",
    ),
    "small": Construct(
        small,
        "Small firm (< 50 employees)",
        "Fewer than 50 employees (yes or no).",
        "number of employees",
    ),
    "industry": Construct(
        industry,
        "Industry",
        "Broad industry of the firm's main activity (groups of NACE divisions).",
        "main activity",
        table="industries",
    ),
    "profit_margin": Construct(
        profit_margin,
        "Profit margin",
        "Profit before tax over turnover, from the company accounts.",
        LATER_ACCOUNTS,
        table="accounts",
        source=FAEMS_2010,
    ),
    "personnel_cost_share": Construct(
        personnel_cost_share,
        "Share of personnel costs in value added",
        "Personnel costs over value added, from the company accounts.",
        LATER_ACCOUNTS,
        table="accounts",
        source=FAEMS_2010,
    ),
    "return_on_assets": Construct(
        return_on_assets,
        "Return on assets",
        "Profit before tax over total assets, from the company accounts.",
        LATER_ACCOUNTS,
        table="accounts",
    ),
    "labour_productivity": Construct(
        labour_productivity,
        "Labour productivity (thousands)",
        "Value added per employee in thousands of the currency, from the company accounts; only "
        "where value added is positive.",
        LATER_ACCOUNTS,
        table="accounts",
    ),
}


def add_constructs(firms: pd.DataFrame, industries: Industries) -> pd.DataFrame:
    """Return the firm records of one wave with every research variable the survey gives.

    Parameters
    ----------
    firms
        Firm records of one wave, columns :data:`cisflow.schema.FIRM_COLUMNS`, shape (n, columns).
    industries
        The industry groups, as ``config/nace.yaml`` has them.
    """
    frame = firms.copy()
    for name, construct in CONSTRUCTS.items():
        if construct.table == "firms":
            frame[name] = construct.function(frame)
        elif construct.table == "industries":
            frame[name] = construct.function(frame, industries)
    return frame


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
        Columns :data:`cisflow.schema.ACCOUNT_COLUMNS`, of one country.
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
    for name, construct in CONSTRUCTS.items():
        if construct.table == "accounts":
            ratios[name] = construct.function(real)
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


# --- helpers -----------------------------------------------------------------------------------


def _asked(firms: pd.DataFrame, columns: Sequence[str]) -> list[str]:
    """Return those of ``columns`` that hold an answer of any firm of the wave."""
    return [column for column in columns if firms[column].notna().any()]


def _first_asked(firms: pd.DataFrame, columns: Sequence[str]) -> pd.Series:
    """Return the first of ``columns`` that the questionnaire has; all null if it has none."""
    present = _asked(firms, columns)
    return firms[present[0] if present else columns[0]].astype("float64")


def _either(firms: pd.DataFrame, columns: Sequence[str]) -> pd.Series:
    """Return whether one of yes/no ``columns`` is yes; null if none is yes and one is null."""
    import pandas as pd

    nobody = pd.Series(pd.NA, index=firms.index, dtype="boolean")
    if not columns:
        return nobody
    return reduce(lambda a, b: a | b, [firms[column] for column in columns])


def _number(firms: pd.DataFrame, columns: Sequence[str]) -> pd.Series:
    """Return how many of the yes/no ``columns`` are yes; null if one the wave asks is null."""
    import pandas as pd

    present = _asked(firms, columns)
    if not present:
        return pd.Series(np.nan, index=firms.index, dtype="float64")
    return firms[present].astype("Float64").sum(axis=1, skipna=False).astype("float64")


def _positive(amounts: pd.Series) -> pd.Series:
    """Return amounts a ratio or logarithm may use, null elsewhere."""
    return amounts.where(amounts > 0)


def _divisions(code: str) -> list[int]:
    """Return the divisions at both ends of an activity code; one for a code of one activity."""
    from cisflow.nace import division

    ends = re.split(r"(?<=\d)\s*[-–_Tt]\s*(?=[A-Za-z]{0,2}\d)", code.strip())
    return [number for end in ends if (number := division(end)) is not None]
