"""Activities, size classes and identifiers: what their codes are."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from cisflow.assist.codings import MOSTLY, Profile
from cisflow.assist.drafting.opening import Draft, label_of
from cisflow.assist.inspection import Fit, Look
from cisflow.assist.matching import SURE, Match
from cisflow.assist.vocabulary import division_named, likeness, plain
from cisflow.survey.activities import section

REVISION_2_SINCE = 2008  # Regulation (EC) 1893/2006
CODED = re.compile(r"[A-Za-z]{0,2}\s*\d+|[A-Za-z]{1,2}$")
# At most this share of the firms may have an activity that no classification has.
FEW = 0.05
# At least this share of the values of an identifier differ, in a file with double rows.
MOST_DIFFER = 0.5
# Lower and upper limits of the size classes the canonical table knows.
SMALLEST = 10  # employees
MOST = 10**9
SIZES = {"10-49": (0, 49), "50-249": (50, 249), "250+": (250, MOST)}
SIZE_WORDS = {"small": "10-49", "medium": "50-249", "large": "250+"}
MORE = re.compile(r"\+|>|more|over|above|und mehr|mehr|plus|y mas|o mas|mas de|oltre|en meer|meer")
LESS = re.compile(r"<|less|under|below|up to|weniger|unter|bis|moins|menos|hasta|meno|minder")


def add_activity_classes(
    made: Draft, seen: Look, found: Mapping[str, Match], fit: Fit | None, year: int
) -> None:
    """Say which classification activities are in, and class those that are words."""
    if "nace" not in found:
        return
    column = found["nace"].columns[0]
    p = seen.profiles[column]
    given = seen.data[column].dropna()
    given = given[~given.isin(p.silent)]
    own = _own_list(seen, column, list(given.unique()))
    if own is not None:
        _add_named(made, own)
        return
    revision = _revision(given, f"{column} {label_of(seen, column)}", year)
    stated = fit.codebook.nace if fit else None
    if stated is None or revision != stated.revision:
        made.head["nace"] = {"revision": revision}
        made.remarks["nace:"] = "by the wave's year and the codes in the file"
    unknown = given.map({v: section(v, revision) is None for v in given.unique()})
    if 0 < unknown.mean() <= FEW:
        made.entry("nace")["invalid"] = "missing"
        made.remarks["nace"] = "a few codes that the classification does not have count as missing"


def _own_list(seen: Look, column: str, values: list[str]) -> dict[str, str | None] | None:
    """Return the division of every value, where values are words or a list of the survey's own.

    None where they are codes of a classification.
    """
    meanings = seen.legend.codes.get(column, {})
    if seen.profiles[column].own_list:
        return {v: division_named(meanings.get(v, v), seen.words) for v in sorted(values)}
    coded = [v for v in values if CODED.match(v)]
    if len(coded) < MOSTLY * len(values):
        return {v: _division_in(v) or division_named(v, seen.words) for v in sorted(values)}
    labelled = {v: meanings[v] for v in values if v in meanings and not CODED.match(meanings[v])}
    named = {v: division_named(label, seen.words) for v, label in labelled.items()}
    known = {v: d for v, d in named.items() if d}
    stated = {v: _division_in(label) for v, label in meanings.items() if v in values}
    if stated and all(stated.values()):
        return stated
    against = [v for v, d in known.items() if section(v, "2") != section(d, "2")]
    if len(known) >= 3 and len(against) > len(known) / 2:
        return {v: named.get(v) for v in sorted(values)}
    return None


def _division_in(label: str) -> str | None:
    """Return the division a text begins with: ``10`` of ``10 - Food products`` or ``C10 Food``."""
    found = re.match(r"[A-Ua-u]?\s*(\d{2})(?:[.\d]*)\b\s*\W*\s*[A-Za-z]", label)
    return found[1] if found else None


def _add_named(made: Draft, named: Mapping[str, str | None]) -> None:
    made.head["nace"] = {"revision": "2"}
    entry = made.entry("nace")
    entry["codes"] = {value: division or "?" for value, division in named.items()}
    made.remarks["nace"] = "divisions of NACE Rev. 2 by the words of the file: look them over"
    made.notes.append("nace: divisions of NACE Rev. 2 were given by words")
    open_ones = [value for value, division in named.items() if division is None]
    if open_ones:
        more = f" and {len(open_ones) - 8} more" if len(open_ones) > 8 else ""
        made.todos.append(
            "nace: give a division of NACE Rev. 2, or the letter of a section, for "
            f"{', '.join(open_ones[:8])}{more} (now '?')"
        )


def _revision(given: pd.Series, text: str, year: int) -> str:
    """Return the classification most firms' codes belong to; of equal ones that of the label."""
    said = plain(text)
    isic = "isic" in said
    if isic:
        likely = "2" if re.search(r"rev(ision)? ?4|isic ?4", said) else "isic3"
    elif re.search(r"rev(ision)? ?2|2008|2007|2009|\b08\b|\b07\b", said):
        likely = "2"
    else:
        likely = "2" if year >= REVISION_2_SINCE else "1.1"
    other = {"2": "isic3" if isic else "1.1"}.get(likely, "2")
    known = {
        revision: given.map({v: section(v, revision) is not None for v in given.unique()}).mean()
        for revision in (likely, other)
    }
    return other if known[other] > known[likely] + FEW else likely


