"""``cisflow init``: a config that runs, and codebooks for files whose names no codebook knows."""

from __future__ import annotations

import os
import re
import tempfile
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cisflow.codebook import load_codebook, needed_columns, shown
from cisflow.drafting import Draft, draft, year_of
from cisflow.errors import CisflowError, Problem
from cisflow.extract import column_names
from cisflow.inspection import RECOGNISED, Fit, Look, all_codebooks, look, profiles_of, rank
from cisflow.schema import FIRM_COLUMNS
from cisflow.validation import read_yaml
from cisflow.vocabulary import has_concept, load_words

if TYPE_CHECKING:
    from cisflow.codebook import Codebook

TODO = "TODO"
# A codebook that knows nearly as many required variables and is of the wave's year is preferred.
ABOUT_AS_GOOD = 0.1
SEED = 20141120
WIDTH = 100
MOST_UNUSED = 120


@dataclass
class Wave:
    """One wave of the new run.

    Attributes
    ----------
    name, path
        Its name and its extract.
    codebook
        What the config names as its codebook.
    file
        The codebook to write, or None where one that exists fits.
    text
        What is to be written there.
    rows
        Column and value that choose its rows of a pooled file.
    variables
        Canonical variables that are mapped.
    todos
        What is left to decide.
    how
        What was done, in words.
    """

    name: str
    path: Path
    codebook: str
    file: Path | None = None
    text: str = ""
    rows: dict[str, str] = field(default_factory=dict)
    variables: list[str] = field(default_factory=list)
    todos: list[str] = field(default_factory=list)
    how: str = ""


def initialise(
    country: str,
    waves: Mapping[str, Path],
    root: Path,
    *,
    accounts: Path | None = None,
    run: str | None = None,
    name: str | None = None,
    out: Path | None = None,
    labels_file: Path | None = None,
) -> dict[str, Any]:
    """Write a config, and the codebooks it needs, for extracts nobody has described yet.

    Parameters
    ----------
    country
        Two-letter code.
    waves
        Extract by wave, in the order of time.
    root
        The project's folder.
    accounts
        An export of company accounts.
    run
        Short name of the run; the country's code when not given.
    name
        The country's name; from ``config/words.yaml`` when not given.
    out
        Folder below which ``config/`` is written; the working folder when not given.
    labels_file
        A table of labels of the columns.

    Returns
    -------
    dict
        ``written`` (files), ``waves`` (per wave ``wave``, ``file``, ``codebook``, ``how``,
        ``todo``), ``accounts``, ``models`` and ``todo`` (all that is left to decide).

    Raises
    ------
    CisflowError
        A file cannot be read, or one to be written exists.
    """
    out = out or Path()
    run = run or country.lower()
    _refuse_names(country, run, waves)
    known = load_words(root).countries.get(country, ["", ""])
    name, currency = name or known[0], known[1] or None
    config_file = out / "config" / f"{run}.yaml"
    _refuse_existing([config_file])
    books = all_codebooks([root / "config" / "codebooks"])
    planned = [
        _planned(wave, path, waves, country, name, currency, out, root, books, labels_file)
        for wave, path in waves.items()
    ]
    _refuse_existing([wave.file for wave in planned if wave.file])
    accounts_book, accounts_todo = _accounts_codebook(accounts, books) if accounts else ("", [])
    for wave in planned:
        # Without an identifier nothing can be tried, and that much is told already.
        if wave.file and "firm_id" in wave.variables:
            wave.todos += _still_wrong(wave, country, name, root)
        wave.text = wave.text.replace(
            _PLACE_OF_TODOS, _comments([f"{TODO}: {t}" for t in wave.todos])
        )
    models = _models(root, planned, accounts is not None)
    todos = list(accounts_todo)
    if not name:
        todos.append(f"name: what {country} is called in the paper")
    text = _config_text(
        country,
        name or country,
        run,
        planned,
        accounts,
        accounts_book,
        models,
        todos,
        os.path.relpath(root / "workflow" / "schemas", config_file.parent),
    )
    written = []
    for file, content in [*((w.file, w.text) for w in planned if w.file), (config_file, text)]:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content, encoding="utf-8")
        written.append(shown(file))
    return {
        "written": written,
        "waves": [
            {
                "wave": w.name,
                "file": shown(w.path),
                "codebook": w.codebook,
                "how": w.how,
                "todo": w.todos,
            }
            for w in planned
        ],
        "accounts": accounts_book or None,
        "models": models[0],
        "todo": [*todos, *(f"{w.name}: {todo}" for w in planned for todo in w.todos)],
    }


