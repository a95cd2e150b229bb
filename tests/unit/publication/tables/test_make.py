import csv
import io
import zipfile
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from made_up_findings import NO_ACCOUNTS, SETTINGS, make_findings

from cisflow.claims.verdicts import CLAIMS
from cisflow.publication.findings import (
    WITHHELD,
    count,
    inline,
    interval,
    label,
    number,
    path_groups,
    stars,
)
from cisflow.publication.tables.balances import balance_table
from cisflow.publication.tables.layout import set_table
from cisflow.publication.tables.make import FORMATS, make_tables, save_table, table_names
from cisflow.publication.tables.paths import effects_table, indices_table, path_table
from cisflow.publication.tables.rates import rates_table
from cisflow.publication.tables.regressions import regression_table
from cisflow.publication.tables.samples import flow_table

READINGS = ["faems2010_direct", "faems2010_personnel"]
UNION = [*READINGS, "faems2010_union"]


@pytest.fixture(scope="module")
def synthetic():
    return make_findings(SETTINGS)


@pytest.fixture(scope="module")
def real():
    return make_findings(NO_ACCOUNTS)


@pytest.fixture(scope="module")
def all_synthetic(synthetic):
    return make_tables(synthetic)


def test_names_are_known_before_anything_is_estimated(synthetic, all_synthetic):
    assert list(all_synthetic) == table_names(synthetic.settings, synthetic.models)
    assert "faems2005_BE_CIS2" in all_synthetic
    assert "faems2010_effects_BE_CIS4" in all_synthetic


def test_every_synthetic_table_says_so_twice_and_no_real_one(all_synthetic, real):
    for name, table in all_synthetic.items():
        assert "SYNTHETIC" in table.caption, name
        assert "SYNTHETIC" in table.notes, name
    for name, table in make_tables(real).items():
        assert "SYNTHETIC" not in (table.caption + table.notes), name


def test_regression_cells_are_the_main_covariance_s(synthetic):
    table = regression_table(synthetic, "BE", "CIS2", "faems2005")
    e = synthetic.rows("BE", "CIS2", "faems2005")
    row = e[
        (e["outcome"] == "radical")
        & (e["column"] == "grouped")
        & (e["term"] == "coop_exploitative")
        & (e["cov_type"] == "HC1")
    ].iloc[0]
    cell = table.df.loc[("coef", label("coop_exploitative"))].iloc[4]
    assert cell == f"{number(row['estimate'])}{stars(row['p_value'])}\n({number(row['std_error'])})"


def test_what_is_not_estimable_says_so_and_why(synthetic):
    table = regression_table(synthetic, "BE", "CIS2", "faems2005")
    cells = table.df.loc[("coef", label("coop_public_research"))].tolist()
    # Not part of four columns; not estimable in two.
    assert cells == ["", "", "n.e.", "", "", "n.e."]
    assert "no firm with this value has an uncensored outcome" in table.notes


def test_small_coefficients_are_not_rounded_to_zero(synthetic):
    spec = {**synthetic.models["firm_size"], "controls": ["innovation_strength"]}
    rows = synthetic.rows("BE", "CIS4", "firm_size")
    at = rows.index[rows["term"] == "diversity"]
    estimates = synthetic.estimates.copy()
    estimates.loc[at, ["estimate", "std_error", "p_value"]] = [0.00045, 0.00014, 0.001]
    small = replace(synthetic, estimates=estimates, models={**synthetic.models, "firm_size": spec})
    table = regression_table(small, "BE", "CIS4", "firm_size")
    texts = table.df.loc[("coef", label("diversity"))]
    assert texts.tolist() == ["0.00045***\n(0.00014)"]


