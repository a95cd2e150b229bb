"""What instruments are worth, and what is left to say if they are weak."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cisflow.estimation.instruments import WEAK
from cisflow.publication.catalogue import Catalogue
from cisflow.publication.findings import Findings
from cisflow.publication.paper.numbers import Context, equals, heading
from cisflow.publication.tables.appendix import confidence_set
from cisflow.publication.words import inline, number, p_value, unitless

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
    return {
        **heading(findings, items, "instruments", country, wave, model),
        "endogenous": [inline(term) for term in spec.endogenous],
        "threshold": f"{WEAK:g}",
        "results": [
            _strength(fit)
            for fit in findings.fits(country, wave, model)
            if fit.get("method") == TWO_STAGES and fit.get("first_stage")
        ],
        "claims": first.loc[here, "claim"].to_list(),
    }


def _strength(fit: Mapping[str, Any]) -> Context:
    """Return the first stage of one regression, and what does not depend on its strength."""
    effective = fit.get("effective_f")
    f = effective if effective is not None else fit.get("kleibergen_paap_f")
    robust = fit.get("anderson_rubin") or {}
    intervals = robust.get("confidence_set")
    unbounded = intervals is not None and any(None in ends for ends in intervals)
    p = robust.get("p_value")
    return {
        "outcome": unitless(fit["outcome"]),
        "f": "" if f is None else number(f, 1),
        "weak": f is not None and f < WEAK,
        "interval": "" if intervals is None else confidence_set(intervals),
        "unbounded": unbounded,
        "p": "" if p is None else equals(p_value(p)),
    }
