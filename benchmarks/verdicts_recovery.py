"""How often is a verdict right where the truth is known?

``python benchmarks/verdicts_recovery.py`` writes ``results/verdicts_recovery.md``. Synthetic
Flanders is drawn many times over from ``config/truth/flanders.yaml``, without files, at the sizes
of the default run (n = 221 and 367) and at about 5,000 firms; the models that claims test are
estimated by the code of the run, with all that a verdict asks (single firms, outliers, the models'
tests, robust alternatives), and judged by the claims file. Bootstrap intervals have fewer draws
than the run's, so has the adjustment for many tests, and the gate is left out.

What is true of each estimate is taken from the truth file where it has the number, else from a
sample of 200,000 firms per wave; what lies within two of its own standard errors of zero counts as
zero. A verdict is wrong-way if it says "supported" of what is not so, or "contradicted" of what is
not the other way round. A test is decidable if a sample of this size has 80 % power for it: by its
standard errors over the samples, and the truth. Seeds were fixed before the first run and stay,
whatever the table says: sample ``i`` has (20141120, i, firms). ``--samples 20`` makes fewer.
"""

from __future__ import annotations

import os

os.environ["OPENBLAS_NUM_THREADS"] = "1"  # read when numpy is imported

import argparse
import warnings
from functools import partial
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import pandas as pd
from _report import machine, table, write
from scipy.stats import norm

from cisflow.base.documents import read_yaml
from cisflow.base.paths import places
from cisflow.claims.power import power_of_sign
from cisflow.claims.pseudo_truth import find_truth, needed, only, tested
from cisflow.claims.verdicts import judge
from cisflow.estimation.run import estimate
from cisflow.panel.drawn import draw_panel, enlarged
from cisflow.study.codebook_files import load_codebook
from cisflow.study.run import load_run
from cisflow.study.truth import truth_of

ROOT = Path(__file__).parents[1]
SEED, SAMPLES, COUNTRY = 20141120, 500, "BE"
# Innovating manufacturers per wave of whom about 5,000 have every answer.
LARGE, POPULATION, DRAWS = 7_200, 400_000, 499
TEST = ["claim", "wave", "model", "outcome", "column", "term"]
SIGNS = {"positive": 1, "negative": -1, "none": 0}
RUN = load_run(read_yaml(ROOT / "config/config.yaml"), ROOT)
TRUTH = truth_of(RUN.truth, COUNTRY, ROOT)
BOOKS = {
    wave: load_codebook(RUN.source(COUNTRY, wave).codebook, places("config/codebooks", ROOT))
    for wave in RUN.waves(COUNTRY)
}
PANEL = {"lag": RUN.settings.lag, "lags": [RUN.settings.lag]}
PANEL["industries"] = read_yaml(ROOT / "config/nace.yaml")
TESTS = tested(RUN.models, RUN.claims)
RULE = RUN.claims.rule.model_copy(update={"draws": 99})
CLAIMS = RUN.claims.model_copy(update={"rule": RULE})
SPECS = {name: only(RUN.models[name], tests) for name, tests in TESTS.items()}


def truths():
    """Return what is true of every tested number."""
    return find_truth(
        {**TRUTH, "population": POPULATION},
        BOOKS,
        RUN.models,
        RUN.claims,
        country=COUNTRY,
        with_accounts=True,
        seed=SEED,
        **PANEL,
    )


def sample(index, firms, truth):
    """Return the verdicts on one synthetic Flanders; its own size where ``firms`` is 0."""
    rng = np.random.default_rng([SEED, index, firms])
    samples = [model.sample for model in SPECS.values()]
    sized = enlarged(TRUTH, firms, samples) if firms else TRUTH
    panel = draw_panel(sized, BOOKS, rng, country=COUNTRY, with_accounts=True, **PANEL)
    # Restricting a sample costs as much as there are columns.
    panel = panel[needed(panel, SPECS.values())]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # what has no estimate is a row that says so
        found = [
            estimate(
                panel,
                spec,
                country=COUNTRY,
                model=name,
                lag=RUN.settings.lag,
                bootstrap={"draws": DRAWS, "seed": SEED, "test_draws": 0},
                profile=RUN.profile,
                tests=TESTS[name],
                rule=RULE,
            )
            for name, spec in SPECS.items()
        ]
    estimates = pd.concat([one.table for one in found], ignore_index=True)
    judged = judge(CLAIMS, estimates, [one.diagnostics for one in found], truth)
    return judged.assign(sample=index)


def error_of_truth(known):
    """Return about how far chance leaves the truth of each test: errors shrink with √n."""
    per_test = known.groupby(TEST)
    n = per_test["n"].transform("median").fillna(known["n"].median())
    return per_test["std_error"].transform("median") * np.sqrt(n / (POPULATION / 2))


