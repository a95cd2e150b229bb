"""Reasons name variables as a reader knows them."""

import pytest

from cisflow.claims.reasons import named


@pytest.mark.parametrize(
    ("term", "words"),
    [
        ("coop_any:C(eu_size)[T.small]", "cooperation × size class “small”"),
        ("C(knowledge_strategy)[T.outside only]", "where knowledge comes from “outside only”"),
        ("coop_any:rd_intensity", "cooperation × R&D intensity (% of turnover)"),
        ("rd_intensity <= 100", "R&D intensity (% of turnover) <= 100"),
        ("profit_margin_lag1", "profit margin 1 year later"),
        ("search_breadth^2", "number of outside sources of information squared"),
        (
            "cost: through personnel_cost_share",
            "cost: through share of personnel costs in value added",
        ),
        ("P(cost > return)", "P(cost > return)"),
        ("balance", "balance"),
        ("a:b", "a × b"),
        (
            "two_lines(search_breadth)",
            "an inverted U in number of outside sources of information by two lines",
        ),
        (
            "effect(coop_any, high rd_intensity)",
            "the effect of cooperation, high R&D intensity (% of turnover)",
        ),
    ],
)
def test_a_term_in_the_words_of_its_variables(term, words):
    assert named(term) == words