def _refuse_names(country: str, run: str, waves: Mapping[str, Path]) -> None:
    problems = []
    if not re.fullmatch(r"[A-Z]{2}", country):
        problems.append(Problem(f"'{country}' is no country code", "give two capitals, such as NL"))
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]*", run):
        problems.append(Problem(f"'{run}' is no name of a run", "use letters, digits, - and _"))
    problems += [
        Problem(f"'{wave}' is no name of a wave", "use letters, digits, - and _, such as 2012")
        for wave in waves
        if not re.fullmatch(r"(?!accounts$)[A-Za-z0-9][A-Za-z0-9_-]*", wave)
    ]
    if problems:
        raise CisflowError("cisflow init", problems)


def _refuse_existing(files: Sequence[Path]) -> None:
    there = [file for file in files if file.exists()]
    if there:
        raise CisflowError(
            "cisflow init",
            [
                Problem(
                    f"{shown(file)} exists, and is not overwritten",
                    "move it away, or choose another name with --run or another folder with --out",
                )
                for file in there
            ],
        )


def _planned(
    wave: str,
    path: Path,
    waves: Mapping[str, Path],
    country: str,
    name: str,
    currency: str | None,
    out: Path,
    root: Path,
    books: list[Codebook],
    labels_file: Path | None,
) -> Wave:
    """Choose or draft the codebook of one wave."""
    year = year_of(wave)
    fit = _best(column_names(path), books, year)
    if fit is not None and not fit.missing and _works(path, fit.codebook, country, wave):
        variables = [*fit.found, *fit.optional]
        return Wave(wave, path, fit.name, variables=variables, how=f"fits {fit.name} as it is")
    also = needed_columns(fit.codebook) if fit else []
    seen = look(path, root, labels_file=labels_file, country_name=name, also=also)
    rows, remark = _rows_of(wave, path, waves, country, seen)
    if rows:
        kept = seen.data
        for column, value in rows.items():
            kept = kept[kept[column] == value]
        seen = replace(seen, data=kept, profiles=profiles_of(kept, seen.legend, seen.words))
    made = draft(seen, fit, year, rows, currency)
    if remark:
        made.remarks["rows:"] = remark
    short = country.lower() + re.sub(r"[^a-z0-9]+", "", wave.lower())
    file = out / "config" / "codebooks" / "national" / f"{short}.yaml"
    mapped = [v for v, entry in made.variables.items() if entry is not None]
    variables = sorted(
        {*mapped, *made.taken_over} - {v for v, e in made.variables.items() if e is None}
    )
    inside = file.resolve().is_relative_to((root / "config" / "codebooks").resolve())
    codebook = f"national/{short}" if inside else shown(file)
    schema = os.path.relpath(root / "workflow" / "schemas", file.parent)
    text = _codebook_text(made, seen, f"{name or country}, {wave}", schema)
    how = f"extends {made.extends}: {len(made.taken_over)} variables known, {len(mapped)} stated"
    return Wave(wave, path, codebook, file, text, rows, variables, made.todos, how)


def _best(names: list[str], books: list[Codebook], year: int | None) -> Fit | None:
    """Return the codebook that knows most required names; of about equal ones the year's own."""
    fits = [
        f for f in rank(names, [b for b in books if b["table"] == "firms"]) if f.share >= RECOGNISED
    ]
    if not fits:
        return None
    good = [f for f in fits if f.share >= fits[0].share - ABOUT_AS_GOOD]
    of_year = [f for f in good if year is not None and f.codebook["reference_year"] == year]
    chosen = (of_year or good)[0]
    whole = chosen.codebook.get("shares", {}).get("sum_to_100", [])
    # A sum whose parts the file lacks cannot be taken over.
    return None if any(share in chosen.missing for share in whole) else chosen


def _works(path: Path, codebook: Codebook, country: str, wave: str) -> bool:
    from cisflow.ingest import ingest_wave

    try:
        ingest_wave(path, codebook, country, wave)
    except CisflowError:
        return False
    return True


