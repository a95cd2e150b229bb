from dataclasses import replace

from cisflow.publication.tables.paths import effects_table, indices_table, path_table

READINGS = ["faems2010_direct", "faems2010_personnel"]


UNION = [*READINGS, "faems2010_union"]


def test_fit_comes_with_the_interval_of_its_rmsea(synthetic):
    record = next(d for d in synthetic.diagnostics if d["model"] == "faems2010_direct")
    fit = next(f for f in record["fits"] if f["wave"] == "CIS4")
    measures = {"rmsea": 0.05, "rmsea_ci_low": 0.01, "rmsea_ci_high": 0.09, "tli": 0.97}
    fit = {**fit, "fit_measures": {**fit["fit_measures"], **measures}}
    diagnostics = [d for d in synthetic.diagnostics if d is not record]
    known = replace(synthetic, diagnostics=[*diagnostics, {**record, "fits": [fit]}])
    table = path_table(known, "BE", "CIS4", READINGS).frame
    assert table.loc[("stats", "RMSEA")].iloc[0] == "0.050 [0.010, 0.090]"
    assert table.loc[("stats", "TLI")].iloc[0] == "0.970"


def test_a_model_without_accounts_gives_a_table_that_tells_the_reason(real):
    table = effects_table(real, "NG", "2010", READINGS)
    cells = set(table.frame.to_numpy().ravel())
    assert "n.e." in cells
    assert cells <= {"n.e.", ""}
    assert "no accounts" in table.notes


def test_readings_stand_side_by_side(synthetic):
    table = path_table(synthetic, "BE", "CIS4", READINGS)
    assert [head for head, _ in table.frame.columns[::2]] == [
        "Reading “direct”",
        "Reading “personnel”",
    ]
    only_direct = table.frame.loc[("coef", "Diversity → Profit margin")]
    assert only_direct.iloc[0] != ""
    assert only_direct.iloc[2:].tolist() == ["", ""]


def test_readings_are_tested_against_their_union(synthetic):
    table = path_table(synthetic, "BE", "CIS4", UNION)
    row = table.frame.loc[("stats", "Against the union: LR χ² (d.f.)")]
    assert row.tolist() == ["3.200 (2)", "", "3.200 (2)", "", "", ""]
    assert "The Wald test" in table.notes
    alone = path_table(synthetic, "BE", "CIS4", READINGS)
    assert "Against the union" not in alone.notes


def test_arrows_left_out_are_listed_by_reading(synthetic):
    table = indices_table(synthetic, "BE", "CIS4", UNION)
    row = table.frame.loc[("Reading “union”", "Investment → Profit margin")]
    assert row.tolist() == ["1.070", "0.300", "−0.040"]


def test_an_assumed_zero_is_not_an_estimated_one(synthetic):
    table = effects_table(synthetic, "BE", "CIS4", READINGS)
    direct = table.frame.xs("Direct", level=1).iloc[0]
    assert direct["Reading “personnel”"].tolist() == ["0†", "0†"]
    assert "†: no such arrow" in table.notes
