"""What a run rests on, file by file, under names that are the same on every machine."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from cisflow.base.documents import read_yaml
from cisflow.base.paths import files_of, found, named, shipped
from cisflow.study.digests import code_digest, file_digest, remembered_digests
from cisflow.study.languages import language_files
from cisflow.study.run import Run

LOCK = "environment.yml"
PAPER = tuple(
    f"paper/{name}"
    for name in ("paper.typ", "supplement.typ", "common.typ", "references.bib", "figure1.yaml")
)
PAGE = ("paper/page/page.html", "paper/page/page.css", "paper/page/page.js")
Files = dict[str, Path]


def input_files(run: Run) -> Files:
    """Return the files of data a run reads: extracts, prices, official rates, tables, exports."""
    files = [file for _, _, source in run.sources() for file in files_of(source.file)]
    for country, about in run.at_hand.items():
        deflator = run.deflator(country)
        beside = (deflator and deflator.file, about.official_rates)
        files += [Path(file) for file in beside if file]
    files += [Path(model.printed.file) for model in run.models.values() if model.printed]
    files += [Path(file) for export in run.exports for file in export.files]
    return _by_name(files)


def config_files(run: Run, configs: Iterable[str]) -> Files:
    """Return the documents a run follows: config, models, claims, codebooks, truth, paper, page."""
    settings = run.settings
    names = [*configs, settings.models_file, settings.claims_file, "config/nace.yaml"]
    names += [*PAPER, *PAGE]
    files = [found(name, run.root) for name in names]
    for country, wave, _ in run.sources():
        files += map(Path, run.codebook_files(country, wave))
    files += language_files(settings.language, run.root)
    return _by_name([*files, *_truths(settings.simulate, run.root)])


def source_digests(run: Run, configs: Iterable[str], memory: Path) -> dict[str, dict[str, str]]:
    """Return the digests of all a run rests on, for its manifest.

    Parameters
    ----------
    memory
        As for :func:`cisflow.study.digests.remembered_digests`.

    Returns
    -------
    dict
        ``inputs`` and ``config``: SHA-256 by file; ``code``: a digest per script, with all modules
        it uses; ``lock``: SHA-256 of the list of packages.
    """
    inputs, config = input_files(run), config_files(run, configs)
    known = remembered_digests(inputs.values(), memory)
    scripts = sorted(path.stem for path in shipped("workflow", "scripts").glob("*.py"))
    return {
        "inputs": {name: known[str(path)] for name, path in inputs.items()},
        "config": {name: file_digest(path) for name, path in config.items()},
        "code": {name: code_digest(name, shipped()) for name in scripts},
        "lock": {LOCK: file_digest(shipped(LOCK))},
    }


def elsewhere(run: Run, configs: Iterable[str]) -> dict[str, str]:
    """Return the path of each file whose name does not tell where it lies, as the user wrote it."""
    files: Mapping[str, Path] = {**input_files(run), **config_files(run, configs)}
    return {name: str(path) for name, path in files.items() if not _told(name, path, run.root)}


def _told(name: str, path: Path, root: Path) -> bool:
    """Return whether a name leads to its file, be it that the run itself has yet to make it."""
    return path.resolve() in (Path(name).resolve(), found(name, root).resolve())


def _by_name(files: Iterable[Path]) -> Files:
    """Return files by name; of two that are called alike the later one has its folder's name."""
    by_name: Files = {}
    for file in dict.fromkeys(files):
        name, parents = named(file), iter(file.parents)
        while name in by_name and by_name[name] != file:
            name = f"{next(parents).name}/{name}"
        by_name[name] = file
    return dict(sorted(by_name.items()))


def _truths(name: str | None, root: Path) -> Iterator[Path]:
    """Yield a file of true coefficients and those it builds on."""
    while name:
        yield found(name, root)
        document: dict[str, Any] = read_yaml(found(name, root))
        name = document.get("extends")
