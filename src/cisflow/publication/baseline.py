"""Save the published numbers of a run, and say later which of them changed.

For continuous integration: a change of code or data that moves a published number is seen.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from cisflow.base.problems import CisflowError, Problem
from cisflow.estimation.estimates import FOUND, SIZES

# What tells one published row from another; claims have their name as model's companion.
KEYS = ("country", "wave", "model", "outcome", "column", "term", "cov_type", "weights", "claim")
TEXTS = ("note", "verdict", "verdict_literature")
COLUMNS = (*KEYS, "quantity", "value")
CHANGES = (*COLUMNS[:-1], "old", "new", "relative_change")
# Six digits are more than a paper prints, and fewer than processors disagree on.
DIGITS = "%.6g"
RTOL, ATOL = 1e-4, 1e-8
NUMBERS = (*FOUND, *SIZES)


def published_numbers(results: Path) -> pd.DataFrame:
    """Return every published number of a run.

    Parameters
    ----------
    results
        The folder ``results/{run}``.

    Returns
    -------
    pandas.DataFrame
        Columns :data:`COLUMNS`, all text: one row per number (``quantity`` names it) and per
        verdict or note.

    Raises
    ------
    CisflowError
        The folder holds no estimates.
    """
    tables = sorted((results / "estimates").rglob("*.csv"))
    if not tables:
        raise CisflowError(
            results.as_posix(),
            Problem(
                "there are no estimates", "run the pipeline first; name the folder results/<run>"
            ),
        )
    tables += [file for file in (results / "claims.csv",) if file.is_file()]
    frames = [_long(pd.read_csv(file, dtype=str, keep_default_na=False)) for file in tables]
    numbers = pd.concat(frames, ignore_index=True).drop_duplicates()
    twice = numbers.duplicated([*KEYS, "quantity"], keep=False)
    # Rows that nothing else tells apart are told apart by their order, which a run keeps.
    order = numbers[twice].groupby([*KEYS, "quantity"]).cumcount().add(1).astype(str)
    numbers.loc[twice, "quantity"] += " #" + order
    return numbers.sort_values([*KEYS, "quantity"], kind="stable").reset_index(drop=True)


def _long(table: pd.DataFrame) -> pd.DataFrame:
    """Return a table with one row per number; empty cells are no numbers."""
    keys = table.reindex(columns=list(KEYS), fill_value="")
    parts = []
    for quantity in (*NUMBERS, *TEXTS):
        if quantity in table:
            values = table[quantity].map(_rounded) if quantity in NUMBERS else table[quantity]
            parts.append(keys.assign(quantity=quantity, value=values))
    long = pd.concat(parts, ignore_index=True)[list(COLUMNS)]
    return long[long["value"] != ""]


def _rounded(text: str) -> str:
    return DIGITS % float(text) if text else ""


def save_baseline(results: Path, file: Path) -> int:
    """Write the published numbers of a run, and return how many there are."""
    numbers = published_numbers(results)
    file.parent.mkdir(parents=True, exist_ok=True)
    numbers.to_csv(file, index=False, lineterminator="\n", encoding="utf-8")
    return len(numbers)


def compare_with_baseline(
    results: Path, file: Path, rtol: float = RTOL, atol: float = ATOL
) -> pd.DataFrame:
    """Return the published numbers that differ from a baseline.

    Parameters
    ----------
    results
        The folder ``results/{run}``.
    file
        A baseline, as :func:`save_baseline` writes it.
    rtol, atol
        A number has changed if ``|new - old| > atol + rtol * |old|``.

    Returns
    -------
    pandas.DataFrame
        Columns :data:`CHANGES`; ``old`` is empty for a number that is new, ``new`` for one that is
        gone, ``relative_change`` for both and for texts.

    Raises
    ------
    CisflowError
        There is no baseline, or no estimates.
    """
    if not file.is_file():
        remedy = f"save one first: cisflow baseline save {results.as_posix()}"
        raise CisflowError(file.as_posix(), Problem("there is no such baseline", remedy))
    old = pd.read_csv(file, dtype=str, keep_default_na=False)
    if list(old.columns) != list(COLUMNS):
        what = "not a baseline of cisflow: its columns are others"
        raise CisflowError(file.as_posix(), Problem(what, "save it again"))
    new = published_numbers(results)
    both = old.merge(
        new, how="outer", on=list(COLUMNS[:-1]), suffixes=("_old", "_new"), sort=False
    ).rename(columns={"value_old": "old", "value_new": "new"})
    both[["old", "new"]] = both[["old", "new"]].fillna("")
    before = pd.to_numeric(both["old"], errors="coerce")
    after = pd.to_numeric(both["new"], errors="coerce")
    within = (after - before).abs() <= atol + rtol * before.abs()
    same = (both["old"] == both["new"]) | within
    change = ((after - before) / before.abs().where(before != 0)).replace([np.inf, -np.inf], np.nan)
    return both.assign(relative_change=change)[~same][list(CHANGES)].reset_index(drop=True)
