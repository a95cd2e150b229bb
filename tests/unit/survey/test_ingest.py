"""A wave becomes canonical firm records; a value, a filter and a missing answer stay apart."""

import json

import pandas as pd
import pyreadstat
import pytest
from small_survey import CODEBOOK, codebook_folders, firms

from cisflow.base.problems import CisflowError
from cisflow.base.records import write_record
from cisflow.study.canonical import FIRM_COLUMNS, PARTNERS, PERCENT
from cisflow.study.codebook_files import load_codebook
from cisflow.survey.ingest import ingest_wave
from cisflow.survey.schema import firm_schema, state_of
from cisflow.survey.semantics import warnings

NIGERIA = "data/nigeria/nigeria-innovation.csv"


@pytest.fixture
def wave(tmp_path, root):
    """Return a function that ingests the small survey with another codebook text or data."""

    def run(text=CODEBOOK, frame=None):
        path = tmp_path / "small.csv"
        (firms() if frame is None else frame).to_csv(path, index=False)
        codebook = load_codebook("small", codebook_folders(tmp_path, root, text))
        table, quality = ingest_wave(path, codebook, "BE", "CIS4", name="Belgium")
        return table.set_index("firm_id"), quality

    return run


def _states(table, variable):
    return state_of(table, variable).tolist()


def test_records_keep_the_contract(tmp_path, root, wave):
    table, _ = wave()
    records = table.reset_index()[list(FIRM_COLUMNS)]
    firm_schema().validate(records)
    assert table.index.tolist() == ["0001", "0002", "0003", "0004", "0005", "0006"]
    assert set(table["country"]) == {"BE"}
    assert set(table["reference_year"]) == {2004}
    assert set(table["weight"]) == {1.0}


def test_amounts_are_in_units_of_the_currency(wave):
    table, _ = wave()
    assert table["turnover"].tolist()[:4] == [2_000_500, 5_000_000, 9_000_000, 80_000_000]
    assert table.loc["0001", "rd_internal"] == 12_000
    assert table.loc["0001", "employees"] == 10


def test_yes_or_no_over_columns_is_three_valued(wave):
    table, _ = wave()
    expected = [True, True, False, False, None, False]
    assert (
        table["product_innovation"]
        .astype(object)
        .where(table["product_innovation"].notna(), None)
        .tolist()
        == expected
    )
    half = firms()
    half.loc[2, "INPDSV"] = ""  # one no, one blank: nobody knows
    half.loc[0, "INPDSV"] = ""  # one yes, one blank: yes
    table, _ = wave(frame=half)
    assert pd.isna(table.loc["0003", "product_innovation"])
    assert table.loc["0001", "product_innovation"]


def test_activity_is_derived_and_its_doubt_is_kept(wave):
    table, quality = wave()
    active = table["innovation_active"]
    assert active[active.notna()].tolist() == [True, True, False, True, False]
    assert active.isna().tolist() == [False] * 4 + [True, False]
    entry = quality["variables"]["innovation_active"]
    assert entry["columns"] == ["INPDGD", "INPDSV", "INPS"]
    assert (entry["valid"], entry["missing"]) == (5, 1)


def test_sections_and_manufacturing_follow_from_the_activity(wave):
    table, _ = wave()
    assert table["section"].tolist() == ["D", "D", "D", "D", "D", "K"]
    assert table["manufacturing"].tolist() == [True] * 5 + [False]
    table, _ = wave(
        CODEBOOK.replace('"1.1"', '"2"').replace(
            "nace: {name: NACE}", "nace: {name: NACE, invalid: missing}"
        )
    )
    assert table["section"].tolist() == ["C", "C", "C", "C", "E", "M"]


def test_value_filtered_and_missing_stay_apart(wave):
    table, _ = wave()
    v, f, m = "value", "filtered", "missing"
    assert _states(table, "share_unchanged") == [v, v, f, f, f, f]
    assert _states(table, "rd_internal") == [v, v, f, m, f, f]
    assert _states(table, "coop_any") == [v, v, f, v, f, f]
    assert _states(table, "coop_suppliers_domestic") == [v, f, f, v, f, f]
    assert _states(table, "turnover") == [v, v, v, v, m, v]


