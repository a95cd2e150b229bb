"""What instruments are worth, and what is left to say if they are weak."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from cisflow.claims.units import unit_of
from cisflow.estimation.estimates import COEFFICIENT
from cisflow.estimation.instruments import WEAK
from cisflow.publication.catalogue import Catalogue
from cisflow.publication.curve_facts import SIGNIFICANT
from cisflow.publication.findings import Findings
from cisflow.publication.language import retold
from cisflow.publication.paper.numbers import Context, equals, heading
from cisflow.publication.tables.appendix import confidence_set
from cisflow.publication.words import bound, inline, measured, number, p_value, unitless

TWO_STAGES = "2sls"


def instrument_facts(
    findings: Findings, items: Catalogue, country: str, wave: str, model: str
) -> Context:
    """Return how strong the instruments are in one country and wave, and the robust intervals.

    ``claims`` are those whose verdict rests on the model.
    """
    spec = findings.models[model]
    claims = findings.claims
    first = claims.drop_duplicates(["claim", "country", "wave"])
    here = (first["model"] == model) & (first["country"] == country) & (first["wave"] == wave)
    rows = findings.main_rows(country, wave, model)
    return {
        **heading(findings, items, "instruments", country, wave, model),
        "endogenous": [inline(term) for term in spec.endogenous],
        "threshold": f"{WEAK:g}",
        "results": [
            _result(fit, rows, spec.endogenous)
            for fit in findings.fits(country, wave, model)
            if fit.get("method") == TWO_STAGES and fit.get("first_stage")
        ],
        "claims": first.loc[here, "claim"].to_list(),
    }


def instrument_spreads(found: Sequence[Context]) -> list[Context]:
    """Return once over several samples what instruments say of each outcome; empty of one."""
    by_outcome: dict[tuple[str, ...], list[Context]] = {}
    for of in found:
        for result in of["results"]:
            key = (*of["endogenous"], result["outcome"], result["unit"])
            by_outcome.setdefault(key, []).append({**result, "endogenous": of["endogenous"]})
    return [_over(results) for results in by_outcome.values() if len(results) > 1]


def _over(results: Sequence[Context]) -> Context:
    strengths = [r["at"]["f"] for r in results if r["f"]]
    estimates = sorted((r for r in results if r["estimate"]), key=lambda r: r["at"]["estimate"])
    sets = [r for r in results if r["interval"]]
    bounded = [r for r in sets if r["ends"]]
    low = min(bounded, key=lambda r: r["at"]["low"])["ends"][0] if bounded else ""
    high = max(bounded, key=lambda r: r["at"]["high"])["ends"][1] if bounded else ""
    return {
        **{name: results[0][name] for name in ("outcome", "unit", "endogenous")},
        "of": len(results),
        "weak": sum(r["weak"] for r in results),
        "f": [number(f, 1) for f in (min(strengths), max(strengths))] if strengths else [],
        "effects": [estimates[0]["estimate"], estimates[-1]["estimate"]] if estimates else [],
        "sets": len(sets),
        "ends": [low, high] if bounded else [],
        "unbounded": sum(r["unbounded"] for r in sets),
        "apart": sum(r["p"] != "" and r["at"]["p"] < SIGNIFICANT for r in sets),
    }


def _result(fit: Mapping[str, Any], rows: pd.DataFrame, endogenous: Sequence[str]) -> Context:
    """Return one regression: its first stage, its effect, and what does not hang on strength."""
    unit = unit_of(fit["outcome"], fit.get("column") or "", COEFFICIENT, censored=False)
    of = rows[(rows["outcome"] == fit["outcome"]) & (rows["column"] == fit.get("column"))]
    of = of[of["term"].isin(endogenous) & of["estimate"].notna()]
    effect = of.iloc[0].to_dict() if len(of) == len(endogenous) == 1 else {}
    b, low, high, error = (
        float(effect.get(name, np.nan)) for name in ("estimate", "ci_low", "ci_high", "std_error")
    )
    told = {"estimate": b, "low": low, "high": high}
    strength, known = _strength(fit, error)
    return {
        "outcome": unitless(fit["outcome"]),
        "unit": retold(unit),
        **{name: measured(x, error) if np.isfinite(x) else "" for name, x in told.items()},
        **strength,
        # As numbers, and none where there is none.
        "at": {"estimate": b if np.isfinite(b) else None, **known},
    }


def _strength(fit: Mapping[str, Any], error: float) -> tuple[Context, Context]:
    """Return the first stage, and the interval that does not depend on its strength.

    The second part has the same as numbers: ``f``, ``p`` and, of a bounded interval, its ends.
    """
    effective = fit.get("effective_f")
    f = effective if effective is not None else fit.get("kleibergen_paap_f")
    robust = fit.get("anderson_rubin") or {}
    intervals, p = robust.get("confidence_set"), robust.get("p_value")
    unbounded = any(None in ends for ends in intervals or [])
    low, high = (intervals[0][0], intervals[-1][1]) if intervals and not unbounded else (None, None)
    known = {"f": f, "p": p, "low": low, "high": high}
    return {
        "f": "" if f is None else number(f, 1),
        "weak": f is not None and f < WEAK,
        "interval": "" if intervals is None else confidence_set(intervals),
        "ends": [bound(end, error) for end in (low, high) if end is not None],
        "unbounded": unbounded,
        "p": "" if p is None else equals(p_value(p)),
    }, known
