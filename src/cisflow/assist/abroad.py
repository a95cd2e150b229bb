"""What countries and continents are called, from Unicode's CLDR by Babel: at home, and elsewhere."""

from __future__ import annotations

import re
from collections.abc import Collection
from functools import lru_cache

from babel import Locale, UnknownLocaleError
from babel.languages import get_official_languages

# Codes that statistical offices use beside those of ISO 3166.
OFFICES = {"UK": "GB", "EL": "GR"}
# In which labels of surveys are often written, whatever the country's own language.
WIDESPREAD = ("en", "es", "fr", "pt", "de")
WORLD = "001"
SHORTEST = 4  # letters; shorter names are words of other languages


def country_names(country: str) -> list[str]:
    """Return what a country is called in its own languages and those that are widespread."""
    code = OFFICES.get(country, country)
    names = [_names(language).get(code, "") for language in _languages(code)]
    return list(dict.fromkeys(name for name in names if name))


def other_names(country: str, home: Collection[str] = ()) -> list[str]:
    """Return the names of all other countries and of the continents, as whole words.

    Parameters
    ----------
    country
        The code of the country that is at home.
    home
        Its names, none of which is elsewhere.
    """
    code = OFFICES.get(country, country)
    own = {name.casefold() for name in (*home, *country_names(country))}
    found = dict.fromkeys(
        name
        for language in _languages(code)
        for other, name in _names(language).items()
        if other not in (code, WORLD) and len(name) >= SHORTEST and name.casefold() not in own
    )
    return [" ".join(f"={word}" for word in re.findall(r"\w+", name)) for name in found]


def _languages(code: str) -> tuple[str, ...]:
    own = get_official_languages(code) if code else ()
    return tuple(dict.fromkeys((*own, *WIDESPREAD)))


@lru_cache(maxsize=64)
def _names(language: str) -> dict[str, str]:
    """Return all names of territories in a language; none where Babel has no such language."""
    try:
        return {code: str(name) for code, name in Locale.parse(language).territories.items()}
    except UnknownLocaleError:
        return {}
