"""Estimates as the paper's text tells them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from cisflow.estimation.estimates import FIXED
from cisflow.publication.catalogue import Catalogue
from cisflow.publication.findings import Findings
from cisflow.publication.language import retold, say
from cisflow.publication.words import measured, measured_interval

LIKELY = {0.10: "at 10 %", 0.05: "at 5 %", 0.01: "at 1 %"}
NO_REASON = "no reason was recorded"
Context = dict[str, Any]


def in_words(row: Mapping[str, Any]) -> Context:
    """Return an estimate, its interval and its significance in words."""
    estimate = row.get("estimate", np.nan)
    if not np.isfinite(estimate):
        return {"estimate": "", "why_not": retold(row.get("note") or NO_REASON)}
    if row["status"] == FIXED:
        return {"estimate": say("0 (by assumption)"), "interval": "", "significance": "assumed"}
    p = row.get("p_value", np.nan)
    level = min((at for at in LIKELY if p < at), default=None)
    return {
        "estimate": measured(estimate, row.get("std_error")),
        "interval": measured_interval(row.get("ci_low"), row.get("ci_high"), row.get("std_error")),
        "significance": "not significant" if level is None else f"significant {LIKELY[level]}",
        "sign": "positive" if estimate > 0 else "negative",
    }


def equals(p: str) -> str:
    """Return a printed p-value as it follows on ``p``."""
    return p if p.startswith("<") else f"= {p}"


def heading(
    findings: Findings, items: Catalogue, section: str, country: str, wave: str, model: str
) -> Context:
    """Return of which place and table a paragraph is, and why it has nothing to tell."""
    return {
        "place": findings.place(country, wave),
        "why_not": retold(findings.why_not(country, wave, model)),
        "table": items.name(section, country, wave, model),
    }
