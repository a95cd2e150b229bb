"""Estimators: numbers in, results out.

Each is imported when first asked for, so that a small fit does not pay for the others.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cisflow.models.companions import OLS, FractionalLogit, Logit, TwoPart
    from cisflow.models.path import PathModel
    from cisflow.models.tobit import Tobit
    from cisflow.models.tobit_heteroskedastic import HeteroskedasticTobit

__all__ = [
    "OLS",
    "FractionalLogit",
    "HeteroskedasticTobit",
    "Logit",
    "PathModel",
    "Tobit",
    "TwoPart",
]

_HOME = {
    "Tobit": "tobit",
    "HeteroskedasticTobit": "tobit_heteroskedastic",
    "PathModel": "path",
}


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME.get(name, 'companions')}"), name)
