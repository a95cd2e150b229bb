"""What countries, their languages and their currencies are called, from Unicode's CLDR by Babel."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from functools import lru_cache

from babel import Locale, UnknownLocaleError
from babel.languages import get_official_languages
from babel.numbers import get_territory_currencies

# Codes that statistical offices use beside those of ISO 3166.
OFFICES = {"UK": "GB", "EL": "GR"}
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


@lru_cache(maxsize=2_000)
def _name(country: str, language: str) -> str:
    try:
        return str(Locale.parse(language).territories.get(country, ""))
    except (UnknownLocaleError, ValueError):
        return ""  # a language Babel has no names in
