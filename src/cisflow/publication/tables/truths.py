"""Of a simulated run: what is true, and what was found of it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from cisflow.publication.families import places
from cisflow.publication.findings import Findings
from cisflow.publication.language import say
from cisflow.publication.tables.claims import MOST_PLACES
from cisflow.publication.tables.layout import Table, lay_out, no_cells, two_level
from cisflow.publication.tables.pooled import term_label
from cisflow.publication.words import (
    in_sentence,
    label,
    measured,
    measured_interval,
)
from cisflow.study.models import Model

TRUE = "truth"
NOTES = (
    "True: the number the firms are drawn from where the model has all that they are drawn from; "
    "else (*) what the model finds in a very large sample of the same truth, its pseudo-true "
    "value. Where that has another sign than the truth file’s own effects, it is the form of the "
    "model that makes it so. Recovered: the 95 % interval holds what is true, as 95 of 100 should. "
    "Detectable: the smallest effect a sample of this size finds with the power the rule asks for."
)


def truth_table(findings: Findings) -> Table:
    """Render truth and estimate of all that claims test; counted where places are many."""
    known = tested_truths(findings)
    here = list(places(findings.countries))
    cells = no_cells()
    if len(here) > MOST_PLACES:
        for claim, of in known.groupby("claim", sort=False):
            held = int((of["recovered"] == "yes").sum())
            cells["", str(claim)] = {"Estimates": str(len(of)), "Recovered": str(held)}
        return lay_out(two_level(cells, columns=["Estimates", "Recovered"]), [NOTES])
    for country, wave in here:
        at = known[(known["country"] == country) & (known["wave"] == wave)]
        for row in at.to_dict(orient="records"):
            cells[findings.place(country, wave), _what(row, findings.models[row["model"]])] = _told(
                row
            )
    columns = ["True", "Estimate", "Recovered", "Detectable", "Verdict"]
    return lay_out(two_level(cells, columns=columns), [NOTES])


def tested_truths(findings: Findings) -> pd.DataFrame:
    """Return the rows of the claims whose truth is known, a number that several test once."""
    claims = findings.claims
    known = claims[claims["truth"].notna() & claims["estimate"].notna()]
    return known.drop_duplicates(
        ["country", "wave", "model", "column", "outcome", "term", "quantity"]
    )


def _what(row: dict[str, Any], spec: Model) -> str:
    term = in_sentence(term_label(spec, row["term"]))
    about = say("{outcome} on {term}", outcome=label(row["outcome"]), term=term)
    return f"{row['claim']}: {about} ({row['model'].replace('_', ' ')})"


def _told(row: dict[str, Any]) -> dict[str, str]:
    mark = "" if row["truth_kind"] == TRUE else "*"
    error = row["std_error"]
    bounds = measured_interval(row["ci_low"], row["ci_high"], error)
    found = f"{measured(row['estimate'], error)} {bounds}".strip()
    return {
        "True": f"{measured(row['truth'], error)}{mark}",
        "Estimate": found,
        "Recovered": say(row["recovered"]),
        "Detectable": measured(row["mde"], error) if np.isfinite(row["mde"]) else "",
        "Verdict": say(row["verdict"]),
    }
