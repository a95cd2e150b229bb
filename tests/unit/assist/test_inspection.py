"""`cisflow inspect`: which codebook fits, what comes near, what looks suspicious."""

import json

import pandas as pd
import pytest
import unseen_survey

from cisflow.assist.inspection import all_codebooks, inspect_file, look, money_unit, rank
from cisflow.assist.screen import inspection_text
from cisflow.base.problems import CisflowError


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder with one survey each in folders of their own."""
    return tmp_path_factory.mktemp("extracts")


@pytest.fixture(scope="module")
def own(folder, root):
    """What is found out about a survey with names of its own."""
    (folder / "own").mkdir()
    survey = unseen_survey.words_and_commas(folder / "own")
    return survey, inspect_file(survey.extract, root, labels_files=survey.labels)


@pytest.fixture(scope="module")
def eurostat(folder, root):
    """What is found out about a harmonised survey with two misspelt names and a label."""
    (folder / "eurostat").mkdir()
    renamed = {"TURNMAR": "TURNMRA", "RRDINX": "spent_inside"}
    survey = unseen_survey.harmonised(folder / "eurostat", renamed=renamed)
    labels = folder / "labels.csv"
    labels.write_text(
        "name,label\n"
        "spent_inside,Expenditure on internal R&D in the reference year\n"
        "CO,Cooperation\n"
    )
    return inspect_file(survey.extract, root, labels_files=[labels])


def test_best_codebook_is_the_one_that_finds_most(eurostat):
    best = eurostat["codebooks"][0]
    assert best["codebook"] == "eurostat/cis2012"
    assert best["found"] == best["required"] - 2
    assert best["share"] == pytest.approx(best["found"] / best["required"], abs=1e-3)
    shares = [row["share"] for row in eurostat["codebooks"]]
    assert shares == sorted(shares, reverse=True)


def test_missing_variables_come_with_names_and_labels_like_them(eurostat):
    near = {row["variable"]: row["near"] for row in eurostat["missing"]}
    assert {"column": "TURNMRA", "why": "name like TURNMAR"} in near["share_new_market"]
    assert near["rd_internal"][0]["column"] == "spent_inside"
    assert "label" in near["rd_internal"][0]["why"]


def test_file_no_codebook_is_about_is_recognised_by_its_words(own):
    survey, found = own
    assert not found["recognised"]
    assert found["codebooks"][0]["share"] < 0.3
    by_words = {row["variable"]: set(row["columns"]) for row in found["by_words"]}
    assert by_words == survey.columns
    assert "None of them is about this file" in inspection_text(found)


def test_models_the_file_can_support(own):
    models = {row["model"]: row for row in own[1]["models"]}
    assert models["faems2005"]["supported"]
    assert models["faems2010_direct"]["lacks"]["profit_margin"] == ["company accounts"]


def test_fractions_and_units_are_suspicious(own):
    said = {row["variable"]: row["what"] for row in own[1]["suspicious"]}
    assert "set `unit: fraction`" in said["share_new_market"]
    assert "thousands" in said["turnover"]


def test_answers_in_words_are_not_suspicious(folder, root):
    (folder / "words").mkdir()
    survey = unseen_survey.harmonised(folder / "words", yes="Yes", no="No")
    found = inspect_file(survey.extract, root)
    assert [row for row in found["suspicious"] if row["variable"] != "turnover"] == []


def test_exchanged_shares_do_not_sum(folder, root):
    (folder / "sums").mkdir()
    survey = unseen_survey.harmonised(folder / "sums")
    frame = pd.read_csv(survey.extract, dtype=str)
    frame["TURNIN"] = frame["TURNUNG"]
    frame.to_csv(survey.extract, index=False)
    said = [row["what"] for row in inspect_file(survey.extract, root)["suspicious"]]
    assert any("the shares make 100 for" in what for what in said)


def test_no_identifier_and_no_amount_is_told(own):
    survey, found = own
    frame = pd.read_csv(survey.extract, sep=";", dtype=str, encoding="latin-1")
    told = json.dumps(found) + inspection_text(found)
    assert not any(firm in told for firm in frame["FirmNo"])
    amounts = frame["sales_2016"][frame["sales_2016"].str.len() > 4]
    assert len(amounts) > 100
    assert not any(f'"{amount}"' in told or f" {amount}" in told for amount in amounts)


def test_codes_of_few_firms_are_withheld(folder, root):
    (folder / "few").mkdir()
    survey = unseen_survey.harmonised(folder / "few")
    frame = pd.read_csv(survey.extract, dtype=str)
    frame.loc[:1, "GP"] = "7"
    frame.to_csv(survey.extract, index=False)
    found = inspect_file(survey.extract, root)
    counts = next(row["counts"] for row in found["codings"] if row["column"] == "GP")
    assert counts["7"] is None
    assert sum(n is None for n in counts.values()) >= 2  # else it follows from the total
    assert any("fewer than 3 values" in row["what"] for row in found["suspicious"])


def test_a_codebook_may_be_asked_for(folder, root):
    (folder / "asked").mkdir()
    survey = unseen_survey.harmonised(folder / "asked")
    found = inspect_file(survey.extract, root, codebook="eurostat/cis2010")
    assert found["codebook"]["codebook"] == "eurostat/cis2010"
    assert "turnover" in {row["variable"] for row in found["missing"]}
    with pytest.raises(CisflowError, match="did you mean `eurostat/cis20"):
        inspect_file(survey.extract, root, codebook="eurostat/cis2011")


def test_record_is_plain_json(own, eurostat):
    for found in (own[1], eurostat):
        assert json.loads(json.dumps(found)) == found


def test_text_is_at_most_a_hundred_columns_wide(own, eurostat):
    for found in (own[1], eurostat):
        assert max(map(len, inspection_text(found).splitlines())) <= 100


def test_every_codebook_but_the_shared_ones_is_tried(root):
    names = {book.id for book in all_codebooks([root / "config" / "codebooks"])}
    assert {"eurostat/cis4", "national/ng2010", "accounts/belfirst"} <= names
    assert "eurostat/common" not in names


def test_rank_counts_alternatives_and_capitals(root):
    books = all_codebooks([root / "config" / "codebooks"])
    best = rank(["id", "turn12m", "EMP2012"], [b for b in books if b.id == "eurostat/cis2012"])
    assert {"firm_id", "turnover", "employees"} == set(best[0].found)


@pytest.mark.parametrize(
    ("per_head", "currency", "unit"),
    [
        (200_000, "EUR", "unit"),
        (200, "EUR", "thousand"),
        (0.2, "EUR", "million"),
        (60_000, "HUF", "thousand"),  # 60 million forint, which is 180,000 euro
        (60_000_000, "HUF", "unit"),
        (2_000, "NGN", None),  # ten euro a head in units, ten thousand in thousands
        (3_000, "EUR", "thousand"),
    ],
)
def test_unit_of_amounts_from_turnover_per_head(per_head, currency, unit, tmp_path, root):
    staff = pd.Series(range(10, 60))
    frame = pd.DataFrame({"ID": staff, "EMP12": staff, "TURN12": (staff * per_head).round(2)})
    frame.to_csv(tmp_path / "x.csv", index=False)
    seen = look(tmp_path / "x.csv", root, also=["TURN12", "EMP12"])
    assert money_unit(seen, "TURN12", "EMP12", currency)[0] == unit


def test_damaged_file_is_refused_in_words(tmp_path, root):
    (tmp_path / "broken.sav").write_bytes(b"$FL2 and nothing more")
    with pytest.raises(CisflowError, match=r"broken\.sav"):
        inspect_file(tmp_path / "broken.sav", root)
