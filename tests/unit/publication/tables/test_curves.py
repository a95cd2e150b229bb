from dataclasses import replace

from cisflow.publication.tables.curves import curve_table


def test_a_curve_is_a_line_with_median_shares_and_joint_test(synthetic):
    table = curve_table(synthetic, "partner_curve")
    line = table.frame.loc[("Flanders (Belgium), CIS2", "Incremental: suppliers or clients")]
    assert line["Specifications"] == "528"
    assert (line["Positive, %"], line["Significant, %"], line["Joint p"]) == ("90", "25", "0.040")
    assert "heteroskedastic Tobit" in table.notes
    assert "999 draws" in table.notes
    assert "Left out: product innovators, all sectors (no firm is left)." in table.notes


def test_what_was_not_estimated_is_said(synthetic):
    e = synthetic.estimates
    none = replace(synthetic, estimates=e[e["model"] != "partner_curve"], diagnostics=[])
    table = curve_table(none, "partner_curve")
    assert set(table.frame["Median"]) == {"n.e."}
    assert "the model was not estimated on this wave" in table.notes