def _rows_of(
    wave: str, path: Path, waves: Mapping[str, Path], country: str, seen: Look
) -> tuple[dict[str, str], str]:
    """Return the column and value by which a pooled file tells the wave and country apart."""
    rows: dict[str, str] = {}
    remark = ""
    sharing = [w for w, p in waves.items() if p.resolve() == path.resolve()]
    for column, p in seen.profiles.items():
        asked = seen.questions[column]
        if has_concept(asked, "country_of", seen.words) and country in p.counts and p.distinct > 1:
            rows[column] = country
    if len(sharing) > 1:
        for column, p in seen.profiles.items():
            values = sorted(p.counts)
            if not has_concept(seen.questions[column], "year_of", seen.words) or not values:
                continue
            if wave in values:
                rows[column] = wave
                return rows, ""
            if len(values) == len(sharing):
                rows[column] = values[sharing.index(wave)]
                taken = ", ".join(f"{v} is {w}" for v, w in zip(values, sharing, strict=True))
                return rows, f"in the order of time: {taken}"
    return rows, remark


def _still_wrong(wave: Wave, country: str, name: str, root: Path) -> list[str]:
    """Return what `cisflow check` would say of the wave with its new codebook."""
    from cisflow.ingest import ingest_wave

    with tempfile.TemporaryDirectory() as folder:
        trial = Path(folder) / "trial.yaml"
        trial.write_text(wave.text.replace(_PLACE_OF_TODOS, ""), encoding="utf-8")
        try:
            codebook = load_codebook(str(trial), [root / "config" / "codebooks"])
            codebook = {**codebook, "path": "this file"}
            ingest_wave(wave.path, codebook, country, wave.name, name=name)
        except CisflowError as error:
            return [f"{p.what} → {p.remedy}" for p in error.problems]
    return []


def _accounts_codebook(accounts: Path, books: list[Codebook]) -> tuple[str, list[str]]:
    fits = rank(column_names(accounts), [b for b in books if b["table"] == "accounts"])
    best = fits[0]
    if best.missing:
        absent = ", ".join(best.missing)
        return best.name, [
            f"accounts: {best.name} fits best but lacks {absent}; choose another, or write a "
            "codebook that extends it"
        ]
    return best.name, []


def _models(root: Path, waves: Sequence[Wave], accounts: bool) -> tuple[list[str], dict[str, str]]:
    """Return the models some wave can support, and of the others what they lack."""
    from cisflow.config import with_unions
    from cisflow.support import supported_models

    listed = read_yaml(root / "config" / "config.yaml")["models"]
    models, _ = with_unions(read_yaml(root / "config" / "models.yaml"))
    chosen = {name: models[name] for name in listed if name in models}
    industries = read_yaml(root / "config" / "nace.yaml")
    tables = [supported_models(w.variables, chosen, industries, accounts=accounts) for w in waves]
    good = [
        row[0]["model"] for row in zip(*tables, strict=True) if any(r["supported"] for r in row)
    ]
    lacking = {
        row["model"]: ", ".join(row["lacks"]) for row in tables[0] if row["model"] not in good
    }
    # A run has at least one model; one that lacks something says so in its rows.
    return (good or listed[:1]), {k: v for k, v in lacking.items() if good or k != listed[0]}


# --- text ---------------------------------------------------------------------------------------

_PLACE_OF_TODOS = "# (todos)\n"


def _flow(value: Any) -> str:
    """Return a value as one line of YAML."""
    import yaml

    class Dumper(yaml.SafeDumper):
        """Writes yes and no, as codebooks do, for true and false."""

    Dumper.add_representer(
        bool, lambda d, v: d.represent_scalar("tag:yaml.org,2002:bool", "yes" if v else "no")
    )
    text = yaml.dump(
        value,
        Dumper=Dumper,
        default_flow_style=True,
        width=10**6,
        allow_unicode=True,
        sort_keys=False,
    ).strip()
    return text.removesuffix("...").strip()


def _comments(lines: Sequence[str]) -> str:
    """Return comments, one line each: who settles one takes its line away."""
    return "".join(f"# {line}\n" for line in lines)


