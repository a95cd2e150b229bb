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

from collections.abc import Mapping
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from cisflow.estimators.arrays import Floats
from cisflow.estimators.checks import by_label
from cisflow.estimators.errors import Count, Sentence, refuse, warn_no_estimate
from cisflow.estimators.formula import Absorbed, model_frame
from cisflow.estimators.tobit.fit import Fit, fit_sample
from cisflow.estimators.tobit.likelihood import Outcome
from cisflow.estimators.tobit.results import TobitResults
from cisflow.estimators.tobit.sample import Limits, Sample, censored, column_names, make_sample


class Tobit:
    """Tobit regression by maximum likelihood.

    Parameters
    ----------
    endog : (n,) array-like
        Outcome, at its limit where it is censored.
    exog : (n, k) array-like or DataFrame
        Regressors, the intercept included.
    lower, upper : float, (n,) array-like or None
        Limits, the same for all rows or one per row; None where there is none, −∞ or ∞ for a row
        without one. A missing limit is refused.
    weights : (n,) array-like, optional
        Sampling weights: how many firms of the population a row stands for. The likelihood is
        then a pseudo-likelihood; use HC1 or clustered standard errors.
    freq_weights : (n,) array-like, optional
        Frequency weights: how many identical rows a row stands for.
    absorb : (n,) array-like of categories, optional
        A categorical whose levels get a dummy each (the first is the base), kept as codes: their
        moments are sums over groups. ``exog`` must hold an intercept. ``from_formula`` does this
        by itself for the categorical with most levels.

    Attributes
    ----------
    sample : Sample
        The rows in use; the other attributes are its parts.
    endog_name, exog_names, limits, design, absorbed, weights, dropped, nobs

    Raises
    ------
    EstimationError
        (a ``ValueError``) if the data do not determine the model; it says why and what to do.

    Notes
    -----
    A value within 1e-9 of its limit, in units of the outcome's range, is at the limit.
    """

    _warned = False

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
        X, names = _regressors(exog)
        if isinstance(exog, pd.DataFrame | pd.Series):
            given = (endog, lower, upper, weights, freq_weights, absorb)
            endog, lower, upper, weights, freq_weights, absorb = (
                by_label(values, exog.index) for values in given
            )
        y = np.asarray(endog, dtype=float).squeeze()
        outcome = censored(f"Tobit of {name}", y, lower, upper)
        self._set(
            make_sample(name, outcome, (lower, upper), X, names, weights, freq_weights, absorb)
        )

    def _set(self, sample: Sample) -> None:
        self.sample = sample
        self.heading, self.endog_name, self.exog_names = sample.heading, sample.name, sample.names
        self.limits, self.design, self.absorbed = sample.limits, sample.design, sample.absorbed
        self.weights, self.dropped = sample.weights, sample.dropped

    @classmethod
    def of_sample(cls, sample: Sample) -> Tobit:
        """Build the model of rows that are checked already."""
        model = cls.__new__(cls)
        model._set(sample)
        return model

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
            ``"share_new ~ log_employees + C(industry) + a:b"``, read by formulaic, which executes
            functions in it as Python: write it yourself, never take it from others' files.
        data : DataFrame
        lower, upper : float, (rows of data,) array-like or None
            A row without its limit is dropped and counted.
        weights, freq_weights : column name or (rows of data,) array-like, optional

        Returns
        -------
        Tobit
            ``dropped`` says how many rows were left out, and for want of which variable.
        """
        named = {"cisflow_weights": weights, "cisflow_freq_weights": freq_weights}
        by_row = {"cisflow_lower": lower, "cisflow_upper": upper}
        named |= {key: v for key, v in by_row.items() if np.asarray(v).shape == (len(data),)}
        table, extra = data, {}
        for key, value in named.items():
            if isinstance(value, str):
                extra[key] = value
            elif value is not None:
                labelled = pd.Series(by_label(value, data.index))
                numbers = labelled.to_numpy(dtype=float, na_value=np.nan)
                table = table.assign(**{key: numbers})
                extra[key] = key
        frame = model_frame(formula, table, tuple(extra.values()), absorb=True)
        sampling, frequency, *_ = (frame.columns.get(extra.get(key, "")) for key in named)
        low, high = (frame.columns.get(key, value) for key, value in by_row.items())
        limits: Limits = (low, high)
        outcome = censored(f"Tobit of {frame.outcome}", frame.y, *limits)
        given = frame.X, frame.names, sampling, frequency, frame.absorbed
        return cls.of_sample(make_sample(frame.outcome, outcome, limits, *given, frame, data))

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
        if bad := int((np.isnan(a) | np.isnan(b)).sum()):
            what = Sentence("missing bounds in ", Count(bad))
            refuse(heading, what, "use −∞ or ∞ for an open side")
        if wrong := int(((a > b) | (np.isinf(a) & np.isinf(b))).sum()):
            what = Sentence("bounds exchanged, or open on both sides, in ", Count(wrong))
            refuse(heading, what, "correct or drop these rows")
        outcome, given = Outcome.between(a, b), _regressors(exog)
        return cls.of_sample(
            make_sample(name, outcome, (None, None), *given, weights, freq_weights)
        )

    def intercept_only(self) -> Tobit:
        """Build the model without regressors, on the same rows."""
        return self.of_sample(self.sample.intercept_only())

    def with_outcome(self, latent: Floats) -> Tobit:
        """Build the same model for other outcomes: ``latent`` (n,), censored at the limits."""
        return self.of_sample(self.sample.with_outcome(latent))

    @property
    def nobs(self) -> int:
        """Rows, each counted as often as its frequency weight says."""
        return self.sample.nobs

    @property
    def low(self) -> Floats:
        """Lower bounds of the latent outcome, (n,); −∞ at the lower limit."""
        return self.sample.outcome.low

    @property
    def high(self) -> Floats:
        """Upper bounds of the latent outcome, (n,); ∞ at the upper limit."""
        return self.sample.outcome.high

    @property
    def endog_names(self) -> str:
        """The outcome's name, where statsmodels and maketables look for it."""
        return self.endog_name

    @cached_property
    def solution(self) -> Fit:
        """The maximised likelihood (computed once, whatever covariances are asked for)."""
        return fit_sample(self.sample)

    def fit(
        self, cov_type: str = "nonrobust", cov_kwds: Mapping[str, Any] | None = None
    ) -> TobitResults:
        """Maximise the likelihood.

        Parameters
        ----------
        cov_type : "nonrobust", "OPG", "HC0", "HC1", "HC3", "cluster", "bootstrap" or "jackknife"
            See :mod:`cisflow.estimators.covariance` for formulas and corrections.
        cov_kwds : mapping, optional
            For ``cluster``: ``groups`` (array, column name, or two of them) and
            ``use_correction`` (True: G/(G−1)); for ``bootstrap``: ``draws``, ``seed``, ``groups``.

        Raises
        ------
        EstimationError
            If the model cannot be estimated or the iterations do not converge.

        Warns
        -----
        NoEstimateWarning
            Once, of terms without an estimate: they are NaN, and ``notes`` say why.
        """
        results = TobitResults(self, self.solution, cov_type, cov_kwds)
        if not self._warned:
            self._warned = True
            warn_no_estimate(self.heading, results.not_estimable)
        return results


def _regressors(exog: Any) -> tuple[Floats, list[str]]:
    """Regressors (n, k) and their names."""
    X = np.asarray(exog, dtype=float)
    X = X[:, None] if X.ndim == 1 else X
    return X, column_names(exog, X)
