"""What is made of a regression's terms, as rows: complements, inverted U, an effect over a range.

Each number is worked out on the linear index (``coefficient``) and, where the estimator has it, on
the mean of the outcome as it is ``observed``; with its gradient in the coefficients, so that it has
a standard error and is held against single firms as every other estimate is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import combinations, pairwise, product
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cisflow.estimation.common import (
    REFUSALS,
    Row,
    coefficient_rows,
    formula_of,
    not_estimable,
    note_of,
)
from cisflow.estimation.effects import KINDS
from cisflow.estimation.effects import made_of as factors_made_of
from cisflow.estimation.estimates import COEFFICIENT, OBSERVED
from cisflow.estimation.evidence import PER_TERM, ROW
from cisflow.estimators.arrays import Floats
from cisflow.estimators.effects import Factors, Prediction, effect_at, linear
from cisflow.estimators.inequalities.complements import complementarity
from cisflow.estimators.inequalities.profile import profile
from cisflow.estimators.inequalities.two_lines import TwoLines, two_lines
from cisflow.estimators.inequalities.u_shape import UShape, extreme_point
from cisflow.study.balance_terms import LESS
from cisflow.study.models import Model
from cisflow.study.shapes import (
    COMPLEMENTS,
    EFFECT,
    HIGH,
    INVERTED_U,
    LINE_ABOVE,
    LINE_BELOW,
    LOW,
    MIDDLE,
    NOTHING_ELSE,
    OF_LINES,
    SLOPE_HIGH,
    SLOPE_LOW,
    STRATEGY,
    TWO_LINES,
    Made,
    curved_of,
    made_of,
    practices_of,
    profiles_of,
    square,
    subsets,
)
from cisflow.study.terms import factors_of, text_of

SHAPES = "shapes"
"""Key of a fit's diagnostics with tests and curves that are more than one number."""
BINS = "bins"
"""Key of a curve's record with the firms below it, which the gate counts."""
BEYOND = 10  # firms at either end of a range, so that its ends are no outliers and no one firm's
GRID = 21  # places of a curve
CLASSES = 4  # of firms below a curve
RANGE = 0.95  # share of firms up to whose value a curve is drawn

Refit = Callable[[str, pd.DataFrame], Any]
"""From a formula and the firms with its variables to the same kind of fit."""


@dataclass(frozen=True)
class Number:
    """A number with its gradient in the parameters, (p,)."""

    value: float
    gradient: Floats

    def __sub__(self, other: Number) -> Number:
        """Return the difference of two."""
        return Number(self.value - other.value, self.gradient - other.gradient)

    def __neg__(self) -> Number:
        """Return it with the other sign."""
        return Number(-self.value, -self.gradient)


@dataclass(frozen=True)
class Surface:
    """What a fit predicts, as far as numbers are made of it."""

    prediction: Prediction  # of one quantity
    factors: Factors  # what its regressors are products of
    firms: pd.DataFrame  # the rows it is of
    df: float  # degrees of freedom of t; infinite for the normal distribution
    # Terms without a standard error, and why: what is made of them has none either.
    unmeasured: Mapping[str, str]

    def at(
        self,
        held: Mapping[str, float],
        by: Sequence[str] = (),
        rows: NDArray[np.bool_] | None = None,
    ) -> Number:
        """Return the mean prediction where variables are held, or its slope by some others."""
        powers = dict.fromkeys(by, 1)
        return Number(*effect_at(self.prediction, self.factors, powers, held, rows))

    def covariance(self, numbers: Sequence[Number]) -> Floats:
        """Return the covariance of numbers made of the same fit."""
        G = np.array([number.gradient for number in numbers])
        return np.asarray(G @ self.prediction.covariance @ G.T)

    def values(self, name: str) -> Floats:
        """Return a variable in the rows of the fit."""
        return self.firms[name].to_numpy(dtype=float)


# --- rows --------------------------------------------------------------------------------------


