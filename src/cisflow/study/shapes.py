"""What is worked out from a regression's terms: complements, inverted U, an effect by thirds.

A regression with ``practices``, ``u_shape`` or ``profiles`` has, beside its terms, numbers that are
made of several of them. They have names of their own, which estimates, claims and tables share.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations

from cisflow.study.balance_terms import LESS
from cisflow.study.models import Model
from cisflow.study.terms import factors_of, text_of

LOW, MIDDLE, HIGH = "low", "middle", "high"
THIRDS = (LOW, MIDDLE, HIGH)
COMPLEMENTS, STRATEGY = "complements", "strategy"
INVERTED_U, SLOPE_LOW, SLOPE_HIGH = "inverted_u", "slope_low", "slope_high"
TWO_LINES, LINE_BELOW, LINE_ABOVE = "two_lines", "line_below", "line_above"
OF_LINES = (TWO_LINES, LINE_BELOW, LINE_ABOVE)
OF_CURVE = (INVERTED_U, SLOPE_LOW, SLOPE_HIGH)
EFFECT = "effect"
NOTHING_ELSE = "nothing else"


@dataclass(frozen=True)
class Made:
    """A number made of several terms of a regression."""

    kind: str  # one of the names above
    # What it is about: practices; the variable that is curved; whose effect, over what.
    variables: tuple[str, ...]
    parts: tuple[str, ...]  # the terms it rests on
    # Of an effect the third of firms, or `high minus low`; of complements what else is there.
    where: str = ""

    @property
    def name(self) -> str:
        """What estimates call it."""
        about = ", ".join(self.variables)
        if self.kind == EFFECT:
            return f"{EFFECT}({self.variables[0]}, {self.where} {self.variables[1]})"
        return f"{self.kind}({about}{f' | {self.where}' if self.where else ''})"


def made_of(model: Model, column: str) -> dict[str, Made]:
    """Return what is made of the terms of a column, by name.

    Parameters
    ----------
    model
        A regression.
    column
        Of its table; a robust alternative's has what its own has.
    """
    name = column if column in model.columns else column.partition(": ")[0]
    terms = model.columns.get(name, ())
    return {made.name: made for made in _made(model, terms)}


def sides_from(made: Made) -> tuple[str, ...]:
    """Return the variables whose sides a number compares.

    Of practices all of a group, as every combination of them is compared; of an effect the variable
    whose effect it is.
    """
    if made.kind in (COMPLEMENTS, STRATEGY):
        return tuple(part for part in made.parts if ":" not in part)
    return made.variables[:1]


def _made(model: Model, terms: tuple[str, ...]) -> Iterator[Made]:
    for group in practices_of(model, terms):
        yield from _of_practices(group)
    for x in curved_of(model, terms):
        for kind in (*OF_CURVE, *OF_LINES):
            yield Made(kind, (x,), (x, square(x)))
    for x, over in profiles_of(model, terms):
        parts = (x, product((x, over), terms))
        for where in (*THIRDS, f"{HIGH}{LESS}{LOW}"):
            yield Made(EFFECT, (x, over), parts, where)


def _of_practices(group: tuple[str, ...]) -> Iterator[Made]:
    everything = tuple(":".join(some) for some in subsets(group))
    for pair in combinations(group, 2):
        yield Made(COMPLEMENTS, pair, everything)
        others = [name for name in group if name not in pair]
        for there in subsets(others) if others else ():
            yield Made(COMPLEMENTS, pair, everything, ", ".join(there))
        if others:
            yield Made(COMPLEMENTS, pair, everything, NOTHING_ELSE)
    for some in subsets(group):
        yield Made(STRATEGY, some, everything)


def subsets(group: tuple[str, ...] | list[str]) -> list[tuple[str, ...]]:
    """Return all that may be picked of some practices, at least one, the small ones first."""
    return [some for n in range(1, len(group) + 1) for some in combinations(group, n)]


def square(x: str) -> str:
    """Return the term of a squared variable."""
    return f"{x}^2"


def product(parts: tuple[str, ...], terms: tuple[str, ...]) -> str:
    """Return the term that is the product of some variables, empty if there is none."""
    return next((t for t in terms if sorted(map(text_of, factors_of(t))) == sorted(parts)), "")


def practices_of(model: Model, terms: tuple[str, ...]) -> list[tuple[str, ...]]:
    """Return the groups of practices of which a column has every product."""
    return [
        group
        for group in model.practices
        if all(product(some, terms) == ":".join(some) for some in subsets(group))
    ]


def curved_of(model: Model, terms: tuple[str, ...]) -> list[str]:
    """Return the variables whose square a column has beside them."""
    return [x for x in model.u_shape if x in terms and square(x) in terms]


def profiles_of(model: Model, terms: tuple[str, ...]) -> list[tuple[str, str]]:
    """Return the pairs of variables whose product a column has."""
    return [(x, over) for x, over in model.profiles if x in terms and product((x, over), terms)]


def without_column(model: Model) -> list[tuple[str, str]]:
    """Return what no column of a model has the terms for: the key, and which terms are wanted."""
    columns = model.columns.values()
    found = []
    for group in model.practices:
        if not any(group in practices_of(model, terms) for terms in columns):
            found.append(("practices", ", ".join(":".join(some) for some in subsets(group))))
    for x in model.u_shape:
        if not any(x in curved_of(model, terms) for terms in columns):
            found.append(("u_shape", f"{x}, {square(x)}"))
    for pair in model.profiles:
        if not any(pair in profiles_of(model, terms) for terms in columns):
            found.append(("profiles", f"{pair[0]}, {pair[0]}:{pair[1]}"))
    return found
