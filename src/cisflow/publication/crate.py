"""A run as an RO-Crate: what it published, made of what and by which programs."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Mapping
from importlib import metadata
from pathlib import Path
from typing import Any

from cisflow import __version__
from cisflow.publication.manifest import published
from cisflow.study.digests import file_digest
from cisflow.study.marks import marks_of, stamped

EXHIBITS = "exhibits.csv"
# Packages whose versions the paper names; all are in the lock.
TOLD_PACKAGES = ("numpy", "pandas", "scipy", "statsmodels", "linearmodels", "snakemake", "typst")


def versions() -> dict[str, str]:
    """Return the versions of cisflow and of the packages that compute, by name."""
    return {"cisflow": __version__} | {name: metadata.version(name) for name in TOLD_PACKAGES}


def write_crate(
    file: Path,
    settings: Mapping[str, Any],
    sources: Mapping[str, Mapping[str, str]],
) -> None:
    """Describe a publication as an RO-Crate: its files, and the run that made them of which inputs.

    The same run has the same crate: it tells no time and no path of a machine. Its
    ``datePublished`` is for the one who deposits it to add.

    Parameters
    ----------
    file
        ``ro-crate-metadata.json``, in the folder of what is published; the files beside it are
        described, tables and figures as :data:`EXHIBITS` says.
    sources
        From :func:`cisflow.study.sources.source_digests`.
    """
    from rocrate.model.contextentity import ContextEntity
    from rocrate.rocrate import ROCrate

    crate = ROCrate()
    crate.name = settings["title"]
    marks = marks_of(settings["data"], settings.get("unconfirmed", 0))
    told = f"Run {settings['run']} of cisflow on {settings['data']} data"
    crate.description = stamped(told, marks)

    def context(key: str, kind: str, **about: Any) -> ContextEntity:
        return crate.add(ContextEntity(crate, key, properties={"@type": kind, **about}))

    captions = _captions(file.with_name(EXHIBITS))
    made = []
    for path in published(file.parent):
        if path != file:
            about = {"sha256": file_digest(path), "name": captions.get(path.stem, path.name)}
            place = path.relative_to(file.parent).as_posix()
            made.append(crate.add_file(dest_path=place, properties=about))
    used = [
        context(f"#{section}/{name}", "CreativeWork", name=name, sha256=digest)
        for section in ("inputs", "config", "lock")
        for name, digest in sources[section].items()
    ]
    software = [
        context(f"#software/{name}", "SoftwareApplication", name=name, softwareVersion=version)
        for name, version in versions().items()
    ]
    for rule, files in _by_rule(made):
        digests = [sources["code"][script] for script in SCRIPTS[rule]]
        script = context(f"#rule/{rule}", "SoftwareSourceCode", name=rule, identifier=digests)
        action = {"name": f"Rule {rule}", "instrument": [script, *software]}
        context(f"#made-by/{rule}", "CreateAction", object=used, result=files, **action)
    record = crate.metadata.generate()
    root = next(entity for entity in record["@graph"] if entity["@id"] == "./")
    del root["datePublished"]
    file.write_text(json.dumps(record, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def _captions(exhibits: Path) -> dict[str, str]:
    with exhibits.open(encoding="utf-8", newline="") as lines:
        return {row["exhibit"]: row["caption"] for row in csv.DictReader(lines)}


SCRIPTS = {
    "tables": ["tables", "formats"],
    "figures": ["figures"],
    "page": ["page", "judge"],
    "paper": ["paper", "judge"],
}
PAGE = "index.html"


def _by_rule(files: list[Any]) -> Iterator[tuple[str, list[Any]]]:
    """Yield each rule that publishes, with the files it writes."""
    for rule in SCRIPTS:
        yield rule, [file for file in files if _written_by(file.id) == rule]


def _written_by(name: str) -> str:
    if "/" in name:
        return name.split("/")[0]
    return "page" if name == PAGE else "paper"
