"""What a file is: its columns, the codebook that fits it best, and what looks suspicious in it."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from cisflow.assist.batteries import blocks_of
from cisflow.assist.codings import Profile, numbers_of, profile, shortest
from cisflow.assist.drafts import is_draft
from cisflow.assist.legends import MOST_SHEETS, Legend, read_legend
from cisflow.assist.matching import WORTH_A_LOOK, Match, match, named_answers, near
from cisflow.assist.support import supported_models
from cisflow.assist.triples import TRIPLES
from cisflow.assist.vocabulary import Question, Words, has_concept, likeness, load_words, questions
from cisflow.base.cells import suppress_small_cells
from cisflow.base.documents import did_you_mean, read_yaml
from cisflow.base.paths import found, places, shown
from cisflow.base.problems import FEWEST_TOLD, CisflowError, Problem, told_codes
from cisflow.base.thresholds import MINIMUM_CELL, is_small
from cisflow.raw.extract import column_names, open_extract
from cisflow.raw.opened import UnreadableError
from cisflow.raw.sheets import WORKBOOKS
from cisflow.raw.single import refusing, sheets_of
from cisflow.study.canonical import FIRM_COLUMNS, PERCENT
from cisflow.study.codebook import MULTIPLES, Codebook, Variable
from cisflow.study.codebook_files import load_codebook
from cisflow.study.models import expanded
from cisflow.survey.accounts.headers import read_headers, wanted_labels
from cisflow.survey.answers import Columns, read_column
from cisflow.survey.labels import in_codes
from cisflow.survey.quality import ROUNDING

BEST_SHOWN = 5
# Columns about these are read, whatever else they say: they tell rows apart, or belong to blocks.
OF_BLOCKS = ("year_of", "country_of", "share", "cooperation", "source")
# Below this share of its required variables a codebook is not about this file.
RECOGNISED = 0.3
SUMS_MOSTLY = 0.8
# Without these no model can be estimated: if they are not recognised, somebody has to say.
ESSENTIAL = ("nace", "employees", "turnover", "product_innovation", "coop_any", "rd_internal")
TYPICAL_PER_HEAD = (1e4, 3e6)  # euro a year; beyond it no unit is told
FEWEST = 10  # firms whose typical turnover per head tells a unit


@dataclass(frozen=True)
class Look:
    """A file that has been looked at."""

    path: Path  # the file
    names: list[str]  # all its columns
    legend: Legend  # what they are about
    data: pd.DataFrame  # as text, the columns that may matter: shape (rows, some columns)
    profiles: dict[str, Profile]  # per such column what its values look like
    questions: dict[str, Question]  # per column of the file what its name and label are about
    words: Words  # the project's words
    # rows, read_as: number of rows, and how the file was read.
    rows: int
    read_as: str
    remarks: tuple[str, ...] = ()  # what of the file was passed over, such as titles and totals


@dataclass(frozen=True)
class Fit:
    """How well a codebook fits a file."""

    codebook: Codebook  # the codebook, loaded
    # found, missing: required variables whose columns the file has, and has not.
    found: list[str]
    missing: list[str]
    optional: list[str]  # other variables whose columns the file has

    @property
    def name(self) -> str:
        """Name of the codebook."""
        return self.codebook.id

    @property
    def share(self) -> float:
        """Share of the required variables that were found, 0 to 1."""
        required = len(self.found) + len(self.missing)
        return len(self.found) / required if required else 0.0


def look(
    path: Path,
    root: Path,
    *,
    labels_files: Sequence[Path] = (),
    country: str = "",
    country_name: str = "",
    also: Collection[str] = (),
    options: dict[str, Any] | None = None,
) -> Look:
    """Open a file, and read the columns that may matter.

    Parameters
    ----------
    labels_files
        Tables of labels; see :func:`cisflow.assist.legends.read_legend`.
    country, country_name
        The country's code, and its name as labels write it.
    also
        Columns to read whatever their names say, such as those of a codebook; the first column,
        which often identifies firms, always is.
    options
        How to open the file, as in a codebook's ``file:``.

    Raises
    ------
    CisflowError
        The file cannot be read.
    """
    options = options if options is not None else sheet_of(path)
    opened = open_extract(path, options)
    names = opened.names
    labels = read_legend(path, opened, labels_files)
    said = [labels.columns.get(name, "") or name.replace("_", " ") for name in names]
    words = load_words(root, country, country_name, said)
    asked = questions(names, labels.columns, words)
    wanted = {name.casefold() for name in (*also, *names[:1])}
    chosen = [n for n in names if n.casefold() in wanted or _may_matter(asked[n], words)]
    read = opened.read(blocks_of(set(chosen), names))
    data = read.table.apply(shortest)
    profiles = profiles_of(data, labels, words, asked)
    return Look(
        path,
        names,
        labels,
        data,
        profiles,
        asked,
        words,
        read.rows,
        read.read_as,
        tuple(read.remarks),
    )


def sheet_of(path: Path, books: Collection[Codebook] = ()) -> dict[str, str]:
    """Return which sheet of a workbook to read, where that is not the first.

    It is the one whose columns a codebook knows best; where none is known, the one with most
    columns, and of these the largest.

    Parameters
    ----------
    path
        The file, perhaps no workbook.
    books
        Codebooks to hold the sheets against.
    """
    if path.suffix.lower() not in WORKBOOKS or not path.is_file():
        return {}
    try:
        sheets = sheets_of(path)
    except UnreadableError:
        return {}  # opening the file will say what is wrong with it
    if len(sheets) < 2:
        return {}
    names = _names_by_sheet(path, path.stat().st_mtime_ns, tuple(list(sheets)[:MOST_SHEETS]))

    def worth(sheet: str) -> tuple[float, int, int, int]:
        fits = rank(names[sheet], books) if names[sheet] and books else []
        known = fits[0] if fits and fits[0].share >= RECOGNISED else None
        found = (known.share, len(known.found)) if known else (0.0, 0)
        return (*found, len(names[sheet]), sheets[sheet])

    best = max(names, key=worth)
    return {} if best == next(iter(sheets)) else {"sheet": best}


def named_sheet(path: Path, books: Collection[Codebook]) -> dict[str, str]:
    """Return which sheet of a workbook to read, be it the first; nothing for other files."""
    if path.suffix.lower() not in WORKBOOKS:
        return {}
    with refusing(shown(path)):
        first = next(iter(sheets_of(path)))
    return sheet_of(path, books) or {"sheet": first}


@lru_cache(maxsize=8)
def _names_by_sheet(path: Path, _changed: int, sheets: tuple[str, ...]) -> dict[str, list[str]]:
    """Return the columns of every sheet; none of one that cannot be read as a table."""
    found = {}
    for sheet in sheets:
        try:
            found[sheet] = column_names(path, {"sheet": sheet})
        except CisflowError:
            found[sheet] = []
    return found


def profiles_of(
    data: pd.DataFrame, labels: Legend, words: Words, asked: Mapping[str, Question]
) -> dict[str, Profile]:
    """Return what the values of each column look like, to the question it asks."""
    seen = {
        name: profile(name, labels.columns.get(name, ""), data[name], words, labels.codes.get(name))
        for name in data.columns
    }
    return named_answers(seen, asked, words)


def _may_matter(asked: Question, words: Words) -> bool:
    if any(has_concept(asked, concept, words) for concept in OF_BLOCKS):
        return True
    return any(likeness(asked, sign, words) >= WORTH_A_LOOK for sign in words.signs)


def all_codebooks(folders: Collection[Path]) -> list[Codebook]:
    """Return every codebook below the folders that can be used by itself.

    Codebooks that only others extend (they map nothing, or state no year) are left out.
    """
    files = tuple(
        (folder, file, file.stat().st_mtime_ns)
        for folder in folders
        for file in sorted(folder.rglob("*.yaml"))
    )
    return list(_loaded(files))


def settled_codebooks(folders: Collection[Path]) -> list[Codebook]:
    """Return the codebooks that a file may be recognised by: all but drafts nobody has confirmed.

    A draft fits the file it was made from whatever its mistakes, so that a fit says nothing.
    """
    return [book for book in all_codebooks(folders) if not is_draft(book, _text(book, folders))]


def _text(codebook: Codebook, folders: Collection[Path]) -> str:
    files = (folder / f"{codebook.id}.yaml" for folder in folders)
    return next((file.read_text(encoding="utf-8") for file in files if file.is_file()), "")


@lru_cache(maxsize=2)
def _loaded(files: tuple[tuple[Path, Path, int], ...]) -> tuple[Codebook, ...]:
    folders = list(dict.fromkeys(folder for folder, _, _ in files))
    found = []
    for folder, file, _ in files:
        name = file.relative_to(folder).with_suffix("").as_posix()
        try:
            codebook = load_codebook(name, folders)
        except CisflowError:
            continue  # unfinished by itself, and named as such by `cisflow check`
        if codebook.variables:
            found.append(codebook)
    return tuple(found)


def rank(names: list[str], codebooks: Collection[Codebook]) -> list[Fit]:
    """Return how well each codebook fits the columns of a file, the best first."""
    fits = [_fit(names, codebook) for codebook in codebooks]
    return sorted(fits, key=lambda fit: (-fit.share, -len(fit.found) - len(fit.optional), fit.name))


def _fit(names: list[str], codebook: Codebook) -> Fit:
    if codebook.table == "accounts":
        labels = {header.label for header in read_headers(names, codebook)}

        def there(variable: Variable) -> bool:
            return all(not labels.isdisjoint(wanted_labels(n)) for n in variable.alternatives)
    else:
        present = Columns(names)

        def there(variable: Variable) -> bool:
            return all(any(map(present.find, n)) for n in variable.alternatives)

    asked = {name: v for name, v in codebook.variables.items() if v.constant is None}
    here = {name for name, v in asked.items() if there(v)}
    return Fit(
        codebook,
        found=[name for name, v in asked.items() if name in here and v.required],
        missing=[name for name, v in asked.items() if name not in here and v.required],
        optional=[name for name, v in asked.items() if name in here and not v.required],
    )


def inspect_file(
    path: Path, root: Path, *, codebook: str | None = None, labels_files: Sequence[Path] = ()
) -> dict[str, Any]:
    """Say what a file is.

    Parameters
    ----------
    codebook
        Name of the codebook to hold it against; the best-matching one when not given.
    labels_files
        Tables of labels.

    Returns
    -------
    dict
        Plain JSON types; the keys are described in ``docs/commands.md``. No firm's identifier and
        no value of a continuous variable.

    Raises
    ------
    CisflowError
        The file cannot be read, or there is no such codebook.
    """
    folders = places("config/codebooks", root)
    asked = load_codebook(codebook, folders) if codebook else None
    books = settled_codebooks(folders)
    options = {**sheet_of(path, books), **(asked.file.options if asked else {})}
    names = open_extract(path, options).names
    fits = rank(names, books)
    chosen = _fit(names, asked) if asked else (fits[0] if fits else None)
    also = chosen.codebook.needed_columns() if chosen else []
    seen = look(path, root, labels_files=labels_files, also=also, options=options)
    fit = chosen if chosen is not None and chosen.share >= RECOGNISED else None
    accounts = fit is not None and fit.codebook.table == "accounts"
    mapped = {*fit.found, *fit.optional} if fit else set()
    taken = [column for columns in _variables(seen, fit, {}).values() for column in columns]
    spoken_for = {name.casefold() for name in also} if fit else set()
    year = latest_year(seen)
    by_words = (
        {}
        if accounts
        else match(seen.profiles, seen.questions, seen.words, year, taken, mapped, seen.data)
    )
    return {
        "file": path.as_posix(),
        "format": path.suffix.lower().lstrip("."),
        "read_as": seen.read_as,
        "rows": seen.rows,
        "columns": len(names),
        "labels": seen.legend.origin,
        "kind": "accounts" if accounts else "survey",
        "codebooks": [_told(fit) for fit in fits[:BEST_SHOWN]],
        "codebook": _told(chosen) if chosen else None,
        "recognised": fit is not None,
        "missing": [] if accounts else list(_missing(seen, fit, by_words, spoken_for)),
        "by_words": [
            {"variable": m.variable, "columns": list(m.columns), "likeness": round(m.likeness, 2)}
            for m in sorted(by_words.values(), key=lambda m: FIRM_COLUMNS.index(m.variable))
        ],
        "suspicious": [] if accounts else list(suspicious(seen, fit, by_words)),
        "codings": [] if accounts else _codings(seen, fit, by_words),
        "models": [] if accounts else _models(root, {*mapped, *by_words}),
    }


def inspect_column(path: Path, column: str) -> dict[str, Any]:
    """Say which codes a column has and how many rows have each, as far as many rows do.

    Parameters
    ----------
    column
        One of its columns; capitals do not matter.

    Returns
    -------
    dict
        ``file``, ``column``, ``rows``, ``codes``: from the code to the number of its rows; null
        where few rows have it, or where it would tell how many have another. What is no short
        code that many rows have stands under ``other values``.

    Raises
    ------
    CisflowError
        The file cannot be read, or has no such column.
    """
    opened = open_extract(path, sheet_of(path))
    names = {name.casefold(): name for name in opened.names}
    if column.casefold() not in names:
        problem = Problem(f"there is no column '{column}'", did_you_mean(column, opened.names))
        raise CisflowError(shown(path), problem)
    values = opened.read([names[column.casefold()]]).table.iloc[:, 0]
    told = told_codes(values.value_counts().to_dict())
    cells = {**told, "other values": int(values.notna().sum()) - sum(told.values())}
    cells["(blank)"] = int(values.isna().sum())
    codes = _withheld(cells, FEWEST_TOLD)
    return {"file": path.as_posix(), "column": column, "rows": len(values), "codes": codes}


def _withheld(counts: Mapping[str, int], minimum: int) -> dict[str, int | None]:
    """Return numbers of rows by code, null where they or their total would tell of few."""
    cells = pd.DataFrame({"code": list(counts), "firms": list(counts.values())})
    rows = suppress_small_cells(cells, minimum).to_dict(orient="records")
    return {row["code"]: None if row["suppressed"] else int(row["firms"]) for row in rows}


def _missing(
    seen: Look, fit: Fit | None, by_words: Mapping[str, Match], spoken_for: Collection[str]
) -> Iterator[dict[str, Any]]:
    """Yield what the codebook (or else every model) needs and was not found, and what is near."""
    wanted = fit.missing if fit else [v for v in ESSENTIAL if v not in by_words]
    used = {column: v for v, m in by_words.items() for column in m.columns}
    codebook = fit.codebook if fit else None
    for variable in wanted:
        free = {
            n: q
            for n, q in seen.questions.items()
            if n.casefold() not in spoken_for and used.get(n, variable) == variable
        }
        found = near(variable, codebook, free, seen.legend.columns, seen.words)
        yield {"variable": variable, "near": [{"column": c, "why": why} for c, why in found]}


def latest_year(seen: Look) -> int | None:
    """Return the last year that several names or labels have, which is likely the survey's."""
    named = sorted(year for asked in seen.questions.values() for year in asked.years)
    return next((year for year in reversed(named) if named.count(year) > 1), None)


