"""The manifest: what was published, byte for byte, and of which inputs, config and code."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cisflow import __version__
from cisflow.base.paths import found, shipped
from cisflow.base.records import whole
from cisflow.study.digests import code_digest, file_digest

# Made afterwards, with the time of its making.
REPORT = "report.html"


def write_manifest(
    file: Path,
    settings: Mapping[str, Any],
    sources: Mapping[str, Mapping[str, str]],
    results: Sequence[Path | str] = (),
) -> None:
    """List the published files beside ``file``, and all they rest on, with their SHA-256.

    Parameters
    ----------
    file
        The manifest, in the folder of what is published.
    settings
        The checked config.
    sources
        Digests by name: of ``inputs``, files of ``config`` and ``lock``, and of the ``code`` of
        each script; of :func:`cisflow.study.run.Run.sources_of`.
    results
        Aggregates that the publication is made from, below the run's folder.
    """
    folder = file.parent
    manifest = {
        **{key: settings[key] for key in ("run", "title", "data", "seed")},
        "cisflow": __version__,
        **sources,
        "results": _digests(map(Path, results), folder.parent),
        "files": _digests(published(folder), folder),
    }
    text = json.dumps(manifest, indent=1, ensure_ascii=False)
    file.write_text(text + "\n", encoding="utf-8")


def published(folder: Path) -> list[Path]:
    """Return the files of a publication, but for the manifest and the report."""
    files = (path for path in folder.rglob("*") if path.is_file() and path.name[0] != ".")
    return sorted(path for path in files if path.name not in ("manifest.json", REPORT))


def _digests(files: Any, folder: Path) -> dict[str, str]:
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
    publication = run / "publication"
    with whole(publication / "manifest.json"):
        manifest = json.loads((publication / "manifest.json").read_text(encoding="utf-8"))
        listed = {name: dict(manifest[name]) for name in PLACES}
    differences = []
    for section, digests in listed.items():
        for name, digest in digests.items():
            if how := _changed(section, name, digest, run):
                differences.append(Difference(section, name, how))
    differences += _unlisted(listed["files"], publication)
    return differences


def _changed(section: str, name: str, digest: str, run: Path) -> str:
    if section == "code":
        there = shipped("workflow", "scripts", f"{name}.py").is_file()
        now = code_digest(name, shipped()) if there else ""
    else:
        path = PLACES[section](run, name)
        there = path.is_file()
        now = file_digest(path) if there else ""
    return "is gone" if not there else "has changed" if now != digest else ""


def _unlisted(listed: Mapping[str, str], publication: Path) -> Iterator[Difference]:
    for path in published(publication):
        name = path.relative_to(publication).as_posix()
        if name not in listed:
            yield Difference("files", name, "is not in the manifest")


# Where the files of each section lie; a run's folder is results/{run} in its project.
PLACES = {
    "inputs": lambda run, name: found(name, run.resolve().parents[1]),
    "config": lambda run, name: found(name, run.resolve().parents[1]),
    "code": None,
    "lock": lambda run, name: shipped(name),
    "results": lambda run, name: run / name,
    "files": lambda run, name: run / "publication" / name,
}
