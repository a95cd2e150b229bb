"""Tables and figure of corrections: what they show, what they say where it decides nothing."""

import numpy as np
import pandas as pd
import pytest
from specs import model_of

from cisflow.claims.verdicts import CLAIMS
from cisflow.estimation.evidence import EVIDENCE
from cisflow.estimation.run import estimate
from cisflow.panel.sample import FLOW
from cisflow.publication.figures.overlap import overlap_figure
from cisflow.publication.findings import Findings
from cisflow.publication.tables.corrections import (
    control_function_table,
    selection_table,
    weighted_table,
)
from cisflow.publication.words import label

SETTINGS = {
    "run": "r",
    "title": "t",
    "data": "synthetic",
    "seed": 1,
    "lag": 2,
    "minimum_cell": 3,
    "countries": {"XX": {"name": "Testland", "waves": {"W1": {}}}},
}
SELECTION = {
    "estimator": "selection",
    "methods": ["tobit", "two_step"],
    "limits": [0, 100],
    "selected": "product_innovation",
    "selection": ["log_employees", "export"],
    "outcomes": ["radical"],
    "columns": {"grouped": ["coop_any"]},
    "controls": ["log_employees"],
    "covariance": ["HC1"],
}
CONTROL = {
    "estimator": "control_function",
    "limits": [0, 100],
    "outcomes": ["radical"],
    "columns": {"grouped": []},
    "endogenous": ["coop_any"],
    "instruments": ["peer_cooperation"],
    "controls": ["log_employees"],
    "covariance": ["HC1"],
}
WEIGHTED = {
    "estimator": "doubly_robust",
    "outcomes": ["radical"],
    "columns": {"any": ["coop_any"]},
    "controls": ["log_employees", "export"],
    "covariance": ["HC1"],
}


def panel(first=0.8, n=600):
    rng = np.random.default_rng(5)
    size, peers, v, u = rng.normal(size=(4, n))
    export = rng.uniform(size=n) < 0.5
    coop = 0.3 * size + first * peers + v > 0
    product = 0.5 * size + 0.8 * export + u > 0.2
    share = np.clip(12 + 5 * coop + 10 * (0.5 * v + 0.5 * u) + 7 * rng.normal(size=n), 0, 100)
    data = {"log_employees": size, "export": export, "product_innovation": product}
    data |= {"coop_any": coop, "peer_cooperation": peers}
    return pd.DataFrame(data).assign(
        radical=np.where(product, share, np.nan),
        asked_shares=product,
        asked_cooperation=True,
        wave="W1",
        reference_year=2004,
        firm_id=[f"f{i}" for i in range(n)],
    )


def findings_of(spec, **changes):
    model = model_of(spec, title="A model")
    found = estimate(panel(**changes), model, country="XX", model="m", lag=2, bootstrap={})
    for fit in found.diagnostics["fits"]:
        fit.pop(EVIDENCE, None)
    about = {"flow": FLOW.frame([]), "quality": [], "descriptions": {}, "claims": CLAIMS.frame([])}
    return Findings(
        settings=SETTINGS,
        models={"m": model},
        estimates=found.table,
        diagnostics=[found.diagnostics],
        **about,
    )


def rows_of(table):
    return {row for _, row in table.frame.index}


def test_selection():
    table = selection_table(findings_of(SELECTION), "XX", "W1", "m")
    assert list(table.frame.columns) == [("Radical", "Tobit"), ("Radical", "Two-step")]
    effect = table.frame.loc["Average effect (points)"].loc[label("coop_any")]
    assert all("\n(" in cell for cell in effect)
    statistics = table.frame.loc["Selection"]
    assert "[" in statistics.loc["Correlation of the errors, ρ"].iloc[0]
    assert statistics.loc["Firms in the selection equation"].iloc[0] == "600"
    assert "taken not to move the share: export." in table.notes
    assert "decides nothing" not in table.notes


