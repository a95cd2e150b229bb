"""Estimates received from other centres, and what must agree before they are pooled."""

from __future__ import annotations

import hashlib
import json
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field

from cisflow import __version__
from cisflow.base.archives import UnsafeArchiveError, files_in
from cisflow.base.documents import did_you_mean, read_json, validated
from cisflow.base.paths import below, shipped
from cisflow.base.problems import CisflowError, Problem
from cisflow.base.texts import printable
from cisflow.study.documents import Document
from cisflow.study.series import Series
from cisflow.study.settings import (
    AccountsOutcomes,
    Attributes,
    Code,
    Lag,
    LagAverage,
    RunName,
    Sent,
    Settings,
    Wave,
)

MANIFEST = "export.json"

# Raised when what an export holds changes its meaning, such as the unit of an outcome; exports of
# another format are refused, as their numbers would be pooled with others than they are.
FORMAT = 4

# What an estimate depends on besides its model's specification.
SETTINGS = ("lag", "lag_average", "accounts_outcomes")

NO_SERIES: Series = {"years": [], "breaks": []}

# Bytes of one file and of all files of an export; a model of a country has some ten thousand.
LARGEST, LARGEST_EXPORT = 1 << 25, 1 << 28
AGAIN = "ask the centre to send it again"

Digest = Annotated[str, Field(pattern="^[0-9a-f]{16}$")]
Line = Annotated[str, Field(min_length=1, max_length=500)]
File = Annotated[
    str,
    Field(
        pattern=r"^(estimates/[A-Z]{2}/[A-Za-z][A-Za-z0-9_]*\.(csv|json)"
        r"|sample/[A-Z]{2}\.csv|description/[A-Z]{2}\.json)$",
        max_length=200,
        description="Estimates, sample flow or description of a country; nothing else is taken.",
    ),
]


class SentBreak(Document):
    """A break between waves."""

    since: Annotated[int, Field(alias="from", ge=1900, le=2100)]
    """Reference year of the first wave after it."""
    text: Annotated[str, Field(max_length=2000)]
    """What changed."""
    source: Annotated[str, Field(max_length=2000)] = ""
    """The document that says so."""
    verified: str = ""
    """How sure it is."""


class SentSeries(Document):
    """Reference years and breaks of a country's waves."""

    years: Annotated[tuple[Annotated[int, Field(ge=1900, le=2100)], ...], Field(max_length=100)]
    """Reference years."""
    breaks: Annotated[tuple[SentBreak, ...], Field(max_length=100)]
    """Breaks between them."""


class SentCountry(Document):
    """A country of an export."""

    name: Annotated[str, Field(min_length=1, max_length=200)]
    """Name to print."""
    waves: Annotated[tuple[Wave, ...], Field(min_length=1, max_length=100)]
    """Its waves, in the order of time."""
    accounts: bool
    """Whether it has company accounts."""
    attributes: Attributes
    """What is known of it."""
    series: SentSeries
    """Its years and breaks."""


class SentSettings(Document):
    """What the estimates depend on besides their models."""

    lag: Lag
    """Years between survey and accounts."""
    lag_average: LagAverage
    """Over how many years outcomes are averaged."""
    accounts_outcomes: AccountsOutcomes
    """How the ratios were made."""


class About(Document):
    """What an export says of itself, `export.json`; cisflow writes it."""

    format: Literal[4]
    """Which form the files have."""
    cisflow: Annotated[str, Field(pattern=r"^[0-9][0-9A-Za-z.+-]{0,40}$")]
    """The version that estimated."""
    run: RunName
    """The centre's name of its run."""
    title: Line
    """Its title."""
    data: Literal["synthetic", "real"]
    """What the estimates rest on."""
    unconfirmed: Annotated[int, Field(ge=0, le=1_000_000)] = 0
    """How many variables were read by mappings that nobody has confirmed."""
    minimum_cell: Annotated[int, Field(ge=1, le=1_000_000)]
    """Fewest firms of a number that left the centre."""
    settings: SentSettings
    """What the estimates depend on."""
    industries: Digest
    """Digest of the industry groups."""
    countries: Annotated[
        dict[
            Annotated[Code, Field(description="A two-letter country code such as BE.")], SentCountry
        ],
        Field(max_length=100),
    ]
    """Its countries by two-letter code."""
    models: Annotated[
        dict[
            Annotated[str, Field(pattern="^[A-Za-z][A-Za-z0-9_]*$", max_length=100)],
            Annotated[str, Field(pattern="^[0-9a-f]{1,16}$")],
        ],
        Field(max_length=1000),
    ]
    """Digest of each model's specification."""
    files: Annotated[
        dict[File, Annotated[str, Field(pattern="^[0-9a-f]{64}$")]], Field(max_length=20_000)
    ]
    """SHA-256 of every file."""


