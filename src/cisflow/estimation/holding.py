"""What the tests of claims rest on: firms on either side, single firms, outliers.

Counted here, where the firms are; told as far as the gate lets it, and judged in
:mod:`cisflow.claims`. No firm is named.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas.api.types import is_numeric_dtype

from cisflow.estimation.common import REFUSALS, Row, numeric
from cisflow.estimation.driver import Fitted
from cisflow.estimation.effects import values_of
from cisflow.estimation.estimates import ESTIMATED, TESTS
from cisflow.estimation.evidence import EVIDENCE, ROW
from cisflow.estimation.regressions import only_fit, regressions
from cisflow.estimation.shapes import thirds_of
from cisflow.estimation.sides import Sides, of_groups, sides_of
from cisflow.estimation.single_firms import LeftOut, fit_path, of_path
from cisflow.estimation.single_firms import of_regression as without_each
from cisflow.panel.sample import variables_of
from cisflow.panel.terms import evaluate
from cisflow.study.balance_terms import EVERYONE, LESS, groups_of, split_column
from cisflow.study.claims import COEFFICIENT, Rule, Single
from cisflow.study.levels import class_of, factors_in, split_level
from cisflow.study.models import REGRESSIONS, Model
from cisflow.study.shapes import EFFECT, STRATEGY, made_of, sides_from
from cisflow.study.terms import factors_of, parse_definition, text_of, without_c
from cisflow.study.verdicts import (
    DECIDED,
    NOT_ESTIMABLE,
    Shape,
    intervals_of,
    normal_shape,
    read,
    turned,
)

PRIVATE = ("rows_with", "rows_without", "rows_turned", "rows_left_out", "influence")
"""Keys of a test that name firms; the gate takes them away."""

# Of effects without the outliers, of which the standard error alone is asked.
DRAWS = {"draws": 499, "seed": 1}

Estimator = Callable[[pd.DataFrame, Model, dict[str, int]], Iterable[Fitted]]


@dataclass(frozen=True)
class Watch:
    """What to hold the estimates of a model against."""

    tests: tuple[Single, ...]  # the claims' tests on it
    rule: Rule
    few: int = 1  # fewest firms on one side of a term of which it may be said that they are enough
    # Whether single firms and outliers are looked at where the interval decides, and there alone:
    # an open verdict has nothing that they could take away.
    decided: bool = False


def with_tests(
    fitted: Sequence[Fitted], firms: pd.DataFrame, spec: Model, estimator: Estimator, watch: Watch
) -> list[Fitted]:
    """Return fits with what was counted of the claims' tests on them.

    Parameters
    ----------
    fitted
        Tidy rows and diagnostics of each fit on one sample.
    firms
        The sample.
    spec, estimator
        Its model, and what estimates it.
    watch
        The tests and the rule.

    Returns
    -------
    list
        The same, with :data:`TESTS` in the diagnostics: per test that has an estimate
        ``outcome column term quantity asked``, ``firms_with``, ``firms_without``, ``few`` (whether
        the smaller side has fewer firms than the rule asks), ``turned_by_one`` (how many firms
        turn the verdict by leaving), ``turned``, ``outliers`` and, for the gate alone,
        :data:`PRIVATE`.
    """
    rows = [row for part, _ in fitted for row in part]
    sample = _Sample(firms, spec, estimator, watch)
    found = [
        sample.facts(test, row, _used_by(test, fitted))
        for test in watch.tests
        if (row := _row_of(test, rows))
    ]
    return [
        (part, {**record, TESTS: mine} if (mine := _of(found, record)) else record)
        for part, record in fitted
    ]


def _of(found: Sequence[dict[str, Any]], record: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the tests that are of a fit; a path model has one for all outcomes and columns."""
    where = [key for key in ("outcome", "column") if key in record]
    return [fact for fact in found if all(fact[key] == record[key] for key in where)]


def _used_by(test: Single, fitted: Sequence[Fitted]) -> Collection[int] | None:
    """Return the rows of the panel that a test's estimate rests on, None where that is not noted.

    A model may use fewer firms than have answered: those alike enough to be compared.
    """
    for _, record in fitted:
        if (record.get("outcome"), record.get("column")) == (test.outcome, test.column):
            rows: Collection[int] | None = record.get(EVIDENCE, {}).get("rows")
            return rows
    return None


