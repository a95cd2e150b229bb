"""How often do the 95 % intervals behind the claims hold the truth, in the runs that ship?

``python benchmarks/runs_coverage.py RESULTS…`` takes folders of finished synthetic runs, such as
``results/flanders results/waves results/europe``, and writes ``results/runs_coverage.md``. Each
estimate that a claim rests on counts once, whatever the number of claims; its truth is that of the
truth file or of the model in a very large sample (``truth.csv``). Estimates of one wave are of the
same firms, so that the margin of a share counts waves and not estimates.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
from _report import table, write
from statsmodels.stats.proportion import proportion_confint

KEYS = ["country", "wave", "model", "outcome", "column", "term", "quantity"]
PLACE = ["run", "country", "wave"]
WEAK = "weak instruments"


def main() -> int:
    """Read the runs named on the command line and write the shares."""
    found = pd.concat([intervals_of(Path(folder)) for folder in sys.argv[1:]])
    weak = found["code"].str.contains(WEAK)
    runs = ", ".join(f"{run} ({len(of):,})" for run, of in found[~weak].groupby("run"))
    intro = (
        "# 95 % intervals that hold the truth, in the synthetic runs that ship\n\n"
        f"Estimates behind the claims, each once: {runs}. A share's margin (95 %, Wilson) counts "
        "the samples, a country and wave each, as all estimates of one are of the same firms."
    )
    write("runs_coverage.md", intro, *blocks(found[~weak], found[weak]))
    return 0


def intervals_of(folder: Path) -> pd.DataFrame:
    """Return the estimates of a run that have an interval and a truth, each once."""
    claims = pd.read_csv(folder / "claims.csv", comment="#", dtype={"wave": str})
    claims = claims[claims["recovered"].isin(["yes", "no"]) & (claims["country"] != "pooled")]
    return claims.drop_duplicates(KEYS).assign(
        run=folder.name, held=lambda c: c["recovered"] == "yes", code=lambda c: c["code"].fillna("")
    )


def blocks(sound: pd.DataFrame, weak: pd.DataFrame) -> Iterator[str]:
    """Yield the tables: by where the truth is known from, by kind of number, by model."""
    for name, title in (("truth_kind", "Truth"), ("quantity", "Number"), ("model", "Model")):
        yield table([title, "intervals", "samples", "hold the truth, %", "margin, %"], [
            *(shares(str(key), of) for key, of in sound.groupby(name)),
            *([shares("all", sound)] if name == "truth_kind" else []),
        ])  # fmt: skip
    if len(weak):
        yield f"Left out for weak instruments: {len(weak)}, of which {share(weak)} % hold."


def shares(name: str, of: pd.DataFrame) -> list[str]:
    """Return a row: how many intervals, in how many samples, and what share of them holds."""
    samples = len(of[PLACE].drop_duplicates())
    low, high = proportion_confint(of["held"].mean() * samples, samples, method="wilson")
    margin = f"{100 * low:.0f}–{100 * high:.0f}"
    return [name, f"{len(of):,}", str(samples), share(of), margin]


def share(of: pd.DataFrame) -> str:
    """Return the share of intervals that hold the truth, in percent."""
    return f"{100 * np.mean(of['held']):.1f}"


if __name__ == "__main__":
    sys.exit(main())
