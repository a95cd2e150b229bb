r"""The Tobit: a linear model for an outcome that piles up at a limit.

.. math:: y_i^* = x_i\beta + \sigma\varepsilon_i,\quad \varepsilon_i \sim N(0, 1),\quad
          y_i = \min(\max(y_i^*, L_i), U_i)

A row contributes the density of its outcome if that is observed, and the probability of its side
if it is at a limit or in a bracket :math:`[a_i, b_i]`:

.. math:: \ell_i = \begin{cases}
          -\log\sigma + \log\phi\big((y_i - x_i\beta)/\sigma\big) & L_i < y_i < U_i \\
          \log\Phi\big((L_i - x_i\beta)/\sigma\big) & y_i = L_i \\
          \log\Phi\big((x_i\beta - U_i)/\sigma\big) & y_i = U_i \\
          \log\big[\Phi\big((b_i - x_i\beta)/\sigma\big)
          - \Phi\big((a_i - x_i\beta)/\sigma\big)\big] & \text{bracketed}
          \end{cases}

Sources: Tobin (1958, Econometrica 26:24–36); Amemiya (1984, Journal of Econometrics 24:3–61);
Olsen (1978, Econometrica 46:1211–1215) for the parameters the likelihood is maximised in.

>>> from cisflow.estimators import Tobit
>>> fit = Tobit.from_formula("share_new ~ log_employees + C(industry)", firms, upper=100).fit()
>>> print(fit.summary())                                                         # doctest: +SKIP
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from math import isfinite
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from cisflow.estimators.arrays import Floats, Ints
from cisflow.estimators.checks import check_regressors, check_weights
from cisflow.estimators.errors import Count, Sentence, refuse
from cisflow.estimators.tobit.checks import (
    Estimable,
    check_outcome,
    check_variation,
    find_estimable,
)
from cisflow.estimators.tobit.likelihood import (
    Design,
    Likelihood,
    Optimum,
    Outcome,
    build_likelihood,
    maximise,
)
from cisflow.estimators.tobit.scaling import (
    Scaling,
    choose_scaling,
    column_totals,
    starting_values,
    thinned_optimum,
)

if TYPE_CHECKING:
    import pandas as pd

    from cisflow.estimators.formula import Absorbed, ModelFrame
    from cisflow.estimators.tobit.results import TobitResults


FEW = 100_000  # numbers in a design


@dataclass(frozen=True)
class Solution:
    """A maximised likelihood and the way back to the caller's units."""

    scaling: Scaling
    X: Design
    estimable: Estimable
    likelihood: Likelihood
    optimum: Optimum


