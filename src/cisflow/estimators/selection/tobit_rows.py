"""What the models of this folder take from the Tobit: limits, quantities, slopes of the scores."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from cisflow.estimators.arrays import Floats
from cisflow.estimators.errors import refuse
from cisflow.estimators.selection.likelihood import _mills
from cisflow.estimators.tobit import margins

STEP = 1e-5
KINDS = {"observed": "censored"} | {k: k for k in ("latent", "uncensored", "probability")}
"""Quantities, and what the Tobit calls them."""


def open_ended(lower: float | None, upper: float | None) -> tuple[float, float]:
    """Return limits, −∞ and ∞ for none."""
    return -np.inf if lower is None else lower, np.inf if upper is None else upper


def quantity_of_tobit(heading: str, kind: str) -> Callable[..., margins.Curve]:
    """Return what gives a quantity from index, spread and limits; an unknown one is refused."""
    if kind not in KINDS:
        refuse(heading, f"the quantity {kind} is not offered", f"use {', '.join(KINDS)}")
    return margins.KINDS[KINDS[kind]]


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
