"""Hold the claims of the literature against the estimates, by the rule the claims file states.

A claim names its test: a model, and in its tidy estimates an outcome, a column and a term, with
the sign the literature found. Nothing is estimated here, and nothing but estimates is read.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import norm, t

from cisflow.base.records import Table
from cisflow.claims.evidence import Evidence, Here, Row
from cisflow.estimation.estimates import COEFFICIENT
from cisflow.study.claims import Claim, Claims, Rule, Share, Single

NUMBERS = ("estimate", "std_error", "ci_low", "ci_high", "p_value", "n")
NAMED = ("claim", "text", "source", "country", "wave", "model", "column", "outcome", "term")
CLAIMS = Table.of(*NAMED, *NUMBERS, "verdict", "verdict_literature", "reason", numbers=NUMBERS)
SUPPORTED = "supported"
CONTRADICTED = "contradicted"
INCONCLUSIVE = "inconclusive"
NOT_ESTIMABLE = "not estimable"
NOT_MEASURABLE = "not measurable"
VERDICTS = (SUPPORTED, CONTRADICTED, INCONCLUSIVE, NOT_ESTIMABLE, NOT_MEASURABLE)

SIGNS = {"positive": 1, "negative": -1}
# Level of the intervals that the tidy estimates carry.
TABLE_LEVEL = 0.05


def judge(
    claims: Claims,
    estimates: pd.DataFrame,
    diagnostics: Iterable[Mapping[str, Any]] = (),
) -> pd.DataFrame:
    """Return a verdict, or the reason for none, on every claim.

    Parameters
    ----------
    claims
        The claims file: ``rule`` and ``claims``.
    estimates
        Tidy estimates of every country and model of the run; of several covariances the first
        counts.
    diagnostics
        The models' diagnostics, for the share of bootstrap resamples below zero; optional.

    Returns
    -------
    pandas.DataFrame
        Columns of :data:`CLAIMS`, one row per claim, country and wave, one more for each further
        reading whose model was run. A claim about the run as a whole, and one that cannot be
        measured, has a single row with country and wave empty. ``verdict`` is one of
        :data:`VERDICTS`; ``verdict_literature`` is the same by significance at 5 % alone.
    """
    tested = {test.model for claim in claims.claims.values() for test in claim.singles}
    evidence = Evidence(estimates, diagnostics, tested)
    rows = [
        {"claim": name, "text": claim.text, "source": claim.source, **row}
        for name, claim in claims.claims.items()
        for row in _rows_of(claim, evidence, claims.rule)
    ]
    return CLAIMS.frame(rows).astype(dict.fromkeys(NUMBERS, "float64"))


def judge_pooled(claims: Claims, pooled: pd.DataFrame) -> pd.DataFrame:
    """Return a verdict on every claim that rests on single estimates, from the pooled ones.

    Parameters
    ----------
    claims
        The claims file.
    pooled
        Pooled estimates, the main method first (:func:`cisflow.estimation.pooling.pool.pool`);
        where they have
        degrees of freedom, intervals at another level than the table's are from t with these.

    Returns
    -------
    pandas.DataFrame
        As :func:`judge` returns it, with ``country`` ``"pooled"``.
    """
    tested = {
        name: claim for name, claim in claims.claims.items() if claim.test and not claim.test.share
    }
    return judge(claims.model_copy(update={"claims": tested}), pooled)


def _rows_of(claim: Claim, evidence: Evidence, rule: Rule) -> Iterator[Row]:
    if claim.test is None:
        yield {**_no_verdict(NOT_MEASURABLE), "reason": claim.not_measurable}
        return
    if claim.test.share:
        yield _judge_share(claim.test.share, evidence, rule)
        return
    further = [(test,) for test in claim.also if test.model in evidence.models]
    for country, wave in evidence.places:
        for parts in [claim.test.parts, *further]:
            row = _judge_all(parts, evidence.at(country, wave), rule)
            yield {"country": country, "wave": wave, **row}


# --- looking up --------------------------------------------------------------------------------


# --- verdicts ----------------------------------------------------------------------------------


def _judge_one(test: Single, here: Here, rule: Rule) -> Row:
    """Judge a claim that rests on one estimate."""
    missing = here.why_not(test)
    if missing:
        return {**_no_verdict(NOT_ESTIMABLE), **_named(test), "reason": missing}
    row = here.row(test)
    assert row is not None  # noqa: S101 - why_not has looked
    verdict, why = _verdict(test, row, rule, rule.significance)
    return {
        **_named(test),
        **{name: row[name] for name in NUMBERS},
        "verdict": verdict,
        "verdict_literature": _verdict_literature(test, row, rule),
        "reason": "; ".join([why, *_asides(test, here)]),
    }


def _verdict(test: Single, row: Row, rule: Rule, level: float) -> tuple[str, str]:
    """Return the verdict on one estimate and the sentence that gives its reason."""
    low, high = _interval(row, level)
    shown = f"{_percent(1 - level)} interval {_bounds(low, high)}"
    if test.expect == "none":
        return _verdict_none(test, row, rule, excludes_zero=low > 0 or high < 0, shown=shown)
    if low <= 0 <= high:
        return INCONCLUSIVE, f"{shown} holds zero"
    found = 1 if low > 0 else -1
    side = "above" if found > 0 else "below"
    if found == SIGNS[test.expect]:
        return SUPPORTED, f"{shown} lies {side} zero, as expected"
    return CONTRADICTED, f"{shown} lies {side} zero, against expectation"


def _verdict_none(
    test: Single, row: Row, rule: Rule, *, excludes_zero: bool, shown: str
) -> tuple[str, str]:
    """Judge a claim of no effect by equivalence (two one-sided tests)."""
    bound, level = test.smallest_effect or 0.0, rule.equivalence
    low, high = _normal_interval(row, level)
    tested = f"{_percent(1 - level)} interval {_bounds(low, high)}"
    band = f"±{_number(bound)}, the smallest effect of interest"
    if -bound < low and high < bound:
        return SUPPORTED, f"{tested} lies inside {band}"
    if excludes_zero:
        return CONTRADICTED, f"{tested} reaches beyond {band}, and {shown} excludes zero"
    return INCONCLUSIVE, f"{tested} reaches beyond {band}, and {shown} holds zero"


def _verdict_literature(test: Single, row: Row, rule: Rule) -> str:
    """Return the verdict by the p-value alone: not significant is read as no effect."""
    low, high = _interval(row, rule.significance)
    p = row["p_value"]
    significant = p <= rule.significance if np.isfinite(p) else low > 0 or high < 0
    if test.expect == "none":
        return CONTRADICTED if significant else SUPPORTED
    if not significant:
        return INCONCLUSIVE
    return SUPPORTED if SIGNS[test.expect] * row["estimate"] > 0 else CONTRADICTED


def _judge_all(parts: Sequence[Single], here: Here, rule: Rule) -> Row:
    """Judge a claim that holds only if each of its parts does (intersection-union test)."""
    judged = [_judge_one(part, here, rule) for part in parts]
    if len(judged) == 1:
        return judged[0]
    absent = [row for row in judged if row["verdict"] == NOT_ESTIMABLE]
    pairs = list(zip(parts, judged, strict=True))
    found = [(part, row) for part, row in pairs if row["verdict"] != NOT_ESTIMABLE]
    # One part is enough to contradict the whole: Bonferroni.
    level = rule.significance / len(parts)
    against = [row for part, row in found if _verdict(part, row, rule, level)[0] == CONTRADICTED]
    if against:
        verdict, shown = CONTRADICTED, against[0]
    elif absent:
        return {**absent[0], "reason": f"{absent[0]['term']}: {absent[0]['reason']}"}
    else:
        every = all(row["verdict"] == SUPPORTED for row in judged)
        verdict = SUPPORTED if every else INCONCLUSIVE
        shown = min(found, key=lambda pair: _strength(*pair))[1]
    literature = {row["verdict_literature"] for _, row in found}
    return {
        **shown,
        "verdict": verdict,
        "verdict_literature": _together(literature),
        "reason": "; ".join(
            f"{row['outcome']} on {row['term']}: {row['verdict']} ({row['reason']})"
            for row in judged
        ),
    }


def _together(verdicts: set[str]) -> str:
    """Return the verdict on a claim of several parts from theirs."""
    if CONTRADICTED in verdicts:
        return CONTRADICTED
    return SUPPORTED if verdicts == {SUPPORTED} else INCONCLUSIVE


def _strength(test: Single, row: Row) -> float:
    """Return by how many standard errors an estimate speaks for what is expected of it."""
    if test.expect == "none":
        return float(((test.smallest_effect or 0.0) - abs(row["estimate"])) / row["std_error"])
    return float(SIGNS[test.expect] * row["estimate"] / row["std_error"])


def _judge_share(share: Share, evidence: Evidence, rule: Rule) -> Row:
    """Judge a claimed share of significant estimates over the whole run."""
    from statsmodels.stats.proportion import proportion_confint

    models = [model for model in share.models if model in evidence.models]
    named = {"model": ", ".join(models or share.models)}
    table = evidence.table
    counted = table[table["model"].isin(models) & table["term"].isin(share.terms)]
    counted = counted[counted["quantity"] == COEFFICIENT]
    counted = counted[counted["estimate"].notna() & counted["p_value"].notna()]
    if counted.empty:
        several = "models" if len(share.models) > 1 else "model"
        why = f"{several} {named['model']}: no coefficient of these terms was estimated"
        if not models:
            why = f"{several} {named['model']}: not in this run's config"
        return {**_no_verdict(NOT_ESTIMABLE), **named, "reason": why}
    signed = SIGNS[share.expect] * counted["estimate"] > 0
    hits = int((signed & (counted["p_value"] < rule.significance)).sum())
    low, high = proportion_confint(hits, len(counted), alpha=rule.significance, method="wilson")
    found, claimed = hits / len(counted), share.claimed
    needed = claimed - share.margin
    if low > needed:
        verdict, why = SUPPORTED, f"lies above {_number(needed)} (the claimed share less a margin)"
    elif high < claimed:
        verdict, why = CONTRADICTED, f"lies below the claimed {_number(claimed)}"
    else:
        verdict, why = INCONCLUSIVE, f"does not settle the claimed {_number(claimed)}"
    shown = f"{_percent(1 - rule.significance)} interval {_bounds(low, high)}"
    count = f"{hits} of {len(counted)} estimates are significant and {share.expect}"
    return {
        **named,
        "estimate": found,
        "ci_low": low,
        "ci_high": high,
        "verdict": verdict,
        "verdict_literature": SUPPORTED if found >= claimed else CONTRADICTED,
        "reason": f"{count}; {shown} {why}",
    }


def _named(test: Single) -> Row:
    return {name: getattr(test, name) for name in ("model", "column", "outcome", "term")}


def _no_verdict(verdict: str) -> Row:
    return {"verdict": verdict, "verdict_literature": verdict}


def _asides(test: Single, here: Here) -> Iterator[str]:
    """Yield what else a reader is told: neighbouring estimates, the bootstrap's share."""
    for term in test.beside:
        row = here.row(test, term)
        if row is not None and np.isfinite(row["estimate"]):
            yield f"{term} {_number(row['estimate'])}"
    share = here.share_negative(test)
    if share is not None:
        yield f"below zero in {_percent(share)} of the bootstrap resamples"


# --- intervals and numbers ---------------------------------------------------------------------


def _interval(row: Row, level: float) -> tuple[float, float]:
    """Return the confidence interval at ``level``: the table's own where it has that level."""
    if level == TABLE_LEVEL and np.isfinite([row["ci_low"], row["ci_high"]]).all():
        return row["ci_low"], row["ci_high"]
    return _normal_interval(row, level)


def _normal_interval(row: Row, level: float) -> tuple[float, float]:
    """Return estimate ± quantile × standard error; t where the row has degrees of freedom."""
    df = row.get("df", np.nan)
    law = t(df) if np.isfinite(df) else norm()
    half = float(law.isf(level / 2)) * row["std_error"]
    return row["estimate"] - half, row["estimate"] + half


def _number(x: float) -> str:
    return f"{x:.3g}".replace("-", "−")


def _bounds(low: float, high: float) -> str:
    return f"[{_number(low)}, {_number(high)}]"


def _percent(share: float) -> str:
    return f"{100 * share:.3g} %"


# --- checking the claims file ------------------------------------------------------------------
