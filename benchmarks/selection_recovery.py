"""Do corrections for selection and endogeneity find the truth, and do their tests hold their size?

``python benchmarks/selection_recovery.py`` (some ten minutes) writes
``results/selection_recovery.md``. Sample ``i`` of a design is drawn with the seed (20141120, place
of the design, i): the table does not depend on the number of processes. The seed was fixed before
the first run and stays, whatever the table says.
"""

from __future__ import annotations

import os

os.environ["OPENBLAS_NUM_THREADS"] = "1"  # read when numpy is imported

import sys
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context

import numpy as np
import pandas as pd
from _report import machine, table, write
from scipy.stats import norm

from cisflow.estimators import ControlFunctionTobit, DoublyRobust, Heckman
from cisflow.estimators.errors import EstimationError

SEED, SAMPLES, FIRMS = 20141120, 600, 600
HALF = float(norm.ppf(0.975))
Found = dict[str, tuple[float, float, float]]
"""By name: an estimate, its standard error and the truth; of a test p, NaN and NaN."""


@dataclass(frozen=True)
class Design:
    """Samples of one kind, and what is estimated on each.

    Attributes
    ----------
    name : str
    about : str
        What is true.
    one : callable
        From a generator to what was found.
    """

    name: str
    about: str
    one: Callable[[np.random.Generator], Found]


def of_term(fit, term, truth):
    return float(fit.params[term]), float(fit.bse[term]), truth


def of_test(fit, name):
    return float(fit.tests[name]["p_value"]), np.nan, np.nan


# --- selection ---------------------------------------------------------------------------------


def selected(rng, rho, limits=None):
    """Firms of which some six in ten are selected; the effect of d is 6, the spread 10."""
    x, z, v = rng.normal(size=(3, FIRMS))
    e = rho * v + np.sqrt(1 - rho**2) * rng.normal(size=FIRMS)
    d = (rng.uniform(size=FIRMS) < 0.4) * 1.0
    y = 8 + 4 * x + 6 * d + 10 * e
    y = y if limits is None else np.clip(y, *limits)
    return pd.DataFrame(
        {"s": (0.3 + 0.3 * x + 0.8 * z + v > 0) * 1.0, "y": y, "x": x, "z": z, "d": d}
    )


def selection(rng, rho):
    """Both methods, an outcome without limits."""
    data, found = selected(rng, rho), {}
    for method in ("two_step", "ml"):
        fit = Heckman("s ~ x + z", "y ~ x + d", data, method).fit()
        for name, of in (("classical", fit), ("HC1", fit.with_cov("HC1"))):
            found[f"{method}, {name}: d"] = of_term(of, "d", 6.0)
            found[f"{method}, {name}: x"] = of_term(of, "x", 4.0)
            found[f"{method}, {name}: λ"] = of_term(of, "lambda", 10 * rho)
            if rho == 0:
                found[f"{method}, {name}: test of ρ = 0"] = of_test(of, "independence")
    return found


def selection_of_shares(rng, rho):
    """A share that piles up at 0 and at 40."""
    fit = Heckman("s ~ x + z", "y ~ x + d", selected(rng, rho, (0, 40)), lower=0, upper=40).fit()
    found = {}
    for name, of in (("classical", fit), ("HC1", fit.with_cov("HC1"))):
        found[f"tobit, {name}: d"] = of_term(of, "d", 6.0)
        found[f"tobit, {name}: x"] = of_term(of, "x", 4.0)
        found[f"tobit, {name}: λ"] = of_term(of, "lambda", 10 * rho)
        if rho == 0:
            found[f"tobit, {name}: test of ρ = 0"] = of_test(of, "independence")
    return found


# --- control function --------------------------------------------------------------------------


def endogenous(rng, related, binary, strength):
    """A share between 0 and 50 whose d is related to its disturbance; the effect of d is 6."""
    x, z, v = rng.normal(size=(3, FIRMS))
    e = related * v + np.sqrt(1 - related**2) * rng.normal(size=FIRMS)
    d = 0.3 * x + strength * z + v
    d = (d > 0) * 1.0 if binary else d
    y = np.clip(8 + 3 * x + 6 * d + 10 * e, 0, 50)
    data = pd.DataFrame({"y": y, "x": x, "d": d, "z": z})
    fit = ControlFunctionTobit("y ~ x + d", data, ["d"], ["z"], 0, 50).fit()
    found = {}
    for name, of in (("classical", fit), ("HC1", fit.with_cov("HC1"))):
        found[f"{name}: d"] = of_term(of, "d", 6.0)
        if related == 0:
            found[f"{name}: test of exogeneity"] = of_test(of, "exogeneity")
    return found


# --- doubly robust -----------------------------------------------------------------------------


