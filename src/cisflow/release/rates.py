"""Rates of cooperation through the gate: a table of sectors and sizes, with its margins."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from cisflow.panel.rates import RATES, SECTORS, TOTAL, Rate
from cisflow.release.gate import Gate

CORNER, EDGE, CELL = 50.0, 8.0, 1.0


def _place(rate: Rate, sector: str | None = None, size: str | None = None) -> tuple[str, ...]:
    return "rate", rate.wave, rate.partner, sector or rate.sector, size or rate.size


def note_rates(gate: Gate, rates: Sequence[Rate]) -> None:
    """Note who was asked and who cooperates in every cell, and that cells sum to margins."""
    for rate in rates:
        totals = (rate.sector == TOTAL) + (rate.size == TOTAL)
        gate.note_answers(_place(rate), rate.domain, rate.yes, (CELL, EDGE, CORNER)[totals])
    sizes: dict[str, list[str]] = {}
    for rate in rates:
        of_wave = sizes.setdefault(rate.wave, [])
        of_wave += [rate.size] if rate.size not in (TOTAL, *of_wave) else []
    for rate in rates:
        for answer in ("all", "yes", "no"):
            whole = (_place(rate), answer)
            if rate.sector == TOTAL:
                gate.note_parts(whole, [(_place(rate, sector=s), answer) for s in SECTORS])
            if rate.size == TOTAL:
                gate.note_parts(whole, [(_place(rate, size=s), answer) for s in sizes[rate.wave]])


def told_rates(gate: Gate, rates: Sequence[Rate], country: str, file: str) -> pd.DataFrame:
    """Return the rates as far as they may be told.

    Returns
    -------
    pandas.DataFrame
        Columns of :data:`RATES`, and ``suppressed``. ``rate`` and ``unweighted`` in percent,
        ``std_error`` in percentage points, all null where ``suppressed``; ``firms`` in the sample,
        null where these may not be told.
    """
    gate.opened(file, "rates", f"innovation-active firms of {country} that were asked, by wave")
    rows: list[dict[str, Any]] = []
    for rate in rates:
        place = f"{rate.wave}, {rate.partner}, {rate.sector}, {rate.size}"
        n = int(rate.domain.sum())
        size = gate.why((_place(rate), "all"))
        why = gate.why_answers(_place(rate), rate.weight)
        shown = n > 0 and gate.decided(file, place, "rate", why)
        if n > 0:
            gate.register[file]["firms"][place] = None if size else n
        rows.append(
            {
                "country": country,
                "wave": rate.wave,
                "sector": rate.sector,
                "size": rate.size,
                "partner": rate.partner,
                "firms": n if gate.decided(file, place, "firms", size) else None,
                "rate": rate.rate if shown else None,
                "std_error": rate.std_error if shown else None,
                "unweighted": rate.unweighted if shown else None,
                "design": rate.design,
                "suppressed": not shown,
            }
        )
    table = pd.DataFrame(rows, columns=[*RATES.columns, "suppressed"])
    counts = {"firms": "Int64"} | dict.fromkeys(("rate", "std_error", "unweighted"), "float64")
    return table.astype(counts)
