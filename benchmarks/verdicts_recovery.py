"""How often is a verdict right where the truth is known?

``python benchmarks/verdicts_recovery.py`` writes ``results/verdicts_recovery.md``. Synthetic
Flanders is drawn many times over from ``config/truth/flanders.yaml``, without files, at the sizes
of the default run (n = 221 and 367) and at about 5,000 firms; the models that claims test are
estimated by the code of the run, with all that a verdict asks (single firms, outliers, the models'
tests, robust alternatives), and judged by the claims file. What can but take a verdict away is
asked where an interval decides, and there alone. Bootstrap intervals have fewer draws than the
run's; the adjustment for many tests, by which no verdict goes, and the gate are left out.

What is true of each estimate is taken from the truth file where it has the number, else from a
sample of 200,000 firms per wave; what lies within two of its own standard errors of zero counts as
zero. A verdict is wrong-way if it says "supported" of what is not so, or "contradicted" of what is
not the other way round. A test is decidable if a sample of this size has 80 % power for it: by its
standard errors over the samples, and the truth. Seeds were fixed before the first run and stay,
whatever the table says: sample ``i`` has (20141120, i, firms). ``--samples 20`` makes fewer, and
``--keep FOLDER`` goes on where an earlier start with the same folder was ended.
"""

from __future__ import annotations

import os

os.environ["OPENBLAS_NUM_THREADS"] = "1"  # read when numpy is imported

import argparse
import gc
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
from cisflow.claims.pseudo_truth import find_truth, only, tested_row
from cisflow.claims.single import NUMBERS
from cisflow.claims.verdicts import judge
from cisflow.estimation.common import REFUSALS, not_estimable, numeric
from cisflow.estimation.estimates import ESTIMATED, ESTIMATES
from cisflow.estimation.holding import Watch, with_tests
from cisflow.estimation.regressions import only_fit, regressions
from cisflow.estimation.run import ESTIMATORS, samples
from cisflow.estimators.distributions import student
from cisflow.panel.drawn import draw_panel, enlarged
from cisflow.panel.sample import restricted
from cisflow.study.codebook_files import load_codebook
from cisflow.study.models import REGRESSIONS
from cisflow.study.run import load_run
from cisflow.study.truth import truth_of
from cisflow.study.verdicts import DECIDED, intervals_of, read

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
# Verdicts go by the single test; what is left of it among many stands beside it.
RULE = RUN.claims.rule.model_copy(update={"families": ()})
# What is claimed of a share of many estimates has no truth of its own.
SINGLE = {name: claim for name, claim in RUN.claims.claims.items() if claim.singles}
CLAIMS = RUN.claims.model_copy(update={"rule": RULE, "claims": SINGLE})
BOOTSTRAP = {"draws": DRAWS, "seed": SEED, "test_draws": 0}
NARROW = 1.4  # standard errors; the rule's shortest interval has 1.645


def models_tested():
    """Return the tests on each model, and the model without what no verdict hangs on."""
    tests = {name: tuple(RUN.claims.tests_of(name)) for name in RUN.models}
    tests = {name: of for name, of in tests.items() if of}
    return tests, {name: without_more(RUN.models[name], of) for name, of in tests.items()}


def without_more(model, tests):
    """Return a model with the robust alternatives alone that the rule or a test asks for."""
    asked = {*RULE.alternatives, *(model.alternative_of(test.column) for test in tests)}
    kept = tuple(name for name in model.robust if name in asked)
    return only(model, tests).model_copy(update={"alternatives": kept} if model.robust else {})


TESTS, SPECS = models_tested()
KEPT = (*TEST, *NUMBERS, "expect", "band", "truth", "recovered", "verdict", "code")


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
    sized = enlarged(TRUTH, firms, [s.sample for s in SPECS.values()]) if firms else TRUTH
    panel = draw_panel(sized, BOOKS, rng, country=COUNTRY, with_accounts=True, **PANEL)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # what has no estimate is a row that says so
        found = [estimated(panel, name, spec) for name, spec in SPECS.items()]
    estimates = pd.concat([table for table, _ in found], ignore_index=True)
    judged = judge(CLAIMS, estimates, [record for _, record in found], truth)
    return judged[[*KEPT]].assign(sample=index)


def estimated(panel, model, spec):
    """Return the tidy rows and the diagnostics that the verdicts on a model's claims rest on."""
    rows, fits = [], []
    tests = TESTS[model]
    panel = restricted(panel, [spec], RULE.of_outliers)
    watch = Watch(tests, RULE, max(RULE.minimum_firms, RUN.profile.minimum_cell), decided=True)
    for wave, firms, _, reason in samples(panel, spec, RUN.settings.lag, RUN.profile):
        label = {"country": COUNTRY, "wave": wave, "model": model}
        if reason:
            rows.append(not_estimable(reason, **label))
            continue
        found = list(fits_of(firms, spec, tests))
        for part, record in with_tests(found, firms, spec, ESTIMATORS[spec.estimator].fit, watch):
            rows += [{**label, **row} for row in part]
            fits.append({"wave": wave, **record})
    table = ESTIMATES.frame(rows, status=ESTIMATED)
    return table, {"country": COUNTRY, "model": model, "fits": fits}