def shape_rows(
    fit: Any,
    spec: Model,
    firms: pd.DataFrame,
    where: tuple[str, str],
    about: Row,
    refit: Refit,
    estimator: str = "",
) -> tuple[list[Row], list[dict[str, Any]]]:
    """Return the rows of what is made of a fit's terms, and tests and curves as records.

    Parameters
    ----------
    fit
        A fitted regression with its main covariance.
    firms
        The sample, yes/no as numbers.
    where
        Outcome and column of the model's table.
    about
        What all rows have.
    refit
        The same regression on other regressors, for two lines.
    estimator
        By which it was fitted, if not by the model's own.
    """
    _, column = where
    asked = made_of(spec, column)
    if not asked:
        return [], []
    rows: list[Row] = []
    records: list[dict[str, Any]] = []
    surfaces = list(_surfaces(fit, spec, firms, estimator or spec.estimator))
    for quantity, surface in surfaces:
        for made in (m for m in asked.values() if m.kind not in OF_LINES):
            rows += _tried(made, {**about, "quantity": quantity}, surface, spec, column)
        records += _records(surface, spec, column, quantity)
    if not estimator:  # of the last quantity, which is the one that is observed if there is one
        records += _curves(surfaces[-1][1], spec, column, surfaces[-1][0])
    if estimator != "two_part":
        lines, found = _lines(spec, firms, where, about, refit, fit)
        rows, records = [*rows, *lines], [*records, *found]
    return rows, records


def _surfaces(
    fit: Any, spec: Model, firms: pd.DataFrame, estimator: str
) -> Iterator[tuple[str, Surface]]:
    """Yield what a fit predicts: its linear index, and the mean of what is observed."""
    kind = KINDS.get(estimator, {}).get(OBSERVED)
    observed = fit.prediction(kind) if kind else _of_rows(fit)
    df = np.inf if getattr(fit, "df", None) is None else float(fit.df)
    here = firms.iloc[observed.rows]
    factors = factors_made_of(observed.names, here, spec)
    unmeasured = getattr(fit, "notes", fit.not_estimable)
    if estimator != "two_part":
        # What is made of a term without a standard error is refused; nothing else leans on it.
        index = linear(observed, fit.params, fit.cov_params().fillna(0.0))
        yield COEFFICIENT, Surface(index, factors, here, df, unmeasured)
    if kind:
        yield OBSERVED, Surface(observed, factors, here, df, unmeasured)


def _of_rows(fit: Any) -> Prediction:
    """Return the regressors of a linear model or a probit as those of a prediction."""
    rows = fit.model.rows
    names = [name for name in rows.names if name not in fit.not_estimable]
    X = rows.X[:, [rows.names.index(name) for name in names]]
    weights = np.full(len(X), 1 / len(X))
    return Prediction(names, X, weights, np.empty((0, 0)), lambda *_: (np.nan, X[0]), rows.kept)


def _tried(made: Made, about: Row, surface: Surface, spec: Model, column: str) -> list[Row]:
    """Return the row of a number, or one that says why there is none."""
    try:
        _, number = number_of(made, surface, spec, column)
    except LackingError as lacking:
        return [not_estimable(lacking.args[0], **about, term=made.name)]
    error = np.sqrt(surface.covariance([number])[0, 0])
    if not error > 0:
        return [not_estimable("no firm's prediction moves with it", **about, term=made.name)]
    b, se = (pd.Series([value], index=[made.name]) for value in (number.value, error))
    return [{**about, **row} for row in coefficient_rows(b, se, surface.df)]


class LackingError(Exception):
    """Why a number cannot be had."""


def number_of(made: Made, surface: Surface, spec: Model, column: str) -> tuple[str, Number]:
    """Return a number, and which of several inequalities it is the weakest of."""
    lost = [part for part in made.parts if part not in surface.prediction.names]
    if lost:
        raise LackingError(f"{', '.join(lost)} has no coefficient")
    # A strategy holds the other practices at zero: what they do is not in it.
    inside = set(made.variables) if made.kind == STRATEGY else None
    for part in made.parts:
        if part in surface.unmeasured and (inside is None or inside.issuperset(part.split(":"))):
            raise LackingError(surface.unmeasured[part])
    if made.kind == COMPLEMENTS:
        return _gain(made, surface, spec, column)
    if made.kind == STRATEGY:
        return "", _strategy(made, surface, spec, column)
    if made.kind == EFFECT:
        return "", _effect_among(made, surface)
    return _slope(made, surface)


def gradient_of_made(
    fit: Any, spec: Model, firms: pd.DataFrame, column: str, made: Made, quantity: str
) -> pd.Series:
    """Return how a number moves with the coefficients, by their names, as for any other effect."""
    surface = dict(_surfaces(fit, spec, firms, spec.estimator))[quantity]
    _, number = number_of(made, surface, spec, column)
    names = list(surface.prediction.names)
    return pd.Series(number.gradient[: len(names)], index=names).groupby(level=0).sum()


