"""``cisflow init``: a config that runs, and codebooks for files whose names no codebook knows."""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cisflow.assist import drafts
from cisflow.assist.countries import currency_of, name_of
from cisflow.assist.drafting.difference import beyond
from cisflow.assist.drafting.draft import Draft, draft, year_of
from cisflow.assist.drafting.names import labelled_otherwise, other_round, taken
from cisflow.assist.drafting.rows import Rows, kept, rows_of
from cisflow.assist.inspection import (
    RECOGNISED,
    Fit,
    Look,
    look,
    named_sheet,
    rank,
    settled_codebooks,
    sheet_of,
)
from cisflow.assist.scaffold_text import codebook_text, config_text
from cisflow.assist.support import as_asked, supported_models, without
from cisflow.base.documents import read_yaml
from cisflow.base.paths import found, places, shipped, shown
from cisflow.base.problems import CisflowError, Problem
from cisflow.raw.extract import column_names
from cisflow.study.codebook import Codebook
from cisflow.study.codebook_files import load_codebook
from cisflow.study.models import expanded, models_of, with_unions
from cisflow.study.weightings import SURVEY_WEIGHT, weightings
from cisflow.survey.contradictions import contradictions
from cisflow.survey.ingest import ingest_wave
from cisflow.survey.semantics import warnings

# A codebook that knows nearly as many required variables and is of the wave's year is preferred.
ABOUT_AS_GOOD = 0.1
# A file has labels if this share of its columns does.
LABELLED = 0.5
# Checks whose failure a draft can mend: amounts in another unit.
MENDABLE = "turnover_per_employee"


@dataclass(frozen=True)
class Task:
    """What is to be set up."""

    # Per two-letter code the country's name, or nothing where it is not known.
    countries: Mapping[str, str]
    waves: Mapping[str, Path]  # extract by wave, in the order of time
    run: str  # name of the run
    # out, root: folder below which `config/` is written; the project's folder.
    out: Path
    root: Path
    labels_files: Sequence[Path]  # tables of labels
    books: list[Codebook]  # all codebooks

    def currency(self, wave: str) -> str | None:
        """Return the countries' currency in the year of a wave, if they had the same."""
        had = {currency_of(country, year_of(wave)) for country in self.countries} - {""}
        return had.pop() if len(had) == 1 else None

    @property
    def folders(self) -> list[Path]:
        """Folders in which a codebook's name is looked up."""
        return places("config/codebooks", self.root)


@dataclass
class Wave:
    """One wave of the new run."""

    # name, path: its name and its extract.
    name: str
    path: Path
    codebook: str  # what the config names as its codebook
    rows: Rows = field(default_factory=Rows)  # which rows of the file are its
    # file, text: the codebook to write and its text; None where one that exists fits.
    file: Path | None = None
    text: str = ""
    draft: Draft | None = None  # what the codebook was written from
    variables: list[str] = field(default_factory=list)  # canonical variables that are mapped
    # todos, notes: what is left to decide, and to look over.
    todos: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    how: str = ""  # what was done, in words
    # The sheet of a workbook, where neither the codebook says it nor it is the first.
    sheet: str | None = None

    def source(self, country: str) -> dict[str, Any]:
        """Return the wave's entry in the config, of one country."""
        select = self.rows.countries.get(country)
        entry = {"file": shown(self.path), "codebook": self.codebook}
        entry |= {"sheet": self.sheet} if self.sheet else {}
        return {**entry, "select": select} if select else entry


