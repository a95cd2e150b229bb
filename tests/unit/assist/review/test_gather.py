"""What a review sheet tells of a mapping: its columns, its codes, its numbers, its place."""

import re
from pathlib import Path

import numpy as np
import pytest
from review_case import FIRMS, LABELS, answers, write_case

from cisflow.assist.review.gather import confirmed_against, gather
from cisflow.assist.review.page import page
from cisflow.assist.review.terminal import review_text
from cisflow.base.problems import CisflowError
from cisflow.study.canonical import BLOCKS


def reviewed(folder, **changes):
    """Return the sheet of a wave, and its cards by variable."""
    sheet = gather(write_case(folder, **changes), Path())
    (wave,) = sheet.waves
    return wave, {card.variable: card for card in wave.cards}


@pytest.fixture(scope="module")
def plain(tmp_path_factory):
    """The sheet of the survey as it is."""
    return reviewed(tmp_path_factory.mktemp("plain"))


def test_a_right_mapping_has_nothing_against_it(plain):
    wave, cards = plain
    assert {v: card.doubted for v, card in cards.items() if card.doubted} == {}
    assert not wave.errors
    assert not wave.findings


def test_a_card_tells_label_legend_numbers_and_place(plain):
    _, cards = plain
    (column,) = cards["group"].columns
    assert column.label == "Is the firm part of an enterprise group?"
    assert [(c.code, c.meaning, c.read_as) for c in column.codes] == [
        ("1", "Yes", "yes"),
        ("2", "No", "no"),
    ]
    yes, no = (int((answers()["grp"] == code).sum()) for code in "12")
    assert [c.rows for c in column.codes] == [10 * round(yes / 10), 10 * round(no / 10)]
    assert cards["group"].value.endswith("% yes")
    assert [n.column for n in column.before] == ["emp14", "turn16"]
    assert [n.column for n in column.after] == ["prd", "s_new"]
    assert column.after[0].used_for == "product_innovation"


def test_not_asked_and_missing_are_told_apart(plain):
    _, cards = plain
    card = cards["coop_suppliers_domestic"]
    cooperate = int((answers()["co"] == "1").sum())
    assert card.counts.valid == 10 * round(cooperate / 10)
    assert card.counts.not_asked == 10 * round((200 - cooperate) / 10)
    assert card.counts.missing is None
    assert card.asked_if == "coop_any"


def test_what_is_to_be_confirmed_and_needed_comes_first_and_doubts_before_all(tmp_path):
    entry = {"name": "grp", "verified": "confirmed"}
    wave, _ = reviewed(tmp_path, group=entry, turnover={"name": "emp14"})
    assert wave.cards[0].variable == "turnover"
    assert wave.cards[-1].variable == "group"
    keys = [(c.settled, not c.needed) for c in wave.cards]
    assert keys == sorted(keys)


@pytest.mark.parametrize("state", ["drafted", "confirmed", "sourced", "inferred", "general"])
def test_states_are_those_of_the_codebook(tmp_path, state):
    entry = {"name": "grp", "verified": state, "source": "a page", "note": "a word"}
    _, cards = reviewed(tmp_path, group=entry)
    card = cards["group"]
    assert (card.state, card.source, card.note) == (state, "a page", "a word")
    assert card.settled is (state in ("confirmed", "sourced"))


def test_what_a_block_says_holds_for_its_variables(tmp_path):
    blocks = {"partners": {"asked_if": "coop_any", "verified": "confirmed"}}
    _, cards = reviewed(tmp_path, codebook={"blocks": blocks})
    assert cards["coop_clients_foreign"].settled
    assert cards["coop_any"].state == "not said"


def test_what_the_config_confirms_is_confirmed(tmp_path):
    file = write_case(tmp_path)
    text = file.read_text()
    file.write_text(text.replace("codebook:", "confirmed: [coop_any, partners]\n        codebook:"))
    (wave,) = gather(file, Path()).waves
    settled = {c.variable for c in wave.cards if c.settled}
    assert settled == {"coop_any"} | {
        c.variable for c in wave.cards if "_domestic" in c.variable or "_foreign" in c.variable
    }