def scored(verdicts):
    """Return verdicts with a truth, and whether they are right."""
    known = verdicts[verdicts["truth"].notna() & (verdicts["std_error"] > 0)].copy()
    known["truth"] = known["truth"].where(known["truth"].abs() > 2 * error_of_truth(known), 0.0)
    sign, band = known["expect"].map(SIGNS), known["band"].fillna(0)
    holds = np.where(sign == 0, known["truth"].abs() < band, sign * known["truth"] > 0)
    against = np.where(sign == 0, known["truth"].abs() > band, sign * known["truth"] < 0)
    said = known["verdict"]
    return known.assign(
        holds=holds,
        wrong_support=(said == "supported") & ~holds,
        wrong_contradiction=(said == "contradicted") & ~against,
        right=((said == "supported") & holds) | ((said == "contradicted") & against),
    )


def reachable(rows):
    """Return the power of a test at the truth, from its standard errors over the samples."""
    error, truth = rows["std_error"].median(), rows["truth"].iloc[0]
    sign, band = SIGNS[rows["expect"].iloc[0]], rows["band"].iloc[0]
    if sign:
        return power_of_sign(abs(truth), error)
    if abs(truth) > band:
        return power_of_sign(abs(truth) - band, error)
    z = norm.isf(0.05)
    return max(norm.cdf((band - truth) / error - z) - norm.cdf((-band - truth) / error + z), 0.0)


def per_test(known):
    """Return one row per test: truth, what was said how often, how often rightly."""
    rows = []
    for key, of in known.groupby(TEST, sort=False):
        shares = of["verdict"].value_counts(normalize=True)
        rows.append(
            {
                **dict(zip(TEST, key, strict=True)),
                "n": of["n"].median(),
                "truth": of["truth"].iloc[0],
                "holds": of["holds"].iloc[0],
                "recovered": (of["recovered"] == "yes").mean(),
                "power": reachable(of),
                **{name: shares.get(name, 0.0) for name in SHOWN},
                **{
                    name: of[name].mean()
                    for name in ("wrong_support", "wrong_contradiction", "right")
                },
            }
        )
    return pd.DataFrame(rows)


SCORES = ("wrong_support", "wrong_contradiction", "right")
SHOWN = ("supported", "contradicted", "inconclusive", "cannot be decided with this sample")
SHOWN += ("depends on the model", "too few firms")


def percent(share):
    return f"{100 * share:.1f}"


def lay_out(tests):
    headers = ["claim and wave", "number", "n", "truth", "claim holds", "in 95 % interval", "power"]
    headers += [*SHOWN, "wrongly supported", "wrongly contradicted"]
    lines = [
        [
            f"{t.claim} {t.wave}",
            f"{t.model}: {t.outcome} on {t.term}",
            f"{t.n:,.0f}",
            f"{t.truth:.3g}",
            "yes" if t.holds else "no",
            *map(percent, (t.recovered, t.power)),
            *(percent(share) for share in tests.loc[t.Index, list(SHOWN)]),
            *map(percent, (t.wrong_support, t.wrong_contradiction)),
        ]
        for t in tests.itertuples()
    ]
    return table(headers, lines)


def summary(known, tests):
    """Return the numbers that were asked for."""
    decidable = tests[tests["power"] >= RUN.claims.rule.power]
    named = known.set_index(TEST).index.isin(decidable.set_index(TEST).index)
    rightly = known.loc[named, "right"].mean() if named.any() else np.nan
    worst = tests[["wrong_support", "wrong_contradiction"]].max()
    return "\n".join(
        [
            f"- wrongly supported: {percent(known['wrong_support'].mean())} % of verdicts "
            f"(most of one test: {percent(worst['wrong_support'])} %)",
            f"- wrongly contradicted: {percent(known['wrong_contradiction'].mean())} % "
            f"(most of one test: {percent(worst['wrong_contradiction'])} %)",
            f"- decidable tests: {len(decidable)} of {len(tests)}; decided rightly: "
            f"{percent(rightly)} % of their verdicts",
        ]
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--samples", type=int, default=SAMPLES)
    parser.add_argument("--large", type=int, help="samples of 5,000 firms (default: as --samples)")
    parser.add_argument("--processes", type=int, default=2)
    asked = parser.parse_args()
    large = asked.samples if asked.large is None else asked.large
    truth, blocks = truths(), []
    with get_context("fork").Pool(asked.processes) as processes:
        for title, firms, count in (
            ("The sizes of the default run", 0, asked.samples),
            ("About 5,000 firms", LARGE, large),
        ):
            if not count:
                continue
            one = partial(sample, firms=firms, truth=truth)
            drawn = pd.concat(processes.map(one, range(count), chunksize=1), ignore_index=True)
            known = scored(drawn)
            tests = per_test(known)
            blocks += [f"## {title}: {count} samples", summary(known, tests), lay_out(tests)]
    write(
        "verdicts_recovery.md",
        "# Verdicts where the truth is known",
        "Synthetic Flanders many times over, judged by `config/claims.yaml`. Shares in per cent of "
        "the samples; power is that of the test at the truth. "
        + machine("numpy", "scipy", "statsmodels"),
        *blocks,
    )


if __name__ == "__main__":
    main()
