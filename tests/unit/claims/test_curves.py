"""The curve beside a claim is told with its verdict, and decides nothing."""

import pandas as pd
import pytest
from specs import model_of

from cisflow.claims.verdicts import judge
from cisflow.estimation.estimates import ESTIMATES, OF_CURVES
from cisflow.study.claims import Claims, claim_problems

TEST = {"model": "m", "outcome": "radical", "column": "any", "term": "a", "expect": "positive"}
CURVE = {"model": "c", "outcome": "radical", "column": "curve", "term": "a"}
CLAIM = {"text": "t", "source": "s", "test": TEST, "curve": CURVE}
AT = {"country": "BE", "wave": "W", "outcome": "radical", "term": "a", "status": "estimated"}
NUMBERS = {"estimate": 5.0, "std_error": 1.0, "p_value": 0.0, "ci_low": 3.0, "ci_high": 7.0}
DIAGNOSTICS = {
    "country": "BE",
    "model": "c",
    "fits": [
        {
            "wave": "W",
            "outcome": "radical",
            "column": "curve",
            "curve": {"terms": {"a": {"specifications": 1200}}},
        }
    ],
}


def rows(*quantities):
    whole = {**AT, "model": "c", "column": "curve"}
    values = dict(zip(OF_CURVES, (0.9, 0.25, 1.2, 0.04), strict=True))
    return ESTIMATES.frame(
        [
            {**AT, "model": "m", "column": "any", **NUMBERS},
            {**whole, **NUMBERS, "estimate": 2.5, "quantity": "observed"},
            *({**whole, "quantity": q, "estimate": values[q]} for q in quantities),
        ]
    )


def judged(estimates, *diagnostics):
    claims = Claims.model_validate({"claims": {"C": CLAIM}})
    return judge(claims, estimates, diagnostics).iloc[0]


def test_its_sentence_stands_beside_the_reason():
    row = judged(rows(*OF_CURVES), DIAGNOSTICS)
    assert row["verdict"] == "supported"
    assert row["curve"] == "c | radical | curve | a"
    assert row["beside"] == (
        "The median of 1,200 specifications is 2.5; 90 % of them are positive and 25 % significant "
        "with the sign that most have; if none had an effect, as much or more would be seen with "
        "probability 0.04."
    )


def test_it_changes_no_verdict_and_no_adjustment():
    with_curve = judged(rows(*OF_CURVES), DIAGNOSTICS)
    e = rows(*OF_CURVES)
    without = judged(e[e["model"] == "m"], DIAGNOSTICS)
    same = with_curve.drop(["beside", "curve"])
    pd.testing.assert_series_equal(same, without.drop(["beside", "curve"]))
    assert without["curve"] == ""


def test_of_a_pooled_curve_the_median_alone_is_told():
    assert judged(rows())["beside"] == "The median of all specifications is 2.5."


@pytest.mark.parametrize(("key", "value"), [("outcome", "radikal"), ("term", "b")])
def test_a_curve_that_the_model_has_not_is_refused(key, value):
    model = {"outcomes": ["radical"], "limits": [0, 100], "columns": {"curve": ["a"]}}
    models = {"c": model_of({**model, "estimator": "curve", "choices": {}})}
    claims = Claims.model_validate({"claims": {"C": {**CLAIM, "curve": {**CURVE, key: value}}}})
    (found,) = claim_problems(claims, models)
    assert value in found.what