def test_notes_name_sample_weights_and_what_becomes_of_gaps(synthetic):
    group = ("BE", "CIS4", "faems2010", READINGS)
    listwise = "firms with every variable of the model (listwise deletion)"
    for table in (
        path_table(synthetic, *group),
        effects_table(synthetic, *group),
        indices_table(synthetic, *group),
        balance_table(synthetic, "BE", "CIS4", "two_year_balance"),
        regression_table(synthetic, "BE", "CIS4", "faems2005"),
    ):
        assert "Unweighted. Sample: manufacturing, innovation active" in table.notes
        assert listwise in table.notes
    changed = {m: {**synthetic.models[m], "missing": "fiml"} for m in READINGS}
    changed = {m: {**spec, "weights": "weight"} for m, spec in changed.items()}
    other = replace(synthetic, models={**synthetic.models, **changed})
    notes = path_table(other, *group).notes
    assert "Weighted by the survey’s sampling weights. " in notes
    assert "gaps in the outcomes by full-information maximum likelihood" in notes
    assert "listwise" not in notes


def test_fit_comes_with_the_interval_of_its_rmsea(synthetic):
    record = next(d for d in synthetic.diagnostics if d["model"] == "faems2010_direct")
    fit = next(f for f in record["fits"] if f["wave"] == "CIS4")
    measures = {"rmsea": 0.05, "rmsea_ci_low": 0.01, "rmsea_ci_high": 0.09, "tli": 0.97}
    fit = {**fit, "fit_measures": {**fit["fit_measures"], **measures}}
    diagnostics = [d for d in synthetic.diagnostics if d is not record]
    known = replace(synthetic, diagnostics=[*diagnostics, {**record, "fits": [fit]}])
    table = path_table(known, "BE", "CIS4", "faems2010", READINGS).df
    assert table.loc[("stats", "RMSEA")].iloc[0] == "0.050 [0.010, 0.090]"
    assert table.loc[("stats", "TLI")].iloc[0] == "0.970"


@pytest.mark.parametrize(("words", "width"), [(2, "auto"), (30, "fr")])
def test_a_long_first_column_leaves_room_for_the_others(synthetic, tmp_path, words, width):
    rows = ["Complete answers " * words, "short"]
    frame = pd.DataFrame({f"W{i}": ["1,000 (−300)"] * 2 for i in range(4)}, index=rows)
    save_table(set_table(synthetic, frame, "t", []), tmp_path, "t")
    columns = (tmp_path / "t.typ").read_text().split("columns: (")[1].split(")")[0].split(", ")
    assert columns[1:] == ["1fr"] * 4
    assert columns[0].endswith(width)
    if width == "fr":
        assert 1 < float(columns[0].removesuffix("fr")) < 6


def test_few_firms_at_a_limit_are_not_counted_out(synthetic):
    table = regression_table(synthetic, "BE", "CIS2", "faems2005")
    assert set(table.df.loc[("stats", "Firms at 100")]) == {"< 3"}
    assert set(table.df.loc[("stats", "Firms at 0")]) == {"90"}


def test_a_model_without_accounts_gives_a_table_that_tells_the_reason(real):
    table = effects_table(real, "NG", "2010", "faems2010", READINGS)
    cells = set(table.df.to_numpy().ravel())
    assert "n.e." in cells
    assert cells <= {"n.e.", ""}
    assert "no accounts" in table.notes


def test_readings_stand_side_by_side(synthetic):
    table = path_table(synthetic, "BE", "CIS4", "faems2010", READINGS)
    assert [head for head, _ in table.df.columns[::2]] == [
        "Reading “direct”",
        "Reading “personnel”",
    ]
    only_direct = table.df.loc[("coef", "Diversity → Profit margin")]
    assert only_direct.iloc[0] != ""
    assert only_direct.iloc[2:].tolist() == ["", ""]


def test_readings_are_tested_against_their_union(synthetic):
    table = path_table(synthetic, "BE", "CIS4", "faems2010", UNION)
    row = table.df.loc[("stats", "Against the union: LR χ² (d.f.)")]
    assert row.tolist() == ["3.200 (2)", "", "3.200 (2)", "", "", ""]
    assert "The Wald test" in table.notes
    alone = path_table(synthetic, "BE", "CIS4", "faems2010", READINGS)
    assert "Against the union" not in alone.notes


def test_arrows_left_out_are_listed_by_reading(synthetic):
    table = indices_table(synthetic, "BE", "CIS4", "faems2010", UNION)
    row = table.df.loc[("Reading “union”", "Investment → Profit margin")]
    assert row.tolist() == ["1.070", "0.300", "−0.040"]


