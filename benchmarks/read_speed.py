"""Time the reading of extracts against R's haven, both sides by turns in one run.

    python benchmarks/read_speed.py            # all; some ten minutes and 2 GB of disk
    python benchmarks/read_speed.py --quick    # a tenth of the rows; writes nothing

Writes results/read_speed.md beside this file. Reading means: from the file to a table of 25 columns
of text in pandas, reasons of missing values counted, on our side; to a tibble on haven's.
"""

from __future__ import annotations

import argparse
import gc
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import numpy as np
import pandas as pd
from _report import HERE, machine, peak_memory, table, write

ROUNDS = 7
CODES, AMOUNTS = 118, 30
COLUMNS = ["ID", "NACE", *(f"V{j}" for j in range(15)), *(f"A{j}" for j in range(8))]
COUNTRIES = 20
LIMIT = 2.0  # GB
SAV, ZSAV, DTA = "rows compressed (.sav)", "compressed (.zsav)", "Stata 119 (.dta)"
PLAIN = "not compressed (.sav)"


def firms(n: int) -> pd.DataFrame:
    """Draw an extract: identifier, activity, 118 codes of 0 and 1 and 30 amounts, with blanks."""
    rng = np.random.default_rng([2024, n])
    columns: dict[str, object] = {
        "ID": [f"{i:08d}" for i in range(n)],
        "NACE": rng.choice(["15.1", "24", "29.3", "72"], n),
    }
    for j in range(CODES):
        columns[f"V{j}"] = np.where(rng.random(n) < 0.3, np.nan, rng.integers(0, 2, n))
    for j in range(AMOUNTS):
        columns[f"A{j}"] = np.where(rng.random(n) < 0.2, np.nan, rng.lognormal(8, 2, n).round(2))
    return pd.DataFrame(columns)


def write_extracts(folder: Path, n: int) -> dict[str, Path]:
    """Write the extract as SPSS and as Stata do."""
    import pyreadstat

    frame = firms(n)
    files = {
        SAV: folder / "packed.sav",
        PLAIN: folder / "plain.sav",
        ZSAV: folder / "packed.zsav",
        DTA: folder / "firms.dta",
    }
    pyreadstat.write_sav(frame, str(files[SAV]), row_compress=True)
    pyreadstat.write_sav(frame, str(files[PLAIN]))
    pyreadstat.write_sav(frame, str(files[ZSAV]), compress=True)
    pyreadstat.write_dta(frame, str(files[DTA]))
    (folder / "columns.txt").write_text("\n".join(COLUMNS) + "\n")
    return files


def write_pooled(file: Path, n: int) -> None:
    """Write a pooled text of ``n`` rows and 150 columns: 20 countries, one after another."""
    block = firms(10_000).drop(columns="ID")
    lines = block.to_csv(index=False, header=False).splitlines()
    with file.open("w", encoding="utf-8") as out:
        out.write(",".join(["ID", *block.columns[:-1], "COUNTRY"]) + "\n")
        for i in range(n):
            cells = lines[i % len(lines)].rsplit(",", 1)[0]
            out.write(f"{i:08d},{cells},C{i * COUNTRIES // n:02d}\n")


def ours(file: str | Path) -> int:
    from cisflow.raw.extract import open_extract

    return len(open_extract(file).read(COLUMNS).table)


def read_pooled(file: str, country: str) -> None:
    """Print rows, seconds and the peak memory in bytes of a process that reads a pooled text."""
    from cisflow.raw.extract import open_extract

    start = time.perf_counter()
    rows = {"COUNTRY": [country]} if country != "all" else None
    read = open_extract(file).read([*COLUMNS, "COUNTRY"], rows)
    taken = time.perf_counter() - start
    print(len(read.table), taken, peak_memory())


def seconds(task: Callable[[], object]) -> float:
    gc.collect()
    start = time.perf_counter()
    task()
    return time.perf_counter() - start


