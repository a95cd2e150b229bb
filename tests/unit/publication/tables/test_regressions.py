from dataclasses import replace

import pandas as pd

from cisflow.publication.tables.regressions import regression_table
from cisflow.publication.words import label, measured, stars


def test_regression_cells_are_the_main_covariance_s(synthetic):
    table = regression_table(synthetic, "BE", "CIS2", "faems2005")
    e = synthetic.rows("BE", "CIS2", "faems2005")
    row = e[
        (e["outcome"] == "radical")
        & (e["column"] == "grouped")
        & (e["term"] == "coop_exploitative")
        & (e["cov_type"] == "HC1")
    ].iloc[0]
    cell = table.frame.loc[("coef", label("coop_exploitative"))].iloc[4]
    error = row["std_error"]
    shown = f"{measured(row['estimate'], error)}{stars(row['p_value'])}"
    assert cell == f"{shown}\n({measured(error, error)})"


def test_what_is_not_estimable_says_so_and_why(synthetic):
    table = regression_table(synthetic, "BE", "CIS2", "faems2005")
    cells = table.frame.loc[("coef", label("coop_public_research"))].tolist()
    # Not part of four columns; not estimable in two.
    assert cells == ["", "", "n.e.", "", "", "n.e."]
    assert "no firm with this value has an uncensored outcome" in table.notes


def test_small_coefficients_are_not_rounded_to_zero(synthetic):
    spec = synthetic.models["firm_size"].model_copy(update={"controls": ("innovation_strength",)})
    rows = synthetic.rows("BE", "CIS4", "firm_size")
    at = rows.index[rows["term"] == "diversity"]
    estimates = synthetic.estimates.copy()
    estimates.loc[at, ["estimate", "std_error", "p_value"]] = [0.00045, 0.00014, 0.001]
    small = replace(synthetic, estimates=estimates, models={**synthetic.models, "firm_size": spec})
    table = regression_table(small, "BE", "CIS4", "firm_size")
    texts = table.frame.loc[("coef", label("diversity"))]
    assert texts.tolist() == ["0.00045***\n(0.00014)"]


def test_firms_at_a_limit_that_the_gate_withheld_are_told_as_withheld(synthetic):
    for record in synthetic.diagnostics:
        for fit in record["fits"]:
            fit |= {"n_upper": None} if "n_upper" in fit else {}
    table = regression_table(synthetic, "BE", "CIS2", "faems2005")
    assert set(table.frame.loc[("stats", "Firms at 100")]) == {"c"}
    assert set(table.frame.loc[("stats", "Firms at 0")]) == {"90"}


def test_levels_of_a_regressor_are_rows_and_those_of_a_fixed_effect_are_not(synthetic):
    classes, effect = "bins(employees, 50)", "C(bins(turnover, 10))"
    spec = synthetic.models["firm_size"].model_copy(
        update={
            "columns": {"interaction": ("diversity", classes)},
            "controls": (),
            "fixed_effects": ("bins(turnover, 10)",),
        }
    )
    rows = synthetic.rows("BE", "CIS4", "firm_size")
    one = rows[rows["term"] == "diversity"]
    levels = [
        f"{classes}[T.50 or more]",
        f"{effect}[T.10 or more]",
        f"{effect}[T.10 or more]:small",
    ]
    more = [one.assign(term=level) for level in levels]
    estimates = pd.concat([synthetic.estimates, *more], ignore_index=True)
    changed = replace(
        synthetic, estimates=estimates, models={**synthetic.models, "firm_size": spec}
    )
    shown = regression_table(changed, "BE", "CIS4", "firm_size").frame.loc["coef"].index
    assert label(f"{classes}[T.50 or more]") in shown
    assert label(classes) not in shown
    assert label(f"{effect}[T.10 or more]") not in shown
    assert label(f"{effect}[T.10 or more]:small") in shown
