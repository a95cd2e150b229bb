"""Estimators beside the Tobit, with the Tobit's interface: fractional logit, logit, OLS, two-part.

The estimation is statsmodels' and linearmodels'; what is added is one set of names, rows counted
when dropped, and coefficients that do not exist said in words instead of printed as large numbers.

============== ===================================================== ==========================
class          model                                                 estimated by
============== ===================================================== ==========================
FractionalLogit E[share] = logistic(xβ) (Papke & Wooldridge 1996)     ``statsmodels`` GLM
Logit          P(any) = logistic(xβ)                                 ``statsmodels`` GLM
OLS            y = xβ + fixed effects                                ``linearmodels``
TwoPart        logit for any, OLS for how much among those with any  both
============== ===================================================== ==========================

Covariances: for the logits as in :mod:`cisflow.models.covariance`. For OLS ``HC1`` is n/(n−k) and
``cluster`` is G/(G−1) × (n−1)/(n−k) with k counting absorbed effects and t statistics on G−1
degrees of freedom, as Stata's ``regress`` and ``areg``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from cisflow.models.companions_logit import FractionalLogit, Logit
from cisflow.models.companions_rows import FittedModel, Rows, read_rows, why_collinear
from cisflow.models.path_moments import Sample, center
from cisflow.models.tobit_checks import COLLINEAR, independent_columns, refuse, rows_in_words
from cisflow.models.tobit_likelihood import Floats

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["OLS", "FittedModel", "FractionalLogit", "Logit", "TwoPart"]


class OLS:
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
        self.fixed_effects = list(fixed_effects)
        self._set(read_rows(self.kind, formula, data, weights, self.fixed_effects))

    @classmethod
    def from_formula(cls, formula: str, data: pd.DataFrame, **options: Any) -> OLS:
        """Build the model; the same as calling the class."""
        return cls(formula, data, **options)

    @classmethod
    def _from_rows(cls, rows: Rows) -> OLS:
        model = cls.__new__(cls)
        model.fixed_effects = []
        model._set(rows)
        return model

    def _set(self, rows: Rows) -> None:
        self.rows = rows
        net, self.absorbed = rows.X, 0
        if self.fixed_effects:
            net, self.absorbed = self._net_of_effects()
        lengths = np.linalg.norm(rows.X, axis=0)
        usable = independent_columns(net, lengths)
        self.kept = np.flatnonzero(usable)
        self.not_estimable = {
            rows.names[j]: self._why_dropped(net[:, j], lengths[j])
            for j in np.flatnonzero(~usable)
            if not (self.fixed_effects and np.ptp(rows.X[:, j]) == 0)
        }
        parameters = len(self.kept) + self.absorbed
        problems = []
        if not len(self.kept):
            problems.append(("no regressor has a coefficient", "; ".join(self.not_estimable)))
        if len(rows.y) <= parameters:
            problems.append(
                (
                    f"{rows_in_words(len(rows.y))} for {parameters} coefficients "
                    "(fixed effects included)",
                    "use fewer regressors or broader groups, or pool waves",
                )
            )
        refuse(rows.heading, problems)

    def _net_of_effects(self) -> tuple[Floats, int]:
        """Regressors net of the fixed effects, and the number of effects."""
        import pandas as pd

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
            ``nonrobust``, ``HC0``, ``HC1`` or ``cluster``.
        cov_kwds
            ``{"groups": column or labels}`` for ``cluster``.
        """
        import pandas as pd

        rows, names = self.rows, [self.rows.names[j] for j in self.kept]
        options, groups = self._options(cov_type, cov_kwds)
        fit = self._linear_model(names).fit(**options)
        params = pd.Series(fit.params[names], name="params")
        n = len(rows.y)
        residual = float((np.asarray(fit.resids) ** 2).sum())
        llf = None if rows.weights is not None else -n / 2 * (np.log(2 * np.pi * residual / n) + 1)
        df = None if cov_type == "HC0" else n - len(names) - self.absorbed
        return FittedModel(
            model=self,
            params=params,
            covariance=fit.cov.loc[names, names],
            nobs=n,
            llf=None if llf is None else float(llf),
            cov_type=cov_type,
            not_estimable=self.not_estimable,
            dropped=rows.dropped,
            n_groups=groups,
            df=min(groups) - 1 if groups else df,
            extra={"r2": float(fit.rsquared), "absorbed": self.absorbed},
        )

    def _linear_model(self, names: list[str]) -> Any:
        """Set up linearmodels' estimator."""
        import pandas as pd
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

    def _options(
        self, cov_type: str, cov_kwds: Mapping[str, Any] | None
    ) -> tuple[dict[str, Any], tuple[int, ...]]:
        """Translate a covariance into linearmodels' words; count the clusters."""
        plain: dict[str, dict[str, Any]] = {
            "nonrobust": {"cov_type": "unadjusted", "debiased": True},
            "HC0": {"cov_type": "robust", "debiased": False},
            "HC1": {"cov_type": "robust", "debiased": True},
        }
        if cov_type in plain:
            return plain[cov_type], ()
        groups = (cov_kwds or {}).get("groups")
        if cov_type != "cluster" or groups is None:
            offered = "nonrobust, HC0, HC1, cluster"
            refuse(
                self.rows.heading,
                [
                    (
                        f"covariance '{cov_type}' without groups"
                        if cov_type == "cluster"
                        else f"covariance '{cov_type}' is not offered",
                        f'use one of {offered}; for cluster pass cov_kwds={{"groups": column}}',
                    )
                ],
            )
        codes = self.rows.codes(groups)
        counts = tuple(int(c.max()) + 1 for c in codes)
        if min(counts) < 2:
            refuse(
                self.rows.heading,
                [("one cluster only", "use HC1, or cluster by a finer group (industry, region)")],
            )
        clusters = np.column_stack(codes)
        return {
            "cov_type": "clustered",
            "clusters": clusters,
            "debiased": True,
        }, counts