def initialise(
    countries: Sequence[str],
    waves: Mapping[str, Path],
    root: Path,
    *,
    accounts: Path | None = None,
    run: str | None = None,
    name: str | None = None,
    out: Path | None = None,
    labels_files: Sequence[Path] = (),
) -> dict[str, Any]:
    """Write a config, and the codebooks it needs, for extracts nobody has described yet.

    Parameters
    ----------
    countries
        Two-letter codes; of several the extracts are pooled files.
    waves
        Extract by wave, in the order of time.
    accounts
        An export of company accounts.
    run
        Short name of the run; the countries' codes when not given.
    name
        The name of the (only) country; its English name when not given.
    out
        Folder below which ``config/`` is written; the working folder when not given.
    labels_files
        Tables of labels of the columns.

    Returns
    -------
    dict
        ``written`` (files), ``waves`` (per wave ``wave``, ``file``, ``codebook``, ``how``,
        ``todo``, ``look``), ``accounts``, ``models``, ``model_changes``, and over all waves
        ``todo`` (what is left to decide) and ``look`` (what to look over). Where an earlier draft
        is there, ``changes`` says per file what the new one says otherwise, and ``kept`` which
        files a person has edited, beside which it was written.

    Raises
    ------
    CisflowError
        A file cannot be read, its countries cannot be told apart, or a file to be written exists.
    """
    run = run or "_".join(country.lower() for country in countries)
    _refuse_names(countries, run, waves, name)
    out = out or Path()
    config_file = out / "config" / f"{run}.yaml"
    task = Task(
        {country: name or name_of(country) for country in countries},
        waves,
        run,
        out,
        root,
        labels_files,
        settled_codebooks(places("config/codebooks", root)),
    )
    planned: list[Wave] = []
    for wave, path in waves.items():
        planned.append(_planned(task, wave, path, planned))
    books, todos = _accounts_entry(accounts, task.books) if accounts else ({}, [])
    todos += [f"name: what {c} is called in the paper" for c, n in task.countries.items() if not n]
    models = _models(root, planned, accounts is not None)
    names = {country: named or country for country, named in task.countries.items()}
    text = config_text(
        run,
        names,
        {c: {w.name: w.source(c) for w in planned} for c in names},
        books,
        models,
        todos,
        os.path.relpath(shipped("workflow", "schemas"), config_file.parent),
    )
    writings = drafts.planned({**{w.file: w.text for w in planned if w.file}, config_file: text})
    drafts.write(writings)
    doubts = {w.file: w.doubts for w in writings}
    return {
        "written": [shown(w.file) for w in writings],
        "config": shown(config_file),
        "kept": [shown(w.meant) for w in writings if w.kept],
        "changes": {shown(w.meant): w.changes for w in writings if w.changes},
        "waves": [
            {
                "wave": w.name,
                "file": shown(w.path),
                "codebook": w.codebook,
                "how": w.how,
                "todo": w.todos,
                "look": w.notes,
            }
            for w in planned
        ],
        "accounts": books.get("codebook"),
        "accounts_sheet": books.get("sheet"),
        "models": list(models[0]),
        "model_changes": {model: dict(changes) for model, changes in models[1].items()},
        "todo": [*todos, *(f"{w.name}: {todo}" for w in planned for todo in w.todos)],
        "look": [
            *(f"{w.name}: {note}" for w in planned for note in w.notes),
            *(
                f"{w.name}: {drafts.LAST_TIME}{doubt}"
                for w in planned
                if w.file
                for doubt in doubts.get(w.file, [])
            ),
        ],
    }


def _refuse_names(
    countries: Sequence[str], run: str, waves: Mapping[str, Path], name: str | None
) -> None:
    problems = [
        Problem(f"'{country}' is no country code", "give two capitals, such as NL")
        for country in countries
        if not re.fullmatch(r"[A-Z]{2}", country)
    ]
    if len(set(countries)) < len(countries):
        problems.append(Problem("a country is given twice", "give each country once"))
    if name and len(countries) > 1:
        problems.append(
            Problem("one name for several countries", "leave --name out; set `name:` in the config")
        )
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]*", run):
        problems.append(Problem(f"'{run}' is no name of a run", "use letters, digits, - and _"))
    problems += [
        Problem(f"'{wave}' is no name of a wave", "use letters, digits, - and _, such as 2012")
        for wave in waves
        if not re.fullmatch(r"(?!accounts$)[A-Za-z0-9][A-Za-z0-9_-]*", wave)
    ]
    if problems:
        raise CisflowError("cisflow init", problems)


def _planned(task: Task, wave: str, path: Path, earlier: Sequence[Wave]) -> Wave:
    """Choose or draft the codebook of one wave; one that is much like an earlier one extends it."""
    sheet = sheet_of(path, [book for book in task.books if book.table == "firms"])
    names = column_names(path, sheet)
    fit = _best(names, task.books, year_of(wave))
    seen = _look(task, path, sheet, also=names if fit else [])
    if fit is not None and fit.codebook.reference_year != year_of(wave) and _labelled(seen):
        fit = None  # labels tell more than names that are those of another round
    if seen.rows == 0:
        problem = Problem("the file has a header and no rows", "export it once more")
        raise CisflowError(shown(path), problem)
    sharing = [w for w, p in task.waves.items() if p.resolve() == path.resolve()]
    rows = rows_of(seen, wave, sharing, list(task.countries))
    if len(task.countries) > 1 and not rows.countries:
        what = f"no column of the file tells {', '.join(task.countries)} apart"
        remedy = "give every country a run of its own: its files are not pooled"
        raise CisflowError(shown(path), Problem(what, remedy))
    planned = Wave(wave, path, fit.name if fit else "", rows, sheet=sheet.get("sheet"))
    as_it_is = fit is not None and not fit.missing and not rows.wave
    as_it_is = as_it_is and not labelled_otherwise(seen, taken(seen, fit))
    if fit is not None and as_it_is and _works(task, planned, fit):
        planned.how = f"fits {fit.name} as it is"
        planned.notes = [*_passed_over(seen), *other_round(fit, year_of(wave))]
        return planned
    made = draft(kept(seen, rows), fit, year_of(wave), rows.wave, task.currency(wave), task.books)
    if sheet:
        made.head = {"file": sheet, **made.head}
        made.notes.append(f"file: of the workbook's sheets '{planned.sheet}' was read")
        planned.sheet = None
    made.known_columns += [c for choice in rows.countries.values() for c in choice] + list(
        rows.wave
    )
    made.notes[:0] = _passed_over(seen)
    if rows.remark:
        made.remarks["rows:"] = rows.remark
    made.todos[:0] = [told for told in (rows.todo, rows.asks) if told]
    planned.draft = made
    short = [beyond(made, w.draft, w.codebook) for w in earlier if w.draft is not None]
    _write(task, planned, next(filter(None, reversed(short)), made), seen, earlier)
    return planned


