"""The truth file's own number of a coefficient, where a model has all that firms are drawn from."""

import math

import pytest

from cisflow.base.documents import read_yaml
from cisflow.claims.structural import structural
from cisflow.study.claims import Single
from cisflow.study.models import expanded
from cisflow.study.truth import load_truth


@pytest.fixture(scope="module")
def truth(root):
    return load_truth(root / "config/truth/flanders.yaml", root)


@pytest.fixture(scope="module")
def models(root):
    return expanded(read_yaml(root / "config/models.yaml"))[0]


@pytest.fixture
def of(truth, models):
    def find(model, outcome, column, term, *, by_tobit, **changes):
        test = Single(model=model, outcome=outcome, column=column, term=term, expect="positive")
        test = test.model_copy(update={"quantity": changes.pop("quantity", None)})
        changed = models[model].model_copy(update=changes.pop("altered", {}))
        return structural({**truth, **changes}, changed, test, by_tobit=by_tobit)

    return find


@pytest.mark.parametrize(
    ("outcome", "term", "value"),
    [
        ("incremental", "coop_exploitative", 9.0),
        ("incremental", "coop_exploratory", 0.0),
        ("radical", "coop_exploratory", 10.0),
        ("radical", "rd_intensity", 0.3),
    ],
)
def test_a_tobit_that_is_the_truths_has_its_coefficients(of, outcome, term, value):
    assert of("faems2005", outcome, "grouped", term, by_tobit=True) == value


def test_what_a_wider_model_adds_is_zero(of):
    both = "coop_exploitative:coop_exploratory"
    assert of("balanced_portfolio", "radical", "interaction", both, by_tobit=True) == 0


@pytest.mark.parametrize(
    "about",
    [
        ("faems2005", "incremental", "any", "coop_any"),  # other regressors
        ("faems2005", "innovation_strength", "grouped", "coop_exploitative"),  # another outcome
        ("faems2005_fractional", "radical", "grouped", "coop_exploratory"),  # another form
    ],
)
def test_a_model_of_another_form_has_none(of, about):
    assert math.isnan(of(*about, by_tobit=True))


def test_shares_drawn_by_the_path_have_no_tobit_behind_them(of):
    about = ("faems2005", "incremental", "grouped", "coop_exploitative")
    assert math.isnan(of(*about, by_tobit=False))


def test_an_average_effect_is_known_where_it_is_zero_or_latent(of):
    none = ("faems2005", "incremental", "grouped", "coop_exploratory")
    some = ("faems2005", "incremental", "grouped", "coop_exploitative")
    assert of(*none, by_tobit=True, quantity="observed") == 0
    assert of(*some, by_tobit=True, quantity="latent") == 9
    assert math.isnan(of(*some, by_tobit=True, quantity="observed"))
    # In a product it moves more than its own term; of the product the difference is another number.
    both = "coop_exploitative:coop_exploratory"
    product = ("balanced_portfolio", "incremental", "interaction")
    assert math.isnan(of(*product, "coop_exploratory", by_tobit=True, quantity="latent"))
    assert math.isnan(of(*product, both, by_tobit=True, quantity="observed"))


def test_an_average_effect_or_a_weighted_fit_or_one_without_industries_has_none(of):
    about = ("faems2005", "incremental", "grouped", "coop_exploitative")
    assert math.isnan(of(*about, by_tobit=True, quantity="observed"))
    assert math.isnan(of(*about, by_tobit=True, altered={"weights": "weight"}))
    assert math.isnan(of(*about, by_tobit=True, altered={"fixed_effects": ()}))


@pytest.mark.parametrize(
    ("model", "outcome", "term", "value"),
    [
        ("faems2010_direct", "internal_investment", "diversity", 0.1928),
        ("faems2010_direct", "profit_margin", "diversity", -0.1121),
        ("faems2010_direct", "profit_margin", "total(diversity)", -0.0845),
        ("faems2010_direct", "profit_margin", "direct(diversity)", -0.1121),
        ("faems2010_direct", "profit_margin", "indirect(diversity)", 0.0276),
        ("faems2010_union", "profit_margin", "total(diversity)", -0.0845),
        ("faems2010_union", "profit_margin", "total(innovation_strength)", 0.1458),
        ("faems2010_union", "personnel_cost_share", "innovation_strength", 0.0),
        (
            "faems2010_union",
            "profit_margin",
            "diversity → personnel_cost_share → profit_margin",
            -0.0596 * -0.6177,
        ),
    ],
)
def test_a_path_model_that_has_the_truths_arrows_has_their_numbers(of, model, outcome, term, value):
    found = of(model, outcome, "standardised", term, by_tobit=False)
    assert found == pytest.approx(value, abs=5e-5)


def test_a_path_model_without_an_arrow_of_the_truth_has_none_behind_it(of):
    about = ("faems2010_personnel", "profit_margin", "standardised")
    assert math.isnan(of(*about, "total(diversity)", by_tobit=False))
    assert math.isnan(of(*about, "personnel_cost_share", by_tobit=False))
    first = ("faems2010_personnel", "internal_investment", "standardised", "diversity")
    assert of(*first, by_tobit=False) == 0.1928


def test_of_firms_that_are_followed_ratios_come_about_otherwise(of):
    about = ("faems2010_direct", "profit_margin", "standardised", "diversity")
    assert math.isnan(of(*about, by_tobit=False, panel={}))
    assert math.isnan(of("faems2010_direct", "profit_margin", "raw", "diversity", by_tobit=False))
