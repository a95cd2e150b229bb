"""When a coefficient may be told: enough firms, enough degrees of freedom, nobody dominates."""

from cisflow.disclosure.regressions import (
    BESIDE,
    FEW,
    FEW_DF,
    INTERCEPT,
    LARGEST,
    LEVERAGE,
    why_not_fit,
    why_not_terms,
)
from cisflow.study.disclosure import Profile

RULES = Profile(title="t", text="t")
GOOD = {"df": 50, "leverage": 0.2, "support": {INTERCEPT: 99, "a": 40}, "weight": {"a": [5, 9, 12]}}


def test_what_rests_on_enough_firms_may_be_told():
    assert why_not_fit(GOOD, RULES) == ""
    assert why_not_terms(GOOD, RULES) == {}
    assert why_not_fit({}, RULES) == ""


def test_few_degrees_of_freedom_and_a_firm_that_fits_itself_hide_all():
    assert why_not_fit({**GOOD, "df": 9}, RULES) == FEW_DF
    assert why_not_fit({**GOOD, "leverage": 0.96}, RULES) == LEVERAGE


def test_a_term_on_few_firms_goes_and_the_constant_with_it():
    few = {**GOOD, "support": {INTERCEPT: 99, "a": 4}}
    assert why_not_terms(few, RULES) == {"a": FEW, INTERCEPT: BESIDE}


def test_a_term_that_a_few_firms_make_goes():
    large = {**GOOD, "weight": {"a": [50, 80, 90, 95]}}
    assert why_not_terms(large, RULES)["a"] == LARGEST