def _passed_over(seen: Look) -> list[str]:
    """Return what of the file was passed over, for a person to agree with."""
    return [f"file: {', '.join(seen.remarks)}"] if seen.remarks else []


def _labelled(seen: Look) -> bool:
    return len(seen.legend.columns) > LABELLED * len(seen.names)


def _look(task: Task, path: Path, sheet: dict[str, str], also: Sequence[str]) -> Look:
    # Of several countries none is the one that labels mean by home.
    country = next(iter(task.countries)) if len(task.countries) == 1 else ""
    return look(
        path,
        task.root,
        labels_files=task.labels_files,
        country=country,
        country_name=task.countries.get(country, ""),
        also=also,
        options=sheet,
    )


def _write(task: Task, wave: Wave, made: Draft, seen: Look, earlier: Sequence[Wave]) -> None:
    """Fill in a wave's own codebook: try it, and write what is still wrong as to-do lines."""
    short = re.sub(r"[^a-z0-9]+", "", f"{task.run}{wave.name}".lower())
    wave.file = task.out / "config" / "codebooks" / "national" / f"{short}.yaml"
    inside = wave.file.resolve().is_relative_to(task.folders[0].resolve())
    wave.codebook = f"national/{short}" if inside else shown(wave.file)
    mapped = [v for v, entry in made.variables.items() if entry is not None]
    absent = {v for v, entry in made.variables.items() if entry is None}
    # The models are chosen as if what is left to a human were settled.
    wave.variables = sorted({*mapped, *made.taken_over, *made.open} - (absent - {*made.open}))
    title = f"{', '.join(n or c for c, n in task.countries.items())}, {wave.name}"
    schema = os.path.relpath(shipped("workflow", "schemas"), wave.file.parent)
    # Without knowing its rows nothing can be tried, and that much is told already.
    if not wave.rows.todo:
        problems, warned = _tried(task, wave, codebook_text(made, seen, title, schema), earlier)
        made.todos += problems
        made.notes += warned
    wave.todos, wave.notes = made.todos, made.notes
    wave.text = codebook_text(made, seen, title, schema)
    new = len([v for v in mapped if v not in made.taken_over])
    changed = len(mapped) - new
    wave.how = f"extends {made.extends}: " + (
        f"{len(made.taken_over)} variables known, {changed} of them changed, {new} added"
        if made.taken_over
        else f"{new} variables"
    )


def _best(names: list[str], books: list[Codebook], year: int | None) -> Fit | None:
    """Return the codebook that knows most required names; of about equal ones the year's own.

    One that picks its rows by a column the file lacks is of another file.
    """
    there = {name.casefold() for name in names}
    whole = [b for b in books if b.table == "firms" and there.issuperset(map(str.casefold, b.rows))]
    fits = [f for f in rank(names, whole) if f.share >= RECOGNISED]
    if not fits:
        return None
    good = [f for f in fits if f.share >= fits[0].share - ABOUT_AS_GOOD]
    of_year = [f for f in good if year is not None and f.codebook.reference_year == year]
    return (of_year or good)[0]


def _works(task: Task, wave: Wave, fit: Fit) -> bool:
    """Return whether a codebook as it is reads a wave, with amounts in the unit it states."""
    for country, name in task.countries.items():
        codebook = fit.codebook.configured(wave.source(country))
        try:
            firms, quality = ingest_wave(wave.path, codebook, country, wave.name, name=name or None)
        except CisflowError:
            return False
        if quality["checks"].get(MENDABLE, {}).get("failed") or any(contradictions(quality)):
            return False
        wave.variables = sorted(as_asked([*fit.found, *fit.optional], firms))
    return True


