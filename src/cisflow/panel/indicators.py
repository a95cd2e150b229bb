"""What the survey says of each firm: cooperation, innovation, support, size.

Each function takes the firm records of one wave, shape (n, columns), and returns one value per
firm. How questions that a wave does not ask are told from answers that are missing is said in
:mod:`cisflow.panel.constructs`.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce

import numpy as np
import pandas as pd

from cisflow.panel.ratios import positive
from cisflow.panel.sizes import EU_SIZES, bounds, size_of
from cisflow.study.canonical import BLOCKS, PARTNERS, PLACES, SOURCES
from cisflow.survey.quality import ROUNDING

EXPLOITATIVE = ("suppliers", "clients")
EXPLORATORY = ("universities", "public_research")
FORMAL_PROTECTION = ("patent", "design", "trademark", "copyright")
INFORMAL_PROTECTION = ("secrecy", "complexity", "lead_time")
OUTSIDE_SOURCES = tuple(source for source in SOURCES if source != "internal")
SMALL_BELOW = 50
LARGE_FROM = 250
WHOLE = 100.0  # percent of turnover


# --- cooperation -------------------------------------------------------------------------------


def partner_type(firms: pd.DataFrame, partner: str) -> pd.Series:
    """Return whether a firm cooperates with a type of partner, at home or abroad.

    Parameters
    ----------
    partner
        One of :data:`cisflow.study.canonical.PARTNERS`.

    Returns
    -------
    pandas.Series
        Shape (n,), dtype ``boolean``. False for firms that said they do not cooperate at all and
        were therefore not shown the list of partners; null where the question about cooperation
        was filtered or not answered, and everywhere if the questionnaire lacks the type.
    """
    return _cooperates(firms, [f"coop_{partner}_{place}" for place in PLACES])


def exploitative(firms: pd.DataFrame) -> pd.Series:
    """Return whether a firm cooperates with suppliers or clients (Faems et al. 2005)."""
    return _either(firms, _asked(firms, [f"coop_{partner}" for partner in EXPLOITATIVE]))


def exploratory(firms: pd.DataFrame) -> pd.Series:
    """Return whether a firm cooperates with universities or public research institutes."""
    return _either(firms, _asked(firms, [f"coop_{partner}" for partner in EXPLORATORY]))


def balance_index(firms: pd.DataFrame) -> pd.Series:
    """Return how evenly a portfolio is split between the two kinds of partners, 0 to 1.

    One minus the difference between the exploitative and the exploratory share of the partner types
    of either kind: 1 where there are as many of each, 0 where there are of one alone. Null without
    partners of either kind, and where one of the types is unknown.
    """
    e, r = (_number(firms, [f"coop_{p}" for p in kind]) for kind in (EXPLOITATIVE, EXPLORATORY))
    both = (e + r).where(lambda n: n > 0)
    return 1 - (e - r).abs() / both


def partners_at(firms: pd.DataFrame, place: str) -> pd.Series:
    """Return whether a firm cooperates with partners of any type at a place.

    Parameters
    ----------
    place
        One of :data:`cisflow.study.canonical.PLACES`.

    Returns
    -------
    pandas.Series
        Shape (n,), dtype ``boolean``. False for firms that do not cooperate; null where that, or
        every yes among the cells of the place, is unknown.
    """
    return _cooperates(firms, [f"coop_{partner}_{place}" for partner in PARTNERS])


def only_at_home(firms: pd.DataFrame) -> pd.Series:
    """Return whether a firm has partners at home and none abroad; null where either is."""
    return firms["coop_domestic"] & ~firms["coop_foreign"]


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
    types = [p for p in PARTNERS if _asked(firms, [f"coop_{p}"])]
    none = diversity(firms).eq(0)
    ties = pd.DataFrame(index=firms.index)
    for partner in types:
        ties[partner] = _number(firms, [f"coop_{partner}_{place}" for place in PLACES])
    total = ties.sum(axis=1, skipna=False).where(lambda t: t > 0)
    index = 1 - (ties.div(total, axis=0) ** 2).sum(axis=1, skipna=False)
    return index.mask(none, 0.0).where(diversity(firms).notna())


def partners_or_more(firms: pd.DataFrame, least: int) -> pd.Series:
    """Return whether a portfolio has at least ``least`` types of partners.

    Null where diversity is, and everywhere if the questionnaire asks for fewer types than that.
    """
    if len(_asked(firms, [f"coop_{partner}" for partner in PARTNERS])) < least:
        return pd.Series(pd.NA, index=firms.index, dtype="boolean")
    return (firms["diversity"] >= least).astype("boolean").mask(firms["diversity"].isna())


def public_funding(firms: pd.DataFrame) -> pd.Series:
    """Return whether a firm had public support from its region, its country or the EU."""
    return _either(firms, _asked(firms, BLOCKS["funding"]))


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
    """Return the percentage of turnover from all new or improved products.

    Null where the two make more than the whole turnover, and not by rounding: such answers
    contradict one another.
    """
    both = firms["incremental"] + firms["radical"]
    return both.where(both <= WHOLE + ROUNDING).clip(upper=WHOLE)


def zero_if_not(firms: pd.DataFrame, variable: str, flag: str, block: str) -> pd.Series:
    """Return a variable, and 0 for firms that were not asked for it because they lack a flag.

    Parameters
    ----------
    variable
        What the firms that were asked say.
    flag
        The yes/no variable; who says no is taken to have nothing of ``variable``.
    block
        The block of the questionnaire whose ``asked_*`` says who was asked.

    Returns
    -------
    pandas.Series
        Shape (n,). Null where it was asked and not answered, and where the flag is not known.
    """
    return filled_with_zero(firms[variable], firms[flag], ~firms[f"asked_{block}"].astype(bool))


def filled_with_zero(values: pd.Series, flag: pd.Series, unasked: pd.Series) -> pd.Series:
    """Return values with 0 where there is none for not being asked and the flag is no.

    Nothing is filled where no firm has a value: the wave does not have the question.
    """
    no = flag.eq(False).fillna(False).astype(bool)
    fill = values.isna() & unasked & no & values.notna().any()
    return values.astype("float64").mask(fill, 0.0)


def internal_investment(firms: pd.DataFrame) -> pd.Series:
    """Return expenditure on internal R&D in percent of turnover."""
    return firms["rd_internal"] / positive(firms["turnover"]) * 100


def rd_intensity(firms: pd.DataFrame) -> pd.Series:
    """Return internal and external R&D expenditure in percent of turnover.

    Null where one of them is not answered; a questionnaire may lack the external one.
    """
    kinds = ["rd_internal", *_asked(firms, ["rd_external"])]
    return firms[kinds].sum(axis=1, skipna=False) / positive(firms["turnover"]) * 100


def any_spending(firms: pd.DataFrame, on: str) -> pd.Series:
    """Return whether a firm spent anything on ``on``, such as ``rd_external``; null where unknown.

    Needs no turnover, unlike a share of it.
    """
    amount = firms[on]
    return (amount > 0).astype("boolean").mask(amount.isna())


def knowledge_strategy(firms: pd.DataFrame) -> pd.Series:
    """Return where a firm's knowledge comes from: inside, outside, both or neither.

    Inside is R&D of its own; outside are partners and bought R&D. Null where an answer that would
    tell is.
    """
    partners = firms["coop_any"].astype("boolean")
    bought = _asked(firms, ["bought_rd"])
    inside = firms["own_rd"]
    outside = _either(firms.assign(coop_any=partners), ["coop_any", *bought])
    found = pd.Series(pd.NA, index=firms.index, dtype="string")
    for name, those in {
        "both": inside & outside,
        "inside only": inside & ~outside,
        "outside only": ~inside & outside,
        "neither": ~inside & ~outside,
    }.items():
        found = found.mask(those.fillna(value=False).astype(bool), name)
    return found


def search_breadth(firms: pd.DataFrame) -> pd.Series:
    """Return how many sources outside the firm it used, at any importance (Laursen & Salter 2006).

    As far as the questionnaire has them; null where one of these is.
    """
    asked = _asked(firms, [f"source_{source}" for source in OUTSIDE_SOURCES])
    used = {name: any_spending(firms, name) for name in asked}
    return _number(firms.assign(**used), asked)


def informal_protection(firms: pd.DataFrame) -> pd.Series:
    """Return how many informal means of protection a firm used, 0 to 3.

    Secrecy, complexity of design, lead time, as far as the questionnaire has them; null where one
    of them is.
    """
    return _number(firms, [f"protect_{means}" for means in INFORMAL_PROTECTION])


def protection(firms: pd.DataFrame) -> pd.Series:
    """Return how many formal means of protection a firm used, 0 to 4.

    Patents, registered designs, trademarks, copyright, as far as the questionnaire has them (CIS2
    asks for patents only); null where one of them is.
    """
    return _number(firms, [f"protect_{means}" for means in FORMAL_PROTECTION])


# --- firms -------------------------------------------------------------------------------------


def log_employees(firms: pd.DataFrame) -> pd.Series:
    """Return the natural logarithm of the number of employees."""
    return np.log(positive(firms["employees"]))


def small(firms: pd.DataFrame) -> pd.Series:
    """Return whether a firm has fewer than 50 employees (Recommendation 2003/361/EC).

    By its size class where the survey has no number; null where that spans the limit.
    """
    return _fewer_than(firms, SMALL_BELOW)


def large(firms: pd.DataFrame) -> pd.Series:
    """Return whether a firm has 250 employees or more (Recommendation 2003/361/EC).

    By its size class where the survey has no number; null where that spans the limit.
    """
    return ~_fewer_than(firms, LARGE_FROM)


def eu_size(firms: pd.DataFrame) -> pd.Series:
    """Return the size class by employees: micro, small, medium or large (2003/361/EC).

    By the survey's class where it has no number; null where that spans several.
    """
    sizes = pd.Series(size_of(firms, EU_SIZES), index=firms.index, dtype="string")
    return sizes.mask(sizes.eq(""))


def _fewer_than(firms: pd.DataFrame, limit: float) -> pd.Series:
    employees = firms["employees"]
    known = (employees < limit).astype("boolean").mask(employees.isna())
    ends = bounds(firms["size_class"])
    spans = ~((ends["below"] <= limit) | (ends["low"] >= limit))
    return known.fillna((ends["below"] <= limit).astype("boolean").mask(spans))


# --- helpers -----------------------------------------------------------------------------------


def _asked(firms: pd.DataFrame, columns: Sequence[str]) -> list[str]:
    """Return those of ``columns`` that hold an answer of any firm of the wave."""
    return [column for column in columns if firms[column].notna().any()]


def _first_asked(firms: pd.DataFrame, columns: Sequence[str]) -> pd.Series:
    """Return the first of ``columns`` that the questionnaire has; all null if it has none."""
    present = _asked(firms, columns)
    return firms[present[0] if present else columns[0]].astype("float64")


def _cooperates(firms: pd.DataFrame, cells: Sequence[str]) -> pd.Series:
    """Return whether a firm cooperates in one of some cells; no, if it does not at all."""
    cells = _asked(firms, cells)
    found = _either(firms, cells)
    return found.mask(firms["coop_any"].eq(False).fillna(False), False) if cells else found


def _either(firms: pd.DataFrame, columns: Sequence[str]) -> pd.Series:
    """Return whether one of yes/no ``columns`` is yes; null if none is yes and one is null."""
    if not columns:
        return pd.Series(pd.NA, index=firms.index, dtype="boolean")
    return reduce(lambda a, b: a | b, [firms[column] for column in columns])


def _number(firms: pd.DataFrame, columns: Sequence[str]) -> pd.Series:
    """Return how many of the yes/no ``columns`` are yes; null if one the wave asks is null."""
    present = _asked(firms, columns)
    if not present:
        return pd.Series(np.nan, index=firms.index, dtype="float64")
    return firms[present].astype("Float64").sum(axis=1, skipna=False).astype("float64")
