"""The canonical tables: which columns they have, what these mean, which values they may hold.

A *firm record* is one row per firm and wave. Three states of an answer are kept apart: a value;
*filtered* (the question was not put to this firm: the ``asked_*`` column of the variable's block
is False); *missing* (asked, not answered: null although ``asked_*`` is True).
"""

from __future__ import annotations

PARTNERS = (
    "group",
    "suppliers",
    "clients",
    "competitors",
    "consultants",
    "universities",
    "public_research",
)
# Finer types some questionnaires ask, which are parts of types above, and types beyond these.
PART_OF = {
    "clients_private": "clients",
    "clients_public": "clients",
    "private_research": "public_research",
}
OTHER_PARTNERS = (*PART_OF, "other_enterprises", "nonprofit")
PLACES = ("domestic", "foreign")
SOURCES = ("internal", *PARTNERS[1:], "conferences", "journals", "associations")
PROTECTION = ("patent", "design", "trademark", "copyright", "secrecy", "complexity", "lead_time")

TEXT = ("country", "wave", "firm_id", "nace", "section", "region", "stratum", "size_class")
COUNTS = ("employees", "employees_lag2")
MONEY = ("turnover", "turnover_lag2")
YES_NO = (
    "manufacturing",
    "group",
    "foreign_group",
    "export",
    "product_innovation",
    "process_innovation",
    "ongoing",
    "abandoned",
    "innovation_active",
)

# Questions that share a filter: one ``asked_{block}`` column says who was asked.
BLOCKS: dict[str, tuple[str, ...]] = {
    "shares": (
        "share_unchanged",
        "share_improved",
        "share_new",
        "share_new_firm",
        "share_new_market",
    ),
    "spending": (
        "rd_internal",
        "rd_external",
        "machinery",
        "other_knowledge",
        "innovation_spending",
        "rd_continuous",
    ),
    "cooperation": ("coop_any",),
    "partners": tuple(
        f"coop_{partner}_{place}" for partner in (*PARTNERS, *OTHER_PARTNERS) for place in PLACES
    ),
    "funding": ("fund_local", "fund_national", "fund_eu"),
    "protection": tuple(f"protect_{means}" for means in PROTECTION),
    "sources": tuple(f"source_{source}" for source in SOURCES),
}
BLOCK_OF = {variable: block for block, variables in BLOCKS.items() for variable in variables}

PERCENT = BLOCKS["shares"]
SPENDING = tuple(v for v in BLOCKS["spending"] if v != "rd_continuous")
FLAGS = (
    *YES_NO,
    "rd_continuous",
    "coop_any",
    *BLOCKS["partners"],
    *BLOCKS["funding"],
    *BLOCKS["protection"],
)
ASKED = tuple(f"asked_{block}" for block in BLOCKS)

FIRM_COLUMNS: tuple[str, ...] = (
    "country",
    "wave",
    "reference_year",
    "firm_id",
    "weight",
    "nace",
    "section",
    "region",
    "stratum",
    "size_class",
    *COUNTS,
    *MONEY,
    *YES_NO,
    *BLOCK_OF,
    *ASKED,
)
ACCOUNT_COLUMNS = (
    "firm_id",
    "year",
    "turnover",
    "value_added",
    "personnel_costs",
    "profit_before_tax",
    "total_assets",
    "employees",
)
ACCOUNT_MONEY = ("turnover", "value_added", "personnel_costs", "profit_before_tax", "total_assets")
SIGNED = ("value_added", "profit_before_tax")  # all other amounts and counts are zero or more


def lagged(ratio: str, years: int) -> str:
    """Return the panel's name of a ratio of the accounts some years after the survey."""
    return f"{ratio}_lag{years}"
