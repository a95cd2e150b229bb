"""Estimators: numbers in, results out.

Each is imported when first asked for, so that a small fit does not pay for the others.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cisflow.estimators.path.model import PathModel
    from cisflow.estimators.regression.models import OLS, FractionalLogit, Logit, Probit
    from cisflow.estimators.regression.two_part import TwoPart
    from cisflow.estimators.selection.control_function import ControlFunctionTobit
    from cisflow.estimators.selection.doubly_robust import DoublyRobust
    from cisflow.estimators.selection.heckman import Heckman
    from cisflow.estimators.tobit.heteroskedastic import HeteroskedasticTobit
    from cisflow.estimators.tobit.model import Tobit

__all__ = [
    "OLS",
    "ControlFunctionTobit",
    "DoublyRobust",
    "FractionalLogit",
    "Heckman",
    "HeteroskedasticTobit",
    "Logit",
    "PathModel",
    "Probit",
    "Tobit",
    "TwoPart",
]

_HOME = {
    "Tobit": "tobit.model",
    "HeteroskedasticTobit": "tobit.heteroskedastic",
    "PathModel": "path.model",
    "TwoPart": "regression.two_part",
    "Heckman": "selection.heckman",
    "ControlFunctionTobit": "selection.control_function",
    "DoublyRobust": "selection.doubly_robust",
}


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME.get(name, 'regression.models')}"), name)
