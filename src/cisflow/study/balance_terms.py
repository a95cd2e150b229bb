"""How the rows of a balance are called, for those who write them and those who read them.

outcome
    The target (``profit_margin``), with ``_lag{k}`` where the model scans lags.
column
    The scale, ``standardised`` or ``raw``, for all firms; ``{scale} | {group}`` for a group, and
    ``{scale} | {group} minus {group}`` for the difference of two. The groups of a yes/no variable
    ``small`` are ``small`` and ``not small``, those of a variable with levels
    ``technology=high`` and so on.
term
    A part (:data:`COST` …), :data:`PROBABILITY`, :data:`HORIZON`, or a single path.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product

from cisflow.study.canonical import lagged

COST, RETURN, BALANCE = "cost", "return", "balance"
DIRECT = "cost: direct"
OTHERS = "cost: other paths"
PROBABILITY = "P(cost > return)"
HORIZON = "horizon"
SCALES = ("standardised", "raw")
EVERYONE = "all"
LESS = " minus "
BAR = " | "
PERCENTILE, BCA = "bootstrap", "bootstrap_bca"


def through(variable: str) -> str:
    """Return the part of the cost that passes ``variable``."""
    return f"cost: through {variable}"


def outcome_of(target: str, lag: int | None) -> str:
    """Return what the target is called at a lag of the scan; None is the run's own lag."""
    return target if lag is None else lagged(target, lag)


def column_of(scale: str, group: str) -> str:
    """Return the column of a scale and a group."""
    return scale if group == EVERYONE else f"{scale}{BAR}{group}"


def split_column(column: str) -> tuple[str, str]:
    """Return scale and group of a column."""
    scale, _, group = column.partition(BAR)
    return scale, group or EVERYONE


def groups_of(variable: str, levels: Sequence[str] | None = None) -> list[str]:
    """Return the groups of a yes/no variable, or of one with levels."""
    if levels is None:
        return [variable, f"not {variable}"]
    return [f"{variable}={level}" for level in levels]


def differences_of(groups: Sequence[str]) -> list[tuple[str, str]]:
    """Return the pairs that are compared: the first group with each of the others."""
    return list(product(groups[:1], groups[1:]))


def difference(one: str, other: str) -> str:
    """Return what the difference of two groups is called."""
    return f"{one}{LESS}{other}"
