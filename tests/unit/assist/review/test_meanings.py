"""Every canonical variable has a meaning in words."""

from cisflow.assist.review.meanings import MEANINGS, meaning
from cisflow.study.canonical import ASKED, FIRM_COLUMNS


def test_every_variable_that_a_codebook_may_map_has_a_meaning():
    given = {"country", "wave", "reference_year", *ASKED}
    assert set(FIRM_COLUMNS) - given == set(MEANINGS)


def test_years_are_those_of_the_wave():
    assert meaning("employees", 2016) == "Number of employees in 2016"
    assert meaning("employees_lag2", 2016) == "Number of employees in 2014"
    assert "None" not in meaning("turnover", None)
