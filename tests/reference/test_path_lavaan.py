"""The path model against lavaan 0.6-14 on shared synthetic samples."""

import json

import pandas as pd
import pytest

from cisflow.estimators.path.compare import nested_tests
from cisflow.estimators.path.model import PathModel, PathResults

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


# ------------------------------------------------------------ numbers printed by lavaan 0.6-14

# modindices(sem("absorb ~ lrd; innov ~ absorb; cost ~ breadth; perf ~ innov + lsize;
# perf ~~ 0*cost", d, fixed.x = TRUE)) with cost = highedu / 10: mi, epc, sepc.all.
MODINDICES = {
    ("absorb", "breadth"): (44.5554346, 0.1963131283, 0.3763475209),
    ("absorb", "cost"): (0.005557135132, 0.002149158507, 0.004010966645),
    ("absorb", "lsize"): (16.32538253, 0.1755349354, 0.2262044147),
    ("innov", "cost"): (1.947090631, 0.04271174117, 0.07436612856),
    ("innov", "lrd"): (0.03138394053, -0.01050584384, -0.01004831535),
    ("innov", "breadth"): (11.90803628, 0.1033711099, 0.1848784065),
    ("cost", "absorb"): (0.1778367366, 0.04526241713, 0.02425253498),
    ("cost", "innov"): (2.528691946, 0.1585034493, 0.0910355081),
    ("cost", "perf"): (1.413193807, 0.1191576048, 0.06885994275),
    ("cost", "lsize"): (0.009150204312, -0.008896501735, -0.006142938643),
    ("perf", "absorb"): (2.72957571, 0.09714556183, 0.09007358920),
    ("perf", "cost"): (0.6179391165, 0.02296581513, 0.03974083355),
    ("perf", "breadth"): (0.6252478121, -0.0252479818, -0.04487876412),
}
CIRCLES = {("absorb", "innov"), ("absorb", "perf"), ("innov", "perf")}

# sem("absorb ~ breadth + lrd; innov ~ absorb + breadth; perf ~ innov + absorb + lsize", e,
# fixed.x = TRUE, missing = "fiml", control = list(rel.tol = 1e-11)), e as `with_gaps` makes it:
# est, se, est.std, se of est.std; then the standard errors with estimator = "MLR".
SHORT = {
    "absorb": ["breadth", "lrd"],
    "innov": ["absorb", "breadth"],
    "perf": ["innov", "absorb", "lsize"],
}
FIML = {
    "absorb~breadth": (0.200878944571, 0.030109766948, 0.378670182404, 0.051371582065),
    "absorb~lrd": (0.229189224652, 0.055993349517, 0.228825554477, 0.053967330084),
    "innov~absorb": (0.290538803948, 0.070351651555, 0.275408150047, 0.065171598906),
    "innov~breadth": (0.113167053029, 0.034818823640, 0.202217781377, 0.060807611953),
    "perf~innov": (0.318663860240, 0.066420117840, 0.309517354273, 0.062367649226),
    "perf~absorb": (0.120611595469, 0.071369318564, 0.111048807108, 0.065443697207),
    "perf~lsize": (0.222388443129, 0.051333715474, 0.259437300711, 0.057813639472),
    "indirect": (0.078888799729, 0.018899018692, 0.136919995020, 0.031146154367),
}
FIML_PSI = {
    "absorb": (0.670349672527, 0.059567579447),
    "innov": (0.825016001619, 0.071880469471),
    "perf": (0.797971865752, 0.074057980045),
}
FIML_MLR = {
    "absorb~breadth": (0.026145448439, 0.045484863324),
    "absorb~lrd": (0.046657959668, 0.044793792759),
    "innov~absorb": (0.069020584564, 0.066210065002),
    "innov~breadth": (0.039112919290, 0.066680407467),
    "perf~innov": (0.064590584825, 0.061126505470),
    "perf~absorb": (0.072396571029, 0.066442235761),
    "perf~lsize": (0.053449966079, 0.058254856365),
    "indirect": (0.018194880400, 0.030342592072),
}
FIML_FIT = {
    "chisq": 9.6145563867,
    "df": 5,
    "pvalue": 0.0869229927,
    "baseline_chisq": 194.1604949408,
    "baseline_df": 12,
    "cfi": 0.9746676337,
    "tli": 0.9392023208,
    "rmsea": 0.0557444650,
    "rmsea_ci_low": 0,
    "rmsea_ci_high": 0.1085876726,
    "srmr": 0.0321744827,
    "logl": -978.8387706509,
    "npar": 13,
    "aic": 1983.6775413018,
    "bic": 2031.6960591062,
}
# The same model, complete data, sampling.weights = "w" (lavaan then reports MLR standard errors).
WEIGHTED = {
    "absorb~breadth": (0.193656519644, 0.032363437201, 0.367468989064, 0.058172216788),
    "absorb~lrd": (0.226700174312, 0.049960182763, 0.231116500178, 0.048989199904),
    "innov~absorb": (0.322313170578, 0.059445070291, 0.304595020296, 0.051907345056),
    "innov~breadth": (0.123858282720, 0.037181084246, 0.222105019190, 0.062508515455),
    "perf~innov": (0.324846741800, 0.059839397626, 0.316925372992, 0.057960933199),
    "perf~absorb": (0.076123620416, 0.067544581498, 0.070184736964, 0.061988307634),
    "perf~lsize": (0.251618586231, 0.057187742375, 0.298438846495, 0.062525711973),
    "indirect": (0.075253094128, 0.020182397464, 0.131654641513, 0.034089125333),
}


