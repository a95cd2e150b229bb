"""From which share of the firms on a contradiction between answers stops a run.

A firm errs; a file does not. Where more firms than this contradict themselves the codebook reads
something else than the questionnaire asked, unless whoever wrote it knows the contradiction and
says why it is none (``accepts:``). Smaller shares are told and stop nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from fnmatch import fnmatchcase
from itertools import permutations

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


def share_of(check: str) -> float | None:
    """Return the share of firms from which on a check stops a run; None for one that never does."""
    return next((share for name, share in SHARES.items() if fnmatchcase(check, name)), None)


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
