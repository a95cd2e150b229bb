from cisflow.publication.catalogue import catalogue
from cisflow.publication.families import (
    about_partners,
    beside,
    further_regressions,
    leading_regression,
    path_groups,
    recodings,
)
from cisflow.study.models import Model


def test_path_models_of_one_source_form_a_group():
    model = Model(title="A path", source="A", sample=("manufacturing",), estimator="path")
    other = model.model_copy(update={"source": "B"})
    models = {"x_one": model, "x_two": model, "other": other}
    assert path_groups(models) == {"x": ["x_one", "x_two"], "other": ["other"]}


def test_a_run_without_a_share_to_explain_has_no_such_section(synthetic):
    findings = synthetic
    about_money = ("faems2010_direct", "sensitivity_margin")
    models = {m: findings.models[m] for m in about_money}
    assert leading_regression(findings.models) == ["faems2005"]
    assert leading_regression(models) == []
    assert further_regressions(models) == ["sensitivity_margin"]
    items = catalogue(findings.settings, models)
    assert "outcomes" not in {item.section for item in items.items}


def test_what_repeats_an_arrow_of_a_path_model_does_not_open_the_paper(synthetic):
    models = synthetic.models
    alone = {"investment_to_innovation": models["investment_to_innovation"]}
    assert leading_regression(alone) == ["investment_to_innovation"]
    with_path = {**alone, "faems2010_direct": models["faems2010_direct"]}
    assert leading_regression(with_path) == []
    other = {**with_path, "faems2005": models["faems2005"]}
    assert leading_regression(other) == ["faems2005"]


def test_what_stands_beside_the_leading_regression(synthetic):
    models = synthetic.models
    assert recodings(models, "faems2005") == ["faems2005_all_innovators"]
    assert recodings(models, "faems2005_all_innovators") == []
    assert beside(models, ["faems2005"]) == ["faems2005_fractional"]
    assert beside(models, ["faems2005_fractional"]) == []
    assert about_partners(models["faems2005"])
    assert not about_partners(models["investment_to_innovation"])
