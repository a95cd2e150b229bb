"""Time the Tobit against R, both sides by turns in one run.

    python benchmarks/tobit_speed.py            # all; some ten minutes
    python benchmarks/tobit_speed.py --quick    # 221 and 5,000 firms, no bootstrap

Writes results/tobit_speed.md and results/tobit_speed.svg beside this file.
"""

from __future__ import annotations

import argparse
import gc
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

HERE = Path(__file__).parent
MODEL = "y ~ d1 + d2 + d3 + d4 + d5 + d6 + d7 + size + intensity + export + educated + C(industry)"
CLASSICAL = {221: 5, 305: 5, 5_000: 10, 50_000: 30, 500_000: 60}
ROUNDS = {221: 7, 305: 7, 5_000: 11, 50_000: 7, 500_000: 5}
DRAWS = 1_000
# Fits of a small sample behind one time: each takes milliseconds, and a processor that waited for
# the other side is slow for a tenth of a second.
IN_A_ROW = 200


def firms(n: int, levels: int = 20, seed: int = 2024) -> pd.DataFrame:
    """Draw firms: 45 % of shares at 0 and 3 % at 1, industries, 11 regressors, 25 clusters."""
    rng = np.random.default_rng([seed, n, levels])
    table: dict[str, np.ndarray] = {}
    for j in range(7):
        table[f"d{j + 1}"] = (rng.random(n) < 0.15 + 0.05 * j).astype(int)
    table["size"] = rng.normal(4, 1.3, n).round(6)
    table["intensity"] = np.abs(rng.normal(0.8, 1, n)).round(6)
    table["export"] = (rng.random(n) < 0.6).astype(int)
    table["educated"] = (60 * rng.random(n)).round(1)
    industry, cluster = rng.integers(1, levels + 1, n), rng.integers(1, 26, n)
    beta = np.r_[np.linspace(0.02, 0.14, 7), 0.03, 0.09, 0.09, 0.003]
    latent = np.column_stack(list(table.values())) @ beta
    latent += rng.normal(0, 0.08, levels + 1)[industry] + rng.normal(0, 0.05, 26)[cluster]
    latent += rng.normal(0, 0.36, n)
    lower, upper = np.quantile(latent, [0.45, 0.97])
    y = np.clip((latent - lower) / (upper - lower), 0, 1).round(9)
    return pd.DataFrame({"y": y, **table, "industry": industry, "cluster": cluster})


# -- our side --------------------------------------------------------------------------------


def classical(table: pd.DataFrame) -> object:
    from cisflow.estimators import Tobit

    return Tobit.from_formula(MODEL, table, 0, 1).fit().cov_params()


def clustered(table: pd.DataFrame) -> object:
    from cisflow.estimators import Tobit

    fit = Tobit.from_formula(MODEL, table, 0, 1).fit(
        "cluster", {"groups": "cluster", "correction": "CR1"}
    )
    return fit.cov_params()


def bootstrap(table: pd.DataFrame) -> object:
    from cisflow.estimators import Tobit

    return Tobit.from_formula(MODEL, table, 0, 1).fit().bootstrap(DRAWS, seed=1)


def whole_process(file: str) -> None:
    from cisflow.estimators import Tobit

    fit = Tobit.from_formula(MODEL, pd.read_csv(file), 0, 1)
    results = fit.fit("cluster", {"groups": "cluster", "correction": "CR1"})
    columns = [results.params, results.bse, results.tvalues, results.pvalues]
    print(pd.concat(columns, axis=1).to_string())


def peak_memory(n: int, levels: int) -> None:
    """Print the peak memory of this process in bytes after a fit of ``n`` firms."""
    import resource

    table = firms(n, levels)
    fit = classical(table)
    assert np.isfinite(fit).all(axis=None)
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024)


OURS: dict[str, Callable[[pd.DataFrame], object]] = {
    "classical": classical,
    "clustered": clustered,
    "boot": bootstrap,
    "loop": bootstrap,
}


