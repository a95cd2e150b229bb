"""A models file, config or codebook from elsewhere runs no code, whatever it writes as a term."""

import itertools
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from formulaic import Formula

from cisflow.base.documents import read_yaml
from cisflow.base.problems import CisflowError
from cisflow.estimation.common import formula_of
from cisflow.estimation.run import estimate
from cisflow.panel.build import build_panel
from cisflow.study.canonical import BLOCKS, FIRM_COLUMNS
from cisflow.study.codebook_files import load_codebook
from cisflow.study.models import Model
from cisflow.study.run import load_run
from cisflow.study.terms import parse_definition, parse_term
from cisflow.survey.ingest import ingest_wave
from cisflow.survey.schema import dtype_of

MARK = "attacked"
CODE = [
    "I(np._pytesttester.os.system('touch attacked')*0+diversity)",
    "np._pytesttester.os.system('touch attacked')",
    "__import__('os').system('touch attacked')",
    "diversity:__import__('os').system('touch attacked')",
    "(lambda: open('attacked', 'w'))()",
    "lambda: 1",
    "{open('attacked', 'w')}",
    "{diversity + 1}",
    "f'{diversity}'",
    "diversity.__class__.__mro__",
    "diversity.__class__",
    "`diversity`",
    "`open('attacked', 'w')`",
    "I(diversity)",
    "Q('diversity')",
    "poly(diversity, 2)",
    "bs(diversity, df=3)",
    "exec('open(1)')",
    "eval(diversity)",
    "getattr(diversity, name)",
    "log(__import__('os'))",
    "bins(diversity, open('attacked', 'w'))",
    "C(diversity, contr.treatment(1))",
    "diversity[0]",
    "diversity if group else 1",
    "diversity; import os",
    "diversity\nimport os",
    "diversity # comment",
    "1",
    "0",
    "-1",
    "diversity - 1",
    "diversity + group",
    "diversity * group",
    "diversity | group",
    "diversity ~ group",
    "@diversity",
    "dіversity",  # a Cyrillic і
    "ｄiversity",  # a full-width d
    "diversity\u202e",  # right-to-left override
    "diversity\u200b",  # zero-width space
    "log（diversity）",  # full-width brackets
    "diver\x00sity",
    "\x1b[31mdiversity",
]
LONG = [
    "a" * 100_000,
    ":".join(["diversity"] * 50_000),
    "log(" * 50_000 + "diversity" + ")" * 50_000,
    "(" * 100_000,
    "diversity" + "^2" * 50_000,
    "bins(diversity, " + ", ".join(map(str, range(50_000))) + ")",
    "diversity:" + "9" * 100_000,
    "_" * 199 + "(",
]


def with_term(place, term):
    """Return changes of a model that put a term where the attack wants it."""
    path = {"estimator": "path", "columns": None, "outcomes": None, "limits": None}
    iv = {"estimator": "iv", "methods": ["2sls"], "endogenous": ["diversity"]}
    iv |= {"instruments": ["peer_cooperation"], "limits": None}
    arrows = {"profit_margin": ["diversity"]}
    balance = dict.fromkeys(("source", "return_through", "cost_through"), "diversity")
    split = {**path, "estimator": "balance", "equations": arrows}
    split |= {"balance": {**balance, "target": "profit_margin"}}
    return {
        "outcomes": {"outcomes": [term]},
        "columns": {"columns": {"a": [term]}},
        "controls": {"controls": [term]},
        "fixed_effects": {"fixed_effects": [term]},
        "sample": {"sample": [term]},
        "weights": {"weights": term},
        "covariance": {"covariance": [{"cluster": term}]},
        "sensitivity": {"estimator": "ols", "limits": None, "sensitivity": [term]},
        "benchmark": {
            "estimator": "ols",
            "limits": None,
            "sensitivity": ["diversity"],
            "sensitivity_benchmark": term,
        },
        "endogenous": {**iv, "endogenous": [term]},
        "instruments": {**iv, "instruments": [term]},
        "target": {**path, "equations": {term: ["diversity"]}},
        "equations": {**path, "equations": {"profit_margin": [term]}},
        "effects": {**path, "equations": arrows, "effects": [["diversity", term]]},
        "balance": {**split, "balance": {**split["balance"], "source": term}},
        "by": {**split, "by": [term]},
        "steps": {**split, "steps": ["coop_any", term]},
    }[place]


