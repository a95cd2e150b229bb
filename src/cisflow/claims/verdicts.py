"""Hold the claims of the literature against the estimates, by the rule the claims file states.

A claim names its test: a model, and in its tidy estimates an outcome, a column and a term, with
the sign the literature found. Nothing is estimated here, and nothing but estimates is read.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from cisflow.base.decimals import measured
from cisflow.base.records import Table
from cisflow.claims.curves import with_curve
from cisflow.claims.evidence import Evidence, Here, Row
from cisflow.claims.families import ADJUSTED, adjusted, decides
from cisflow.claims.reasons import beside_of, named, part_in_words, percent, reason_of
from cisflow.claims.shares import judge_share
from cisflow.claims.single import (
    COUNTS,
    NUMBERS,
    REACH,
    WITHOUT_COUNTRIES,
    Finding,
    judge_one,
    no_verdict,
    reading_of,
    strength,
)
from cisflow.claims.truths import RECOVERED, with_truth
from cisflow.estimation.estimates import POOLED, TESTS
from cisflow.study.claims import Claim, Claims, Rule, Single, key_of
from cisflow.study.verdicts import (
    CONTRADICTED,
    INCONCLUSIVE,
    NOT_ESTIMABLE,
    NOT_MEASURABLE,
    NOT_RUN,
    SUPPORTED,
    TOO_FEW,
    VERDICTS,
)

__all__ = ["CLAIMS", "VERDICTS", "judge", "judge_pooled"]

NAMED = ("claim", "text", "source", "country", "wave", "model", "column", "outcome", "term")
MEASURED = ("quantity", "part", "unit", "expect", "band", "claimed")
CHECKS = ("outliers", "rejected", "alternatives")
SAID = ("verdict", "verdict_literature", "code", "reason", "beside")
CLAIMS = Table.of(
    *NAMED,
    *MEASURED,
    *NUMBERS,
    *COUNTS,
    *CHECKS,
    "p_test",
    *ADJUSTED,
    *REACH,
    *RECOVERED,
    *SAID,
    "curve",
    numbers=(*NUMBERS, "band", "claimed", *COUNTS, "p_test", *ADJUSTED, *REACH, "truth"),
)
# One part without an estimate leaves a claim of several open; these say why, the gravest first.
WITHOUT = (NOT_RUN, NOT_ESTIMABLE, TOO_FEW)
SEED = 20141120


def judge(
    claims: Claims,
    estimates: pd.DataFrame,
    diagnostics: Iterable[Mapping[str, Any]] = (),
    truth: pd.DataFrame | None = None,
    seed: int = SEED,
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
        The models' diagnostics: what was counted of each test, the models' own tests, the share of
        bootstrap resamples below zero. What they lack is not held against a verdict.
    truth
        Of a simulated run, what each estimate is of in a very large sample
        (:mod:`cisflow.claims.truths`).
    seed
        Of the draws behind the adjustment by resampling.

    Returns
    -------
    pandas.DataFrame
        Columns of :data:`CLAIMS`, one row per claim, country and wave, one more for each further
        reading whose model was run. A claim about the run as a whole, and one that cannot be
        measured, has a single row with country and wave empty. ``verdict`` is one of
        :data:`VERDICTS`, ``code`` its reasons as data and ``reason`` in words, ``beside`` what
        else a reader is told; ``verdict_literature`` is the same by significance at 5 % alone.
    """
    tested = {test.model for claim in claims.claims.values() for test in claim.singles}
    evidence = Evidence(estimates, diagnostics, tested)
    rows = [
        {"claim": name, "text": claim.text, "source": claim.source, **row}
        for name, claim in claims.claims.items()
        for row in _rows_of(claim, evidence, claims.rule, seed)
    ]
    rows = with_truth(adjusted(rows, evidence.correlations, claims.rule, seed), truth)
    told = [
        {
            **row,
            "reason": row.get("reason") or reason_of(row, claims.rule),
            "beside": beside_of(row.get("asides", ())),
        }
        for row in rows
    ]
    return CLAIMS.frame(told).astype(dict.fromkeys(CLAIMS.numbers, "float64"))


def judge_pooled(
    claims: Claims,
    pooled: pd.DataFrame,
    terms: Sequence[Mapping[str, Any]] = (),
    seed: int = SEED,
) -> pd.DataFrame:
    """Return a verdict on every claim that rests on single estimates, from the pooled ones.

    Parameters
    ----------
    pooled
        Pooled estimates, the main method first (:func:`cisflow.estimation.pooling.pool.pool`);
        where they have degrees of freedom, intervals at another level than the table's are from t
        with these.
    terms
        What is known of each pooled term besides: the result without each country, which no
        verdict may hang on.
    seed
        As in :func:`judge`.

    Returns
    -------
    pandas.DataFrame
        As :func:`judge` returns it, with ``country`` ``"pooled"``.
    """
    tested = {
        name: claim for name, claim in claims.claims.items() if claim.test and not claim.test.share
    }
    claims = claims.model_copy(update={"claims": tested})
    tests: dict[str, dict[str, Single]] = {}
    for test in (test for claim in tested.values() for test in claim.singles):
        tests.setdefault(test.key, {})[test.expected.asked] = test
    without = [
        _without_countries(term, test, claims.rule)
        for term in terms
        for test in tests.get(key_of(term["model"], term), {}).values()
    ]
    return judge(claims, pooled, without, seed=seed)


