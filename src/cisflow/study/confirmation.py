"""Which mappings of a codebook nobody has confirmed, of the variables that a run rests on.

A mapping is settled if a public document vouches for it or a person has held it against the
questionnaire. All others, those that a machine drafted before all, may be right; until somebody has
said so, what is published from them is marked.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping

from cisflow.base.documents import did_you_mean
from cisflow.base.problems import Problem
from cisflow.study.canonical import (
    ACCOUNT_COLUMNS,
    BLOCKS,
    FIRM_COLUMNS,
    PARTNERS,
    PLACES,
    SOURCES,
)
from cisflow.study.codebook import (
    CHANGED,
    DRAFTED,
    SETTLED,
    TOTAL_OF,
    Codebook,
    block_of,
    split_seal,
)
from cisflow.study.models import Model
from cisflow.study.terms import columns_of, names_in, parse_definition
from cisflow.study.variables import ACCOUNTS_WEIGHT, RATIO_NAMES

UNSAID = "not said"
"""State of a mapping of which nobody says how sure it is."""


def _cells(*partners: str) -> tuple[str, ...]:
    cells = (f"coop_{partner}_{place}" for partner in partners for place in PLACES)
    return ("coop_any", *cells)


def _at(place: str) -> tuple[str, ...]:
    return ("coop_any", *(f"coop_{partner}_{place}" for partner in PARTNERS))


_PORTFOLIO = _cells(*PARTNERS)
_ACTIVITY = ("nace", "section")
_INCREMENTAL = ("share_improved", "share_new_firm")
_RADICAL = ("share_new", "share_new_market")
_SHARES = ("share_improved", "share_new", "share_new_firm", "share_new_market")
# The answers (and items of accounts) that research variables are made of; that the functions of
# cisflow.panel look at these and no others is tested.
MADE_OF: dict[str, tuple[str, ...]] = {
    **{f"coop_{partner}": _cells(partner) for partner in PARTNERS},
    "coop_exploitative": _cells("suppliers", "clients"),
    "coop_exploratory": _cells("universities", "public_research"),
    **{f"coop_{place}": _at(place) for place in PLACES},
    "coop_only_domestic": _PORTFOLIO,
    "diversity": _PORTFOLIO,
    "diversity_blau": _PORTFOLIO,
    "balance_index": _cells("suppliers", "clients", "universities", "public_research"),
    **{f"partners_{least}_or_more": _PORTFOLIO for least in range(2, len(PARTNERS) + 1)},
    "incremental": _INCREMENTAL,
    "radical": _RADICAL,
    "innovation_strength": _SHARES,
    "incremental_all": (*_INCREMENTAL, "product_innovation"),
    "radical_all": (*_RADICAL, "product_innovation"),
    "innovation_strength_all": (*_SHARES, "product_innovation"),
    "internal_investment": ("turnover", "rd_internal"),
    "rd_intensity": ("turnover", "rd_internal", "rd_external"),
    "protection": tuple(
        f"protect_{means}" for means in ("patent", "design", "trademark", "copyright")
    ),
    "informal_protection": tuple(
        f"protect_{means}" for means in ("secrecy", "complexity", "lead_time")
    ),
    "own_rd": ("rd_internal",),
    "bought_rd": ("rd_external",),
    "bought_knowledge": ("other_knowledge",),
    "knowledge_strategy": ("rd_internal", "rd_external", "coop_any"),
    "search_breadth": tuple(f"source_{source}" for source in SOURCES if source != "internal"),
    "public_funding": BLOCKS["funding"],
    "log_employees": ("employees",),
    **dict.fromkeys(("small", "large", "eu_size"), ("size_class", "employees")),
    "industry": _ACTIVITY,
    "technology": _ACTIVITY,
    "high_tech": _ACTIVITY,
    "peer_cooperation": (*_ACTIVITY, "region", "coop_any"),
    "peer_diversity": (*_ACTIVITY, "region", *_PORTFOLIO),
}
RATIOS_MADE_OF: dict[str, tuple[str, ...]] = {
    "profit_margin": ("profit_before_tax", "turnover"),
    "personnel_cost_share": ("personnel_costs", "value_added"),
    "return_on_assets": ("profit_before_tax", "total_assets"),
    "labour_productivity": ("value_added", "employees"),
}
HAS_ACCOUNTS = "has_accounts"
# Every run tells how many firms it has, and how many cooperate, by partner, sector and size.
ALWAYS = ("firm_id", "weight", "innovation_active", "manufacturing", "employees", "size_class")
# What is made of other answers where a survey does not ask it by itself.
DERIVED = {
    "innovation_active": ("product_innovation", "process_innovation", "ongoing", "abandoned"),
    "manufacturing": ("nace",),
    "section": ("nace",),
}


def needed(models: Iterable[Model], table: str = "firms") -> set[str]:
    """Return the answers, or items of company accounts, that models and the paper rest on.

    Parameters
    ----------
    table
        ``firms`` for a survey, ``accounts`` for company accounts.
    """
    used = {name for model in models if not model.printed for name in _columns(model)}
    if table == "accounts":
        return _items(used)
    answers = {answer for name in used for answer in MADE_OF.get(name, (name,))}
    return {*answers, *ALWAYS, *_ACTIVITY, *_PORTFOLIO} & {*FIRM_COLUMNS}


def _items(used: Collection[str]) -> set[str]:
    ratios = {name.rpartition("_lag")[0] or name for name in used} & {*RATIO_NAMES}
    if {HAS_ACCOUNTS, ACCOUNTS_WEIGHT} & {*used}:
        ratios |= {"profit_margin", "personnel_cost_share"}
    items = {item for ratio in ratios for item in RATIOS_MADE_OF[ratio]}
    return {*items, "firm_id", "year"} & {*ACCOUNT_COLUMNS} if ratios else set()


def _columns(model: Model) -> Iterator[str]:
    """Yield the columns of the panel that a model's terms are made of."""
    waiting = [c for term in (*model.terms, *model.sample, *model.by) for c in columns_of(term)]
    while waiting:
        name = waiting.pop()
        if definition := model.constructs.get(name):
            waiting += names_in(parse_definition(definition))
        else:
            yield name


