"""From a formula and a table to numbers, with every row left out accounted for."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cisflow.estimators.arrays import Floats, Ints
from cisflow.estimators.errors import Count, Problem, Sentence, refuse, refuse_any

Flags = NDArray[np.bool_]
Columns = dict[str, Any]  # numbers as arrays, anything else as Series


@dataclass(frozen=True)
class ModelFrame:
    """Numbers of one model."""

    y: Floats  # (n,)
    X: Floats  # (n, k)
    names: list[str]  # column names of X
    outcome: str
    rows: Ints  # (n,), positions in the caller's table
    total: int  # rows of the caller's table
    # `missing`: rows left out; `missing in a`: rows in which `a` is missing.
    dropped: dict[str, int]
    columns: dict[str, Floats]  # the named extra columns (weights), complete
    order: list[str]  # names of all coefficients in the formula's order
    absorbed: Absorbed | None  # the categorical kept as codes
    specify: Callable[[], Any]  # builds spec

    @cached_property
    def spec(self) -> Any:
        """Formulaic's specification, which turns new data into regressors."""
        return self.specify()


@dataclass(frozen=True)
class Absorbed:
    """A categorical kept as codes instead of a column for each level."""

    term: str  # as the formula writes it: `C(industry)`
    variable: str
    levels: list[Any]  # the first is the base
    codes: Ints  # (n,)

    @property
    def names(self) -> list[str]:
        """Coefficient names, as formulaic writes them."""
        return [f"{self.term}[T.{level}]" for level in self.levels[1:]]

    def encode(self, values: pd.Series) -> Ints:
        """Codes of new values; −1 for a level the model does not know."""
        return np.asarray(pd.Index(self.levels).get_indexer(pd.Index(values)), dtype=np.intp)


ABSORB_FROM = 10  # levels
FEW = 50_000  # values in a table


@dataclass(frozen=True)
class _Matrices:
    """What a formula makes of a table without missing values; names as in ModelFrame."""

    y: Floats
    X: Floats
    names: list[str]
    outcome: str
    order: list[str]
    specify: Callable[[], Any]


def absorbable(terms: tuple[str, ...], columns: Columns) -> Absorbed | None:
    """Find the categorical with most levels that enters alone, beside an intercept.

    Its dummies are then sums over groups instead of columns of zeros and ones.
    """
    found: Absorbed | None = None
    for term, variable in _alone(terms):
        if variable not in columns:
            continue
        if variable == term and isinstance(columns[term], np.ndarray):
            continue
        categorical = encode(term, variable, columns[variable])
        size = len(categorical.levels)
        if size >= max(ABSORB_FROM, len(found.levels) + 1 if found else 0):
            found = categorical
    return found


@lru_cache(maxsize=128)
def _alone(terms: tuple[str, ...]) -> list[tuple[str, str]]:
    """Terms (and what they are made of) whose variable is in no other; none without intercept."""
    used = [set(re.findall(r"\w+", term)) for term in terms]
    named = [(t, t[2:-1] if t.startswith("C(") and t.endswith(")") else t) for t in terms]
    return [(t, v) for t, v in named if "1" in terms and sum(v in names for names in used) == 1]


def encode(term: str, variable: str, values: Any) -> Absorbed:
    """Sort the levels of a categorical and number them."""
    if isinstance(values, np.ndarray) and values.dtype.kind in "iu" and values.size:
        first, last = int(values.min()), int(values.max())
        if last - first <= 4 * values.size + 1000:  # a table of the levels, and no sorting
            shifted = values - first
            levels = np.bincount(shifted).nonzero()[0]
            place = np.empty(last - first + 1, dtype=np.intp)
            place[levels] = np.arange(levels.size)
            return Absorbed(term, variable, (levels + first).tolist(), place[shifted])
    found = pd.Categorical(values)
    codes = np.asarray(found.codes, dtype=np.intp)
    return Absorbed(term, variable, list(found.categories), codes)


_TERM = r"(?:C\(\w+\)|[^\W\d]\w*)"
_PLAIN_SUM = re.compile(rf"\s*([^\W\d]\w*)\s*~\s*(?:1\s*\+\s*)?({_TERM}(?:\s*\+\s*{_TERM})*)\s*")


@dataclass(frozen=True)
class PlainSum:
    """A formula that only adds up columns beside an intercept: ``y ~ a + b + C(g)``."""

    outcome: str
    terms: dict[str, str]  # term → column

    @cached_property
    def variables(self) -> list[str]:
        """All columns it names, in their order."""
        return [self.outcome, *self.terms.values()]

    @cached_property
    def numbers(self) -> frozenset[str]:
        """Those it does not declare categorical."""
        declared = {variable for term, variable in self.terms.items() if term != variable}
        return frozenset(self.variables) - declared


