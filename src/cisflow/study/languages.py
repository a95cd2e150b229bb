"""Which languages a run may be published in: those that have a catalogue of words."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from cisflow.base.paths import places
from cisflow.base.problems import Problem

ENGLISH = "en"
FOLDERS = ("paper/languages", "config/languages")
"""Where catalogues lie: of what the program says, and of models, claims and names."""


def language_files(language: str, root: Path = Path()) -> list[Path]:
    """Return the catalogues of a language, ours before those of the user, which win; or none."""
    folders = [where for folder in FOLDERS for where in reversed(places(folder, root))]
    return [file for where in folders if (file := where / f"{language}.po").is_file()]


def translation_problems(language: str, root: Path = Path()) -> Iterator[Problem]:
    """Yield that a run's language has no catalogue, and which languages have one."""
    if language == ENGLISH or language_files(language, root):
        return
    folders = [where for folder in FOLDERS for where in places(folder, root)]
    known = sorted({ENGLISH, *(file.stem for where in folders for file in where.glob("*.po"))})
    yield Problem(
        f"language: there are no words of `{language}`",
        f"take one of {', '.join(known)}, or put a catalogue at {FOLDERS[1]}/{language}.po",
    )
