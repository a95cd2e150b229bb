"""Errors expected from the design are those that fits then have, whatever the term's effect."""

import numpy as np
import pandas as pd
import pytest

from cisflow.estimation.expected import Design, expected_design
from cisflow.estimators import OLS, FractionalLogit, PathModel, Tobit
from cisflow.study.claims import Single
from cisflow.study.models import Model

N = 600


def firms(seed=1, effect=0.0, n=N):
    rng = np.random.default_rng(seed)
    size, partner = rng.standard_normal(n), rng.uniform(size=n) < 0.3
    other = rng.uniform(size=n) < 0.4
    latent = 12 + 4 * size + effect * partner + 28 * rng.standard_normal(n)
    investment = 0.2 * partner + rng.standard_normal(n)
    return pd.DataFrame(
        {
            "size": size,
            "partner": partner,
            "other": other,
            "partner:other": (partner & other).astype(float),
            "share": np.clip(latent, 0, 100),
            "profit": 0.1 * size + effect / 28 * partner + 0.3 * investment + rng.normal(size=n),
            "investment": investment,
            "weight": rng.uniform(0.5, 2, n),
            "small": pd.array(rng.uniform(size=n) < 0.5, dtype="boolean"),
        }
    ).astype({"partner": "boolean", "other": "boolean"})


def model(estimator, outcome="share", columns=("partner", "size"), **keys):
    about = {"outcomes": [outcome], "columns": {"a": list(columns)}} if columns else {}
    if estimator in ("tobit", "fractional"):
        keys = {"limits": [0, 100], **keys}
    return Model.model_validate(
        {"title": "t", "sample": [], "estimator": estimator, **about, **keys}
    )


def single(outcome="share", column="a", term="partner", quantity=None):
    return Single(
        model="m", outcome=outcome, column=column, term=term, expect="positive", quantity=quantity
    )


def design(spec, test=None, **about):
    found = expected_design(firms(**about), spec, test or single(spec.outcomes[0]))
    assert isinstance(found, Design), found
    return found


def errors(fit, term, samples=30):
    found = []
    for seed in range(samples):
        data = firms(seed + 100)
        data = data.astype(dict.fromkeys(("partner", "other", "small"), float))
        found.append(float(fit(data).bse[term]))
    return np.mean(found)


@pytest.mark.parametrize(
    ("estimator", "fit"),
    [
        ("tobit", lambda d: Tobit.from_formula("share ~ partner + size", d, 0, 100).fit()),
        (
            "fractional",
            lambda d: FractionalLogit.from_formula(
                "share ~ partner + size", d, lower=0, upper=100
            ).fit(),
        ),
        ("ols", lambda d: OLS.from_formula("share ~ partner + size", d).fit()),
    ],
)
def test_they_are_the_errors_of_fits(estimator, fit):
    found = np.mean([design(model(estimator), seed=s).std_error for s in range(100, 110)])
    assert found == pytest.approx(errors(fit, "partner"), rel=0.05)


def test_that_of_an_observed_effect_is_that_of_points_of_turnover():
    # At no effect the average effect is the coefficient times the share between the limits.
    spec, data = model("tobit"), firms()
    coefficient, observed = (
        expected_design(data, spec, single(quantity=q)).std_error for q in (None, "observed")
    )
    inside = ((data["share"] > 0) & (data["share"] < 100)).mean()
    assert observed / coefficient == pytest.approx(inside, abs=0.03)
    least_squares = design(model("ols")).std_error
    assert observed == pytest.approx(least_squares, rel=0.1)
    fraction = expected_design(data, model("fractional"), single(quantity="observed")).std_error
    assert fraction == pytest.approx(least_squares, rel=0.1)


def test_they_go_by_the_outcome_without_the_term():
    # An effect of 20 points moves the outcome; the error to expect changes by its spread alone.
    none, large = (design(model("tobit"), effect=e).std_error for e in (0.0, 20.0))
    assert large == pytest.approx(none, rel=0.12)