def add_size_classes(made: Draft, seen: Look, found: Mapping[str, Match], fit: Fit | None) -> None:
    """Say which size classes the codes of a file are."""
    match = found.get("size_class")
    if match is None or (fit and "size_class" in {*fit.found, *fit.optional}):
        return
    column = match.columns[0]
    meanings = seen.legend.codes.get(column, {})
    values = seen.profiles[column].answered
    classes = {v: size_class(meanings.get(v, v)) for v in values}
    across = [v for v in values if _across(meanings.get(v, v))]
    if across:
        _leave_open(made, seen, column, [meanings.get(v, v) for v in values])
        return
    known = {v: c for v, c in classes.items() if c}
    entry = made.entry("size_class")
    if known:
        entry["codes"] = known
        if len(known) < len(values):
            entry["invalid"] = "missing"
            made.remarks["size_class"] = "classes that fit none of the three count as missing"
        if not any(map(_limits, (meanings.get(v, v) for v in known))):
            made.notes.append(f"size_class: the words of {column} do not say how many employees")
    elif set(values) <= {"1", "2", "3"} and not meanings:
        entry["codes"] = "size_class"
        made.remarks["size_class"] = "1, 2, 3 are taken for 10-49, 50-249, 250 and more employees"
        made.notes.append(f"size_class: the codes of {column} are taken for the usual classes")
    else:
        _leave_open(made, seen, column, [meanings.get(v, v) for v in values])


def _leave_open(made: Draft, seen: Look, column: str, labels: Sequence[str]) -> None:
    """Map no size class where the file's own classes are others than those of the table."""
    del made.variables["size_class"]
    made.notes = [note for note in made.notes if not note.startswith("size_class:")]
    made.near["size_class"] = [(column, "other classes than 10-49, 50-249, 250 and more")]
    listed = ", ".join(label for label in labels if label.strip())
    made.notes.append(
        f"size_class: {column} was not taken: its classes ({listed}) are not 10-49, 50-249, 250 "
        "and more employees"
    )


def _across(text: str) -> bool:
    """Return whether a class lies on both sides of a limit of the table's classes."""
    limits = _limits(text)
    if limits is None or size_class(text):
        return False
    return limits[1] >= SMALLEST


def _limits(text: str) -> tuple[int, int] | None:
    """Return the limits of a class of employees that a text states; None if it states none."""
    said = text.casefold().replace("\u2013", "-")
    ends = [int(re.sub(r"[.,]", "", n)) for n in re.findall(r"\d[\d.,]*", said)]
    if len(ends) > 1:
        return ends[0], MOST if MORE.search(said) and ends[-1] <= ends[0] else ends[-1]
    if not ends:
        return None
    if LESS.search(plain(said)) or "<" in said:
        return 0, ends[0] - (1 if re.search(r"<|less|under|weniger|unter", said) else 0)
    return (ends[0], MOST) if MORE.search(said) else None


def size_class(text: str) -> str | None:
    """Return the size class a text names: ``10-49 employees``, ``250 and more``, ``small``."""
    limits = _limits(text)
    if limits is None:
        first = plain(text).split()[:1]
        return SIZE_WORDS.get(first[0]) if first and not re.search(r"\d", text) else None
    low, high = limits
    if 0 < low < SMALLEST:  # the table's smallest class has no such firms
        return None
    return next((c for c, (a, b) in SIZES.items() if a <= low and high <= b), None)


def add_identifier(made: Draft, seen: Look, found: dict[str, Match]) -> None:
    """Find the identifier by its values where no word tells it, or number the rows."""
    if "firm_id" in found:
        return
    used = {column for match in found.values() for column in match.columns}
    named = [c for c, p in seen.profiles.items() if c not in used and _is_named(p, seen)]
    if named:  # some occur twice: the check will say so
        found["firm_id"] = Match("firm_id", (named[0],), 1.0)
        made.variables["firm_id"] = {"name": named[0]}
        return
    unique = [c for c, p in seen.profiles.items() if p.unique and c not in used and _whole(p, seen)]
    if unique:
        found["firm_id"] = Match("firm_id", (unique[0],), 1.0)
        entry: dict[str, Any] = {"name": unique[0]}
        made.remarks["firm_id"] = "the column with a value of its own for every firm"
        made.notes.append(f"firm_id: {unique[0]} was taken, as all its values differ")
    else:
        entry = {"row_number": True}
        made.remarks["firm_id"] = "no column has a value of its own for every firm"
        made.notes.append(
            "firm_id: rows are numbered, so that no firm can be linked to accounts or over waves; "
            "name the column if there is one"
        )
    made.variables["firm_id"] = entry


def _is_named(p: Profile, seen: Look) -> bool:
    """Return whether words say that a column identifies firms, and most of its values differ."""
    sign = next(sign for sign in seen.words.signs if sign.variable == "firm_id")
    if p.distinct < MOST_DIFFER * p.rows or p.rows == 0:
        return False
    return likeness(seen.questions[p.name], sign, seen.words) >= SURE


def _whole(p: Any, seen: Look) -> bool:
    values = seen.data[p.name]
    return not values.str.contains(r"[.,]\d", regex=True).any()
