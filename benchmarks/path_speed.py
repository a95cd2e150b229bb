"""How long do 5,000 bootstrap draws of all effects take, and how long in R?

``python benchmarks/path_speed.py`` writes ``results/path_speed.md``. R runs ``path_speed.R`` in
between two rounds of our own timing, on the same file and with one thread each. lavaan is given
fewer draws; its time is multiplied, as the table says.
"""

from __future__ import annotations

import os

os.environ["OPENBLAS_NUM_THREADS"] = "1"  # read when numpy is imported; R inherits it

import subprocess
import time

import numpy as np
import pandas as pd
from _report import HERE, REFERENCE, machine, table, write

from cisflow.estimators.path.model import PathModel

DATA = REFERENCE / "data/cis_305.csv"
DRAWS, LAVAAN_DRAWS, REPETITIONS = 5_000, 500, 3
EQUATIONS = {
    "absorb": ["breadth", "lrd"],
    "innov": ["absorb", "breadth", "lsize"],
    "perf": ["innov", "absorb", "lsize", "breadth"],
}
TARGETS = {"lavaan": 1_000, "loop": 10}


def seconds(work, repetitions=15):
    """Median time of a call."""
    work()
    times = []
    for _ in range(repetitions):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return float(np.median(times))


def ours():
    """Seconds for the draws of every coefficient, and with the table of effects and BCa."""
    model = PathModel(EQUATIONS, pd.read_csv(DATA))
    settings = {"draws": DRAWS, "seed": 1}

    def draws():
        return model.fit("bootstrap", bootstrap=settings)

    return seconds(draws), seconds(lambda: draws().effects("breadth", "perf"))


def theirs():
    """Seconds for the same number of draws in R, by name, and R's versions."""
    numbers = map(str, (LAVAAN_DRAWS, DRAWS, REPETITIONS))
    command = ["Rscript", str(HERE / "path_speed.R"), str(DATA.resolve()), *numbers]
    printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    lines = {name: rest for name, *rest in map(str.split, printed.splitlines())}
    times = {k: float(lines[k][1]) * DRAWS / int(lines[k][0]) for k in TARGETS}
    return times, "R {}, lavaan {}".format(*lines["versions"])


def main():
    load = os.getloadavg()[0]  # other work slows all alike, if it lasts as long as the benchmark
    before = ours()
    times, versions = theirs()
    after = ours()
    estimation, everything = np.mean([before, after], axis=0)
    rows = [
        ["cisflow: draws and standard errors", f"{estimation:.4f}", "1", ""],
        [
            "cisflow: and all effects, raw and standardised, percentile and BCa intervals",
            f"{everything:.4f}",
            f"{everything / estimation:.1f}",
            "",
        ],
    ]
    names = {
        "lavaan": f'lavaan `se = "bootstrap"` ({LAVAAN_DRAWS:,} draws timed, scaled)',
        "loop": "R loop over `.lm.fit`, indirect and total effect, percentile intervals",
    }
    for key, name in names.items():
        ratio = times[key] / everything
        met = "met" if ratio >= TARGETS[key] else "**missed**"
        verdict = f"≥ {TARGETS[key]:,}: {met} ({ratio:,.0f})"
        rows.append([name, f"{times[key]:.3f}", f"{times[key] / estimation:,.0f}", verdict])
    headers = ["5,000 bootstrap draws, n = 305", "seconds", "× first row", "× second row, target"]
    write(
        "path_speed.md",
        "# Path model: time of the bootstrap",
        table(headers, rows),
        f"Three equations, nine arrows. Medians of 2 × 15 runs (R: {REPETITIONS}), one thread "
        "each, one after the other on the same machine. The second row is compared with the "
        "targets: it holds everything a user reads off; lavaan's time is without intervals. "
        f"Load of the machine at the start: {load:.1f}.",
        machine("numpy", "scipy", "pandas") + f" {versions}.",
    )


if __name__ == "__main__":
    main()
