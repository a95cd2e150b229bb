"""Which rows of a file are a country's, and a wave's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from cisflow.assist.countries import iso, names_of
from cisflow.assist.drafting.opening import year_of
from cisflow.assist.inspection import Look, profiles_of
from cisflow.assist.vocabulary import Sign, Words, has_concept, likeness, plain

COUNTRY = Sign("", "text", (("country_of",),), ("part_of_group", "foreign_owner", "cooperation"))
YEAR = Sign("", "text", (("year_of",),), ("identifier", "employees", "turnover", "export"))
LIKELY = 0.3
MOST_COUNTRIES = 60
MOST_WAVES = 15
# A year with fewer of the rows is no wave: a column of years is then one of another kind.
SMALLEST_WAVE = 0.01
YEARS = range(1990, 2101)


@dataclass(frozen=True)
class Rows:
    """The rows of a wave."""

    # Per country column and value of its rows; empty where the file is one country's.
    countries: dict[str, dict[str, str]] = field(default_factory=dict)
    # Column and value of the wave's rows; empty where the file is one wave's.
    wave: dict[str, str] = field(default_factory=dict)
    remark: str = ""  # what was assumed
    todo: str = ""  # what a human has to decide before anything can be tried
    asks: str = ""  # what a human has to decide, with all rows kept meanwhile


def rows_of(seen: Look, wave: str, sharing: Sequence[str], countries: Sequence[str]) -> Rows:
    """Return by which columns and values a file tells countries and waves apart.

    Parameters
    ----------
    sharing
        The waves that lie in the same file, in the order of time.
    countries
        Two-letter codes.
    """
    return replace(_wave_rows(seen, wave, sharing), countries=_country_rows(seen, countries))


def kept(seen: Look, rows: Rows) -> Look:
    """Return a file with the rows of a wave alone."""
    data = seen.data
    for column, value in rows.wave.items():
        data = data[data[column] == value]
    if rows.countries:
        column = next(iter(next(iter(rows.countries.values()))))
        data = data[data[column].isin([choice[column] for choice in rows.countries.values()])]
    if len(data) == len(seen.data):
        return seen
    return replace(
        seen, data=data, profiles=profiles_of(data, seen.legend, seen.words, seen.questions)
    )


def _country_rows(seen: Look, countries: Sequence[str]) -> dict[str, dict[str, str]]:
    for column in _candidates(seen, COUNTRY):
        values = [str(v) for v in seen.data[column].dropna().unique()]
        if not 1 < len(values) <= MOST_COUNTRIES:
            continue
        meanings = seen.legend.codes.get(column, {})
        written = {
            country: [v for v in values if _is_country(meanings.get(v, v), country, seen.words)]
            for country in countries
        }
        if all(len(found) == 1 for found in written.values()):
            return {country: {column: found[0]} for country, found in written.items()}
    return {}


def _is_country(text: str, country: str, words: Words) -> bool:
    names = [*names_of(country), *(n.lstrip("=") for n in words.countries.get(iso(country), []))]
    return plain(text) in {plain(country), *map(plain, names)}


def _wave_rows(seen: Look, wave: str, sharing: Sequence[str]) -> Rows:
    for column in _candidates(seen, YEAR):
        shares = seen.data[column].value_counts(normalize=True)
        values = sorted(map(str, shares.index))
        if not 1 < len(values) <= MOST_WAVES or shares.min() < SMALLEST_WAVE:
            continue
        own = _own_value(wave, values)
        if own is not None:
            return Rows(wave={column: own})
        if len(sharing) > 1 and len(values) == len(sharing):
            taken = ", ".join(f"{v} is {w}" for v, w in zip(values, sharing, strict=True))
            remark = f"in the order of time: {taken}"
            return Rows(wave={column: values[sharing.index(wave)]}, remark=remark)
        if _are_years(values):
            return Rows(asks=_asked(column, values))
    if len(sharing) > 1:
        return Rows(
            todo=f"rows: waves {', '.join(sharing)} share the file; say which rows are this one's, "
            "such as `rows: {column: value}`"
        )
    return _years_of_something(seen)


def _years_of_something(seen: Look) -> Rows:
    """Ask about a column that is of years and says little else of which a wave has a year."""
    for column, asked in seen.questions.items():
        if column not in seen.profiles or not has_concept(asked, "year_of", seen.words):
            continue
        shares = seen.data[column].value_counts(normalize=True)
        values = sorted(map(str, shares.index))
        if 1 < len(values) <= MOST_WAVES and shares.min() >= SMALLEST_WAVE and _are_years(values):
            return Rows(asks=_asked(column, values))
    return Rows()


def _are_years(values: Sequence[str]) -> bool:
    return all(v.isdecimal() and int(v) in YEARS for v in values)


def _asked(column: str, values: Sequence[str]) -> str:
    """Return the question on a column of years none of which is the wave's.

    Firms close their books in different years, and a file may pool waves: who knows the survey
    tells the two apart.
    """
    return (
        f"rows: column {column} has the years {', '.join(values)}; all rows are kept, as if they "
        f"were those of the firms' own books. If they are waves, choose this one's: "
        f"`rows: {{{column}: '{values[-1]}'}}`; otherwise take this line away"
    )


def _own_value(wave: str, values: Sequence[str]) -> str | None:
    wanted = {wave.casefold(), str(year_of(wave) or wave)}
    return next((v for v in values if v.casefold() in wanted), None)


def _candidates(seen: Look, sign: Sign) -> list[str]:
    """Return the columns that may tell rows apart, the likeliest first."""
    scored: Mapping[str, float] = {
        column: max(likeness(asked, sign, seen.words), 0.0)
        for column, asked in seen.questions.items()
        if column in seen.profiles
    }
    likely = [column for column in scored if scored[column] >= LIKELY]
    return sorted(likely, key=lambda column: -scored[column])
