"""The manifest: what was published, byte for byte, and of which inputs, config and code."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cisflow import __version__
from cisflow.base.paths import found, shipped
from cisflow.base.records import read_record, whole, write_record
from cisflow.study.digests import code_digest, file_digest
from cisflow.study.marks import marks_of, stamp_of

MANIFEST = "manifest.json"
# Made afterwards, with the time of its making.
REPORT = "report.html"
# Paths of this machine, which nobody else is told: of inputs that lie outside the project.
PLACES = Path("microdata", "elsewhere.json")


def write_manifest(
    file: Path,
    settings: Mapping[str, Any],
    sources: Mapping[str, Mapping[str, str]],
    results: Iterable[Path | str] = (),
    elsewhere: Mapping[str, str] | None = None,
) -> None:
    """List the published files beside ``file``, and all they rest on, with their SHA-256.

    Parameters
    ----------
    file
        The manifest, in the folder of what is published.
    sources
        From :func:`cisflow.study.sources.source_digests`.
    results
        Aggregates that the publication is made from, below the run's folder.
    elsewhere
        From :func:`cisflow.study.sources.elsewhere`; kept with the microdata.
    """
    folder, unconfirmed = file.parent, settings.get("unconfirmed", 0)
    manifest = {
        **{key: settings[key] for key in ("run", "title", "data", "seed")},
        "unconfirmed": unconfirmed,
        "marks": [mark.name for mark in marks_of(settings["data"], unconfirmed)],
        "cisflow": __version__,
        **sources,
        "results": _digests(map(Path, results), folder.parent),
        "files": _digests(published(folder), folder),
    }
    text = json.dumps(manifest, indent=1, ensure_ascii=False)
    file.write_text(text + "\n", encoding="utf-8")
    (folder.parent / PLACES).unlink(missing_ok=True)
    if elsewhere:
        write_record(elsewhere, folder.parent / PLACES, stamp_of(settings["data"]))


def write_digests(folder: Path | str, file: Path | str) -> None:
    """List the SHA-256 of each file of a folder as ``sha256sum`` does, to tell whether it changed.

    Snakemake knows of a folder only when it was written, and a copy of a run has new times.
    """
    digests = _digests(published(Path(folder)), Path(folder))
    text = "".join(f"{digest}  {name}\n" for name, digest in digests.items())
    Path(file).write_text(text, encoding="utf-8")


def published(folder: Path) -> list[Path]:
    """Return the files of a publication, but for the manifest and the report."""
    files = (path for path in folder.rglob("*") if path.is_file() and path.name[0] != ".")
    return sorted(path for path in files if path.name not in (MANIFEST, REPORT))


def _digests(files: Iterable[Path], folder: Path) -> dict[str, str]:
    return {path.relative_to(folder).as_posix(): file_digest(path) for path in sorted(files)}


@dataclass(frozen=True)
class Difference:
    """A file that is not what a manifest says: its section there, its name, and how it differs."""

    section: str
    name: str
    how: str


def verify(run: Path) -> list[Difference]:
    """Hash again all that a run's manifest lists, and say what differs.

    Parameters
    ----------
    run
        The folder ``results/{run}``.

    Raises
    ------
    CisflowError
        The run has no manifest, or a damaged one.
    """
    folder = run / "publication"
    with whole(folder / MANIFEST):
        listed = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        where = read_record(run / PLACES) if (run / PLACES).is_file() else {}
        found_now = _found_now(listed, run, where)
    differences = []
    for section, digests in found_now.items():
        for name, digest in digests.items():
            if digest != listed[section][name]:
                how = "has changed" if digest else "is gone"
                differences.append(Difference(section, name, how))
    new = {path.relative_to(folder).as_posix() for path in published(folder)} - {*listed["files"]}
    return [*differences, *(Difference("files", n, "is not in the manifest") for n in sorted(new))]


def _found_now(
    listed: Mapping[str, Any], run: Path, elsewhere: Mapping[str, str]
) -> dict[str, dict[str, str]]:
    """Return the digests of all that a manifest lists as it is now; of what is gone, none."""
    project = run.resolve().parents[1]  # a run's folder is results/{run} in its project
    places: dict[str, Callable[[str], Path]] = {
        "inputs": lambda name: found(elsewhere.get(name, name), project),
        "config": lambda name: found(elsewhere.get(name, name), project),
        "lock": shipped,
        "results": lambda name: run / name,
        "files": lambda name: run / "publication" / name,
    }
    now = {
        section: {n: file_digest(p) if (p := at(n)).is_file() else "" for n in listed[section]}
        for section, at in places.items()
    }
    return now | {"code": {name: _code(name) for name in listed["code"]}}


def _code(script: str) -> str:
    there = shipped("workflow", "scripts", f"{script}.py").is_file()
    return code_digest(script, shipped()) if there else ""
