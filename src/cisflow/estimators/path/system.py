"""The arrows of a path model: their order, their paths, and what follows from coefficients alone.

Nothing here needs data. :func:`path_effects` does the arithmetic of a printed path diagram.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from graphlib import CycleError, TopologicalSorter
from typing import Any

import numpy as np
import pandas as pd

from cisflow.estimators.errors import Problem, refuse_any

HEADING = "Path model"
ARROW = " → "


@dataclass(frozen=True)
class Path:
    """One way from a source to a target: its variables and the positions of its coefficients."""

    label: str
    arrows: tuple[int, ...]


@dataclass(frozen=True)
class System:
    """A recursive system of equations.

    ``variables`` lists the exogenous variables first, then the outcomes so that every arrow
    points forwards; ``arrows`` lists (target, source) in the order of the equations as given,
    the controls of an equation after its sources; ``from_controls`` tells which arrows those are.
    Coefficient vectors follow ``arrows``.
    """

    exogenous: tuple[str, ...]
    endogenous: tuple[str, ...]
    arrows: tuple[tuple[str, str], ...]
    from_controls: tuple[bool, ...]

    @cached_property
    def variables(self) -> tuple[str, ...]:
        """Exogenous variables, then outcomes in causal order."""
        return self.exogenous + self.endogenous

    @cached_property
    def position(self) -> dict[str, int]:
        """Where each variable stands in ``variables``."""
        return {name: i for i, name in enumerate(self.variables)}

    @cached_property
    def equations(self) -> tuple[tuple[str, np.ndarray, np.ndarray], ...]:
        """Per outcome, in causal order: its name, its arrows, and its sources' positions."""
        rows = []
        for target in self.endogenous:
            arrows = [i for i, (to, _) in enumerate(self.arrows) if to == target]
            sources = [self.position[self.arrows[i][1]] for i in arrows]
            rows.append((target, np.array(arrows, dtype=int), np.array(sources, dtype=int)))
        return tuple(rows)

    def matrix(self, coef: np.ndarray) -> np.ndarray:
        """Coefficients, shape (…, arrows), as a matrix of outcomes by variables, (…, m, p)."""
        shape = *coef.shape[:-1], len(self.endogenous), len(self.variables)
        b = np.zeros(shape, dtype=coef.dtype)
        for j, (_, arrows, sources) in enumerate(self.equations):
            b[..., j, sources] = coef[..., arrows]
        return b

    def ratios(self, scale: np.ndarray) -> np.ndarray:
        """Return what brings slopes between variables over ``scale`` (p,) into their own units."""
        to = [self.position[target] for target, _ in self.arrows]
        source = [self.position[name] for _, name in self.arrows]
        return np.asarray(scale[to] / scale[source])

    def require(self, *names: str) -> None:
        """Refuse names of variables that are not part of the model."""
        remedy = f"choose among: {', '.join(self.variables)}"
        unknown = [name for name in names if name not in self.position]
        refuse_any(HEADING, [Problem(f"'{name}' is not in the model", remedy) for name in unknown])

    def paths(self, source: str, target: str) -> list[Path]:
        """Every directed path from ``source`` to ``target``, shortest first.

        Raises
        ------
        EstimationError
            If either variable is not part of the model.
        """
        self.require(source, target)
        leaving: dict[str, list[tuple[int, str]]] = {}
        for i, (to, origin) in enumerate(self.arrows):
            leaving.setdefault(origin, []).append((i, to))
        found: list[Path] = []

        def walk(node: str, nodes: tuple[str, ...], arrows: tuple[int, ...]) -> None:
            if node == target and arrows:
                found.append(Path(ARROW.join(nodes), arrows))
                return
            for i, to in leaving.get(node, []):
                walk(to, (*nodes, to), (*arrows, i))

        walk(source, (source,), ())
        return sorted(found, key=lambda path: len(path.arrows))


