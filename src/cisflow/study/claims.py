"""What the claims file asks of models, held against what these have."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Any

from cisflow.base.documents import did_you_mean
from cisflow.base.problems import Problem
from cisflow.study.balance_terms import (
    BALANCE,
    COST,
    DIRECT,
    EVERYONE,
    OTHERS,
    PROBABILITY,
    RETURN,
    SCALES,
    column_of,
    difference,
    groups_of,
    outcome_of,
    split_column,
    through,
)

ARROW = " → "


Test = Mapping[str, Any]


def claim_problems(
    claims: Mapping[str, Any], models: Mapping[str, Mapping[str, Any]]
) -> list[Problem]:
    """Return what the claims file asks of models that these do not have.

    Parameters
    ----------
    claims
        The claims file, checked against its schema.
    models
        All of the models file, whether or not a run estimates them.
    """
    problems: list[Problem] = []
    for name, claim in claims["claims"].items():
        where = f"claims.{name}"
        for test in _tests_of(claim):
            problems += _test_problems(where, test, models)
        unknown = [
            model
            for model in claim.get("test", {}).get("share", {}).get("models", [])
            if model not in models
        ]
        problems += [
            Problem(f"{where}: there is no model `{model}`", did_you_mean(model, models))
            for model in unknown
        ]
    return problems


def _tests_of(claim: Mapping[str, Any]) -> list[Test]:
    test = claim.get("test", {})
    first = test.get("all_of", [test] if "model" in test else [])
    return [*first, *claim.get("also", [])]


def _test_problems(
    where: str, test: Test, models: Mapping[str, Mapping[str, Any]]
) -> Iterator[Problem]:
    model = test["model"]
    if model not in models:
        yield Problem(f"{where}: there is no model `{model}`", did_you_mean(model, models))
        return
    spec = models[model]
    outcomes, columns = _outcomes_and_columns(spec, test["column"])
    for key, known in (("outcome", outcomes), ("column", columns)):
        if test[key] not in known:
            what = f"{where}: model {model} has no {key} `{test[key]}`"
            yield Problem(what, did_you_mean(test[key], known))
            return
    terms = _terms_of(spec, test)
    for term in [test["term"], *test.get("beside", [])]:
        known_path = ARROW in term and _is_path(term, spec, test)
        if term not in terms and not known_path:
            what = f"{where}: model {model} has no term `{term}` for {test['outcome']}"
            yield Problem(what, did_you_mean(term, terms))


def _outcomes_and_columns(spec: Mapping[str, Any], asked: str) -> tuple[list[str], list[str]]:
    """Return what the outcomes and columns of a model's estimates are called.

    The levels of a variable a balance is split by are known to the data alone: of such columns
    only the one ``asked`` for is listed, if it may exist.
    """
    if spec["estimator"] == "path":
        outcomes = list(spec["equations"])
        outcomes += [target for _, target in spec["effects"] if target not in outcomes]
        return outcomes, list(SCALES)
    if spec["estimator"] == "balance":
        target = spec["balance"]["target"]
        groups = list(spec.get("steps") or [EVERYONE])
        for variable in spec.get("by", []):
            names = groups_of(variable)
            groups += [*names, difference(*names)]
        columns = [column_of(scale, group) for scale in SCALES for group in groups]
        scale, group = split_column(asked)
        of_level = any(group.startswith(f"{variable}=") for variable in spec.get("by", []))
        columns += [asked] if scale in SCALES and of_level else []
        return [outcome_of(target, lag) for lag in spec.get("lags", [None])], columns
    return list(spec.get("outcomes", [])), list(spec.get("columns", {}))


def _terms_of(spec: Mapping[str, Any], test: Test) -> list[str]:
    """Return the terms of a model's estimates for a test's outcome and column."""
    if spec["estimator"] == "balance":
        costs = [COST, DIRECT, through(spec["balance"]["cost_through"]), OTHERS]
        return [*costs, RETURN, BALANCE, PROBABILITY]
    controls = list(spec.get("controls", []))
    if spec["estimator"] != "path":
        return [*spec["columns"][test["column"]], *controls]
    arrows = list(spec["equations"].get(test["outcome"], []))
    effects = [
        f"{kind}({origin})"
        for origin, target in spec["effects"]
        if target == test["outcome"]
        for kind in ("total", "direct", "indirect")
    ]
    return [*arrows, *effects]


def _is_path(term: str, spec: Mapping[str, Any], test: Test) -> bool:
    """Return whether ``a → b → c`` follows arrows of the model and is part of a wanted effect."""
    nodes = term.split(ARROW)
    steps = pairwise(nodes)
    wanted, target = list(spec.get("effects", [])), test["outcome"]
    if spec["estimator"] == "balance":
        about = spec["balance"]
        target = about["target"]
        # Single paths are told for all firms alone.
        wanted = [[about["source"], target]] if test["column"] in SCALES else []
    arrows = all(origin in spec.get("equations", {}).get(to, []) for origin, to in steps)
    return arrows and nodes[-1] == target and [nodes[0], target] in wanted
