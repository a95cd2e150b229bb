"""What a record counts beside the firms of its fit passes the gate: sets, shares imputed."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm, t
from specs import model_of

from cisflow.estimation.estimates import ESTIMATES, Estimates
from cisflow.estimation.evidence import EVIDENCE
from cisflow.estimation.imputed import IMPUTATION, ROWS_IMPUTED
from cisflow.estimation.run import estimate
from cisflow.release.estimates import _blur, _emptied, note_estimates, told_estimates
from cisflow.release.gate import Gate
from cisflow.study.disclosure import Profile
from cisflow.study.models import Model

SPEC = {
    "estimator": "doubly_robust",
    "outcomes": ["share"],
    "columns": {"c": ["coop"]},
    "controls": ["size"],
    "covariance": ["HC1"],
}


def told(minimum):
    rng = np.random.default_rng(4)
    n = 400
    size = rng.normal(size=n)
    coop = rng.uniform(size=n) < 1 / (1 + np.exp(0.3 - 1.2 * size))
    share = np.clip(25 + 5 * coop + 5 * size + 9 * rng.normal(size=n), 0, 100)
    panel = pd.DataFrame({"size": size, "coop": coop, "share": share}).assign(
        wave="W1", reference_year=2004, firm_id=[f"f{i}" for i in range(n)]
    )
    spec = model_of(SPEC)
    found = estimate(panel, spec, country="XX", model="m", lag=0, bootstrap={})
    gate = Gate(panel, Profile(title="t", text="t", minimum_cell=minimum))
    note_estimates(gate, found, spec, 1.0)
    record = told_estimates(gate, found, spec, ("a.csv", "b.json")).diagnostics["fits"][0]
    return found.diagnostics["fits"][0], record, gate


def test_small_bins_are_withheld_and_cannot_be_worked_out():
    found, record, gate = told(minimum=10)
    for side in ("with", "without"):
        before, after = found["overlap"][side], record["overlap"][side]
        small = [n for n in before if 0 < n < 10]
        assert small
        assert all(b is None for a, b in zip(before, after, strict=True) if 0 < a < 10)
        assert all(b in (a, None) for a, b in zip(before, after, strict=True))
        # The bins add up to a number that may be known, so that one alone is never missing.
        assert after.count(None) > 1
    assert "evidence" not in record
    assert "sets" not in record
    withheld = {entry["statistic"] for entry in gate.register["b.json"]["withheld"]}
    assert any(name.startswith("overlap/with/") for name in withheld)


def test_without_rules_all_is_told():
    found, record, _ = told(minimum=1)
    assert record["overlap"] == found["overlap"]
    assert record["n_outside"] == found["n_outside"]


def test_one_number_is_emptied_where_it_stands():
    record = {"a": {"b": [1, 2, 3]}, "n": 4}
    assert _emptied(record, ["a", "b", "1"]) == {"a": {"b": [1, None, 3]}, "n": 4}
    assert _emptied(record, ["n"]) == {"a": {"b": [1, 2, 3]}, "n": None}
    assert _emptied(record, ["gone"]) == record
    assert record["a"]["b"] == [1, 2, 3]


PROFILE = Profile(title="t", text="t", minimum_cell=10)
LISTED = Model(title="t", sample=(), estimator="ols", outcomes=("y",), columns={"any": ("x",)})
TERMS = {"Intercept": 10**6, "x": 40}
PLACE = {"wave": "W", "outcome": "y", "column": "any: imputed"}


def told_shares(lacking):
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
    note_estimates(gate, found, LISTED, 100.0)
    (record,) = told_estimates(gate, found, LISTED, ("a", "b")).diagnostics["fits"]
    return record


def test_the_share_of_enough_firms_is_told_and_nobody_is_named():
    record = told_shares(30)
    assert record[IMPUTATION]["shares"] == {"x": 0.3}
    assert ROWS_IMPUTED not in record


@pytest.mark.parametrize("lacking", [3, 96])
def test_the_share_of_few_firms_is_not(lacking):
    record = told_shares(lacking)
    assert record[IMPUTATION]["shares"] == {"x": None}
    assert record[IMPUTATION]["missing_information"] == {"x": 0.1}


def test_normal_p_values_are_known_as_such_with_the_digits_of_a_table():
    z = np.linspace(0.5, 35, 400) + 1e-7 / 3
    table = pd.DataFrame(
        {"estimate": z, "std_error": 1.0, "statistic": z, "p_value": 2 * norm.sf(z)}
    )
    table = table.assign(ci_low=z - 1.96, ci_high=z + 1.96).map(lambda x: float(f"{x:.8g}"))
    told = table.copy()
    _blur(told, pd.Series(True, index=told.index), 340.0, None)
    pd.testing.assert_frame_equal(told, table)
    by_t = table.assign(p_value=2 * t(340).sf(z)).map(lambda x: float(f"{x:.8g}"))
    told = by_t.copy()
    _blur(told, pd.Series(True, index=told.index), 340.0, None)
    assert (told["p_value"] != by_t["p_value"]).all()
