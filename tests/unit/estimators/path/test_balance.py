"""A total effect comes apart into what costs and what returns."""

import numpy as np
import pytest
from balance_samples import ABOUT, EQUATIONS, firms

from cisflow.estimators.errors import EstimationError
from cisflow.estimators.path.balance import decompose, horizon, parts_of
from cisflow.estimators.path.intervals import percentile_p, signs
from cisflow.estimators.path.model import PathModel


def test_parts_are_the_hand_computed_products_of_the_estimated_arrows():
    fit = PathModel(EQUATIONS, firms(400, 3)).fit(bootstrap={"draws": 50, "seed": 1})
    b = {(e.source, e.target): e.estimate for e in fit.edges.itertuples()}
    d, i, s, p, m = "diversity", *EQUATIONS
    innovation = b[d, s] + b[d, i] * b[i, s]
    returned = innovation * (b[s, m] + b[s, p] * b[p, m])
    personnel = (b[d, p] + b[d, i] * b[i, p]) * b[p, m]
    found = decompose(fit, d, m, parts_of(fit.model.system, **ABOUT))["raw"]
    point = dict(zip(found.names, found.point, strict=True))
    assert point["return"] == pytest.approx(returned, abs=1e-14)
    assert point["cost: direct"] == pytest.approx(b[d, m], abs=1e-14)
    assert point["cost: through personnel_cost_share"] == pytest.approx(personnel, abs=1e-14)
    assert point["cost"] == pytest.approx(b[d, m] + personnel, abs=1e-14)
    assert point["balance"] == pytest.approx(b[d, m] + personnel + returned, abs=1e-14)
    single = [v for name, v in point.items() if "→" in name]
    assert len(single) == 7
    assert sum(single) == pytest.approx(point["balance"], abs=1e-14)


def test_balance_is_the_total_effect_with_its_intervals():
    fit = PathModel(EQUATIONS, firms(300, 4)).fit("bootstrap", bootstrap={"draws": 300, "seed": 2})
    total = fit.effects("diversity", "profit_margin").iloc[-1]
    parts = parts_of(fit.model.system, **ABOUT)
    for scale, prefix in (("raw", ""), ("standardised", "std_")):
        found = decompose(fit, "diversity", "profit_margin", parts)[scale]
        row = next(r for r in found.table() if r["part"] == "balance")
        for name in ("estimate", "std_error", "ci_low", "ci_high", "bca_low", "bca_high"):
            assert row[name] == pytest.approx(total[prefix + name], rel=1e-10), name
        assert found.share_negative("balance") == total["prob_negative"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"return_through": "luck"}, "'luck' is not in the model"),
        ({"return_through": "profit_margin"}, "nothing to balance"),
    ],
)
def test_a_balance_of_nothing_is_refused(change, message):
    system = PathModel(EQUATIONS, firms(100, 9)).system
    with pytest.raises(EstimationError, match=message):
        parts_of(system, **{**ABOUT, **change})


@pytest.mark.parametrize(
    ("balances", "words"),
    [
        ({}, "no balance was estimated in any year"),
        ({0: -1, 3: -2, 6: -0.1}, "negative throughout (years 0 to 6): it does not turn"),
        ({0: 1, 6: 2}, "positive throughout (years 0 to 6): it does not turn"),
        ({0: -1, 2: -1, 3: 1}, "negative up to year 2 and not negative from year 3 on"),
        ({0: 1, 2: -1}, "(years 0 to 2): it does not turn to a return"),
        ({0: -1, 1: 1, 2: -1}, "changes 2 times (years 0 to 2; negative in 0, 2)"),
    ],
)
def test_the_horizon_in_words(balances, words):
    assert words in horizon(balances)


def test_a_difference_of_the_same_firms_is_draw_by_draw():
    data = firms(200, 6).assign(w=1.5)
    parts = None
    found = []
    for weights in (None, "w"):
        fit = PathModel(EQUATIONS, data, weights=weights).fit(bootstrap={"draws": 60, "seed": 3})
        parts = parts_of(fit.model.system, **ABOUT)
        found.append(decompose(fit, "diversity", "profit_margin", parts)["raw"])
    gap = found[1].less_paired(found[0])
    assert abs(gap.draws).max() < 1e-12
    assert found[0].less(found[1]).draws.shape == gap.draws.shape
    fewer = decompose(
        PathModel(EQUATIONS, data).fit(bootstrap={"draws": 50, "seed": 3}),
        *("diversity", "profit_margin", parts),
    )["raw"]
    with pytest.raises(EstimationError, match="do not have the same resamples"):
        found[0].less_paired(fewer)


def test_parts_alone_are_in_the_order_asked_for():
    fit = PathModel(EQUATIONS, firms(200, 6)).fit(bootstrap={"draws": 60, "seed": 3})
    parts = parts_of(fit.model.system, **ABOUT)
    whole = decompose(fit, "diversity", "profit_margin", parts)["raw"]
    few = {name: parts[name] for name in ("balance", "cost")}
    some = decompose(fit, "diversity", "profit_margin", few)["raw"]
    assert whole.of(some).names == ("balance", "cost")
    assert (whole.of(some).draws == some.draws).all()


def test_what_rounding_keeps_from_zero_is_on_neither_side():
    draws = np.array([[0.3, 1e-17], [-0.2, -3e-18], [0.1, 0.0], [0.4, 0.5]])
    assert signs(draws).tolist() == [[1, 0], [-1, 0], [1, 0], [1, 1]]
    flipped = draws * np.array([1, -1])
    flipped[3, 1] = 0.5
    assert percentile_p(draws).tolist() == percentile_p(flipped).tolist()
