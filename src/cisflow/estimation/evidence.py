"""On which firms each coefficient rests: what the gate asks of a fit, and nobody else is told."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from cisflow.estimation.common import REFUSALS, formula_of, numeric
from cisflow.estimators.arrays import Floats
from cisflow.estimators.design import independent_columns
from cisflow.estimators.regression.rows import read_rows

EVIDENCE = "evidence"
"""Key of a fit's diagnostics that the gate takes away."""
COLUMNS, TERMS, VARIABLES = "columns", "terms", "variables"
"""Keys of a fit's diagnostics where several specifications rest on the same firms: columns and
terms of their rows, and the columns of the panel they are made of."""
SETS, SUMS = "sets", "sums"
"""Keys of evidence: sets of firms that a record counts beside those it rests on, by where the count
stands (``n_with``, ``overlap/with/3``); and which sets readers know to be the sum of which others,
where "" are the firms it rests on."""
ROW = "panel_row"
"""Column of a sample: the row of the panel a firm is in."""
PER_TERM = ("support", "weight", "means")
LARGEST = 10  # firms whose parts of a coefficient are kept
FULL = 10**6  # support of a coefficient on which nothing is known against
UNKNOWN = 10  # columns, of which no mean is told, beside which no reader solves for one of them


def of_regression(
    sample: pd.DataFrame,
    outcome: str,
    terms: Sequence[str],
    effects: Sequence[str] = (),
    weights: str | None = None,
    *,
    linear: bool = True,
) -> dict[str, Any]:
    """Return the evidence of a regression of one outcome, as :func:`of_design`."""
    try:
        formula = formula_of(outcome, terms, effects)
        rows = read_rows("Evidence", formula, numeric(sample), weights)
    except REFUSALS:
        return {}  # what cannot be estimated has no numbers to give anybody away
    firms = sample.iloc[rows.kept]
    return of_design(rows.X, rows.names, firms, rows.weights, linear=linear)


def of_design(
    X: Floats,
    names: Sequence[str],
    firms: pd.DataFrame,
    weights: Floats | None = None,
    *,
    within: bool = False,
    linear: bool = True,
) -> dict[str, Any]:
    """Return on what the coefficients of one regression rest.

    Parameters
    ----------
    X : (n, k) array
    names
        Of its columns.
    firms
        The rows of the sample, shape (n, columns), with :data:`ROW` and ``firm_id``.
    weights : (n,) array or None
    within
        Whether values are deviations: firms are then counted, not rows.
    linear
        Whether the coefficients solve linear equations of means, deviations and correlations.

    Returns
    -------
    dict
        ``rows``, the panel's rows it uses; ``df``, rows less coefficients; ``leverage``, the
        largest; ``support``, per term the fewest firms it rests on; ``weight``, per term the parts
        of it that the largest firms have, per cent, cumulated; ``means``, per term of a group whose
        number and means follow from the coefficients how many firms that has.
    """
    usable = independent_columns(X, np.linalg.norm(X, axis=0))
    X, names = X[:, usable], [name for name, yes in zip(names, usable, strict=True) if yes]
    scaled = X if weights is None else X * np.sqrt(weights)[:, None]
    influence = np.linalg.pinv(scaled)
    leverage = float((scaled * influence.T).sum(axis=1).max()) if len(X) else 1.0
    who = firms["firm_id"].to_numpy() if within else np.arange(len(X))
    support = {name: _smaller_side(X[:, j], who) for j, name in enumerate(names)}
    for name, fewest in _cells(X, names):
        support[name] = min(support[name], fewest)
    for j, name in enumerate(names):
        if len(np.unique(X[:, j])) == 2:
            support[name] = min(support[name], _sides(influence[j]))
    return {
        "rows": sorted(map(int, firms[ROW])),
        "df": len(X) - len(names),
        "leverage": leverage,
        "support": support,
        "weight": {name: _shares(influence[j]) for j, name in enumerate(names)},
        "means": dict(_solved_groups(X, names, who, linear)),
    }


def _solved_groups(
    X: Floats, names: Sequence[str], who: Any, linear: bool
) -> Iterator[tuple[str, int]]:
    """Yield the terms of groups that a reader can solve for, with how many firms these have.

    Where nothing else differs within a group its coefficient and the intercept are the mean of its
    outcome. Else each linear equation of the fit tells, by the published correlations of all other
    columns, one correlation with the group, and the R² or likelihood how many firms it has; unless
    there are more columns that nobody has the correlations of than models of the same firms.
    """
    sizes = [_smaller_side(X[:, j], who) for j in range(len(names))]
    groups = [j for j in range(len(names)) if len(np.unique(X[:, j])) == 2]
    unknown = {j for j in groups if sizes[j] < LARGEST}
    unknown |= {j for j, name in enumerate(names) if any(sign in name for sign in "[:(")}
    for j in groups:
        values, counts = np.unique(X[:, j], return_counts=True)
        here = X[X[:, j] != values[counts.argmax()]]
        alike = (np.delete(here, j, axis=1) == np.delete(here[0], j)).all()
        if alike or (linear and len(unknown - {j}) < UNKNOWN):
            yield names[j], min(sizes[j], _first_level(X, names, names[j], who))