class R:
    """An R process that does what it is told and says how long it took."""

    def __init__(self) -> None:
        self.process = subprocess.Popen(
            ["Rscript", str(HERE / "read_speed.R")],
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
            raise SystemExit(f"R stopped at: {order}")
        return answer.strip()

    def close(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait()


def compare(files: dict[str, Path], r: R | None) -> list[list[str]]:
    """Return a row per file: medians of haven whole, haven with col_select and ours."""
    rows = []
    for name, file in files.items():
        ours(file)
        times: dict[str, list[float]] = {"whole": [], "some": [], "ours": []}
        for _ in range(ROUNDS):
            times["ours"].append(seconds(lambda file=file: ours(file)))
            if r is not None:
                for task in ("whole", "some"):
                    times[task].append(float(r.ask(f"{task} {file}")))
        mine = median(times["ours"])
        cells = [name, "", "", f"{mine:.2f} s", "", ""]
        if r is not None:
            whole, some = median(times["whole"]), median(times["some"])
            some_met = "" if file.suffix == ".dta" else _met(some / mine, 1)
            cells = [
                name,
                f"{whole:.2f} s",
                f"{some:.2f} s",
                f"{mine:.2f} s",
                f"{whole / mine:.1f} ({_met(whole / mine, 5)})",
                f"{some / mine:.1f}" + (f" ({some_met})" if some_met else ""),
            ]
        rows.append(cells)
        print(" | ".join(cells), flush=True)
    return rows


def _met(ratio: float, target: float) -> str:
    return f"target {target:g}: {'met' if ratio >= target else 'missed'}"


def memory(file: Path) -> list[list[str]]:
    """Return a row per reading of a pooled text, each in a process of its own."""
    rows = []
    for country, name in (("all", "25 of 150 columns, all rows"), ("C07", "one of 20 countries")):
        run = [sys.executable, __file__, "--memory", str(file), country]
        out = subprocess.run(run, capture_output=True, text=True, check=True).stdout.split()
        used = int(out[2]) / 1e9
        met = "yes" if used < LIMIT else "no"
        rows.append([name, f"{int(out[0]):,}", f"{float(out[1]):.1f} s", f"{used:.2f} GB", met])
        print(" | ".join(rows[-1]), flush=True)
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="a tenth of the rows")
    parser.add_argument("--memory", nargs=2, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.memory:
        return read_pooled(*given.memory)
    r = R() if shutil.which("Rscript") else None
    if r is None:
        print("R is not installed: only our side is timed.")
    versions = machine("pandas", "pyarrow", "pyreadstat")
    versions += "" if r is None else f" {r.ask('versions')}."
    n, pooled = (10_000, 200_000) if given.quick else (100_000, 2_000_000)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        timed = compare(write_extracts(folder, n), r)
        write_pooled(folder / "pooled.csv", pooled)
        size = (folder / "pooled.csv").stat().st_size / 1e9
        used = memory(folder / "pooled.csv")
    if r is not None:
        r.close()
    blocks = [
        "# Speed of reading",
        f"Median seconds of {ROUNDS} rounds by turns: 25 of 150 columns of {n:,} firms, and haven "
        f"also all of them. {versions}",
        table(
            ["file", "haven, whole", "haven, `col_select`", "cisflow", "whole ÷ ours",
             "`col_select` ÷ ours"],
            timed,
        ),
        f"A pooled text of {pooled:,} rows and 150 columns ({size:.1f} GB), read in a process of "
        f"its own; peak memory, the interpreter included, is to stay under {LIMIT:g} GB.",
        table(["read", "rows kept", "time", "peak memory", "met"], used),
        "Made by `benchmarks/read_speed.py`.",
    ]  # fmt: skip
    if given.quick:
        print("\n\n".join(blocks))
    else:
        write("read_speed.md", *blocks)
    return None


if __name__ == "__main__":
    main()
