"""Draft the codebook of a wave whose names no codebook knows, from what its file looks like."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace

from cisflow.assist.drafting.classes import add_activity_classes, add_identifier, add_size_classes
from cisflow.assist.drafting.entries import (
    add_cooperation,
    add_missing,
    add_open,
    add_variable,
    by_place,
    usual_yes_no,
    with_parts,
)
from cisflow.assist.drafting.filters import add_blank_amounts, add_blocks, add_shares, whole_of_new
from cisflow.assist.drafting.money import add_money
from cisflow.assist.drafting.names import (
    add_doubted_names,
    by_name,
    matched,
    of_other_unit,
    taken,
)
from cisflow.assist.drafting.opening import COMMON, Draft, year_of
from cisflow.assist.inspection import ESSENTIAL, Fit, Look, latest_year
from cisflow.assist.matching import Match, Matches, match, near, screens
from cisflow.assist.triples import TRIPLES
from cisflow.study.canonical import BLOCKS, FIRM_COLUMNS, PARTNERS, PERCENT
from cisflow.study.codebook import Codebook

__all__ = ["Draft", "draft", "year_of"]

MOST_NEAR = 4  # columns that are named beside a variable nobody found
# What takes the place of an essential variable.
INSTEAD = {"employees": "size_class"}
# Questions of which a survey asks at least some: what they are, and which to count on meanwhile.
GROUPS = (
    (
        "shares of turnover from new products",
        tuple(share for share in PERCENT if share != "share_unchanged"),
        TRIPLES[0],
    ),
    (
        "partners in cooperation",
        BLOCKS["partners"],
        tuple(f"coop_{partner}_domestic" for partner in PARTNERS),
    ),
)


def draft(
    seen: Look,
    fit: Fit | None,
    year: int | None,
    rows: Mapping[str, str],
    currency: str | None,
    books: Collection[Codebook] = (),
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
    books
        All codebooks: where one fits, names that others know are taken as theirs.
    """
    made = Draft(fit.name if fit else COMMON)
    _add_year(made, seen, year)
    if rows:
        made.head["rows"] = dict(rows)
    columns = taken(seen, fit)
    used = {column for here in columns.values() for column in here} | set(rows)
    named = by_name(made, seen, fit, books, used)
    used |= {column for m in named.values() for column in m.columns}
    made.taken_over = sorted(columns)
    made.known_columns = fit.codebook.needed_columns() if fit else []
    recognised = match(
        seen.profiles,
        seen.questions,
        seen.words,
        made.head["reference_year"],
        used,
        {*columns, *named},
        seen.data,
    )
    by_words = whole_of_new(recognised, seen) if fit is None else dict(recognised)
    by_words = with_parts(by_place(by_words, seen), list(seen.profiles))
    stated = {**named, **{v: m for v, m in by_words.items() if v in FIRM_COLUMNS}}
    everything = {**matched(seen, columns), **stated}
    unknown = recognised.strangers.get("coop", ()) if fit is None else ()
    _add_variables(made, seen, fit, stated, everything, unknown)
    add_open(made, seen, recognised, everything)
    _add_absent(made, seen, fit, everything, recognised)
    add_activity_classes(made, seen, everything, fit, made.head["reference_year"])
    add_size_classes(made, seen, everything, fit)
    add_money(made, seen, everything, fit, currency)
    _restate_units(made, seen, fit)
    if fit is None:
        add_shares(made, seen, everything)
        add_blank_amounts(made, seen, everything)
        add_blocks(made, seen, everything)
    elif any(v in fit.missing and v not in stated for v in fit.codebook.shares.sum_to_100):
        made.head["shares"] = {"sum_to_100": []}
        made.remarks["shares:"] = "the file lacks one of the shares that make the whole"
    names = {**columns, **{v: m.columns for v, m in named.items()}}
    add_doubted_names(made, seen, fit, names, year)
    return made


def _restate_units(made: Draft, seen: Look, fit: Fit | None) -> None:
    """State as amounts what the codebook taken over calls percentages, and the file does not."""
    for variable in of_other_unit(seen, fit):
        entry = made.variables.get(variable)
        if entry and fit is not None:
            entry["unit"] = made.head.get("money", {}).get("unit", fit.codebook.money.unit)
            said = fit.codebook.variables[variable].unit
            made.notes.append(f"{variable}: amounts, where {fit.name} says {said}")


def _add_year(made: Draft, seen: Look, year: int | None) -> None:
    """State the wave's reference year: by its name, else the last that several labels have."""
    if year is None:
        year = latest_year(seen)
        if year is not None:
            made.remarks["reference_year:"] = "the last year that several names or labels have"
            made.notes.append(f"reference_year: {year}, the last year that several labels have")
    if year is None:
        made.todos.append(
            "reference_year: neither the wave's name nor labels tell the year; set the last of "
            "its years"
        )
    made.head["reference_year"] = year or 2000


def _add_variables(
    made: Draft,
    seen: Look,
    fit: Fit | None,
    stated: Mapping[str, Match],
    everything: dict[str, Match],
    unknown: Collection[str],
) -> None:
    """Write the entries of all variables that were found."""
    add_missing(made, seen, everything)
    yes_no = usual_yes_no(everything)
    if yes_no:
        made.head["codes"] = {"yes_no": yes_no}
    if fit is None or "firm_id" not in fit.found:
        add_identifier(made, seen, everything)
    led_by = {} if fit else screens(stated, seen.profiles, seen.questions, seen.words)
    for variable, found in sorted(stated.items(), key=lambda item: FIRM_COLUMNS.index(item[0])):
        add_variable(made, seen, replace(found, screen=led_by.get(variable)), yes_no)
    if fit is not None:
        for variable, found in everything.items():
            if variable not in stated and variable in made.taken_over:
                add_variable(made, seen, found, yes_no, fit.codebook)
    add_cooperation(made, seen, everything, unknown)


def _add_absent(
    made: Draft, seen: Look, fit: Fit | None, found: Mapping[str, Match], recognised: Matches
) -> None:
    """Remove what the codebook taken over needs and the file lacks; say what comes near it."""
    there = {*found, *(v for v, entry in made.variables.items() if entry)}
    absent = [*(fit.missing if fit else []), *of_other_unit(seen, fit)]
    wanted = [v for v in absent if v not in there]
    wanted += [v for v in ESSENTIAL if v not in there and v not in wanted]
    for what, variables, likely in GROUPS:
        if not there.isdisjoint(variables):
            continue
        missed = [v for v in likely if v not in there]
        wanted += [v for v in missed if v not in wanted]
        made.open += missed
        made.todos.append(
            f"{what}: no column was recognised; name those there are below, such as {likely[1]}, "
            "or if the file has none just take this line away"
        )
    used = {c for m in found.values() for c in m.columns}
    for variable in wanted:
        book = fit.codebook if fit else None
        candidates = near(variable, book, seen.questions, seen.legend.columns, seen.words)
        down = dict(recognised.turned_down.get(variable, ()))
        told = {**{c: f"turned down: {why}" for c, why in down.items()}, **dict(candidates)}
        told |= {c: f"turned down: {down[c]}" for c in told if c in down}
        made.near[variable] = [(c, why) for c, why in told.items() if c not in used][:MOST_NEAR]
        if fit and variable in fit.codebook.variables:
            made.variables[variable] = None
        if variable in ESSENTIAL and INSTEAD.get(variable) not in there:
            made.open.append(variable)
            made.todos.append(
                f"{variable}: no column was recognised; name it below, or if the file has none "
                "just take this line away"
            )