def build_system(
    equations: Mapping[str, Sequence[str] | str], controls: Iterable[str] = ()
) -> System:
    """Order the equations and refuse what is not a recursive system.

    Parameters
    ----------
    equations
        Outcome → its sources.
    controls
        Exogenous variables added to every equation.

    Raises
    ------
    EstimationError
        For an equation without sources, a source named twice, a control that is an outcome, or
        a cycle, which is named.
    """
    sources = {to: [s] if isinstance(s, str) else list(s) for to, s in equations.items()}
    control_list = list(dict.fromkeys(controls))
    problems = _spelling_problems(sources, control_list)
    try:
        order = list(TopologicalSorter(sources).static_order())
    except CycleError as error:
        cycle = ARROW.join(error.args[1])
        problems.append(
            Problem(
                f"the arrows run in a circle: {cycle}",
                "a recursive model has no feedback: take one of these arrows out, "
                "or measure one of the variables at an earlier date",
            )
        )
    refuse_any(HEADING, problems)
    named = dict.fromkeys(s for terms in sources.values() for s in terms)
    exogenous = [s for s in named if s not in sources]
    exogenous += [c for c in control_list if c not in named]
    arrows = [
        (to, s)
        for to, terms in sources.items()
        for s in (*terms, *(c for c in control_list if c not in terms))
    ]
    return System(
        exogenous=tuple(exogenous),
        endogenous=tuple(name for name in order if name in sources),
        arrows=tuple(arrows),
        from_controls=tuple(s not in sources[to] for to, s in arrows),
    )


def _spelling_problems(sources: dict[str, list[str]], controls: list[str]) -> list[Problem]:
    """List what can be seen without following the arrows."""
    problems = []
    if not sources:
        problems.append(Problem("there is no equation", "give `equations: {outcome: [sources]}`"))
    for to, terms in sources.items():
        if not terms and not controls:
            problems.append(
                Problem(f"the equation for '{to}' has no sources", "name one, or leave it out")
            )
        problems.extend(
            Problem(f"'{term}' stands twice in the equation for '{to}'", "name it once")
            for term in dict.fromkeys(terms)
            if terms.count(term) > 1
        )
    problems.extend(
        Problem(
            f"'{control}' is both a control and an outcome",
            "a control enters every equation, so it cannot be explained by one: "
            "take it out of `controls` or out of the equations",
        )
        for control in controls
        if control in sources
    )
    return problems


def effect_rows(system: System, source: str, target: str) -> list[tuple[str, Path, list[Path]]]:
    """Rows of an effect decomposition: name, what to print, and the paths that add up to it.

    The rows are ``direct``, one per indirect path under its own name (``a → b → c``),
    ``indirect`` and ``total``.
    """
    paths = system.paths(source, target)
    arrow = f"{source}{ARROW}{target}"
    direct = [p for p in paths if len(p.arrows) == 1]
    indirect = [p for p in paths if len(p.arrows) > 1]
    through = Path(f"{source}{ARROW}…{ARROW}{target}", ())
    return [
        ("direct", Path(arrow, ()), direct),
        *((p.label, p, [p]) for p in indirect),
        ("indirect", through, indirect),
        ("total", Path(arrow, ()), paths),
    ]


def sum_of_products(coef: np.ndarray, paths: Sequence[Path]) -> np.ndarray:
    """Add up the products of coefficients along ``paths``.

    Parameters
    ----------
    coef
        Coefficients, shape (draws, arrows).
    paths
        The paths to add up; none gives zeros.

    Returns
    -------
    ndarray
        Shape (draws,).
    """
    total = np.zeros(coef.shape[0], dtype=coef.dtype)
    for path in paths:
        total = total + coef[:, path.arrows].prod(axis=1)
    return total


def path_effects(
    coefficients: Mapping[str, Mapping[str, float]] | pd.DataFrame, source: str, target: str
) -> pd.DataFrame:
    """Direct, specific indirect, indirect and total effect implied by given coefficients.

    Parameters
    ----------
    coefficients
        ``{outcome: {source: coefficient}}``, or a matrix with outcomes as rows and sources as
        columns in which an empty or zero cell means no arrow.
    source, target
        From where to where.

    Returns
    -------
    DataFrame
        Columns ``effect``, ``path``, ``estimate``.

    Examples
    --------
    >>> path_effects({"b": {"a": 0.5}, "c": {"a": 1.0, "b": 2.0}}, "a", "c")["estimate"].tolist()
    [1.0, 1.0, 1.0, 2.0]
    """
    table: dict[str, dict[str, Any]]
    if isinstance(coefficients, pd.DataFrame):
        table = {
            str(to): {str(s): v for s, v in row.items() if pd.notna(v) and v != 0}
            for to, row in coefficients.iterrows()
        }
        table = {to: row for to, row in table.items() if row}
    else:
        table = {to: dict(row) for to, row in coefficients.items()}
    system = build_system({to: list(row) for to, row in table.items()})
    coef = np.array([[table[to][s] for to, s in system.arrows]], dtype=float)
    rows = effect_rows(system, source, target)
    return pd.DataFrame(
        {
            "effect": [name for name, _, _ in rows],
            "path": [shown.label for _, shown, _ in rows],
            "estimate": [float(sum_of_products(coef, paths)[0]) for _, _, paths in rows],
        }
    )
