"""A model knows what follows from what the user wrote, and its digest stays what it was."""

import json
from pathlib import Path

import pytest

from cisflow.base.documents import read_yaml, validated
from cisflow.study.digests import spec_digest
from cisflow.study.models import Covariance, Model, expanded


@pytest.fixture(scope="module")
def models(root):
    schema = root / "workflow/schemas/models.schema.yaml"
    return expanded(validated(read_yaml(root / "config/models.yaml"), schema, "models"))[0]


def test_digests_are_those_that_exports_have(models):
    """Estimates exported before must pool with those of today."""
    frozen = json.loads((Path(__file__).parent / "digests.json").read_text(encoding="utf-8"))
    assert {name: spec_digest(model.as_params()) for name, model in models.items()} == frozen


def test_params_give_the_same_model(models):
    for model in models.values():
        assert Model.model_validate(json.loads(json.dumps(model.as_params()))) == model


def test_a_covariance_is_read_and_written_as_the_user_writes_it():
    for written, text in (("HC1", "HC1"), ({"cluster": "industry"}, "cluster(industry)")):
        covariance = Covariance.model_validate(written)
        assert covariance.model_dump(mode="json") == written
        assert str(covariance) == text
        assert Covariance.model_validate(text) == covariance


def test_what_was_not_given_is_not_in_the_params(models):
    params = models["faems2005"].as_params()
    assert "lags" not in params
    assert "waves" not in params
    assert params["weights"] is None
    assert params["missing"] == "listwise"


def test_all_a_model_needs_an_answer_to(models):
    assert models["firm_size"].terms == [
        "profit_margin",
        "diversity",
        "small",
        "diversity:small",
        "innovation_strength",
        "industry",
    ]
    assert "industry" in models["faems2005"].terms
    assert models["faems2005_weights"].terms[-1] == "weight"
