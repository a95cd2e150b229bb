"""Aggregates that leave a safe centre, and what must agree before those of several are pooled.

An export holds tidy estimates, diagnostics, sample flows and descriptions, and ``export.json``,
which says how they came about. It holds no firm's value, and no count below the centre's minimum.
"""

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
from cisflow.disclosure import is_small, splits_off_few
from cisflow.errors import CisflowError, Problem
from cisflow.quality import Series, series_of
from cisflow.validation import did_you_mean

MANIFEST = "export.json"
# Raised when what an export holds changes its meaning.
FORMAT = 1
# What an estimate depends on besides its model's specification.
SETTINGS = ("lag", "lag_average", "accounts_outcomes")
NO_SERIES: Series = {"years": [], "breaks": []}
COUNTS = ("n", "nobs", "n_lower", "n_upper", "firms", "rows")

Settings = Mapping[str, Any]


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


# --- writing -----------------------------------------------------------------------------------


def write_export(
    out: Path | str,
    files: Mapping[str, Path | str],
    settings: Settings,
    models: Mapping[str, str],
    industries: Mapping[str, Any],
    quality: Sequence[Mapping[str, Any]] = (),
) -> None:
    """Pack a run's aggregates; the same aggregates give the same bytes.

    Parameters
    ----------
    out
        The archive.
    files
        Estimates, diagnostics, sample flows and descriptions by their name in the archive.
    settings
        The run's checked config.
    models
        Digest of each model's specification (:func:`cisflow.estimates.spec_digest`).
    industries
        The industry groups, as ``config/nace.yaml`` has them.
    quality
        Quality records, from which years and breaks of the series are told; nothing else of them.
    """
    minimum = settings["minimum_cell"]
    series = {**dict.fromkeys(settings["countries"], NO_SERIES), **series_of(quality)}
    contents = {name: _safe(Path(file), minimum) for name, file in files.items()}
    about = {
        "format": FORMAT,
        "cisflow": __version__,
        **{key: settings[key] for key in ("run", "title", "data", "minimum_cell")},
        "settings": {key: settings[key] for key in SETTINGS},
        "industries": industries_digest(industries),
        "countries": {
            code: {
                "name": country["name"],
                "waves": list(country["waves"]),
                "accounts": "accounts" in country,
                "attributes": country.get("attributes", {}),
                "series": series[code],
            }
            for code, country in settings["countries"].items()
        },
        "models": dict(models),
        "files": {name: _sha256(content) for name, content in sorted(contents.items())},
    }
    text = json.dumps(about, indent=1, ensure_ascii=False) + "\n"
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in sorted({**contents, MANIFEST: text.encode()}.items()):
            info = zipfile.ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0))
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, content)


def industries_digest(industries: Mapping[str, Any]) -> str:
    """Return a digest of which divisions are taken together."""
    groups = [[group["label"], group["divisions"]] for group in industries["groups"]]
    return _sha256(json.dumps(groups, sort_keys=True).encode())[:16]


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _safe(file: Path, minimum: int) -> bytes:
    """Return a file's content without counts that are too small to leave the centre."""
    text = file.read_text(encoding="utf-8")
    if file.suffix == ".json":
        record = _without_few(json.loads(text), minimum)
        return (json.dumps(record, indent=1, ensure_ascii=False) + "\n").encode()
    rows = list(csv.reader(io.StringIO(text)))
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(rows[0])
    writer.writerows(_row_without_few(rows[0], row, minimum) for row in rows[1:])
    return out.getvalue().encode()


def _row_without_few(names: Sequence[str], row: Sequence[str], minimum: int) -> list[str]:
    """Return a row of estimates in which no limit holds, or lacks, too few firms."""
    values = dict(zip(names, row, strict=True))
    n = float(values.get("n") or "nan")
    for name in ("n_lower", "n_upper"):
        if values.get(name) and splits_off_few(float(values[name]), n, minimum):
            values[name] = ""
    if is_small(n, minimum):
        values["n"] = ""
    return list(values.values())


def _without_few(value: Any, minimum: int, *, counted: bool = False) -> Any:
    """Return a record whose counts of firms are null where they are too small."""
    if isinstance(value, dict):
        return {
            key: _without_few(inner, minimum, counted=key in COUNTS or key == "dropped" or counted)
            for key, inner in value.items()
        }
    if isinstance(value, list):
        return [_without_few(inner, minimum, counted=counted) for inner in value]
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return None if counted and number and is_small(value, minimum) else value


# --- reading -----------------------------------------------------------------------------------


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


def with_exports(settings: Settings, exports: Sequence[Export]) -> dict[str, Any]:
    """Return the config with the exports' countries beside its own, and all attributes."""
    countries = dict(settings["countries"])
    for export in exports:
        for code, about in export.countries.items():
            entry = {
                "name": about["name"],
                "waves": {wave: {} for wave in about["waves"]},
                "attributes": about["attributes"],
                "export": export.path,
                "series": about["series"],
            }
            if about["accounts"]:
                entry["accounts"] = {"export": export.path}
            countries.setdefault(code, entry)
    for code, attributes in settings["pool"].get("attributes", {}).items():
        if code in countries:
            known = countries[code].get("attributes", {})
            countries[code] = {**countries[code], "attributes": {**known, **attributes}}
    return {**settings, "countries": countries}


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
    owner = dict.fromkeys(settings["countries"], "this config")
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
    if about["data"] != settings["data"]:
        yield Problem(
            f"{where}: its data are {about['data']}, this run's are {settings['data']}",
            "correct `data`; synthetic and real data are never pooled",
        )
    for key in SETTINGS:
        if about["settings"][key] != settings[key]:
            what = f"{where}: {key} is {about['settings'][key]} there and {settings[key]} here"
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