class TwoPart:
    """Two-part model: a logit for any, and least squares for how much among those with any.

    Coefficients are named ``any: term`` and ``amount: term``. The parts are estimated
    separately, so their coefficients are uncorrelated.

    Parameters
    ----------
    formula, data
        As for :class:`FractionalLogit`; the outcome is zero or positive.
    lower
        The outcome of a firm with none.

    Raises
    ------
    EstimationError
        If the data do not determine either part.
    """

    kind = "Two-part model"

    def __init__(self, formula: str, data: pd.DataFrame, lower: float = 0.0):
        rows = read_rows(self.kind, formula, data)
        some = rows.y > lower
        self.any = Logit._from_rows(rows, some.astype(float))
        self.any.solution  # noqa: B018 - refuses an outcome that is always or never positive
        positive = replace(rows, y=rows.y[some], X=rows.X[some], kept=rows.kept[some])
        self.amount = OLS._from_rows(positive)

    @classmethod
    def from_formula(cls, formula: str, data: pd.DataFrame, **options: Any) -> TwoPart:
        """Build the model; the same as calling the class."""
        return cls(formula, data, **options)

    def fit(self, cov_type: str = "HC1", cov_kwds: Mapping[str, Any] | None = None) -> FittedModel:
        """Estimate both parts with the same kind of covariance."""
        import pandas as pd

        parts = {
            "any": self.any.fit(cov_type, cov_kwds),
            "amount": self.amount.fit(cov_type, cov_kwds),
        }
        names = [f"{part}: {term}" for part, fit in parts.items() for term in fit.params.index]
        matrix = np.zeros((len(names), len(names)))
        start = 0
        for fit in parts.values():
            stop = start + len(fit.params)
            matrix[start:stop, start:stop] = fit.covariance
            start = stop
        return FittedModel(
            model=self,
            params=pd.Series(
                np.concatenate([fit.params for fit in parts.values()]), index=names, name="params"
            ),
            covariance=pd.DataFrame(matrix, index=names, columns=names),
            nobs=parts["any"].nobs,
            llf=None,
            cov_type=cov_type,
            not_estimable={
                f"{part}: {term}": why
                for part, fit in parts.items()
                for term, why in fit.not_estimable.items()
            },
            dropped=parts["any"].dropped,
            n_groups=parts["any"].n_groups,
            cov_note=parts["any"].cov_note,
            extra={"n_positive": parts["amount"].nobs},
        )
