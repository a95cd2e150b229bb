"""Models of the study: what those that join others are made of."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cisflow.base.documents import did_you_mean
from cisflow.base.problems import Problem


def union(*equations: Mapping[str, list[str] | str]) -> dict[str, list[str]]:
    """Every arrow of several systems of equations.

    Examples
    --------
    >>> union({"c": ["a"]}, {"c": ["b", "a"], "b": ["a"]})
    {'c': ['a', 'b'], 'b': ['a']}
    """
    found: dict[str, dict[str, None]] = {}
    for system in equations:
        for target, sources in system.items():
            named = [sources] if isinstance(sources, str) else sources
            found.setdefault(target, {}).update(dict.fromkeys(named))
    return {target: list(sources) for target, sources in found.items()}


def with_unions(
    models: dict[str, dict[str, Any]],
) -> tuple[dict[str, dict[str, Any]], list[Problem]]:
    """Give every model with `union_of` the arrows of all models it names.

    Returns
    -------
    dict
        The models; one with `union_of` has ``equations``, and under ``readings`` those of each
        model it is the union of.
    list of Problem
        Names that are no path models of their own, and models that are not about the same
        variables.
    """
    found, problems = dict(models), []
    for name, spec in models.items():
        if "union_of" not in spec:
            continue
        readings: dict[str, dict[str, list[str]]] = {}
        for member in spec["union_of"]:
            if member not in models:
                what = f"{name}.union_of: there is no model `{member}`"
                problems.append(Problem(what, did_you_mean(member, models)))
            elif "equations" not in models[member]:
                what = f"{name}.union_of: `{member}` has no equations of its own"
                problems.append(Problem(what, "name path models that list their `equations`"))
            else:
                readings[member] = models[member]["equations"]
        about = {
            member: (set(e), {s for sources in e.values() for s in sources} - set(e))
            for member, e in readings.items()
        }
        problems += [
            Problem(
                f"{name}.union_of: {member} and {next(iter(about))} do not explain the same "
                "variables by the same others",
                "their tests need that; give each an equation for every outcome of the other",
            )
            for member, variables in about.items()
            if variables != next(iter(about.values()))
        ]
        found[name] = {**spec, "equations": union(*readings.values()), "readings": readings}
    return found, problems