@dataclass(frozen=True)
class Export:
    """One export, packed or unpacked."""

    path: str  # the archive, or the folder it was unpacked to
    about: dict[str, Any]  # content of `export.json`, which is an About

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
    return sha256(json.dumps(groups, sort_keys=True).encode())[:16]


def sha256(content: bytes) -> str:
    """Return the SHA-256 of a file's content."""
    return hashlib.sha256(content).hexdigest()


def read_exports(paths: Sequence[str]) -> tuple[list[Export], list[Problem]]:
    """Open exports, hold every file against its digest, and say which cannot be used and why."""
    exports, problems = [], []
    for path in paths:
        try:
            exports.append(read_export(path))
        except CisflowError as error:
            for problem in error.problems:
                problems.append(Problem(f"pool_from: {path}: {problem.said}", problem.remedy))
    return exports, problems


def read_export(path: str) -> Export:
    """Open an export whose description and files are what they should be.

    Raises
    ------
    CisflowError
        All that is wrong with it, under its path.
    """
    content = contents_of(path)
    try:
        about = read_json(content(MANIFEST))
    except FileNotFoundError:
        raise CisflowError(
            path,
            Problem(
                f"does not exist, or has no {MANIFEST}",
                "name the export.zip a centre sent, or the folder it was unpacked to",
            ),
        ) from None
    except ValueError:
        raise CisflowError(path, Problem(f"is damaged: {MANIFEST} is no JSON", AGAIN)) from None
    form = about.get("format") if isinstance(about, dict) else None
    if form != FORMAT:
        what = f"has format {form}; this version reads {FORMAT}"
        remedy = "let the centre export with the version of cisflow used here"
        raise CisflowError(path, Problem(what, remedy))
    about = validated(about, shipped("workflow/schemas/export.schema.yaml"), path)
    if printable(about) != about:
        what = f"{MANIFEST} holds characters that cannot be printed"
        raise CisflowError(path, Problem(what, AGAIN))
    if problems := [*_files_of_others(about), *_changed(about["files"], content)]:
        raise CisflowError(path, problems)
    return Export(path, about)


def _files_of_others(about: Mapping[str, Any]) -> Iterator[Problem]:
    """Yield files of a country or a model that the export does not name."""
    for name in about["files"]:
        _, country, *model = Path(name).with_suffix("").parts
        if country not in about["countries"] or not set(model) <= set(about["models"]):
            yield Problem(f"{name} is of no country and model that {MANIFEST} names", AGAIN)


def _changed(files: Mapping[str, str], content: Callable[[str], bytes]) -> Iterator[Problem]:
    """Yield files that are missing or are not as they were exported."""
    for name, digest in files.items():
        try:
            changed = sha256(content(name)) != digest
        except FileNotFoundError:
            yield Problem(f"{name} is missing", AGAIN)
            continue
        if changed:
            yield Problem(f"{name} was changed after the export", f"unpack it again, or {AGAIN}")


def contents_of(path: str) -> Callable[[str], bytes]:
    """Return a function from the name of a file in an export to its bytes.

    Raises
    ------
    CisflowError
        The archive is damaged or would do harm. The function raises it for a file that is too
        large or not really in the export, and ``FileNotFoundError`` for one that is not there.
    """
    if not Path(path).is_file():
        return lambda name: _beside(path, name)
    try:
        archive = zipfile.ZipFile(path)
        members = files_in(archive)
    except UnsafeArchiveError as error:
        raise CisflowError(path, Problem(str(error), AGAIN)) from None
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        raise CisflowError(path, Problem("is damaged, or no zip archive", AGAIN)) from None
    size = sum(member.file_size for member in members.values())
    if size > LARGEST_EXPORT:
        raise CisflowError(path, Problem(f"would unpack to {size:,} bytes", AGAIN))

    def content(name: str) -> bytes:
        if name not in members:
            raise FileNotFoundError(name)
        _bounded(path, name, members[name].file_size)
        try:
            return archive.read(members[name])
        except Exception as error:  # zlib, struct, CRC: whatever a damaged member raises
            raise CisflowError(path, Problem(f"{name} is damaged", AGAIN)) from error

    return content


def _beside(path: str, name: str) -> bytes:
    file = below(path, name)
    if file is None:
        raise CisflowError(path, Problem(f"{name} is a link that leads out of it", AGAIN))
    if not file.is_file():
        raise FileNotFoundError(name)
    _bounded(path, name, file.stat().st_size)
    return file.read_bytes()


def _bounded(path: str, name: str, size: int) -> None:
    if size > LARGEST:
        what = f"{name} has {size:,} bytes; none that cisflow writes has more than {LARGEST:,}"
        raise CisflowError(path, Problem(what, AGAIN))


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
    """
    owner = dict.fromkeys(settings.countries, "this config")
    for export in exports:
        where, about = f"pool_from: {export.path}", export.about
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
