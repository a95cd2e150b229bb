"""The folder of a made-up run with its estimates and claims, in which a test changes things."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from cisflow.base.records import write_table
from cisflow.estimation.estimates import ESTIMATES, POOLED_ESTIMATES

COUNTRIES, WAVES = ("BE", "NL"), ("CIS4", "2010")
DUMMIES = [f"C(industry)[T.{i}]" for i in range(20)]
REGRESSION, BALANCE = "faems2005", "two_year_balance"


@dataclass(frozen=True)
class Results:
    """What a run published; ``change`` edits one file of it."""

    folder: Path

    def change(self, file: str, rows: dict, **values) -> None:
        """Set columns of the rows with these values; a function gets the column's old numbers."""
        path = self.folder / file
        table = pd.read_csv(path, dtype=str, keep_default_na=False)
        of = np.logical_and.reduce([table[column] == value for column, value in rows.items()])
        assert of.any(), rows
        for column, value in values.items():
            old = table.loc[of, column]
            told = (
                [f"{value(float(v)):.8g}" if v else "" for v in old] if callable(value) else value
            )
            table.loc[of, column] = told
        table.to_csv(path, index=False)

    def edit(self, file: str, change) -> None:
        """Replace a table by what a function makes of it."""
        path = self.folder / file
        change(pd.read_csv(path, dtype=str, keep_default_na=False)).to_csv(path, index=False)


def make_results(folder: Path) -> Results:
    rng = np.random.default_rng(1)
    run = Results(folder / "results" / "small")
    for country in COUNTRIES:
        (run.folder / "estimates" / country).mkdir(parents=True)
        for model, make in ((REGRESSION, _regression), (BALANCE, _balance)):
            rows = [
                {"country": country, "wave": wave, "model": model, "weights": "unweighted", **row}
                for wave in WAVES
                for row in make(rng)
            ]
            table = ESTIMATES.frame(rows, status="estimated")
            write_table(table, run.folder / f"estimates/{country}/{model}.csv", "SYNTHETIC")
    pooled = {"country": "pooled", "wave": "all", "model": REGRESSION, "term": "coop_any"}
    pooled |= {**_numbers(2.0, 0.5), "k": 2, "places": 4, "tau2": 0.0, "i2": 0.0, "q": 0.7, "df": 1}
    rows = [pooled | {"method": method} for method in ("paule-mandel", "fixed")]
    table = POOLED_ESTIMATES.frame(rows, status="estimated")
    write_table(table, run.folder / "estimates/pooled.csv", "SYNTHETIC")
    claims = [_claim(country, wave) for country in COUNTRIES for wave in WAVES]
    write_table(pd.DataFrame(claims), run.folder / "claims.csv", "SYNTHETIC")
    return run


def _numbers(estimate: float, error: float) -> dict:
    z = estimate / error
    bounds = {"ci_low": estimate - 1.96 * error, "ci_high": estimate + 1.96 * error}
    return {"estimate": estimate, "std_error": error, "statistic": z, "p_value": 0.04, **bounds}


def _regression(rng):
    sizes = {"n": 221, "n_lower": 90, "n_upper": 2, "cov_type": "HC1", "column": "any"}
    for term in ("Intercept", "coop_any", "group", *DUMMIES):
        yield {**sizes, "outcome": "radical", "term": term, **_numbers(rng.normal(9, 3), 2.0)}
    none = {"status": "not_estimable", "note": "no firm has it"}
    yield {**sizes, "outcome": "radical", "term": "coop_rivals", **none}


def _balance(rng):
    at = {"outcome": "profit_margin", "column": "raw", "cov_type": "bootstrap", "n": 305}
    yield {**at, "term": "balance", **_numbers(rng.normal(-1, 0.1), 0.5)}
    yield {**at, "term": "P(cost > return)", "estimate": 0.91}
    yield {**at, "term": "direct", "estimate": 0.0, "status": "fixed"}


def _claim(country: str, wave: str) -> dict:
    at = {"claim": "C1", "country": country, "wave": wave, "model": REGRESSION, "column": "any"}
    at |= {"outcome": "radical", "term": "coop_any", "n": 221, **_numbers(4.0, 2.0)}
    return at | {"verdict": "supported", "verdict_literature": "supported", "reason": "above zero"}
