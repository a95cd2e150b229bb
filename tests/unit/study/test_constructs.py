"""Constructs of one's own: what they may be called, and how they belong to a model."""

import pytest

from cisflow.study.constructs import construct_problems, with_constructs
from cisflow.study.digests import spec_digest
from cisflow.study.models import Model
from cisflow.study.settings import Construct
from cisflow.study.variables import Kind, panel_kinds

KINDS = panel_kinds([2], {})


def own(**definitions):
    return {name: Construct(definition=d, label=name) for name, d in definitions.items()}


def model(**changes):
    return Model.model_validate({"title": "t", "sample": [], "estimator": "ols", **changes})


def digest(found):
    return spec_digest(found.as_params())


def test_kinds_follow_from_the_definition_and_one_may_use_others_in_any_order():
    found, problems = construct_problems(
        own(
            classes="bins(intensity, 1, 5)",
            both="all(public, intensity >= 5)",
            public="any(fund_national, fund_eu)",
            intensity="100 * rd_external / turnover",
        ),
        KINDS,
    )
    assert problems == []
    kinds = {"public": Kind.FLAG, "intensity": Kind.AMOUNT, "both": Kind.FLAG}
    assert found == {**kinds, "classes": Kind.CLASS}
    assert list(found).index("both") > list(found).index("public")


def test_all_faults_at_once_by_name():
    _, problems = construct_problems(
        own(diversity="group", other="any(publc)", public="any(fund_eu)", code="open('x')"), KINDS
    )
    said = [p.what for p in problems]
    assert said[0] == "constructs.diversity: the panel has a variable of that name"
    assert said[1] == "constructs.other: `publc` is not a variable of the panel"
    assert said[2] == (
        "constructs.code: `open('x')` is no definition: `open` is not a function known here"
    )
    assert len(said) == 3


@pytest.mark.parametrize("name", ["Mine", "1a", "a b", "a" * 41, "é", "a.b", "if", "any", "design"])
def test_names_that_would_mislead(name):
    _, problems = construct_problems(own(**{name: "group"}), KINDS)
    assert problems[0].what.startswith(f"constructs.{name}: ")


def test_a_definition_is_made_of_variables():
    _, problems = construct_problems(own(five="2 + 3", firm="firm_id"), KINDS)
    assert [p.what for p in problems] == [
        "constructs.five: `2 + 3` has no variable",
        "constructs.firm: `firm_id` is an identifier, which is no measure",
    ]


def test_a_model_has_the_definitions_it_uses_and_no_others():
    constructs = own(base="fund_eu", mine="all( base,group )", other="group")
    spec = model(columns={"a": ["log1p(turnover):mine"]})
    found = with_constructs(spec, constructs)
    assert found.constructs == {"mine": "all(base, group)", "base": "fund_eu"}
    assert found.labels == {"mine": "mine", "base": "base"}
    assert Model.model_validate(found.as_params()) == found
    assert digest(found.model_copy(update={"labels": {"mine": "Other"}})) == digest(found)
    assert digest(found) != digest(spec)
    changed = {**constructs, **own(base="fund_national")}
    assert digest(with_constructs(spec, changed)) != digest(found)
    plain = model(columns={"a": ["group"]})
    assert with_constructs(plain, constructs) == plain


def test_flags_of_the_sample_and_groups_count_as_use():
    constructs = own(mine="any(fund_eu)")
    assert with_constructs(model(sample=["mine"]), constructs).constructs
    assert with_constructs(model(by=["mine"]), constructs).constructs


def test_what_is_made_of_itself_is_refused():
    _, problems = construct_problems(own(a="any(b)", b="any(c)", c="all(a, group)"), KINDS)
    (problem,) = problems
    assert "each is made of the one before" in problem.what
    assert construct_problems(own(a="a + 1"), KINDS)[1]
