"""Terms and the user's constructs in print."""

import pytest

from cisflow.publication.term_words import OWN, name_constructs
from cisflow.publication.words import label


@pytest.fixture
def own():
    yield name_constructs
    OWN.clear()


@pytest.mark.parametrize(
    ("term", "words"),
    [
        ("log(turnover)", "Turnover (log)"),
        ("log1p(turnover)", "Turnover (log of 1 +)"),
        ("diversity^2", "Diversity of technology alliance portfolio²"),
        ("center(log(turnover))^3", "Turnover (log) (centred)³"),
        ("sqrt(turnover)", "Turnover (square root)"),
        ("turnover^0.5", "Turnover to the power 0.5"),
        ("standardise(turnover):log(employees)", "Turnover (standardised) × Employees (log)"),
        ("lag(turnover)", "Turnover, wave before"),
        ("C(industry)", "Industry"),
        ("bins(employees, 10, 50)", "Employees (classes)"),
        ("C(bins(employees, 10, 50))[T.10 to below 50]", "Employees (classes): 10 to below 50"),
        ("bins(employees, 50)[50 or more]", "Employees (classes): 50 or more"),
        (
            "C(bins(employees, 50))[below 50]:group",
            "Employees (classes): below 50 × Part of a group",
        ),
        ("C(industry)[T.Food, drink]:turnover", "Industry: Food, drink × Turnover"),
    ],
)
def test_terms_in_words(term, words):
    assert label(term) == words


@pytest.mark.parametrize(
    ("term", "words"),
    [
        ("coop_any", "Any cooperation"),
        ("C(industry)[T.Food [a]]", "Industry: Food [a]"),
        ("coop_any:rd_intensity", "Any cooperation × R&D intensity"),
        ("profit_margin_lag3", "Profit margin, 3 years later"),
    ],
)
def test_terms_of_before_are_called_as_before(term, words):
    assert label(term) == words


def test_constructs_are_called_by_their_label_and_unit(own):
    own({"mine": {"label": "Bought-in R&D", "unit": "% of turnover"}, "b": {"label": "A flag"}})
    assert label("mine") == "Bought-in R&D (% of turnover)"
    assert label("log1p(mine):b") == "Bought-in R&D (% of turnover) (log of 1 +) × A flag"
    own({})
    assert label("mine") == "Mine"
