"""Names of estimates taken apart."""

import pytest

from cisflow.study.levels import class_of, factors_in, split_level, without_levels


def test_factors_of_a_product_and_what_is_none():
    assert factors_in("C(industry)[T.a: b]:log1p(a)") == ["C(industry)[T.a: b]", "log1p(a)"]
    assert factors_in("diversity^2") == ["diversity^2"]


def test_the_class_a_factor_is_a_level_of():
    assert class_of("bins(employees, 10, 50)[T.10 to below 50]") == "bins(employees, 10, 50)"
    assert class_of("group") == ""
    assert split_level("C(industry)[T.a: b]") == ("C(industry)", "a: b")
    assert split_level("technology[low]") == ("technology", "low")


@pytest.mark.parametrize(
    ("estimate", "term"),
    [
        ("coop_any", "coop_any"),
        ("coop_any:small", "coop_any:small"),
        ("C(eu_size)[T.small]", "C(eu_size)"),
        ("coop_any:C(eu_size)[T.small]", "coop_any:C(eu_size)"),
        ("diversity → personnel_cost_share", "diversity → personnel_cost_share"),
    ],
)
def test_the_term_an_estimate_is_of(estimate, term):
    assert without_levels(estimate) == term
