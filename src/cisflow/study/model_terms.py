"""Where terms stand in models and claims: what each place may hold, and the one way to write it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from cisflow.base.documents import did_you_mean
from cisflow.base.problems import CisflowError, Problem
from cisflow.study.terms import Call, Name, Node, canonical, kind_of, parse_term, quoted, text_of
from cisflow.study.variables import LEVELS, NUMBERS, NUMERIC, Kind
from cisflow.study.weightings import weightings

Spec = Mapping[str, Any]


@dataclass(frozen=True)
class Role:
    """What a place of a model may hold.

    Attributes
    ----------
    kinds
        Kinds of values.
    wanted
        These in words, as a remedy.
    only_names
        Whether it must be a variable as it stands, not a term made of some.
    """

    kinds: frozenset[Kind]
    wanted: str
    only_names: bool = False


REGRESSOR = Role(NUMERIC | {Kind.CLASS}, "use a number, a yes/no variable or one with levels")
NUMBER = Role(NUMERIC, "use a number or a yes/no variable")
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
    "sensitivity": NUMBER,
    "controls": REGRESSOR,
    "fixed_effects": LEVEL,
    "by": LEVEL,
    "steps": FLAG,
}


def places_of(spec: Spec) -> Iterator[tuple[str, str, Role]]:
    """Yield every place of a model that holds a term: its key, the term, what it may be."""
    for key, role in LISTS.items():
        for term in spec.get(key) or []:
            yield key, term, role
    for column, terms in (spec.get("columns") or {}).items():
        for term in terms:
            yield f"columns.{column}", term, REGRESSOR
    for target, sources in (spec.get("equations") or {}).items():
        for term in (target, *sources):
            yield f"equations.{target}", term, NUMBER
    for covariance in spec.get("covariance") or []:
        if isinstance(covariance, Mapping):
            yield "covariance.cluster", covariance["cluster"], CLUSTER
    for weights in weightings(spec):
        if weights:
            yield "weights", weights, WEIGHT
    if spec.get("sensitivity_benchmark"):
        yield "sensitivity_benchmark", spec["sensitivity_benchmark"], REGRESSOR


def term_problems(
    name: str, spec: Spec, kinds: Mapping[str, Kind] | None = None
) -> Iterator[Problem]:
    """Yield what is wrong with the terms of a model, each problem once.

    Parameters
    ----------
    name
        The model, for the wording.
    spec
        The model as the models file has it. The variables of a printed table are its own and need
        only be names.
    kinds
        Kind of every variable of the panel, :func:`cisflow.study.variables.panel_kinds`. Of a model
        the run does not estimate they may be another run's: None looks at the language alone.
    """
    yield from dict.fromkeys(_term_problems(name, spec, kinds))


def _term_problems(name: str, spec: Spec, kinds: Mapping[str, Kind] | None) -> Iterator[Problem]:
    for key, term, role in places_of(spec):
        where = f"{name}.{key}"
        try:
            node = parse_term(term)
        except CisflowError as error:
            yield from (Problem(f"{where}: {p.what}", p.remedy) for p in error.problems)
            continue
        if spec.get("printed"):
            if not isinstance(node, Name):
                yield Problem(f"{where}: {quoted(term)} is no name", "write the table's own names")
        elif kinds is not None:
            yield from _misplaced(where, node, role, kinds)
    if not spec.get("printed"):
        yield from _strangers(name, spec)


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


def _strangers(name: str, spec: Spec) -> Iterator[Problem]:
    """Yield variables whose effect is asked for and that no equation has."""
    equations = spec.get("equations") or {}
    if not equations:
        return
    known = list(
        dict.fromkeys(_tidy(t) for to, sources in equations.items() for t in (to, *sources))
    )
    asked = [("effects", term) for pair in spec.get("effects") or [] for term in pair]
    asked += [(f"balance.{role}", term) for role, term in (spec.get("balance") or {}).items()]
    for key, term in asked:
        if _tidy(term) not in known:
            what = f"{name}.{key}: {quoted(term)} is in no equation of the model"
            yield Problem(what, did_you_mean(term, known))


def terms_of(spec: Spec) -> list[str]:
    """Return the terms of a model that a firm needs an answer to, in the order of the model.

    Outcomes first, then regressors column by column (or a path model's equations), endogenous
    ones and instruments, controls, fixed effects, clusters and weights.
    """
    terms: list[str] = list(spec.get("outcomes", []))
    for target, sources in spec.get("equations", {}).items():
        terms += [target, *sources]
    for regressors in spec.get("columns", {}).values():
        terms += regressors
    for key in ("endogenous", "instruments", "steps", "controls", "fixed_effects"):
        terms += spec.get(key, [])
    terms += [c["cluster"] for c in spec.get("covariance", []) if isinstance(c, Mapping)]
    return [*terms, *(weights for weights in weightings(spec) if weights)]


# --- the one way to write them -----------------------------------------------------------------


def _tidy(term: str) -> str:
    """Return the one way to write a term; what is none stays as it is."""
    try:
        return canonical(term)
    except CisflowError:
        return term


def _tidy_made(term: str) -> str:
    """Return the one way to write a term with functions; parts of a balance are called `a: b`."""
    tidy = _tidy(term)
    return tidy if any(sign in tidy for sign in "(^") else term


def with_terms(value: Any, change: Callable[[str], str]) -> Any:
    """Return lists and mappings with every text in them changed, keys of mappings included."""
    if isinstance(value, str):
        return change(value)
    if isinstance(value, Mapping):
        return {with_terms(k, change): with_terms(v, change) for k, v in value.items()}
    return [with_terms(v, change) for v in value] if isinstance(value, list | tuple) else value


TERMS = (*LISTS, "equations", "effects", "balance", "layout", "sensitivity_benchmark")


def canonical_terms(spec: Spec) -> dict[str, Any]:
    """Return a model with every term written in the one way; plain ones are as they were."""
    found = {key: with_terms(v, _tidy) if key in TERMS else v for key, v in spec.items()}
    if "columns" in spec:
        found["columns"] = {c: with_terms(terms, _tidy) for c, terms in spec["columns"].items()}
    if "fixed_effects" in found:
        found["fixed_effects"] = [_bare(effect) for effect in found["fixed_effects"]]
    return found


def _bare(effect: str) -> str:
    """Return a fixed effect without the ``C`` that it has anyway."""
    try:
        node = parse_term(effect)
    except CisflowError:
        return effect
    if isinstance(node, Call) and node.function == "C":
        return text_of(node.arguments[0])
    return effect


def canonical_claims(claims: Mapping[str, Any]) -> dict[str, Any]:
    """Return the claims file with every term it names written as the models' are."""
    return {
        key: _claimed(value) if isinstance(value, Mapping | list) else value
        for key, value in claims.items()
    }


def _claimed(value: Any) -> Any:
    if isinstance(value, list):
        return [_claimed(item) for item in value]
    if not isinstance(value, Mapping):
        return value
    return {
        key: with_terms(item, _tidy_made) if key in ("term", "beside", "terms") else _claimed(item)
        for key, item in value.items()
    }
