"""``cisflow new | run``: a folder for a study, and Snakemake on it."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

from cisflow.base.paths import found, shipped, shown
from cisflow.base.problems import CisflowError, Problem

CONFIG = Path("config", "config.yaml")
YAML = (".yaml", ".yml")
# With these Snakemake only looks, and may do so while a run is at work.
LOOKS = {"-n", "--dry-run", "--dryrun", "--lint", "--summary", "--list-rules", "--list", "-l"}
# With these it is Snakemake's own words that are asked for.
SPEAKS = {
    *(
        "--logger",
        "--quiet",
        "-q",
        "--verbose",
        "--printshellcmds",
        "-p",
        "--debug-dag",
        "--report",
    ),
    *("--dag", "--rulegraph", "--filegraph", "--d3dag", "--unlock", "--touch", "-t"),
    *("--detailed-summary", "-D", "--list-untracked", "--lu", "--archive", "--version", "-v"),
}


def new_project(folder: Path) -> list[str]:
    """Write a small project that runs: Snakefile, config, place for extracts, a page on it.

    Returns
    -------
    list of str
        The files written.

    Raises
    ------
    CisflowError
        The folder holds something already, or is a file.
    """
    if folder.exists() and not (folder.is_dir() and not any(folder.iterdir())):
        what = f"{shown(folder)} is a file" if folder.is_file() else f"{shown(folder)} holds files"
        problem = Problem(what, "name a folder that does not exist yet, or an empty one")
        raise CisflowError("cisflow new", problem)
    shutil.copytree(shipped("workflow", "project"), folder, dirs_exist_ok=True)
    shutil.copy(shipped("data", "README.md"), folder / "data")
    return sorted(shown(file) for file in folder.rglob("*") if file.is_file())


def snakemake_command(words: Sequence[str]) -> list[str]:
    """Return how Snakemake is called for what follows ``cisflow run``.

    Parameters
    ----------
    words
        A config, which comes first or is called ``….yaml``, and options and targets of Snakemake.
        Where they say nothing, the folder's Snakefile is run, or else ours, with our profile. A
        profile by a name that the folder lacks is ours as well. What is shown of a run is ours too,
        unless Snakemake's own words are asked for.

    Raises
    ------
    CisflowError
        The config does not exist.
    """
    named, rest = _parted(words)
    there = found(str(named)).is_file() if named else CONFIG.is_file()
    if not there and not _says(rest, "--configfile", "--configfiles"):
        what = f"{named or CONFIG} does not exist"
        remedy = "name a config: `cisflow run CONFIG`; `cisflow new FOLDER` begins a study with one"
        raise CisflowError("cisflow run", Problem(what, remedy))
    own = any(Path(place).is_file() for place in ("Snakefile", "workflow/Snakefile"))
    said: list[str] = [] if named is None else ["--configfile", str(found(str(named)))]
    if not own and not _says(rest, "--snakefile", "-s"):
        said += ["--snakefile", str(shipped("Snakefile"))]
    if not _says(rest, *SPEAKS, *LOOKS):
        said += ["--logger", "cisflow"]
    profile = _value(rest, "--workflow-profile") or "default"
    ours = shipped("workflow", "profiles", profile)
    if ours.is_dir() and not Path("profiles", profile).is_dir():
        said += ["--workflow-profile", str(ours)]
    return [sys.executable, "-m", "snakemake", *rest, *said]


def _parted(words: Sequence[str]) -> tuple[Path | None, list[str]]:
    """Return the config among words, if one is there, and all other words."""
    if _says(words, "--configfile", "--configfiles"):
        return None, list(words)
    for i, word in enumerate(words):
        first = i == 0 and not word.startswith("-")
        if first or (word.endswith(YAML) and "=" not in word):
            return Path(word), [*words[:i], *words[i + 1 :]]
    return None, list(words)


def _value(words: Sequence[str], option: str) -> str | None:
    """Return what follows an option, as the next word or after `=`."""
    after = dict(pairwise(words)).get(option)
    return after or next((w.split("=", 1)[1] for w in words if w.startswith(f"{option}=")), None)


def _says(words: Sequence[str], *options: str) -> bool:
    return any(word.split("=")[0] in options for word in words)