PLACES = [
    *("outcomes", "columns", "controls", "fixed_effects", "sample", "weights", "covariance"),
    *("sensitivity", "benchmark", "endogenous", "instruments", "target", "equations"),
    *("effects", "balance", "by", "steps"),
]
MODEL = {
    "title": "From elsewhere",
    "sample": ["manufacturing"],
    "estimator": "tobit",
    "limits": [0, 100],
    "outcomes": ["radical"],
    "columns": {"a": ["diversity"]},
}


NO_LEVELS = [
    ("columns", "C(firm_id)"),
    ("columns", "C(turnover)"),
    ("columns", "C(log(turnover))"),
    ("columns", "C(weight)"),
    ("columns", "firm_id"),
    ("columns", "firm_id:diversity"),
    ("columns", "lag(firm_id)"),
    ("columns", "bins(firm_id, 10)"),
    ("fixed_effects", "firm_id"),
    ("fixed_effects", "C(firm_id)"),
    ("fixed_effects", "turnover"),
    ("fixed_effects", "profit_margin"),
    ("by", "firm_id"),
    ("by", "turnover"),
    ("by", "lag(turnover)"),
    ("by", "rd_intensity"),
    ("covariance", "turnover"),
    ("equations", "firm_id"),
    ("outcomes", "firm_id"),
    ("weights", "firm_id"),
    ("steps", "firm_id"),
]
DEFINITIONS = [*CODE[:30], "firm_id", "C(diversity)", "a" * 5000]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Where the attacks are carried out; none of them leaves its mark there."""
    folder = tmp_path_factory.mktemp("attacked")
    yield folder
    assert not (folder / MARK).exists(), "a term was executed"


@pytest.fixture(scope="module")
def refusal(root, folder):
    """Return a function from further models and config keys to the problems of the default run."""
    config = read_yaml(root / "config/config.yaml")
    shipped = read_yaml(root / "config/models.yaml")

    def refusal(models=None, chosen=None, **settings):
        models = {
            name: {k: v for k, v in {**MODEL, **changes}.items() if v is not None}
            for name, changes in (models or {}).items()
        }
        (folder / "models.yaml").write_text(yaml.safe_dump({**shipped, **models}))
        file = str(folder / "models.yaml")
        named = {"models_file": file, "models": chosen or list(models) or ["faems2005"]}
        with pytest.MonkeyPatch.context() as patch:
            patch.chdir(folder)
            with pytest.raises(CisflowError) as caught:
                load_run({**config, **named, **settings}, root)
        assert not (folder / MARK).exists(), "a term was executed"
        return list(map(str, caught.value.problems))

    return refusal


def about(problems, name):
    """Return what is said of one model or construct."""
    return "\n".join(p for p in problems if f" {name}." in p or f"constructs.{name}:" in p)


def name_of(term):
    """Return as much of a term as a message shows without changing it."""
    return "".join(itertools.takewhile(str.isprintable, term[:20]))


def test_the_attack_works_where_a_formula_is_trusted(tmp_path, monkeypatch):
    """Otherwise what follows would show nothing."""
    monkeypatch.chdir(tmp_path)
    Formula(CODE[0]).get_model_matrix(pd.DataFrame({"diversity": [1.0, 2.0]}), context={"np": np})
    assert (tmp_path / MARK).exists()


# Each of these is one run that is refused as a whole, and says of every attack why.


@pytest.fixture(scope="module")
def in_columns(refusal):
    return refusal({f"m{i}": {"columns": {"a": ["group", t]}} for i, t in enumerate(CODE)})


@pytest.fixture(scope="module")
def in_places(refusal):
    return refusal({place: with_term(place, CODE[0]) for place in PLACES})


@pytest.fixture(scope="module")
def unknown_in_places(refusal):
    return refusal({place: with_term(place, "profit_margn") for place in PLACES})


@pytest.fixture(scope="module")
def in_levels(refusal):
    return refusal({f"m{i}": with_term(*where) for i, where in enumerate(NO_LEVELS)})


@pytest.fixture(scope="module")
def in_constructs(refusal):
    given = {f"m{i}": {"definition": text, "label": "x"} for i, text in enumerate(DEFINITIONS)}
    return refusal(constructs=given)


@pytest.mark.parametrize("term", CODE)
def test_code_is_refused_by_name(in_columns, term):
    said = about(in_columns, f"m{CODE.index(term)}")
    assert ".columns.a: " in said
    assert name_of(term) in said
    assert "\x1b" not in said
    assert "→" in said


@pytest.mark.parametrize("place", PLACES)
def test_code_is_refused_in_every_place(in_places, place):
    assert "I(np._pytesttester" in about(in_places, place)


@pytest.mark.parametrize("place", PLACES)
def test_names_of_no_variable_are_refused_with_near_ones(unknown_in_places, place):
    said = about(unknown_in_places, place)
    assert "`profit_margn`" in said
    assert "`profit_margin`" in said


def test_models_the_run_does_not_estimate_are_refused_too(refusal):
    models = {f"m{i}": {"columns": {"a": [term]}} for i, term in enumerate(CODE[:5])}
    said = refusal(models, chosen=["faems2005"])
    assert [p.split(".")[0].strip() for p in said] == list(models)


def test_changes_of_a_model_in_the_config_are_terms_too(refusal):
    said = refusal(model_changes={"faems2005": {"controls": [CODE[0]]}})
    assert "faems2005.controls: `I(np." in said[0]


@pytest.mark.parametrize("definition", DEFINITIONS)
def test_definitions_of_constructs_are_no_code_either(in_constructs, definition):
    said = about(in_constructs, f"m{DEFINITIONS.index(definition)}")
    assert name_of(definition) in said


@pytest.mark.parametrize(("place", "term"), NO_LEVELS)
def test_identifiers_and_amounts_are_no_levels(in_levels, place, term):
    said = about(in_levels, f"m{NO_LEVELS.index((place, term))}")
    assert "an identifier" in said or "an amount or other continuous number" in said


def test_constructs_do_not_hide_what_there_is(refusal):
    hiding = ["diversity", "firm_id", "log", "lambda", "order", "asked_mine", "profit_margin_lag9"]
    own = {name: {"definition": "diversity >= 2", "label": "Mine"} for name in hiding}
    said = refusal(constructs=own)
    assert [name for name in hiding if not about(said, name)] == []


def test_a_model_cannot_bring_definitions_past_the_check(refusal):
    said = refusal({"mine": {"constructs": {"x": CODE[0]}}})
    assert "unknown key `constructs`" in said[0]


@pytest.mark.parametrize("text", LONG)
@pytest.mark.parametrize("parse", [parse_term, parse_definition])
def test_long_and_deep_texts_are_refused_at_once_and_shown_short(text, parse):
    started = time.perf_counter()
    with pytest.raises(CisflowError) as caught:
        parse(text)
    assert time.perf_counter() - started < 0.5
    assert len(str(caught.value)) < 1000


def test_the_longest_permitted_texts_are_read_at_once():
    started = time.perf_counter()
    for sign in "+-*/":
        parse_definition(sign.join(["a"] * 100))
    parse_definition("(" * 12 + "a" + ")" * 12)
    parse_term("log(" * 12 + "a" + ")" * 12)
    assert time.perf_counter() - started < 0.5


@pytest.mark.parametrize("code", CODE[:12])
@pytest.mark.parametrize("place", ["rows", "asked_if", "name"])
def test_rows_and_filters_of_codebooks_evaluate_nothing(root, place, code, tmp_path, monkeypatch):
    """They compare texts with columns; what is none is refused by name."""
    monkeypatch.chdir(tmp_path)
    Path("x.csv").write_text("ID;PAYS;COOP\n1;BE;1\n2;BE;0\n")
    book = {"title": "t", "extends": "eurostat/common", "reference_year": 2004}
    book |= {"money": {"currency": "EUR", "unit": "unit"}}
    names = {"firm_id": "ID", "coop_any": code if place == "name" else "COOP"}
    verified = {"verified": "inferred", "source": "made up"}
    book["variables"] = {v: {"name": name, **verified} for v, name in names.items()}
    if place == "rows":
        book["rows"] = {code: 1}
    if place == "asked_if":
        book["blocks"] = {"cooperation": {"asked_if": code}}
    Path("book.yaml").write_text(yaml.safe_dump(book))

    def read():
        codebook = load_codebook("book.yaml", [root / "config/codebooks"])
        ingest_wave("x.csv", codebook, country="BE", wave="W", name="BE")

    with pytest.raises(CisflowError) as caught:
        read()
    assert name_of(code) in str(caught.value)
    assert not (tmp_path / MARK).exists()


# Beyond the loading of files


@pytest.fixture
def panel():
    n = 40
    return pd.DataFrame(
        {
            "wave": "W1",
            "reference_year": 2004,
            "firm_id": [f"f{i}" for i in range(n)],
            "nace": [f"{i:04}" for i in range(n)],
            "manufacturing": pd.array([True] * n, dtype="boolean"),
            "diversity": np.arange(n) % 7.0,
            **{f"asked_{block}": True for block in BLOCKS},
            "radical": np.arange(n) % 11.0,
        }
    )


def estimated(panel, **changes):
    spec = {**MODEL, "estimator": "ols", "limits": None, "covariance": ["HC1"]}
    spec |= changes
    model = Model.model_validate(spec)
    return estimate(panel, model, country="XX", model="m", lag=2, bootstrap={})


@pytest.mark.parametrize("term", CODE)
@pytest.mark.parametrize("key", ["columns", "controls", "fixed_effects", "outcomes"])
def test_terms_that_came_past_the_check_are_still_refused(panel, key, term, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    given = {"a": [term]} if key == "columns" else [term]
    with pytest.raises(CisflowError, match="is no term"):
        estimated(panel, **{key: given})
    assert not (tmp_path / MARK).exists()


@pytest.mark.parametrize("key", ["columns", "fixed_effects"])
@pytest.mark.parametrize("variable", ["nace", "firm_id"])
def test_texts_that_tell_firms_apart_are_no_levels(panel, key, variable):
    given = {"a": [f"C({variable})"]} if key == "columns" else [variable]
    rows = estimated(panel, **{key: given}).table
    assert rows["estimate"].isna().all()
    assert variable in rows["note"].iloc[0]


def test_the_formula_library_is_given_names_alone():
    formula = formula_of("log(a)", ["log1p(b):c", "a^2", "C(d)", "bins(a, 1)"], ["e", "bins(b, 2)"])
    assert formula == (
        "`log(a)` ~ `log1p(b)`:c + `a^2` + C(d) + `bins(a, 1)` + C(e) + `C(bins(b, 2))`"
    )
    assert Formula(formula).required_variables == {
        *("log(a)", "log1p(b)", "c", "a^2", "d", "bins(a, 1)", "e", "C(bins(b, 2))")
    }


@pytest.mark.parametrize("definition", CODE[:20])
def test_definitions_that_came_past_the_check_are_still_refused(
    root, definition, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    given = {"country": "BE", "wave": "W1", "reference_year": 2004, "firm_id": "a", "weight": 1.0}
    firms = pd.DataFrame(
        {
            c: pd.array([given.get(c, True if c.startswith("asked_") else None)], dtype_of(c))
            for c in FIRM_COLUMNS
        }
    )
    with pytest.raises(CisflowError, match="is no definition"):
        build_panel(
            [firms], None, 2, read_yaml(root / "config/nace.yaml"), constructs={"mine": definition}
        )
    assert not (tmp_path / MARK).exists()
