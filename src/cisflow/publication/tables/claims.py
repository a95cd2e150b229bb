"""The table of claims and verdicts."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd

from cisflow.estimation.estimates import ALL_WAVES
from cisflow.publication.families import places
from cisflow.publication.findings import Findings
from cisflow.publication.language import numeral, retold, say
from cisflow.publication.populations import population_of, population_words
from cisflow.publication.tables.layout import Table, lay_out, union
from cisflow.publication.words import count, inline, measured, measured_interval, unitless
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
    """Return the test that decides each claim, by place: of many places what is pooled.

    A claim that was not pooled, such as one about the run as a whole, keeps its own.
    """
    own = findings.claims.drop_duplicates(["claim", "country", "wave"])
    if not is_pooled(findings.settings) or len(list(places(findings.countries))) <= MOST_PLACES:
        return own
    pooled = findings.pooled_claims.drop_duplicates(["claim", "wave"])
    return pd.concat([pooled, own[~own["claim"].isin(pooled["claim"])]], ignore_index=True)


def place_of(findings: Findings, row: Mapping[Any, Any], *, short: bool = False) -> str:
    """Return of which place a verdict is, in words; ``short`` names no country if there is one."""
    if row["country"] in findings.countries:
        if short and len(findings.countries) == 1:
            return str(row["wave"])
        return findings.place(row["country"], row["wave"])
    pooled = "" if row["wave"] in ("", ALL_WAVES) else f", {row['wave']}"
    return f"{say('Pooled')}{pooled}" if row["country"] else say("All")


def samples_of(findings: Findings, rows: Iterable[Mapping[Any, Any]]) -> list[str]:
    """Return the samples that some verdicts are about, each once, in short words."""
    return list(dict.fromkeys(place_of(findings, row, short=True) for row in rows))


def part_shown(row: Mapping[Any, Any]) -> str:
    """Return which part of a claim of several the numbers are of, empty for a claim of one."""
    if not row["part"]:
        return ""
    return say("{outcome} on {term}", outcome=unitless(row["outcome"]), term=inline(row["term"]))


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
            cells[say(str(verdict)).capitalize()] = [
                str(((first["claim"] == claim) & (first["verdict"] == verdict)).sum())
                for claim in texts.index
            ]
    index = ["\n".join(textwrap.wrap(f"{claim}. {text}", 34)) for claim, text in texts.items()]
    shown = say("Number of countries and waves by verdict.")
    if len(here) <= MOST_PLACES:
        shown = say("Estimates with 95 % confidence intervals.")
    notes = [f"{shown} {say(RULE)}"]
    if len(here) <= MOST_PLACES:
        notes += [say(DETAILS), *_populations(findings)]
    if not index:
        index, cells = [say(NONE)], {name: [""] for name in cells or {say("Verdict"): []}}
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
        yield say("Populations: {told}.", told=told)


def _verdicts(rows: pd.DataFrame) -> str:
    """Return verdicts and estimates of a claim in one country and wave."""
    lines: list[str] = []
    for i, row in enumerate(rows.to_dict(orient="records")):
        further = f"{row['model'].replace('_', ' ')}: " if i else ""
        lines += [f"{further}{say(row['verdict'])}", *filter(None, _facts(row))]
    return "\n".join(dict.fromkeys(lines)) or say("not tested")


def _facts(row: Mapping[str, Any]) -> Iterator[str]:
    """Yield what a verdict rests on, a line each: estimate, firms, p-values, reach, truth."""
    if not np.isfinite(row["estimate"]):
        return
    error = row["std_error"]
    bounds = measured_interval(row["ci_low"], row["ci_high"], error)
    yield f"{measured(row['estimate'], error)} {bounds}".strip()
    yield retold(row["unit"])
    yield part_shown(row)
    yield _firms(row)
    yield _depends(row)
    yield _adjusted(row)
    if np.isfinite(row["mde"]):
        yield say("detectable: {size}", size=measured(row["mde"], error))
    if np.isfinite(row["n_needed"]):
        yield say("n that could decide: {n}", n=count(row["n_needed"]))
    if row["recovered"]:
        held = row["recovered"] == "yes"
        text = "truth {truth}, in the interval" if held else "truth {truth}, outside the interval"
        yield say(text, truth=measured(row["truth"], error))
    if row["verdict_literature"] and row["verdict_literature"] != row["verdict"]:
        yield say("(literature’s rule: {verdict})", verdict=say(row["verdict_literature"]))


def _firms(row: Mapping[str, Any]) -> str:
    """Return how many firms an estimate rests on, and on either side of its term."""
    parts = [f"n = {count(row['n'])}"] if np.isfinite(row["n"]) else []
    for name, text in (("firms_with", "{n} with"), ("firms_without", "{n} without")):
        if np.isfinite(row[name]):
            parts.append(say(text, n=count(row[name])))
    return ", ".join(parts)


def _depends(row: Mapping[str, Any]) -> str:
    """Return on what a verdict depends: single firms, outliers, the model."""
    parts = []
    if row["turned_by_one"] > 0:
        one = row["turned_by_one"] == 1
        text = "turned by {n} single firm" if one else "turned by {n} single firms"
        parts.append(say(text, n=count(row["turned_by_one"])))
    elif ONE_FIRM in row["code"]:
        parts.append(say("turned by a single firm"))
    if OUTLIERS in row["code"]:
        parts.append(say("without outliers {verdict}", verdict=say(row["outliers"])))
    if row["rejected"]:
        tests = ", ".join(map(say, row["rejected"].split("; ")))
        parts.append(say("rejected by {tests}", tests=tests))
    if row["rejected"] and row["alternatives"]:
        parts.append(_alternatives(row["alternatives"]))
    return "; ".join(parts)


def _alternatives(told: str) -> str:
    """Return what the verdict would be by each other model, in words."""
    pairs = (one.partition(": ") for one in told.split("; "))
    return "; ".join(f"{say(name.replace('_', ' '))}: {say(verdict)}" for name, _, verdict in pairs)


def _adjusted(row: Mapping[str, Any]) -> str:
    """Return the p-value of a test, raw and adjusted for the tests of its article."""
    if not np.isfinite(row["p_test"]):
        return ""
    names = {"p_holm": "Holm", "p_bh": "BH", "p_rw": "Romano–Wolf"}
    words = {"p_test": "p", **names}
    known = ((word, row[name]) for name, word in words.items() if np.isfinite(row[name]))
    return ", ".join(f"{word} {numeral(f'{p:.3f}')}" for word, p in known)
