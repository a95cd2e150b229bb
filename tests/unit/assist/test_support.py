"""Which models a survey can support, and what a model can do without."""

import pytest

from cisflow.assist.support import supported_models, without
from cisflow.base.documents import read_yaml
from cisflow.study.canonical import FIRM_COLUMNS
from cisflow.study.models import expanded

EVERYTHING = set(FIRM_COLUMNS)


@pytest.fixture(scope="module")
def models(root):
    return expanded(read_yaml(root / "config" / "models.yaml"))[0]


@pytest.fixture(scope="module")
def supported(root, models):
    industries = read_yaml(root / "config" / "nace.yaml")

    def ask(variables, accounts=False):
        rows = supported_models(variables, models, industries, accounts=accounts)
        return {row["model"]: row for row in rows}

    return ask


def test_survey_that_asks_everything(supported):
    rows = supported(EVERYTHING)
    assert rows["faems2005"]["supported"]
    assert rows["faems2010_direct"]["lacks"]["profit_margin"] == ["company accounts"]
    assert supported(EVERYTHING, accounts=True)["faems2010_direct"]["supported"]


@pytest.mark.parametrize(
    ("dropped", "lacking", "parts"),
    [
        ({"employees"}, "log_employees", ["employees"]),
        ({"nace"}, "industry", ["nace"]),
        ({"share_new_firm", "share_improved"}, "incremental", ["share_improved", "share_new_firm"]),
    ],
)
def test_what_is_lacking_is_told_down_to_the_questions(dropped, lacking, parts, supported):
    lacks = supported(EVERYTHING - dropped)["faems2005"]["lacks"]
    assert set(parts) <= set(lacks[lacking])


def test_controls_are_left_out_and_the_title_says_so(models):
    changed = without(models["faems2005"], {"group"}, EVERYTHING)
    assert changed["controls"] == ["log_employees", "rd_intensity"]
    assert changed["title"].endswith("(without group)")
    assert set(changed) == {"title", "controls"}


def test_size_classes_stand_in(models):
    changed = without(models["faems2005"], {"log_employees"}, {"size_class"})
    assert changed["fixed_effects"] == ["industry", "size_class"]
    assert "log_employees" not in changed["controls"]
    assert "size_class" not in without(models["faems2005"], {"log_employees"}, set()).get(
        "fixed_effects", []
    )


def test_industry_takes_its_clusters_along(models):
    changed = without(models["faems2005"], {"industry"}, EVERYTHING)
    assert changed["fixed_effects"] == []
    assert changed["covariance"] == ["HC1", "nonrobust"]


def test_what_a_model_is_about_is_not_left_out(models):
    assert without(models["faems2005"], {"innovation_active"}, EVERYTHING) is None
    assert without(models["firm_size_gains"], {"small"}, EVERYTHING) is None  # an interaction
    assert without(models["faems2010_direct"], {"diversity"}, EVERYTHING) is None
    one = without(models["faems2005"], {"radical"}, EVERYTHING)
    assert one["outcomes"] == ["incremental"]
    assert without(models["faems2005"], {"radical", "incremental"}, EVERYTHING) is None