def test_a_block_the_questionnaire_lacks_was_asked_of_nobody(wave):
    table, quality = wave()
    assert not table["asked_funding"].any()
    assert not table["asked_protection"].any()  # its column is not in the file and need not be
    entry = quality["variables"]["protect_patent"]
    assert (entry["in_questionnaire"], entry["missing"], entry["filtered"]) == (False, 0, 6)


def test_an_unknown_filter_counts_as_asked_if_it_was_answered(wave):
    frame = firms()
    frame.loc[4, "CO"] = "0"
    table, _ = wave(frame=frame)
    assert _states(table, "coop_any")[4] == "value"
    assert _states(table, "rd_internal")[4] == "filtered"


def test_a_screening_question_answered_no_makes_a_blank_zero(wave):
    table, _ = wave()
    assert table.loc["0002", "rd_internal"] == 0
    assert pd.isna(table.loc["0004", "rd_internal"])
    denied = firms()
    denied.loc[0, "RRDIN"] = "0"  # an amount given all the same is kept, and counted
    table, quality = wave(frame=denied)
    assert table.loc["0001", "rd_internal"] == 12_000
    assert quality["checks"]["rd_internal_implies_yes"]["failed"] == 1


def test_screening_question_may_have_codes_of_its_own(wave):
    frame = firms()
    frame["RRDIN"] = ["1", "2", "", "99", "", "5"]
    screen = "{name: RRDIN, no_is_zero: true, codes: {1: yes, 2: no, 5: no}, missing: [99]}"
    text = CODEBOOK.replace("{name: RRDIN, no_is_zero: true}", screen)
    table, _ = wave(text, frame)
    assert table.loc["0001", "rd_internal"] == 12_000
    assert table.loc["0002", "rd_internal"] == 0
    assert pd.isna(table.loc["0004", "rd_internal"])  # 99: whether it did R&D is not known
    with pytest.raises(CisflowError, match=r"screening question \(column 'RRDIN'\): outside"):
        wave(text.replace(", missing: [99]", ""), frame)


def test_blank_of_a_box_is_no_and_of_an_amount_none(wave):
    frame = firms()
    frame["CO"] = ["1", "", "", "", "", ""]  # ticked or left blank
    frame["CO21"] = ["1", "", "", "", "", ""]
    frame["INPS"] = ["1", "", "", "1", "", ""]
    frame["EMP"] = ["10", "", "70", "9999", "12", "40"]
    text = CODEBOOK
    for name in ("CO", "CO21", "INPS"):
        text = text.replace(f"{{name: {name}}}", f"{{name: {name}, blank_is_zero: true}}")
    text = text.replace("{name: EMP}", "{name: EMP, blank_is_zero: true, missing: [9999]}")
    table, _ = wave(text, frame)
    assert table["process_innovation"].tolist() == [True, False, False, True, False, False]
    # What was not asked stays filtered, and what is no answer stays missing.
    assert _states(table, "coop_any") == ["value", "value", "filtered", "value", *["filtered"] * 2]
    assert table.loc["0002", "coop_any"] is not pd.NA
    assert not table.loc["0002", "coop_any"]
    assert _states(table, "coop_suppliers_domestic")[:2] == ["value", "filtered"]
    assert table.loc["0002", "employees"] == 0
    assert pd.isna(table.loc["0004", "employees"])


def test_spending_in_relation_to_turnover_becomes_an_amount(wave):
    frame = firms()
    frame["RRDINX"] = ["5", "0", "", "2.5", "", "3"]
    text = CODEBOOK.replace("{name: RRDINX,", "{name: RRDINX, unit: percent_of_turnover,")
    table, _ = wave(text, frame)
    assert table.loc["0001", "rd_internal"] == pytest.approx(0.05 * 2_000_500)
    assert table.loc["0002", "rd_internal"] == 0
    assert table.loc["0004", "rd_internal"] == pytest.approx(0.025 * 80_000_000)
    frame["RRDINX"] = ["0.05", "0", "", "0.025", "", "0.03"]
    text = CODEBOOK.replace("{name: RRDINX,", "{name: RRDINX, unit: fraction_of_turnover,")
    again, _ = wave(text, frame)
    assert again["rd_internal"].tolist()[:2] == pytest.approx(table["rd_internal"].tolist()[:2])