def _told(fit: Fit) -> dict[str, Any]:
    return {
        "codebook": fit.name,
        "title": fit.codebook.title,
        "required": len(fit.found) + len(fit.missing),
        "found": len(fit.found),
        "share": round(fit.share, 3),
        "optional_found": len(fit.optional),
    }


def _models(root: Path, variables: set[str]) -> list[dict[str, Any]]:
    models, _ = expanded(read_yaml(found("config/models.yaml", root)))
    industries = read_yaml(found("config/nace.yaml", root))
    return supported_models(variables, models, industries, accounts=False)


def _variables(seen: Look, fit: Fit | None, by_words: Mapping[str, Any]) -> dict[str, list[str]]:
    """Return the columns of every variable that was found, by codebook or else by words."""
    found: dict[str, list[str]] = {v: list(m.columns) for v, m in by_words.items()}
    if fit is not None:
        present = Columns(list(seen.data.columns))
        for variable in (*fit.found, *fit.optional):
            columns, problems = present.resolve(variable, fit.codebook)
            if columns and not problems:
                found[variable] = columns
    return found


def _column_problems(
    seen: Look, fit: Fit | None, by_words: Mapping[str, Any], variable: str, column: str
) -> Iterator[str]:
    """Yield what in the values of one column does not look as it should."""
    p = seen.profiles[column]
    if p.present == 0:
        yield "no value at all"
        return
    if p.signs:
        yield f"numbers with {' and '.join(p.signs)}"
    if fit is not None and variable in fit.codebook.variables:
        yield from _problems(seen, variable, column, fit.codebook)
    elif variable in PERCENT and p.within == "0-1":
        yield "all values lie between 0 and 1: fractions, set `unit: fraction`"
    elif variable in PERCENT and p.numeric > 0 and not p.within:
        yield "values above 100 or below 0: amounts rather than shares?"
    elif p.flag is not None and p.flag.assumed and by_words[variable].coding is not None:
        yield p.flag.assumed


