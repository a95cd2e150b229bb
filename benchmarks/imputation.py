"""Do 95 % intervals with answers imputed hold the truth in 95 of 100 samples?

``python benchmarks/imputation.py`` writes ``results/imputation.md``. Sample ``i`` of a design is
drawn with the seed (20141120, place of the design, i): the table does not depend on the number of
processes. The seed was fixed before the first run and stays, whatever the table says.
"""

from __future__ import annotations

import os

os.environ["OPENBLAS_NUM_THREADS"] = "1"  # read when numpy is imported

import sys
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context

import numpy as np
import pandas as pd
from _report import machine, table, write
from scipy.special import expit

from cisflow.estimators import OLS, Tobit
from cisflow.estimators.distributions import NORMAL, Student
from cisflow.estimators.imputation import completed, pooled

SEED, SAMPLES, DRAWS = 20141120, 200, 20
TRUE = {"x": 8.0, "yes": 12.0}
FORMULA = "y ~ x + yes"
COLUMNS = ("full", "listwise", "imputed")


@dataclass(frozen=True)
class Design:
    """How a sample is drawn, and on what it depends who stays silent.

    Attributes
    ----------
    name : str
    firms : int
    on : "outcome", "other" or "itself"
        What the chance to leave out ``x`` depends on: the outcome, the auxiliary variable, or the
        value that is left out, which no imputation makes good.
    tobit : bool
        Whether the outcome is censored at 0 and 100.
    """

    name: str
    firms: int
    on: str
    tobit: bool = True

    def firms_of(self, rng: np.random.Generator) -> pd.DataFrame:
        """Draw a sample without gaps: outcome, two regressors, one auxiliary variable."""
        x = rng.normal(size=self.firms)
        yes = (rng.random(self.firms) < expit(x - 0.4)).astype(float)
        aside = x + rng.normal(size=self.firms)
        latent = 15 + TRUE["x"] * x + TRUE["yes"] * yes + rng.normal(0, 20, self.firms)
        y = np.clip(latent, 0, 100) if self.tobit else latent
        return pd.DataFrame({"y": y, "x": x, "yes": yes, "aside": aside})

    def with_gaps(self, full: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
        """Leave out a fifth to a quarter of ``x`` by the design, and a tenth of ``yes``."""
        by = {"outcome": (full["y"] - 20) / 12, "other": full["aside"], "itself": 1.5 * full["x"]}
        gone = rng.random(self.firms) < expit(by[self.on] - 1.5)
        silent = rng.random(self.firms) < 0.1
        return full.assign(x=full["x"].mask(gone), yes=full["yes"].mask(silent))

    def fit(self, data: pd.DataFrame):
        """Fit the regression of the design."""
        if self.tobit:
            return Tobit.from_formula(FORMULA, data, lower=0, upper=100).fit("HC1")
        return OLS(FORMULA, data).fit("HC1")


DESIGNS = [
    Design("Tobit, 250 firms, silent by the outcome", 250, "outcome"),
    Design("Tobit, 1,000 firms, silent by the outcome", 1000, "outcome"),
    Design("Tobit, 250 firms, silent by another answer", 250, "other"),
    Design("least squares, 250 firms, silent by the outcome", 250, "outcome", tobit=False),
    Design("Tobit, 250 firms, silent by the answer itself", 250, "itself"),
]


def one(place: int, i: int) -> list[dict[str, tuple[float, float, float]]]:
    """Return estimate, standard error and half-width of each term by each column."""
    rng = np.random.default_rng([SEED, place, i])
    design = DESIGNS[place]
    full = design.firms_of(rng)
    gaps = design.with_gaps(full, rng)
    half = float(NORMAL.ppf(0.975))
    plain = [design.fit(data) for data in (full, gaps.dropna())]
    fits = [design.fit(sample) for sample in completed(gaps, DRAWS, [SEED, place, i])]
    found = pooled([f.params[:3] for f in fits], [f.bse[:3] for f in fits], design.firms - 3)
    told = [{t: (f.params[t], f.bse[t], half * f.bse[t]) for t in TRUE} for f in plain]
    width = found.std_error * Student(found.df).ppf(0.975)
    drawn = zip(found.estimate[1:], found.std_error[1:], width[1:], strict=True)
    return [*told, dict(zip(TRUE, drawn, strict=True))]


def rows_of(samples: list) -> list[list[str]]:
    """Return a row per term and column: bias, spread, mean standard error, coverage."""
    rows = []
    for term, truth in TRUE.items():
        for column, name in enumerate(COLUMNS):
            b, se, half = np.array([sample[column][term] for sample in samples]).T
            covered = 100 * np.mean(abs(b - truth) <= half)
            numbers = (b.mean() - truth, b.std(ddof=1), se.mean())
            rows.append([f"{term}: {name}", *(f"{v:.2f}" for v in numbers), f"{covered:.1f}"])
    return rows


def main(samples: int) -> None:
    """Draw all samples and write the table."""
    blocks = []
    with get_context("spawn").Pool(1 if "--one" in sys.argv else None) as pool:
        for place, design in enumerate(DESIGNS):
            found = pool.map(partial(one, place), range(samples), chunksize=5)
            heads = ["estimate", "bias", "spread", "mean std. error", "coverage (%)"]
            blocks += [f"## {design.name}", table(heads, rows_of(found))]
    error = 100 * np.sqrt(0.95 * 0.05 / samples)
    intro = (
        f"Written by `benchmarks/imputation.py`. {samples} samples of each design, seed {SEED} "
        f"(one seed, fixed before the first run); Monte-Carlo error {error:.1f} points. True: 8 of "
        "`x` and 12 for `yes`. A fifth to a third of `x` is missing by what the design names, a "
        f"tenth of `yes` by chance. Full: before answers went missing. Imputed: {DRAWS} completed "
        "samples, an auxiliary variable among what they are drawn from. In the last design who is "
        "silent depends on nothing but what they would have said: then the firms with every answer "
        "are no selection by the outcome, and imputation is the column that is slightly off."
    )
    title = "# Imputed answers: bias, and how often a 95 % interval holds the truth"
    write("imputation.md", title, intro, *blocks, machine("numpy", "pandas", "statsmodels"))


if __name__ == "__main__":
    number = [int(a) for a in sys.argv[1:] if a.isdigit()]
    main(number[0] if number else SAMPLES)
