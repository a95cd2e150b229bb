"""A published table of correlations, re-estimated from the models file to tables and paper."""

import copy

import numpy as np
import pytest
import yaml
from made_up_findings import SETTINGS, make_findings

from cisflow.base.problems import CisflowError
from cisflow.estimation.run import estimate
from cisflow.estimators.path.model import PathModel
from cisflow.publication import catalogue as cat
from cisflow.publication.families import path_groups
from cisflow.publication.figures.paths import path_figure
from cisflow.publication.paper.paths import path_facts
from cisflow.publication.paper.printed import Printed
from cisflow.publication.tables.paths import effects_table, path_table
from cisflow.raw.printed import PRINTED, read_printed
from cisflow.simulate.extracts import implied_correlations
from cisflow.study.run import load_run

# Figure 1 of the review, reading "direct".
FIGURE = {
    "internal_investment": {"diversity": 0.1928},
    "innovation_strength": {"internal_investment": 0.1948, "diversity": -0.1006},
    "personnel_cost_share": {"diversity": -0.0596},
    "profit_margin": {
        "diversity": -0.1121,
        "innovation_strength": 0.1458,
        "personnel_cost_share": -0.6177,
    },
}
DEVIATIONS = {"diversity": 1.9, "innovation_strength": 24.7, "profit_margin": 0.08}


def as_printed(path, decimals=6):
    """Write the correlations that the figure implies as a journal prints them."""
    names, r = implied_correlations(FIGURE)
    lines = [f"variable,mean,sd,{','.join(names)}"]
    for i, name in enumerate(names):
        cells = [f"{r[i, j]:.{decimals}f}" if j < i else "" for j in range(len(names))]
        cells = [c.replace("0.", ".").replace("-", "−") for c in cells]
        cells = [f"{c}**" if c and abs(r[i, j]) > 0.1 else c for j, c in enumerate(cells)]
        lines.append(f"{name},1.00,{DEVIATIONS.get(name, 1.0)},{','.join(cells)}")
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


@pytest.fixture
def table(tmp_path):
    return as_printed(tmp_path / "table.csv")


def test_numbers_are_read_as_printed(table):
    corr, sd = read_printed(table)
    assert sd["innovation_strength"] == 24.7
    assert corr.loc["internal_investment", "diversity"] == 0.1928
    assert corr.loc["profit_margin", "diversity"] == pytest.approx(-0.0845, abs=1e-4)
    assert np.isnan(corr.loc["diversity", "profit_margin"])
    assert "mean" not in corr


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("sd,", "SE,"), "no column 'sd'"),
        (("variable,", "name,"), "no column 'variable'"),
        ((".192800**", "n.s."), "column 'diversity': no number in the row of internal_investment"),
        (("internal_investment,1", "diversity,1"), "'diversity' has more than one row"),
    ],
)
def test_what_is_no_table_of_correlations_is_refused(table, change, message):
    text = table.read_text(encoding="utf-8")
    assert change[0] in text
    table.write_text(text.replace(*change), encoding="utf-8")
    with pytest.raises(CisflowError) as caught:
        read_printed(table)
    assert message in str(caught.value)
    assert "table.csv" in str(caught.value)


@pytest.fixture
def load(root, tmp_path, table):
    """Return a function that loads the default run with both readings from a printed table."""

    def run(**change):
        models = yaml.safe_load((root / "config/models.yaml").read_text())
        printed = {"printed": {"file": str(table), "firms": 305}, "sample": []}
        for name in ("direct", "personnel", "union"):
            spec = {**models[f"faems2010_{name}"], **printed, "covariance": ["nonrobust"]}
            models[f"printed_{name}"] = copy.deepcopy(spec)
        models["printed_union"]["union_of"] = ["printed_direct", "printed_personnel"]
        models["printed_direct"] |= change
        file = tmp_path / "models.yaml"
        file.write_text(yaml.safe_dump(models))
        config = yaml.safe_load((root / "config/config.yaml").read_text())
        names = [f"printed_{name}" for name in ("direct", "personnel", "union")]
        config |= {"models_file": str(file), "models": ["faems2010_direct", *names]}
        return load_run(config, root)

    return run


def run_of(run, model):
    import pandas as pd

    return estimate(
        pd.DataFrame(),
        run.models[model],
        country="BE",
        model=model,
        lag=2,
        bootstrap={"draws": 4000, "seed": 1},
    )


