"""Two readings of a figure, their union and the tests between them; gaps in the outcomes."""

import copy

import numpy as np
import pandas as pd
import pytest
import yaml
from specs import model_of

from cisflow.base.documents import read_yaml, validated
from cisflow.base.problems import CisflowError
from cisflow.estimation.run import estimate
from cisflow.estimators.path.compare import nested_tests
from cisflow.estimators.path.model import PathModel
from cisflow.panel.sample import select_sample
from cisflow.study.canonical import BLOCKS
from cisflow.study.models import expanded
from cisflow.study.run import load_run

DIRECT = {"i": ["d"], "c": ["d"], "m": ["d", "i", "c"]}
OTHER = {"i": ["d"], "c": ["d", "i"], "m": ["c"]}
BASE = {
    "title": "t",
    "source": "s",
    "sample": ["manufacturing"],
    "estimator": "path",
    "controls": [],
    "fixed_effects": [],
    "covariance": ["HC1"],
    "weights": None,
    "missing": "listwise",
    "effects": [["d", "m"]],
}


@pytest.fixture(scope="module")
def panel():
    """Return 300 firms that follow DIRECT, and so reject OTHER."""
    rng = np.random.default_rng(3)
    n = 300
    d = rng.normal(size=n)
    i = 0.5 * d + rng.normal(size=n)
    c = -0.2 * d + rng.normal(size=n)
    m = -0.4 * d + 0.3 * i - 0.6 * c + rng.normal(size=n)
    flags = {f"asked_{block}": True for block in BLOCKS}
    yes = pd.array([True] * n, dtype="boolean")
    firms = {"wave": "W1", "reference_year": 2004, "manufacturing": yes, **flags}
    return pd.DataFrame({**firms, "d": d, "i": i, "c": c, "m": m})


@pytest.fixture
def specs():
    models = {"direct": {**BASE, "equations": DIRECT}, "other": {**BASE, "equations": OTHER}}
    return expanded({**models, "union": {**BASE, "union_of": ["direct", "other"]}})[0]


def run(panel, spec):
    bootstrap = {"draws": 200, "seed": 1}
    return estimate(panel, spec, country="XX", model="u", lag=2, bootstrap=bootstrap)


def test_a_union_has_every_arrow_and_keeps_the_readings(specs):
    assert specs["union"].equations == {"i": ("d",), "c": ("d", "i"), "m": ("d", "i", "c")}
    assert list(specs["union"].readings) == ["direct", "other"]
    assert specs["union"].readings["other"] == specs["other"].equations
    assert not specs["direct"].readings


@pytest.mark.parametrize(
    ("union_of", "message"),
    [
        (["direct", "othr"], "there is no model `othr`"),
        (["direct", "tobit"], "`tobit` has no equations of its own"),
        (["direct", "short"], "do not explain the same variables"),
    ],
)
def test_a_union_of_what_cannot_be_united_is_refused(union_of, message):
    models = {
        "direct": {**BASE, "equations": DIRECT},
        "tobit": {**BASE, "estimator": "tobit", "outcomes": ["m"]},
        "short": {**BASE, "equations": {"m": ["d"]}},
        "union": {**BASE, "union_of": union_of},
    }
    problems = expanded(models)[1]
    assert len(problems) == 1
    assert message in str(problems[0])


def test_each_reading_is_tested_against_the_union_on_the_same_firms(panel, specs):
    found = run(panel, specs["union"]).diagnostics["fits"][0]["readings"]
    assert list(found) == ["direct", "other"]
    assert found["other"]["lr_p"] < 0.001
    assert found["direct"]["lr_p"] > 0.05
    small = PathModel(OTHER, panel).fit("HC1")
    large = PathModel(specs["union"].equations, panel).fit("HC1")
    by_hand = nested_tests(small, large)
    assert found["other"]["lr"] == pytest.approx(by_hand["lr"])
    assert found["other"]["wald_p"] == pytest.approx(by_hand["wald_p"])
    assert found["other"]["lr_df"] == by_hand["df"] == 2
    assert found["other"]["aic"] == pytest.approx(small.fit_measures()["aic"])
    largest = found["other"]["modification_indices"][0]
    table = small.modification_indices()
    assert largest["mi"] == pytest.approx(table["mi"].max())


