"""Names of estimates: the factors of a product, and the levels of classes among them.

A model asks for ``coop_any:C(eu_size)``; its estimates are called
``coop_any:C(eu_size)[T.small]``, one for each level but that the others are compared with.
"""

from __future__ import annotations

import re

_LEVEL = re.compile(r"(.+?)\[(?:T\.)?(.+)\]")


def factors_in(name: str) -> list[str]:
    """Return the factors of a regressor; those within brackets are not taken apart.

    Examples
    --------
    >>> factors_in("C(industry)[T.a: b]:log1p(employees)")
    ['C(industry)[T.a: b]', 'log1p(employees)']
    """
    parts, depth = [""], 0
    for sign in name:
        depth += (sign in "([") - (sign in ")]")
        if sign == ":" and depth == 0:
            parts.append("")
        else:
            parts[-1] += sign
    return parts


def split_level(factor: str) -> tuple[str, str]:
    """Return the class that a factor is a level of, and the level; the factor and "" if it is none.

    Examples
    --------
    >>> split_level("C(eu_size)[T.small]")
    ('C(eu_size)', 'small')
    >>> split_level("diversity")
    ('diversity', '')
    """
    level = _LEVEL.fullmatch(factor)
    return (level[1], level[2]) if level else (factor, "")


def class_of(factor: str) -> str:
    """Return the class that a factor is a level of, empty if it is none."""
    of, level = split_level(factor)
    return of if level else ""


def without_levels(name: str) -> str:
    """Return the term of the models file that an estimate is of.

    Examples
    --------
    >>> without_levels("coop_any:C(eu_size)[T.small]")
    'coop_any:C(eu_size)'
    """
    return ":".join(split_level(factor)[0] for factor in factors_in(name))
