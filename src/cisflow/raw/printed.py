"""A published table of correlations and standard deviations, as it stands in print."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from cisflow.base.paths import shown
from cisflow.base.problems import CisflowError, Problem
from cisflow.raw.extract import column_names, read_extract
from cisflow.raw.opened import WHOLE

PRINTED = "printed"  # what stands for the wave of estimates from a printed table
NAME, DEVIATION = "variable", "sd"


def read_printed(path: str | Path) -> tuple[pd.DataFrame, pd.Series]:
    """Read a printed table: one row per variable, its standard deviation and its correlations.

    Parameters
    ----------
    path
        Text or Excel with the columns ``variable`` and ``sd`` and one column per variable; the
        triangle that is not printed, and the diagonal, may be blank. Others are passed over.
        Stars stay out of numbers, and ``.35`` and ``−.10`` are numbers.

    Returns
    -------
    pandas.DataFrame
        Correlations, labelled by variable on both sides; null where blank.
    pandas.Series
        Standard deviations.

    Raises
    ------
    CisflowError
        For a missing column, a variable that stands there twice, and what is no number.
    """
    heading = f"Printed table ({shown(path)})"
    names = column_names(path, WHOLE, heading)
    here = {name.strip().casefold(): name for name in names}
    absent = [name for name in (NAME, DEVIATION) if name not in here]
    if absent:
        listed = " and ".join(f"'{name}'" for name in absent)
        remedy = f"the columns are {NAME}, {DEVIATION} and one per variable"
        raise CisflowError(heading, Problem(f"no column {listed}", remedy))
    table = read_extract(path, names, WHOLE, heading).rename(columns=lambda c: c.strip())
    table = table.dropna(how="all").rename(columns={here[n]: n for n in (NAME, DEVIATION)})
    rows = table[NAME].str.strip()
    if twice := list(rows[rows.duplicated()].dropna().unique()):
        problems = [Problem(f"'{name}' has more than one row", "keep one") for name in twice]
        raise CisflowError(heading, problems)
    table = table.set_axis(rows, axis=0)
    variables = [name for name in rows.dropna() if name in table.columns]
    wanted = [DEVIATION, *variables]
    texts = table[wanted].apply(lambda c: c.str.replace(r"[*†‡\s]", "", regex=True))
    texts = texts.apply(lambda c: c.str.replace("−", "-", regex=False))
    numbers = texts.apply(pd.to_numeric, errors="coerce").astype("float64")
    bad = numbers.isna() & texts.notna() & texts.ne("") & texts.ne("-")
    problems = [
        Problem(
            f"column '{name}': no number in the row of {', '.join(rows[bad[name].to_numpy()])}",
            "write numbers as printed, with a decimal point; leave blank what is not printed",
        )
        for name in wanted
        if bad[name].any()
    ]
    if problems:
        raise CisflowError(heading, problems)
    return numbers.loc[variables, variables], numbers.loc[variables, DEVIATION]
