"""Estimates received from other centres, and what must agree before they are pooled."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cisflow import __version__
from cisflow.base.documents import did_you_mean
from cisflow.base.problems import CisflowError, Problem
from cisflow.study.series import Series
from cisflow.study.settings import Sent, Settings

MANIFEST = "export.json"


# Raised when what an export holds changes its meaning; :func:`unpack` turns older ones into it.
FORMAT = 2
READABLE = (1, FORMAT)


# What an estimate depends on besides its model's specification.
SETTINGS = ("lag", "lag_average", "accounts_outcomes")


NO_ESTIMATE = "not estimable:"  # how notes of format 1 begin


NO_SERIES: Series = {"years": [], "breaks": []}


@dataclass(frozen=True)
class Export:
    """One export, packed or unpacked.

    Attributes
    ----------
    path
        The archive, or the folder it was unpacked to.
    about
        Content of ``export.json``.
    """

    path: str
    about: dict[str, Any]

    @property
    def countries(self) -> dict[str, dict[str, Any]]:
        """Name, waves, attributes and whether there are accounts, by country code."""
        return self.about["countries"]

    @property
    def files(self) -> list[str]:
        """Files on disk that the export is made of."""
        if Path(self.path).is_file():
            return [self.path]
        return [f"{self.path}/{name}" for name in (MANIFEST, *sorted(self.about["files"]))]

    def names(self, country: str, models: Sequence[str]) -> list[str]:
        """Return what a run takes from the export for one country."""
        estimates = [f"estimates/{country}/{m}.{end}" for m in models for end in ("csv", "json")]
        return [*estimates, f"sample/{country}.csv", f"description/{country}.json"]


def industries_digest(industries: Mapping[str, Any]) -> str:
    """Return a digest of which divisions are taken together."""
    groups = [[group["label"], group["divisions"]] for group in industries["groups"]]
    return _sha256(json.dumps(groups, sort_keys=True).encode())[:16]


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def read_exports(paths: Sequence[str]) -> tuple[list[Export], list[Problem]]:
    """Open exports, and say which cannot be."""
    exports, problems = [], []
    for path in paths:
        try:
            exports.append(Export(path, json.loads(_content(path, MANIFEST))))
        except FileNotFoundError:
            problems.append(
                Problem(
                    f"pool_from: {path} does not exist, or has no {MANIFEST}",
                    "name the export.zip a centre sent, or the folder it was unpacked to",
                )
            )
        except (zipfile.BadZipFile, json.JSONDecodeError, UnicodeDecodeError):
            problems.append(
                Problem(f"pool_from: {path} is damaged", "ask the centre to send it again")
            )
    return exports, problems


def _content(path: str, name: str) -> bytes:
    where = Path(path)
    if not where.is_file():
        return (where / name).read_bytes()
    with zipfile.ZipFile(where) as archive:
        if name not in archive.namelist():
            raise FileNotFoundError(name)
        return archive.read(name)


def with_exports(settings: Settings, exports: Sequence[Export]) -> Settings:
    """Return the config with the exports' countries beside its own, and all attributes."""
    countries = dict(settings.countries)
    for export in exports:
        for code, about in export.countries.items():
            sent = Sent(
                name=about["name"],
                waves={wave: {} for wave in about["waves"]},
                attributes=about["attributes"],
                export=export.path,
                series=about["series"],
                accounts={"export": export.path} if about["accounts"] else None,
            )
            countries.setdefault(code, sent)
    for code, attributes in (settings.pool.attributes or {}).items():
        if of := countries.get(code):
            both = {**(of.attributes or {}), **attributes}
            countries[code] = of.model_copy(update={"attributes": both})
    return settings.model_copy(update={"countries": countries})


def disagreements(
    exports: Sequence[Export],
    settings: Settings,
    models: Mapping[str, str],
    industries: Mapping[str, Any],
) -> Iterator[Problem]:
    """Yield why exports cannot be pooled with one another or with this run.

    Parameters
    ----------
    exports
        From :func:`read_exports`.
    settings
        This run's checked config; its ``countries`` are its own.
    models
        This run's models, digest of the specification by name.
    industries
        The industry groups.
    """
    owner = dict.fromkeys(settings.countries, "this config")
    for export in exports:
        where, about = f"pool_from: {export.path}", export.about
        if about.get("format") not in READABLE:
            yield Problem(
                f"{where}: has format {about.get('format')}; this version reads "
                f"{' and '.join(map(str, READABLE))}",
                "let the centre export with the version of cisflow used here",
            )
            continue
        yield from _other_version(where, about, settings, industries)
        yield from _other_models(where, about, models)
        for code in export.countries:
            if code in owner:
                what = f"{where}: country {code} is in {owner[code]} already"
                yield Problem(what, "keep one of the two, or its firms would count twice")
            owner.setdefault(code, export.path)


