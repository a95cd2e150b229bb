"""A copy of the project in which a test may run, edit and break things."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import yaml

PARTS = (
    *("Snakefile", "profiles", "Makefile", "requirements.lock", "pyproject.toml"),
    *("environment.yml", "config", "workflow", "src", "paper"),
)
GATHERING = {"all", "publication"}  # rules that only ask for what others make


@dataclass(frozen=True)
class Project:
    """A copy of the project; its own package is the one that runs."""

    folder: Path

    def snakemake(
        self, *arguments: str, config: str = "config/config.yaml", cores: int = 2, under=()
    ):
        """Run snakemake (``under`` another command); return the process, output as text."""
        run = [*under, sys.executable, "-m", "snakemake"]
        command = [*run, "--configfile", config, "--cores", str(cores)]
        return subprocess.run(
            [*command, *arguments],
            cwd=self.folder,
            env=self._environment({}),
            capture_output=True,
            text=True,
            check=False,
        )

    def cisflow(self, *words, python=sys.executable, cwd=None, **variables: str):
        """Give the command; return the process, output as text."""
        return subprocess.run(
            [python, "-m", "cisflow", *map(str, words)],
            cwd=cwd or self.folder,
            env=self._environment(variables),
            capture_output=True,
            text=True,
            check=False,
        )

    def started(self, *words):
        """Start the command with a process group of its own; return the process."""
        return subprocess.Popen(
            [sys.executable, "-m", "cisflow", *map(str, words)],
            cwd=self.folder,
            env=self._environment({}),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def _environment(self, variables) -> dict[str, str]:
        return {**os.environ, "PYTHONPATH": str(self.folder / "src"), **variables}

    def planned(self, config: str = "config/config.yaml") -> set[str]:
        """Return the rules that a run would execute."""
        dry = self.snakemake("--dry-run", config=config)
        assert dry.returncode == 0, dry.stderr
        said = dry.stdout + dry.stderr
        if "Nothing to be done" in said:
            return set()
        counts = [line.split() for line in said.split("Job stats:")[1].splitlines()]
        # A rule that stands once for each batch of models counts as one.
        rules = {re.sub(r"_\d+$", "", c[0]) for c in counts if len(c) == 2 and c[1].isdigit()}
        return rules - GATHERING - {"total", "jobid:"}

    def edit_yaml(self, name: str, **changes) -> None:
        """Set top-level keys of a YAML file; None takes one away."""
        path = self.folder / name
        document = {**yaml.safe_load(path.read_text()), **changes}
        given = {key: value for key, value in document.items() if value is not None}
        path.write_text(yaml.safe_dump(given, sort_keys=False))

    def published(self, run: str) -> Path:
        """Return the folder of what a run publishes."""
        return self.folder / "results" / run / "publication"


def copy_project(root: Path, folder: Path) -> Project:
    """Copy what a run takes of the project into a folder."""
    for part in PARTS:
        source = root / part
        copy = shutil.copytree if source.is_dir() else shutil.copy2
        copy(source, folder / part)
    return Project(folder)
