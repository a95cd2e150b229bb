"""Draft the codebook of a wave whose names no codebook knows, from what its file looks like."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from cisflow.answers import Columns
from cisflow.codebook import Codebook, needed_columns
from cisflow.codings import DEGREES, MOSTLY, YES_NO, Coding, numbers_of, silent_values
from cisflow.disclosure import MINIMUM_CELL
from cisflow.inspection import SUMS_MOSTLY, Fit, Look, money_unit, sums_to_whole
from cisflow.matching import Match, match, near, screens
from cisflow.nace import section
from cisflow.quality import ROUNDING
from cisflow.schema import BLOCKS, FIRM_COLUMNS, MONEY, PERCENT, SPENDING
from cisflow.vocabulary import division_named, has_concept

if TYPE_CHECKING:
    import pandas as pd

COMMON = "eurostat/common"
# Which answer may decide who is asked the questions of a block; the first that the data show.
FILTERS = {
    "shares": ("product_innovation", "innovation_active"),
    "spending": ("innovation_active",),
    "cooperation": ("innovation_active",),
    "partners": ("coop_any", "innovation_active"),
    "funding": ("innovation_active",),
    "sources": ("innovation_active",),
}
ACTIVITIES = ("product_innovation", "process_innovation", "ongoing", "abandoned")
TRIPLES = (
    ("share_unchanged", "share_new_firm", "share_new_market"),
    ("share_unchanged", "share_improved", "share_new"),
)
# Without these no model can be estimated: if they are not recognised, somebody has to say.
ESSENTIAL = ("firm_id", "nace", "employees", "turnover", "product_innovation", "coop_any")
REVISION_2_SINCE = 2008  # Regulation (EC) 1893/2006
DEGREE_CODES = {code: int(code) for code in DEGREES}  # the set `degree` of eurostat/common
ROUNDS = {"CIS2": 1996, "CIS3": 2000, "CIS4": 2004}


@dataclass
class Draft:
    """A codebook in the making.

    Attributes
    ----------
    extends
        The codebook it takes over.
    head
        Its keys besides ``variables``.
    variables
        Entries; None removes what is taken over.
    remarks
        Per variable (or key) what to say beside it.
    near
        Per variable nobody found: columns that may be it, each with why.
    todos
        What a human has to decide.
    taken_over
        Variables whose columns the codebook taken over knows.
    known_columns
        All columns that codebook knows.
    """

    extends: str
    head: dict[str, Any] = field(default_factory=dict)
    variables: dict[str, dict[str, Any] | None] = field(default_factory=dict)
    remarks: dict[str, str] = field(default_factory=dict)
    near: dict[str, list[tuple[str, str]]] = field(default_factory=dict)
    todos: list[str] = field(default_factory=list)
    taken_over: list[str] = field(default_factory=list)
    known_columns: list[str] = field(default_factory=list)


def year_of(wave: str) -> int | None:
    """Return the reference year a wave's name tells: 2012, CIS2012, CIS4, 12; else None."""
    if wave.upper() in ROUNDS:
        return ROUNDS[wave.upper()]
    found = re.search(r"(?:19|20)\d\d", wave)
    return int(found[0]) if found else None


def draft(
    seen: Look, fit: Fit | None, year: int | None, rows: Mapping[str, str], currency: str | None
) -> Draft:
    """Draft a codebook.

    Parameters
    ----------
    seen
        The file; its rows are those of the wave.
    fit
        The codebook to take over, or None if none is about this file.
    year
        The wave's reference year, if its name tells.
    rows
        Column and value that choose the wave's rows.
    currency
        The country's currency, if known.
    """
    made = Draft(fit.name if fit else COMMON)
    known = {*fit.found, *fit.optional} if fit else set()
    columns = _taken(seen, fit)
    taken = {column for here in columns.values() for column in here}
    matches = match(seen.profiles, seen.questions, seen.words, year, taken, known)
    matches = {v: m for v, m in matches.items() if v in FIRM_COLUMNS}
    made.taken_over = sorted(known)
    made.known_columns = needed_columns(fit.codebook) if fit else []
    made.head["reference_year"] = year or 2000
    if year is None:
        made.todos.append(
            "reference_year: the wave's name tells no year; set the last of its years"
        )
    if rows:
        made.head["rows"] = dict(rows)
    everything = {**{v: _as_match(seen, v, here) for v, here in columns.items()}, **matches}
    _add_missing(made, seen, everything)
    led_by = {} if fit else screens(matches, seen.profiles, seen.questions, seen.words)
    yes_no = _usual_yes_no(everything)
    if yes_no:
        made.head["codes"] = {"yes_no": yes_no}
    for variable, found in sorted(matches.items(), key=lambda item: FIRM_COLUMNS.index(item[0])):
        screen = led_by.get(variable)
        if screen and seen.profiles[screen].flag:
            usual = dict(seen.profiles[screen].flag.codes) == (yes_no or YES_NO)  # type: ignore[union-attr]
            found = replace(found, screen=screen if usual else None)
        _add_variable(made, seen, found, yes_no, new=True)
    for variable, found in everything.items():
        if variable in columns:
            _add_variable(
                made, seen, found, yes_no, new=False, codebook=fit.codebook if fit else None
            )
    _add_absent(made, seen, fit, everything)
    _add_activity_classes(made, seen, everything, fit, year)
    _add_money(made, seen, everything, fit, currency)
    if fit is None:
        _add_shares(made, seen, everything)
        _add_blocks(made, seen, everything)
    return made