def test_selection_without_an_exclusion_restriction_says_so():
    with pytest.warns(UserWarning, match="normal distribution"):
        findings = findings_of({**SELECTION, "selection": ["log_employees"]})
    table = selection_table(findings, "XX", "W1", "m")
    assert "rests on the normal distribution alone" in table.notes


def test_control_function():
    table = control_function_table(findings_of(CONTROL), "XX", "W1", "m")
    assert "First-stage F, any cooperation" in rows_of(table)
    assert {"Effective F", "Exogeneity (p)", "Firms at 0"} <= rows_of(table)
    assert "is not weak" in table.notes
    assert "a probit’s" in table.notes


def test_weak_instruments_have_no_stars():
    table = control_function_table(findings_of(CONTROL, first=0.02), "XX", "W1", "m")
    assert not table.frame.iloc[:-5].map(lambda cell: "*" in cell).any(axis=None)
    assert "neither the effects nor the test of exogeneity decide anything" in table.notes


def test_weighted():
    table = weighted_table(findings_of(WEIGHTED), "XX", "W1", "m")
    balance = table.frame.loc["Standardised difference, before → after weighting"]
    assert " → " in balance.loc[label("log_employees")].iloc[0]
    assert "−0.00" not in table.frame.to_string()
    assert {"Among all firms", "If none had it", "Firms left out, outside the bounds"} <= rows_of(
        table
    )
    assert "outside 0.1 to 0.9 are left out" in table.notes


def test_differences_that_may_not_be_told_are_confidential():
    findings = findings_of(WEIGHTED)
    fit = findings.diagnostics[0]["fits"][0]
    fit["balance"]["log_employees"], fit["raw"] = {"before": None, "after": None}, None
    table = weighted_table(findings, "XX", "W1", "m")
    balance = table.frame.loc["Standardised difference, before → after weighting"]
    assert balance.loc[label("log_employees")].iloc[0] == "c"
    assert table.frame.loc[("Mean outcome", "Difference of plain means")].iloc[0] == "c"
    assert "c: confidential" in table.notes


def test_what_was_not_estimated_says_why():
    for spec, make in (
        (SELECTION, selection_table),
        (CONTROL, control_function_table),
        (WEIGHTED, weighted_table),
    ):
        changed = panel().assign(coop_any=pd.array([None] * 600, dtype="boolean"))
        model = model_of(spec, title="A model")
        found = estimate(changed, model, country="XX", model="m", lag=2, bootstrap={})
        findings = findings_of(spec)
        empty = Findings(
            **{
                **vars(findings),
                "estimates": found.table,
                "diagnostics": [found.diagnostics],
            }
        )
        table = make(empty, "XX", "W1", "m")
        assert "n.e.: not estimable" in table.notes


@pytest.mark.parametrize(
    ("term", "words"),
    [
        ("selection: export", "Export (whether selected)"),
        ("treated(coop_any)", "Any cooperation (among those that have it)"),
        ("mean(coop_any=0)", "Mean if none had: any cooperation"),
        ("residual(coop_any)", "Any cooperation (residual)"),
        ("rho", "Correlation of the errors (ρ)"),
    ],
)
def test_words(term, words):
    assert label(term) == words


def test_the_figure_draws_what_may_be_told():
    findings = findings_of(WEIGHTED)
    findings.diagnostics[0]["fits"][0]["overlap"]["with"][3] = None
    figure = overlap_figure(findings, "XX", "W1", "m")
    left, right = figure.axes
    assert left.get_yticklabels()[0].get_text().startswith("Employees")
    assert "c" in {text.get_text() for text in right.texts}


def test_the_figure_of_nothing_says_why():
    findings = findings_of(WEIGHTED)
    findings.diagnostics[0]["fits"].clear()
    figure = overlap_figure(findings, "XX", "W1", "m")
    assert "not estimable" in figure.axes[0].texts[0].get_text()
