"""What one country and wave, and several countries together, say of a claim.

Numbers are those of the verdicts, and so is the reason; what would change it is added here.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from cisflow.claims.reasons import alternatives_in_words, percent, tests_in_words
from cisflow.estimation.estimates import ALL_WAVES
from cisflow.publication.findings import Findings
from cisflow.publication.site.questions import Question, Row, question_of
from cisflow.publication.words import bound, measured, p_value
from cisflow.study import verdicts as v
from cisflow.study.claims import Claim, Rule

ADJUSTED = {"p_holm": "Holm", "p_bh": "Benjamini–Hochberg", "p_rw": "Romano–Wolf"}


@dataclass(frozen=True)
class Interval:
    """An estimate with its 95 % interval, as numbers and as print; ``band`` around no effect."""

    estimate: float
    low: float
    high: float
    band: float
    text: str
    interval: str


@dataclass(frozen=True)
class Evidence:
    """What one country and wave say of a claim.

    Attributes
    ----------
    country, wave, place
        Empty for a claim about the run as a whole.
    decides
        Whether the claim's verdict here is this one; else it is a further reading.
    question
        Which number it is.
    found
        Estimate and interval, None where there is no estimate.
    firms, with_, without
        How many firms, and how many on either side of the term; None where that is not told.
    verdict, literature
        By the rule, and by significance alone.
    why, beside
        Reason of the verdict, and what else a reader is told.
    changes
        What would change it, as sentences.
    p, adjusted
        p-value of the test, and adjusted for the other tests of the article; for print.
    truth
        Of a simulated run: the true number and whether the interval holds it; for print.
    """

    country: str
    wave: str
    place: str
    decides: bool
    question: Question
    found: Interval | None
    firms: float | None
    with_: float | None
    without: float | None
    verdict: str
    literature: str
    why: str
    beside: str
    changes: tuple[str, ...]
    p: str
    adjusted: tuple[str, ...]
    truth: str

    @property
    def sides(self) -> str:
        """How many firms it rests on, in words; that it is confidential where that is not told."""
        if self.firms is None:
            return "number of firms confidential" if self.found and self.country else ""
        both = self.with_ is not None and self.without is not None
        apart = f", {self.with_:,.0f} with and {self.without:,.0f} without" if both else ""
        return f"{self.firms:,.0f} firms{apart}"


@dataclass(frozen=True)
class Together:
    """What several countries together say of a claim; ``prediction`` is for a further country."""

    wave: str
    decides: bool
    question: Question
    found: Interval | None
    prediction: tuple[float, float] | None
    prediction_text: str
    countries: float | None
    i2: str
    verdict: str
    why: str
    beside: str


def evidence_of(
    findings: Findings, row: Row, claim: Claim | None, rule: Rule, *, decides: bool
) -> Evidence:
    """Return what a row of verdicts says."""
    country = str(row["country"])
    return Evidence(
        country=country,
        wave=str(row["wave"]),
        place=findings.place(country, row["wave"]) if country else "All countries and waves",
        decides=decides,
        question=question_of(findings, row, claim),
        found=_interval(row),
        firms=_told(row["n"]),
        with_=_told(row["firms_with"]),
        without=_told(row["firms_without"]),
        verdict=str(row["verdict"]),
        literature=str(row["verdict_literature"]),
        why=str(row["reason"]),
        beside=str(row["beside"]),
        changes=tuple(_changes(row, rule)),
        p=p_value(row["p_test"]) if np.isfinite(row["p_test"]) else "",
        adjusted=tuple(_adjusted(row)),
        truth=_truth(row),
    )


def together_of(findings: Findings, row: Row, claim: Claim | None, *, decides: bool) -> Together:
    """Return what a row of verdicts on pooled estimates says."""
    found = _pooled_row(findings, row)
    prediction = found.get("pi_low", np.nan), found.get("pi_high", np.nan)
    known = bool(np.isfinite(prediction).all())
    low, high = (measured(x, row["std_error"]) if known else "" for x in prediction)
    i2 = found.get("i2", np.nan)
    return Together(
        wave="all waves" if row["wave"] == ALL_WAVES else str(row["wave"]),
        decides=decides,
        question=question_of(findings, row, claim),
        found=_interval(row),
        prediction=prediction if known else None,
        prediction_text=f"{low} to {high}" if known else "",
        countries=_told(found.get("k", np.nan)),
        i2=f"{100 * i2:.0f} %" if np.isfinite(i2) else "",
        verdict=str(row["verdict"]),
        why=str(row["reason"]),
        beside=str(row["beside"]),
    )


def _pooled_row(findings: Findings, row: Row) -> Row:
    """Return the pooled estimate behind a verdict, by the run's own method; empty if none."""
    pooled = findings.pooled
    if not len(pooled):
        return {}
    names = ("wave", "model", "outcome", "column", "term", "quantity")
    same = np.logical_and.reduce([pooled[name] == row[name] for name in names])
    return next(iter(pooled[same].to_dict(orient="records")), {})


def _told(number: float) -> float | None:
    return float(number) if np.isfinite(number) else None


def _interval(row: Row) -> Interval | None:
    """Return estimate and interval with as many decimals as the standard error bears."""
    if not np.isfinite([row["estimate"], row["ci_low"], row["ci_high"]]).all():
        return None
    estimate, low, high = (float(row[n]) for n in ("estimate", "ci_low", "ci_high"))
    error = row["std_error"]
    text, ends = measured(estimate, error), f"{bound(low, error)} to {bound(high, error)}"
    return Interval(estimate, low, high, float(row["band"]), text, ends)


def _changes(row: Row, rule: Rule) -> Iterator[str]:
    """Yield what would change a verdict, or takes from it, beyond its reason."""
    if not np.isfinite(row["estimate"]):
        return
    codes = {*row["code"].split("; ")}
    if np.isfinite(row["mde"]) and v.EFFECT_OUT_OF_REACH not in codes:
        size = measured(row["mde"], row["std_error"])
        power = percent(rule.power)
        yield f"A sample like this one finds effects of {size} or more with {power} probability."
    if row["verdict"] in v.DECIDED and row["turned_by_one"] == 0:
        yield "No single firm turns it."
    if row["rejected"] and not {v.REJECTED, v.NO_ALTERNATIVE} & codes:
        others = alternatives_in_words(row["alternatives"])
        said = f" Alternatives say: {others}." if others else ""
        yield f"Tests reject the model ({tests_in_words(row['rejected'])}).{said}"
    if row["p_test"] <= rule.significance < np.nanmax([0, *(row[name] for name in ADJUSTED)]):
        yield (
            "Among all tests on claims of the same article its p-value is "
            f"{', '.join(_adjusted(row))}."
        )
    literal = row["verdict_literature"]
    if literal in v.DECIDED and literal != row["verdict"]:
        yield f"By significance alone, as the literature reads it, it would be {literal}."


def _adjusted(row: Row) -> Iterator[str]:
    for name, method in ADJUSTED.items():
        if np.isfinite(row[name]):
            yield f"{p_value(row[name])} ({method})"


def _truth(row: Row) -> str:
    if not row["recovered"]:
        return ""
    held = "inside" if row["recovered"] == "yes" else "outside"
    return f"{measured(row['truth'], row['std_error'])}, {held} the interval"
