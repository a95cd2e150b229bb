"""Choices of a curve: which combinations there are, and how a specification is called."""

import pytest
from pydantic import ValidationError

from cisflow.base.documents import read_yaml
from cisflow.study.choices import CHOICES, Choices, choices_in, column_of
from cisflow.study.models import expanded

GIVEN = {
    "outcome": {"asked": {}, "all": {"radical": "radical_all"}},
    "sample": {"manufacturing": ["manufacturing"], "large": ["employees >= 250"]},
    "controls": {"size": ["log_employees", "C(industry)"], "none": []},
    "estimator": ["tobit", "fractional"],
    "covariance": ["HC1", "nonrobust"],
    "never": [{"estimator": "fractional", "covariance": "nonrobust"}],
}


@pytest.fixture
def choices():
    return Choices.model_validate(GIVEN)


def test_combinations_are_all_but_those_that_make_no_sense(choices):
    assert choices.size == 2 * 2 * 2 * 3
    both = list(choices.combinations("estimator", "covariance"))
    assert {"estimator": "fractional", "covariance": "nonrobust"} not in both
    assert both[0] == {"estimator": "tobit", "covariance": "HC1"}
    assert choices.ruled_out({"estimator": "fractional", "covariance": "nonrobust", "sample": "x"})
    assert not choices.ruled_out({"estimator": "fractional"})


def test_a_column_names_every_choice(choices):
    made = next(choices.combinations(*CHOICES))
    column = column_of("curve", made)
    assert column == "curve: asked | manufacturing | all | together | size | tobit | none"
    assert choices_in(column) == made
    assert choices_in("curve") == choices_in("raw | small") == choices_in("any: fractional") == {}


def test_all_that_is_asked_for_is_known_before_a_run(choices):
    assert choices.terms == [
        "radical_all",
        "log_employees",
        "C(industry)",
        "manufacturing",
        "employees",
    ]
    assert choices.outcomes(("radical", "incremental")) == ["radical", "incremental", "radical_all"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"estimator": ["probit"]},
        {"estimator": []},
        {"sample": {"a | b": []}},
        {"never": [{"colour": "red"}]},
        {"draws": 3},
    ],
)
def test_what_cannot_be_chosen_is_refused(wrong):
    with pytest.raises(ValidationError):
        Choices.model_validate({**GIVEN, **wrong})


def test_the_curve_that_ships_has_five_hundred_specifications_of_each_claim(root):
    models, problems = expanded(read_yaml(root / "config/models.yaml"))
    assert problems == []
    assert models["partner_curve"].choices.size >= 500