def test_the_command_confirms_the_variable_or_the_battery(plain):
    wave, cards = plain
    told = cards["turnover"].confirm
    assert told.startswith("cisflow confirm ")
    assert told.endswith("/book.yaml turnover")
    partners = next(g for g in wave.grids if g.title.startswith("Partners"))
    assert partners.confirm.endswith("/book.yaml partners")


def test_a_codebook_that_ships_is_confirmed_in_the_config(tmp_path, root):
    file = write_case(tmp_path)
    ours = root / "config" / "codebooks" / "eurostat" / "cis4.yaml"
    file.write_text(file.read_text().replace(str(tmp_path / "book.yaml"), str(ours)))
    (wave,) = gather(file, tmp_path).waves
    told = {card.confirm for card in wave.cards if card.variable == "nace"}
    assert told <= {f"cisflow confirm {file.as_posix()} NL/2016 nace"}


def test_a_grid_shows_what_fills_it_and_its_gaps(tmp_path):
    wave, _ = reviewed(tmp_path, coop_clients_foreign=None)
    grid = next(g for g in wave.grids if g.title.startswith("Partners"))
    assert grid.heads == ("domestic", "foreign")
    clients = next(row for row in grid.rows if row.name == "clients")
    assert [cell.columns for cell in clients.cells] == [("k2h",), ()]
    years = next(g for g in wave.grids if g.title == "Amounts by year")
    assert years.heads == ("2014", "2016")
    assert [cell.variable for cell in years.rows[0].cells] == ["employees_lag2", "employees"]


def test_all_unused_columns_are_there_by_battery(tmp_path):
    wave, _ = reviewed(tmp_path, coop_clients_foreign=None)
    told = {group.stem: [c.column for c in group.columns] for group in wave.unused}
    assert told == {"k2": ["k2a"], "tr": ["tr1", "tr2"], "each on its own": ["wine"]}


def test_hundreds_of_columns_are_none_cut_off(tmp_path):
    data = answers()
    more = {f"zq{i}": data["tr1"] for i in range(300)}
    labels = {**LABELS, **{name: (f"{name} {'long ' * 40}end", "") for name in more}}
    wave, _ = reviewed(tmp_path, data=data.assign(**more), labels=labels)
    told = [c for group in wave.unused for c in group.columns]
    assert len(told) == 300 + 3
    assert all(c.label.endswith("end") for c in told if c.column.startswith("zq"))


def test_a_needed_variable_without_a_column_is_told_with_what_comes_near(tmp_path):
    wave, _ = reviewed(tmp_path, turnover=None)
    absent = {a.variable: [n.column for n in a.near] for a in wave.absent}
    assert "turn16" in absent["turnover"]
    assert "rd_internal" in absent


def test_a_wave_that_cannot_be_run_still_shows_what_can_be_seen(tmp_path):
    wave, cards = reviewed(tmp_path, share_new_market={"name": "turn16"}, nace={"name": "gone"})
    assert any("'gone' is not in the file" in error.what for error in wave.errors)
    assert "nace" not in cards
    assert any("above 100" in what for what in cards["share_new_market"].against)
    assert cards["coop_any"].counts.valid == 200
    assert not cards["coop_any"].counts.filtered_known


def test_a_file_that_is_not_there_leaves_the_errors(tmp_path):
    file = write_case(tmp_path)
    (tmp_path / "raw" / "f.csv").unlink()
    sheet = gather(file, Path())
    assert any("does not exist" in error.what for error in sheet.errors)
    assert sheet.waves[0].errors
    assert sheet.wrong


def test_a_broken_codebook_leaves_the_errors(tmp_path):
    file = write_case(tmp_path, codebook={"mony": {}})
    sheet = gather(file, Path())
    assert any("mony" in error.what for error in sheet.waves[0].errors)


def test_a_config_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(CisflowError):
        gather(tmp_path / "none.yaml", Path())