def suspicious(seen: Look, fit: Fit | None, by_words: Mapping[str, Any]) -> list[dict[str, str]]:
    """Return what in the values does not look as it should, without telling a value.

    Parameters
    ----------
    fit
        The codebook it is held against, if it is about this file.
    by_words
        Variables found by the words of labels.
    """
    found = _variables(seen, fit, by_words)
    told: list[dict[str, str]] = []

    def tell(variable: str, column: str, what: str) -> None:
        told.append({"variable": variable, "column": column, "what": what})

    for variable, columns in found.items():
        for column in columns:
            for what in _column_problems(seen, fit, by_words, variable, column):
                tell(variable, column, what)
    triple = next((shares for shares in TRIPLES if set(shares) <= set(found)), ())
    columns = [found[share][0] for share in triple]
    if triple and (sums := _sum_problem(seen, columns)):
        tell(", ".join(triple), ", ".join(columns), sums)
    if {"turnover", "employees"} <= set(found):
        amount = found["turnover"][0]
        unit, meaning = money_unit(seen, amount, found["employees"][0])
        if unit and unit != (fit.codebook.money.unit if fit else "unit"):
            tell("turnover", amount, f"{meaning}: written in {unit}s?")
    return told


def _problems(seen: Look, variable: str, column: str, codebook: Codebook) -> list[str]:
    """Return what applying a codebook to a column says; counts of few firms are not told."""
    asked, text = codebook.variables[variable], seen.data[column]
    if asked.codes:
        labels = seen.legend.codes.get(column, {})
        text, _ = in_codes(text, asked.codes, labels, codebook.no_answer(asked))
    answers = read_column(variable, column, text, codebook, "XX")
    invalid = int(answers.invalid.sum())
    if not answers.problems:
        return []
    if 0 < invalid < MINIMUM_CELL:
        return [f"fewer than {MINIMUM_CELL} values that the codebook does not know"]
    return [problem.what for problem in answers.problems if not is_small(problem.count or 0)] or [
        "values that the codebook does not know"
    ]


