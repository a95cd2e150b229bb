"""Rows of a selection model: all of whom selection is known, and those who are selected."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from cisflow.estimators.arrays import Floats, Ints
from cisflow.estimators.checks import told
from cisflow.estimators.design import usable_columns
from cisflow.estimators.errors import Alike, Count, EstimationWarning, Sentence, refuse, refuse_any
from cisflow.estimators.regression.logit import Probit
from cisflow.estimators.regression.rows import Rows, read_rows, refuse_exact, same_in_all


class NoExclusionWarning(EstimationWarning):
    """No regressor is in the selection equation alone: the model rests on normality."""


@dataclass(frozen=True)
class Pair:
    """Two equations and their rows."""

    selection: Rows  # all n rows; `y` is 1 of those selected
    outcome: Rows  # the m rows that are selected
    places: Ints  # (m,), where these are among the n

    @property
    def excluded(self) -> list[str]:
        """Regressors of the selection alone: the exclusion restriction."""
        return [name for name in self.selection.names if name not in self.outcome.names]

    def take(self, some: Ints) -> Pair:
        """Keep some of the n rows."""
        selection = self.selection.take(some)
        among = np.full(self.selection.size, -1)
        among[self.places] = np.arange(len(self.places))
        kept = among[some]
        return Pair(selection, self.outcome.take(kept[kept >= 0]), np.flatnonzero(kept >= 0))


def read_pair(kind: str, selection: str, outcome: str, data: pd.DataFrame) -> Pair:
    """Build both equations; a selected row without an answer to the outcome's is in neither.

    Parameters
    ----------
    kind
        What opens messages.
    selection, outcome
        Formulas; the left of the first is 1 (or true) of the rows whose outcome is observed.
    data
        One row per firm.

    Raises
    ------
    EstimationError
        If the left of the selection is neither 0 nor 1, or all or none are selected.
    """
    rows = read_rows(kind, selection, data)
    other = int((~np.isin(rows.y, (0.0, 1.0))).sum())
    refuse_any(rows.heading, told("selected is neither 0 nor 1", other, "code it 0/1"))
    if np.ptp(rows.y) == 0:
        what = Sentence("all, or none, of ", Count(rows.size), " are selected")
        refuse(rows.heading, what, "without those left out there is no selection: use a regression")
    chosen = rows.kept[rows.y == 1]
    inner = read_rows(kind, outcome, data.iloc[chosen].reset_index(drop=True))
    seen = replace(inner, kept=chosen[inner.kept], data=data)
    stay = np.flatnonzero((rows.y == 0) | np.isin(rows.kept, seen.kept))
    rows = replace(rows.take(stay), dropped=_both(rows.dropped, inner.dropped))
    return Pair(rows, seen, np.flatnonzero(rows.y == 1))


def _both(first: dict[str, int], second: dict[str, int]) -> dict[str, int]:
    return {key: first.get(key, 0) + second.get(key, 0) for key in {**first, **second}}


def independent(rows: Rows) -> tuple[Rows, dict[str, str]]:
    """Return rows without regressors that repeat others, and why each of these is left out."""
    usable, lost = usable_columns(rows.X, rows.names)
    return rows.columns(usable), lost


def refuse_unless_overdetermined(rows: Rows) -> None:
    """Refuse as many coefficients as rows, and an outcome that they reproduce."""
    refuse_any(rows.heading, same_in_all(rows, rows.y))
    if rows.size <= rows.X.shape[1]:
        what = Sentence(Count(rows.size), f" for {rows.X.shape[1]} coefficients")
        refuse(rows.heading, what, "use fewer regressors or broader groups, or pool waves")
    refuse_exact(rows, rows.y - rows.X @ np.linalg.lstsq(rows.X, rows.y, rcond=None)[0])


def warn_without_exclusion(pair: Pair) -> None:
    """Warn where nothing but the curvature of the normal distribution tells selection apart."""
    if not pair.excluded:
        text = (
            f"{pair.selection.heading}: no regressor is in the selection equation alone; what is "
            "corrected rests on the normal distribution and nothing else"
        )
        warnings.warn(text, NoExclusionWarning, stacklevel=4)


@dataclass(frozen=True)
class Chosen:
    """A probit of a yes/no, with what the steps after it need."""

    beta: Floats  # (k,)
    scores: Floats  # (n, k)
    covariance: Floats  # (k, k), inverse of the observed information
    eta: Floats  # (n,)
    llf: float


def probit_of(rows: Rows) -> Chosen:
    """Fit the probit of ``rows.y``; one that some rows separate is refused.

    Raises
    ------
    EstimationError
        It names what predicts perfectly.
    """
    solution = Probit._from_rows(rows).solution
    if solution.not_estimable:
        named = ", ".join(solution.not_estimable)
        what = Sentence(Alike(f"whether {rows.outcome} is predicted perfectly by {named}"))
        refuse(rows.heading, what, "merge the category with another or drop the term")
    of, beta = solution.scores, solution.beta
    return Chosen(beta, of.scores, of.bread(), rows.X @ beta, solution.llf)
