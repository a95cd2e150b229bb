"""Where each table and figure comes from: the exhibits of a run, and the run as an RO-Crate."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Iterator, Mapping
from importlib import metadata
from pathlib import Path
from typing import Any

from cisflow import __version__
from cisflow.publication.catalogue import TABLE, Catalogue, Item
from cisflow.publication.manifest import published
from cisflow.publication.words import stamped
from cisflow.study.digests import file_digest
from cisflow.study.marks import marks_of

EXHIBITS = "exhibits.csv"
# Packages whose versions the paper names; all are in the lock.
TOLD_PACKAGES = ("numpy", "pandas", "scipy", "statsmodels", "linearmodels", "snakemake", "typst")


def exhibits(items: Iterable[Item]) -> list[dict[str, str]]:
    """Return a row per table and figure: which rule and script set it, of which models.

    Returns
    -------
    list of dict
        ``exhibit`` (its name), ``kind``, ``caption``, ``country``, ``wave``; ``rule`` and
        ``script`` that write the files, ``function`` that makes it; ``models`` it tells of and the
        ``estimates`` they are read from, below the run's folder.
    """
    return [
        {
            "exhibit": item.name,
            "kind": item.kind,
            "caption": item.caption,
            "country": item.country,
            "wave": item.wave,
            "rule": _rule(item),
            "script": f"workflow/scripts/{_rule(item)}.py",
            "function": _function(item),
            "models": " ".join(item.models),
            "estimates": " ".join(
                f"estimates/{item.country or '{country}'}/{model}.csv" for model in item.models
            ),
        }
        for item in items
    ]


def _rule(item: Item) -> str:
    return "tables" if item.kind == TABLE else "figures"


def _function(item: Item) -> str:
    function = getattr(item.make, "func", item.make)
    return f"{function.__module__}.{function.__qualname__}"


def write_exhibits(items: Iterable[Item], file: Path | str, stamp: str) -> None:
    """Write :func:`exhibits` as CSV; a last column says what kind of data they rest on."""
    rows = [{**row, "data": stamp} for row in exhibits(items)]
    with Path(file).open("w", encoding="utf-8", newline="") as out:
        writer = csv.DictWriter(out, rows[0], lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def versions() -> dict[str, str]:
    """Return the versions of cisflow and of the packages that compute, by name."""
    return {"cisflow": __version__} | {name: metadata.version(name) for name in TOLD_PACKAGES}


def write_crate(
    file: Path,
    settings: Mapping[str, Any],
    items: Catalogue,
    sources: Mapping[str, Mapping[str, str]],
) -> None:
    """Describe a publication as an RO-Crate: its files, and the run that made them of which inputs.

    The same run has the same crate: it tells no time and no path of a machine. Its
    ``datePublished`` is for the one who deposits it to add.

    Parameters
    ----------
    file
        ``ro-crate-metadata.json``, in the folder of what is published; the files beside it are
        described.
    items
        The catalogue of the run.
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
    captions = {item.name: item.caption for item in items.items}

    def context(key: str, kind: str, **about: Any) -> ContextEntity:
        return crate.add(ContextEntity(crate, key, properties={"@type": kind, **about}))

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


SCRIPTS = {
    "tables": ["tables"],
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
