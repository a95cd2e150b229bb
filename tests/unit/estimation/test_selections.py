"""Selection models as data: rows, diagnostics and on whom they rest; what cannot be had is said."""

import numpy as np
import pandas as pd
import pytest
from specs import model_of

from cisflow.estimation.evidence import EVIDENCE, SETS, SUMS
from cisflow.estimation.run import estimate


def simulated(n=600, seed=3):
    """Return a panel of one wave in which half the firms have an outcome."""
    rng = np.random.default_rng(seed)
    size, v, u = rng.normal(size=(3, n))
    export, coop = rng.uniform(size=n) < 0.5, rng.uniform(size=n) < 0.4
    chosen = 0.3 * size + 1.2 * export - 0.6 + v > 0
    share = np.clip(10 + 6 * coop + 2 * size + 12 * (0.5 * v + 0.87 * u), 0, 100)
    data = {"size": size, "export": export, "chosen": chosen}
    data |= {"coop": np.where(chosen, coop, np.nan), "share": np.where(chosen, share, np.nan)}
    return pd.DataFrame(data).assign(
        wave="W1", reference_year=2004, firm_id=[f"f{i}" for i in range(n)], constant=1.0
    )


def spec(**changes):
    about = {
        "estimator": "selection",
        "methods": ["tobit", "two_step", "ml"],
        "limits": [0, 100],
        "selected": "chosen",
        "selection": ["size", "export"],
        "outcomes": ["share"],
        "columns": {"c": ["coop"]},
        "controls": ["size"],
        "covariance": ["HC1"],
    }
    return model_of({**about, **changes})


def found_for(panel=None, **changes):
    panel = simulated() if panel is None else panel
    return estimate(panel, spec(**changes), country="XX", model="m", lag=0, bootstrap={})


@pytest.fixture(scope="module")
def found():
    return found_for()


def test_effects_are_of_those_selected(found):
    coop = found.table[found.table["term"] == "coop"]
    observed = coop[coop["quantity"] == "observed"].set_index("column")
    assert set(observed.index) == {"c: tobit", "c: two_step", "c: ml"}
    assert ((observed["estimate"] - 6).abs() < 4 * observed["std_error"]).all()
    linear = coop[(coop["column"] == "c: ml") & (coop["quantity"] == "coefficient")]
    assert observed.loc["c: ml", "estimate"] == pytest.approx(linear["estimate"].iloc[0])
    panel = simulated()
    assert set(coop["n"]) == {int(panel["chosen"].sum())}
    of_selection = found.table[found.table["term"] == "selection: export"]
    assert set(of_selection["n"]) == {len(panel)}
    assert set(of_selection["quantity"]) == {"coefficient"}


def test_diagnostics_say_what_the_correction_rests_on(found):
    for fit in found.diagnostics["fits"]:
        assert fit["excluded"] == ["export"]
        assert fit["exclusion"]["f"] > 10
        assert -1 < fit["rho"] < 1
        assert fit["n_all"] > fit["nobs"]
    rho = found.table[(found.table["term"] == "rho") & (found.table["column"] == "c: tobit")]
    assert -1 <= rho["ci_low"].iloc[0] < rho["ci_high"].iloc[0] <= 1


def test_evidence_has_both_samples(found):
    evidence = found.diagnostics["fits"][0][EVIDENCE]
    panel = simulated()
    assert evidence["rows"] == list(np.flatnonzero(panel["chosen"]))
    assert evidence[SETS]["n_all"] == list(range(len(panel)))
    assert evidence[SUMS] == [["n_all", [""]]]
    assert {"coop", "selection: export"} <= set(evidence["support"])


def test_firms_without_an_outcome_need_no_answers_to_it():
    panel = simulated()
    panel.loc[panel.index[~panel["chosen"]], "coop"] = np.nan
    assert found_for(panel).diagnostics["fits"][0]["n_all"] == len(panel)


def test_without_exclusion_it_still_says_so():
    with pytest.warns(UserWarning, match="rests on the normal distribution"):
        found = found_for(selection=["size"], methods=["two_step"])
    fit = found.diagnostics["fits"][0]
    assert fit["excluded"] == []
    assert "exclusion" not in fit


def test_what_is_not_asked_is_a_row():
    found = found_for(simulated().assign(coop=np.nan))
    assert set(found.table["status"]) == {"not_estimable"}
    assert found.table["note"].str.contains("no answers on coop").all()


@pytest.mark.parametrize("key", ["selected", "methods"])
def test_keys_go_together(key, root):
    from cisflow.base.documents import read_yaml, validated
    from cisflow.base.problems import CisflowError

    schema = root / "workflow/schemas/models.schema.yaml"
    models = read_yaml(root / "config/models.yaml")
    about = {k: v for k, v in models["selection_shares"].items() if k != key}
    with pytest.raises(CisflowError, match=key):
        validated({"m": about}, schema, "models")
