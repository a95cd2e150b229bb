"""Wrong mappings, planted one at a time: each is seen on the sheet."""

from pathlib import Path

import pytest
from review_case import LABELS, VARIABLES, answers, write_case

from cisflow.assist.inspection import look
from cisflow.assist.review.gather import gather
from cisflow.assist.review.wording import scored, wording

PLANTED = [
    ("employees", {"name": "turn16"}, "turnover"),
    ("employees", {"name": "emp14"}, "2014"),
    ("turnover", {"name": "emp16"}, "employees"),
    ("group", {"name": "wine"}, "no word of its label"),
    ("group", {"name": "tr1"}, "grp"),
    ("product_innovation", {"name": "co"}, "coop_any"),
    ("coop_any", {"name": "k1h"}, "coop_suppliers_domestic"),
    ("coop_any", {"name": "co", "codes": {"1": False, "2": True}}, "the legend says “Yes”"),
    ("coop_suppliers_domestic", {"name": "k2h"}, "coop_clients_domestic"),
    ("coop_suppliers_domestic", {"name": "k1a"}, "foreign, not domestic"),
    ("share_new_market", {"name": "s_same"}, "share_unchanged"),
    ("share_new_firm", {"name": "s_new"}, "share_new_market"),
    ("employees_lag2", {"name": "emp16"}, "2016, not of 2014"),
    ("coop_clients_foreign", {"name": "k2h"}, "coop_clients_domestic"),
    ("coop_clients_domestic", {"name": "k1h"}, "coop_suppliers_domestic"),
    ("share_unchanged", {"name": "s_firm"}, "share_new_firm"),
]


def test_ten_variables_and_more_are_read_wrongly_in_turn():
    assert len({variable for variable, _, _ in PLANTED}) >= 10


def doubts(folder, variable, **changes):
    """Return all that the sheet has against a variable."""
    (wave,) = gather(write_case(folder, **changes), Path()).waves
    return next(card.doubted for card in wave.cards if card.variable == variable)


@pytest.mark.parametrize(("variable", "entry", "said"), PLANTED)
def test_a_planted_mapping_is_seen(tmp_path, variable, entry, said):
    found = doubts(tmp_path, variable, **{variable: entry})
    assert any(said in what for what in found), found


@pytest.mark.parametrize(
    ("variable", "column"),
    [("employees", "turn16"), ("coop_any", "k1h"), ("share_new_firm", "s_same")],
)
def test_a_planted_mapping_is_seen_in_a_file_without_labels(tmp_path, variable, column):
    bare = dict.fromkeys(LABELS, ("", ""))
    assert doubts(tmp_path, variable, labels=bare, **{variable: {"name": column}})


def test_exchanged_columns_are_seen_without_being_read_twice(tmp_path):
    found = doubts(
        tmp_path,
        "share_unchanged",
        share_unchanged={"name": "s_new"},
        share_new_market={"name": "s_same"},
    )
    assert any("share_new_market" in what for what in found)


def test_another_label_that_is_nearer_to_the_codebook_is_named(tmp_path):
    entry = {"name": "wine", "label": "Part of an enterprise group"}
    found = doubts(tmp_path, "group", group=entry)
    assert any("label of grp" in what for what in found)


def test_a_market_at_home_among_those_abroad_is_told(tmp_path):
    markets = {"m1": "Sales in own country", "m2": "Sales in Europe", "m3": "Sales in Asia"}
    labels = {**LABELS, **{c: (said, "1=Yes; 2=No") for c, said in markets.items()}}
    data = answers().assign(m1="1", m2=answers()["tr1"], m3=answers()["tr2"])
    for named, told in ((["m1", "m2", "m3"], True), (["m2", "m3"], False)):
        case = {"labels": labels, "data": data, "export": {"any_of": named}}
        found = doubts(tmp_path / str(len(named)), "export", **case)
        assert any("m1 says domestic, not foreign" in what for what in found) is told


def test_a_question_that_nobody_answers_with_no_is_told(tmp_path):
    found = doubts(tmp_path, "group", data=answers().assign(grp="1"))
    assert "fewer than 10 firms, or none, say no" in found


