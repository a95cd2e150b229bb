"""Control functions as data: effects, exogeneity, and the words for weak instruments."""

import numpy as np
import pandas as pd
from specs import model_of

from cisflow.estimation.control_functions import strength
from cisflow.estimation.evidence import EVIDENCE
from cisflow.estimation.run import estimate


def simulated(n=900, seed=3, first=0.8):
    """Return a panel of one wave whose coop is related to the share's disturbance."""
    rng = np.random.default_rng(seed)
    size, v, u, peers = rng.normal(size=(4, n))
    coop = 0.2 * size + first * peers + v > 0
    share = np.clip(12 + 6 * coop + 2 * size + 12 * (0.6 * v + 0.8 * u), 0, 100)
    data = {"size": size, "coop": coop, "peers": peers, "share": share}
    return pd.DataFrame(data).assign(
        wave="W1", reference_year=2004, firm_id=[f"f{i}" for i in range(n)]
    )


def found_for(panel, **changes):
    about = {
        "estimator": "control_function",
        "limits": [0, 100],
        "outcomes": ["share"],
        "columns": {"c": []},
        "endogenous": ["coop"],
        "instruments": ["peers"],
        "controls": ["size"],
        "covariance": ["HC1"],
    }
    spec = model_of({**about, **changes})
    return estimate(panel, spec, country="XX", model="m", lag=0, bootstrap={})


def test_the_effect_is_found():
    found = found_for(simulated())
    of = found.table[found.table["quantity"] == "observed"].set_index("term")
    assert abs(of.loc["coop", "estimate"] - 5) < 4 * of.loc["coop", "std_error"]
    assert "residual(coop)" not in of.index
    fit = found.diagnostics["fits"][0]
    assert fit["exogeneity"]["p_value"] < 0.01
    assert fit["effective_f"] > 100
    assert fit["probits"] == ["coop"]
    assert "not weak" in fit["strength"]
    assert {"coop", "peers", "size"} <= set(fit[EVIDENCE]["support"])


def test_weak_instruments_decide_nothing():
    fit = found_for(simulated(first=0.02)).diagnostics["fits"][0]
    assert fit["effective_f"] < 10
    assert fit["strength"] == strength(fit["effective_f"])
    assert "neither the effects nor the test of exogeneity decide anything" in fit["strength"]


def test_too_few_instruments_are_a_row():
    found = found_for(simulated().assign(other=1.0), instruments=["other"])
    assert set(found.table["status"]) == {"not_estimable"}
    assert "0 usable instruments for 1 endogenous" in found.table["note"].iloc[0]


def test_instruments_nobody_was_asked_for_are_a_row():
    found = found_for(simulated().assign(peers=np.nan))
    assert found.table["note"].str.contains("no answers on peers").all()
