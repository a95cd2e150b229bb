"""Questions in 28 languages under names without meaning: what a drafted codebook makes of them.

The wordings were written apart from the words that recognise them, which is what makes these
numbers worth something: to mend a failure, mend the mechanism or the words of the language as its
questionnaires have them, not the one sentence that failed here.
"""

import pytest
import reached
from drafts_scored import Score, drafted, scored
from worded_survey import HOLDOUT, LANGUAGES, TABLES, Worded, table, write_worded

from cisflow.study.canonical import FIRM_COLUMNS
from cisflow.study.codebook_files import load_codebook

FEWEST_QUESTIONS = 19
DISTRACTORS = {"obstacle", "plans", "purpose", "degrees", "change"}
EU = {
    *("bg", "cs", "da", "de", "el", "en", "es", "et", "fi", "fr", "ga", "hr"),
    *("hu", "it", "lt", "lv", "mt", "nl", "pl", "pt", "ro", "sk", "sl", "sv"),
}


@pytest.mark.parametrize("language", LANGUAGES)
def test_language_is_read(language, tmp_path):
    score = drafted(write_worded(tmp_path, language), tmp_path / "project")
    assert reached.TARGETS["languages"].met(score), score.told()


@pytest.mark.parametrize("name", HOLDOUT)
def test_other_wordings_are_read(name, tmp_path):
    score = drafted(write_worded(tmp_path, name), tmp_path / "project")
    assert reached.TARGETS["holdout"].met(score), score.told()


def test_every_language_has_its_table():
    assert set(LANGUAGES) == EU | {"no", "tr", "sr", "sq"}


@pytest.mark.parametrize("name", [*LANGUAGES, *HOLDOUT])
def test_table_asks_enough_and_lays_traps(name):
    words = table(name)
    assert len(words["questions"]) >= FEWEST_QUESTIONS
    assert set(words["questions"]) <= set(FIRM_COLUMNS)
    assert set(words["distractors"]) == DISTRACTORS
    assert len(set(words["answers"]["degrees"])) == 4


@pytest.mark.parametrize(
    "score",
    [
        Score(["group"] * 99, wrong=["nace: taken from plans"]),
        Score(["group"] * 8, missed=["employees"] * 2),
    ],
    ids=["wrong", "missed"],
)
@pytest.mark.parametrize("kind", reached.TARGETS)
def test_target_is_missed_by_one_that_is_wrong_or_too_many_missed(kind, score):
    assert reached.TARGETS[kind].met(Score(["group"] * 99))
    assert not reached.TARGETS[kind].met(score)


FIRST = """
title: A draft
extends: eurostat/common
reference_year: 2016
variables:
  firm_id: {name: q0}
  group: {name: q1, codes: yes_no}
  export: {name: q3, codes: yes_no}
  ongoing: {name: q4, codes: {'1': no, '2': yes}}
  process_innovation: {any_of: [q5], codes: yes_no}
  rd_internal: {name: q9}
"""
ASKED = {
    "firm_id": {"q0"},
    "group": {"q1"},
    "export": {"q2"},
    "ongoing": {"q4"},
    "process_innovation": {"q5", "q6"},
    "turnover": {"q7"},
    "employees": {"q8"},
}
ABOUT = {"q3": "plans", "q9": "obstacle"}


def score_of(tmp_path, told):
    (tmp_path / "first.yaml").write_text(FIRST)
    book = load_codebook("first", [tmp_path, TABLES.parents[2] / "config/codebooks"])
    survey = Worded("NL", "2016", tmp_path, ASKED, {"q4": {"1": True, "2": False}}, ABOUT)
    return scored(survey, book, told)


def test_score_tells_right_wrong_and_missed(tmp_path):
    score = score_of(tmp_path, ["employees: no column was recognised", "nace: q8 looks odd"])
    assert score.right == ["firm_id", "group"]
    assert score.doubted == []
    assert score.missed == ["turnover", "employees"]
    assert score.wrong == [
        "export: taken from plans",
        "ongoing: code 1 is read as False",
        "process_innovation: 1 of its 2 columns",
        "rd_internal: not asked, taken from obstacle",
    ]
    assert score.asked == len(ASKED)


def test_doubt_must_name_the_variable_and_what_it_is_about(tmp_path):
    score = score_of(
        tmp_path,
        [
            "export: q3 or q2, which?",
            "process_innovation: q6 is not understood",
            "turnover: is it q7, whose words are not known?",
            "the unit of ongoing is not known",
        ],
    )
    assert [told.partition(":")[0] for told in score.doubted] == [
        "export",
        "process_innovation",
        "turnover",
    ]
    assert "ongoing: code 1 is read as False" in score.wrong
