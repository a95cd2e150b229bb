"""Estimators beside the Tobit, with its interface: fractional logit, logit, OLS, Cragg.

The estimation is statsmodels' and linearmodels'; what is added is one set of names, rows counted
when dropped, and coefficients that do not exist said in words instead of printed as large numbers.

=============== ==================================================== ==========================
class           model                                                estimated by
=============== ==================================================== ==========================
FractionalLogit E[share] = logistic(xβ) (Papke & Wooldridge 1996)    ``statsmodels`` GLM
Logit, Probit   P(any) = logistic(xβ) or Φ(xβ)                       ``statsmodels`` GLM
OLS             y = xβ + fixed effects                               ``linearmodels``
=============== ==================================================== ==========================

Models of two parts are made of these, in :mod:`cisflow.estimators.regression.two_part`.

Covariances: for all but OLS as in :mod:`cisflow.estimators.covariance`. For OLS ``HC1`` is n/(n−k)
and
``cluster`` with correction ``CR1`` is G/(G−1) × (n−1)/(n−k) with k counting absorbed effects, as
Stata's ``regress`` and ``areg``; below 50 clusters the jackknife ``CR3`` is the default, with
absorbed effects estimated anew without each cluster. Both have t statistics on G−1 degrees of
freedom; ``survey`` has t statistics on the rows
less the strata less the regressors other than the constant, as R's ``svyglm``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from cisflow.estimators.arrays import Floats
from cisflow.estimators.clusters import alone_in, count_clusters, positive
from cisflow.estimators.covariance import HELD, Covariance, choose_correction, covariance
from cisflow.estimators.design import COLLINEAR, independent_columns, why_collinear
from cisflow.estimators.errors import Count, Problem, Sentence, refuse, refuse_any
from cisflow.estimators.influence import kind_of
from cisflow.estimators.path.moments import Sample, center
from cisflow.estimators.regression.influence import LeastSquares, least_squares_steps
from cisflow.estimators.regression.logit import FractionalLogit, Logit, Probit
from cisflow.estimators.regression.rows import (
    EXACT,
    FittedModel,
    Regression,
    Rows,
    RowScores,
    one_sided,
    read_rows,
    refuse_exact,
    same_in_all,
)

__all__ = ["OLS", "FittedModel", "FractionalLogit", "Logit", "Probit"]

PLAIN: dict[str, dict[str, Any]] = {  # covariances in linearmodels' words
    "nonrobust": {"cov_type": "unadjusted", "debiased": True},
    "HC0": {"cov_type": "robust", "debiased": False},
    "HC1": {"cov_type": "robust", "debiased": True},
}


class OLS(Regression):
    """Least squares with absorbed fixed effects, estimated by linearmodels.

    Parameters
    ----------
    formula, data, weights
        As for :class:`FractionalLogit`.
    fixed_effects
        Categorical columns to absorb; the intercept is then absorbed too.

    Raises
    ------
    EstimationError
        If the data do not determine the model.
    """

    kind = "OLS"

    def __init__(
        self,
        formula: str,
        data: pd.DataFrame,
        fixed_effects: Iterable[str] = (),
        weights: str | ArrayLike | None = None,
    ):
        self._set(read_rows(self.kind, formula, data, weights, fixed_effects), fixed_effects)

    def _set(self, rows: Rows, fixed_effects: Iterable[str] = ()) -> None:
        self.rows, self.fixed_effects = rows, list(fixed_effects)
        self.options = {"fixed_effects": self.fixed_effects}
        net, self.absorbed = self._net_of_effects() if self.fixed_effects else (rows.X, 0)
        lengths = np.linalg.norm(rows.X, axis=0)
        usable = independent_columns(net, lengths)
        self.kept = np.flatnonzero(usable)
        self.not_estimable = {
            rows.names[j]: self._why_dropped(net[:, j], lengths[j])
            for j in np.flatnonzero(~usable)
            if not (self.fixed_effects and np.ptp(rows.X[:, j]) == 0)
        }
        parameters = len(self.kept) + self.absorbed
        problems = same_in_all(rows, rows.y)
        if not len(self.kept):
            lost = "; ".join(self.not_estimable)
            problems.append(Problem("no regressor has a coefficient", lost))
        if len(rows.y) <= parameters:
            remedy = "use fewer regressors or broader groups, or pool waves"
            what = f" for {parameters} coefficients (fixed effects included)"
            problems.append(Problem(Sentence(Count(len(rows.y)), what), remedy))
        refuse_any(rows.heading, problems)

    def _net_of_effects(self) -> tuple[Floats, int]:
        """Regressors net of the fixed effects, and the number of effects."""
        first, *further = [
            self.rows.data[name].iloc[self.rows.kept].astype(object) for name in self.fixed_effects
        ]
        dummies = [pd.get_dummies(f, dtype=float).to_numpy()[:, 1:] for f in further]
        stacked = np.column_stack(dummies) if dummies else np.empty((len(first), 0))
        net, _, absorbed = center(Sample(self.rows.X, pd.factorize(first)[0], stacked))
        return net.values, absorbed

    def _why_dropped(self, column: Floats, length: float) -> str:
        if self.fixed_effects and np.linalg.norm(column) <= COLLINEAR * length:
            return f"absorbed by the fixed effects ({', '.join(self.fixed_effects)})"
        return why_collinear(column)

    def fit(
        self, cov_type: str = "nonrobust", cov_kwds: Mapping[str, Any] | None = None
    ) -> FittedModel:
        """Estimate.

        Parameters
        ----------
        cov_type
            ``nonrobust``, ``HC0``, ``HC1``, ``HC3``, ``cluster`` or ``survey`` (without absorbed
            effects).
        cov_kwds
            ``{"groups": column or labels, "correction": …}`` for ``cluster`` and for ``survey``:
            see :mod:`cisflow.estimators.covariance`.
        """
        rows, names, n = self.rows, [self.rows.names[j] for j in self.kept], self.rows.size
        df = None if cov_type == "HC0" else n - len(names) - self.absorbed
        if cov_type == "cluster":
            fit, found = self._clustered(names, cov_kwds)
            df = min(found.groups) - 1
        elif cov_type == "HC3":
            fit = self._linear_model(names).fit(cov_type="unadjusted")
            found = self._by_scores(np.asarray(fit.resids), cov_type)
        else:
            fit = self._linear_model(names).fit(**self._options(cov_type))
            found = Covariance(fit.cov.loc[names, names].to_numpy(), cov_type)
        if cov_type == "survey":
            matrix, strata = self._by_design(fit.params[names].to_numpy(), cov_kwds)
            found, df = Covariance(matrix, cov_type), n - strata + 1 - len(names)
        residuals = np.asarray(fit.resids)
        refuse_exact(rows, residuals)
        llf = -n / 2 * (np.log(2 * np.pi * float((residuals**2).sum()) / n) + 1)
        notes = {} if cov_type == "nonrobust" else self._held(names, residuals)
        return self._results(
            *(found, fit.params[names].to_numpy(), names, cov_kwds, FittedModel),
            notes=notes,
            llf=None if rows.weights is not None else float(llf),
            df=df,
            extra={"r2": float(fit.rsquared), "absorbed": self.absorbed},
            not_estimable=self.not_estimable,
        )

    def _held(self, names: list[str], residuals: Floats) -> dict[str, str]:
        """Coefficients that one row alone determines, which is fitted exactly; why it matters."""
        least = EXACT * np.abs(self.rows.y - self.rows.y.mean()).max()
        if not (np.abs(residuals) <= least).any():
            return {}
        held = self._least_squares().held()
        return {term: HELD for term, alone in zip(names, held, strict=True) if alone}

    def _least_squares(self) -> LeastSquares:
        """Rows and effects as numbers, weights multiplied in."""
        root = self.rows.w**0.5
        X, y = self.rows.X[:, self.kept], self.rows.y
        return LeastSquares(root[:, None] * X, root * y, root[:, None] * self._dummies())

    def leave_one_out(self, fit: FittedModel) -> tuple[Floats, Floats, np.ndarray]:
        """Coefficients without each row, ratios of variances, doubts where a row is alone."""
        kind = kind_of(self.rows, fit.cov_type, fit.cov_kwds)
        steps, ratio, alone = least_squares_steps(self._least_squares(), kind, self.rows)
        return fit.params.dropna().to_numpy() + steps, ratio, alone

    def _dummies(self) -> Floats:
        """Dummies of the absorbed effects, all levels of each, (n, q)."""
        effects = (self.rows.data[name].iloc[self.rows.kept] for name in self.fixed_effects)
        dummies = [pd.get_dummies(effect.astype(object), dtype=float) for effect in effects]
        return np.hstack([np.empty((self.rows.size, 0)), *dummies])

    def _by_design(self, params: Floats, cov_kwds: Mapping[str, Any] | None) -> tuple[Floats, int]:
        """Design-based covariance, and the number of strata the rows are in."""
        rows, X = self.rows, self.rows.X[:, self.kept]
        if self.fixed_effects:
            remedy = "enter them as C(name) in the formula"
            refuse(rows.heading, "covariance 'survey' with absorbed fixed effects", remedy)
        weighted = X * rows.w[:, None]
        residuals = rows.y - X @ params
        scores = RowScores(rows, self.kind, weighted * residuals[:, None], weighted.T @ X)
        strata = (cov_kwds or {}).get("strata")
        count = 1 if strata is None else int(rows.codes(strata)[0].max()) + 1
        return covariance(scores, "survey", cov_kwds).matrix, count

    def _clustered(
        self, names: list[str], cov_kwds: Mapping[str, Any] | None
    ) -> tuple[Any, Covariance]:
        """Linearmodels' fit, and the clustered covariance of its coefficients.

        Its own up to two ways, otherwise and for the jackknife that of the registry.
        """
        rows, options = self.rows, dict(cov_kwds or {})
        if options.get("groups") is None:
            remedy = 'pass cov_kwds={"groups": column}'
            refuse(rows.heading, "covariance 'cluster' without groups", remedy)
        codes = rows.codes(options["groups"])
        counts = tuple(count_clusters(rows.heading, way) for way in codes)
        options["correction"] = choose_correction(rows.heading, options, min(counts))
        model = self._linear_model(names)
        if options["correction"] == "CR1" and len(codes) < 3:
            fit = model.fit(cov_type="clustered", clusters=np.column_stack(codes), debiased=True)
            matrix = fit.cov.loc[names, names].to_numpy()
            matrix, note = positive(matrix, np.eye(len(names))) if len(codes) > 1 else (matrix, "")
            own = self._row_scores(rows.X[:, self.kept], np.asarray(fit.resids))
            found = Covariance(matrix, "cluster", counts, note, correction="CR1")
            sums = [own.sums(way, groups) for way, groups in zip(codes, counts, strict=True)]
            return fit, replace(found, unmeasured=alone_in(own, codes, sums))
        fit = model.fit(cov_type="unadjusted")
        return fit, self._by_scores(np.asarray(fit.resids), "cluster", options)

    def _by_scores(
        self, residuals: Floats, cov_type: str, options: Mapping[str, Any] | None = None
    ) -> Covariance:
        """Take a covariance of the registry, with absorbed effects among the parameters."""
        rows, k = self.rows, len(self.kept)
        X = np.hstack([rows.X[:, self.kept], self._dummies()])
        X = X[:, independent_columns(X, np.linalg.norm(X, axis=0))]
        found = covariance(self._row_scores(X, residuals), cov_type, options)
        n, parameters = X.shape
        scale = (n - 1) / (n - parameters) if found.correction == "CR1" else 1.0
        lost = None if found.unmeasured is None else found.unmeasured[:k]
        return replace(found, matrix=scale * found.matrix[:k, :k], unmeasured=lost)

    def _row_scores(self, X: Floats, residuals: Floats) -> RowScores:
        """Scores and information of regressors that may be some of all."""
        weighted = X * self.rows.w[:, None]
        scores, each = weighted * residuals[:, None], one_sided(X, self.rows.w)
        return RowScores(self.rows, self.kind, scores, weighted.T @ X, each)

    def _linear_model(self, names: list[str]) -> Any:
        """Set up linearmodels' estimator."""
        from linearmodels.iv import IV2SLS
        from linearmodels.iv.absorbing import AbsorbingLS

        rows = self.rows
        y = pd.Series(rows.y, name=rows.outcome)
        X = pd.DataFrame(rows.X[:, self.kept], columns=names)
        if not self.fixed_effects:
            return IV2SLS(y, X, None, None, weights=rows.weights)
        effects = rows.data[self.fixed_effects].iloc[rows.kept].reset_index(drop=True)
        effects = effects.apply(lambda column: pd.Categorical(column.astype(object)))
        return AbsorbingLS(y, X, absorb=effects.astype("category"), weights=rows.weights)

    def _options(self, cov_type: str) -> dict[str, Any]:
        """Translate a covariance into linearmodels' words; a design-based one is made later."""
        cov_type = "nonrobust" if cov_type == "survey" else cov_type
        if cov_type not in PLAIN:
            remedy = f"use one of {', '.join(PLAIN)}, HC3, cluster, survey"
            refuse(self.rows.heading, f"covariance '{cov_type}' is not offered", remedy)
        return PLAIN[cov_type]