def test_rows_of_a_file_without_identifiers_are_numbered(tmp_path, root):
    path = tmp_path / "small.csv"
    firms().drop(columns="ID").to_csv(path, index=False)
    text = CODEBOOK.replace("firm_id: {name: ID}", "firm_id: {row_number: true}")
    codebook = load_codebook("small", codebook_folders(tmp_path, root, text))
    table, quality = ingest_wave(path, codebook, "BE", "CIS4")
    # With the year, so that the first row of another wave is another firm.
    assert table["firm_id"].tolist() == [f"2004-{i}" for i in range(1, 7)]
    assert quality["variables"]["coop_any"]["valid"] > 0


def test_blank_shares_are_completed_only_where_the_others_make_100(wave):
    table, _ = wave()
    assert table.loc["0002", list(PERCENT)].tolist()[0] == 70
    assert table.loc["0002", "share_new_market"] == 0
    short = firms()
    short.loc[1, "TURNUNG"] = "60"
    table, quality = wave(frame=short)
    assert pd.isna(table.loc["0002", "share_new_market"])
    assert quality["checks"]["shares_incomplete"]["failed"] == 1
    table, _ = wave(CODEBOOK.replace(", complete_blanks: true", ""))
    assert pd.isna(table.loc["0002", "share_new_market"])


def test_checks_count_what_does_not_hang_together(wave):
    frame = firms()
    frame.loc[0, ["TURNUNG", "NEWMKT"]] = ["70", "0"]
    frame.loc[1, ["CO21", "RRDIN", "RRDINX"]] = ["1", "1", "6000"]
    _, quality = wave(frame=frame)
    counted = {name: (c["failed"], c["of"]) for name, c in quality["checks"].items()}
    assert counted == {
        "no_partner_without_cooperation": (1, 1),
        "cooperation_names_a_partner": (1, 2),
        "innovation_active_covers_activities": (1, 4),
        "filter_shares": (1, 4),
        "filter_spending": (1, 3),
        "filter_cooperation": (0, 3),
        "filter_partners": (2, 4),
        "filter_sources": (0, 3),
        "share_new_market_implies_yes": (1, 1),
        "rd_internal_implies_yes": (0, 2),
        "shares_sum_to_100": (1, 2),
        "shares_incomplete": (0, 2),
        "spending_within_turnover": (1, 2),
        "partner_named_cooperation_answered": (1, 3),
    }
    assert all(check["meaning"].endswith(".") for check in quality["checks"].values())


def test_counts_of_every_variable_add_up(wave):
    table, quality = wave()
    for variable, entry in quality["variables"].items():
        parts = [entry[k] for k in ("valid", "missing", "filtered", "invalid")]
        assert min(parts) >= 0, variable
        assert sum(parts) == len(table), variable
    assert (quality["rows"], quality["rows_kept"], quality["duplicate_ids"]) == (6, 6, 0)


def test_invalid_values_can_be_taken_for_no_answer_and_are_counted(wave):
    frame = firms()
    frame.loc[0, ["TURNMAR", "EMP", "CO"]] = ["110", "-5", "7"]
    frame.loc[1, "TURNMAR"] = "0"
    text = CODEBOOK
    for old in ("employees: {name: EMP}", "coop_any: {name: CO}"):
        text = text.replace(old, f"{old[:-1]}, invalid: missing}}")
    text = text.replace("{name: TURNMAR,", "{name: TURNMAR, invalid: missing,")
    table, quality = wave(text, frame)
    assert table.loc["0001", ["share_new_market", "employees", "coop_any"]].isna().all()
    for variable in ("share_new_market", "employees", "coop_any"):
        assert quality["variables"][variable]["invalid"] == 1, variable


def test_units_codes_missing_and_constants_are_the_codebooks(wave):
    frame = firms()
    frame["TURNUNG"] = ["0.6", "0.7", "", "", "", "1"]
    frame["CO"] = ["Yes", "NO", "", "yes", "", ""]
    frame["EMP"] = ["10", "9999", "70", "300", "12", "40"]
    text = (
        CODEBOOK.replace("{name: TURNUNG}", "{name: TURNUNG, unit: fraction}")
        .replace("{name: CO}", '{name: CO, codes: {"yes": yes, "no": no}}')
        .replace("{name: EMP}", "{name: EMP, missing: [9999]}")
        + "  weight: {constant: 2.5}\n  group: {constant: no}\n"
    )
    table, _ = wave(text, frame)
    assert table["share_unchanged"].dropna().tolist() == pytest.approx([60, 70])
    assert table["coop_any"].dropna().tolist() == [True, False, True]
    assert pd.isna(table.loc["0002", "employees"])
    assert set(table["weight"]) == {2.5}
    assert not table["group"].any()


