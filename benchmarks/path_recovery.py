"""Does the path model find the truth in synthetic Flanders, and how many firms does that take?

``python benchmarks/path_recovery.py`` writes ``results/path_recovery.md`` and ``.svg``. Sample
``i`` of size ``n`` under reading ``r`` is drawn with the seed (20141120, r, n, i), so the table
does not depend on the number of processes. The seed was fixed before the first run and stays,
whatever the table says.
"""

from __future__ import annotations

import os

os.environ["OPENBLAS_NUM_THREADS"] = "1"  # read when numpy is imported

from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context

import numpy as np
from _report import HERE, RESULTS, machine, table, write

from cisflow.estimators.path.model import PathModel, path_effects
from cisflow.simulate.extracts import draw_cis4, implied_correlations, load_truth

ROOT = HERE.parent
SEED, SAMPLES, DRAWS = 20141120, 1_000, 1_000
SIZES = (305, 500, 1_000, 2_000, 4_000)
BOOTSTRAPPED = (305, 2_000)
D, INVEST, STRENGTH, COST, MARGIN = (
    "diversity",
    "internal_investment",
    "innovation_strength",
    "personnel_cost_share",
    "profit_margin",
)
# Faems (2014), figure 1: standardised coefficients under both readings, in causal order.
READINGS = {
    "direct": {
        INVEST: {D: 0.1928},
        STRENGTH: {INVEST: 0.1948, D: -0.1006},
        COST: {D: -0.0596},
        MARGIN: {D: -0.1121, STRENGTH: 0.1458, COST: -0.6177},
    },
    "personnel": {
        INVEST: {D: 0.1928},
        STRENGTH: {INVEST: 0.1948, D: -0.1006},
        COST: {D: 0.1458, STRENGTH: -0.1121, INVEST: -0.0596},
        MARGIN: {COST: -0.6177},
    },
}
KINDS = ("indirect", "total")
INTERVALS = {
    "delta, ML": ("nonrobust", "std_ci_low", "std_ci_high"),
    "delta, robust": ("robust", "std_ci_low", "std_ci_high"),
    "percentile bootstrap": ("robust", "std_percentile_low", "std_percentile_high"),
    "BCa bootstrap": ("robust", "std_bca_low", "std_bca_high"),
}
TRUTH = load_truth(ROOT / "config/truth/flanders.yaml", ROOT)


def truth_of(reading):
    """Printed arrows, then the indirect and total effect of diversity on the margin."""
    path = READINGS[reading]
    effects = path_effects(path, D, MARGIN).set_index("effect")["estimate"]
    arrows = [value for row in path.values() for value in row.values()]
    return np.array([*arrows, *effects[list(KINDS)]])


def parameters(reading):
    arrows = [f"{s} → {to}" for to, row in READINGS[reading].items() for s in row]
    return [*arrows, "indirect effect", "total effect"]


def one(reading, n, index):
    """Standardised estimates (k,) and intervals (kinds of interval, kinds of effect, 2)."""
    which = list(READINGS).index(reading)
    rng = np.random.default_rng([SEED, which, n, index])
    firms = draw_cis4({**TRUTH, "path": READINGS[reading]}, rng, n)
    model = PathModel({to: list(row) for to, row in READINGS[reading].items()}, firms)
    resample = {"draws": DRAWS, "seed": index} if n in BOOTSTRAPPED else None
    fits = {"nonrobust": model.fit(), "robust": model.fit("robust", bootstrap=resample)}
    tables = {k: f.effects(D, MARGIN).set_index("effect").loc[list(KINDS)] for k, f in fits.items()}
    limits = np.full((len(INTERVALS), len(KINDS), 2), np.nan)
    for i, (cov_type, *columns) in enumerate(INTERVALS.values()):
        if set(columns) <= set(tables[cov_type]):
            limits[i] = tables[cov_type][columns]
    arrows = fits["nonrobust"].edges["std_estimate"]
    return np.r_[arrows, tables["nonrobust"]["std_estimate"]], limits


@dataclass
class Found:
    """What the samples of one reading and size say."""

    estimates: np.ndarray  # (samples, parameters)
    limits: np.ndarray  # (samples, intervals, effects, 2)
    truth: np.ndarray

    @property
    def bias(self):
        return self.estimates.mean(axis=0) - self.truth

    @property
    def error(self):
        return self.estimates.std(axis=0, ddof=1) / np.sqrt(len(self.estimates))

    @property
    def coverage(self):
        """Percent, (intervals, effects); not a number where an interval was not made."""
        wanted = self.truth[-len(KINDS) :]
        held = (self.limits[..., 0] <= wanted) & (wanted <= self.limits[..., 1])
        made = np.isfinite(self.limits).any(axis=(0, 3))
        return np.where(made, 100 * held.mean(axis=0), np.nan)

    @property
    def power(self):
        """Percent of samples whose interval of the total effect lies below zero, (intervals,)."""
        made = np.isfinite(self.limits).any(axis=(0, 2, 3))
        return np.where(made, 100 * (self.limits[:, :, 1, 1] < 0).mean(axis=0), np.nan)