@lru_cache(maxsize=128)
def plain_sum(formula: str) -> PlainSum | None:
    """Recognise the commonest kind of formula, which needs no formula language."""
    match = _PLAIN_SUM.fullmatch(formula)
    if match is None:
        return None
    written = [term.strip() for term in match[2].split("+")]
    plain = PlainSum(match[1], {t: t[2:-1] if t.startswith("C(") else t for t in written})
    return plain if len(set(plain.variables)) == len(written) + 1 else None  # nothing twice


def _sum_matrices(
    plain: PlainSum, formula: str, columns: Columns, absorbed: Absorbed | None
) -> _Matrices:
    """Put the columns side by side."""
    y = np.asarray(columns[plain.outcome], dtype=float)
    parts: list[tuple[list[str], Any]] = [(["Intercept"], 1.0)]
    order = ["Intercept"]
    for term, variable in plain.terms.items():
        values = columns[variable]
        names = [term]
        if absorbed is not None and term == absorbed.term:
            order += absorbed.names
            continue
        if term != variable or not isinstance(values, np.ndarray):
            categorical = encode(term, variable, values)
            names = categorical.names
            values = categorical.codes[:, None] == np.arange(1, len(names) + 1)
        parts.append((names, values))
        order += names
    all_names = [name for names, _ in parts for name in names]
    X = np.empty((y.size, len(all_names)), order="F")
    last = 0
    for names, values in parts:
        first, last = last, last + len(names)
        if np.ndim(values) < 2:
            X[:, first] = values
        else:
            X[:, first:last] = values

    def specify() -> Any:
        return _formulaic_matrices(formula, columns, absorbed).specify()

    return _Matrices(y, X, all_names, plain.outcome, order, specify)


def _formulaic_matrices(formula: str, columns: Columns, absorbed: Absorbed | None) -> _Matrices:
    """Let formulaic build the dense columns, and sort all names as the formula does."""
    from formulaic import Formula

    parsed = _parse(formula)
    if absorbed is not None:
        rest = [term for term in parsed.rhs if str(term) != absorbed.term]
        parsed_dense = Formula(lhs=list(parsed.lhs), rhs=rest)
    else:
        parsed_dense = parsed
    matrices = parsed_dense.get_model_matrix(pd.DataFrame(columns), na_action="ignore")
    y, X = matrices.lhs, matrices.rhs
    names = [str(name) for name in X.columns]
    places = {str(t): i for t, i in X.model_spec.term_indices.items()}
    order: list[str] = []
    for term in map(str, parsed.rhs):
        if absorbed is not None and term == absorbed.term:
            order += absorbed.names
        else:
            order += [names[j] for j in places[term]]
    return _Matrices(
        np.asarray(y.iloc[:, 0], dtype=float),
        np.asarray(X, dtype=float),
        names,
        str(y.columns[0]),
        order,
        lambda: X.model_spec,
    )


@lru_cache(maxsize=128)
def _parse(formula: str) -> Any:
    from formulaic import Formula

    return Formula(formula)


def model_frame(
    formula: str, data: pd.DataFrame, extra: Sequence[str] = (), absorb: bool = False
) -> ModelFrame:
    """Build outcome and regressors; drop rows with a missing value and count them.

    Parameters
    ----------
    formula : str
        As understood by formulaic, which executes functions in it as Python: ``"y ~ a + C(b) +
        a:c"``. What others wrote must be names alone.
    data : DataFrame
    extra : column names
        Columns that must be complete too (weights).
    absorb : bool
        Keep the categorical with most levels as codes, see :func:`absorbable`.

    Raises
    ------
    EstimationError
        If a variable is not in the table, or no row is complete.
    """
    heading = f"Model {formula}"
    plain = plain_sum(formula)
    required = plain.variables if plain else _variables(heading, formula)
    wanted = dict.fromkeys([*required, *extra])
    known = data.columns
    absent = [name for name in wanted if name not in known]
    remedy = "check its spelling in the formula"
    refuse_any(heading, [Problem(f"no column {name}", remedy) for name in absent])
    given, missing = _columns(data, wanted, plain.numbers if plain else ())
    complete, dropped = _complete(heading, missing, len(data))
    if complete is not None:
        given = {name: values[complete] for name, values in given.items()}
    columns: Columns = {name: plain_values(values) for name, values in given.items()}
    if plain is not None and not isinstance(columns[plain.outcome], np.ndarray):
        plain = None
    terms = ("1", *plain.terms) if plain else tuple(map(str, _parse(formula).rhs))
    absorbed = absorbable(terms, columns) if absorb else None
    if plain is not None:
        built = _sum_matrices(plain, formula, columns, absorbed)
    else:
        built = _formulaic_matrices(formula, columns, absorbed)
    return ModelFrame(
        y=built.y,
        X=built.X,
        names=built.names,
        outcome=built.outcome,
        rows=np.arange(len(data)) if complete is None else np.flatnonzero(complete),
        total=len(data),
        dropped=dropped,
        columns={name: np.asarray(columns[name], dtype=float) for name in extra},
        order=built.order,
        absorbed=absorbed,
        specify=built.specify,
    )


