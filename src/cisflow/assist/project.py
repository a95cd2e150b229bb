"""``cisflow new | run``: a folder for a study, and Snakemake on it."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

from cisflow.base.documents import read_yaml
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


def config_of(name: Path | str) -> Path:
    """Return a config by its path or name, for a command in the folder its paths begin at.

    Raises
    ------
    CisflowError
        Its extracts are not found from the working folder, but from one above the config.
    """
    config = found(str(name))
    files = _extracts(config) if config.is_file() else []
    home = next((f for f in (Path(), *config.resolve().parents) if _has(f, files)), Path())
    if home != Path() and home != Path.cwd():
        what = f"its paths begin at {home.as_posix()}, and the command was called elsewhere"
        remedy = f"go there first: `cd {home.as_posix()}`"
        raise CisflowError(shown(config), Problem(what, remedy))
    return config


def _extracts(config: Path) -> list[Path]:
    """Return the files of extracts that a config names, as it writes them."""
    waves = [w for c in _values(read_yaml(config).get("countries")) for w in _values(_waves(c))]
    named = [wave["file"] for wave in waves if isinstance(wave, dict) and wave.get("file")]
    return [Path(str(f)) for one in named for f in (one if isinstance(one, list) else [one])]


def _waves(country: Any) -> Any:
    return country.get("waves") if isinstance(country, dict) else None


def _values(listed: Any) -> list[Any]:
    """Return what a map holds; nothing of what is none, as a config may be written wrongly."""
    return list(listed.values()) if isinstance(listed, dict) else []


def _has(folder: Path, files: Sequence[Path]) -> bool:
    return bool(files) and all((folder / file).exists() for file in files)


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
