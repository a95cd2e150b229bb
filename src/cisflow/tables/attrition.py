"""Table of who is lost between survey and accounts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from cisflow.attrition import JOINT
from cisflow.publication import (
    STARS_NOTE,
    WITHHELD,
    Findings,
    accounts_note,
    count,
    inline,
    number,
    reason,
    stars,
)
from cisflow.ratios import years_later
from cisflow.tables.layout import sentence, set_table, two_level
from cisflow.weightings import weightings

if TYPE_CHECKING:
    from maketables import MTable

HEADINGS = {"all": "All", "size": "Employees", "industry": "Industry"}


def attrition_table(findings: Findings, country: str) -> MTable:
    """Render the share of firms with accounts by size and industry; below it, what explains it."""
    about = findings.attrition[country]
    lag = findings.settings["lag"]
    cells: dict[tuple[str, str], dict[Any, str]] = {}
    for row in about["shares"]:
        shown = cells.setdefault((HEADINGS[row["by"]], sentence(row["group"])), {})
        withheld = row["suppressed"]
        shown[row["wave"], "Firms"] = WITHHELD if withheld else count(row["firms"])
        shown[row["wave"], "With accounts"] = WITHHELD if withheld else count(row["with_accounts"])
        shown[row["wave"], "%"] = _percent(row["share"], withheld)
    notes = [
        f"With accounts: profit margin and share of personnel costs are both known "
        f"{years_later(lag)}.",
        *_tests(about["selectivity"], findings.countries[country]),
        _weights(findings),
        accounts_note(findings, country),
    ]
    caption = f"Who is lost between survey and accounts: {findings.name(country)}"
    return set_table(findings, two_level(cells), caption, notes)


def _percent(share: float | None, withheld: bool) -> str:
    if withheld:
        return WITHHELD
    return "" if share is None else f"{100 * share:.1f}"


def _tests(rows: Sequence[Mapping[str, Any]], waves: Sequence[str]) -> Iterator[str]:
    """Yield, wave by wave, the logit of having accounts and its joint test."""
    if rows:
        yield (
            "Logit of having accounts, of the firms with an answer to all of its terms; robust "
            f"standard errors (HC1) in parentheses. {STARS_NOTE}."
        )
    for wave in waves:
        of_wave = [row for row in rows if row["wave"] == wave]
        if of_wave and of_wave[0]["estimate"] is None:
            yield f"{wave}: not estimable, {reason(of_wave[0]['term'])}."
        elif of_wave:
            yield f"{wave}: {_fitted(of_wave)}"


def _fitted(rows: Sequence[Mapping[str, Any]]) -> str:
    named = [row for row in rows if row["term"] not in ("Intercept", JOINT)]
    dummies = [row for row in named if row["term"].startswith("C(")]
    parts = [
        f"{inline(row['term'])} {number(row['estimate'])}{stars(row['p_value'])} "
        f"({number(row['std_error'])})"
        for row in named
        if row not in dummies
    ]
    parts += ["and industry dummies"] * bool(dummies)
    joint = rows[-1]
    p = joint["p_value"]
    known = "" if p is None else f", p {'< 0.001' if p < 0.001 else f'= {number(p)}'}"
    firms = "" if joint["n"] is None else f"; {count(joint['n'])} firms"
    return (
        f"{', '.join(parts)}; all terms jointly: χ²({joint['df']:.0f}) = "
        f"{number(joint['statistic'], 1)}{known}{firms}."
    )


def _weights(findings: Findings) -> str:
    """Say which models are weighted against the loss."""
    weighted = [
        f"“{spec['title']}”"
        for spec in findings.models.values()
        if "accounts_weight" in weightings(spec)
    ]
    if not weighted:
        return "No model of this run is weighted for the loss."
    return f"Weighted by the inverse probability of having accounts: {', '.join(weighted)}."