def _tried(
    task: Task, wave: Wave, text: str, earlier: Sequence[Wave]
) -> tuple[list[str], list[str]]:
    """Return what `cisflow check` would say of the wave with its new codebook.

    Returns
    -------
    todos
        Why the file cannot be read so.
    notes
        What checks of the answers warn of.
    """
    todos: list[str] = []
    notes: list[str] = []
    with tempfile.TemporaryDirectory() as folder:
        trial = Path(folder) / "trial.yaml"
        # What it takes over may be yet to be written.
        for i, before in enumerate(w for w in earlier if w.file):
            there = Path(folder) / f"earlier{i}.yaml"
            content = _extending(before.text, earlier, folder)
            there.write_text(content, encoding="utf-8")
        trial.write_text(_extending(text, earlier, folder), encoding="utf-8")
        for country, name in task.countries.items():
            try:
                loaded = load_codebook(str(trial), task.folders)
                codebook = loaded.model_copy(update={"path": "this file"})
                codebook = codebook.configured(wave.source(country))
                firms, quality = ingest_wave(
                    wave.path, codebook, country, wave.name, name=name or None
                )
                wave.variables = sorted(as_asked(wave.variables, firms))
                todos += [f"{p.said} → {p.remedy}" for p in contradictions(quality)]
                notes += [f"{p.said} → {p.remedy}" for p in warnings(quality)]
            except CisflowError as error:
                todos += [f"{p.said} → {p.remedy}" for p in error.problems]
    return list(dict.fromkeys(todos)), list(dict.fromkeys(notes))


def _extending(text: str, earlier: Sequence[Wave], folder: str) -> str:
    """Return a codebook that takes over the trial copies of earlier waves."""
    for i, before in enumerate(w for w in earlier if w.file):
        copy = f"extends: {(Path(folder) / f'earlier{i}.yaml').as_posix()} "
        text = re.sub(rf"^extends: {re.escape(before.codebook)}(?= |$)", copy, text, flags=re.M)
    return text


def _accounts_entry(accounts: Path, books: list[Codebook]) -> tuple[dict[str, str], list[str]]:
    """Return what the config says of the accounts, and what is left to decide."""
    ours = [book for book in books if book.table == "accounts"]
    sheet = named_sheet(accounts, ours)
    best = rank(column_names(accounts, sheet), ours)[0]
    entry = {"file": shown(accounts), "codebook": best.name}
    entry |= sheet
    if not best.missing:
        return entry, []
    absent = ", ".join(best.missing)
    todo = f"accounts: {best.name} fits best but lacks {absent}; choose another, or write a "
    return entry, [f"{todo}codebook that extends it"]


def _models(
    root: Path, waves: Sequence[Wave], accounts: bool
) -> tuple[list[str], dict[str, dict[str, Any]], dict[str, str]]:
    """Return the models some wave can support, with what is changed in them.

    Returns
    -------
    models
        Those to estimate.
    changes
        Per model the keys that differ from ``config/models.yaml``: controls and the like that no
        wave asks for are left out.
    lacking
        Of the others what they lack.
    """
    written = read_yaml(found("config/models.yaml", root))
    models, _ = expanded(written)
    listed = _with_weighted(read_yaml(shipped("config", "config.yaml"))["models"], written, waves)
    as_written, _ = with_unions(models_of(written))
    chosen = {name: models[name] for name in listed if name in models}
    industries = read_yaml(found("config/nace.yaml", root))
    tables = [supported_models(w.variables, chosen, industries, accounts=accounts) for w in waves]
    asked = {v for w in waves for v in w.variables}
    good: list[str] = []
    changes: dict[str, dict[str, Any]] = {}
    lacking: dict[str, str] = {}
    for row in zip(*tables, strict=True):
        name = row[0]["model"]
        if any(r["supported"] for r in row):
            good.append(name)
            continue
        least = min(row, key=lambda r: len(r["lacks"]))["lacks"]
        changed = without(as_written[name], set(least), asked)
        if changed is None:
            lacking[name] = ", ".join(least)
        else:
            good.append(name)
            changes[name] = changed
    # A run has at least one model; one that lacks something says so in its rows.
    first = listed[:1]
    return (good or first), changes, {k: v for k, v in lacking.items() if good or k not in first}


def _with_weighted(
    listed: Sequence[str], models: Mapping[str, Any], waves: Sequence[Wave]
) -> list[str]:
    """Return models to estimate: where a wave has weights, those that use them besides."""
    if not any(SURVEY_WEIGHT in wave.variables for wave in waves):
        return list(listed)
    weighted = [name for name, spec in models.items() if SURVEY_WEIGHT in weightings(spec)]
    return list(dict.fromkeys([*listed, *weighted]))