def test_with_four_times_the_firms_they_are_half():
    few, many = (design(model("tobit"), n=n).std_error for n in (2000, 8000))
    assert few / many == pytest.approx(2, rel=0.06)


def test_weights_cost_precision():
    even = design(model("ols")).std_error
    weighted = design(model("ols", weights="weight"))
    kish = (firms()["weight"] ** 2).sum() * N / firms()["weight"].sum() ** 2
    assert weighted.std_error == pytest.approx(even * np.sqrt(kish), rel=0.08)


def test_firms_on_either_side_are_counted():
    data = firms()
    found = design(model("tobit"))
    assert (found.firms_with, found.firms_without) == (
        data["partner"].sum(),
        N - data["partner"].sum(),
    )
    product = model("tobit", columns=("partner", "other", "partner:other"))
    cells = data[["partner", "other"]].value_counts()
    both = design(product, single(term="partner:other"))
    assert (both.firms_with, both.firms_without) == (cells.min(), N - cells.min())
    number = design(model("tobit"), single(term="size"))
    assert (number.firms_without, number.fewest) == (1, N - 1)


PATH = {
    "equations": {"investment": ["partner"], "profit": ["partner", "investment"]},
    "effects": [["partner", "profit"]],
}


@pytest.mark.parametrize("column", ["raw", "standardised"])
def test_arrows_and_total_effects_of_a_path_model(column):
    spec = model("path", columns=(), **PATH)
    data = firms().astype({"partner": float})
    fit = PathModel(PATH["equations"], data).fit("nonrobust")
    arrow = fit.edges.set_index(["source", "target"]).loc[("investment", "profit")]
    prefix = "std_" if column == "standardised" else ""
    test = single("profit", column, "investment")
    # The fit knows the arrow's own effect, 0.3, which explains a part of the outcome.
    found = expected_design(firms(), spec, test)
    assert found.std_error == pytest.approx(arrow[f"{prefix}std_error"], rel=0.1)
    total = expected_design(firms(), spec, single("profit", column, "total(partner)"))
    effects = fit.effects("partner", "profit").set_index("effect")
    assert total.std_error == pytest.approx(effects.loc["total", f"{prefix}std_error"], rel=0.1)


def test_a_balance_is_a_total_effect_and_groups_are_set_against_each_other():
    about = {"source": "partner", "target": "profit", "return_through": "investment"}
    spec = model("path", columns=(), **PATH).model_copy(
        update={
            "estimator": "balance",
            "by": ("small",),
            "balance": Model.model_fields["balance"].annotation.__args__[0](
                **about, cost_through="size"
            ),
        }
    )
    whole = expected_design(firms(), spec, single("profit", "raw", "balance"))
    two = expected_design(firms(), spec, single("profit", "raw | small minus not small", "balance"))
    assert two.n == whole.n
    assert two.std_error == pytest.approx(2 * whole.std_error, rel=0.1)
    assert "not told by the design" in expected_design(
        firms(), spec, single("profit", "raw", "cost")
    )


@pytest.mark.parametrize(
    ("spec", "test", "why"),
    [
        (model("tobit"), single(quantity="probability"), "`probability`"),
        (
            model("path", columns=(), **PATH),
            single("profit", "raw", "indirect(partner)"),
            "product",
        ),
        (model("tobit", columns=("partner", "size")), single(term="other"), "no regressor"),
    ],
)
def test_what_the_design_does_not_tell_says_so(spec, test, why):
    assert why in expected_design(firms(), spec, test)


def test_a_term_that_the_others_make_up_has_no_design():
    data = firms().assign(twin=lambda d: d["size"] * 2)
    spec = model("ols", columns=("size", "twin"))
    assert "collinear" in expected_design(data, spec, single(term="twin"))
    assert "no answers on" in expected_design(data.assign(size=np.nan), spec, single(term="twin"))
