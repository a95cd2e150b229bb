"""How long does a specification curve take?

``python benchmarks/curve_speed.py results/flanders/microdata/BE/panel.parquet`` (half a minute,
after `make`) estimates the curve that ships on every wave of a panel. Writes
``results/curve_speed.md``.
"""

from __future__ import annotations

import os

os.environ["OPENBLAS_NUM_THREADS"] = "1"  # read when numpy is imported

import argparse
import time

from _report import HERE, machine, table, write

from cisflow.base.documents import read_yaml
from cisflow.base.records import read_firms
from cisflow.estimation.run import estimate
from cisflow.study.disclosure import Profile
from cisflow.study.models import expanded

TARGET = 20.0  # seconds for a curve of 500 specifications and more


def main():
    """Time the curve that ships, wave by wave."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("panel")
    panel = read_firms(options.parse_args().panel)
    models, _ = expanded(read_yaml(HERE.parent / "config/models.yaml"))
    rules, rows = Profile(title="General rules", text=""), []
    for wave in panel["wave"].drop_duplicates():
        wall, processor = time.perf_counter(), time.process_time()
        found = estimate(
            panel,
            models["partner_curve"].model_copy(update={"waves": (wave,)}),
            country="BE",
            model="partner_curve",
            lag=2,
            bootstrap={"draws": 0, "seed": 20141120},
            profile=rules,
        )
        wall, processor = time.perf_counter() - wall, time.process_time() - processor
        curves = [
            c
            for f in found.diagnostics["fits"]
            for c in f.get("curve", {}).get("terms", {}).values()
        ]
        each = processor / len(curves)
        fits = sum(c["fits"] for c in curves)
        count = min(c["specifications"] for c in curves)
        rows.append(
            [
                str(wave),
                f"{len(curves)} × {count}",
                f"{fits:,}",
                f"{processor:.1f}",
                f"{each:.1f}",
                "met" if each < TARGET and count >= 500 else "not met",
                f"{wall:.1f}",
            ]
        )
    write(
        "curve_speed.md",
        "# Specification curves: time",
        table(
            [
                "wave",
                "curves × specifications",
                "effects fitted",
                "seconds of processor",
                "each curve",
                f"< {TARGET:.0f} s for 500+",
                "seconds of wall clock",
            ],
            rows,
        ),
        f"One process, one thread. Load of the machine at the end: {os.getloadavg()[0]:.1f}; wall "
        "clock belongs to it.",
        machine("numpy", "scipy", "pandas"),
    )


if __name__ == "__main__":
    main()
