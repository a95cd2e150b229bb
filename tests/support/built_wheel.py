"""A wheel of the project, built as pip would, and unpacked far from the clone."""

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

BESIDE = ("Snakefile", "environment.yml", "data/README.md")
SOURCES = ("pyproject.toml", "setup.py", "MANIFEST.in", "README.md", "LICENSE", *BESIDE)
FOLDERS = ("config", "workflow", "paper", "src")


def build(source, kind, out):
    """Build a wheel or sdist as pip would, with what is installed here; return the file."""
    out.mkdir()
    call = f"from setuptools import build_meta; build_meta.build_{kind}({str(out)!r})"
    subprocess.run([sys.executable, "-c", call], cwd=source, check=True, capture_output=True)
    return next(out.iterdir())


def clean_source(root, folder):
    """Copy what the package is built from into a folder; return it."""
    for name in FOLDERS:
        clean = shutil.ignore_patterns("__pycache__", "*.egg-info", ".snakemake")
        shutil.copytree(root / name, folder / name, ignore=clean)
    for name in SOURCES:
        (folder / name).parent.mkdir(exist_ok=True)
        shutil.copy(root / name, folder / name)
    return folder


@dataclass(frozen=True)
class Installed:
    """An unpacked wheel, and the folder a user works in."""

    site: Path
    folder: Path

    def cisflow(self, *arguments):
        """Run the command; return the process, output as text."""
        return subprocess.run(
            [sys.executable, "-m", "cisflow", *map(str, arguments)],
            cwd=self.folder,
            env={**os.environ, "PYTHONPATH": str(self.site)},
            capture_output=True,
            text=True,
            check=False,
        )


def unpacked(wheel, folder):
    """Unpack a wheel into a folder, beside an empty one to work in."""
    shutil.unpack_archive(wheel, folder / "site", "zip")
    (folder / "work").mkdir()
    return Installed(folder / "site", folder / "work")
