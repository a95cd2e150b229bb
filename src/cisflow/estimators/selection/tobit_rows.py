"""What a Tobit's rows say in the caller's units: slopes of the scores in the index."""

from __future__ import annotations

from dataclasses import dataclass

from cisflow.estimators.arrays import Floats
from cisflow.estimators.selection.likelihood import _mills

STEP = 1e-5


@dataclass(frozen=True)
class TobitRows:
    """Outcomes (n,) and their limits, −∞ and ∞ for none."""

    y: Floats
    lower: float
    upper: float

    def scores(self, eta: Floats, sigma: float) -> tuple[Floats, Floats]:
        """Return the rows' scores in the index and in log σ, (n,) each."""
        e = (self.y - eta) / sigma
        a, b = e / sigma, e * e - 1
        low, high = self.y <= self.lower, self.y >= self.upper
        k = (self.lower - eta[low]) / sigma
        a[low], b[low] = -_mills(k) / sigma, -k * _mills(k)
        k = (eta[high] - self.upper) / sigma
        a[high], b[high] = _mills(k) / sigma, -k * _mills(k)
        return a, b

    def slopes(self, eta: Floats, sigma: float) -> tuple[Floats, Floats, Floats]:
        """Return the score in the index, its derivative there, and that of log σ's, (n,) each."""
        step = STEP * sigma
        (a_up, b_up), (a_down, b_down) = (self.scores(eta + s, sigma) for s in (step, -step))
        a, _ = self.scores(eta, sigma)
        return a, (a_up - a_down) / (2 * step), (b_up - b_down) / (2 * step)
