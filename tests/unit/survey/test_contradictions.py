"""Answers that contradict one another stop a run; honest noise, and what is accepted, do not."""

import numpy as np
import pandas as pd
import pytest
from small_survey import CODEBOOK, SIZE_CLASS, codebook_folders, good_survey

from cisflow.base.problems import CisflowError
from cisflow.study.codebook_files import load_codebook
from cisflow.study.contradictions import COMPARED, FEWEST, SHARES, compared_by, share_of
from cisflow.survey.contradictions import contradictions, refuse_contradictions
from cisflow.survey.ingest import ingest_wave
from cisflow.survey.semantics import warnings

BOOK = CODEBOOK + SIZE_CLASS
PARTNERS = ("suppliers", "clients", "competitors", "universities")


@pytest.fixture
def read(tmp_path, root):
    """Return a function from a survey and a codebook's text to the quality record."""

    def run(frame, text=BOOK):
        frame.to_csv(tmp_path / "small.csv", index=False)
        codebook = load_codebook("small", codebook_folders(tmp_path, root, text))
        return ingest_wave(tmp_path / "small.csv", codebook, "BE", "CIS4")[1]

    return run


@pytest.fixture
def survey():
    return good_survey()


def stopping(quality):
    """Return the names of the checks that stop a run."""
    told = [str(problem) for problem in contradictions(quality)]
    return [
        name for name in quality["checks"] if any(f"{{{name}: {{reason" in text for text in told)
    ]


def with_(survey, **columns):
    """Return the survey with columns of which only the sixty innovators have an answer."""
    blank = [None] * (len(survey) - 60)
    return survey.assign(**{c: [*np.resize(v, 60).tolist(), *blank] for c, v in columns.items()})


def test_a_good_survey_contradicts_itself_nowhere(read, survey):
    quality = read(survey)
    assert list(contradictions(quality)) == []
    refuse_contradictions(quality, "Belgium, wave CIS4")


def test_a_few_firms_that_err_are_told_and_stop_nothing(read, survey):
    survey.loc[1:9:2, "CO21"] = 1  # 5 of the 30 that said they do not cooperate
    quality = read(survey)
    assert list(contradictions(quality)) == []
    assert "named a partner: 17 % of those concerned" in "\n".join(map(str, warnings(quality)))


def test_most_firms_that_contradict_themselves_stop_the_run_with_the_remedies(read, survey):
    quality = read(survey.assign(CO=1 - survey["CO"]))
    assert stopping(quality) == ["no_partner_without_cooperation"]
    # What stops it is not told twice.
    assert not any("named a partner" in problem.said for problem in warnings(quality))
    with pytest.raises(CisflowError) as refused:
        refuse_contradictions(quality, "Belgium, wave CIS4")
    said = str(refused.value)
    assert said.startswith("Belgium, wave CIS4 (")
    assert "did not cooperate, and named a partner: 100 % of those concerned" in said
    assert "look at `coop_any:`" in said
    assert (
        "`accepts: {no_partner_without_cooperation: {reason: …, up_to: 100}}` in the codebook"
        in said
    )


def test_a_contradiction_is_accepted_with_a_reason_and_no_other_is(read, survey):
    wrong = survey.assign(CO=1 - survey["CO"], EMP=np.resize([60, 400, 12], 70))
    reason = "the question was put after the partners"
    text = f"{BOOK}accepts: {{no_partner_without_cooperation: {reason}}}\n"
    quality = read(wrong, text)
    assert stopping(quality) == ["employees_in_size_class"]
    assert quality["accepted"] == {"no_partner_without_cooperation": reason}
    assert read(survey, text)["accepted"] == {}  # there is nothing to accept


@pytest.mark.parametrize(("up_to", "stops"), [("100", False), ("99", True), ("0.5", True)])
def test_a_contradiction_of_more_firms_than_were_accepted_stops_the_run(up_to, stops, read, survey):
    name = "no_partner_without_cooperation"
    text = f"{BOOK}accepts: {{{name}: {{reason: asked last, up_to: {up_to}}}}}\n"
    quality = read(survey.assign(CO=1 - survey["CO"]), text)
    assert stopping(quality) == ([name] if stops else [])
    said = "\n".join(map(str, contradictions(quality)))
    assert (f"The codebook accepts it up to {up_to} %." in said) == stops


def test_a_bound_is_of_a_share_of_firms(read, survey):
    with pytest.raises(CisflowError, match="about the file as a whole"):
        read(survey, f"{BOOK}accepts: {{partners_differ: {{reason: one box, up_to: 5}}}}\n")


