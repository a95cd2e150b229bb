"""What is made of a regression's terms: its names, and what no column has the terms for."""

from specs import model_of

from cisflow.study.model_terms import term_problems
from cisflow.study.shapes import made_of, sides_from, without_column

BASE = {"title": "t", "sample": ["manufacturing"], "estimator": "ols", "outcomes": ["radical"]}


def model(**more):
    return model_of({**BASE, **more})


PAIR = model(columns={"pair": ["a", "b", "a:b"]}, practices=[["a", "b"]])
THREE = model(
    columns={"all": ["a", "b", "c", "a:b", "a:c", "b:c", "a:b:c"]}, practices=[["a", "b", "c"]]
)


def test_two_practices():
    assert list(made_of(PAIR, "pair")) == [
        "complements(a, b)",
        "strategy(a)",
        "strategy(b)",
        "strategy(a, b)",
    ]
    assert made_of(PAIR, "pair: fractional").keys() == made_of(PAIR, "pair").keys()
    assert made_of(PAIR, "other") == {}


def test_three_practices_have_an_inequality_for_each_state_of_the_third():
    made = made_of(THREE, "all")
    assert {"complements(a, b | c)", "complements(a, b | nothing else)"} <= made.keys()
    assert len([one for one in made.values() if one.kind == "strategy"]) == 7
    assert sides_from(made["complements(a, b)"]) == ("a", "b", "c")


def test_an_inverted_u_and_an_effect_by_thirds():
    curve = model(columns={"x": ["d", "d^2"]}, u_shape=["d"])
    kinds = ("inverted_u", "slope_low", "slope_high", "two_lines", "line_below", "line_above")
    assert list(made_of(curve, "x")) == [f"{kind}(d)" for kind in kinds]
    effect = model(columns={"x": ["d", "r", "d:r"]}, profiles=[["d", "r"]])
    assert "effect(d, high minus low r)" in made_of(effect, "x")
    assert sides_from(made_of(effect, "x")["effect(d, low r)"]) == ("d",)


def test_a_column_without_the_products_is_told():
    lacking = model(
        columns={"x": ["a", "b", "d"]}, practices=[["a", "b"]], u_shape=["d"], profiles=[["a", "d"]]
    )
    assert without_column(lacking) == [
        ("practices", "a, b, a:b"),
        ("u_shape", "d, d^2"),
        ("profiles", "a, a:d"),
    ]
    problems = list(term_problems("m", lacking))
    assert [p.what.split(":")[0] for p in problems] == ["m.practices", "m.u_shape", "m.profiles"]
    assert problems[0].remedy == "add a column with `a, b, a:b`"


def test_models_without_them_have_none_in_their_digest():
    assert not {"practices", "u_shape", "profiles"} & model(columns={"x": ["a"]}).as_params().keys()
