r"""Standard errors of estimates that rest on others, by what each row adds to both.

An estimate in steps solves :math:`\sum_i m_i(\theta, \hat\gamma) = 0` for a :math:`\hat\gamma` that
was estimated before. What row i adds to it, its influence, is

.. math:: \psi_i = M^{-1} \big[ m_i + G \psi^\gamma_i \big], \quad
          M = -\sum \partial m_i / \partial\theta', \; G = \sum \partial m_i / \partial\gamma'

and the sum of outer products of these is a covariance that counts the first step too, whatever the
distribution (Newey & McFadden 1994, Handbook of Econometrics IV:2111–2245, section 6; Murphy &
Topel 1985, Journal of Business & Economic Statistics 3:370–379 where the likelihoods hold).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cisflow.estimators.arrays import Floats
from cisflow.estimators.clusters import unspread
from cisflow.estimators.covariance import Covariance, covariance
from cisflow.estimators.distributions import ChiSquared
from cisflow.estimators.errors import refuse
from cisflow.estimators.regression.rows import Rows, RowScores


@dataclass(frozen=True)
class Stacked:
    """Influences of the rows on all parameters."""

    rows: Rows  # the n rows
    kind: str  # the model, for messages
    influence: Floats  # (n, k)
    # (k, k), the covariance under the model's own distribution, where there is one.
    classical: Floats | None = None

    def covariance(self, cov_type: str, cov_kwds: Mapping[str, Any] | None = None) -> Covariance:
        """Return the covariance of all parameters, by the names of the registry."""
        if cov_type == "nonrobust":
            return self._classical()
        if cov_type == "OPG":
            what = f"covariance 'OPG' is not offered for a {self.kind.lower()}"
            refuse(self.rows.heading, what, "use HC1, or cluster")
        # Influences are scores in units in which the information is one.
        scores = RowScores(self.rows, self.kind, self.influence, np.eye(self.influence.shape[1]))
        return replace(covariance(scores, cov_type, cov_kwds), unmeasured=self._held())

    def _held(self) -> NDArray[np.bool_] | None:
        """Parameters that one row alone determines, where the information is known to tell."""
        if self.classical is None:
            return None
        information = np.asarray(np.linalg.inv(self.classical), dtype=float)
        scores = RowScores(self.rows, self.kind, self.influence @ information, information)
        return unspread(scores, scores.outer())

    def _classical(self) -> Covariance:
        if self.classical is None:
            what = f"covariance 'nonrobust' is not offered for a {self.kind.lower()}"
            refuse(self.rows.heading, what, "use HC1, or cluster")
        return Covariance(self.classical, "nonrobust")


def wald(estimates: Floats, matrix: Floats) -> dict[str, float]:
    """Return the test that all of some parameters are zero: χ², its degrees of freedom, p.

    Parameters
    ----------
    estimates : (q,) array
    matrix : (q, q) array
        Their covariance.
    """
    statistic = float(estimates @ np.linalg.solve(matrix, estimates))
    df = len(estimates)
    return {"statistic": statistic, "df": float(df), "p_value": float(ChiSquared(df).sf(statistic))}
