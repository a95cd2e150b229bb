"""What a path model is estimated from: the firms, or the moments of a printed table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from cisflow.estimators.errors import Problem, refuse, refuse_any
from cisflow.estimators.path.covariance import expected_information, group_codes, sandwich
from cisflow.estimators.path.data import (
    Columns,
    any_observed,
    complete_rows,
    count_missing,
    make_sample,
)
from cisflow.estimators.path.fiml import IncompleteFit, make_incomplete
from cisflow.estimators.path.fiml_resample import IncompleteReweighter
from cisflow.estimators.path.moments import (
    Estimates,
    Moments,
    Reweight,
    Reweighter,
    Sample,
    estimate,
)
from cisflow.estimators.path.system import HEADING, System

COVARIANCES = ("nonrobust", "robust", "HC0", "HC1", "cluster", "bootstrap")


@dataclass(frozen=True, eq=False)
class Firms:
    """The firms in use, ready to be estimated from."""

    system: System
    moments: Moments
    missing: str = "listwise"  # "listwise" or "fiml"
    weighted: bool = False
    fixed_effects: tuple[str, ...] = ()
    dummies: frozenset[str] = frozenset()  # controls that are fixed effects spelled out
    data: pd.DataFrame | None = None  # the caller's table; None for a printed one
    # (rows of data,), the firms in use.
    keep: np.ndarray = field(default_factory=lambda: np.ones(0, dtype=bool))
    # Firms left out, and for want of which variable.
    dropped: dict[str, int] = field(default_factory=dict)
    sample: Sample | None = None  # complete firms
    incomplete: IncompleteFit | None = None  # firms with gaps, which are estimated already

    @property
    def nobs(self) -> int:
        """Firms used in every equation."""
        return self.moments.nobs

    def estimates(self) -> Estimates:
        """Coefficients, residual variances and implied standard deviations."""
        if self.incomplete is not None:
            return self.incomplete.found
        m = self.moments
        return estimate(self.system, m.within[:, :, None], np.diag(m.between)[None])

    @cached_property
    def reweight(self) -> Reweight:
        """What estimates the system under any weights of the firms."""
        if self.incomplete is not None:
            return IncompleteReweighter(self.incomplete)
        assert self.sample is not None  # noqa: S101 - check_request has refused it
        return Reweighter(self.system, self.sample)

    def check_request(
        self, cov_type: str, cov_kwds: Mapping[str, Any] | None, resample: bool
    ) -> None:
        """Refuse a covariance that is unknown or that the data do not allow."""
        problems = []
        if cov_type not in COVARIANCES:
            what = f"no covariance is called '{cov_type}'"
            problems.append(Problem(what, f"use one of {', '.join(COVARIANCES)}"))
        if self.incomplete is not None and cov_type == "HC1":
            what = (
                "'HC1' is not available with missing=\"fiml\": with gaps an equation has no number "
                "of firms of its own to correct by"
            )
            problems.append(Problem(what, 'use cov_type="robust", "cluster" or "bootstrap"'))
        elif self.data is None and (resample or cov_type != "nonrobust"):
            what = (
                f"'{'bootstrap' if resample else cov_type}' needs the firms, but the model was "
                "given a correlation matrix"
            )
            remedy = (
                'use cov_type="nonrobust"; intervals by simulation: '
                "effects(…, monte_carlo={'draws': 20000, 'seed': 1})"
            )
            problems.append(Problem(what, remedy))
        if cov_type == "cluster" and (cov_kwds or {}).get("groups") is None:
            what = "clusters are asked for but not named"
            problems.append(Problem(what, 'give cov_kwds={"groups": "column"}'))
        refuse_any(HEADING, problems)

    def groups(self, cov_kwds: Mapping[str, Any] | None) -> np.ndarray | None:
        """Cluster codes of the firms used; None without clusters."""
        given = (cov_kwds or {}).get("groups")
        if given is None or self.data is None:
            return None
        if isinstance(given, str):
            if given not in self.data.columns:
                what = f"the data have no variable '{given}'"
                refuse(HEADING, what, "name the cluster's column")
            given = self.data[given]
        values = np.asarray(given)
        if isinstance(given, pd.Series):
            values = given.to_numpy(dtype=object, na_value=None)
        rows = len(self.keep)
        if len(values) == rows:
            values = values[self.keep]
        elif len(values) != self.nobs:
            what = f"{len(values)} cluster names for {rows} firms"
            refuse(HEADING, what, "give one per row of the data")
        return group_codes(values)

    def covariance(self, found: Estimates, cov_type: str, groups: np.ndarray | None) -> np.ndarray:
        """Covariance of the parameters, in the order of :mod:`.path.covariance`."""
        clusters = groups if cov_type == "cluster" else None
        if self.incomplete is not None:
            return self.incomplete.covariance(cov_type != "nonrobust", clusters)
        if cov_type == "nonrobust":
            return expected_information(self.system, self.moments, found)
        assert self.sample is not None  # noqa: S101 - check_request has refused it
        return sandwich(self.system, self.sample, self.moments, found, clusters, cov_type == "HC1")


def choose_firms(
    system: System,
    columns: Columns,
    data: pd.DataFrame,
    fixed_effects: tuple[str, ...],
    dummies: frozenset[str],
    weights: tuple[str, np.ndarray] | None,
    missing: str,
) -> Firms:
    """Choose the firms and form their moments.

    Parameters
    ----------
    weights
        Name and values, shape (rows,), of sampling weights.

    Raises
    ------
    EstimationError
        If the firms do not determine the coefficients.
    """
    effects, fiml = list(fixed_effects), missing == "fiml"
    needed = list(system.exogenous if fiml else system.variables)
    needed = [name for name in needed if name not in dummies]
    if weights is not None:
        columns.values.setdefault(*weights)
        needed = list(dict.fromkeys([*needed, weights[0]]))
    keep = complete_rows(columns, data, needed, effects)
    if fiml:
        keep = keep & any_observed(columns, system.endogenous)
    dropped = count_missing(columns, data, needed, effects, keep)
    kept = None if weights is None else weights[1][keep]
    sample, incomplete = None, None
    if fiml:
        incomplete = IncompleteFit(system, make_incomplete(system, columns, keep, kept))
        moments = incomplete.moments
    else:
        sample, moments = make_sample(system, columns, data, keep, effects, kept)
    about = missing, kept is not None, fixed_effects, dummies, data, keep, dropped
    return Firms(system, moments, *about, sample, incomplete)
