"""Who was asked what, and how shares of turnover hang together, as the blanks of a file show it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pandas as pd

from cisflow.assist.codings import MOSTLY
from cisflow.assist.drafting.opening import Draft, flag_of, numbers
from cisflow.assist.inspection import SUMS_MOSTLY, Look
from cisflow.assist.matching import Match
from cisflow.assist.triples import TRIPLES
from cisflow.base.thresholds import MINIMUM_CELL
from cisflow.study.canonical import BLOCKS, FLAGS, SPENDING
from cisflow.study.codebook import DRAFTED
from cisflow.survey.answers import any_yes
from cisflow.survey.quality import ROUNDING
from cisflow.survey.semantics import TOLERATED

# Which answer may decide who is asked the questions of a block; the first that the data show.
FILTERS = {
    "shares": ("product_innovation", "innovation_active"),
    "spending": ("innovation_active",),
    "cooperation": ("innovation_active",),
    "partners": ("coop_any", "innovation_active"),
    "funding": ("innovation_active",),
    "sources": ("innovation_active",),
}
# As large a part of the firms that were asked left an amount blank: none spent, or not answered?
MANY_BLANK = 0.2
# Amounts without which models lose a firm.
USED = ("rd_internal", "rd_external")


def whole_of_new(matches: dict[str, Match], seen: Look) -> dict[str, Match]:
    """Take the share of all new products for that of products new to the firm.

    Where a file has the share of all new products and, within it, of those new to the market,
    products new to the firm are the difference (`includes`).
    """
    others = {"share_new_firm", "share_improved"} & set(matches)
    if others or not {"share_new", "share_new_market"} <= set(matches):
        return matches
    both = numbers(seen, [matches[v].columns[0] for v in ("share_new", "share_new_market")])
    both = both.dropna()
    if len(both) == 0 or (both.iloc[:, 0] < both.iloc[:, 1]).mean() > 1 - MOSTLY:
        return matches
    found = {v: m for v, m in matches.items() if v != "share_new"}
    found["share_new_firm"] = replace(matches["share_new"], variable="share_new_firm")
    return found


def add_shares(made: Draft, seen: Look, found: Mapping[str, Match]) -> None:
    """Say which shares make the whole turnover, and whether blanks among them are zeros."""
    triple = next((t for t in TRIPLES if set(t) <= set(found)), None)
    part_of = ("share_new_firm", "share_new_market")
    if triple is None:
        if set(part_of) <= set(found) and _within(seen, found, part_of):
            _add_includes(made)
        return
    shares = numbers(seen, [found[share].columns[0] for share in triple])
    whole = 1.0 if shares.max().max() <= 1 else 100.0
    off = ROUNDING * whole / 100
    complete = shares.dropna()
    some = shares.notna().any(axis=1) & shares.isna().any(axis=1)
    given = shares[some].sum(axis=1)
    blanks = some.sum() >= MINIMUM_CELL and _mostly((given - whole).abs() <= off)
    makes_whole = _mostly((complete.sum(axis=1) - whole).abs() <= off)
    two = _mostly((complete.iloc[:, :2].sum(axis=1) - whole).abs() <= off)
    if two and not makes_whole and triple[1:] == part_of:
        _add_includes(made)
        makes_whole = True
    if blanks or makes_whole:
        made.head["shares"] = {"sum_to_100": list(triple)}
    if blanks:
        made.head["shares"]["complete_blanks"] = True
        made.remarks["shares:"] = "where some shares are blank the others mostly make the whole"


def _mostly(true: pd.Series) -> bool:
    return len(true) >= MINIMUM_CELL and bool(true.mean() >= SUMS_MOSTLY)


def _within(seen: Look, found: Mapping[str, Match], pair: tuple[str, str]) -> bool:
    """Return whether one share never exceeds another that may include it, and often equals it."""
    both = numbers(seen, [found[share].columns[0] for share in pair]).dropna()
    both = both[both.iloc[:, 1] > 0]
    return _mostly(both.iloc[:, 0] >= both.iloc[:, 1]) and bool(
        (both.iloc[:, 0] >= both.iloc[:, 1]).all()
    )


def _add_includes(made: Draft) -> None:
    made.entry("share_new_firm")["includes"] = "share_new_market"
    made.remarks["share_new_firm"] = "includes products new to the market, which are subtracted"
    made.notes.append("share_new_firm: its column seems to include products new to the market")


def add_blocks(made: Draft, seen: Look, found: Mapping[str, Match]) -> None:
    """Say where the mappings are from, and who was asked, as the blanks of the file show it."""
    source = (
        f"names and labels ({seen.legend.origin})" if seen.legend.columns else "names in the file"
    )
    shared = {"verified": DRAFTED, "source": source}
    made.head["blocks"] = {"firm": dict(shared)}
    for block, variables in BLOCKS.items():
        columns = [c for v in variables if v in found for c in found[v].columns]
        if not columns:
            continue
        entry: dict[str, Any] = {}
        for condition in FILTERS.get(block, ()):
            if _only_asked_if(seen, columns, flag_of(seen, condition, found)):
                entry["asked_if"] = condition
                break
        made.head["blocks"][block] = {**entry, **shared}


def add_blank_amounts(made: Draft, seen: Look, found: Mapping[str, Match]) -> None:
    """Say where a blank amount may be none: only who knows the survey can tell.

    In a file of boxes that are ticked or left blank, blanks are taken for none.
    """
    active = flag_of(seen, "innovation_active", found)
    doubtful = []
    for variable in (v for v in SPENDING if v in found):
        p = seen.profiles[found[variable].columns[0]]
        blank = seen.data[p.name].isna()
        concerned = blank[active.fillna(value=False).astype(bool)] if active is not None else blank
        led = "screen" in (made.variables.get(variable) or {})
        if p.zeros or led or len(concerned) == 0 or concerned.mean() < MANY_BLANK:
            continue
        doubtful.append(variable)
    if not doubtful:
        return
    listed = ", ".join(doubtful)
    if _boxes(made):
        for variable in doubtful:
            made.entry(variable)["blank_is_zero"] = True
        made.notes.append(f"{listed}: blanks are taken for nothing spent, as boxes are for no")
        return
    told = (
        f"{listed}: no firm has a zero, and many that were asked left it blank; if a blank means "
        "nothing spent add `blank_is_zero: true`"
    )
    if set(USED) & set(doubtful):
        made.todos.append(f"{told}; if it means no answer just take this line away")
    else:
        made.notes.append(told)


def _boxes(made: Draft) -> bool:
    """Return whether most yes/no questions of a file are boxes that are ticked or left blank."""
    flags = [entry for v, entry in made.variables.items() if v in FLAGS and entry]
    return sum("blank_is_zero" in entry for entry in flags) * 2 > len(flags)


def _only_asked_if(seen: Look, columns: list[str], flag: pd.Series | None) -> bool:
    """Return whether (nearly) all firms that said no left all of the questions blank."""
    if flag is None:
        return False
    no = (~flag).fillna(value=False).astype(bool)
    if no.sum() < MINIMUM_CELL:
        return False
    answered = [seen.data[c].notna() & ~seen.data[c].isin(seen.profiles[c].silent) for c in columns]
    return bool(any_yes(answered)[no].mean() <= TOLERATED)
