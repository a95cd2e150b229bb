"""The series of a country: reference years of its waves, and the breaks between them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

Series = dict[str, list[Any]]


def series_of(records: Iterable[Mapping[str, Any]]) -> dict[str, Series]:
    """Return, per country, the reference years of its waves and the breaks its codebooks know.

    Parameters
    ----------
    records
        Quality records, of any countries and waves; those of accounts are passed over.
    """
    found: dict[str, Series] = {}
    for record in records:
        if "reference_year" in record:
            series = found.setdefault(record["country"], {"years": [], "breaks": []})
            series["years"].append(record["reference_year"])
            new = (e for e in record.get("breaks", []) if e not in series["breaks"])
            series["breaks"] += new
    return found


def breaks_crossed(*series: Series) -> list[dict[str, Any]]:
    """Return the breaks that lie between waves of one or several series together, by year.

    A break has ``from``, ``text``, ``source`` and ``verified``.
    """
    years = [year for of in series for year in of["years"]]
    breaks: list[dict[str, Any]] = []
    for entry in (entry for of in series for entry in of["breaks"]):
        if min(years) < entry["from"] <= max(years) and entry not in breaks:
            breaks.append(entry)
    return sorted(breaks, key=lambda entry: int(entry["from"]))