def fits_of(firms, spec, tests):
    """Yield fits: of a regression that decides nothing the tested numbers, of others all there is.

    The models' tests and the robust alternatives can but take a verdict away.
    """
    if spec.estimator not in REGRESSIONS:
        yield from ESTIMATORS[spec.estimator].fit(firms, spec, BOOTSTRAP)
        return
    numbers = numeric(firms)
    for outcome, column in spec.regressions:
        asked = [test for test in tests if (test.outcome, test.column) == (outcome, column)]
        others = [test for test in tests if test.outcome == outcome and test not in asked]
        rows = screened(numbers, spec, outcome, column, asked)
        if rows is None or any(test.column.startswith(f"{column}: ") for test in others):
            one = {"outcomes": (outcome,), "columns": {column: spec.columns[column]}}
            wanted = [(test.measured, test.term) for test in (*asked, *others)]
            yield from regressions(numbers, spec.model_copy(update=one), BOOTSTRAP, wanted)
        else:
            yield rows, {"outcome": outcome, "column": column}


def screened(numbers, spec, outcome, column, tests):
    """Return the rows of tested numbers; None if one may be decided, or cannot be had plainly."""
    try:
        fit, _ = only_fit(numbers, spec, outcome, column)
        found = [row for test in tests for row in tested_row(fit, numbers, spec, test)]
    except REFUSALS:
        return None
    if len(found) < len(tests) or any(map(may_be_decided, tests, found)):
        return None
    df = getattr(fit, "df", None)
    half = student(np.inf if df is None else df).ppf(0.975)
    return [
        {
            **row,
            "ci_low": row["estimate"] - half * row["std_error"],
            "ci_high": row["estimate"] + half * row["std_error"],
        }
        for row in found
    ]


def may_be_decided(test, row):
    """Return whether an interval far narrower than the rule's decides."""
    shape = (NARROW, NARROW), (NARROW, NARROW)
    intervals = intervals_of(shape, row["estimate"], row["std_error"])
    return not row["std_error"] > 0 or read(test.expected, *intervals).verdict in DECIDED


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


def over_samples(known, column):
    """Return a share with its standard error: verdicts on one sample hang together."""
    of = known.groupby("sample")[column].mean()
    return f"{percent(known[column].mean())} % (± {percent(of.std() / np.sqrt(len(of)))})"


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
    worst = tests[["wrong_support", "wrong_contradiction"]].max()
    return "\n".join(
        [
            f"- wrongly supported: {over_samples(known, 'wrong_support')} of verdicts "
            f"(most of one test: {percent(worst['wrong_support'])} %)",
            f"- wrongly contradicted: {over_samples(known, 'wrong_contradiction')} "
            f"(most of one test: {percent(worst['wrong_contradiction'])} %)",
            f"- decidable tests: {len(decidable)} of {len(tests)}; decided rightly: "
            f"{over_samples(known[named], 'right')} of their verdicts",
        ]
    )


def kept_sample(index, firms, truth, folder):
    """Return the verdicts on one sample, from the folder if it has them from an earlier start."""
    if folder is None:
        return sample(index, firms, truth)
    file = Path(folder) / f"{firms}_{index}.parquet"
    if not file.exists():
        part = file.with_suffix(".part")
        sample(index, firms, truth).to_parquet(part)
        part.replace(file)
    return pd.read_parquet(file)


def kept_truths(folder):
    """Return the truths, from the folder if it has them."""
    file = Path(folder or ".") / "truth.parquet"
    if folder is None or not file.exists():
        found = truths()
        if folder is None:
            return found
        Path(folder).mkdir(parents=True, exist_ok=True)
        found.to_parquet(file)
    return pd.read_parquet(file)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--samples", type=int, default=SAMPLES)
    parser.add_argument("--large", type=int, help="samples of 5,000 firms (default: as --samples)")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--keep", metavar="FOLDER", help="go on with the samples of this folder")
    asked = parser.parse_args()
    large = asked.samples if asked.large is None else asked.large
    truth, blocks = kept_truths(asked.keep), []
    gc.freeze()  # what is loaded stays, and need not be looked through again and again
    with get_context("fork").Pool(asked.processes) as processes:
        for title, firms, count in (
            ("The sizes of the default run", 0, asked.samples),
            ("About 5,000 firms", LARGE, large),
        ):
            if not count:
                continue
            one = partial(kept_sample, firms=firms, truth=truth, folder=asked.keep)
            drawn = pd.concat(processes.map(one, range(count), chunksize=1), ignore_index=True)
            known = scored(drawn)
            tests = per_test(known)
            blocks += [f"## {title}: {count} samples", summary(known, tests), lay_out(tests)]
    write(
        "verdicts_recovery.md",
        "# Verdicts where the truth is known",
        "Synthetic Flanders many times over, judged by `config/claims.yaml`. Shares in per cent of "
        "the samples; power is that of the test at the truth; ± is a standard error over samples. "
        + machine("numpy", "scipy", "statsmodels"),
        *blocks,
    )


if __name__ == "__main__":
    main()
