"""What kind of value each column of the panel holds, known before there is a panel."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum

from cisflow.study.canonical import (
    ASKED,
    BLOCKS,
    FIRM_COLUMNS,
    FLAGS,
    PARTNERS,
    PLACES,
    TEXT,
    lagged,
)


class Kind(StrEnum):
    """Kind of the values of a variable or term.

    An identifier tells firms apart and is nothing else; an amount may be any number; a scale is a
    number of few steps; a flag is yes or no; a class is one of several words.
    """

    IDENTIFIER = "an identifier"
    AMOUNT = "an amount or other continuous number"
    SCALE = "a number of few steps"
    FLAG = "a yes/no variable"
    CLASS = "a variable with levels"


NUMBERS = frozenset({Kind.AMOUNT, Kind.SCALE})
NUMERIC = NUMBERS | {Kind.FLAG}
LEVELS = frozenset({Kind.FLAG, Kind.SCALE, Kind.CLASS})

RATIO_NAMES = ("profit_margin", "personnel_cost_share", "return_on_assets", "labour_productivity")
ACCOUNTS_WEIGHT = "accounts_weight"

# The research variables of cisflow.panel.constructs, whose order and definitions are there.
RESEARCH: dict[str, Kind] = {
    **dict.fromkeys([f"coop_{partner}" for partner in PARTNERS], Kind.FLAG),
    **dict.fromkeys([f"partners_{n}_or_more" for n in range(2, len(PARTNERS) + 1)], Kind.FLAG),
    **dict.fromkeys(
        ["coop_exploitative", "coop_exploratory", "public_funding", "small", "high_tech"], Kind.FLAG
    ),
    **dict.fromkeys([f"coop_{place}" for place in (*PLACES, "only_domestic")], Kind.FLAG),
    **dict.fromkeys(["own_rd", "bought_rd", "bought_knowledge", "large"], Kind.FLAG),
    **dict.fromkeys(
        ["diversity", "protection", "informal_protection", "search_breadth"], Kind.SCALE
    ),
    **dict.fromkeys(["industry", "technology", "eu_size", "knowledge_strategy"], Kind.CLASS),
    **dict.fromkeys(
        [
            "diversity_blau",
            "balance_index",
            "incremental",
            "radical",
            "innovation_strength",
            "incremental_all",
            "radical_all",
            "innovation_strength_all",
            "internal_investment",
            "rd_intensity",
            "log_employees",
            "peer_cooperation",
            "peer_diversity",
            *RATIO_NAMES,
        ],
        Kind.AMOUNT,
    ),
}


def _kind_of_answer(column: str) -> Kind:
    if column == "firm_id":
        return Kind.IDENTIFIER
    if column in TEXT:
        return Kind.CLASS
    if column in FLAGS or column in ASKED:
        return Kind.FLAG
    scale = column == "reference_year" or column in BLOCKS["sources"]
    return Kind.SCALE if scale else Kind.AMOUNT


def panel_kinds(lags: Iterable[int], own: Mapping[str, Kind]) -> dict[str, Kind]:
    """Return the kind of every column a panel has.

    Parameters
    ----------
    lags
        Years at which the panel has every ratio of the accounts under a name of its own.
    own
        Kinds of the constructs the user defined.
    """
    years = list(lags)
    at_lags = [lagged(name, lag) for name in (*RATIO_NAMES, ACCOUNTS_WEIGHT) for lag in years]
    return {
        **{column: _kind_of_answer(column) for column in FIRM_COLUMNS},
        **RESEARCH,
        "n_waves": Kind.SCALE,
        "in_previous_wave": Kind.FLAG,
        "has_accounts": Kind.FLAG,
        ACCOUNTS_WEIGHT: Kind.AMOUNT,
        **dict.fromkeys(at_lags, Kind.AMOUNT),
        **own,
    }
