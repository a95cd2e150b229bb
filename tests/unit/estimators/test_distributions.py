"""The laws of tests and intervals are those of scipy.stats, to the last bit."""

import numpy as np
import pytest
from scipy import stats

from cisflow.estimators.distributions import (
    NORMAL,
    ChiSquared,
    Fisher,
    Student,
    shifted_sf,
    student,
)

X = np.linspace(-9, 9, 301)
Q = np.linspace(0.001, 0.999, 301)
LAWS = [
    (NORMAL, stats.norm(), X, ("cdf", "sf", "logsf", "pdf", "logpdf")),
    (Student(7), stats.t(7), X, ("cdf", "sf")),
    (Student(2.5), stats.t(2.5), X, ("cdf", "sf")),
    (ChiSquared(3), stats.chi2(3), abs(X), ("cdf", "sf")),
    (Fisher(2, 31), stats.f(2, 31), abs(X), ("sf",)),
    (Fisher(2, np.inf), stats.chi2(2, scale=0.5), abs(X), ("sf",)),
]
QUANTILES = [
    (NORMAL, stats.norm(), ("ppf", "isf")),
    (Student(7), stats.t(7), ("ppf", "isf")),
    (ChiSquared(3), stats.chi2(3), ("ppf", "isf")),
    (Fisher(2, 31), stats.f(2, 31), ("ppf",)),
    (Fisher(2, np.inf), stats.chi2(2, scale=0.5), ("ppf",)),
]


@pytest.mark.parametrize(("law", "known", "at", "functions"), LAWS)
def test_probabilities_are_those_of_scipy(law, known, at, functions):
    for name in functions:
        np.testing.assert_array_equal(
            getattr(law, name)(at), getattr(known, name)(at), err_msg=name
        )


@pytest.mark.parametrize(("law", "known", "functions"), QUANTILES)
def test_quantiles_are_those_of_scipy(law, known, functions):
    for name in functions:
        got, wanted = getattr(law, name)(Q), getattr(known, name)(Q)
        np.testing.assert_array_equal(got, wanted, err_msg=name)


def test_chi_squared_isf_at_small_tails():
    tails = np.array([0.05, 1e-4, 1e-12])
    np.testing.assert_array_equal(ChiSquared(4).isf(tails), stats.chi2.isf(tails, 4))


def test_noncentral_t_is_that_of_scipy():
    shift = np.linspace(-4, 8, 50)
    np.testing.assert_allclose(shifted_sf(2.1, 12, shift), stats.nct.sf(2.1, 12, shift), rtol=1e-12)


@pytest.mark.parametrize("df", [None, np.inf])
def test_without_degrees_of_freedom_the_law_is_normal(df):
    assert student(df) is NORMAL


def test_with_degrees_of_freedom_the_law_is_t():
    assert student(4) == Student(4)
