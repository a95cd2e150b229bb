"""What the estimates of this folder are called; light, so that tables need nothing else."""

from __future__ import annotations

OF_SELECTION = "selection: "
"""Before the names of the selection equation's coefficients."""


def residual_of(name: str) -> str:
    """Return what the coefficient of a first stage's residual is called."""
    return f"residual({name})"


def on_treated(treatment: str) -> str:
    """Return what the effect on those with the yes/no is called."""
    return f"treated({treatment})"


def mean_with(treatment: str, value: int) -> str:
    """Return what the mean is called if all had the yes/no (1), or none (0)."""
    return f"mean({treatment}={value})"
