"""Who was not asked is told from who did not answer, step by step."""

import numpy as np
import pandas as pd
import pytest
from specs import model_of

from cisflow.panel.sample import filter_of, steps_of, why_unmeasured

SPEC = {
    "title": "t",
    "sample": ["innovation_active"],
    "estimator": "ols",
    "outcomes": ["radical"],
    "columns": {"a": ["public_funding"]},
    "covariance": ["HC1"],
}


def flags(values):
    return pd.array(values, dtype="boolean")


def panel(n=100, **columns):
    """Return innovative firms of which the first half are product innovators, asked for shares."""
    product = [i < n // 2 for i in range(n)]
    base = {
        "wave": "W",
        "reference_year": 2004,
        "firm_id": [f"f{i}" for i in range(n)],
        "innovation_active": flags([True] * n),
        "product_innovation": flags(product),
        "process_innovation": flags([True] * n),
        "radical": np.where(product, 10.0, np.nan),
        "public_funding": flags([i % 2 == 0 for i in range(n)]),
        "asked_shares": product,
        "asked_funding": True,
    }
    return pd.DataFrame({**base, **columns})


def told(frame, **changes):
    steps, _ = steps_of(frame, model_of({**SPEC, **changes}), "W", lag=2)
    return [(s.restriction, len(s.firms), len(s.missing), len(s.filtered), s.filter) for s in steps]


def test_not_asked_is_a_step_of_its_own_that_names_the_filter():
    frame = panel()
    frame.loc[:4, "radical"] = np.nan
    assert told(frame)[2:] == [
        (
            "asked about turnover from new products (product innovators)",
            *(50, 0, 50, "product_innovation"),
        ),
        ("complete answers: turnover from new products", 45, 5, 0, ""),
        ("complete answers: public support", 45, 0, 0, ""),
    ]


def test_where_everyone_was_asked_there_is_no_such_step():
    steps = told(panel(asked_shares=True, radical=10.0))
    assert not [words for words, *_ in steps if words.startswith("asked")]


def test_who_was_asked_and_of_whom_the_filter_is_unknown_is_kept():
    frame = panel()
    frame.loc[:2, "product_innovation"] = pd.NA  # asked all the same: they answered
    assert told(frame)[2][1:] == (50, 0, 50, "product_innovation")


def test_each_filter_has_a_step_and_each_firm_is_lost_once():
    foreign = [i % 5 != 0 for i in range(100)]
    funded = np.where(foreign, "y", None)
    frame = panel(
        group=flags(foreign),
        asked_funding=foreign,
        public_funding=flags([None if f is None else True for f in funded]),
    )
    steps = told(frame)
    assert steps[2][1:] == (50, 0, 50, "product_innovation")
    assert steps[4] == ("asked about public support (firms with group)", 40, 0, 10, "group")
    assert steps[-1][1] == 40


def test_a_filter_no_question_explains_is_not_named():
    odd = [i % 3 == 0 for i in range(100)]
    frame = panel(asked_shares=odd, radical=np.where(odd, 1.0, np.nan))
    assert told(frame)[2] == ("asked about turnover from new products", 34, 0, 66, "")


def test_a_construct_that_fills_what_was_not_asked_costs_no_firm():
    definition = "zero_if_not(radical, product_innovation)"
    frame = panel()
    frame["mine"] = np.where(frame["asked_shares"], 10.0, 0.0)
    steps = told(frame, outcomes=["mine"], constructs={"mine": definition})
    assert steps[-1][1] == 100
    assert not [words for words, *_ in steps if words.startswith("asked")]


@pytest.mark.parametrize(
    ("columns", "flag"),
    [
        ({}, "product_innovation"),
        ({"asked_shares": True, "product_innovation": flags([True] * 100)}, "product_innovation"),
        ({"asked_shares": True}, "process_innovation"),
        ({f"{kind}_innovation": flags([None] * 100) for kind in ("product", "process")}, ""),
    ],
)
def test_the_filter_of_a_block_is_the_flag_that_says_who_was_asked(columns, flag):
    assert filter_of(panel(**columns), "shares") == flag


@pytest.mark.parametrize(
    ("variables", "words"),
    [
        (
            ["bought_knowledge", "other_knowledge"],
            "the survey has no answers on expenditure on bought knowledge or on R&D expenditure "
            "and turnover",
        ),
        (
            ["search_breadth", "search_breadth^2"],
            "the survey has no answers on sources of information",
        ),
        (["profit_margin", "personnel_cost_share"], "there are no company accounts of that year"),
        (["profit_margin_lag3"], "there are no company accounts of that year"),
        (
            ["coop_any", "profit_margin"],
            "the survey has no answers on cooperation partners; there are no company accounts of "
            "that year",
        ),
    ],
)
def test_what_nobody_has_is_told_by_what_it_is_about(variables, words):
    assert why_unmeasured(variables) == words
