"""Where terms stand in a model, and what each place may hold."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import chain

from cisflow.base.documents import did_you_mean
from cisflow.base.problems import CisflowError, Problem
from cisflow.study.choices import Choices
from cisflow.study.models import Model
from cisflow.study.shapes import without_column
from cisflow.study.terms import Name, Node, kind_of, parse_definition, parse_term, quoted, text_of
from cisflow.study.variables import LEVELS, NUMBERS, NUMERIC, Kind
from cisflow.study.weightings import NONE


@dataclass(frozen=True)
class Role:
    """What a place of a model may hold."""

    kinds: frozenset[Kind]  # kinds of values
    wanted: str  # these in words, as a remedy
    only_names: bool = False  # whether it must be a variable as it stands, not a term made of some


REGRESSOR = Role(NUMERIC | {Kind.CLASS}, "use a number, a yes/no variable or one with levels")
NUMBER = Role(NUMERIC, "use a number or a yes/no variable")
NAMED = Role(NUMERIC, NUMBER.wanted, True)
LEVEL = Role(LEVELS, "use a yes/no variable, one with levels, or `bins(a, 10, 50)` of a number")
FLAG = Role(
    frozenset({Kind.FLAG}), "use a yes/no variable such as manufacturing or has_accounts", True
)
CLUSTER = Role(LEVELS | {Kind.IDENTIFIER}, "cluster by firm_id or a variable with levels", True)
WEIGHT = Role(NUMBERS, "use `weight` or `accounts_weight`", True)

LISTS: dict[str, Role] = {
    "sample": FLAG,
    "outcomes": NUMBER,
    "endogenous": NUMBER,
    "instruments": NUMBER,
    "selection": REGRESSOR,
    "sensitivity": NUMBER,
    "auxiliary": NAMED,
    "controls": REGRESSOR,
    "variance": REGRESSOR,
    "fixed_effects": LEVEL,
    "by": LEVEL,
    "u_shape": NUMBER,
    "steps": FLAG,
}
GROUPS = {"practices": FLAG, "profiles": NUMBER}  # of several terms each

SINGLES: dict[str, Role] = {"selected": FLAG, "sensitivity_benchmark": REGRESSOR}


def places_of(model: Model) -> Iterator[tuple[str, str, Role]]:
    """Yield every place of a model that holds a term: its key, the term, what it may be."""
    for key, role in LISTS.items():
        for term in getattr(model, key):
            yield key, term, role
    for column, terms in model.columns.items():
        for term in terms:
            yield f"columns.{column}", term, REGRESSOR
    for target, sources in model.equations.items():
        for term in (target, *sources):
            yield f"equations.{target[:60]}", term, NUMBER
    yield from _names(model)


def _names(model: Model) -> Iterator[tuple[str, str, Role]]:
    """Yield what stands alone: clusters, weights, and single terms."""
    for covariance in model.covariance:
        if covariance.groups:
            yield "covariance.cluster", covariance.groups, CLUSTER
    for weights in model.weightings:
        if weights:
            yield "weights", weights, WEIGHT
    yield from ((key, term, role) for key, role in GROUPS.items() for term in _of(model, key))
    for key, role in SINGLES.items():
        if term := getattr(model, key):
            yield key, term, role
    yield from _places_of_choices(model.choices or Choices())


def _places_of_choices(choices: Choices) -> Iterator[tuple[str, str, Role]]:
    """Yield every place of a curve's choices that holds a term."""
    for option, instead in choices.outcome.items():
        for term in instead.values():
            yield f"choices.outcome.{option}", term, NUMBER
    for option, beside in choices.regressors.items():
        for term in (term for terms in beside.values() for term in terms):
            yield f"choices.regressors.{option}", term, REGRESSOR
    for option, terms in choices.controls.items():
        for term in terms:
            yield f"choices.controls.{option}", term, REGRESSOR
    for weights in choices.weights:
        if weights != NONE:
            yield "choices.weights", weights, WEIGHT


def _of(model: Model, key: str) -> Iterator[str]:
    return chain.from_iterable(getattr(model, key))


