"""Size classes by employees: those tables are printed by, and how a survey's own lie in them."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Bands = Mapping[str, tuple[float, float]]

# Of Eurostat's tables: lower end and the end they stay below. Micro firms are in none of them.
SIZES: Bands = {"10-49": (10, 50), "50-249": (50, 250), "250+": (250, np.inf)}
MICRO_BELOW = 10
MICRO = "below 10"
# Recommendation 2003/361/EC, by employees alone.
EU_SIZES: Bands = {"micro": (0, 10), "small": (10, 50), "medium": (50, 250), "large": (250, np.inf)}


def bounds(classes: pd.Series) -> pd.DataFrame:
    """Return between which numbers of employees the firms of size classes lie.

    Parameters
    ----------
    classes
        Such as ``10-49``, ``250+`` or ``below 10``; shape (n,).

    Returns
    -------
    pandas.DataFrame
        Columns ``low`` and ``below``, the number it stays below; both null where a class is.
    """
    text = classes.astype("string")
    found = text.str.extract(r"^(?P<low>\d+)(?:-(?P<high>\d+)|\+)$").astype("float64")
    low, below = found["low"], (found["high"] + 1).fillna(np.inf).where(found["low"].notna())
    micro = text.eq(MICRO).fillna(value=False)
    return pd.DataFrame({"low": low.mask(micro, 0.0), "below": below.mask(micro, MICRO_BELOW)})


def bands_of(firms: pd.DataFrame, employees_from: int | None = None) -> Bands:
    """Return the size classes a wave is told by: Eurostat's, and one below where it has such firms.

    Parameters
    ----------
    firms
        Firm records of one wave.
    employees_from
        Fewest employees of a firm of the survey's population, where that is known.
    """
    if employees_from is not None and employees_from < MICRO_BELOW:
        return {_micro(employees_from): (0, MICRO_BELOW), **SIZES}
    micro = (firms["employees"] < MICRO_BELOW).any() | (
        _classes(firms)["below"] <= MICRO_BELOW
    ).any()
    return {MICRO: (0, MICRO_BELOW), **SIZES} if micro else SIZES


def _micro(employees_from: int) -> str:
    return f"{employees_from}-{MICRO_BELOW - 1}" if employees_from > 0 else MICRO


def size_of(firms: pd.DataFrame, bands: Bands = SIZES) -> NDArray[np.object_]:
    """Return the size class of each firm, "" where unknown or in none, shape (n,)."""
    employees = firms["employees"].to_numpy(dtype=float, na_value=np.nan)
    given, size = _classes(firms), np.full(employees.size, "", dtype=object)
    for name, (low, below) in bands.items():
        size[(employees >= low) & (employees < below)] = name
        within = (given["low"] >= low) & (given["below"] <= below)
        size[np.isnan(employees) & within.to_numpy()] = name
    return size


def _classes(firms: pd.DataFrame) -> pd.DataFrame:
    none = pd.Series(pd.NA, index=firms.index, dtype="string")
    return bounds(firms.get("size_class", none))
