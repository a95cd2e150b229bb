"""Information and scores of a fit, as the registry of covariances asks for them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from cisflow.estimators.arrays import Floats, Ints
from cisflow.estimators.scores import rows_by_cluster
from cisflow.estimators.tobit.bootstrap import resample
from cisflow.estimators.tobit.fit import Fit
from cisflow.estimators.tobit.sample import Sample


@dataclass(frozen=True)
class TobitScores:
    """A fit in Olsen's working parameters."""

    fit: Fit

    @property
    def heading(self) -> str:
        """What opens every message."""
        return self.fit.sample.heading

    @property
    def rows(self) -> Sample:
        """The rows the scores are of."""
        return self.fit.sample

    def bread(self) -> Floats:
        """Inverse information, (k+1, k+1)."""
        return self.fit.bread()

    def outer(self) -> Floats:
        """Sum of outer products of the weighted scores, (k+1, k+1)."""
        a, b = self.fit.score_parts
        squared, X = self.fit.sample.squared_weights, self.fit.X
        k = X.k
        meat = np.empty((k + 1, k + 1))
        meat[:k, :k] = X.gram(squared * a * a)
        meat[k, :k] = meat[:k, k] = X.transpose_times(squared * a * b)
        meat[k, k] = float(squared @ (b * b))
        return meat

    def sums(self, codes: Ints, groups: int) -> Floats:
        """Weighted scores summed by group, (groups, k+1)."""
        a, b = self.fit.score_parts
        w = self.fit.sample.total_weights
        scale = np.bincount(codes, w * b, groups)
        return np.column_stack([self.fit.X.score_sums(w * a, codes, groups), scale])

    def informations(self, codes: Ints, groups: int) -> Iterator[Floats]:
        """Information of each group, (k+1, k+1) each."""
        w = self.fit.sample.total_weights
        curvature = self.fit.likelihood.curvature_parts(self.fit.optimum.parameters)
        for rows in rows_by_cluster(codes, groups):
            X, parts = self.fit.X.take(rows).toarray(), w[rows, None, None] * curvature[rows]
            mixed = X.T @ parts[:, 0, 1]
            square = np.column_stack([(X * parts[:, 0, 0, None]).T @ X, mixed])
            yield np.vstack([square, np.append(mixed, parts[:, 1, 1].sum())])

    def of_each_row(self) -> tuple[Floats, Floats]:
        """Sides (n, k+1, 2) and core (n, 2, 2) of the information of each row."""
        X, w = self.fit.X.toarray(), self.fit.sample.total_weights
        n, k = X.shape
        sides = np.zeros((n, k + 1, 2))
        sides[:, :k, 0], sides[:, k, 1] = X, 1
        curvature = self.fit.likelihood.curvature_parts(self.fit.optimum.parameters)
        return sides, w[:, None, None] * curvature

    def jacobian(self) -> Floats:
        """Differentiate (β, log σ) in the caller's units, (k+1, k+1)."""
        return self.fit.jacobian

    def resampled(
        self, kind: str, groups: Ints | None, options: Mapping[str, Any]
    ) -> tuple[Floats, str]:
        """Covariance of resampled (β, log σ), and a note on resamples that lack a coefficient."""
        found = resample(self.fit, groups=groups, kind=kind, **options)
        return found.covariance(), found.note