def test_a_balance_shows_its_parts_by_group(synthetic):
    table = balance_table(synthetic, "BE", "CIS4", "two_year_balance")
    assert [head for head, _ in table.df.columns] == [
        "All",
        *["Small firm"] * 3,
        *["High-tech firm"] * 3,
    ]
    e = synthetic.rows("BE", "CIS4", "two_year_balance")
    raw = e[(e["column"] == "raw | small") & (e["term"] == "cost")].iloc[0]
    block = table.df.xs(table.df.index[-1][0])
    assert block.loc["Cost", ("Small firm", "Yes")].startswith(number(100 * raw["estimate"]))
    whole = table.df.loc["Standardised"]
    assert whole.loc["P(cost > return)", ("All", "firms")] == "0.910"
    assert whole.loc["P(cost > return)", ("Small firm", "Difference")] == ""
    assert whole.loc["Cost", ("High-tech firm", "Yes")] == "n.e."
    assert "fewer than 30 firms" in table.notes


def test_steps_of_a_balance_stand_side_by_side(synthetic):
    table = balance_table(synthetic, "BE", "CIS4", "portfolio_breadth")
    assert list(table.df.columns)[:2] == ["Any cooperation", "2 or more types"]
    heading = "Raw: profit margin × 100, effect of each step"
    assert table.df.loc[(heading, "Balance"), "7 or more types"] == "n.e."
    rows = synthetic.rows("BE", "CIS4", "portfolio_breadth")
    of = (rows["column"] == "raw | partners_5_or_more") & (rows["cov_type"] == "bootstrap")
    row = rows[of & (rows["term"] == "cost: direct")].iloc[0]
    cell = table.df.loc[(heading, "– direct"), "5 or more types"]
    assert cell.startswith(number(100 * row["estimate"]))
    assert "one more type of partner" in table.notes


def test_a_scan_of_lags_has_a_column_for_each(synthetic):
    table = balance_table(synthetic, "BE", "CIS4", "balance_by_lag")
    assert [lag for _, lag in table.df.columns] == [str(lag) for lag in range(7)]
    assert set(table.df[("Years after the survey", "6")]) == {"n.e."}
    assert "it does not turn" in table.notes
    assert {heading.split(".")[0] for heading, _ in table.df.index} == {
        "All firms",
        "Small firm",
        "Not small firm",
    }


def test_an_assumed_zero_is_not_an_estimated_one(synthetic):
    table = effects_table(synthetic, "BE", "CIS4", "faems2010", READINGS)
    direct = table.df.xs("Direct", level=1).iloc[0]
    assert direct["Reading “personnel”"].tolist() == ["0†", "0†"]
    assert "†: no such arrow" in table.notes


def test_sample_flow_shows_what_is_left_and_lost(synthetic):
    table = flow_table(synthetic)
    cells = table.df.xs("Manufacturing", level=1)["CIS2"]
    assert cells.iloc[0] == "912 (−728)"


def test_saved_tables_are_the_same_bytes_again(synthetic, tmp_path):
    for folder in ("one", "two"):
        table = regression_table(synthetic, "BE", "CIS2", "faems2005")
        save_table(table, tmp_path / folder, "t")
    for ending in FORMATS:
        one, two = ((tmp_path / f / f"t.{ending}").read_bytes() for f in ("one", "two"))
        assert one == two, ending


