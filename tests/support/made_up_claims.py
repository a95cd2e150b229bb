"""Claims and tidy estimates that no data stand behind, as the stage that judges reads them."""

import math

from cisflow.estimation.estimates import ESTIMATES
from cisflow.study.claims import Claims

RULE = {"significance": 0.05, "equivalence": 0.10, "directional": "…", "no_effect": "…"}
Z95, Z90 = 1.959963984540054, 1.6448536269514722


def row(estimate=1.0, se=1.0, **changes):
    """Return one tidy row of a Tobit, its 95 % interval normal."""
    p = math.erfc(abs(estimate / se) / math.sqrt(2)) if se else math.nan
    base = {
        "country": "BE",
        "wave": "CIS4",
        "model": "m",
        "outcome": "radical",
        "column": "any",
        "term": "coop_any",
        "estimate": estimate,
        "std_error": se,
        "statistic": estimate / se if se else math.nan,
        "p_value": p,
        "ci_low": estimate - Z95 * se,
        "ci_high": estimate + Z95 * se,
        "n": 300,
        "cov_type": "HC1",
        "status": "estimated",
        "note": "",
    }
    return {**base, **changes}


def empty(note, **changes):
    """Return a row that says why there is no estimate."""
    numbers = ("estimate", "std_error", "statistic", "p_value", "ci_low", "ci_high", "n")
    return {
        **row(**changes),
        **dict.fromkeys(numbers, math.nan),
        "status": "not_estimable",
        "note": note,
    }


def table(*rows):
    return ESTIMATES.frame(rows)


def claims_of(test=None, rule=None, **more):
    claim = {"text": "t", "source": "s", **({"test": test} if test else {}), **more}
    return Claims.model_validate({"rule": {**RULE, **(rule or {})}, "claims": {"C1": claim}})


def one(expect="positive", **changes):
    test = {"model": "m", "outcome": "radical", "column": "any", "term": "coop_any"}
    none = {"smallest_effect": 3, "because": "…"} if expect == "none" else {}
    return {**test, "expect": expect, **none, **changes}
