"""The share of significant estimates that samples show if claims hold, and the verdict from it."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm

from cisflow.base.documents import read_yaml
from cisflow.claims.power import power_of_sign
from cisflow.claims.shares import expected_share, worth
from cisflow.claims.verdicts import judge
from cisflow.estimation.estimates import ESTIMATES
from cisflow.study.claims import Claims, Share
from cisflow.study.models import expanded

TERMS = ("a", "b", "c", "d")
SHARE = {
    "models": ["m"],
    "terms": list(TERMS),
    "expect": "positive",
    "claimed": 0.73,
    "margin": 0.10,
    "because": "so",
}


def simulated(effects, errors, correlation, draws=200_000):
    """Return the shares that are significant and positive in many samples."""
    rng = np.random.default_rng(9)
    noise = rng.multivariate_normal(np.zeros(len(effects)), correlation, size=draws)
    return (effects / errors + noise > norm.isf(0.025)).mean(axis=1)


@pytest.mark.parametrize("r", [0.0, 0.5, 0.95])
def test_the_share_to_expect_is_that_of_many_samples(r):
    effects, errors = np.array([6.0, 6.0, 0.0, 3.0]), np.array([3.0, 2.0, 2.5, 6.0])
    correlation = np.full((4, 4), r) + (1 - r) * np.eye(4)
    found = expected_share(effects, errors, correlation)
    shares = simulated(effects, errors, correlation)
    assert found.mean == pytest.approx(shares.mean(), abs=0.005)
    # Shares are few steps wide: the ends are the steps that 2.5 % of samples fall beyond.
    assert (shares < found.low).mean() < 0.03 < 0.02 + (shares <= found.low).mean()
    assert (shares > found.high).mean() < 0.03 < 0.02 + (shares >= found.high).mean()
    assert found.together


def test_dependence_widens_the_range_and_leaves_the_mean():
    effects, errors = np.full(24, 4.0), np.full(24, 2.0)
    apart = expected_share(effects, errors, np.eye(24))
    close = expected_share(effects, errors, np.full((24, 24), 0.9) + 0.1 * np.eye(24))
    assert close.mean == pytest.approx(apart.mean)
    assert close.high - close.low > apart.high - apart.low


def test_unknown_dependence_is_told():
    unknown = np.array([[1.0, np.nan], [np.nan, 1.0]])
    found = expected_share(np.ones(2), np.ones(2), unknown)
    assert not found.together
    assert found == expected_share(np.ones(2), np.ones(2), None)


def test_effects_that_are_not_there_are_found_at_half_the_level():
    assert expected_share(np.zeros(4), np.ones(4)).mean == pytest.approx(0.025)


def test_dependent_estimates_are_worth_fewer_independent_ones():
    statistics = np.full(20, 1.96)
    same = np.ones((20, 20))
    assert worth(statistics, same) == pytest.approx(1, abs=0.05)
    assert worth(statistics, np.eye(20)) == pytest.approx(20, rel=0.05)
    close = np.full((20, 20), 0.5) + 0.5 * np.eye(20)
    # Two normals with correlation r are both above their mean with chance 1/4 + asin(r)/2π.
    alike = 4 * np.arcsin(0.5) / (2 * np.pi)
    assert worth(statistics, close) == pytest.approx(20 / (1 + 19 * alike), rel=0.05)


def test_pairs_of_the_same_estimate_count_once():
    pairs = np.kron(np.eye(10), np.ones((2, 2)))
    assert worth(np.linspace(0, 3, 10).repeat(2), pairs) == pytest.approx(10, rel=0.05)


def test_without_doubt_or_without_knowledge_all_count():
    assert worth(np.full(4, 50.0), np.ones((4, 4))) == 4
    assert worth(np.ones(4), np.full((4, 4), np.nan)) == 4


def test_the_interval_of_dependent_estimates_holds_the_share_of_their_population():
    """Over samples whose estimates hang together, 95 % of intervals hold the share to expect."""
    from cisflow.claims.shares import _wilson

    rng = np.random.default_rng(2)
    effects = np.repeat([0.0, 1.0, 2.0, 3.0], 12)
    correlation = np.kron(np.eye(8), np.full((6, 6), 0.8) + 0.2 * np.eye(6))
    truth = norm.sf(norm.isf(0.025) - effects).mean()
    root = np.linalg.cholesky(correlation)
    held = {"alone": 0, "together": 0}
    for i in range(400):
        z = effects + root @ rng.standard_normal(48)
        share = float((z > norm.isf(0.025)).mean())
        n = worth(z, correlation, draws=499, seed=i)
        for name, size in {"alone": 48.0, "together": n}.items():
            low, high = _wilson(share, size, 0.05)
            held[name] += low <= truth <= high
    assert held["together"] / 400 > 0.93
    assert held["alone"] < held["together"]


@pytest.fixture(scope="module")
def claims(root):
    return Claims.model_validate(read_yaml(root / "config/claims.yaml"))


def test_of_the_shipped_claim_at_most_ten_of_twenty_four_are_positive(root, claims):
    # V6: even with every claim true about 42 % of a wave's estimates can be positive.
    share = claims.claims["C14"].test.share
    models = expanded(read_yaml(root / "config/models.yaml"))[0]
    counted = [test for name in share.models for test in share.tests(name, models[name])]
    there = [test.term in share.if_true[test.outcome] for test in counted]
    assert (sum(there), len(there)) == (10, 24)
    precise = expected_share(np.where(there, share.effect, 0.0), np.full(24, 1e-6))
    assert precise.mean == pytest.approx((10 + 0.025 * 14) / 24)


def table(estimates, errors, wave="W"):
    rows = []
    for term, estimate, error in zip(TERMS, estimates, errors, strict=True):
        z = estimate / error
        rows.append(
            {
                "country": "BE",
                "wave": wave,
                "model": "m",
                "outcome": "y",
                "column": "all",
                "term": term,
                "estimate": estimate,
                "std_error": error,
                "n": 300,
                "p_value": 2 * norm.sf(abs(z)),
                "quantity": "coefficient",
                "ci_low": estimate - 1.96 * error,
                "ci_high": estimate + 1.96 * error,
            }
        )
    return ESTIMATES.frame(rows, status="estimated")


def verdict(estimates, errors, diagnostics=(), **share):
    about = {"text": "t", "source": "s", "test": {"share": {**SHARE, **share}}}
    return judge(
        Claims.model_validate({"claims": {"A": about}}), table(estimates, errors), diagnostics
    ).iloc[0]


ALL = {"if_true": {"y": list(TERMS)}, "effect": 5.0}


def test_a_share_no_sample_of_this_size_could_show_is_not_contradicted():
    # True effects of 5 with errors of 6: each is found once in eight times.
    row = verdict([1.0, 13.0, 2.0, 0.0], [6.0] * 4, **ALL)
    assert row["verdict"] == "cannot be decided with this sample"
    chance = power_of_sign(5.0, 6.0)
    assert f"{100 * chance:.3g} % would be expected" in row["reason"]
    assert "were the estimates independent" in row["reason"]
    assert row["verdict_literature"] == "contradicted"


def test_a_share_below_what_these_samples_would_show_is_contradicted():
    row = verdict([0.1, 0.2, -0.3, 0.1], [0.5] * 4, **ALL)
    assert row["verdict"] == "contradicted"
    assert "100 % would be expected" in row["reason"]


def test_small_effects_that_hold_all_the_same_contradict_nothing():
    numbers = [0.1, 1.2, -0.3, 0.1], [0.5] * 4  # effects of 5 would all be found
    assert verdict(*numbers, **ALL)["verdict"] == "contradicted"
    row = verdict(*numbers, **ALL, least_effect=0.5)
    assert row["verdict"] == "inconclusive"
    assert "with effects of 5, 100 % would be expected" in row["reason"]
    row = verdict([-1.0] * 4, [0.1] * 4, **ALL, least_effect=0.5)
    assert "would show more if every claim held, however small the effects" in row["reason"]


def test_a_share_well_above_the_claimed_one_is_supported():
    many = {"claimed": 0.4, "margin": 0.1}
    assert verdict([5.0] * 4, [0.5] * 4, **ALL, **many)["verdict"] == "supported"


def test_without_what_is_true_the_share_is_held_against_the_claimed_one_alone():
    row = verdict([0.1, 0.2, -0.3, 0.1], [0.5] * 4)
    assert row["verdict"] == "contradicted"
    assert "expected at these samples" not in row["reason"]


def test_the_estimates_dependence_is_that_of_the_firms():
    record = {"country": "BE", "model": "m", "fits": [record_of("W", 0.9)]}
    row = verdict([1.0, 13.0, 2.0, 0.0], [6.0] * 4, [record], **ALL)
    assert "were the estimates independent" not in row["reason"]


def test_estimates_on_few_firms_do_not_count():
    record = {"country": "BE", "model": "m", "fits": [record_of("W", 0.0)]}
    for test in record["fits"][0]["tests"][:3]:
        test["few"] = True
    row = verdict([9.0, 9.0, 9.0, 0.1], [1.0] * 4, [record])
    assert row["estimate"] == 0
    assert (
        "0 of 1 estimates are significant and positive (3 more, with fewer than 10" in row["reason"]
    )
    record["fits"][0]["tests"][3]["few"] = True
    row = verdict([9.0] * 4, [1.0] * 4, [record])
    assert row["verdict"] == "too few firms"
    assert np.isnan(row["estimate"])


def record_of(wave, r, other=""):
    """Return the diagnostics of a wave whose estimates hang together by r, with another's too."""
    keys = {term: f"m | y | all | {term} | coefficient" for term in TERMS}
    tests = [
        {
            "outcome": "y",
            "column": "all",
            "term": term,
            "quantity": "coefficient",
            "correlations": {keys[two]: r for two in TERMS if two != term},
            **({"between_waves": {other: dict.fromkeys(keys.values(), r)}} if r and other else {}),
        }
        for term in TERMS
    ]
    return {"wave": wave, "tests": tests}