def test_sums_decimal_commas_and_other_codes(wave):
    frame = firms()
    frame["TURN"] = ["2000,5", "5000", "9000", "80000", "", "3000"]
    frame["RRDEX1"] = ["1,5", "2", "", "4", "", ""]
    frame["RRDEX2"] = ["1", "", "", "4", "", ""]
    frame["HO"] = ["BE", "FR", "", "us", "", ""]
    text = (
        CODEBOOK + "  rd_external: {sum_of: [RRDEX1, RRDEX2]}\n"
        '  foreign_group: {name: HO, codes: {"{country}": no, "*": yes}}\n'
        "file: {decimal: ','}\n"
    )
    table, _ = wave(text, frame)
    assert table.loc["0001", "turnover"] == 2_000_500
    assert table.loc[["0001", "0004"], "rd_external"].tolist() == [2500, 8000]
    assert pd.isna(table.loc["0002", "rd_external"])  # half a sum is no sum
    assert table["foreign_group"].dropna().tolist() == [False, True, True]


def test_only_the_rows_of_one_wave_are_kept(wave):
    frame = pd.concat([firms().assign(year="2004"), firms().assign(year="2006")])
    table, quality = wave(f"{CODEBOOK}rows: {{YEAR: 2006}}\n", frame)
    assert (len(table), quality["rows"], quality["rows_kept"]) == (6, 12, 6)
    frame["year"] = frame["year"].map({"2004": "de", "2006": "be"})
    table, _ = wave(f"{CODEBOOK}rows: {{YEAR: [BE, NL]}}\n", frame)
    assert len(table) == 6


def test_a_numeric_file_gives_the_same_records(tmp_path, root, wave):
    from_text, _ = wave()
    numeric = firms()
    for column in numeric.columns.difference(["ID", "NACE"]):
        numeric[column] = pd.to_numeric(numeric[column].replace(".", ""))
    path = tmp_path / "small.dta"
    pyreadstat.write_dta(numeric, str(path))
    codebook = load_codebook("small", codebook_folders(tmp_path, root))
    from_stata, _ = ingest_wave(path, codebook, "BE", "CIS4")
    pd.testing.assert_frame_equal(from_stata.set_index("firm_id"), from_text)


def test_the_report_is_json_and_holds_no_firm(tmp_path, wave):
    _, quality = wave()
    write_record(quality, tmp_path / "q.json", "real")
    text = (tmp_path / "q.json").read_text(encoding="utf-8")
    assert json.loads(text) == {**quality, "data": "real"}
    for secret in ("0001", "0006", "80000", "2000500"):
        assert secret not in text


# --- the public survey of Nigeria ---------------------------------------------------------------


@pytest.fixture(scope="module")
def nigeria(root, shared_path):
    """Return both waves with their reports, and the file as text."""
    path = shared_path(NIGERIA)
    folders = [root / "config" / "codebooks"]
    waves = {
        wave: ingest_wave(path, load_codebook(f"national/ng{wave}", folders), "NG", wave)
        for wave in ("2007", "2010")
    }
    raw = pd.read_csv(path, encoding="utf-8-sig", dtype=str, keep_default_na=False)
    raw = raw.apply(lambda column: column.str.strip())
    return waves, {"2007": raw[raw["year"] == "2008"], "2010": raw[raw["year"] == "2011"]}


