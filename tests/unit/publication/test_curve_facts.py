"""What a curve says, read from the estimates and diagnostics a run leaves."""

from dataclasses import replace

import pytest

from cisflow.estimation.estimates import JOINT, OBSERVED
from cisflow.publication.curve_facts import curves_of, option_name, options_of


@pytest.fixture(scope="module")
def curves(synthetic):
    return list(curves_of(synthetic, "BE", "CIS2", "partner_curve"))


def test_there_is_a_curve_of_every_outcome_and_term(synthetic, curves):
    spec = synthetic.models["partner_curve"]
    assert [(c.outcome, c.term) for c in curves] == [
        (outcome, term) for outcome in spec.outcomes for term in spec.columns["curve"]
    ]
    assert all(len(c.rows) == spec.choices.size for c in curves)
    assert all(c.rows["estimate"].is_monotonic_increasing for c in curves)


def test_choices_are_columns_of_its_rows(curves):
    rows = curves[0].rows
    assert set(rows["estimator"]) == {"tobit", "heteroskedastic_tobit", "fractional", "ols"}
    assert tuple(options_of(curves[0])["outcome"]) == ("product innovators", "all innovators")
    assert option_name("ols") == "least squares"
    assert option_name("size, R&D, group") == "size, R&D, group"


def test_the_whole_has_median_and_joint_test(curves):
    assert set(curves[0].median) == {"estimate", "p_value", "ci_low", "ci_high", "std_error"}
    assert curves[0].summary[JOINT]["estimate"] == 0.04
    assert curves[0].note == ""


def test_a_curve_that_is_withheld_says_so(synthetic):
    e = synthetic.estimates.copy()
    own = (e["model"] == "partner_curve") & (e["column"] == "curve") & (e["quantity"] == OBSERVED)
    e.loc[own, ["estimate", "status", "note"]] = [float("nan"), "withheld", "too few"]
    (curve, *_) = curves_of(replace(synthetic, estimates=e), "BE", "CIS2", "partner_curve")
    assert curve.note == "too few"


def test_where_the_model_was_not_run_there_is_a_reason(synthetic):
    (curve, *_) = curves_of(synthetic, "BE", "CIS99", "partner_curve")
    assert curve.note == "the model was not estimated on this wave"
    assert len(curve.rows) == 0