def test_firms_that_answer_two_waves_make_the_share_of_both_less_sure():
    numbers = [1.0, 13.0, 2.0, 0.0], [6.0] * 4
    both = pd.concat([table(*numbers, wave="W1"), table(*numbers, wave="W2")])
    about = {"text": "t", "source": "s", "test": {"share": {**SHARE, **ALL}}}
    claims = Claims.model_validate({"claims": {"A": about}})

    def width(r):
        fits = [record_of("W1", r, "W2"), record_of("W2", r, "W1")]
        row = judge(claims, both, [{"country": "BE", "model": "m", "fits": fits}]).iloc[0]
        return row["ci_high"] - row["ci_low"]

    assert width(0.9) > 1.3 * width(0.0)


def test_a_number_that_several_waves_share_counts_once():
    claims = Claims.model_validate(
        {"claims": {"A": {"text": "t", "source": "s", "test": {"share": SHARE}}}}
    )
    twice = judge(claims, table([5.0, 0, 0, 0], [1.0] * 4).loc[[0, 0, 1, 2, 3]])
    assert len(twice) == 1
    assert "1 of 4 estimates" in twice["reason"].iloc[0]


def test_a_share_counts_every_column_and_outcome_that_has_the_term(root):
    models = expanded(read_yaml(root / "config/models.yaml"))[0]
    share = Share.model_validate({**SHARE, "models": ["faems2005"], "terms": ["coop_any"]})
    found = share.tests("faems2005", models["faems2005"])
    assert {(t.outcome, t.column, t.term) for t in found} == {
        ("incremental", "any", "coop_any"),
        ("radical", "any", "coop_any"),
    }
    assert share.tests("balanced_portfolio", models["balanced_portfolio"]) == []


def test_a_margin_wider_than_the_claim_supports_nothing_by_itself():
    test = {"share": {**SHARE, "claimed": 0.05}}
    claims = Claims.model_validate({"claims": {"A": {"text": "t", "source": "s", "test": test}}})
    found = judge(claims, table([-1.0] * 4, [1.0] * 4)).iloc[0]
    assert found["estimate"] == 0
    assert found["verdict"] == "inconclusive"
