"""Attacks on dummies of fewer firms than the minimum: coefficients that solve for their means.

A number of firms that may be told of no group is a number whose means may not be told either.
"""

import numpy as np
import pytest
from disclosed import OLS, RULES, flags, released, sample_of, survey, variable_of

from cisflow.estimation.estimates import ESTIMATED, WITHHELD

TOLD_ALL = RULES.model_copy(update={"minimum_cell": 1})
FLAG, MARGIN, X = "high_tech", "profit_margin", ["rd_intensity", "log_employees"]
BESIDE_NUMBERS = {**OLS, "columns": {"any": [FLAG, *X]}, "controls": []}
ALONE = {**OLS, "columns": {"any": [FLAG]}, "controls": []}


def with_group(few):
    """Return a survey in which some firms are high-tech, and which these are."""
    panel = survey()
    who = np.random.default_rng(1).choice(400, few, replace=False)
    panel[FLAG] = flags(np.isin(np.arange(400), who))
    return panel, who


def coefficients(out):
    return out.estimates["main"].table.set_index("term")


def solved(out):
    """Return number and means of a group from what is told of all other columns, and its dummy's.

    Each regressor's normal equation tells its covariance with the dummy; the likelihood that of the
    outcome; the dummy's own normal equation its variance, which is the number's.
    """
    b = coefficients(out)["estimate"]
    about, fit = sample_of(out, "main"), out.estimates["main"].diagnostics["fits"][0]
    place = {v["variable"]: i for i, v in enumerate(about["variables"])}
    of = {name: about["variables"][i] for name, i in place.items()}
    n = fit["nobs"]

    def sums(one, other):
        r = about["correlations"][place[one]][place[other]]
        return r * of[one]["sd"] * of[other]["sd"] * (n - 1)

    across = {x: (sums(x, MARGIN) - sum(b[z] * sums(x, z) for z in X)) / b[FLAG] for x in X}
    residual = n * np.exp(-2 * fit["llf"] / n - 1) / (2 * np.pi)
    left = sums(MARGIN, MARGIN) - residual - sum(b[x] * sums(x, MARGIN) for x in X)
    across[MARGIN] = left / b[FLAG]
    own = (across[MARGIN] - sum(b[x] * across[x] for x in X)) / b[FLAG]
    share = 0.5 - np.sqrt(0.25 - own / n)
    return n * share, {x: of[x]["mean"] + across[x] / n / share for x in across}


@pytest.mark.parametrize("few", [5, 9])
def test_a_dummy_beside_numbers_tells_how_many_have_it_and_all_their_means(few):
    panel, who = with_group(few)
    number, means = solved(released(panel, TOLD_ALL, main=BESIDE_NUMBERS))
    assert number == pytest.approx(few, rel=1e-3)
    for name, mean in means.items():
        assert mean == pytest.approx(panel.loc[who, name].mean(), rel=1e-3)


@pytest.mark.parametrize("spec", [BESIDE_NUMBERS, ALONE])
@pytest.mark.parametrize("few", [5, 9])
def test_so_it_is_withheld_with_the_intercept(spec, few):
    table = coefficients(released(with_group(few)[0], main=spec))
    assert set(table.loc[[FLAG, "Intercept"], "status"]) == {WITHHELD}
    assert (table["status"].drop([FLAG, "Intercept"]) == ESTIMATED).all()


def test_of_the_minimum_of_firms_it_is_told():
    assert (coefficients(released(with_group(10)[0], main=ALONE))["status"] == ESTIMATED).all()


def test_beside_enough_industries_nothing_can_be_solved():
    panel, _ = with_group(9)
    panel["industry"] = [f"i{i % 12:02}" for i in range(400)]
    out = released(panel, main={**BESIDE_NUMBERS, "fixed_effects": ["industry"]})
    assert (coefficients(out)["status"] == ESTIMATED).all()


@pytest.mark.parametrize("sizes", [(7, 190, 203), (190, 203, 7)])
@pytest.mark.parametrize("estimator", ["ols", "fractional"])
def test_an_industry_alone_is_its_firms_mean(sizes, estimator):
    """Of the first level it is the intercept."""
    panel = survey()
    panel["industry"] = np.repeat(["cars", "food", "steel"], sizes)
    outcome = {"ols": MARGIN, "fractional": "radical"}[estimator]
    limits = {} if estimator == "ols" else {"limits": [0, 100]}
    spec = {**OLS, "columns": {"any": ["C(industry)"]}, "controls": [], "outcomes": [outcome]}
    spec |= {"estimator": estimator, **limits}
    few = "C(industry)[T.steel]" if sizes[2] == 7 else "Intercept"

    def levels(profile):
        return coefficients(released(panel, profile, main=spec)).query("quantity=='coefficient'")

    b = levels(TOLD_ALL)["estimate"]
    told = b["Intercept"] + (b[few] if few != "Intercept" else 0)
    mean = panel.loc[panel["industry"] == ("steel" if sizes[2] == 7 else "cars"), outcome].mean()
    told = told if estimator == "ols" else 100 / (1 + np.exp(-told))
    assert told == pytest.approx(mean, rel=1e-5)
    assert set(levels(RULES).loc[[few, "Intercept"], "status"]) == {WITHHELD}


def test_what_such_a_group_is_like_is_described_nowhere():
    out = released(with_group(7)[0], main=ALONE)
    assert variable_of(out, "main", FLAG)["mean"] is None
