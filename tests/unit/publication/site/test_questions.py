"""Which number speaks to a claim, in its unit."""

from claim_page import KEY, evidence, page_of
from made_up_claims import row

from cisflow.study import verdicts as v


def test_numbers_are_in_units_or_of_them(synthetic):
    told = evidence(synthetic, 0.02, 0.01, {"quantity": "probability", "claimed_effect": 0.1})
    assert told.verdict == v.NOT_ESTIMABLE  # of another quantity than the row's
    found = row(0.02, 0.001, **{**KEY, "quantity": "probability"})
    test = {"quantity": "probability", "claimed_effect": 0.1}
    question = page_of(synthetic, [found], test).questions[0]
    assert question.counted == "in probability"
    assert question.expects == "a positive effect of up to 0.1 in probability"


def test_the_effect_of_what_on_what_reads_as_part_of_a_sentence(synthetic):
    question = page_of(synthetic, [row(8.0, 2.0, **KEY)], {}).questions[0]
    assert question.about.endswith(" on radical innovation (% of turnover)")
