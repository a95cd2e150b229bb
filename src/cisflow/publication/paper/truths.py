"""Of a simulated run: how much of what is true was recovered."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from cisflow.publication.findings import Findings
from cisflow.publication.paper.numbers import Context
from cisflow.publication.tables.truths import TRUE, tested_truths
from cisflow.publication.words import count
from cisflow.study.verdicts import SIGNS

ROUNDED = 5e-4
"""So far may a number lie from the one printed."""


def truth_facts(findings: Findings, figure1: Mapping[str, Any]) -> Context:
    """Return how many tested numbers have a known truth, and how many intervals hold theirs.

    ``signed`` of ``signs`` numbers have in truth the sign that a claim expects; ``printed`` is
    whether those of path models are the ones that figure 1 of the review prints. Empty for a run
    without truths.
    """
    known = tested_truths(findings)
    if known.empty:
        return {}
    expected = known["expect"].map(SIGNS).fillna(0)
    return {
        "number": count(len(known)),
        "pseudo": count((known["truth_kind"] != TRUE).sum()),
        "recovered": count((known["recovered"] == "yes").sum()),
        "any_sign": bool((expected != 0).any()),
        "signs": count((expected != 0).sum()),
        "signed": count((expected * known["truth"] > 0).sum()),
        "printed": _as_printed(known[known["truth_kind"] == TRUE], figure1),
    }


def _as_printed(known: pd.DataFrame, figure1: Mapping[str, Any]) -> bool:
    """Return whether all arrows of the figure that claims test have in truth what is printed."""
    by_arrow = {
        (model, source, target): value
        for model, arrows in figure1.get("readings", {}).items()
        for source, target, value in arrows
    }
    pairs = [
        (row["truth"], by_arrow[row["model"], row["term"], row["outcome"]])
        for row in known.to_dict("records")
        if (row["model"], row["term"], row["outcome"]) in by_arrow
    ]
    return bool(pairs) and all(np.isclose(a, b, rtol=0, atol=ROUNDED) for a, b in pairs)
