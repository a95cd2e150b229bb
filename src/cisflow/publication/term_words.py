"""How terms made of variables, and constructs of the user's own, are called in print."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from cisflow.base.problems import CisflowError
from cisflow.publication.language import numeral, say
from cisflow.study.balance_terms import LESS
from cisflow.study.shapes import (
    COMPLEMENTS,
    EFFECT,
    INVERTED_U,
    LINE_ABOVE,
    LINE_BELOW,
    NOTHING_ELSE,
    SLOPE_HIGH,
    SLOPE_LOW,
    STRATEGY,
    TWO_LINES,
)
from cisflow.study.terms import Call, Name, Node, Number, Operation, parse_term, text_of

# Labels of the run whose results a job publishes, by name.
OWN: dict[str, str] = {}

_FUNCTIONS = {
    "C": "{}",
    "bins": "{} (classes)",
    "log": "{} (log)",
    "log1p": "{} (log of 1 +)",
    "sqrt": "{} (square root)",
    "lag": "{}, wave before",
    "center": "{} (centred)",
    "standardise": "{} (standardised)",
}
_POWERS = {2.0: "{}²", 3.0: "{}³"}


def name_constructs(constructs: Mapping[str, Mapping[str, str]]) -> None:
    """Take over what the user calls constructs of his own; their unit stands in brackets."""
    OWN.clear()
    for name, about in constructs.items():
        unit = about.get("unit", "")
        OWN[name] = f"{about['label']} ({unit})" if unit else about["label"]


def term_in_words(term: str, name: Callable[[str], str]) -> str | None:
    """Return a term with functions or powers in words, None for any other text.

    Parameters
    ----------
    term
        As estimates call it, without the level of a category.
    name
        What to call a variable.
    """
    if not any(sign in term for sign in "(^"):
        return None
    try:
        return _in_words(parse_term(term), name)
    except CisflowError:
        return None  # an effect of a path, a mean over waves: not of the language


def _in_words(node: Node, name: Callable[[str], str]) -> str:
    if isinstance(node, Name):
        return name(node.name)
    if isinstance(node, Call):
        return say(_FUNCTIONS[node.function]).format(_in_words(node.arguments[0], name))
    if isinstance(node, Operation) and node.sign == "^" and isinstance(node.parts[1], Number):
        power = node.parts[1].value
        words = _POWERS.get(power) or say("{{}} to the power {power}", power=numeral(f"{power:g}"))
        return words.format(_in_words(node.parts[0], name))
    if isinstance(node, Operation):
        return " × ".join(_in_words(part, name) for part in node.parts)
    return text_of(node)


_MADE = re.compile(r"([a-z_]+)\((.+?)(?: \| (.+))?\)")
_WORDS = {
    COMPLEMENTS: "{}: together beyond each alone",
    INVERTED_U: "{}: inverted U, the end that speaks least for it",
    SLOPE_LOW: "{}: slope at the low end",
    SLOPE_HIGH: "{}: slope at the high end",
    TWO_LINES: "{}: inverted U by two lines, the one that speaks least for it",
    LINE_BELOW: "{}: slope below the breakpoint",
    LINE_ABOVE: "{}: slope above the breakpoint",
}


def made_in_words(term: str, name: Callable[[str], str]) -> str | None:
    """Return a number made of several terms in words, None for any other text."""
    found = _MADE.fullmatch(term)
    if found is None or found[1] not in {*_WORDS, STRATEGY, EFFECT}:
        return None
    kind, about, where = found.groups()
    first, *rest = (name(part) for part in about.split(", "))
    names = [first, *map(_inside, rest)]
    if kind == STRATEGY:
        if not rest:
            return say("{name} alone", name=first)
        return say("{names}, against none", names=say(" and ").join(names))
    if kind == EFFECT:
        x, _, over = about.partition(", ")
        third, _, of = over.rpartition(" ")
        which = say(" less ").join(say(part) for part in third.split(LESS))
        text = say("{effect}, {which} third of {over}")
        return text.format(effect=name(x), which=which, over=_inside(name(of)))
    text = say(_WORDS[kind]).format(say(" and ").join(names))
    if not where:
        return text
    others = [
        say(part) if part == NOTHING_ELSE else _inside(name(part)) for part in where.split(", ")
    ]
    return say("{text} (with {others})", text=text, others=", ".join(others))


def _inside(text: str) -> str:
    """Return a label as it stands within a sentence: small initial unless it abbreviates."""
    abbreviates = text[1:2] == "&" or text[1:2].isupper()
    return text if abbreviates else text[:1].lower() + text[1:]
