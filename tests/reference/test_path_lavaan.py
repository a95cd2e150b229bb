"""The path model against lavaan 0.6-14 on shared synthetic samples."""

import json

import pandas as pd
import pytest

from cisflow.models.path import PathModel, PathResults

EQUATIONS = {
    "absorb": ["breadth", "lrd"],
    "innov": ["absorb", "breadth", "lsize"],
    "perf": ["innov", "absorb", "lsize", "breadth"],
}
DEFINED = {
    "ind_breadth_innov": ("breadth", "innov", "indirect"),
    "ind_absorb_perf": ("absorb", "perf", "indirect"),
    "ind_breadth_perf": ("breadth", "perf", "indirect"),
    "tot_breadth_perf": ("breadth", "perf", "total"),
}
ESTIMATE, REST = 1e-8, 1e-6


@pytest.fixture(scope="module", params=[305, 5000])
def reference(request, shared_path):
    return json.loads(shared_path(f"facts/reference/path_{request.param}.json").read_text())


@pytest.fixture(scope="module")
def model(reference, shared_path) -> PathModel:
    data = pd.read_csv(shared_path(f"facts/reference/data/cis_{reference['n']}.csv"))
    return PathModel(EQUATIONS, data)


@pytest.fixture(scope="module")
def ml(model) -> PathResults:
    return model.fit()


@pytest.fixture(scope="module")
def robust(model) -> PathResults:
    return model.fit("robust")


def test_coefficients_equal_exact_least_squares(ml, reference):
    for edge in ml.edges.itertuples():
        exact = reference["ols"][edge.target][edge.source]
        assert edge.estimate == pytest.approx(exact, abs=1e-12, rel=0)


def test_arrows_raw_and_standardised(ml, reference):
    for edge in ml.edges.itertuples():
        lavaan = reference["params"][f"{edge.target}~{edge.source}"]
        assert edge.estimate == pytest.approx(lavaan["est"], abs=ESTIMATE, rel=0)
        assert edge.std_estimate == pytest.approx(lavaan["std"], abs=ESTIMATE, rel=0)
        assert edge.std_error == pytest.approx(lavaan["se"], abs=REST, rel=0)
        assert edge.std_std_error == pytest.approx(lavaan["se_std"], abs=REST, rel=0)


def test_robust_standard_errors_are_those_of_mlr(robust, reference):
    for edge in robust.edges.itertuples():
        lavaan = reference["se_MLR"][f"{edge.target}~{edge.source}"]
        assert edge.std_error == pytest.approx(lavaan, abs=REST, rel=0)


@pytest.mark.parametrize("name", DEFINED)
def test_effects(name, ml, robust, reference):
    source, target, kind = DEFINED[name]
    row = ml.effects(source, target).set_index("effect").loc[kind]
    lavaan = reference["params"][name]
    assert row["estimate"] == pytest.approx(lavaan["est"], abs=ESTIMATE, rel=0)
    assert row["std_estimate"] == pytest.approx(lavaan["std"], abs=ESTIMATE, rel=0)
    assert row["std_error"] == pytest.approx(lavaan["se"], abs=REST, rel=0)
    assert row["std_std_error"] == pytest.approx(lavaan["se_std"], abs=REST, rel=0)
    row = robust.effects(source, target).set_index("effect").loc[kind]
    assert row["std_error"] == pytest.approx(reference["se_MLR"][name], abs=REST, rel=0)


def test_residual_variances(ml, reference):
    cov = ml.cov_params()
    for j, name in enumerate(ml.model.system.endogenous):
        lavaan = reference["params"][f"{name}~~{name}"]
        assert ml.found.psi[0, j] == pytest.approx(lavaan["est"], abs=ESTIMATE, rel=0)
        se = cov.loc[f"{name} ~~ {name}", f"{name} ~~ {name}"] ** 0.5
        assert se == pytest.approx(lavaan["se"], abs=REST, rel=0)


def test_fit_measures(ml, reference):
    measures = ml.fit_measures()
    for name, lavaan in reference["fit"].items():
        assert measures[name] == pytest.approx(lavaan, abs=REST, rel=0), name


def test_explained_variance(ml, reference):
    for name, lavaan in reference["r2"].items():
        assert ml.r2[name] == pytest.approx(lavaan, abs=ESTIMATE, rel=0)
