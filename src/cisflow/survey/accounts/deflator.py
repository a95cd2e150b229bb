"""A price index by year, for amounts in prices of one year."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from cisflow.base.paths import shown
from cisflow.base.problems import CisflowError, Problem
from cisflow.raw.extract import column_names, read_extract
from cisflow.raw.opened import WHOLE


def read_deflator(path: str | Path, base_year: int) -> dict[int, float]:
    """Return the price level of each year relative to the base year.

    Parameters
    ----------
    path
        A file with the columns ``year`` and ``index`` (text, Excel or Parquet), one row per year;
        the index may have any base.
    base_year
        The year whose level becomes 1.

    Raises
    ------
    CisflowError
        A file without these columns, years that repeat, values that are no positive numbers, and a
        base year that is not there.
    """
    heading = f"Deflator ({shown(path)})"
    here = {name.casefold() for name in column_names(path, WHOLE, heading)}
    absent = [name for name in ("year", "index") if name not in here]
    if absent:
        listed = " and ".join(f"'{name}'" for name in absent)
        remedy = "give it a column year and a column index"
        raise CisflowError(heading, Problem(f"no column {listed}", remedy))
    table = read_extract(path, ["year", "index"], WHOLE, heading)
    table = table.rename(columns=str.casefold).dropna(how="all")
    years = pd.to_numeric(table["year"], errors="coerce").astype("float64")
    index = pd.to_numeric(table["index"], errors="coerce").astype("float64")
    problems = []
    for column, bad in (
        ("year", years.isna() | (years % 1 != 0)),
        ("index", ~(index > 0) | (index == float("inf"))),
    ):
        if bad.any():
            wanted = "a year" if column == "year" else "a positive number"
            what = f"column '{column}': {int(bad.sum())} of {len(bad)} rows without {wanted}"
            problems.append(Problem(what, "correct them; decimals have a point"))
    if years.dropna().duplicated().any():
        problems.append(
            Problem("column 'year': a year stands there twice", "keep one row per year")
        )
    if not problems and base_year not in set(years):
        first, last = int(years.min()), int(years.max())
        what = f"base_year: {base_year} is not in the file ({first} to {last})"
        problems.append(Problem(what, "choose a year of the file"))
    if problems:
        raise CisflowError(heading, problems)
    levels = dict(zip(years.astype(int), index.astype(float), strict=True))
    return {year: level / levels[base_year] for year, level in levels.items()}