def test_a_check_that_is_accepted_must_exist(read, survey):
    with pytest.raises(CisflowError) as refused:
        read(survey, f"{BOOK}accepts: {{employees_in_class: small firms}}\n")
    assert "no check that stops a run is called `employees_in_class`" in str(refused.value)
    assert "did you mean `employees_in_size_class`" in str(refused.value)
    for name in ("share_new_market_implies_yes", "share_new_market_within_share_new_firm"):
        read(survey, f"{BOOK}accepts: {{{name}: firms answer so}}\n")


def test_a_question_nobody_answers_with_no_is_not_the_question(read, survey):
    quality = read(survey[survey["INPDGD"] == 1])
    assert stopping(quality) == ["product_innovation_has_a_no"]
    few = survey[survey["INPDGD"] == 1].head(FEWEST - 1)
    assert list(contradictions(read(few))) == []


def test_shares_that_are_mapped_but_not_declared_must_make_the_whole(read, survey):
    undeclared = BOOK.replace("shares: {sum_to_100:", "# shares: {sum_to_100:")
    wrong = survey.assign(TURNUNG=survey["TURNUNG"] - 50)
    assert "shares_sum_to_100" in stopping(read(wrong, undeclared))
    assert list(contradictions(read(survey, undeclared))) == []


def test_a_declared_share_the_file_lacks_leaves_no_whole(read, survey):
    text = BOOK.replace("{name: TURNUNG}", "{name: TURNUNG, required: false}")
    assert "shares_sum_to_100" not in read(survey.drop(columns="TURNUNG"), text)["checks"]


def test_percentages_read_as_yes_or_no_stop_the_run(read, survey):
    rng = np.random.default_rng(2)
    sold = with_(survey, EXP=np.where(rng.random(60) < 0.3, 0, rng.integers(2, 90, 60)))
    by = BOOK + "  export: {name: EXP, codes: CODES, required: false}\n"
    one_is_yes = by.replace("CODES", '{"1": yes, "*": no}')
    assert stopping(read(sold, one_is_yes)) == ["export_is_no_amount"]
    assert stopping(read(sold, by.replace("CODES", '{"0": no, "*": yes}'))) == []
    dropped = by.replace("CODES", '{"0": no, "1": yes}, invalid: missing')
    assert "export_values_are_known" in stopping(read(sold, dropped))
    # A code of the country the head office is in is no amount, however many there are.
    abroad = with_(survey, EXP=np.arange(60) + 20)
    assert stopping(read(abroad, by.replace("CODES", '{"25": no, "*": yes}'))) == []


def test_who_does_research_is_innovation_active(read, survey):
    text = BOOK + "  innovation_active: {name: ACTIVE}\n"
    text = text.replace("spending: {asked_if: innovation_active}", "spending: {}")
    narrow = with_(survey, ACTIVE=1).fillna({"ACTIVE": 0})
    assert stopping(read(narrow, text)) == []
    narrow.loc[:9, "ACTIVE"] = 0
    assert "innovation_active_covers_activities" in stopping(read(narrow, text))


def rated(survey, direction):
    """Return a survey in which who cooperates with a partner rates it higher, or lower."""
    rng = np.random.default_rng(4)
    columns = {"CO": np.resize([1, 0], 60)}
    for partner in PARTNERS:
        used = (rng.random(60) < 0.5) & (columns["CO"] == 1)
        columns[f"P_{partner}"] = used.astype(int)
        columns[f"S_{partner}"] = np.clip(1.5 + direction * (used - 0.5) * 2, 0, 3).round()
        columns[f"S_{partner}"] = (columns[f"S_{partner}"] + (rng.random(60) < 0.3)).clip(0, 3)
    return with_(survey, **{c: np.asarray(v).astype(int) for c, v in columns.items()})


def with_partners(**changes):
    """Return a codebook with four partners and how important each is as a source."""
    lines = [
        f"  coop_{p}_domestic: {{name: {changes.get(p, f'P_{p}')}}}\n"
        f"  source_{p}: {{name: S_{p}}}\n"
        for p in PARTNERS
    ]
    bare = BOOK.replace("  coop_suppliers_domestic: {name: CO21}\n", "")
    bare = bare.replace("  coop_suppliers_foreign: {any_of: [CO22, CO23]}\n", "")
    return bare.replace("  source_clients: {name: SCLI}\n", "") + "".join(lines)


