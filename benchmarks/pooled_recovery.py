"""Do pooled estimates find what is true of the countries, and hold it in their intervals?

``python benchmarks/pooled_recovery.py`` writes ``results/pooled_recovery.md``, in three parts:

1. the run of ``config/europe.yaml``, if it was made: each country's true effect and the prediction
   interval of the pooled one;
2. the same countries many times over: firms are drawn from ``config/truth/europe.yaml``, estimated
   and pooled by the code the run uses, without files and without the firms no model uses;
3. other countries: effects are drawn anew each time, and so is a thirteenth country's.

Seeds were fixed before the first run and stay, whatever the table says: sample ``i`` of a country
has (20141120, i, country). ``--samples 20`` makes fewer.
"""

from __future__ import annotations

import os

os.environ["OPENBLAS_NUM_THREADS"] = "1"  # read when numpy is imported

import argparse
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import pandas as pd
from _report import machine, table, write
from scipy.stats import t

from cisflow.base.documents import read_yaml
from cisflow.estimation.estimates import POOLED_ESTIMATES
from cisflow.estimation.pooling.pool import combine, pool
from cisflow.estimation.pooling.prediction import prediction_interval
from cisflow.estimation.run import estimate
from cisflow.panel.sample import variables_of
from cisflow.simulate.extracts import draw_cis2, truth_of
from cisflow.study.canonical import ASKED
from cisflow.study.models import Covariance
from cisflow.study.run import load_run
from cisflow.survey.activities import industry

ROOT = Path(__file__).parents[1]
SEED, SAMPLES, ANEW = 20141120, 60, 4_000
MODEL, COLUMN = "faems2005", "grouped"
EFFECTS = [
    (outcome, term)
    for outcome in ("incremental", "radical")
    for term in ("coop_exploitative", "coop_exploratory")
]
FLAGS = ("coop_exploitative", "coop_exploratory", "group")


def setting():
    """Return countries with their usable waves, truths by country, and the model."""
    run = load_run(read_yaml(ROOT / "config/europe.yaml"), ROOT)
    # Scientific Use Files have no number of employees, which the model needs.
    waves = {
        country: [w for w in run.waves(country) if "_suf" not in run.source(country, w).codebook]
        for country in run.countries
    }
    truths = {country: truth_of(run.truth, country, ROOT) for country in run.countries}
    spec = run.models[MODEL]
    alone = {"columns": {COLUMN: spec.columns[COLUMN]}, "covariance": (Covariance(kind="HC1"),)}
    return run, waves, truths, spec.model_copy(update={**alone, "sample": ()})


RUN, WAVES, TRUTHS, SPEC = setting()
INDUSTRIES = read_yaml(ROOT / "config/nace.yaml")


def truth(outcome, term):
    """Return the true effect by country."""
    return {c: float(of["tobit"][outcome].get(term, 0.0)) for c, of in TRUTHS.items()}


def estimates_of(country, index):
    """Draw a country's waves, which are alike, and estimate the model on each."""
    truths, waves = TRUTHS[country], WAVES[country]
    rng = np.random.default_rng([SEED, index, *country.encode()])
    sizes = [truths["sizes"][wave]["analysis"] for wave in waves]
    firms = draw_cis2(truths, rng, sum(sizes))
    firms["reference_year"], firms["section"] = 2004, "D"  # drawn in NACE Rev. 1.1
    firms["industry"] = industry(firms.astype({"nace": "string"}), INDUSTRIES)
    firms["wave"] = np.repeat(waves, sizes)
    # Only what the model needs: restricting samples costs as much as there are columns.
    firms = firms[[*variables_of(SPEC), "wave", "reference_year"]]
    firms = firms.astype(dict.fromkeys(FLAGS, "boolean")).assign(**dict.fromkeys(ASKED, True))
    settings = {"draws": 0, "test_draws": 0, "seed": 1}
    return estimate(firms, SPEC, country=country, model=MODEL, lag=2, bootstrap=settings).table


def sample(index):
    """Return what one sample says: pooled rows by effect, and the countries' estimates."""
    everything = pd.concat([estimates_of(country, index) for country in WAVES])
    found = pool(everything, {MODEL: SPEC}, RUN.settings.pool, RUN.countries)
    main = found.table.drop_duplicates(["outcome", "term"]).set_index(["outcome", "term"])
    return {key: main.loc[key].to_dict() for key in EFFECTS}


def name(outcome, term):
    partners = {"coop_exploitative": "suppliers or clients", "coop_exploratory": "universities"}
    return f"{outcome}: {partners[term]}"


def held(row, values):
    return [row["pi_low"] < value < row["pi_high"] for value in values]


