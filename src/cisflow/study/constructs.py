"""Constructs of the user's own: new measures, defined in the config and made with the panel."""

from __future__ import annotations

import keyword
import re
from collections.abc import Mapping
from graphlib import CycleError, TopologicalSorter

from cisflow.base.problems import CisflowError, Problem
from cisflow.study.models import Model
from cisflow.study.settings import Construct
from cisflow.study.terms import (
    FUNCTIONS,
    columns_of,
    kind_of,
    names_if_any,
    names_in,
    parse_definition,
    quoted,
    text_of,
)
from cisflow.study.variables import Kind

_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}", re.ASCII)
# Columns that estimation adds to the panel's.
RESERVED = re.compile(r"(order|lagged_outcome|weights_given|design(_\w+)?|asked_\w*|\w+_lag\d+)")

Constructs = Mapping[str, Construct]


def construct_problems(
    constructs: Constructs, kinds: Mapping[str, Kind]
) -> tuple[dict[str, Kind], list[Problem]]:
    """Return what kind of values each construct has, and what is wrong with them.

    Parameters
    ----------
    constructs
        ``constructs`` of the config: name → definition, label, unit and description. One may use
        others, in any order.
    kinds
        Kind of every variable there is without them.
    """
    found: dict[str, Kind] = {}
    problems = [
        Problem(f"constructs.{name}: {why}", "give it another name")
        for name in constructs
        if (why := _why_no_name(name, kinds))
    ]
    try:
        ordered = definitions_in_order(constructs)
    except CycleError as error:
        circle = " → ".join(map(quoted, error.args[1]))
        what = f"constructs: {circle}: each is made of the one before"
        remedy = "define one of them by answers of the survey"
        return dict.fromkeys(constructs, Kind.AMOUNT), [*problems, Problem(what, remedy)]
    for name, definition in ordered.items():
        where = f"constructs.{name}"
        try:
            node = parse_definition(definition)
        except CisflowError as error:
            problems += [Problem(f"{where}: {p.what}", p.remedy) for p in error.problems]
            continue
        kind, wrong = kind_of(node, {**kinds, **found})
        if not names_in(node):
            wrong = [
                Problem(
                    f"{quoted(text_of(node))} has no variable", "name the answers it is made of"
                )
            ]
        elif kind == Kind.IDENTIFIER:
            what = f"{quoted(text_of(node))} is {kind}, which is no measure"
            wrong = [Problem(what, "use answers of the survey or amounts of the accounts")]
        problems += [Problem(f"{where}: {p.what}", p.remedy) for p in wrong]
        # Of what cannot be told models are not told once more that it is unknown.
        found[name] = kind or Kind.AMOUNT
    return found, problems


def definitions_in_order(constructs: Constructs) -> dict[str, str]:
    """Return the definitions so that each comes after those it is made of.

    Raises
    ------
    graphlib.CycleError
        If some are made of one another.
    """
    parts = {name: names_if_any(about.definition) for name, about in constructs.items()}
    made_of = {name: [part for part in parts[name] if part in parts] for name in constructs}
    return {n: constructs[n].definition for n in TopologicalSorter(made_of).static_order()}


def _why_no_name(name: str, kinds: Mapping[str, Kind]) -> str:
    if name in kinds:
        return "the panel has a variable of that name"
    if name in FUNCTIONS or keyword.iskeyword(name) or RESERVED.fullmatch(name):
        return "the name means something else"
    if not _NAME.fullmatch(name):
        return "a name is up to 40 small letters, digits and _, and begins with a letter"
    return ""


def with_constructs(model: Model, constructs: Constructs) -> Model:
    """Give a model the definitions of the constructs it uses, by name, and their ``labels``.

    The definitions are part of the model: estimates of several centres are pooled only if they
    mean the same by a construct.
    """
    terms = [*model.terms, *model.sample, *model.by]
    waiting = [column for term in terms for column in columns_of(term)]
    used: dict[str, str] = {}
    while waiting:
        name = waiting.pop(0)
        if name in constructs and name not in used:
            node = parse_definition(constructs[name].definition)
            used[name] = text_of(node)
            waiting += names_in(node)
    if not used:
        return model
    labels = {name: constructs[name].label for name in used}
    return model.model_copy(update={"constructs": used, "labels": labels})