def _row_of(test: Single, rows: Iterable[Row]) -> Row | None:
    """Return the first row of a test's estimate, None where it has no standard error."""
    for row in rows:
        named = {"quantity": COEFFICIENT, **row}
        if all(named.get(k) == getattr(test, k) for k in ("outcome", "column", "term")) and (
            named["quantity"] == test.measured
        ):
            ok = row.get("status", ESTIMATED) == ESTIMATED and row["std_error"] > 0
            return row if ok else None
    return None


@dataclass(frozen=True)
class _Sample:
    """The firms of one fit or several, and how to estimate the model on fewer of them."""

    firms: pd.DataFrame
    spec: Model
    estimator: Estimator
    watch: Watch

    def facts(self, test: Single, row: Row, rows: Collection[int] | None) -> dict[str, Any]:
        """Return what was counted of one test, whose estimate rests on some rows of the panel."""
        about = {name: getattr(test, name) for name in ("outcome", "column", "term")}
        asked = {"quantity": test.measured, "asked": test.expected.asked}
        found: dict[str, Any] = {**about, **asked}
        for part in self._parts(test, row, rows):
            try:
                found |= part(test, row)
            except REFUSALS:
                continue  # what cannot be estimated without some firms is told of no firm
        return found

    def _parts(
        self, test: Single, row: Row, rows: Collection[int] | None
    ) -> tuple[Callable[[Single, Row], dict[str, Any]], ...]:
        """Return what is counted of a test."""
        firms = partial(self._firms, rows=rows)
        if self.watch.decided:
            intervals = intervals_of(self._shape(row), row["estimate"], row["std_error"])
            if read(test.expected, *intervals).verdict not in DECIDED:
                return (firms,)
        return firms, self._alone, self._outliers

    # --- either side ---------------------------------------------------------------------------

    def _firms(self, test: Single, row: Row, rows: Collection[int] | None) -> dict[str, Any]:
        used, sides = self._sides(test, rows)
        if sides is None:
            return {}
        places = used[ROW].to_numpy()
        found: dict[str, Any] = {"few": sides.fewest < self.watch.few}
        for name, side in (("with", sides.with_), ("without", sides.without)):
            found[f"firms_{name}"] = None if side is None else int(side.sum())
            found[f"rows_{name}"] = [] if side is None else sorted(map(int, places[side]))
        return found

    def _sides(
        self, test: Single, rows: Collection[int] | None
    ) -> tuple[pd.DataFrame, Sides | None]:
        """Return the firms that a test's term compares, and its sides among them."""
        names = self._variables(test)
        values = self._with_levels(names)
        if any(name not in values or not is_numeric_dtype(values[name]) for name in names):
            return self.firms, None
        used = self._used(test)
        used = used if rows is None else used[used[ROW].isin(rows)]
        used = used[self._compared(used, names)]
        sides = sides_of({name: values.loc[used.index, name].to_numpy(float) for name in names})
        sides = self._within(test, used, sides)
        _, group = split_column(test.column)
        if not self.spec.balance or group == EVERYONE or self.spec.steps:
            return used, sides
        pair = group.split(LESS)
        return used, of_groups(pair, {name: _members(used, name) for name in pair}, sides)

    def _used(self, test: Single) -> pd.DataFrame:
        """Return the firms that have answered all that a test's estimate asks for."""
        names = self._variables(test)
        values = self._with_levels(names)
        needed = self._needed(test) if self.spec.outcomes else variables_of(self.spec)
        needed = [n for n in (*needed, *names) if n in values and n not in self.spec.steps]
        return self.firms[values[needed].notna().all(axis=1)]

    def _compared(self, used: pd.DataFrame, names: Sequence[str]) -> NDArray[np.bool_]:
        """Return the firms that are in a level of a class or in that which it is compared with."""
        compared = np.ones(len(used), dtype=bool)
        for of, level in map(split_level, names):
            column = next((c for c in (of, without_c(of)) if c in self.numbers), "")
            if level and column:
                found = pd.Categorical(self.numbers.loc[used.index, column])
                first = found.remove_unused_categories().categories[:1]
                compared &= found.isin([*first.astype(str), level])
        return compared

    def _within(self, test: Single, used: pd.DataFrame, sides: Sides) -> Sides:
        """Return the sides of what is made of a term: some of the firms that the term compares."""
        made = made_of(self.spec, test.column).get(test.term)
        values = self.numbers.loc[used.index]
        if made is not None and made.kind == EFFECT:
            thirds = thirds_of(values[made.variables[1]].to_numpy(float))
            return of_groups(made.where.split(LESS), thirds, sides)
        if made is not None and made.kind == STRATEGY:
            practices = values[list(sides_from(made))].to_numpy(float)
            chosen = [float(name in made.variables) for name in sides_from(made)]
            with_, without = (
                (practices == at).all(axis=1) for at in (chosen, np.zeros(len(chosen)))
            )
            return Sides(with_, without, min(int(with_.sum()), int(without.sum())))
        return sides

    def _with_levels(self, names: Sequence[str]) -> pd.DataFrame:
        """Return the firms as numbers, with those of the levels of classes among names."""
        known = [n for n in names if class_of(n) and without_c(class_of(n)) in self.numbers]
        made = {name: values_of(name, self.numbers) for name in known}
        return self.numbers.assign(**made) if made else self.numbers

    def _variables(self, test: Single) -> list[str]:
        """Return the variables a test's term is made of; of an effect the one it starts from."""
        if self.spec.balance:
            _, group = split_column(test.column)
            return [group] if group in self.spec.steps else [self.spec.balance.source]
        if made := made_of(self.spec, test.column).get(test.term):
            return list(sides_from(made))
        term = test.term.partition("(")[2].rstrip(")") if self.spec.equations else ""
        first = (term or test.term).split(" → ")[0]
        return factors_in(first)

    def _needed(self, test: Single) -> list[str]:
        """Return the variables of one regression."""
        spec = self.spec
        column = spec.columns.get(test.column) or spec.columns[test.column.partition(": ")[0]]
        terms = [test.outcome, *column, *spec.controls, *spec.endogenous, *spec.instruments]
        named = [text_of(f) for term in (*terms, *spec.fixed_effects) for f in factors_of(term)]
        return [name for name in named if name in self.firms]

    # --- single firms --------------------------------------------------------------------------

    def _alone(self, test: Single, row: Row) -> dict[str, Any]:
        left = self._left_out(test, row)
        if left is None:
            return {}
        full, without = (left.estimate, left.std_error), (left.estimates, left.std_errors)
        who = left.rows[turned(test.expected, full, without, self._shape(row))]
        return {
            "turned_by_one": len(who),
            "turned": bool(len(who)),
            "rows_turned": sorted(map(int, who)),
            "influence": {str(k): v for k, v in left.influence.items()},
        }

    def _left_out(self, test: Single, row: Row) -> LeftOut | None:
        spec = self.spec
        if spec.printed or spec.steps or len(spec.lags) > 0:
            return None
        if spec.estimator in REGRESSIONS:
            return without_each(*self._regression(test), self.numbers, spec, test, row)
        if not spec.equations or split_column(test.column)[1] != EVERYONE:
            return None
        fit, firms = self._path
        return of_path(fit, firms, spec, test, row)

    def _regression(self, test: Single) -> tuple[Any, Any]:
        """Return the fit a test is of, and what is left of it without each firm."""
        where = test.outcome, test.column
        if where not in self._fits:
            fit, _ = only_fit(self.numbers, self.spec, *where)
            without = fit.leave_one_out() if hasattr(fit, "leave_one_out") else None
            self._fits[where] = fit, without
        return self._fits[where]

    @cached_property
    def numbers(self) -> pd.DataFrame:
        """The firms with yes/no variables as numbers."""
        return numeric(self.firms)

    @cached_property
    def _fits(self) -> dict[tuple[str, str], tuple[Any, Any]]:
        return {}

    @cached_property
    def _path(self) -> tuple[Any, pd.DataFrame]:
        firms = self.firms
        if self.spec.balance:  # whose groups are all of firms with every variable
            firms = firms.dropna(subset=[v for v in variables_of(self.spec) if v in firms])
        return fit_path(firms, self.spec), firms

    def _shape(self, row: Row) -> Shape:
        """Return how far the row's own intervals reach, in standard errors."""
        normal = normal_shape(self.watch.rule.levels)
        se, bounds = row["std_error"], (row["ci_low"], row["ci_high"])
        if not np.isfinite(bounds).all() or self.watch.rule.significance != 0.05:
            return normal
        return ((row["estimate"] - bounds[0]) / se, (bounds[1] - row["estimate"]) / se), normal[1]

    # --- outliers ------------------------------------------------------------------------------

    def _outliers(self, test: Single, row: Row) -> dict[str, Any]:
        asked = self.watch.rule.outliers
        if asked is None or not self._kept_known:
            return {}
        used = self._used(test)
        out = ~self._kept.loc[used.index]
        told = {"rule": asked, "left_out": int(out.sum())}
        rows = {"rows_left_out": sorted(map(int, used.loc[out, ROW]))}
        if not out.any():
            return {"outliers": told, **rows}
        other = _row_of(test, self._without_outliers(test))
        if other is None:
            return {"outliers": {**told, "verdict": NOT_ESTIMABLE}, **rows}
        shape = normal_shape(self.watch.rule.levels)
        said = read(test.expected, *intervals_of(shape, other["estimate"], other["std_error"]))
        numbers = {name: float(other[name]) for name in ("estimate", "std_error")}
        return {"outliers": {**told, **numbers, "verdict": said.verdict}, **rows}

    def _without_outliers(self, test: Single) -> list[Row]:
        """Return the rows of the fit a test is of, estimated without the outliers."""
        where = (test.outcome, test.column) if self.spec.outcomes else ("", "")
        if where not in self._refits:
            spec = narrowed(self.spec, *where)
            if self.spec.estimator in REGRESSIONS:
                firms, tests = self.numbers[self._kept], self.watch.tests
                wanted = [(t.measured, t.term) for t in tests if (t.outcome, t.column) == where]
                fits: Iterable[Fitted] = regressions(firms, spec, DRAWS, wanted)
            else:
                fits = self.estimator(self.firms[self._kept], spec, DRAWS)
            self._refits[where] = [row for rows, _ in fits for row in rows]
        return self._refits[where]

    @cached_property
    def _refits(self) -> dict[tuple[str, str], list[Row]]:
        return {}

    @cached_property
    def _kept(self) -> pd.Series:
        """Firms that satisfy the rule, or of whom it cannot be said."""
        node = parse_definition(self.watch.rule.outliers or "")
        kept = evaluate(node, self.numbers).astype("boolean")
        return kept.fillna(True).astype(bool)

    @property
    def _kept_known(self) -> bool:
        names = parse_definition(self.watch.rule.outliers or "")
        try:
            evaluate(names, self.numbers.head(1))
        except KeyError:  # a variable that this survey has not
            return False
        return True


def narrowed(spec: Model, outcome: str, column: str) -> Model:
    """Return a model with one regression and its main covariance alone; a path model as it is."""
    beside = spec.alternative_of(column)
    main = {"covariance": spec.covariance[:1], "alternatives": (beside,) if beside else ()}
    if not outcome:
        return spec.model_copy(update=main)
    column = column.removesuffix(f": {beside}") if beside else column
    base, _, method = (column, "", "") if column in spec.columns else column.partition(": ")
    alone = {"methods": (method,)} if method in spec.methods else {}
    one = {"outcomes": (outcome,), "columns": {base: spec.columns[base]}}
    return spec.model_copy(update={**main, **alone, **one})


def _members(firms: pd.DataFrame, group: str) -> Any:
    """Return which firms are in a group of a balance: ``small``, ``not small``, ``tech=high``."""
    variable, _, level = group.partition("=")
    if level:
        return (firms[variable].astype(str) == level).to_numpy()
    yes = variable.removeprefix("not ")
    names = groups_of(yes)
    values = numeric(firms)[yes].to_numpy(dtype=float)
    return values == (1.0 if group == names[0] else 0.0)
