"""Where terms stand in models and claims, and what each place may hold."""

import pytest

from cisflow.base.documents import read_yaml
from cisflow.study.claims import Claims
from cisflow.study.model_terms import term_problems
from cisflow.study.models import Model, expanded
from cisflow.study.variables import panel_kinds

KINDS = panel_kinds([2, 3], {})
MODEL = {
    "title": "Log(employees) : a title",
    "sample": ["manufacturing"],
    "estimator": "ols",
    "outcomes": ["log( labour_productivity )"],
    "columns": {"any (1)": ["coop_any", "diversity ** 2"]},
    "controls": ["bins(employees,50,250)", "diversity : group"],
    "fixed_effects": ["C(industry)", "lag( region )"],
    "covariance": ["HC1", {"cluster": "firm_id"}],
    "weights": None,
}
ARROWS = {
    "title": "t",
    "sample": [],
    "estimator": "path",
    "equations": {"profit_margin": ["log1p( turnover)"]},
    "effects": [["log1p(turnover )", "profit_margin"]],
    "layout": {"log1p(turnover )": [0, 0], "profit_margin": [1, 1]},
}


@pytest.fixture(scope="module")
def shipped(root):
    return read_yaml(root / "config/models.yaml")


def model(*parts, **changes):
    return Model.model_validate({k: v for part in (*parts, changes) for k, v in part.items()})


def problems(*parts, kinds=KINDS, **changes):
    return list(term_problems("m", model(*parts, **changes), kinds))


def test_shipped_models_are_right(shipped):
    """That their text is what it was, their digests show."""
    for name, found in expanded(shipped)[0].items():
        assert list(term_problems(name, found, KINDS)) == []


def test_terms_are_written_one_way_and_nothing_else_is_touched():
    found = model(MODEL)
    assert found.outcomes == ("log(labour_productivity)",)
    assert found.columns == {"any (1)": ("coop_any", "diversity^2")}
    assert found.controls == ("bins(employees, 50, 250)", "diversity:group")
    assert found.fixed_effects == ("industry", "lag(region)")
    assert found.title == MODEL["title"]
    assert problems(MODEL) == []
    assert Model.model_validate(found.as_params()) == found


def test_effects_and_layout_call_a_term_as_its_equation_does():
    found = model(ARROWS)
    assert found.equations == {"profit_margin": ("log1p(turnover)",)}
    assert found.effects == (("log1p(turnover)", "profit_margin"),)
    assert set(found.layout) == {"log1p(turnover)", "profit_margin"}
    assert problems(ARROWS) == []


def test_effects_of_what_is_in_no_equation_are_refused():
    said = [p.what for p in problems(ARROWS, effects=[["turnover", "profit_margn"]])]
    assert said == [
        "m.effects: `turnover` is in no equation of the model",
        "m.effects: `profit_margn` is in no equation of the model",
    ]


def test_claims_call_a_term_as_its_model_does(root):
    claims = read_yaml(root / "config/claims.yaml")
    shipped = Claims.model_validate(claims)
    test = claims["claims"]["C1"]["test"]
    test |= {"term": "diversity ** 2", "beside": ["log( turnover )", "a → b", "cost: direct"]}
    changed = Claims.model_validate(claims)
    found = changed.claims["C1"].test
    assert found.term == "diversity^2"
    assert found.beside == ("log(turnover)", "a → b", "cost: direct")
    unchanged = {**changed.claims, "C1": shipped.claims["C1"]}
    assert unchanged == shipped.claims


def test_names_alone_stand_where_columns_are_asked_for():
    (problem,) = problems(MODEL, sample=["lag(manufacturing)"])
    assert "`lag(manufacturing)` is made of variables, and a name must stand here" in problem.what
    assert "constructs" in problem.remedy


def test_of_models_of_other_runs_the_language_alone_is_checked():
    changes = {"controls": ["anything_else", "np.log(a)"]}
    assert len(problems(MODEL, **changes)) == 2
    (problem,) = problems(MODEL, **changes, kinds=None)
    assert "m.controls: `np.log(a)` is no term" in problem.what


def test_a_printed_table_has_names_of_its_own():
    own = {**ARROWS, "printed": {"file": "t.csv", "firms": 100}, "layout": None}
    assert problems(own, equations={"y": ["x1"]}, effects=[["x1", "y"]]) == []
    (problem,) = problems(own, equations={"y": ["log(x1)"]}, effects=[])
    assert "is no name" in problem.what


def test_terms_in_the_order_of_the_model():
    assert model(MODEL).terms == [
        *("log(labour_productivity)", "coop_any", "diversity^2", "bins(employees, 50, 250)"),
        *("diversity:group", "industry", "lag(region)", "firm_id"),
    ]


CURVE = {
    "title": "t",
    "sample": ["manufacturing"],
    "estimator": "curve",
    "limits": [0, 100],
    "outcomes": ["radical"],
    "columns": {"curve": ["coop_any"]},
}


@pytest.mark.parametrize(
    ("choices", "words"),
    [
        ({"sample": {"small": ["employes < 250"]}}, "did you mean"),
        ({"sample": {"small": ["employees"]}}, "no question of yes or no"),
        ({"outliers": {"few": ["rd_intensity <="]}}, "it ends where a variable should"),
        ({"outcome": {"all": {"radikal": "radical_all"}}}, "is not of the model's own"),
        ({"regressors": {"alone": {"coop_all": ["coop_any"]}}}, "is not of the model's own"),
        ({"controls": {"more": ["firm_id"]}}, "controls.more"),
        ({"never": [{"estimator": "ols"}]}, "estimator has no option `ols`"),
    ],
)
def test_choices_name_what_there_is(choices, words):
    found = [*term_problems("m", model(CURVE, choices=choices), KINDS)]
    assert len(found) == 1
    assert words in f"{found[0].what} {found[0].remedy}"