def of_the_run():
    """Lay out the run's own pooled estimates beside the truth."""
    file = ROOT / "results/europe/estimates/pooled.csv"
    if not file.exists():
        return "`config/europe.yaml` was not run here."
    rows = POOLED_ESTIMATES.read([file])
    rows = rows[(rows["model"] == MODEL) & (rows["column"] == COLUMN)]
    main = rows.drop_duplicates(["outcome", "term"]).set_index(["outcome", "term"])
    lines, within, total = [], 0, 0
    for key in EFFECTS:
        row, true = main.loc[key], truth(*key)
        values = np.array(list(true.values()))
        inside = held(row, values)
        within, total = within + sum(inside), total + len(inside)
        outside = [f"{c} ({true[c]:g})" for c, kept in zip(true, inside, strict=True) if not kept]
        lines.append(
            [
                name(*key),
                f"{values.mean():.2f}",
                f"{row['estimate']:.2f} [{row['ci_low']:.2f}, {row['ci_high']:.2f}]",
                f"{values.std(ddof=1):.2f}",
                f"{np.sqrt(row['tau2']):.2f}",
                f"{values.min():.1f} to {values.max():.1f}",
                f"[{row['pi_low']:.2f}, {row['pi_high']:.2f}]",
                f"{sum(inside)} of {len(inside)}",
                ", ".join(outside) or "none",
            ]
        )
    headers = ["effect", "true mean", "pooled, 95 % interval", "true SD", "τ", "true effects"]
    headers += ["95 % prediction interval", "held", "outside"]
    return f"{table(headers, lines)}\n\nTogether {within} of {total} true effects are held."


def over_samples(drawn):
    """Lay out how often intervals hold the truth over many samples of the same countries."""
    lines = []
    for key in EFFECTS:
        values = np.array(list(truth(*key).values()))
        rows = [one[key] for one in drawn]
        estimate_ = np.array([row["estimate"] for row in rows])
        tau = np.sqrt([row["tau2"] for row in rows])
        mean = [row["ci_low"] < values.mean() < row["ci_high"] for row in rows]
        kept = np.array([held(row, values) for row in rows])
        lines.append(
            [
                name(*key),
                f"{estimate_.mean() - values.mean():+.3f} ({estimate_.std(ddof=1):.3f})",
                f"{values.std(ddof=1):.2f}",
                f"{tau.mean():.2f}",
                f"{100 * np.mean(mean):.1f}",
                f"{100 * kept.mean():.1f}",
                f"{100 * kept.all(axis=1).mean():.0f}",
            ]
        )
    headers = ["effect", "bias of the mean (SD)", "true SD", "mean τ", "mean in 95 % interval, %"]
    headers += ["true effects in prediction interval, %", "samples that hold all twelve, %"]
    return table(headers, lines)


def anew(tau, error, k=12):
    """Return how often the mean and a further country's effect are held, countries drawn anew."""
    rng = np.random.default_rng([SEED, k, int(1000 * tau)])
    quantile = t(k - 2).ppf(0.975)
    held = np.zeros(3)
    for _ in range(ANEW):
        errors = error * rng.uniform(0.85, 1.25, k)
        effects = tau * rng.standard_normal(k) + errors * rng.standard_normal(k)
        further = tau * rng.standard_normal()
        found = combine(effects, errors, knapp_hartung=False)
        hartung_knapp = combine(effects, errors)
        low, high = prediction_interval(effects, errors, draws=2000)
        low, high = min(low, hartung_knapp.ci_low), max(high, hartung_knapp.ci_high)
        half = quantile * np.hypot(np.sqrt(found.tau2), found.std_error)
        held += (
            hartung_knapp.ci_low < 0 < hartung_knapp.ci_high,
            low < further < high,
            abs(further - found.estimate) < half,
        )
    return [f"{100 * count / ANEW:.1f}" for count in held]


def over_countries(processes):
    error, taus = 2.3, (0.0, 1.0, 2.0, 4.0, 8.0)  # about a country's standard error over its waves
    found = processes.starmap(anew, [(tau, error) for tau in taus])
    lines = [
        [f"{tau:g}", f"{100 * tau**2 / (tau**2 + error**2):.0f}", *shares]
        for tau, shares in zip(taus, found, strict=True)
    ]
    headers = ["true SD", "I², %", "mean in 95 % interval, %", "further country in prediction, %"]
    return table([*headers, "in the usual one, %"], lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--samples", type=int, default=SAMPLES)
    parser.add_argument("--processes", type=int, default=2)
    asked = parser.parse_args()
    with get_context("fork").Pool(asked.processes) as processes:
        drawn = processes.map(sample, range(asked.samples), chunksize=1)
        others = over_countries(processes)
    pool_ = RUN.settings.pool
    write(
        "pooled_recovery.md",
        "# Pooled estimates of twelve countries: what is true, and what is found",
        "True effects are those of `config/truth/europe.yaml`, in percentage points of the latent "
        f"share. Pooled by {pool_.method}, Knapp-Hartung "
        f"{'on' if pool_.knapp_hartung else 'off'}. " + machine("numpy", "statsmodels"),
        "## The run of config/europe.yaml",
        of_the_run(),
        f"## The same countries, {asked.samples} times over",
        "Firms are drawn anew, the countries' effects stay. A prediction interval is for the "
        "effect of a country; here it is asked of the twelve countries themselves.",
        over_samples(drawn),
        f"## Other countries, {ANEW:,} times",
        "Twelve effects, their estimates (standard errors about 2.3) and the effect of a "
        "thirteenth country are drawn from normal distributions. Beside it what the usual interval "
        "of Higgins, Thompson and Spiegelhalter (2009) would hold.",
        others,
    )


if __name__ == "__main__":
    main()
