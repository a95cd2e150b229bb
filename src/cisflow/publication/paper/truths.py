"""Of a simulated run: how much of what is true was recovered."""

from __future__ import annotations

from cisflow.publication.findings import Findings
from cisflow.publication.paper.numbers import Context
from cisflow.publication.tables.truths import TRUE, tested_truths


def truth_facts(findings: Findings) -> Context:
    """Return how many tested numbers have a known truth, and how many intervals hold theirs.

    Empty for a run without truths.
    """
    known = tested_truths(findings)
    if known.empty:
        return {}
    return {
        "number": len(known),
        "pseudo": int((known["truth_kind"] != TRUE).sum()),
        "recovered": int((known["recovered"] == "yes").sum()),
    }