def term_problems(
    name: str, model: Model, kinds: Mapping[str, Kind] | None = None
) -> Iterator[Problem]:
    """Yield what is wrong with the terms of a model, each problem once.

    Parameters
    ----------
    name
        The model, for the wording.
    model
        The variables of a printed table are its own and need
        only be names.
    kinds
        Kind of every variable of the panel, :func:`cisflow.study.variables.panel_kinds`. Of a model
        the run does not estimate they may be another run's: None looks at the language alone.
    """
    yield from dict.fromkeys(_term_problems(name, model, kinds))


def _term_problems(name: str, model: Model, kinds: Mapping[str, Kind] | None) -> Iterator[Problem]:
    for key, term, role in places_of(model):
        where = f"{name}.{key}"
        try:
            node = parse_term(term)
        except CisflowError as error:
            yield from (Problem(f"{where}: {p.what}", p.remedy) for p in error.problems)
            continue
        if model.printed:
            if not isinstance(node, Name):
                yield Problem(f"{where}: {quoted(term)} is no name", "write the table's own names")
        elif kinds is not None:
            yield from _misplaced(where, node, role, kinds)
    if not model.printed:
        yield from _strangers(name, model)
        yield from _without_column(name, model)
    if model.choices:
        yield from _choice_problems(f"{name}.choices", model, model.choices, kinds)


def _choice_problems(
    where: str, model: Model, choices: Choices, kinds: Mapping[str, Kind] | None
) -> Iterator[Problem]:
    """Yield what choices name that the model or the panel has not."""
    terms = [term for of in model.columns.values() for term in of]
    for choice, options, known in (
        ("outcome", choices.outcome, model.outcomes),
        ("regressors", choices.regressors, terms),
    ):
        for named in (name for of in options.values() for name in of if name not in known):
            what = f"{where}.{choice}: {quoted(named)} is not of the model's own"
            yield Problem(what, did_you_mean(named, known))
    for never in choices.never:
        for choice, option in never.items():
            if option not in choices.names[choice]:
                what = f"{where}.never: {choice} has no option {quoted(option)}"
                yield Problem(what, did_you_mean(option, choices.names[choice]))
    for rule in choices.rules:
        yield from _rule_problems(where, rule, kinds)


def _rule_problems(where: str, rule: str, kinds: Mapping[str, Kind] | None) -> Iterator[Problem]:
    """Yield why a rule for the firms of a sample cannot be asked of a firm."""
    try:
        node = parse_definition(rule)
    except CisflowError as error:
        yield from (Problem(f"{where}: {p.what}", p.remedy) for p in error.problems)
        return
    kind, problems = kind_of(node, kinds) if kinds is not None else (Kind.FLAG, [])
    yield from (Problem(f"{where}: {p.what}", p.remedy) for p in problems)
    if not problems and kind != Kind.FLAG:
        what = f"{where}: {quoted(text_of(node))} is no question of yes or no"
        yield Problem(what, "name a yes/no variable, or compare a number: `employees < 250`")


def _misplaced(where: str, node: Node, role: Role, kinds: Mapping[str, Kind]) -> Iterator[Problem]:
    """Yield why a term cannot stand in its place."""
    kind, problems = kind_of(node, kinds)
    yield from (Problem(f"{where}: {p.what}", p.remedy) for p in problems)
    text = quoted(text_of(node))
    if role.only_names and not isinstance(node, Name):
        remedy = "name it as a construct of your own: `constructs:`, see config/README.md"
        yield Problem(f"{where}: {text} is made of variables, and a name must stand here", remedy)
    elif kind is not None and kind not in role.kinds:
        never = ", and those are never levels" if role is LEVEL else ""
        yield Problem(f"{where}: {text} is {kind}{never}", role.wanted)


def _strangers(name: str, model: Model) -> Iterator[Problem]:
    """Yield variables whose effect is asked for and that no equation has."""
    if not model.equations:
        return
    asked = [("effects", term) for pair in model.effects for term in pair]
    asked += [(f"balance.{role}", term) for role, term in dict(model.balance or {}).items()]
    for key, term in asked:
        if term not in model.boxes:
            what = f"{name}.{key}: {quoted(term)} is in no equation of the model"
            yield Problem(what, did_you_mean(term, model.boxes))


def _without_column(name: str, model: Model) -> Iterator[Problem]:
    """Yield what is asked of a regression that no column of it has the terms for."""
    for key, wanted in without_column(model):
        what = f"{name}.{key}: no column of the model has all the terms it takes"
        yield Problem(what, f"add a column with `{wanted}`")