def weighted(rng, wrong):
    """The effect of d is 5; what moves both is left out of one model, or of none."""
    x, w = rng.normal(size=FIRMS), (rng.uniform(size=FIRMS) < 0.4) * 1.0
    twist = 0.0 if wrong == "neither" else 0.3
    p = 1 / (1 + np.exp(0.4 - 0.6 * x - 0.5 * w - twist * (x**2 - 1)))
    d = (rng.uniform(size=FIRMS) < p) * 1.0
    y = 20 + 5 * d + 5 * x + 4 * w + 10 * twist * x**2 + 8 * rng.normal(size=FIRMS)
    data = pd.DataFrame({"y": y, "d": d, "x": x, "w": w, "x2": x**2})
    full, narrow = "y ~ d + x + w + x2", "y ~ d + x + w"
    model = DoublyRobust(full if twist else narrow, data, "d", overlap=(0, 1))
    other = DoublyRobust(narrow, data, "d", overlap=(0, 1))
    if wrong == "outcome":
        model.__dict__["arms"] = other.arms
    elif wrong == "propensity":
        model.__dict__["propensity"] = other.propensity
    fit = model.fit("HC1")
    return {name: of_term(fit, name, 5.0) for name in ("d", "treated(d)")}


DESIGNS = [
    Design("Selection, ρ = 0.5", "n = 600, about 60 % selected.", partial(selection, rho=0.5)),
    Design("Selection, ρ = 0", "The same without selection.", partial(selection, rho=0.0)),
    Design(
        "Selection of a share with limits, ρ = 0.5",
        "A quarter of the shares is 0.",
        partial(selection_of_shares, rho=0.5),
    ),
    Design(
        "Selection of a share with limits, ρ = 0",
        "The same without selection.",
        partial(selection_of_shares, rho=0.0),
    ),
    *(
        Design(
            f"Control function, d {'a yes/no' if binary else 'a number'}, {words}",
            f"First-stage coefficient of the instrument {strength:g}.",
            partial(endogenous, related=related, binary=binary, strength=strength),
        )
        for binary in (False, True)
        for related, words, strength in (
            (0.6, "endogenous", 0.8),
            (0.0, "exogenous", 0.8),
            (0.6, "endogenous, weak instrument", 0.1),
        )
    ),
    *(
        Design(
            f"Doubly robust, {words}", "The effect is 5 for all.", partial(weighted, wrong=wrong)
        )
        for wrong, words in (
            ("neither", "both models right"),
            ("outcome", "the outcome's regressions wrong"),
            ("propensity", "the propensity wrong"),
        )
    ),
]


def one(place, index):
    """What was found on one sample; None where an estimate does not exist."""
    warnings.simplefilter("ignore", UserWarning)
    rng = np.random.default_rng([SEED, place, index])
    try:
        return DESIGNS[place].one(rng)
    except EstimationError:
        return None


def measured(found: list[Found]) -> Iterator[list[str]]:
    """Yield a row per name: bias in standard deviations, coverage or rejections in percent."""
    for name in found[0]:
        estimates, errors, truths = np.array([sample[name] for sample in found]).T
        if np.isnan(truths).all():
            yield [name, "", "", "", f"{100 * (estimates < 0.05).mean():.1f}"]
            continue
        off = estimates - truths
        held = np.abs(off) <= HALF * errors
        yield [
            name,
            f"{off.mean():.2f}",
            f"{np.median(off):.2f}",
            f"{100 * held.mean():.1f}",
            "",
        ]


def main(samples=SAMPLES, processes=2):
    """Measure and write."""
    blocks, sizes = [], []
    for place, design in enumerate(DESIGNS):
        with get_context("fork").Pool(processes) as pool:
            all_ = pool.map(partial(one, place), range(samples), chunksize=25)
        found = [sample for sample in all_ if sample is not None]
        rows = list(measured(found))
        sizes += [float(row[4]) for row in rows if row[4] and "weak" not in design.name]
        lost = samples - len(found)
        gone = f" {lost} samples without an estimate are left out." if lost else ""
        heads = ["", "mean bias", "median bias", "coverage (%)", "rejected at 5 % (%)"]
        blocks += [f"## {design.name}", design.about + gone, table(heads, rows)]
    error = 100 * np.sqrt(0.95 * 0.05 / samples)
    within = all(3.5 <= size <= 6.5 for size in sizes)
    write(
        "selection_recovery.md",
        "# Selection, endogeneity, propensity: is the truth found?",
        f"Written by `benchmarks/selection_recovery.py`. {samples:,} samples of {FIRMS} firms of "
        f"each design, seed {SEED} (one seed, fixed before the first run); Monte-Carlo error "
        f"{error:.2f} points. Coverage is that of 95 % intervals.",
        "Target: tests that are true reject in 3.5 to 6.5 of 100 samples: "
        f"{'met' if within else '**missed**'}; they do in {min(sizes):.1f} to {max(sizes):.1f}.",
        *blocks,
        machine("numpy", "scipy", "statsmodels"),
    )


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