def numbers(seen: Look, columns: Sequence[str]) -> pd.DataFrame:
    """Return columns as numbers, shape (n, columns); what stands for no answer is missing."""
    return pd.DataFrame({c: _numbers_in(seen, c).reindex(seen.data.index) for c in columns})


def _numbers_in(seen: Look, column: str) -> pd.Series:
    given = seen.data[column].dropna()
    return numbers_of(given[~given.isin(seen.profiles[column].silent)])[0]


def sums_to_whole(seen: Look, columns: Sequence[str]) -> float | None:
    """Return which part of the firms that gave all shares have shares that make 100 (or 1)."""
    complete = numbers(seen, columns).dropna()
    if len(complete) < MINIMUM_CELL:
        return None
    whole = 1.0 if complete.to_numpy().max() <= 1 else 100.0
    within = (complete.sum(axis=1) - whole).abs() <= ROUNDING * whole / 100
    return float(within.mean())


def _sum_problem(seen: Look, columns: list[str]) -> str | None:
    part = sums_to_whole(seen, columns)
    if part is None or part >= SUMS_MOSTLY:
        return None
    return (
        f"the shares make 100 for {part:.0%} of the firms only: overlapping, or another question?"
    )


def money_unit(
    seen: Look, turnover: str, employees: str, currency: str = "EUR"
) -> tuple[str | None, str]:
    """Return in which unit amounts seem to be written, from turnover per head.

    Firms of ten and more people in Europe turn over about 50,000 to 1,000,000 euro per head
    (Eurostat's structural business statistics), so that a typical 200 means thousands and a
    typical 0.2 millions.

    Parameters
    ----------
    turnover, employees
        Its columns.
    currency
        Three-letter code; ``config/words.yaml`` knows roughly what it is worth.
    """
    return unit_by_head(seen, turnover, _numbers_in(seen, employees), currency)


