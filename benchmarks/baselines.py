"""Do the runs that ship still publish the numbers of tests/baselines?

``python benchmarks/baselines.py check`` runs synthetic Flanders, the Nigerian survey, synthetic
Flanders over four waves and twelve synthetic countries from raw extract to verdicts, each in a
folder that is thrown away, and says what moved. ``save`` (``make baselines``) writes the numbers
anew, after a change that is meant to move them. Names behind it choose among the runs. A run has a
baseline, and more where one file would be large: ``tests/baselines/waves*.csv``, each of what the
YAML beside it keeps.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
BASELINES = ROOT / "tests" / "baselines"
RUNS = {"flanders": "config.yaml", "nigeria": "nigeria.yaml"}
RUNS |= {"waves": "waves.yaml", "europe": "europe.yaml"}
EXTRACT = Path("data", "raw", "NG", "nigeria-innovation.csv")
SHARED = ROOT.parent / "shared" / "data" / "nigeria" / EXTRACT.name


def main() -> int:
    """Run what is asked for; return whether anything moved."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("action", choices=["save", "check"])
    parser.add_argument("runs", nargs="*", metavar="RUN", help=f"of {', '.join(RUNS)}; all if none")
    options = parser.parse_args()
    if unknown := set(options.runs) - set(RUNS):
        parser.error(f"{', '.join(sorted(unknown))}: not among {', '.join(RUNS)}")
    return max(made(options.action, run) for run in options.runs or RUNS)


def made(action: str, run: str) -> int:
    """Run one config up to its verdicts, and save or check its baselines."""
    with tempfile.TemporaryDirectory() as folder:
        if run == "nigeria":
            (Path(folder) / EXTRACT).parent.mkdir(parents=True)
            ours = ROOT / EXTRACT
            shutil.copy(ours if ours.is_file() else SHARED, Path(folder) / EXTRACT)
        # To the verdicts: tables, figures and paper hold no further number.
        config = ROOT / "config" / RUNS[run]
        cisflow(folder, "run", config, f"results/{run}/claims.csv", "--quiet", "all", check=True)
        return max(baseline(folder, action, run, file) for file in baselines_of(run))


def baselines_of(run: str) -> list[Path]:
    """Return the baselines of a run: one by its name, or one per YAML that begins with it."""
    parts = sorted(file.with_suffix(".csv") for file in BASELINES.glob(f"{run}*.yaml"))
    return parts or [BASELINES / f"{run}.csv"]


def baseline(folder: str, action: str, run: str, file: Path) -> int:
    """Save or check one baseline; return the command's exit code."""
    tolerances = file.with_suffix(".yaml")
    tolerances = tolerances if tolerances.is_file() else ROOT / "config" / "baseline.yaml"
    about = ["--file", file, "--tolerances", tolerances]
    return cisflow(folder, "baseline", action, f"results/{run}", *about)


def cisflow(folder: str, *arguments: object, check: bool = False) -> int:
    """Give a command in a folder, with this project's package."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
    command = [sys.executable, "-m", "cisflow", *map(str, arguments)]
    return subprocess.run(command, cwd=folder, env=environment, check=check).returncode


if __name__ == "__main__":
    sys.exit(main())
