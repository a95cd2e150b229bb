"""What all estimators share: yes/no as numbers, the covariance of the models file, labels."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

Row = dict[str, Any]


def numeric(sample: pd.DataFrame) -> pd.DataFrame:
    """Return the sample with yes/no variables as 1/0 so that each is one regressor."""
    flags = sample.select_dtypes(include=["boolean", "bool"]).columns
    return sample.astype(dict.fromkeys(flags, "Float64")).astype(dict.fromkeys(flags, "float64"))


def fit_arguments(covariance: str | dict[str, str], sample: pd.DataFrame) -> dict[str, Any]:
    """Return the arguments of ``fit`` for a covariance of the models file."""
    if isinstance(covariance, str):
        return {"cov_type": covariance}
    return {"cov_type": "cluster", "cov_kwds": {"groups": sample[covariance["cluster"]]}}
