"""The contracts of the canonical tables: dtypes, ranges, keys."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from cisflow.base.problems import CisflowError, Problem, counted
from cisflow.study.canonical import (
    ACCOUNT_COLUMNS,
    ASKED,
    BLOCK_OF,
    BLOCKS,
    FIRM_COLUMNS,
    FLAGS,
    PERCENT,
    SIGNED,
    TEXT,
)

if TYPE_CHECKING:
    from pandera.pandas import DataFrameSchema


def dtype_of(column: str) -> str:
    """Return the pandas dtype of a canonical column."""
    if column in TEXT:
        return "string"
    if column in ("reference_year", "year"):
        return "int64"
    if column in ASKED:
        return "bool"
    if column in FLAGS:
        return "boolean"
    return "float64"


def firm_schema() -> DataFrameSchema:
    """Return the contract of a clean wave, ``microdata/{country}/{wave}.parquet``."""
    import pandera.pandas as pa

    def column(name: str) -> pa.Column:
        checks = []
        if name in PERCENT:
            checks = [pa.Check.in_range(0, 100)]
        elif name in BLOCKS["sources"]:
            checks = [pa.Check.isin([0, 1, 2, 3])]
        elif name == "weight":
            checks = [pa.Check.gt(0)]
        elif dtype_of(name) == "float64":
            checks = [pa.Check.ge(0)]
        required = name in {"country", "wave", "reference_year", "firm_id", "weight", *ASKED}
        return pa.Column(dtype_of(name), checks=checks, nullable=not required)

    return pa.DataFrameSchema(
        {name: column(name) for name in FIRM_COLUMNS},
        unique=["country", "wave", "firm_id"],
        strict=True,
        ordered=True,
    )


def account_schema() -> DataFrameSchema:
    """Return the contract of company accounts, ``microdata/{country}/accounts.parquet``."""
    import pandera.pandas as pa

    def column(name: str) -> pa.Column:
        nonnegative = dtype_of(name) == "float64" and name not in SIGNED
        return pa.Column(
            dtype_of(name),
            checks=[pa.Check.ge(0)] if nonnegative else [],
            nullable=name not in ("firm_id", "year"),
        )

    return pa.DataFrameSchema(
        {name: column(name) for name in ACCOUNT_COLUMNS},
        unique=["firm_id", "year"],
        strict=True,
        ordered=True,
    )


def conforming(frame: pd.DataFrame, contract: DataFrameSchema, heading: str) -> pd.DataFrame:
    """Return ``frame`` if it keeps its contract, a pandera schema."""
    import pandera.errors

    try:
        return contract.validate(frame, lazy=True)
    except pandera.errors.SchemaErrors as error:
        failures = error.failure_cases.groupby(["column", "check"], dropna=False).size()
        problems = [
            Problem(
                f"{column}: {counted(count, 'value')} {_in_words(rule)}",
                "the codebook gives this variable values it cannot have: look at its `constant`, "
                "`codes` and `unit`",
            )
            for (column, rule), count in failures.items()
        ]
        raise CisflowError(heading, problems) from None


def _in_words(rule: str) -> str:
    """Return what is wrong with values that break a rule of pandera's."""
    name, _, limits = str(rule).partition("(")
    limits = limits.rstrip(")")
    return {
        "greater_than": f"not above {limits}",
        "greater_than_or_equal_to": f"below {limits}",
        "in_range": f"outside {limits.replace(', ', ' to ')}",
        "isin": f"that are none of {limits.strip('[]')}",
        "not_nullable": "that are blank",
    }.get(name, f"that break the rule {rule}")


def state_of(firms: pd.DataFrame, variable: str) -> pd.Series:
    """Return, per firm, whether ``variable`` is ``"value"``, ``"filtered"`` or ``"missing"``.

    Parameters
    ----------
    firms
        Firm records, shape (n, columns).
    variable
        A canonical column; one outside every block was asked of everyone.
    """
    valid = firms[variable].notna()
    block = BLOCK_OF.get(variable)
    asked = firms[f"asked_{block}"] if block else pd.Series(True, index=firms.index)
    return pd.Series(np.select([valid, ~asked], ["value", "filtered"], "missing"), firms.index)