class Tobit:
    """Tobit regression by maximum likelihood.

    Parameters
    ----------
    endog : (n,) array-like
        Outcome, at its limit where it is censored.
    exog : (n, k) array-like or DataFrame
        Regressors, the intercept included.
    lower, upper : float, (n,) array-like or None
        Limits, the same for all rows or one per row; None where there is none.
    weights : (n,) array-like, optional
        Sampling weights: how many firms of the population a row stands for. The likelihood is
        then a pseudo-likelihood; use HC1 or clustered standard errors.
    freq_weights : (n,) array-like, optional
        Frequency weights: how many identical rows a row stands for.
    absorb : (n,) array-like of categories, optional
        A categorical whose levels get a dummy each (the first is the base), kept as codes: their
        moments are sums over groups. ``exog`` must hold an intercept. ``from_formula`` does this
        by itself for the categorical with most levels.

    Raises
    ------
    EstimationError
        (a ``ValueError``) if the data do not determine the model; it says why and what to do.

    Notes
    -----
    A value within 1e-9 of its limit, in units of the outcome's range, is at the limit.
    """

    def __init__(
        self,
        endog: ArrayLike,
        exog: ArrayLike,
        lower: ArrayLike | None = 0,
        upper: ArrayLike | None = None,
        weights: ArrayLike | None = None,
        freq_weights: ArrayLike | None = None,
        absorb: ArrayLike | Absorbed | None = None,
    ):
        name = str(getattr(endog, "name", None) or "y")
        X = np.asarray(exog, dtype=float)
        X = X[:, None] if X.ndim == 1 else X
        y = np.asarray(endog, dtype=float).squeeze()
        self._set(
            name,
            censored(f"Tobit of {name}", y, lower, upper),
            X,
            column_names(exog, X),
            weights,
            freq_weights,
            absorb,
        )
        self.limits = (lower, upper)

    def _set(
        self,
        name: str,
        outcome: Outcome,
        X: Floats,
        names: list[str],
        weights: ArrayLike | None,
        freq_weights: ArrayLike | None,
        absorb: ArrayLike | Absorbed | None = None,
    ) -> None:
        self.endog_name = name
        self.heading = f"Tobit of {name}"
        self.exog_names = names
        n = X.shape[0]
        if outcome.value.shape != (n,):
            what = f"{outcome.value.size} outcomes for {n} rows of regressors"
            refuse(self.heading, [(what, "give the same rows of both")])
        if n == 0:
            refuse(self.heading, [("no rows", "check the sample restrictions")])
        self._totals = column_totals(X)
        if not np.isfinite(self._totals[0]).all():
            check_regressors(self.heading, X, self.exog_names)
        check_variation(self.heading, outcome)
        self.outcome = outcome
        self.absorbed = as_absorbed(self.heading, absorb, n)
        if self.absorbed is None:
            self.design = Design(X)
        else:
            self.design = Design(X, self.absorbed.codes, len(self.absorbed.levels) - 1)
            self.exog_names = [*self.exog_names, *self.absorbed.names]
        self.display = np.arange(len(self.exog_names))
        self.weights = self._weights("weights", weights, n)
        self.freq_weights = self._weights("freq_weights", freq_weights, n)
        self.dropped: dict[str, int] = {}
        self._frame: ModelFrame | None = None
        self._table: pd.DataFrame | None = None

    def _weights(self, name: str, values: ArrayLike | None, n: int) -> Floats | None:
        if values is None:
            return None
        weights = np.asarray(values, dtype=float)
        check_weights(self.heading, name, weights, n)
        return weights

    @classmethod
    def from_formula(
        cls,
        formula: str,
        data: pd.DataFrame,
        lower: ArrayLike | None = 0,
        upper: ArrayLike | None = None,
        weights: str | ArrayLike | None = None,
        freq_weights: str | ArrayLike | None = None,
    ) -> Tobit:
        """Build the model from a formula; rows with a missing value are dropped and counted.

        Parameters
        ----------
        formula : str
            ``"share_new ~ log_employees + C(industry) + a:b"`` (formulaic).
        data : DataFrame
        lower, upper : float, column of limits or None
        weights, freq_weights : column name or (rows of data,) array-like, optional

        Returns
        -------
        Tobit
            ``dropped`` says how many rows were left out, and for want of which variable.
        """
        import pandas as pd

        from cisflow.estimators.formula import model_frame

        named = {"cisflow_weights": weights, "cisflow_freq_weights": freq_weights}
        table, extra = data, {}
        for key, value in named.items():
            if isinstance(value, str):
                extra[key] = value
            elif value is not None:
                numbers = pd.Series(value).to_numpy(dtype=float, na_value=np.nan)
                table = table.assign(**{key: numbers})
                extra[key] = key
        frame = model_frame(formula, table, tuple(extra.values()), absorb=True)
        model = cls.__new__(cls)
        limits = _of_rows(lower, frame), _of_rows(upper, frame)
        model._set(
            frame.outcome,
            censored(f"Tobit of {frame.outcome}", frame.y, *limits),
            frame.X,
            frame.names,
            frame.columns.get(extra.get("cisflow_weights", "")),
            frame.columns.get(extra.get("cisflow_freq_weights", "")),
            frame.absorbed,
        )
        model.limits = limits
        place = {name: j for j, name in enumerate(frame.order)}
        model.display = np.array([place[name] for name in model.exog_names])
        model.dropped = {k.replace("cisflow_", ""): v for k, v in frame.dropped.items()}
        model._frame = frame
        model._table = data
        return model

    @classmethod
    def from_intervals(
        cls,
        low: ArrayLike,
        high: ArrayLike,
        exog: ArrayLike,
        weights: ArrayLike | None = None,
        freq_weights: ArrayLike | None = None,
        name: str = "y",
    ) -> Tobit:
        """Build the model from brackets: the latent outcome lies in ``[low, high]``.

        Equal bounds are an observed outcome; ``-inf`` or ``inf`` leave the bracket open (as
        Stata's ``intreg`` and R's ``Surv(type = "interval2")``).
        """
        a, b = np.asarray(low, dtype=float), np.asarray(high, dtype=float)
        heading = f"Tobit of {name}"
        bad = int((np.isnan(a) | np.isnan(b)).sum())
        if bad:
            what = Sentence("missing bounds in ", Count(bad))
            refuse(heading, [(what, "use −∞ or ∞ for an open side")])
        wrong = int(((a > b) | (np.isinf(a) & np.isinf(b))).sum())
        if wrong:
            what = Sentence("bounds exchanged, or open on both sides, in ", Count(wrong))
            refuse(heading, [(what, "correct or drop these rows")])
        model = cls.__new__(cls)
        model.limits = (None, None)
        X = np.asarray(exog, dtype=float)
        X = X[:, None] if X.ndim == 1 else X
        names = column_names(exog, X)
        model._set(name, Outcome.between(a, b), X, names, weights, freq_weights)
        return model

    def _like(self, outcome: Outcome, X: Floats, names: list[str]) -> Tobit:
        model = Tobit.__new__(Tobit)
        model.limits = self.limits
        absorb = self.absorbed if X is self.design.dense else None
        model._set(self.endog_name, outcome, X, names, self.weights, self.freq_weights, absorb)
        return model

    def intercept_only(self) -> Tobit:
        """Build the model without regressors, on the same rows."""
        return self._like(self.outcome, np.ones((self.size, 1)), ["const"])

    def with_outcome(self, latent: Floats) -> Tobit:
        """Build the same model for other outcomes: ``latent`` (n,), censored at the limits."""
        dense = self.design.dense
        outcome = censored(self.heading, np.clip(latent, *self.limits), *self.limits)
        return self._like(outcome, dense, self.exog_names[: dense.shape[1]])

    @property
    def low(self) -> Floats:
        """Lower bounds of the latent outcome, (n,); −∞ at the lower limit."""
        return self.outcome.low

    @property
    def high(self) -> Floats:
        """Upper bounds of the latent outcome, (n,); ∞ at the upper limit."""
        return self.outcome.high

    @property
    def endog_names(self) -> str:
        """The outcome's name, where statsmodels and maketables look for it."""
        return self.endog_name

    @property
    def size(self) -> int:
        """Rows, each counted once."""
        return int(self.outcome.value.size)

    @property
    def nobs(self) -> int:
        """Rows, each counted as often as its frequency weight says."""
        n = self.size if self.freq_weights is None else self.freq_weights.sum()
        return round(float(n))

    @cached_property
    def total_weights(self) -> Floats:
        """Weight of each row in the likelihood, (n,)."""
        weights = np.ones(self.size)
        for given in (self.weights, self.freq_weights):
            if given is not None:
                weights = weights * given
        return weights

    @cached_property
    def solution(self) -> Solution:
        """The maximised likelihood (computed once, whatever covariances are asked for)."""
        given = self.design
        scaling = choose_scaling(given.dense, self._totals, self.outcome, given.groups)
        if given.groups and not scaling.intercept:
            what = "an absorbed categorical without an intercept"
            refuse(self.heading, [(what, "add a column of ones to exog")])
        X = scaling.standardise(given)
        if X.n * X.k < FEW:  # dummies as columns are quicker than sums in small samples
            X = Design(X.toarray())
        w, units = self.total_weights, (scaling.y_mean, scaling.y_spread)
        likelihood = build_likelihood(X, self.outcome, w, None, *units)
        if likelihood.certainly_estimable():
            found = Estimable(np.arange(X.k), np.arange(X.n), np.ones(X.k, dtype=bool))
            start = thinned_optimum(likelihood, starting_values(likelihood, scaling.intercept))
        else:
            y = self.outcome.rescaled(*units)
            names = [self.exog_names[j] for j in scaling.order]
            shift = scaling.mean / scaling.spread
            found = find_estimable(self.heading, X, shift, y.low, y.high, names)
            X = X.select(found.keep)
            likelihood = build_likelihood(X, self.outcome, w, found.rows, *units)
            start = starting_values(likelihood, scaling.intercept and found.keep[0] == 0)
        return Solution(scaling, X, found, likelihood, maximise(likelihood, start))

    def fit(
        self, cov_type: str = "nonrobust", cov_kwds: Mapping[str, Any] | None = None
    ) -> TobitResults:
        """Maximise the likelihood.

        Parameters
        ----------
        cov_type : "nonrobust", "OPG", "HC0", "HC1", "cluster", "bootstrap" or "jackknife"
            See :mod:`cisflow.estimators.covariance` for formulas and corrections.
        cov_kwds : mapping, optional
            For ``cluster``: ``groups`` (array, column name, or two of them) and
            ``use_correction`` (True: G/(G−1)); for ``bootstrap``: ``draws``, ``seed``, ``groups``.

        Raises
        ------
        EstimationError
            If the model cannot be estimated or the iterations do not converge.
        """
        from cisflow.estimators.tobit.results import TobitResults

        if not self.solution.optimum.converged:
            refuse(
                self.heading,
                [
                    (
                        f"no convergence after {self.solution.optimum.iterations} iterations",
                        "look for regressors of very different size or almost collinear ones",
                    )
                ],
            )
        return TobitResults(self, cov_type, cov_kwds)

    def group_codes(self, value: Any) -> list[Ints]:
        """Codes 0…G−1 of one or two ways of clustering the rows.

        Parameters
        ----------
        value : array-like, column name, list of two column names, or (n, 2) array
            Of the rows used, or of all rows of the table the formula was given.
        """
        return [self._codes(column) for column in self._columns_of(value)]

    def _columns_of(self, value: Any) -> list[Any]:
        if isinstance(value, str):
            return [value]
        if isinstance(value, list | tuple) and value and isinstance(value[0], str):
            named = self._table is not None and all(
                isinstance(v, str) and v in self._table.columns for v in value
            )
            return list(value) if named else [np.asarray(value)]
        array = np.asarray(value)
        if array.ndim == 2:
            return [array[:, j] for j in range(array.shape[1])]
        return [array]

    def aligned(self, values: Any, what: str) -> Any:
        """Values of the rows used, given those or one for every row of the formula's table."""
        found, n = np.asarray(values), self.size
        if self._frame is not None and found.shape == (self._frame.total,):
            found = found[self._frame.rows]
        if found.shape != (n,):
            fault = f"{found.size} {what} for {n} rows"
            refuse(self.heading, [(fault, "give one for each row")])
        return found

    def _codes(self, column: Any) -> Ints:
        import pandas as pd

        if isinstance(column, str):
            if self._table is None or column not in self._table.columns:
                what = f"no column {column} to cluster by"
                refuse(self.heading, [(what, "pass the groups themselves")])
            column = self._table[column].to_numpy()  # type: ignore[index]
        codes, _ = pd.factorize(self.aligned(column, "cluster labels"))
        if codes.min() < 0:
            what = Sentence("the cluster is missing in ", Count(int((codes < 0).sum())))
            refuse(self.heading, [(what, "drop these rows or give them a group of their own")])
        return np.asarray(codes, dtype=np.intp)


