"""An estimate without each single firm: of regressions by one Newton step, of path models exactly.

What leaving a firm out does to an estimate is also the firm's influence on it; the influences of
the same firms on several estimates say how these hang together.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from cisflow.base.problems import CisflowError, Problem
from cisflow.estimation.balances import NAMES
from cisflow.estimation.common import fit_arguments
from cisflow.estimation.effects import gradient_of
from cisflow.estimation.evidence import ROW
from cisflow.estimation.paths import path_of
from cisflow.estimation.shapes import gradient_of_made
from cisflow.estimators.arrays import Floats, Ints
from cisflow.estimators.path.balance import parts_of
from cisflow.estimators.path.moments import Estimates
from cisflow.estimators.path.results import PathResults
from cisflow.estimators.path.system import ARROW, Path, sum_of_products
from cisflow.study.balance_terms import SCALES, split_column
from cisflow.study.claims import COEFFICIENT, Single
from cisflow.study.models import Model
from cisflow.study.shapes import OF_LINES, made_of

CHUNK = 500  # firms left out at a time


@dataclass(frozen=True)
class LeftOut:
    """An estimate without each firm."""

    # estimate, std_error: on all firms.
    estimate: float
    std_error: float
    # estimates, std_errors: each (n,), without each; not a number where there is no estimate
    # without the firm.
    estimates: Floats
    std_errors: Floats
    rows: Ints  # (n,), the firms' rows of the panel

    @property
    def influence(self) -> dict[int, float]:
        """What each firm does to the estimate, by its row of the panel."""
        moved = np.nan_to_num(self.estimate - self.estimates)
        return {int(row): float(by) for row, by in zip(self.rows, moved, strict=True)}


# --- regressions -------------------------------------------------------------------------------


def of_regression(
    fit: Any, without: Any, firms: pd.DataFrame, spec: Model, test: Single, row: Mapping[str, Any]
) -> LeftOut | None:
    """Return a regression's estimate without each firm; None where its estimator cannot tell.

    Parameters
    ----------
    fit
        Fitted with the main covariance.
    without
        Its ``leave_one_out()``, None where it has none.
    firms
        The sample, yes/no as numbers, with :data:`cisflow.estimation.evidence.ROW`.
    spec, test
        Its model; which term of it, and which number of the term.
    row
        The estimate, as the tidy table has it.

    Notes
    -----
    An average effect moves with the coefficients by its gradient, and its standard error in
    proportion to that of the term's coefficient.
    """
    made = made_of(spec, test.column).get(test.term)
    # Of a number made of several terms the standard error moves as that of the last of them does.
    term = made.parts[-1] if made else test.term
    if without is None or term not in fit.params.index or (made and made.kind in OF_LINES):
        return None
    ratio = (without.bse[term] / fit.bse[term]).to_numpy()
    moved = without.params - fit.params
    by = moved[term].to_numpy()
    if made or test.measured != COEFFICIENT:
        gradient = (
            gradient_of_made(fit, spec, firms, test.column, made, test.measured)
            if made
            else gradient_of(fit, spec, firms, test.term, test.measured)
        )
        named = [name for name in gradient.index if name in moved]
        by = moved[named].to_numpy() @ gradient[named].to_numpy()
    places = firms[ROW].to_numpy()[np.asarray(without.params.index, dtype=np.intp)]
    estimate, error = float(row["estimate"]), float(row["std_error"])
    return LeftOut(estimate, error, estimate + by, error * ratio, places)


# --- path models and balances ------------------------------------------------------------------


def fit_path(firms: pd.DataFrame, spec: Model) -> PathResults:
    """Fit the path model of a specification with its main covariance, without resampling."""
    model = path_of(spec, firms, spec.weightings[0], spec.equations)
    return model.fit(**fit_arguments(spec.covariance[0], firms))


def of_path(
    fit: PathResults, firms: pd.DataFrame, spec: Model, test: Single, row: Mapping[str, Any]
) -> LeftOut:
    """Return an arrow, an effect or a part of a balance without each firm.

    The estimates are exact. A variance that is a sum over firms loses the part of the firm that is
    left out; what its leverage does to the others' parts is of second order, and left aside.
    """
    quantity = quantity_of(fit, spec, test)
    value = float(quantity(fit.found)[0])
    each = _without_each(fit)
    values = np.concatenate([np.where(part.ok, quantity(part), np.nan) for part in each])
    influence = np.nan_to_num(values - values[np.isfinite(values)].mean())
    left = np.maximum(1 - influence**2 / max(float((influence**2).sum()), 1e-300), 0)
    error = float(row["std_error"])
    places = firms[ROW].to_numpy()[np.flatnonzero(fit.firms.keep)]
    return LeftOut(value, error, values, error * np.sqrt(left), places)


def quantity_of(fit: PathResults, spec: Model, test: Single) -> Callable[[Estimates], Floats]:
    """Return the function of coefficients and standard deviations that a test is about.

    Raises
    ------
    CisflowError
        If the model has no such arrow, effect or part.
    """
    system = fit.firms.system
    paths, source = _paths_of(fit, spec, test)
    if not paths:
        what = f"{test.term} is no arrow, effect or part of a balance"
        raise CisflowError("Path model", Problem(what, "see the table of the model"))
    s, t = system.position[source], system.position[test.outcome]

    def value(found: Estimates) -> Floats:
        raw = sum_of_products(found.coef, paths)
        if split_column(test.column)[0] != SCALES[0]:
            return raw
        return np.asarray(raw * found.sd[:, s] / found.sd[:, t])

    return value


def _paths_of(fit: PathResults, spec: Model, test: Single) -> tuple[list[Path], str]:
    """Return the paths that add up to a test's effect, and the variable they start from."""
    system = fit.firms.system
    if spec.balance:
        about = spec.balance
        parts = parts_of(system, **about.model_dump(), names=NAMES)
        return list(parts.get(test.term, [])), about.source
    kind, _, rest = test.term.partition("(")
    source = rest.rstrip(")") if rest else test.term.split(ARROW)[0]
    if source not in system.position:
        return [], source
    every = system.paths(source, test.outcome)
    direct = [path for path in every if len(path.arrows) == 1]
    if not rest:
        named = [path for path in every if path.label == test.term]
        return (named if ARROW in test.term else direct), source
    indirect = [path for path in every if len(path.arrows) > 1]
    return {"total": every, "direct": direct, "indirect": indirect}.get(kind, []), source


def _without_each(fit: PathResults) -> Iterator[Estimates]:
    """Yield the estimates without one firm each, a chunk at a time."""
    n = fit.firms.nobs
    for start in range(0, n, CHUNK):
        size = min(CHUNK, n - start)
        weights = np.ones((size, n))
        weights[np.arange(size), start + np.arange(size)] = 0.0
        yield fit.firms.reweight(weights)