def found_number(
    fit: Any, spec: Model, firms: pd.DataFrame, column: str, made: Made, quantity: str
) -> tuple[float, float] | None:
    """Return a number of a fit with its standard error; None where it has none."""
    if made.kind in OF_LINES:
        return None
    try:
        surface = dict(_surfaces(fit, spec, firms, spec.estimator))[quantity]
        _, number = number_of(made, surface, spec, column)
    except (LackingError, KeyError):
        return None
    return number.value, float(np.sqrt(surface.covariance([number])[0, 0]))


# --- complements -------------------------------------------------------------------------------


def _group_of(made: Made, spec: Model, column: str) -> tuple[str, ...]:
    groups = practices_of(spec, _terms(spec, column))
    return next(group for group in groups if {*made.variables} <= {*group})


def _terms(spec: Model, column: str) -> tuple[str, ...]:
    return tuple(spec.columns[column if column in spec.columns else column.partition(": ")[0]])


def _gains(pair: tuple[str, ...], group: Sequence[str], surface: Surface) -> dict[str, Number]:
    """Return what a pair adds together beyond each alone, by what else is there."""
    others = [name for name in group if name not in pair]
    found = {}
    for state in product((0.0, 1.0), repeat=len(others)):
        there = ", ".join(name for name, value in zip(others, state, strict=True) if value)
        held = dict(zip(others, state, strict=True))
        found[there or (NOTHING_ELSE if others else "")] = surface.at(held, by=pair)
    return found


def _gain(made: Made, surface: Surface, spec: Model, column: str) -> tuple[str, Number]:
    gains = _gains(made.variables, _group_of(made, spec, column), surface)
    if made.where:
        return made.where, gains[made.where]
    errors = np.sqrt(np.diag(surface.covariance(list(gains.values()))))
    t = np.array([gain.value for gain in gains.values()]) / errors
    return list(gains.items())[int(t.argmin())]


def _strategy(made: Made, surface: Surface, spec: Model, column: str) -> Number:
    group = _group_of(made, spec, column)
    here = {name: float(name in made.variables) for name in group}
    return surface.at(here) - surface.at(dict.fromkeys(group, 0.0))


# --- inverted U --------------------------------------------------------------------------------


def ends_of(values: Floats) -> tuple[float, float]:
    """Return the ends of a range with :data:`BEYOND` firms at or beyond either.

    Values of firms are not told: the ends have two significant digits.
    """
    ordered = np.sort(values)
    few = min(BEYOND, len(ordered)) - 1
    low, high = (float(f"{v:.2g}") for v in (ordered[few], ordered[-1 - few]))
    return low, high


def _slopes(x: str, surface: Surface) -> tuple[Number, Number]:
    ends = ends_of(surface.values(x))
    low, high = (surface.at({x: end}, by=(x,)) for end in ends)
    return low, high


def _slope(made: Made, surface: Surface) -> tuple[str, Number]:
    low, high = _slopes(made.variables[0], surface)
    if made.kind == SLOPE_LOW:
        return LOW, low
    if made.kind == SLOPE_HIGH:
        return HIGH, high
    shape = _shape(made.variables[0], surface, (low, high))
    return ((LOW, low), (HIGH, -high))[shape.binding()]


def _shape(x: str, surface: Surface, slopes: tuple[Number, Number]) -> UShape:
    values = np.array([slope.value for slope in slopes])
    errors = np.sqrt(np.diag(surface.covariance(slopes)))
    return UShape(np.array(ends_of(surface.values(x))), values, errors, surface.df)


def _lines(
    spec: Model, firms: pd.DataFrame, where: tuple[str, str], about: Row, refit: Refit, fit: Any
) -> tuple[list[Row], list[dict[str, Any]]]:
    rows: list[Row] = []
    records: list[dict[str, Any]] = []
    for x in curved_of(spec, _terms(spec, where[1])):
        try:
            found = _two_lines(spec, firms, where, x, refit, fit)
        except REFUSALS as error:
            why = note_of(error)
            rows += [not_estimable(why, **about, term=f"{kind}({x})") for kind in OF_LINES]
            continue
        rows += _rows_of_lines(x, found, about)
        # A firm's value, of which no more is told than of the ends of a range.
        record = {"breakpoint": float(f"{found.breakpoint:.2g}"), "p_value": found.p_value()}
        records.append({"kind": TWO_LINES, "of": [x], "parts": [x], **record})
    return rows, records


