"""What the regressions share: rows from a formula, scores, results in the Tobit's names."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from types import MappingProxyType
from typing import Any, NoReturn, Self, TypeVar

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from cisflow.estimators.arrays import Floats, Ints
from cisflow.estimators.checks import by_label, told
from cisflow.estimators.covariance import Covariance
from cisflow.estimators.distributions import student
from cisflow.estimators.effects import Prediction
from cisflow.estimators.errors import (
    Alike,
    Count,
    Problem,
    Sentence,
    refuse,
    refuse_any,
    warn_no_estimate,
)
from cisflow.estimators.formula import model_frame
from cisflow.estimators.influence import LeaveOneOut, leave_one_out, options_of
from cisflow.estimators.scores import summed_by_cluster

Results = TypeVar("Results", bound="FittedModel")
EXACT = 1e-9  # of the largest deviation: rows no nearer to their fit are not fitted exactly


@dataclass(frozen=True)
class Rows:
    """The rows of one model, complete, and where they came from."""

    y: Floats
    X: Floats
    names: list[str]
    outcome: str
    kept: Ints
    data: pd.DataFrame
    dropped: dict[str, int]
    weights: Floats | None
    heading: str

    @property
    def size(self) -> int:
        """Number of rows."""
        return len(self.y)

    nobs = size

    @property
    def w(self) -> Floats:
        """Weight of each row, one where there are none."""
        return np.ones(self.size) if self.weights is None else self.weights

    def columns(self, places: Sequence[int] | Ints) -> Rows:
        """Keep some regressors, by their places."""
        return replace(self, X=self.X[:, places], names=[self.names[j] for j in places])

    def take(self, places: Ints) -> Rows:
        """Keep some rows, by their places."""
        weights = None if self.weights is None else self.weights[places]
        return replace(
            self, y=self.y[places], X=self.X[places], kept=self.kept[places], weights=weights
        )

    def codes(self, groups: Any) -> list[Ints]:
        """Codes 0…G−1 of the ways of clustering: column name(s), labels, or a table of labels."""
        if isinstance(groups, list | tuple) and all(isinstance(g, str) for g in groups):
            return [self._codes(way) for way in groups]
        if isinstance(groups, pd.DataFrame):
            return [self._codes(groups[name]) for name in groups]
        several = np.ndim(groups) == 2
        return [self._codes(way) for way in (np.asarray(groups).T if several else [groups])]

    def aligned(self, values: Any, what: str) -> np.ndarray:
        """Values of the rows used, given those or one for every row of the data."""
        index = self.data.index
        index = index if len(values) == len(index) else index[self.kept]
        found = np.asarray(by_label(values, index))
        if len(found) == len(self.data):
            found = found[self.kept]
        if len(found) != len(self.y):
            fault = Sentence(f"{len(found)} {what} for ", Count(len(self.y)))
            refuse(self.heading, fault, "give one for each row")
        return found

    def _codes(self, way: Any) -> Ints:
        if isinstance(way, str) and way not in self.data.columns:
            what = f"no column {way} to cluster by"
            refuse(self.heading, what, "check its spelling, or pass the labels")
        labels = self.aligned(self.data[way] if isinstance(way, str) else way, "cluster labels")
        codes = np.asarray(pd.factorize(labels)[0], dtype=np.intp)
        remedy = "drop these rows or give them a group of their own"
        refuse_any(self.heading, told("the cluster is missing", int((codes < 0).sum()), remedy))
        return codes


def read_rows(
    kind: str,
    formula: str,
    data: pd.DataFrame,
    weights: str | ArrayLike | None = None,
    effects: Iterable[str] = (),
) -> Rows:
    """Build outcome and regressors from a formula; rows with a missing value are counted.

    Raises
    ------
    EstimationError
        For unknown columns, no complete row, infinite values, and weights that are not positive.
    """
    effects, heading = list(effects), f"{kind} {formula}"
    absent = [name for name in effects if name not in data.columns]
    refuse_any(heading, [Problem(f"no column {name}", "check its spelling") for name in absent])
    if weights is not None and not isinstance(weights, str):
        weights = np.asarray(by_label(weights, data.index), dtype=float)
        data = data.assign(weights_given=weights)
        weights = "weights_given"
    whole = data[effects].notna().all(axis=1).to_numpy()
    frame = model_frame(formula, data[whole], [weights] if weights else [])
    dropped = dict(frame.dropped)
    if not whole.all():
        dropped["missing"] = dropped.get("missing", 0) + int((~whole).sum())
        counts = data[effects].isna().sum()
        dropped |= {f"missing in {name}": int(c) for name, c in counts.items() if c}
    bad = [n for n, column in zip(frame.names, frame.X.T, strict=True) if np.isinf(column).any()]
    bad += [frame.outcome] if np.isinf(frame.y).any() else []
    remedy = "often the logarithm of zero or a ratio to zero: set these to missing"
    refuse_any(heading, [Problem(f"{name}: infinite values", remedy) for name in bad])
    weight = frame.columns[weights] if weights else None
    if weight is not None:
        for fault, wrong in {"not positive": ~(weight > 0), "infinite": np.isinf(weight)}.items():
            refuse_any(
                heading, told(f"weights: {fault}", int(wrong.sum()), "drop these rows first")
            )
    kept = np.flatnonzero(whole)[frame.rows]
    return Rows(frame.y, frame.X, frame.names, frame.outcome, kept, data, dropped, weight, heading)


def same_in_all(rows: Rows, outcome: Floats) -> list[Problem]:
    """Return the problem of an outcome without variation; none if it varies."""
    if np.ptp(outcome) > 0:
        return []
    what = Sentence(Alike(f"the outcome {rows.outcome} is the same in all "), Count(len(outcome)))
    return [Problem(what, "there is nothing to explain: check the sample restrictions")]


def refuse_exact(rows: Rows, residuals: Floats) -> None:
    """Refuse an outcome that the regressors reproduce: no error is left to judge them by."""
    if np.abs(residuals).max() > EXACT * np.abs(rows.y - rows.y.mean()).max():
        return
    what = Sentence(f"the regressors fit {rows.outcome} exactly, in ", Count(rows.size))
    refuse(rows.heading, what, "check that no regressor is computed from it, or use fewer")


def refuse_limits(heading: str, lower: float | None, upper: float | None) -> None:
    """Refuse limits that are missing or in the wrong order."""
    if lower is not None and upper is not None and lower < upper:
        return
    named = ["missing" if x is None or np.isnan(x) else f"{x:g}" for x in (lower, upper)]
    what = f"the limits are {' and '.join(named)}".replace("inf", "∞")
    refuse(heading, what, "give a lower limit below the upper one")


class Regression:
    """A model of rows; ``kind`` opens its messages."""

    kind: str
    rows: Rows
    options: Mapping[str, Any] = MappingProxyType({})
    quiet = False  # a part of another model, or one that has warned

    @classmethod
    def from_formula(cls, formula: str, data: pd.DataFrame, **options: Any) -> Self:
        """Build the model; the same as calling the class."""
        return cls(formula, data, **options)  # type: ignore[call-arg]

    @classmethod
    def _from_rows(cls, rows: Any, **options: Any) -> Self:
        model = cls.__new__(cls)
        model._set(rows, **options)
        model.quiet = True
        return model

    def _set(self, rows: Any, /, *args: Any, **options: Any) -> None:
        self.rows = rows

    def fit(self, cov_type: str, cov_kwds: Mapping[str, Any] | None = None) -> FittedModel:
        """Estimate."""
        raise NotImplementedError

    def _results(
        self,
        found: Covariance,
        values: Floats,
        names: Sequence[str],
        options: Mapping[str, Any] | None,
        kind: type[Results],
        shown: Ints | slice = slice(None),
        notes: Mapping[str, str] = MappingProxyType({}),
        **more: Any,
    ) -> Results:
        """Put estimates and what is known of their covariance under the names of ``kind``.

        Of the parameters of the covariance those ``shown`` are told; of these, terms that one row
        or cluster alone determines have no standard error, which the ``notes`` then say.
        """
        lost = np.zeros(len(names), bool) if found.unmeasured is None else found.unmeasured[shown]
        alone = {name: found.why_unmeasured for name, gone in zip(names, lost, strict=True) if gone}
        matrix = found.matrix[shown][:, shown]
        known = {"nobs": self.rows.size, "dropped": self.rows.dropped, "df": found.df}
        return kind(
            model=self,
            params=pd.Series(values, index=list(names), name="params"),
            covariance=pd.DataFrame(matrix, index=list(names), columns=list(names)),
            cov_type=found.cov_type,
            cov_kwds=dict(options or {}),
            cov_note=found.note,
            n_groups=found.groups,
            correction=found.correction,
            notes={**alone, **notes},
            **{**known, **more},
        )

    def warn(self, terms: Collection[str], stacklevel: int) -> None:
        """Warn, once, of terms without an estimate."""
        if not self.quiet:
            self.quiet = True
            warn_no_estimate(self.rows.heading, terms, stacklevel + 1)

    def take(self, places: Ints) -> Self:
        """Build the same model on some of its rows."""
        return self._from_rows(self.whole.take(places), **self.options)

    @property
    def whole(self) -> Any:
        """What the model was built from, where that is more than its rows."""
        return self.rows

    def leave_one_out(self, fit: FittedModel) -> tuple[Floats, Floats, NDArray[np.bool_]]:
        """Coefficients without each row, ratios of their variances to the full ones, doubts."""
        what = f"leaving single rows out is not offered for a {self.kind.lower()}"
        refuse(self.rows.heading, what, "use the Tobit, the fractional logit or least squares")


def one_sided(X: Floats, weights: Floats) -> Callable[[], tuple[Floats, Floats]]:
    """Return the information :math:`w_i x_i x_i'` of each row as :class:`RowScores` takes it."""
    return lambda: (X[:, :, None], weights[:, None, None])


@dataclass
class RowScores:
    """Information (k, k) and scores (n, k) of a fit, for the registry of covariances.

    ``each_row`` gives sides (n, k, r) and core (n, r, r) of the information of each row.
    """

    rows: Rows
    kind: str
    scores: Floats
    information: Floats
    each_row: Callable[[], tuple[Floats, Floats]] | None = None

    @property
    def heading(self) -> str:
        """What opens every message."""
        return self.rows.heading

    def bread(self) -> Floats:
        """Inverse information, (k, k)."""
        return np.asarray(np.linalg.inv(self.information), dtype=float)

    def outer(self) -> Floats:
        """Sum of outer products of the scores, (k, k)."""
        return np.asarray(self.scores.T @ self.scores)

    def sums(self, codes: Ints, groups: int) -> Floats:
        """Scores summed by group, (groups, k)."""
        out = np.zeros((groups, self.scores.shape[1]))
        np.add.at(out, codes, self.scores)
        return out

    def informations(self, codes: Ints, groups: int) -> Iterator[Floats] | None:
        """Information of each group, (k, k) each; None where rows have none of their own."""
        known = self.of_each_row()
        return None if known is None else summed_by_cluster(*known, codes, groups)

    def of_each_row(self) -> tuple[Floats, Floats] | None:
        """Sides (n, k, r) and core (n, r, r) of the information of each row, if it is known."""
        return None if self.each_row is None else self.each_row()

    def jacobian(self) -> Floats:
        """Parameters are the caller's."""
        return np.eye(len(self.information))

    def resampled(self, kind: str, groups: Ints | None, options: Mapping[str, Any]) -> NoReturn:
        """Resampling is offered for the Tobit only."""
        what = f"covariance '{kind}' is not offered for a {self.kind.lower()}"
        refuse(self.heading, what, "use HC1, or cluster")


