"""Specifications become tidy rows; what cannot be estimated is a row that says why."""

import json
import re

import numpy as np
import pandas as pd
import pytest
from disclosed import RULES
from specs import coefficients, model_of

from cisflow.base.records import write_record, write_table
from cisflow.disclosure.regressions import FEW
from cisflow.estimation.estimates import ESTIMATES
from cisflow.estimation.run import estimate
from cisflow.study.canonical import BLOCKS
from cisflow.study.disclosure import UNRESTRICTED


@pytest.fixture
def panel():
    """Return a panel of 300 firms in one wave, with an outcome that follows a known Tobit."""
    rng = np.random.default_rng(5)
    n = 300
    coop = pd.array(rng.random(n) < 0.5, dtype="boolean")
    size = rng.normal(4, 1, n)
    latent = -10 + 20 * coop.astype(float) + 3 * size + rng.normal(0, 25, n)
    return pd.DataFrame(
        {
            "wave": "W1",
            "reference_year": 2004,
            "firm_id": [f"f{i}" for i in range(n)],
            "manufacturing": pd.array([True] * n, dtype="boolean"),
            "has_accounts": pd.array([False] * n, dtype="boolean"),
            "industry": rng.choice(["food", "steel", "cars"], n),
            "weight": rng.uniform(1, 3, n),
            "coop_any": coop,
            **{f"asked_{block}": True for block in BLOCKS},
            "log_employees": size,
            "radical": np.clip(latent, 0, 100),
            "profit_margin": np.nan,
        }
    )


def spec(**changes):
    base = {
        "title": "t",
        "source": "s",
        "sample": ["manufacturing"],
        "estimator": "tobit",
        "limits": [0, 100],
        "outcomes": ["radical"],
        "columns": {"any": ["coop_any"]},
        "controls": ["log_employees"],
        "fixed_effects": ["industry"],
        "covariance": ["HC1", {"cluster": "industry"}],
        "weights": None,
        "alternatives": [],
        "effects": [],
    }
    return model_of(base, **changes)


def run(panel, spec, **more):
    settings = {"country": "XX", "model": "m", "lag": 2, "bootstrap": {"draws": 100, "seed": 1}}
    return estimate(panel, spec, **settings, **more)


def test_rows_carry_every_covariance_and_the_counts_at_the_limits(panel):
    table = run(panel, spec()).table
    assert tuple(table.columns) == ESTIMATES.columns
    assert set(table["cov_type"]) == {"HC1", "cluster(industry)"}
    coop = coefficients(table).query("term == 'coop_any'")
    assert len(set(coop["estimate"])) == 1
    assert len(set(coop["std_error"])) == 2
    assert (coop["n_lower"] == (panel["radical"] == 0).sum()).all()
    assert coop["groups"].tolist()[1] == 3
    assert coop["estimate"].iloc[0] == pytest.approx(20, abs=4 * coop["std_error"].iloc[0])


def test_estimates_are_those_of_the_estimator_called_alone(panel):
    from cisflow.estimators.tobit.model import Tobit

    data = panel.assign(coop_any=panel["coop_any"].astype(float))
    alone = Tobit.from_formula(
        "radical ~ coop_any + log_employees + C(industry)", data, lower=0, upper=100
    ).fit(cov_type="HC1")
    rows = coefficients(run(panel, spec()).table).query("cov_type == 'HC1'").set_index("term")
    np.testing.assert_allclose(rows.loc[alone.params.index, "estimate"], alone.params)
    np.testing.assert_allclose(rows.loc[alone.params.index, "std_error"], alone.bse)


def test_sample_without_firms_is_a_row_that_says_where_it_ran_dry(panel):
    table = run(panel, spec(sample=["manufacturing", "has_accounts"])).table
    assert len(table) == 1
    assert table["note"].iloc[0].startswith("no firm is left after")
    assert "accounts" in table["note"].iloc[0]
    assert table["estimate"].isna().all()


PATH = {
    "estimator": "path",
    "equations": {"radical": ["coop_any", "log_employees"]},
    "effects": [["coop_any", "radical"]],
    "covariance": ["HC1"],
}


