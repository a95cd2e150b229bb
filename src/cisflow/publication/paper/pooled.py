"""What the paper says of several countries together."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from cisflow.publication.figures.pooled import forests, matrix_pages
from cisflow.publication.findings import (
    Findings,
    further_regressions,
    interval,
    label,
    leading_regression,
    number,
    path_groups,
    split_balances,
)
from cisflow.publication.tables.pooled import how_pooled, main_rows, term_label
from cisflow.study.run import is_pooled
from cisflow.study.weightings import weightings

Context = dict[str, Any]


def pooled_context(findings: Findings) -> Context:
    """Return in words what the pooled estimates say, empty for a run of one country."""
    if not is_pooled(findings.settings):
        return {}
    assert findings.pooled_claims is not None  # noqa: S101 - there is one where a run pools
    verdicts: dict[str, list[str]] = {}
    for row in findings.pooled_claims.drop_duplicates(["claim", "wave"]).to_dict("records"):
        name = row["claim"] if row["wave"] == "all" else f"{row['claim']} ({row['wave']})"
        verdicts.setdefault(row["verdict"], []).append(name)
    return {
        "how": how_pooled(findings),
        "results": [r for m in leading_regression(findings.models) for r in _told(findings, m)],
        "verdicts": verdicts,
        "exports": sorted(
            {
                about["name"]
                for about in findings.settings["countries"].values()
                if "export" in about
            }
        ),
    }


def _told(findings: Findings, model: str) -> list[Context]:
    """Return the pooled coefficients of a regression's shortest column of several terms."""
    column = _told_column(findings, model)
    rows = main_rows(findings, model)
    return [
        {
            "term": term_label(findings, model, row["term"]),
            "outcome": label(row["outcome"], short=True).lower(),
            "wave": "" if row["wave"] == "all" else row["wave"],
            "estimate": number(row["estimate"]),
            "interval": interval(row["ci_low"], row["ci_high"]),
            "prediction": interval(row["pi_low"], row["pi_high"]),
            "tau": number(float(np.sqrt(row["tau2"]))),
            "i2": f"{100 * row['i2']:.0f}",
            "countries": f"{row['k']:.0f}",
        }
        for row in rows[rows["column"] == column].to_dict("records")
        if np.isfinite(row["estimate"])
    ]


def _told_column(findings: Findings, model: str) -> str:
    columns = findings.models[model]["columns"]
    several = [name for name, terms in columns.items() if len(terms) > 1]
    return str(min(several or columns, key=lambda name: len(columns[name])))


def pooled_sections(findings: Findings) -> dict[str, list[str]]:
    """Return the tables of pooled results to print, by section of the paper."""
    models = findings.models
    if not is_pooled(findings.settings):
        return {"pooled": [], "pooled_checks": [], "matrix": []}
    lead = leading_regression(models)
    weighed = [m for m in further_regressions(models) if len(weightings(models[m])) > 1]
    about = [*lead, *weighed, *(m for group in path_groups(models).values() for m in group)]
    about += split_balances(models)
    return {
        "pooled": [f"pooled_{model}" for model in about],
        "pooled_checks": [
            f"pooled_{kind}_{model}"
            for model in lead
            for kind in ("leave_one_out", "methods", "moderators")
        ],
        "matrix": ["claims_matrix"],
    }


def pooled_drawings(findings: Findings, folder: Path) -> dict[str, list[Context]]:
    """Return the figures of pooled results to print, by section, with captions."""
    found: dict[str, list[Context]] = {"pooled": [], "matrix": []}
    if not is_pooled(findings.settings):
        return found
    stamp = " [SYNTHETIC data]" if findings.synthetic else ""
    models = findings.models
    lead = {m: _told_column(findings, m) for m in leading_regression(models)}
    for name, forest in forests(findings.settings, models):
        _, column, term = forest.panels[-1]
        if forest.model in lead and column != lead[forest.model]:
            continue
        what = term_label(findings, forest.model, term)
        wave = "" if forest.wave == "all" else f", {forest.wave}"
        caption = f"{what} by country ({models[forest.model]['title']}){wave}{stamp}"
        found["pooled"].append({"name": name, "caption": caption})
    for i in range(len(matrix_pages(findings.settings))):
        name = "claims_matrix" if not i else f"claims_matrix_{i + 1}"
        page = f", part {i + 1}" if i else ""
        caption = f"Verdicts by claim, country and wave{page}{stamp}"
        found["matrix"].append({"name": name, "caption": caption})
    return {
        section: [f for f in figures if (folder / f"{f['name']}.svg").exists()]
        for section, figures in found.items()
    }
