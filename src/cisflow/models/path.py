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
from typing import TYPE_CHECKING, Any

import numpy as np

from cisflow.errors import Problem
from cisflow.models.path_covariance import expected_information, group_codes, sandwich
from cisflow.models.path_data import (
    complete_rows,
    correlation_moments,
    count_missing,
    make_sample,
    read_columns,
)
from cisflow.models.path_moments import Estimates, Sample, estimate
from cisflow.models.path_results import PathResults
from cisflow.models.path_system import HEADING, System, build_system, path_effects
from cisflow.models.tobit_checks import EstimationError

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["PathModel", "PathResults", "path_effects"]


class PathModel:
    """A recursive system of observed variables, estimated by maximum likelihood.

    Parameters
    ----------
    equations
        Outcome → its sources. A source is a column, or a product ``a:b`` of columns.
    data
        One row per firm. Rows in which any variable of the model is missing are left out of all
        equations (listwise) and counted in ``dropped``.
    controls
        Regressors added to every equation; a categorical one enters as dummies.
    fixed_effects
        Categorical columns absorbed from every equation (industry, region …).

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
    ):
        controls, effects = list(controls), list(fixed_effects)
        first = build_system(equations, controls)
        terms = [v for v in first.variables if v not in controls]
        columns = read_columns(data, terms, controls, effects)
        self.system: System = build_system(equations, columns.controls)
        keep = complete_rows(columns, data, self.system.variables, effects)
        self.fixed_effects = tuple(effects)
        self.dropped = count_missing(columns, data, self.system.variables, effects, keep)
        self._data: pd.DataFrame | None = data
        self._keep = keep
        self._sample: Sample | None
        self._sample, self._moments = make_sample(self.system, columns, data, keep, effects)

    @classmethod
    def from_dict(cls, spec: Mapping[str, Any], data: pd.DataFrame) -> PathModel:
        """Build from a model's entry in ``models.yaml``: equations, controls, fixed_effects."""
        return cls(
            spec["equations"], data, spec.get("controls") or (), spec.get("fixed_effects") or ()
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
        model.fixed_effects = ()
        model.dropped = {}
        model._data, model._sample = None, None
        model._keep = np.ones(0, dtype=bool)
        model._moments = correlation_moments(model.system, corr, sd, n)
        return model

    @property
    def nobs(self) -> int:
        """Firms used in every equation."""
        return self._moments.nobs

    def fit(
        self,
        cov_type: str = "nonrobust",
        cov_kwds: Mapping[str, Any] | None = None,
        bootstrap: Mapping[str, int] | bool | None = None,
    ) -> PathResults:
        """Estimate.

        Parameters
        ----------
        cov_type
            ``nonrobust`` (expected information), ``robust`` or ``HC0`` (lavaan's MLR), ``HC1``,
            ``cluster``, ``bootstrap`` (standard deviation and percentiles over resamples).
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
        found = estimate(self.system, m.within[:, :, None], np.diag(m.between)[None])
        bare = PathResults(self, found, np.empty((0, 0)), "nonrobust", None, None, 0)
        return bare.with_cov(cov_type, cov_kwds, bootstrap)

    def _groups(self, cov_kwds: Mapping[str, Any] | None) -> np.ndarray | None:
        """Cluster codes of the firms used; None without clusters."""
        import pandas as pd

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
        if cov_type == "nonrobust":
            return expected_information(self.system, self._moments, found)
        assert self._sample is not None  # noqa: S101 - with_cov has refused it
        clusters = groups if cov_type == "cluster" else None
        return sandwich(
            self.system, self._sample, self._moments, found, clusters, cov_type == "HC1"
        )
