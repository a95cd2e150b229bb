"""How a draft compares with what a survey asks: right, doubted, missed, wrong in silence.

*Right* is a variable that has exactly its columns, with their codes read as the file's legend has
them, in the file's unit. *Doubted* is one that has not, if the draft names it in what is left to
decide or to look over and, where it is not mapped, names one of its columns too: "no column was
recognised" is no doubt but a miss. *Missed* is not mapped and nothing told. *Wrong* is all else:
the reader would go on.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from worded_survey import Worded

from cisflow.assist.scaffold import initialise
from cisflow.base.documents import read_yaml
from cisflow.base.paths import places, shipped
from cisflow.study.codebook import Codebook, Variable
from cisflow.study.codebook_files import load_codebook


@dataclass
class Score:
    """What became of a survey's variables; each list has variables with what happened."""

    right: list[str] = field(default_factory=list)
    doubted: list[str] = field(default_factory=list)
    missed: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)

    @property
    def asked(self) -> int:
        """Number of variables the survey has and a draft could find."""
        known = [*self.right, *self.doubted, *self.missed, *self.wrong]
        return len([told for told in known if ": not asked" not in told])

    @property
    def reached(self) -> float:
        """Share that is right or doubted, 0 to 1."""
        doubted = [told for told in self.doubted if ": not asked" not in told]
        return (len(self.right) + len(doubted)) / self.asked

    @property
    def share_right(self) -> float:
        """Share that is right, 0 to 1."""
        return len(self.right) / self.asked

    def told(self) -> str:
        """Return the score in a few lines, for a test that fails."""
        counts = f"{len(self.right)} right of {self.asked}, {self.reached:.0%} right or doubted"
        parts = {"wrong": self.wrong, "missed": self.missed, "doubted": self.doubted}
        return "\n  ".join([counts, *(f"{k}: {'; '.join(v)}" for k, v in parts.items() if v)])

    def __add__(self, other: Score) -> Score:
        return Score(
            self.right + other.right,
            self.doubted + other.doubted,
            self.missed + other.missed,
            self.wrong + other.wrong,
        )


# Which models a survey supports is no matter here, and to say it of all of them takes long.
MODEL = "faems2005"


def drafted(survey: Worded, project: Path) -> Score:
    """Draft a survey's codebook in a new project's folder, as ``cisflow init`` does; score it."""
    (project / "config").mkdir(parents=True)
    one = {MODEL: read_yaml(shipped("config", "models.yaml"))[MODEL]}
    (project / "config" / "models.yaml").write_text(yaml.safe_dump(one))
    waves = {survey.wave: survey.extract}
    with contextlib.chdir(project):
        done = initialise([survey.country], waves, project, labels_files=survey.labels)
        (wave,) = done["waves"]
        book = load_codebook(wave["codebook"], places("config/codebooks", project))
    return scored(survey, book, [*wave["todo"], *wave["look"]])


def scored(survey: Worded, book: Codebook, told: Sequence[str]) -> Score:
    """Compare a codebook, and what was told with it, with what a survey asks."""
    score = Score()
    for variable in dict.fromkeys([*survey.columns, *book.variables]):
        right = survey.columns.get(variable, set())
        entry = book.variables.get(variable)
        got = _columns(entry)
        fault = _fault(survey, variable, entry, got, right) or _unit(survey, book, variable)
        if not fault:
            if right and got:
                score.right.append(variable)
        elif fault == "missed" and variable in survey.optional:
            continue
        elif _is_doubted(variable, got, right, told):
            score.doubted.append(f"{variable}: {fault}")
        elif fault == "missed":
            score.missed.append(variable)
        else:
            score.wrong.append(f"{variable}: {fault}")
    return score


def _columns(entry: Variable | None) -> set[str]:
    return {name for names in entry.alternatives for name in names} if entry else set()


def _fault(
    survey: Worded, variable: str, entry: Variable | None, got: set[str], right: set[str]
) -> str:
    """Return what is wrong with a variable, or nothing."""
    if not got:
        return "missed" if right else ""
    if not right:
        return f"not asked, taken from {_about(survey, got)}"
    if got < right and right - got != survey.parts.get(variable):
        return f"{len(got)} of its {len(right)} columns"
    if got - right:
        return f"taken from {_about(survey, got - right)}"
    screen = entry.screen.name if entry and entry.screen else None
    if screen not in (None, survey.screens.get(variable)):
        return f"led by {_about(survey, {screen})}"
    return _misread(survey, entry, got)


def _unit(survey: Worded, book: Codebook, variable: str) -> str:
    """Return by what a variable is multiplied, if that is not its unit in the file."""
    if variable not in book.variables:
        return ""
    factor = book.multiple(variable)
    return "" if factor == survey.multiples.get(variable, 1) else f"multiplied by {factor:g}"


def _about(survey: Worded, columns: Collection[str]) -> str:
    return ", ".join(sorted({survey.about.get(column, column) for column in columns}))


def _misread(survey: Worded, entry: Variable | None, columns: Collection[str]) -> str:
    """Return which codes are read otherwise than the legend has them, or nothing."""
    codes: dict[str, Any] = dict((entry.codes if entry else None) or {})
    for column in columns:
        for code, meaning in survey.codes.get(column, {}).items():
            if codes and codes.get(code, meaning) != meaning:
                return f"code {code} is read as {codes[code]}"
    return ""


def _is_doubted(
    variable: str, got: Collection[str], right: Collection[str], told: Sequence[str]
) -> bool:
    return any(_doubts(line, variable, got, right) for line in told)


def _doubts(line: str, variable: str, got: Collection[str], right: Collection[str]) -> bool:
    """Return whether a line is about a variable, and about a column where none was taken."""
    subject, _, reason = line.partition(":")
    names_columns = any(re.search(rf"\b{re.escape(c)}\b", line) for c in {*got, *right})
    is_subject = re.search(rf"(?<!\w){variable}(?!\w)", subject) is not None and bool(reason)
    named = re.search(rf"(?<!\w){variable}(?!\w)", line) is not None
    return (is_subject and bool(got)) or (named and names_columns)