@pytest.mark.parametrize("wave", ["2007", "2010"])
def test_nigeria_agrees_with_a_direct_count_on_the_file(nigeria, wave):
    waves, raw = nigeria
    table, quality = waves[wave]
    text = raw[wave]
    number = text.apply(pd.to_numeric, errors="coerce")
    year = wave[2:]
    assert (quality["rows"], quality["rows_kept"]) == (1359, {"2007": 728, "2010": 631}[wave])
    assert table["firm_id"].tolist() == text["id"].tolist()
    assert table["manufacturing"].sum() == number["sector"].between(15, 37).sum()
    assert table["manufacturing"].isna().sum() == (text["sector"] == "").sum()
    assert table["employees"].sum() == number[f"totalstaff{year}"].sum()
    assert table["turnover"].notna().sum() == (number[f"turnover{year}"] > 0).sum()
    assert table["turnover"].sum() == number[f"turnover{year}"].sum()

    yes = text[["iprod1", "iprod2"]].eq("1").any(axis=1)
    assert table["product_innovation"].sum() == yes.sum()
    steps = ["iprod1", "iprod2", "iproc1", "iproc2", "iproc3", "ongoing_iact", "abandoned_iact"]
    active = text[steps].eq("1").any(axis=1)
    assert table["innovation_active"].sum() == active.sum() == {"2007": 538, "2010": 419}[wave]
    inactive = text[steps].eq("0").all(axis=1)
    assert (~table["innovation_active"]).sum() == inactive.sum()

    assert table["coop_any"].sum() == (text["coop"] == "1").sum()
    assert (~table["coop_any"]).sum() == (text["coop"] == "0").sum()
    for i, partner in enumerate(PARTNERS, start=1):
        assert table[f"coop_{partner}_domestic"].sum() == (text[f"coopn{i}"] == "1").sum()
        abroad = [f"coop{place}{i}" for place in ("wa", "a", "e", "us", "as", "o")]
        assert table[f"coop_{partner}_foreign"].sum() == text[abroad].eq("1").any(axis=1).sum()


@pytest.mark.parametrize("wave", ["2007", "2010"])
def test_nigerian_filters_hold_in_the_file(nigeria, wave):
    waves, raw = nigeria
    _, quality = waves[wave]
    for block in ("cooperation", "partners", "sources"):
        assert quality["checks"][f"filter_{block}"]["failed"] == 0
    assert quality["checks"]["no_partner_without_cooperation"]["failed"] == 0
    cells = [c for c in raw[wave] if c[:4] == "coop" and c[-1].isdigit()]
    assert len(cells) == 49
    named = raw[wave][cells].eq("1").any(axis=1)
    without = ((raw[wave]["coop"] == "1") & ~named).sum()
    assert quality["checks"]["cooperation_names_a_partner"]["failed"] == without


@pytest.mark.parametrize("wave", ["2007", "2010"])
def test_nigerian_shares_are_completed_as_counted_by_hand(nigeria, wave):
    waves, raw = nigeria
    table, quality = waves[wave]
    shares = raw[wave][["snmprod", "snfprod", "sucprod"]].apply(pd.to_numeric)
    asked = raw[wave][["iprod1", "iprod2"]].eq("1").any(axis=1)
    unsure = ~asked & ~raw[wave][["iprod1", "iprod2"]].eq("0").all(axis=1)
    put = asked | (unsure & shares.notna().any(axis=1))
    whole = put & (shares.sum(axis=1) == 100)
    complete = (put & shares.notna().all(axis=1)) | whole
    ours = table[["share_new_market", "share_new_firm", "share_unchanged"]]
    assert ours.notna().all(axis=1).sum() == complete.sum()
    zeros = (whole.to_numpy()[:, None] & shares.isna()).sum().sum()
    assert (ours == 0).sum().sum() == zeros
    late = (~put & shares.notna().any(axis=1)).sum()
    assert quality["checks"]["filter_shares"]["failed"] == late


@pytest.mark.parametrize("wave", ["2007", "2010"])
def test_nigerian_spending_is_zero_where_the_activity_was_denied(nigeria, wave):
    waves, raw = nigeria
    table, _ = waves[wave]
    amount = pd.to_numeric(raw[wave]["iexp1"])
    denied = amount.isna() & (raw[wave]["iact1"] == "0")
    assert (table["rd_internal"] == 0).sum() == denied.sum() + (amount == 0).sum()
    assert table["rd_internal"].notna().sum() == denied.sum() + amount.notna().sum()


def test_identifiers_are_written_as_the_codebook_declares(tmp_path, root):
    frame = firms().assign(ID=["BE0401234567", "0402.234.567", "403234567", "4", "5", "6"])
    text = CODEBOOK.replace("{name: ID}", "{name: ID, format: {prefix: BE, digits: 10}}")
    codebook = load_codebook("small", codebook_folders(tmp_path, root, text))
    frame.to_csv(tmp_path / "a.csv", index=False)
    made, _ = ingest_wave(tmp_path / "a.csv", codebook, "BE", "CIS4")
    assert made["firm_id"].iloc[:3].tolist() == ["BE0401234567", "BE0402234567", "BE0403234567"]
    assert made["firm_id"].iloc[5] == "BE0000000006"


