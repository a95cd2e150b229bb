"""Table of who is lost between survey and accounts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from cisflow.panel.attrition import JOINT, REGRESSORS
from cisflow.panel.ratios import years_later
from cisflow.publication.findings import Findings
from cisflow.publication.language import numeral, retold, say
from cisflow.publication.tables.layout import (
    Table,
    lay_out,
    no_cells,
    two_level,
    with_error,
)
from cisflow.publication.tables.notes import accounts_note
from cisflow.publication.words import (
    NOT_ESTIMABLE,
    WITHHELD,
    count,
    inline,
    label,
    number,
    p_value,
    sentence,
    stars,
    stars_note,
)

LOGIT = (
    "Logit of having accounts, of all firms; who was not asked, or did not answer, has the mean "
    "and a dummy."
)
HEADINGS = {"all": "All", "size": "Employees", "industry": "Industry"}


def attrition_table(findings: Findings, country: str) -> Table:
    """Render the share of firms with accounts by size and industry; below it, what explains it."""
    about = findings.attrition[country]
    lag = findings.settings["lag"]
    cells = no_cells()
    for row in about["shares"]:
        texts = {(row["wave"], name): text for name, text in _counts(row).items()}
        cells[HEADINGS[row["by"]], sentence(retold(row["group"]))] |= texts
    notes = [
        say(
            "With accounts: profit margin and share of personnel costs are both known {when}.",
            when=retold(years_later(lag)),
        ),
        *_tests(about["selectivity"], findings.countries[country]),
        _weights(findings),
        accounts_note(findings, country),
    ]
    return lay_out(two_level(cells), notes)


def attrition_lags_table(findings: Findings, country: str) -> Table:
    """Render, for each lag of a scan, how many firms have accounts and what explains it."""
    cells = no_cells()
    for wave in findings.countries[country]:
        for at_lag in findings.attrition[country].get("lags", []):
            shares = [row for row in at_lag["shares"] if row["wave"] == wave]
            tests = [row for row in at_lag["selectivity"] if row["wave"] == wave]
            shown = _counts(shares[0]) if shares else {"With accounts": "0", "%": "0.0"}
            key = (wave, sentence(retold(years_later(at_lag["lag"]))))
            cells[key] = shown | _coefficients(tests)
    notes = [
        "With accounts: profit margin and share of personnel costs are both known so many years "
        "after the survey. 0: there are no accounts of that year.",
        say(LOGIT),
        say(
            "Below each coefficient its standard error (HC1). {stars}. χ²: all terms, among them "
            "industry dummies, jointly.",
            stars=stars_note(),
        ),
        "The firms of each lag are others, and so is what is estimated on them.",
        _weights(findings),
    ]
    return lay_out(two_level(cells), notes)


def _coefficients(tests: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """Return the logit's cells for one wave and lag; none of them where it is not estimable."""
    names = {term: label(term, short=True) for term in REGRESSORS}
    ends = (say("χ² (d.f.)"), "p")
    if not tests or (tests[0]["estimate"] is None):
        return dict.fromkeys((*names.values(), *ends), NOT_ESTIMABLE)
    by_term = {row["term"]: row for row in tests}
    joint = by_term[JOINT]
    return {
        **{
            name: with_error(row["estimate"], row["std_error"], row["p_value"])
            for term, name in names.items()
            if (row := by_term.get(term))
        },
        ends[0]: f"{number(joint['statistic'], 1)} ({joint['df']:.0f})",
        ends[1]: p_value(joint["p_value"]),
    }


def _counts(row: Mapping[str, Any]) -> dict[str, str]:
    """Return how many firms there are and how many have accounts, as cells."""
    if row["suppressed"]:
        return dict.fromkeys(("Firms", "With accounts", "%"), WITHHELD)
    share = "" if row["share"] is None else numeral(f"{100 * row['share']:.1f}")
    return {"Firms": count(row["firms"]), "With accounts": count(row["with_accounts"]), "%": share}


def _tests(rows: Sequence[Mapping[str, Any]], waves: Sequence[str]) -> Iterator[str]:
    """Yield, wave by wave, the logit of having accounts and its joint test."""
    if rows:
        yield say(LOGIT)
        yield say("Robust standard errors (HC1) in parentheses. {stars}.", stars=stars_note())
    for wave in waves:
        of_wave = [row for row in rows if row["wave"] == wave]
        if of_wave and of_wave[0]["estimate"] is None:
            yield f"{wave}: {say('not estimable')}, {retold(of_wave[0]['note'])}."
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
    parts += [say("and industry dummies")] * bool(dummies)
    joint = rows[-1]
    p = p_value(joint["p_value"])
    known = "" if joint["p_value"] is None else f", p {p if p.startswith('<') else f'= {p}'}"
    firms = "" if joint["n"] is None else say("; {n} firms", n=count(joint["n"]))
    jointly = f"χ²({joint['df']:.0f}) = {number(joint['statistic'], 1)}{known}{firms}"
    text = "{terms}; all terms jointly: {test}."
    return say(text, terms=", ".join(parts), test=jointly)


def _weights(findings: Findings) -> str:
    """Say which models are weighted against the loss."""
    weighted = [
        f"“{spec.title}”"
        for spec in findings.models.values()
        if "accounts_weight" in spec.weightings
    ]
    if not weighted:
        return say("No model of this run is weighted for the loss.")
    text = "Weighted by the inverse probability of having accounts: {models}."
    return say(text, models=", ".join(weighted))