def _without_countries(term: Mapping[str, Any], test: Single, rule: Rule) -> Row:
    """Return the verdicts on a pooled estimate without each country, as diagnostics have tests."""
    verdicts = {
        left["country"]: reading_of(
            test, Finding.of({"p_value": np.nan, "n": np.nan, **left}), rule, rule.significance
        ).verdict
        for left in term["leave_one_out"]
    }
    about = {key: term[key] for key in ("outcome", "column", "term", "quantity")}
    about |= {"asked": test.expected.asked, WITHOUT_COUNTRIES: verdicts}
    fit = {"wave": term["wave"], TESTS: [about]}
    return {"country": POOLED, "model": term["model"], "fits": [fit]}


def _rows_of(claim: Claim, evidence: Evidence, rule: Rule, seed: int) -> Iterator[Row]:
    if claim.test is None:
        yield {**no_verdict(NOT_MEASURABLE), "note": claim.not_measurable}
        return
    if claim.test.share:
        yield judge_share(claim.test.share, evidence, rule, seed)
        return
    further = [(test,) for test in claim.also if test.model in evidence.models]
    for country, wave in evidence.places:
        here = evidence.at(country, wave)
        for i, parts in enumerate([claim.test.parts, *further]):
            row = _judge_all(parts, here, rule)
            row = with_curve(row, claim.curve, here) if i == 0 else row
            yield {"country": country, "wave": wave, **row}


def _judge_all(parts: Sequence[Single], here: Here, rule: Rule) -> Row:
    """Judge a claim that holds only if each of its parts does (intersection-union test)."""
    judged = [{**judge_one(part, here, rule), "asides": _asides(part, here)} for part in parts]
    if len(judged) == 1:
        return judged[0]
    pairs = list(zip(parts, judged, strict=True))
    found = [(part, row) for part, row in pairs if np.isfinite(row.get("estimate", np.nan))]
    against = [row for part, row in found if _contradicts(part, row, rule, len(parts))]
    absent = [row for verdict in WITHOUT for row in judged if row["verdict"] == verdict]
    if against:
        verdict, shown = CONTRADICTED, against[0]
    elif absent:
        verdict, shown = absent[0]["verdict"], absent[0]
    else:
        shown = min(found, key=lambda pair: strength(*pair))[1]
        verdict = _together([row["verdict"] for row in judged])
    # The whole is tested only if every part is, and then by the part with the largest p-value.
    tested = all(map(decides, judged))
    hardest = max(judged, key=lambda row: float(row["p_test"])) if tested else {}
    return {
        **shown,
        "part": part_in_words(shown),
        "p_test": hardest.get("p_test", np.nan),
        "hardest": hardest,
        "verdict": verdict,
        "verdict_literature": _literature({row["verdict_literature"] for _, row in found})
        if found and verdict not in (NOT_RUN, NOT_ESTIMABLE)
        else verdict,
        "parts": [{**row, "reason": reason_of(row, rule)} for row in judged],
        "asides": [aside for row in judged for aside in row["asides"]],
    }


def _contradicts(test: Single, row: Row, rule: Rule, parts: int) -> bool:
    """Return whether a part alone contradicts the whole: at its share of the level (Bonferroni)."""
    if row["verdict"] != CONTRADICTED:
        return False
    level = rule.significance / parts
    return reading_of(test, Finding.of(row), rule, level).verdict == CONTRADICTED


def _together(verdicts: Sequence[str]) -> str:
    """Return the verdict on a claim of several parts from theirs: that of the weakest link.

    A part contradicted at the level of a single test does not contradict the whole; then, and
    where parts are open for different reasons, the whole is inconclusive.
    """
    open_ = {verdict for verdict in verdicts if verdict != SUPPORTED}
    if not open_:
        return SUPPORTED
    return open_.pop() if len(open_) == 1 and open_ != {CONTRADICTED} else INCONCLUSIVE


def _literature(verdicts: set[str]) -> str:
    """Return the literature's verdict on a claim of several parts from theirs."""
    if CONTRADICTED in verdicts:
        return CONTRADICTED
    return SUPPORTED if verdicts == {SUPPORTED} else INCONCLUSIVE


def _asides(test: Single, here: Here) -> list[str]:
    """Return what else a reader is told: neighbouring estimates, the bootstrap's share."""
    told = []
    for term in test.beside:
        row = here.row(test, term)
        if row is not None and np.isfinite(row["estimate"]):
            told.append(f"{named(term)} {measured(row['estimate'], row['std_error'])}")
    share = here.share_negative(test)
    if share is not None:
        told.append(f"below zero in {percent(share)} of the bootstrap resamples")
    return told
