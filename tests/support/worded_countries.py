"""The twelve synthetic countries under names q1 … qN, in each country's own words. SYNTHETIC."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import yaml
from worded_survey import PER_EURO, Worded, cell, legend_of, legends, read_as, table

from cisflow.simulate.extracts import draw_wave, truth_of
from cisflow.simulate.files import Extract, encode, write_extract
from cisflow.simulate.survey import answers, classified, name_firms
from cisflow.study.canonical import BLOCKS, MONEY, SPENDING
from cisflow.study.codebook import Codebook
from cisflow.study.codebook_files import load_codebook

LANGUAGE_OF = {
    "AT": "de",
    "BE": "nl",
    "CZ": "cs",
    "DE": "de",
    "ES": "es",
    "FI": "fi",
    "FR": "fr",
    "HU": "hu",
    "IT": "it",
    "NL": "nl",
    "PT": "pt",
    "SE": "sv",
}
PARTNERS_ALONE = 3  # places abroad of the first waves' grids; the later ones have four
PLACES_ABROAD = {3: ("europe", "usa", "other"), 4: ("europe", "usa", "asia", "other")}
# Formats with no room for labels have tables beside them.
WITH_LABELS = (".sav", ".dta")
SMALLER = 2  # half the firms of the pipeline's own simulation


@dataclass(frozen=True)
class Cell:
    """A column of the original extract: the variable it is read for, and its label."""

    variable: str
    label: str


def write_country(folder: Path, root: Path, country: str, wave: str) -> Worded:
    """Write a wave of a country of ``config/europe.yaml``, in the format that config names."""
    document = _yaml(root / "config" / "europe.yaml")
    source = document["countries"][country]["waves"][wave]
    book = load_codebook(source["codebook"], [root / "config" / "codebooks"])
    extract, given = _simulated(root, book, country, wave, document["seed"])
    words = table(LANGUAGE_OF[country])
    cells = dict(_cells(book, words, country, set(extract.columns)))
    renamed, written = _reworded(extract, book, words, cells, country)
    file = folder / Path(source["file"]).name
    write_extract(renamed, file, book.file.options)
    labels = () if file.suffix in WITH_LABELS else _label_tables(renamed, folder)
    return Worded(
        country=country,
        wave=str(book.reference_year),
        extract=file,
        labels=labels,
        columns=_expected(book, written),
        codes=written.codes,
        about=written.about,
        optional=frozenset(v for v in book.variables if v not in given),
        screens=_screens(book, written),
        parts=_parts(book, written),
        multiples={variable: book.multiple(variable) for variable in book.variables},
    )


@lru_cache
def _yaml(path: Path) -> dict[str, Any]:
    return dict(yaml.safe_load(path.read_text(encoding="utf-8")))


def _simulated(
    root: Path, book: Codebook, country: str, wave: str, seed: int
) -> tuple[Extract, set[str]]:
    """Return a simulated extract, and the variables that are in it."""
    truth = truth_of(_yaml(root / "config" / "truth" / "europe.yaml"), country, root)
    sizes = {group: n // SMALLER for group, n in truth["sizes"][wave].items()}
    truth = {**truth, "sizes": {**truth["sizes"], wave: sizes}}
    rng = np.random.default_rng([seed, *country.encode()])
    firms = draw_wave(truth, wave, book.variables, rng)
    name_firms(truth, {wave: firms}, country, rng)
    given = classified(truth, answers(truth, firms, book.variables, rng), book)
    return encode(firms, given, book, country, rng), set(given)


def _cells(
    book: Codebook, words: Mapping[str, Any], country: str, present: set[str]
) -> Iterator[tuple[str, Cell]]:
    """Yield every column with the variable it tells most of, and its label."""
    year = str(book.reference_year)
    lag = str((book.reference_year or 0) - 2)
    # Of a column that is read for several variables, the finest says what it asks.
    for variable, entry in sorted(book.variables.items(), key=lambda v: -len(v[1].alternatives)):
        columns = [names[0] for names in entry.alternatives]
        for nth, column in enumerate(columns):
            if column in present:
                label = _label(words, variable, nth, len(columns), country)
                yield column, Cell(variable, label.replace("{year}", year).replace("{lag}", lag))
        if entry.screen and entry.screen.name in present and variable in words["screens"]:
            yield entry.screen.name, Cell("before " + variable, words["screens"][variable])


def _label(words: Mapping[str, Any], variable: str, nth: int, count: int, country: str) -> str:
    if variable in BLOCKS["partners"]:
        partner, _, kind = variable.removeprefix("coop_").rpartition("_")
        abroad = PLACES_ABROAD[PARTNERS_ALONE if count % 4 else 4]
        place = "domestic" if kind == "domestic" else abroad[nth % len(abroad)]
        return cell(words["grid"], partner, place, words["countries"][country])
    said = words["questions"][variable]
    return str(said[nth] if isinstance(said, list) else said)


def _reworded(
    extract: Extract,
    book: Codebook,
    words: Mapping[str, Any],
    cells: Mapping[str, Cell],
    country: str,
) -> tuple[Extract, Worded]:
    """Return an extract under new names and labels, with what resembles a variable behind it."""
    renamed = Extract("SYNTHETIC")
    written = Worded(country, "", Path(), {})
    for column, values in extract.columns.items():
        asked = cells[column]
        kind = "flag" if asked.variable.startswith("before ") else legend_of(asked.variable)
        name = f"q{len(renamed.columns) + 1}"
        yes, no = _codes(extract, column)
        if asked.variable in (*MONEY, *SPENDING):
            values = values * PER_EURO.get(country, 1.0)
        if kind == "size":
            values = pd.to_numeric(values)
        renamed.add(name, values, asked.label, legends(words, yes, no).get(kind, {}))
        written.about[name] = asked.variable
        written.columns[column] = {name}
        if kind:
            written.codes[name] = read_as(kind, yes, no)
    for asked, label in words["distractors"].items():
        name = f"q{len(renamed.columns) + 1}"
        said = label.replace("{lag}", str((book.reference_year or 0) - 2))
        known = legends(words, 1.0, 0.0).get(legend_of(asked), {})
        renamed.add(name, _drawn(asked, len(extract.frame())), said, known)
        written.about[name] = asked
    return renamed, written


def _codes(extract: Extract, column: str) -> tuple[float, float]:
    """Return the codes of yes and no in a simulated column."""
    said = {label: code for code, label in extract.value_labels.get(column, {}).items()}
    return said.get("Yes", 1.0), said.get("No", 0.0)


def _drawn(asked: str, n: int) -> Any:
    low, high = {"degrees": (0, 90), "change": (-20, 30), "obstacle": (0, 4)}.get(asked, (0, 2))
    return np.random.default_rng(5).integers(low, high, n).astype(float)


def _expected(book: Codebook, written: Worded) -> dict[str, set[str]]:
    """Return the new columns of every variable all of whose columns are in the extract."""
    found = {}
    for variable, entry in book.variables.items():
        columns = [names[0] for names in entry.alternatives]
        if columns and all(column in written.columns for column in columns):
            found[variable] = {name for column in columns for name in written.columns[column]}
    return found


def _screens(book: Codebook, written: Worded) -> dict[str, str]:
    return {
        variable: next(iter(written.columns[entry.screen.name]))
        for variable, entry in book.variables.items()
        if entry.screen and entry.screen.name in written.columns
    }


def _parts(book: Codebook, written: Worded) -> dict[str, set[str]]:
    """Return columns of partners of another name: private institutes beside public ones."""
    expected = _expected(book, written)
    return {
        variable: here
        for variable, columns in expected.items()
        for finer, here in expected.items()
        if here < columns and variable in BLOCKS["partners"] and not _same_partner(variable, finer)
    }


def _same_partner(variable: str, finer: str) -> bool:
    return finer.startswith(variable.rpartition("_")[0])


def _label_tables(extract: Extract, folder: Path) -> tuple[Path, Path]:
    """Write tables of names and labels, and of codes and labels."""
    files = (folder / "questions.csv", folder / "codes.csv")
    rows = [(name, label) for name, label in extract.labels.items()]
    pd.DataFrame(rows, columns=["name", "label"]).to_csv(files[0], index=False)
    codes = [
        (name, f"{code:g}", said)
        for name, known in extract.value_labels.items()
        for code, said in known.items()
    ]
    pd.DataFrame(codes, columns=["name", "value", "label"]).to_csv(files[1], index=False)
    return files
