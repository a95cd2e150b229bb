"""Average effects as rows: of which factors regressors are made, and which rows there are."""

import numpy as np
import pandas as pd
import pytest
from specs import model_of

from cisflow.estimation.effects import made_of
from cisflow.estimation.run import estimate
from cisflow.study.canonical import BLOCKS


@pytest.fixture(scope="module")
def panel():
    rng = np.random.default_rng(5)
    n = 400
    flags = {name: rng.random(n) < 0.5 for name in ("coop_any", "group")}
    size = rng.normal(4, 1, n)
    latent = 5 + 20 * flags["coop_any"] + 3 * size + rng.normal(0, 25, n)
    return pd.DataFrame(
        {
            "wave": "W1",
            "reference_year": 2004,
            "firm_id": [f"f{i}" for i in range(n)],
            "manufacturing": pd.array([True] * n, dtype="boolean"),
            "industry": rng.choice(["food", "steel", "cars"], n),
            "weight": rng.uniform(1, 3, n),
            **{name: pd.array(values, dtype="boolean") for name, values in flags.items()},
            **{f"asked_{block}": True for block in BLOCKS},
            "log_employees": size,
            "radical": np.clip(latent, 0, 100),
        }
    )


def effects(panel, *terms, **changes):
    """Return the effects of a model as quantity × term."""
    spec = {"sample": ["manufacturing"], "estimator": "tobit", "limits": [0, 100]}
    spec |= {"outcomes": ["radical"], "columns": {"c": list(terms)}, "covariance": ["HC1"]}
    model = model_of({**spec, "fixed_effects": ["industry"], "alternatives": [], **changes})
    settings = {"country": "XX", "model": "m", "lag": 2, "bootstrap": {"draws": 100, "seed": 1}}
    table = estimate(panel, model, **settings).table
    return table.set_index(["quantity", "term"])


def test_every_term_of_interest_has_each_quantity_and_dummies_have_none(panel):
    found = effects(panel, "coop_any", "log_employees", covariance=["HC1", "nonrobust"])
    for quantity in ("observed", "latent", "uncensored", "probability"):
        rows = found.loc[quantity]
        assert rows.index.tolist() == ["coop_any", "log_employees"]
        assert set(rows["cov_type"]) == {"HC1"}
        assert (rows["n"] == len(panel)).all()
    observed = found.loc[("observed", "coop_any")]
    assert 0 < observed["estimate"] < found.loc[("coefficient", "coop_any"), "estimate"].iloc[0]
    assert observed["ci_low"] < observed["estimate"] < observed["ci_high"]


def test_latent_effects_of_products_and_powers_are_their_coefficients(panel):
    terms = ("coop_any", "group", "coop_any:group", "log_employees", "log_employees^2")
    found = effects(panel, *terms)["estimate"]
    for term in ("coop_any:group", "log_employees^2"):
        assert found["latent", term] == pytest.approx(found["coefficient", term], rel=1e-6)
    share = panel["group"].mean()
    moved = found["coefficient", "coop_any"] + share * found["coefficient", "coop_any:group"]
    assert found["latent", "coop_any"] == pytest.approx(moved)
    size = panel["log_employees"].mean()
    slope = found["coefficient", "log_employees"]
    slope += 2 * size * found["coefficient", "log_employees^2"]
    assert found["latent", "log_employees"] == pytest.approx(slope)


def test_levels_of_a_class_are_against_its_base_and_move_with_products(panel):
    terms = ("coop_any", "coop_any:C(industry)", "bins(log_employees, 3, 5)")
    found = effects(panel, *terms)["estimate"]
    level = "bins(log_employees, 3, 5)[T.5 or more]"
    assert found["latent", level] == pytest.approx(found["coefficient", level])
    one = "coop_any:C(industry)[T.steel]"
    assert found["latent", one] == pytest.approx(found["coefficient", one])
    shares = panel["industry"].value_counts(normalize=True)
    moved = found["coefficient", "coop_any"]
    moved += sum(
        shares[i] * found["coefficient", f"coop_any:C(industry)[T.{i}]"] for i in ("food", "steel")
    )
    assert found["latent", "coop_any"] == pytest.approx(moved)


def test_a_power_without_its_base_is_a_variable_of_its_own(panel):
    found = effects(panel, "log_employees^2")["estimate"]
    assert found["latent", "log_employees^2"] == pytest.approx(
        found["coefficient", "log_employees^2"], rel=1e-6
    )
    firms = panel.assign(**{"log_employees^2": panel["log_employees"] ** 2})
    made = made_of(["Intercept", "log_employees^2"], firms, model_of({"columns": {"c": ["a"]}}))
    assert made.powers == {"log_employees^2": {"log_employees^2": 1}}


def test_what_has_no_coefficient_has_no_effect_and_says_why(panel):
    found = effects(panel.assign(constant=1.0), "coop_any", "constant")
    row = found.loc[("observed", "constant")]
    assert (row["status"], row["note"]) == (
        "not_estimable",
        found.loc[("coefficient", "constant"), "note"],
    )


def test_a_share_has_effects_in_points(panel):
    found = effects(panel, "coop_any", estimator="fractional")
    assert found.index.get_level_values("quantity").unique().tolist() == ["coefficient", "observed"]
    tobit = effects(panel, "coop_any")
    ours, its = (f.loc[("observed", "coop_any"), "estimate"] for f in (found, tobit))
    assert ours == pytest.approx(its, rel=0.15)
