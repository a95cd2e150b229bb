"""Whether a regression's coefficients may be told: on how many firms they rest, and on which."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cisflow.study.disclosure import Profile

FEW_DF = "fewer observations beyond the coefficients than the rules ask"
LEVERAGE = "one firm all but determines its own fitted value"
FEW = "it rests on fewer firms than the rules ask, or on firms that all answer alike"
LARGEST = "a few firms determine it"
BESIDE = "beside it a coefficient is withheld, which could be worked out from it"
INTERCEPT = "Intercept"


def why_not_fit(evidence: Mapping[str, Any], profile: Profile) -> str:
    """Return why none of a fit's coefficients may be told, empty if they may."""
    if not evidence:
        return ""
    if evidence["df"] < profile.residual_df:
        return FEW_DF
    return LEVERAGE if evidence["leverage"] > profile.leverage else ""


def why_not_terms(evidence: Mapping[str, Any], profile: Profile) -> dict[str, str]:
    """Return the terms whose coefficients may not be told, with the reason.

    Of a regression the intercept goes with them: with the published means it would tell them.
    """
    rule = profile.dominance
    largest = profile.largest_of_coefficient
    found = {t: FEW for t, n in evidence.get("support", {}).items() if n < profile.support}
    found |= {t: FEW for t, n in evidence.get("means", {}).items() if n < profile.minimum_cell}
    for term, shares in evidence.get("weight", {}).items():
        if shares and shares[min(largest, len(shares)) - 1] > rule.share:
            found.setdefault(term, LARGEST)
    if found and INTERCEPT in evidence["support"]:
        found.setdefault(INTERCEPT, BESIDE)
    return found