def censored(heading: str, y: Floats, lower: ArrayLike | None, upper: ArrayLike | None) -> Outcome:
    """Sort out which outcomes (n,) are at a limit: those within 1e-9 of the range from it."""
    floor = np.asarray(-np.inf if lower is None else lower, dtype=float)[()]
    ceiling = np.asarray(np.inf if upper is None else upper, dtype=float)[()]
    smallest, largest = (y.min(), y.max()) if y.size else (0.0, 0.0)
    spread = float(largest - smallest)
    slack = 1e-9 * spread if isfinite(spread) else 0.0
    low_enough, high_enough = floor - slack, ceiling + slack
    right = low_enough < high_enough
    right &= (y if np.ndim(floor) else smallest) >= low_enough
    right &= (y if np.ndim(ceiling) else largest) <= high_enough
    if not (isfinite(spread) and np.all(right)):
        check_outcome(heading, y, *np.broadcast_arrays(low_enough, high_enough, y)[:2])
    if 0 < largest <= 1 and ceiling.max() == 100:
        warnings.warn(
            f"{heading}: no value is above 1 and the upper limit is 100. If the outcome is a "
            "fraction, use upper=1 or multiply it by 100.",
            stacklevel=3,
        )
    below, above = y <= floor + slack, y >= ceiling - slack
    value = np.where(below, floor, np.where(above, ceiling, y))
    return Outcome(value, above.view(np.int8) - below.view(np.int8))


