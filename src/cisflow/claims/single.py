"""The verdict on one estimate: what its interval says, and what takes that away again.

What the interval says is the rule of :mod:`cisflow.study.verdicts`. It is a verdict only if there
are firms enough on either side of the term, if no single firm and no outlier turns it, if the
instruments are not weak, and if the model holds or a robust alternative says the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from cisflow.claims.evidence import Here, Row
from cisflow.claims.power import minimal_effect, reach_of_none, reach_of_sign
from cisflow.claims.units import unit_of
from cisflow.estimation.estimates import POOLED
from cisflow.estimators.distributions import student
from cisflow.study.claims import Rule, Single
from cisflow.study.verdicts import (
    CONTRADICTED,
    DECIDED,
    DEPENDS,
    FEW_FIRMS,
    INCONCLUSIVE,
    NO_ALTERNATIVE,
    NOT_ESTIMABLE,
    NOT_RUN,
    ONE_COUNTRY,
    ONE_FIRM,
    OUTLIERS,
    REJECTED,
    SUPPORTED,
    TOO_FEW,
    UNDECIDABLE,
    WEAK,
    Interval,
    Reading,
    read,
    within_reach,
)

NUMBERS = ("estimate", "std_error", "ci_low", "ci_high", "p_value", "n")
COUNTS = ("firms_with", "firms_without", "turned_by_one", "left_out")
REACH = ("mde", "n_needed")
BY_FIRM = "cluster(firm_id)"
WITHOUT_COUNTRIES = "without_countries"
"""Key of a pooled test with the verdict without each country."""
# Level of the intervals that the tidy estimates carry.
TABLE_LEVEL = 0.05


@dataclass(frozen=True)
class Finding:
    """An estimate as far as the rule asks of it."""

    estimate: float
    std_error: float
    ci: Interval
    p_value: float
    n: float
    df: float

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> Finding:
        """Return it from a row of the estimates; pooled ones have degrees of freedom."""
        df = float(row.get("df", np.nan))
        return cls(
            estimate=float(row["estimate"]),
            std_error=float(row["std_error"]),
            ci=(float(row["ci_low"]), float(row["ci_high"])),
            p_value=float(row["p_value"]),
            n=float(row["n"]),
            df=df if np.isfinite(df) else np.inf,
        )

    def interval(self, level: float) -> Interval:
        """Return the confidence interval at ``level``: the table's own where it has that level."""
        if level == TABLE_LEVEL and np.isfinite(self.ci).all():
            return self.ci
        return self.plain_interval(level)

    def plain_interval(self, level: float) -> Interval:
        """Return estimate ± quantile × standard error; t where there are degrees of freedom."""
        law = student(self.df)
        half = float(law.isf(level / 2)) * self.std_error
        return self.estimate - half, self.estimate + half

    def p_of(self, test: Single) -> float:
        """Return the p-value of a claim's own test: of zero, or of an effect outside the band."""
        if test.expected.sign:
            return self.p_value
        law = student(self.df)
        return float(law.sf((test.expected.band - abs(self.estimate)) / self.std_error))


def judge_one(test: Single, here: Here, rule: Rule) -> Row:
    """Judge a claim that rests on one estimate.

    Parameters
    ----------
    test
        The estimate and what is expected of it.
    here
        The estimates of one country and wave.

    Returns
    -------
    dict
        Columns of :data:`cisflow.claims.verdicts.CLAIMS`; ``code`` has the reasons, ``note`` what
        the stages before say of an estimate that there is not.
    """
    named = {
        **{name: getattr(test, name) for name in ("model", "column", "outcome", "term")},
        "quantity": test.measured,
    }
    if not here.has_run(test.model):
        return {**named, **no_verdict(NOT_RUN)}
    if missing := here.why_not(test):
        return {**named, **no_verdict(NOT_ESTIMABLE), "note": missing}
    row, facts = here.row(test), here.facts(test)
    assert row is not None  # noqa: S101 - why_not has looked
    found = Finding.of(row)
    reading, more = _verdict(test, found, here, rule)
    return {
        **named,
        **{name: row[name] for name in NUMBERS},
        **_told(facts),
        **_reach(test, found, rule),
        **({} if _sure_by_firms(row) else {"n_needed": np.nan}),
        **more,
        "expect": test.expect,
        "band": test.expected.band or np.nan,
        "claimed": test.expected.sign * (test.expected.claimed or np.nan),
        "p_test": found.p_of(test),
        "against_zero": found.interval(rule.significance),
        "for_band": found.plain_interval(rule.equivalence),
        "unit": unit_of(test.outcome, test.column, test.measured, censored=here.is_latent(row)),
        "verdict": reading.verdict,
        "verdict_literature": _verdict_literature(test, found, rule),
        "code": reading.code,
    }


