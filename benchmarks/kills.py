"""Does a run that is killed at any moment end in the same bytes, once `make` is given again?

``python benchmarks/kills.py`` makes a small run of synthetic Flanders in a clone of the commit at
hand, then kills it twenty times: each time from nothing, the whole process group, by SIGKILL, at a
moment drawn from the length of the run. A plain ``make`` follows, whose published files are held
against those of the run that nobody killed. It writes ``results/kills.md``.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[1]
RESULTS = ROOT / "benchmarks" / "results"
CONFIG = "kills.yaml"
WAVE = "CIS4"
MODELS = ["faems2005", "absorptive_capacity"]
DRAWS = {"draws": 100, "test_draws": 19}
MADE = ("results", "data/raw/synthetic", ".snakemake")


@dataclass(frozen=True)
class Kill:
    """One kill, and what the next `make` made of it."""

    after: float
    files: int
    survivors: int
    status: int
    seconds: float
    differing: list[str]


def main() -> int:
    """Kill and resume; return whether any run ended otherwise than the whole one."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=10)
    parser.add_argument("--clone", type=Path, help="a clone that is installed; else a new one")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        clone = options.clone or cloned(Path(folder) / "clone")
        configure(clone)
        whole, length = undisturbed(clone)
        draw = random.Random(options.seed)
        kills = []
        for _ in range(options.kills):
            kills.append(killed(clone, draw.uniform(0.02, 0.98) * length, whole))
            print(kills[-1], flush=True)
    (RESULTS / "kills.md").write_text(report(kills, whole, length), encoding="utf-8")
    return any(kill.status or kill.differing for kill in kills)


def cloned(clone: Path) -> Path:
    """Return a clone of this commit, installed by what `make` does first."""
    subprocess.run(["git", "clone", "--quiet", ROOT, clone], check=True)
    subprocess.run(["make", "CONFIG=none"], cwd=clone, check=False, capture_output=True)
    return clone


def configure(clone: Path) -> None:
    """Write a small run of the default data."""
    document = yaml.safe_load((clone / "config" / "config.yaml").read_text(encoding="utf-8"))
    document |= {"run": "kills", "models": MODELS, "bootstrap": DRAWS}
    (country,) = document["countries"].values()
    country["waves"] = {WAVE: country["waves"][WAVE]}
    del country["accounts"]
    (clone / CONFIG).write_text(yaml.safe_dump(document, sort_keys=False), encoding="utf-8")


def undisturbed(clone: Path) -> tuple[dict[str, str], float]:
    """Return what a run publishes that nobody kills, and the seconds it takes."""
    clean(clone)
    began = time.monotonic()
    if status := ended(clone):
        sys.exit(f"the run ended with {status} though nobody killed it: {clone}.log")
    return published(clone), time.monotonic() - began


def clean(clone: Path) -> None:
    """Take away all that runs make."""
    for name in MADE:
        shutil.rmtree(clone / name, ignore_errors=True)


def make(clone: Path) -> subprocess.Popen[bytes]:
    """Start `make` with a process group of its own; its words are kept beside the clone."""
    with clone.with_suffix(".log").open("wb") as said:
        return subprocess.Popen(
            ["make", f"CONFIG={CONFIG}"],
            cwd=clone,
            stdout=said,
            stderr=said,
            start_new_session=True,
        )


def ended(clone: Path) -> int:
    """Give `make`, wait, and return its status."""
    return make(clone).wait(timeout=1800)


def killed(clone: Path, moment: float, whole: dict[str, str]) -> Kill:
    """Start from nothing, kill after some seconds, resume, compare."""
    clean(clone)
    run = make(clone)
    time.sleep(moment)
    os.killpg(run.pid, signal.SIGKILL)
    run.wait()
    files = sum(1 for path in (clone / "results").rglob("*") if path.is_file())
    survivors = len(at_work(clone))
    began = time.monotonic()
    status = ended(clone)
    here = published(clone)
    differing = sorted(n for n in {*here, *whole} if here.get(n) != whole.get(n))
    return Kill(moment, files, survivors, status, time.monotonic() - began, differing)


def at_work(clone: Path) -> list[str]:
    """Return processes whose working folder is the clone."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if Path(os.readlink(process / "cwd")).is_relative_to(clone):
                found.append(process.name)
        except OSError:  # it has ended, or is not ours to look into
            continue
    return found


def published(clone: Path) -> dict[str, str]:
    """Return the SHA-256 of every published file but the report, which tells times."""
    folder = clone / "results" / "kills" / "publication"
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != "report.html"
    }


def report(kills: list[Kill], whole: dict[str, str], length: float) -> str:
    """Return the table of all kills."""
    right = sum(not kill.status and not kill.differing for kill in kills)
    lines = [
        f"# {len(kills)} kills at random moments, {right} ended in the same bytes",
        "",
        f"Synthetic Flanders, {WAVE} with {len(MODELS)} models and {DRAWS['draws']} draws. "
        f"Whole, it takes {length:.0f} s and publishes {len(whole)} files beside the report. Each "
        "time SIGKILL to the process group of `make`, then a plain `make`.",
        "",
        "| killed after (s) | files there | processes left | status of the next `make` | it took "
        "(s) | files that differ |",
        "|---|---|---|---|---|---|",
    ]
    lines += [
        f"| {k.after:.1f} | {k.files} | {k.survivors} | {k.status} | "
        f"{k.seconds:.0f} | {len(k.differing)} |"
        for k in kills
    ]
    return "\n".join([*lines, ""])


if __name__ == "__main__":
    sys.exit(main())
