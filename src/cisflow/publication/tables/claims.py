"""The table of claims and verdicts."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd

from cisflow.estimation.estimates import ALL_WAVES
from cisflow.publication.families import places
from cisflow.publication.findings import Findings
from cisflow.publication.populations import population_of, population_words
from cisflow.publication.tables.layout import Table, lay_out, union
from cisflow.publication.words import measured, measured_interval
from cisflow.study.run import is_pooled
from cisflow.study.verdicts import ONE_FIRM, OUTLIERS

# More places than this do not fit side by side on a page.
MOST_PLACES = 4
NONE = "The claims file states no claim."
RULE = (
    "Verdicts follow the rule stated in the claims file; a claim of no effect needs an interval "
    "inside the smallest effect of interest, so that an imprecise estimate is no support."
)
DETAILS = (
    "With and without: firms on either side of the term. p: of the claim’s own test (of zero, or "
    "of an effect as large as the smallest of interest), then adjusted for all tests on claims of "
    "the same article in the same sample. Detectable: the smallest effect that this sample finds "
    "with the power the rule asks for."
)


def claim_rows(findings: Findings) -> pd.DataFrame:
    """Return the test that decides each claim, by place: of many places what is pooled."""
    if is_pooled(findings.settings) and len(list(places(findings.countries))) > MOST_PLACES:
        return findings.pooled_claims.drop_duplicates(["claim", "wave"])
    return findings.claims.drop_duplicates(["claim", "country", "wave"])


def place_of(findings: Findings, row: Mapping[Any, Any], *, short: bool = False) -> str:
    """Return of which place a verdict is, in words; ``short`` names no country if there is one."""
    if row["country"] in findings.countries:
        if short and len(findings.countries) == 1:
            return str(row["wave"])
        return findings.place(row["country"], row["wave"])
    pooled = "" if row["wave"] in ("", ALL_WAVES) else f", {row['wave']}"
    return f"Pooled{pooled}" if row["country"] else "All"


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
    notes = [f"{shown} {RULE}"]
    if len(here) <= MOST_PLACES:
        notes += [DETAILS, *_populations(findings)]
    if not index:
        index, cells = [NONE], {name: [""] for name in cells or {"Verdict": []}}
    return lay_out(pd.DataFrame(cells, index=index), [*filter(None, notes)])


def _populations(findings: Findings) -> Iterator[str]:
    """Yield of which firms the claims are tested, claims of the same firms together."""
    claims = findings.claims[findings.claims["estimate"].notna()]
    of: dict[str, list[str]] = {}
    for row in claims[claims["country"] != ""].to_dict(orient="records"):
        if row["model"] in findings.models:
            flags = population_of(findings, row["country"], row["wave"], row["model"])
            named = of.setdefault(population_words(flags), [])
            named += [row["claim"]] if row["claim"] not in named else []
    if of:
        told = "; ".join(f"{', '.join(names)}: {firms}" for firms, names in of.items())
        yield f"Populations: {told}."


def _verdicts(rows: pd.DataFrame) -> str:
    """Return verdicts and estimates of a claim in one country and wave."""
    lines: list[str] = []
    for i, row in enumerate(rows.to_dict(orient="records")):
        further = f"{row['model'].replace('_', ' ')}: " if i else ""
        lines += [f"{further}{row['verdict']}", *filter(None, _facts(row))]
    return "\n".join(dict.fromkeys(lines)) or "not tested"


def _facts(row: Mapping[str, Any]) -> Iterator[str]:
    """Yield what a verdict rests on, a line each: estimate, firms, p-values, reach, truth."""
    if not np.isfinite(row["estimate"]):
        return
    error = row["std_error"]
    bounds = measured_interval(row["ci_low"], row["ci_high"], error)
    yield f"{measured(row['estimate'], error)} {bounds}".strip()
    yield row["unit"]
    yield _firms(row)
    yield _depends(row)
    yield _adjusted(row)
    if np.isfinite(row["mde"]):
        yield f"detectable: {measured(row['mde'], error)}"
    if np.isfinite(row["n_needed"]):
        yield f"n that could decide: {row['n_needed']:,.0f}"
    if row["recovered"]:
        held = "in" if row["recovered"] == "yes" else "outside"
        yield f"truth {measured(row['truth'], error)}, {held} the interval"
    if row["verdict_literature"] and row["verdict_literature"] != row["verdict"]:
        yield f"(literature’s rule: {row['verdict_literature']})"


def _firms(row: Mapping[str, Any]) -> str:
    """Return how many firms an estimate rests on, and on either side of its term."""
    parts = [f"n = {row['n']:,.0f}"] if np.isfinite(row["n"]) else []
    for name, word in (("firms_with", "with"), ("firms_without", "without")):
        if np.isfinite(row[name]):
            parts.append(f"{row[name]:,.0f} {word}")
    return ", ".join(parts)


def _depends(row: Mapping[str, Any]) -> str:
    """Return on what a verdict depends: single firms, outliers, the model."""
    parts = []
    if row["turned_by_one"] > 0:
        firms = "firm" if row["turned_by_one"] == 1 else "firms"
        parts.append(f"turned by {row['turned_by_one']:.0f} single {firms}")
    elif ONE_FIRM in row["code"]:
        parts.append("turned by a single firm")
    if OUTLIERS in row["code"]:
        parts.append(f"without outliers {row['outliers']}")
    if row["rejected"]:
        parts.append(f"rejected by {row['rejected'].replace('; ', ', ')}")
    if row["rejected"] and row["alternatives"]:
        parts.append(row["alternatives"].replace("_", " "))
    return "; ".join(parts)


def _adjusted(row: Mapping[str, Any]) -> str:
    """Return the p-value of a test, raw and adjusted for the tests of its article."""
    if not np.isfinite(row["p_test"]):
        return ""
    names = {"p_holm": "Holm", "p_bh": "BH", "p_rw": "Romano–Wolf"}
    told = [f"{word} {row[name]:.3f}" for name, word in names.items() if np.isfinite(row[name])]
    return ", ".join([f"p {row['p_test']:.3f}", *told])
