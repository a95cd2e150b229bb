"""The language of what is published, from catalogues: a further one needs no code.

The code says everything in English, through :func:`say`. What a text is in another language stands
in catalogues of gettext (``.po``), the program's own in ``paper/languages/`` and those of models,
claims and names in ``config/languages/``; a text that no catalogue has stays English. Numbers are
written as the language writes them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from cisflow.base.problems import CisflowError, Problem
from cisflow.study.languages import ENGLISH, language_files

TOLD_BEFORE = "told before"
"""Context of texts that earlier stages wrote in English; they are known again by their form."""


@dataclass(frozen=True)
class Language:
    """A language as it is published in."""

    code: str = ENGLISH  # of two letters, such as `nl`
    # By English text what it is in the language.
    texts: Mapping[str, str] = field(default_factory=dict)
    # The same of texts that earlier stages wrote, whose `{names}` stand for anything.
    told: Mapping[str, str] = field(default_factory=dict)
    # point, thousands: what stands before decimals, and between thousands.
    point: str = "."
    thousands: str = ","
    # English texts that were asked for and that no catalogue has.
    missed: set[str] = field(default_factory=set)

    @cached_property
    def forms(self) -> list[tuple[re.Pattern[str], str]]:
        """The forms of what was told with names, those with the most words of their own first."""
        named = [(english, text) for english, text in self.told.items() if "{" in english]
        named.sort(key=lambda of: -len(re.sub(r"\{\w+\}", "", of[0])))
        return [(_form(english), text) for english, text in named]


_SPOKEN = [Language()]


def speak(language: str = ENGLISH) -> None:
    """Publish in a language from here on."""
    _SPOKEN[:] = [Language() if language == ENGLISH else read_language(language)]


@contextmanager
def speaking(language: str) -> Iterator[Language]:
    """Publish in a language for as long as the context lasts."""
    before = list(_SPOKEN)
    speak(language)
    try:
        yield spoken()
    finally:
        _SPOKEN[:] = before


def spoken() -> Language:
    """Return the language that is published in."""
    return _SPOKEN[0]


def read_language(code: str) -> Language:
    """Return a language from its catalogues, those of the user before ours."""
    from babel.numbers import get_decimal_symbol, get_group_symbol

    texts: dict[str, str] = {}
    told: dict[str, str] = {}
    for file in language_files(code):
        for context, english, text in messages_of(file):
            (told if context == TOLD_BEFORE else texts)[english] = text
    return Language(code, texts, told, get_decimal_symbol(code), get_group_symbol(code))


def messages_of(file: Path) -> list[tuple[str, str, str]]:
    """Return context, English text and translation of every message of a catalogue."""
    from babel.messages.pofile import read_po

    with file.open("rb") as lines:
        catalogue = read_po(lines)
    found = ((str(m.context or ""), str(m.id), str(m.string)) for m in catalogue if m.id)
    told = [(context, english, text) for context, english, text in found if text]
    if wrong := [english for _, english, text in told if not _names(text) <= _names(english)]:
        remedy = "in braces a translation has the names that the English text has, as it has them"
        problems = [Problem(f"the translation of `{english[:60]}`", remedy) for english in wrong]
        raise CisflowError(file.as_posix(), problems)
    return told


def _names(text: str) -> set[str]:
    """Return what stands in braces: a further name, or form, would reach into the program."""
    return set(re.findall(r"\{[^{}]*\}?", text))


def one_line(text: str) -> str:
    """Return a text as catalogues know it, however its lines are broken."""
    return re.sub(r"\s*\n\s*", " ", text)


def say(english: str, **parts: Any) -> str:
    """Return a text in the language that is published in, its ``{names}`` filled in.

    Parameters
    ----------
    english
        The text in English; catalogues know it by that.
    parts
        What stands for its names, in the language already.
    """
    text = spoken().texts.get(english) or _english(english)
    return text.format(**parts) if parts else text


def said(text: str) -> str:
    """Return a text in the language if it has it: for what may have been said already."""
    return spoken().texts.get(text, text)


def _english(text: str) -> str:
    """Return a text as it is, and note that no catalogue has it."""
    language = spoken()
    if language.code != ENGLISH and any(letter.isalpha() for letter in text):
        language.missed.add(text)
    return text


def numeral(text: str) -> str:
    """Return numbers that Python wrote, such as ``1,234.5``, as the language writes them."""
    signs = {".": spoken().point, ",": spoken().thousands}
    return re.sub(r"(?<=\d)[.,](?=\d)", lambda sign: signs[sign[0]], text)


def listed(items: Sequence[str]) -> str:
    """Return items as a list within a sentence."""
    return say(" and ").join(filter(None, (", ".join(items[:-1]), *items[-1:])))


def retold(english: str) -> str:
    """Return in the language what an earlier stage, or the user, wrote in English.

    Such a text is a record by now, its parts are in it; it is known by the form of a message, and
    what stands for the names of that is told again in turn.
    """
    language = spoken()
    if language.code == ENGLISH or not english.strip():
        return english
    if known := language.told.get(english) or language.texts.get(english):
        return known
    for form, text in language.forms:
        if found := form.fullmatch(english):
            parts = {name: retold(part) for name, part in found.groupdict().items()}
            return text.format(**parts)
    if (named := english[:1].upper() + english[1:]) in language.texts:
        return language.texts[named][:1].lower() + language.texts[named][1:]
    return numeral(english) if _is_number(english) else _english(english)


def retold_texts(value: Any) -> Any:
    """Return texts, also those within lists and mappings, in the language."""
    if isinstance(value, Mapping):
        return {key: retold_texts(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [retold_texts(inner) for inner in value]
    return retold(value) if isinstance(value, str) else value


def _is_number(text: str) -> bool:
    return re.fullmatch(r"[−-]?[\d,]*\.?\d+", text) is not None


def _form(english: str) -> re.Pattern[str]:
    parts = re.split(r"\{(\w+)\}", english)
    words = [f"(?P<{part}>.+?)" if i % 2 else re.escape(part) for i, part in enumerate(parts)]
    return re.compile("".join(words), re.DOTALL)


def spoken_settings(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Publish in a config's language from here on; return it with its texts for print in that."""
    speak(settings.get("language", ENGLISH))
    countries = settings["countries"].items()
    return {
        **settings,
        "title": retold(settings["title"]),
        "countries": {code: {**of, "name": retold(of["name"])} for code, of in countries},
        **{
            key: retold_texts(settings[key])
            for key in ("paper", "constructs", "surveys")
            if key in settings
        },
    }
