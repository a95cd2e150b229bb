"""What the verdicts come to: what holds, what is open, and what it would take."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from cisflow.estimation.estimates import ALL_WAVES, POOLED
from cisflow.publication.families import leading_regression
from cisflow.publication.findings import Findings
from cisflow.publication.language import numeral, retold
from cisflow.publication.paper.effects import told
from cisflow.publication.paper.numbers import Context
from cisflow.publication.paper.spread import spread
from cisflow.publication.tables.claims import claim_rows, place_of
from cisflow.publication.words import count
from cisflow.study.verdicts import (
    CONTRADICTED,
    NOT_RUN,
    SUPPORTED,
    UNDECIDABLE,
)


def verdict_facts(findings: Findings) -> Context:
    """Return the verdicts sorted for the text: by claim over places, decided ones with effects."""
    rows = [row for row in claim_rows(findings).to_dict("records") if row["verdict"] != NOT_RUN]
    by_claim: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        by_claim.setdefault(row["claim"], []).append(row)
    return {
        "number": len(by_claim),
        # Whether they are of all countries taken together.
        "pooled": any(row["country"] == POOLED for row in rows),
        "supported": _decided(findings, by_claim, SUPPORTED),
        "contradicted": _decided(findings, by_claim, CONTRADICTED),
        "mixed": [c for c, of in by_claim.items() if {SUPPORTED, CONTRADICTED} <= _verdicts(of)],
        "open": [c for c, of in by_claim.items() if not {SUPPORTED, CONTRADICTED} & _verdicts(of)],
        "reach": _reach(rows),
        "detectable": _detectable(rows, leading_regression(findings.models)),
    }


def _verdicts(rows: list[dict[str, Any]]) -> set[str]:
    return {row["verdict"] for row in rows}


def _decided(
    findings: Findings, by_claim: dict[str, list[dict[str, Any]]], verdict: str
) -> list[Context]:
    """Return the claims with a verdict somewhere, what they say and the estimates it rests on."""
    return [
        {
            "claim": claim,
            "text": rows[0]["text"],
            "of": len([row for row in rows if np.isfinite(row["estimate"])]),
            "found": found,
            "spread": spread([{"place": f["where"], **f} for f in found]),
        }
        for claim, rows in by_claim.items()
        if (at := [row for row in rows if row["verdict"] == verdict])
        for found in [_estimates(findings, at)]
    ]


def _estimates(findings: Findings, rows: list[dict[str, Any]]) -> list[Context]:
    return [
        {"where": _where(findings, row), "unit": retold(row["unit"]), **told(row)}
        for row in rows
        if np.isfinite(row["estimate"])
    ]


def _where(findings: Findings, row: dict[str, Any]) -> str:
    """Return of which place a verdict is, empty for one about the run as a whole."""
    whole = row["country"] in ("", POOLED) and row["wave"] in ("", ALL_WAVES)
    return "" if whole else place_of(findings, row)


def _reach(rows: list[dict[str, Any]]) -> Context:
    """Return how many verdicts are open for want of firms, and how many firms could decide."""
    short = [row for row in rows if row["verdict"] == UNDECIDABLE]
    needed = [row["n_needed"] for row in short if np.isfinite(row["n_needed"])]
    return {
        "number": len(short),
        "of": len(rows),
        "claims": list(dict.fromkeys(row["claim"] for row in short)),
        "least": count(min(needed)) if needed else "",
        "most": count(max(needed)) if needed else "",
    }


def _detectable(rows: list[dict[str, Any]], models: Sequence[str]) -> list[Context]:
    """Return by unit between which sizes the smallest detectable effects of some models lie."""
    found: dict[str, list[float]] = {}
    for row in rows:
        if row["model"] in models and row["unit"] and np.isfinite(row["mde"]):
            found.setdefault(row["unit"], []).append(float(row["mde"]))
    return [
        {
            "unit": retold(unit),
            "least": numeral(f"{min(sizes):.2g}"),
            "most": numeral(f"{max(sizes):.2g}"),
        }
        for unit, sizes in found.items()
    ]
