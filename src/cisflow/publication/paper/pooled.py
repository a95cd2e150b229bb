"""What the paper says of several countries together."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from cisflow.estimation.estimates import ALL_WAVES
from cisflow.publication.families import leading_regression, told_column
from cisflow.publication.findings import Findings
from cisflow.publication.paper.effects import of_partners, told
from cisflow.publication.paper.numbers import Context
from cisflow.publication.tables.pooled import how_pooled, main_rows, term_label
from cisflow.publication.words import bound, in_sentence, measured, unitless
from cisflow.study.run import is_pooled


def pooled_facts(findings: Findings) -> Context:
    """Return in words what the pooled estimates say, empty for a run of one country."""
    if not is_pooled(findings.settings):
        return {}
    verdicts: dict[str, list[str]] = {}
    for row in findings.pooled_claims.drop_duplicates(["claim", "wave"]).to_dict("records"):
        name = row["claim"] if row["wave"] == ALL_WAVES else f"{row['claim']} ({row['wave']})"
        verdicts.setdefault(row["verdict"], []).append(name)
    countries = findings.settings["countries"]
    return {
        "how": how_pooled(findings),
        "results": [r for m in leading_regression(findings.models) for r in _told(findings, m)],
        "verdicts": verdicts,
        "exports": sorted({a["name"] for a in countries.values() if "export" in a}),
    }


def _told(findings: Findings, model: str) -> list[Context]:
    """Return the pooled effects of a regression's shortest column of several terms."""
    spec, rows = findings.models[model], main_rows(findings, model)
    return [
        {
            "term": in_sentence(term_label(spec, row["term"])),
            "partners": of_partners(row["term"]),
            "outcome": unitless(row["outcome"]),
            "wave": "" if row["wave"] == ALL_WAVES else row["wave"],
            **told(row),
            **_between(row),
            "countries": f"{row['k']:.0f}",
        }
        for row in rows[rows["column"] == told_column(spec)].to_dict("records")
        if np.isfinite(row["estimate"])
    ]


def _between(row: Mapping[Any, Any]) -> Context:
    """Return how far countries differ, and what a further one is expected to have; "" for none."""
    error, ends = row["std_error"], (row["pi_low"], row["pi_high"])
    least, most = (bound(end, error) if np.isfinite(end) else "" for end in ends)
    tau = measured(float(np.sqrt(row["tau2"])), error) if row["tau2"] > 0 else ""
    return {"least": least, "most": most, "tau": tau, "i2": f"{100 * row['i2']:.0f}"}