def _taken(seen: Look, fit: Fit | None) -> dict[str, list[str]]:
    """Return the columns of the variables that the codebook taken over finds."""
    if fit is None:
        return {}
    present = Columns(list(seen.data.columns))
    resolved = {v: present.resolve(v, fit.codebook) for v in (*fit.found, *fit.optional)}
    return {v: columns for v, (columns, wrong) in resolved.items() if columns and not wrong}


def _as_match(seen: Look, variable: str, columns: list[str]) -> Match:
    kind = next((s.kind for s in seen.words.signs if s.variable == variable), "")
    first = seen.profiles[columns[0]]
    coding = {"flag": first.flag, "degree": first.degree}.get(kind)
    return Match(variable, tuple(columns), 1.0, coding)


def _usual_yes_no(matches: Mapping[str, Match]) -> dict[str, bool] | None:
    """Return the coding of most yes/no variables, if it is not 0 and 1."""
    seen: dict[tuple[tuple[str, bool], ...], int] = {}
    for found in matches.values():
        if found.coding and all(isinstance(v, bool) for v in found.coding.codes.values()):
            key = tuple(sorted((str(c), bool(v)) for c, v in found.coding.codes.items()))
            if {v for _, v in key} == {True, False}:
                seen[key] = seen.get(key, 0) + 1
    if not seen:
        return None
    usual = dict(max(seen.items(), key=lambda item: item[1])[0])
    return None if usual == YES_NO else usual


def _add_missing(made: Draft, seen: Look, matches: Mapping[str, Match]) -> None:
    """List the words for no answer that the columns hold; a codebook cannot know them."""
    columns = {column for found in matches.values() for column in found.columns}
    silent = {v for c in columns for v in silent_values(seen.data[c], seen.words)} - {"."}
    if silent:
        made.head["missing"] = sorted(silent)


def _add_coding(
    made: Draft,
    entry: dict[str, Any],
    seen: Look,
    found: Match,
    yes_no: dict[str, bool] | None,
    codebook: Codebook | None,
) -> None:
    """Write the codes of a variable where they are not the usual ones."""
    variable = found.variable
    coding = _coding(seen, found)
    if coding is None:
        return
    inherited = (codebook or {}).get("variables", {}).get(variable, {}).get("codes")
    usual: Any = inherited if inherited is not None and not yes_no else (yes_no or YES_NO)
    known = {str(c).casefold(): v for c, v in usual.items()}
    differs = any(known.get(str(c).casefold()) != v for c, v in coding.codes.items())
    if differs or (yes_no is not None and inherited is not None and inherited != yes_no):
        ordered = dict(sorted(coding.codes.items(), key=lambda item: item[1]))
        entry["codes"] = "degree" if coding.codes == DEGREE_CODES else ordered
    silent = [m for m in coding.missing if m not in made.head.get("missing", [])]
    if silent:
        entry["missing"] = silent
    if coding.assumed:
        made.remarks[variable] = coding.assumed


