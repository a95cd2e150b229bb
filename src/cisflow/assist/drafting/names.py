"""What columns of a harmonised file are by their names alone."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence

from cisflow.assist.codings import Profile
from cisflow.assist.drafting.opening import Draft
from cisflow.assist.inspection import Fit, Look
from cisflow.assist.matching import Match, misspelt
from cisflow.assist.vocabulary import Words
from cisflow.assist.weighing import asks_another_thing
from cisflow.study.codebook import TOTAL_OF, Codebook
from cisflow.survey.answers import Columns


def taken(seen: Look, fit: Fit | None) -> dict[str, list[str]]:
    """Return the columns of the variables that the codebook taken over finds."""
    if fit is None:
        return {}
    present = Columns(list(seen.data.columns))
    resolved = {v: present.resolve(v, fit.codebook) for v in (*fit.found, *fit.optional)}
    return {
        v: columns
        for v, (columns, wrong) in resolved.items()
        if columns and not wrong and not _of_other_unit(seen, fit.codebook, v, columns)
    }


def of_other_unit(seen: Look, fit: Fit | None) -> list[str]:
    """Return variables whose columns have the codebook's names and none of its percentages."""
    if fit is None:
        return []
    present = Columns(list(seen.data.columns))
    resolved = {v: present.resolve(v, fit.codebook)[0] for v in (*fit.found, *fit.optional)}
    return [v for v, columns in resolved.items() if _of_other_unit(seen, fit.codebook, v, columns)]


def _of_other_unit(seen: Look, codebook: Codebook, variable: str, columns: Sequence[str]) -> bool:
    """Return whether values contradict that they are stated in per cent of another amount."""
    if codebook.variables[variable].unit not in TOTAL_OF:
        return False
    profiles = [seen.profiles[column] for column in columns]
    return any(p.numeric and not p.within for p in profiles)


def by_name(
    made: Draft, seen: Look, fit: Fit | None, books: Collection[Codebook], used: Collection[str]
) -> dict[str, Match]:
    """Return variables that the codebook taken over does not find and whose names are known.

    They have a name of another round, or their own with a slip of the pen.

    Parameters
    ----------
    made
        The draft; misspelt names are noted.
    fit
        The codebook taken over.
    used
        Columns that have a meaning already.
    """
    if fit is None:
        return {}
    others = names_known(books)
    free = [n for n in seen.data.columns if n not in used]
    settled = {*fit.found, *fit.optional}
    found: dict[str, list[str]] = {}
    for column in free:
        meanings = others.get(column.casefold(), set())
        variable = next(iter(meanings)) if len(meanings) == 1 else None
        if variable is None or variable in settled:
            continue
        if may_hold(variable, seen.profiles[column], seen.words):
            found.setdefault(variable, []).append(column)
    assigned = {column for here in found.values() for column in here}
    strange = [n for n in free if n not in assigned and n.casefold() not in others]
    for variable in (v for v in fit.missing if v not in found):
        here = _misspelt_columns(variable, fit, seen, strange)
        if here:
            found[variable] = here
            slips = [c for c in here if c in strange and not _same(c, variable, fit)]
            if slips:
                made.remarks[variable] = f"a misspelt name of {fit.name}?"
                told = f"{variable}: {', '.join(slips)} is taken for a misspelt name"
                made.notes.append(f"{told} of {fit.name}")
    return {v: as_match(seen, v, here) for v, here in found.items()}


def _same(column: str, variable: str, fit: Fit) -> bool:
    """Return whether a column is named as the codebook has it but for signs such as _."""

    def bare(name: str) -> str:
        return re.sub(r"[\W_]", "", name).casefold()

    wanted = fit.codebook.variables[variable].alternatives
    return any(bare(name) == bare(column) for names in wanted for name in names)


def labelled_otherwise(seen: Look, known: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """Return the variables of columns that are named as a codebook has it, and why not by label.

    A survey may use a harmonised name for a question of its own.

    Parameters
    ----------
    known
        Per variable the columns that have its names.
    """
    told = {}
    for variable, columns in known.items():
        for column in (c for c in columns if seen.legend.columns.get(c)):
            if why := asks_another_thing(seen.questions[column], variable, seen.words):
                told[variable] = f"{column} is one of its names, and by its label {why}"
    return told


def other_round(fit: Fit | None, year: int | None) -> list[str]:
    """Return that the codebook taken over is of another round than the wave, if it is."""
    known = fit.codebook.reference_year if fit else None
    if not fit or not known or not year or known == year:
        return []
    return [f"reference_year: {fit.name} is of {known}, the wave of {year}"]


def add_doubted_names(
    made: Draft, seen: Look, fit: Fit | None, known: Mapping[str, Sequence[str]], year: int | None
) -> None:
    """Doubt names that labels contradict: whatever vouches for a name says nothing of them."""
    made.notes += other_round(fit, year)
    for variable, why in labelled_otherwise(seen, known).items() if fit else ():
        made.notes.append(f"{variable}: {why}")
        if fit and variable in made.taken_over and variable not in made.variables:
            several = "sum_of" if fit.codebook.variables[variable].sum_of else "any_of"
            columns = [*known[variable]]
            one = {"name": columns[0]} if len(columns) == 1 else {several: columns}
            made.variables[variable] = one


def names_known(books: Collection[Codebook]) -> dict[str, set[str]]:
    """Return the columns all codebooks of surveys name, and what each stands for in them."""
    meanings: dict[str, set[str]] = {}
    for book in (b for b in books if b.table == "firms"):
        for variable, entry in book.variables.items():
            for name in (name for names in entry.alternatives for name in names):
                meanings.setdefault(name.casefold(), set()).add(variable)
            if entry.screen:
                screen = entry.screen.name.casefold()
                meanings.setdefault(screen, set()).add(f"the question before {variable}")
    return meanings


def _misspelt_columns(
    variable: str, fit: Fit, seen: Look, strange: Sequence[str]
) -> list[str] | None:
    """Return the columns of a variable, of which one or more names are misspelt."""
    present = Columns(list(seen.data.columns))
    here: list[str] = []
    for names in fit.codebook.variables[variable].alternatives:
        found = next((c for name in names if (c := present.find(name))), None)
        column = found or misspelt(names, strange)
        if column is None or not may_hold(variable, seen.profiles[column], seen.words):
            return None
        here.append(column)
    return here if any(column in strange for column in here) else None


def may_hold(variable: str, column: Profile, words: Words) -> bool:
    """Return whether a column's values may be answers to a variable."""
    return any(column.fits(sign.kind) for sign in words.signs if sign.variable == variable)


def as_match(seen: Look, variable: str, columns: Sequence[str]) -> Match:
    """Return columns that are known to be a variable."""
    kind = next((s.kind for s in seen.words.signs if s.variable == variable), "")
    first = seen.profiles[columns[0]]
    coding = {"flag": first.flag, "degree": first.degree}.get(kind)
    return Match(variable, tuple(columns), 1.0, coding, named=True)


def matched(seen: Look, columns: Mapping[str, list[str]]) -> dict[str, Match]:
    """Return the variables whose columns are known as matches."""
    return {variable: as_match(seen, variable, here) for variable, here in columns.items()}