def seconds(task: Callable[[], object], times: int) -> float:
    gc.collect()
    start = time.perf_counter()
    for _ in range(times):
        task()
    return (time.perf_counter() - start) / times


# -- R's side --------------------------------------------------------------------------------


class R:
    """An R process that does what it is told and says how long it took."""

    def __init__(self) -> None:
        self.process = subprocess.Popen(
            ["Rscript", str(HERE / "tobit_speed.R")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def ask(self, order: str) -> str:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(order + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        if not answer:
            raise SystemExit(f"R stopped at: {order.split()[0]}")
        return answer.strip()

    def close(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait()


# -- the comparison --------------------------------------------------------------------------


@dataclass
class Row:
    task: str
    n: int
    theirs: float | None
    ours: float
    target: float | None

    @property
    def ratio(self) -> float | None:
        return None if self.theirs is None else self.theirs / self.ours

    def cells(self) -> list[str]:
        ratio = "" if self.ratio is None else f"{self.ratio:.1f}"
        target = "" if self.target is None else f"{self.target:g}"
        met = ""
        if self.ratio is not None and self.target is not None:
            met = "yes" if self.ratio >= self.target else "no"
        theirs = "" if self.theirs is None else readable(self.theirs)
        return [self.task, f"{self.n:,}", theirs, readable(self.ours), ratio, target, met]


def readable(value: float) -> str:
    return f"{value * 1e3:.3g} ms" if value < 1 else f"{value:.3g} s"


def by_turns(key: str, table: pd.DataFrame, r: R | None, rounds: int) -> tuple[float | None, float]:
    """Seconds of R and of ours, the quickest of their rounds."""
    n = len(table)
    inner = IN_A_ROW if n < 1_000 and key in ("classical", "clustered") else 1
    OURS[key](table)  # imports are timed in the whole process
    theirs, ours = [], []
    for _ in range(rounds):
        ours.append(seconds(lambda: OURS[key](table), inner))
        if r is not None:
            theirs.append(float(r.ask(f"{key} {inner}")))
    return min(theirs, default=None), min(ours)


def processes(file: str, r: R | None) -> tuple[float | None, float]:
    """Seconds of a whole process, from start to printed table, the quickest of its rounds."""
    theirs, ours = [], []
    quiet = {"stdout": subprocess.DEVNULL, "check": True}
    mine = [sys.executable, __file__, "--process", file]
    other = ["Rscript", str(HERE / "tobit_speed.R"), "process", file]
    for _ in range(7):
        ours.append(seconds(lambda: subprocess.run(mine, **quiet), 1))
        if r is not None:
            theirs.append(seconds(lambda: subprocess.run(other, **quiet), 1))
    return min(theirs, default=None), min(ours)


def compare(sizes: list[int], r: R | None, resampling: bool) -> list[Row]:
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for n in sizes:
            table, file = firms(n), str(Path(folder) / "firms.csv")
            table.to_csv(file, index=False)
            if r is not None:
                r.ask(f"load {file}")
            for key, target in (("classical", CLASSICAL[n]), ("clustered", 10)):
                found = by_turns(key, table, r, ROUNDS[n])
                rows.append(Row(f"table to {key} covariance", n, *found, target))
                show(rows[-1])
            if n in (221, 5_000):
                rows.append(Row("whole process", n, *processes(file, r), 1.5))
                show(rows[-1])
            if resampling and n in (221, 5_000):
                for key, words, target in (
                    ("boot", "1,000 bootstrap fits; boot on 2 cores", 40),
                    ("loop", "1,000 bootstrap fits; survreg.fit, warm start, 1 core", 12),
                ):
                    found = by_turns(key, table, r, 5 if n == 221 else 1)
                    rows.append(Row(words, n, *found, target))
                    show(rows[-1])
    return rows


def show(row: Row) -> None:
    print(" | ".join(row.cells()), flush=True)


def memory() -> list[str]:
    """Peak memory of large fits, table included, each in a process of its own."""
    lines = []
    for n, levels, limit in ((500_000, 20, 1.5), (500_000, 1_000, 2.0)):
        run = [sys.executable, __file__, "--memory", str(n), str(levels)]
        out = subprocess.run(run, capture_output=True, text=True, check=True).stdout
        used = int(out.split()[-1]) / 1e9
        met = "yes" if used < limit else "no"
        lines.append(f"| {n:,} | {levels:,} | {used:.2f} GB | {limit:g} GB | {met} |")
    return lines


def machine(r: R | None) -> str:
    import scipy

    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    pages = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    ours = (
        f"Python {platform.python_version()}, numpy {np.__version__}, pandas {pd.__version__}, "
        f"scipy {scipy.__version__}"
    )
    other = "" if r is None else f"; {r.ask('versions')}"
    load = f"load {os.getloadavg()[0]:.1f} at the start; " if hasattr(os, "getloadavg") else ""
    return f"{cores} cores, {pages:.0f} GB of memory, {load}{ours}{other}."


def table_text(rows: list[Row], lines: list[str], size: str) -> str:
    head = ["task", "n", "R", "cisflow", "ratio", "target", "met"]
    text = [
        "# Speed of the Tobit",
        "",
        "Seconds of R (`AER::tobit`, `sandwich::vcovCL`, `boot`) and of cisflow, by turns in one",
        "run; of both the quickest round, because other work on a machine only adds to a time.",
        "20 industries, 11 further regressors, 45 % of outcomes at the lower limit and 3 % at the",
        f"upper one. {size}",
        "",
        "| " + " | ".join(head) + " |",
        "|" + " --- |" * len(head),
        *("| " + " | ".join(row.cells()) + " |" for row in rows),
        "",
        "A whole process starts the interpreter, reads a CSV file, fits, and prints coefficients",
        "with clustered standard errors. Made by `benchmarks/tobit_speed.py`.",
    ]
    if lines:
        text += ["", "| n | categories | peak memory | limit | met |", "|" + " --- |" * 5, *lines]
    return "\n".join(text) + "\n"


def plot(rows: list[Row], file: Path) -> None:
    import matplotlib as mpl

    mpl.use("svg")
    import matplotlib.pyplot as plt

    mpl.rcParams["svg.hashsalt"] = "tobit_speed"
    mpl.rcParams["svg.fonttype"] = "none"
    figure, axes = plt.subplots(figsize=(6, 4))
    for key, style in (("classical", "-"), ("clustered", "--")):
        chosen = [row for row in rows if row.task == f"table to {key} covariance"]
        n = [row.n for row in chosen]
        if all(row.theirs is not None for row in chosen):
            axes.plot(
                n, [row.theirs for row in chosen], style, c="0.5", marker="s", label=f"R, {key}"
            )
        axes.plot(
            n, [row.ours for row in chosen], style, c="C0", marker="o", label=f"cisflow, {key}"
        )
    axes.set(xscale="log", yscale="log", xlabel="firms", ylabel="seconds")
    axes.legend(frameon=False)
    figure.tight_layout()
    figure.savefig(file, metadata={"Date": None, "Creator": None})


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="221 and 5,000 firms, no bootstrap")
    parser.add_argument("--process", metavar="FILE", help=argparse.SUPPRESS)
    parser.add_argument("--memory", nargs=2, type=int, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.process:
        return whole_process(given.process)
    if given.memory:
        return peak_memory(*given.memory)
    r = R() if shutil.which("Rscript") else None
    if r is None:
        print("R is not installed: only our side is timed.")
    size = machine(r)
    rows = compare([221, 5_000] if given.quick else list(CLASSICAL), r, not given.quick)
    lines = [] if given.quick else memory()
    if r is not None:
        r.close()
    text = table_text(rows, lines, size)
    print(text)
    if not given.quick:
        results = HERE / "results"
        results.mkdir(exist_ok=True)
        (results / "tobit_speed.md").write_text(text, encoding="utf-8")
        plot(rows, results / "tobit_speed.svg")
    return None


if __name__ == "__main__":
    main()
