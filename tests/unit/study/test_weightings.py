"""Regressions with and without weights side by side, by the design a wave was drawn by."""

import dataclasses

import numpy as np
import pandas as pd
import pytest
import yaml
from made_up_findings import SETTINGS, make_findings
from specs import coefficients

from cisflow.base.problems import CisflowError
from cisflow.estimation.run import estimate
from cisflow.estimators.regression.models import OLS
from cisflow.panel.design import survey_design
from cisflow.publication.tables.regressions import extensions_table, regression_table
from cisflow.study.canonical import BLOCKS
from cisflow.study.models import Model, expanded
from cisflow.study.run import load_run

COLUMNS = ["any: unweighted", "any: weight"]
SPEC = {
    "title": "With and without",
    "source": "s",
    "sample": ["manufacturing"],
    "estimator": "ols",
    "outcomes": ["radical"],
    "columns": {"any": ["coop_any"]},
    "controls": ["log_employees"],
    "fixed_effects": [],
    "covariance": ["survey"],
    "weights": ["none", "weight"],
    "effects": [],
}


def firms(n=300, **changes):
    """Return a wave in which cooperation does more for the firms that stand for many."""
    rng = np.random.default_rng(5)
    many = np.arange(n) % 3 == 0
    coop, size = rng.random(n) < 0.5, rng.normal(4, 1, n)
    data = {
        "wave": "W1",
        "reference_year": 2004,
        "firm_id": [f"f{i}" for i in range(n)],
        "manufacturing": pd.array(np.arange(n) % 5 != 0, dtype="boolean"),
        "weight": np.where(many, 9.0, 1.5),
        "stratum": np.where(many, "small", "large"),
        "coop_any": pd.array(coop, dtype="boolean"),
        **{f"asked_{block}": True for block in BLOCKS},
        "log_employees": size,
        "radical": np.clip(20 + coop * np.where(many, 25, 5) + size + rng.normal(0, 5, n), 0, 100),
    }
    return pd.DataFrame({**data, **changes})


def run(panel, **changes):
    spec = expanded({"m": {**SPEC, "alternatives": [], **changes}})[0]["m"]
    return estimate(panel, spec, country="XX", model="m", lag=2, bootstrap={"seed": 1})


def by_column(estimates):
    rows = coefficients(estimates.table).query("term == 'coop_any'")
    return rows.set_index("column")


def test_a_list_of_weights_gives_a_column_for_each():
    model = Model.model_validate(SPEC).side_by_side()
    assert model.columns == dict.fromkeys(COLUMNS, ("coop_any",))
    assert {column: model.weights_of(column) for column in COLUMNS} == dict(
        zip(COLUMNS, [None, "weight"], strict=True)
    )
    assert model.weightings == (None, "weight")
    plain = Model.model_validate({**SPEC, "weights": None})
    assert plain.side_by_side() == plain


def test_both_columns_rest_on_the_same_firms():
    rows = by_column(run(firms(), covariance=["HC1"]))
    assert rows["weights"].to_dict() == dict(zip(COLUMNS, ["unweighted", "weight"], strict=True))
    assert rows.loc[COLUMNS[1], "estimate"] > rows.loc[COLUMNS[0], "estimate"] + 3
    assert len(set(rows["n"])) == 1


def test_standard_errors_count_firms_outside_the_sample_as_drawn():
    panel = firms()
    inside = panel[panel["manufacturing"]].astype({"coop_any": float})
    by = panel.groupby("stratum")["weight"]
    options = {"strata": inside["stratum"]}
    options |= {"firms": by.transform("size")[inside.index]}
    options |= {"population": by.transform("sum")[inside.index]}
    alone = OLS("radical ~ coop_any + log_employees", inside, weights="weight")
    fit = alone.fit("survey", options)
    row = by_column(run(panel)).loc[COLUMNS[1]]
    assert row["cov_type"] == "survey"
    assert row["estimate"] == pytest.approx(fit.params["coop_any"])
    assert row["std_error"] == pytest.approx(fit.bse["coop_any"])
    without = by_column(run(panel.drop(columns="stratum"))).loc[COLUMNS[1]]
    assert without["std_error"] > row["std_error"]  # no finite-population correction


