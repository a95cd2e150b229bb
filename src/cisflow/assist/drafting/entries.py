"""The entry of one variable: where it is, and how its values differ from the usual."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from itertools import product
from typing import Any

from cisflow.assist.codings import DEGREES, ELSEWHERE, YES_NO, Coding, Profile
from cisflow.assist.drafting.opening import Draft, label_of
from cisflow.assist.inspection import Look
from cisflow.assist.matching import Match, Matches
from cisflow.assist.vocabulary import has_concept, plain
from cisflow.study.canonical import BLOCKS, PART_OF, PERCENT, PLACES, SPENDING
from cisflow.study.codebook import Codebook

DEGREE_CODES = {code: int(code) for code in DEGREES}  # the set `degree` of eurostat/common
MOST_DOUBTS = 3  # that are told of one variable
PLACELESS = re.compile(r"coop_\w+_domestic$")


def usual_yes_no(matches: Mapping[str, Match]) -> dict[str, bool] | None:
    """Return the coding of most yes/no variables, if it is not 0 and 1."""
    seen: dict[tuple[tuple[str, bool], ...], int] = {}
    for found in matches.values():
        if found.coding and all(isinstance(v, bool) for v in found.coding.codes.values()):
            key = tuple(sorted((str(c), bool(v)) for c, v in found.coding.codes.items()))
            if {v for _, v in key} == {True, False} and (ELSEWHERE, True) not in key:
                seen[key] = seen.get(key, 0) + 1
    if not seen:
        return None
    usual = dict(max(seen.items(), key=lambda item: item[1])[0])
    return None if usual == YES_NO else usual


def add_missing(made: Draft, seen: Look, matches: Mapping[str, Match]) -> None:
    """List what stands for no answer in every column: words and negative codes.

    A positive number such as 99 may be an answer elsewhere; it is listed with its variable.
    """
    columns = {column for found in matches.values() for column in found.columns}
    silent = {v for c in columns for v in seen.profiles[c].silent if not v.isdecimal()} - {"."}
    if silent:
        made.head["missing"] = sorted(silent)


def add_variable(
    made: Draft,
    seen: Look,
    found: Match,
    yes_no: dict[str, bool] | None,
    inherited: Codebook | None = None,
) -> None:
    """Write the entry of a variable.

    Parameters
    ----------
    found
        The variable and its columns.
    yes_no
        The draft's coding of yes/no variables, if it is not 0 and 1.
    inherited
        The codebook whose entry is taken over; None for a variable that is stated anew.
    """
    variable, columns = found.variable, list(found.columns)
    entry: dict[str, Any] = {}
    if inherited is None:
        entry = {"name": columns[0]} if len(columns) == 1 else {"any_of": columns}
        if len(columns) == 1 and label_of(seen, columns[0]):
            entry["label"] = label_of(seen, columns[0])
    _add_coding(made, entry, seen, found, yes_no, inherited)
    profiles = [seen.profiles[column] for column in columns]
    silent = {v for p in profiles for v in p.silent} - set(made.head.get("missing", [])) - {"."}
    silent |= set(entry.get("missing", []))
    if silent:
        entry["missing"] = sorted(silent)
    if variable in PERCENT and profiles[0].within == "0-1":
        entry["unit"] = "fraction"
    if variable in SPENDING and not found.named and _is_relative(seen, profiles[0]):
        entry["unit"] = _unit_of_turnover(seen, profiles[0])
        made.notes.append(f"{variable}: {columns[0]} is taken to be in relation to turnover")
    elif variable == "rd_internal" and not found.named and not _says_internal(seen, columns[0]):
        made.remarks["rd_internal"] = "all R&D; the file does not tell internal from external"
    if found.screen:
        entry["screen"] = _screen(made, seen, found.screen, yes_no)
    if found.coding and all(p.ticked for p in profiles):
        entry["blank_is_zero"] = True
        made.remarks.setdefault(variable, "a box that is ticked or left blank")
    if entry:
        made.variables[variable] = entry
    if inherited is None:
        _add_doubts(made, seen, found, entry)


def _is_relative(seen: Look, p: Profile) -> bool:
    """Return whether a column of spending is a share of turnover: an intensity, say."""
    asked = seen.questions[p.name]
    said = any(has_concept(asked, c, seen.words) for c in ("percentage", "intensity"))
    return said and p.within in ("0-1", "0-100")


def _unit_of_turnover(seen: Look, p: Profile) -> str:
    percent = "percent" in plain(f"{p.name} {p.label}").split()
    return "percent_of_turnover" if percent or p.within == "0-100" else "fraction_of_turnover"


def _says_internal(seen: Look, column: str) -> bool:
    return has_concept(seen.questions[column], "internal", seen.words)


def _screen(made: Draft, seen: Look, column: str, yes_no: dict[str, bool] | None) -> dict[str, Any]:
    """Return the entry of a yes/no question before an amount."""
    p = seen.profiles[column]
    entry: dict[str, Any] = {"name": column, "no_is_zero": True}
    if p.flag is None:
        return entry
    if not set(p.flag.codes.items()) <= set((yes_no or YES_NO).items()):
        entry["codes"] = dict(p.flag.codes)
    silent = sorted({*p.silent, *p.flag.missing} - set(made.head.get("missing", [])) - {"."})
    return {**entry, "missing": silent} if silent else entry


def _add_doubts(made: Draft, seen: Look, found: Match, entry: dict[str, Any]) -> None:
    """Note what a human had better look over in a variable that was matched by words."""
    variable, columns = found.variable, found.columns
    if found.named:
        return
    if (
        PLACELESS.fullmatch(variable)
        and not seen.profiles[columns[0]].places
        and not has_concept(seen.questions[columns[0]], "domestic", seen.words)
    ):
        entry["note"] = (
            "the file does not ask where the partner is; it stands under domestic"
            if len(columns) == 1
            else "places were not told apart by words; all stand under domestic"
        )
    doubts = list(found.doubts)
    if found.rivals:
        other = ", ".join(found.rivals[:3])
        made.remarks[variable] = f"fits as well: {other}"
        doubts.append(f"{other} fits as well")
    if doubts:
        told = "; ".join(doubts[:MOST_DOUBTS])
        made.notes.append(f"{variable}: {', '.join(columns)} was taken; {told}")


def add_open(made: Draft, seen: Look, recognised: Matches, found: Mapping[str, Match]) -> None:
    """Ask which of several columns is meant, and tell of members of blocks nobody understood."""
    for variable, columns in recognised.which.items():
        if variable in found:
            continue
        made.near[variable] = [(c, "one of several that fit") for c in columns]
        made.open.append(variable)
        told = "; ".join(f"{c} ({label_of(seen, c)})" if label_of(seen, c) else c for c in columns)
        made.todos.append(
            f"{variable}: {told}: which one? name it below, or if none is to be used just take "
            "this line away"
        )
    for family, columns in recognised.strangers.items():
        told = "; ".join(f"{c} ({label_of(seen, c)})" for c in columns)
        made.notes.append(
            f"{family}_…: {told} stands in the same block as the other columns and was not "
            "understood; no variable is made of it by itself"
        )


def _add_coding(
    made: Draft,
    entry: dict[str, Any],
    seen: Look,
    found: Match,
    yes_no: dict[str, bool] | None,
    inherited: Codebook | None,
) -> None:
    """Write the codes of a variable where they are not the usual ones."""
    variable = found.variable
    coding = _coding(seen, found)
    if coding is None:
        return
    taken_over = inherited.variables.get(variable) if inherited else None
    stated = taken_over.codes if taken_over else None
    known = _text_keys(stated) if stated is not None else YES_NO
    if known == YES_NO and yes_no:  # the set `yes_no`, which the draft states anew
        known = _text_keys(yes_no)
    said = {str(code).casefold(): value for code, value in coding.codes.items()}
    if any(known.get(code) != value for code, value in said.items()):
        ordered = dict(sorted(coding.codes.items(), key=lambda item: item[1]))
        entry["codes"] = "degree" if coding.codes == DEGREE_CODES else ordered
    silent = [m for m in coding.missing if m not in made.head.get("missing", [])]
    if silent:
        entry["missing"] = silent
    if coding.assumed:
        made.remarks[variable] = coding.assumed


def _text_keys(codes: Mapping[Any, Any]) -> dict[str, Any]:
    return {str(code).casefold(): value for code, value in codes.items()}


def _coding(seen: Look, found: Match) -> Coding | None:
    """Return one coding for all columns of a variable: a column may lack one of the codes."""
    if found.coding is None:
        return None
    codes: dict[str, bool | int] = {}
    missing: dict[str, None] = {}
    for column in found.columns:
        p = seen.profiles[column]
        here = p.flag if all(isinstance(v, bool) for v in found.coding.codes.values()) else p.degree
        if here is None:  # codes that say where it is
            return found.coding
        codes |= here.codes
        missing |= dict.fromkeys(here.missing)
    return Coding(codes, tuple(missing), found.coding.assumed)


def by_place(matches: Mapping[str, Match], seen: Look) -> dict[str, Match]:
    """Make two variables of a column whose codes say where a partner is: at home, abroad, both."""
    found = dict(matches)
    for variable, match in matches.items():
        places = seen.profiles[match.columns[0]].places
        if not (PLACELESS.fullmatch(variable) and places):
            continue
        for place, coding in places.items():
            name = variable.replace("domestic", place)
            found[name] = replace(match, variable=name, coding=coding)
    return found


def with_parts(matches: Mapping[str, Match], order: Sequence[str]) -> dict[str, Match]:
    """Count finer types of partners among the type they are part of, as all rounds together do.

    Private research institutes are asked apart by some questionnaires, and with the public ones by
    those before and after.

    Parameters
    ----------
    matches
        The variables that were found.
    order
        The file's columns.
    """
    found = dict(matches)
    for (part, whole), place in product(PART_OF.items(), PLACES):
        own, all_of = (matches.get(f"coop_{partner}_{place}") for partner in (part, whole))
        if own and all_of and (own.coding is None) == (all_of.coding is None):
            columns = sorted({*own.columns, *all_of.columns}, key=order.index)
            found[all_of.variable] = replace(all_of, columns=tuple(columns))
    return found


def _anywhere(p: Profile) -> dict[str, bool]:
    """Return which codes of a column about a partner say that there is one, wherever it is."""
    if p.flag is not None:
        return {code: bool(said) for code, said in p.flag.codes.items()}
    codes = (coding.codes for coding in p.places.values())
    found: dict[str, bool] = {}
    for here in codes:
        found |= {code: bool(said) or found.get(code, False) for code, said in here.items()}
    return found


def add_cooperation(
    made: Draft, seen: Look, found: Mapping[str, Match], unknown: Collection[str] = ()
) -> None:
    """Make whether a firm cooperates of its partners, where the file does not ask it by itself.

    Partners nobody understood are partners too.
    """
    partners = [m for v, m in found.items() if v in BLOCKS["partners"] and m.coding]
    if "coop_any" in found or len(partners) < 2:
        return
    columns = {c for m in partners for c in m.columns} | set(unknown)
    said = {c: _anywhere(seen.profiles[c]) for c in columns}
    usual = said[partners[0].columns[0]]
    alike = {c for c in columns if said[c] and set(said[c].items()) <= set(usual.items())}
    entry: dict[str, Any] = {"any_of": [c for c in seen.profiles if c in alike]}
    sample = made.variables.get(partners[0].variable) or {}
    entry |= {k: sample[k] for k in ("codes", "missing", "blank_is_zero") if k in sample}
    if seen.profiles[partners[0].columns[0]].places:
        entry["codes"] = usual
    made.variables["coop_any"] = entry
    doubted = [m.variable for m in partners if m.doubts and alike & {*m.columns}]
    if doubted:
        told = ", ".join(doubted[:MOST_DOUBTS]) + " …" * (len(doubted) > MOST_DOUBTS)
        made.notes.append(f"coop_any: it is made of columns that leave doubts: {told}")
    made.remarks["coop_any"] = "cooperates who has one of the partners: no column of its own"
    if unknown:
        told = ", ".join(unknown)
        made.notes.append(f"coop_any: {told} is taken for a partner that was not understood")
