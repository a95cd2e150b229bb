"""Estimates received from other centres, and what must agree before they are pooled."""

from __future__ import annotations

import hashlib
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


# Raised when what an export holds changes its meaning.
FORMAT = 1


# What an estimate depends on besides its model's specification.
SETTINGS = ("lag", "lag_average", "accounts_outcomes")


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
        if about.get("format") != FORMAT:
            yield Problem(
                f"{where}: has format {about.get('format')}; this version reads {FORMAT}",
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
        Path(out).write_bytes(content)
    if problems:
        raise CisflowError(export, problems)
