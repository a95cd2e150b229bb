"""The table of claims and verdicts."""

from __future__ import annotations

import textwrap

import numpy as np
import pandas as pd

from cisflow.publication.families import places
from cisflow.publication.findings import Findings
from cisflow.publication.tables.layout import Table, lay_out, union
from cisflow.publication.words import interval, number

# More places than this do not fit side by side on a page.
MOST_PLACES = 4


def claims_table(findings: Findings) -> Table:
    """Render the verdict on every claim: by country and wave, or counted where these are many."""
    claims = findings.claims
    here = list(places(findings.countries))
    texts = claims.drop_duplicates("claim").set_index("claim")["text"]
    cells: dict[str, list[str]] = {}
    if len(here) <= MOST_PLACES:
        for country, wave in here:
            at = claims["country"].isin([country, ""]) & claims["wave"].isin([wave, ""])
            cells[findings.place(country, wave)] = [
                _verdicts(claims[at & (claims["claim"] == claim)]) for claim in texts.index
            ]
    else:
        # A claim's first test decides; further ones are in the file.
        first = claims.drop_duplicates(["claim", "country", "wave"])
        for verdict in union(claims["verdict"]):
            cells[str(verdict).capitalize()] = [
                str(((first["claim"] == claim) & (first["verdict"] == verdict)).sum())
                for claim in texts.index
            ]
    index = ["\n".join(textwrap.wrap(f"{claim}. {text}", 34)) for claim, text in texts.items()]
    shown = (
        "Estimates with 95 % confidence intervals."
        if len(here) <= MOST_PLACES
        else "Number of countries and waves by verdict."
    )
    notes = [
        f"{shown} Verdicts follow the rule stated in the claims file; a claim of no effect needs "
        "an interval inside the smallest effect of interest, so that an imprecise estimate is "
        "inconclusive and not support.",
    ]
    return lay_out(pd.DataFrame(cells, index=index), notes)


def _verdicts(rows: pd.DataFrame) -> str:
    """Return verdict and estimate of a claim in one country and wave."""
    lines = []
    for i, row in enumerate(rows.to_dict(orient="records")):
        further = f"{row['model'].replace('_', ' ')}: " if i else ""
        lines.append(further + row["verdict"])
        if np.isfinite(row["estimate"]):
            bounds = interval(row["ci_low"], row["ci_high"])
            lines.append(f"{number(row['estimate'])} {bounds}".strip())
        if row["verdict_literature"] and row["verdict_literature"] != row["verdict"]:
            lines.append(f"(literature’s rule: {row['verdict_literature']})")
    return "\n".join(dict.fromkeys(lines)) or "not tested"