def _of_rows(limit: ArrayLike | None, frame: ModelFrame) -> ArrayLike | None:
    if limit is None or np.ndim(limit) == 0:
        return limit
    values = np.asarray(limit, dtype=float)
    return values[frame.rows] if values.shape == (frame.total,) else values


def column_names(exog: Any, X: Floats) -> list[str]:
    """Names of the regressors: those of the table, or const, x1, x2, … as in statsmodels."""
    columns = getattr(exog, "columns", None)
    if columns is not None:
        return [str(name) for name in columns]
    names, count = [], 0
    for j in range(X.shape[1]):
        constant = X.shape[0] > 0 and X[0, j] != 0 and bool(np.all(X[:, j] == X[0, j]))
        if constant and "const" not in names:
            names.append("const")
        else:
            count += 1
            names.append(f"x{count}")
    return names


def as_absorbed(heading: str, absorb: ArrayLike | Absorbed | None, n: int) -> Absorbed | None:
    """Encode a categorical given as values; shape (n,)."""
    if absorb is None or (hasattr(absorb, "codes") and hasattr(absorb, "term")):
        return absorb  # type: ignore[return-value]
    import pandas as pd

    from cisflow.estimators.formula import Absorbed

    values = pd.Categorical(absorb)
    name = str(getattr(absorb, "name", None) or "absorbed")
    values = values.remove_unused_categories()
    codes = np.asarray(values.codes, dtype=np.intp)
    if codes.shape != (n,) or bool(np.any(codes < 0)):
        what = f"{name}: {codes.size} categories for {n} rows, or some missing"
        refuse(heading, [(what, "give one category for each row")])
    return Absorbed(name, name, list(values.categories), codes)