@pytest.mark.parametrize(
    ("panel", "kind"),
    [
        (firms(), "stratified"),
        (firms(stratum=pd.NA), "weighted"),
        (firms(weight=1.0), "unweighted"),
    ],
)
def test_how_much_of_the_design_a_file_tells(panel, kind):
    assert survey_design(panel).kind == kind
    found = run(panel).diagnostics["fits"][0]
    assert found["design"] == kind


def test_a_file_without_weights_is_told_and_the_unweighted_column_stays():
    found = coefficients(run(firms(weight=1.0)).table).set_index("column")
    assert np.isfinite(found.loc[COLUMNS[0], "estimate"].astype(float)).all()
    assert found.loc[COLUMNS[1], "note"] == ("the file has no sampling weights that differ")
    alone = run(firms(weight=1.0), weights="weight").table
    assert alone["note"].tolist() == ["the file has no sampling weights that differ"]


# --- in print ----------------------------------------------------------------------------------


def findings(*waves):
    """Return findings of the model ``m`` alone, estimated on the waves."""
    panel = pd.concat(waves, ignore_index=True)
    estimates = run(panel)
    place = {"XX": {"name": "Somewhere", "waves": {wave: {} for wave in set(panel["wave"])}}}
    made, model = make_findings({**SETTINGS, "countries": place}), Model.model_validate(SPEC)
    return dataclasses.replace(
        made,
        models={
            "lead": model.model_copy(update={"columns": {}}),
            "m": model.side_by_side(),
        },
        estimates=estimates.table,
        diagnostics=[estimates.diagnostics],
    )


def test_the_columns_stand_side_by_side_and_the_notes_say_how():
    table = regression_table(findings(firms()), "XX", "W1", "m")
    assert [head[1] for head in table.frame.columns] == [
        "Any partner, unweighted",
        "Any partner, weighted",
    ]
    assert "Standard errors in parentheses: design-based" in table.notes
    assert "with the file’s strata and the finite-population correction" in table.notes
    assert "Weighted columns have a pseudo-likelihood: no log-likelihood." in table.notes
    assert (
        "Unweighted and weighted by the survey’s sampling weights, on the same firms" in table.notes
    )


def test_a_wave_without_weights_says_so_in_print():
    table = regression_table(findings(firms(weight=1.0)), "XX", "W1", "m")
    first, second = table.frame.columns
    assert (table.frame[second] == "n.e.").any()
    assert not (table.frame[first] == "n.e.").any()
    assert "n.e.: not estimable (the file has no sampling weights that differ)" in table.notes


def test_further_models_tell_their_columns_apart():
    table = extensions_table(findings(firms()))
    names = [name for _, name in table.frame.index]
    assert names == [
        f"Radical: Any cooperation (any partner, {kind})" for kind in ("unweighted", "weighted")
    ]


# --- in the models file ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("weights", ["none", "weight"], "several weights side by side go with `estimator: tobit`"),
        ("covariance", ["survey"], "`survey` goes with `estimator: tobit`"),
        ("covariance", ["HC3"], "`HC3` goes with `estimator: tobit`"),
    ],
)
def test_path_models_have_one_weighting_and_no_design(root, tmp_path, key, value, said):
    models = yaml.safe_load((root / "config/models.yaml").read_text())
    models["faems2010_direct"][key] = value
    (tmp_path / "models.yaml").write_text(yaml.safe_dump(models))
    config = yaml.safe_load((root / "config/config.yaml").read_text())
    with pytest.raises(CisflowError) as caught:
        load_run({**config, "models_file": str(tmp_path / "models.yaml")}, root)
    assert f"faems2010_direct.{key}" in str(caught.value)
    assert said in str(caught.value)


def test_claims_may_name_a_weighted_column(root, tmp_path):
    claims = yaml.safe_load((root / "config/claims.yaml").read_text())
    test = {"model": "faems2005_weights", "outcome": "radical", "term": "coop_exploratory"}
    test |= {"column": "grouped: weight", "expect": "positive"}
    claims["claims"]["W1"] = {"text": "With weights too", "source": "s", "test": test}
    (tmp_path / "claims.yaml").write_text(yaml.safe_dump(claims, allow_unicode=True))
    config = yaml.safe_load((root / "config/config.yaml").read_text())
    settings = {"claims_file": str(tmp_path / "claims.yaml"), "models": ["faems2005_weights"]}
    run = load_run({**config, **settings}, root)
    assert list(run.models["faems2005_weights"].columns) == [
        "grouped: unweighted",
        "grouped: weight",
    ]
