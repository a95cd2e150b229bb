"""From which share of the firms on a contradiction between answers stops a run.

A firm errs; a file does not. Where more firms than this contradict themselves the codebook reads
something else than the questionnaire asked, unless whoever wrote it knows the contradiction and
says why it is none (``accepts:``). Smaller shares are told and stop nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from fnmatch import fnmatchcase
from itertools import permutations

from cisflow.study.canonical import BLOCKS, FIRM_COLUMNS, PARTNERS, SPENDING

# Of fewer firms no share is judged.
FEWEST = 30
# By the name of a check, `*` for the variables it is about. A finding on the file as a whole has
# no share: it is there, or not.
WHOLE_FILE = 0.0
SHARES: dict[str, float] = {
    # Who says no, and answers what only those are asked who say yes.
    "no_partner_without_cooperation": 0.20,
    "*_implies_yes": 0.25,
    "innovation_active_covers_activities": 0.10,
    # Who says yes, and then nothing of what it consists of.
    "cooperation_names_a_partner": 0.50,
    # Parts and their whole.
    "shares_sum_to_100": 0.20,
    "incomplete_shares_within_100": 0.20,
    "share_*_within_share_*": 0.20,
    "new_products_are_not_all_turnover": 0.50,
    "spending_within_turnover": 0.25,
    "*_is_part_of_turnover": 0.25,
    "percentages_are_of_turnover": 0.25,
    # The same thing told twice.
    "employees_in_size_class": 0.25,
    # What the columns hold, and what the codebook takes it for.
    "*_values_are_known": 0.20,
    "*_is_no_amount": 0.10,
    "*_is_an_amount": WHOLE_FILE,
    "*_has_a_no": WHOLE_FILE,
    "sources_run_upwards": WHOLE_FILE,
    "partners_differ": WHOLE_FILE,
    "share_unchanged_is_the_large_one": WHOLE_FILE,
    "share_new_firm_excludes_new_market": WHOLE_FILE,
}
# What a check compares beside the variables that stand for `*`: an acceptance is about how these
# are read.
_PARTNERS = ("coop_any", *BLOCKS["partners"])
COMPARED: dict[str, tuple[str, ...]] = {
    "no_partner_without_cooperation": _PARTNERS,
    "*_implies_yes": (),
    "innovation_active_covers_activities": (
        "innovation_active",
        "product_innovation",
        "process_innovation",
        "ongoing",
        "abandoned",
        "rd_internal",
        "rd_external",
        "innovation_spending",
        "share_new_market",
    ),
    "cooperation_names_a_partner": _PARTNERS,
    "shares_sum_to_100": BLOCKS["shares"],
    "incomplete_shares_within_100": BLOCKS["shares"],
    "share_*_within_share_*": (),
    "new_products_are_not_all_turnover": BLOCKS["shares"],
    "spending_within_turnover": ("turnover", "innovation_spending", "rd_internal"),
    "*_is_part_of_turnover": ("turnover",),
    "percentages_are_of_turnover": ("turnover", *SPENDING),
    "employees_in_size_class": ("employees", "size_class"),
    "*_values_are_known": (),
    "*_is_no_amount": (),
    "*_is_an_amount": ("turnover",),
    "*_has_a_no": (),
    "sources_run_upwards": BLOCKS["sources"],
    "partners_differ": tuple(
        variable
        for variable in BLOCKS["partners"]
        if variable.removeprefix("coop_").rpartition("_")[0] in PARTNERS
    ),
    "share_unchanged_is_the_large_one": BLOCKS["shares"],
    "share_new_firm_excludes_new_market": BLOCKS["shares"],
}


def share_of(check: str) -> float | None:
    """Return the share of firms from which on a check stops a run; None for one that never does."""
    return next((share for name, share in SHARES.items() if fnmatchcase(check, name)), None)


def compared_by(check: str) -> tuple[str, ...]:
    """Return the variables whose answers a check that stops a run compares."""
    for name, beside in COMPARED.items():
        if fnmatchcase(check, name):
            start, end = name.partition("*")[::2]
            named = check.removeprefix(start).removesuffix(end) if "*" in name else ""
            parts = check.split("_within_") if name.count("*") > 1 else [named]
            return tuple(dict.fromkeys([*(v for v in parts if v in FIRM_COLUMNS), *beside]))
    return ()


def names_about(variables: Collection[str]) -> list[str]:
    """Return the names of all checks there may be of a wave with these variables."""
    every = [*variables]
    return [c for name in SHARES for c in (_filled(name, every) if "*" in name else [name])]


def _filled(name: str, variables: Sequence[str]) -> Iterator[str]:
    if name.count("*") == 1:
        yield from (name.replace("*", variable) for variable in variables)
        return
    shares = [variable for variable in variables if variable.startswith("share_")]
    yield from (f"{part}_within_{whole}" for part, whole in permutations(shares, 2))