def test_codes_the_other_way_round_are_told_where_no_legend_says_so(tmp_path):
    labels = {**LABELS, "grp": (LABELS["grp"][0], "")}
    entry = {"name": "grp", "codes": {"1": False, "2": True}}
    found = doubts(tmp_path, "group", labels=labels, group=entry)
    assert any("other way round" in what for what in found)


def test_amounts_that_are_codes_are_told(tmp_path):
    found = doubts(tmp_path, "turnover", turnover={"name": "tr1"})
    assert any("few codes, not amounts" in what for what in found)


def test_a_part_above_its_whole_is_told(tmp_path):
    data = answers()
    spent = data["turn16"].astype(int)
    data = data.assign(rd=spent // 50, all=spent // 100)
    labels = {**LABELS, "rd": ("Expenditure on in-house R&D in 2016", ""), "all": ("All", "")}
    spending = {"rd_internal": {"name": "rd"}, "innovation_spending": {"name": "all"}}
    found = doubts(tmp_path, "rd_internal", data=data, labels=labels, **spending)
    assert any("rd_internal is larger than innovation_spending" in what for what in found)


def test_a_member_of_another_battery_is_told(tmp_path):
    sources = ("internal", "suppliers", "clients", "competitors", "universities")
    data = answers()
    more = {f"inf{i}": (data["emp16"].astype(int) % 4).astype(str) for i in range(5)}
    entries = {f"source_{s}": {"name": f"inf{i}"} for i, s in enumerate(sources)}
    entries["source_clients"] = {"name": "odd"}
    book = {
        "codes": {"yes_no": {"1": True, "2": False}, "degree": {str(i): i for i in range(4)}},
        "blocks": {"partners": {"asked_if": "coop_any"}, "sources": {"codes": "degree"}},
    }
    found = doubts(
        tmp_path,
        "source_clients",
        data=data.assign(**more, odd=more["inf2"]),
        codebook=book,
        **entries,
    )
    assert any("others of its battery are inf…" in what for what in found)


def test_partners_whose_numbers_differ_at_home_and_abroad_are_told(tmp_path):
    partners = ("group", "suppliers", "clients", "competitors", "consultants", "universities")
    data, entries = answers(), dict.fromkeys(v for v in VARIABLES if v.endswith(("ic", "gn")))
    for i, partner in enumerate(partners):
        data[f"cn{i}"], data[f"ca{i}"] = data["k1h"], data["k1a"]
        entries[f"coop_{partner}_domestic"] = {"name": f"cn{i}"}
        entries[f"coop_{partner}_foreign"] = {"name": f"ca{i}"}
    entries["coop_group_foreign"] = {"name": "ca1"}
    bare = dict.fromkeys(LABELS, ("", ""))
    found = doubts(tmp_path, "coop_group_foreign", data=data, labels=bare, **entries)
    assert any("end in 0 at home and in 1 abroad" in what for what in found)


@pytest.mark.parametrize(
    ("label", "rather"), [("", None), ("Cooperation for innovation", "coop_any")]
)
def test_a_bare_name_speaks_against_nothing_it_leaves_out(label, rather, tmp_path, root):
    file = tmp_path / "f.csv"
    file.write_text("id,coopn1\n" + "".join(f"{i},{i % 2}\n" for i in range(40)))
    if label:
        (tmp_path / "labels.csv").write_text(f"variable,label\nid,Firm\ncoopn1,{label}\n")
    seen = look(file, root)
    words = wording(seen, scored(seen.questions, seen.words), 2016)
    assert words.rather("coop_suppliers_domestic", "coopn1") == rather


def test_a_bare_name_that_asks_for_something_else_is_told(tmp_path):
    data = answers().rename(columns={"wine": "obstacle_cost"})
    bare = dict.fromkeys(data, ("", ""))
    found = doubts(
        tmp_path, "process_innovation", data=data, labels=bare,
        process_innovation={"name": "obstacle_cost"},
    )  # fmt: skip
    assert "obstacle_cost: it asks for what stands in the way" in found
    assert not any("“”" in what for what in found)
