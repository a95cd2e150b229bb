"""``cisflow check``: config, models, claims, codebooks and the files themselves, all at once."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import combinations
from pathlib import Path
from typing import Any

import pandas as pd

from cisflow.assist.scaffold_text import LOOK, TODO
from cisflow.assist.support import as_asked, supported_models
from cisflow.base.documents import read_yaml
from cisflow.base.paths import files_of, found, places, shipped, shown
from cisflow.base.problems import CisflowError, Problem
from cisflow.study.canonical import BLOCKS, COUNTS, MONEY, SPENDING
from cisflow.study.codebook import DRAFTED, Codebook
from cisflow.study.codebook_files import codebook_files, load_codebook
from cisflow.study.models import expanded
from cisflow.study.run import Run, load_run
from cisflow.survey.contradictions import contradictions, without_bound
from cisflow.survey.ingest import ingest_accounts, ingest_wave
from cisflow.survey.semantics import warnings

# Company accounts of which fewer surveyed firms than this are found are those of others.
FEW_LINKED = 0.05
# Questions that are items on one scale, and of how many others one must differ to be odd.
BATTERIES = ("partners", "funding", "protection", "sources")
FEWEST_ALIKE = 3


@dataclass
class Findings:
    """What a check found."""

    # What stops the run: heading and problem.
    errors: list[tuple[str, Problem]] = field(default_factory=list)
    # What looks wrong and does not stop it.
    warnings: list[tuple[str, Problem]] = field(default_factory=list)
    # Per extract that could be read, what it holds.
    extracts: list[dict[str, Any]] = field(default_factory=list)
    models: list[dict[str, Any]] = field(default_factory=list)  # per model and wave what it lacks
    # Per extract the variables it needs whose mapping nobody has confirmed, and what is known of
    # each.
    unconfirmed: list[dict[str, Any]] = field(default_factory=list)

    def refuse(self, error: CisflowError) -> None:
        """Add the problems of an error that have not been told."""
        told = {problem for _, problem in self.errors}
        self.errors += [(error.heading, p) for p in error.problems if p not in told]


def check_run(config_file: Path, root: Path) -> Findings:
    """Check everything a run rests on, and write nothing.

    Returns
    -------
    Findings
        All that is wrong, in the order config, to-do lines, extracts, accounts.

    Raises
    ------
    CisflowError
        The config is not there or no YAML; nothing can be checked then.
    """
    document = read_yaml(config_file)
    findings = Findings()
    run: Run | None = None
    try:
        run = load_run(document, root, file=shown(config_file))
    except CisflowError as error:
        findings.refuse(error)
    folders = places("config/codebooks", root)
    extracts = list(sources(document))
    for heading, problem in _todos(config_file, extracts, folders):
        findings.errors.append((heading, problem))
    # Before a simulation has run there is no file to look into.
    simulated = bool(document.get("simulate"))
    asked: dict[str, set[str]] = {}
    firms: dict[str, pd.Series] = {}
    for source in extracts:
        there = all(Path(file).is_file() for file in files_of(source.entry["file"]))
        if there or not simulated:
            _check_source(source, folders, findings, asked, firms, told=not there)
    if run is not None:
        findings.models = _models(run, root, asked)
        findings.unconfirmed = list(_unconfirmed(run, shown(config_file)))
        findings.errors += _nothing_to_estimate(findings.models, shown(config_file))
        findings.warnings += _needless_changes(run, root, asked, shown(config_file))
    return findings


@dataclass(frozen=True)
class Source:
    """One extract of a config, which may be wrong elsewhere: its country, wave and entry."""

    country: str
    name: str
    wave: str
    entry: dict[str, Any]

    @property
    def heading(self) -> str:
        """What to call it in messages."""
        what = "accounts" if self.wave == "accounts" else f"wave {self.wave}"
        files = ", ".join(shown(file) for file in files_of(self.entry["file"]))
        return f"{self.name}, {what} ({files})"


def sources(document: dict[str, Any]) -> Iterator[Source]:
    """Yield the extracts of a config as far as it is written as it should."""
    countries = document.get("countries")
    for country, about in (countries if isinstance(countries, dict) else {}).items():
        if not isinstance(about, dict):
            continue
        waves = about.get("waves")
        entries = {**(waves if isinstance(waves, dict) else {})}
        if "accounts" in about:
            entries["accounts"] = about["accounts"]
        for wave, entry in entries.items():
            if isinstance(entry, dict) and {"file", "codebook"} <= set(entry):
                yield Source(str(country), str(about.get("name", country)), str(wave), entry)


def _todos(
    config_file: Path, extracts: list[Source], folders: list[Path]
) -> Iterator[tuple[str, Problem]]:
    """Yield the lines that `cisflow init` left to a human and that are still there."""
    files = {config_file: None}
    for source in extracts:
        try:
            files |= dict.fromkeys(codebook_files(source.entry["codebook"], folders))
        except CisflowError:
            continue  # told by the check of the config
    for file in files:
        lines = file.read_text(encoding="utf-8").splitlines()
        for number, line in enumerate(lines, start=1):
            if re.search(rf"#.*\b{TODO}\b:", line):
                said = line.split(f"{TODO}:", 1)[1].strip()
                yield (
                    shown(file),
                    Problem(
                        f"line {number} is still to do: {said}", "settle it, then remove the line"
                    ),
                )


def _unconfirmed(run: Run, config: str) -> Iterator[dict[str, Any]]:
    """Yield per extract what nobody has confirmed, with what speaks for it and against it."""
    for (country, wave), states in run.unconfirmed.items():
        name = run.source(country, wave).codebook
        files = codebook_files(name, run.codebook_folders)
        codebook = load_codebook(name, run.codebook_folders)
        doubts = dict(_doubts(files))
        own = not files[0].resolve().is_relative_to(shipped("config").resolve())
        drafted = own or DRAFTED in states.values()
        yield {
            "where": run.heading(country, wave),
            "country": country,
            "wave": wave,
            "codebook": codebook.path,
            "confirm": f"{shown(files[0])}" if drafted else f"{config} {country}/{wave}",
            "variables": [
                {"variable": v, "state": state, "evidence": _evidence(codebook, v, doubts)}
                for v, state in states.items()
            ],
        }


def _evidence(codebook: Codebook, variable: str, doubts: Mapping[str, str]) -> str:
    """Return what a codebook says of a mapping beside its state: a doubt, a note, a source."""
    entry = codebook.variables[variable]
    return doubts.get(variable) or entry.note or entry.source or ""


def _doubts(files: Iterable[Path]) -> Iterator[tuple[str, str]]:
    """Yield what drafts say is less certain than the rest, by variable."""
    for file in files:
        for line in file.read_text(encoding="utf-8").splitlines():
            if found := re.match(rf"# {LOOK}: (\w+): (.*)", line):
                yield found[1], found[2]


def _check_source(
    source: Source,
    folders: list[Path],
    findings: Findings,
    asked: dict[str, set[str]],
    firms: dict[str, pd.Series],
    *,
    told: bool,
) -> None:
    """Open one extract and apply its codebook."""
    try:
        codebook = load_codebook(source.entry["codebook"], folders)
    except CisflowError:
        return  # told by the check of the config
    if told:
        return  # so is a file that does not exist
    accounts = source.wave == "accounts"
    codebook = codebook.configured(source.entry)
    about = {"name": source.name, "sha256": source.entry.get("sha256")}
    try:
        if accounts:
            table, quality = ingest_accounts(
                source.entry["file"], codebook, source.country, **about
            )
        else:
            table, quality = ingest_wave(
                source.entry["file"], codebook, source.country, source.wave, **about
            )
    except CisflowError as error:
        findings.refuse(error)
        return
    if accounts:
        findings.warnings += _linked(source, table, firms.get(source.country))
    else:
        findings.errors += [(source.heading, problem) for problem in contradictions(quality)]
        told_too = (
            *warnings(quality),
            *without_bound(quality, codebook),
            *_read_twice(quality["variables"], codebook),
            *_read_otherwise(codebook),
        )
        findings.warnings += [(source.heading, problem) for problem in told_too]
        variables = quality["variables"]
        answered = {
            v for v, entry in variables.items() if entry["in_questionnaire"] and entry["valid"]
        }
        asked.setdefault(source.wave, set()).update(as_asked(answered, table))
        _remember(firms, source.country, table["firm_id"])
    findings.extracts.append(
        {
            "country": source.country,
            "wave": source.wave,
            "file": quality["file"],
            "codebook": quality["codebook"],
            "rows": quality["rows"],
            "rows_kept": quality["rows_kept"],
        }
    )


def _read_twice(
    variables: Mapping[str, Mapping[str, Any]], codebook: Codebook
) -> Iterator[Problem]:
    """Yield the amounts that are read from one column: at most one of them is what it holds."""
    amounts = [
        v for v in variables if v in (*MONEY, *COUNTS, *SPENDING) and variables[v]["columns"]
    ]
    for one, other in combinations(amounts, 2):
        if (columns := variables[one]["columns"]) == variables[other]["columns"]:
            what = f"{one} and {other} are both read from {', '.join(map(repr, columns))}"
            yield Problem(what, f"correct one of them in {codebook.path}, or take it away")


def _read_otherwise(codebook: Codebook) -> Iterator[Problem]:
    """Yield the one of a battery whose codes mean something else than those of all others.

    Items of a battery are answered on one scale.
    """
    for block in BATTERIES:
        members = (v for v in BLOCKS[block] if v in codebook.variables)
        read = {v: dict(codes) for v in members if (codes := codebook.variables[v].codes)}
        for variable, codes in read.items():
            others = [of for v, of in read.items() if v != variable]
            alike = len(others) >= FEWEST_ALIKE and all(of == others[0] for of in others)
            if alike and codes != others[0] and codes.keys() == others[0].keys():
                what = f"{variable} reads the same codes otherwise than all others of its battery"
                yield Problem(what, f"compare its `codes:` in {codebook.path} with theirs")


def _remember(firms: dict[str, pd.Series], country: str, ids: pd.Series) -> None:
    firms[country] = pd.concat([firms[country], ids]) if country in firms else ids


def _linked(
    source: Source, accounts: pd.DataFrame, ids: pd.Series | None
) -> list[tuple[str, Problem]]:
    """Warn where the accounts are hardly those of the surveyed firms."""
    if ids is None or ids.isin(accounts["firm_id"]).mean() >= FEW_LINKED:
        return []
    what = f"fewer than {FEW_LINKED:.0%} of the surveyed firms have accounts"
    remedy = (
        "are identifiers written alike in both? `firm_id: {format: …}` in a codebook aligns them"
    )
    return [(source.heading, Problem(what, remedy))]


def _needless_changes(
    run: Run, root: Path, asked: dict[str, set[str]], heading: str
) -> Iterator[tuple[str, Problem]]:
    """Warn where a run leaves out of a model what every wave asks after all."""
    whole, _ = expanded(read_yaml(found(run.settings.models_file, root)))
    changed = {name: whole[name] for name in run.settings.model_changes if name in run.models}
    able = [row for row in _models(replace(run, models=changed), root, asked) if row["supported"]]
    for name in changed:
        if asked and sum(row["model"] == name for row in able) == len(asked):
            what = f"model_changes.{name}: every wave asks what the whole model needs"
            remedy = "take the line away, unless you want the model so"
            yield heading, Problem(what, remedy)


def _nothing_to_estimate(
    models: list[dict[str, Any]], heading: str
) -> Iterator[tuple[str, Problem]]:
    """Refuse a run none of whose models any wave supports: its paper would say nothing."""
    if models and not any(row["supported"] for row in models):
        least = min(models, key=lambda row: len(row["lacks"]))
        what = "models: no wave supports any of them"
        near = f"{least['model']} comes nearest, in wave {least['wave']}"
        lacks = ", ".join(least["lacks"])
        yield heading, Problem(what, f"{near}: name in the codebook what makes up {lacks}")


def _models(run: Run, root: Path, asked: dict[str, set[str]]) -> list[dict[str, Any]]:
    industries = read_yaml(found("config/nace.yaml", root))
    accounts = any(about.accounts for about in run.countries.values())
    return [
        {"wave": wave, **row}
        for wave, variables in asked.items()
        for row in supported_models(variables, run.models, industries, accounts=accounts)
    ]