def test_word_files_carry_no_time_of_making(synthetic, tmp_path):
    save_table(flow_table(synthetic), tmp_path, "t")
    with zipfile.ZipFile(tmp_path / "t.docx") as archive:
        assert {info.date_time for info in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert "SYNTHETIC" in archive.read("word/document.xml").decode()


def test_csv_has_one_line_per_row_and_a_stamp(synthetic, tmp_path):
    table = regression_table(synthetic, "BE", "CIS2", "faems2005")
    save_table(table, tmp_path, "t")
    rows = list(csv.reader(io.StringIO((tmp_path / "t.csv").read_text(encoding="utf-8"))))
    assert len(rows) == len(table.df) + 1
    assert {row[-1] for row in rows[1:]} == {"SYNTHETIC"}


def test_latex_has_no_bare_special_characters(synthetic, tmp_path):
    save_table(regression_table(synthetic, "BE", "CIS2", "faems2005"), tmp_path, "t")
    text = (tmp_path / "t.tex").read_text(encoding="utf-8")
    assert r"R\&D intensity (\% of turnover)" in text
    assert "−" not in text
    assert text.count("{") == text.count("}")


def test_html_id_is_the_table_s_name(synthetic, tmp_path):
    save_table(flow_table(synthetic), tmp_path, "sample_flow")
    assert '<div id="sample_flow"' in (tmp_path / "sample_flow.html").read_text(encoding="utf-8")


def test_claims_are_counted_where_places_are_many(synthetic):
    waves = {f"CIS{i}": {} for i in range(6)}
    settings = {**SETTINGS, "countries": {"BE": {"name": "Flanders", "waves": waves}}}
    table = make_tables(make_findings(settings))["claims"]
    assert "Supported" in table.df.columns
    assert table.df["Supported"].iloc[0] == "6"


@pytest.mark.parametrize(
    ("x", "text"),
    [
        (1234.5, "1,234"),
        (-0.1, "−0.100"),
        (0.00035, "0.00035"),
        (0, "0.000"),
        (float("nan"), "n.e."),
    ],
)
def test_numbers_are_written_with_meant_digits(x, text):
    assert number(x) == text


def test_words_for_small_counts_stars_and_intervals():
    assert (count(2, 3), count(0, 3), count(3, 3), count(float("nan"))) == ("< 3", "0", "3", "c")
    assert [stars(p) for p in (0.2, 0.09, 0.04, 0.009)] == ["", "*", "**", "***"]
    assert interval(-1, 2) == "[−1.000, 2.000]"
    assert interval(float("nan"), 2) == ""


def test_labels_of_interactions_categories_and_unknown_variables():
    assert label("coop_any:rd_intensity") == "Any cooperation × R&D intensity"
    assert label("C(industry)[T.Metals]") == "Industry: Metals"
    assert label("my_own_index") == "My own index"
    assert (inline("rd_intensity"), inline("coop_any")) == (
        "R&D intensity (% of turnover)",
        "any cooperation",
    )


def test_path_models_of_one_source_form_a_group():
    spec = {"estimator": "path", "source": "A"}
    models = {"x_one": spec, "x_two": spec, "other": {**spec, "source": "B"}}
    assert path_groups(models) == {"x": ["x_one", "x_two"], "other": ["other"]}


def test_a_claim_keeps_its_text_wave_names(tmp_path, synthetic):
    claims = synthetic.claims
    claims.assign(wave="2010", country="NA").to_csv(tmp_path / "c.csv", index=False)
    read = CLAIMS.read([tmp_path / "c.csv"])
    assert set(read["wave"]) == {"2010"}
    assert set(read["country"]) == {"NA"}
    assert pd.api.types.is_float_dtype(read["estimate"])


def test_cooperation_rates_have_the_layout_of_official_tables(synthetic):
    table = rates_table(synthetic, "BE", "CIS4")
    assert list(table.df.columns)[:2] == ["Firms", "Any partner"]
    assert table.df.loc[("Manufacturing", "10-49"), "Any partner"] == "30.0\n(2.5)"
    assert table.df.loc[("Services", "250+"), "Any partner"] == WITHHELD
    assert "confidential" in table.notes


def test_official_rates_stand_in_brackets_and_the_distant_ones_are_counted(synthetic):
    rates = synthetic.rates.assign(official=np.nan, difference=np.nan)
    rates.loc[[0, 1], "official"] = [30.5, 50.0]
    rates["difference"] = rates["rate"] - rates["official"]
    table = rates_table(replace(synthetic, rates=rates), *rates.loc[0, ["country", "wave"]])
    assert table.df.loc[("Total", "Total"), "Any partner"] == "30.0\n(2.5)\n[30.5]"
    assert "1 of 2 differ" in table.notes
