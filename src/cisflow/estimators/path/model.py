"""Path analysis: recursive systems of observed variables, with direct, indirect and total effects.

>>> model = PathModel(                                                          # doctest: +SKIP
...     {"internal_investment": ["diversity"],
...      "profit_margin": ["diversity", "internal_investment"]}, panel)
>>> model.fit(bootstrap={"draws": 5000, "seed": 1}).effects("diversity", "profit_margin")

Maximum likelihood with unrelated disturbances is least squares equation by equation. Conventions
follow lavaan with ``fixed.x = TRUE`` (divisor n, normal statistics, standardised by model-implied
standard deviations), so results can be held against lavaan's. One difference: ``lavaan::sem``
lets the disturbances of last outcomes covary unless told not to; here no two disturbances do.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import yaml
from numpy.typing import ArrayLike

from cisflow.estimators.path.data import (
    check_missing,
    correlation_moments,
    read_columns,
    read_weights,
)
from cisflow.estimators.path.firms import Firms, choose_firms
from cisflow.estimators.path.results import PathResults
from cisflow.estimators.path.system import build_system, path_effects

__all__ = ["PathModel", "PathResults", "path_effects"]


class PathModel:
    """A recursive system of observed variables, estimated by maximum likelihood.

    Parameters
    ----------
    equations
        Outcome → its sources. A source is a column, or a product ``a:b`` of columns.
    data
        One row per firm.
    controls
        Regressors added to every equation; a categorical one enters as dummies.
    fixed_effects
        Categorical columns absorbed from every equation (industry, region …).
    weights
        Sampling weights, a column's name or one number per row: how many firms of the population a
        row stands for. Only their ratios matter. Moments are weighted, and the default covariance
        becomes the robust one.
    missing
        ``"listwise"``: rows in which any variable of the model is missing are left out of all
        equations. ``"fiml"``: rows with gaps in the outcomes stay and are used for what they have
        (full-information maximum likelihood, missing at random); rows that lack an exogenous
        variable, a fixed effect or all outcomes are left out. Rows left out are counted in
        ``dropped``.

    Attributes
    ----------
    firms : Firms
        The firms in use; the other attributes are its parts.
    system, nobs, dropped, missing, weighted, fixed_effects

    Raises
    ------
    EstimationError
        If the arrows run in a circle, or the data cannot determine the coefficients: unknown
        variables, no complete rows, constants, exact combinations, more parameters than firms.
    """

    def __init__(
        self,
        equations: Mapping[str, Sequence[str] | str],
        data: pd.DataFrame,
        controls: Iterable[str] = (),
        fixed_effects: Iterable[str] = (),
        weights: str | ArrayLike | None = None,
        missing: str = "listwise",
    ):
        controls, effects = list(controls), list(fixed_effects)
        first = build_system(equations, controls)
        terms = [v for v in first.variables if v not in controls]
        check_missing(missing)
        # With gaps nothing can be absorbed: fixed effects are dummies among the controls.
        spelled = effects if missing == "fiml" else []
        indicators = [f"C({name})" for name in spelled if name in data.columns]
        columns = read_columns(data, terms, [*controls, *indicators], effects)
        system = build_system(equations, columns.controls)
        starts = tuple(f"{name}[" for name in spelled)
        dummies = frozenset(c for c in columns.controls if c.startswith(starts))
        sampling = read_weights(data, weights)
        self._set(choose_firms(system, columns, data, tuple(effects), dummies, sampling, missing))

    def _set(self, firms: Firms) -> None:
        self.firms = firms
        self.system, self.nobs, self.dropped = firms.system, firms.nobs, firms.dropped
        self.missing, self.weighted = firms.missing, firms.weighted
        self.fixed_effects = firms.fixed_effects

    @classmethod
    def from_dict(cls, spec: Mapping[str, Any], data: pd.DataFrame) -> PathModel:
        """Build from a model's entry in ``models.yaml``.

        Read are ``equations``, ``controls``, ``fixed_effects``, ``weights`` and ``missing``.
        """
        return cls(
            spec["equations"],
            data,
            spec.get("controls") or (),
            spec.get("fixed_effects") or (),
            spec.get("weights"),
            spec.get("missing") or "listwise",
        )

    @classmethod
    def from_yaml(cls, text: str, data: pd.DataFrame) -> PathModel:
        """Build from YAML: a model's entry, or only its equations."""
        spec = yaml.safe_load(text)
        return cls.from_dict(spec if "equations" in spec else {"equations": spec}, data)

    @classmethod
    def from_correlation(
        cls,
        equations: Mapping[str, Sequence[str] | str],
        corr: pd.DataFrame,
        sd: Mapping[str, float] | pd.Series,
        n: int,
    ) -> PathModel:
        """Build from a printed correlation matrix, so that a published table can be re-estimated.

        Parameters
        ----------
        equations
            Outcome → its sources.
        corr
            Labelled square matrix; one triangle may be empty.
        sd
            Standard deviations (divisor n − 1, as tables print them).
        n
            Number of firms.

        Notes
        -----
        Standard errors are those of maximum likelihood; robust and bootstrapped ones need the
        firms. Intervals by simulation are available: ``effects(…, monte_carlo={…})``.
        """
        model = cls.__new__(cls)
        system = build_system(equations)
        model._set(Firms(system, correlation_moments(system, corr, sd, n)))
        return model

    def fit(
        self,
        cov_type: str | None = None,
        cov_kwds: Mapping[str, Any] | None = None,
        bootstrap: Mapping[str, int] | bool | None = None,
    ) -> PathResults:
        """Estimate.

        Parameters
        ----------
        cov_type
            ``nonrobust`` (expected information, observed information with ``missing="fiml"``; the
            default without weights), ``robust`` or ``HC0`` (lavaan's MLR; the default with
            weights), ``HC1``, ``cluster``, ``bootstrap`` (standard deviation and percentiles over
            resamples). No ``HC1`` with ``missing="fiml"``.
        cov_kwds
            ``{"groups": column or values}`` for ``cluster``; with ``bootstrap``, or in addition
            to it, whole clusters are resampled.
        bootstrap
            ``{"draws": 5000, "seed": 20141120}`` (these are the defaults) to add percentile and
            BCa intervals to any covariance; implied by ``cov_type="bootstrap"``.

        Raises
        ------
        EstimationError
            For an unknown covariance, a single cluster, or firm-level methods on a correlation
            matrix.
        """
        found, none = self.firms.estimates(), np.empty((0, 0))
        bare = PathResults(self, self.firms, found, none, "nonrobust", None, None, 0)
        return bare.with_cov(cov_type, cov_kwds, bootstrap)
