"""Research variables, made from the canonical answers of one wave.

Each variable is a function of firm records (or of company accounts) that returns one value per
row and changes nothing; :data:`CONSTRUCTS` names them all, with the definition that tables, paper
and documentation print.

A question that no firm of the wave has an answer to is taken not to be in the questionnaire. It
does not enter counts and alternatives: a survey without competitors as a partner type counts six
types. An answer that is missing for one firm is never taken for "no".
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import pandas as pd

from cisflow.panel import indicators, ratios
from cisflow.panel.peers import peer_cooperation, peer_diversity
from cisflow.study.canonical import BLOCK_OF, PARTNERS
from cisflow.survey.activities import Industries, high_tech, industry, technology


class Construct(NamedTuple):
    """A research variable."""

    # Makes it from firm records, from firm records and industry groups, or from accounts.
    function: Callable[..., pd.Series]
    label: str  # its name in print
    definition: str  # one sentence
    topic: str  # what a firm must have answered to have it, as the sample flow says
    # Block of the questionnaire whose filter decides who was asked; None if everyone was.
    block: str | None = None
    table: str = "firms"  # what `function` takes: `"firms"`, `"industries"` or `"accounts"`
    source: str = ""  # whose definition it is; empty for one of common use


FAEMS_2005 = "Faems, Van Looy & Debackere 2005"
FAEMS_2010 = "Faems, de Visser, Andries & Van Looy 2010"
EU_SIZE = "Recommendation 2003/361/EC"
EUROSTAT_TECHNOLOGY = "Eurostat indicators on high-tech industry"
COOPERATION = "cooperation partners"
NOVELTY = "turnover from new products"
SPENDING = "R&D expenditure and turnover"
LATER_ACCOUNTS = "company accounts"

PRODUCT = "product_innovation"
SHARE_LABELS = {
    "incremental": "Incremental innovation",
    "radical": "Radical innovation",
    "innovation_strength": "Innovation strength",
}
# Shares of turnover in which firms that were not asked count with zero, and those they are made of.
RECODED = {f"{share}_all": share for share in SHARE_LABELS}

PARTNER_LABELS = {
    "group": "Own group",
    "suppliers": "Suppliers",
    "clients": "Clients",
    "competitors": "Competitors",
    "consultants": "Consultants",
    "universities": "Universities",
    "public_research": "Public research institutes",
}

PLACE_LABELS = {"domestic": "at home", "foreign": "abroad"}
RD_SPENDING = "R&D expenditure"
# Whether a firm spent anything: on what, label, what it is called in a sentence, topic.
SPENT = {
    "own_rd": ("rd_internal", "Own R&D", "R&D within the firm", RD_SPENDING),
    "bought_rd": ("rd_external", "Bought R&D", "R&D by others", RD_SPENDING),
    "bought_knowledge": (
        "other_knowledge",
        "Bought knowledge (licences)",
        "patents, licences, know-how and other knowledge of others",
        "expenditure on bought knowledge",
    ),
}

# Constructs of one topic have its words, and the block whose filter decides who was asked.
_of_partners = partial(Construct, topic=COOPERATION, block="cooperation")
_of_shares = partial(Construct, topic=NOVELTY, block="shares")
_of_spending = partial(Construct, topic=SPENDING, block="spending")
_of_protection = partial(Construct, topic="protection of inventions", block="protection")
_of_size = partial(Construct, topic="number of employees")
_of_activity = partial(Construct, topic="main activity")
_of_peers = partial(Construct, topic="peers in industry and region")
_of_accounts = partial(Construct, topic=LATER_ACCOUNTS, table="accounts")

# In the order they are made: later ones use earlier ones.
CONSTRUCTS: dict[str, Construct] = {
    **{
        f"coop_{partner}": _of_partners(
            partial(indicators.partner_type, partner=partner),
            PARTNER_LABELS[partner],
            f"Cooperation on innovation with partners of the type “{PARTNER_LABELS[partner]}”, "
            "at home or abroad (yes or no).",
        )
        for partner in PARTNERS
    },
    "coop_exploitative": _of_partners(
        indicators.exploitative,
        "Suppliers or clients",
        "Cooperation on innovation with suppliers or clients (yes or no).",
        source=FAEMS_2005,
    ),
    "coop_exploratory": _of_partners(
        indicators.exploratory,
        "Universities or public research",
        "Cooperation on innovation with universities or public research institutes (yes or no).",
        source=FAEMS_2005,
    ),
    "balance_index": _of_partners(
        indicators.balance_index,
        "Balance of the portfolio (0 to 1)",
        "One minus the difference between the shares of suppliers and clients and of universities "
        "and public research in the partner types of these kinds: 1 with as many of either, 0 with "
        "one kind alone; only of firms with such partners.",
    ),
    **{
        f"coop_{place}": _of_partners(
            partial(indicators.partners_at, place=place),
            f"Partners {words}",
            f"Cooperation on innovation with partners of any type {words} (yes or no).",
        )
        for place, words in PLACE_LABELS.items()
    },
    "coop_only_domestic": _of_partners(
        indicators.only_at_home,
        "Partners at home only",
        "Cooperation on innovation with partners at home and with none abroad (yes or no).",
    ),
    "diversity": _of_partners(
        indicators.diversity,
        "Diversity of technology alliance portfolio",
        "Number of distinct types of cooperation partners, 0 to 7.",
        source=FAEMS_2010,
    ),
    "diversity_blau": _of_partners(
        indicators.diversity_blau,
        "Diversity of alliance portfolio (Blau index)",
        "One minus the sum of squared shares of the partner types in all ties, where a tie is a "
        "partner type at home or abroad; 0 without partners.",
        source="Blau 1977",
    ),
    **{
        f"partners_{least}_or_more": _of_partners(
            partial(indicators.partners_or_more, least=least),
            f"{least} or more types of partners",
            f"Cooperation on innovation with at least {least} distinct types of partners (yes or "
            "no); null where the questionnaire asks for fewer types.",
        )
        for least in range(2, len(PARTNERS) + 1)
    },
    "incremental": _of_shares(
        indicators.incremental,
        "Incremental innovation (% of turnover)",
        "Percentage of turnover from improved products (CIS2) or from products new to the firm "
        "only (later waves).",
        source=FAEMS_2005,
    ),
    "radical": _of_shares(
        indicators.radical,
        "Radical innovation (% of turnover)",
        "Percentage of turnover from new products (CIS2) or from products new to the market "
        "(later waves).",
        source=FAEMS_2005,
    ),
    "innovation_strength": _of_shares(
        indicators.innovation_strength,
        "Innovation strength",
        "Percentage of turnover from all new or improved products: incremental and radical; null "
        "where the two make more than the whole.",
        source=FAEMS_2010,
    ),
    **{
        recoded: Construct(
            partial(indicators.zero_if_not, variable=share, flag=PRODUCT, block="shares"),
            f"{SHARE_LABELS[share]}, 0 without new products (% of turnover)",
            f"As “{SHARE_LABELS[share].lower()}”; 0 for firms that were not asked for it because "
            "they have no new product. An answer that is missing stays missing.",
            NOVELTY,
        )
        for recoded, share in RECODED.items()
    },
    "internal_investment": _of_spending(
        indicators.internal_investment,
        "Internal investment in innovation",
        "Expenditure on internal R&D in percent of turnover.",
        source=FAEMS_2010,
    ),
    "rd_intensity": _of_spending(
        indicators.rd_intensity,
        "R&D intensity (% of turnover)",
        "Expenditure on internal and external R&D in percent of turnover.",
    ),
    **{
        name: Construct(
            partial(indicators.any_spending, on=item),
            words,
            f"Expenditure on {about} (any or none).",
            topic,
            "spending",
        )
        for name, (item, words, about, topic) in SPENT.items()
    },
    "knowledge_strategy": Construct(
        indicators.knowledge_strategy,
        "Where knowledge comes from",
        "R&D of its own (inside only), partners or bought R&D (outside only), both, or neither.",
        "R&D expenditure and cooperation",
        "spending",
        source="Cassiman & Veugelers 2006",
    ),
    "search_breadth": Construct(
        indicators.search_breadth,
        "Number of outside sources of information",
        "Number of sources of information outside the firm that it used, at any importance, as far "
        "as the questionnaire has them.",
        "sources of information",
        "sources",
        source="Laursen & Salter 2006",
    ),
    "informal_protection": _of_protection(
        indicators.informal_protection,
        "Number of informal protection methods",
        "Number of informal means of protection used (secrecy, complexity of design, lead time), "
        "as far as the questionnaire has them.",
    ),
    "protection": _of_protection(
        indicators.protection,
        "Number of protection methods",
        "Number of formal means of protection used (patents, designs, trademarks, copyright), as "
        "far as the questionnaire has them.",
    ),
    "public_funding": Construct(
        indicators.public_funding,
        "Public support for innovation",
        "Public financial support for innovation from a local or regional authority, the central "
        "government or the European Union (yes or no).",
        "public support",
        "funding",
    ),
    "log_employees": _of_size(
        indicators.log_employees, "Employees (log)", "Natural logarithm of the number of employees."
    ),
    "small": _of_size(
        indicators.small, "Small firm (< 50 employees)", "Fewer than 50 employees (yes or no)."
    ),
    "large": _of_size(
        indicators.large,
        "Large firm (250 or more employees)",
        "250 employees or more (yes or no).",
        source=EU_SIZE,
    ),
    "eu_size": _of_size(
        indicators.eu_size,
        "Size class",
        "Size class by employees: micro (below 10), small (10 to 49), medium (50 to 249) or large.",
        source=EU_SIZE,
    ),
    "industry": _of_activity(
        industry,
        "Industry",
        "Broad industry of the firm's main activity (groups of NACE divisions).",
        table="industries",
    ),
    "technology": _of_activity(
        technology,
        "Technology level",
        "Technology level of a manufacturer's industry, by two-digit divisions of NACE: high, "
        "medium-high, medium-low or low.",
        table="industries",
        source=EUROSTAT_TECHNOLOGY,
    ),
    "high_tech": _of_activity(
        high_tech,
        "High-technology industry",
        "Manufacturing of high or medium-high technology (yes or no); null outside manufacturing.",
        source=EUROSTAT_TECHNOLOGY,
    ),
    "peer_cooperation": _of_peers(
        peer_cooperation,
        "Cooperation of peers (share)",
        "Share of the other firms of the same wave, industry and (where the wave tells it) region "
        "that cooperate on innovation, of those that were asked.",
    ),
    "peer_diversity": _of_peers(
        peer_diversity,
        "Diversity of peers (mean)",
        "Mean number of partner types of the other firms of the same wave, industry and (where "
        "the wave tells it) region.",
    ),
    "profit_margin": _of_accounts(
        ratios.profit_margin,
        "Profit margin",
        "Profit before tax in percent of turnover, from the company accounts.",
        source=FAEMS_2010,
    ),
    "personnel_cost_share": _of_accounts(
        ratios.personnel_cost_share,
        "Share of personnel costs in value added",
        "Personnel costs in percent of value added, from the company accounts.",
        source=FAEMS_2010,
    ),
    "return_on_assets": _of_accounts(
        ratios.return_on_assets,
        "Return on assets",
        "Profit before tax in percent of total assets, from the company accounts.",
    ),
    "labour_productivity": _of_accounts(
        ratios.labour_productivity,
        "Labour productivity (thousands)",
        "Value added per employee in thousands of the currency, from the company accounts; only "
        "where value added is positive.",
    ),
}


def block_of(variable: str) -> str | None:
    """Return the block of the questionnaire whose filter decides who had to answer, if any does."""
    if variable in CONSTRUCTS:
        return CONSTRUCTS[variable].block
    block = BLOCK_OF.get(variable)
    # Who does not cooperate is not shown the partners; who was asked is told by the first question.
    return "cooperation" if block == "partners" else block


def add_constructs(firms: pd.DataFrame, industries: Industries) -> pd.DataFrame:
    """Return the firm records of one wave with every research variable the survey gives.

    Parameters
    ----------
    firms
        Firm records of one wave, columns :data:`cisflow.study.canonical.FIRM_COLUMNS`, shape (n,
        columns).
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