@pytest.mark.parametrize("changes", [{}, {"estimator": "ols"}, {"estimator": "fractional"}, PATH])
@pytest.mark.parametrize("firms", [1, 2, 5])
def test_no_text_tells_of_fewer_firms_than_the_minimum(panel, changes, firms):
    found = run(panel.head(firms), spec(**changes), profile=RULES)
    texts = " ".join([*found.table["note"], json.dumps(found.diagnostics, default=str)])
    told = {int(n.replace(",", "")) for n in re.findall(r"([\d,]+) (?:rows?|firms?)\b", texts)}
    assert min(told, default=10) >= 10
    # Five firms are of one industry once small ones are merged, and refused before any count.
    assert "fewer than 10" in texts or FEW in texts or firms == 5
    exact = run(panel.head(firms), spec(**changes), profile=UNRESTRICTED)
    assert f"{firms} " in " ".join(exact.table["note"])


def test_every_row_says_what_it_is(panel):
    panel = panel.assign(constant=1.0)
    table = run(panel, spec(columns={"any": ["coop_any", "constant"]})).table.set_index("term")
    status = table.loc[table["cov_type"] == "HC1", "status"].to_dict()
    assert status.pop("constant") == "not_estimable"
    assert set(status.values()) == {"estimated"}
    effects = run(panel, spec(**PATH))
    by_term = effects.table.set_index(["column", "term"])["status"]
    assert by_term["raw", "total(coop_any)"] == "estimated"
    assert by_term["raw", "indirect(coop_any)"] == "fixed"


def test_estimates_stand_where_their_tests_cannot_be_had(panel, monkeypatch):
    from cisflow.estimators import errors
    from cisflow.estimators.tobit.results import TobitResults

    def refuse(self, draws, seed):
        errors.refuse("Tobit", "most simulated samples lack a coefficient", "draws=0")

    monkeypatch.setattr(TobitResults, "specification_tests", refuse)
    found = run(panel, spec())
    assert found.table["estimate"].notna().all()
    fit = found.diagnostics["fits"][0]
    assert fit["no_tests"] == "most simulated samples lack a coefficient"
    assert 0 < fit["pseudo_r2"] < 1


@pytest.mark.parametrize("estimator", ["fractional", "ols"])
def test_companions_hand_on_the_same_table(panel, estimator):
    table = run(panel, spec(estimator=estimator, covariance=["HC1"])).table
    assert coefficients(table).set_index("term").loc["coop_any", "estimate"] > 0
    assert (table["n"] == len(panel)).all()


def test_weights_are_used_and_named(panel):
    table = run(panel, spec(weights="weight", covariance=["HC1"])).table
    plain = run(panel, spec(covariance=["HC1"])).table
    assert set(table["weights"]) == {"weight"}
    assert set(plain["weights"]) == {"unweighted"}
    assert not np.allclose(table["estimate"], plain["estimate"])


def test_waves_are_estimated_apart_and_may_be_chosen(panel):
    both = pd.concat([panel, panel.assign(wave="W2", reference_year=2006)], ignore_index=True)
    assert run(both, spec()).table["wave"].unique().tolist() == ["W1", "W2"]
    assert run(both, spec(waves=["W2"])).table["wave"].unique().tolist() == ["W2"]


def test_saved_table_reads_back(panel, tmp_path):
    estimates = run(panel, spec())
    write_table(estimates.table, tmp_path / "e.csv", "SYNTHETIC")
    write_record(estimates.diagnostics, tmp_path / "d.json", "SYNTHETIC")
    back = ESTIMATES.read([tmp_path / "e.csv"])
    assert back["note"].tolist() == estimates.table["note"].tolist()
    np.testing.assert_allclose(
        back["estimate"], estimates.table["estimate"].astype(float), rtol=1e-7
    )
    diagnostics = json.loads((tmp_path / "d.json").read_text())
    assert diagnostics["fits"][0]["converged"] is True
    assert set(back["data"]) == {diagnostics["data"]} == {"SYNTHETIC"}
