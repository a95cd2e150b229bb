"""Rates of cooperation in the layout of the tables statistical offices publish."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from cisflow.panel.rates import ANY, MICROS
from cisflow.publication.findings import Findings
from cisflow.publication.language import retold, say
from cisflow.publication.tables.layout import Table, lay_out, no_cells, two_level, union
from cisflow.publication.words import NOT_ESTIMABLE, WITHHELD, count, label, number, sentence

DESIGNS = {
    "stratified": "weighted; standard errors for a stratified sample without replacement",
    "weighted": "weighted; standard errors for a sample drawn with replacement",
    "unweighted": "unweighted, as the file has no sampling weights that differ",
}


def rates_table(findings: Findings, country: str, wave: str) -> Table:
    """Render the rates of one wave: sectors and sizes in rows, partners in columns."""
    rates = findings.rates
    here = rates[(rates["country"] == country) & (rates["wave"] == wave)]
    cells = no_cells()
    for row in here.to_dict(orient="records"):
        line = cells[sentence(retold(row["sector"])), sentence(retold(row["size"]))]
        if row["partner"] == ANY:
            line["Firms"] = count(row["firms"])
        line[_partner(row["partner"])] = _rate(row)
    columns = union(["Firms", *(_partner(name) for name in here["partner"])])
    return lay_out(two_level(cells, columns=columns), _notes(here))


def _partner(name: str) -> str:
    return say("Any partner") if name == ANY else label(f"coop_{name}", short=True)


def _rate(row: Mapping[str, Any]) -> str:
    """Return a cell: rate, standard error, and the official rate where there is one."""
    if row["suppressed"]:
        return WITHHELD
    if not np.isfinite(row["rate"]):
        return NOT_ESTIMABLE
    lines = [number(row["rate"], 1), f"({number(row['std_error'], 1)})"]
    if np.isfinite(row.get("official", np.nan)):
        lines.append(f"[{number(row['official'], 1)}]")
    return "\n".join(lines)


def _notes(here: Any) -> list[str]:
    if not len(here):
        return [f"{NOT_ESTIMABLE}: {say('the survey did not ask about cooperation')}."]
    notes = [
        say(
            "Rates in percent, {design}, in parentheses, in percentage points. Sizes in employees. "
            "Agriculture and construction are in the total only.",
            design=say(DESIGNS[here["design"].iloc[0]]),
        )
    ]
    if micro := [size for size in here["size"].unique() if size in MICROS]:
        text = "Firms of fewer than ten employees are a class of their own ({size})."
        notes.append(say(text, size=micro[0]))
    if "official" in here and (both := here.dropna(subset=["official", "difference"])).shape[0]:
        apart = (both["difference"].abs() > 1.96 * both["std_error"]).sum()
        notes.append(
            say(
                "In brackets the official rate; {apart} of {n} differ from it by more than 1.96 "
                "standard errors.",
                apart=apart,
                n=len(both),
            )
        )
    return notes