def test_the_figure_comes_out_of_the_correlations_it_implies(load):
    run = load()
    table = run_of(run, "printed_direct").table
    assert set(table["wave"]) == {PRINTED}
    assert set(table["n"]) == {305}
    standardised = table[table["column"] == "standardised"].set_index(["outcome", "term"])
    for outcome, arrows in FIGURE.items():
        for source, printed in arrows.items():
            found = standardised.loc[(outcome, source), "estimate"]
            assert found == pytest.approx(printed, abs=1e-5)
    total = standardised.loc[("profit_margin", "total(diversity)")]
    assert total["estimate"] == pytest.approx(-0.0845, abs=1e-4)
    assert total["cov_type"] == "monte_carlo"
    assert total["ci_low"] < total["estimate"] < total["ci_high"]
    raw = table[(table["column"] == "raw") & (table["term"] == "diversity")].set_index("outcome")
    expected = -0.1121 * DEVIATIONS["profit_margin"] / DEVIATIONS["diversity"]
    assert raw.loc["profit_margin", "estimate"] == pytest.approx(expected, abs=1e-6)


def test_rows_are_those_of_the_model_alone(load, table):
    spec = load().models["printed_union"]
    fit = PathModel.from_correlation(spec.equations, *read_printed(table), n=305).fit()
    rows = run_of(load(), "printed_union").table
    arrows = rows[rows["term"].isin(fit.model.system.variables)]
    for edge in fit.edges.itertuples():
        of = (arrows["outcome"] == edge.target) & (arrows["term"] == edge.source)
        row = arrows[of & (arrows["column"] == "raw")].iloc[0]
        assert row["estimate"] == pytest.approx(edge.estimate, abs=1e-12)
        assert row["std_error"] == pytest.approx(edge.std_error, abs=1e-12)


def test_readings_are_tested_on_the_printed_table(load):
    fit = run_of(load(), "printed_union").diagnostics["fits"][0]
    assert fit["readings"]["printed_direct"]["lr_p"] > 0.9
    assert fit["readings"]["printed_personnel"]["lr_p"] < 0.001
    assert fit["fit_measures"]["df"] == 1


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"printed": {"file": "nowhere.csv", "firms": 305}}, "nowhere.csv does not exist"),
        ({"covariance": ["HC1"]}, "robust standard errors need the firms"),
        ({"fixed_effects": ["industry"]}, "fixed effects need the firms"),
        ({"sample": ["manufacturing"]}, "has its sample already"),
        ({"weights": "weight"}, "weights need the firms"),
        (
            {"equations": {"profit_margin": ["diversty"]}, "layout": {"profit_margin": [0, 0]}},
            "has no row and column `diversty`",
        ),
    ],
)
def test_what_a_printed_table_does_not_allow_is_refused(load, change, message):
    with pytest.raises(CisflowError) as caught:
        load(**change)
    assert message in str(caught.value)


def test_a_table_that_no_sample_can_have_is_a_row_that_says_so(load, table):
    text = table.read_text(encoding="utf-8").replace("−.610", "−.998").replace(".150", ".998")
    table.write_text(text, encoding="utf-8")
    row = run_of(load(), "printed_direct").table.iloc[0]
    assert row["status"] == "not_estimable"
    assert row["note"].startswith("no sample can have these correlations together")
    assert np.isnan(row["estimate"])


def test_it_is_published_beside_the_survey(load, root):
    run = load()
    items = cat.catalogue(run.settings.as_params(), run.models)
    names = {item.name for item in items.of(cat.TABLE)}
    assert "printed_BE_printed" in names
    assert "printed_effects_BE_printed" in names
    assert not any(name.startswith("descriptives_printed") for name in names)
    assert "paths_printed_direct_BE_printed" in {item.name for item in items.of(cat.FIGURE)}
    assert path_groups(run.models)["printed"] == [
        "printed_direct",
        "printed_personnel",
        "printed_union",
    ]
    findings = make_findings(SETTINGS)
    import dataclasses

    import pandas as pd

    found = [run_of(run, model) for model in path_groups(run.models)["printed"]]
    both = dataclasses.replace(
        findings,
        models=run.models,
        estimates=pd.concat([findings.estimates, *(one.table for one in found)]),
        diagnostics=[*findings.diagnostics, *(one.diagnostics for one in found)],
    )
    members = path_groups(run.models)["printed"]
    table = path_table(both, "BE", PRINTED, members)
    assert items["printed_BE_printed"].caption.endswith(": Flanders (Belgium), printed table")
    assert "that the source prints, of 305 firms" in table.notes
    assert "Ratios of the accounts" not in table.notes
    first = table.frame.loc[("coef", "Diversity → Profit margin")].iloc[0]
    assert first == "−0.112**\n(0.044)"
    effects = effects_table(both, "BE", PRINTED, members)
    assert "draws from the coefficients' estimated distribution" in effects.notes
    texts = [t.get_text() for t in path_figure(both, "BE", PRINTED, members[0]).axes[0].texts]
    assert any(text.startswith("−0.618***") for text in texts)
    figure1 = yaml.safe_load((root / "paper/figure1.yaml").read_text(encoding="utf-8"))
    assert Printed(both, items).of(members[0]) == [("BE", PRINTED)]
    told = path_facts(both, items, "BE", PRINTED, members, figure1)
    assert [r["name"] for r in told["readings"]] == ["direct", "personnel", "union"]
