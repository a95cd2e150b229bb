from cisflow.publication.catalogue import catalogue
from cisflow.publication.families import further_regressions, leading_regression, path_groups
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