def test_a_scale_of_importance_that_runs_the_other_way_stops_the_run(read, survey):
    assert stopping(read(rated(survey, +1), with_partners())) == []
    assert "sources_run_upwards" in stopping(read(rated(survey, -1), with_partners()))
    assert "sources_run_upwards" not in stopping(read(rated(survey, 0), with_partners()))
    # Where no partner is a source of its own, all sources are held against cooperation.
    turned = survey.assign(SCLI=(2 - survey["CO"]))
    assert "sources_run_upwards" in stopping(read(turned, BOOK))
    assert stopping(read(survey.assign(SCLI=survey["CO"]), BOOK)) == []


def test_one_column_read_as_several_partners_stops_the_run(read, survey):
    same = with_partners(**dict.fromkeys(PARTNERS[1:], "P_suppliers"))
    frame = rated(survey, +1)
    assert "partners_differ" in stopping(read(frame.assign(P_suppliers=frame["CO"]), same))


MORE = "  rd_external: {name: EXT, unit: percent_of_turnover, required: false}\n"


def test_percentages_of_another_total_stop_the_run(read, survey):
    rng = np.random.default_rng(9)
    inside = rng.integers(55, 95, 60)
    text = BOOK.replace("{name: RRDINX,", "{name: RRDINX, unit: percent_of_turnover,") + MORE
    of_spending = with_(survey, RRDINX=inside, EXT=100 - inside)
    found = stopping(read(of_spending, text))
    assert {"rd_internal_is_part_of_turnover", "percentages_are_of_turnover"} <= {*found}
    of_turnover = with_(survey, RRDINX=rng.integers(1, 12, 60), EXT=rng.integers(0, 3, 60))
    assert stopping(read(of_turnover, text)) == []


def test_percentages_read_as_amounts_stop_the_run(read, survey):
    percentages = with_(survey, RRDINX=np.resize([3, 40, 100], 60))
    assert stopping(read(percentages)) == ["rd_internal_is_an_amount"]


def test_new_products_that_are_all_turnover_stop_the_run(read, survey):
    market = np.resize([20, 50, 90], 60)
    text = BOOK.replace("sum_to_100: [share_unchanged, share_new_firm, share_new_market], ", "")
    text = text.replace("  share_unchanged: {name: TURNUNG}\n", "")
    wrong = with_(survey, TURNMAR=market, TURNIN=100 - market)
    assert stopping(read(wrong, text)) == ["new_products_are_not_all_turnover"]
    assert stopping(read(survey, text)) == []


@pytest.mark.parametrize("name", list(SHARES))
def test_every_share_is_of_a_name_some_check_has(name):
    assert 0 <= SHARES[name] <= 0.5
    assert share_of(name.replace("*", "share_new_firm")) == SHARES[name]


def test_what_is_told_of_a_contradiction_has_no_count_of_few_firms(read, survey):
    quality = read(survey[survey["INPDGD"] == 1].head(FEWEST))
    assert not pd.Series([str(p) for p in contradictions(quality)]).str.contains(r"\b30\b").any()


@pytest.mark.parametrize(
    ("own", "holds"),
    [
        ("", True),
        ("variables: {coop_any: {label: Cooperation, verified: confirmed}}", True),
        ("variables: {employees: {name: HEADS}}", True),
        ("variables: {coop_any: {name: CO_ALL}}", False),
        ("variables: {coop_suppliers_domestic: null}", False),
        ("variables: {coop_any: {codes: {'1': no, '2': yes}}}", False),
        ("codes: {yes_no: {'1': yes, '2': no}}", False),
        ("blocks: {cooperation: {asked_if: product_innovation}}", False),
        ("column_suffix: _06", False),
        ("variables: {coop_any: {name: CO_ALL}}\naccepts: {*name*: asked last}", True),
    ],
)
def test_what_is_accepted_of_a_mapping_is_not_accepted_of_another(tmp_path, root, own, holds):
    name = "no_partner_without_cooperation"
    folders = codebook_folders(tmp_path, root, f"{BOOK}accepts: {{{name}: asked last}}\n")
    own = own if "variables" in own else f"variables: {{}}\n{own}"
    text = f"title: Two years on\nextends: small\n{own.replace('*name*', name)}\n"
    (tmp_path / "later.yaml").write_text(text, encoding="utf-8")
    assert (name in load_codebook("later", folders).accepts) is holds


def test_what_each_check_compares_is_known():
    assert {*COMPARED} == {*SHARES}
    assert compared_by("share_new_market_implies_yes") == ("share_new_market",)
    within = compared_by("share_new_market_within_share_new_firm")
    assert within == ("share_new_market", "share_new_firm")
    assert compared_by("rd_internal_is_an_amount") == ("rd_internal", "turnover")
    assert "coop_group_foreign" in compared_by("partners_differ")
