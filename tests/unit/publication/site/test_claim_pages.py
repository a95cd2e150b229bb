"""What a page says of a claim is what verdict and estimates say, in words."""

from dataclasses import replace

from claim_page import AT, KEY, TEST, page_of
from made_up_claims import claims_of, one, row, table

from cisflow.claims.verdicts import VERDICTS, judge
from cisflow.publication.site.claim_pages import MEANINGS, claim_pages
from cisflow.study import verdicts as v
from cisflow.study.claims import Claims


def test_every_verdict_has_its_meaning():
    assert list(MEANINGS) == list(VERDICTS)


def test_a_model_that_was_not_run_is_said_so_and_never_by_its_name(synthetic):
    page = page_of(synthetic, [row(**KEY)], {"model": "another"})
    assert page.verdicts == {v.NOT_RUN: 1}
    assert page.evidence[0].why == "This run does not estimate the model that would test it."
    assert page.questions == ()


def test_what_no_survey_asks_is_not_measurable(synthetic):
    claims = claims_of(not_measurable="The survey does not ask about trust")
    judged = judge(claims, table(row(**KEY)))
    page = claim_pages(replace(synthetic, claims=judged), claims)[0]
    assert page.verdicts == {v.NOT_MEASURABLE: 1}
    assert page.evidence[0].why == "The survey does not ask about trust."


def test_the_first_row_of_a_place_decides_and_others_are_further_readings(synthetic):
    other = {**AT, "outcome": "incremental", "expect": "positive", "quantity": "observed"}
    rows = [row(8.0, 2.0, **KEY), row(-8.0, 2.0, **{**KEY, "outcome": "incremental"})]
    page = page_of(synthetic, rows, {}, also=[other])
    assert [told.decides for told in page.evidence] == [True, False]
    assert page.verdicts == {v.SUPPORTED: 1}
    assert [q.outcome.split()[0] for q in page.questions] == ["Radical"]
    assert [q.outcome.split()[0] for q in page.further_questions] == ["Incremental"]
    assert [one.question.outcome.split()[0] for one in page.further] == ["Incremental"]


def test_the_page_names_no_column_of_the_data(synthetic):
    claims = Claims.model_validate({"claims": {}})
    for page in claim_pages(synthetic, claims):
        for told in page.evidence:
            text = " ".join(
                [told.question.term, told.question.outcome, told.why, told.beside, *told.changes]
            )
            assert "_" not in text


def test_a_claim_of_several_parts_says_that_one_of_them_is_shown(synthetic):
    other = one(**{**TEST, "outcome": "incremental"})
    claims = claims_of({"all_of": [one(**TEST), other]})
    rows = [row(8.0, 2.0, **KEY), row(1.0, 2.0, **{**KEY, "outcome": "incremental"})]
    told = claim_pages(replace(synthetic, claims=judge(claims, table(*rows))), claims)[0]
    assert told.note.startswith("The test has 2 parts")
    assert told.evidence[0].question.outcome.startswith("Incremental")