def unit_by_head(
    seen: Look, turnover: str, heads: pd.Series, currency: str = "EUR"
) -> tuple[str | None, str]:
    """Return in which unit turnover seems to be written, as :func:`money_unit` does.

    Parameters
    ----------
    seen, turnover, currency
        As there.
    heads
        Employees of each firm, or what is typical of its size class, shape (n,).
    """
    both = pd.DataFrame({"turnover": _numbers_in(seen, turnover), "heads": heads}).dropna()
    both = both[(both > 0).all(axis=1)]
    if len(both) < FEWEST:
        return None, ""
    typical = float(np.exp(np.log(both["turnover"] / both["heads"]).mean()))
    typical /= seen.words.per_euro.get(currency, 1.0)
    for unit, words in (
        ("unit", "single units"),
        ("thousand", "thousands"),
        ("million", "millions"),
    ):
        if TYPICAL_PER_HEAD[0] <= typical * MULTIPLES[unit] <= TYPICAL_PER_HEAD[1]:
            return unit, f"turnover per head is typical of {words} of the currency"
    return None, ""


def _codings(seen: Look, fit: Fit | None, by_words: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the values of coded columns and how many rows have each, small counts withheld."""
    told = []
    found = _variables(seen, fit, by_words)
    for variable in sorted(found, key=FIRM_COLUMNS.index):
        for column in found[variable]:
            p = seen.profiles[column]
            if not p.counts or not (p.flag or p.degree):
                continue
            blank = p.rows - sum(p.counts.values())
            counts = _withheld({**p.counts, "(blank)": blank}, MINIMUM_CELL)
            told.append({"variable": variable, "column": column, "counts": counts})
    return told