def _two_lines(
    spec: Model, firms: pd.DataFrame, where: tuple[str, str], x: str, refit: Refit, fit: Any
) -> TwoLines:
    """Return two lines in place of a variable and its square, whatever else is held constant."""
    outcome, column = where
    others = [t for t in (*_terms(spec, column), *spec.controls) if t not in (x, square(x))]
    held = [outcome, x, *others, *spec.fixed_effects]
    named = [text_of(factor) for term in held for factor in factors_of(term)]
    used = firms[named].notna().all(axis=1).to_numpy()
    values = firms[x].to_numpy(dtype=float)

    def of_columns(columns: Floats) -> tuple[Floats, Floats]:
        names = [f"line_{j}" for j in range(columns.shape[1])]
        more = np.full((len(firms), len(names)), np.nan)
        more[used] = columns
        data = firms.assign(**dict(zip(names, more.T, strict=True)))
        formula = formula_of(outcome, [*names, *others], spec.fixed_effects)
        found = refit(formula, data)
        return found.params[names].to_numpy(), found.cov_params().loc[names, names].to_numpy()

    df = np.inf if getattr(fit, "df", None) is None else float(fit.df)
    return two_lines(values[used], of_columns, df=df)


def _rows_of_lines(x: str, found: TwoLines, about: Row) -> Iterator[Row]:
    shape = found.shape
    end = shape.binding()
    values = {
        TWO_LINES: (shape.directed()[end], shape.std_errors[end]),
        LINE_BELOW: (shape.slopes[0], shape.std_errors[0]),
        LINE_ABOVE: (shape.slopes[1], shape.std_errors[1]),
    }
    b, se = (pd.Series({f"{k}({x})": v[i] for k, v in values.items()}) for i in (0, 1))
    for row in coefficient_rows(b, se, shape.df):
        yield {**about, "quantity": COEFFICIENT, **row}


# --- an effect over a range --------------------------------------------------------------------


def thirds_of(values: Floats) -> dict[str, NDArray[np.bool_]]:
    """Return which firms are in the lowest, middle and highest third of a variable.

    Firms with the same value are in the same third.
    """
    cuts = np.quantile(values, [1 / 3, 2 / 3])
    low, high = values <= cuts[0], values > cuts[1]
    return {LOW: low, MIDDLE: ~low & ~high, HIGH: high}


def _effect_among(made: Made, surface: Surface) -> Number:
    x, over = made.variables
    thirds = thirds_of(surface.values(over))
    asked = made.where.split(LESS)
    if any(not thirds[third].any() for third in asked):
        raise LackingError("too many firms have the same value for thirds")
    parts = [surface.at({}, by=(x,), rows=thirds[third]) for third in asked]
    return parts[0] if len(parts) == 1 else parts[0] - parts[1]


def _places(values: Floats) -> Floats:
    top = float(f"{np.quantile(values, RANGE):.2g}")
    low = min(float(f"{np.quantile(values, 1 - RANGE):.2g}"), top)
    return np.linspace(low, top, GRID).round(10)


# --- records -----------------------------------------------------------------------------------


def _records(surface: Surface, spec: Model, column: str, quantity: str) -> Iterator[dict[str, Any]]:
    """Yield the tests and curves of a fit; ``parts`` are the terms that each rests on."""
    terms = _terms(spec, column)
    known = {*surface.prediction.names}
    for group in practices_of(spec, terms):
        parts = [":".join(some) for some in subsets(group)]
        if {*parts} <= known:
            for pair in combinations(group, 2):
                about = {"kind": COMPLEMENTS, "quantity": quantity, "of": list(pair)}
                yield {**about, "parts": parts, **_judged(_gains(pair, group, surface), surface)}
    for x in curved_of(spec, terms):
        if {x, square(x)} <= known:
            about = {"kind": INVERTED_U, "quantity": quantity, "of": [x]}
            yield {**about, "parts": [x, square(x)], **_turned(x, surface, quantity)}


def _curves(surface: Surface, spec: Model, column: str, quantity: str) -> Iterator[dict[str, Any]]:
    """Yield each effect over the range of another variable."""
    for x, over in profiles_of(spec, _terms(spec, column)):
        made = next(m for m in made_of(spec, column).values() if m.variables == (x, over))
        if {*made.parts} <= {*surface.prediction.names}:
            about = {"kind": EFFECT, "quantity": quantity, "of": [x, over]}
            yield {**about, "parts": list(made.parts), **_curve(x, over, surface)}


