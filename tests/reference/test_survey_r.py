"""Regressions on a stratified sample: R 4.2.2, survey 4.1.1 (``svyglm``, ``svysurvreg``).

R's numbers are of ``subset(svydesign(~1, strata = ~s, weights = ~w, fpc = ~N), dom)`` with
``options(survey.lonely.psu = "adjust")``: firms outside the regression's sample still count in
their stratum. ``y ~ x + z``; the share is ``y/20`` by ``quasibinomial()``, the Tobit
``Surv(low, high, type = "interval2")`` with limits 0 and 20.
"""

import numpy as np
import pandas as pd
import pytest

from cisflow.estimators import Tobit
from cisflow.estimators.errors import EstimationError
from cisflow.estimators.regression.models import OLS, FractionalLogit

FORMULA = "y ~ x + z"


def firms():
    i = np.arange(120)
    x, z, e = ((i * 5) % 13) / 4, ((i * 3) % 5 < 2).astype(float), ((i * 37) % 101 - 50) / 5
    data = {"w": 1 + ((i * i) % 11) / 2 + i % 7, "s": i % 7, "dom": (i % 4) != 1, "x": x, "z": z}
    return pd.DataFrame({**data, "y": np.clip(2 + 3 * x - 4 * z + e, 0, 20)})


def with_single_firm():
    one = {"w": 5.0, "s": 7, "dom": True, "x": 1.0, "z": 1.0, "y": 11.0}
    return pd.concat([firms(), pd.DataFrame([one])], ignore_index=True)


def design(data):
    """Return the regression's sample and its design, counted over the whole survey."""
    by = data.groupby("s")["w"]
    whole = data.assign(n=by.transform("size"), N=by.transform("sum"))
    sample = whole[whole["dom"]]
    return sample, {"strata": sample["s"], "firms": sample["n"], "population": sample["N"]}


def plain(data):
    sample = data[data["dom"]]
    return sample, {"firms": np.full(len(sample), len(data))}


def models(sample):
    return (
        OLS(FORMULA, sample, weights="w"),
        FractionalLogit(FORMULA, sample, 0, 20, weights="w"),
        Tobit.from_formula(FORMULA, sample, lower=0, upper=20, weights="w"),
    )


# Standard errors of the intercept, x and z.
R = {
    "strata": (
        design(firms()),
        [0.9764218655102169, 0.4671223049216143, 0.9554105267434714],
        [0.3029540810066152, 0.1373345898160894, 0.2587365807154776],
        [1.56609612439447110, 0.70198077941162407, 1.32111832044598509],
        81,
    ),
    "weights alone": (
        plain(firms()),
        [1.083576166295758, 0.507982671379956, 1.061322746054808],
        [0.3331647917693497, 0.1490708856751164, 0.2863635762257734],
        [1.72623223940095061, 0.76210860311727491, 1.47044472034191331],
        87,
    ),
    "a stratum of one firm": (
        design(with_single_firm()),
        [0.9786899448437811, 0.4682089099939499, 0.9565905699768572],
        [0.2989107727464820, 0.1351312633873962, 0.2549676540396767],
        [1.56512929322119865, 0.69965747195057026, 1.31489463224412062],
        81,
    ),
}


@pytest.mark.parametrize("case", R)
def test_standard_errors_of_the_survey_package(case):
    (sample, options), *errors, df = R[case]
    for model, expected in zip(models(sample), errors, strict=True):
        fit = model.fit("survey", options)
        assert fit.bse.to_numpy() == pytest.approx(expected, rel=2e-6)
    assert OLS(FORMULA, sample, weights="w").fit("survey", options).df == df


def test_coefficients_of_the_survey_package():
    ols, fractional, tobit = (m.fit("HC1") for m in models(design(firms())[0]))
    assert ols.params.to_numpy() == pytest.approx(
        [3.055787674798051, 2.628600983186423, -2.216753537579964], rel=1e-12
    )
    assert fractional.params.to_numpy() == pytest.approx(
        [-1.6641614376792768, 0.6582897481590055, -0.5659049633680583], rel=1e-9
    )
    assert tobit.params.to_numpy() == pytest.approx(
        [0.1943551604738332, 3.9130917772050284, -3.0185462022755072], rel=1e-7
    )
    assert tobit.scale == pytest.approx(6.063605967766169, rel=1e-7)


def test_a_census_has_no_sampling_error():
    sample = firms()
    ones = np.ones(len(sample))
    size = sample.groupby("s")["w"].transform("size")
    options = {"strata": sample["s"], "firms": size, "population": size}
    for model in models(sample.assign(w=ones)):
        assert model.fit("survey", options).bse.to_numpy() == pytest.approx(0, abs=1e-12)


def test_a_stratum_with_two_sizes_is_refused():
    sample, options = design(firms())
    uneven = {**options, "firms": np.arange(len(sample))}
    with pytest.raises(EstimationError, match="`firms` is not the same for all rows of a stratum"):
        OLS(FORMULA, sample, weights="w").fit("survey", uneven)
