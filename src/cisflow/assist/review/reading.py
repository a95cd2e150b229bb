"""A wave's extract as its codebook reads it, as far as it can be read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd

from cisflow.assist.batteries import blocks_of
from cisflow.assist.codings import shortest
from cisflow.assist.inspection import Look, profiles_of
from cisflow.assist.legends import read_legend
from cisflow.assist.matching import WORTH_A_LOOK
from cisflow.assist.review.stems import stems
from cisflow.assist.review.wording import Scores, scored
from cisflow.assist.vocabulary import load_words, questions
from cisflow.base.paths import files_of
from cisflow.base.problems import CisflowError
from cisflow.raw.extract import OpenExtract, code_key, open_extract, selected
from cisflow.study.canonical import BLOCK_OF, FLAGS
from cisflow.study.codebook import Codebook
from cisflow.survey.answers import Answers, Columns, read_answers, read_column
from cisflow.survey.ingest import ingest_wave
from cisflow.survey.labels import in_codes

NO_ANSWER = "no answer"
UNKNOWN = "not known to the codebook"


@dataclass(frozen=True)
class Reading:
    """One wave, read."""

    # country, codebook: two-letter code; the codebook as configured.
    country: str
    codebook: Codebook
    seen: Look  # the file's columns, labels and values, of the wave's rows
    # Per variable the columns it is read from, as the file writes them.
    columns: Mapping[str, list[str]]
    # firms, quality: firm records and quality report; None where the codebook does not fit the
    # file.
    firms: pd.DataFrame | None
    quality: dict[str, Any] | None
    scores: Scores  # as cisflow.assist.review.wording.scored

    @cached_property
    def stems(self) -> dict[str, str]:
        """Per column the beginning its name shares with others."""
        return stems(self.seen.names, self.seen.legend.columns)

    @cached_property
    def used_for(self) -> dict[str, str]:
        """Per column that is read the variable it is read for; of several, all."""
        found: dict[str, list[str]] = {}
        for variable, columns in self.columns.items():
            for column in columns:
                found.setdefault(column, []).append(variable)
            screen = self.codebook.variables[variable].screen
            if screen and (name := Columns(self.seen.names).find(screen.name)):
                found.setdefault(name, []).append(f"{variable} (its screening question)")
        wanted = {name.casefold() for name in self.codebook.rows}
        for name in self.seen.names:
            if name.casefold() in wanted:
                found.setdefault(name, []).append("rows")
        return {column: ", ".join(dict.fromkeys(of)) for column, of in found.items()}

    def values(self, variable: str) -> pd.Series | None:
        """Return the answers of a variable, shape (n,); None where they cannot be read."""
        if self.firms is not None and variable in self.firms:
            return self.firms[variable]
        answers = self.answers.get(variable)
        return None if answers is None else answers.values

    def asked(self, variable: str) -> pd.Series | None:
        """Return who was asked, shape (n,); None where filters could not be applied."""
        if self.firms is None:
            return None
        block = BLOCK_OF.get(variable)
        everyone = pd.Series(data=True, index=self.firms.index)
        return self.firms[f"asked_{block}"].astype(bool) if block else everyone

    @cached_property
    def answers(self) -> dict[str, Answers]:
        """Answers of each variable by itself, without filters."""
        return {
            variable: read_answers(
                variable, columns, self._translated(variable), self.codebook, self.country
            )
            for variable, columns in self.columns.items()
            if columns or self.codebook.variables[variable].made
        }

    def _translated(self, variable: str) -> pd.DataFrame:
        asked, data = self.codebook.variables[variable], self.seen.data
        if not asked.codes:
            return data
        columns = {
            c: in_codes(data[c], asked.codes, self.labels(c), self.codebook.no_answer(asked))[0]
            for c in self.columns[variable]
        }
        return data[[]].assign(**columns) if columns else data

    def labels(self, column: str) -> Mapping[str, str]:
        """Return what the codes of a column mean."""
        return self.seen.legend.codes.get(column, {})

    def read_as(self, variable: str, column: str, codes: Sequence[str]) -> dict[str, Any]:
        """Return how the codebook reads codes of a column: a value, or why it is none."""
        asked, labels = self.codebook.variables[variable], self.labels(column)
        key = (str(asked.codes), asked.missing, variable in FLAGS, tuple(codes), str(labels))
        if key not in self._read:
            self._read[key] = self._codes(variable, column, codes)
        return self._read[key]

    def _codes(self, variable: str, column: str, codes: Sequence[str]) -> dict[str, Any]:
        asked, labels = self.codebook.variables[variable], self.labels(column)
        silent = self.codebook.no_answer(asked)
        none = {code_key(token) for token in silent}
        told: dict[str, Any] = {}
        for code in codes:
            # Each alone, so that a code the codebook does not know leaves the others readable.
            text = pd.Series([code], dtype="string")
            text = in_codes(text, asked.codes or {}, labels, silent)[0] if labels else text
            value = read_column(variable, column, text, self.codebook, self.country).values.iloc[0]
            known = NO_ANSWER if code_key(code) in none else UNKNOWN
            told[code] = known if pd.isna(value) else value
        return told

    @cached_property
    def _read(self) -> dict[Any, dict[str, Any]]:
        return {}


def read_wave(
    entry: Mapping[str, Any],
    codebook: Codebook,
    country: str,
    wave: str,
    name: str,
    root: Path,
    heading: str,
    labels_files: Sequence[Path] = (),
) -> tuple[Reading, list[CisflowError]]:
    """Read a wave for review; what is wrong is returned beside what could be read.

    Parameters
    ----------
    entry
        The wave's entry of the config.
    codebook
        As configured.
    country, wave, name
        Two-letter code, wave, and the country's name.
    heading
        What to call the extract in messages.
    labels_files
        Tables of labels.

    Raises
    ------
    CisflowError
        The file cannot be opened at all.
    """
    errors: list[CisflowError] = []
    firms = quality = None
    try:
        firms, quality = ingest_wave(
            entry["file"], codebook, country, wave, name=name, sha256=entry.get("sha256")
        )
    except CisflowError as error:
        errors.append(error)
    opened = open_extract(entry["file"], codebook.file.options, heading)
    seen, scores = _look(entry, codebook, country, name, root, opened, labels_files)
    present = Columns(seen.names)
    columns = {
        variable: found
        for variable, asked in codebook.variables.items()
        if (found := present.resolve(variable, codebook)[0]) or asked.made
    }
    return Reading(country, codebook, seen, columns, firms, quality, scores), errors


def _look(
    entry: Mapping[str, Any],
    codebook: Codebook,
    country: str,
    name: str,
    root: Path,
    opened: OpenExtract,
    labels_files: Sequence[Path],
) -> tuple[Look, Scores]:
    """Look at the wave's rows, in the columns the codebook names and those whose words matter."""
    file = files_of(entry["file"])[0]
    legend = read_legend(file, opened, labels_files)
    words = load_words(root, country, name, legend.columns.values())
    asked = questions(opened.names, legend.columns, words)
    scores = scored(asked, words)
    wanted = {column.casefold() for column in codebook.needed_columns()}
    about = {c for of in scores.values() for c, score in of.items() if score >= WORTH_A_LOOK}
    rows = selected({"select": {**codebook.rows, **codebook.file.select}})
    present = Columns(opened.names)
    known = {column: values for column, values in rows.items() if present.find(column)}
    chosen = {c for c in opened.names if c in about or c.casefold() in wanted}
    read = opened.read(blocks_of(chosen, opened.names), known)
    data = read.table.apply(shortest)
    profiles = profiles_of(data, legend, words, asked)
    names = opened.names
    return Look(file, names, legend, data, profiles, asked, words, read.rows, read.read_as), scores