def _codebook_text(made: Draft, seen: Look, title: str, schema: str) -> str:
    """Write a draft as YAML with comments."""
    known = f"; {len(made.taken_over)} of its variables are in the file" * bool(made.taken_over)
    lines = [
        f"# yaml-language-server: $schema={schema}/codebook.schema.yaml",
        f"# Drafted by `cisflow init` from {seen.path.name} (labels: {seen.legend.origin}).",
        "# Read it through, correct what is wrong, and remove each TODO line when it is settled.",
    ]
    head = {"title": title, "extends": made.extends, **made.head}
    text = "\n".join(lines) + "\n" + _PLACE_OF_TODOS
    for key, value in head.items():
        remark = made.remarks.get(f"{key}:", "") or (
            f"the best match{known}" if key == "extends" and known else ""
        )
        aside = f"    # {remark}" if remark else ""
        if key == "blocks":
            text += "blocks:\n" + "".join(f"  {b}: {_flow(v)}\n" for b, v in value.items())
        else:
            text += f"{key}: {_flow(value)}{aside}\n"
    text += "variables:" + ("\n" if made.variables else " {}\n")
    order = [v for v in FIRM_COLUMNS if v in {*made.variables, *made.near}]
    for variable in order:
        for column, why in made.near.get(variable, []):
            label = seen.legend.columns.get(column, "")
            told = f"{why}: {label}" if label else why
            text += f"  # {variable}: {{name: {_flow(column)}}}    # {told}\n"
        if variable in made.variables:
            entry = made.variables[variable]
            remark = made.remarks.get(variable, "")
            remark = "not in the file" if entry is None else remark
            aside = f"    # {remark}" if remark else ""
            text += f"  {variable}: {'null' if entry is None else _flow(entry)}{aside}\n"
        elif not made.near.get(variable):
            text += f"  # {variable}: {{name: …}}    # no column like it was found\n"
    return text + _unused(made, seen)


def _unused(made: Draft, seen: Look) -> str:
    """Return a comment that lists the columns nothing is made of."""
    used = {c for entry in made.variables.values() if entry for c in _columns_in(entry)}
    used |= {c.casefold() for c in made.known_columns} | {
        c.casefold() for c in made.head.get("rows", {})
    }
    unused = [name for name in seen.names if name.casefold() not in used]
    if not unused:
        return ""
    more = f" and {len(unused) - MOST_UNUSED} more" if len(unused) > MOST_UNUSED else ""
    told = "Columns of the file that are not used: " + ", ".join(unused[:MOST_UNUSED]) + more
    return textwrap.indent(textwrap.fill(told, WIDTH - 2, break_long_words=False), "# ") + "\n"


def _columns_in(entry: Mapping[str, Any]) -> list[str]:
    columns = [entry["name"]] if "name" in entry else list(entry.get("any_of", []))
    columns += [entry["screen"]["name"]] if "screen" in entry else []
    return [column.casefold() for column in columns]


def _config_text(
    country: str,
    name: str,
    run: str,
    waves: Sequence[Wave],
    accounts: Path | None,
    accounts_book: str,
    models: tuple[list[str], dict[str, str]],
    todos: Sequence[str],
    schema: str,
) -> str:
    """Write the config as YAML with comments."""
    lines = [
        f"# yaml-language-server: $schema={schema}/config.schema.yaml",
        "# Drafted by `cisflow init`. config/README.md describes every key;",
        f"# `cisflow check config/{run}.yaml` says what is still wrong.",
    ]
    text = "\n".join(lines) + "\n" + _comments([f"{TODO}: {todo}" for todo in todos])
    text += f"run: {run}                       # results go to results/{run}/\n"
    text += f"title: {_flow(f'Open innovation in {name}')}\n"
    text += "data: real                    # `synthetic` stamps every output\n"
    text += f"seed: {SEED}                # fixes every random draw\n"
    text += f'countries:\n  "{country}":\n    name: {_flow(name)}\n    waves:\n'
    for wave in waves:
        source = {"file": shown(wave.path), "codebook": wave.codebook}
        text += f'      "{wave.name}": {_flow(source)}\n'
    if accounts:
        source = {"file": shown(accounts), "codebook": accounts_book}
        text += f"    accounts: {_flow(source)}\n"
        text += "lag: 2                        # years from the survey to the accounts\n"
    text += "models:\n" + "".join(f"  - {model}\n" for model in models[0])
    for model, lacks in models[1].items():
        text += f"  # - {model}    # lacks {lacks}\n"
    return text