def _add_variable(
    made: Draft,
    seen: Look,
    found: Match,
    yes_no: dict[str, bool] | None,
    *,
    new: bool,
    codebook: Codebook | None = None,
) -> None:
    """Write the entry of a variable: where it is, and how its values differ from the usual."""
    variable = found.variable
    first = seen.profiles[found.columns[0]]
    entry: dict[str, Any] = {}
    if new:
        entry = (
            {"name": found.columns[0]}
            if len(found.columns) == 1
            else {"any_of": list(found.columns)}
        )
        label = seen.legend.columns.get(found.columns[0])
        if label and len(found.columns) == 1:
            entry["label"] = label
    _add_coding(made, entry, seen, found, yes_no, codebook)
    if variable in PERCENT and first.within == "0-1":
        entry["unit"] = "fraction"
    if found.screen:
        entry["screen"] = {"name": found.screen, "no_is_zero": True}
    if (
        new
        and re.match(r"coop_\w+_domestic$", variable)
        and not has_concept(seen.questions[found.columns[0]], "domestic", seen.words)
    ):
        entry["note"] = "the file does not ask where the partner is; it stands under domestic"
    if found.rivals:
        other = ", ".join(found.rivals[:3])
        made.remarks[variable] = f"fits as well: {other}"
        if variable in ESSENTIAL:
            made.todos.append(f"{variable}: '{found.columns[0]}' was taken; {other} fits as well")
    if entry:
        made.variables[variable] = entry


def _coding(seen: Look, found: Match) -> Coding | None:
    """Return one coding for all columns of a variable: a column may lack one of the codes."""
    if found.coding is None:
        return None
    codes: dict[str, bool | int] = {}
    missing: dict[str, None] = {}
    for column in found.columns:
        p = seen.profiles[column]
        here = p.flag if all(isinstance(v, bool) for v in found.coding.codes.values()) else p.degree
        if here is not None:
            codes |= here.codes
            missing |= dict.fromkeys(here.missing)
    return Coding(codes, tuple(missing), found.coding.assumed)


def _add_absent(made: Draft, seen: Look, fit: Fit | None, found: Mapping[str, Match]) -> None:
    """Remove what the codebook taken over needs and the file lacks; say what comes near it."""
    wanted = [v for v in (fit.missing if fit else []) if v not in found]
    wanted += [v for v in ESSENTIAL if v not in found and v not in wanted]
    if not any(v in found for v in PERCENT):
        wanted += [v for v in TRIPLES[0] if v not in wanted]
    codebook = fit.codebook if fit else {"variables": {}}
    labels = seen.legend.columns
    for variable in wanted:
        candidates = near(variable, codebook, seen.questions, labels, seen.words)
        used = {c for m in found.values() for c in m.columns}
        made.near[variable] = [(c, why) for c, why in candidates if c not in used]
        if fit and variable in fit.codebook["variables"] and variable != "firm_id":
            made.variables[variable] = None
        if variable in ESSENTIAL:
            without = (
                "every codebook needs it"
                if variable == "firm_id"
                else "or if the file has none just take this line away"
            )
            made.todos.append(f"{variable}: no column was recognised; name it below, {without}")


def _add_activity_classes(
    made: Draft, seen: Look, found: Mapping[str, Match], fit: Fit | None, year: int | None
) -> None:
    """Say which classification activities are in, and class those that are words."""
    if "nace" not in found:
        return
    column = found["nace"].columns[0]
    values = [
        v for v in seen.data[column].dropna().unique() if v not in made.head.get("missing", [])
    ]
    revision = "2" if (year or REVISION_2_SINCE) >= REVISION_2_SINCE else "1.1"
    if has_isic(seen, column):
        revision = "isic3"
    stated = (fit.codebook.get("nace", {}) if fit else {}).get("revision")
    coded = [v for v in values if re.match(r"[A-Za-z]{0,2}\s*\d+|[A-Za-z]{1,2}$", v)]
    if len(coded) >= MOSTLY * len(values):
        other = {"2": "1.1"}.get(revision, "2")
        unknown = [v for v in coded if section(v, revision) is None]
        if unknown and not any(section(v, other) is None for v in coded) and revision != "isic3":
            revision = other
        if revision != stated:
            made.head["nace"] = {"revision": revision}
            made.remarks["nace:"] = "by the wave's year and the codes in the file"
        return
    entry = made.variables.setdefault("nace", {})
    named = {v: division_named(v, seen.words) for v in sorted(values)}
    made.head["nace"] = {"revision": "2"}
    if entry is not None:
        entry["codes"] = {value: division or "?" for value, division in named.items()}
        made.remarks["nace"] = "divisions of NACE Rev. 2 by the words of the file: look them over"
    open_ones = [value for value, division in named.items() if division is None]
    if open_ones:
        made.todos.append(f"nace: give a division for {', '.join(open_ones[:8])} (now '?')")


def has_isic(seen: Look, column: str) -> bool:
    """Return whether a column's label says that its codes are of the ISIC."""
    return "isic" in f"{column} {seen.legend.columns.get(column, '')}".casefold()


