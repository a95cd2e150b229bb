"""A model knows what follows from what the user wrote, and its digest stays what it was."""

import json
from pathlib import Path

import pytest

from cisflow.base.documents import read_yaml, validated
from cisflow.base.problems import CisflowError
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


IMPUTING = {"title": "t", "sample": [], "outcomes": ["y"], "missing": "impute"}


def test_imputed_columns_stand_beside_the_others_and_are_told_apart():
    written = {**IMPUTING, "estimator": "ols", "columns": {"a": ["x"]}, "weights": ["none", "w"]}
    model = Model.model_validate(written).side_by_side()
    assert list(model.columns) == [
        *("a: unweighted", "a: w"),
        *("a: unweighted: imputed", "a: w: imputed"),
    ]
    assert model.weights_of("a: w: imputed") == "w"
    assert model.weights_of("a: unweighted: imputed") is None
    assert list(model.only(imputed=True).columns) == list(model.columns)[2:]
    assert list(model.only(imputed=False).columns) == list(model.columns)[:2]
    assert Model.model_validate(model.as_params()) == model


def test_a_model_without_imputation_has_no_imputed_columns():
    model = Model(title="t", sample=(), estimator="ols", outcomes=("y",), columns={"a": ("x",)})
    assert not model.imputes("a: imputed")
    assert model.only(imputed=False) is model


def test_imputation_has_no_other_alternative_beside_it():
    model = Model.model_validate({**IMPUTING, "estimator": "tobit", "columns": {"a": ["x"]}})
    assert model.robust == ()


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"estimator": "path", "missing": "impute"}, "`missing: impute` goes with"),
        ({"estimator": "ols", "missing": "fiml"}, "`missing: fiml` goes with"),
        ({"estimator": "ols", "auxiliary": ["z"]}, "`auxiliary` goes with `missing: impute`"),
        ({"estimator": "balance", "missing": "impute"}, "`missing: impute` goes with"),
    ],
)
def test_what_does_not_go_with_imputation_is_refused(root, changes, said):
    regression = {"outcomes": ["y"], "columns": {"a": ["x"]}}
    path = {"equations": {"y": ["x"]}}
    keys = regression if changes["estimator"] == "ols" else path
    written = {"m": {"title": "t", "sample": [], "covariance": ["HC1"], **keys, **changes}}
    with pytest.raises(CisflowError, match=said):
        validated(written, root / "workflow/schemas/models.schema.yaml", "models")


@pytest.mark.parametrize(("estimator", "goes"), [("balance", True), ("path", False)])
def test_weights_side_by_side_go_with_a_balance(root, estimator, goes):
    about = {"source": "x", "target": "y", "return_through": "z", "cost_through": "w"}
    more = {"balance": about} if goes else {}
    weights = {"weights": ["none", "accounts_weight"]}
    base = {"title": "t", "sample": [], "covariance": ["HC1"], "equations": {"y": ["x"]}}
    written = {"m": {**base, "estimator": estimator, **weights, **more}}
    schema = root / "workflow/schemas/models.schema.yaml"
    if goes:
        (model,) = expanded(validated(written, schema, "models"))[0].values()
        assert model.columns == {}
        assert Model.model_validate(model.as_params()) == model
    else:
        with pytest.raises(CisflowError, match="several weights side by side go with"):
            validated(written, schema, "models")
