"""From a formula and a table to numbers, with every row left out accounted for."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from cisflow.models.tobit_checks import refuse, rows_in_words
from cisflow.models.tobit_likelihood import Floats, Ints

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class ModelFrame:
    """Numbers of one model.

    Attributes
    ----------
    y : (n,) array
    X : (n, k) array
    names : column names of X
    outcome : str
    rows : (n,) integers
        Positions in the caller's table.
    total : int
        Rows of the caller's table.
    dropped : dict
        ``missing``: rows left out; ``missing in a``: rows in which ``a`` is missing.
    spec : formulaic.ModelSpec
        Turns new data into regressors.
    columns : dict
        The named extra columns (weights), complete.
    order : list of str
        Names of all coefficients in the formula's order.
    absorbed : Absorbed or None
        The categorical kept as codes.
    """

    y: Floats
    X: Floats
    names: list[str]
    outcome: str
    rows: Ints
    total: int
    dropped: dict[str, int]
    spec: Any
    columns: dict[str, Floats]
    order: list[str]
    absorbed: Absorbed | None


@dataclass(frozen=True)
class Absorbed:
    """A categorical kept as codes instead of a column for each level.

    Attributes
    ----------
    term : str
        As the formula writes it: ``C(industry)``.
    variable : str
    levels : list
        The first is the base.
    codes : (n,) integers
    """

    term: str
    variable: str
    levels: list[Any]
    codes: Ints

    @property
    def names(self) -> list[str]:
        """Coefficient names, as formulaic writes them."""
        return [f"{self.term}[T.{level}]" for level in self.levels[1:]]

    def encode(self, values: pd.Series) -> Ints:
        """Codes of new values; −1 for a level the model does not know."""
        import pandas as pd

        return np.asarray(pd.Index(self.levels).get_indexer(pd.Index(values)), dtype=np.intp)


ABSORB_FROM = 10  # levels


def absorbable(parsed: Any, table: pd.DataFrame) -> Absorbed | None:
    """Find the categorical with most levels that enters alone, beside an intercept.

    Its dummies are then sums over groups instead of columns of zeros and ones.
    """
    import pandas as pd

    if "1" not in map(str, parsed.rhs):
        return None
    used = [set(re.findall(r"\w+", str(term))) for term in parsed.rhs]
    found: Absorbed | None = None
    for term in map(str, parsed.rhs):
        variable = term[2:-1] if term.startswith("C(") and term.endswith(")") else term
        if sum(variable in names for names in used) != 1 or variable not in table.columns:
            continue
        if variable == term and not isinstance(table[term].dtype, pd.CategoricalDtype):
            continue
        values = pd.Categorical(table[variable])
        size = len(values.categories)
        if size >= max(ABSORB_FROM, len(found.levels) + 1 if found else 0):
            codes = np.asarray(values.codes, dtype=np.intp)
            found = Absorbed(term, variable, list(values.categories), codes)
    return found


def _matrices(parsed: Any, table: pd.DataFrame, absorbed: Absorbed | None) -> tuple[Any, list[str]]:
    """Dense matrices, and the names of all coefficients in the formula's order."""
    from formulaic import Formula

    formula = parsed
    if absorbed is not None:
        rest = [term for term in parsed.rhs if str(term) != absorbed.term]
        formula = Formula(lhs=list(parsed.lhs), rhs=rest)
    matrices = formula.get_model_matrix(table, na_action="ignore")
    names = [str(name) for name in matrices.rhs.columns]
    places = {str(t): i for t, i in matrices.rhs.model_spec.term_indices.items()}
    order: list[str] = []
    for term in map(str, parsed.rhs):
        if absorbed is not None and term == absorbed.term:
            order += absorbed.names
        else:
            order += [names[j] for j in places[term]]
    return matrices, order


def model_frame(
    formula: str, data: pd.DataFrame, extra: Sequence[str] = (), absorb: bool = False
) -> ModelFrame:
    """Build outcome and regressors; drop rows with a missing value and count them.

    Parameters
    ----------
    formula : str
        As understood by formulaic: ``"y ~ a + C(b) + a:c"``.
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
    from formulaic import Formula

    parsed = Formula(formula)
    heading = f"Model {formula}"
    if not hasattr(parsed, "lhs"):
        refuse(heading, [("the formula has no outcome", 'write "outcome ~ regressors"')])
    wanted = [*_variables(parsed, data), *extra]
    absent = sorted(set(map(str, parsed.required_variables)) - set(data.columns))
    absent += [name for name in extra if name not in data.columns]
    if absent:
        refuse(
            heading,
            [(f"no column {name}", "check its spelling in the formula") for name in absent],
        )
    used = data[wanted].reset_index(drop=True)
    missing = used.isna()
    complete = ~missing.any(axis=1).to_numpy()
    dropped = {}
    if not complete.all():
        dropped["missing"] = int((~complete).sum())
        counts = missing.sum()
        dropped |= {f"missing in {name}": int(c) for name, c in counts.items() if c}
    if not complete.any():
        refuse(
            heading,
            [
                (
                    f"none of {rows_in_words(len(used))} is complete",
                    "see which variable is empty in this wave: "
                    + ", ".join(f"{n} ({c} missing)" for n, c in missing.sum().items() if c),
                )
            ],
        )
    table = plain_types(used[complete])
    absorbed = absorbable(parsed, table) if absorb else None
    matrices, order = _matrices(parsed, table, absorbed)
    y, X = matrices.lhs, matrices.rhs
    return ModelFrame(
        y=np.asarray(y.iloc[:, 0], dtype=float),
        X=np.asarray(X, dtype=float),
        names=[str(name) for name in X.columns],
        outcome=str(y.columns[0]),
        rows=np.flatnonzero(complete),
        total=len(used),
        dropped=dropped,
        spec=X.model_spec,
        columns={name: np.asarray(table[name], dtype=float) for name in extra},
        order=order,
        absorbed=absorbed,
    )


def _variables(parsed: Any, data: pd.DataFrame) -> list[str]:
    required = {str(name) for name in parsed.required_variables}
    return [str(name) for name in data.columns if name in required]


def plain_types(table: pd.DataFrame) -> pd.DataFrame:
    """Give every column a type formulaic knows: float, or category for text.

    Nullable integers, floats and booleans become numbers (yes = 1); text becomes a category, as in
    R, because formulaic takes pandas' own string type for numbers.
    """
    import pandas as pd

    changed = {}
    for name, dtype in table.dtypes.items():
        column = table[name]
        if isinstance(dtype, np.dtype) and dtype.kind in "fiu":
            continue
        if pd.api.types.is_bool_dtype(dtype):
            changed[name] = column.astype("int64")
        elif isinstance(dtype, pd.CategoricalDtype):
            changed[name] = column.cat.remove_unused_categories()
        elif pd.api.types.is_string_dtype(dtype) or pd.api.types.is_object_dtype(dtype):
            changed[name] = column.astype("category")
        elif pd.api.types.is_integer_dtype(dtype):
            changed[name] = column.astype("int64")
        elif pd.api.types.is_numeric_dtype(dtype):
            changed[name] = column.astype("float64")
    return table.assign(**changed) if changed else table
