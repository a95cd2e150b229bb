"""What countries, their languages and their currencies are called, from Unicode's CLDR by Babel."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date
from functools import lru_cache

from babel import Locale, UnknownLocaleError
from babel.languages import get_official_languages
from babel.numbers import get_territory_currencies

# Codes that statistical offices use beside those of ISO 3166.
OFFICES = {"UK": "GB", "EL": "GR"}
# In which labels are often written, whatever the country's own language.
WIDESPREAD = ("en", "es", "fr", "pt", "de")
WORLD = "001"
NOWHERE = "ZZ"  # CLDR's code of an unknown country
SHORTEST = 4  # letters; shorter names are words of other languages
# Languages whose words stand in another one's list.
LISTED = {"nb": "no", "nn": "no", "bs": "hr"}


def languages_of(country: str) -> tuple[str, ...]:
    """Return the official languages of a country, by code: ``("nl", "fr", "de")`` of BE."""
    spoken = get_official_languages(iso(country)) if country else ()
    short = (code.split("_")[0] for code in spoken)
    return tuple(dict.fromkeys(LISTED.get(code, code) for code in short))


def names_of(country: str, languages: Iterable[str] = ()) -> tuple[str, ...]:
    """Return what a country is called: in English, its own languages, and those given."""
    own = get_official_languages(iso(country)) if country else ()
    names = (_name(iso(country), code) for code in ("en", *own, *languages))
    return tuple(dict.fromkeys(name for name in names if name))


def others_of(country: str, languages: Iterable[str] = ()) -> list[str]:
    """Return the names of all other countries and of the continents, as whole words (``=``).

    None if it is not known which country is at home.
    """
    if not country:
        return []
    own = get_official_languages(iso(country)) if country else ()
    home = {name.casefold() for name in names_of(country, (*languages, *WIDESPREAD))}
    names = (
        name
        for code in dict.fromkeys((*WIDESPREAD, *own, *languages))
        for other, name in _territories(code).items()
        if other not in (iso(country), WORLD) and len(name) >= SHORTEST
    )
    listed = dict.fromkeys(name for name in names if name.casefold() not in home)
    return [" ".join(f"={word}" for word in re.findall(r"\w+", name)) for name in listed]


def name_of(country: str) -> str:
    """Return a country's English name; empty if no country has the code."""
    return _name(iso(country), "en")


def currency_of(country: str, year: int | None = None) -> str:
    """Return the currency a country had at the end of a year (or has now); empty if unknown."""
    when = date(year, 12, 31) if year else None
    return next(iter(get_territory_currencies(iso(country), when)), "") if country else ""


def iso(country: str) -> str:
    """Return the code of ISO 3166 for one that statistical offices use: GR for EL."""
    return OFFICES.get(country.upper(), country.upper())


def is_code(text: str) -> bool:
    """Return whether a text is the two letters of a country: SE, or EL as offices write it."""
    return len(text) == 2 and text.isalpha() and iso(text) in _territories("en") and text != NOWHERE


def _name(country: str, language: str) -> str:
    return _territories(language).get(country, "")


@lru_cache(maxsize=64)
def _territories(language: str) -> dict[str, str]:
    """Return all names of countries and continents in a language; none where Babel has none."""
    try:
        return {code: str(name) for code, name in Locale.parse(language).territories.items()}
    except (UnknownLocaleError, ValueError):
        return {}