def _other_version(
    where: str, about: Mapping[str, Any], settings: Settings, industries: Mapping[str, Any]
) -> Iterator[Problem]:
    if about["cisflow"] != __version__:
        yield Problem(
            f"{where}: estimated by cisflow {about['cisflow']}, this is {__version__}",
            "let all centres run the same version",
        )
    if about["data"] != settings.data:
        yield Problem(
            f"{where}: its data are {about['data']}, this run's are {settings.data}",
            "correct `data`; synthetic and real data are never pooled",
        )
    here = settings.as_params()
    for key in SETTINGS:
        if about["settings"][key] != here[key]:
            what = f"{where}: {key} is {about['settings'][key]} there and {here[key]} here"
            yield Problem(what, f"let all centres run with the same `{key}`")
    if about["industries"] != industries_digest(industries):
        yield Problem(
            f"{where}: config/nace.yaml groups industries differently there",
            "let all centres run with the same industry groups",
        )


def _other_models(
    where: str, about: Mapping[str, Any], models: Mapping[str, str]
) -> Iterator[Problem]:
    for name, digest in models.items():
        if name not in about["models"]:
            remedy = "drop it from `models`, or let the centre run it"
            near = did_you_mean(name, about["models"])
            yield Problem(f"{where}: model {name} was not estimated there", f"{remedy}; {near}")
        elif about["models"][name] != digest:
            yield Problem(
                f"{where}: model {name} was specified differently there",
                "let all centres run with the same models file",
            )


def unpack(export: str, outputs: Mapping[str, Path | str]) -> None:
    """Write files of an export to where this run looks for them.

    Parameters
    ----------
    export
        The archive or the folder.
    outputs
        Where to write each file, by its name in the export.

    Raises
    ------
    CisflowError
        Files that are missing, or are not as they were exported.
    """
    about = json.loads(_content(export, MANIFEST))
    problems = []
    for name, out in outputs.items():
        try:
            content = _content(export, name)
        except FileNotFoundError:
            problems.append(Problem(f"{name} is missing", "ask the centre to send it again"))
            continue
        if _sha256(content) != about["files"].get(name):
            remedy = "unpack the archive again, or ask the centre to send it again"
            problems.append(Problem(f"{name} was changed after the export", remedy))
            continue
        Path(out).write_bytes(of_format_1(name, content) if about["format"] == 1 else content)
    if problems:
        raise CisflowError(export, problems)


def of_format_1(name: str, content: bytes) -> bytes:
    """Return a file of an export of format 1 as format 2 has it.

    Format 1 had no ``status``: the note of what had no estimate began with ``not estimable:``, and
    where the logit of having accounts could not be estimated its term did.
    """
    text = content.decode("utf-8")
    if name.endswith(".json"):
        return (
            json.dumps(_told_bare(json.loads(text)), indent=1, ensure_ascii=False) + "\n"
        ).encode()
    names, *rows = csv.reader(io.StringIO(text))
    if "note" not in names:
        return content
    out = io.StringIO()
    at = names.index("note")
    told = [
        [*row[:at], *_status(dict(zip(names, row, strict=True))), *row[at + 1 :]] for row in rows
    ]
    csv.writer(out, lineterminator="\n").writerows([[*names[:at], "status", *names[at:]], *told])
    return out.getvalue().encode()


def _status(row: Mapping[str, str]) -> tuple[str, str]:
    """Return status and note of a row of estimates of format 1."""
    note, zero = row["note"], row["note"].endswith("zero by assumption")
    if note.startswith(NO_ESTIMATE):
        return "not_estimable", note.removeprefix(NO_ESTIMATE).strip()
    return "fixed" if zero else "estimated" if row["estimate"] else "in_words", note


def _told_bare(value: Any) -> Any:
    """Return a record of format 1 whose notes, and terms that are notes, say the reason alone."""
    if isinstance(value, list):
        return [_told_bare(inner) for inner in value]
    if not isinstance(value, dict):
        return value
    told = {key: _told_bare(inner) for key, inner in value.items()}
    if str(told.get("term", "")).startswith(NO_ESTIMATE):
        told |= {"term": "", "note": told["term"]}
    if isinstance(told.get("note"), str):
        told["note"] = told["note"].removeprefix(NO_ESTIMATE).strip()
    return told
