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
from numpy.typing import ArrayLike

from cisflow.base.problems import Problem
from cisflow.estimators.errors import EstimationError
from cisflow.estimators.path.covariance import expected_information, group_codes, sandwich
from cisflow.estimators.path.data import (
    Columns,
    any_observed,
    check_missing,
    complete_rows,
    correlation_moments,
    count_missing,
    make_sample,
    read_columns,
    read_weights,
)
from cisflow.estimators.path.fiml import IncompleteFit, make_incomplete
from cisflow.estimators.path.moments import Estimates, Sample, estimate
from cisflow.estimators.path.results import PathResults
from cisflow.estimators.path.system import HEADING, System, build_system, path_effects

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
        self.missing = check_missing(missing)
        # With gaps nothing can be absorbed: fixed effects are dummies among the controls.
        spelled = effects if missing == "fiml" else []
        dummies = [f"C({name})" for name in spelled if name in data.columns]
        columns = read_columns(data, terms, [*controls, *dummies], effects)
        self.system: System = build_system(equations, columns.controls)
        self._dummies = {
            control
            for control in columns.controls
            for name in spelled
            if control.startswith(f"{name}[")
        }
        self.fixed_effects = tuple(effects)
        self._data: pd.DataFrame | None = data
        self._set(columns, data, read_weights(data, weights))

    def _set(
        self, columns: Columns, data: pd.DataFrame, weights: tuple[str, np.ndarray] | None
    ) -> None:
        """Choose the firms and form their moments."""
        system, effects = self.system, list(self.fixed_effects)
        fiml = self.missing == "fiml"
        needed = list(system.exogenous if fiml else system.variables)
        needed = [name for name in needed if name not in self._dummies]
        if weights is not None:
            columns.values.setdefault(*weights)
            needed = list(dict.fromkeys([*needed, weights[0]]))
        keep = complete_rows(columns, data, needed, effects)
        if fiml:
            keep = keep & any_observed(columns, system.endogenous)
        self.dropped = count_missing(columns, data, needed, effects, keep)
        self._keep = keep
        kept = None if weights is None else weights[1][keep]
        self.weighted = kept is not None
        self._sample: Sample | None = None
        self._incomplete: IncompleteFit | None = None
        if fiml:
            firms = make_incomplete(system, columns, keep, kept)
            self._incomplete = IncompleteFit(system, firms)
            self._moments = self._incomplete.moments
        else:
            self._sample, self._moments = make_sample(system, columns, data, keep, effects, kept)

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
        import yaml

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
        model.system = build_system(equations)
        model.fixed_effects, model._dummies = (), set()
        model.dropped = {}
        model._data, model._sample, model._incomplete = None, None, None
        model.missing, model.weighted = "listwise", False
        model._keep = np.ones(0, dtype=bool)
        model._moments = correlation_moments(model.system, corr, sd, n)
        return model

    @property
    def nobs(self) -> int:
        """Firms used in every equation."""
        return self._moments.nobs

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
        m = self._moments
        if self._incomplete is None:
            found = estimate(self.system, m.within[:, :, None], np.diag(m.between)[None])
        else:
            found = self._incomplete.found
        bare = PathResults(self, found, np.empty((0, 0)), "nonrobust", None, None, 0)
        return bare.with_cov(cov_type, cov_kwds, bootstrap)

    def _groups(self, cov_kwds: Mapping[str, Any] | None) -> np.ndarray | None:
        """Cluster codes of the firms used; None without clusters."""
        given = (cov_kwds or {}).get("groups")
        if given is None or self._data is None:
            return None
        if isinstance(given, str):
            if given not in self._data.columns:
                raise EstimationError(
                    HEADING,
                    Problem(f"the data have no variable '{given}'", "name the cluster's column"),
                )
            given = self._data[given]
        values = np.asarray(given)
        if isinstance(given, pd.Series):
            values = given.to_numpy(dtype=object, na_value=None)
        if len(values) == len(self._keep):
            values = values[self._keep]
        elif len(values) != self.nobs:
            raise EstimationError(
                HEADING,
                Problem(
                    f"{len(values)} cluster names for {len(self._keep)} firms",
                    "give one per row of the data",
                ),
            )
        return group_codes(values)

    def _covariance(self, found: Estimates, cov_type: str, groups: np.ndarray | None) -> np.ndarray:
        if self._incomplete is not None:
            clusters = groups if cov_type == "cluster" else None
            return self._incomplete.covariance(cov_type != "nonrobust", clusters)
        if cov_type == "nonrobust":
            return expected_information(self.system, self._moments, found)
        assert self._sample is not None  # noqa: S101 - with_cov has refused it
        clusters = groups if cov_type == "cluster" else None
        return sandwich(
            self.system, self._sample, self._moments, found, clusters, cov_type == "HC1"
        )
