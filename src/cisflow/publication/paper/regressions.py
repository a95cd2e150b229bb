"""What the leading regression is made of, and what it finds."""

from __future__ import annotations

import pandas as pd

from cisflow.estimation.estimates import OBSERVED
from cisflow.publication.families import about_partners, places
from cisflow.publication.findings import Findings
from cisflow.publication.language import numeral, say
from cisflow.publication.paper.numbers import Context
from cisflow.publication.tables.regressions import ALTERNATIVES, shown_quantity
from cisflow.publication.words import covariance_name, in_sentence, inline, unitless

# So many of the firms at a limit of the outcome are a large part of them.
LARGE_PART = 0.2


def lead_facts(findings: Findings, model: str) -> Context:
    """Return what the method section says about the leading regression."""
    spec = findings.models[model]
    low, high = spec.limits or (None, None)
    return {
        "model": model,
        "source": spec.source,
        "title": spec.title,
        "partners": about_partners(spec),
        "estimator": spec.estimator,
        "outcomes": [unitless(outcome) for outcome in spec.outcomes],
        "lower": "" if low is None else f"{low:g}",
        "upper": "" if high is None else f"{high:g}",
        "columns": [[inline(term) for term in terms] for terms in spec.columns.values()],
        "controls": [inline(term) for term in spec.controls],
        "fixed_effects": [inline(term) for term in spec.fixed_effects],
        "errors": [covariance_name(covariance) for covariance in spec.covariance],
        "observed": observed_share(findings, model),
        "effects": shown_quantity(spec) == OBSERVED,
        "robust": [in_sentence(say(ALTERNATIVES[name])) for name in spec.robust],
    }


def observed_share(findings: Findings, model: str) -> Context:
    """Return how much of a change of the latent outcome is observed, on average over the firms.

    ``least`` and ``most`` are over outcomes, columns and places, of regressors that are in no
    product; empty where there are no effects.
    """
    shares = [_observed_shares(findings, *place, model) for place in places(findings.countries)]
    known = pd.concat(shares).dropna() if shares else pd.Series(dtype=float)
    if known.empty:
        return {"least": "", "most": ""}
    return {"least": numeral(f"{known.min():.2f}"), "most": numeral(f"{known.max():.2f}")}


def _observed_shares(findings: Findings, country: str, wave: str, model: str) -> pd.Series:
    """Return the ratio of observed to latent effects, regressor by regressor."""
    key = ["outcome", "column", "term"]
    observed, latent = (
        findings.main_rows(country, wave, model, quantity).set_index(key)["estimate"]
        for quantity in (OBSERVED, "latent")
    )
    ratio = observed.astype(float) / latent.astype(float)
    return ratio[[":" not in term for _, _, term in ratio.index]]


def limit_facts(findings: Findings, models: list[str], places: list[tuple[str, str]]) -> Context:
    """Return how many firms stand exactly at the lower limit of an outcome, where it is told.

    ``least`` and ``most`` are shares in percent over outcomes and places, empty where nothing is
    told; ``many`` is whether it is a large part everywhere.
    """
    rows = [findings.main_rows(*place, model) for place in places for model in models]
    told = [table.drop_duplicates("outcome")[["n", "n_lower"]] for table in rows]
    at = pd.concat(told) if told else pd.DataFrame(columns=["n", "n_lower"])
    at = at.dropna().astype("float64")
    shares = at["n_lower"] / at["n"]
    if shares.empty:
        return {"least": "", "most": "", "many": False}
    least, most = f"{100 * shares.min():.0f}", f"{100 * shares.max():.0f}"
    return {"least": least, "most": most, "many": bool(shares.min() >= LARGE_PART)}