def _add_money(
    made: Draft, seen: Look, found: Mapping[str, Match], fit: Fit | None, currency: str | None
) -> None:
    amounts = [v for v in (*MONEY, *SPENDING) if v in found]
    if not amounts:
        return
    text = " ".join(seen.legend.columns.get(found[v].columns[0], "") for v in amounts).casefold()
    unit, why = None, ""
    if re.search(r"thousand|\bth\b|1[., ]?000|\bk(eur|€)", text):
        unit, why = "thousand", "the labels say so"
    elif re.search(r"million|\bmio\b|\bmn\b", text):
        unit, why = "million", "the labels say so"
    elif "turnover" in found and "employees" in found:
        unit, why = money_unit(seen, found["turnover"].columns[0], found["employees"].columns[0])
    stated = fit.codebook.get("money", {}) if fit else {}
    money = {
        "currency": stated.get("currency") or currency or "XXX",
        "unit": unit or stated.get("unit", "unit"),
    }
    if {k: stated.get(k) for k in money} != money:
        made.head["money"] = money
        made.remarks["money:"] = why or "no unit is stated; single units of the currency are taken"
    if money["currency"] == "XXX":
        made.todos.append("money: set the currency (three letters)")


def _add_shares(made: Draft, seen: Look, found: Mapping[str, Match]) -> None:
    """Say which shares make the whole turnover, and whether blanks among them are zeros."""
    triple = next((t for t in TRIPLES if set(t) <= set(found)), None)
    if triple is None:
        return
    columns = [found[share].columns[0] for share in triple]
    part = sums_to_whole(seen, columns)
    shares = _numbers(seen, columns)
    some = shares.notna().any(axis=1) & shares.isna().any(axis=1)
    whole = 1.0 if shares.max().max() <= 1 else 100.0
    complete = (shares[some].sum(axis=1) - whole).abs() <= ROUNDING * whole / 100
    blanks = bool(some.sum() >= MINIMUM_CELL and complete.mean() >= SUMS_MOSTLY)
    if blanks or (part is not None and part >= SUMS_MOSTLY):
        made.head["shares"] = {"sum_to_100": list(triple)}
        if blanks:
            made.head["shares"]["complete_blanks"] = True
            made.remarks["shares:"] = "where some shares are blank the others mostly make the whole"


def _numbers(seen: Look, columns: list[str]) -> pd.DataFrame:
    import pandas as pd

    return pd.DataFrame(
        {c: numbers_of(seen.data[c].dropna())[0].reindex(seen.data.index) for c in columns}
    )


def _add_blocks(made: Draft, seen: Look, found: Mapping[str, Match]) -> None:
    """Say where the mappings are from, and who was asked, as the blanks of the file show it."""
    source = (
        f"names and labels ({seen.legend.origin})" if seen.legend.columns else "names in the file"
    )
    shared = {"verified": "inferred", "source": source}
    made.head["blocks"] = {"firm": dict(shared)}
    for block, variables in BLOCKS.items():
        columns = [c for v in variables if v in found for c in found[v].columns]
        if not columns:
            continue
        entry: dict[str, Any] = {}
        for condition in FILTERS.get(block, ()):
            if _only_asked_if(seen, columns, _flag(seen, condition, found)):
                entry["asked_if"] = condition
                break
        made.head["blocks"][block] = {**entry, **shared}


def _only_asked_if(seen: Look, columns: list[str], flag: pd.Series | None) -> bool:
    """Return whether firms that said no left (nearly) all of the questions blank."""
    if flag is None:
        return False
    no = (~flag).fillna(value=False)
    if no.sum() < MINIMUM_CELL:
        return False
    silent = {c: silent_values(seen.data[c], seen.words) for c in columns}
    answered = [seen.data[c].notna() & ~seen.data[c].isin(silent[c]) for c in columns]
    return all(float(given[no.astype(bool)].mean()) <= 1 - MOSTLY for given in answered)


def _flag(seen: Look, variable: str, found: Mapping[str, Match]) -> pd.Series | None:
    """Return a yes/no variable of the wave, shape (n,), or None if it is not mapped."""
    if variable == "innovation_active" and variable not in found:
        parts = [_flag(seen, activity, found) for activity in ACTIVITIES]
        known = [part for part in parts if part is not None]
    elif variable in found:
        known = []
        for column in found[variable].columns:
            coding = seen.profiles[column].flag
            if coding is not None:
                codes = {c: bool(v) for c, v in coding.codes.items()}
                known.append(seen.data[column].map(codes).astype("boolean"))
    else:
        known = []
    if not known:
        return None
    flag = known[0]
    for part in known[1:]:
        flag = flag | part
    return flag