def _sure_by_firms(row: Mapping[str, Any]) -> bool:
    """Return whether an estimate is surer with more firms.

    What is pooled is sure by the number of countries, and what is clustered by that of clusters:
    more firms in the same industries leave what these have in common where it is.
    """
    clustered = str(row["cov_type"]).startswith("cluster") and row["cov_type"] != BY_FIRM
    return row["country"] != POOLED and not clustered


def no_verdict(verdict: str) -> Row:
    """Return what a row says that has no verdict by either rule."""
    return {"verdict": verdict, "verdict_literature": verdict, "code": verdict}


def reading_of(test: Single, found: Finding, rule: Rule, level: float) -> Reading:
    """Return what an estimate's intervals say, the one against zero at ``level``."""
    band = found.plain_interval(rule.equivalence)
    said = read(test.expected, found.interval(level), band)
    detectable = minimal_effect(found.std_error, level=level, power=rule.power, df=found.df)
    return within_reach(said, test.expected, band, detectable)


def _verdict(test: Single, found: Finding, here: Here, rule: Rule) -> tuple[Reading, Row]:
    """Return the verdict with all its reasons, and what the model's tests and alternatives say."""
    said = reading_of(test, found, rule, rule.significance)
    rejected = here.rejections(test, rule)
    others = {
        name: reading_of(test, Finding.of(row), rule, rule.significance).verdict
        for name, row in here.alternatives(test, rule).items()
    }
    more = {
        "rejected": "; ".join(rejected),
        "alternatives": "; ".join(f"{name}: {verdict}" for name, verdict in others.items()),
    }
    facts = here.facts(test)
    more["countries"] = ", ".join(turning_countries(said.verdict, facts))
    if facts.get("few"):
        return Reading(TOO_FEW, FEW_FIRMS), more
    f = here.first_stage_f(test)
    if f is not None and f < rule.first_stage_f:
        return Reading(UNDECIDABLE, WEAK), {**more, "first_stage_f": f}
    if said.verdict not in DECIDED:
        return said, more
    return _withstood(said, facts, bool(rejected), others), more


def _withstood(
    said: Reading, facts: Mapping[str, Any], rejected: bool, others: Mapping[str, str]
) -> Reading:
    """Return a decided verdict, or what is left of it where firms or the model turn it."""
    codes = [said.code]
    if facts.get("turned"):
        codes.append(ONE_FIRM)
    if turning_countries(said.verdict, facts):
        codes.append(ONE_COUNTRY)
    if facts.get("outliers", {}).get("verdict", said.verdict) != said.verdict:
        codes.append(OUTLIERS)
    verdict = INCONCLUSIVE if len(codes) > 1 else said.verdict
    if rejected and any(other != said.verdict for other in others.values() or [""]):
        codes.append(REJECTED if others else NO_ALTERNATIVE)
        verdict = DEPENDS if verdict == said.verdict else verdict
    return Reading(verdict, "; ".join(codes))


def turning_countries(verdict: str, facts: Mapping[str, Any]) -> list[str]:
    """Return the countries without each of which a pooled estimate has another verdict."""
    without = facts.get(WITHOUT_COUNTRIES, {})
    return [country for country, other in without.items() if other != verdict]


def _told(facts: Mapping[str, Any]) -> Row:
    """Return the counts of firms as far as they may be told."""
    outliers = facts.get("outliers", {})
    found = {name: facts.get(name) for name in COUNTS[:-1]}
    found["left_out"] = outliers.get("left_out")
    told: Row = {name: np.nan if n is None else float(n) for name, n in found.items()}
    return {**told, "outliers": outliers.get("verdict", "")}


def _reach(test: Single, found: Finding, rule: Rule) -> Row:
    """Return what the sample could have found, and the firms with which it could decide."""
    about = {"level": rule.significance, "power": rule.power, "df": found.df}
    known = bool(np.isfinite(found.n))  # not where the gate withholds it
    size = found.std_error, found.n if known else 1.0
    if test.expected.sign:
        reach = reach_of_sign(*size, effect=test.expected.claimed, **about)
    else:
        reach = reach_of_none(*size, band=test.expected.band, equivalence=rule.equivalence, **about)
    return {"mde": reach.mde, "n_needed": reach.n_needed if known else np.nan}


def _verdict_literature(test: Single, found: Finding, rule: Rule) -> str:
    """Return the verdict by the p-value alone: not significant is read as no effect."""
    low, high = found.interval(rule.significance)
    p, sign = found.p_value, test.expected.sign
    significant = p <= rule.significance if np.isfinite(p) else low > 0 or high < 0
    if not sign:
        return CONTRADICTED if significant else SUPPORTED
    if not significant:
        return INCONCLUSIVE
    return SUPPORTED if sign * found.estimate > 0 else CONTRADICTED


def strength(test: Single, row: Row) -> float:
    """Return by how many standard errors an estimate speaks for what is expected of it."""
    if not test.expected.sign:
        return float((test.expected.band - abs(row["estimate"])) / row["std_error"])
    return float(test.expected.sign * row["estimate"] / row["std_error"])
