"""What figure 1 of the review prints, and what its stars imply."""

from __future__ import annotations

from collections.abc import Mapping
from math import erfc, sqrt
from typing import Any

from cisflow.publication.language import say
from cisflow.publication.paper.numbers import Context
from cisflow.publication.words import p_value, signed


def figure1_facts(figure1: Mapping[str, Any]) -> Context:
    """Compare the stars printed in figure 1 with those its legend and its sample imply."""
    n = figure1["firms"]
    ten, five, one = figure1["legend"]
    rows, against = [], {"against_legend": 0, "against_stricter": 0}
    for printed in figure1["coefficients"]:
        b = printed["value"]
        # A standardised coefficient's test statistic as if it were a correlation.
        p = erfc(abs(b) * sqrt((n - 2) / (1 - b * b)) / sqrt(2))
        due = sum(p < level for level in (ten, five, one))
        stricter = sum(p < level for level in (five, one, 0.001))
        against["against_legend"] += due != printed["stars"]
        against["against_stricter"] += stricter != printed["stars"]
        texts = [signed(f"{b:.4f}"), p_value(p)]
        rows.append([*texts, *("*" * k or say("none") for k in (printed["stars"], due, stricter))])
    legend = "/".join(f"{100 * level:g}" for level in figure1["legend"])
    return {"firms": str(n), "legend": legend, "rows": rows, "total": len(rows), **against}