def _first_level(X: Floats, names: Sequence[str], name: str, who: Any) -> int:
    """Return how many firms the level of a class has that the others are compared with."""
    label, level, _ = name.partition("[T.")
    levels = [j for j, other in enumerate(names) if other.startswith(f"{label}[T.")]
    return len(np.unique(who[~X[:, levels].any(axis=1)])) if level else FULL


def _smaller_side(column: Floats, who: Any) -> int:
    """Return how many firms do not have the most common value; a constant is no comparison."""
    values, counts = np.unique(column, return_counts=True)
    if len(values) == 1:
        return FULL
    return len(np.unique(who[column != values[counts.argmax()]]))


def _cells(X: Floats, names: Sequence[str]) -> Iterator[tuple[str, int]]:
    """Yield, for products of yes/no columns and for their parts, the smallest cell they compare."""
    columns = {name: X[:, j] for j, name in enumerate(names)}
    for name in names:
        parts = name.split(":")
        if len(parts) < 2 or any(len(np.unique(columns.get(p, [0, 1, 2]))) > 2 for p in parts):
            continue
        cells = pd.DataFrame({part: columns[part] != 0 for part in parts}).value_counts()
        yield name, int(cells.min())
        for i, part in enumerate(parts):
            alone = [n for cell, n in cells.items() if not any(cell[:i] + cell[i + 1 :])]
            yield part, int(min(alone, default=0))


def _sides(influence: Floats) -> int:
    """Return how many firms in effect make either side of a comparison, the smaller of the two.

    The inverse Herfindahl index of the squared influences of the firms on the coefficient, those
    that raise it and those that lower it apart.
    """
    sides = [influence[influence > 0], influence[influence < 0]]
    effective = [(s**2).sum() ** 2 / (s**4).sum() for s in sides if s.any()]
    return int(min(effective, default=FULL) + 0.5)


def _shares(influence: Floats) -> list[float]:
    """Return what part of a coefficient's squared influences its largest firms have, cumulated."""
    parts = np.sort(influence**2)[::-1]
    total = float(parts.sum())
    return [float(s) for s in 100 * parts[:LARGEST].cumsum() / total] if total > 0 else []


def weakest(first: dict[str, Any], second: dict[str, Any]) -> dict[str, Any]:
    """Return the evidence of numbers that rest on two regressions of the same terms.

    The rows are those of the first.
    """
    if not (first and second):
        return first or second
    names = dict.fromkeys([*first["support"], *second["support"]])
    support = {n: min(e["support"].get(n, FULL) for e in (first, second)) for n in names}
    parts = {n: [e["weight"].get(n, []) for e in (first, second)] for n in names}
    return {
        "rows": first["rows"],
        "df": min(first["df"], second["df"]),
        "leverage": max(first["leverage"], second["leverage"]),
        "support": support,
        "weight": {n: max(shares, key=sum) for n, shares in parts.items()},
        "means": {
            n: min(e["means"].get(n, FULL) for e in (first, second))
            for n in dict.fromkeys([*first["means"], *second["means"]])
        },
    }


def renamed(evidence: dict[str, Any], *prefixes: str) -> dict[str, Any]:
    """Return the evidence of a regression whose terms are told under each of some prefixes."""
    if not evidence:
        return evidence
    return evidence | {
        key: {f"{p}{name}": value for p in prefixes for name, value in evidence[key].items()}
        for key in PER_TERM
    }


def together(parts: Mapping[str, dict[str, Any]]) -> dict[str, Any]:
    """Return the evidence of several regressions that are one model: that of the weakest.

    Terms are ``{outcome} ~ {term}``; so are they in the evidence of a single equation's rows.
    """
    known = {name: part for name, part in parts.items() if part}
    if not known:
        return {}
    return {
        "rows": sorted({row for part in known.values() for row in part["rows"]}),
        "df": min(part["df"] for part in known.values()),
        "leverage": max(part["leverage"] for part in known.values()),
        **{
            key: {f"{to} ~ {t}": v for to, part in known.items() for t, v in part[key].items()}
            for key in PER_TERM
        },
    }


# --- small classes ------------------------------------------------------------------------------


def merged_classes(
    sample: pd.DataFrame, names: Sequence[str], fewest: int
) -> tuple[pd.DataFrame, dict[str, list[str]]]:
    """Return a sample in which every level of its classes has enough firms, and what was merged.

    Levels with fewer firms than ``fewest`` are taken together; where these are still too few, the
    smallest of the others joins them.

    Parameters
    ----------
    sample
        One row per firm.
    names
        Columns with levels, such as ``industry``.
    fewest
        Firms that a level must have.
    """
    merged: dict[str, list[str]] = {}
    for name in names:
        counts = sample[name].value_counts()
        counts = counts[counts > 0].sort_values(kind="stable")
        small = list(counts.index[counts < fewest])
        if not small or len(counts) < 2:
            continue
        rest = [level for level in counts.index if level not in small]
        while rest and counts[small].sum() < fewest:
            small.append(rest.pop(0))
        merged[name] = sorted(map(str, small))
        word = " or ".join(merged[name])
        values = sample[name].astype("object")
        levels = [v for v in sorted(values.dropna().unique(), key=str) if v not in small]
        values = values.where(~values.isin(small), word)
        sample = sample.assign(**{name: pd.Categorical(values, [*levels, word])})
    return sample, merged
