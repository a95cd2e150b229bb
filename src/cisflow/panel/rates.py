"""Weighted rates of cooperation by sector and size, as statistical offices publish them.

A rate is the percentage of innovation-active enterprises that cooperate with a type of partner. It
is estimated as the survey was drawn: by the sampling weights, with the standard error of a ratio in
a stratified sample without replacement where the file says which stratum a firm is in (Särndal,
Swensson & Wretman 1992, Model Assisted Survey Sampling, sections 5.6-5.8), else in a sample of
firms drawn with replacement.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cisflow.base.paths import shown
from cisflow.base.problems import CisflowError, Problem
from cisflow.base.records import Table
from cisflow.panel.design import survey_design
from cisflow.panel.sizes import MICRO, MICRO_BELOW, SIZES, Bands, bands_of, size_of
from cisflow.raw.extract import column_names, read_extract
from cisflow.raw.opened import WHOLE
from cisflow.study.canonical import PARTNERS

NUMBERS = ("firms", "rate", "std_error", "unweighted")
CELL = ("country", "wave", "sector", "size", "partner")
RATES = Table.of(*CELL, *NUMBERS, "design", numbers=NUMBERS)
OFFICIAL_COLUMNS = ("wave", "sector", "size", "partner", "rate")
ANY, TOTAL = "any", "total"
SECTORS = ("manufacturing", "other industry", "services")
# What the class of micro firms may be called: by where the survey's population begins.
MICROS = (MICRO, *(f"{least}-{MICRO_BELOW - 1}" for least in range(1, MICRO_BELOW)))
# Mining, energy and water: C and E in NACE Rev. 1.1, B, D and E in Rev. 2. Which of C and D is
# manufacturing the record itself says. Agriculture and construction are in no sector.
OTHER_INDUSTRY = ("B", "C", "D", "E")
OUTSIDE = ("", "A", "F")
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Rate:
    """One rate, and which firms it is of."""

    # wave, sector, size, partner: its place.
    wave: str
    sector: str
    size: str
    partner: str
    # domain, yes: booleans, shape (rows of the panel,): firms that were asked and answered, and
    # that said yes.
    domain: NDArray[np.bool_]
    yes: NDArray[np.bool_]
    design: str  # `"stratified"`, `"weighted"` or `"unweighted"`
    weight: Floats  # shape (firms of the domain,)
    # rate, std_error, unweighted: in percent, and percentage points; NaN of an empty domain.
    rate: float = np.nan
    std_error: float = np.nan
    unweighted: float = np.nan


def cooperation_rates(
    panel: pd.DataFrame, employees_from: Mapping[str, int] = MappingProxyType({})
) -> Iterator[Rate]:
    """Yield the percentage of innovation-active firms that cooperate, by partner, sector and size.

    Parameters
    ----------
    panel
        As :func:`cisflow.panel.build.build_panel` makes it. Weights are in ``weight``; strata,
        where the file has them, in ``stratum``.
    employees_from
        By wave the fewest employees of a firm of the survey's population, where that is known.
    """
    for wave in panel["wave"].unique():
        here = (panel["wave"] == wave).to_numpy()
        bands = bands_of(panel[here], employees_from.get(str(wave)))
        yield from _rates_of_wave(str(wave), panel[here], np.flatnonzero(here), len(panel), bands)


def _rates_of_wave(
    wave: str, firms: pd.DataFrame, rows: NDArray[np.intp], n: int, bands: Bands
) -> Iterator[Rate]:
    asked = firms["innovation_active"].fillna(False) & firms["asked_cooperation"].fillna(False)
    sector, size = sector_of(firms), size_of(firms, bands)
    design = survey_design(firms)

    def of_panel(some: NDArray[np.bool_]) -> NDArray[np.bool_]:
        whole = np.zeros(n, dtype=bool)
        whole[rows[some]] = True
        return whole

    for partner in (ANY, *PARTNERS):
        answer = firms[f"coop_{partner}"]
        if not answer[asked].notna().any():
            continue
        known = (asked & answer.notna()).to_numpy(dtype=bool)
        yes = answer.fillna(False).to_numpy(dtype=float)
        for a in (TOTAL, *SECTORS):
            for b in (TOTAL, *bands):
                domain = known & ((sector == a) | (a == TOTAL)) & ((size == b) | (b == TOTAL))
                found: tuple[float, ...] = ()
                if domain.any():
                    rate, error = ratio(yes, domain, design.weight, design.strata)
                    found = 100 * rate, 100 * error, 100 * float(yes[domain].mean())
                sets = of_panel(domain), of_panel(domain & (yes == 1))
                yield Rate(wave, a, b, partner, *sets, design.kind, design.weight[domain], *found)


def ratio(
    yes: Floats, domain: NDArray[np.bool_], weight: Floats, strata: NDArray[np.intp] | None
) -> tuple[float, float]:
    r"""Weighted share of a domain and its standard error.

    .. math:: \hat R = \frac{\sum w_i d_i y_i}{\sum w_i d_i}, \quad
              \hat V = \sum_h \Big(1 - \frac{n_h}{N_h}\Big) \frac{n_h}{n_h - 1}
              \sum_{i \in h} (u_i - \bar u_h)^2, \quad
              u_i = \frac{w_i d_i (y_i - \hat R)}{\sum w_i d_i}

    Parameters
    ----------
    yes : (n,) array of 0 and 1
    domain : (n,) booleans
        Firms the rate is of; the others matter for the size of their stratum.
    weight : (n,) array
    strata : (n,) codes 0…H−1, or None
        None is one stratum without finite-population correction. N is the sum of a stratum's
        weights. A stratum of one firm that stands for itself alone adds nothing; one that stands
        for others is measured from the mean of all (the "adjust" of R's survey package).
    """
    total = float(weight[domain].sum())
    rate = float((weight * yes)[domain].sum()) / total
    u = np.where(domain, weight * (yes - rate), 0.0) / total
    codes = np.zeros(u.size, dtype=np.intp) if strata is None else strata
    n = np.bincount(codes).astype(float)
    mean = np.bincount(codes, u) / n
    mean[n == 1] = u.mean()
    squares = np.bincount(codes, (u - mean[codes]) ** 2)
    remaining = np.ones_like(n)
    if strata is not None:
        remaining = np.maximum(1 - n / np.bincount(codes, weight), 0.0)
    variance = float((remaining * n / np.maximum(n - 1, 1) * squares).sum())
    return rate, float(np.sqrt(variance))


def sector_of(firms: pd.DataFrame) -> NDArray[np.object_]:
    """Return each firm's sector, "" for none or an unknown activity, shape (n,)."""
    section = firms["section"].astype("string").fillna("").to_numpy(dtype=object)
    sector = np.full(section.size, "services", dtype=object)
    sector[np.isin(section, OTHER_INDUSTRY)] = "other industry"
    sector[np.isin(section, OUTSIDE)] = ""
    sector[firms["manufacturing"].fillna(False).to_numpy(dtype=bool)] = "manufacturing"
    return sector


# --- official tables ---------------------------------------------------------------------------


def read_official_rates(path: str | Path) -> pd.DataFrame:
    """Read a table of published rates to compare with.

    Parameters
    ----------
    path
        A file with the columns :data:`OFFICIAL_COLUMNS`: sector one of ``total``,
        ``manufacturing``, ``other industry``, ``services``; size ``total``, ``10-49``, ``50-249``,
        ``250+``, or of micro firms ``1-9``, ``5-9`` or ``below 10``; partner ``any`` or a type of
        partner; rate in percent.

    Raises
    ------
    CisflowError
        Missing columns, unknown names, rates outside 0 to 100, rows that repeat: all at once.
    """
    heading = f"Official rates ({shown(path)})"
    here = column_names(path, WHOLE, heading)
    absent = [name for name in OFFICIAL_COLUMNS if name not in here]
    if absent:
        remedy = f"give it the columns {', '.join(OFFICIAL_COLUMNS)}"
        raise CisflowError(heading, Problem(f"no column {', '.join(absent)}", remedy))
    table = read_extract(path, list(OFFICIAL_COLUMNS), WHOLE, heading)
    keys = list(OFFICIAL_COLUMNS[:-1])
    table[keys] = table[keys].astype("string")
    table["rate"] = pd.to_numeric(table["rate"], errors="coerce").astype("float64")
    if problems := list(_official_problems(table)):
        raise CisflowError(heading, problems)
    return table


def _official_problems(table: pd.DataFrame) -> Iterator[Problem]:
    known: Mapping[str, tuple[str, ...]] = {
        "sector": (TOTAL, *SECTORS),
        "size": (TOTAL, *SIZES, *MICROS),
        "partner": (ANY, *PARTNERS),
    }
    for column, names in known.items():
        for value in sorted(set(table[column].dropna()) - set(names)):
            told = names[:4] if column == "size" else names
            more = ", or 1-9, 5-9 and the like for micro firms" if column == "size" else ""
            yield Problem(f"column '{column}': `{value}`", f"use one of {', '.join(told)}{more}")
    wrong = int((~table["rate"].between(0, 100)).sum())
    if wrong:
        what = f"column 'rate': {wrong} of {len(table)} rows are no percentage"
        yield Problem(what, "give numbers from 0 to 100")
    if table.duplicated(list(OFFICIAL_COLUMNS[:-1])).any():
        yield Problem("a rate stands there twice", "keep one row per wave, sector, size, partner")


def compared(rates: pd.DataFrame, official: pd.DataFrame) -> pd.DataFrame:
    """Return the rates with the official ones beside them: ``official`` and ``difference``.

    The difference is in percentage points, positive where the estimate is larger.
    """
    keys = list(OFFICIAL_COLUMNS[:-1])
    both = rates.merge(
        official.rename(columns={"rate": "official"}), on=keys, how="left", validate="many_to_one"
    )
    return both.assign(difference=both["rate"] - both["official"])