def test_fiml_keeps_firms_with_gaps_in_the_outcomes(panel, specs):
    holes = panel.assign(i=panel["i"].where(np.arange(300) % 3 > 0))
    fiml = model_of(specs["direct"].as_params(), missing="fiml", covariance=["HC0"])
    assert len(select_sample(holes, specs["direct"], "W1", lag=2)[0]) == 200
    assert len(select_sample(holes, fiml, "W1", lag=2)[0]) == 300
    table = run(holes, fiml).table
    assert set(table["n"]) == {300}
    total = table[(table["term"] == "total(d)") & (table["column"] == "raw")].iloc[0]
    alone = PathModel(DIRECT, holes, missing="fiml").fit("HC0")
    resampled = alone.with_cov("bootstrap", bootstrap={"draws": 200, "seed": 1})
    effects = resampled.effects("d", "m").iloc[-1]
    assert total["cov_type"] == "bootstrap"
    assert total["estimate"] == pytest.approx(effects["estimate"])
    assert total["ci_low"] == pytest.approx(effects["ci_low"])
    assert total["ci_low"] < total["estimate"] < total["ci_high"]


def test_a_union_with_gaps_is_compared_too(panel, specs):
    holes = panel.assign(i=panel["i"].where(np.arange(300) % 3 > 0))
    spec = model_of(specs["union"].as_params(), missing="fiml", covariance=["HC0"])
    fit = run(holes, spec).diagnostics["fits"][0]
    assert fit["readings"]["other"]["wald_p"] < 0.01
    assert fit["modification_indices"] == []


@pytest.fixture
def refused(root, tmp_path):
    """Return a function that loads the default run with a changed model."""

    def load(name, change, **settings):
        config = yaml.safe_load((root / "config/config.yaml").read_text())
        models = yaml.safe_load((root / "config/models.yaml").read_text())
        changed = copy.deepcopy(models)
        changed[name] = {**changed[name], **change}
        file = tmp_path / "models.yaml"
        file.write_text(yaml.safe_dump(changed))
        with pytest.raises(CisflowError) as caught:
            load_run({**config, "models_file": str(file), **settings}, root)
        return str(caught.value)

    return load


@pytest.mark.parametrize(
    ("name", "change", "message"),
    [
        (
            "faems2010_direct",
            {"missing": "fiml"},
            "faems2010_direct.covariance: HC1 is not available with `missing: fiml`",
        ),
        ("two_year_balance", {"lags": [2, 5]}, "two_year_balance.lags: the run has no accounts"),
        ("faems2010_union", {"union_of": ["faems2010_direct", "x"]}, "there is no model `x`"),
        ("two_year_balance", {"missing": "fiml"}, "`missing: fiml` goes with `estimator: path`"),
        ("faems2010_union", {"equations": {"a": ["b"]}}, "give either `equations` or `union_of`"),
        ("faems2010_direct", {"by": ["small"]}, "go with `estimator: balance`"),
        (
            "faems2010_direct",
            {"layout": {"diversity": [0, 0], "size": [1, 1]}},
            "layout: no place for innovation_strength, internal_investment, personnel_cost_share",
        ),
        (
            "faems2010_direct",
            {"layout": {"diversity": [0, 0], "size": [0, 0]}},
            "layout: two boxes in one place",
        ),
        ("faems2010_direct", {"layout": {"diversity": [0, 2]}}, "layout.diversity"),
        (
            "innovation_equation_ols",
            {"layout": {"diversity": [0, 0]}},
            "`layout` and `printed` go with",
        ),
    ],
)
def test_what_a_path_model_cannot_have_is_refused(refused, name, change, message):
    assert message in refused(name, change)


def test_shipped_models_fit_their_schema_and_resolve(root):
    schema = root / "workflow/schemas/models.schema.yaml"
    models = validated(read_yaml(root / "config/models.yaml"), schema, "models.yaml")
    resolved, problems = expanded(models)
    assert problems == []
    assert all(m.equations for m in resolved.values() if m.estimator in ("path", "balance"))