def _judged(gains: Mapping[str, Number], surface: Surface) -> dict[str, Any]:
    values = np.array([gain.value for gain in gains.values()])
    try:
        found = complementarity(values, surface.covariance(list(gains.values())))
    except REFUSALS as error:
        return {"note": note_of(error)}
    tests = {name: getattr(found, name) for name in ("complements", "substitutes")}
    return {
        "states": list(gains),
        "gains": values.tolist(),
        "std_errors": found.std_errors.tolist(),
        **{name: {"statistic": t.statistic, "p_value": t.p_value} for name, t in tests.items()},
        "p_strict_complements": found.p_strict_complements,
        "p_strict_substitutes": found.p_strict_substitutes,
        "verdict": found.verdict(),
    }


def _turned(x: str, surface: Surface, quantity: str) -> dict[str, Any]:
    """Return the test of Lind and Mehlum; of the index, where the point of return is, too."""
    shape = _shape(x, surface, _slopes(x, surface))
    told: dict[str, Any] = {
        "ends": shape.ends.tolist(),
        "slopes": shape.slopes.tolist(),
        "std_errors": shape.std_errors.tolist(),
        "p_value": shape.p_value(),
    }
    if quantity != COEFFICIENT:
        return told
    names = list(surface.prediction.names)
    places = [names.index(x), names.index(square(x))]
    slopes = [surface.at({x: 0.0}, by=(x,)), surface.at({x: 1.0}, by=(x,))]
    b = np.array([slopes[0].value, (slopes[1].value - slopes[0].value) / 2])
    V = surface.prediction.covariance[np.ix_(places, places)]
    turn = asdict(extreme_point(b, V, df=surface.df))
    return {**told, "turn": {k: v if np.isfinite(v) else None for k, v in turn.items()}}


def _curve(x: str, over: str, surface: Surface) -> dict[str, Any]:
    values = surface.values(over)
    places = _places(values)
    if np.ptp(places) == 0:
        return {"note": "most firms have the same value"}
    numbers = [surface.at({over: float(place)}, by=(x,)) for place in places]
    found = profile(places, np.array([n.value for n in numbers]), surface.covariance(numbers))
    return {
        "places": found.places.tolist(),
        "effects": found.effects.tolist(),
        "std_errors": found.std_errors.tolist(),
        "pointwise": found.pointwise,
        "uniform": found.uniform,
        BINS: _bins(values, places, surface.firms),
    }


def _bins(values: Floats, places: Floats, firms: pd.DataFrame) -> list[dict[str, Any]]:
    """Return who is where below a curve, in classes of about as many firms; the gate counts them.

    Values of firms are not told: the bounds have two significant digits.
    """
    inside = values[(values >= places[0]) & (values <= places[-1])]
    cuts = np.quantile(inside, np.linspace(0, 1, CLASSES + 1)[1:-1])
    between = {float(f"{cut:.2g}") for cut in cuts if places[0] < cut < places[-1]}
    found = []
    for i, (low, high) in enumerate(pairwise([places[0], *sorted(between), places[-1]])):
        here = (values > low) & (values <= high) | ((values == low) if i == 0 else False)
        rows = sorted(map(int, firms.loc[here, ROW]))
        found.append({"low": float(low), "high": float(high), "rows": rows})
    return found


def support_of(
    evidence: Mapping[str, Any], spec: Model, column: str, firms: pd.DataFrame
) -> dict[str, Any]:
    """Return the evidence of a fit with that of the numbers made of its terms: their weakest part.

    Parameters
    ----------
    evidence
        Of the fit, :func:`cisflow.estimation.evidence.of_design`.
    firms
        The rows of the sample that it uses.
    """
    asked = made_of(spec, column)
    if not (evidence and asked):
        return dict(evidence)
    support, weight, means = (dict(evidence[key]) for key in PER_TERM)
    for name, made in asked.items():
        parts = [part for part in made.parts if part in support]
        if parts:
            fewest = min(support[part] for part in parts)
            support[name] = min(fewest, _among(made, firms))
            weight[name] = max((weight[part] for part in parts), key=sum)
            if solved := [means[part] for part in parts if part in means]:
                means[name] = min(solved)
    return {**evidence, "support": support, "weight": weight, "means": means}


def _among(made: Made, firms: pd.DataFrame) -> int:
    """Return the fewest firms on a side within a third, of an effect there; else no bound."""
    if made.kind != EFFECT:
        return len(firms)
    x, over = (firms[name].to_numpy(dtype=float) for name in made.variables)
    thirds = thirds_of(over)
    some = [thirds[third] for third in made.where.split(LESS)]
    common = np.unique(x, return_counts=True)
    most = common[0][common[1].argmax()]
    return min(int(min((x[t] == most).sum(), (x[t] != most).sum())) for t in some)