def _variables(heading: str, formula: str) -> list[str]:
    parsed = _parse(formula)
    if not hasattr(parsed, "lhs"):
        refuse(heading, "the formula has no outcome", 'write "outcome ~ regressors"')
    return sorted(map(str, parsed.required_variables))


def _complete(
    heading: str, missing: dict[str, Flags], n: int
) -> tuple[Flags | None, dict[str, int]]:
    """Rows without a missing value (None: all), and what is missing how often."""
    if missing or n == 0:
        complete = ~np.logical_or.reduce([np.zeros(n, dtype=bool), *missing.values()])
        counts = {name: int(gaps.sum()) for name, gaps in missing.items()}
        if not complete.any():
            why = ", ".join(f"{name} ({c} missing)" for name, c in counts.items())
            remedy = f"see which variable is empty in this wave: {why}"
            refuse(heading, Sentence("none of ", Count(n), " is complete"), remedy)
        dropped = {"missing": int((~complete).sum())}
        return complete, dropped | {f"missing in {name}": c for name, c in counts.items()}
    return None, {}


def _columns(
    data: pd.DataFrame, wanted: Iterable[str], numbers: Collection[str]
) -> tuple[Columns, dict[str, Flags]]:
    """Columns by name, and where values are missing, for those with missing values.

    Bare numbers where pandas holds bare numbers, else as they are. ``numbers`` are not used
    otherwise, and from a small table of numbers alone they come in one piece, as floats: asking
    pandas for column after column takes longer than a small fit.
    """
    block: Columns = {}
    whole: Collection[str] = ()
    known = data.columns
    if len(data) * len(known) <= FEW and known.is_unique:
        values = data.to_numpy()
        if values.dtype.kind in "fi":
            names = [name for name in wanted if name in numbers]
            values = values.T[[known.get_loc(name) for name in names]].astype(float)
            block = dict(zip(names, values, strict=True))
            whole = block if not np.isnan(values).any() else ()
    columns = {name: block[name] if name in block else _bare(data[name]) for name in wanted}
    gaps = {name: _gaps(values) for name, values in columns.items() if name not in whole}
    return columns, {name: flags for name, flags in gaps.items() if flags is not None}


def _gaps(values: Any) -> Flags | None:
    """Mark missing values; None if there are none."""
    if isinstance(values, np.ndarray):
        if values.dtype.kind != "f":
            return None
        gaps = np.isnan(values)
    else:
        gaps = values.isna().to_numpy(dtype=bool)
    return gaps if gaps.any() else None


def _bare(column: pd.Series) -> Any:
    """Bare numbers where pandas holds bare numbers; other columns stay as they are."""
    dtype = column.dtype
    plain = isinstance(dtype, np.dtype) and dtype.kind in "fiub"
    return column.to_numpy() if plain else column.reset_index(drop=True)


def plain_values(values: Any) -> Any:
    """Give a column without missing values a type formulaic knows: number, or category for text.

    Nullable integers, floats and booleans become numbers (yes = 1); text becomes a category, as in
    R, because formulaic takes pandas' own string type for numbers.
    """
    dtype = values.dtype
    if isinstance(dtype, np.dtype) and dtype.kind in "fiu":
        return np.asarray(values)
    if pd.api.types.is_bool_dtype(dtype) or pd.api.types.is_integer_dtype(dtype):
        return np.asarray(values, dtype="int64")
    if isinstance(dtype, pd.CategoricalDtype):
        return values.cat.remove_unused_categories()
    if pd.api.types.is_numeric_dtype(dtype) and dtype.kind != "c":
        return values.to_numpy("float64")
    if pd.api.types.is_string_dtype(dtype) or pd.api.types.is_object_dtype(dtype):
        return values.astype("category")
    return values


def plain_types(table: pd.DataFrame) -> pd.DataFrame:
    """Give every column of new rows a type formulaic knows, see :func:`plain_values`."""
    columns = {str(name): plain_values(table[name]) for name in table.columns}
    return pd.DataFrame(columns).set_axis(table.index)