# --- what codebooks of real surveys needed -------------------------------------------------------


def test_spending_in_percent_of_innovation_spending_becomes_an_amount(wave):
    text = CODEBOOK.replace(
        "  rd_internal: {name: RRDINX, screen: {name: RRDIN, no_is_zero: true}}",
        "  innovation_spending: {name: TOTAL, required: false}\n"
        "  rd_internal: {name: RRDINX, unit: percent_of_innovation_spending}",
    )
    frame = firms().assign(TOTAL=["100", "", "", "400", "", ""])
    frame["RRDINX"] = ["25", "0", "", "50", "", ""]
    table, _ = wave(text, frame)
    # Thousands of euro in total, of which R&D is a part.
    assert table.loc["0001", "rd_internal"] == 25_000
    assert table.loc["0004", "rd_internal"] == 200_000
    assert pd.isna(table.loc["0002", "rd_internal"])  # a part of an amount nobody stated


def test_percentages_are_read_as_yes_or_no_where_the_codebook_says_so(wave):
    text = CODEBOOK.replace(
        "  coop_any:", '  export: {any_of: [EU, OTHER], codes: {0: no, ">0": yes}}\n  coop_any:'
    )
    frame = firms().assign(
        EU=["12.5", "0", "0", "100", "", "0"], OTHER=["0", "0.1", "0", "", "", ""]
    )
    table, _ = wave(text, frame)
    said = table["export"].astype(object).where(table["export"].notna(), None)
    assert said.tolist() == [True, True, False, True, None, None]


@pytest.mark.parametrize("value", ["-1", "many"])
def test_above_zero_is_a_number_above_zero(wave, value):
    text = CODEBOOK.replace(
        "  coop_any:", '  export: {name: EU, codes: {0: no, ">0": yes}}\n  coop_any:'
    )
    with pytest.raises(CisflowError, match="outside the codes 0/>0"):
        wave(text, firms().assign(EU=["1", "0", value, "0", "0", "0"]))


def test_a_part_of_a_sum_that_was_answered_with_no_is_none(wave):
    """Total spending is a sum of columns; who has no R&D left its amount blank."""
    text = CODEBOOK.replace(
        "  coop_any:", "  innovation_spending: {sum_of: [RRDINX, REST]}\n  coop_any:"
    )
    frame = firms().assign(RRDIN=["1", "0", "", "1", "", ""], REST=["3", "7", "", "", "", ""])
    frame["RRDINX"] = ["12", "", "", "", "", ""]
    table, _ = wave(text, frame)
    assert table.loc["0001", "innovation_spending"] == 15_000
    assert table.loc["0002", "innovation_spending"] == 7_000
    assert pd.isna(table.loc["0004", "innovation_spending"])  # it has R&D, and did not say how much


def test_of_several_boxes_the_blank_ones_were_not_ticked(wave):
    text = CODEBOOK.replace(
        "coop_suppliers_foreign: {any_of: [CO22, CO23]}",
        "coop_suppliers_foreign: {any_of: [CO22, CO23], blank_is_zero: true}",
    )
    frame = firms()
    frame.loc[[0, 3], ["CO22", "CO23"]] = [["0", ""], ["", "1"]]
    table, _ = wave(text, frame)
    assert not table.loc["0001", "coop_suppliers_foreign"]
    assert table.loc["0004", "coop_suppliers_foreign"]
    table, _ = wave(frame=frame)  # elsewhere a blank is no answer
    assert pd.isna(table.loc["0001", "coop_suppliers_foreign"])


def test_a_screening_question_that_the_file_lacks_is_told(wave):
    _, quality = wave(frame=firms().drop(columns="RRDIN"))
    (told,) = [str(problem) for problem in warnings(quality) if "RRDIN" in str(problem)]
    assert "column 'RRDIN', which leads to rd_internal, is not in the file" in told
    assert "firms without it count as missing" in told
    assert "rd_internal_screen_found" not in wave()[1]["checks"]


def test_without_the_share_of_unchanged_products_nothing_is_held_against_100(wave):
    text = CODEBOOK.replace("{name: TURNUNG}", "{name: TURNUNG, required: false}")
    _, quality = wave(text, firms().drop(columns="TURNUNG"))
    assert not [name for name in quality["checks"] if name.startswith("shares_")]