def unconfirmed(
    codebook: Codebook, wanted: Collection[str], also: Collection[str] = ()
) -> dict[str, str]:
    """Return the variables whose mapping is not settled, and how sure it is.

    Parameters
    ----------
    wanted
        Variables that are needed; with each the questions it depends on are looked at, such as the
        filter of its block.
    also
        Variables and blocks that somebody confirmed elsewhere, as the config does of a codebook
        that ships with cisflow.

    Returns
    -------
    dict
        From each variable to its state: a word of ``verified:``, or :data:`UNSAID`.
    """
    variables = codebook.configured({"confirmed": also}).variables
    states = {v: variables[v].verified or UNSAID for v in _read_with(codebook, wanted)}
    return {v: state for v, state in states.items() if state not in SETTLED}


def counted_if(states: Mapping[str, str], *, synthetic: bool) -> dict[str, str]:
    """Return those states that mark a run: of synthetic data what a machine drafted or one edited.

    Its extracts are simulated by the same codebook, so that only what somebody else wrote can be
    misread.
    """
    return {v: state for v, state in states.items() if not synthetic or state in (DRAFTED, CHANGED)}


def _read_with(codebook: Codebook, wanted: Collection[str]) -> list[str]:
    """Return the variables of a codebook, in its order, that those wanted are read with."""
    known = codebook.variables
    found, waiting = set(), list(wanted)
    while waiting:
        variable = waiting.pop()
        if variable in found:
            continue
        found.add(variable)
        if variable not in known:
            waiting += DERIVED.get(variable, ())
            continue
        entry = known[variable]
        waiting += filter(None, (codebook.asked_if(block_of(variable)), entry.includes))
        waiting += [total] if (total := TOTAL_OF.get(entry.unit or "")) else []
    return [variable for variable in known if variable in found]


def confirmed_problems(
    where: str, codebook: Codebook, confirmed: Collection[str]
) -> Iterator[Problem]:
    """Yield the names in a ``confirmed:`` list that are no variable or block of the codebook."""
    yield from (
        Problem(f"{where}.confirmed: {what}", remedy)
        for name, _ in map(split_seal, confirmed)
        for what, remedy in unknown_name(codebook, name)
    )


def unknown_name(codebook: Codebook, name: str) -> Iterator[tuple[str, str]]:
    """Yield why a name is nothing that can be confirmed in a codebook, and what is near it."""
    if not codebook.members(name):
        blocks = {block_of(variable) for variable in codebook.variables}
        what = f"`{name}` is no variable or block that {codebook.path} maps"
        yield what, did_you_mean(name, [*codebook.variables, *sorted(blocks)])