def simulate(pool, reading, n):
    drawn = pool.map(partial(one, reading, n), range(SAMPLES), chunksize=25)
    estimates, limits = (np.array(part) for part in zip(*drawn, strict=True))
    return Found(estimates, limits, truth_of(reading))


def verdict(met):
    return "met" if met else "**missed**"


def bias_table(found, reading):
    rows = []
    for j, name in enumerate(parameters(reading)):
        row = [name, f"{found[reading, SIZES[0]].truth[j]:.4f}"]
        for n in BOOTSTRAPPED:
            f = found[reading, n]
            ratio = f.bias[j] / f.error[j]
            row += [f"{f.bias[j]:+.4f} ({f.error[j]:.4f})", f"{ratio:+.1f}"]
            row += [verdict(abs(ratio) < 2)]
        rows.append(row)
    headers = ["parameter", "truth"]
    for n in BOOTSTRAPPED:
        headers += [f"bias (MCE), n = {n:,}", "bias/MCE", "below 2"]
    return table(headers, rows)


def coverage_table(found):
    rows = []
    for reading in READINGS:
        for k, kind in enumerate(KINDS):
            for i, interval in enumerate(INTERVALS):
                values = [found[reading, n].coverage[i, k] for n in BOOTSTRAPPED]
                met = verdict(93 <= values[-1] <= 97)
                rows.append([f"{reading}: {kind}", interval, *(f"{v:.1f}" for v in values), met])
    headers = ["effect of diversity on the margin", "interval"]
    headers += [f"n = {n:,}" for n in BOOTSTRAPPED]
    return table([*headers, f"93–97 at n = {BOOTSTRAPPED[-1]:,}"], rows)


def power_table(found):
    rows = [
        [f"{reading}: {interval}", *(f"{v:.1f}" if np.isfinite(v) else "–" for v in values)]
        for reading in READINGS
        for i, interval in enumerate(INTERVALS)
        for values in [[found[reading, n].power[i] for n in SIZES]]
    ]
    return table(["reading: interval", *(f"n = {n:,}" for n in SIZES)], rows)


def firms_needed(found, reading, wanted=0.80):
    """Sample size at which a two-sided 5 % test finds the total effect with this probability.

    From the spread of the estimates at the largest size, which falls with the root of n.
    """
    from scipy.stats import norm

    n = SIZES[-1]
    f = found[reading, n]
    spread = f.estimates[:, -1].std(ddof=1) * np.sqrt(n)
    return ((norm.ppf(0.975) + norm.ppf(wanted)) * spread / f.truth[-1]) ** 2


def draw_power(found):
    import matplotlib as mpl
    from matplotlib.figure import Figure

    mpl.rcParams["svg.hashsalt"] = "path_recovery"
    figure = Figure(figsize=(6, 3.6), layout="constrained")
    axes = figure.subplots()
    robust = list(INTERVALS).index("delta, robust")
    for reading, marker in zip(READINGS, "os", strict=True):
        power = [found[reading, n].power[robust] for n in SIZES]
        axes.plot(SIZES, power, marker=marker, label=f"reading “{reading}”")
    axes.axhline(80, color="0.6", linewidth=0.8, linestyle="--")
    axes.set_xscale("log")
    axes.set_xticks(SIZES, [f"{n:,}" for n in SIZES])
    axes.minorticks_off()
    axes.set(xlabel="firms", ylabel="samples (%)", ylim=(0, 104))
    axes.set_title("Total effect found negative (95 % interval, robust)", fontsize=10, loc="left")
    axes.legend(frameon=False, loc="lower right")
    figure.savefig(RESULTS / "path_recovery.svg", metadata={"Date": None})
    return figure


def report(found):
    blocks = [
        "# Path model: the truth in synthetic Flanders",
        f"{SAMPLES:,} samples per size and reading of figure 1, drawn by "
        "`cisflow.simulate` (counts, spending with zeros and a long tail, shares with "
        f"limits), seed {SEED}. All numbers are standardised. MCE: Monte-Carlo error of the bias. "
        f"Bootstrap: {DRAWS:,} draws.",
    ]
    for reading in READINGS:
        blocks += [f"## Bias, reading “{reading}”", bias_table(found, reading)]
    error = 100 * np.sqrt(0.95 * 0.05 / SAMPLES)
    blocks += [
        "## Coverage of 95 % intervals (percent of samples)",
        f"Monte-Carlo error at 95 %: {error:.1f} points.",
        coverage_table(found),
        "## Power: samples whose 95 % interval of the total effect lies below zero (percent)",
        power_table(found),
        "Firms needed for 80 % power (from the spread of the estimates at the largest size): "
        + "; ".join(f"reading “{r}” {firms_needed(found, r):,.0f}" for r in READINGS)
        + ".",
        "![Power by sample size](path_recovery.svg)",
        machine("numpy", "scipy", "pandas"),
    ]
    write("path_recovery.md", *blocks)


def main():
    for path in READINGS.values():
        implied_correlations(path)  # refuses coefficients no population can have
    with get_context("fork").Pool(2) as pool:
        found = {(r, n): simulate(pool, r, n) for r in READINGS for n in SIZES}
    report(found)
    draw_power(found)


if __name__ == "__main__":
    main()
