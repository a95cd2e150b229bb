"""What each canonical variable is meant to be, in a sentence a respondent would understand."""

from __future__ import annotations

from cisflow.study.canonical import PARTNERS as ASKED_OF

PARTNERS = {
    "group": "other enterprises of its own group",
    "suppliers": "suppliers",
    "clients": "clients or customers",
    "clients_private": "clients of the private sector",
    "clients_public": "clients of the public sector",
    "competitors": "competitors or other firms of its sector",
    "consultants": "consultants or commercial laboratories",
    "universities": "universities or other higher education",
    "public_research": "government or public research institutes",
    "private_research": "private research institutes",
    "other_enterprises": "other enterprises",
    "nonprofit": "non-profit organisations",
}
PLACES = {"domestic": "in its own country", "foreign": "abroad, in any other country"}
MEANS = {
    "patent": "applied for a patent",
    "design": "registered an industrial design",
    "trademark": "registered a trademark",
    "copyright": "claimed copyright",
    "secrecy": "used secrecy",
    "complexity": "used the complexity of its designs",
    "lead_time": "used its lead over competitors",
}
FUNDS = {
    "local": "local or regional authorities",
    "national": "the central government or its agencies",
    "eu": "the European Union",
}
SOURCES = {
    "internal": "sources within the firm or its group",
    **{name: PARTNERS[name] for name in ASKED_OF[1:]},
    "conferences": "conferences, fairs, exhibitions",
    "journals": "journals and trade publications",
    "associations": "professional and industry associations",
}
MEANINGS = {
    "firm_id": "What tells one firm from all others",
    "weight": "How many firms of the population this one stands for",
    "nace": "The firm's main activity, as a code of the classification",
    "section": "The section (a letter) of the firm's main activity",
    "region": "The region the firm is in",
    "stratum": "The stratum of the sample the firm was drawn from",
    "size_class": "The class of the firm's number of employees",
    "employees": "Number of employees in {year}",
    "employees_lag2": "Number of employees in {before}",
    "turnover": "Turnover in {year}, an amount",
    "turnover_lag2": "Turnover in {before}, an amount",
    "manufacturing": "The firm manufactures",
    "group": "The firm is part of a group of enterprises",
    "foreign_group": "The head office of the firm's group is abroad",
    "export": "The firm sells abroad",
    "product_innovation": "The firm introduced new or improved goods or services",
    "process_innovation": "The firm introduced new or improved processes",
    "ongoing": "The firm had innovation activities not completed at the end of the period",
    "abandoned": "The firm abandoned innovation activities",
    "innovation_active": "The firm innovated, or tried to, in the period",
    "share_unchanged": "Per cent of turnover of {year} from unchanged products",
    "share_improved": "Per cent of turnover of {year} from improved products",
    "share_new": "Per cent of turnover of {year} from new products",
    "share_new_firm": "Per cent of turnover of {year} from products new to the firm alone",
    "share_new_market": "Per cent of turnover of {year} from products new to the market",
    "rd_internal": "Spending in {year} on R&D done within the firm, an amount",
    "rd_external": "Spending in {year} on R&D done by others for the firm, an amount",
    "machinery": "Spending in {year} on machinery, equipment, software for innovation, an amount",
    "other_knowledge": "Spending in {year} on licences and other knowledge of others, an amount",
    "innovation_spending": "All spending in {year} on innovation, an amount",
    "rd_continuous": "The firm does R&D continuously, not now and then",
    "coop_any": "The firm cooperated with others on innovation",
    **{
        f"coop_{partner}_{place}": f"Cooperated on innovation with {who}, {where}"
        for partner, who in PARTNERS.items()
        for place, where in PLACES.items()
    },
    **{f"fund_{fund}": f"Public money for innovation from {who}" for fund, who in FUNDS.items()},
    **{f"protect_{means}": f"The firm {did}" for means, did in MEANS.items()},
    **{
        f"source_{source}": f"How important for innovation was information from {what} (0 to 3)"
        for source, what in SOURCES.items()
    },
}


def meaning(variable: str, year: int | None) -> str:
    """Return what a canonical variable is meant to be, in the reference year of its wave."""
    named = {"year": year or "the reference year", "before": year - 2 if year else "two years ago"}
    return MEANINGS.get(variable, variable).format(**named)
