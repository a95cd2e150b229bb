"""Shares of imputed answers through the gate: few firms are not told, and nobody is named."""

import numpy as np
import pandas as pd
import pytest

from cisflow.estimation.estimates import ESTIMATES, Estimates
from cisflow.estimation.evidence import EVIDENCE
from cisflow.estimation.imputed import IMPUTATION, ROWS_IMPUTED
from cisflow.release.estimates import note_estimates, told_estimates
from cisflow.release.gate import Gate
from cisflow.study.disclosure import Profile
from cisflow.study.models import Model

PROFILE = Profile(title="t", text="t", minimum_cell=10)
SPEC = Model(title="t", sample=(), estimator="ols", outcomes=("y",), columns={"any": ("x",)})
TERMS = {"Intercept": 10**6, "x": 40}
PLACE = {"wave": "W", "outcome": "y", "column": "any: imputed"}


def told(lacking):
    """Return the diagnostics of a fit of 100 firms of which some lack x, as they are told."""
    evidence = {
        "rows": list(range(100)),
        "df": 98,
        "leverage": 0.1,
        "support": TERMS,
        "weight": {term: [2.0] * 10 for term in TERMS},
    }
    about = {"draws": 20, "shares": {"x": lacking / 100}, "missing_information": {"x": 0.1}}
    fit = {
        **PLACE,
        "nobs": 100,
        IMPUTATION: about,
        ROWS_IMPUTED: {"x": list(range(lacking))},
        EVIDENCE: evidence,
    }
    numbers = {"estimate": 1.0, "std_error": 0.5, "n": 100.0}
    table = ESTIMATES.frame([{**PLACE, "term": "x", **numbers}], status="estimated")
    found = Estimates(table, {"country": "XX", "model": "m", "fits": [fit]})
    panel = pd.DataFrame({"y": np.arange(100.0), "x": np.arange(100.0) ** 2 % 7})
    gate = Gate(panel, PROFILE)
    note_estimates(gate, found, SPEC, 100.0)
    (record,) = told_estimates(gate, found, SPEC, ("a", "b")).diagnostics["fits"]
    return record


def test_the_share_of_enough_firms_is_told_and_nobody_is_named():
    record = told(30)
    assert record[IMPUTATION]["shares"] == {"x": 0.3}
    assert ROWS_IMPUTED not in record


@pytest.mark.parametrize("lacking", [3, 96])
def test_the_share_of_few_firms_is_not(lacking):
    record = told(lacking)
    assert record[IMPUTATION]["shares"] == {"x": None}
    assert record[IMPUTATION]["missing_information"] == {"x": 0.1}
