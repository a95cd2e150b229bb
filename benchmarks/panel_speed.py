"""Time and memory from raw extracts to panels: 12 countries, 6 waves, 150 columns, ever more firms.

    python benchmarks/panel_speed.py           # up to 10,000 firms; half an hour, 1 GB of disk
    python benchmarks/panel_speed.py --quick   # a tenth of the firms; writes nothing

Writes results/panel_speed.md beside this file. The extracts are those of config/europe.yaml, in its
formats, simulated with more firms and filled up with columns nobody asks for. They are read and
linked one after the other, in a process of its own for each size. Time is that of the processor, so
that other work on the machine counts little.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from _report import HERE, machine, peak_memory, table, write
from read_speed import firms

from cisflow.base.documents import read_yaml
from cisflow.study.codebook import Codebook
from cisflow.study.codebook_files import load_codebook
from cisflow.study.run import Run, load_run

ROOT = HERE.parent
FIRMS = [2_500, 5_000, 10_000]
COLUMNS = 150
# Time and memory are proportional to rows^growth; 1 is linear, the rest is noise of measurement.
MOST_GROWTH = 1.1


def europe() -> Run:
    """Check the run of twelve countries as the pipeline does."""
    file = ROOT / "config/europe.yaml"
    return load_run(read_yaml(file), ROOT, file=file.name)


def books(run: Run, country: str) -> dict[str, Codebook]:
    """Load the codebook of every wave."""
    names = {wave: run.source(country, wave).codebook for wave in run.waves(country)}
    return {wave: load_codebook(name, run.codebook_folders) for wave, name in names.items()}


def extract(run: Run, country: str, wave: str, folder: Path) -> Path:
    return folder / country / Path(run.source(country, wave).file).name


def scaled(truth: dict, n: int) -> dict:
    """Return a truth whose waves have ``n`` firms, half of them firms of the wave before."""
    sizes = {"both_waves": n // 2, "accounts_only": 0}
    for wave, groups in truth["sizes"].items():
        if isinstance(groups, dict):
            edges = np.cumsum([0, *groups.values()]) * n / sum(groups.values())
            sizes[wave] = dict(
                zip(groups, np.diff(edges.round()).astype(int).tolist(), strict=True)
            )
    return {**truth, "sizes": sizes}


def write_extracts(run: Run, country: str, n: int, folder: Path) -> None:
    """Write a country's extracts with ``n`` firms a wave and 150 columns."""
    from cisflow.simulate.extracts import draw_waves, truth_of
    from cisflow.simulate.files import encode, write_extract
    from cisflow.simulate.survey import answers, classified, name_firms

    truth, codebooks = scaled(truth_of(run.truth, country, ROOT), n), books(run, country)
    rng = np.random.default_rng([run.settings.seed, *country.encode()])
    variables = {wave: codebook.variables for wave, codebook in codebooks.items()}
    waves = draw_waves(truth, variables, rng)
    name_firms(truth, waves, country, rng)
    padding = firms(n)
    for wave, drawn in waves.items():
        codebook = codebooks[wave]
        given = classified(truth, answers(truth, drawn, variables[wave], rng), codebook)
        whole = encode(drawn, given, codebook, country, rng)
        for column in padding.columns[len(whole.columns) - COLUMNS :]:
            whole.add(column, padding[column], "A question nobody needs")
        write_extract(whole, extract(run, country, wave, folder), codebook.file.options)


def measure(folder: Path) -> dict[str, float]:
    """Read all extracts and build all panels; return rows, seconds and peak memory in bytes."""
    from cisflow.panel.build import build_panel
    from cisflow.survey.ingest import ingest_wave

    run = europe()
    industries = read_yaml(ROOT / "config/nace.yaml")

    def wave_of(country: str, wave: str, codebook: Codebook):
        return ingest_wave(extract(run, country, wave, folder), codebook, country, wave)[0]

    first = next(iter(run.countries))
    wave_of(first, *next(iter(books(run, first).items())))  # loads the libraries
    rows, reading, both = 0, 0.0, 0.0
    for country in run.countries:
        codebooks = books(run, country)
        start = time.process_time()
        waves = [wave_of(country, wave, codebook) for wave, codebook in codebooks.items()]
        read = time.process_time()
        panel = build_panel(waves, None, run.settings.lag, industries)
        both += time.process_time() - start
        reading += read - start
        rows += len(panel)
    return {"rows": rows, "reading": reading, "time": both, "memory": peak_memory()}


def measured(run: Run, n: int) -> dict[str, float]:
    """Write extracts of ``n`` firms and measure a process that reads them."""
    with tempfile.TemporaryDirectory() as name:
        for country in run.countries:
            write_extracts(run, country, n, Path(name))
        command = [sys.executable, __file__, "--measure", name]
        out = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout
    found = {"firms": n, **json.loads(out)}
    print(found, flush=True)
    return found


def growth(found: list[dict[str, float]], part: str) -> float:
    """Return the power of the number of rows by which a part grew when the rows last did."""
    before, after = found[-2:]
    return float(np.log(after[part] / before[part]) / np.log(after["rows"] / before["rows"]))


def described(found: list[dict[str, float]]) -> list[list[str]]:
    """Return a row of the table per size."""
    rows = []
    for i, one in enumerate(found):
        further = ""
        if i > 0:
            before = found[i - 1]
            slope = (one["time"] - before["time"]) / (one["rows"] - before["rows"])
            further = f"{1e6 * slope:.0f} s"
        rows.append(
            [
                f"{one['firms']:,}",
                f"{one['rows']:,}",
                f"{one['reading']:.1f} s",
                f"{one['time'] - one['reading']:.1f} s",
                f"{1e6 * one['time'] / one['rows']:.0f} s",
                further,
                f"{one['memory'] / 1e9:.2f} GB",
            ]
        )
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="a tenth of the firms")
    parser.add_argument("--measure", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.measure:
        print(json.dumps(measure(given.measure)))
        return
    run = europe()
    found = [measured(run, n // 10 if given.quick else n) for n in FIRMS]
    powers = [growth(found, part) for part in ("time", "memory")]
    met = "met" if max(powers) <= MOST_GROWTH else "**missed**"
    waves = sum(len(run.waves(country)) for country in run.countries)
    headers = ["firms per wave", "rows", "reading", "panels", "per million rows"]
    blocks = [
        "# From raw extracts to panels",
        f"{len(run.countries)} countries, {waves} extracts of {COLUMNS} columns, in the formats of "
        "`config/europe.yaml`: read, checked and coded (`ingest_wave`), then linked to a panel per "
        "country (`build_panel`), one after the other in one process. Seconds of the processor. "
        "Peak memory is that of the process, the interpreter and its libraries included. "
        f"{machine('pandas', 'pyarrow')}",
        table([*headers, "per million further rows", "peak memory"], described(found)),
        f"At the largest size time grows with rows to the power of {powers[0]:.2f}, memory to that "
        f"of {powers[1]:.2f}; target linear, at most {MOST_GROWTH}: {met}.",
        "Made by `benchmarks/panel_speed.py`.",
    ]
    if given.quick:
        print("\n\n".join(blocks))
    else:
        write("panel_speed.md", *blocks)


if __name__ == "__main__":
    main()
