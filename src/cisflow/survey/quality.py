"""What a delivered wave is like: checks of its inner consistency, counts per variable."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pandas as pd

from cisflow.study.canonical import BLOCK_OF, BLOCKS
from cisflow.study.codebook import Codebook, Variable

Check = dict[str, Any]
# Shares are often whole percents, so that three of them miss 100 by as much as this.
ROUNDING = 1.0


def check(
    failed: pd.Series, of: pd.Series, meaning: str, remedy: str | None = None, **names: str
) -> Check:
    """Return a check's entry in the quality report.

    Parameters
    ----------
    failed, of
        Yes/no per firm, shape (n,): which firms the check concerns, which of them fail it.
    meaning
        What a failure means, as a sentence; variables in it stand as ``{name}``.
    remedy
        What to set if many firms fail; without one, no number of failures is a warning.
    names
        Which variables these are.
    """
    concerned = of.fillna(value=False).astype(bool)
    failing = failed.fillna(value=False).astype(bool) & concerned
    entry = {"failed": int(failing.sum()), "of": int(concerned.sum()), "meaning": meaning}
    entry |= {"names": names} if names else {}
    return entry if remedy is None else {**entry, "remedy": remedy}


def finding(found: bool, meaning: str, seen: str, remedy: str) -> Check:
    """Return the entry of a check on the file as a whole, which it passes or fails.

    Parameters
    ----------
    found
        Whether it fails.
    meaning
        What a failure means, as a sentence.
    seen
        What the file shows if it fails, as a sentence without the value of a firm.
    remedy
        What to set.
    """
    entry = {"failed": int(found), "of": 1, "whole_file": True, "meaning": meaning}
    return {**entry, "remedy": remedy, **({"seen": seen} if found else {})}


def meant(entry: Mapping[str, Any], called: Callable[[str], str] = str, text: str = "") -> str:
    """Return what a failure of a check means, without the full stop.

    Parameters
    ----------
    entry
        The check's entry in the quality report.
    called
        What a variable is called.
    text
        The meaning in another language.
    """
    told = (text or str(entry["meaning"])).rstrip(".")
    for name, variable in entry.get("names", {}).items():
        told = told.replace(f"{{{name}}}", called(variable))
    return told


def consistency(
    firms: pd.DataFrame, whole: list[str], path: str = "the codebook"
) -> dict[str, Check]:
    """Return the checks between the variables of a clean wave.

    Parameters
    ----------
    firms
        Firm records, shape (n, columns).
    whole
        The shares that together make up the whole turnover.
    path
        The codebook's file, for what to set.
    """
    checks = {}
    if whole:
        total = firms[whole].sum(axis=1, skipna=False)
        checks["shares_sum_to_100"] = check(
            (total - 100).abs() > ROUNDING,
            total.notna(),
            "The shares of turnover of a firm that gave all of them do not sum to 100.",
            f"`shares: sum_to_100` in {path} lists shares that do not make the whole, or one of "
            "them includes another (`includes:`)",
        )
        known = firms[whole].sum(axis=1)
        some = firms[whole].notna().any(axis=1) & total.isna()
        checks["shares_incomplete"] = check(
            some,
            firms[whole].notna().any(axis=1),
            "The firm gave some of the shares of turnover but not all.",
        )
        checks["incomplete_shares_within_100"] = check(
            known > 100 + ROUNDING, some, "Shares that are not even complete sum to more than 100."
        )
    spent = firms["innovation_spending"].fillna(firms["rd_internal"])
    checks["spending_within_turnover"] = check(
        spent > firms["turnover"],
        spent.notna() & firms["turnover"].notna(),
        "The firm spent more on innovation than its turnover, perhaps in another unit.",
        f"set `unit:` under the amounts that are written in another unit than turnover, in {path}",
    )
    return {name: entry for name, entry in checks.items() if entry["of"] > 0}


def cooperation(answers: pd.DataFrame, path: str = "the codebook") -> dict[str, Check]:
    """Return the checks between cooperation and its partners, before the filter is applied.

    Parameters
    ----------
    answers
        The answers as given, shape (n, columns).
    path
        The codebook's file, for what to set.
    """
    cells = answers[list(BLOCKS["partners"])]
    named = cells.any(axis=1)
    checks = {
        "no_partner_without_cooperation": check(
            named,
            ~answers["coop_any"],
            "The firm said it did not cooperate, and named a partner.",
            f"look at `coop_any:` in {path}: another column, or its codes are exchanged",
        ),
        "cooperation_names_a_partner": check(
            ~named,
            answers["coop_any"] & cells.notna().any(axis=1),
            "The firm said it cooperated, and named no partner.",
            f"the file may have more partners or places than {path} maps: compare coop_* with the "
            "file description",
        ),
    }
    return {name: entry for name, entry in checks.items() if entry["of"] > 0}


def counts(
    firms: pd.DataFrame, variable: str, columns: list[str], invalid: pd.Series, entry: Variable
) -> dict[str, Any]:
    """Return a variable's entry in the quality report.

    Parameters
    ----------
    firms
        Firm records, shape (n, columns).
    columns
        Columns of the file the variable comes from.
    invalid
        Whether the firm's value did not fit and was made missing, shape (n,).
    entry
        The variable's entry in the codebook; an empty one if it has none.
    """
    blank = firms[variable].isna()
    block = BLOCK_OF.get(variable)
    mapped = bool(columns) or entry.made
    # What the questionnaire does not have was asked of nobody.
    asked = (firms[f"asked_{block}"] if block else blank | True) & mapped
    filtered = blank & ~asked
    invalid = invalid & blank & ~filtered
    return {
        "columns": columns,
        "in_questionnaire": mapped,
        "valid": int((~blank).sum()),
        "missing": int((blank & ~filtered & ~invalid).sum()),
        "filtered": int(filtered.sum()),
        "invalid": int(invalid.sum()),
        **entry.provenance,
    }


def notes(codebook: Codebook, *more: str) -> Iterator[str]:
    """Yield what the codebook says a reader should know about the file as a whole."""
    for section in more or ("money", "nace", "shares", "file"):
        if note := getattr(getattr(codebook, section), "note", None):
            yield f"{section}: {note}"
