"""Doubly robust effects as data: rows, balance, overlap, and every set that is counted."""

import numpy as np
import pandas as pd
import pytest
from specs import model_of

from cisflow.estimation.evidence import EVIDENCE, SETS, SUMS
from cisflow.estimation.run import estimate


def simulated(n=900, seed=3):
    """Return a panel of one wave in which large firms cooperate and have higher shares."""
    rng = np.random.default_rng(seed)
    size, group = rng.normal(size=n), rng.uniform(size=n) < 0.5
    coop = rng.uniform(size=n) < 1 / (1 + np.exp(0.5 - 0.9 * size - 0.4 * group))
    share = np.clip(25 + 5 * coop + 5 * size + 9 * rng.normal(size=n), 0, 100)
    data = {"size": size, "group": group, "coop": coop, "share": share}
    return pd.DataFrame(data).assign(
        wave="W1", reference_year=2004, firm_id=[f"f{i}" for i in range(n)]
    )


def found_for(panel, **changes):
    about = {
        "estimator": "doubly_robust",
        "outcomes": ["share"],
        "columns": {"c": ["coop"]},
        "controls": ["size", "group"],
        "covariance": ["HC1"],
    }
    spec = model_of({**about, **changes})
    return estimate(panel, spec, country="XX", model="m", lag=0, bootstrap={})


@pytest.fixture(scope="module")
def found():
    return found_for(simulated())


def test_effects_are_observed(found):
    table = found.table.set_index("term")
    assert set(table["quantity"]) == {"observed"}
    for term in ("coop", "treated(coop)"):
        assert abs(table.loc[term, "estimate"] - 5) < 4 * table.loc[term, "std_error"]
    assert found.diagnostics["fits"][0]["raw"] > 7


def test_fractional_logits_where_there_are_limits(found):
    shares = found_for(simulated(), limits=[0, 100]).table.set_index("term")
    assert shares.loc["coop", "estimate"] == pytest.approx(
        found.table.set_index("term").loc["coop", "estimate"], abs=0.6
    )


def test_balance_and_overlap(found):
    fit = found.diagnostics["fits"][0]
    assert fit["balance"]["size"]["before"] > 0.5
    assert abs(fit["balance"]["size"]["after"]) < 0.1
    panel = simulated()
    assert sum(fit["overlap"]["with"]) == panel["coop"].sum()
    assert fit["n_with"] + fit["n_without"] == fit["nobs"]
    assert fit["nobs"] + fit["n_outside"] == len(panel)


def test_every_count_is_a_set(found):
    fit = found.diagnostics["fits"][0]
    evidence, panel = fit[EVIDENCE], simulated()
    sets = evidence[SETS]
    assert len(evidence["rows"]) == fit["nobs"]
    assert len(sets["n_outside"]) == fit["n_outside"]
    for side in ("with", "without"):
        for i, n in enumerate(fit["overlap"][side]):
            assert len(sets[f"overlap/{side}/{i}"]) == n
    assert sets["given"] == list(np.flatnonzero(panel["coop"]))
    for whole, parts in evidence[SUMS]:
        members = evidence["rows"] if whole == "" else sets[whole]
        of = [row for part in parts for row in (evidence["rows"] if part == "" else sets[part])]
        assert sorted(of) == members


def test_a_column_without_a_treatment_is_a_row():
    found = found_for(simulated(), columns={"c": []})
    assert "column c is empty" in found.table["note"].iloc[0]


def test_no_overlap_is_a_row():
    found = found_for(simulated(), overlap=[0.98, 0.99])
    assert "within the bounds" in found.table["note"].iloc[0]