@pytest.mark.parametrize("data", ["real", "synthetic"])
def test_marks_are_those_of_the_run(tmp_path, data):
    sheet = gather(write_case(tmp_path, config={"data": data}), Path())
    names = [mark.name for mark in sheet.marks]
    assert any("SYNTHETIC" in name for name in names) is (data == "synthetic")
    assert any("DRAFT MAPPING" in name for name in names) is (data == "real")


def test_labels_may_be_in_a_table_that_is_named(tmp_path):
    file = write_case(tmp_path)
    elsewhere = tmp_path / "elsewhere.csv"
    (tmp_path / "raw" / "labels.csv").rename(elsewhere)
    (wave,) = gather(file, Path(), [elsewhere]).waves
    assert wave.cards[0].columns[0].label


def test_waves_of_one_file_have_their_own_rows(tmp_path):
    data = answers().assign(year=["2014"] * 60 + ["2016"] * 140)
    file = write_case(tmp_path, data=data, codebook={"rows": {"year": 2016}})
    (wave,) = gather(file, Path()).waves
    assert wave.rows == 140
    assert all(c.column != "year" for group in wave.unused for c in group.columns)


def test_activities_show_whether_they_can_be_activities(tmp_path):
    _, cards = reviewed(tmp_path)
    assert re.fullmatch(r"\d\d % in manufacturing", cards["nace"].value)
    assert "4 divisions of 10 firms and more" in cards["nace"].remarks
    data = answers().assign(nace=[str(1960 + i % 40) for i in range(200)])
    _, cards = reviewed(tmp_path / "years", data=data)
    assert "1 division of 10 firms and more" in cards["nace"].remarks


def test_the_source_of_most_mappings_is_told_once(tmp_path):
    blocks = {block: {"verified": "general", "source": "A handbook"} for block in BLOCKS}
    own = {"name": "turn16", "source": "A letter", "verified": "inferred"}
    file = write_case(tmp_path, codebook={"blocks": blocks}, turnover=own)
    (wave,) = (sheet := gather(file, Path())).waves
    assert wave.source == "A handbook"
    for text in (page(sheet), review_text(sheet)):
        assert text.count("A handbook") == text.count("A letter") == 1


def test_three_shares_that_make_the_whole_say_so_where_no_word_tells(tmp_path):
    labels = {**LABELS, "s_firm": ("Part of sales, second kind", "")}
    _, cards = reviewed(tmp_path, labels=labels)
    told = (*cards["share_new_firm"].speaks_for, *cards["share_new_firm"].remarks)
    assert any("makes the whole for" in what for what in told)


@pytest.mark.parametrize(("state", "told"), [("confirmed", True), ("drafted", False)])
def test_what_speaks_against_a_confirmed_mapping_is_told_by_check_too(state, told, tmp_path):
    # What nobody has confirmed is listed anyway.
    entry = {"name": "emp14", "verified": state}
    file = write_case(tmp_path, employees=entry, employees_lag2=None)
    said = [problem.said for _, problem in confirmed_against(file, Path())]
    assert any(one.startswith("employees: ") for one in said) == told
    assert not [one for one in said if not one.startswith("employees: ")]


def test_what_every_check_tells_is_not_told_of_confirmed_mappings_again(tmp_path):
    shares = {v: {"name": c, "verified": "confirmed"} for v, c in (("share_new_market", "s_same"),)}
    file = write_case(tmp_path, share_unchanged={"name": "s_new"}, **shares)
    (wave,) = gather(file, Path()).waves
    assert wave.findings
    said = [problem.said for _, problem in confirmed_against(file, Path())]
    assert said
    assert not any(told.what in one for told in wave.findings for one in said)


def test_of_several_weights_the_others_are_told(tmp_path):
    weights = {c: np.linspace(1, 5 + i, FIRMS) for i, c in enumerate(("wd", "wf"))}
    labels = {**LABELS, "wd": ("Design weight", ""), "wf": ("Final weight, calibrated", "")}
    case = write_case(
        tmp_path, data=answers().assign(**weights), labels=labels, weight={"name": "wd"}
    )
    (wave,) = gather(case, Path()).waves
    (card,) = (card for card in wave.cards if card.variable == "weight")
    assert any("wf may be it as well" in one for one in card.doubts)
