"""From a table of firms, or a printed correlation matrix, to what a path model is estimated from.

Everything that would make a coefficient meaningless is looked for here, before estimation, and
said together.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from pandas.api.types import is_bool_dtype, is_numeric_dtype

from cisflow.estimators.checks import check_weights
from cisflow.estimators.errors import (
    Alike,
    Count,
    EstimationError,
    Problem,
    Sentence,
    refuse,
    refuse_any,
)
from cisflow.estimators.path.moments import TOLERANCE, Moments, Sample, center, least_squares
from cisflow.estimators.path.system import HEADING, System


@dataclass(frozen=True)
class Columns:
    """Numeric columns of all firms, before rows with missing values are left out."""

    values: dict[str, np.ndarray]  # variable → floats, shape (rows,), NaN where missing
    # Names of the controls; a categorical one has become one name per category but the first.
    controls: tuple[str, ...]


def read_columns(
    data: pd.DataFrame, terms: Sequence[str], controls: Sequence[str], effects: Sequence[str]
) -> Columns:
    """Take the model's variables from a table.

    A term is a column or a product ``a:b`` of columns. A control may also be categorical.

    Raises
    ------
    EstimationError
        For unknown columns, text where numbers are needed, and infinite values.
    """
    problems: list[Problem] = []
    values: dict[str, np.ndarray] = {}
    names: list[str] = []
    for term in terms:
        values[term] = _product(data, term, problems)
    for control in controls:
        whole = control in data.columns
        plain = control if whole else control.removeprefix("C(").removesuffix(")").strip()
        if plain in data.columns and (plain != control or not _is_number(data[plain])):
            dummies = _dummies(data[plain], plain)
            values |= dummies
            names.extend(dummies)
        else:
            values[control] = _product(data, control, problems)
            names.append(control)
    problems.extend(_unknown(name, data) for name in effects if name not in data.columns)
    problems.extend(
        Problem(
            Sentence(f"'{name}' is infinite in ", Count(count), " (a division by zero?)"),
            "set these values to missing, or mend the ratio that made them",
        )
        for name, v in values.items()
        if (count := int(np.isinf(v).sum()))
    )
    refuse_any(HEADING, dict.fromkeys(problems))
    return Columns(values, tuple(names))


def _is_number(column: pd.Series) -> bool:
    return is_numeric_dtype(column) or is_bool_dtype(column)


def _unknown(name: str, data: pd.DataFrame) -> Problem:
    close = get_close_matches(name, map(str, data.columns), n=1)
    hint = f"did you mean '{close[0]}'?" if close else "check the spelling against the panel"
    return Problem(f"the data have no variable '{name}'", hint)


def _product(data: pd.DataFrame, term: str, problems: list[Problem]) -> np.ndarray:
    """Return a column, or the product of the columns of ``a:b``."""
    parts = [term] if term in data.columns else term.split(":")
    value = np.ones(len(data))
    for part in parts:
        if part not in data.columns:
            problems.append(_unknown(part, data))
        elif not _is_number(data[part]):
            problems.append(
                Problem(
                    f"'{part}' holds text or categories, but an arrow needs a number",
                    "use it under `controls` or `fixed_effects`, or code it as numbers",
                )
            )
        else:
            value = value * data[part].to_numpy(dtype=float, na_value=np.nan)
    return value


def _dummies(column: pd.Series, name: str) -> dict[str, np.ndarray]:
    """Make an indicator of every category but the first; missing stays missing."""
    missing = column.isna().to_numpy()
    # Categories have an order of their own.
    levels = list(column.dropna().sort_values(kind="stable").unique())
    if not isinstance(column.dtype, pd.CategoricalDtype):
        levels.sort(key=str)
    found = {}
    for level in levels[1:]:
        indicator = (column == level).to_numpy(dtype=float, na_value=np.nan)
        indicator[missing] = np.nan
        found[f"{name}[{level}]"] = indicator
    return found


def read_weights(
    data: pd.DataFrame, weights: str | ArrayLike | None
) -> tuple[str, np.ndarray] | None:
    """Name and values, shape (rows,), of sampling weights; missing ones are NaN.

    Raises
    ------
    EstimationError
        For an unknown column, text, another length, and weights that are no weights.
    """
    if weights is None:
        return None
    if not isinstance(weights, str):
        values = pd.Series(weights).to_numpy(dtype=float, na_value=np.nan)
        name = "sampling weights" if "weights" in data.columns else "weights"
    else:
        problems: list[Problem] = []
        name, values = weights, _product(data, weights, problems)
        refuse_any(HEADING, problems)
    if values.shape == (len(data),):
        missing = np.isnan(values)
        check_weights(HEADING, name, np.where(missing, 1.0, values), len(data))
    else:
        check_weights(HEADING, name, values, len(data))
    return name, values


def check_missing(missing: str) -> str:
    """Refuse an unknown way to treat missing values."""
    if missing not in ("listwise", "fiml"):
        what = f"missing values cannot be treated by '{missing}'"
        refuse(HEADING, what, 'use "listwise" or "fiml"')
    return missing


def any_observed(columns: Columns, names: Sequence[str]) -> np.ndarray:
    """Mark the rows in which one of the variables at least is observed."""
    seen = np.zeros(len(next(iter(columns.values.values()))), dtype=bool)
    for name in names:
        seen |= ~np.isnan(columns.values[name])
    return seen


def complete_rows(
    columns: Columns, data: pd.DataFrame, variables: Sequence[str], effects: Sequence[str]
) -> np.ndarray:
    """Mark the rows in which nothing of the model is missing.

    Raises
    ------
    EstimationError
        If there is none; the variables that are missing everywhere are named.
    """
    keep = np.ones(len(data), dtype=bool)
    for name in variables:
        keep &= ~np.isnan(columns.values[name])
    for name in effects:
        keep &= data[name].notna().to_numpy()
    if keep.any():
        return keep
    empty = [name for name in variables if np.isnan(columns.values[name]).all()]
    empty += [name for name in effects if data[name].isna().all()]
    firms = Count(len(data), "firm")
    remedy = "leave it out, or check that the questionnaire asked for it"
    refuse_any(
        HEADING,
        [Problem(Sentence(f"'{name}' is missing for all ", firms), remedy) for name in empty],
    )
    what = Sentence("none of the ", firms, " has a value for every variable of the model")
    remedy = "look at which variables are never observed together and drop one of them"
    raise EstimationError(HEADING, Problem(what, remedy))


def count_missing(
    columns: Columns,
    data: pd.DataFrame,
    variables: Sequence[str],
    effects: Sequence[str],
    keep: np.ndarray,
) -> dict[str, int]:
    """Count the rows left out, and for want of which variable (one row can lack several)."""
    if keep.all():
        return {}
    counts = {name: int(np.isnan(columns.values[name]).sum()) for name in variables}
    counts |= {name: int(data[name].isna().sum()) for name in effects}
    found = {f"missing in {name}": count for name, count in counts.items() if count}
    return {"missing": int((~keep).sum()), **found}


def make_sample(
    system: System,
    columns: Columns,
    data: pd.DataFrame,
    keep: np.ndarray,
    effects: Sequence[str],
    weights: np.ndarray | None = None,
) -> tuple[Sample, Moments]:
    """Put the kept firms' values in the order of the system and form their moments.

    ``weights`` are the kept firms' sampling weights; they are scaled to a mean of one.

    Raises
    ------
    EstimationError
        If the sample does not determine the coefficients (see :func:`check_moments`).
    """
    values = np.column_stack([columns.values[name][keep] for name in system.variables])
    levels = np.zeros(len(values), dtype=int)
    if effects:
        levels = pd.factorize(data[effects[0]][keep])[0]
    further = [
        pd.get_dummies(data[name][keep].astype(object), dtype=float).to_numpy()[:, 1:]
        for name in effects[1:]
    ]
    dummies = np.column_stack(further) if further else np.empty((len(values), 0))
    if weights is not None:
        weights = weights / weights.mean()
    sample = Sample(values, levels, dummies, weights)
    check_size(system, len(values), 1 + len(np.unique(levels)) - 1 + dummies.shape[1])
    check_variation(system, values)
    net, fitted, absorbed = center(sample)
    within, between = sample.covariance(net.values), sample.covariance(fitted)
    moments = Moments(within, between, len(values), absorbed)
    check_moments(system, moments, effects)
    return sample, moments


def check_size(system: System, nobs: int, absorbed: int, only: str | None = None) -> None:
    """Refuse an equation (any, or that of ``only``) with no fewer parameters than firms."""
    problems = [
        Problem(
            Sentence(
                f"the equation for '{target}' has {len(arrows) + absorbed} parameters "
                "(intercept and fixed effects included) but only ",
                Count(nobs, "firm"),
            ),
            "use fewer regressors or broader industries, or a larger sample",
        )
        for target, arrows, _ in system.equations
        if nobs <= len(arrows) + absorbed and only in (None, target)
    ]
    refuse_any(HEADING, problems)


def check_variation(system: System, values: np.ndarray) -> None:
    """Refuse variables that are the same for every firm (missing values aside)."""
    problems = [
        Problem(
            Sentence(
                Alike(f"'{name}' has the same value for all "),
                Count(len(values), "firm"),
                ": it has no coefficient, and no standardised one as its standard deviation is "
                "zero",
            ),
            "leave it out, or check the sample restriction that made it constant",
        )
        for name, column in zip(system.variables, values.T, strict=True)
        if np.nanmin(column) == np.nanmax(column)
    ]
    refuse_any(HEADING, problems)


def check_moments(system: System, moments: Moments, effects: Sequence[str] = ()) -> None:
    """Refuse moments that leave a coefficient undetermined, naming the variables at fault.

    Raises
    ------
    EstimationError
        For variables without variation within the fixed effects, exact combinations among
        regressors, and an outcome that its regressors reproduce exactly.
    """
    variance = np.diag(moments.within)
    groups = " and ".join(f"'{name}'" for name in effects)
    problems = [
        Problem(
            f"'{name}' does not vary among firms of the same {groups}",
            "leave it out, or leave out the fixed effects that absorb it",
        )
        for name, v, t in zip(system.variables, variance, moments.variance, strict=True)
        if v <= TOLERANCE * t
    ]
    refuse_any(HEADING, problems)
    scale = np.sqrt(variance)
    s = (moments.within / np.outer(scale, scale))[:, :, None]
    q = len(system.exogenous)
    for j, (target, _, sources) in enumerate(system.equations):
        names = [system.variables[i] for i in sources]
        usable = least_squares(s, sources, q + j)[2][:, 0]
        for i in np.flatnonzero(~usable[:-1]):
            partners = _partners(s, sources[:i], int(sources[i]), names[:i])
            problems.append(
                Problem(
                    f"'{names[i]}' is an exact linear combination of {partners} "
                    f"in the equation for '{target}'",
                    "leave one of them out: their effects cannot be told apart",
                )
            )
        if usable[:-1].all() and not usable[-1]:
            problems.append(
                Problem(
                    f"the outcome '{target}' is reproduced exactly by {_listed(names)}",
                    "it is computed from them, an identity and not an effect: take them out",
                )
            )
    refuse_any(HEADING, problems)


def _partners(s: np.ndarray, earlier: np.ndarray, variable: int, names: list[str]) -> str:
    """Name the regressors that make up ``variable``."""
    design = s[np.ix_(earlier, earlier)][:, :, 0]
    weights = np.linalg.lstsq(design, s[earlier, variable, 0], rcond=1e-8)[0]
    return _listed([n for n, w in zip(names, weights, strict=True) if abs(w) > 1e-6])


def _listed(names: Sequence[str]) -> str:
    return ", ".join(f"'{name}'" for name in names)


def correlation_moments(
    system: System, corr: pd.DataFrame, sd: Mapping[str, float] | pd.Series, n: int
) -> Moments:
    """Covariances from a printed correlation matrix.

    Parameters
    ----------
    corr
        Square, labelled; the triangle that is not printed may be empty.
    sd
        Standard deviations as printed, i.e. with divisor n − 1.

    Raises
    ------
    EstimationError
        For variables without a row, a column or a standard deviation, numbers that are no
        correlations, triangles that contradict one another, and a matrix that no sample can have.
    """
    names = list(system.variables)
    deviations = pd.Series(dict(sd), dtype=float)
    problems = [
        Problem(f"the correlation matrix has no row and column '{v}'", "label both by the variable")
        for v in names
        if v not in corr.index or v not in corr.columns
    ]
    problems += [
        Problem(f"'{v}' has no positive standard deviation", "give the printed one under `sd`")
        for v in names
        if not deviations.get(v, 0.0) > 0
    ]
    refuse_any(HEADING, problems)
    r = _full_matrix(corr.loc[names, names].to_numpy(dtype=float), names)
    check_size(system, n, 1)
    scale = deviations[names].to_numpy()
    within = r * np.outer(scale, scale) * ((n - 1) / n)
    moments = Moments(within, np.zeros_like(within), n)
    check_moments(system, moments)
    return moments


def _full_matrix(r: np.ndarray, names: list[str]) -> np.ndarray:
    """Mirror a printed triangle and check that the whole is a correlation matrix."""
    r = np.where(np.isnan(r), r.T, r)
    r[np.diag_indices_from(r)] = np.where(np.isnan(np.diag(r)), 1.0, np.diag(r))
    problems = []
    for i, j in zip(*np.tril_indices_from(r), strict=True):
        pair = f"'{names[i]}' with '{names[j]}'"
        if np.isnan(r[i, j]):
            problems.append(Problem(f"no correlation of {pair}", "give it in one triangle"))
        elif i == j and not np.isclose(r[i, i], 1.0):
            problems.append(
                Problem(f"the correlation of {pair} is {r[i, i]:g}", "the diagonal must hold 1")
            )
        elif abs(r[i, j]) > 1:
            problems.append(
                Problem(f"{r[i, j]:g} for {pair} is no correlation", "it must lie in −1 … 1")
            )
        elif not np.isclose(r[i, j], r[j, i]):
            problems.append(
                Problem(
                    f"two different correlations of {pair}: {r[i, j]:g} and {r[j, i]:g}",
                    "correct one, or leave one triangle empty",
                )
            )
    if not problems and np.linalg.eigvalsh(r)[0] < -1e-8:
        problems.append(
            Problem(
                "no sample can have these correlations together (the matrix has a negative "
                "eigenvalue)",
                "look for a misprint, or for pairwise deletion of missing values in the source",
            )
        )
    refuse_any(HEADING, problems)
    return r
