"""Where terms stand in models and claims, and what each place may hold."""

import pytest

from cisflow.base.documents import read_yaml
from cisflow.study.digests import spec_digest
from cisflow.study.model_terms import canonical_claims, canonical_terms, term_problems, terms_of
from cisflow.study.models import with_unions
from cisflow.study.variables import panel_kinds
from cisflow.study.weightings import with_weightings

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


def test_shipped_models_are_right_and_keep_their_text(shipped):
    models, _ = with_unions(with_weightings(shipped))
    for name, spec in models.items():
        assert list(term_problems(name, spec, KINDS)) == []
        assert canonical_terms(spec) == spec
        assert spec_digest(canonical_terms(spec)) == spec_digest(spec)


def test_terms_are_written_one_way_and_nothing_else_is_touched():
    found = canonical_terms(MODEL)
    assert found["outcomes"] == ["log(labour_productivity)"]
    assert found["columns"] == {"any (1)": ["coop_any", "diversity^2"]}
    assert found["controls"] == ["bins(employees, 50, 250)", "diversity:group"]
    assert found["fixed_effects"] == ["industry", "lag(region)"]
    assert found["title"] == MODEL["title"]
    assert list(term_problems("m", found, KINDS)) == []


def test_effects_and_layout_call_a_term_as_its_equation_does():
    found = canonical_terms(ARROWS)
    assert found["equations"] == {"profit_margin": ["log1p(turnover)"]}
    assert found["effects"] == [["log1p(turnover)", "profit_margin"]]
    assert set(found["layout"]) == {"log1p(turnover)", "profit_margin"}
    assert list(term_problems("m", ARROWS, KINDS)) == []


def test_effects_of_what_is_in_no_equation_are_refused():
    spec = {**ARROWS, "effects": [["turnover", "profit_margn"]]}
    said = [p.what for p in term_problems("m", spec, KINDS)]
    assert said == [
        "m.effects: `turnover` is in no equation of the model",
        "m.effects: `profit_margn` is in no equation of the model",
    ]


def test_claims_call_a_term_as_its_model_does():
    test = {"model": "m", "term": "diversity ** 2", "beside": ["log( turnover )", "a → b"]}
    claims = {"rule": {"text": "a ** 2"}, "claims": {"C1": {"text": "t", "test": test}}}
    found = canonical_claims(claims)
    assert found["claims"]["C1"]["test"]["term"] == "diversity^2"
    assert found["claims"]["C1"]["test"]["beside"] == ["log(turnover)", "a → b"]
    assert found["rule"] == claims["rule"]


def test_shipped_claims_keep_their_text(root):
    claims = read_yaml(root / "config/claims.yaml")
    assert canonical_claims(claims) == claims


def test_names_alone_stand_where_columns_are_asked_for():
    spec = {**MODEL, "sample": ["lag(manufacturing)"]}
    (problem,) = term_problems("m", spec, KINDS)
    assert "`lag(manufacturing)` is made of variables, and a name must stand here" in problem.what
    assert "constructs" in problem.remedy


def test_of_models_of_other_runs_the_language_alone_is_checked():
    spec = {**MODEL, "controls": ["anything_else", "np.log(a)"]}
    assert len(list(term_problems("m", spec, KINDS))) == 2
    (problem,) = term_problems("m", spec)
    assert "m.controls: `np.log(a)` is no term" in problem.what


def test_a_printed_table_has_names_of_its_own():
    printed = {"printed": {"file": "t.csv", "firms": 100}}
    own = {**ARROWS, **printed, "equations": {"y": ["x1"]}, "effects": [["x1", "y"]]}
    assert list(term_problems("m", own, KINDS)) == []
    (problem,) = term_problems("m", {**own, "equations": {"y": ["log(x1)"]}}, KINDS)
    assert "is no name" in problem.what


def test_terms_in_the_order_of_the_model():
    assert terms_of(canonical_terms(MODEL)) == [
        *("log(labour_productivity)", "coop_any", "diversity^2", "bins(employees, 50, 250)"),
        *("diversity:group", "industry", "lag(region)", "firm_id"),
    ]