@dataclass(frozen=True)
class FittedModel:
    """Results under the names the Tobit's have.

    Attributes
    ----------
    params : Series by term
    covariance : DataFrame
    nobs : int
    llf : float or None
        Log-likelihood where there is one (not for a quasi-likelihood or with weights).
    converged : bool
    not_estimable : dict
        Term → why it has no coefficient.
    dropped : dict
        Rows left out, and for want of which variable.
    cov_type, cov_note : str
    n_groups : tuple of int
    df : float or None
        Degrees of freedom of t statistics; None for normal ones.
    n_lower, n_upper : int, or NaN
        Rows at the limits (0 and 1 of a logit), where there are limits.
    scale : float
        σ of the amounts in Cragg's model, NaN elsewhere.
    predicted : callable or None
        From a quantity to its average :class:`~cisflow.estimators.effects.Prediction`.
    extra : dict
        What only some models have: ``r2``, ``absorbed``, ``n_positive``.
    cov_kwds : dict
        Options of the covariance, as given.
    correction : str
        What was done about few clusters: ``CR0``, ``CR1`` or ``CR3``.
    notes : dict
        Term → why it has no estimate, or none of its standard error.

    Notes
    -----
    Terms without an estimate are NaN in all of these.
    """

    model: Regression
    params: pd.Series
    covariance: pd.DataFrame
    nobs: int
    llf: float | None
    cov_type: str
    not_estimable: dict[str, str]
    dropped: dict[str, int]
    converged: bool = True
    cov_note: str = ""
    n_groups: tuple[int, ...] = ()
    df: float | None = None
    n_lower: float = np.nan
    n_upper: float = np.nan
    scale: float = np.nan
    predicted: Callable[[str], Prediction] | None = None
    extra: dict[str, float] = field(default_factory=dict)
    cov_kwds: dict[str, Any] = field(default_factory=dict)
    correction: str = ""
    notes: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Make room for terms without an estimate, and warn of them."""
        covariance, terms = self.covariance.copy(), list(self.params.index)
        covariance.loc[list(self.notes), :] = covariance.loc[:, list(self.notes)] = np.nan
        lost = [term for term in self.not_estimable if term not in terms]
        if lost:
            place = {name: j for j, name in enumerate(self.model.rows.names)}
            terms = sorted([*terms, *lost], key=lambda term: place.get(term, len(place)))
        set_ = partial(object.__setattr__, self)
        set_("params", self.params.reindex(terms))
        set_("covariance", covariance.reindex(index=terms, columns=terms))
        set_("notes", {**self.not_estimable, **self.notes})
        self.model.warn(self.not_estimable, stacklevel=5)

    def with_cov(
        self, cov_type: str = "nonrobust", cov_kwds: Mapping[str, Any] | None = None
    ) -> FittedModel:
        """Return the same estimates with another covariance."""
        return self.model.fit(cov_type, cov_kwds)

    def without(self, rows: Any) -> FittedModel:
        """Refit without some rows, with the same covariance.

        Parameters
        ----------
        rows : integers or (n,) booleans
            Which of the rows used are left out.
        """
        used = self.model.rows
        kept = np.delete(np.arange(used.size), rows)
        options = options_of(self, kept, used.aligned)
        return self.model.take(kept).fit(self.cov_type, options)

    def leave_one_out(self) -> LeaveOneOut:
        """Estimates without each row; see :mod:`cisflow.estimators.influence`.

        Standard errors are of the same kind. Those that are based on a design change in proportion
        to the robust ones.
        """
        without = self.model.leave_one_out(self)
        return leave_one_out(self, *without, self.without, self.model.rows.kept)

    def cov_params(self) -> pd.DataFrame:
        """Covariance of the coefficients."""
        return self.covariance

    @cached_property
    def bse(self) -> pd.Series:
        """Standard errors."""
        values = np.sqrt(np.diag(self.covariance))
        return pd.Series(values, index=self.params.index, name="bse")

    @cached_property
    def tvalues(self) -> pd.Series:
        """Coefficients divided by their standard errors."""
        return (self.params / self.bse).rename("tvalues")

    def prediction(self, kind: str = "observed") -> Prediction:
        """Average prediction of the rows used, as a function of the regressors."""
        if self.predicted is None:
            what = f"average predictions of a {self.model.kind} are not offered"
            refuse(self.model.rows.heading, what, "read the coefficients")
        return self.predicted(kind)

    @property
    def _reference(self) -> Any:
        return student(self.df)

    @cached_property
    def pvalues(self) -> pd.Series:
        """Two-sided p-values, from the t distribution where ``df`` is given."""
        return (2 * self.tvalues.abs().map(self._reference.sf)).rename("pvalues")

    def conf_int(self, alpha: float = 0.05) -> pd.DataFrame:
        """Give confidence intervals; columns 0 and 1, as in statsmodels."""
        half = float(self._reference.ppf(1 - alpha / 2)) * self.bse
        return pd.DataFrame({0: self.params - half, 1: self.params + half})