@pytest.fixture(scope="module")
def cis(shared_path) -> pd.DataFrame:
    return pd.read_csv(shared_path("facts/reference/data/cis_305.csv"))


def with_gaps(cis):
    e = cis.copy()
    for name, first, every in (("absorb", 0, 7), ("perf", 1, 5), ("innov", 2, 11)):
        e.loc[first::every, name] = float("nan")
    e.loc[3::40, "breadth"] = float("nan")
    none = e[["absorb", "innov", "perf"]].isna().all(axis=1)
    e.loc[none, "absorb"] = cis.loc[none, "absorb"]
    return e


def printed(fit):
    """Our numbers under lavaan's names: raw and standardised estimates with standard errors."""
    columns = ["estimate", "std_error", "std_estimate", "std_std_error"]
    names = fit.edges["target"] + "~" + fit.edges["source"]
    table = dict(zip(names, fit.edges[columns].to_numpy(), strict=True))
    effects = fit.effects("breadth", "perf").set_index("effect")
    return table | {"indirect": effects.loc["indirect", columns].to_numpy(dtype=float)}


def test_modification_indices(cis):
    cis = cis.assign(cost=cis["highedu"] / 10)
    equations = {
        "absorb": ["lrd"],
        "innov": ["absorb"],
        "cost": ["breadth"],
        "perf": ["innov", "lsize"],
    }
    table = PathModel(equations, cis).fit().modification_indices().set_index(["target", "source"])
    shown = table[["mi", "expected_change", "std_expected_change"]]
    for arrow, lavaan in MODINDICES.items():
        # lavaan stops its optimiser short of the maximum and prints ten digits.
        assert shown.loc[arrow].tolist() == pytest.approx(list(lavaan), rel=2e-7, abs=1e-9)
    assert set(table.index[table["mi"].isna()]) == CIRCLES
    note = table.loc[("absorb", "perf"), "note"]
    assert note == "would close a circle: absorb → innov → perf → absorb"


def test_full_information_maximum_likelihood(cis):
    model = PathModel(SHORT, with_gaps(cis), missing="fiml")
    assert model.nobs == 297
    assert model.dropped == {"missing": 8, "missing in breadth": 8}
    fit = model.fit()
    found, robust = printed(fit), printed(model.fit("robust"))
    for name, lavaan in FIML.items():
        # lavaan's optimiser is off by up to 2e-7; the score at our estimates is zero (unit tests).
        assert found[name] == pytest.approx(lavaan, abs=5e-7, rel=0), name
        assert robust[name][[1, 3]] == pytest.approx(FIML_MLR[name], abs=REST, rel=0), name
    cov = fit.cov_params()
    for name, (estimate, error) in FIML_PSI.items():
        j = model.system.endogenous.index(name)
        assert fit.found.psi[0, j] == pytest.approx(estimate, abs=5e-7)
        key = f"{name} ~~ {name}"
        assert cov.loc[key, key] ** 0.5 == pytest.approx(error, abs=REST)
    assert fit.fit_measures() == pytest.approx(FIML_FIT, abs=REST)


def test_sampling_weights(cis):
    fit = PathModel(SHORT, cis, weights="w").fit()
    for name, numbers in printed(fit).items():
        assert numbers == pytest.approx(WEIGHTED[name], abs=1e-9, rel=0), name
    measures = fit.fit_measures()
    assert measures["chisq"] == pytest.approx(9.35271496978, abs=REST)
    assert measures["srmr"] == pytest.approx(0.0339479771410, abs=REST)


def test_a_model_within_a_larger_one(cis):
    """lavTestLRT and lavTestWald of the three absent arrows in the saturated model."""
    full = {
        "absorb": ["breadth", "lrd", "lsize"],
        "innov": ["absorb", "breadth", "lsize", "lrd"],
        "perf": ["innov", "absorb", "lsize", "breadth", "lrd"],
    }
    small, large = PathModel(EQUATIONS, cis).fit(), PathModel(full, cis).fit()
    test = nested_tests(small, large)
    assert test["omitted"] == ["absorb ~ lsize", "innov ~ lrd", "perf ~ lrd"]
    assert (test["lr"], test["lr_p"]) == pytest.approx((4.86018689059, 0.182325929408), abs=REST)
    assert (test["wald"], test["wald_p"]) == pytest.approx((4.87509804034, 0.18117490124), abs=REST)
    test = nested_tests(small, large.with_cov("robust"))
    assert (test["wald"], test["wald_p"]) == pytest.approx(
        (4.44448919693, 0.217295491369), abs=2 * REST
    )
